//! What Redis does in one step: commands and short scripts, each over one key.
//!
//! Scripts go as `EVAL` with their text each time: a server that was restarted, or promoted, needs
//! no loading first.

use domain::Timestamp;
use redis::{Cmd, cmd};

/// Writes the entry unless a live one is there. `{1, old}`: written; `{0, old}`: a live one is
/// there; `{-1, ''}`: too late, see [`GUARD`].
const PUT_IF_ABSENT: &str = concat!(
    "local old = redis.call('GET', KEYS[1]) ",
    "if old and struct.unpack('>i8', old, 2) > tonumber(ARGV[4]) then return {0, old} end ",
    "if redis.call('TIME')[1] > ARGV[3] then return {-1, ''} end ",
    "if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) ",
    "else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end ",
    "return {1, old or ''}"
);

/// Writes the entry over a live one whose value is as expected. Answers as [`PUT_IF_ABSENT`].
const REPLACE_IF: &str = concat!(
    "local old = redis.call('GET', KEYS[1]) ",
    "if not old or struct.unpack('>i8', old, 2) <= tonumber(ARGV[4]) ",
    "or string.sub(old, struct.unpack('>I4', old, 10) + 1) ~= ARGV[5] then return {0, ''} end ",
    "if redis.call('TIME')[1] > ARGV[3] then return {-1, ''} end ",
    "if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) ",
    "else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end ",
    "return {1, old}"
);

/// Writes the entry, whatever was there. Answers as [`PUT_IF_ABSENT`].
const PUT: &str = concat!(
    "local old = redis.call('GET', KEYS[1]) ",
    "if redis.call('TIME')[1] > ARGV[3] then return {-1, ''} end ",
    "if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) ",
    "else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end ",
    "return {1, old or ''}"
);

/// Removes the entry if it is still what was read.
const REMOVE_IF: &str = concat!(
    "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end ",
    "return redis.call('DEL', KEYS[1])"
);

/// Writes and removes a key, so that what keeps Redis from writing is seen.
const PROBE: &str =
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000) return redis.call('DEL', KEYS[1])";

/// Enters a key into a group's index and answers Redis's time in seconds. The index lives as long
/// as its longest entry. Each call looks at three members and drops those whose entry Redis has
/// expired, so that the dead never outgrow the living.
const JOIN: &str = concat!(
    "local now = tonumber(redis.call('TIME')[1]) ",
    "local life = tonumber(ARGV[2]) ",
    "local fresh = redis.call('EXISTS', KEYS[1]) == 0 ",
    "if not fresh then ",
    "local some = redis.call('HRANDFIELD', KEYS[1], 3, 'WITHVALUES') ",
    "for i = 1, #some, 2 do ",
    "local ends = tonumber(string.match(some[i + 1], ' (%d+)')) ",
    "if ends > 0 and ends < now then redis.call('HDEL', KEYS[1], some[i]) end end end ",
    "local ends = 0 if life > 0 then ends = now + life end ",
    "redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %d', now, ends)) ",
    "local left = redis.call('TTL', KEYS[1]) ",
    "if life == 0 then redis.call('PERSIST', KEYS[1]) ",
    "elseif fresh or (left >= 0 and left < life) then redis.call('EXPIRE', KEYS[1], life) end ",
    "return now"
);

/// Drops a key from a group's index unless it was entered only lately: then its entry may be about
/// to be written.
const LEAVE: &str = concat!(
    "local times = redis.call('HGET', KEYS[1], ARGV[1]) ",
    "if not times then return 0 end ",
    "local now = tonumber(redis.call('TIME')[1]) ",
    "if tonumber(string.match(times, '(%d+) ')) + tonumber(ARGV[2]) > now then return 0 end ",
    "return redis.call('HDEL', KEYS[1], ARGV[1])"
);

/// Seconds after entering an index in which the entry itself may be written. A write that was held
/// up for longer is refused by Redis.
pub(super) const GUARD: i64 = 30;
/// Seconds after entering an index in which nobody drops the key as dangling. More than [`GUARD`]
/// by as much as the clocks of a cluster's nodes may differ.
const GRACE: i64 = 90;
/// How much longer than its deadline Redis keeps an entry: clocks differ.
const SLACK: i64 = 120_000;
/// A longer life is one without end.
const ENDLESS: i64 = 1000 * 365 * 86_400_000;

/// For how many milliseconds Redis keeps an entry; 0: without end.
pub(super) fn life(deadline: Timestamp, now: Timestamp) -> i64 {
    let left = deadline.as_millis().saturating_sub(now.as_millis()).max(0);
    if left > ENDLESS { 0 } else { left.saturating_add(SLACK) }
}

/// When an entry is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum If<'a> {
    Always,
    Absent,
    Equal(&'a [u8]),
}

/// A write of `blob`, to be done before `latest` by Redis's clock, in seconds.
pub(super) fn write(
    key: &[u8],
    blob: &[u8],
    times: (i64, Timestamp),
    latest: i64,
    condition: If<'_>,
) -> Cmd {
    let (life, now) = times;
    let script = match condition {
        If::Always => PUT,
        If::Absent => PUT_IF_ABSENT,
        If::Equal(_) => REPLACE_IF,
    };
    let mut command = eval(script, key);
    // Redis's time has ten digits until the year 2286, so that texts compare as numbers do.
    command.arg(blob).arg(life).arg(format!("{latest:010}")).arg(now.as_millis());
    if let If::Equal(expected) = condition {
        command.arg(expected);
    }
    command
}

pub(super) fn take(key: &[u8]) -> Cmd {
    let mut command = cmd("GETDEL");
    command.arg(key);
    command
}

pub(super) fn read(key: &[u8]) -> Cmd {
    let mut command = cmd("GET");
    command.arg(key);
    command
}

/// Writes and removes; leaves nothing behind.
pub(super) fn probe(key: &[u8]) -> Cmd {
    let mut command = eval(PROBE, key);
    command.arg("1");
    command
}

pub(super) fn remove_if(key: &[u8], blob: &[u8]) -> Cmd {
    let mut command = eval(REMOVE_IF, key);
    command.arg(blob);
    command
}

/// Enters `key` into the index `group`, for an entry that Redis keeps for `life` milliseconds.
pub(super) fn join(group: &[u8], key: &str, life: i64) -> Cmd {
    let mut command = eval(JOIN, group);
    // Later than the entry itself by up to a second: a member may dangle, an entry must not.
    command.arg(key).arg(if life == 0 { 0 } else { life / 1000 + 1 + GUARD });
    command
}

pub(super) fn leave(group: &[u8], key: &str) -> Cmd {
    let mut command = eval(LEAVE, group);
    command.arg(key).arg(GRACE);
    command
}

/// One page of an index, from `cursor` on.
pub(super) fn members(group: &[u8], cursor: u64) -> Cmd {
    let mut command = cmd("HSCAN");
    command.arg(group).arg(cursor).arg("COUNT").arg(500);
    command
}

/// Some of the keys that begin like this, from `cursor` on, on the node that is asked.
pub(super) fn scan(prefix: &str, cursor: u64) -> Cmd {
    let mut command = cmd("SCAN");
    command.arg(cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(500);
    command
}

fn eval(script: &str, key: &[u8]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(script).arg(1).arg(key);
    command
}
