//! The help centers.

use std::collections::BTreeMap;

use domain::{HostName, JsmName, SiteName};
use url::Url;

use crate::mapping::{Mapping, given};
use crate::reader::{Value, quote};
use crate::{Site, branding, lifetimes, names, sharing, upstream};

/// Reads `sites`. `jsm` are the names of the JSMs in the file, usable or not.
pub(crate) fn read(root: &Mapping<'_>, public_port: u16, jsm: &[&str]) -> Option<Vec<Site>> {
    let wanted = "write at least one site: sites: { help: { hosts: [help.example.com], … } }";
    let entries = root.required("sites", wanted)?;
    let named = entries.named(wanted)?;
    if named.is_empty() {
        entries.problem("no site is here", wanted);
        return None;
    }
    let mut owners = BTreeMap::new();
    let read: Vec<_> =
        named.iter().map(|(name, value)| site(name, value, jsm, &mut owners)).collect();
    let sites: Option<Vec<Site>> = read.into_iter().collect();
    let with_port = |site: Site| with_port(site, public_port);
    sites.map(|sites| sites.into_iter().map(with_port).collect())
}

fn site<'a>(
    key: &str,
    value: &Value<'a>,
    jsm: &[&str],
    owners: &mut BTreeMap<HostName, SiteName>,
) -> Option<Site> {
    let name: Option<SiteName> = names::chosen(key, value);
    let map = value.mapping("write hosts: and upstream: here")?;
    let hosts = hosts(&map, name.as_ref(), owners);
    let label =
        given(map.optional("label"), |v| v.text("write the help center's name").map(str::to_owned));
    let upstream_value = map.required("upstream", "write upstream: { url: https://… }");
    let audience = hosts.as_ref().and_then(|hosts| hosts.first()).map(|h| h.as_str().to_owned());
    let upstream = upstream_value.and_then(|value| upstream::read(&value, audience));
    let jsm = given(map.optional("jsm"), |value| names::reference::<JsmName>(value, jsm, "jsm"));
    let lifetimes = given(map.optional("session"), lifetimes::read);
    let branding = given(map.optional("branding"), branding::read);
    let sharing_value = map.optional("sharing");
    let sharing = sharing::read(&map);
    map.finish();
    if let (Some(value), Some(None)) = (sharing_value, &jsm) {
        value.warn(
            "the site has no `jsm`, so nobody's organizations are known and nothing is shared",
        );
    }
    let hosts = hosts?;
    let canonical = hosts.first()?;
    let upstream = upstream?;
    Some(Site {
        name: name?,
        label: label?.unwrap_or_else(|| canonical.as_str().to_owned()),
        public_url: Url::parse(&format!("https://{canonical}")).ok()?,
        hosts,
        upstream: upstream.settings,
        inject_script: upstream.inject_script,
        jsm: jsm?,
        branding: branding?.unwrap_or_default(),
        session: lifetimes?.unwrap_or_else(lifetimes::ordinary),
        sharing: sharing?,
    })
}

fn hosts(
    map: &Mapping<'_>,
    site: Option<&SiteName>,
    owners: &mut BTreeMap<HostName, SiteName>,
) -> Option<Vec<HostName>> {
    let wanted = "write hosts: [help.example.com]";
    let items = map.required("hosts", wanted)?.some_items(wanted)?;
    let read: Vec<_> = items.iter().map(|item| host(item, site, owners)).collect();
    read.into_iter().collect()
}

fn host(
    value: &Value<'_>,
    site: Option<&SiteName>,
    owners: &mut BTreeMap<HostName, SiteName>,
) -> Option<HostName> {
    let wanted = "write a host name without scheme, port and path, such as help.example.com";
    let text = value.text(wanted)?;
    // What a URL would refuse or read as another host, such as `0x7f.1`, is no name to publish.
    let same_in_url = |host: &HostName| {
        let url = Url::parse(&format!("https://{host}"));
        url.is_ok_and(|url| url.host_str() == Some(host.as_str()))
    };
    let Some(host) = text.parse::<HostName>().ok().filter(same_in_url) else {
        value.problem(format!("{} is not a host name", quote(text)), wanted);
        return None;
    };
    if let Some(owner) = owners.get(&host) {
        let said = format!("{} is a host of site `{owner}` already", quote(text));
        value.problem(said, "a host belongs to one site, once");
        return None;
    }
    if let Some(site) = site {
        owners.insert(host.clone(), site.clone());
    }
    Some(host)
}

fn with_port(mut site: Site, port: u16) -> Site {
    // Fails only for URLs without a host, which this is not; 443 is left out by the URL itself.
    let _ = site.public_url.set_port(Some(port));
    site
}
