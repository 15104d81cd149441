//! `vestibule factor status` and `factor reset`, by the running gateway.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::{EmailAddress, PersonKey, SiteName};
use gateway::control::{Answer, Command};
use gateway::{FactorOf, FactorReport, FactorReset};

use crate::asking::{ask, strange};

#[derive(Debug, Subcommand)]
pub(crate) enum FactorCommand {
    /// Say what a person has of second factors.
    Status(Whose),
    /// Remove somebody's second factor, recovery codes and trusted browsers, and end their sessions.
    Reset {
        #[command(flatten)]
        whose: Whose,
        /// Why, and how the person proved who they are; it is recorded.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// An address that signed in before, or IDP/SUBJECT as the audit log names people.
    #[arg(value_name = "PERSON|EMAIL", value_parser = named)]
    person: Named,
    /// The site's name, where the file has several and an address is given.
    #[arg(long)]
    site: Option<SiteName>,
}

#[derive(Debug, Clone)]
enum Named {
    Person(PersonKey),
    Email(EmailAddress),
}

fn named(text: &str) -> Result<Named, String> {
    let person = text.split_once('/').and_then(|(idp, subject)| {
        Some(PersonKey { idp: idp.parse().ok()?, subject: subject.parse().ok()? })
    });
    match (person, text.parse()) {
        (Some(person), _) => Ok(Named::Person(person)),
        (None, Ok(email)) => Ok(Named::Email(email)),
        (None, Err(error)) => Err(format!("neither IDP/SUBJECT nor an address: {error}")),
    }
}

impl Whose {
    fn of(self) -> FactorOf {
        match self.person {
            Named::Person(person) => FactorOf::Person(person),
            Named::Email(email) => FactorOf::Email { email, site: self.site },
        }
    }
}

/// Carries the command out.
pub(crate) fn factor(config: &Path, command: FactorCommand) -> ExitCode {
    let command = match command {
        FactorCommand::Status(whose) => Command::FactorStatus { of: whose.of() },
        FactorCommand::Reset { whose, reason } => Command::FactorReset { of: whose.of(), reason },
    };
    match ask(config, &command) {
        Ok(Answer::Factor(report)) => say(&lines(&report)),
        Ok(Answer::FactorReset(FactorReset { person, enrolled, sessions })) => {
            let removed = if enrolled {
                "second factor, recovery codes and trusted browsers removed"
            } else {
                "there was no second factor (is the name right?)"
            };
            say(&format!(
                "{person}: {removed}, {sessions} sessions ended; \
                 a new sign-in at the identity provider comes before the next enrolment"
            ))
        }
        Ok(_) => strange(),
        Err(code) => code,
    }
}

fn say(text: &str) -> ExitCode {
    let _ = writeln!(io::stdout(), "{text}");
    ExitCode::SUCCESS
}

fn lines(report: &FactorReport) -> String {
    let mut lines = vec![report.person.to_string()];
    lines.push(match report.enrolled {
        Some(since) => format!("authenticator app: since {since}"),
        None => "authenticator app: none".to_owned(),
    });
    lines.push(format!("recovery codes left: {}", report.recovery_codes));
    lines.push(format!("trusted browsers: {}", report.trusted_browsers));
    lines.extend(report.reset_due.map(|due| format!("reset asked for, due: {due}")));
    lines.extend(
        report.fresh_sign_in_after.map(|at| format!("enrols only after a sign-in since: {at}")),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_as_the_audit_log_does_or_by_address() {
        assert!(matches!(named("acme/00u1"), Ok(Named::Person(_))));
        assert!(matches!(named("acme/ann@acme.example"), Ok(Named::Person(_))));
        assert!(matches!(named("ann@acme.example"), Ok(Named::Email(_))));
        for bad in ["", "ann", "/x", "acme/", "Acme/x"] {
            assert!(named(bad).is_err(), "{bad}");
        }
    }
}
