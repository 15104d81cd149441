//! `multipart/form-data` (RFC 7578), as far as finding a field and putting one in front needs it.
//!
//! Only the one reading that every parser shares is taken: no preamble, line ends of two bytes, one
//! name for each part. Whatever else there is makes no form here. No byte of a part is written anew.

use std::ops::Range;

/// A form in parts.
pub(super) struct Multipart<'a> {
    body: &'a [u8],
    boundary: &'a str,
    parts: Vec<Part<'a>>,
}

struct Part<'a> {
    /// From its delimiter to the next one.
    whole: Range<usize>,
    name: &'a [u8],
    is_file: bool,
    value: &'a [u8],
}

/// The boundary that a `Content-Type` names.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (_, parameters) = content_type.split_once(';')?;
    let mut found = None;
    for parameter in parameters.split(';') {
        let (name, value) = parameter.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("boundary") {
            continue;
        }
        let value = value.trim();
        let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        // RFC 2046 §5.1.1; one with a separator of parameters in it is cut above, and is none.
        let usual = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&b);
        let value = quoted.unwrap_or(value);
        let good = (1..=70).contains(&value.len()) && value.bytes().all(usual);
        if !good || found.replace(value).is_some() {
            return None;
        }
    }
    found
}

impl<'a> Multipart<'a> {
    /// `None`: it is no form, or one that might be read in two ways.
    pub(super) fn parse(body: &'a [u8], boundary: &'a str) -> Option<Self> {
        let delimiter = format!("\r\n--{boundary}");
        let dashes = delimiter.as_bytes().get(2..)?;
        let mut at = 0;
        let mut rest = body.strip_prefix(dashes)?;
        let mut parts = Vec::new();
        loop {
            if let Some(end) = rest.strip_prefix(b"--") {
                let whole = end.is_empty() || end == b"\r\n";
                return whole.then_some(Self { body, boundary, parts });
            }
            let part = rest.strip_prefix(b"\r\n")?;
            let length = find(part, delimiter.as_bytes())?;
            let (content, after) = part.split_at_checked(length)?;
            // The next delimiter begins behind the line end.
            let next = body.len().checked_sub(after.len())?.checked_add(2)?;
            parts.push(Part::parse(content, at..next)?);
            at = next;
            rest = after.strip_prefix(delimiter.as_bytes())?;
        }
    }

    /// For each value of a field, whether it is empty.
    pub(super) fn empties(&self, field: &str) -> impl Iterator<Item = bool> {
        self.named(field).map(|part| !part.is_file && part.value.trim_ascii().is_empty())
    }

    /// The form with this field in front, and without other values of it.
    pub(super) fn with(&self, field: &str, value: &str) -> Vec<u8> {
        let boundary = self.boundary;
        let own = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
        );
        let (mut form, mut from) = (own.into_bytes(), 0);
        for part in self.named(field) {
            form.extend_from_slice(self.body.get(from..part.whole.start).unwrap_or_default());
            from = part.whole.end;
        }
        form.extend_from_slice(self.body.get(from..).unwrap_or_default());
        form
    }

    fn named(&self, field: &str) -> impl Iterator<Item = &Part<'a>> {
        self.parts.iter().filter(move |part| part.name == field.as_bytes())
    }
}

impl<'a> Part<'a> {
    fn parse(content: &'a [u8], whole: Range<usize>) -> Option<Self> {
        let split = find(content, b"\r\n\r\n")?;
        let (head, value) = (content.get(..split)?, content.get(split.checked_add(4)?..)?);
        let mut disposition = None;
        for line in Lines(Some(head)) {
            let colon = line.iter().position(|b| *b == b':')?;
            let (name, text) = line.split_at_checked(colon)?;
            // A line that goes on from the one before, or a name that no header has.
            if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
                return None;
            }
            if name.eq_ignore_ascii_case(b"content-disposition")
                && disposition.replace(text.get(1..)?).is_some()
            {
                return None;
            }
        }
        let (name, is_file) = named(disposition?.trim_ascii())?;
        Some(Self { whole, name, is_file, value })
    }
}

/// Name of a part, and whether it is a file. Browsers write both in quotes, without a quote or a
/// line end inside (WHATWG HTML, multipart/form-data encoding algorithm).
fn named(disposition: &[u8]) -> Option<(&[u8], bool)> {
    let mut rest = disposition.strip_prefix(b"form-data")?;
    let (mut name, mut file) = (None, false);
    while !rest.is_empty() {
        rest = rest.trim_ascii_start().strip_prefix(b";")?.trim_ascii_start();
        let (key, after) = rest.split_at_checked(find(rest, b"=\"")?)?;
        let after = after.get(2..)?;
        let (value, after) = after.split_at_checked(after.iter().position(|b| *b == b'"')?)?;
        if value.contains(&b'\\') {
            return None;
        }
        match key {
            b"name" if name.is_none() => name = Some(value),
            b"filename" if !file => file = true,
            // `name*`, a second name: whoever reads it might take another.
            _ => return None,
        }
        rest = after.get(1..)?;
    }
    Some((name?, file))
}

/// Lines between line ends of two bytes.
struct Lines<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0?;
        let Some(end) = find(rest, b"\r\n") else { return self.0.take() };
        self.0 = rest.get(end + 2..);
        rest.get(..end)
    }
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|window| window == what)
}
