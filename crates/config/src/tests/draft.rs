//! What `vestibule idp add` prints is what the file takes.

use super::fixture::{FixedEnvironment, SAMPLE, folder, parse};
use crate::{Draft, Source};

fn okta() -> Draft {
    Draft {
        name: "hooli".parse().unwrap(),
        label: Some("Hooli \"XYZ\" \\ Co.".to_owned()),
        preset: Some("okta".to_owned()),
        domains: vec!["hooli.example".to_owned(), "*.hooli.example".to_owned()],
        source: Source::Saml { metadata_url: "https://hooli.example/metadata?appid=1".to_owned() },
    }
}

fn globex() -> Draft {
    let source = Source::Oidc {
        issuer: "https://login.umbrella.example".to_owned(),
        client_id: "0oa: 1".to_owned(),
        client_secret_file: None,
    };
    Draft { label: None, preset: None, source, ..okta() }
}

/// The rules in their order, without their lines.
fn routing(settings: &crate::Settings) -> String {
    let all = format!("{:?}", settings.sign_in);
    let (rules, _) = all.split_once("], speakers").unwrap();
    let without = rules.split("line: ").map(|rest| rest.trim_start_matches(char::is_numeric));
    without.collect()
}

#[test]
fn a_draft_reads_as_it_does_once_it_is_in_the_file() {
    let folder = folder();
    let path = folder.path().join("vestibule.yaml");
    std::fs::write(&path, SAMPLE).unwrap();
    for draft in [okta(), globex()] {
        let tried =
            draft.try_in(&path, &FixedEnvironment).unwrap_or_else(|problems| panic!("{problems}"));
        let text = draft.text();
        let (providers, rules) = text.split_once("sign_in:").unwrap();
        let providers = providers.strip_prefix("identity_providers:\n").unwrap();
        let (_, rules) = rules.split_once('\n').unwrap();
        let pasted = SAMPLE.split_inclusive('\n').map(|line| {
            let more = match line.split(' ').next() {
                Some("identity_providers:") => providers,
                Some("sign_in:" | "sign_in:\n") => rules,
                _ => "",
            };
            format!("{line}{more}")
        });
        let pasted = parse(&pasted.collect::<String>(), folder.path());
        let pasted = pasted.unwrap_or_else(|problems| panic!("{problems}"));
        let hooli = |settings: &crate::Settings| {
            let all = settings.identity_providers.iter();
            let of_name = all.clone().filter(|idp| idp.federation.name.as_str() == "hooli");
            format!("{:?}", of_name.collect::<Vec<_>>())
        };
        assert_eq!(hooli(&tried), hooli(&pasted));
        assert_eq!(routing(&tried), routing(&pasted));
        assert!(hooli(&tried).contains("hooli.example"), "{}", hooli(&tried));
    }
}

/// As in a file that somebody has just begun: the keys are there, and nothing under them.
#[test]
fn empty_sections_are_filled() {
    let folder = folder();
    let path = folder.path().join("vestibule.yaml");
    let (before, rest) = SAMPLE.split_once("\nidentity_providers:").unwrap();
    let (_, jsm) = rest.split_once("\njsm:").unwrap();
    let begun = format!("{before}\nidentity_providers:\nsign_in:\njsm:{jsm}");
    std::fs::write(&path, begun).unwrap();
    let tried = okta().try_in(&path, &FixedEnvironment);
    let tried = tried.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(tried.identity_providers.len(), 1);
}

/// The provider gives it to whoever registers what the draft is tried for.
#[test]
fn the_secret_of_a_draft_may_come_later() {
    let folder = folder();
    let path = folder.path().join("vestibule.yaml");
    std::fs::write(&path, SAMPLE).unwrap();
    let Draft { source: Source::Oidc { issuer, client_id, .. }, .. } = globex() else { panic!() };
    let client_secret_file = Some("secrets/not-yet".to_owned());
    let source = Source::Oidc { issuer, client_id, client_secret_file };
    let draft = Draft { source, ..globex() };
    assert!(draft.text().contains("secrets/not-yet"));
    draft.try_in(&path, &FixedEnvironment).unwrap();
}

#[test]
fn what_is_wrong_with_a_draft_is_said_without_a_line() {
    let folder = folder();
    let path = folder.path().join("vestibule.yaml");
    std::fs::write(&path, SAMPLE).unwrap();
    let problem = |draft: Draft| draft.try_in(&path, &FixedEnvironment).unwrap_err().to_string();
    let known = problem(Draft { name: "acme".parse().unwrap(), ..okta() });
    assert!(
        known.contains("identity_providers.acme is there already; choose another name"),
        "{known}"
    );
    let preset = problem(Draft { preset: Some("oktta".to_owned()), ..okta() });
    assert!(preset.contains("yaml: identity_providers.hooli.preset: \"oktta\""), "{preset}");
    let domain = problem(Draft { domains: vec!["a b".to_owned()], ..okta() });
    assert!(domain.contains("yaml: identity_providers.hooli.domains[0]"), "{domain}");
    std::fs::write(&path, SAMPLE.replace("label: Acme", "labell: Acme")).unwrap();
    let theirs = problem(okta());
    assert!(theirs.contains("yaml:85: identity_providers.acme"), "{theirs}");
}
