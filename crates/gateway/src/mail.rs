//! Notices to customers by mail, out of the way of every sign-in.
//!
//! A letter is put into the store, sealed, and sent from there by whichever replica takes it first;
//! it is kept for some days while the mail server does not answer. Nothing here is waited for by a
//! request, and no letter holds a secret, a code or a link that does anything by itself.

mod letter;
mod queue;
mod smtp;
mod texts;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use config::MailSettings;
use domain::Timestamp;
use provisioning::{Posted, ProvisioningError};
use rustls_pki_types::CertificateDer;
use session::Sealer;
use store::{Store, StoreError};
use tokio::sync::Notify;

pub(crate) use letter::{Addressee, Later, Letter};
pub(crate) use queue::SEALED;
use queue::{Queue, Waiting};
pub(crate) use smtp::SmtpError;
use smtp::{Outcome, Smtp};

use crate::dormancy;
use crate::gateway::Gateway;

/// How often to look for letters that wait for another try.
const ROUND: Duration = Duration::from_secs(60);

/// The way out for letters.
pub(crate) struct Mail {
    queue: Queue,
    smtp: Smtp,
    written: Notify,
}

impl Mail {
    /// Letters kept in `store` and sent by the operator's server.
    ///
    /// # Errors
    /// When the settings make no usable connection.
    pub(crate) fn new(
        settings: &MailSettings,
        authorities: &[CertificateDer<'static>],
        store: Arc<dyn Store>,
        sealer: Arc<Sealer>,
    ) -> Result<Self, SmtpError> {
        let smtp = Smtp::new(settings, authorities)?;
        Ok(Self { queue: Queue::new(store, sealer), smtp, written: Notify::new() })
    }

    /// Keeps a letter until it is sent.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn write(
        &self,
        letter: &Letter,
        to: &Addressee,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue.add(letter, to, now).await?;
        self.written.notify_one();
        Ok(())
    }

    /// Sends what is due; each letter by one replica at a time.
    async fn deliver(&self, gateway: &Gateway) -> Result<(), StoreError> {
        for waiting in self.queue.due(gateway.clock.now()).await? {
            // Of now, not of the beginning: those in front may have taken long.
            let leased = self.queue.lease(&waiting, gateway.clock.now()).await?;
            let Some(ours) = leased else { continue };
            let heard = match dormancy::stands(gateway, &ours.letter).await {
                Ok(true) => self.send(gateway, &ours).await,
                Ok(false) => Ok(Heard::Done),
                Err(error) => Err(error),
            };
            match heard {
                Ok(Heard::Done) => self.queue.done(&ours).await?,
                // The lease says when it is tried again.
                Ok(Heard::Later) => {}
                Err(error) => tracing::warn!(%error, "what became of a notice is not noted yet"),
            }
        }
        Ok(())
    }

    async fn send(&self, gateway: &Gateway, ours: &Waiting) -> Result<Heard, ProvisioningError> {
        let Waiting { letter, to, .. } = ours;
        let posted = match self.smtp.send(letter, to).await {
            Outcome::Sent => Posted::Taken,
            Outcome::Refused(reason) => {
                tracing::warn!(%reason, "the mail server does not take a notice");
                Posted::Refused
            }
            Outcome::Later(reason) => {
                tracing::warn!(%reason, "a notice waits for the mail server");
                return Ok(Heard::Later);
            }
        };
        dormancy::posted(gateway, letter, posted).await?;
        Ok(Heard::Done)
    }
}

/// What came of a letter in one round.
enum Heard {
    Done,
    Later,
}

/// Sends letters until the gateway ends.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let Some(mail) = &gateway.mail else { return };
    loop {
        let now = gateway.clock.now();
        if let Err(error) = mail.deliver(&gateway).await {
            tracing::warn!(%error, "notices wait for the store");
        }
        tokio::select! {
            () = mail.written.notified() => {}
            () = gateway.clock.sleep_until(now.plus(ROUND)) => {}
        }
    }
}
