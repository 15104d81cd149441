//! Wrong values under `factors` and `mail`.

use super::fixture::{SAMPLE, folder, parse};
use super::problems::check;
use crate::MailTls;

const LINKS: &str = "links: []";

#[test]
fn factors_and_mail_say_what_they_want() {
    check(&[
        (
            LINKS,
            "factors: { algorithm: md5 }",
            "factors.algorithm: \"md5\" is not known; write one of: sha1, sha256, sha512",
        ),
        (
            LINKS,
            "factors: { digits: 7 }",
            "factors.digits: \"7\" is not known; write one of: 6, 8 (nearest known name: `6`)",
        ),
        (
            LINKS,
            "factors: { recovery_codes: 4 }",
            "factors.recovery_codes: \"4\" cannot be used here; write a whole number from 5 to 20",
        ),
        (
            LINKS,
            "factors: { issuer: \"a:b\" }",
            "factors.issuer: \"a:b\" cannot be used here; write a short name without a colon",
        ),
        (
            LINKS,
            "factors: { self_service_reset: 24h }",
            "factors.self_service_reset: nobody would tell the owner: there is no `mail`; set `mail`, or leave this out",
        ),
        (
            LINKS,
            "mail: { server: localhost, from: a@b.example }\nfactors: { self_service_reset: 10m }",
            "factors.self_service_reset: so short a delay leaves the owner no time to object; write 1h at least, better 24h",
        ),
        (
            LINKS,
            "mail: { server: smtp.example.com, from: a@b.example, tls: none }",
            "mail.tls: mail would cross the network unencrypted; write tls: starttls or tls: implicit; none is for this machine",
        ),
        (
            LINKS,
            "mail: { server: smtp.example.com, from: a@b.example, user: u }",
            "mail: `user` and `password` belong together; write both or neither",
        ),
        (
            LINKS,
            "mail: { server: smtp.example.com, from: a@b.example, user: u, password: p4ssw0rd }",
            "mail.password: a secret stands in the configuration itself; write { file: PATH } or { env: VARIABLE }",
        ),
    ]);
}

#[test]
fn ports_follow_the_encryption_and_never_resets_nothing() {
    for (said, tls, port) in [
        ("smtp.example.com", MailTls::StartTls, 587),
        ("smtp.example.com, tls: implicit", MailTls::Implicit, 465),
        ("127.0.0.1, tls: none", MailTls::None, 25),
        ("\"::1\", tls: none, port: 2525", MailTls::None, 2525),
    ] {
        let lines = format!(
            "mail: {{ server: {said}, from: a@b.example }}\nfactors: {{ self_service_reset: never }}"
        );
        let text = SAMPLE.replacen(LINKS, &lines, 1);
        let folder = folder();
        let settings = parse(&text, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
        let mail = settings.mail.unwrap();
        assert_eq!((mail.tls, mail.port), (tls, port), "{said}");
        assert_eq!(settings.factors.reset_delay, None);
    }
}
