//! Where a customer goes after the sign-in, and who a customer is.

use domain::{EmailAddress, Fragment, ReturnPath};
use url::Url;

use super::{Target, Verdict};

const SITE: &str = "https://help.example.com/";

/// Return paths: whatever passes stays on the site when a browser resolves it (attacks.md E10).
pub(super) fn return_paths() -> Target {
    let seeds = [
        "/servicedesk/customer/portal/1/SUP-1042?x=1",
        "/servicedesk/customer/portal/1/create/10?summary=a%20b&y=%2F%2Fx",
        "/plugins/servlet/theme/portal/3;v=1//x",
        "/",
    ];
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec()).into();
    Target { name: "return_path", seeds, check: Box::new(check_return_path) }
}

fn check_return_path(input: &[u8]) -> Verdict {
    let Ok(text) = std::str::from_utf8(input) else { return Verdict::Refused };
    let Ok(path) = ReturnPath::parse(text) else { return Verdict::Refused };
    let fragment = Fragment::parse(text.rsplit('/').next().unwrap_or_default()).ok();
    let location = path.location(fragment.as_ref());
    if location.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
        return Verdict::Wrong(format!("{location:?} is no header value"));
    }
    let resolved = Url::parse(SITE).and_then(|site| site.join(&location));
    match resolved {
        Ok(url) if url.as_str().starts_with(SITE) && url.username().is_empty() => Verdict::Accepted,
        other => Verdict::Wrong(format!("{location:?} leads to {other:?}")),
    }
}

/// Addresses: one `@`, a domain, and the same again when written and read.
pub(super) fn addresses() -> Target {
    let seeds =
        ["ann@acme.example", "Ann.Archer+jira@Support.Acme.example", "ida@xn--bcher-kva.example"];
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec()).into();
    let check = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return Verdict::Refused };
        let Ok(address) = text.parse::<EmailAddress>() else { return Verdict::Refused };
        let again = address.as_str().parse::<EmailAddress>();
        let split = address.as_str().rsplit_once('@').map(|(_, domain)| domain.to_owned());
        if again.as_ref() != Ok(&address) {
            return Verdict::Wrong(format!("{:?} is read as {again:?}", address.as_str()));
        }
        if split.as_deref() != Some(address.domain().as_str()) {
            return Verdict::Wrong(format!("{:?} is of {:?}", address.as_str(), address.domain()));
        }
        Verdict::Accepted
    };
    Target { name: "email_address", seeds, check: Box::new(check) }
}
