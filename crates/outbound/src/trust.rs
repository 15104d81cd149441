//! Which certificates are believed.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

use crate::OutboundError;

/// TLS 1.2 and 1.3 with the system's certificate authorities and the operator's own beside them.
pub(crate) fn client_config(
    extra_ca: &[CertificateDer<'static>],
) -> Result<ClientConfig, OutboundError> {
    // The provider is named: a process-wide default is one more thing that may not be set.
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(OutboundError::Tls)
        .map(|builder| (builder, system_roots()))
        .and_then(|(builder, mut roots)| {
            for certificate in extra_ca {
                roots.add(certificate.clone()).map_err(OutboundError::ExtraCa)?;
            }
            Ok(builder.with_root_certificates(roots).with_no_client_auth())
        })
}

/// The system's authorities. None at all is no error here: a container may bring only its own.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (taken, passed_over) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(
        taken,
        passed_over,
        errors = found.errors.len(),
        "system certificate authorities"
    );
    roots
}
