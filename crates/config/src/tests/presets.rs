//! Presets fill in what is left out and give way to what is said.

use federation::Protocol;

use super::fixture::{SAMPLE, folder, parse};
use super::problems::check;
use crate::presets::PRESETS;

const PRODUCTS: &str = include_str!("../../../../docs/identity-providers.md");

fn globex(text: &str) -> (Vec<String>, Vec<String>, String) {
    let folder = folder();
    let settings = parse(text, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut idps = settings.identity_providers.into_iter();
    let idp = idps.find(|idp| idp.federation.name.as_str() == "globex").unwrap();
    let Protocol::Oidc(oidc) = idp.federation.protocol else { panic!("it speaks OpenID Connect") };
    (oidc.scopes, oidc.algorithms, idp.claims.groups.unwrap().to_string())
}

#[test]
fn a_preset_fills_in_and_what_the_file_says_counts() {
    let label = "label: Globex\n";
    let with = |preset: &str| SAMPLE.replace(label, &format!("{label}    preset: {preset}\n"));
    let (scopes, algorithms, groups) = globex(&with("okta"));
    assert_eq!(scopes, ["openid", "email", "profile", "groups"]);
    assert_eq!((algorithms, groups), (vec!["RS256".to_owned()], "groups".to_owned()));
    assert_eq!(globex(&with("cognito")).2, "cognito:groups");
    let said = with("okta").replace("#algorithms: [RS256", "algorithms: [ES256]  #[RS256");
    assert_eq!(globex(&said).1, ["ES256"]);
    assert_eq!(globex(SAMPLE), globex(&with("generic")));
}

#[test]
fn an_unknown_preset_is_named_with_the_nearest() {
    check(&[(
        "#preset: generic ",
        "preset: kecloak #",
        "identity_providers.acme.preset: \"kecloak\" is not known; write one of: okta, entra, keycloak, cognito, miniorange, google, adfs, ping, onelogin, auth0, generic (nearest known name: `keycloak`)",
    )]);
}

#[test]
fn the_page_of_products_has_every_preset() {
    for (name, _) in PRESETS {
        assert!(PRODUCTS.contains(&format!("| `{name}` |")), "{name}");
    }
}
