//! `vestibule idp values` and `idp add`: what is entered at an identity provider.

use e2e::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_values_to_enter_are_those_that_the_gateway_answers_to() {
    let scene = Scene::start().await;
    let printed = scene.command(&["idp", "values", "acme"]).await;
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    let value = |what: &str| {
        let line = printed.out.lines().find(|line| line.trim_start().starts_with(what));
        let value = line.and_then(|line| line.split_whitespace().last());
        value.expect("a line for it").to_owned()
    };
    let (entity_id, acs) = (value("Entity ID"), value("ACS URL"));
    let metadata = scene.visitor().follow(&entity_id).await;
    assert_eq!(metadata.status, 200);
    let metadata = metadata.text();
    assert!(metadata.contains(&format!("entityID=\"{entity_id}\"")), "{metadata}");
    assert!(metadata.contains(&format!("Location=\"{acs}\"")), "{metadata}");
    let unknown = scene.command(&["idp", "values", "nobody"]).await;
    assert_eq!(unknown.code, Some(64));
    assert!(unknown.err.contains("no identity provider is named `nobody`"), "{}", unknown.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_one_is_tried_in_the_file_and_nothing_is_written() {
    let scene = Scene::start().await;
    let before = std::fs::read_to_string(scene.file_path()).unwrap();
    let metadata = "https://hooli.okta.com/app/1/sso/saml/metadata";
    let add = |name, preset| {
        [
            "idp",
            "add",
            name,
            "--preset",
            preset,
            "--domain",
            "hooli.example",
            "--metadata-url",
            metadata,
        ]
    };
    let good = scene.command(&add("hooli", "okta")).await;
    assert_eq!(good.code, Some(0), "{}", good.err);
    for wanted in ["  hooli:\n", metadata, "use: hooli", "/.vestibule/saml/hooli/acs\n"] {
        assert!(good.out.contains(wanted), "{wanted} is not in {}", good.out);
    }
    for (name, preset, said) in [
        ("acme", "okta", "identity_providers.acme is there already"),
        ("hooli", "otka", "nearest known name: `okta`"),
    ] {
        let refused = scene.command(&add(name, preset)).await;
        assert_eq!(refused.code, Some(78), "{}", refused.out);
        assert!(refused.err.contains(said), "{}", refused.err);
    }
    assert_eq!(std::fs::read_to_string(scene.file_path()).unwrap(), before);
}
