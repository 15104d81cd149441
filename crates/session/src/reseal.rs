//! Everything in the store sealed anew with the key in use, so that former keys can be retired.

use domain::Timestamp;
use store::{Area, Entry, Store, StoreError};
use tokio::task::JoinSet;

use std::sync::Arc;

use crate::sealer::SealedWith;
use crate::stored::{self, Parts};
use crate::{Context, Sealer, naming, parked, tombstone};

/// How many records are sealed at once.
const AT_ONCE: usize = 32;
/// How often all is looked at: what changes meanwhile may keep a part as it was.
const ROUNDS: usize = 4;

/// What the keys of some records begin with, and what those are sealed for. A record of no such kind
/// is sealed for the first part of its key, as a [`crate::Vault`] does.
pub type Kind = (&'static str, &'static [&'static str]);

/// Kinds of records.
pub type Kinds = &'static [Kind];

/// The kinds of this crate, the longer beginning first.
const OURS: Kinds = &[
    (naming::NAMING, &[naming::PURPOSE]),
    ("ended-", &[tombstone::PURPOSE]),
    ("attempt/", &["attempt"]),
    ("parked-body/", &[parked::BODY_PURPOSE]),
    ("parked-quota", &[parked::QUOTA_PURPOSE]),
    ("parked/", &[parked::HEAD_PURPOSE]),
];

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resealed {
    /// Records that are sealed anew.
    pub anew: usize,
    /// Records that none of our keys opens.
    pub unreadable: usize,
    /// Records that changed whenever they were to be sealed: still under a former key.
    pub left: usize,
}

/// What became of one record.
enum Outcome {
    Good,
    Anew,
    Unreadable,
    /// Somebody else changed it meanwhile.
    Changed,
}

/// Seals every record with the key in use. Several may do so at once, and everything goes on
/// meanwhile; reads the whole store, so for when keys have changed.
///
/// # Errors
/// When the store fails; then call again.
pub async fn reseal(
    sealer: &Arc<Sealer>,
    store: &Arc<dyn Store>,
    others: Kinds,
    now: Timestamp,
) -> Result<Resealed, StoreError> {
    let mut done = Resealed::default();
    for _ in 0..ROUNDS {
        (done.unreadable, done.left) = (0, 0);
        for area in [Area::Records, Area::Sessions] {
            look(sealer, store, others, area, &mut done, now).await?;
        }
        if done.left == 0 {
            break;
        }
    }
    Ok(done)
}

async fn look(
    sealer: &Arc<Sealer>,
    store: &Arc<dyn Store>,
    others: Kinds,
    area: Area,
    done: &mut Resealed,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.page(area, after).await?;
        let mut doing = JoinSet::new();
        for (key, entry) in page.entries {
            if now >= entry.deadline {
                continue;
            }
            if doing.len() >= AT_ONCE
                && let Some(one) = doing.join_next().await
            {
                count(one, done)?;
            }
            let (sealer, store) = (Arc::clone(sealer), Arc::clone(store));
            doing.spawn(
                async move { one(&sealer, &*store, others, (area, &key), entry, now).await },
            );
        }
        while let Some(one) = doing.join_next().await {
            count(one, done)?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn count(
    one: Result<Result<Outcome, StoreError>, tokio::task::JoinError>,
    done: &mut Resealed,
) -> Result<(), StoreError> {
    let cut_off = |_| StoreError::Unavailable("sealing anew was cut off".to_owned());
    match one.map_err(cut_off)?? {
        Outcome::Good => {}
        Outcome::Anew => done.anew += 1,
        Outcome::Unreadable => done.unreadable += 1,
        Outcome::Changed => done.left += 1,
    }
    Ok(())
}

async fn one(
    sealer: &Sealer,
    store: &dyn Store,
    others: Kinds,
    (area, key): (Area, &str),
    entry: Entry,
    now: Timestamp,
) -> Result<Outcome, StoreError> {
    let anew = if key.starts_with(stored::SESSION) {
        session(sealer, key, &entry.value)?
    } else {
        whole(sealer, others, key, &entry.value)?
    };
    let value = match anew {
        Anew::Not => return Ok(Outcome::Good),
        Anew::Unreadable => return Ok(Outcome::Unreadable),
        Anew::Sealed(value) => value,
    };
    let new = Entry { value, deadline: entry.deadline, groups: entry.groups };
    let ours = store.replace_if(area, key, &entry.value, new, now).await?;
    Ok(if ours { Outcome::Anew } else { Outcome::Changed })
}

/// A value sealed anew.
enum Anew {
    /// It is good as it is.
    Not,
    Unreadable,
    Sealed(Vec<u8>),
}

/// A session's record has two parts. The inner layer of its secrets is the cookie's and stays.
fn session(sealer: &Sealer, key: &str, record: &[u8]) -> Result<Anew, StoreError> {
    let Ok(parts) = Parts::split(record) else { return Ok(Anew::Unreadable) };
    let part = |purpose, sealed| sealed_for(sealer, &[purpose], &[key], sealed);
    let facts = part(stored::FACTS, parts.facts)?;
    let secrets = part(stored::SECRETS, parts.secrets)?;
    Ok(match (facts, secrets) {
        (Anew::Unreadable, _) | (_, Anew::Unreadable) => Anew::Unreadable,
        (Anew::Not, Anew::Not) => Anew::Not,
        (facts, secrets) => {
            let of = |anew, old: &[u8]| match anew {
                Anew::Sealed(value) => value,
                _ => old.to_vec(),
            };
            Anew::Sealed(stored::join(&of(facts, parts.facts), &of(secrets, parts.secrets)))
        }
    })
}

fn whole(sealer: &Sealer, others: Kinds, key: &str, sealed: &[u8]) -> Result<Anew, StoreError> {
    let known = OURS.iter().chain(others).find(|(begins, _)| key.starts_with(begins));
    let kind = key.find('/').and_then(|slash| key.get(..=slash)).unwrap_or(key);
    let own = [kind];
    let purposes = known.map_or(&own[..], |(_, purposes)| *purposes);
    let [more, last] = parked::piece_ids(key);
    sealed_for(sealer, purposes, &[key, &more, &last], sealed)
}

/// Opens what is sealed for one of these, and seals it with the key in use.
fn sealed_for(
    sealer: &Sealer,
    purposes: &[&str],
    ids: &[&str],
    sealed: &[u8],
) -> Result<Anew, StoreError> {
    match sealer.sealed_with(sealed) {
        SealedWith::First | SealedWith::Nothing => return Ok(Anew::Not),
        SealedWith::Unknown => return Ok(Anew::Unreadable),
        SealedWith::Former => {}
    }
    for purpose in purposes {
        for id in ids {
            let context = Context { purpose, id };
            if let Ok(plain) = sealer.open(context, sealed) {
                return Ok(Anew::Sealed(sealer.seal(context, &plain)?));
            }
        }
    }
    Ok(Anew::Unreadable)
}
