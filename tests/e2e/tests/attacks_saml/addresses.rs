//! Addresses for which a provider may not speak, and persons who share one.

use e2e::{Scene, SceneOptions};
use fakes::people::Person;
use fakes::saml::{Answer, Flaw};

use crate::stage::{LINK, Stage, brought, enters};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b26_a_provider_speaks_for_its_own_domains_only() {
    let stage = Stage::start().await;
    stage.refuses(&[(Flaw::ForeignDomainEmail, "domain-foreign")]).await;
    // Initech says that somebody of its own has the address of Acme's Ann.
    let ann = stage.acme.person("ann");
    let impostor = Person { email: ann.email.clone(), ..stage.elliptic.person("ida") };
    let mut browser = stage.visitor();
    let url = browser.begin(LINK, "ida@initech.example").await;
    let form = stage.elliptic.respond(&url, &impostor, Answer::default());
    assert_eq!(stage.cause_of_form(&mut browser, &form).await, "domain-foreign");
    for domain in ["sub.acme.example", "evilacme.example", "acme.example.evil.example"] {
        let person = Person::new("Eve", &format!("eve@{domain}"));
        let mut browser = stage.visitor();
        let url = browser.begin(LINK, "eve@acme.example").await;
        let form = stage.acme.respond(&url, &person, Answer::default());
        assert_eq!(stage.cause_of_form(&mut browser, &form).await, "domain-foreign", "{domain}");
    }
}

/// Acceptance: the account of an address belongs to the first (provider, subject).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b26_a_second_subject_with_a_linked_address_is_refused() {
    let stage = Stage::start().await;
    stage.passes(Answer::default()).await;
    let second = Person { subject: "somebody-new".to_owned(), ..stage.acme.person("ann") };
    let (mut browser, form) = stage.brought(&stage.acme, &second, Answer::default()).await;
    assert_eq!(stage.cause_of_form(&mut browser, &form).await, "account-linked-elsewhere");
    let (mut browser, form) = stage.brought(&stage.acme, &second, Answer::default()).await;
    let page = browser.post_response(&form).await.text();
    assert!(page.contains("already belongs to another sign-in"), "{page}");
    stage.passes(Answer::default()).await;
    assert_eq!(stage.jsm.customers().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b26_links_join_two_persons_into_one_customer() {
    let links = "links: [[{ idp: acme, subject: id-ann-acme-example }, { idp: acme, subject: somebody-new }]]";
    let instead = vec![("links: []", links.to_owned())];
    let scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    let first = scene.acme.person("ann");
    let second = Person { subject: "somebody-new".to_owned(), ..first.clone() };
    for person in [&first, &second, &first] {
        let (mut browser, form) = brought(&scene, &scene.acme, person, Answer::default()).await;
        enters(&mut browser, &form, person).await;
    }
    assert_eq!(scene.jsm.customers().len(), 1);
}

/// The domain moves from Acme to Initech; the account stays Ann's at Acme until `links` joins both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b26_a_domain_that_moves_to_another_provider_moves_no_account() {
    let mut stage = Stage::start().await;
    stage.passes(Answer::default()).await;
    let mut moved = stage.elliptic.person("ida");
    "ann@acme.example".clone_into(&mut moved.email);
    let lines = [
        ("domains: [acme.example]", "domains: [former.example]"),
        ("domains: [initech.example]", "domains: [initech.example, acme.example]"),
        ("domain: acme.example, use: acme", "domain: acme.example, use: initech"),
    ];
    stage.scene.restart_with(&lines).await;
    let (mut browser, form) = stage.brought(&stage.elliptic, &moved, Answer::default()).await;
    assert_eq!(stage.cause_of_form(&mut browser, &form).await, "account-linked-elsewhere");
    let links = format!(
        "links: [[{{ idp: acme, subject: id-ann-acme-example }}, {{ idp: initech, subject: {} }}]]",
        moved.subject
    );
    stage.scene.restart_with(&[("links: []", &links)]).await;
    let (mut browser, form) = stage.brought(&stage.elliptic, &moved, Answer::default()).await;
    enters(&mut browser, &form, &moved).await;
    assert_eq!(stage.jsm.customers().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b27_an_address_is_one_plain_address_or_none() {
    let stage = Stage::start().await;
    let address = |text: &'static str| {
        Answer::changed_before_signing(move |assertion| {
            assertion.replace(">ann@acme.example<", &format!(">{text}<"))
        })
    };
    stage
        .refuses_changes(vec![
            ("two @", Flaw::TwoAtEmail.into(), "address-invalid"),
            ("line break", Flaw::LineBreakEmail.into(), "address-invalid"),
            // One Cyrillic letter among Latin ones is no name; all letters Cyrillic are another one.
            ("homoglyph", Flaw::HomoglyphEmail.into(), "address-invalid"),
            ("whole look-alike", address("ann@\u{430}\u{441}\u{435}.example"), "domain-foreign"),
            ("two addresses", Flaw::TwoEmails.into(), "address-invalid"),
            ("none", Flaw::NoEmail.into(), "address-missing"),
            ("two @, own domain last", address("ann@evil.example@acme.example"), "address-invalid"),
            ("quoted @", address("\"ann@evil.example\"@acme.example"), "address-invalid"),
            ("list", address("ann@evil.example,ann@acme.example"), "address-invalid"),
            ("name", address("Ann &lt;ann@acme.example&gt;"), "address-invalid"),
            ("zero width", address("ann\u{200b}@acme.example"), "address-invalid"),
            ("literal", address("ann@[127.0.0.1]"), "address-invalid"),
        ])
        .await;
    // The dot of the root is no other domain.
    stage.passes(address("ann@acme.example.")).await;
}
