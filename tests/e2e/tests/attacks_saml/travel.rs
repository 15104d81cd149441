//! Answers that come uninvited, in another browser, at another address, or in another form.

use fakes::saml::{Answer, Flaw, Form, Sign};
use http::Method;

use crate::stage::{LINK, Stage, attribute};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b4_an_answer_that_nobody_asked_for_is_refused() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    let acs = stage.url("/.vestibule/saml/acme/acs");
    let service_provider = stage.url("/.vestibule/saml/acme/metadata");
    for relay_state in [None, Some("AAAAAAAAAAAAAAAAAAAAAA"), Some("/servicedesk/customer/portals")]
    {
        let form = stage.acme.unsolicited(&acs, &service_provider, &ann, relay_state);
        let cause = stage.cause_of_form(&mut stage.visitor(), &form).await;
        assert_eq!(cause, "attempt-unknown", "{relay_state:?}");
    }
    // Under the handle of a sign-in that is under way, without naming its request.
    stage
        .refuses(&[
            (Flaw::NoInResponseTo, "saml-unsolicited"),
            (Flaw::WrongInResponseTo, "saml-request-foreign"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b5_an_answer_in_another_browser_is_refused() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    // A browser that never came here, and one that has a sign-in of its own under way.
    let (_, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    assert_eq!(stage.cause_of_form(&mut stage.visitor(), &form).await, "browser-unbound");
    let (mut other, own) = stage.brought(&stage.acme, &stage.acme.person("bob"), Sign::Both).await;
    let (_, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    assert_eq!(stage.cause_of_form(&mut other, &form).await, "browser-other");
    // Ann's answer under the handle of the other's attempt.
    let (_, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    let planted = form.with("RelayState", own.field("RelayState").unwrap());
    assert_eq!(stage.cause_of_form(&mut other, &planted).await, "saml-request-foreign");
    stage.passes_honest_answers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b6_an_answer_of_another_provider_is_refused() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    // Acme's answer at Initech's address.
    let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    let form = Form { action: stage.url("/.vestibule/saml/initech/acs"), ..form };
    assert_eq!(stage.cause_of_form(&mut browser, &form).await, "attempt-other-provider");
    // At the address of an OpenID provider and of nobody.
    for (name, cause) in [("globex", "attempt-other-provider"), ("nobody", "idp-unknown")] {
        let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
        let form = Form { action: stage.url(&format!("/.vestibule/saml/{name}/acs")), ..form };
        assert_eq!(stage.cause_of_form(&mut browser, &form).await, cause, "{name}");
    }
    // Initech answers what Acme was asked, at Acme's address, everything as Acme was asked it.
    let issuer = Some(stage.acme.entity_id.clone());
    for (pretended, cause) in [(None, "saml-issuer-foreign"), (issuer, "saml-signature-invalid")] {
        assert_eq!(answered_by_initech(&stage, pretended).await, cause);
    }
    stage.passes_honest_answers().await;
}

/// Ann is asked for at Acme; Initech answers, perhaps under Acme's name.
async fn answered_by_initech(stage: &Stage, pretended: Option<String>) -> String {
    let mut browser = stage.visitor();
    let asked = browser.begin(LINK, "ann@acme.example").await;
    let honest = stage.acme.respond(&asked, &stage.acme.person("ann"), Sign::Both);
    let request = attribute(&honest.xml(), "InResponseTo");
    let own = browser.begin(LINK, "ida@initech.example").await;
    let own_request = {
        let form = stage.elliptic.respond(&own, &stage.elliptic.person("ida"), Sign::Both);
        attribute(&form.xml(), "InResponseTo")
    };
    let entity = stage.elliptic.entity_id.clone();
    let redirected = move |text: String| {
        let text = text.replace("/saml/initech/", "/saml/acme/").replace(&own_request, &request);
        pretended.as_ref().map_or(text.clone(), |name| text.replace(&entity, name))
    };
    let answer = Answer {
        before_signing: Some(std::sync::Arc::new(redirected.clone())),
        after_signing: Some(std::sync::Arc::new(redirected)),
        ..Answer::default()
    };
    let form = stage.elliptic.respond(&own, &stage.acme.person("ann"), answer);
    let form = Form { action: honest.action.clone(), ..form };
    let form = form.with("RelayState", honest.field("RelayState").unwrap());
    stage.cause_of_form(&mut browser, &form).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b15_a_provider_that_was_disabled_meanwhile_signs_nobody_in() {
    let mut stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    let (enabled, disabled) = ("acme: { label: Acme,", "acme: { label: Acme, enabled: false,");
    let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    stage.scene.restart_with(&[(enabled, disabled)]).await;
    assert_eq!(stage.cause_of_form(&mut browser, &form).await, "idp-disabled");
    // Nor is anybody sent there any more.
    let mut browser = stage.visitor();
    let before = stage.traces();
    let answer = browser.ask(Method::GET, "/.vestibule/sign-in/acme", &[], "").await;
    assert_eq!(stage.cause(&before, &answer), "idp-disabled");
    stage.scene.restart_with(&[(disabled, enabled)]).await;
    stage.passes_honest_answers().await;
    // The answer was for nothing, and is not kept for later.
    let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    crate::stage::enters(&mut browser, &form, &ann).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b17_relay_state_is_our_handle_or_nothing() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    let long = "A".repeat(4096);
    for relay_state in [
        "https://evil.example/phish",
        "//evil.example/phish",
        "/servicedesk/customer/portals",
        "javascript:alert(1)",
        "<script>alert(1)</script>",
        "\r\nSet-Cookie: a=b",
        long.as_str(),
        "%00",
    ] {
        let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
        let before = stage.traces();
        let answer = browser.post_response(&form.with("RelayState", relay_state)).await;
        assert_eq!(stage.cause(&before, &answer), "attempt-unknown", "{relay_state:.40}");
        assert!(!answer.text().contains(relay_state), "the page repeats {relay_state:.40}");
    }
    let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    let without = form.without("RelayState");
    assert_eq!(stage.cause_of_form(&mut browser, &without).await, "attempt-unknown");
    stage.passes_honest_answers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b18_a_field_that_comes_twice_is_refused() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    for name in ["SAMLResponse", "RelayState"] {
        for other in ["", "another"] {
            let (mut browser, mut form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
            form.fields.push((name.to_owned(), other.to_owned()));
            assert_eq!(stage.cause_of_form(&mut browser, &form).await, "field-repeated", "{name}");
            form.fields.rotate_right(1);
            assert_eq!(stage.cause_of_form(&mut browser, &form).await, "field-repeated", "{name}");
        }
    }
    // Whatever else is doubled, too: nobody knows which one a reader behind us would take.
    for name in ["SigAlg", "Signature"] {
        let (mut browser, mut form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
        form.fields.extend([(name.to_owned(), "1".to_owned()), (name.to_owned(), "2".to_owned())]);
        assert_eq!(stage.cause_of_form(&mut browser, &form).await, "field-repeated", "{name}");
    }
    let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    let empty = form.with("SAMLResponse", "");
    assert_eq!(stage.cause_of_form(&mut browser, &empty).await, "saml-response-missing");
    stage.passes_honest_answers().await;
}
