//! Where a site's requests go, and how the upstream learns who is there.

use http::HeaderName;
use proxy::{IdentityHeader, IdentityValue, UpstreamSettings};
use url::Url;

use crate::files;
use crate::mapping::given;
use crate::nearest::nearest;
use crate::reader::{Value, quote};
use crate::scalar::{is_loopback, origin};

const SESSION: &str = "asserted";
const SESSIONS_LATER: [&str; 3] = ["saml_browser", "saml_gateway", "login"];

/// Headers that mean something to HTTP or to us; an identity in them would change the request.
const RESERVED: [&str; 16] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-vestibule-assertion",
];

const VALUES: [(&str, IdentityValue); 4] = [
    ("email", IdentityValue::Email),
    ("name", IdentityValue::Name),
    ("person", IdentityValue::Person),
    ("account", IdentityValue::Account),
];

/// What stands under `upstream`.
pub(crate) struct Section {
    /// Where requests go.
    pub(crate) settings: UpstreamSettings,
    /// Whether its pages get our script.
    pub(crate) inject_script: bool,
}

/// Reads `upstream` of a site. `audience` is the default: the site's canonical host.
pub(crate) fn read(value: &Value<'_>, audience: Option<String>) -> Option<Section> {
    let map = value.mapping("write { url: https://… }")?;
    let url_value = map.required("url", "write url: https://HOST[:PORT]");
    let url = url_value.and_then(|value| url(&value));
    let session = given(map.optional("session"), session);
    let authorities_value = map.optional("certificate_authorities");
    let authorities = given(authorities_value.clone(), files::certificates);
    let said = given(map.optional("audience"), |v| {
        v.text("write the `aud` it expects").map(str::to_owned)
    });
    let headers = given(map.optional("identity_headers"), identity_headers);
    let inject_script = given(map.optional("inject_script"), Value::flag);
    map.finish();
    session?;
    let url = url?;
    if let Some(value) = authorities_value.filter(|_| url.scheme() == "http") {
        value.warn("the upstream is spoken to without TLS, so these are not used");
    }
    let settings = UpstreamSettings {
        url,
        certificate_authorities: authorities?.unwrap_or_default(),
        audience: said?.or(audience)?,
        identity_headers: headers?.unwrap_or_default(),
    };
    Some(Section { settings, inject_script: inject_script?.unwrap_or(false) })
}

fn url(value: &Value<'_>) -> Option<Url> {
    let wanted = "write scheme, host and perhaps port, such as https://jira.internal:8443";
    let url =
        origin(value.text(wanted)?).map_err(|fault| value.problem(fault.text(), wanted)).ok()?;
    if url.scheme() == "http" && !is_loopback(&url) {
        value.warn("identities and pages travel to this upstream without TLS; prefer https");
    }
    Some(url)
}

fn session(value: &Value<'_>) -> Option<()> {
    let wanted = "write asserted";
    let text = value.text(wanted)?;
    if SESSIONS_LATER.contains(&text) {
        value.problem(format!("{} is not supported yet", quote(text)), wanted);
        return None;
    }
    if text != SESSION {
        let near = nearest(text, [SESSION]);
        value.problem_near(format!("{} is not known", quote(text)), wanted, near);
        return None;
    }
    Some(())
}

fn identity_headers(value: &Value<'_>) -> Option<Vec<IdentityHeader>> {
    let named = value.named("write header names and what they carry, such as X-Email: email")?;
    let mut headers: Vec<IdentityHeader> = Vec::new();
    let mut complete = true;
    for (name, value) in &named {
        match identity_header(name, value, &headers) {
            Some(header) => headers.push(header),
            None => complete = false,
        }
    }
    complete.then_some(headers)
}

fn identity_header(
    name: &str,
    value: &Value<'_>,
    earlier: &[IdentityHeader],
) -> Option<IdentityHeader> {
    let carried = value.word(&VALUES);
    // An underscore is a hyphen to many servers: such a name could not be told from a forged one.
    let header: Option<HeaderName> = name.parse().ok().filter(|_| !name.contains('_'));
    let Some(header) = header else {
        let wanted = "use letters, digits and hyphens, such as X-Remote-User";
        value.problem(format!("{} is not a usable header name", quote(name)), wanted);
        return None;
    };
    let reserved =
        RESERVED.contains(&header.as_str()) || header.as_str().starts_with("x-forwarded-");
    if reserved {
        let said = format!("the header {} has a meaning of its own", quote(name));
        value.problem(said, "use another name, such as X-Remote-User");
        return None;
    }
    if earlier.iter().any(|other| other.name == header) {
        let wanted = "keep one of them; upper and lower case are the same";
        value.problem(format!("the header {} is named twice", quote(name)), wanted);
        return None;
    }
    Some(IdentityHeader { name: header, value: carried? })
}
