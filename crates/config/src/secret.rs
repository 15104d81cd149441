//! Secrets: by file or by environment variable, never in the configuration itself.

use std::path::{Path, PathBuf};

use domain::Secret;
use zeroize::Zeroizing;

use crate::files;
use crate::reader::Value;

const WANTED: &str = "write { file: PATH } or { env: VARIABLE }";

/// The bytes of `{ file: … }` or `{ env: … }` without the line break at the end; never empty.
pub(crate) fn bytes(value: &Value<'_>) -> Option<Zeroizing<Vec<u8>>> {
    content(value).map(|(bytes, _)| bytes)
}

/// As [`bytes`], and the same of the files `NAME.next` and `NAME.old` beside it that are there; a
/// name with an extension keeps it at the end. Each with words that say which it is.
pub(crate) fn with_siblings(value: &Value<'_>) -> Option<Vec<(String, Zeroizing<Vec<u8>>)>> {
    let (bytes, file) = content(value)?;
    let mut all = vec![("this".to_owned(), bytes)];
    let Some(file) = file else { return Some(all) };
    let path = files::path(&file)?;
    for kind in ["next", "old"] {
        let path = key_sibling(&path, kind);
        if !path.exists() {
            continue;
        }
        let bytes = without_line_break(files::secret_content_at(&file, &path)?);
        all.push((format!("`{}`", path.display()), bytes));
    }
    Some(all)
}

/// The file that a secret is in, if it is in one.
pub(crate) fn file(value: &Value<'_>) -> Option<PathBuf> {
    let entries = value.keys();
    let map = entries.contains(&"file").then(|| value.mapping(WANTED))??;
    files::path(&map.optional("file")?)
}

/// Where the staged (`next`) or former (`old`) key lies beside the file of the key in use: `saml.pem`
/// gives `saml.next.pem`, `sealing-1` gives `sealing-1.next`.
pub fn key_sibling(path: &Path, kind: &str) -> PathBuf {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => path.with_extension(format!("{kind}.{extension}")),
        None => path.with_extension(kind),
    }
}

/// The secret, and its file if it is in one.
fn content<'a>(value: &Value<'a>) -> Option<(Zeroizing<Vec<u8>>, Option<Value<'a>>)> {
    if value.is_scalar() {
        // The value is not repeated: it is the secret itself.
        value.problem("a secret stands in the configuration itself", WANTED);
        return None;
    }
    let map = value.mapping(WANTED)?;
    map.conceal_unknown_keys();
    let (file, env) = (map.optional("file"), map.optional("env"));
    map.finish();
    let (bytes, file) = match (file, env) {
        (Some(file), None) => (files::secret_content(&file)?, Some(file)),
        (None, Some(env)) => (variable(&env)?, None),
        _ => {
            value.problem("this needs exactly one of `file` and `env`", WANTED);
            return None;
        }
    };
    let bytes = without_line_break(bytes);
    if bytes.is_empty() {
        value.problem("the secret is empty", "put the secret there");
        return None;
    }
    Some((bytes, file))
}

/// As [`bytes`], for a secret that is a text in one line.
pub(crate) fn text(value: &Value<'_>) -> Option<Secret<String>> {
    let bytes = bytes(value)?;
    let text = std::str::from_utf8(&bytes).ok().filter(|t| !t.chars().any(char::is_control));
    if text.is_none() {
        value.problem("the secret is not a text in one line", "put only the secret there");
    }
    let text = text?;
    if text.trim() != text {
        value.warn("the secret begins or ends with a blank, which counts");
    }
    Some(Secret::new(text.to_owned()))
}

fn variable(value: &Value<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let name = value.text("write the name of a variable")?;
    let usual = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(usual) {
        // Not repeated: whoever pastes a secret here must not find it in a log.
        let wanted = "write the variable's name (capital letters, digits, underscores)";
        value.problem("this is not the name of a variable", wanted);
        return None;
    }
    let content = value.reading.environment.variable(name);
    if content.is_none() {
        let wanted = "set it in the gateway's environment";
        value.problem(format!("the variable `{name}` is not set"), wanted);
    }
    Some(Zeroizing::new(content?.into_bytes()))
}

fn without_line_break(mut bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    while bytes.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        bytes.pop();
    }
    bytes
}
