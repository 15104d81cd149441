//! The languages that our pages speak.

use std::fmt;

/// More of an `Accept-Language` than any browser sends; the rest is not read.
const LONGEST: usize = 1024;
/// Language ranges that are looked at.
const RANGES: usize = 32;

/// A language that our pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// English; also for whoever wants none of the others.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Portuguese as in Brazil; also for whoever wants another Portuguese.
    Portuguese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Portuguese];

    /// Its tag (RFC 5646), as in `lang` and `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Portuguese => "pt-BR",
        }
    }

    /// The language of a tag of any region or script: `de-AT` is German, `pt` and `pt-PT` are
    /// Portuguese.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?;
        let named = |language: &Self| {
            language.tag().split('-').next().is_some_and(|own| own.eq_ignore_ascii_case(primary))
        };
        Self::ALL.into_iter().find(named)
    }

    /// What an `Accept-Language` asks for (RFC 9110 §12.5.4): the range of the highest weight that
    /// is one of ours, the first of equals; English when there is none.
    pub fn accepted(header: &str) -> Self {
        let end = header.floor_char_boundary(LONGEST);
        let (read, _) = header.split_at_checked(end).unwrap_or_default();
        let mut best = (0, Self::default());
        for (tag, weight) in read.split(',').take(RANGES).filter_map(range) {
            // `*` is whatever we like best, and that is English.
            let language = if tag == "*" { Some(Self::default()) } else { Self::of_tag(tag) };
            if let Some(language) = language.filter(|_| weight > best.0) {
                best = (weight, language);
            }
        }
        best.1
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// Tag and weight in thousandths; `None` for what is not well-formed.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';');
    let tag = parts.next()?.trim();
    let Some(parameter) = parts.next() else { return Some((tag, 1000)) };
    let value = parameter.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?;
    Some((tag, weight(value.trim())?))
}

/// RFC 9110 §12.4.2: 0 to 1 with up to three decimals.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.bytes().all(|byte| byte.is_ascii_digit()) && decimals.len() <= 3;
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_we_speak_is_chosen() {
        for (header, tag) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT, en;q=0.5", "de"),
            ("de-Latn-CH-1996", "de"),
            ("pt", "pt-BR"),
            ("pt-PT,pt;q=0.9", "pt-BR"),
            ("PT-br", "pt-BR"),
            ("es-419,es;q=0.9,en;q=0.8", "es"),
            ("nl,fr;q=0.8,en;q=0.7", "fr"),
            ("en;q=0.3, fr ; q = 0.8 , de;q=0.799", "fr"),
            ("fr, de", "fr"),
            ("de;q=0, fr;q=0.1", "fr"),
            ("fr;q=0", "en"),
            ("ja, *;q=0.5, fr;q=0.4", "en"),
            ("ja, fr;q=0.5, *;q=0.4", "fr"),
            ("zh-Hans-CN, ja", "en"),
        ] {
            assert_eq!(Language::accepted(header).tag(), tag, "{header}");
        }
    }

    #[test]
    fn what_is_malformed_or_far_behind_is_not_read() {
        for header in
            ["de;q=2", "de;q=1.001", "de;q=0.1234", "de;q=", "de;level=1", "de;q=-1", "deu", ";;,,"]
        {
            assert_eq!(Language::accepted(header), Language::English, "{header}");
        }
        assert_eq!(Language::accepted("de;q=nonsense, fr;q=0.2"), Language::French);
        assert_eq!(Language::accepted(&format!("{}de", "ja,".repeat(40))), Language::English);
        assert_eq!(Language::accepted(&format!("{},de", "x".repeat(2000))), Language::English);
    }

    #[test]
    fn every_language_is_found_by_its_own_tag() {
        for language in Language::ALL {
            assert_eq!(Language::of_tag(language.tag()), Some(language));
            assert_eq!(Language::accepted(language.tag()), language);
        }
    }
}
