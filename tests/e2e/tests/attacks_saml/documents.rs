//! Documents that two parsers read differently, that are too large, or that are none.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use e2e::Wire;
use fakes::saml::{Answer, Flaw, Sign};
use http::Method;

use crate::stage::{Stage, attribute, element};

const FORM: &str = "application/x-www-form-urlencoded";

/// 4 KiB of a body.
static CHUNK: LazyLock<String> = LazyLock::new(|| format!("1000\r\n{}\r\n", "a".repeat(0x1000)));

fn replaced(from: &'static str, to: &'static str) -> Answer {
    Answer::changed(move |response| {
        assert!(response.contains(from), "{response}");
        response.replacen(from, to, 1)
    })
}

fn extended(content: &str) -> Answer {
    let extensions = format!("<samlp:Extensions>{content}</samlp:Extensions><samlp:Status>");
    Answer::changed(move |response| response.replacen("<samlp:Status>", &extensions, 1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a6_ids_that_two_readers_resolve_differently_are_refused() {
    let stage = Stage::start().await;
    let with_id = |name: &'static str| {
        Answer::changed(move |response| {
            let id = attribute(&element(&response, "saml:Assertion"), "ID");
            response.replacen("<samlp:Status>", &format!("<samlp:Status {name}=\"{id}\">"), 1)
        })
    };
    stage
        .refuses_changes(vec![
            ("one ID twice", Flaw::DuplicateId.into(), "saml-ids-ambiguous"),
            ("variants", Flaw::IdVariants.into(), "saml-ids-ambiguous"),
            ("ID", with_id("ID"), "saml-ids-ambiguous"),
            ("Id", with_id("Id"), "saml-ids-ambiguous"),
            ("id", with_id("id"), "saml-ids-ambiguous"),
            ("xml:id", with_id("xml:id"), "saml-ids-ambiguous"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a7_what_two_parsers_read_differently_is_refused() {
    let stage = Stage::start().await;
    stage
        .refuses_changes(vec![
            ("document type", Flaw::Doctype.into(), "saml-document-type"),
            ("declared id", Flaw::AttributeListDeclaration.into(), "saml-document-type"),
            ("instruction", Flaw::ProcessingInstruction.into(), "saml-processing-instruction"),
            ("byte order mark", Flaw::ByteOrderMark.into(), "saml-encoding-not-utf8"),
            ("namespace", Flaw::AssertionOfOtherNamespace.into(), "saml-structure"),
            ("prefix", replaced("<saml:Subject>", "<other:Subject>"), "saml-xml-malformed"),
            ("empty prefix", replaced("<saml:Subject>", "<:Subject>"), "saml-xml-malformed"),
            (
                "prefix undeclared",
                replaced("<saml:Subject>", "<saml:Subject xmlns:saml=\"\">"),
                "saml-namespace-relative",
            ),
            (
                "attribute twice by namespace",
                replaced(
                    "<saml:Subject>",
                    "<saml:Subject xmlns:a=\"urn:a\" xmlns:b=\"urn:a\" a:x=\"\" b:x=\"\">",
                ),
                "saml-xml-malformed",
            ),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_a_comment_never_shortens_a_name() {
    let stage = Stage::start().await;
    // bob@acme.example<!-- -->.evil.example is somebody at acme.example.evil.example.
    stage
        .refuses(&[
            (Flaw::CommentInNameId, "domain-foreign"),
            (Flaw::InstructionInNameId, "saml-processing-instruction"),
        ])
        .await;
    let issuer = Answer::changed(|r| {
        r.replacen("/metadata</saml:Issuer>", "<!---->/metadata</saml:Issuer>", 1)
    });
    assert_eq!(stage.cause_of(issuer).await, "saml-issuer-foreign");
    // A comment that the signer never saw leaves signature and name whole.
    stage.passes(replaced("id-ann-acme", "id-ann<!-- -->-acme")).await;
    stage.passes(replaced("ann@acme.example", "ann@acme<!-- -->.example")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_entities_and_references_fetch_and_expand_nothing() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::Doctype, "saml-document-type"),
            (Flaw::EntityExpansion, "saml-document-type"),
            (Flaw::ExternalEntity, "saml-document-type"),
            (Flaw::ExternalReference, "saml-signature-reference"),
            (Flaw::FileReference, "saml-signature-reference"),
        ])
        .await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let entity = format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"{url}\">]>");
    let external = Answer::changed(move |r| format!("{entity}{}", r.replace("Ann Archer", "&e;")));
    assert_eq!(stage.cause_of(external).await, "saml-document-type");
    let reference = Answer::changed(move |r| {
        let uri = attribute(&r, "URI");
        r.replace(&format!("URI=\"{uri}\""), &format!("URI=\"{url}\""))
    });
    assert_eq!(stage.cause_of(reference).await, "saml-signature-reference");
    assert!(listener.accept().is_err(), "somebody connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a19_oversized_answers_are_refused_before_they_are_decoded() {
    let stage = Stage::start().await;
    // 256 KiB of base64 are read, 512 KiB of form; 50 MB of white space are neither.
    let padded = |count: usize| {
        Answer::changed(move |r| {
            r.replacen("</samlp:Response>", &format!("{}</samlp:Response>", " ".repeat(count)), 1)
        })
    };
    assert_eq!(stage.cause_of(padded(200 * 1024)).await, "saml-too-large");
    stage.passes(padded(150 * 1024)).await;
    // A client that goes on sending may find the connection closed before it reads the answer.
    let ann = stage.acme.person("ann");
    let (mut browser, form) = stage.brought(&stage.acme, &ann, Flaw::Huge).await;
    let before = stage.traces();
    let body = form.encoded();
    let _ = browser
        .browser
        .request(
            Method::POST,
            form.action.parse().unwrap(),
            vec![("content-type".to_owned(), FORM.to_owned())],
            body.into(),
        )
        .await;
    stage.until_audited(1, &["body-too-large"]).await;
    assert_eq!(stage.traces(), before);
    for (size, sent) in [("Content-Length: 52428800", ""), ("Transfer-Encoding: chunked", &CHUNK)] {
        let request = format!(
            "POST /.vestibule/saml/acme/acs HTTP/1.1\r\nHost: help.localhost:{}\r\n\
             Content-Type: {FORM}\r\n{size}\r\nConnection: close\r\n\r\n{}",
            stage.port,
            sent.repeat(0x81),
        );
        let began = Instant::now();
        let reply = Wire::ask(&stage, &request).await;
        assert_eq!(reply.status, 400, "{size}: {}", reply.head);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
    stage.until_audited(3, &["body-too-large"]).await;
    // The redirect binding, where a message could be a deflate bomb, is not taken at all.
    let mut browser = stage.visitor();
    let before = stage.traces();
    let path =
        format!("/.vestibule/saml/acme/acs?SAMLResponse={}", "7cEBDQAAAMKg909t".repeat(1000));
    let answer = browser.ask(Method::GET, &path, &[], "").await;
    assert_eq!(stage.cause(&before, &answer), "method-wrong");
    stage.passes_honest_answers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a20_floods_of_attributes_namespaces_and_levels_are_refused() {
    let stage = Stage::start().await;
    let many = |count: usize, name: &str| {
        let attributes: String = (0..count).map(|n| format!(" {name}{n}=\"u:{n}\"")).collect();
        format!("<x:e xmlns:x=\"urn:x\"{attributes}/>")
    };
    let began = Instant::now();
    stage
        .refuses_changes(vec![
            ("10,000 levels", Flaw::Deep.into(), "saml-xml-limit"),
            ("3,000 prefixes", Flaw::ManyPrefixes.into(), "saml-signature-profile"),
            ("8,000 attributes", extended(&many(8_000, "a")), "saml-xml-limit"),
            ("5,000 namespaces", extended(&many(5_000, "xmlns:n")), "saml-xml-limit"),
            ("30,000 elements", extended(&"<x/>".repeat(30_000)), "saml-xml-limit"),
        ])
        .await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a23_what_is_not_well_formed_is_refused() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::Truncated, "saml-xml-malformed"),
            (Flaw::JunkBehindRoot, "saml-xml-malformed"),
            (Flaw::BareAmpersand, "saml-xml-malformed"),
            (Flaw::NulByte, "saml-xml-malformed"),
            (Flaw::EmptyDocument, "saml-response-missing"),
            (Flaw::Utf7, "saml-encoding-not-utf8"),
            (Flaw::Utf16, "saml-encoding-not-utf8"),
            (Flaw::NotBase64, "saml-base64-invalid"),
            (Flaw::OtherRoot, "saml-structure"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a24_the_bytes_that_came_are_the_bytes_that_are_verified() {
    let stage = Stage::start().await;
    // Names that some libraries write out otherwise than they read them in.
    stage
        .refuses_changes(vec![
            ("element", replaced("<saml:NameID ", "<saml::NameID "), "saml-xml-malformed"),
            ("attribute", replaced(" Format=", " :Format="), "saml-signature-invalid"),
            ("directive", replaced("<saml:Subject>", "<saml:Subject><!x>"), "saml-document-type"),
            (
                "white space in a text",
                replaced("Ann Archer", "Ann\u{a0}Archer"),
                "saml-signature-invalid",
            ),
            (
                "line break in a text",
                replaced("Ann Archer", "Ann\nArcher"),
                "saml-signature-invalid",
            ),
        ])
        .await;
    // The same to canonicalization: other quotes, character references, order of attributes.
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let rewritten = Answer::changed(|response| {
            let id = attribute(&element(&response, "saml:Assertion"), "ID");
            response
                .replace(&format!(" ID=\"{id}\""), &format!("\n  ID='{id}'"))
                .replace("Ann Archer", "&#65;nn Arche&#x72;")
        });
        stage.passes(rewritten.signed(sign)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a27_missing_and_empty_parts_are_refused_without_a_crash() {
    let stage = Stage::start().await;
    let without = |name: &'static str| {
        Answer::changed_before_signing(move |a| a.replacen(&element(&a, name), "", 1))
    };
    stage
        .refuses_changes(vec![
            (
                "attribute without name",
                Flaw::AttributeWithoutName.into(),
                "saml-attribute-name-missing",
            ),
            ("no conditions", Flaw::NoConditions.into(), "saml-conditions-missing"),
            ("empty name", Flaw::EmptyNameId.into(), "saml-name-id-missing"),
            ("no name", Flaw::NoNameId.into(), "saml-name-id-missing"),
            ("transient name", Flaw::TransientNameId.into(), "subject-missing"),
            ("no attributes", Flaw::NoAttributes.into(), "address-missing"),
            ("no issuer", without("saml:Issuer"), "saml-issuer-missing"),
            ("no subject", without("saml:Subject"), "saml-name-id-missing"),
            ("no statement", without("saml:AuthnStatement"), "saml-authn-statement-missing"),
            ("empty values", without("saml:AttributeValue"), "address-missing"),
            ("encrypted", Flaw::EncryptedAssertion.into(), "saml-encrypted"),
        ])
        .await;
}
