//! `saml` of an identity provider.

use aws_lc_rs::signature::RsaKeyPair;
use federation::{
    LoginHint, MetadataSource, RequestBinding, RequestSigning, SamlRequest, SamlSettings,
    SignedPart,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::mapping::given;
use crate::protocols::{clock_skew, exception, plain_text, remote, texts, uri};
use crate::reader::Value;
use crate::{Keys, files};

const METADATA: &str = "write metadata: { url: https://… } or { file: PATH }";

const SIGNED: [(&str, SignedPart); 4] = [
    ("either", SignedPart::Either),
    ("response", SignedPart::Response),
    ("assertion", SignedPart::Assertion),
    ("both", SignedPart::Both),
];

const BINDINGS: [(&str, RequestBinding); 2] =
    [("redirect", RequestBinding::Redirect), ("post", RequestBinding::Post)];

const SIGNING: [(&str, RequestSigning); 3] = [
    ("as_metadata", RequestSigning::AsMetadataSays),
    ("always", RequestSigning::Always),
    ("never", RequestSigning::Never),
];

const HINTS: [(&str, LoginHint); 3] =
    [("query", LoginHint::Query), ("subject", LoginHint::Subject), ("none", LoginHint::None)];

/// SAML Core §8.3; whatever has a colon is taken as the URI that it is.
const NAME_IDS: [(&str, &str); 4] = [
    ("persistent", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
    ("transient", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
    ("email", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
    ("unspecified", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
];

/// Which key of its own the gateway has for SAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnKey {
    /// `keys.saml` names an RSA key, or it cannot be told since that section has problems.
    There,
    /// All of them are elliptic: they sign, and nobody can encrypt to them.
    SignsAlone,
    /// None is named.
    Missing,
}

impl OwnKey {
    /// Which one `keys` has; `None`: that section has problems.
    pub(crate) fn of(keys: Option<&Keys>) -> Self {
        let Some(keys) = keys else { return Self::There };
        let is_rsa = |pem: &[u8]| {
            let key = PrivatePkcs8KeyDer::from_pem_slice(pem).ok();
            key.is_some_and(|key| RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).is_ok())
        };
        match keys.saml.as_slice() {
            [] => Self::Missing,
            saml if saml.iter().any(|pem| is_rsa(pem.expose())) => Self::There,
            _ => Self::SignsAlone,
        }
    }
}

/// Reads `saml` of an identity provider.
pub(crate) fn read(value: &Value<'_>, own_key: OwnKey) -> Option<SamlSettings> {
    let map = value.mapping("write { metadata: { url: https://… } }")?;
    let metadata = map.required("metadata", METADATA).and_then(|value| metadata(&value));
    let entity_id =
        given(map.optional("entity_id"), |value| plain_text(value, "write its entity id"));
    let skew = clock_skew(&map);
    let sha1 = given(map.optional("sha1_until"), |value| exception(value, "signatures with SHA-1"));
    let cbc = given(map.optional("cbc_until"), |value| exception(value, "assertions in AES-CBC"));
    let signed = given(map.optional("signed"), |value| value.word(&SIGNED));
    let encryption = given(map.optional("encryption"), |value| encryption(value, own_key));
    let idp_initiated = given(map.optional("idp_initiated"), Value::flag);
    let request = given(map.optional("request"), |value| request(value, own_key));
    let single_logout = given(map.optional("single_logout"), Value::flag);
    map.finish();
    let (metadata, metadata_signers) = metadata?;
    Some(SamlSettings {
        metadata,
        entity_id: entity_id?,
        metadata_signers,
        clock_skew: skew?,
        sha1_until: sha1?,
        cbc_until: cbc?,
        signed: signed?.unwrap_or_default(),
        encryption_required: encryption?.unwrap_or(false),
        idp_initiated: idp_initiated?.unwrap_or(false),
        request: request?.unwrap_or_default(),
        single_logout: single_logout?.unwrap_or(true),
    })
}

/// Where metadata is, and certificates (DER) of whoever signs it.
fn metadata(value: &Value<'_>) -> Option<(MetadataSource, Vec<Vec<u8>>)> {
    let map = value.mapping(METADATA)?;
    let (file, url) = (map.optional("file"), map.optional("url"));
    let signers = given(map.optional("signed_by"), signers);
    map.finish();
    let source = match (file, url) {
        (Some(file), None) => files::existing(&file).map(MetadataSource::File),
        (None, Some(url)) => remote(&url, "write https://…").map(MetadataSource::Url),
        _ => {
            value.problem("this needs exactly one of `file` and `url`", METADATA);
            None
        }
    };
    Some((source?, signers?.unwrap_or_default()))
}

fn signers(value: &Value<'_>) -> Option<Vec<Vec<u8>>> {
    let wanted = "write the PEM file with the certificate that signs the metadata";
    let items = value.some_items(wanted)?;
    let read: Vec<_> = items.iter().map(files::pem_certificates).collect();
    let all = read.into_iter().collect::<Option<Vec<_>>>()?;
    Some(all.into_iter().flatten().map(|der: CertificateDer<'_>| der.to_vec()).collect())
}

/// Whether a plain assertion is refused.
fn encryption(value: &Value<'_>, own_key: OwnKey) -> Option<bool> {
    let required = value.word(&[("optional", false), ("required", true)])?;
    let (said, wanted) = match own_key {
        OwnKey::Missing if required => {
            ("nothing can be decrypted without a key of our own", KEY_WANTED)
        }
        OwnKey::SignsAlone if required => {
            ("keys.saml has no RSA key, and nobody can encrypt to an elliptic one", RSA_WANTED)
        }
        _ => return Some(required),
    };
    value.problem(said, wanted);
    None
}

const KEY_WANTED: &str = "add keys: { saml: [{ file: keys/saml-1.pem }] }";

const RSA_WANTED: &str = "add one to keys.saml, as `vestibule keys init` and `keys stage saml` make it; the first of the list signs";

fn request(value: &Value<'_>, own_key: OwnKey) -> Option<SamlRequest> {
    let map = value.mapping("write keys such as { binding: post, signed: always }")?;
    let binding = given(map.optional("binding"), |value| value.word(&BINDINGS));
    let signing = given(map.optional("signed"), |value| signing(value, own_key));
    let name_id = given(map.optional("name_id"), name_id);
    let context = given(map.optional("authn_context"), |value| {
        let wanted = "write a list of AuthnContextClassRef URIs";
        texts(value, wanted, |item| uri(item, wanted))
    });
    let force = given(map.optional("force_authn"), Value::flag);
    let passive_value = map.optional("passive");
    let passive = given(passive_value.clone(), Value::flag);
    let hint = given(map.optional("login_hint"), |value| value.word(&HINTS));
    map.finish();
    let (force_authn, passive) = (force?.unwrap_or(false), passive?.unwrap_or(false));
    if let Some(value) = passive_value.filter(|_| force_authn && passive) {
        let said = "`force_authn` asks the customer and `passive` forbids to ask";
        value.problem(said, "keep one of them");
        return None;
    }
    Some(SamlRequest {
        binding: binding?.unwrap_or_default(),
        signed: signing?.unwrap_or_default(),
        name_id_format: name_id?,
        authn_context: context?.unwrap_or_default(),
        force_authn,
        passive,
        login_hint: hint?.unwrap_or_default(),
    })
}

fn signing(value: &Value<'_>, own_key: OwnKey) -> Option<RequestSigning> {
    let signing = value.word(&SIGNING)?;
    if signing == RequestSigning::Always && own_key == OwnKey::Missing {
        value.problem("nothing can be signed without a key of our own", KEY_WANTED);
        return None;
    }
    Some(signing)
}

fn name_id(value: &Value<'_>) -> Option<String> {
    let wanted = "write persistent, transient, email, unspecified, or the URI of a format";
    let text = value.text(wanted)?;
    if text.contains(':') {
        return uri(value, wanted);
    }
    value.word(&NAME_IDS).map(str::to_owned)
}
