//! SAML single logout, both ways.

use std::time::Duration;

use e2e::{Scene, Visitor, reference, until};
use fakes::http_client::Answer;
use fakes::saml::{Binding, Carried, Delivery, LogoutAnswer, LogoutFlaw, LogoutOrder, SamlIdp};
use http::Method;

use crate::{LINK, is_signed_in, scene, sign_out};

const SLO: &str = "/.vestibule/saml/acme/slo";

async fn signed_in(scene: &Scene) -> Visitor {
    scene.signed_in("ann@acme.example").await
}

/// Lets an identity provider offer these bindings, and the gateway learn it.
async fn offer(scene: &Scene, idp: &SamlIdp, bindings: &[Binding]) {
    idp.set_logout_bindings(bindings);
    let before = scene.audit_log().matches("metadata_refreshed").count();
    scene.clock.advance(Duration::from_secs(70 * 60));
    let refreshed = async || scene.audit_log().matches("metadata_refreshed").count() > before;
    until("the metadata is read again", refreshed).await;
}

/// Brings what the identity provider carries to our single logout service.
async fn bring(scene: &Scene, visitor: &mut Visitor, carried: &Carried) -> Answer {
    match carried {
        Carried::Redirect(url) => visitor.follow(url).await,
        Carried::Post(form) => visitor.post_response(form).await,
        Carried::Soap { endpoint, envelope } => {
            let path = endpoint.replace(&scene.url(""), "");
            let headers = [("content-type", "text/xml; charset=utf-8")];
            visitor.ask(Method::POST, &path, &headers, envelope).await
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_signs_out_here_and_at_the_saml_provider() {
    let scene = scene().await;
    for binding in [Binding::Redirect, Binding::Post] {
        offer(&scene, &scene.acme, &[binding]).await;
        let mut ann = signed_in(&scene).await;
        let going = sign_out(&mut ann).await;
        assert!(!is_signed_in(&mut ann).await, "our session is still there");
        let carried = match binding {
            Binding::Post => {
                let form = ann.form(&going);
                scene.acme.answer_logout(Delivery::Post(&form.fields), LogoutAnswer::default())
            }
            _ => {
                let url = going.location().expect("a redirect").to_string();
                scene.acme.answer_logout(Delivery::Redirect(&url), LogoutAnswer::default())
            }
        };
        let page = bring(&scene, &mut ann, &carried.unwrap()).await;
        assert_eq!(page.status, 200, "{}", page.text());
        for said in ["You are signed out", "Example Help Center", "Acme", "Ended"] {
            assert!(page.text().contains(said), "{said} is not in: {}", page.text());
        }
        assert!(!page.text().contains("still signed in"), "{}", page.text());
        let seen = scene.acme.logout_requests().pop().expect("a LogoutRequest");
        assert_eq!(seen.ended, 1, "the identity provider found no session");
    }
    assert_eq!(scene.audit_log().matches("\"provider_sign_out\"").count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_out_by_soap_needs_no_browser() {
    let scene = scene().await;
    offer(&scene, &scene.acme, &[Binding::Soap]).await;
    let mut ann = signed_in(&scene).await;
    let page = sign_out(&mut ann).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(!page.text().contains("still signed in"), "{}", page.text());
    assert_eq!(scene.acme.logout_requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_when_the_provider_denies_or_has_no_sign_out() {
    let scene = scene().await;
    let mut ann = signed_in(&scene).await;
    let going = sign_out(&mut ann).await;
    let url = going.location().expect("a redirect").to_string();
    let denied = scene.acme.answer_logout(Delivery::Redirect(&url), LogoutFlaw::Denied).unwrap();
    let page = bring(&scene, &mut ann, &denied).await;
    assert!(page.text().contains("still signed in"), "{}", page.text());

    offer(&scene, &scene.initech, &[]).await;
    let mut ida = scene.visitor();
    let email = scene.initech.person("ida").email.to_string();
    scene.sign_in(&mut ida, &email, LINK).await;
    let page = sign_out(&mut ida).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("still signed in"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_saml_provider_ends_sessions_by_every_binding() {
    let scene = scene().await;
    for binding in [Binding::Redirect, Binding::Post, Binding::Soap] {
        let (mut ann, mut bob) =
            (signed_in(&scene).await, scene.signed_in("bob@acme.example").await);
        let session = scene.acme.session_of(&scene.acme.person("ann"));
        let carried = scene.acme.logout_request(&session, binding);
        // Another browser, or none at all, brings it.
        let mut other = scene.visitor();
        let answer = bring(&scene, &mut other, &carried).await;
        let answered = match binding {
            Binding::Redirect => {
                let url = answer.location().expect("a redirect").to_string();
                scene.acme.take_logout_response(Delivery::Redirect(&url))
            }
            Binding::Post => {
                let form = other.form(&answer);
                scene.acme.take_logout_response(Delivery::Post(&form.fields))
            }
            Binding::Soap => scene.acme.take_logout_response(Delivery::Soap(&answer.text())),
        };
        assert!(answered.unwrap().is_success(), "{binding:?}");
        assert!(!is_signed_in(&mut ann).await, "{binding:?}: the session lives on");
        assert!(is_signed_in(&mut bob).await, "{binding:?}: somebody else was signed out");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n05_a_logout_request_with_a_new_key_ends_the_session_at_once() {
    let scene = scene().await;
    let mut ann = signed_in(&scene).await;
    let session = scene.acme.session_of(&scene.acme.person("ann"));
    scene.acme.rotate_key();
    let carried = scene.acme.logout_request(&session, Binding::Redirect);
    bring(&scene, &mut scene.visitor(), &carried).await;
    assert!(!is_signed_in(&mut ann).await);
}

/// attacks.md B20 and B22: no effect, one record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b20_forged_logout_requests_end_nothing() {
    let scene = scene().await;
    let mut ann = signed_in(&scene).await;
    let session = scene.acme.session_of(&scene.acme.person("ann"));
    let mut count = 0;
    for binding in [Binding::Redirect, Binding::Post, Binding::Soap] {
        for flaw in LogoutFlaw::of_requests(binding) {
            let order = LogoutOrder { flaw: Some(flaw), ..binding.into() };
            let before = scene.traces();
            let carried = scene.acme.logout_request(&session, order);
            let refused = bring(&scene, &mut scene.visitor(), &carried).await;
            assert!(
                (400..500).contains(&refused.status),
                "{binding:?} {flaw:?}: {}",
                refused.status
            );
            let cause = scene.cause(&before, &refused);
            assert!(is_signed_in(&mut ann).await, "{binding:?} {flaw:?} ({cause}) ended a session");
            count += 1;
        }
    }
    println!("b20 b22: {count} forged or malformed logout requests refused");
    assert!(count >= 40, "{count}");
    // These name nobody here: in order, and without effect.
    for flaw in [LogoutFlaw::ForeignNameId, LogoutFlaw::ForeignSessionIndex] {
        let order = LogoutOrder { flaw: Some(flaw), ..Binding::Redirect.into() };
        let carried = scene.acme.logout_request(&session, order);
        let answer = bring(&scene, &mut scene.visitor(), &carried).await;
        assert_eq!(answer.status, 303, "b21 {flaw:?}: {}", answer.text());
        assert!(is_signed_in(&mut ann).await, "b21 {flaw:?} ended a session");
    }
    // The control: an honest one ends it.
    let carried = scene.acme.logout_request(&session, Binding::Redirect);
    bring(&scene, &mut scene.visitor(), &carried).await;
    assert!(!is_signed_in(&mut ann).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b19_a_signature_counts_for_the_query_as_it_was_sent() {
    let scene = scene().await;
    let mut ann = signed_in(&scene).await;
    let session = scene.acme.session_of(&scene.acme.person("ann"));
    for flaw in [LogoutFlaw::Reencoded, LogoutFlaw::RelayStateChanged] {
        let before = scene.traces();
        let relay_state = Some("state".to_owned());
        let order = LogoutOrder { flaw: Some(flaw), relay_state, ..Binding::Redirect.into() };
        let carried = scene.acme.logout_request(&session, order);
        let refused = bring(&scene, &mut scene.visitor(), &carried).await;
        assert_eq!(scene.cause(&before, &refused), "saml-signature-invalid", "{flaw:?}");
        assert!(is_signed_in(&mut ann).await, "{flaw:?} ended a session");
    }
    let relay_state = Some("state".to_owned());
    let order = LogoutOrder { relay_state, ..Binding::Redirect.into() };
    let carried = scene.acme.logout_request(&session, order);
    assert_eq!(bring(&scene, &mut scene.visitor(), &carried).await.status, 303);
    assert!(!is_signed_in(&mut ann).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b21_a_replayed_logout_request_or_another_providers_ends_nothing() {
    let scene = scene().await;
    let mut first = signed_in(&scene).await;
    let session = scene.acme.session_of(&scene.acme.person("ann"));
    let carried = scene.acme.logout_request(&session, Binding::Redirect);
    bring(&scene, &mut scene.visitor(), &carried).await;
    assert!(!is_signed_in(&mut first).await);
    let mut second = signed_in(&scene).await;
    let before = scene.traces();
    let replayed = bring(&scene, &mut scene.visitor(), &carried).await;
    assert_eq!(scene.cause(&before, &replayed), "saml-logout-replayed");
    assert!(is_signed_in(&mut second).await);
    // Signed by Initech, brought to Acme's address.
    let Carried::Redirect(url) = scene.acme.logout_request(&session, Binding::Redirect) else {
        panic!("a redirect")
    };
    let elsewhere = url.replace("/saml/acme/slo", "/saml/initech/slo");
    let refused = scene.visitor().follow(&elsewhere).await;
    assert!((400..500).contains(&refused.status), "{}", refused.text());
    assert!(is_signed_in(&mut second).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b20_answers_that_nobody_waits_for_are_refused() {
    let scene = scene().await;
    let mut ann = signed_in(&scene).await;
    let going = sign_out(&mut ann).await;
    let url = going.location().expect("a redirect").to_string();
    for flaw in [LogoutFlaw::Unsigned, LogoutFlaw::WrongInResponseTo, LogoutFlaw::ForeignKey] {
        let carried = scene.acme.answer_logout(Delivery::Redirect(&url), flaw).unwrap();
        let refused = bring(&scene, &mut ann, &carried).await;
        assert!((400..500).contains(&refused.status), "{flaw:?}: {}", refused.text());
        assert_eq!(scene.recorded(&reference(&refused)).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b22_malformed_logout_messages_are_refused() {
    let scene = scene().await;
    let mut ann = signed_in(&scene).await;
    for (path, body) in
        [(SLO, ""), (SLO, "SAMLRequest=%00"), (SLO, "SAMLResponse=x&SAMLResponse=y")]
    {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let refused = ann.ask(Method::POST, path, &headers, body).await;
        assert_eq!(refused.status, 400, "{body}");
        let refused = ann.ask(Method::GET, &format!("{path}?{body}"), &[], "").await;
        assert_eq!(refused.status, 400, "{body}");
    }
}
