//! The sample loads, is complete, and every key is explained.

use std::time::Duration;

use federation::{ClientAuthentication, MetadataSource, Protocol};
use policy::{Mode, Outcome};

use super::fixture::{FixedEnvironment, PLANTED, SAMPLE, folder, parse, uncommented, write};
use crate::reader::Reading;
use crate::{StoreSettings, tree};

const REFERENCE: &str = include_str!("../../../../docs/configuration.md");
const QUICK_START: &str = include_str!("../../../../docs/quick-start.md");

#[test]
fn the_sample_loads_without_a_warning() {
    let folder = folder();
    let settings = parse(SAMPLE, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(settings.warnings, []);
    assert_eq!(settings.digest.len(), 64);
    assert_eq!(settings.listen.workers, None);
    let site = &settings.sites[0];
    assert_eq!(site.public_url.as_str(), "https://help.example.com/");
    assert_eq!(site.upstream.audience, "help.example.com");
    assert_eq!(
        (site.session.idle, site.session.absolute),
        (Duration::from_secs(1800), Duration::from_secs(43_200))
    );
    assert_eq!(site.jsm.as_ref(), Some(&settings.jsm[0].name));
    let provisioning::JsmSite::Cloud(cloud) = &settings.jsm[0].site else { panic!("Cloud") };
    let provisioning::CloudCredential::Classic { token, .. } = &cloud.credential else {
        panic!("a classic token")
    };
    assert_eq!(token.expose(), PLANTED);
    assert_eq!(settings.keys.sealing[0].expose().len(), 32);
    let StoreSettings::Embedded { path } = &settings.store else { panic!("an embedded store") };
    assert_eq!(*path, folder.path().join("data"));
    assert_eq!(settings.audit_file, folder.path().join("data/audit.jsonl"));
    let names = settings.identity_providers.iter().map(|idp| idp.federation.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["acme", "initech", "globex"]);
    let Protocol::Saml(acme) = &settings.identity_providers[0].federation.protocol else {
        panic!("acme speaks SAML")
    };
    assert_eq!(acme.metadata, MetadataSource::File(folder.path().join("idp/acme-metadata.xml")));
    let Protocol::Oidc(globex) = &settings.identity_providers[2].federation.protocol else {
        panic!("globex speaks OpenID Connect")
    };
    assert_eq!(globex.issuer, "https://login.globex.example");
    let ClientAuthentication::Secret(secret) = &globex.client_authentication else {
        panic!("globex has a secret")
    };
    assert_eq!(secret.expose(), PLANTED);
    let rules = settings.sign_in.rules();
    assert!(matches!(&rules[1].outcome, Outcome::Use { mode: Mode::Required, .. }));
    assert_eq!(rules[3].outcome, Outcome::Choose);
    assert_eq!(SAMPLE.lines().nth(rules[3].line - 1).map(|l| l.contains("otherwise")), Some(true));
}

#[test]
fn a_file_on_disk_loads_with_paths_from_its_own_folder() {
    let folder = folder();
    let file = folder.path().join("vestibule.yaml");
    std::fs::write(&file, SAMPLE.replace("{ env: JSM_TOKEN }", "{ file: secrets/globex }"))
        .unwrap();
    let settings = crate::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(settings.certificates[0].chain, folder.path().join("tls/help.pem"));
}

/// Needs no list of keys: whatever the reader asks for is a known key.
#[test]
fn the_sample_with_its_optional_keys_has_every_key_that_is_known() {
    let folder = folder();
    let text = uncommented();
    let settings = parse(&text, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(settings.listen.workers, Some(2));
    assert_eq!(settings.jsm[0].links[0].len(), 2);
    assert_eq!(settings.sites[0].upstream.identity_headers.len(), 2);
    assert_eq!(settings.extra_certificate_authorities.len(), 1);
    let asked = asked(&text, folder.path());
    // A secret is either a file or a variable; a store is either in a file or in Redis.
    let other = |key: &str| match key.rsplit_once('.') {
        Some(("store", "embedded")) => "store.redis".to_owned(),
        Some((secret, "env")) => format!("{secret}.file"),
        Some((secret, "file")) => format!("{secret}.env"),
        _ => String::new(),
    };
    let shown = |key: &str| asked.get(key).copied().unwrap_or(false);
    let missing: Vec<_> = asked.keys().filter(|key| !shown(key) && !shown(&other(key))).collect();
    assert!(missing.is_empty(), "the sample lacks {missing:?}");
    assert!(asked.len() > 110, "{}", asked.len());
}

#[test]
fn the_reference_explains_every_key() {
    let folder = folder();
    for key in asked(&uncommented(), folder.path()).keys() {
        let shown = key.replace("[]", "").replace('*', "NAME");
        assert!(REFERENCE.contains(&format!("`{shown}`")), "docs/configuration.md lacks `{shown}`");
    }
}

/// What a page tells operators to write must be accepted.
#[test]
fn the_examples_of_the_quick_start_load() {
    let folder = folder();
    write(folder.path(), "secrets/jsm-token", "token", 0o600);
    let whole_files = QUICK_START.split("```").filter(|block| block.starts_with("yaml\nlisten:"));
    for block in whole_files {
        let text = block.trim_start_matches("yaml\n");
        parse(text, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    }
    assert!(QUICK_START.contains("```yaml\nlisten:"));
}

/// serde_yaml is the oracle: what this crate's narrow reader takes from the sample is what a full
/// YAML implementation sees.
#[test]
fn the_tree_is_what_serde_yaml_reads() {
    for text in [SAMPLE.to_owned(), uncommented()] {
        let ours = tree::parse(&text).unwrap();
        let theirs: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        assert_same(&ours, &theirs);
    }
}

fn assert_same(ours: &tree::Node, theirs: &serde_yaml::Value) {
    match (&ours.content, theirs) {
        (tree::Content::List(a), serde_yaml::Value::Sequence(b)) => {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).for_each(|(a, b)| assert_same(a, b));
        }
        (tree::Content::Mapping(a), serde_yaml::Value::Mapping(b)) => {
            assert_eq!(a.len(), b.len());
            for (entry, (key, value)) in a.iter().zip(b) {
                assert_eq!(key.as_str(), Some(entry.key.as_str()));
                assert_same(&entry.value, value);
            }
        }
        (tree::Content::Scalar { text, .. }, serde_yaml::Value::String(b)) => assert_eq!(text, b),
        (tree::Content::Scalar { text, .. }, other) => {
            assert_eq!(*text, serde_yaml::to_string(other).unwrap().trim());
        }
        (ours, theirs) => panic!("{ours:?} is not {theirs:?}"),
    }
}

fn asked(text: &str, folder: &std::path::Path) -> std::collections::BTreeMap<String, bool> {
    let tree = tree::parse(text).unwrap();
    let reading = Reading::new(folder, &FixedEnvironment);
    crate::settings(&reading, &tree, text);
    reading.asked.take()
}
