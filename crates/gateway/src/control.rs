//! The local control socket: operator commands that need the running gateway.
//!
//! One JSON object a line each way. Only the gateway's own user and root get an answer.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use audit::Record;
use domain::{EmailAddress, IdpName, JsmName, ReferenceCode, SiteName, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::factor_orders::{FactorOf, FactorReport, FactorReset};
use crate::gateway::Gateway;
pub use crate::metadata_readers::{PublishedKeys, Reading};
use crate::revocation::Desk;
use crate::storage::{self, StoreCommand};
use crate::{
    break_glass, connection_test, dormancy, factor_orders, keys, metadata_readers, provision,
    reseal, revocation, switched_off,
};

pub use crate::dormancy::DormantOrder;
pub use crate::revocation::{ShownSession, Whose};
pub use crate::switched_off::Switch;
use crate::switched_off::Turn;

/// Longest command.
const MAX_COMMAND: u64 = 64 * 1024;

/// A command of an operator.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// What is known under a reference code.
    Why {
        /// The code.
        code: ReferenceCode,
    },
    /// A link that signs one person in without an identity provider, once.
    BreakGlass {
        /// Who; must have signed in before.
        email: EmailAddress,
        /// Where; may be left out when there is one site.
        site: Option<SiteName>,
        /// How long link and session last; at most an hour.
        minutes: u8,
    },
    /// A link that tries an identity provider out and writes nothing.
    TestIdp {
        /// Which.
        idp: IdpName,
        /// Where; may be left out when there is one site.
        site: Option<SiteName>,
    },
    /// What a person has of second factors.
    FactorStatus {
        /// Whose.
        of: FactorOf,
    },
    /// Removes a person's second factor and ends their sessions.
    FactorReset {
        /// Whose.
        of: FactorOf,
        /// Why; it is recorded.
        reason: String,
    },
    /// Read the operator's file again for its keys.
    ReloadKeys,
    /// Give the records an id, if they have none.
    InitStore,
    /// Write all records to a file.
    Backup {
        /// The file, absolute; must not be there yet.
        file: PathBuf,
    },
    /// Write a file's records to the store.
    Restore {
        /// The file, absolute.
        file: PathBuf,
        /// Whether records that are there are removed first.
        replace: bool,
    },
    /// What waits to be written to JSM, and what is asked of its administrators.
    ProvisioningQueue,
    /// Removals that the brake stopped go on.
    ProvisioningRelease {
        /// Where; may be left out when there is one JSM.
        jsm: Option<JsmName>,
    },
    /// Compares JSM with the ledger.
    ProvisioningDrift {
        /// Where; may be left out when there is one JSM.
        jsm: Option<JsmName>,
        /// Whether what is missing is granted again.
        order: provisioning::DriftOrder,
    },
    /// Customers who have not signed in for long.
    DormantCustomers {
        /// Where; may be left out when there is one JSM.
        jsm: Option<JsmName>,
        /// For so many days; what the file says, if left out.
        days: Option<u32>,
        /// What is done about them.
        order: DormantOrder,
    },
    /// Some rows of a file of customers.
    Customers {
        /// Where; may be left out when there is one JSM.
        jsm: Option<JsmName>,
        /// Which file.
        order: provisioning::Order,
        /// What to do with them.
        act: provisioning::Act,
        /// The rows.
        rows: Vec<provisioning::Row>,
    },
    /// All rows of a file were taken back: the organizations that it made go, too.
    CustomersUndone {
        /// Where; may be left out when there is one JSM.
        jsm: Option<JsmName>,
        /// Which file.
        order: provisioning::Order,
        /// Organizations that it names.
        organizations: Vec<String>,
    },
    /// Our published SAML keys, and which identity provider has read them.
    PublishedKeys,
    /// The live sessions of some.
    ListSessions {
        /// Of whom.
        whose: Whose,
    },
    /// Disable an identity provider at every gateway, or enable it again.
    SwitchIdp {
        /// Which.
        idp: IdpName,
        /// To which position.
        to: Switch,
    },
    /// Seal the whole store with the sealing key in use.
    Reseal,
    /// End the sessions and sign-ins under way of some.
    RevokeSessions {
        /// Of whom.
        whose: Whose,
    },
}

/// What the gateway answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Records under the code, in the order of writing.
    Records(Vec<Record>),
    /// A link for a person, and until when it is good.
    Link {
        /// The whole URL.
        url: String,
        /// When it ends.
        until: Timestamp,
    },
    /// How many keys of each kind are accepted now.
    Keys {
        /// Of those that seal the store.
        sealing: usize,
        /// Of those that sign the identity assertion.
        assertion: usize,
        /// Of those for SAML.
        saml: usize,
    },
    /// Keys, and who has read them.
    PublishedKeys(PublishedKeys),
    /// What a person has of second factors.
    Factor(FactorReport),
    /// A second factor is reset.
    FactorReset(FactorReset),
    /// What was done.
    Done(String),
    /// What waits in each JSM.
    Queues(Vec<(JsmName, provisioning::Queue)>),
    /// Removals go on there.
    Released(JsmName),
    /// What JSM lacks.
    Drift(Vec<provisioning::Drift>),
    /// Who has not signed in for long.
    Dormant(Vec<provisioning::Dormant>),
    /// What became of rows.
    Customers(Vec<provisioning::RowOutcome>),
    /// Live sessions, the last used first.
    Sessions(Vec<ShownSession>),
    /// Sessions and sign-ins were revoked.
    Revoked {
        /// How many sessions were found; others have ended all the same.
        ended: usize,
        /// Where the audit log has it.
        reference: ReferenceCode,
    },
    /// Everything is sealed with the key in use.
    Resealed {
        /// Records that were sealed anew.
        anew: usize,
        /// Records that none of the keys opens.
        unreadable: usize,
    },
    /// The command was not understood or failed.
    Failed(String),
}

/// A bound socket.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    listener: UnixListener,
}

/// The socket's file, which goes when this is dropped. Held by the running gateway and not by the
/// task that serves: a process ends without dropping its tasks.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl ControlSocket {
    /// Binds the socket with mode 0600. A socket file that nobody answers on is a leftover of a
    /// crash and replaced.
    pub(crate) fn bind(path: &Path) -> io::Result<(Self, SocketFile)> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another gateway answers on it"));
        }
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        let file = SocketFile(path.to_owned());
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok((Self { listener }, file))
    }

    /// Serves commands until the task is dropped.
    pub(crate) async fn serve(self, gateway: Arc<Gateway>) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                // Out of file descriptors: wait for some to come back.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move {
                if let Err(error) = converse(&gateway, stream).await {
                    tracing::debug!(%error, "control connection ended");
                }
            });
        }
    }
}

async fn converse(gateway: &Gateway, stream: UnixStream) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != 0
        && peer
            != std::fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m))?
    {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "control socket: foreign user",
        ));
    }
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read).take(MAX_COMMAND).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Command>(&line) {
        Ok(command) => execute(gateway, command).await,
        Err(error) => Answer::Failed(format!("this gateway does not know that command: {error}")),
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    write.write_all(&text).await
}

async fn execute(gateway: &Gateway, command: Command) -> Answer {
    match command {
        Command::ProvisioningQueue => {
            provision::queues(gateway).await.map_or_else(Answer::Failed, Answer::Queues)
        }
        Command::ProvisioningRelease { jsm } => {
            let released = provision::release(gateway, jsm.as_ref()).await;
            released.map_or_else(Answer::Failed, Answer::Released)
        }
        Command::ProvisioningDrift { jsm, order } => {
            let found = provision::drift(gateway, jsm.as_ref(), order).await;
            found.map_or_else(Answer::Failed, Answer::Drift)
        }
        Command::DormantCustomers { jsm, days, order } => {
            let found = dormancy::ordered(gateway, jsm.as_ref(), days, order).await;
            found.map_or_else(Answer::Failed, Answer::Dormant)
        }
        Command::Customers { jsm, order, act, rows } => {
            let done = provision::customers(gateway, jsm.as_ref(), (&order, act), rows).await;
            done.map_or_else(Answer::Failed, Answer::Customers)
        }
        Command::CustomersUndone { jsm, order, organizations } => {
            let done = provision::undone(gateway, jsm.as_ref(), &order, &organizations).await;
            done.map_or_else(Answer::Failed, Answer::Customers)
        }
        Command::Why { code } => {
            let path = gateway.audit_file.clone();
            let found = tokio::task::spawn_blocking(move || audit::find(&path, code)).await;
            match found {
                Ok(Ok(records)) => Answer::Records(records),
                Ok(Err(error)) => Answer::Failed(format!("the audit log cannot be read: {error}")),
                Err(_) => Answer::Failed("the search was cut off".to_owned()),
            }
        }
        Command::BreakGlass { email, site, minutes } => {
            let issued = break_glass::issue(gateway, &email, site.as_ref(), minutes).await;
            issued.map_or_else(Answer::Failed, |(url, until)| Answer::Link { url, until })
        }
        Command::TestIdp { idp, site } => {
            let made = connection_test::issue(gateway, &idp, site.as_ref()).await;
            made.map_or_else(Answer::Failed, |(url, until)| Answer::Link { url, until })
        }
        Command::PublishedKeys => {
            let published = metadata_readers::published(gateway).await;
            published.map_or_else(Answer::Failed, Answer::PublishedKeys)
        }
        Command::FactorStatus { of } => {
            factor_orders::status(gateway, &of).await.map_or_else(Answer::Failed, Answer::Factor)
        }
        Command::FactorReset { of, reason } => {
            let reset = factor_orders::reset(gateway, &of, &reason).await;
            reset.map_or_else(Answer::Failed, Answer::FactorReset)
        }
        Command::InitStore => store(gateway, StoreCommand::Init).await,
        Command::Backup { file } => store(gateway, StoreCommand::Backup(file)).await,
        Command::Restore { file, replace } => {
            store(gateway, StoreCommand::Restore { file, replace }).await
        }
        Command::ListSessions { .. } | Command::RevokeSessions { .. } => {
            revocation::order(&Desk::of(gateway), command).await
        }
        Command::SwitchIdp { idp, to } => {
            let (known, now) = (gateway.provider(&idp).is_some(), gateway.clock.now());
            let turn = Turn { idp: &idp, known, to };
            switched(switched_off::switch(&*gateway.store, &gateway.audit, turn, now).await)
        }
        Command::Reseal => {
            let Gateway { sealer, store, audit, .. } = gateway;
            resealed(reseal::by_order(sealer, store, audit, gateway.clock.now()).await)
        }
        Command::ReloadKeys => match keys::reload(gateway).await {
            Ok(keys::Counts { sealing, assertion, saml }) => {
                Answer::Keys { sealing, assertion, saml }
            }
            Err(reason) => Answer::Failed(reason),
        },
    }
}

pub(crate) fn resealed(done: Result<session::Resealed, String>) -> Answer {
    done.map_or_else(Answer::Failed, |session::Resealed { anew, unreadable, .. }| {
        Answer::Resealed { anew, unreadable }
    })
}

pub(crate) fn switched(done: Result<ReferenceCode, String>) -> Answer {
    done.map_or_else(Answer::Failed, |code| Answer::Done(format!("recorded as {code}")))
}

async fn store(gateway: &Gateway, command: StoreCommand) -> Answer {
    if let Err(reason) = storage::record(&gateway.audit, &command, gateway.clock.now()).await {
        return Answer::Failed(reason);
    }
    let done = storage::execute(&*gateway.store, &gateway.storage, &command, gateway.clock.now());
    done.await.map_or_else(Answer::Failed, Answer::Done)
}

/// Sends one command to the gateway that listens on `path`.
///
/// # Errors
/// When nobody listens there, or the answer cannot be read.
pub async fn send(path: &Path, command: &Command) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(path).await?;
    let mut text = serde_json::to_vec(command)?;
    text.push(b'\n');
    stream.write_all(&text).await?;
    let mut line = String::new();
    BufReader::new(stream).take(64 * 1024 * 1024).read_line(&mut line).await?;
    Ok(serde_json::from_str(&line)?)
}
