//! Everything around the gateway, and the operator's folder.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use fakes::backstage::Backstage;
use fakes::helpcenter::HelpCenter;
use fakes::http_client::Browser;
use fakes::jsm::JsmCloud;
use fakes::keys::SigningKey;
use fakes::oauth2::{OAuth2Options, OAuth2Provider};
use fakes::openid::{OpenIdProvider, ProviderOptions};
use fakes::people::{self, Company};
use fakes::saml::{AttributeNames, IdpOptions, SamlIdp};
use fakes::server::Place;
use fakes::{Person, TestAuthority};

use crate::process;

/// Where the gateway listens when nobody else does.
const PORT: u16 = 8443;

/// What everything is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// For somebody to look at.
    Show,
    /// To see that it works.
    Check,
}

/// Everything around the gateway; dropped means stopped.
pub(crate) struct World {
    /// Ends with the demo: a second one would take the store away under it.
    _lock: fs::File,
    /// The operator's folder.
    pub(crate) folder: PathBuf,
    /// The help center in front of which the gateway stands: `https://help.localhost:PORT`.
    pub(crate) url: String,
    /// PEM of the only authority to trust for it.
    pub(crate) authority: String,
    pub(crate) acme: SamlIdp,
    pub(crate) initech: SamlIdp,
    pub(crate) globex: OpenIdProvider,
    pub(crate) umbrella: OpenIdProvider,
    pub(crate) hooli: OAuth2Provider,
    pub(crate) jsm: Arc<JsmCloud>,
    pub(crate) help_center: HelpCenter,
    pub(crate) backstage: Backstage,
}

impl World {
    /// Starts the fakes and writes the operator's folder; the keys in it stay from the last time.
    pub(crate) async fn set_up(purpose: Purpose) -> anyhow::Result<Self> {
        let (name, wanted) = match purpose {
            Purpose::Show => ("demo", PORT),
            Purpose::Check => ("demo-check", 0),
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(name);
        fs::create_dir_all(folder.join("tls"))?;
        fs::create_dir_all(folder.join("secrets"))?;
        let folder = folder.canonicalize()?;
        let lock = fs::File::create(folder.join("lock"))?;
        lock.try_lock().context("another demo runs in this folder; end it first")?;
        // The fakes forget everything; what the gateway remembers of them would be wrong.
        remove(&folder.join("data"))?;
        remove(&folder.join("gateway.log"))?;
        let port = free_port(wanted)?;
        let url = format!("https://help.localhost:{port}");
        let jsm = Arc::new(JsmCloud::start().await);
        for organization in ["Acme", "Initech", "Globex", "Umbrella", "Hooli"] {
            jsm.add_organization(organization);
        }
        let backstage = Backstage::start(&Place::default(), Arc::clone(&jsm), &["1", "3"])?;
        let world = Self {
            _lock: lock,
            authority: certificate(&folder)?,
            acme: saml(company_with_impostor(), AttributeNames::Plain)?,
            initech: saml(people::initech(), AttributeNames::Oid)?,
            globex: openid(people::globex(), &url)?,
            umbrella: openid(people::umbrella(), &url)?,
            hooli: oauth2(people::hooli(), &url)?,
            help_center: HelpCenter::start(),
            jsm,
            backstage,
            folder,
            url,
        };
        world.write_files(port)?;
        let jwks = format!("{}/.vestibule/jwks.json", world.url);
        world.help_center.trust_gateway(&jwks, &world.authority);
        Ok(world)
    }

    /// As an operator does: the gateway's own metadata goes to the SAML identity providers, which
    /// then take part in single logout.
    pub(crate) async fn introduce(&self) -> anyhow::Result<()> {
        let mut browser = Browser::trusting(&self.authority);
        for (name, idp) in [("acme", &self.acme), ("initech", &self.initech)] {
            let url = format!("{}/.vestibule/saml/{name}/metadata", self.url);
            idp.know(&browser.open(&url).await?.text());
        }
        Ok(())
    }

    fn write_files(&self, port: u16) -> anyhow::Result<()> {
        for (name, secret) in [
            ("jsm-token", &self.jsm.token),
            ("globex", &self.globex.client_secret),
            ("umbrella", &self.umbrella.client_secret),
            ("hooli", &self.hooli.client_secret),
        ] {
            write_secret(&self.folder.join("secrets").join(name), secret)?;
        }
        fs::write(self.folder.join("vestibule.yaml"), self.configuration(port)?)?;
        let own = self.folder.join("secrets/saml-1.pem");
        if !own.exists() {
            write_secret(&own, &SigningKey::rsa(2048, "Example Support").pem())?;
        }
        if !self.folder.join("keys/assertion-1.pem").exists() {
            let made = process::command(&self.folder, "keys init")?.status()?;
            ensure!(made.success(), "`vestibule keys init` failed");
        }
        Ok(())
    }

    fn configuration(&self, port: u16) -> io::Result<String> {
        let http = free_port(8080)?;
        Ok(format!(
            r#"# Written by the demo. docs/configuration.md explains every key.
listen:
  https: 127.0.0.1:{port}
  http: 127.0.0.1:{http}
  operations: 127.0.0.1:0
  public_port: {port}
tls: {{ certificates: [{{ chain: tls/help.pem, key: {{ file: tls/help.key }} }}] }}
store: {{ embedded: {{ path: data }} }}
keys:
  sealing: [{{ file: keys/sealing-1 }}]
  assertion: [{{ file: keys/assertion-1.pem }}]
  saml: [{{ file: secrets/saml-1.pem }}]
sites:
  help:
    hosts: [help.localhost]
    label: Example Support
    upstream: {{ url: "{upstream}", session: asserted }}
    jsm: support
identity_providers:
  acme:
    label: Acme
    domains: [acme.example]
    saml: {{ metadata: {{ url: "{acme}" }} }}
  initech:
    label: Initech
    domains: [initech.example]
    saml: {{ metadata: {{ url: "{initech}" }} }}
  globex:
    label: Globex
    domains: [globex.example]
    oidc: {{ issuer: "{globex}", client_id: vestibule, client_secret: {{ file: secrets/globex }} }}
  umbrella:
    label: Umbrella
    domains: [umbrella.example]
    oidc: {{ issuer: "{umbrella}", client_id: vestibule, client_secret: {{ file: secrets/umbrella }} }}
  hooli:
    label: Hooli
    domains: [hooli.example]
    oauth2:
      authorization_endpoint: "{hooli}/login/oauth/authorize"
      token_endpoint: "{hooli}/login/oauth/access_token"
      userinfo_endpoint: "{hooli}/user"
      emails_endpoint: "{hooli}/user/emails"
      client_id: vestibule
      client_secret: {{ file: secrets/hooli }}
    claims: {{ subject: id }}
sign_in:
  - {{ domain: acme.example, use: acme }}
  - {{ domain: initech.example, use: initech }}
  - {{ domain: globex.example, use: globex }}
  - {{ domain: umbrella.example, use: umbrella }}
  - {{ domain: hooli.example, use: hooli }}
  - {{ otherwise: choose }}
second_factor:
  - {{ idp: umbrella, require: totp, trusted_browser: 30d }}
jsm:
  support:
    cloud: {{ site: "{jsm}", email: {email}, token: {{ file: secrets/jsm-token }} }}
    organizations:
      - {{ domain: acme.example, organization: Acme }}
      - {{ domain: initech.example, organization: Initech }}
      - {{ domain: globex.example, organization: Globex }}
      - {{ domain: umbrella.example, organization: Umbrella }}
      - {{ domain: hooli.example, organization: Hooli }}
    desks:
      - {{ join: ["1"] }}
"#,
            upstream = self.help_center.url,
            acme = self.acme.metadata_url,
            initech = self.initech.metadata_url,
            globex = self.globex.issuer,
            umbrella = self.umbrella.issuer,
            hooli = self.hooli.url,
            jsm = self.jsm.url,
            email = self.jsm.email,
        ))
    }
}

/// Acme, and somebody there who has an address of another company.
fn company_with_impostor() -> Company {
    let mut acme = people::acme();
    acme.people.push(Person::new("Mallory Moss", "ida@initech.example"));
    acme
}

fn place(company: &Company) -> Place {
    Place { host: Some(format!("{}.localhost", company.slug)), ..Place::default() }
}

fn saml(company: Company, attributes: AttributeNames) -> io::Result<SamlIdp> {
    let place = place(&company);
    SamlIdp::start_with(IdpOptions { place, attributes, ..IdpOptions::of(company) })
}

fn openid(company: Company, url: &str) -> io::Result<OpenIdProvider> {
    let redirect_uris = vec![format!("{url}/.vestibule/oidc/{}/callback", company.slug)];
    let place = place(&company);
    let provider = OpenIdProvider::start_with(ProviderOptions {
        place,
        redirect_uris,
        ..ProviderOptions::of(company)
    })?;
    provider.register_post_logout_redirect(&format!("{url}/.vestibule/sign-out"));
    Ok(provider)
}

fn oauth2(company: Company, url: &str) -> io::Result<OAuth2Provider> {
    let redirect_uris = vec![format!("{url}/.vestibule/oidc/{}/callback", company.slug)];
    let place = place(&company);
    OAuth2Provider::start_with(OAuth2Options { place, redirect_uris, ..OAuth2Options::of(company) })
}

/// The certificate of the last time, so that a browser that was told to trust it still does, or a
/// new one; gives its authority.
fn certificate(folder: &Path) -> anyhow::Result<String> {
    let (chain, key) = (folder.join("tls/help.pem"), folder.join("tls/help.key"));
    let authority = folder.join("tls/authority.pem");
    if !(chain.exists() && key.exists() && authority.exists()) {
        let issuer = TestAuthority::new();
        let issued = issuer.issue(&["help.localhost"]);
        fs::write(&chain, issued.chain_pem)?;
        write_secret(&key, &issued.key_pem)?;
        fs::write(&authority, issuer.certificate_pem())?;
    }
    fs::read_to_string(&authority).context("the demo's own certificate authority")
}

fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    remove(path)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

/// `wanted` when nobody listens there, else a free port.
fn free_port(wanted: u16) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", wanted));
    let listener = listener.or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    Ok(listener.local_addr()?.port())
}
