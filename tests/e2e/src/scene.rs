//! A whole installation on loopback.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use audit::Record;
use domain::ReferenceCode;
use fakes::helpcenter::{HelpCenter, HelpCenterOptions};
use fakes::jsm::JsmCloud;
use fakes::keys::{KeyKind, SigningKey};
use fakes::openid::{OpenIdProvider, ProviderOptions};
use fakes::saml::{IdpOptions, SamlIdp};
use fakes::{FakeClock, TestAuthority, people};
use gateway::{Feed, Running};
use tempfile::TempDir;

use crate::{MovedClock, Visitor};

/// What is different from the ordinary scene.
#[derive(Debug, Clone, Default)]
pub struct SceneOptions {
    /// Lines put in place of a line of the ordinary file that is equal to the first of the pair.
    pub instead: Vec<(&'static str, String)>,
    /// Lines put at the end of the file.
    pub more: String,
    /// Where the gateway runs.
    pub gateway: Place,
}

/// Where the gateway of a scene runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// In this process, with the clock that the test moves.
    #[default]
    Here,
    /// In this process, several times, behind a front: see [`crate::Replicas`].
    Behind,
    /// In a process of its own, which the test starts; the fakes then read the system's clock.
    Process,
}

/// A whole installation on loopback; all of it ends when this is dropped.
pub struct Scene {
    /// The gateway, unless the test stopped it.
    pub gateway: Option<Running>,
    /// Everybody's time.
    pub clock: MovedClock,
    /// SAML, acme.example.
    pub acme: SamlIdp,
    /// SAML, initech.example.
    pub initech: SamlIdp,
    /// OpenID Connect, globex.example.
    pub globex: OpenIdProvider,
    /// OpenID Connect, umbrella.example.
    pub umbrella: OpenIdProvider,
    /// The JSM.
    pub jsm: JsmCloud,
    /// The upstream.
    pub helpcenter: HelpCenter,
    /// Who issued the gateway's certificate.
    pub authority: TestAuthority,
    /// The gateway's port.
    pub port: u16,
    /// The operator's folder, with `vestibule.yaml`.
    pub folder: TempDir,
}

impl Scene {
    /// The ordinary scene.
    pub async fn start() -> Self {
        Self::with(SceneOptions::default()).await
    }

    /// A scene that differs.
    pub async fn with(options: SceneOptions) -> Self {
        let clock = MovedClock::new();
        let peers = match options.gateway {
            Place::Here | Place::Behind => clock.peers(),
            Place::Process => FakeClock::system(),
        };
        let saml = |company| {
            let options = IdpOptions { clock: peers.clone(), ..IdpOptions::of(company) };
            SamlIdp::start_with(options).expect("a free port")
        };
        let port = free_port();
        let openid = |company: people::Company| {
            let callback =
                format!("https://help.localhost:{port}/.vestibule/oidc/{}/callback", company.slug);
            let options = ProviderOptions {
                clock: peers.clone(),
                redirect_uris: vec![callback],
                ..ProviderOptions::of(company)
            };
            OpenIdProvider::start_with(options).expect("a free port")
        };
        let mut scene = Self {
            gateway: None,
            acme: saml(people::acme()),
            initech: saml(people::initech()),
            globex: openid(people::globex()),
            umbrella: openid(people::umbrella()),
            jsm: JsmCloud::start().await,
            helpcenter: HelpCenter::start_with(HelpCenterOptions {
                clock: peers.clone(),
                ..HelpCenterOptions::default()
            })
            .expect("a free port"),
            authority: TestAuthority::new(),
            port,
            folder: tempfile::tempdir().expect("a folder"),
            clock,
        };
        scene.jsm.add_desk("1", "SUP", "Support");
        scene.write_files(&options);
        match options.gateway {
            Place::Here => scene.start_gateway(),
            Place::Behind | Place::Process => scene.introduce_gateway(),
        }
        scene
    }

    /// Starts the gateway, again if the test stopped it; its folder and port stay.
    pub fn start_gateway(&mut self) {
        let running = gateway::start(self.settings(), Arc::new(self.clock.clone()), Feed::Acceptor);
        self.gateway = Some(running.expect("the gateway starts"));
        self.introduce_gateway();
    }

    /// The help center believes the gateway from now on.
    fn introduce_gateway(&self) {
        self.helpcenter
            .trust_gateway(&self.url("/.vestibule/jwks.json"), &self.authority.certificate_pem());
    }

    /// What the operator's file says now.
    pub fn settings(&self) -> config::Settings {
        config::load(&self.file_path()).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// The operator's file.
    pub fn file_path(&self) -> PathBuf {
        self.folder.path().join("vestibule.yaml")
    }

    /// An absolute URL of the help center.
    pub fn url(&self, path: &str) -> String {
        format!("https://help.localhost:{}{path}", self.port)
    }

    /// A new browser.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self)
    }

    /// What the audit log has under a reference code.
    pub fn recorded(&self, code: &str) -> Vec<Record> {
        let code: ReferenceCode = code.parse().expect("a reference code");
        audit::find(&self.folder.path().join("data/audit.jsonl"), code).expect("an audit log")
    }

    /// The whole audit log.
    pub fn audit_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/audit.jsonl")).expect("an audit log")
    }

    fn write_files(&self, options: &SceneOptions) {
        let folder = self.folder.path();
        let certificate =
            self.authority.issue(&["help.localhost", "support.localhost", "other.localhost"]);
        for (name, text) in [
            ("help.pem", certificate.chain_pem),
            ("help.key", certificate.key_pem),
            ("sealing", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\n".to_owned()),
            ("token", self.jsm.token.clone()),
            ("globex", self.globex.client_secret.clone()),
            ("umbrella", self.umbrella.client_secret.clone()),
            ("saml.pem", SigningKey::first(KeyKind::Rsa2048, "help").pem()),
            ("saml-p256.pem", SigningKey::first(KeyKind::P256, "help").pem()),
            ("assertion.pem", SigningKey::p256("assertion").private_key_pem()),
        ] {
            write_secret(&folder.join(name), &text);
        }
        let mut file = self.file();
        for (line, other) in &options.instead {
            assert!(file.contains(line), "the ordinary file has no `{line}`");
            file = file.replacen(line, other, 1);
        }
        let _ = write!(file, "{}", options.more);
        write_secret(&folder.join("vestibule.yaml"), &file);
    }

    fn file(&self) -> String {
        let (port, upstream, jsm) = (self.port, &self.helpcenter.url, &self.jsm.url);
        let (acme, initech) = (&self.acme.metadata_url, &self.initech.metadata_url);
        let (globex, umbrella) = (&self.globex.issuer, &self.umbrella.issuer);
        let (globex_id, umbrella_id) = (&self.globex.client_id, &self.umbrella.client_id);
        let email = &self.jsm.email;
        format!(
            r#"listen: {{ https: "127.0.0.1:{port}", operations: "127.0.0.1:0", public_port: {port}, workers: 2 }}
tls: {{ certificates: [{{ chain: help.pem, key: {{ file: help.key }} }}] }}
store: {{ embedded: {{ path: data }} }}
keys: {{ sealing: [{{ file: sealing }}], assertion: [{{ file: assertion.pem }}] }}
sites:
  help:
    hosts: [help.localhost, support.localhost]
    label: Example Help Center
    upstream: {{ url: "{upstream}", session: asserted, identity_headers: {{ X-Remote-User: email }} }}
    jsm: support
    session: {{ idle: 30m, absolute: 12h }}
identity_providers:
  acme: {{ label: Acme, domains: [acme.example], saml: {{ metadata: {{ url: "{acme}" }} }} }}
  initech: {{ label: Initech, domains: [initech.example], saml: {{ metadata: {{ url: "{initech}" }} }} }}
  globex:
    label: Globex
    domains: [globex.example]
    oidc: {{ issuer: "{globex}", client_id: {globex_id}, client_secret: {{ file: globex }} }}
  umbrella:
    label: Umbrella
    domains: [umbrella.example]
    oidc: {{ issuer: "{umbrella}", client_id: {umbrella_id}, client_secret: {{ file: umbrella }} }}
sign_in:
  - {{ domain: acme.example, use: acme }}
  - {{ domain: initech.example, use: initech }}
  - {{ domain: globex.example, use: globex }}
  - {{ domain: umbrella.example, use: umbrella }}
  - {{ otherwise: choose }}
links: []
jsm:
  support:
    cloud: {{ site: "{jsm}", email: "{email}", token: {{ file: token }} }}
    organizations:
      - {{ domain: acme.example, organization: Acme }}
      - {{ domain: globex.example, organization: Globex }}
    desks: [{{ join: ["1"] }}]
audit: {{ file: data/audit.jsonl }}
access_log: {{ file: data/access.jsonl }}
control: {{ socket: data/control.sock }}
"#
        )
    }
}

/// A port that nobody uses just now, and that the system gives to no outgoing connection before the
/// gateway binds it: those come from 32768 upwards.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() % 22_000;
    for _ in 0..22_000 {
        let offset = (first + u32::from(NEXT.fetch_add(1, Ordering::Relaxed)) * 7) % 22_000;
        let port = 10_000 + u16::try_from(offset).expect("less than 22,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// Writes a file that its owner alone can read.
pub(crate) fn write_secret(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).expect("a writable folder");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("own file");
}
