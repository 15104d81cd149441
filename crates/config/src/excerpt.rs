//! Single values of a file whose rest may be wrong: what it takes to ask a running gateway.
//!
//! Whoever asks it may stand at another shell, without the variables that it was started with, or be
//! half-way through an edit of the file.

use std::path::{Path, PathBuf};

use crate::mapping::Mapping;
use crate::reader::{Reading, Value};
use crate::tree::Node;
use crate::{Problems, ProcessEnvironment, files, folder_of, storage, text_at, tree_of};

const CONTROL_SOCKET: Place =
    Place { section: "control", key: "socket", name: storage::CONTROL_SOCKET };
const AUDIT_FILE: Place = Place { section: "audit", key: "file", name: storage::AUDIT_FILE };
const EMBEDDED: &str = "write store: { embedded: { path: FOLDER } }";

/// The operator's file, of which single values are read and nothing else is looked at.
pub struct Excerpt {
    file: String,
    folder: PathBuf,
    tree: Node,
}

/// Where a path stands, and what is in the embedded store's folder when it is not said.
struct Place {
    section: &'static str,
    key: &'static str,
    name: &'static str,
}

impl Excerpt {
    /// Reads the file at `path`, and none that it names.
    ///
    /// # Errors
    /// When it cannot be read or is not the YAML that we read.
    pub fn of(path: &Path) -> Result<Self, Problems> {
        let (file, text) = (path.display().to_string(), text_at(path)?);
        let tree = tree_of(&file, &text)?;
        Ok(Self { file, folder: folder_of(path), tree })
    }

    /// Where the running gateway answers; the same path as in [`crate::Settings`].
    ///
    /// # Errors
    /// When this value is wrong, or is not said and has no default.
    pub fn control_socket(&self) -> Result<PathBuf, Problems> {
        self.read(|root| {
            let path = CONTROL_SOCKET.read(root)?;
            storage::check_socket(root, &path).map(|()| path)
        })
    }

    /// Where the audit log is; the same path as in [`crate::Settings`].
    ///
    /// # Errors
    /// When this value is wrong, or is not said and has no default.
    pub fn audit_file(&self) -> Result<PathBuf, Problems> {
        self.read(|root| AUDIT_FILE.read(root))
    }

    /// Whether the gateway alone can have the store open.
    pub fn has_embedded_store(&self) -> bool {
        self.read(|root| embedded(root).map(drop)).is_ok()
    }

    /// What was read counts, whatever else was noticed on the way.
    fn read<T>(&self, read: impl FnOnce(&Mapping<'_>) -> Option<T>) -> Result<T, Problems> {
        let reading = Reading::new(&self.folder, &ProcessEnvironment);
        let root = reading.root(&self.tree).mapping("start from the sample `vestibule.yaml`");
        let value = root.and_then(|root| read(&root));
        value.ok_or_else(|| Problems { file: self.file.clone(), problems: reading.finish().0 })
    }
}

impl Place {
    fn read(&self, root: &Mapping<'_>) -> Option<PathBuf> {
        let Self { section, key, name } = self;
        if let Some(said) = root.optional(section) {
            let wanted = format!("write {{ {key}: PATH }}");
            return files::path(&said.mapping(&wanted)?.required(key, &wanted)?);
        }
        let folder = embedded_folder(root);
        if folder.is_none() {
            let said = format!("`{section}` is missing, and no embedded store has a folder for it");
            root.value.problem(said, format!("write {section}: {{ {key}: PATH }}"));
        }
        Some(folder?.join(name))
    }
}

fn embedded_folder(root: &Mapping<'_>) -> Option<PathBuf> {
    files::path(&embedded(root)?.mapping(EMBEDDED)?.optional("path")?)
}

fn embedded<'a>(root: &Mapping<'a>) -> Option<Value<'a>> {
    root.optional("store")?.mapping(EMBEDDED)?.optional("embedded")
}
