//! The workspace as cargo sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Why one package uses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// In what ships, its build script included.
    Shipped,
    /// In its tests alone.
    Tests,
}

/// One package of the dependency graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SPDX expression of its licence; empty when it names none.
    pub licence: String,
    /// Where it comes from; `None`: a folder of this repository.
    pub source: Option<String>,
    /// Its folder relative to the repository, for members.
    pub folder: Option<PathBuf>,
    /// Ids of the packages that it uses.
    pub uses: BTreeSet<(Use, String)>,
}

/// All packages by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workspace {
    /// The packages, members and foreign ones.
    pub packages: BTreeMap<String, Package>,
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Workspace {
    /// Asks cargo, for the platform that we ship to.
    pub fn read(root: &Path) -> Result<Self> {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(root)
            .output()
            .context("cargo metadata does not start")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let root = root.canonicalize()?;
        Self::parse(&serde_json::from_slice(&output.stdout)?, &root)
    }

    /// Reads the answer of `cargo metadata`.
    pub fn parse(metadata: &Value, root: &Path) -> Result<Self> {
        let mut packages = BTreeMap::new();
        for package in list(metadata, "packages") {
            packages.insert(text(package, "id").to_owned(), parse_package(package, root));
        }
        let nodes = metadata.get("resolve").context("cargo metadata has no graph")?;
        for node in list(nodes, "nodes") {
            if let Some(package) = packages.get_mut(text(node, "id")) {
                package.uses = list(node, "deps").flat_map(parse_uses).collect();
            }
        }
        let mut workspace = Self { packages };
        workspace.forget_unused();
        Ok(workspace)
    }

    /// Cargo also lists what a feature that is off would have used.
    fn forget_unused(&mut self) {
        let members = self.packages.iter().filter(|(_, p)| p.source.is_none());
        let mut open: Vec<String> = members.map(|(id, _)| id.clone()).collect();
        let mut used: BTreeSet<String> = open.iter().cloned().collect();
        while let Some(id) = open.pop() {
            for (_, next) in self.packages.get(&id).into_iter().flat_map(|p| &p.uses) {
                if used.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        self.packages.retain(|id, _| used.contains(id));
    }

    /// The packages of this repository.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|p| p.source.is_none())
    }
}

fn parse_package(package: &Value, root: &Path) -> Package {
    let manifest = Path::new(text(package, "manifest_path"));
    let folder = manifest.parent().and_then(|f| f.strip_prefix(root).ok()).map(Path::to_owned);
    Package {
        name: text(package, "name").to_owned(),
        version: text(package, "version").to_owned(),
        licence: text(package, "license").to_owned(),
        source: package.get("source").and_then(Value::as_str).map(str::to_owned),
        folder,
        uses: BTreeSet::new(),
    }
}

/// One edge of cargo's graph as our kinds: `null` and `build` ship, `dev` does not.
fn parse_uses(dependency: &Value) -> Vec<(Use, String)> {
    let id = text(dependency, "pkg");
    let kinds = list(dependency, "dep_kinds").map(|k| match text(k, "kind") {
        "dev" => Use::Tests,
        _ => Use::Shipped,
    });
    kinds.map(|kind| (kind, id.to_owned())).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
