//! The JSMs and what customers get there.

use domain::{DomainPattern, EmailAddress, JsmName, PersonKey};
use provisioning::{DeskRule, JsmCloud, JsmSettings, OrganizationRule};
use url::Url;

use crate::mapping::{Mapping, given};
use crate::nearest::nearest;
use crate::reader::{Value, quote};
use crate::scalar::{is_loopback, origin, private};
use crate::{Site, names, secret};

/// Reads `jsm`. Each JSM is given `links`.
pub(crate) fn read(root: &Mapping<'_>, links: &[Vec<PersonKey>]) -> Option<Vec<JsmSettings>> {
    let Some(value) = root.optional("jsm") else { return Some(Vec::new()) };
    let named = value.named("write a name and { cloud: … } for each JSM")?;
    let read: Vec<_> = named.iter().map(|(name, value)| jsm(name, value, links)).collect();
    read.into_iter().collect()
}

/// Notes the JSMs that no site uses.
pub(crate) fn warn_of_unused(root: &Mapping<'_>, sites: &[Site]) {
    let named = root.optional("jsm").and_then(|value| value.named("write names here"));
    for (name, value) in named.unwrap_or_default() {
        let uses = |site: &Site| site.jsm.as_ref().is_some_and(|jsm| jsm.as_str() == name);
        if !sites.iter().any(uses) {
            value.warn("no site names this JSM, so nobody is created here; set sites.NAME.jsm");
        }
    }
}

fn jsm(key: &str, value: &Value<'_>, links: &[Vec<PersonKey>]) -> Option<JsmSettings> {
    let name: Option<JsmName> = names::chosen(key, value);
    let map = value.mapping("write cloud: { site: …, email: …, token: … }")?;
    map.not_yet(&["data_center", "portals"]);
    let cloud = map.required("cloud", "write cloud: { site: …, email: …, token: … }");
    let cloud = cloud.and_then(|value| self::cloud(&value));
    let organizations = given(map.optional("organizations"), organizations);
    let names: Vec<&str> =
        organizations.iter().flatten().flatten().map(|rule| rule.organization.as_str()).collect();
    let usable = organizations.is_some();
    let desks = given(map.optional("desks"), |value| desks(value, &names, usable));
    map.finish();
    if let Some(None) = desks {
        value.warn("no `desks`: customers are created and join no service desk");
    }
    Some(JsmSettings {
        name: name?,
        site: cloud?,
        desks: desks?.unwrap_or_default(),
        organizations: organizations.as_ref()?.clone().unwrap_or_default(),
        links: links.to_vec(),
    })
}

fn cloud(value: &Value<'_>) -> Option<JsmCloud> {
    let map = value.mapping("write { site: https://NAME.atlassian.net, email: …, token: … }")?;
    let site = map.required("site", "write site: https://NAME.atlassian.net");
    let site = site.and_then(|value| site_url(&value));
    let wanted = "write the e-mail address of the account that owns the token";
    let email = map.required("email", wanted);
    let email = email.and_then(|value| value.parse::<EmailAddress>(wanted));
    let token = map.required("token", "write token: { file: PATH } or { env: VARIABLE }");
    let token = token.and_then(|value| secret::text(&value));
    map.finish();
    Some(JsmCloud { site: site?, email: email?.as_str().to_owned(), token: token? })
}

fn site_url(value: &Value<'_>) -> Option<Url> {
    let wanted = "write https://NAME.atlassian.net";
    let checked = origin(value.text(wanted)?).and_then(private);
    let url = checked.map_err(|fault| value.problem(fault.text(), wanted)).ok()?;
    let atlassian = url.host_str().is_some_and(|host| host.ends_with(".atlassian.net"));
    if !atlassian && !is_loopback(&url) {
        value.warn("tokens are accepted at NAME.atlassian.net only, not at a custom domain");
    }
    Some(url)
}

fn organizations(value: &Value<'_>) -> Option<Vec<OrganizationRule>> {
    let items = value.items("write a list of { domain: acme.example, organization: Acme }")?;
    let read: Vec<_> = items.iter().map(organization).collect();
    read.into_iter().collect()
}

fn organization(value: &Value<'_>) -> Option<OrganizationRule> {
    let map = value.mapping("write { domain: acme.example, organization: Acme }")?;
    let domain = map.required("domain", "write domain: acme.example");
    let domain = domain.and_then(|value| {
        value.parse::<DomainPattern>("write a domain such as acme.example or *.acme.example")
    });
    let wanted = "write the organization's name in JSM";
    let organization = map.required("organization", wanted);
    let organization = organization.and_then(|value| value.text(wanted).map(str::trim));
    map.not_yet(&["idp", "from_claim", "create", "allow"]);
    map.finish();
    Some(OrganizationRule { domain: domain?, organization: organization?.to_owned() })
}

fn desks(value: &Value<'_>, organizations: &[&str], usable: bool) -> Option<Vec<DeskRule>> {
    let items = value.items("write a list of { join: [\"1\"] }")?;
    let read: Vec<_> = items.iter().map(|item| desk(item, organizations, usable)).collect();
    read.into_iter().collect()
}

fn desk(value: &Value<'_>, organizations: &[&str], usable: bool) -> Option<DeskRule> {
    let map = value.mapping("write { join: [\"1\"] }")?;
    let organization =
        given(map.optional("organization"), |value| granted(value, organizations, usable));
    let join = map.required("join", "write join: [\"1\"], the ids of service desks");
    let join = join.and_then(|value| {
        let items = value.some_items("write a list of ids such as [\"1\", \"3\"]")?;
        let read: Vec<_> = items.iter().map(desk_id).collect();
        read.into_iter().collect::<Option<Vec<_>>>()
    });
    map.finish();
    Some(DeskRule { organization: organization?, join: join? })
}

/// An organization that some rule gives: one that none gives would never match.
fn granted(value: &Value<'_>, organizations: &[&str], usable: bool) -> Option<String> {
    let wanted = "name an organization that `organizations` gives";
    let text = value.text(wanted)?.trim();
    if usable && !organizations.contains(&text) {
        let near = nearest(text, organizations.iter().copied());
        value.problem_near(format!("no rule gives the organization {}", quote(text)), wanted, near);
        return None;
    }
    Some(text.to_owned())
}

/// Becomes a segment of a path: a number, a project key, or `projectKey:ABC` and the like.
fn desk_id(value: &Value<'_>) -> Option<String> {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
    value.read("write the id or the project key of a service desk", |text| {
        text.chars().all(usual).then(|| text.to_owned())
    })
}
