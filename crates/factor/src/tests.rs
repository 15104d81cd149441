mod guessing;
mod memory;
mod peers;
mod recovery;
mod reset;
mod secrecy;
mod totp;

use std::net::IpAddr;
use std::sync::Arc;

use domain::{PersonKey, Secret, Timestamp};
use session::Sealer;
use store::Store;

use crate::totp::Key;
use crate::{Client, FactorSettings, Factors, RecoveryCodes};
use memory::Memory;

/// A moment at the start of a step.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const STEP: std::time::Duration = std::time::Duration::from_secs(30);

fn person(subject: &str) -> PersonKey {
    PersonKey { idp: "acme".parse().unwrap(), subject: subject.parse().unwrap() }
}

fn sealer() -> Arc<Sealer> {
    Arc::new(Sealer::new(&[Secret::new(vec![7; 32])]).unwrap())
}

fn replica(store: &Arc<dyn Store>) -> Factors {
    Factors::new(Arc::clone(store), sealer(), FactorSettings::default())
}

fn memory() -> Arc<dyn Store> {
    Arc::new(Memory::default())
}

fn home() -> IpAddr {
    "192.0.2.10".parse().unwrap()
}

/// A client at an address with a browser of its own.
fn at(address: &str, browser: u8) -> Client {
    Client { address: address.parse().unwrap(), browser: Some([browser; 32]) }
}

/// The secret of an otpauth URL, decoded by nothing of what ships.
fn secret_in(url: &str) -> String {
    let (_, rest) = url.split_once("secret=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

/// An authenticator app.
struct App(Key);

impl App {
    fn of(url: &str) -> Self {
        let secret = totp_rs::Secret::try_from_base32(secret_in(url)).unwrap();
        let bytes = secret.as_bytes().to_vec();
        Self(Key::of(crate::Algorithm::Sha1, crate::Digits::Six, bytes))
    }

    fn code(&self, now: Timestamp) -> String {
        self.0.code(now)
    }
}

/// Enrols somebody at home; the code of the step of `NOW` is used up.
async fn enrol(factors: &Factors, person: &PersonKey) -> (App, RecoveryCodes) {
    let enrolment = factors.begin_enrolment(person, "Help", "ann", home(), NOW).await.unwrap();
    let app = App::of(enrolment.otpauth_url.expose());
    let codes = factors.confirm_enrolment(person, &app.code(NOW), home(), NOW).await.unwrap();
    (app, codes)
}
