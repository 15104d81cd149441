//! `vestibule keys published`: who has read our metadata since its keys changed.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use gateway::control::{Answer, Command, PublishedKeys, Reading};

use crate::asking;

/// Asks the running gateway and prints one line for each site of each identity provider.
pub(super) fn show(config: &Path) -> ExitCode {
    match asking::ask(config, &Command::PublishedKeys) {
        Ok(Answer::PublishedKeys(published)) => super::told("keys published", Ok(text(&published))),
        Ok(_) => asking::strange(),
        Err(code) => code,
    }
}

fn text(published: &PublishedKeys) -> String {
    let mut text = String::new();
    for (place, key) in published.keys.iter().enumerate() {
        let role = if place == 0 { "signs" } else { "published, accepted" };
        let _ = writeln!(text, "key {key}  {role}");
    }
    if published.keys.is_empty() {
        text.push_str("no SAML key is in use\n");
    }
    for (idp, site, reading) in &published.readings {
        let said = match reading {
            None => "nobody has read this site's metadata for it yet".to_owned(),
            Some(reading) => about(reading, &published.keys),
        };
        let _ = writeln!(text, "{idp} at {site}: {said}");
    }
    text
}

fn about(Reading { at, client, keys }: &Reading, published: &[String]) -> String {
    let missing: Vec<&str> =
        published.iter().filter(|key| !keys.contains(key)).map(String::as_str).collect();
    let whole = if missing.is_empty() {
        "with every key".to_owned()
    } else {
        format!("without {}: wait, or give it the metadata", missing.join(", "))
    };
    format!("read at {at} from {client}, {whole}")
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn each_site_of_each_provider_has_a_line_that_says_what_it_lacks() {
        let reading = |keys: &[&str]| Reading {
            at: Timestamp::from_seconds(0),
            client: [192, 0, 2, 1].into(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        let line =
            |idp: &str, site: &str, reading| (idp.parse().unwrap(), site.parse().unwrap(), reading);
        let published = PublishedKeys {
            keys: vec!["aa".to_owned(), "bb".to_owned()],
            readings: vec![
                line("acme", "help", Some(reading(&["aa", "bb"]))),
                line("acme", "partners", Some(reading(&["aa"]))),
                line("initech", "help", None),
            ],
        };
        let text = text(&published);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[0].contains("aa  signs") && lines[1].contains("bb  published"), "{text}");
        assert!(
            lines[2].starts_with("acme at help: read at") && lines[2].contains("every key"),
            "{text}"
        );
        assert!(lines[3].starts_with("acme at partners: ") && lines[3].contains("without bb"));
        assert!(lines[4].starts_with("initech at help: nobody"), "{text}");
    }
}
