//! From a code to verified claims.

use std::collections::BTreeMap;

use domain::{Authentication, Secret, Timestamp};
use oidc::{Expected, ProviderMetadata, TokenRequest, TokenResponse, VerifiedIdToken};

use crate::fetch::WAITED_FOR;
use crate::oidc_provider::OidcProvider;
use crate::{FederationError, GroupOverage};

/// What turns a callback into verified claims.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// From the callback.
    pub code: &'a str,
    /// The same as in the authentication request.
    pub redirect_uri: &'a str,
    /// The same as in the authentication request.
    pub verifier: &'a str,
    /// The same as in the authentication request.
    pub nonce: &'a str,
    /// The issuer that the callback names, if it does (RFC 9207).
    pub iss: Option<&'a str>,
    /// Random; names the client assertion where one is sent (`private_key_jwt`).
    pub assertion_id: [u8; 32],
}

impl Redemption<'_> {
    pub(crate) fn token_request(&self) -> TokenRequest<'_> {
        TokenRequest {
            code: self.code,
            redirect_uri: self.redirect_uri,
            verifier: self.verifier,
            assertion_id: self.assertion_id,
        }
    }
}

/// What a provider proved of somebody, by ID token or, without OpenID Connect, by userinfo.
#[derive(Debug, Clone)]
pub struct Redeemed {
    /// Who it is, for ever; `None` without OpenID Connect: a claim says it, and the operator which.
    pub subject: Option<String>,
    /// Every claim as a list of texts, unmapped; members of nested objects by dotted path.
    pub claims: BTreeMap<String, Vec<String>>,
    /// What the provider says of the address. Without OpenID Connect, silence counts as `false`
    /// unless the operator accepts unverified addresses; then this is `None`.
    pub email_verified: Option<bool>,
    /// `sub` as signed: how logout tokens name the person.
    pub sub: Option<String>,
    /// `sid`: how logout tokens name the provider's session.
    pub sid: Option<String>,
    /// The token as it came, for `id_token_hint` when signing out.
    pub id_token: Option<Secret<String>>,
    /// How the provider signed that the person was authenticated; without OpenID Connect, nothing.
    pub authentication: Authentication,
    /// There are groups that could not be had: they are unknown, not none.
    pub groups_overage_unresolved: bool,
}

impl OidcProvider {
    pub(crate) async fn redeem(
        &self,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<Redeemed, FederationError> {
        let published = self.published(now).await?;
        // Before the code goes anywhere (RFC 9207 §2.4).
        self.party
            .check_callback_issuer(&published.metadata, redemption.iss)
            .map_err(FederationError::Callback)?;
        let tokens = self.exchange(&published.metadata, redemption, now).await?;
        let expected = Expected { nonce: redemption.nonce, code: redemption.code };
        let verified = self.party.verify_id_token(&published.keys, &tokens, &expected, now);
        let verified = match verified {
            Err(error) if error.suggests_new_keys() => match self.newer_keys(&published, now).await
            {
                Some(newer) => self.party.verify_id_token(&newer.keys, &tokens, &expected, now),
                None => Err(error),
            },
            result => result,
        };
        let verified = verified.map_err(FederationError::IdToken)?;
        // From the token alone: userinfo, which fills in what it lacks, is not signed.
        let authentication = verified.authentication();
        let verified = self.with_userinfo(verified, &published.metadata, &tokens).await?;
        let verified = self.with_groups(verified, &published.metadata, &tokens, now).await?;
        Ok(Redeemed {
            subject: Some(verified.subject().as_str().to_owned()),
            claims: verified.claims().clone(),
            email_verified: verified.email_verified(),
            sub: Some(verified.sub().to_owned()),
            sid: verified.sid().map(str::to_owned),
            id_token: Some(tokens.id_token().clone()),
            authentication,
            groups_overage_unresolved: verified.lacks_groups(),
        })
    }

    async fn exchange(
        &self,
        metadata: &ProviderMetadata,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<TokenResponse, FederationError> {
        let message = self.party.token_request(metadata, &redemption.token_request(), now);
        let message = message.map_err(FederationError::Exchange)?;
        let answer = self.caller.send(message, WAITED_FOR).await?;
        TokenResponse::parse(answer.status(), answer.body()).map_err(FederationError::Exchange)
    }

    async fn with_userinfo(
        &self,
        verified: VerifiedIdToken,
        metadata: &ProviderMetadata,
        tokens: &TokenResponse,
    ) -> Result<VerifiedIdToken, FederationError> {
        if !self.userinfo {
            return Ok(verified);
        }
        let request = metadata.userinfo_request(tokens).map_err(FederationError::Userinfo)?;
        let answer = self.caller.send(request, WAITED_FOR).await?;
        verified
            .with_userinfo(answer.status(), answer.headers(), answer.body())
            .map_err(FederationError::Userinfo)
    }

    /// An absent claim is never an empty list: when the groups cannot be had, they stay absent.
    async fn with_groups(
        &self,
        verified: VerifiedIdToken,
        metadata: &ProviderMetadata,
        tokens: &TokenResponse,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, FederationError> {
        if !verified.lacks_groups() {
            return Ok(verified);
        }
        match self.group_overage {
            GroupOverage::Deny => return Err(FederationError::GroupsNotListed),
            GroupOverage::Keep => return Ok(verified),
            GroupOverage::Fetch => {}
        }
        let fetched = async {
            let query = verified.group_query(metadata, tokens)?;
            self.groups.of(verified.subject(), &self.caller, &query, now).await
        };
        match fetched.await {
            Ok(groups) => Ok(verified.with_groups(&groups)),
            Err(error) => {
                tracing::debug!(idp = %self.caller.idp, %error, "the groups stay unknown");
                Ok(verified)
            }
        }
    }
}
