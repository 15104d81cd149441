//! What Redis answers, read.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::dial::describe;
use super::settings::RedisAddress;
use super::slot::SLOTS;
use crate::StoreError;

/// Why a node gave no answer to a request.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is not there, or its answer did not come; the outcome is unknown.
    Away(String),
    /// The key's slot is another node's; nothing was done.
    Moved(RedisAddress),
    /// The key is on its way to another node; nothing was done.
    Asking(RedisAddress),
    /// It answered that it cannot.
    Refused(String),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why) | Failure::Refused(why) => Self::Unavailable(why),
            Failure::Moved(to) | Failure::Asking(to) => {
                Self::Unavailable(format!("{to}: the cluster sends from node to node"))
            }
        }
    }
}

/// A command's answer, or what Redis has against it.
pub(super) fn judged(value: Value) -> Result<Value, Failure> {
    value.extract_error().map_err(|error| failure(&error))
}

fn failure(error: &RedisError) -> Failure {
    let target = error.redirect_node().and_then(|(node, _)| address(node));
    match (error.kind(), target) {
        (ErrorKind::Server(ServerErrorKind::Moved), Some(to)) => Failure::Moved(to),
        (ErrorKind::Server(ServerErrorKind::Ask), Some(to)) => Failure::Asking(to),
        _ => Failure::Refused(describe(error)),
    }
}

fn address(text: &str) -> Option<RedisAddress> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(RedisAddress { host, port: port.parse().ok()? })
}

/// `ROLE`: how many replicas a primary has; `None` of one that is no primary.
pub(super) fn replicas(role: &Value) -> Option<usize> {
    let Value::Array(parts) = role else { return None };
    let [Value::BulkString(role), _, Value::Array(replicas)] = parts.as_slice() else {
        return None;
    };
    (role == b"master").then_some(replicas.len())
}

/// `SENTINEL MASTER`: the epoch of its configuration and the primary's address.
pub(super) fn watched(answer: &Value) -> Option<(u64, RedisAddress)> {
    let field = |name| find(answer, name).and_then(text);
    let port = field("port")?.parse().ok()?;
    Some((field("config-epoch")?.parse().ok()?, RedisAddress { host: field("ip")?, port }))
}

/// The value of a name, in a map or in a flat list of pairs.
pub(super) fn find<'a>(answer: &'a Value, name: &str) -> Option<&'a Value> {
    match answer {
        Value::Map(pairs) => {
            pairs.iter().find(|(key, _)| text(key).as_deref() == Some(name)).map(|(_, v)| v)
        }
        Value::Array(flat) => flat.chunks_exact(2).find_map(|pair| match pair {
            [key, value] if text(key).as_deref() == Some(name) => Some(value),
            _ => None,
        }),
        _ => None,
    }
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `CLUSTER INFO`: the epoch that a node knows, if the cluster is well for it.
pub(super) fn epoch(info: &Value) -> Option<u64> {
    let info = text(info)?;
    let line = |name: &str| info.lines().find_map(|line| line.trim().strip_prefix(name));
    if line("cluster_state:")? != "ok" {
        return None;
    }
    line("cluster_current_epoch:")?.parse().ok()
}

/// `CLUSTER SLOTS`: the primary of each slot. A node without a host of its own is `asked`.
pub(super) fn slots(answer: &Value, asked: &RedisAddress) -> Option<Vec<(u16, u16, RedisAddress)>> {
    let Value::Array(ranges) = answer else { return None };
    ranges.iter().map(|range| slot_range(range, asked)).collect()
}

fn slot_range(range: &Value, asked: &RedisAddress) -> Option<(u16, u16, RedisAddress)> {
    let Value::Array(parts) = range else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = parts.as_slice() else {
        return None;
    };
    let [host, Value::Int(port), ..] = primary.as_slice() else { return None };
    let host = text(host).filter(|host| !host.is_empty()).unwrap_or_else(|| asked.host.clone());
    let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
    let fits = first <= last && last < SLOTS;
    fits.then_some((first, last, RedisAddress { host, port: u16::try_from(*port).ok()? }))
}

/// `{outcome, old}` of a script that writes.
pub(super) fn written(answer: Value) -> Result<(i64, Vec<u8>), Failure> {
    match answer {
        Value::Array(parts) => match <[Value; 2]>::try_from(parts) {
            Ok([Value::Int(outcome), Value::BulkString(old)]) => Ok((outcome, old)),
            _ => Err(strange()),
        },
        _ => Err(strange()),
    }
}

/// A value, or none.
pub(super) fn bytes(answer: Value) -> Result<Option<Vec<u8>>, Failure> {
    match answer {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        _ => Err(strange()),
    }
}

pub(super) fn number(answer: &Value) -> Result<i64, Failure> {
    match answer {
        Value::Int(number) => Ok(*number),
        _ => Err(strange()),
    }
}

/// `HSCAN`: the next cursor and the fields of this page.
pub(super) fn page(answer: Value) -> Result<(u64, Vec<String>), Failure> {
    let (cursor, both) = scanned(answer)?;
    Ok((cursor, both.into_iter().step_by(2).collect()))
}

/// `SCAN`: the next cursor and the keys of this page.
pub(super) fn scanned(answer: Value) -> Result<(u64, Vec<String>), Failure> {
    let Value::Array(parts) = answer else { return Err(strange()) };
    let [cursor, Value::Array(found)] = parts.as_slice() else { return Err(strange()) };
    let cursor = text(cursor).and_then(|c| c.parse().ok()).ok_or_else(strange)?;
    Ok((cursor, found.iter().filter_map(text).collect()))
}

fn strange() -> Failure {
    Failure::Refused("it answered something else than Redis does".to_owned())
}
