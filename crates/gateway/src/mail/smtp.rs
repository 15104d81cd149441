//! The operator's mail server, by lettre.

use std::time::Duration;

use config::{MailSettings, MailTls};
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use rustls_pki_types::CertificateDer;

use super::texts::text;
use super::{Addressee, Letter};

/// How long one step with the server may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// What a server says of whoever sends (RFC 5321 §4.2.2, RFC 4954 §6): permanent in its words, and
/// mended by the operator.
const ABOUT_US: [&str; 8] = ["500", "502", "503", "504", "530", "534", "535", "538"];

/// Settings that make no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SmtpError {
    /// A certificate authority of the operator, or the server's name, cannot be used.
    #[error("mail.server: no TLS with these settings")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// The sender's address.
    #[error("mail.from: this address cannot send mail")]
    From(#[source] lettre::address::AddressError),
}

/// What came of a letter.
#[derive(Debug)]
pub(super) enum Outcome {
    Sent,
    /// Never, in the words of the server or of our own check; no address is in them.
    Refused(String),
    Later(String),
}

/// The operator's mail server.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    name: Option<String>,
}

impl Smtp {
    pub(super) fn new(
        settings: &MailSettings,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Self, SmtpError> {
        let tls = match settings.tls {
            MailTls::None => Tls::None,
            MailTls::StartTls => Tls::Required(parameters(settings, authorities)?),
            MailTls::Implicit => Tls::Wrapper(parameters(settings, authorities)?),
        };
        // `dangerous` is a server without TLS; here it is said one line further on.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.server)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(DEADLINE));
        let builder = match &settings.credentials {
            None => builder,
            Some((user, password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose().clone()))
            }
        };
        let from = settings.from.as_str().parse().map_err(SmtpError::From)?;
        Ok(Self { transport: builder.build(), from, name: settings.name.clone() })
    }

    /// Hands a letter to the server.
    pub(super) async fn send(&self, letter: &Letter, to: &Addressee) -> Outcome {
        let Some(message) = self.message(letter, to) else {
            return Outcome::Refused("the address or a name makes no header".to_owned());
        };
        let sent = tokio::time::timeout(3 * DEADLINE, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Outcome::Sent,
            // The server's own text may repeat the address: its code says enough.
            Ok(Err(error)) => {
                let code = error.status().map_or("no answer".to_owned(), |code| code.to_string());
                match error.is_permanent() && !ABOUT_US.contains(&code.as_str()) {
                    true => Outcome::Refused(code),
                    false => Outcome::Later(code),
                }
            }
            Err(_) => Outcome::Later("no answer in time".to_owned()),
        }
    }

    fn message(&self, letter: &Letter, to: &Addressee) -> Option<Message> {
        let (subject, body) = text(letter, to);
        let name = self.name.clone().unwrap_or_else(|| to.site.clone());
        let from = Mailbox::new(Some(name), self.from.clone());
        let address: Address = to.email.as_str().parse().ok()?;
        Message::builder()
            .from(from)
            .to(Mailbox::new(Some(to.name.clone()), address))
            .subject(subject)
            .message_id(None)
            // RFC 3834 §5.2: no vacation note shall answer it.
            .header(AutoSubmitted)
            .header(header::ContentType::TEXT_PLAIN)
            .body(body)
            .ok()
    }
}

fn parameters(
    settings: &MailSettings,
    authorities: &[CertificateDer<'static>],
) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(settings.server.clone());
    for authority in authorities {
        let certificate = Certificate::from_der(authority.to_vec()).map_err(SmtpError::Tls)?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(SmtpError::Tls)
}

/// RFC 3834 §5.
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
