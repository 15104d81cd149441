//! XML that is written in exclusive canonical form from the start (XML-EXC-C14N §3).
//!
//! What is signed is what is sent: nothing has to be canonicalized. A namespace is declared where
//! its prefix is first used, attributes stand in the order of their names, nothing is abbreviated.

use std::collections::BTreeMap;

use crate::xml::{DSIG, METADATA, SAML, SAMLP};

/// The namespaces that we write, by their prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    Ds,
    Md,
    Saml,
    Samlp,
    Soap,
}

impl Prefix {
    fn name(self) -> &'static str {
        match self {
            Self::Ds => "ds",
            Self::Md => "md",
            Self::Saml => "saml",
            Self::Samlp => "samlp",
            Self::Soap => "soap",
        }
    }

    fn uri(self) -> &'static str {
        match self {
            Self::Ds => DSIG,
            Self::Md => METADATA,
            Self::Saml => SAML,
            Self::Samlp => SAMLP,
            Self::Soap => crate::xml::SOAP,
        }
    }
}

/// An element: its attributes have no prefixes, its content is elements or text.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    prefix: Prefix,
    name: &'static str,
    attributes: BTreeMap<&'static str, String>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    pub(crate) fn new(prefix: Prefix, name: &'static str) -> Self {
        let (attributes, children, text) = (BTreeMap::new(), Vec::new(), String::new());
        Self { prefix, name, attributes, children, text }
    }

    #[must_use]
    pub(crate) fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.insert(name, value.into());
        self
    }

    #[must_use]
    pub(crate) fn optional(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    #[must_use]
    pub(crate) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    #[must_use]
    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Puts a child behind the first one, where a signature belongs (SAML Core §3.2.1).
    #[must_use]
    pub(crate) fn second_child(mut self, child: Self) -> Self {
        let at = self.children.len().min(1);
        self.children.insert(at, child);
        self
    }

    /// The element as a document of its own.
    pub(crate) fn canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, &mut Vec::new());
        text
    }

    fn write(&self, out: &mut String, declared: &mut Vec<Prefix>) {
        let (prefix, name) = (self.prefix.name(), self.name);
        let known = declared.len();
        out.push_str(&format!("<{prefix}:{name}"));
        if !declared.contains(&self.prefix) {
            declared.push(self.prefix);
            out.push_str(&format!(" xmlns:{prefix}=\"{}\"", self.prefix.uri()));
        }
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{}\"", escape(value, Place::Attribute)));
        }
        out.push('>');
        out.push_str(&escape(&self.text, Place::Text));
        for child in &self.children {
            child.write(out, declared);
        }
        out.push_str(&format!("</{prefix}:{name}>"));
        declared.truncate(known);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Attribute,
    Text,
}

/// XML-C14N §2.3: which characters are escaped, and how.
fn escape(text: &str, place: Place) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match (c, place) {
            ('&', _) => escaped.push_str("&amp;"),
            ('<', _) => escaped.push_str("&lt;"),
            ('>', Place::Text) => escaped.push_str("&gt;"),
            ('"', Place::Attribute) => escaped.push_str("&quot;"),
            ('\r', _) => escaped.push_str("&#xD;"),
            ('\t', Place::Attribute) => escaped.push_str("&#x9;"),
            ('\n', Place::Attribute) => escaped.push_str("&#xA;"),
            ('\t' | '\n', Place::Text) => escaped.push(c),
            // XML 1.0 §2.2 knows no way to write these.
            (c, _) if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            (c, _) => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_already_canonical() {
        let odd = "a&b<c>\"d'\t\n\r\u{e9}\u{1}";
        let inner = Element::new(Prefix::Saml, "Issuer").attribute("Zeta", odd).text(odd);
        let xml = Element::new(Prefix::Samlp, "AuthnRequest")
            .attribute("Version", "2.0")
            .attribute("ID", "_1")
            .children([inner.clone(), inner.child(Element::new(Prefix::Ds, "x"))])
            .second_child(Element::new(Prefix::Ds, "Signature"))
            .canonical();
        let mode = bergshamra::c14n::C14nMode::Exclusive;
        let judged = bergshamra::c14n::canonicalize::<&str>(&xml, mode, None, &[]).unwrap();
        assert_eq!(xml, String::from_utf8(judged).unwrap());
        assert!(xml.starts_with("<samlp:AuthnRequest xmlns:samlp="), "{xml}");
    }
}
