//! Finding the primaries, and noticing that they have changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value, cmd};
use tokio::time::{Instant, sleep};

use super::dial::Dialer;
use super::link::{Map, Shared};
use super::node::{Duty, Node};
use super::reply;
use super::settings::RedisAddress;

/// Between two looks; a strange answer makes the next one come at once.
const ROUND: Duration = Duration::from_millis(500);
/// Least pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one look may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// Asks all Sentinels for ever. The one with the newest configuration is believed; that the node
/// it names is a primary is seen when it is connected to.
pub(super) async fn follow_sentinels(
    shared: Arc<Shared>,
    dialer: Dialer,
    sentinels: Vec<RedisAddress>,
    service: String,
) {
    let start = |address: &RedisAddress| Node::start(&dialer, address.clone(), Duty::Scout);
    let scouts: Vec<Node> = sentinels.iter().map(start).collect();
    let mut followed: Option<(u64, RedisAddress)> = None;
    loop {
        let mut question = cmd("SENTINEL");
        question.arg("MASTER").arg(&service);
        let answers = ask_all(&scouts, &[question]).await;
        let found = answers.values().filter_map(|answer| reply::watched(answer.first()?));
        if let Some(newest) = found.max_by_key(|(epoch, _)| *epoch)
            && followed.as_ref().is_none_or(|known| known.0 <= newest.0 && known.1 != newest.1)
        {
            tracing::info!(primary = %newest.1, "redis: Sentinel names a primary");
            shared.set(Map::One(newest.1.clone()));
            followed = Some(newest);
        }
        pause(&shared).await;
    }
}

/// Asks nodes of the cluster for ever. The one that knows the newest epoch is believed.
pub(super) async fn follow_cluster(shared: Arc<Shared>, seeds: Vec<RedisAddress>) {
    let start = |address: &RedisAddress| Node::start(&shared.dialer, address.clone(), Duty::Scout);
    let scouts: Vec<Node> = seeds.iter().map(start).collect();
    let mut followed: Vec<(u16, u16, RedisAddress)> = Vec::new();
    loop {
        let questions = [sub("INFO"), sub("SLOTS")];
        let mut answers = ask_all(&scouts, &questions).await;
        for (address, primary) in shared.connected() {
            if let Ok(answer) = primary.ask(questions.to_vec(), PATIENCE).await {
                answers.insert(address, answer);
            }
        }
        let found = answers.iter().filter_map(|(address, answer)| {
            let [info, slots] = answer.as_slice() else { return None };
            Some((reply::epoch(info)?, reply::slots(slots, address)?))
        });
        if let Some((_, newest)) = found.max_by_key(|(epoch, _)| *epoch)
            && newest != followed
        {
            shared.set(Map::Slots(newest.clone()));
            followed = newest;
        }
        pause(&shared).await;
    }
}

fn sub(name: &str) -> Cmd {
    let mut command = cmd("CLUSTER");
    command.arg(name);
    command
}

async fn pause(shared: &Shared) {
    sleep(PAUSE).await;
    let _asked_or_time = tokio::time::timeout(ROUND, shared.look.notified()).await;
}

/// The answers of those that are up.
async fn ask_all(scouts: &[Node], questions: &[Cmd]) -> BTreeMap<RedisAddress, Vec<Value>> {
    let until = Instant::now() + PATIENCE;
    let asked = scouts.iter().map(|scout| async move {
        let answer = scout.ask(questions.to_vec(), until).await.ok()?;
        Some((scout.address().clone(), answer))
    });
    futures_util::future::join_all(asked).await.into_iter().flatten().collect()
}
