//! New requests are shared with their customer's organization, where the operator's file says so. Pure.
//!
//! What creates a request: `POST …/rest/servicedeskapi/request` with JSON, and the portal's own form
//! at `POST …/servicedesk/customer/portal/{portal}/create/{type}`, URL-encoded or in parts. All name
//! organizations in the custom field that JSM calls Organizations.

mod multipart;

use std::collections::BTreeMap;

use multipart::Multipart;
use serde_json::{Value, json};
use url::form_urlencoded;

/// What a new request gets that names no organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharingMode {
    /// Nothing.
    Off,
    /// The customer's organization, unless the request has the field: then the customer chose, maybe
    /// nothing.
    Preselect,
    /// The customer's organization, also where the field is empty.
    Force,
}

/// The rule of a help center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// The custom field, such as `customfield_10002`.
    pub field: String,
    /// Where `portals` says nothing.
    pub mode: SharingMode,
    /// By the id of a portal.
    pub portals: BTreeMap<String, SharingMode>,
}

/// A request for a new request, by its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creating {
    /// JSON, which names the service desk itself.
    Rest,
    /// The form of a portal, URL-encoded.
    Form {
        /// Its id.
        portal: String,
    },
    /// The same as `multipart/form-data`.
    Parts {
        /// Its id.
        portal: String,
        /// What stands between the parts.
        boundary: String,
    },
}

impl Creating {
    /// From path and `Content-Type` of a POST; `None`: it creates no request, or in another shape.
    pub fn parse(path: &str, content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let segments: Vec<&str> = path.split('/').collect();
        let portal = match segments.as_slice() {
            [.., "rest", "servicedeskapi", "request"] => {
                return (kind == "application/json").then_some(Self::Rest);
            }
            [.., "servicedesk", "customer", "portal", portal, "create", _] => (*portal).to_owned(),
            _ => return None,
        };
        match kind.as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form { portal }),
            "multipart/form-data" => {
                let boundary = multipart::boundary(content_type)?.to_owned();
                Some(Self::Parts { portal, boundary })
            }
            _ => None,
        }
    }
}

impl Sharing {
    /// The body with the organization of this id; `None`: it stays as it is.
    pub fn shared(&self, creating: &Creating, body: &[u8], organization: &str) -> Option<Vec<u8>> {
        match creating {
            Creating::Rest => self.json(body, organization),
            Creating::Form { portal } => self.form(self.mode_at(portal), body, organization),
            Creating::Parts { portal, boundary } => {
                let form = Multipart::parse(body, boundary)?;
                let gets_it = gets_it(self.mode_at(portal), form.empties(&self.field));
                gets_it.then(|| form.with(&self.field, organization))
            }
        }
    }

    /// Where portals differ, one that is named otherwise than by its number might be any of them.
    fn mode_at(&self, portal: &str) -> SharingMode {
        let number = portal.bytes().all(|b| b.is_ascii_digit());
        match self.portals.get(portal) {
            Some(mode) => *mode,
            None if number || self.portals.is_empty() => self.mode,
            None => SharingMode::Off,
        }
    }

    fn json(&self, body: &[u8], organization: &str) -> Option<Vec<u8>> {
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let desk = match request.get("serviceDeskId")? {
            Value::String(desk) => desk.clone(),
            Value::Number(desk) => desk.to_string(),
            _ => return None,
        };
        let mode = self.mode_at(&desk);
        let request = request.as_object_mut()?;
        let values = request.entry("requestFieldValues").or_insert_with(|| json!({}));
        let values = values.as_object_mut()?;
        let names_none =
            |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let gets_it = match (values.get(&self.field), mode) {
            (_, SharingMode::Off) | (Some(_), SharingMode::Preselect) => false,
            (None, _) => true,
            (Some(value), SharingMode::Force) => names_none(value),
        };
        if !gets_it {
            return None;
        }
        // JSM's ids of organizations are numbers.
        let id = organization.parse::<u64>().map_or_else(|_| json!(organization), Value::from);
        values.insert(self.field.clone(), json!([id]));
        serde_json::to_vec(request).ok()
    }

    fn form(&self, mode: SharingMode, body: &[u8], organization: &str) -> Option<Vec<u8>> {
        let is_field = |pair: &&[u8]| {
            form_urlencoded::parse(pair).next().is_some_and(|(name, _)| name == self.field)
        };
        let pairs = || body.split(|b| *b == b'&');
        let empty = |pair: &[u8]| form_urlencoded::parse(pair).all(|(_, value)| value.is_empty());
        if !gets_it(mode, pairs().filter(is_field).map(empty)) {
            return None;
        }
        // Every other byte stays as the browser wrote it.
        let own: String = form_urlencoded::Serializer::new(String::new())
            .append_pair(&self.field, organization)
            .finish();
        let kept = pairs().filter(|pair| !pair.is_empty() && !is_field(pair));
        let all: Vec<&[u8]> = kept.chain([own.as_bytes()]).collect();
        Some(all.join(&b'&'))
    }
}

/// Whether a form gets the organization, by which of its values of the field are empty.
fn gets_it(mode: SharingMode, mut empties: impl Iterator<Item = bool>) -> bool {
    match mode {
        SharingMode::Off => false,
        SharingMode::Preselect => empties.next().is_none(),
        SharingMode::Force => empties.all(|empty| empty),
    }
}

#[cfg(test)]
mod tests;
