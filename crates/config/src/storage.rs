//! Files and folders of our own: store, audit log, access log, control socket, and the
//! certificate authorities for outgoing calls.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::{StoreSettings, files};

/// `sun_path` of `sockaddr_un` has 108 bytes on Linux, the last of them zero.
const SOCKET_PATH: usize = 107;

/// Everything of this section.
pub(crate) struct Storage {
    /// Where state is kept.
    pub(crate) store: StoreSettings,
    /// File of the audit log.
    pub(crate) audit_file: PathBuf,
    /// File of the access log.
    pub(crate) access_log: Option<PathBuf>,
    /// Path of the control socket.
    pub(crate) control_socket: PathBuf,
}

/// Reads `store`, `audit`, `access_log` and `control`.
pub(crate) fn read(root: &Mapping<'_>) -> Option<Storage> {
    let folder = store(root);
    let audit = given(root.optional("audit"), |v| single_path(v, "file"));
    let access = given(root.optional("access_log"), |v| single_path(v, "file"));
    let control = given(root.optional("control"), |v| single_path(v, "socket"));
    let folder = folder?;
    let control_socket = control?.unwrap_or_else(|| folder.join("control.sock"));
    check_socket(root, &control_socket)?;
    Some(Storage {
        audit_file: audit?.unwrap_or_else(|| folder.join("audit.jsonl")),
        access_log: access?,
        control_socket,
        store: StoreSettings::Embedded { path: folder },
    })
}

/// Reads `outbound`.
pub(crate) fn outbound(root: &Mapping<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let Some(value) = root.optional("outbound") else { return Some(Vec::new()) };
    let map = value.mapping("write certificate_authorities: { file: PATH } here")?;
    let authorities = given(map.optional("certificate_authorities"), files::certificates);
    map.finish();
    Some(authorities?.unwrap_or_default())
}

fn store(root: &Mapping<'_>) -> Option<PathBuf> {
    let wanted = "write store: { embedded: { path: FOLDER } }";
    let map = root.required("store", wanted)?.mapping(wanted)?;
    map.not_yet(&["redis"]);
    let embedded = map.required("embedded", wanted);
    map.finish();
    let map = embedded?.mapping(wanted)?;
    let value = map.required("path", wanted);
    map.finish();
    let value = value?;
    let path = files::path(&value)?;
    if path.exists() && !path.is_dir() {
        value.problem(format!("`{}` is not a folder", path.display()), "name a folder");
        return None;
    }
    Some(path)
}

/// The path in `{ key: PATH }`. Its parent folders are made at start.
fn single_path(value: &Value<'_>, key: &'static str) -> Option<PathBuf> {
    let wanted = format!("write {{ {key}: PATH }}");
    let map = value.mapping(&wanted)?;
    let path = map.required(key, &wanted);
    map.finish();
    files::path(&path?)
}

fn check_socket(root: &Mapping<'_>, path: &Path) -> Option<()> {
    let length = path.as_os_str().len();
    if length <= SOCKET_PATH {
        return Some(());
    }
    let said = format!("the control socket's path has {length} bytes, sockets have {SOCKET_PATH}");
    root.value.problem(said, "set control: { socket: PATH } to a shorter path");
    None
}
