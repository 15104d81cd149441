//! An identity provider that the file does not name yet, tried as if it did.

use std::path::Path;

use domain::IdpName;

use crate::problem::Problems;
use crate::tree::{self, Content, Entry, Node};
use crate::{Environment, Settings, folder_of, read_tree, text_of};

/// An identity provider as an operator would write it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its name in the file.
    pub name: IdpName,
    /// Its name for people, where that is another one.
    pub label: Option<String>,
    /// Which product it is.
    pub preset: Option<String>,
    /// The domains that it may speak for; a rule sends each of them there.
    pub domains: Vec<String>,
    /// How it is spoken to.
    pub source: Source,
}

/// Where an identity provider describes itself, and what we are there.
#[derive(Debug, Clone)]
pub enum Source {
    /// SAML.
    Saml {
        /// Where its metadata is.
        metadata_url: String,
    },
    /// OpenID Connect.
    Oidc {
        /// Its issuer.
        issuer: String,
        /// What it calls us.
        client_id: String,
        /// The file with our secret there; none: a public client.
        client_secret_file: Option<String>,
    },
}

impl Draft {
    /// What the file needs: entries of `identity_providers` and `sign_in`.
    pub fn text(&self) -> String {
        let mut text = format!("identity_providers:\n  {}:\n", self.name);
        for (key, said) in [("label", &self.label), ("preset", &self.preset)] {
            if let Some(said) = said {
                text += &format!("    {key}: {}\n", quoted(said));
            }
        }
        let domains: Vec<_> = self.domains.iter().map(|domain| quoted(domain)).collect();
        text += &format!("    domains: [{}]\n", domains.join(", "));
        text += &match &self.source {
            Source::Saml { metadata_url } => {
                format!("    saml:\n      metadata: {{ url: {} }}\n", quoted(metadata_url))
            }
            Source::Oidc { issuer, client_id, client_secret_file } => {
                let secret = client_secret_file
                    .as_ref()
                    .map(|file| format!("      client_secret: {{ file: {} }}\n", quoted(file)));
                format!(
                    "    oidc:\n      issuer: {}\n      client_id: {}\n{}",
                    quoted(issuer),
                    quoted(client_id),
                    secret.unwrap_or_default()
                )
            }
        };
        text += "sign_in:    # before the rules that are there\n";
        for domain in domains {
            text += &format!("  - {{ domain: {domain}, use: {} }}\n", self.name);
        }
        text
    }

    /// Reads the file at `path` as if that stood in it.
    ///
    /// # Errors
    /// All problems; those of the draft without a line, as it is in no file.
    pub fn try_in(&self, path: &Path, environment: &dyn Environment) -> Result<Settings, Problems> {
        let name = path.display().to_string();
        let text = text_of(path).map_err(|said| {
            Problems::whole_file(&name, said, "name the configuration with --config FILE")
        })?;
        let named = |problems| Problems { file: name.clone(), problems };
        let mut file = tree::parse(&text).map_err(named)?;
        let draft = tree::parse(&self.without_missing_secret(&folder_of(path)).text()).map_err(
            |mut problems| {
                problems.iter_mut().for_each(|problem| problem.line = None);
                named(problems)
            },
        )?;
        if !merge(&mut file, draft) {
            let said = format!("identity_providers.{} is there already", self.name);
            return Err(Problems::whole_file(&name, said, "choose another name"));
        }
        let read = read_tree(&name, &file, &text, &folder_of(path), environment);
        read.map_err(|mut problems| {
            let ours = problems.problems.iter_mut().filter(|problem| self.is_about(&problem.path));
            ours.for_each(|problem| problem.line = None);
            problems
        })
    }

    /// The secret is made when the gateway is registered, with the values that a draft is tried for.
    fn without_missing_secret(&self, folder: &Path) -> Self {
        let mut tried = self.clone();
        if let Source::Oidc { client_secret_file, .. } = &mut tried.source {
            client_secret_file.take_if(|file| !folder.join(file).exists());
        }
        tried
    }

    /// Whether a path in the file leads into what the draft added.
    fn is_about(&self, path: &str) -> bool {
        let entry = format!("identity_providers.{}", self.name);
        let within = |rest: &str| rest.is_empty() || rest.starts_with('.');
        let rules = (0..self.domains.len()).map(|index| format!("sign_in[{index}]"));
        rules.chain([entry]).any(|own| path.strip_prefix(&own).is_some_and(within))
    }
}

/// In double quotes, which no text ends or leaves.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Adds each section of the draft to the file's own; whether no name was there.
fn merge(file: &mut Node, draft: Node) -> bool {
    let (Content::Mapping(sections), Content::Mapping(new)) = (&mut file.content, draft.content)
    else {
        return false;
    };
    new.into_iter().all(|section| {
        match sections.iter_mut().find(|there| there.key == section.key) {
            Some(there) if there.value.is_null() => {
                *there = section;
                true
            }
            Some(there) => extend(&mut there.value, section.value),
            None => {
                sections.push(section);
                true
            }
        }
    })
}

/// Names go to the end, rules to the beginning.
fn extend(there: &mut Node, new: Node) -> bool {
    match (&mut there.content, new.content) {
        (Content::Mapping(there), Content::Mapping(new)) => {
            let named = |entry: &Entry| there.iter().any(|there| there.key == entry.key);
            let known = new.iter().any(named);
            there.extend(new);
            !known
        }
        (Content::List(there), Content::List(new)) => {
            there.splice(0..0, new);
            true
        }
        _ => false,
    }
}
