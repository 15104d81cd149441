//! Claims as lists of texts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Nesting that is followed; what lies deeper is left out.
const MAX_DEPTH: usize = 8;

/// Every claim as a list of texts: a single text is a list of one, numbers and booleans are their
/// JSON text, `null` is no claim, members of nested objects are found by dotted path. An array of
/// objects gives one list for each path within it.
///
/// Where two claims spell the same path, the one with fewer levels is kept: a claim of the
/// provider's own (`https://x.example/groups`) is never extended by what lies inside another.
pub(crate) fn flatten(claims: &Map<String, Value>) -> BTreeMap<String, Vec<String>> {
    object(claims, MAX_DEPTH)
}

fn object(members: &Map<String, Value>, depth: usize) -> BTreeMap<String, Vec<String>> {
    let mut flat = BTreeMap::new();
    let Some(depth) = depth.checked_sub(1) else { return flat };
    let (nested, plain): (Vec<_>, Vec<_>) = members.iter().partition(|(_, v)| is_nested(v));
    for (name, value) in plain.into_iter().chain(nested) {
        for (path, texts) in value_paths(value, depth) {
            let path = if path.is_empty() { name.clone() } else { format!("{name}.{path}") };
            flat.entry(path).or_insert(texts);
        }
    }
    flat
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(is_nested),
        _ => false,
    }
}

/// Paths below a value; the value itself has the empty path.
fn value_paths(value: &Value, depth: usize) -> BTreeMap<String, Vec<String>> {
    match value {
        Value::Null => BTreeMap::new(),
        Value::String(text) => here(text.clone()),
        Value::Bool(value) => here(value.to_string()),
        Value::Number(value) => here(value.to_string()),
        Value::Object(members) => object(members, depth),
        // An empty list is kept: "no groups" differs from nothing said.
        Value::Array(items) if items.is_empty() => BTreeMap::from([(String::new(), Vec::new())]),
        Value::Array(items) => list(items, depth),
    }
}

fn list(items: &[Value], depth: usize) -> BTreeMap<String, Vec<String>> {
    let mut flat: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some(depth) = depth.checked_sub(1) else { return flat };
    for item in items {
        for (path, texts) in value_paths(item, depth) {
            flat.entry(path).or_default().extend(texts);
        }
    }
    flat
}

fn here(text: String) -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([(String::new(), vec![text])])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(value: serde_json::Value) -> Vec<(String, Vec<String>)> {
        flatten(value.as_object().unwrap()).into_iter().collect()
    }

    fn pair(path: &str, texts: &[&str]) -> (String, Vec<String>) {
        (path.to_owned(), texts.iter().map(|&t| t.to_owned()).collect())
    }

    #[test]
    fn claims_become_lists_of_texts() {
        let claims = serde_json::json!({
            "email": "ann@acme.example", "age": 7, "ok": true, "none": null, "empty": [],
            "groups": ["a", "b", 3], "realm_access": {"roles": ["x"], "more": {"deep": "y"}},
        });
        let wanted = [
            pair("age", &["7"]),
            pair("email", &["ann@acme.example"]),
            pair("empty", &[]),
            pair("groups", &["a", "b", "3"]),
            pair("ok", &["true"]),
            pair("realm_access.more.deep", &["y"]),
            pair("realm_access.roles", &["x"]),
        ];
        assert_eq!(flat(claims), wanted);
    }

    #[test]
    fn an_array_of_objects_is_one_list_for_each_path() {
        let claims = serde_json::json!({"orgs": [{"id": "1", "name": "A"}, {"id": "2"}]});
        assert_eq!(flat(claims), [pair("orgs.id", &["1", "2"]), pair("orgs.name", &["A"])]);
    }

    #[test]
    fn a_nested_claim_never_overrides_or_extends_a_flat_one() {
        let claims = serde_json::json!({"a": {"b": "nested"}, "a.b": "flat"});
        assert_eq!(flat(claims), [pair("a.b", &["flat"])]);
        let claims = serde_json::json!({"a.b": "flat", "a": [{"b": "nested"}]});
        assert_eq!(flat(claims), [pair("a.b", &["flat"])]);
    }

    #[test]
    fn deep_nesting_is_left_out() {
        let mut value = serde_json::json!("x");
        for _ in 0..100 {
            value = serde_json::json!({ "n": value });
        }
        assert_eq!(flat(value), []);
    }
}
