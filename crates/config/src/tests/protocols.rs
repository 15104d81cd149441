//! Wrong values of the three protocols and of the keys, and what the operator reads about them.

use domain::Timestamp;
use federation::{
    ClientAuthentication, GroupOverage, LoginHint, Protocol, RequestBinding, RequestSigning,
    SignedPart,
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};

use super::fixture::{SAMPLE, folder, parse, uncommented, write};
use super::problems::check;
use crate::Settings;

fn protocol(settings: &Settings, name: &str) -> Protocol {
    let mut idps = settings.identity_providers.iter().map(|idp| &idp.federation);
    idps.find(|idp| idp.name.as_str() == name).unwrap().protocol.clone()
}

#[test]
fn everything_that_the_sample_says_arrives() {
    let folder = folder();
    let settings = parse(&uncommented(), folder.path()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(settings.keys.saml.len(), 1);
    assert_eq!(settings.identity_providers[0].federation.probe, Some(true));
    let Protocol::Saml(acme) = protocol(&settings, "acme") else { panic!() };
    assert_eq!((acme.signed, acme.encryption_required), (SignedPart::Either, false));
    let day = Timestamp::from_seconds(1_814_400_000); // 2027-07-01
    assert_eq!((acme.sha1_until, acme.cbc_until), (Some(day), Some(day)));
    assert_eq!(acme.request.binding, RequestBinding::Redirect);
    assert_eq!(acme.request.signed, RequestSigning::AsMetadataSays);
    assert_eq!(acme.request.login_hint, LoginHint::Query);
    let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    assert_eq!(acme.request.name_id_format.as_deref(), Some(persistent));
    assert_eq!(acme.request.authn_context.len(), 1);
    let Protocol::Saml(initech) = protocol(&settings, "initech") else { panic!() };
    assert_eq!(initech.metadata_signers.len(), 1);
    let Protocol::Oidc(globex) = protocol(&settings, "globex") else { panic!() };
    assert_eq!(globex.acr_values, ["phr", "mfa"]);
    assert_eq!(globex.max_age.map(|age| age.as_secs()), Some(28_800));
    assert_eq!(globex.prompt.as_deref(), Some("select_account"));
    assert_eq!(globex.group_overage, GroupOverage::Fetch);
    let Protocol::Oidc(hooli) = protocol(&settings, "hooli") else { panic!() };
    let tenant = hooli.tenants.first().unwrap();
    assert_eq!(tenant.domains, ["hooli.example".parse().unwrap()]);
    let ClientAuthentication::PrivateKeyJwt { key_id, .. } = hooli.client_authentication else {
        panic!("hooli has a key")
    };
    assert_eq!(key_id.as_deref(), Some("2026"));
    let Protocol::OAuth2(umbrella) = protocol(&settings, "umbrella") else { panic!() };
    assert_eq!(umbrella.scopes, ["user:email"]);
    assert!(!umbrella.accept_unverified_email);
}

#[test]
fn saml_settings() {
    check(&[
        (
            "#signed: either ",
            "signed: all ",
            "identity_providers.acme.saml.signed: \"all\" is not known; write one of: either, response, assertion, both",
        ),
        (
            "#encryption: optional ",
            "encryption: required ",
            "identity_providers.acme.saml.encryption: nothing can be decrypted without a key of our own; add keys: { saml: [{ file: keys/saml-1.pem }] }",
        ),
        (
            "#single_logout: true  ",
            "request: { signed: always } #",
            "identity_providers.acme.saml.request.signed: nothing can be signed without a key of our own; add keys: { saml: [{ file: keys/saml-1.pem }] }",
        ),
        (
            "#single_logout: true  ",
            "request: { force_authn: true, passive: true } #",
            "identity_providers.acme.saml.request.passive: `force_authn` asks the customer and `passive` forbids to ask; keep one of them",
        ),
        (
            "#single_logout: true  ",
            "request: { name_id: persistant } #",
            "identity_providers.acme.saml.request.name_id: \"persistant\" is not known; write one of: persistent, transient, email, unspecified (nearest known name: `persistent`)",
        ),
        (
            "#single_logout: true  ",
            "request: { name_id: transient } #",
            "identity_providers.acme: `claims.subject` is missing: a transient NameID is another one at every sign-in; write claims: { subject: employeeNumber }, the claim that never changes and never passes on",
        ),
        (
            "#single_logout: true  ",
            "request: { authn_context: [Password] } #",
            "identity_providers.acme.saml.request.authn_context[0]: \"Password\" is not a URI; write a list of AuthnContextClassRef URIs",
        ),
        (
            "#single_logout: true  ",
            "idp_initiated: maybe #",
            "identity_providers.acme.saml.idp_initiated: \"maybe\" is neither true nor false; write true or false",
        ),
        (
            "#signed_by: idp/federation.pem ",
            "signed_by: idp/acme-metadata.xml ",
            "identity_providers.initech.saml.metadata.signed_by: this file has no certificate; name a PEM file with `-----BEGIN CERTIFICATE-----` blocks",
        ),
        (
            "#cbc_until: 2027-06-30",
            "cbc_until: never",
            "identity_providers.acme.saml.cbc_until: \"never\" cannot be used here; write the last day of the exception, such as 2027-01-31",
        ),
    ]);
}

#[test]
fn a_transient_name_is_asked_for_only_beside_a_lasting_claim() {
    let folder = folder();
    let with = |subject: &str| {
        let format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
        let asked = SAMPLE
            .replacen(
                "#single_logout: true  ",
                &format!("request: {{ name_id: \"{format}\" }} #"),
                1,
            )
            .replacen("#subject: employeeNumber ", &format!("subject: {subject} #"), 1);
        parse(&asked, folder.path()).err().map(|problems| problems.to_string()).unwrap_or_default()
    };
    assert_eq!(with("employeeNumber"), "");
    assert!(with("NameID").contains("a transient NameID is another one at every sign-in"));
}

#[test]
fn encryption_is_not_required_with_keys_to_which_nobody_can_encrypt() {
    let folder = folder();
    let required = SAMPLE.replacen("#encryption: optional ", "encryption: required ", 1);
    let with = |files: &str| required.replacen("#saml: [{ file: keys/saml-1.pem }]", files, 1);
    // The fixture's key is on P-256.
    let text = with("saml: [{ file: keys/saml-1.pem }]");
    assert_ne!(text, required, "the sample names the key");
    let said = parse(&text, folder.path()).unwrap_err().to_string();
    let problem = "identity_providers.acme.saml.encryption: keys.saml has no RSA key, and nobody can encrypt to an elliptic one; add one";
    assert!(said.contains(problem), "{said}");
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), certificate.pem());
    write(folder.path(), "keys/rsa.pem", &pem, 0o600);
    let both = with("saml: [{ file: keys/saml-1.pem }, { file: keys/rsa.pem }]");
    assert!(parse(&both, folder.path()).is_ok(), "any of them may be the RSA key");
}

#[test]
fn openid_settings() {
    const SECRET: &str = "client_secret: { file: secrets/globex }";
    check(&[
        (
            "issuer: https://login.globex.example ",
            "issuer: https://login.microsoftonline.com/common/v2.0 ",
            "identity_providers.globex.oidc.issuer: `common` is nobody's issuer: what comes names the tenant of who signs in; write https://login.microsoftonline.com/TENANT/v2.0 with the id of your tenant; for several, {tenantid} and `tenants`",
        ),
        (
            "issuer: https://login.globex.example ",
            "issuer: \"https://login.globex.example/{tenantid}\" ",
            "identity_providers.globex.oidc: the issuer has {tenantid}, and `tenants` is missing; write tenants: { ID: [acme.example] }, those whose people may sign in, with their domains",
        ),
        (
            "issuer: https://login.globex.example ",
            "issuer: \"https://login.globex.example/{tenant}\" ",
            "identity_providers.globex.oidc.issuer: braces stand for one tenant only; write {tenantid} once, or none",
        ),
        (
            "#userinfo: false ",
            "tenants: [a] ",
            "identity_providers.globex.oidc: `tenants` is said, and the issuer has no {tenantid}; write {tenantid} in place of the tenant's id there",
        ),
        (
            "issuer: https://login.globex.example ",
            "tenants: [a, b]\n      issuer: \"https://login.globex.example/{tenantid}\" ",
            "identity_providers.globex.oidc.tenants: several tenants, and nothing says which domains are whose; write tenants: { ID: [acme.example], ID: [globex.example] }, or any of them could send an address of another",
        ),
        (
            "issuer: https://login.globex.example ",
            "tenants: { a: [other.example] }\n      issuer: \"https://login.globex.example/{tenantid}\" ",
            "identity_providers.globex: tenant `a` has `other.example`, which is not among `domains`; add it to `domains` of this identity provider, or take it out",
        ),
        (
            SECRET,
            "token_auth: post",
            "identity_providers.globex.oidc.token_auth: there is no `client_secret` to send; add it, or leave this out",
        ),
        (
            SECRET,
            "key_id: a",
            "identity_providers.globex.oidc.key_id: there is no `private_key` that this names; add it, or leave this out",
        ),
        (
            SECRET,
            "client_secret: { file: secrets/globex }\n      private_key: { file: keys/hooli.pem }",
            "identity_providers.globex.oidc.private_key: `client_secret` is said too; keep `private_key`, which is stronger",
        ),
        (
            SECRET,
            "private_key: { file: secrets/globex }",
            "identity_providers.globex.oidc.private_key: this is not a private key that can sign (RSA of 2048 bits or more or P-256, `-----BEGIN PRIVATE KEY-----`); make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        ),
        (
            "#prompt: select_account ",
            "prompt: select ",
            "identity_providers.globex.oidc.prompt: \"select\" is not known; write one of: login, consent, select_account, none",
        ),
        (
            "#group_overage: fetch ",
            "group_overage: ignore ",
            "identity_providers.globex.oidc.group_overage: \"ignore\" is not known; write one of: fetch, keep, deny",
        ),
        (
            "#acr_values: [phr, mfa]",
            "acr_values: [\"a b\"]",
            "identity_providers.globex.oidc.acr_values[0]: \"a b\" cannot be used here; write one `acr` value, without blanks",
        ),
    ]);
}

/// The rows change the sample with its optional keys in force.
#[test]
fn oauth_settings() {
    let folder = folder();
    for (from, to, expected) in [
        (
            "https://login.umbrella.example/token",
            "http://login.umbrella.example/token",
            "umbrella.oauth2.token_endpoint: http is accepted toward this machine only",
        ),
        (
            "accept_risk: []",
            "accept_risk: [unverified]",
            "umbrella.oauth2.accept_risk[0]: \"unverified\" is not known; write one of: unverified_email",
        ),
        (
            "claims: { subject: id }",
            "enabled: true",
            "umbrella: `claims.subject` is missing: OAuth 2.0 does not say who somebody is; write claims: { subject: id }",
        ),
    ] {
        let text = uncommented();
        assert!(text.contains(from), "{from}");
        let printed = parse(&text.replacen(from, to, 1), folder.path()).unwrap_err().to_string();
        assert!(printed.contains(expected), "{printed}");
        assert_eq!(printed.lines().count(), 1, "{printed}");
    }
    let text = uncommented().replace("accept_risk: []", "accept_risk: [unverified_email]");
    let settings = parse(&text, folder.path()).unwrap();
    let Protocol::OAuth2(umbrella) = protocol(&settings, "umbrella") else { panic!() };
    assert!(umbrella.accept_unverified_email);
    let named = |w: &&crate::Warning| w.path.ends_with("umbrella.oauth2.accept_risk");
    assert!(settings.warnings.iter().any(|w| named(&w)));
}

#[test]
fn staged_and_former_keys_beside_a_file_are_read_after_it() {
    let folder = folder();
    let root = folder.path();
    let text =
        SAMPLE.replace("#saml: [{ file: keys/saml-1.pem }]", "saml: [{ file: keys/saml-1.pem }]");
    let read = || {
        let keys = parse(&text, root).unwrap_or_else(|e| panic!("{e}")).keys;
        let count = |list: &[domain::Secret<Vec<u8>>]| list.len();
        (count(&keys.sealing), count(&keys.assertion), count(&keys.saml))
    };
    assert_eq!(read(), (1, 1, 1));
    let next = rcgen::KeyPair::generate().unwrap().serialize_pem();
    write(root, "keys/assertion-1.next.pem", &next, 0o600);
    write(root, "keys/sealing-1.old", &format!("{}=\n", "QUJD".repeat(10) + "QUI"), 0o600);
    // A copy of the active key counts once: `activate` makes one for a moment.
    write(
        root,
        "keys/saml-1.old.pem",
        &std::fs::read_to_string(root.join("keys/saml-1.pem")).unwrap(),
        0o600,
    );
    assert_eq!(read(), (2, 2, 1));
    let keys = parse(&text, root).unwrap().keys;
    assert_eq!(keys.sealing[1].expose(), b"ABCABCABCABCABCABCABCABCABCABCAB");
    write(root, "keys/sealing-1.next", "rubbish", 0o600);
    let printed = parse(&text, root).unwrap_err().to_string();
    assert!(printed.contains("keys/sealing-1.next` is not a sealing key"), "{printed}");
}

#[test]
fn a_saml_key_needs_the_certificate_that_belongs_to_it() {
    let folder = folder();
    let root = folder.path();
    let text =
        SAMPLE.replace("#saml: [{ file: keys/saml-1.pem }]", "saml: [{ file: keys/saml-1.pem }]");
    let saml = std::fs::read_to_string(root.join("keys/saml-1.pem")).unwrap();
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let certificate = &saml[saml.find("-----BEGIN CERTIFICATE").unwrap()..];
    for (content, expected) in [
        (other.clone(), "this is not a SAML key (RSA of 2048 bits"),
        (certificate.to_owned(), "this is not a SAML key (RSA of 2048 bits"),
        (
            format!("{other}{certificate}"),
            "this is not a SAML key, since the key in it does not belong to the certificate",
        ),
    ] {
        write(root, "keys/saml-1.pem", &content, 0o600);
        let printed = parse(&text, root).unwrap_err().to_string();
        assert!(printed.contains(expected), "{printed}");
    }
}
