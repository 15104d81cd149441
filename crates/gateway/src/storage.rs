//! The store that the file describes: opened, known to be ours, initialised, backed up, restored.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use audit::{AuditLog, Record};
use config::{Settings, StoreSettings};
use domain::{AuditEvent, Clock, Timestamp};
use session::Sealer;
use store::backup::{BackupError, Present};
use store::{
    AreaId, AreaProblem, EmbeddedStore, GuardedStore, RedisStore, Store, StoreError, backup,
};

use crate::random;

/// In the embedded store's folder: whose records lie beside it. So records that were lost are
/// noticed where the file says nothing of an id.
const REMEMBERED: &str = "records-id";
/// How long a Redis that does not answer is waited for at start.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// What an operator may do to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreCommand {
    /// Gives new records their id.
    Init,
    /// Writes all records to a file.
    Backup(PathBuf),
    /// Writes a file's records to the store.
    Restore {
        /// A backup.
        file: PathBuf,
        /// Whether records that are there are removed first.
        replace: bool,
    },
}

/// What the file says of the store.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) place: StoreSettings,
    pub(crate) id: Option<AreaId>,
}

impl From<&Settings> for Storage {
    fn from(settings: &Settings) -> Self {
        Self { place: settings.store.clone(), id: settings.store_id.clone() }
    }
}

/// Opens the store, as it is.
fn open(settings: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
    match settings {
        StoreSettings::Embedded { path } => {
            Ok(Arc::new(EmbeddedStore::open(path, session::FOLLOWED)?))
        }
        StoreSettings::Redis { sessions, records } => {
            let (sessions, records) = (sessions.as_ref().clone(), records.as_deref().cloned());
            Ok(Arc::new(RedisStore::open(sessions, records, session::FOLLOWED)?))
        }
    }
}

/// Opens the store for a gateway: its records are this installation's.
///
/// # Errors
/// [`StoreError::Area`] when they are not; a Redis that does not answer for [`PATIENCE`].
pub(crate) async fn open_ours(
    storage: &Storage,
    now: Timestamp,
) -> Result<Arc<dyn Store>, StoreError> {
    let (store, id) = (open(&storage.place)?, storage.id.as_ref());
    match &storage.place {
        StoreSettings::Embedded { path } => {
            let id = embedded_id(&*store, path, id, now).await?;
            remember(path, &id)?;
            Ok(store)
        }
        StoreSettings::Redis { .. } => {
            answers(&*store, now).await?;
            let id = AreaId::check(&*store, id, now).await?;
            Ok(Arc::new(GuardedStore::new(store, id)))
        }
    }
}

/// A folder that never had records gets some by itself; records that were lost do not.
async fn embedded_id(
    store: &dyn Store,
    folder: &Path,
    said: Option<&AreaId>,
    now: Timestamp,
) -> Result<AreaId, StoreError> {
    let wanted = said.cloned().or(remembered(folder)?);
    let found = AreaId::read(store, now).await;
    // Not all marks are there: the first start of all was cut off.
    let unmarked = matches!(found, Ok(None) | Err(StoreError::Area(AreaProblem::Incomplete)));
    if wanted.is_none() && unmarked {
        let id = new_id()?;
        id.write(store, now).await?;
        return Ok(id);
    }
    AreaId::check(store, wanted.as_ref(), now).await
}

/// Waits while the store does not answer, for a while.
async fn answers(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        match store.probe(now).await {
            Err(StoreError::Unavailable(_)) if tokio::time::Instant::now() < until => {
                tokio::time::sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

/// Carries out a command on a store that no gateway of this folder has open. Says what was done,
/// or in words why not.
///
/// # Errors
/// In words for the operator.
pub async fn store_command(
    settings: &Settings,
    command: &StoreCommand,
    clock: &dyn Clock,
) -> Result<String, String> {
    let words = |error: StoreError| error.to_string();
    let store = open(&settings.store).map_err(words)?;
    answers(&*store, clock.now()).await.map_err(words)?;
    let audit = AuditLog::open(&settings.audit_file).map_err(|error| error.to_string())?;
    record(&audit, command, clock.now()).await?;
    execute(&*store, &Storage::from(settings), command, clock.now()).await
}

/// Writes an order into the audit log, before it is carried out.
///
/// # Errors
/// In words for the operator.
pub(crate) async fn record(
    audit: &AuditLog,
    command: &StoreCommand,
    now: Timestamp,
) -> Result<(), String> {
    let (order, file) = match command {
        StoreCommand::Init => ("init", None),
        StoreCommand::Backup(file) => ("backup", Some(file)),
        StoreCommand::Restore { file, .. } => ("restore", Some(file)),
    };
    let file = file.map(|file| file.display().to_string());
    let event = AuditEvent::StoreOrdered { order: order.to_owned(), file };
    let record = Record::new(now, random::reference(), None, event);
    audit.record(&record).await.map_err(|error| error.to_string())
}

/// What of the store's own settings would lose records, in words for the operator.
///
/// # Errors
/// When the store does not answer, or its records are not ours.
pub async fn check_store(settings: &Settings, clock: &dyn Clock) -> Result<Vec<String>, String> {
    let StoreSettings::Redis { sessions, records } = &settings.store else { return Ok(Vec::new()) };
    let words = |error: StoreError| error.to_string();
    let (sessions, records) = (sessions.as_ref().clone(), records.as_deref().cloned());
    let store = RedisStore::open(sessions, records, session::FOLLOWED).map_err(words)?;
    answers(&store, clock.now()).await.map_err(words)?;
    let mut findings = store.findings(clock.now()).await.map_err(words)?;
    let id = AreaId::check(&store, settings.store_id.as_ref(), clock.now()).await;
    match id {
        Ok(id) => {
            if settings.store_id.is_none() {
                findings.push(format!(
                    "store.id is not said: a Redis of another installation would be taken for \
                     ours; write `id: {id}`"
                ));
            }
            let sealer = Sealer::new(&settings.keys.sealing).map_err(|e| e.to_string())?;
            if let Err(error) = sealer.adopt_names(&store, clock.now()).await {
                findings.push(format!("store: {error}"));
            }
        }
        Err(error) => findings.push(format!("store: {error}")),
    }
    Ok(findings)
}

/// As [`store_command`], on an open store.
pub(crate) async fn execute(
    store: &dyn Store,
    storage: &Storage,
    command: &StoreCommand,
    now: Timestamp,
) -> Result<String, String> {
    match command {
        StoreCommand::Init => init(store, storage, now).await.map_err(|e| e.to_string()),
        StoreCommand::Backup(file) => {
            let about = |error: BackupError| format!("`{}`: {}", file.display(), chain(&error));
            let count = write_backup(store, file).await.map_err(about)?;
            Ok(format!("{}: {count} records", file.display()))
        }
        StoreCommand::Restore { file, replace } => {
            let about = |error: BackupError| format!("`{}`: {}", file.display(), chain(&error));
            let present = if *replace { Present::Replace } else { Present::Refuse };
            let mut from = File::open(file).map_err(|e| about(e.into()))?;
            let count = backup::restore(store, &mut from, present, now).await.map_err(about)?;
            let id = AreaId::check(store, storage.id.as_ref(), now).await;
            let id = id.map_err(|error| format!("{count} records restored; but: {error}"))?;
            if let StoreSettings::Embedded { path } = &storage.place {
                remember(path, &id).map_err(|e| e.to_string())?;
            }
            Ok(format!("{count} records restored; their id is {id}"))
        }
    }
}

async fn init(store: &dyn Store, storage: &Storage, now: Timestamp) -> Result<String, StoreError> {
    let said = storage.id.as_ref();
    if AreaId::read(store, now).await?.is_some() {
        let id = AreaId::check(store, said, now).await?;
        return Ok(format!("the records have an id already: {id}"));
    }
    let id = match said {
        Some(id) => id.clone(),
        None => new_id()?,
    };
    id.write(store, now).await?;
    if let StoreSettings::Embedded { path } = &storage.place {
        remember(path, &id)?;
    }
    let advice = if said.is_none() { "; write it into the file as `store.id`" } else { "" };
    Ok(format!("the records have the id {id}{advice}"))
}

/// Into a new file that only its owner can read; a half one is removed.
async fn write_backup(store: &dyn Store, path: &Path) -> Result<u64, BackupError> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    let written = async {
        let count = backup::backup(store, &mut file).await?;
        file.sync_all()?;
        Ok(count)
    }
    .await;
    if written.is_err() {
        let _half = std::fs::remove_file(path);
    }
    written
}

fn new_id() -> Result<AreaId, StoreError> {
    let bytes = random::bytes().map_err(|e| StoreError::Unavailable(e.to_string()))?;
    Ok(AreaId::from_random(bytes))
}

fn remembered(folder: &Path) -> Result<Option<AreaId>, StoreError> {
    let path = folder.join(REMEMBERED);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let id = text.trim().parse().map_err(io::Error::other);
            id.map(Some).map_err(|source| StoreError::Open { path, source })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::Open { path, source }),
    }
}

fn remember(folder: &Path, id: &AreaId) -> Result<(), StoreError> {
    let path = folder.join(REMEMBERED);
    if remembered(folder).ok().flatten().as_ref() == Some(id) {
        return Ok(());
    }
    let part = folder.join(format!("{REMEMBERED}.new"));
    let written = (|| {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        writeln!(file, "{id}")?;
        file.sync_all()?;
        std::fs::rename(&part, &path)
    })();
    written.map_err(|source| StoreError::Open { path, source })
}

/// An error with its causes, which each print their own level only.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
