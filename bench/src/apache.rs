//! Apache as the front that sign-ins are compared with: a TLS proxy to the origin behind
//! mod_auth_mellon (SAML) or mod_auth_openidc, one identity provider each, as both are set up by
//! their manuals.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use fakes::openid::OpenIdProvider;
use fakes::saml::SamlIdp;
use tokio::process::Command;

use crate::lab::{HOST, Lab};
use crate::nginx::{free_port, is_root, wait_for};
use crate::process::Running;

/// Where Debian has the program and its modules.
const PROGRAM: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";
/// What both ways need, in this order.
const COMMON: [&str; 8] = [
    "mpm_prefork",
    "authn_core",
    "authz_core",
    "authz_user",
    "ssl",
    "socache_shmcb",
    "proxy",
    "proxy_http",
];

/// A module that signs people in, and who it trusts.
#[derive(Clone, Copy)]
pub(crate) enum Module<'a> {
    Mellon(&'a SamlIdp),
    OpenIdc(&'a OpenIdProvider),
}

impl Module<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mellon(_) => "auth_mellon",
            Self::OpenIdc(_) => "auth_openidc",
        }
    }

    /// Whether Apache and the module are on this machine.
    pub(crate) fn is_installed(self) -> bool {
        Path::new(PROGRAM).exists() && module(self.name()).1.exists()
    }

    /// The lines that are its own; what they name is written into `folder`.
    fn lines(self, folder: &Path, port: u16) -> anyhow::Result<String> {
        let base = format!("https://{HOST}:{port}");
        match self {
            Self::Mellon(idp) => {
                let algorithm = &rcgen::PKCS_RSA_SHA256;
                let key = rcgen::KeyPair::generate_rsa_for(algorithm, rcgen::RsaKeySize::_2048)?;
                let own = rcgen::CertificateParams::default().self_signed(&key)?;
                std::fs::write(folder.join("sp.key"), key.serialize_pem())?;
                std::fs::write(folder.join("sp.pem"), own.pem())?;
                std::fs::write(folder.join("idp.xml"), idp.metadata())?;
                let folder = folder.display();
                Ok(format!(
                    "MellonLockFile {folder}/mellon.lock
                    ProxyPass /mellon !
                    <Location />
                        AuthType Mellon
                        MellonEnable auth
                        MellonSecureCookie On
                        MellonSPentityId {base}/mellon/metadata
                        MellonSPPrivateKeyFile {folder}/sp.key
                        MellonSPCertFile {folder}/sp.pem
                        MellonIdPMetadataFile {folder}/idp.xml
                    </Location>"
                ))
            }
            Self::OpenIdc(provider) => Ok(format!(
                "OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
                OIDCClientID {client}
                OIDCClientSecret {secret}
                OIDCRedirectURI {base}/oidc-callback
                OIDCCryptoPassphrase of-this-run-alone
                OIDCScope \"openid email profile\"
                OIDCPKCEMethod S256
                ProxyPass /oidc-callback !
                <Location />
                    AuthType openid-connect
                </Location>",
                issuer = provider.issuer,
                client = provider.client_id,
                secret = provider.client_secret,
            )),
        }
    }
}

/// A running Apache.
pub(crate) struct Apache {
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
}

/// Starts Apache behind `module`, with a process for each of 16 connections: mod_auth_mellon fails
/// now and then among threads.
pub(crate) async fn start(lab: &Lab, module: Module<'_>) -> anyhow::Result<Apache> {
    let port = free_port()?;
    let folder = lab.folder().join(module.name());
    std::fs::create_dir(&folder)?;
    // Root's Apache answers as somebody who must be let in, and never as root.
    std::fs::set_permissions(lab.folder(), Permissions::from_mode(0o755))?;
    let user = if is_root()? { "User nobody\nGroup nogroup" } else { "" };
    let loads: String = COMMON
        .into_iter()
        .chain([module.name()])
        .map(self::module)
        .map(|(name, path)| format!("LoadModule {name}_module {}\n", path.display()))
        .collect();
    let configuration = format!(
        "{loads}
        {user}
        ServerRoot {own}
        ServerName {HOST}:{port}
        DefaultRuntimeDir {own}
        PidFile {own}/pid
        ErrorLog {own}/error.log
        Mutex pthread
        Listen 127.0.0.1:{port}
        StartServers 16
        MaxSpareServers 16
        ServerLimit 16
        MaxRequestWorkers 16
        MaxKeepAliveRequests 0
        KeepAliveTimeout 60
        SSLEngine on
        SSLCertificateFile {chain}
        SSLCertificateKeyFile {key}
        {lines}
        <Location />
            Require valid-user
        </Location>
        ProxyPass / http://{origin}/
        ",
        own = folder.display(),
        chain = lab.certificate.chain.display(),
        key = lab.certificate.key.display(),
        lines = module.lines(&folder, port)?,
        origin = lab.origin(),
    );
    let file = folder.join("apache.conf");
    std::fs::write(&file, configuration)?;
    let mut command = Command::new(PROGRAM);
    // Apache ends with all of its process group.
    let command = command.arg("-f").arg(&file).arg("-DFOREGROUND").process_group(0);
    let running = Running::start(command)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    wait_for(address).await.with_context(|| format!("Apache with {}", module.name()))?;
    Ok(Apache { running, address })
}

/// A module's name and file.
fn module(name: &str) -> (&str, std::path::PathBuf) {
    (name, Path::new(MODULES).join(format!("mod_{name}.so")))
}
