//! Published metadata.

use super::*;

fn verifies(key: &SigningKey, metadata: &str) -> bool {
    let loaded = bergshamra::keys::loader::load_x509_cert_pem(key.certificate_pem().as_bytes());
    let mut keys = bergshamra::KeysManager::new();
    keys.add_key(loaded.unwrap());
    let results = bergshamra::verify_all(&bergshamra::DsigContext::new(keys), metadata);
    results.is_ok_and(|all| !all.is_empty() && all.iter().all(|r| r.is_valid()))
}

#[test]
fn metadata_is_signed_by_the_key_that_was_ordered() {
    let idp = SamlIdp::start(people::acme());
    let federation = Federation { others: 3, lists_us: true, nested: true };
    for federation in [None, Some(federation), Some(Federation { nested: false, ..federation })] {
        idp.set_federation(federation);
        idp.sign_metadata(MetadataSignature::Good);
        assert!(verifies(idp.publisher(), &idp.metadata()), "{}", idp.metadata());
        idp.sign_metadata(MetadataSignature::ResponseKey);
        assert!(verifies(&idp.key(), &idp.metadata()));
        for wrong in [MetadataSignature::Tampered, MetadataSignature::ForeignKey] {
            idp.sign_metadata(wrong);
            assert!(!verifies(idp.publisher(), &idp.metadata()), "{wrong:?}");
        }
    }
}

#[test]
fn a_federation_lists_us_among_others_or_not() {
    let idp = SamlIdp::start(people::acme());
    for lists_us in [true, false] {
        idp.set_federation(Some(Federation { others: 20, lists_us, nested: false }));
        let metadata = idp.metadata();
        let document = roxmltree::Document::parse(&metadata).unwrap();
        let entities: Vec<_> =
            document.descendants().filter_map(|n| n.attribute("entityID")).collect();
        assert_eq!(entities.len(), 40 + usize::from(lists_us));
        assert_eq!(entities.contains(&idp.entity_id.as_str()), lists_us);
    }
}

#[test]
fn a_key_is_staged_activated_and_retired() {
    let idp = SamlIdp::start(people::acme());
    let old = idp.key().certificate_base64();
    idp.stage_key();
    assert_eq!(idp.key().certificate_base64(), old);
    assert_eq!(idp.metadata().matches("<md:KeyDescriptor").count(), 2);
    idp.activate_key();
    let new = idp.key().certificate_base64();
    assert!(new != old && idp.metadata().contains(&new) && idp.metadata().contains(&old));
    idp.retire_keys();
    assert!(idp.metadata().contains(&new) && !idp.metadata().contains(&old));
}
