//! Everything the operator said, checked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use domain::{EmailAddress, HostName, Identity, JsmName, Secret, SiteName};
use factor::FactorSettings;
use federation::IdpSettings;
use ipnet::IpNet;
use login::ClaimRules;
use policy::{FactorRules, SignInRules, TrustedFactors};
use provisioning::JsmSettings;
use proxy::UpstreamSettings;
use rustls_pki_types::CertificateDer;
use store::{AreaId, RedisSettings};

use crate::{Branding, Parking, Picture, Warning};

/// Everything the operator said, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it was read, to read it again.
    pub file: PathBuf,
    /// SHA-256 of the file, in hex.
    pub digest: String,
    /// Where to listen.
    pub listen: Listen,
    /// Certificates of the TLS listener, chosen by SNI; the first is the default.
    pub certificates: Vec<CertificateFiles>,
    /// Where state is kept.
    pub store: StoreSettings,
    /// The id of the records that are ours; `None`: whatever id they have.
    pub store_id: Option<AreaId>,
    /// For how long sessions that are open go on while the store does not answer; zero: not at all.
    pub store_grace: Duration,
    /// Our own keys.
    pub keys: Keys,
    /// The help centers; never empty.
    pub sites: Vec<Site>,
    /// The identity providers, in the file's order, which is the chooser's.
    pub identity_providers: Vec<IdentityProvider>,
    /// Who signs in where.
    pub sign_in: SignInRules,
    /// Who must show a second factor where.
    pub second_factor: FactorRules,
    /// Whether a typed address leads to the identity provider that it signed in with last. It tells
    /// strangers who is known here, and is therefore paced; off unless said otherwise.
    pub known_links: bool,
    /// The JSMs.
    pub jsm: Vec<JsmSettings>,
    /// How forms are kept whose customers must sign in again.
    pub parking: Parking,
    /// How second factors are made.
    pub factors: FactorSettings,
    /// Where notices to customers go out; `None`: nobody is written to.
    pub mail: Option<MailSettings>,
    /// Certificate authorities trusted beside the system's for calls to IdPs and JSM, and for mail.
    pub extra_certificate_authorities: Vec<CertificateDer<'static>>,
    /// File of the audit log; parent folders are made.
    pub audit_file: PathBuf,
    /// File of the access log; `None`: standard output is not used either, there is none.
    pub access_log: Option<PathBuf>,
    /// Path of the control socket.
    pub control_socket: PathBuf,
    /// What works and is probably not meant; for the log and for `vestibule check`.
    pub warnings: Vec<Warning>,
}

impl Settings {
    /// The organizations that the rules of a site's JSM give somebody; `None`: the site has no JSM,
    /// and so nobody's are known.
    pub fn organizations(&self, site: &Site, identity: &Identity) -> Option<Vec<String>> {
        let jsm = self.jsm.iter().find(|jsm| Some(&jsm.name) == site.jsm.as_ref())?;
        let wanted = provisioning::wanted(jsm, identity);
        wanted.organization_names()
    }
}

/// An identity provider and where its claims are.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// How to speak to it.
    pub federation: IdpSettings,
    /// Where its claims are.
    pub claims: ClaimRules,
    /// Beside its label.
    pub logo: Option<Picture>,
    /// Whether choosers leave it out; rules and links still lead to it.
    pub hidden: bool,
    /// The sites whose people it signs in; `None`: every site.
    pub sites: Option<Vec<SiteName>>,
    /// What it may say to have its own second factor accepted.
    pub trusted_factors: TrustedFactors,
}

/// Where to listen. Port 0 asks the system for a free one.
#[derive(Debug, Clone)]
pub struct Listen {
    /// TLS.
    pub https: SocketAddr,
    /// Redirects to https only; `None`: not at all.
    pub http: Option<SocketAddr>,
    /// `/livez`, `/readyz`; never public.
    pub operations: SocketAddr,
    /// Peers whose forwarded headers are believed; empty by default (invariant 6).
    pub trusted_proxies: Vec<IpNet>,
    /// Whether balancers say by the PROXY protocol whose connection they pass on.
    pub proxy_protocol: ProxyProtocol,
    /// Threads of the data path; `None`: one for each core.
    pub workers: Option<usize>,
}

/// Whether connections begin with a header of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// None does.
    Off,
    /// Each does, and comes from a trusted proxy.
    Required,
}

/// One certificate: PEM files, reread when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, leaf first.
    pub chain: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Where state is kept.
#[derive(Debug, Clone)]
pub enum StoreSettings {
    /// One crash-safe file in this folder.
    Embedded {
        /// The folder; made when missing.
        path: PathBuf,
    },
    /// Redis, for any number of processes.
    Redis {
        /// Where sessions are, and records too unless they are apart.
        sessions: Box<RedisSettings>,
        /// Where records are, if apart.
        records: Option<Box<RedisSettings>>,
    },
}

/// The mail server for notices to customers.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Host name or address.
    pub server: String,
    /// Port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// The address that mails come from.
    pub from: EmailAddress,
    /// The name beside it; `None`: the site's.
    pub name: Option<String>,
    /// User and password.
    pub credentials: Option<(String, Secret<String>)>,
}

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By STARTTLS, and never without.
    StartTls,
    /// Not at all; only toward this machine.
    None,
}

/// Our own keys. In each list the first is used for new writes, all are accepted.
#[derive(Debug, Clone)]
pub struct Keys {
    /// 32 bytes each, seal what the store holds.
    pub sealing: Vec<Secret<Vec<u8>>>,
    /// ECDSA P-256, PKCS#8 DER each, sign the identity assertion.
    pub assertion: Vec<Secret<Vec<u8>>>,
    /// PEM each, private key and self-signed certificate: sign our SAML messages and decrypt
    /// assertions. May be empty: nothing is signed and nothing can be decrypted.
    pub saml: Vec<Secret<Vec<u8>>>,
    /// Where the keys in use lie.
    pub files: KeyFiles,
}

/// The file of the key in use, for each kind; `None`: it is in no file. Beside it lie the staged
/// and the former key, where there are some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFiles {
    /// Of [`Keys::sealing`].
    pub sealing: Option<PathBuf>,
    /// Of [`Keys::assertion`].
    pub assertion: Option<PathBuf>,
    /// Of [`Keys::saml`].
    pub saml: Option<PathBuf>,
}

/// One help center.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name in the file.
    pub name: SiteName,
    /// Its host names; the first is canonical, the others redirect to it; never empty.
    pub hosts: Vec<HostName>,
    /// Name for people, on our pages.
    pub label: String,
    /// `https://{first host}` with the public port when it is not 443: base of every URL we publish.
    pub public_url: url::Url,
    /// How its own pages look.
    pub branding: Branding,
    /// Where requests go.
    pub upstream: UpstreamSettings,
    /// Whether its pages get the script that has customers sign in again beside a page.
    pub inject_script: bool,
    /// Which JSM knows these customers; `None`: none is written to.
    pub jsm: Option<JsmName>,
    /// How long its sessions live.
    pub session: policy::Lifetimes,
    /// Whether new requests are shared with their customer's organization.
    pub sharing: Option<provisioning::Sharing>,
}
