//! Groups that are elsewhere: too many to fit into a token (OpenID Connect Core §5.6.2; Microsoft
//! Entra ID's `hasgroups` and `_claim_names`).

use domain::Secret;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde_json::{Map, Value};
use url::{Origin, Url};

use crate::userinfo::bearer_get;
use crate::verified::boolean;
use crate::{ProviderMetadata, TokenResponse, VerifiedIdToken, json};

/// The claim whose values may be elsewhere.
const GROUPS: &str = "groups";
/// The person's groups, nested ones included, at Microsoft Graph: an advanced query there, which asks
/// for a count and for [`CONSISTENCY`].
const GRAPH_GROUPS: &str =
    "v1.0/me/transitiveMemberOf/microsoft.graph.group?$count=true&$select=id&$top=999";
/// What Microsoft Graph wants with an advanced query; others pass over it.
const CONSISTENCY: (HeaderName, HeaderValue) =
    (HeaderName::from_static("consistencylevel"), HeaderValue::from_static("eventual"));

/// Groups that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverageError {
    /// The token says where they are, and that is not the provider's own; or says nothing.
    #[error("the groups are at no address of the identity provider's own")]
    Elsewhere,
    /// Another status than 200.
    #[error("the groups' address answered with status {0}")]
    Status(u16),
    /// Not a list of groups.
    #[error("the list of groups cannot be read")]
    Unreadable,
    /// More than is read.
    #[error("there are more groups than are read")]
    TooMany,
}

/// Where the rest of somebody's groups is. Made only for addresses of the provider's own.
#[derive(Debug, Clone)]
pub struct GroupQuery {
    first: Url,
    token: Secret<String>,
    /// `getMemberObjects` is an action, which is posted (Microsoft Graph).
    action: bool,
}

impl VerifiedIdToken {
    /// Whether there are groups that the token does not list.
    pub fn lacks_groups(&self) -> bool {
        let elsewhere = self.source().is_some() || boolean(self.member("hasgroups")) == Some(true);
        elsewhere && self.member(GROUPS).is_none()
    }

    /// Where to ask for them.
    ///
    /// # Errors
    /// [`OverageError::Elsewhere`]: our token goes to nobody but the provider.
    pub fn group_query(
        &self,
        provider: &ProviderMetadata,
        tokens: &TokenResponse,
    ) -> Result<GroupQuery, OverageError> {
        let source = self.source().flatten();
        let own = source.and_then(|s| s.get("access_token")).and_then(Value::as_str);
        let token = match (own, &tokens.access_token) {
            (Some(own), _) => Secret::new(own.to_owned()),
            (None, Some(token)) => token.clone(),
            (None, None) => return Err(OverageError::Elsewhere),
        };
        // Entra still names graph.windows.net, which is switched off: ask its successor.
        if let Some(first) = provider.graph.as_ref().and_then(|graph| graph.join(GRAPH_GROUPS).ok())
        {
            return Ok(GroupQuery { first, token, action: false });
        }
        let named = source.and_then(|s| s.get("endpoint")).and_then(Value::as_str);
        let first = named.and_then(|text| Url::parse(text).ok());
        let first = first.filter(|url| provider.is_own(url)).ok_or(OverageError::Elsewhere)?;
        let action = first.path().ends_with("/getMemberObjects");
        Ok(GroupQuery { first, token, action })
    }

    /// The same with the groups that were fetched.
    #[must_use]
    pub fn with_groups(self, groups: &[String]) -> Self {
        let groups = groups.iter().cloned().map(Value::String).collect();
        self.filled_in(Map::from_iter([(GROUPS.to_owned(), Value::Array(groups))]))
    }

    /// `_claim_names` refers to a member of `_claim_sources`, which may be missing.
    fn source(&self) -> Option<Option<&Map<String, Value>>> {
        let name = self.member("_claim_names")?.get(GROUPS)?.as_str()?;
        Some(self.member("_claim_sources").and_then(|all| all.get(name)?.as_object()))
    }
}

impl ProviderMetadata {
    /// Whether an address is on a host that the provider itself answers on.
    fn is_own(&self, url: &Url) -> bool {
        let origin = |url: &Url| match url.origin() {
            tuple @ Origin::Tuple(..) if !names_somebody(url) => Some(tuple),
            _ => None,
        };
        let own =
            [Some(self.token_endpoint()), Some(self.jwks_uri()), self.userinfo_endpoint.as_ref()];
        origin(url).is_some_and(|wanted| {
            own.into_iter().flatten().filter_map(origin).any(|known| known == wanted)
        })
    }
}

/// Some groups, and where the next ones are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPage {
    /// As the provider names them.
    pub groups: Vec<String>,
    /// The next page.
    pub next: Option<Url>,
}

impl GroupQuery {
    /// The request for the first page.
    pub fn request(&self) -> Option<Request<Vec<u8>>> {
        let mut request = self.request_page(&self.first)?;
        if self.action {
            *request.method_mut() = http::Method::POST;
            let kind = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, kind);
            *request.body_mut() = br#"{"securityEnabledOnly":false}"#.to_vec();
        }
        Some(request)
    }

    /// The request for a further page.
    pub fn request_page(&self, page: &Url) -> Option<Request<Vec<u8>>> {
        let mut request = bearer_get(page, &self.token)?;
        let (name, value) = CONSISTENCY;
        request.headers_mut().insert(name, value);
        Some(request)
    }

    /// Reads a page: a JSON object with the list under `value` (Microsoft Graph) or `groups`; its
    /// items are texts or objects with an `id`.
    ///
    /// # Errors
    /// See [`OverageError`]; a next page at another address than the first's is
    /// [`OverageError::Elsewhere`].
    pub fn read(&self, status: StatusCode, body: &[u8]) -> Result<GroupPage, OverageError> {
        if status != StatusCode::OK {
            return Err(OverageError::Status(status.as_u16()));
        }
        let members = json::parse_object(body).map_err(|_| OverageError::Unreadable)?;
        let items = members.get("value").or_else(|| members.get(GROUPS)).and_then(Value::as_array);
        let items = items.ok_or(OverageError::Unreadable)?;
        let groups = items.iter().map(group).collect::<Option<_>>();
        Ok(GroupPage {
            groups: groups.ok_or(OverageError::Unreadable)?,
            next: self.next(members.get("@odata.nextLink"))?,
        })
    }

    fn next(&self, link: Option<&Value>) -> Result<Option<Url>, OverageError> {
        let Some(link) = link.filter(|link| !link.is_null()) else { return Ok(None) };
        let url = link.as_str().and_then(|text| Url::parse(text).ok());
        let url = url.ok_or(OverageError::Unreadable)?;
        if names_somebody(&url) || url.origin() != self.first.origin() {
            return Err(OverageError::Elsewhere);
        }
        Ok(Some(url))
    }
}

/// A name or password in an address would go along as credentials of somebody's choosing.
fn names_somebody(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn group(item: &Value) -> Option<String> {
    let text = item.as_str().or_else(|| item.get("id")?.as_str())?;
    Some(text.to_owned())
}
