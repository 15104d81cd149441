//! Single logout: what is read, what is refused, and what we say ourselves.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::IdpSession;
use flate2::Compression;
use flate2::read::DeflateEncoder;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::sign::Signer;
use saml::{
    Binding, IdpMetadata, IncomingLogout, LogoutCall, LogoutError, LogoutExpectation,
    LogoutMessage, LogoutOutcome, LogoutRequest, Outgoing, ParseOptions, RequestError,
    ServiceProvider, read_logout,
};
use std::io::Read;
use url::form_urlencoded::byte_serialize;

use crate::forge::{
    ACME, EVIL, EXC, IDP, Key, Method, NOW, SAML, SAMLP, SKEW, SLO, SP, at, enveloped, metadata_of,
    request, sp_with,
};
use crate::seal::{OURS, OURS_EC, Seal, keys, sp};

static EC: LazyLock<Key> = LazyLock::new(|| Key::ec(Nid::SECP384R1));
const RSA_256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

fn message(name: &str, attributes: &str, content: &str) -> String {
    format!(
        "<samlp:{name} xmlns:samlp=\"{SAMLP}\" {attributes} Destination=\"{SLO}\" ID=\"_logout\" \
         IssueInstant=\"{NOW}\" Version=\"2.0\"><saml:Issuer xmlns:saml=\"{SAML}\">{IDP}\
         </saml:Issuer>{content}</samlp:{name}>"
    )
}

fn request_xml() -> String {
    let until = at(300);
    message(
        "LogoutRequest",
        &format!("NotOnOrAfter=\"{until}\""),
        &format!(
            "<saml:NameID xmlns:saml=\"{SAML}\" Format=\"urn:x\">ann-4711</saml:NameID>\
             <samlp:SessionIndex>_s1</samlp:SessionIndex><samlp:SessionIndex>_s2</samlp:SessionIndex>"
        ),
    )
}

fn response_xml(code: &str) -> String {
    let id = request();
    message(
        "LogoutResponse",
        &format!("InResponseTo=\"{id}\""),
        &format!(
            "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{code}\">\
             </samlp:StatusCode></samlp:Status>"
        ),
    )
}

fn signed(xml: &str, key: &Key) -> String {
    enveloped(xml, "_logout", key, &Method::sha256())
}

fn form(field: &str, xml: &str) -> String {
    let value: String = byte_serialize(STANDARD.encode(xml).as_bytes()).collect();
    format!("{field}={value}&RelayState=state-1")
}

fn soap(message: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <S:Header/><S:Body>{message}</S:Body></S:Envelope>"
    )
}

fn deflated(bytes: &[u8]) -> String {
    let mut packed = Vec::new();
    DeflateEncoder::new(bytes, Compression::best()).read_to_end(&mut packed).unwrap();
    byte_serialize(STANDARD.encode(packed).as_bytes()).collect()
}

/// A query that is signed as it stands.
fn query(field: &str, xml: &str, key: &Key) -> String {
    let algorithm: String = byte_serialize(RSA_256.as_bytes()).collect();
    let unsigned =
        format!("{field}={}&RelayState=state%201&SigAlg={algorithm}", deflated(xml.as_bytes()));
    with_signature(unsigned, key)
}

fn with_signature(unsigned: String, key: &Key) -> String {
    let mut signer = Signer::new(MessageDigest::sha256(), &key.private).unwrap();
    signer.update(unsigned.as_bytes()).unwrap();
    let signature = STANDARD.encode(signer.sign_to_vec().unwrap());
    let signature: String = byte_serialize(signature.as_bytes()).collect();
    format!("{unsigned}&Signature={signature}")
}

fn read_by(
    incoming: &IncomingLogout<'_>,
    sp: &ServiceProvider,
    idp: &IdpMetadata,
) -> Result<LogoutMessage, LogoutError> {
    let expectation =
        LogoutExpectation { idp, sp, clock_skew: SKEW, sha1_until: None, cbc_until: None };
    read_logout(incoming, &expectation, NOW)
}

fn read(incoming: &IncomingLogout<'_>) -> Result<LogoutMessage, LogoutError> {
    read_by(incoming, &sp(&[&OURS]), &ACME.metadata())
}

fn cause(incoming: &IncomingLogout<'_>) -> String {
    match read(incoming) {
        Ok(message) => panic!("accepted as {message:?}: {incoming:?}"),
        Err(error) => error.refusal().cause,
    }
}

fn by_form(xml: &str) -> String {
    cause(&IncomingLogout::Post { raw_form: &form("SAMLRequest", xml) })
}

fn by_query(raw_query: &str) -> String {
    cause(&IncomingLogout::Redirect { raw_query })
}

fn by_soap(body: &str) -> String {
    cause(&IncomingLogout::Soap { body })
}

fn asked(incoming: &IncomingLogout<'_>) -> LogoutRequest {
    match read(incoming) {
        Ok(LogoutMessage::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a20_messages_that_are_slow_to_canonicalize_are_refused_unread() {
    let honest = signed(&request_xml(), &ACME);
    let (before, after) = honest.split_once("xml-exc-c14n#\"/>").unwrap();
    let names = "p ".repeat(3_000);
    let list = format!("<InclusiveNamespaces xmlns=\"{EXC}\" PrefixList=\"{names}\"/>");
    let method = format!("{before}xml-exc-c14n#\">{list}</ds:CanonicalizationMethod>{after}");
    assert_eq!(by_form(&method), "saml-signature-profile");
    // Namespaces that everything inside sees.
    let piled = "<x xmlns:a=\"urn:a\" xmlns:b=\"urn:b\">".repeat(50) + &"</x>".repeat(50);
    let piled = honest.replace("</saml:Issuer>", &format!("</saml:Issuer>{piled}"));
    assert_eq!(by_soap(&soap(&piled)), "saml-xml-limit");
}

#[test]
fn honest_messages_are_read_by_every_binding() {
    let xml = request_xml();
    let (redirect, post) =
        (query("SAMLRequest", &xml, &ACME), form("SAMLRequest", &signed(&xml, &ACME)));
    let body = soap(&signed(&xml, &ACME));
    for (incoming, binding, relay_state) in [
        (IncomingLogout::Redirect { raw_query: &redirect }, Binding::Redirect, Some("state 1")),
        (IncomingLogout::Post { raw_form: &post }, Binding::Post, Some("state-1")),
        (IncomingLogout::Soap { body: &body }, Binding::Soap, None),
    ] {
        let request = asked(&incoming);
        assert_eq!((request.id(), request.name_id().value()), ("_logout", "ann-4711"));
        assert_eq!(request.name_id().format(), Some("urn:x"));
        assert_eq!(request.session_indexes(), ["_s1", "_s2"]);
        assert_eq!((request.binding(), request.relay_state()), (binding, relay_state));
        assert_eq!(request.expires(), at(360));
    }
    for (code, success) in [("Success", true), ("Responder", false), ("Requester", false)] {
        let xml = response_xml(code);
        let post = form("SAMLResponse", &signed(&xml, &ACME));
        let redirect = query("SAMLResponse", &xml, &ACME);
        for incoming in [
            IncomingLogout::Post { raw_form: &post },
            IncomingLogout::Redirect { raw_query: &redirect },
        ] {
            let Ok(LogoutMessage::Response(response)) = read(&incoming) else { panic!("{code}") };
            assert_eq!(response.in_response_to(), request().as_str());
            assert_eq!(response.success(), success, "{code}");
        }
    }
}

#[test]
fn encrypted_names_are_decrypted_in_a_logout_request() {
    let name =
        format!("<saml:NameID xmlns:saml=\"{SAML}\" Format=\"urn:x\">ann-4711</saml:NameID>");
    let xml = request_xml();
    assert!(xml.contains(&name));
    let hidden = xml.replace(&name, &Seal::to(&OURS).seal("EncryptedID", &name));
    let request =
        asked(&IncomingLogout::Post { raw_form: &form("SAMLRequest", &signed(&hidden, &ACME)) });
    assert_eq!(request.name_id().value(), "ann-4711");
}

#[test]
fn b20_unsigned_logout_messages_are_refused() {
    let xml = request_xml();
    assert_eq!(by_form(&xml), "saml-logout-unsigned");
    assert_eq!(by_soap(&soap(&xml)), "saml-logout-unsigned");
    let good = query("SAMLRequest", &xml, &ACME);
    let bare = good.split("&SigAlg").next().unwrap();
    let half = good.split("&Signature").next().unwrap();
    for bad in [bare, half] {
        assert_eq!(by_query(bad), "saml-logout-unsigned");
    }
    assert_eq!(by_query(&format!("{half}&Signature=")), "saml-logout-encoding");
    // An answer, too: else a stranger could say that everything ended.
    let answer = form("SAMLResponse", &response_xml("Success"));
    assert_eq!(cause(&IncomingLogout::Post { raw_form: &answer }), "saml-logout-unsigned");
    // A signature inside a query's message is none of the query.
    let inside = format!("SAMLRequest={}", deflated(signed(&xml, &ACME).as_bytes()));
    assert_eq!(by_query(&inside), "saml-logout-unsigned");
    let both = query("SAMLRequest", &signed(&xml, &ACME), &ACME);
    assert_eq!(by_query(&both), "saml-logout-signature-inside");
}

#[test]
fn b20_forged_logout_messages_are_refused() {
    let xml = request_xml();
    assert_eq!(by_form(&signed(&xml, &EVIL)), "saml-signature-invalid");
    assert_eq!(by_query(&query("SAMLRequest", &xml, &EVIL)), "saml-signature-invalid");
    let altered = signed(&xml, &ACME).replace("ann-4711", "bob");
    assert_eq!(by_form(&altered), "saml-signature-invalid");
    assert_eq!(by_soap(&soap(&altered)), "saml-signature-invalid");
    // The signed request wrapped in another one.
    let evil = xml.replace("_logout", "_evil").replace("ann-4711", "bob");
    let wrapped = evil.replace(
        "</saml:Issuer>",
        &format!("</saml:Issuer><samlp:Extensions>{}</samlp:Extensions>", signed(&xml, &ACME)),
    );
    assert_eq!(by_form(&wrapped), "saml-signature-misplaced");
    let two = format!("{}{}", signed(&xml, &ACME), signed(&evil, &EVIL));
    assert_eq!(by_soap(&soap(&two)), "saml-logout-envelope");
    // Query: other algorithms, and another one than the key's kind.
    for (algorithm, cause) in [
        ("http://www.w3.org/2000/09/xmldsig#hmac-sha1", "saml-signature-algorithm"),
        ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "saml-signature-sha1"),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "saml-signature-invalid"),
        ("none", "saml-signature-algorithm"),
    ] {
        let algorithm: String = byte_serialize(algorithm.as_bytes()).collect();
        let unsigned = format!("SAMLRequest={}&SigAlg={algorithm}", deflated(xml.as_bytes()));
        assert_eq!(by_query(&with_signature(unsigned, &ACME)), cause, "{algorithm}");
    }
}

#[test]
fn b19_the_signature_covers_the_query_as_it_came() {
    let xml = request_xml();
    // Legal, but not as we would write it: lower-case escapes, blanks as %20, escaped letters.
    let odd = deflated(xml.as_bytes()).replace("%2B", "%2b").replace("%2F", "%2f");
    let algorithm: String = byte_serialize(RSA_256.as_bytes()).collect();
    let unsigned = format!("SAMLRequest={odd}&RelayState=%73tate%201&SigAlg={algorithm}");
    let good = with_signature(unsigned, &ACME);
    let request = asked(&IncomingLogout::Redirect { raw_query: &good });
    assert_eq!(request.relay_state(), Some("state 1"));
    // Strangers beside the fields do no harm, and another order on the wire is no other order.
    let (message, rest) = good.split_once('&').unwrap();
    asked(&IncomingLogout::Redirect { raw_query: &format!("{rest}&{message}&x=1") });
    // The same value spelled otherwise was not signed.
    for (from, to) in
        [("%73tate%201", "state%201"), ("%201", "+1"), ("&RelayState=%73tate%201", "")]
    {
        assert!(good.contains(from));
        assert_eq!(by_query(&good.replacen(from, to, 1)), "saml-signature-invalid", "{from}");
    }
}

#[test]
fn b18_doubled_fields_are_refused() {
    let good = query("SAMLRequest", &request_xml(), &ACME);
    for field in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        for spelled in [field.to_owned(), field.replacen('S', "%53", 1).replacen('R', "%52", 1)] {
            for value in ["", "x"] {
                let doubled = format!("{good}&{spelled}={value}");
                assert_eq!(by_query(&doubled), "saml-logout-field-repeated", "{spelled}");
                let doubled = format!("{spelled}={value}&{good}");
                assert_eq!(by_query(&doubled), "saml-logout-field-repeated", "{spelled}");
            }
        }
    }
    assert_eq!(by_query(&format!("{good}&SAMLResponse=x")), "saml-logout-message-missing");
    assert_eq!(by_query(""), "saml-logout-message-missing");
    let post = form("SAMLRequest", &signed(&request_xml(), &ACME));
    let doubled = format!("{post}&SAMLRequest=x");
    assert_eq!(cause(&IncomingLogout::Post { raw_form: &doubled }), "saml-logout-field-repeated");
}

#[test]
fn b21_a_logout_request_is_from_its_issuer_for_us_and_in_time() {
    for (from, to, cause) in [
        (SLO, "https://help.example.com/.vestibule/saml/globex/slo", "saml-destination-foreign"),
        (SLO, "https://help.example.com/.vestibule/saml/acme/SLO", "saml-destination-foreign"),
        (" Destination", " Elsewhere", "saml-destination-missing"),
        (IDP, "https://other.example/metadata", "saml-issuer-foreign"),
        ("Version=\"2.0\"", "Version=\"1.1\"", "saml-version"),
        ("Version=\"2.0\"", "", "saml-version"),
        ("NotOnOrAfter=\"", "NotOnOrAfter=\"1", "saml-moment-unreadable"),
        ("IssueInstant", "Issued", "saml-moment-unreadable"),
        (">ann-4711<", "><", "saml-name-id-missing"),
        (">ann-4711<", "> <", "saml-name-id-missing"),
        ("saml:NameID", "saml:BaseID", "saml-structure"),
        (">_s1<", "><x/><", "saml-structure"),
    ] {
        let xml = request_xml();
        assert!(xml.contains(from), "{from}");
        let bad = xml.replace(from, to);
        assert_eq!(by_form(&signed(&bad, &ACME)), cause, "{from} {to}");
        assert_eq!(by_query(&query("SAMLRequest", &bad, &ACME)), cause, "{from} {to}");
    }
    let (now, until) = (NOW.to_string(), at(300).to_string());
    for (from, to, cause) in [
        (&until, at(-60).to_string(), "saml-logout-expired"),
        (&now, at(61).to_string(), "saml-issued-in-future"),
        (&now, at(-660).to_string(), "saml-issued-long-ago"),
    ] {
        let bad = request_xml().replace(from, &to);
        assert_eq!(by_form(&signed(&bad, &ACME)), cause);
    }
    for (from, to) in [(&until, at(-59)), (&now, at(60)), (&now, at(-659))] {
        let fine = request_xml().replace(from, &to.to_string());
        asked(&IncomingLogout::Post { raw_form: &form("SAMLRequest", &signed(&fine, &ACME)) });
    }
    // A10: canonical bytes have no comments, and so the whole name; a query is read as it came.
    let halved = request_xml().replace(">ann-4711<", ">ann<!-- -->.evil<");
    assert_eq!(by_query(&query("SAMLRequest", &halved, &ACME)), "saml-name-id-missing");
    let post = form("SAMLRequest", &signed(&halved, &ACME));
    assert_eq!(asked(&IncomingLogout::Post { raw_form: &post }).name_id().value(), "ann.evil");
    // SOAP needs no Destination, but a wrong one is wrong.
    let none = request_xml().replace(&format!(" Destination=\"{SLO}\""), "");
    asked(&IncomingLogout::Soap { body: &soap(&signed(&none, &ACME)) });
    let foreign = request_xml().replace(SLO, "https://other.example/slo");
    assert_eq!(by_soap(&soap(&signed(&foreign, &ACME))), "saml-destination-foreign");
    // Where there is no single logout, none is read.
    let sp = ServiceProvider { slo: None, ..sp(&[&OURS]) };
    let post = form("SAMLRequest", &signed(&request_xml(), &ACME));
    let refused = read_by(&IncomingLogout::Post { raw_form: &post }, &sp, &ACME.metadata());
    assert_eq!(refused.unwrap_err().refusal().cause, "saml-logout-not-offered");
}

#[test]
fn b22_malformed_logout_messages_are_refused_without_a_crash() {
    let xml = request_xml();
    for bad in [
        String::new(),
        "<x/>".to_owned(),
        xml[..xml.len() - 3].to_owned(),
        format!("<!DOCTYPE x>{xml}"),
        format!("<?pi?>{xml}"),
        xml.replace("LogoutRequest", "AuthnRequest"),
        xml.replace("LogoutRequest", "Response"),
        xml.replace("<samlp:SessionIndex>_s1", "<x/><samlp:SessionIndex>_s1"),
        xml.replace("_logout", "1"),
        xml.replace("ID=\"_logout\"", ""),
    ] {
        by_form(&bad);
        by_query(&query("SAMLRequest", &bad, &ACME));
        by_soap(&bad);
        by_soap(&soap(&bad));
    }
    for raw in ["SAMLRequest", "SAMLRequest=%", "SAMLRequest=%zz", "SAMLRequest=%ff", "&&=&", "a=b"]
    {
        by_query(raw);
        cause(&IncomingLogout::Post { raw_form: raw });
    }
    // A19: what inflates without end.
    let bomb = deflated(&vec![b' '; 50_000_000]);
    let algorithm: String = byte_serialize(RSA_256.as_bytes()).collect();
    let bomb = with_signature(format!("SAMLRequest={bomb}&SigAlg={algorithm}"), &ACME);
    assert_eq!(by_query(&bomb), "saml-logout-inflation");
    let many = xml.replace(
        "<samlp:SessionIndex>_s1</samlp:SessionIndex>",
        &"<samlp:SessionIndex>_s1</samlp:SessionIndex>".repeat(100),
    );
    assert_eq!(by_form(&signed(&many, &ACME)), "saml-logout-sessions-many");
    let twice = xml.replace("<samlp:SessionIndex>_s1", "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</saml:NameID><samlp:SessionIndex>_s1");
    assert_eq!(by_form(&signed(&twice, &ACME)), "saml-structure");
    let swapped = form("SAMLResponse", &signed(&xml, &ACME));
    assert_eq!(cause(&IncomingLogout::Post { raw_form: &swapped }), "saml-logout-message-missing");
    let orphan = response_xml("Success").replace("InResponseTo", "x");
    let orphan = form("SAMLResponse", &signed(&orphan, &ACME));
    assert_eq!(cause(&IncomingLogout::Post { raw_form: &orphan }), "saml-logout-unsolicited");
}

/// An identity provider that reads what we say: our own reader, with the parts exchanged.
struct Peer {
    sp: ServiceProvider,
    us: IdpMetadata,
}

impl Peer {
    fn of(key: &Key) -> Self {
        let sp = ServiceProvider {
            entity_id: IDP.to_owned(),
            slo: Some("https://idp.example/slo".to_owned()),
            ..sp_with(keys(&[]))
        };
        let xml = metadata_of(&[key]).replace(IDP, SP);
        let us = IdpMetadata::parse(xml.as_bytes(), ParseOptions::default(), NOW).unwrap();
        Self { sp, us }
    }

    fn reads(&self, call: &LogoutCall) -> LogoutMessage {
        let field = |fields: &[(&'static str, String)]| {
            let pairs = fields.iter().map(|(name, value)| {
                format!("{name}={}", byte_serialize(value.as_bytes()).collect::<String>())
            });
            pairs.collect::<Vec<_>>().join("&")
        };
        let (owned, kind) = match call {
            LogoutCall::Browser(Outgoing::Redirect(url)) => (url.query().unwrap().to_owned(), 0),
            LogoutCall::Browser(Outgoing::Post { fields, .. }) => (field(fields), 1),
            LogoutCall::Soap { envelope, .. } => (envelope.clone(), 2),
        };
        let incoming = match kind {
            0 => IncomingLogout::Redirect { raw_query: &owned },
            1 => IncomingLogout::Post { raw_form: &owned },
            _ => IncomingLogout::Soap { body: &owned },
        };
        read_by(&incoming, &self.sp, &self.us).unwrap_or_else(|error| panic!("{error}: {owned}"))
    }
}

/// Acme's metadata with single logout by these bindings.
fn with_logout(bindings: &[&str]) -> IdpMetadata {
    let services: String = bindings
        .iter()
        .map(|binding| {
            format!(
                "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" \
                 Location=\"https://idp.example/slo\"/>"
            )
        })
        .collect();
    let xml =
        ACME.metadata_xml().replacen("<md:SingleSignOn", &format!("{services}<md:SingleSignOn"), 1);
    IdpMetadata::parse(xml.as_bytes(), ParseOptions::default(), NOW).unwrap()
}

fn ann() -> IdpSession {
    IdpSession {
        subject: "ann & <4711>".to_owned(),
        format: Some("urn:x".to_owned()),
        name_qualifier: Some(IDP.to_owned()),
        sp_name_qualifier: None,
        id: Some("_s1".to_owned()),
    }
}

#[test]
fn what_we_ask_is_signed_and_reads_back_by_every_binding_and_key() {
    for key in [&*OURS, &*OURS_EC, &*EC] {
        let (party, peer) = (sp(&[key, &OURS]), Peer::of(key));
        for (bindings, expected) in [
            (&["SOAP", "HTTP-POST", "HTTP-Redirect"][..], Binding::Redirect),
            (&["SOAP", "HTTP-POST"], Binding::Post),
            (&["SOAP"], Binding::Soap),
        ] {
            let idp = with_logout(bindings);
            let call = party.logout_request(&idp, &ann(), &request(), "state", NOW).unwrap();
            let LogoutMessage::Request(read) = peer.reads(&call) else { panic!("{call:?}") };
            assert_eq!((read.id(), read.binding()), (request().as_str(), expected));
            assert_eq!(read.name_id().value(), "ann & <4711>");
            assert_eq!(read.name_id().name_qualifier(), Some(IDP));
            assert_eq!(read.session_indexes(), ["_s1"]);
            let relayed = (expected != Binding::Soap).then_some("state");
            assert_eq!(read.relay_state(), relayed);
            for (outcome, success) in [
                (LogoutOutcome::Ended, true),
                (LogoutOutcome::Partial, false),
                (LogoutOutcome::Failed, false),
            ] {
                let call = party.logout_response(&idp, &read, outcome, &request(), NOW).unwrap();
                let LogoutMessage::Response(answer) = peer.reads(&call) else { panic!("{call:?}") };
                assert_eq!((answer.in_response_to(), answer.success()), (read.id(), success));
                let by_soap = matches!(call, LogoutCall::Soap { endpoint: None, .. });
                assert_eq!(by_soap, expected == Binding::Soap);
            }
        }
    }
}

#[test]
fn b20_nothing_is_asked_without_a_key_or_an_endpoint() {
    let idp = with_logout(&["HTTP-Redirect"]);
    let keyless = sp(&[]).logout_request(&idp, &ann(), &request(), "", NOW);
    assert_eq!(keyless.unwrap_err(), RequestError::NoKey);
    let nowhere = sp(&[&OURS]).logout_request(&ACME.metadata(), &ann(), &request(), "", NOW);
    assert_eq!(nowhere.unwrap_err(), RequestError::NoEndpoint("SingleLogoutService"));
}
