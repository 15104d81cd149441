//! libxmlsec1 with only what SAML needs, and the lock around it.
//!
//! As shipped, libxmlsec1 resolves `http:` and `file:` references, runs XPath and XSLT, and prints
//! every failure to standard error. The gate refuses all of these before; here they are taken out
//! of the library, so that a mistake in the gate does not bring them back.
//!
//! This is the only module of the workspace with unsafe code.

use std::ffi::{c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{OnceLock, PoisonError, RwLock};

use samael::crypto::{AllowedSignatureAlgorithm as Allowed, CertificateDer};
use samael::crypto::{Crypto, CryptoProvider, ReduceMode};

use crate::ResponseError;

const ALGORITHMS: [Allowed; 6] = [
    Allowed::RsaSha256,
    Allowed::RsaSha384,
    Allowed::RsaSha512,
    Allowed::EcdsaSha256,
    Allowed::EcdsaSha384,
    Allowed::EcdsaSha512,
];

/// The library's list of transforms is global and not synchronised: verifications read it, a
/// verification with SHA-1 changes it.
static TRANSFORMS: RwLock<()> = RwLock::new(());

/// Whether stripping succeeded.
static STRIPPED: OnceLock<bool> = OnceLock::new();

/// Strips libxmlsec1 to exclusive canonicalization, SHA-2, RSA and ECDSA; idempotent.
///
/// Call it once at start. `verify_response` calls it too, and refuses when it failed.
pub fn harden() {
    is_hardened();
}

fn is_hardened() -> bool {
    *STRIPPED.get_or_init(|| {
        let _alone = TRANSFORMS.write().unwrap_or_else(PoisonError::into_inner);
        native::silence();
        // The first use initialises the library. An empty certificate cannot verify anything.
        let nothing = CertificateDer::from(Vec::new());
        let initialised = catch_unwind(|| Crypto::verify_signed_xml("<a/>", &nothing, None));
        initialised.is_ok() && native::strip()
    })
}

/// The canonical bytes that were digested for the outermost signature, once every signature of
/// the message has been verified with one of the keys. The message must have passed the gate.
pub(crate) fn digested_bytes(
    xml: &str,
    keys: &[CertificateDer],
    uses_sha1: bool,
) -> Result<String, ResponseError> {
    in_library(uses_sha1, |algorithms| {
        let mode = ReduceMode::PreDigest;
        let reduced =
            Crypto::reduce_xml_to_signed_with_allowed_algorithms(xml, keys, mode, algorithms);
        reduced.map_err(|_| ResponseError::SignatureInvalid { keys: keys.len() })
    })
}

/// Whether the first signature of the message was made with this key, others aside. The message
/// must have passed the gate, which alone holds the algorithms here.
pub(crate) fn first_signature_fits(
    xml: &str,
    key: &CertificateDer,
    uses_sha1: bool,
) -> Result<bool, ResponseError> {
    in_library(uses_sha1, |_| Ok(Crypto::verify_signed_xml(xml, key, Some("ID")).is_ok()))
}

/// Calls the library, silenced and stripped, with the algorithms that samael is to accept.
fn in_library<T>(
    uses_sha1: bool,
    call: impl Fn(Option<&[Allowed]>) -> Result<T, ResponseError>,
) -> Result<T, ResponseError> {
    if !is_hardened() {
        return Err(ResponseError::Verifier("libxmlsec1 could not be stripped"));
    }
    native::silence();
    let caught = |algorithms: Option<&[Allowed]>| {
        // Nothing of the call is looked at again after a panic.
        catch_unwind(AssertUnwindSafe(|| call(algorithms)))
            .unwrap_or(Err(ResponseError::Verifier("it panicked")))
    };
    if !uses_sha1 {
        let _shared = TRANSFORMS.read().unwrap_or_else(PoisonError::into_inner);
        return caught(Some(&ALGORITHMS));
    }
    // SHA-1 exists in the library only while this one message is verified. The crate's list of
    // algorithms has no SHA-1, so here the gate alone holds the algorithms.
    let _alone = TRANSFORMS.write().unwrap_or_else(PoisonError::into_inner);
    let result = if native::add_sha1() {
        caught(None)
    } else {
        Err(ResponseError::Verifier("libxmlsec1 has no SHA-1"))
    };
    if !native::strip() {
        return Err(ResponseError::Verifier("libxmlsec1 could not be stripped again"));
    }
    result
}

#[cfg(test)]
mod tests;

#[expect(unsafe_code, reason = "libxmlsec1 offers no safe way to take transforms out of it")]
mod native {
    use super::{c_int, c_uint, c_void};

    type Klass = unsafe extern "C" fn() -> *const c_void;

    // Declared as in xmlsec/errors.h, io.h, list.h, transforms.h and openssl/crypto.h.
    #[link(name = "xmlsec1")]
    unsafe extern "C" {
        fn xmlSecErrorsDefaultCallbackEnableOutput(enabled: c_int);
        fn xmlSecIOCleanupCallbacks();
        fn xmlSecPtrListEmpty(list: *mut c_void);
        fn xmlSecPtrListGetSize(list: *mut c_void) -> c_uint;
        fn xmlSecTransformIdsGet() -> *mut c_void;
        fn xmlSecTransformIdsRegister(klass: *const c_void) -> c_int;
        fn xmlSecTransformEnvelopedGetKlass() -> *const c_void;
        fn xmlSecTransformExclC14NGetKlass() -> *const c_void;
    }

    type ErrorFunction = unsafe extern "C" fn(*mut c_void, *mut c_void);

    // Declared as in libxml/xmlerror.h and globals.h.
    #[link(name = "xml2")]
    unsafe extern "C" {
        fn xmlSetStructuredErrorFunc(context: *mut c_void, handler: Option<ErrorFunction>);
        fn xmlThrDefSetStructuredErrorFunc(context: *mut c_void, handler: Option<ErrorFunction>);
    }

    #[link(name = "xmlsec1-openssl")]
    unsafe extern "C" {
        fn xmlSecOpenSSLTransformSha1GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformSha256GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformSha384GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformSha512GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformRsaSha1GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformRsaSha256GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformRsaSha384GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformRsaSha512GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformEcdsaSha256GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformEcdsaSha384GetKlass() -> *const c_void;
        fn xmlSecOpenSSLTransformEcdsaSha512GetKlass() -> *const c_void;
    }

    const KEPT: [Klass; 11] = [
        xmlSecTransformEnvelopedGetKlass,
        xmlSecTransformExclC14NGetKlass,
        xmlSecOpenSSLTransformSha256GetKlass,
        xmlSecOpenSSLTransformSha384GetKlass,
        xmlSecOpenSSLTransformSha512GetKlass,
        xmlSecOpenSSLTransformRsaSha256GetKlass,
        xmlSecOpenSSLTransformRsaSha384GetKlass,
        xmlSecOpenSSLTransformRsaSha512GetKlass,
        xmlSecOpenSSLTransformEcdsaSha256GetKlass,
        xmlSecOpenSSLTransformEcdsaSha384GetKlass,
        xmlSecOpenSSLTransformEcdsaSha512GetKlass,
    ];

    unsafe extern "C" fn ignore(_context: *mut c_void, _error: *mut c_void) {}

    /// Stops both libraries from printing, in this thread and in threads to come.
    pub(super) fn silence() {
        // SAFETY: the functions only store their arguments; `ignore` lives for ever and has the
        // type that libxml2 calls it by.
        unsafe {
            xmlSecErrorsDefaultCallbackEnableOutput(0);
            xmlThrDefSetStructuredErrorFunc(std::ptr::null_mut(), Some(ignore));
            xmlSetStructuredErrorFunc(std::ptr::null_mut(), Some(ignore));
        }
    }

    /// Leaves only [`KEPT`] registered and no way to open a URL; whether that succeeded. The
    /// library must be initialised and nothing else may run in it.
    pub(super) fn strip() -> bool {
        // SAFETY: the list is the library's own static one, emptied by its own function, which
        // frees no klass; no other thread reads it, by the caller's lock.
        unsafe {
            xmlSecIOCleanupCallbacks();
            let registered = xmlSecTransformIdsGet();
            // Empty: the library is not initialised, and would later register all it has.
            if registered.is_null() || xmlSecPtrListGetSize(registered) == 0 {
                return false;
            }
            xmlSecPtrListEmpty(registered);
        }
        register(&KEPT)
    }

    /// Adds SHA-1 beside [`KEPT`]. The caller must be alone in the library.
    pub(super) fn add_sha1() -> bool {
        register(&[xmlSecOpenSSLTransformSha1GetKlass, xmlSecOpenSSLTransformRsaSha1GetKlass])
    }

    /// Whether an algorithm can be found by its name.
    #[cfg(test)]
    pub(super) fn knows(name: &std::ffi::CStr) -> bool {
        unsafe extern "C" {
            fn xmlSecTransformIdListFindByHref(
                list: *mut c_void,
                href: *const std::ffi::c_char,
                usage: c_uint,
            ) -> *const c_void;
        }
        // SAFETY: reads the static list, under the caller's lock, and a text that ends in NUL.
        unsafe {
            let any_usage = 0xffff;
            !xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), name.as_ptr(), any_usage)
                .is_null()
        }
    }

    fn register(klasses: &[Klass]) -> bool {
        // SAFETY: each function returns a pointer to a static klass or null, which is checked.
        klasses.iter().all(|klass| unsafe {
            let klass = klass();
            !klass.is_null() && xmlSecTransformIdsRegister(klass) >= 0
        })
    }
}
