//! Well-formedness and size, before anything is believed about a document.
//!
//! The scan reads the text once and keeps no tree, so that hostile shapes cost no more than their
//! bytes. It is no parser: what it lets through, roxmltree checks strictly, and where the two read
//! a malformed document differently, roxmltree refuses.

use roxmltree::{Document, ParsingOptions};

use crate::xml::is_space;

/// Namespace declarations that an element may see, its own and its ancestors'. libxml2 looks through
/// all of them for each prefix that it meets; honest messages have twenty.
const IN_SCOPE: usize = 64;

/// What a document may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Nodes of the tree.
    pub(crate) nodes: u32,
    /// Elements inside each other.
    pub(crate) depth: usize,
    /// Attributes and namespace declarations of one element.
    pub(crate) attributes: usize,
    /// Namespace declarations of the whole document.
    pub(crate) namespaces: usize,
}

/// Why a text was not parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LexicalError {
    /// Not UTF-8, or something else is claimed.
    Encoding(&'static str),
    /// A document type declaration.
    DocumentType,
    /// A processing instruction.
    ProcessingInstruction,
    /// More of something than the limits say.
    Limit(&'static str),
    /// Not well-formed.
    Malformed(String),
}

/// Parses a document within limits: no document type declaration, no processing instruction.
pub(crate) fn parse<'input>(
    xml: &'input str,
    limits: &Limits,
) -> Result<Document<'input>, LexicalError> {
    scan(after_declaration(xml)?, limits)?;
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: limits.nodes, ..ParsingOptions::default() };
    Document::parse_with_options(xml, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => LexicalError::DocumentType,
        roxmltree::Error::NodesLimitReached => LexicalError::Limit("nodes"),
        other => LexicalError::Malformed(other.to_string().chars().take(160).collect()),
    })
}

/// The text after an XML declaration (XML 1.0 §2.8) that claims nothing but UTF-8.
///
/// Another encoding would let libxml2 read other markup than we did.
fn after_declaration(xml: &str) -> Result<&str, LexicalError> {
    if xml.starts_with('\u{feff}') {
        return Err(LexicalError::Encoding("it starts with a byte order mark"));
    }
    let Some(inside) = xml.strip_prefix("<?xml").filter(|rest| rest.starts_with(is_space)) else {
        return Ok(xml);
    };
    let malformed = || LexicalError::Malformed("the XML declaration".to_owned());
    let (mut head, body) = inside.split_once("?>").ok_or_else(malformed)?;
    for name in ["version", "encoding", "standalone"] {
        let Some(after) = head.trim_start_matches(is_space).strip_prefix(name) else { continue };
        let (value, rest) = quoted(after).ok_or_else(malformed)?;
        match name {
            "version" if value != "1.0" => return Err(malformed()),
            "encoding" if !value.eq_ignore_ascii_case("utf-8") => {
                return Err(LexicalError::Encoding("it declares another encoding"));
            }
            _ => head = rest,
        }
    }
    head.trim_matches(is_space).is_empty().then_some(body).ok_or_else(malformed)
}

/// `="value"` and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(is_space).strip_prefix('=')?.trim_start_matches(is_space);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text.split_at_checked(1)?.1.split_once(quote)
}

fn scan(body: &str, limits: &Limits) -> Result<(), LexicalError> {
    let (mut rest, mut namespaces) = (body, 0_usize);
    // What each open element sees.
    let mut open = vec![0_usize];
    while let Some((_, markup)) = rest.split_once('<') {
        if let Some(comment) = markup.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if let Some(section) = markup.strip_prefix("![CDATA[") {
            rest = section.split_once("]]>").map_or("", |(_, after)| after);
            continue;
        }
        if markup.starts_with('!') {
            return Err(LexicalError::DocumentType);
        }
        if markup.starts_with('?') {
            return Err(LexicalError::ProcessingInstruction);
        }
        let tag = Tag::read(markup);
        namespaces += tag.namespaces;
        let seen = open.last().map_or(0, |outer| outer + tag.namespaces);
        match tag.kind {
            Kind::Start => open.push(seen),
            Kind::Empty => {}
            Kind::End => drop(open.pop()),
        }
        let over = [
            ("levels of elements", open.len() > limits.depth + 1),
            ("attributes in one element", tag.attributes > limits.attributes),
            ("namespace declarations", namespaces > limits.namespaces),
            ("namespace declarations inside each other", seen > IN_SCOPE),
        ];
        if let Some((what, _)) = over.iter().find(|(_, over)| *over) {
            return Err(LexicalError::Limit(what));
        }
        rest = tag.rest;
    }
    Ok(())
}

enum Kind {
    Start,
    Empty,
    End,
}

struct Tag<'a> {
    kind: Kind,
    attributes: usize,
    namespaces: usize,
    rest: &'a str,
}

impl<'a> Tag<'a> {
    /// Reads from behind a `<`.
    fn read(markup: &'a str) -> Self {
        let (mut attributes, mut namespaces, mut name_at) = (0, 0, 0);
        let (mut quote, mut end) = (None, markup.len());
        for (at, byte) in markup.bytes().enumerate() {
            match (quote, byte) {
                (Some(open), _) if open == byte => (quote, name_at) = (None, at + 1),
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b' ' | b'\t' | b'\r' | b'\n') => name_at = at + 1,
                (None, b'=') => {
                    attributes += 1;
                    let name = markup.get(name_at..at).unwrap_or_default();
                    namespaces += usize::from(name.starts_with("xmlns"));
                }
                (None, b'>') => {
                    end = at;
                    break;
                }
                (None, _) => {}
            }
        }
        let (inside, rest) = markup.split_at_checked(end).unwrap_or((markup, ""));
        let kind = match (inside.starts_with('/'), inside.ends_with('/')) {
            (true, _) => Kind::End,
            (false, true) => Kind::Empty,
            (false, false) => Kind::Start,
        };
        Self { kind, attributes, namespaces, rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { nodes: 100, depth: 4, attributes: 3, namespaces: 5 };

    #[test]
    fn declarations_may_claim_utf_8_only() {
        for good in [
            "<a/>",
            "<?xml version=\"1.0\"?><a/>",
            "<?xml version='1.0' encoding='utf-8'?>\n<a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\" ?><a/>",
        ] {
            assert!(parse(good, &LIMITS).is_ok(), "{good}");
        }
        for bad in [
            "\u{feff}<a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>",
            "<?xml version=\"1.1\"?><a/>",
            "<?xml version='1.0' encoding='utf-16'?><a/>",
            "<?xml version='1.0' x='y'?><a/>",
            "<?xml",
            "<?xml version='1.0' encoding=utf-8?><a/>",
            "<?xml encoding='latin1' version='1.0'?><a/>",
            "<?xml-stylesheet href='x'?><a/>",
            "<a/><?pi?>",
            " <?xml version='1.0'?><a/>",
        ] {
            assert!(parse(bad, &LIMITS).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_hold_before_a_tree_is_built() {
        let limit = |xml: &str| match parse(xml, &LIMITS) {
            Err(LexicalError::Limit(what)) => what,
            other => panic!("{xml} gave {other:?}"),
        };
        assert_eq!(limit("<a><a><a><a><a/><a></a></a></a></a></a>"), "levels of elements");
        assert_eq!(limit("<a b='' c='' d='' e=''/>"), "attributes in one element");
        assert_eq!(limit("<a b=''c=''d=''e=''/>"), "attributes in one element");
        let six = "<b xmlns:x='u:x' xmlns:y='u:y'/>".repeat(3);
        assert_eq!(limit(&format!("<a>{six}</a>")), "namespace declarations");
        let wide = Limits { namespaces: 1_000, depth: 100, ..LIMITS };
        let nested = |levels: usize| {
            "<a xmlns:x='u:x'>".repeat(levels) + &"</a>".repeat(levels) + "<b xmlns:x='u:x'/>"
        };
        let inside = |levels: usize| parse(&format!("<r>{}</r>", nested(levels)), &wide).map(drop);
        assert_eq!(inside(64), Ok(()));
        let deep = "namespace declarations inside each other";
        assert_eq!(inside(65), Err(LexicalError::Limit(deep)));
        assert_eq!(limit(&format!("<a>{}</a>", "<b/>".repeat(100))), "nodes");
        assert!(
            parse("<a b='>=\"x=&lt;' c='='><!-- <b x='' x='' --><![CDATA[<<d=]]></a>", &LIMITS)
                .is_ok()
        );
    }

    #[test]
    fn a18_document_types_are_refused() {
        for bad in
            ["<!DOCTYPE a><a/>", "<!doctype a><a/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"]
        {
            assert_eq!(parse(bad, &LIMITS).map(|_| ()), Err(LexicalError::DocumentType), "{bad}");
        }
    }

    #[test]
    fn a23_malformed_documents_are_refused() {
        for bad in [
            "",
            "a",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a b=c/>",
            "<a b='<'/>",
            "<a>&</a>",
            "<a>&x;</a>",
            "<a b='' b=''/>",
            "<p:a/>",
            "<a>\u{1}</a>",
            "<a>&#0;</a>",
            "<a>&#1;</a>",
            "<a>]]></a>",
            "<a><!-- -- --></a>",
            "<a>\u{fffe}</a>",
            "<1/>",
            "< a/>",
            "<a",
            "<a b='",
            "<!--",
            "<![CDATA[",
        ] {
            assert!(parse(bad, &LIMITS).is_err(), "{bad:?} was accepted");
        }
    }
}
