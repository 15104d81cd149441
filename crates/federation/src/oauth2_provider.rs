//! One provider that speaks OAuth 2.0 without OpenID Connect.

use domain::{Authentication, IdpName, Timestamp};
use oidc::{
    AuthorizationRequest, BearerToken, OAuth2Client, OAuth2Registration, Profile, UserinfoError,
};
use outbound::Outbound;
use url::Url;

use crate::fetch::{Caller, WAITED_FOR};
use crate::health::Doors;
use crate::{FederationError, OAuth2Settings, Redeemed, Redemption};

#[derive(Debug)]
pub(crate) struct OAuth2Provider {
    pub(crate) caller: Caller,
    client: OAuth2Client,
    settings: OAuth2Settings,
}

impl OAuth2Provider {
    pub(crate) fn new(
        idp: IdpName,
        settings: OAuth2Settings,
        outbound: Outbound,
    ) -> Result<Self, FederationError> {
        let client = OAuth2Client::new(OAuth2Registration {
            authorization_endpoint: settings.authorization_endpoint.clone(),
            token_endpoint: settings.token_endpoint.clone(),
            client_id: settings.client_id.clone(),
            client_authentication: settings.client_authentication.clone(),
            scopes: settings.scopes.clone(),
        });
        let client =
            client.map_err(|source| FederationError::Registration { idp: idp.clone(), source })?;
        Ok(Self { caller: Caller { idp, outbound }, client, settings })
    }

    pub(crate) fn authorization(&self, request: &AuthorizationRequest<'_>) -> Url {
        self.client.authorization_url(request)
    }

    pub(crate) async fn redeem(
        &self,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<Redeemed, FederationError> {
        let message = self.client.token_request(&redemption.token_request(), now);
        let message = message.map_err(FederationError::Exchange)?;
        let answer = self.caller.send(message, WAITED_FOR).await?;
        let token = BearerToken::parse(answer.status(), answer.body());
        let profile = self.profile(&token.map_err(FederationError::Exchange)?).await?;
        let claims = profile.claims();
        // Exactly one value that says so: silence, a list or another word is no proof.
        let said = claims.get(&self.settings.email_verified).map(Vec::as_slice);
        let verified = matches!(said, Some([value]) if value == "true");
        let email_verified = match (verified, self.settings.accept_unverified_email) {
            (false, true) => None,
            (verified, _) => Some(verified),
        };
        Ok(Redeemed {
            subject: None,
            claims,
            email_verified,
            sub: None,
            sid: None,
            id_token: None,
            authentication: Authentication::default(),
            groups_overage_unresolved: false,
        })
    }

    async fn profile(&self, token: &BearerToken) -> Result<Profile, FederationError> {
        let refused = |error: UserinfoError| FederationError::Userinfo(error);
        let request = token.get(&self.settings.userinfo_endpoint).map_err(refused)?;
        let answer = self.caller.send(request, WAITED_FOR).await?;
        let profile = Profile::parse(answer.status(), answer.headers(), answer.body());
        let profile = profile.map_err(refused)?;
        let Some(addresses) = &self.settings.emails_endpoint else { return Ok(profile) };
        let request = token.get(addresses).map_err(refused)?;
        let answer = self.caller.send(request, WAITED_FOR).await?;
        profile.with_addresses(answer.status(), answer.body()).map_err(refused)
    }

    pub(crate) fn doors(&self) -> Doors {
        let OAuth2Settings { authorization_endpoint, token_endpoint, userinfo_endpoint, .. } =
            &self.settings;
        Doors {
            sign_in: authorization_endpoint.clone(),
            called: vec![token_endpoint.clone(), userinfo_endpoint.clone()],
        }
    }
}
