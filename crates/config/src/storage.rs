//! Files and folders of our own: store, audit log, access log, control socket, and the
//! certificate authorities for outgoing calls.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use store::{AreaId, RedisSettings};

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::{StoreSettings, files, redis};

/// Names in the embedded store's folder of what is not said.
pub(crate) const CONTROL_SOCKET: &str = "control.sock";
pub(crate) const AUDIT_FILE: &str = "audit.jsonl";

/// `sun_path` of `sockaddr_un` has 108 bytes on Linux, the last of them zero.
const SOCKET_PATH: usize = 107;

/// Everything of this section.
pub(crate) struct Storage {
    /// Where state is kept.
    pub(crate) store: StoreSettings,
    /// Whose records these are.
    pub(crate) store_id: Option<AreaId>,
    /// File of the audit log.
    pub(crate) audit_file: PathBuf,
    /// File of the access log.
    pub(crate) access_log: Option<PathBuf>,
    /// Path of the control socket.
    pub(crate) control_socket: PathBuf,
}

/// Reads `store`, `audit`, `access_log` and `control`.
pub(crate) fn read(root: &Mapping<'_>) -> Option<Storage> {
    let store = store(root);
    let audit = given(root.optional("audit"), |v| single_path(v, "file"));
    let access = given(root.optional("access_log"), |v| single_path(v, "file"));
    let control = given(root.optional("control"), |v| single_path(v, "socket"));
    let (store, store_id) = store?;
    let control_socket = beside(root, &store, control?, ("control", "socket"), CONTROL_SOCKET)?;
    check_socket(root, &control_socket)?;
    let audit_file = beside(root, &store, audit?, ("audit", "file"), AUDIT_FILE)?;
    Some(Storage { audit_file, access_log: access?, control_socket, store, store_id })
}

/// The path that was said, else `name` in the embedded store's folder.
fn beside(
    root: &Mapping<'_>,
    store: &StoreSettings,
    said: Option<PathBuf>,
    key: (&str, &str),
    name: &str,
) -> Option<PathBuf> {
    match (said, store) {
        (Some(path), _) => Some(path),
        (None, StoreSettings::Embedded { path }) => Some(path.join(name)),
        (None, StoreSettings::Redis { .. }) => {
            let wanted = format!("write {}: {{ {}: PATH }}", key.0, key.1);
            let said = format!("`{}` is missing, and Redis has no folder to put it in", key.0);
            root.value.problem(said, wanted);
            None
        }
    }
}

/// Reads `outbound`.
pub(crate) fn outbound(root: &Mapping<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let Some(value) = root.optional("outbound") else { return Some(Vec::new()) };
    let map = value.mapping("write certificate_authorities: { file: PATH } here")?;
    let authorities = given(map.optional("certificate_authorities"), files::certificates);
    map.finish();
    Some(authorities?.unwrap_or_default())
}

fn store(root: &Mapping<'_>) -> Option<(StoreSettings, Option<AreaId>)> {
    let wanted = "write store: { embedded: { path: FOLDER } } or store: { redis: { url: URL } }";
    let value = root.required("store", wanted)?;
    let map = value.mapping(wanted)?;
    let (own, embedded) = (map.optional("redis"), map.optional("embedded"));
    let apart = given(map.optional("records"), records);
    let id = given(map.optional("id"), |v| v.parse("write what `vestibule store init` printed"));
    map.finish();
    match (embedded, own) {
        (Some(folder), None) => {
            let path = embedded_folder(&folder)?;
            if apart?.is_some() {
                value.problem("`records` apart from an embedded store", "leave `records` out");
                return None;
            }
            Some((StoreSettings::Embedded { path }, id?))
        }
        (None, Some(own)) => {
            let sessions = Box::new(redis::read(&own)?);
            let records = apart?.map(Box::new);
            Some((StoreSettings::Redis { sessions, records }, id?))
        }
        _ => {
            value.problem("this needs exactly one of `embedded` and `redis`", wanted);
            None
        }
    }
}

fn records(value: &Value<'_>) -> Option<RedisSettings> {
    let wanted = "write records: { redis: { url: URL } }";
    let map = value.mapping(wanted)?;
    let own = map.required("redis", wanted);
    map.finish();
    redis::read(&own?.alike("store.redis"))
}

fn embedded_folder(value: &Value<'_>) -> Option<PathBuf> {
    let wanted = "write embedded: { path: FOLDER }";
    let map = value.mapping(wanted)?;
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

/// Whether the path fits into the address of a socket.
pub(crate) fn check_socket(root: &Mapping<'_>, path: &Path) -> Option<()> {
    let length = path.as_os_str().len();
    if length <= SOCKET_PATH {
        return Some(());
    }
    let said = format!("the control socket's path has {length} bytes, sockets have {SOCKET_PATH}");
    let value = root.optional("control").unwrap_or_else(|| root.value.clone());
    value.problem(said, "set control: { socket: PATH } to a shorter path");
    None
}
