//! What of a Redis's settings would lose records, and what we may not do there.

use domain::Timestamp;
use redis::{Value, cmd};

use super::link::Link;
use super::reply;
use super::{RedisStore, settings::RedisAddress};
use crate::{Area, Entry, Store, StoreError};

/// Settings that are looked at.
const SETTINGS: [&str; 5] =
    ["appendonly", "appendfsync", "min-replicas-to-write", "maxmemory-policy", "maxmemory"];

impl RedisStore {
    /// Looks at each primary that has records and says what would lose some, in words for the
    /// operator; and does once what a gateway does, so that a right that is missing is named.
    ///
    /// # Errors
    /// When a Redis does not answer.
    pub async fn findings(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        self.probe(now).await?;
        let (link, _) = self.link(Area::Records);
        let mut findings = Vec::new();
        for primary in link.primaries().await? {
            let name = link.name();
            let found = settings(link, &primary).await;
            let found = found.unwrap_or_else(|error| {
                vec![format!(
                    "its settings cannot be read ({error}); see by hand that appendonly is yes, \
                     maxmemory-policy noeviction, and min-replicas-to-write 1 where there are replicas"
                )]
            });
            findings.extend(found.into_iter().map(|said| format!("{name} ({primary}): {said}")));
        }
        for area in [Area::Sessions, Area::Records] {
            if let Err(error) = self.try_everything(area, now).await {
                let name = self.link(area).0.name();
                findings.push(format!("{name}: the ACL user lacks a right: {error}"));
            }
        }
        Ok(findings)
    }

    /// Every kind of operation, on entries of its own.
    async fn try_everything(&self, area: Area, now: Timestamp) -> Result<(), StoreError> {
        let (key, group) = ("check-online", "check-online");
        let life = std::time::Duration::from_secs(10);
        let entry = |value: &str| Entry {
            value: value.into(),
            deadline: now.plus(life),
            groups: vec![group.to_owned()],
        };
        self.put(area, key, entry("1"), now).await?;
        self.put_if_absent(area, key, entry("2"), now).await?;
        self.replace_if(area, key, b"1", entry("3"), now).await?;
        self.get(area, key, now).await?;
        self.group(area, group, now).await?;
        self.page(area, None).await?;
        self.remove_group(area, group, now).await?;
        self.take(area, key, now).await.map(drop)
    }
}

async fn settings(link: &Link, primary: &RedisAddress) -> Result<Vec<String>, StoreError> {
    let mut question = cmd("CONFIG");
    question.arg("GET").arg(&SETTINGS);
    let answer = link.run_on(primary, question).await?;
    let mut replication = cmd("INFO");
    replication.arg("replication");
    let replication = link.run_on(primary, replication).await?;
    let replicas = reply::text(&replication).and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("connected_slaves:"));
        line.and_then(|count| count.trim().parse::<usize>().ok())
    });
    Ok(judge(&answer, replicas.unwrap_or_default(), link.replicas_said()))
}

fn judge(answer: &Value, replicas: usize, said: Option<usize>) -> Vec<String> {
    let setting = |name| reply::find(answer, name).and_then(reply::text).unwrap_or_default();
    let mut findings = Vec::new();
    if setting("appendonly") != "yes" {
        findings
            .push("appendonly is not yes: a restart forgets every record; set it to yes".into());
    } else if setting("appendfsync") == "no" {
        let said = "appendfsync is no: a machine that stops loses up to half a minute of records; \
                    set it to everysec or always";
        findings.push(said.to_owned());
    }
    let (policy, limit) = (setting("maxmemory-policy"), setting("maxmemory"));
    if policy != "noeviction" {
        let limit =
            if limit == "0" { "as soon as maxmemory is set" } else { "when memory is short" };
        let said = format!("maxmemory-policy is {policy}: it throws records away {limit}");
        findings.push(format!("{said}; set it to noeviction"));
    }
    if replicas > 0 && setting("min-replicas-to-write") == "0" {
        let said = "min-replicas-to-write is 0 and there are replicas: a primary that was cut off \
                    goes on taking writes that are lost later; set it to 1";
        findings.push(said.to_owned());
    }
    if replicas > 0 && said == Some(0) {
        let said = "`replicas: 0` is said and there are replicas: records count as written before \
                    a replica has them; leave the key out";
        findings.push(said.to_owned());
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(changed: &[(&str, &str)]) -> Value {
        let good = [
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("min-replicas-to-write", "1"),
            ("maxmemory-policy", "noeviction"),
            ("maxmemory", "0"),
        ];
        let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let pair = |(name, value)| {
            let other = changed.iter().find(|(changed, _)| *changed == name);
            (bulk(name), bulk(other.map_or(value, |(_, other)| other)))
        };
        Value::Map(good.into_iter().map(pair).collect())
    }

    #[test]
    fn each_setting_that_loses_records_is_named() {
        assert_eq!(judge(&answer(&[]), 1, None), [""; 0], "a good one");
        assert_eq!(judge(&answer(&[("min-replicas-to-write", "0")]), 0, Some(0)), [""; 0], "alone");
        for (name, value) in [
            ("appendonly", "no"),
            ("appendfsync", "no"),
            ("maxmemory-policy", "allkeys-lru"),
            ("min-replicas-to-write", "0"),
        ] {
            let found = judge(&answer(&[(name, value)]), 1, None);
            assert!(matches!(found.as_slice(), [one] if one.starts_with(name)), "{found:?}");
        }
        assert_eq!(judge(&answer(&[]), 1, Some(0)).len(), 1, "replicas that are not waited for");
    }
}
