//! `oidc` of an identity provider.

use federation::{GroupOverage, OidcSettings, Tenant};

use crate::mapping::{Mapping, given};
use crate::nearest::nearest;
use crate::presets::Defaults;
use crate::protocols::{
    client_authentication, client_id, clock_skew, plain_text, remote, scope, texts,
};
use crate::reader::{Value, quote};
use crate::scalar::{DURATION, duration};

/// Asymmetric algorithms of RFC 7518 §3.1 and RFC 8037 §3.1.
const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

const OVERAGE: [(&str, GroupOverage); 3] =
    [("fetch", GroupOverage::Fetch), ("keep", GroupOverage::Keep), ("deny", GroupOverage::Deny)];

/// OpenID Connect Core §3.1.2.1.
const PROMPTS: [(&str, &str); 4] = [
    ("login", "login"),
    ("consent", "consent"),
    ("select_account", "select_account"),
    ("none", "none"),
];

/// What stands for the tenant in addresses of Microsoft's that many share.
const SHARED: [&str; 3] = ["common", "organizations", "consumers"];

/// What stands for the tenant in the issuer of a multi-tenant provider.
const TENANT: &str = "{tenantid}";

/// Reads `oidc` of an identity provider; `usual` is what counts where nothing is said.
pub(crate) fn read(value: &Value<'_>, usual: &Defaults) -> Option<OidcSettings> {
    let map = value.mapping("write { issuer: https://…, client_id: …, client_secret: … }")?;
    let issuer = map.required("issuer", "write issuer: https://…").and_then(|value| issuer(&value));
    let tenants = given(map.optional("tenants"), tenants);
    let several = check_tenants(&map, issuer.as_deref(), tenants.as_ref());
    let client_id = client_id(&map);
    let client_authentication = client_authentication(&map);
    let scopes = given(map.optional("scopes"), scopes);
    let algorithms = given(map.optional("algorithms"), algorithms);
    let audiences = given(map.optional("trusted_audiences"), |value| {
        let wanted = "write a list of client ids beside our own";
        texts(value, wanted, |item| plain_text(item, wanted))
    });
    let acr_values = given(map.optional("acr_values"), |value| {
        texts(value, "write a list of `acr` values", acr_value)
    });
    let max_age = given(map.optional("max_age"), |value| value.read(DURATION, duration));
    let prompt = given(map.optional("prompt"), |value| value.word(&PROMPTS));
    let userinfo = given(map.optional("userinfo"), Value::flag);
    let overage = given(map.optional("group_overage"), |value| value.word(&OVERAGE));
    let skew = clock_skew(&map);
    let single_logout = given(map.optional("single_logout"), Value::flag);
    map.finish();
    several?;
    Some(OidcSettings {
        issuer: issuer?,
        tenants: tenants?.unwrap_or_default(),
        client_id: client_id?,
        client_authentication: client_authentication?,
        scopes: scopes?.unwrap_or_else(|| owned(usual.scopes)),
        algorithms: algorithms?.unwrap_or_else(|| owned(usual.algorithms)),
        trusted_audiences: audiences?.unwrap_or_default(),
        acr_values: acr_values?.unwrap_or_default(),
        max_age: max_age?,
        prompt: prompt?.map(str::to_owned),
        userinfo: userinfo?.unwrap_or(false),
        group_overage: overage?.unwrap_or_default(),
        clock_skew: skew?,
        single_logout: single_logout?.unwrap_or(true),
    })
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The issuer stays the text that was written: it is compared as an exact string (OpenID Connect
/// Discovery §4.3), and a URL type would add a slash.
fn issuer(value: &Value<'_>) -> Option<String> {
    let wanted = "write the issuer exactly as the provider's discovery document has it";
    let url = remote(value, wanted)?;
    if url.query().is_some() {
        value.problem("an issuer has no query", wanted);
        return None;
    }
    let text = value.text(wanted)?;
    if text.ends_with("/.well-known/openid-configuration") {
        value.problem("this is the address of the discovery document", wanted);
        return None;
    }
    let path = text.splitn(4, '/').nth(3).unwrap_or_default();
    let shared = path.split('/').next().filter(|first| SHARED.contains(first));
    if let Some(shared) = shared.filter(|_| url.host_str() == Some("login.microsoftonline.com")) {
        let said =
            format!("`{shared}` is nobody's issuer: what comes names the tenant of who signs in");
        let wanted = "write https://login.microsoftonline.com/TENANT/v2.0 with the id of your tenant; for several, {tenantid} and `tenants`";
        value.problem(said, wanted);
        return None;
    }
    let (tenants, braces) = (path.matches(TENANT).count(), text.matches(['{', '}']).count());
    if braces > 0 && (tenants != 1 || braces != 2) {
        value.problem("braces stand for one tenant only", format!("write {TENANT} once, or none"));
        return None;
    }
    Some(text.to_owned())
}

/// One tenant, which speaks for all domains of its provider, or several with the domains of each.
fn tenants(value: &Value<'_>) -> Option<Vec<Tenant>> {
    const WANTED: &str = "write tenants: { ID: [acme.example] }, each id as the claim `tid` has it";
    if value.keys().is_empty() {
        value.some_items(WANTED)?;
        let ids = texts(value, WANTED, |item| item.read(WANTED, tenant_id))?;
        if ids.len() > 1 {
            let said = "several tenants, and nothing says which domains are whose";
            value.problem(said, "write tenants: { ID: [acme.example], ID: [globex.example] }, or any of them could send an address of another");
            return None;
        }
        return Some(ids.into_iter().map(|id| Tenant { id, domains: Vec::new() }).collect());
    }
    let read = value.named(WANTED)?.into_iter().map(|(id, domains)| {
        let Some(id) = tenant_id(id) else {
            domains.problem("this is no tenant's id", WANTED);
            return None;
        };
        let items = domains.some_items(WANTED)?;
        let patterns: Vec<_> = items.iter().map(|item| item.parse(WANTED)).collect();
        Some(Tenant { id, domains: patterns.into_iter().collect::<Option<_>>()? })
    });
    let read: Vec<_> = read.collect();
    read.into_iter().collect()
}

fn tenant_id(text: &str) -> Option<String> {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (!text.is_empty() && text.chars().all(usual)).then(|| text.to_owned())
}

/// A template without tenants would accept the whole world, tenants without one mean nothing.
fn check_tenants(
    map: &Mapping<'_>,
    issuer: Option<&str>,
    tenants: Option<&Option<Vec<Tenant>>>,
) -> Option<()> {
    let (issuer, tenants) = (issuer?, tenants?);
    match (issuer.contains(TENANT), tenants) {
        (true, None) => {
            let said = format!("the issuer has {TENANT}, and `tenants` is missing");
            map.value.problem(said, "write tenants: { ID: [acme.example] }, those whose people may sign in, with their domains");
            None
        }
        (false, Some(_)) => {
            let said = format!("`tenants` is said, and the issuer has no {TENANT}");
            map.value.problem(said, format!("write {TENANT} in place of the tenant's id there"));
            None
        }
        _ => Some(()),
    }
}

fn scopes(value: &Value<'_>) -> Option<Vec<String>> {
    let said = texts(value, "write a list such as [openid, email, profile]", scope)?;
    // OpenID Connect Core §3.1.2.1: without `openid` it is not OpenID Connect.
    let others = said.into_iter().filter(|scope| scope != "openid");
    Some(std::iter::once("openid".to_owned()).chain(others).collect())
}

fn acr_value(value: &Value<'_>) -> Option<String> {
    value.read("write one `acr` value, without blanks", |text| {
        let fits = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        fits.then(|| text.to_owned())
    })
}

fn algorithms(value: &Value<'_>) -> Option<Vec<String>> {
    let wanted = "write a list such as [RS256, ES256]";
    value.some_items(wanted)?;
    texts(value, wanted, algorithm)
}

fn algorithm(value: &Value<'_>) -> Option<String> {
    let wanted = format!("write one of: {}", ALGORITHMS.join(", "));
    let text = value.text(&wanted)?;
    if ALGORITHMS.contains(&text) {
        return Some(text.to_owned());
    }
    let said = match text {
        "none" => "`none` means no signature at all".to_owned(),
        "HS256" | "HS384" | "HS512" => {
            format!("{text} signs with the client secret, so no key tells who signed")
        }
        _ => format!("{} is not known", quote(text)),
    };
    value.problem_near(said, wanted, nearest(text, ALGORITHMS));
    None
}
