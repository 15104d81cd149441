//! `vestibule why CODE`: the one cause and the remedy.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use audit::Record;
use domain::{AuditEvent, ReferenceCode};
use gateway::control::{Answer, Command};

use crate::{USAGE, asking};

pub(crate) fn why(path: &Path, code: &str) -> ExitCode {
    let code: ReferenceCode = match code.parse() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "`{code}`: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match records(path, code) {
        Ok(records) if records.is_empty() => asking::fail(&format!(
            "nothing is recorded under {code}; is this the right gateway's audit log?"
        )),
        Ok(records) => {
            let _ = io::stdout().write_all(explain(&records).as_bytes());
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

/// Asks the running gateway; with none running, reads its log. What failed was printed.
fn records(config: &Path, code: ReferenceCode) -> Result<Vec<Record>, ExitCode> {
    let failed = |said: &str| asking::fail(&format!("why: {said}"));
    let excerpt = asking::excerpt(config)?;
    let socket = asking::known(excerpt.control_socket())?;
    match asking::send_to(&socket, &Command::Why { code }) {
        Ok(Answer::Records(records)) => Ok(records),
        Ok(Answer::Failed(reason)) => Err(failed(&reason)),
        Ok(_) => Err(failed(asking::STRANGE)),
        Err(silent) => {
            let log = asking::known(excerpt.audit_file())?;
            let unread = |unread| failed(&nowhere_to_look((&socket, &silent), (&log, &unread)));
            audit::find(&log, code).map_err(unread)
        }
    }
}

/// Why neither the gateway nor its log tells anything; both files are the gateway's user's alone.
fn nowhere_to_look(
    (socket, silent): (&Path, &io::Error),
    (log, unread): (&Path, &io::Error),
) -> String {
    format!(
        "no gateway answers on {}: {silent}, and {} cannot be read: {unread}; run this where the \
         gateway runs, as its user or root, or name its file with --config",
        socket.display(),
        log.display()
    )
}

fn explain(records: &[Record]) -> String {
    records.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(record: &Record) -> String {
    let Record { time, reference, client, event } = record;
    let client = client.map(|client| format!(" from {client}")).unwrap_or_default();
    match event {
        AuditEvent::Refused { site, idp, person, refusal } => {
            let mut about = Vec::new();
            about.extend(site.iter().map(|site| format!("site {site}")));
            about.extend(idp.iter().map(|idp| format!("identity provider {idp}")));
            about.extend(person.iter().map(|person| format!("person {person}")));
            let blame = serde_json::to_value(refusal.blame).unwrap_or_default();
            let blame = blame.as_str().unwrap_or_default().replace('_', " ");
            format!(
                "{reference} at {time}{client}: refused ({})\n  cause:  {}\n  what:   {}\n  whose:  {blame}\n  remedy: {}\n",
                about.join(", "),
                refusal.cause,
                refusal.explanation,
                refusal.remedy
            )
        }
        other => {
            let event = serde_json::to_string(other).unwrap_or_default();
            format!("{reference} at {time}{client}: {event}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Blame, Notice, Refusal, Timestamp};

    use super::*;

    #[test]
    fn a_refusal_is_explained_by_cause_and_remedy() {
        let refusal = Refusal::new(
            "saml-unsigned",
            Blame::IdentityProvider,
            Notice::AnswerNotAccepted,
            "no signature",
            "sign",
        );
        let event = AuditEvent::Refused {
            site: "help".parse().ok(),
            idp: "acme".parse().ok(),
            person: None,
            refusal,
        };
        let record = Record::new(
            Timestamp::from_seconds(0),
            ReferenceCode::from_random([1; 8]),
            None,
            event,
        );
        assert_eq!(
            explain(&[record]),
            "3333-3333 at 1970-01-01T00:00:00Z: refused (site help, identity provider acme)\n  cause:  saml-unsigned\n  what:   no signature\n  whose:  identity provider\n  remedy: sign\n"
        );
    }
}
