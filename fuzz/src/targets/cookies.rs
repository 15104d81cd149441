//! The cookies of a request.

use http::{HeaderMap, HeaderValue, header};
use session::{BrowserBinding, SessionCookie};

use super::{Target, Verdict};

/// Two values that are a session's, and one that is not.
const VALUES: [&str; 3] = [
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAA",
];

/// Cookie header fields, a line each: what is taken for ours stands there once under its name, as
/// another reader of cookies sees it (attacks.md D2, D4, D5).
pub(super) fn requests() -> Target {
    let [session, other, short] = VALUES;
    let seeds = [
        format!("a=1; __Host-vestibule={session}; b=2"),
        format!("__Host-vestibule={other}"),
        format!("JSESSIONID=x\n__Host-vestibule={session}\natl.xsrf.token=y"),
        format!("__Host-vestibule={session}; __Host-vestibule-browser={short}"),
    ];
    let seeds = seeds.map(String::into_bytes).into();
    Target { name: "cookies", seeds, check: Box::new(check) }
}

fn check(input: &[u8]) -> Verdict {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        // The HTTP library refuses the request before us.
        let Ok(value) = HeaderValue::from_bytes(line) else { return Verdict::Refused };
        headers.append(header::COOKIE, value);
    }
    let pairs = [
        SessionCookie::from_headers(&headers).map(|cookie| cookie.set_cookie()),
        BrowserBinding::from_headers(&headers).map(|cookie| cookie.set_cookie()),
    ];
    let mut verdict = Verdict::Refused;
    for set in pairs.into_iter().flatten() {
        if let Err(wrong) = stands_once(&set, input) {
            return Verdict::Wrong(wrong);
        }
        verdict = Verdict::Accepted;
    }
    verdict
}

/// Whether the pair of this `Set-Cookie` is the only one of its name.
fn stands_once(set: &HeaderValue, input: &[u8]) -> Result<(), String> {
    let set = cookie::Cookie::parse(set.to_str().unwrap_or_default())
        .map_err(|error| format!("what is set again is no cookie: {error}"))?;
    let text = String::from_utf8_lossy(input).replace('\n', ";");
    let named: Vec<_> = cookie::Cookie::split_parse(&text)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == set.name())
        .map(|cookie| cookie.value().to_owned())
        .collect();
    if named == [set.value()] { Ok(()) } else { Err(format!("{set} was read from {named:?}")) }
}
