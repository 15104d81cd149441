//! One provisioning at a time per customer, in this process and in all replicas.
//!
//! Correctness does not hang on it: claims are set only if absent, and JSM itself refuses a second
//! customer of one address. It keeps fifty first sign-ins from making fifty times the calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use domain::{Clock, JsmName, Timestamp};
use store::{Area, Entry, Store};
use tokio::sync::OwnedMutexGuard;

use crate::{ProvisioningError, hash};

/// A crashed holder blocks others for so long at most. JSM takes longer only when it is in trouble; then
/// two replicas may do the same, and the claims keep it one.
const LEASE: Duration = Duration::from_secs(5);
/// Longer than the lease and than the work, so that whoever waits gets its turn.
const WAIT: Duration = Duration::from_secs(22);
const POLL: Duration = Duration::from_millis(100);

pub(crate) struct Flights {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    jsm: JsmName,
    local: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

/// The turn of one provisioning. Give it back with [`Flights::leave`]; if that is forgotten, the
/// leases run out.
pub(crate) struct Flight {
    leases: Vec<(String, Vec<u8>)>,
    _local: Vec<OwnedMutexGuard<()>>,
}

impl Flights {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, jsm: JsmName) -> Self {
        Self { store, clock, jsm, local: Mutex::default() }
    }

    /// Waits for the turn of everything in `keys`.
    ///
    /// # Errors
    /// [`ProvisioningError::Busy`] when another replica keeps it for too long.
    pub(crate) async fn enter(&self, mut keys: Vec<String>) -> Result<Flight, ProvisioningError> {
        // Always in one order, so that two flights cannot wait for each other.
        keys.sort();
        keys.dedup();
        let mut flight = Flight { leases: vec![], _local: vec![] };
        for key in keys {
            flight._local.push(self.lock_of(&key).lock_owned().await);
            match self.lease(&key).await {
                Ok(lease) => flight.leases.push(lease),
                Err(error) => {
                    self.leave(flight).await;
                    return Err(error);
                }
            }
        }
        Ok(flight)
    }

    /// Gives the turn to the next.
    pub(crate) async fn leave(&self, flight: Flight) {
        let now = self.clock.now();
        for (key, token) in &flight.leases {
            // An entry whose deadline has come is as good as none; nobody else's lease is touched.
            let ended = Entry { value: vec![], deadline: now, groups: vec![] };
            let _ = self.store.replace_if(Area::Sessions, key, token, ended, now).await;
        }
    }

    fn lock_of(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = local.get(key).and_then(Weak::upgrade) {
            return lock;
        }
        local.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        local.insert(key.to_owned(), Arc::downgrade(&lock));
        lock
    }

    async fn lease(&self, key: &str) -> Result<(String, Vec<u8>), ProvisioningError> {
        let key = format!("jsm/{}/flight/{key}", self.jsm.as_str());
        let token = format!("{:016x}{:016x}", hash::random(), hash::random()).into_bytes();
        let give_up = self.clock.now().plus(WAIT);
        loop {
            let now = self.clock.now();
            let lease = Entry { value: token.clone(), deadline: now.plus(LEASE), groups: vec![] };
            if self.store.put_if_absent(Area::Sessions, &key, lease, now).await? {
                return Ok((key, token));
            }
            let next: Timestamp = now.plus(POLL);
            if next >= give_up {
                return Err(ProvisioningError::Busy);
            }
            self.clock.sleep_until(next).await;
        }
    }
}
