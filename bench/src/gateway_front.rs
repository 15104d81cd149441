//! The gateway, and a customer who signed in to it.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::ValueEnum;
use fakes::http_client::{Answer, Browser, PageForm};
use fakes::openid::OpenIdProvider;
use fakes::saml::SamlIdp;
use gateway::{Feed, SystemClock};
use http::Method;
use tokio::process::Command;

use crate::lab::{HOST, Lab};
use crate::nginx::free_port;
use crate::process::Running;

/// What the file says of the embedded store.
pub(crate) const EMBEDDED: &str = "embedded: { path: data }";
/// Name of the session's cookie.
const COOKIE: &str = "__Host-vestibule";

/// How connections come to the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeedName {
    Acceptor,
    ReusePort,
}

/// A running gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
    /// Of a signed-in customer, `name=value`.
    pub(crate) cookie: String,
    /// The operator's folder.
    pub(crate) folder: PathBuf,
}

/// Serves until it is ended; says on standard output where.
pub(crate) fn serve(config: &Path, feed: FeedName) -> anyhow::Result<()> {
    let settings = config::load(config).map_err(|problems| anyhow!("{problems}"))?;
    let feed = match feed {
        FeedName::Acceptor => Feed::Acceptor,
        FeedName::ReusePort => Feed::ReusePort,
    };
    let running = gateway::start(settings, Arc::new(SystemClock), feed)?;
    println!("listening {}", running.https);
    loop {
        std::thread::park();
    }
}

/// Starts a gateway and signs somebody in.
pub(crate) async fn start(lab: &Lab, feed: FeedName) -> anyhow::Result<Gateway> {
    let (globex, acme) =
        (OpenIdProvider::start(fakes::people::globex()), SamlIdp::start(fakes::people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    start_with(lab, feed, &globex, &acme).await
}

/// The same with identity providers that the caller keeps.
pub(crate) async fn start_with(
    lab: &Lab,
    feed: FeedName,
    globex: &OpenIdProvider,
    acme: &SamlIdp,
) -> anyhow::Result<Gateway> {
    start_over(lab, feed, (globex, acme), EMBEDDED).await
}

/// The same over a store that the file describes so.
pub(crate) async fn start_over(
    lab: &Lab,
    feed: FeedName,
    (globex, acme): (&OpenIdProvider, &SamlIdp),
    store: &str,
) -> anyhow::Result<Gateway> {
    let port = free_port()?;
    let name = feed.to_possible_value().map(|value| value.get_name().to_owned());
    let folder = lab.folder().join(format!("gateway-{port}"));
    let file = write_configuration(&folder, lab, (globex, acme), port, store)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("gateway").arg("--config").arg(file);
    command.arg("--feed").arg(name.unwrap_or_default());
    let (running, address) = Running::start_and_read(&mut command, "listening ").await?;
    let authority = std::fs::read_to_string(&lab.certificate.chain)?;
    let base = format!("https://{HOST}:{port}");
    let cookie = sign_in(&authority, &base, "gil@globex.example").await.context("signing in")?;
    Ok(Gateway { running, address: address.parse()?, cookie, folder })
}

fn write_configuration(
    folder: &Path,
    lab: &Lab,
    (provider, acme): (&OpenIdProvider, &SamlIdp),
    port: u16,
    store: &str,
) -> anyhow::Result<PathBuf> {
    std::fs::create_dir(folder)?;
    let mut sealing = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut sealing)?;
    std::fs::write(folder.join("sealing"), BASE64.encode(sealing))?;
    std::fs::write(folder.join("assertion.pem"), rcgen::KeyPair::generate()?.serialize_pem())?;
    std::fs::write(folder.join("secret"), &provider.client_secret)?;
    let text = format!(
        "listen:
  https: 127.0.0.1:{port}
  operations: 127.0.0.1:0
  public_port: {port}
  workers: 2
tls:
  certificates: [{{ chain: {chain}, key: {{ file: {key} }} }}]
store: {{ {store} }}
keys:
  sealing: [{{ file: sealing }}]
  assertion: [{{ file: assertion.pem }}]
sites:
  help:
    hosts: [{HOST}]
    upstream:
      url: http://{origin}
      session: asserted
      identity_headers: {{ X-Remote-User: email }}
    session: {{ idle: 30m, absolute: 12h }}
identity_providers:
  acme:
    label: Acme
    domains: [acme.example]
    saml: {{ metadata: {{ url: \"{acme}\" }} }}
  globex:
    label: Globex
    domains: [globex.example]
    oidc: {{ issuer: {issuer}, client_id: {client}, client_secret: {{ file: secret }} }}
sign_in:
  - {{ domain: acme.example, use: acme }}
  - {{ domain: globex.example, use: globex }}
  - {{ otherwise: choose }}
audit: {{ file: data/audit.jsonl }}
access_log: {{ file: data/access.jsonl }}
control: {{ socket: data/control.sock }}
",
        chain = lab.certificate.chain.display(),
        key = lab.certificate.key.display(),
        origin = lab.origin(),
        acme = acme.metadata_url,
        issuer = provider.issuer,
        client = provider.client_id,
    );
    let file = folder.join("vestibule.yaml");
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Goes the way of a customer until the page that was asked for is there; gives the cookie.
pub(crate) async fn sign_in(authority: &str, base: &str, email: &str) -> anyhow::Result<String> {
    let mut customer = Customer::at_sign_in(authority, base, email).await?;
    customer.go_to_provider().await?;
    customer.sign_in_there().await?;
    customer.come_back().await?;
    customer.see_the_page().await?;
    let value = customer.browser.cookies.get(HOST).and_then(|jar| jar.get(COOKIE));
    Ok(format!("{COOKIE}={}", value.context("no session cookie")?))
}

/// A customer who signs in, and the connection that brought the sign-in page.
pub(crate) struct Customer<'a> {
    browser: Browser,
    email: &'a str,
    /// What the browser sends next.
    next: PageForm,
}

impl<'a> Customer<'a> {
    /// Asks for a page and is shown the sign-in page instead, or sent straight to the provider.
    pub(crate) async fn at_sign_in(
        authority: &str,
        base: &str,
        email: &'a str,
    ) -> anyhow::Result<Self> {
        let browser = Browser::trusting(authority).keeping_connections();
        let next = page(base)?;
        let mut customer = Self { browser, email, next };
        customer.arrive().await?;
        Ok(customer)
    }

    /// The same again on the connections that are there, as somebody nobody knows.
    pub(crate) async fn come_as_a_stranger(&mut self, base: &str) -> anyhow::Result<()> {
        self.browser.cookies.clear();
        self.next = page(base)?;
        self.arrive().await
    }

    async fn arrive(&mut self) -> anyhow::Result<()> {
        for _ in 0..5 {
            if !self.is_here() || self.next.post {
                return Ok(());
            }
            self.step().await?;
        }
        bail!("too many redirects, the last leads to {}", self.next.action)
    }

    /// Sends the address, where it is asked for, and is sent to the identity provider.
    pub(crate) async fn go_to_provider(&mut self) -> anyhow::Result<()> {
        if self.is_here() { self.step().await } else { Ok(()) }
    }

    /// What happens at the identity provider, who knows the customer.
    pub(crate) async fn sign_in_there(&mut self) -> anyhow::Result<()> {
        for _ in 0..5 {
            if self.is_here() {
                return Ok(());
            }
            self.step().await?;
        }
        bail!("too many pages, the last leads to {}", self.next.action)
    }

    /// Brings the identity provider's answer and is sent to the page.
    pub(crate) async fn come_back(&mut self) -> anyhow::Result<()> {
        self.step().await
    }

    /// # Errors
    /// When the answer led anywhere else.
    pub(crate) fn is_sent_to_the_page(&self) -> anyhow::Result<()> {
        if self.next.post || self.next.action.path() != "/1k" {
            bail!("signed in, and sent to {}", self.next.action);
        }
        Ok(())
    }

    /// Sees the page that was asked for.
    pub(crate) async fn see_the_page(&mut self) -> anyhow::Result<()> {
        let page = self.send().await?;
        if page.url.path() != "/1k" || page.status != 200 {
            bail!("{} {}: {}", page.status, page.url, page.text());
        }
        Ok(())
    }

    /// Whether the front gets what the browser sends next.
    fn is_here(&self) -> bool {
        self.next.action.host_str() == Some(HOST)
    }

    async fn step(&mut self) -> anyhow::Result<()> {
        let answer = self.send().await?;
        self.next = next(&answer, self.email)?;
        Ok(())
    }

    async fn send(&mut self) -> anyhow::Result<Answer> {
        let method = if self.next.post { Method::POST } else { Method::GET };
        Ok(self.browser.step(method, &self.next.action, &self.next.fields).await?)
    }
}

/// What everybody asks for.
fn page(base: &str) -> anyhow::Result<PageForm> {
    Ok(PageForm { action: format!("{base}/1k").parse()?, post: false, fields: Vec::new() })
}

/// What a browser does after an answer.
fn next(answer: &Answer, email: &str) -> anyhow::Result<PageForm> {
    if let Some(action) = answer.location() {
        return Ok(PageForm { action, post: false, fields: Vec::new() });
    }
    let form = PageForm::all(answer).into_iter().next();
    let form =
        form.ok_or_else(|| anyhow!("{} {}: {}", answer.status, answer.url, answer.text()))?;
    let typed = form.fields.iter().any(|(name, _)| name == "email");
    Ok(if typed { form.with("email", email) } else { form })
}
