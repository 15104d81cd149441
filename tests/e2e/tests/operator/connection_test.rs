//! `vestibule idp test`: a sign-in that writes nothing.

use e2e::{Scene, SceneOptions, Visitor};
use fakes::people::Person;
use fakes::saml::{Flaw, Sign};
use gateway::control::{Answer, Command, Switch};

async fn path(scene: &Scene, idp: &str) -> String {
    let command = Command::TestIdp { idp: idp.parse().unwrap(), site: None };
    match scene.order(&command).await {
        Answer::Link { url, .. } => url.replace(&scene.url(""), ""),
        other => panic!("no link: {other:?}"),
    }
}

/// Opens a test link; gives the URL at the identity provider.
async fn begin(scene: &Scene, visitor: &mut Visitor, idp: &str) -> String {
    let path = path(scene, idp).await;
    let answer = visitor.follow(&scene.url(&path)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().expect("a redirect").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_shows_what_came_and_opens_no_session() {
    let scene = Scene::start().await;
    for (idp, email) in [("acme", "ann@acme.example"), ("globex", "gil@globex.example")] {
        let mut operator = scene.visitor();
        let at_provider = begin(&scene, &mut operator, idp).await;
        let page = scene.come_back(&mut operator, email, &at_provider).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        for wanted in ["A real sign-in would succeed", email, "route", "displayName"] {
            let missing = wanted == "displayName" && idp == "globex";
            assert!(text.contains(wanted) || missing, "{wanted} is not in: {text}");
        }
        assert!(!e2e::sets_session(&page), "a test opened a session");
        assert!(!operator.open("/").await.text().contains("Signed in as"));
    }
    assert_eq!(scene.jsm.calls().len(), 0, "a test called JSM");
    let log = scene.audit_log();
    assert_eq!(log.matches("\"connection_tested\"").count(), 2, "{log}");
    assert!(!log.contains("sign_in_succeeded"), "{log}");
}

/// The page that this person's test ends with.
async fn tested(scene: &Scene, idp: &str, email: &str) -> String {
    let mut operator = scene.visitor();
    let at_provider = begin(scene, &mut operator, idp).await;
    let page = scene.come_back(&mut operator, email, &at_provider).await;
    assert_eq!(page.status, 200, "{}", page.text());
    page.text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_what_would_be_written_to_jsm() {
    let desks = "    desks: [{ join: [\"1\"] }]";
    let blocked = format!("{desks}\n    blocked: [bob@acme.example]");
    let scene =
        Scene::with(SceneOptions { instead: vec![(desks, blocked)], ..SceneOptions::default() })
            .await;
    let new = tested(&scene, "acme", "ann@acme.example").await;
    for row in [
        "What would follow",
        "gives Acme",
        "the customer, if none has the address; join service desk 1 by desks[0]; \
         join organization Acme by organizations[0]",
    ] {
        assert!(new.contains(row), "`{row}` is not in: {new}");
    }
    // Nothing is said of rules for others, nor of a factor that no rule asks for.
    assert!(!new.contains("about others") && !new.contains("second factor"), "{new}");
    assert_eq!(scene.jsm.calls().len(), 0, "a test called JSM");

    scene.signed_in("ann@acme.example").await;
    let calls = scene.jsm.calls().len();
    let known = tested(&scene, "acme", "ann@acme.example").await;
    assert!(known.contains("<td>nothing</td>"), "{known}");
    assert_eq!(scene.jsm.calls().len(), calls, "a test called JSM");

    // Another person who brings Ann's address: whose it is stays out of a page that they can see.
    let ann = Person::new("Another Ann", "ann@acme.example");
    let second = Person { subject: "id-second".to_owned(), ..ann.clone() };
    let mut operator = scene.visitor();
    let at_acme = begin(&scene, &mut operator, "acme").await;
    let form = scene.acme.respond(&at_acme, &second, Sign::Both);
    let text = operator.post_response(&form).await.text();
    assert!(text.contains("account-linked-elsewhere: ") && text.contains("links"), "{text}");
    assert!(!text.contains(&ann.subject), "{text}");

    let blocked = tested(&scene, "acme", "bob@acme.example").await;
    assert!(blocked.contains("A real sign-in would be refused"), "{blocked}");
    assert!(blocked.contains("address-blocked: "), "{blocked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_which_factor_would_be_asked_for() {
    let trusted = "    label: Globex\n    second_factor: { amr: [mfa] }";
    let scene = Scene::with(SceneOptions {
        instead: vec![("    label: Globex", trusted.to_owned())],
        more: "second_factor:\n  - { idp: acme, require: totp, trusted_browser: 30d }\n  \
               - { idp: globex, portal: \"7\", require: totp, fresh: 10m }\n  \
               - { idp: globex, portal: \"8\", require: totp, report_only: true }\n"
            .to_owned(),
        ..SceneOptions::default()
    })
    .await;
    let acme = tested(&scene, "acme", "ann@acme.example").await;
    let demanded = "a code of an authenticator, or a browser trusted at most 30d ago; rule in line";
    assert!(acme.contains(demanded) && acme.contains("counts for nothing: the file"), "{acme}");
    assert!(!acme.contains("up to"), "{acme}");
    let globex = tested(&scene, "globex", "gil@globex.example").await;
    for row in
        ["<td>nothing</td>", "up to a code of an authenticator, at most 10m old, in every browser"]
    {
        assert!(globex.contains(row), "`{row}` is not in: {globex}");
    }
    let umbrella = tested(&scene, "umbrella", "uma@umbrella.example").await;
    assert!(umbrella.contains("<td>nothing</td>"), "{umbrella}");
    assert!(!umbrella.contains("own factor"), "{umbrella}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_what_would_have_been_refused() {
    let scene = Scene::start().await;
    let mut operator = scene.visitor();
    let at_acme = begin(&scene, &mut operator, "acme").await;
    let ann = scene.acme.person("ann");
    let form = scene.acme.respond(&at_acme, &ann, Flaw::ForeignDomainEmail);
    let page = operator.post_response(&form).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("domain-foreign"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_whose_answer_is_not_even_verified_says_so_to_the_operator() {
    let scene = Scene::start().await;
    let mut operator = scene.visitor();
    let link = path(&scene, "acme").await;
    let begun = operator.follow(&scene.url(&link)).await;
    let at_acme = begun.location().expect("a redirect").to_string();
    let ann = scene.acme.person("ann");
    let page = operator.post_response(&scene.acme.respond(&at_acme, &ann, Flaw::Unsigned)).await;
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    let again = format!("href=\"{link}\"");
    for said in ["A real sign-in would be refused", "saml-unsigned: ", again.as_str()] {
        assert!(text.contains(said), "{said}: {text}");
    }
    // No way from here to a session, not even a guest's.
    assert!(!text.contains("sign-in?attempt="), "{text}");
    assert!(!e2e::sets_session(&page));
    let log = scene.audit_log();
    assert!(log.contains("\"succeeded\":false") && log.contains("saml-unsigned"), "{log}");
    // The link serves once more.
    assert_eq!(operator.follow(&scene.url(&link)).await.status, 303);
}

/// The rules are asked once more with the address that was proved, as in a sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_held_against_the_rules_as_a_sign_in_is() {
    let off = "  - { domain: acme.example, use: acme, mode: \"off\" }".to_owned();
    let vip = "  - { people: [vip@globex.example], use: globex }".to_owned();
    let scene = Scene::with(SceneOptions {
        instead: vec![
            ("  - { domain: acme.example, use: acme }", off),
            ("  - { domain: globex.example, use: globex }", vip),
            ("{ otherwise: choose }", "{ otherwise: deny }".to_owned()),
        ],
        ..SceneOptions::default()
    })
    .await;
    for (idp, email, admitted) in [
        ("acme", "ann@acme.example", false),
        ("globex", "gil@globex.example", false),
        ("globex", "vip@globex.example", true),
    ] {
        let mut operator = scene.visitor();
        let at_provider = begin(&scene, &mut operator, idp).await;
        let page = scene.come_back(&mut operator, email, &at_provider).await;
        let text = page.text();
        assert_eq!(page.status, 200, "{email}: {text}");
        assert_eq!(text.contains("A real sign-in would succeed"), admitted, "{email}: {text}");
        assert_eq!(text.contains("denied-by-rule"), !admitted, "{email}: {text}");
        assert!(text.contains("rule in line"), "{email}: {text}");
        // What a sign-in says that begins at the same link.
        let mut person = scene.visitor();
        let at_provider = person.follow(&scene.url(&format!("/.vestibule/sign-in/{idp}"))).await;
        let url = at_provider.location().expect("a redirect").to_string();
        let answer = scene.come_back(&mut person, email, &url).await;
        assert_eq!(answer.status == 303, admitted, "{email}: {}", answer.text());
    }
    assert_eq!(scene.audit_log().matches("\"succeeded\":false").count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_providers_of_the_file_are_tested() {
    let disabled = "initech: { label: Initech, enabled: false,".to_owned();
    let scene = Scene::with(SceneOptions {
        instead: vec![("initech: { label: Initech,", disabled)],
        ..SceneOptions::default()
    })
    .await;
    let off = Command::SwitchIdp { idp: "acme".parse().unwrap(), to: Switch::Off };
    assert!(matches!(scene.order(&off).await, Answer::Done(_)));
    for (idp, why) in [
        ("nobody", "the running gateway does not know `nobody`"),
        ("initech", "`identity_providers.initech.enabled: true`"),
        ("acme", "`vestibule idp enable acme`"),
    ] {
        let command = Command::TestIdp { idp: idp.parse().unwrap(), site: None };
        match scene.order(&command).await {
            Answer::Failed(said) => assert!(said.contains(why), "{said}"),
            other => panic!("a link for `{idp}`: {other:?}"),
        }
    }
    let mut stranger = scene.visitor();
    assert_eq!(stranger.open("/.vestibule/test/AAAAAAAAAAAAAAAAAAAAAA").await.status, 403);
}
