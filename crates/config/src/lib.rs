//! The operator's file to the settings of the crates above, or to all problems at once.
//!
//! A file is read in three steps: YAML becomes a tree of nodes that know their lines, a reader
//! walks the tree once and turns it into [`Settings`], and whatever is wrong is collected on the
//! way with line, path, what was said and what is wanted. Files that the configuration names
//! (secrets, certificates, keys, metadata) are read or looked for, too.
//!
//! It does not talk to the network, does not watch files, and does not parse SAML metadata.
//!
//! Invariants: a file with one problem gives no settings. No message holds a secret or a line of
//! the file. No input makes it panic or use more than a few times the file's size. This is the
//! only crate that reads environment variables.
//!
//! Start at [`load`]; each section has a module of its name. [`Excerpt`] reads single values of a
//! file whose rest may be wrong.

mod branding;
mod claims;
mod draft;
mod environment;
mod excerpt;
mod factors;
mod files;
mod identity_providers;
mod jsm;
mod keys;
mod lifetimes;
mod links;
mod listen;
mod mail;
mod mapping;
mod names;
mod nearest;
mod oauth2;
mod oidc;
mod parking;
mod picture;
mod presets;
mod problem;
mod protocols;
mod reader;
mod redis;
mod saml;
mod scalar;
mod second_factor;
mod secret;
mod settings;
mod sharing;
mod sign_in;
mod sites;
mod storage;
mod svg;
#[cfg(test)]
mod tests;
mod tls;
mod tree;
mod upstream;
mod validity;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

pub use branding::{BrandLink, Branding, Colour, Localized};
pub use draft::{Draft, Source};
pub use environment::{Environment, ProcessEnvironment};
pub use excerpt::Excerpt;
use mapping::{Mapping, given};
pub use parking::Parking;
pub use picture::{Picture, PictureFormat};
pub use problem::{Problem, Problems, Warning, describe};
use provisioning::JsmSettings;
use reader::Reading;
use saml::OwnKey;
pub use secret::key_sibling;
pub use settings::{
    CertificateFiles, IdentityProvider, KeyFiles, Keys, Listen, MailSettings, MailTls,
    ProxyProtocol, Settings, Site, StoreSettings,
};
use sign_in::Known;

/// A larger file is none of ours.
const LIMIT: usize = 1024 * 1024;

/// The beginning of a day written as `2027-01-31`, in UTC.
pub fn start_of_day(text: &str) -> Option<domain::Timestamp> {
    scalar::start_of_day(text)
}

/// Reads the file at `path` and all files that it names, relative paths from its folder.
///
/// # Errors
/// All problems, in the file's order.
pub fn load(path: &Path) -> Result<Settings, Problems> {
    let text = text_at(path)?;
    let name = path.display().to_string();
    let settings = read(&name, &text, &folder_of(path), &ProcessEnvironment)?;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(Settings { file: path, ..settings })
}

/// From where a file's relative paths go.
fn folder_of(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.parent().unwrap_or(Path::new("/")).to_owned()
}

/// Reads `text` as if it stood in a file `vestibule.yaml` in `folder`.
///
/// # Errors
/// All problems, in the file's order.
pub fn parse(
    text: &str,
    folder: &Path,
    environment: &dyn Environment,
) -> Result<Settings, Problems> {
    read("vestibule.yaml", text, folder, environment)
}

fn text_at(path: &Path) -> Result<String, Problems> {
    let name = path.display().to_string();
    text_of(path).map_err(|said| {
        Problems::whole_file(&name, said, "name the configuration with --config FILE")
    })
}

fn text_of(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let limit = LIMIT as u64 + 1;
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| format!("this file cannot be read: {}", files::reason(&error)))?;
    String::from_utf8(bytes).map_err(|_| "this file is not UTF-8".to_owned())
}

fn read(
    name: &str,
    text: &str,
    folder: &Path,
    environment: &dyn Environment,
) -> Result<Settings, Problems> {
    read_tree(name, &tree_of(name, text)?, text, folder, environment)
}

fn tree_of(name: &str, text: &str) -> Result<tree::Node, Problems> {
    if text.len() > LIMIT {
        let said = "this file has more than 1 MiB";
        return Err(Problems::whole_file(name, said, "name the right file"));
    }
    tree::parse(text).map_err(|problems| Problems { file: name.to_owned(), problems })
}

/// Reads what `text` says, or says with something more.
fn read_tree(
    name: &str,
    tree: &tree::Node,
    text: &str,
    folder: &Path,
    environment: &dyn Environment,
) -> Result<Settings, Problems> {
    let reading = Reading::new(folder, environment);
    let settings = settings(&reading, tree, text);
    let (problems, warnings) = reading.finish();
    match settings {
        Some(settings) if problems.is_empty() => Ok(Settings { warnings, ..settings }),
        None if problems.is_empty() => {
            Err(Problems::whole_file(name, "this file cannot be used", "report this as a bug"))
        }
        _ => Err(Problems { file: name.to_owned(), problems }),
    }
}

/// Reads every section before the first `?`, so that one run shows every problem.
fn settings<'a>(reading: &'a Reading<'a>, tree: &'a tree::Node, text: &str) -> Option<Settings> {
    let root = reading.root(tree).mapping("start from the sample `vestibule.yaml`")?;
    let (site_names, idp_names) = (names(&root, "sites"), names(&root, "identity_providers"));
    let jsm_names = names(&root, "jsm");
    let listening = listen::read(&root);
    let certificates = tls::read(&root);
    let storage = storage::read(&root);
    let store_grace = lifetimes::grace(&root);
    let keys = keys::read(&root);
    let public_port = listening.as_ref().map_or(443, |listening| listening.public_port);
    let sites = sites::read(&root, public_port, &jsm_names);
    let own_key = OwnKey::of(keys.as_ref());
    let stand_ins = sign_in::stand_ins(&root);
    let identity_providers = identity_providers::read(&root, own_key, &site_names, &stand_ins);
    let idps = identity_providers.as_deref();
    let (site_names, sites_read) = (site_names.as_slice(), sites.as_deref());
    let known = Known { idp_names: &idp_names, idps, site_names, sites: sites_read };
    let sign_in = sign_in::read(&root, &known);
    let links = links::read(&root, &idp_names);
    let jsm = jsm::read(&root, links.as_deref().unwrap_or_default(), &idp_names);
    let known_links = given(root.optional("known_links"), reader::Value::flag);
    let parking = parking::read(&root);
    let authorities = storage::outbound(&root);
    let named = second_factor::Named { idps: &idp_names, sites: site_names };
    let second_factor = second_factor::read(&root, &named);
    let factors = factors::read(&root);
    let mail = mail::read(&root);
    root.not_yet(&["tests"]);
    root.finish();
    let (sites, certificates, storage, jsm) = (sites?, certificates?, storage?, jsm?);
    tls::check_hosts(&certificates, &sites);
    jsm::warn_of_unused(&root, &sites);
    let mail = mail?;
    if !jsm::dormancy::check(&root, &jsm, &sites, mail.as_ref()) {
        return None;
    }
    links?;
    let (mut identity_providers, sign_in) = (identity_providers?, sign_in?);
    let second_factor = second_factor?;
    let (idps, jsms) = (identity_providers.as_slice(), jsm.as_slice());
    let around = second_factor::Around { idps, sites: &sites, jsm: jsms, sign_in: &sign_in };
    second_factor::remarks(&root, &second_factor, &around);
    let kept: BTreeSet<String> = jsm.iter().flat_map(JsmSettings::claims).collect();
    identity_providers.iter_mut().for_each(|idp| idp.claims.kept.clone_from(&kept));
    Some(Settings {
        file: reading.resolve("vestibule.yaml"),
        digest: hex(digest(&SHA256, text.as_bytes()).as_ref()),
        listen: listening?.listen,
        certificates: certificates.files,
        store: storage.store,
        store_id: storage.store_id,
        store_grace: store_grace?,
        keys: keys?,
        sites,
        identity_providers,
        sign_in,
        second_factor,
        known_links: known_links?.unwrap_or(false),
        jsm,
        factors: factors?,
        mail,
        parking: parking?,
        extra_certificate_authorities: authorities?,
        audit_file: storage.audit_file,
        access_log: storage.access_log,
        control_socket: storage.control_socket,
        warnings: Vec::new(),
    })
}

/// The names under a section, for references to it; problems with it are reported by its own
/// reader.
fn names<'a>(root: &Mapping<'a>, section: &'static str) -> Vec<&'a str> {
    root.optional(section).map(|value| value.keys()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
