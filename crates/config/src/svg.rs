//! SVG of somebody else's making, rewritten with what draws and nothing else.
//!
//! A logo is shown by `<img>`, where no browser runs scripts or loads anything; but its address can
//! be opened by itself, too, and then it is a document of our origin.

use std::fmt::Write;

use roxmltree::{Attribute, Document, Node};

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// More nesting than a logo has.
const DEPTH: usize = 60;

/// Elements that draw. Not here: scripts, animation, foreign content, links, outside pictures.
const ELEMENTS: [&str; 28] = [
    "svg",
    "g",
    "defs",
    "title",
    "desc",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "style",
    "symbol",
    "use",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "pattern",
    "marker",
    "filter",
    "feGaussianBlur",
    "feOffset",
    "feColorMatrix",
];

/// Why an SVG cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SvgFault {
    /// Not well-formed, or with a document type.
    #[error("this SVG cannot be read: {0}")]
    Malformed(String),
    /// Another kind of XML.
    #[error("this XML is no SVG")]
    NotSvg,
    /// Nested too deep.
    #[error("this SVG is nested more than {DEPTH} deep")]
    Deep,
}

/// The same drawing without anything that runs, loads or leads elsewhere.
///
/// # Errors
/// When it is not an SVG, is not well-formed, or has a document type.
pub(crate) fn clean(text: &str) -> Result<String, SvgFault> {
    // A document type could define entities; the reader refuses it.
    let document = Document::parse(text).map_err(|error| SvgFault::Malformed(error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" || root.tag_name().namespace() != Some(SVG) {
        return Err(SvgFault::NotSvg);
    }
    let mut clean = String::with_capacity(text.len());
    element(root, DEPTH, &mut clean)?;
    Ok(clean)
}

fn element(node: Node<'_, '_>, depth: usize, clean: &mut String) -> Result<(), SvgFault> {
    let name = node.tag_name().name();
    if node.tag_name().namespace() != Some(SVG) || !ELEMENTS.contains(&name) {
        return Ok(());
    }
    let depth = depth.checked_sub(1).ok_or(SvgFault::Deep)?;
    let _ = write!(clean, "<{name}");
    if node.parent_element().is_none() {
        let _ = write!(clean, " xmlns=\"{SVG}\" xmlns:xlink=\"{XLINK}\"");
    }
    for attribute in node.attributes().filter(harmless) {
        let prefix = if attribute.namespace() == Some(XLINK) { "xlink:" } else { "" };
        let value = escape(attribute.value());
        let _ = write!(clean, " {prefix}{}=\"{value}\"", attribute.name());
    }
    clean.push('>');
    for child in node.children() {
        if child.is_element() {
            element(child, depth, clean)?;
        } else if child.is_text() {
            let text = child.text().unwrap_or_default();
            if name != "style" || loads_nothing(text) {
                clean.push_str(&escape(text));
            }
        }
    }
    let _ = write!(clean, "</{name}>");
    Ok(())
}

fn harmless(attribute: &Attribute<'_, '_>) -> bool {
    let (name, value) = (attribute.name(), attribute.value());
    let own = attribute.namespace().is_none();
    if name == "href" {
        // Toward a part of this drawing.
        return (own || attribute.namespace() == Some(XLINK)) && value.starts_with('#');
    }
    own && !name.to_ascii_lowercase().starts_with("on") && loads_nothing(value)
}

/// Whether a piece of CSS or a presentation attribute refers to this drawing alone.
fn loads_nothing(css: &str) -> bool {
    let css = css.to_ascii_lowercase();
    let inside = |rest: &str| rest.trim_start().trim_start_matches(['"', '\'']).starts_with('#');
    // An escape could spell any of these otherwise.
    !css.contains(['@', '\\'])
        && !["javascript:", "data:", "image(", "image-set(", "expression("]
            .iter()
            .any(|word| css.contains(word))
        && css.split("url(").skip(1).all(inside)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(inside: &str) -> String {
        let text = format!(
            "<?xml version=\"1.0\"?><svg xmlns=\"{SVG}\" xmlns:xlink=\"{XLINK}\" viewBox=\"0 0 9 9\">{inside}</svg>"
        );
        let clean = clean(&text).unwrap();
        let (_, rest) = clean.split_once("viewBox=\"0 0 9 9\">").unwrap();
        rest.strip_suffix("</svg>").unwrap().to_owned()
    }

    #[test]
    fn what_draws_stays() {
        for kept in [
            "<path d=\"M0 0h9\" fill=\"#0b5cad\" style=\"fill:url(#a)\"></path>",
            "<style>.a{fill:#fff}</style>",
            "<defs><linearGradient id=\"a\"><stop offset=\"0\"></stop></linearGradient></defs>",
            "<use xlink:href=\"#a\"></use>",
            "<text x=\"1\">a &amp; b &lt; c</text>",
        ] {
            assert_eq!(cleaned(kept), kept);
        }
    }

    #[test]
    fn what_runs_loads_or_leads_elsewhere_goes() {
        for (text, left) in [
            ("<script>alert(1)</script>", ""),
            ("<g onload=\"alert(1)\"></g>", "<g></g>"),
            ("<g ONLOAD=\"alert(1)\"></g>", "<g></g>"),
            ("<foreignObject><body xmlns=\"http://www.w3.org/1999/xhtml\"/></foreignObject>", ""),
            ("<html:script xmlns:html=\"http://www.w3.org/1999/xhtml\">x</html:script>", ""),
            ("<a href=\"https://a.example\"><g></g></a>", ""),
            ("<image href=\"https://a.example/x.png\"/>", ""),
            ("<use href=\"https://a.example/x.svg#a\"/>", "<use></use>"),
            ("<use xlink:href=\"javascript:alert(1)\"/>", "<use></use>"),
            ("<style>@import url(https://a.example);</style>", "<style></style>"),
            ("<style>g{background:url( 'https://a.example')}</style>", "<style></style>"),
            ("<g style=\"fill:u\\72l(https://a.example)\"/>", "<g></g>"),
            ("<animate attributeName=\"href\" to=\"javascript:alert(1)\"/>", ""),
            ("<!-- <script> -->", ""),
            (
                "<style><![CDATA[</style><script>alert(1)</script>]]></style>",
                "<style>&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;</style>",
            ),
        ] {
            assert_eq!(cleaned(text), left, "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_svg_is_refused() {
        let entity = format!("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"{SVG}\">&a;</svg>");
        assert!(matches!(clean(&entity), Err(SvgFault::Malformed(_))));
        assert!(matches!(clean("<svg"), Err(SvgFault::Malformed(_))));
        assert_eq!(clean("<html/>"), Err(SvgFault::NotSvg));
        assert_eq!(clean("<svg/>"), Err(SvgFault::NotSvg));
        let deep = format!("<svg xmlns=\"{SVG}\">{}{}</svg>", "<g>".repeat(99), "</g>".repeat(99));
        assert_eq!(clean(&deep), Err(SvgFault::Deep));
    }
}
