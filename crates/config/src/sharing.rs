//! New requests that are shared with their customer's organization.

use std::collections::BTreeMap;

use policy::portal_id;
use provisioning::{Sharing, SharingMode};

use crate::mapping::{Mapping, given};
use crate::reader::{Value, quote};

const MODES: [(&str, SharingMode); 3] = [
    ("off", SharingMode::Off),
    ("preselect", SharingMode::Preselect),
    ("force", SharingMode::Force),
];
const WANTED: &str = "write { field: customfield_10002, mode: preselect }";

/// Reads `sharing` of a site.
pub(crate) fn read(site: &Mapping<'_>) -> Option<Option<Sharing>> {
    given(site.optional("sharing"), section)
}

fn section(value: &Value<'_>) -> Option<Sharing> {
    let map = value.mapping(WANTED)?;
    let field = map.required("field", WANTED).and_then(|value| field(&value));
    let mode = given(map.optional("mode"), |value| value.word(&MODES));
    let portals = given(map.optional("portals"), portals);
    map.finish();
    Some(Sharing {
        field: field?,
        mode: mode?.unwrap_or(SharingMode::Preselect),
        portals: portals?.unwrap_or_default(),
    })
}

fn field(value: &Value<'_>) -> Option<String> {
    let wanted = "write the field's id in JSM, such as customfield_10002";
    let text = value.text(wanted)?;
    let number = text.strip_prefix("customfield_").unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        value.problem(format!("{} is no custom field", quote(text)), wanted);
        return None;
    }
    Some(text.to_owned())
}

fn portals(value: &Value<'_>) -> Option<BTreeMap<String, SharingMode>> {
    let wanted = "write the portal's id: { \"3\": force }";
    let entries = value.named(wanted)?;
    let read = entries.iter().map(|(key, value)| {
        let Some(id) = portal_id(key) else {
            value.problem(format!("{} is none", quote(key)), wanted);
            return None;
        };
        Some((id, value.word(&MODES)?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}
