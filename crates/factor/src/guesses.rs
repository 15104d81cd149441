//! Guessing limits: an attacker waits, the owner does not.
//!
//! Whoever guesses has already signed in at the identity provider, so an attacker knows the owner's
//! password there. Guesses are counted in the shared store, by compare-and-swap and before they are
//! looked at: of any number that come at once on any number of replicas, only those that were
//! counted in time are looked at.
//!
//! - Every person has a *lane* for each place (network, or browser where it is known): a few free
//!   guesses, then growing waits.
//! - In a place where the person passed a factor before, that lane is all: what strangers do
//!   elsewhere keeps nobody waiting there. A known browser is a lane of its own in any network.
//! - Strangers share gates as well: one of the person, one of their network, one of their address.
//!   The person's gate bounds an attacker with many networks.
//! - The first guesses of each network pass the gates unasked, up to a number a day: the owner who
//!   comes from a new place in the middle of an attack gets in.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, PersonKey, Timestamp};
use session::Sealer;
use store::{Area, Entry, Store, StoreError};
use tokio::sync::broadcast;

use crate::place::Place;
use crate::tally::{Pace, Tally};
use crate::{Client, FactorError};

const KIND: &str = "factor-guesses/";
/// How often a write is tried again when somebody was quicker.
const CONTESTED: usize = 8;
/// Alarms that wait to be recorded.
const ALARMS: usize = 256;

const FIRST: Duration = Duration::from_secs(5);
/// One person in one place.
const LANE: Pace = Pace { free: 3, first: FIRST, longest: Duration::from_secs(15 * 60) };
/// One person, from wherever it is not known.
const PERSON: Pace = Pace { free: 9, first: FIRST, longest: Duration::from_secs(60 * 60) };
/// One network, whoever is meant: many people may be behind it.
const NETWORK: Pace = Pace { free: 60, first: FIRST, longest: Duration::from_secs(15 * 60) };
/// One address likewise.
const ADDRESS: Pace = Pace { free: 30, first: FIRST, longest: Duration::from_secs(15 * 60) };
/// Guesses that pass the gates because their network is new, per person and day.
const NEWCOMERS: Pace = Pace {
    free: 400,
    first: Duration::from_secs(24 * 60 * 60),
    longest: Duration::from_secs(24 * 60 * 60),
};
/// How many of one network do.
const NEWCOMER: u32 = 2;
/// Guesses at one person, by strangers or in one place of the owner's, after which somebody is told;
/// then at each doubling.
const ALARM: u32 = 10;

/// What is guessed; each is counted apart, so that waiting for one leaves the other open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A code of an app: one in 333,333 is right.
    Totp,
    /// A recovery code, of 60 bits: the lane only keeps argon2 from being busy.
    Recovery,
    /// The first code of a new secret, which the guesser sees.
    Enrolment,
}

impl Subject {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Totp => b"totp",
            Self::Recovery => b"recovery",
            Self::Enrolment => b"enrolment",
        }
    }
}

/// A guess that was counted and may be looked at.
#[derive(Debug)]
pub(crate) struct Counted {
    lane: String,
    gates: Vec<String>,
}

/// Counts guesses.
pub(crate) struct Guesses {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    pub(crate) alarms: broadcast::Sender<AuditEvent>,
}

impl Guesses {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer, alarms: broadcast::Sender::new(ALARMS) }
    }

    /// Counts a guess. `known` is the place of the client that is the owner's, if one is.
    ///
    /// # Errors
    /// [`FactorError::TooMany`]: it must not be looked at.
    pub(crate) async fn count(
        &self,
        subject: Subject,
        person: &PersonKey,
        client: &Client,
        known: Option<Place>,
        now: Timestamp,
    ) -> Result<Counted, FactorError> {
        let owner = known.is_some();
        let place = known.unwrap_or_else(|| Place::Network(client.network()));
        let lane = self.name(&[
            subject.name(),
            person.idp.as_str().as_bytes(),
            person.subject.as_str().as_bytes(),
            &place.bytes(),
        ]);
        if owner || subject != Subject::Totp {
            let tally = self.enter(&lane, LANE, now).await?;
            // Somebody beside the owner may be in the owner's network.
            if subject == Subject::Totp {
                self.alarm(tally.count, person, client);
            }
            return Ok(Counted { lane, gates: Vec::new() });
        }
        let gates = self.gates(person, client)?;
        // Who counted up to a number tells of it: read again, it may have been passed meanwhile.
        let counted = |tally: Tally| self.alarm(tally.count, person, client);
        if self.is_newcomer(&lane, person, now).await? {
            self.enter(&lane, LANE, now).await?;
            self.note(&gates, now, counted).await?;
        } else {
            self.pass(&lane, &gates, now, counted).await?;
        }
        Ok(Counted { lane, gates: gates.into_iter().map(|gate| gate.name).collect() })
    }

    /// The guess was right: it counts nowhere, and the lane is as new.
    pub(crate) async fn forgive(&self, counted: Counted, now: Timestamp) -> Result<(), StoreError> {
        self.store.remove(Area::Records, &counted.lane).await?;
        for gate in &counted.gates {
            self.update(gate, now, |tally| Some(tally.forgiven())).await?;
        }
        Ok(())
    }

    /// The gates of a stranger, the most contended first: who is late there counts nowhere else.
    fn gates(&self, person: &PersonKey, client: &Client) -> Result<[Gate; 3], StoreError> {
        let (idp, subject) = (person.idp.as_str(), person.subject.as_str());
        let address = client.address.to_canonical().to_string();
        let person = [b"person".as_slice(), idp.as_bytes(), subject.as_bytes()];
        Ok([
            Gate { name: self.name(&person), pace: PERSON },
            Gate { name: self.name(&[b"network", client.network().as_bytes()]), pace: NETWORK },
            Gate { name: self.name(&[b"address", address.as_bytes()]), pace: ADDRESS },
        ])
    }

    /// Whether the gates are not asked: the lane is new, and there were not too many such.
    async fn is_newcomer(
        &self,
        lane: &str,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<bool, FactorError> {
        if self.read(lane, now).await?.0.count >= NEWCOMER {
            return Ok(false);
        }
        let (idp, subject) = (person.idp.as_str(), person.subject.as_str());
        let newcomers = self.name(&[b"newcomers", idp.as_bytes(), subject.as_bytes()]);
        match self.enter(&newcomers, NEWCOMERS, now).await {
            Ok(_) => Ok(true),
            Err(FactorError::TooMany { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Through lane and gates, or through none: all are looked at before one is counted.
    async fn pass(
        &self,
        lane: &str,
        gates: &[Gate; 3],
        now: Timestamp,
        counted: impl FnOnce(Tally) + Send,
    ) -> Result<(), FactorError> {
        let names = gates.iter().map(|gate| gate.name.as_str()).chain([lane]);
        let mut longest = None;
        for name in names {
            longest = longest.max(self.read(name, now).await?.0.wait(now));
        }
        if let Some(wait) = longest {
            return Err(FactorError::TooMany { wait });
        }
        let [person, others @ ..] = gates;
        counted(self.enter(&person.name, person.pace, now).await?);
        for gate in others {
            self.enter(&gate.name, gate.pace, now).await?;
        }
        self.enter(lane, LANE, now).await?;
        Ok(())
    }

    /// Counts at gates that were not asked.
    async fn note(
        &self,
        gates: &[Gate; 3],
        now: Timestamp,
        counted: impl FnOnce(Tally) + Send,
    ) -> Result<(), StoreError> {
        let [person, others @ ..] = gates;
        let tally = self.update(&person.name, now, |tally| Some(tally.counted(person.pace, now)));
        if let Some(tally) = tally.await? {
            counted(tally);
        }
        for gate in others {
            self.update(&gate.name, now, |tally| Some(tally.counted(gate.pace, now))).await?;
        }
        Ok(())
    }

    fn alarm(&self, guesses: u32, person: &PersonKey, client: &Client) {
        if guesses.is_multiple_of(ALARM) && (guesses / ALARM).is_power_of_two() {
            let event = AuditEvent::FactorGuessing {
                person: person.clone(),
                network: client.network(),
                guesses,
            };
            // Nobody listens: nobody wants to know.
            let _ = self.alarms.send(event);
        }
    }

    /// Counts at one place, unless there is a wait.
    async fn enter(&self, name: &str, pace: Pace, now: Timestamp) -> Result<Tally, FactorError> {
        let mut wait = Duration::ZERO;
        let entered = self
            .update(name, now, |tally| match tally.wait(now) {
                None => Some(tally.counted(pace, now)),
                Some(longer) => {
                    wait = longer;
                    None
                }
            })
            .await?;
        entered.ok_or(FactorError::TooMany { wait: wait.max(Duration::from_secs(1)) })
    }

    /// Changes a tally; `None` when `change` does not want to, or others are too many.
    async fn update(
        &self,
        name: &str,
        now: Timestamp,
        mut change: impl FnMut(Tally) -> Option<Tally> + Send,
    ) -> Result<Option<Tally>, StoreError> {
        for _ in 0..CONTESTED {
            let (tally, old) = self.read(name, now).await?;
            let Some(new) = change(tally) else { return Ok(None) };
            let value = serde_json::to_vec(&new).map_err(|_| unreadable())?;
            let entry = Entry { value, deadline: new.deadline(now), groups: Vec::new() };
            let written = match old {
                None => self.store.put_if_absent(Area::Records, name, entry, now).await?,
                Some(old) => self.store.replace_if(Area::Records, name, &old, entry, now).await?,
            };
            if written {
                return Ok(Some(new));
            }
        }
        Ok(None)
    }

    async fn read(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<(Tally, Option<Vec<u8>>), StoreError> {
        let old = self.store.get(Area::Records, name, now).await?;
        let tally = old.as_deref().map(serde_json::from_slice).transpose();
        Ok((tally.map_err(|_| unreadable())?.unwrap_or(Tally::NONE), old))
    }

    fn name(&self, parts: &[&[u8]]) -> String {
        self.sealer.name(KIND, parts)
    }
}

/// What strangers share.
struct Gate {
    name: String,
    pace: Pace,
}

fn unreadable() -> StoreError {
    StoreError::Unavailable("a count of guesses cannot be read".to_owned())
}
