//! Fields of a form or query, each at most once.

/// Fields of a form or query, each at most once.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// The name of a field that stands there twice: two readers could each take another one.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()).take(64) {
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(name.chars().filter(char::is_ascii_graphic).take(40).collect());
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// A field that is not empty.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, v)| v.as_str())
            .filter(|v| !v.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// attacks.md B18.
    #[test]
    fn b18_a_repeated_field_is_refused() {
        let form = Form::parse("a=1&b=%20x&c=").unwrap();
        assert_eq!(
            (form.field("a"), form.field("b"), form.field("c")),
            (Some("1"), Some(" x"), None)
        );
        assert_eq!(
            Form::parse("SAMLResponse=a&RelayState=b&SAMLResponse=c").unwrap_err(),
            "SAMLResponse"
        );
        assert_eq!(Form::parse("a=1&%61=2").unwrap_err(), "a");
    }
}
