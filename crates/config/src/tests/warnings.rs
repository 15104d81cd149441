//! What works and is probably not meant.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::fixture::{SAMPLE, folder, parse, write};

fn warnings(text: &str, folder: &std::path::Path) -> Vec<String> {
    let settings = parse(text, folder).unwrap_or_else(|problems| panic!("{problems}"));
    settings.warnings.iter().map(|warning| format!("{}: {}", warning.path, warning.text)).collect()
}

#[test]
fn a_secret_that_everybody_can_read_is_named() {
    let folder = folder();
    let path = folder.path().join("secrets/globex");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        warnings(SAMPLE, folder.path()),
        ["identity_providers.globex.oidc.client_secret.file: everybody on this machine can read \
          this secret (mode 0644); run `chmod o-rwx` on it"]
    );
}

#[test]
fn certificates_out_of_their_time_are_named() {
    let rows = [
        (
            (2025, 1, 1),
            (2026, 11, 21),
            "the certificate ended at 2026-11-21T00:00:00Z; browsers refuse it",
        ),
        ((2025, 1, 1), (2026, 12, 1), "the certificate ends at 2026-12-01T00:00:00Z; renew it"),
        (
            (2026, 12, 1),
            (2027, 12, 1),
            "the certificate begins at 2026-12-01T00:00:00Z; browsers refuse it until then",
        ),
    ];
    for ((y1, m1, d1), (y2, m2, d2), expected) in rows {
        let folder = folder();
        let names = ["help.example.com".to_owned(), "support.example.com".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(y1, m1, d1);
        params.not_after = date_time_ymd(y2, m2, d2);
        let key = KeyPair::generate().unwrap();
        write(folder.path(), "tls/help.pem", &params.self_signed(&key).unwrap().pem(), 0o644);
        write(folder.path(), "tls/help.key", &key.serialize_pem(), 0o600);
        let expected = format!("tls.certificates[0].chain: {expected}");
        assert_eq!(warnings(SAMPLE, folder.path()), [expected]);
    }
}

#[test]
fn a_host_without_a_certificate_is_named() {
    let folder = folder();
    let text = SAMPLE.replace("support.example.com]", "other.example.com]");
    assert_eq!(
        warnings(&text, folder.path()),
        [
            "tls.certificates: no certificate here is made for `other.example.com`; browsers will refuse it"
        ]
    );
}

#[test]
fn risky_choices_are_named() {
    let rows = [
        (
            "    jsm: support ",
            "    #",
            "jsm.support: no site names this JSM, so nobody is created here; set sites.NAME.jsm\nsecond_factor[1]: the site `help` has no JSM, so nobody's organizations are known there and this rule holds for all; add site:",
        ),
        (
            "trusted_proxies: []",
            "trusted_proxies: [0.0.0.0/0]",
            "listen.trusted_proxies[0]: every peer's forwarded headers are believed; name the balancer's network",
        ),
        (
            "public_port: 443 ",
            "#",
            "listen: published URLs have port 443 while https listens on 8443; set public_port to the port that customers use",
        ),
        (
            "https://jira.internal.example",
            "http://jira.internal.example",
            "sites.help.upstream.url: identities and pages travel to this upstream without TLS; prefer https",
        ),
        (
            "#sha1_until: 2027-06-30",
            "sha1_until: 2027-06-30",
            "identity_providers.acme.saml.sha1_until: signatures with SHA-1, which is broken, are accepted until 2027-07-01T00:00:00Z",
        ),
        (
            "#sha1_until: 2027-06-30",
            "sha1_until: 2026-06-30",
            "identity_providers.acme.saml.sha1_until: this day has passed: signatures with SHA-1 are refused; remove the key",
        ),
        (
            "https://example.atlassian.net",
            "https://jira.example.com",
            "jsm.support.cloud.site: tokens are accepted at NAME.atlassian.net only, not at a custom domain",
        ),
    ];
    let folder = folder();
    for (from, to, expected) in rows {
        assert!(SAMPLE.contains(from), "{from}");
        let found = warnings(&SAMPLE.replacen(from, to, 1), folder.path());
        assert_eq!(found.join("\n"), expected);
    }
}

/// So a new identity provider takes over the domains of an old one, whose persons stay known.
#[test]
fn a_disabled_identity_provider_claims_no_domain() {
    let folder = folder();
    let text = SAMPLE.replace("[initech.example]", "[acme.example]\n    enabled: false");
    assert_eq!(warnings(&text, folder.path()), Vec::<String>::new());
}
