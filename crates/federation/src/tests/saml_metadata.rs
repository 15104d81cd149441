//! Metadata of SAML identity providers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::Timestamp;
use outbound::Outbound;

use super::server::{self, Answer};
use super::{after, cause, federation, name, now, settings, shown};
use crate::{
    Federation, IdpSettings, MetadataSource, Protocol, SamlRequest, SamlSettings, SignedPart,
};

/// What the metadata below says.
struct Entity {
    id: &'static str,
    sso: &'static str,
    valid_until: Option<Timestamp>,
    certificate: String,
}

fn certificate() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["idp.example".to_owned()]).unwrap();
    BASE64_STANDARD.encode(params.self_signed(&key).unwrap().der())
}

fn entity() -> Entity {
    Entity {
        id: "https://idp.example/metadata",
        sso: "https://idp.example/sso",
        valid_until: None,
        certificate: certificate(),
    }
}

fn xml(entity: &Entity) -> String {
    let valid = entity.valid_until.map(|end| format!(" validUntil=\"{end}\"")).unwrap_or_default();
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\"{valid}>\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"{}\"/></IDPSSODescriptor></EntityDescriptor>",
        entity.id, entity.certificate, entity.sso
    )
}

fn saml_settings(metadata: MetadataSource) -> IdpSettings {
    let saml = SamlSettings {
        metadata_signers: Vec::new(),
        cbc_until: None,
        signed: SignedPart::default(),
        encryption_required: false,
        idp_initiated: false,
        request: SamlRequest::default(),
        single_logout: true,
        metadata,
        entity_id: None,
        clock_skew: Duration::from_secs(60),
        sha1_until: None,
    };
    settings("acme", Protocol::Saml(saml))
}

fn file_settings(path: PathBuf) -> IdpSettings {
    saml_settings(MetadataSource::File(path))
}

async fn sso(federation: &Federation, at: Timestamp) -> Result<String, crate::FederationError> {
    let metadata = federation.saml_metadata(&name("acme"), at).await?;
    Ok(metadata.sso_redirect.as_ref().unwrap().to_string())
}

/// Metadata behind a URL: what is served now, how often it was asked for, and who uses it.
struct Published {
    document: Arc<Mutex<(String, usize)>>,
    federation: Federation,
}

impl Published {
    async fn start(document: String) -> Self {
        let document = Arc::new(Mutex::new((document, 0)));
        let shared = Arc::clone(&document);
        let port = server::start(move |_, _| {
            let mut shared = shared.lock().unwrap();
            shared.1 += 1;
            Some(Answer { status: 200, body: shared.0.clone() })
        })
        .await;
        let url = format!("http://127.0.0.1:{port}/metadata").parse().unwrap();
        let federation = federation(vec![saml_settings(MetadataSource::Url(url))]);
        Self { document, federation }
    }

    fn serve(&self, document: String) {
        self.document.lock().unwrap().0 = document;
    }

    fn calls(&self) -> usize {
        self.document.lock().unwrap().1
    }
}

#[tokio::test]
async fn a_metadata_file_is_read_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.xml");
    std::fs::write(&path, xml(&entity())).unwrap();
    let federation = federation(vec![file_settings(path)]);
    assert_eq!(sso(&federation, now()).await.unwrap(), "https://idp.example/sso");
    assert!(federation.refresh_due(after(100_000)).await.is_empty());
    assert!(federation.saml_settings(&name("acme")).is_some());
}

#[tokio::test]
async fn a25_every_unusable_metadata_file_is_reported_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyless.xml");
    std::fs::write(&path, xml(&Entity { certificate: String::new(), ..entity() })).unwrap();
    let missing = file_settings(folder.path().join("missing.xml"));
    let mut unread = missing.clone();
    unread.enabled = false;
    let idps = vec![file_settings(path), missing, unread];
    let problems = Federation::new(idps, Outbound::new(&[]).unwrap(), now()).unwrap_err();
    let causes: Vec<_> = problems.iter().map(|problem| problem.refusal().cause).collect();
    let wanted = ["saml-metadata-no-signing-certificate", "idp-metadata-file-unreadable"];
    assert_eq!(causes, wanted);
    assert!(problems[1].refusal().explanation.contains("missing.xml"));
}

#[tokio::test]
async fn metadata_from_a_url_is_fetched_when_needed_and_then_each_hour() {
    let first = entity();
    let published = Published::start(xml(&first)).await;
    let federation = &published.federation;
    assert!(sso(federation, now()).await.is_ok());
    assert!(sso(federation, now()).await.is_ok());
    assert_eq!(published.calls(), 1);
    assert_eq!(shown(federation.refresh_due(after(60)).await), ["+acme"]);
    assert!(shown(federation.refresh_due(after(3600)).await).is_empty());
    assert_eq!(published.calls(), 2);
    published.serve(xml(&Entity { sso: "https://new.example/sso", ..first }));
    assert_eq!(shown(federation.refresh_due(after(7200)).await), ["+acme"]);
    assert_eq!(sso(federation, after(7200)).await.unwrap(), "https://new.example/sso");
}

#[tokio::test]
async fn a26_metadata_that_got_worse_does_not_replace_the_last_good() {
    let first = entity();
    let published = Published::start(xml(&first)).await;
    let federation = &published.federation;
    federation.refresh_due(now()).await;
    let past = Some(now());
    for (document, wanted) in [
        (xml(&Entity { id: "https://other.example", ..entity() }), "saml-metadata-entity-foreign"),
        (
            xml(&Entity { sso: "http://idp.example/sso", ..entity() }),
            "saml-metadata-endpoint-insecure",
        ),
        (
            xml(&Entity { certificate: String::new(), ..entity() }),
            "saml-metadata-no-signing-certificate",
        ),
        (xml(&Entity { valid_until: past, ..entity() }), "saml-metadata-expired"),
        ("<html/>".to_owned(), "saml-metadata-not-metadata"),
    ] {
        published.serve(document);
        let told = shown(federation.refresh_due(after(4000)).await);
        assert_eq!(told, [format!("-acme {wanted}")]);
        let kept = federation.saml_metadata(&name("acme"), after(4000)).await.unwrap();
        assert_eq!(kept.entity_id, first.id);
        assert_eq!(kept.sso_redirect.as_ref().unwrap().as_str(), first.sso);
    }
}

#[tokio::test]
async fn a26_an_address_that_was_https_stays_https() {
    let published = Published::start(xml(&entity())).await;
    published.federation.refresh_due(now()).await;
    // Toward this machine plain http is possible, but not where https was.
    published.serve(xml(&Entity { sso: "http://127.0.0.1:1/sso", ..entity() }));
    let told = shown(published.federation.refresh_due(after(4000)).await);
    assert_eq!(told, ["-acme saml-metadata-endpoint-insecure"]);
}

#[tokio::test]
async fn a26_metadata_is_not_used_beyond_its_end() {
    let first = Entity { valid_until: Some(after(1000)), ..entity() };
    let published = Published::start(xml(&first)).await;
    let federation = &published.federation;
    federation.refresh_due(now()).await;
    assert!(sso(federation, after(999)).await.is_ok());
    assert_eq!(cause(sso(federation, after(1000)).await), "saml-metadata-expired");
    // The next round does not wait for the hour to pass.
    published.serve(xml(&Entity { valid_until: Some(after(9000)), ..entity() }));
    assert_eq!(shown(federation.refresh_due(after(1020)).await), ["+acme"]);
    assert!(sso(federation, after(1020)).await.is_ok());
    // Nor does whoever signs in wait for the next round.
    published.serve(xml(&Entity { valid_until: Some(after(19_000)), ..first }));
    assert!(sso(federation, after(9000)).await.is_ok());
    assert_eq!(shown(federation.refresh_due(after(9010)).await), ["+acme"]);
}

#[tokio::test]
async fn an_unreachable_metadata_address_is_told_apart() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{closed}/").parse().unwrap();
    let federation = federation(vec![saml_settings(MetadataSource::Url(url))]);
    assert_eq!(cause(sso(&federation, now()).await), "idp-unreachable");
    assert_eq!(shown(federation.refresh_due(now()).await), ["-acme idp-unreachable"]);
}
