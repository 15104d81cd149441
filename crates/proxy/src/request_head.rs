//! The head of a request on its way to the upstream.

use std::net::IpAddr;

use bytes::Bytes;
use domain::ReferenceCode;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Parts, Uri};
use http::{Request, Version};
use policy::Permit;

use crate::upgrade::Switch;
use crate::{ForwardError, IdentityHeaders, RequestBody, Upstream, cookies, header_rules};

const ASSERTION: HeaderName = HeaderName::from_static("x-vestibule-assertion");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// About as many fields as are inserted, so that the map grows once at most.
const OWN_FIELDS: usize = 8;

/// The client's address as it is written into a header; made once per connection, cheap to clone.
#[derive(Debug, Clone)]
pub struct ClientAddress(HeaderValue);

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        let text = Bytes::from(address.to_canonical().to_string());
        // An IP address is printable ASCII, so the second value is never taken.
        let unknown = HeaderValue::from_static("unknown");
        Self(HeaderValue::from_maybe_shared(text).unwrap_or(unknown))
    }
}

/// What the caller knows about a request beside the request itself.
#[derive(Debug, Clone)]
pub struct ForwardContext<'a> {
    /// Whom the upstream is told; must be there exactly when the permit is a person's.
    pub identity: Option<&'a IdentityHeaders>,
    /// Host, and port where it is not the scheme's, that the browser asked for. The upstream gets
    /// it as `Host`: its base URL is the gateway's.
    pub host: HeaderValue,
    /// The client, by trusted proxies only.
    pub client: ClientAddress,
    /// Names the request in logs.
    pub reference: ReferenceCode,
}

/// The request as the upstream gets it.
pub(crate) fn prepare(
    permit: &Permit,
    request: Request<RequestBody>,
    switch: Option<&Switch>,
    upstream: &Upstream,
    context: &ForwardContext<'_>,
) -> Result<Request<RequestBody>, ForwardError> {
    let identity = permitted_identity(permit, context)?;
    let (mut parts, body) = request.into_parts();
    parts.uri = origin_form(parts.uri)?;
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    let headers = &mut parts.headers;
    header_rules::strip(headers, |name| upstream.rules().drops(name));
    cookies::strip_request(headers);
    headers.reserve(OWN_FIELDS);
    headers.insert(HOST, context.host.clone());
    headers.insert(FORWARDED_FOR, context.client.0.clone());
    headers.insert(FORWARDED_HOST, context.host.clone());
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
    if let Some(switch) = switch {
        parts.method = http::Method::GET;
        switch.ask(headers);
    }
    if let Some(identity) = identity {
        insert(headers, identity);
    }
    Ok(Request::from_parts(parts, body))
}

/// The identity to send, which is the permit's or none.
fn permitted_identity<'a>(
    permit: &Permit,
    context: &ForwardContext<'a>,
) -> Result<Option<&'a IdentityHeaders>, ForwardError> {
    match (permit, context.identity) {
        (Permit::Person(permit), Some(identity)) if identity.person() == permit.person() => {
            Ok(Some(identity))
        }
        (Permit::Guest(_), None) => Ok(None),
        (Permit::Person(_) | Permit::Guest(_), _) => Err(ForwardError::IdentityMismatch),
    }
}

/// RFC 9112 §3.2.1: path and query, with the very bytes that were judged (attacks.md E7).
fn origin_form(uri: Uri) -> Result<Uri, ForwardError> {
    if !uri.path().starts_with('/') {
        return Err(ForwardError::RequestTarget);
    }
    if uri.scheme().is_none() && uri.authority().is_none() {
        return Ok(uri);
    }
    let mut parts = Parts::default();
    parts.path_and_query = uri.into_parts().path_and_query;
    Uri::from_parts(parts).map_err(|_| ForwardError::RequestTarget)
}

fn insert(headers: &mut HeaderMap, identity: &IdentityHeaders) {
    headers.insert(ASSERTION, identity.assertion().clone());
    for (name, value) in identity.plain() {
        headers.insert(name.clone(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e7_the_bytes_of_the_target_stay_and_only_paths_pass() {
        for path in ["/a//b/%2e%2E/;x?y=%00&z", "/", "/a?", "/ä%c3%a4"] {
            let Ok(uri) = path.parse::<Uri>() else { continue };
            assert_eq!(origin_form(uri).unwrap(), path);
        }
        let absolute: Uri = "https://help.example/a//b?c".parse().unwrap();
        assert_eq!(origin_form(absolute).unwrap(), "/a//b?c");
        for other in ["*", "help.example:443"] {
            assert!(origin_form(other.parse().unwrap()).is_err(), "{other}");
        }
    }

    #[test]
    fn addresses_are_written_without_port_and_mapping() {
        let written = |text: &str| ClientAddress::from(text.parse::<IpAddr>().unwrap()).0;
        assert_eq!(written("203.0.113.9"), "203.0.113.9");
        assert_eq!(written("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(written("2001:db8::1"), "2001:db8::1");
    }
}
