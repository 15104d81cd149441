//! `vestibule idp`: identity providers are added, tried out and switched off.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use config::{Draft, ProcessEnvironment, Settings, Source};
use domain::{IdpName, SiteName};
use gateway::control;

use crate::sessions::{self, Consent};
use crate::{CONFIGURATION, USAGE, check, links};

#[derive(Debug, Subcommand)]
pub(crate) enum IdpCommand {
    /// Say what to write into the file for a new one, and what to enter there. Changes nothing.
    Add(Box<New>),
    /// Say what to enter at an identity provider of the file.
    Values {
        /// The identity provider's name in the file.
        name: IdpName,
    },
    /// Make a link under which a sign-in is tried out and writes nothing.
    Test {
        /// The identity provider's name in the file.
        name: IdpName,
        /// The site's name, where the file has several.
        #[arg(long)]
        site: Option<SiteName>,
    },
    /// Let it sign nobody in any more, at every gateway at once, whatever the file says. Its people's
    /// sessions go on unless they are revoked, too.
    Disable {
        /// The identity provider's name in the file.
        name: IdpName,
        /// End the sessions of its people: shows how many and asks.
        #[arg(long)]
        revoke: bool,
        /// Do not ask.
        #[arg(long, requires = "revoke")]
        yes: bool,
    },
    /// Undo `disable`.
    Enable {
        /// The identity provider's name in the file.
        name: IdpName,
    },
}

/// A new identity provider.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["metadata_url", "issuer"])))]
pub(crate) struct New {
    /// Its name in the file; becomes part of URLs.
    name: IdpName,
    /// Which product it is, such as okta or entra.
    #[arg(long)]
    preset: Option<String>,
    /// Its name for people.
    #[arg(long)]
    label: Option<String>,
    /// A domain of its people's addresses; may be given several times.
    #[arg(long, required = true)]
    domain: Vec<String>,
    /// SAML: the URL of its metadata.
    #[arg(long)]
    metadata_url: Option<String>,
    /// OpenID Connect: its issuer.
    #[arg(long, requires = "client_id")]
    issuer: Option<String>,
    /// What it calls us.
    #[arg(long, requires = "issuer")]
    client_id: Option<String>,
    /// The file with our secret there, from the file's folder; without it we are a public client.
    #[arg(long, requires = "issuer")]
    client_secret_file: Option<String>,
}

pub(crate) fn idp(config: &Path, command: IdpCommand) -> ExitCode {
    match command {
        IdpCommand::Add(new) => match new.draft() {
            Some(draft) => add(config, &draft),
            None => ExitCode::from(USAGE),
        },
        IdpCommand::Values { name } => values(config, &name),
        IdpCommand::Test { name, site } => {
            let command = control::Command::TestIdp { idp: name, site };
            links::link(config, &command, "open it in a browser and sign in: nothing is written")
        }
        IdpCommand::Disable { name, revoke, yes } => {
            sessions::disable_idp(config, name, revoke.then(|| Consent::from_flag(yes)))
        }
        IdpCommand::Enable { name } => sessions::enable_idp(config, name),
    }
}

impl New {
    fn draft(self) -> Option<Draft> {
        let Self { name, preset, label, domain: domains, .. } = self;
        let source = match (self.metadata_url, self.issuer, self.client_id) {
            (Some(metadata_url), _, _) => Source::Saml { metadata_url },
            (None, Some(issuer), Some(client_id)) => {
                Source::Oidc { issuer, client_id, client_secret_file: self.client_secret_file }
            }
            _ => return None,
        };
        Some(Draft { name, label, preset, domains, source })
    }
}

fn add(config: &Path, draft: &Draft) -> ExitCode {
    let settings = match draft.try_in(config, &ProcessEnvironment) {
        Ok(settings) => settings,
        Err(problems) => {
            let _ = writeln!(io::stderr(), "{problems}");
            return ExitCode::from(CONFIGURATION);
        }
    };
    let out = format!(
        "Into {}:\n\n{}\n{}\nThen `vestibule check`, a start with that file, and `vestibule idp test {}`.\nWhat to know of each product: docs/identity-providers.md\n",
        config.display(),
        draft.text(),
        entered(&settings, &draft.name),
        draft.name
    );
    let _ = io::stdout().write_all(out.as_bytes());
    ExitCode::SUCCESS
}

fn values(config: &Path, name: &IdpName) -> ExitCode {
    let settings = match check::load(config) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let text = entered(&settings, name);
    if text.is_empty() {
        let _ = writeln!(io::stderr(), "idp: no identity provider is named `{name}`");
        return ExitCode::from(USAGE);
    }
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// What is entered at an identity provider for each of its sites; empty when there is none.
fn entered(settings: &Settings, name: &IdpName) -> String {
    let Some(idp) = settings.identity_providers.iter().find(|idp| idp.federation.name == *name)
    else {
        return String::new();
    };
    let its = |site: &SiteName| idp.sites.as_ref().is_none_or(|sites| sites.contains(site));
    let mut text = format!("At {}:\n", idp.federation.label);
    for site in settings.sites.iter().filter(|site| its(&site.name)) {
        text += &format!("\n  for the site `{}`\n", site.name);
        for (what, url) in gateway::registration(&idp.federation, &site.public_url) {
            text += &format!("    {what:<36}{url}\n");
        }
    }
    text
}
