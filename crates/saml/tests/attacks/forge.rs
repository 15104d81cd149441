//! An identity provider that signs anything. Shares no code with the crate: digests come from
//! bergshamra's canonicalization, signatures from OpenSSL.

use std::io::Read;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::c14n::{C14nMode, canonicalize};
use domain::Timestamp;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::X509;
use saml::{
    Expectation, IdpMetadata, ParseOptions, RequestId, ResponseError, ServiceKeys, ServiceProvider,
    SignedPart, VerifiedAssertion,
};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const SKEW: Duration = Duration::from_secs(60);
pub(crate) const IDP: &str = "https://idp.example/metadata";
pub(crate) const SP: &str = "https://help.example.com/.vestibule/saml/acme/metadata";
pub(crate) const ACS: &str = "https://help.example.com/.vestibule/saml/acme/acs";
pub(crate) const SLO: &str = "https://help.example.com/.vestibule/saml/acme/slo";
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const EXC: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// The identity provider of most tests.
pub(crate) static ACME: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048));
/// The attacker's own.
pub(crate) static EVIL: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048));

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW.as_seconds() + seconds)
}

pub(crate) fn request() -> RequestId {
    RequestId::from_random([0xa7; 20])
}

/// A private key and its certificate.
pub(crate) struct Key {
    pub(crate) private: PKey<Private>,
    pub(crate) certificate: X509,
}

impl Key {
    pub(crate) fn rsa(bits: u32) -> Self {
        Self::certified(PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap())
    }

    pub(crate) fn ec(curve: Nid) -> Self {
        let group = EcGroup::from_curve_name(curve).unwrap();
        Self::certified(PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap())
    }

    pub(crate) fn certified(private: PKey<Private>) -> Self {
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(NOW.as_seconds() - 9000).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(NOW.as_seconds() + 9000).unwrap()).unwrap();
        builder.set_pubkey(&private).unwrap();
        let digest = match private.id() {
            Id::ED25519 => MessageDigest::null(),
            _ => MessageDigest::sha256(),
        };
        builder.sign(&private, digest).unwrap();
        Self { certificate: builder.build(), private }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(self.der())
    }

    pub(crate) fn metadata_xml(&self) -> String {
        metadata_of(&[self])
    }

    pub(crate) fn metadata(&self) -> IdpMetadata {
        IdpMetadata::parse(self.metadata_xml().as_bytes(), ParseOptions::default(), NOW).unwrap()
    }
}

pub(crate) fn metadata_of(keys: &[&Key]) -> String {
    let descriptors: String = keys
        .iter()
        .map(|key| {
            let der = key.base64();
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der}\
                 </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
        })
        .collect();
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"{DSIG}\" \
         entityID=\"{IDP}\"><md:IDPSSODescriptor protocolSupportEnumeration=\"{SAMLP}\">{descriptors}\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example/sso?tenant=1\"/></md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

/// How to sign.
#[derive(Clone)]
pub(crate) struct Method {
    pub(crate) signature: String,
    pub(crate) digest: String,
    pub(crate) signature_hash: MessageDigest,
    pub(crate) digest_hash: MessageDigest,
    /// Replacements in the finished SignedInfo, before it is signed.
    pub(crate) edits: Vec<(String, String)>,
}

impl Method {
    pub(crate) fn sha256() -> Self {
        Self::sha("rsa", 256)
    }

    pub(crate) fn sha(kind: &str, bits: u16) -> Self {
        let more = "http://www.w3.org/2001/04/xmldsig-more#";
        let (digest, hash) = match bits {
            256 => ("http://www.w3.org/2001/04/xmlenc#sha256", MessageDigest::sha256()),
            384 => ("http://www.w3.org/2001/04/xmldsig-more#sha384", MessageDigest::sha384()),
            _ => ("http://www.w3.org/2001/04/xmlenc#sha512", MessageDigest::sha512()),
        };
        Self {
            signature: format!("{more}{kind}-sha{bits}"),
            digest: digest.to_owned(),
            signature_hash: hash,
            digest_hash: hash,
            edits: Vec::new(),
        }
    }

    pub(crate) fn edit(mut self, from: &str, to: &str) -> Self {
        self.edits.push((from.to_owned(), to.to_owned()));
        self
    }
}

pub(crate) fn exc_c14n(xml: &str) -> Vec<u8> {
    canonicalize::<&str>(xml, C14nMode::Exclusive, None, &[]).unwrap()
}

/// The Signature element that an honest signer makes for `element`, which has the id `id`.
pub(crate) fn signature(element: &str, id: &str, key: &Key, method: &Method) -> String {
    let digest = STANDARD.encode(hash(method.digest_hash, &exc_c14n(element)).unwrap());
    let (algorithm, digest_method) = (&method.signature, &method.digest);
    let mut info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DSIG}\"><ds:CanonicalizationMethod Algorithm=\"{EXC}\"/>\
         <ds:SignatureMethod Algorithm=\"{algorithm}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/><ds:Transform Algorithm=\"{EXC}\"/>\
         </ds:Transforms><ds:DigestMethod Algorithm=\"{digest_method}\"/>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    for (from, to) in &method.edits {
        assert!(info.contains(from.as_str()), "{from} is not in {info}");
        info = info.replace(from, to);
    }
    let value = STANDARD.encode(sign(&exc_c14n(&info), key, method.signature_hash));
    let certificate = key.base64();
    format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>\
         </ds:KeyInfo></ds:Signature>"
    )
}

fn sign(bytes: &[u8], key: &Key, digest: MessageDigest) -> Vec<u8> {
    if key.private.id() == Id::EC {
        let ec = key.private.ec_key().unwrap();
        let length = i32::try_from(ec.group().degree().div_ceil(8)).unwrap();
        let raw = EcdsaSig::sign(&hash(digest, bytes).unwrap(), &ec).unwrap();
        let part = |number: &openssl::bn::BigNumRef| number.to_vec_padded(length).unwrap();
        return [part(raw.r()), part(raw.s())].concat();
    }
    let mut signer = Signer::new(digest, &key.private).unwrap();
    signer.update(bytes).unwrap();
    signer.sign_to_vec().unwrap()
}

/// The element with its signature behind its first Issuer.
pub(crate) fn enveloped(element: &str, id: &str, key: &Key, method: &Method) -> String {
    let signature = signature(element, id, key, method);
    let issuer_end = element.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    format!("{}{signature}{}", &element[..issuer_end], &element[issuer_end..])
}

/// What is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sign {
    Nothing,
    Response,
    Assertion,
    Both,
}

/// A response in the making.
pub(crate) struct Answer {
    pub(crate) assertion: String,
    /// Has `{ASSERTION}` where the assertion goes.
    pub(crate) response: String,
    pub(crate) method: Method,
    pub(crate) key: &'static Key,
}

pub(crate) fn answer() -> Answer {
    let (id, response, assertion) = (request(), response_xml(), assertion_xml());
    let fill = |xml: String| xml.replace("{REQUEST}", id.as_str());
    let (response, assertion) = (fill(response), fill(assertion));
    Answer { assertion, response, method: Method::sha256(), key: &ACME }
}

impl Answer {
    /// Changes the assertion before it is signed.
    pub(crate) fn assertion(mut self, from: &str, to: &str) -> Self {
        assert!(self.assertion.contains(from), "{from} is not in {}", self.assertion);
        self.assertion = self.assertion.replace(from, to);
        self
    }

    /// Changes the response before it is signed.
    pub(crate) fn response(mut self, from: &str, to: &str) -> Self {
        assert!(self.response.contains(from), "{from} is not in {}", self.response);
        self.response = self.response.replace(from, to);
        self
    }

    pub(crate) fn key(mut self, key: &'static Key) -> Self {
        self.key = key;
        self
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn sign(&self, what: Sign) -> String {
        let assertion = match what {
            Sign::Assertion | Sign::Both => {
                enveloped(&self.assertion, "_assertion", self.key, &self.method)
            }
            Sign::Nothing | Sign::Response => self.assertion.clone(),
        };
        let response = self.response.replace("{ASSERTION}", &assertion);
        match what {
            Sign::Response | Sign::Both => {
                enveloped(&response, "_response", self.key, &self.method)
            }
            Sign::Nothing | Sign::Assertion => response,
        }
    }
}

fn response_xml() -> String {
    format!(
        "<samlp:Response xmlns:samlp=\"{SAMLP}\" Destination=\"{ACS}\" ID=\"_response\" \
         InResponseTo=\"{{REQUEST}}\" IssueInstant=\"{NOW}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{SAML}\">{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>{{ASSERTION}}\
         </samlp:Response>"
    )
}

pub(crate) fn assertion_xml() -> String {
    let (from, until, session) = (at(-30), at(300), at(3600));
    format!(
        "<saml:Assertion xmlns:saml=\"{SAML}\" ID=\"_assertion\" IssueInstant=\"{NOW}\" Version=\"2.0\">\
         <saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID \
         Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">ann-4711</saml:NameID>\
         <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData InResponseTo=\"{{REQUEST}}\" NotOnOrAfter=\"{until}\" \
         Recipient=\"{ACS}\"/></saml:SubjectConfirmation></saml:Subject>\
         <saml:Conditions NotBefore=\"{from}\" NotOnOrAfter=\"{until}\"><saml:AudienceRestriction>\
         <saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
         <saml:AuthnStatement AuthnInstant=\"{NOW}\" SessionIndex=\"_session\" \
         SessionNotOnOrAfter=\"{session}\"><saml:AuthnContext><saml:AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>\
         </saml:AuthnStatement><saml:AttributeStatement><saml:Attribute FriendlyName=\"mail\" \
         Name=\"urn:oid:0.9.2342.19200300.100.1.3\"><saml:AttributeValue>ann@acme.example\
         </saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"groups\"><saml:AttributeValue>\
         staff</saml:AttributeValue><saml:AttributeValue>admins</saml:AttributeValue></saml:Attribute>\
         </saml:AttributeStatement></saml:Assertion>"
    )
}

/// What travels in a query.
pub(crate) fn inflated(value: &str) -> String {
    let deflated = STANDARD.decode(value).unwrap();
    let mut xml = String::new();
    flate2::read::DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
    xml
}

/// We, with these keys.
pub(crate) fn sp_with(keys: Arc<ServiceKeys>) -> ServiceProvider {
    let slo = Some(SLO.to_owned());
    ServiceProvider { entity_id: SP.to_owned(), acs: ACS.to_owned(), slo, keys }
}

/// Verifies under circumstances that can be changed.
pub(crate) struct Check {
    pub(crate) idp: IdpMetadata,
    pub(crate) sp: ServiceProvider,
    pub(crate) now: Timestamp,
    pub(crate) skew: Duration,
    pub(crate) sha1_until: Option<Timestamp>,
    pub(crate) cbc_until: Option<Timestamp>,
    pub(crate) request: Option<RequestId>,
    pub(crate) signed: SignedPart,
    pub(crate) encryption_required: bool,
    pub(crate) authn_context: Vec<String>,
    pub(crate) authenticated_since: Option<Timestamp>,
}

impl Check {
    pub(crate) fn new() -> Self {
        Self {
            idp: ACME.metadata(),
            sp: sp_with(Arc::default()),
            now: NOW,
            skew: SKEW,
            sha1_until: None,
            cbc_until: None,
            request: Some(request()),
            signed: SignedPart::Either,
            encryption_required: false,
            authn_context: Vec::new(),
            authenticated_since: None,
        }
    }

    pub(crate) fn run(&self, xml: &str) -> Result<VerifiedAssertion, ResponseError> {
        self.run_encoded(&STANDARD.encode(xml))
    }

    pub(crate) fn run_encoded(&self, encoded: &str) -> Result<VerifiedAssertion, ResponseError> {
        let expectation = Expectation {
            idp: &self.idp,
            sp: &self.sp,
            request: self.request.as_ref(),
            clock_skew: self.skew,
            sha1_until: self.sha1_until,
            cbc_until: self.cbc_until,
            signed: self.signed,
            encryption_required: self.encryption_required,
            authn_context: &self.authn_context,
            authenticated_since: self.authenticated_since,
        };
        saml::verify_response(encoded, &expectation, self.now)
    }
}

/// The cause of the refusal; panics when the message is accepted.
pub(crate) fn cause(xml: &str) -> String {
    cause_of(&Check::new(), xml)
}

pub(crate) fn cause_of(check: &Check, xml: &str) -> String {
    match check.run(xml) {
        Ok(assertion) => panic!("accepted as {assertion:?}: {xml}"),
        Err(error) => error.refusal().cause,
    }
}

pub(crate) fn accepted(xml: &str) -> VerifiedAssertion {
    match Check::new().run(xml) {
        Ok(assertion) => assertion,
        Err(error) => panic!("refused: {error}: {xml}"),
    }
}
