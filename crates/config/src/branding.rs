//! How a site's own pages look, and what they say beside ours.

use std::collections::BTreeMap;

use domain::Language;
use url::Url;

use crate::mapping::given;
use crate::picture::{self, Picture};
use crate::reader::{Value, quote};
use crate::scalar;

/// How a site's own pages look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branding {
    /// Name beside the logo; `None`: the site's label.
    pub name: Option<String>,
    /// Above every page.
    pub logo: Option<Picture>,
    /// Colour of buttons and links; `None`: ours.
    pub accent: Option<Colour>,
    /// The same where the browser wants dark pages; `None`: `accent`, made lighter if need be.
    pub accent_dark: Option<Colour>,
    /// Below every page.
    pub links: Vec<BrandLink>,
    /// Whom to ask, below every page.
    pub help: Option<Localized>,
}

/// A link below every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrandLink {
    /// What it says.
    pub text: Localized,
    /// Where it leads; always https.
    pub url: Url,
}

/// A text of the operator's: one for all languages, or one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized(BTreeMap<Language, String>);

impl Localized {
    /// The text in `language`; where there is none, the English one or else the first.
    pub fn text(&self, language: Language) -> &str {
        let own = self.0.get(&language).or_else(|| self.0.get(&Language::English));
        own.or_else(|| self.0.values().next()).map(String::as_str).unwrap_or_default()
    }
}

/// A colour without transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
}

impl Colour {
    /// `#rgb` or `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#')?;
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(hex, 16).ok()?;
        let part = |shift: u32, mask: u32| u8::try_from((number >> shift) & mask).unwrap_or(0);
        match hex.len() {
            6 => Some(Self { red: part(16, 255), green: part(8, 255), blue: part(0, 255) }),
            3 => {
                let double = |shift| part(shift, 15) * 17;
                Some(Self { red: double(8), green: double(4), blue: double(0) })
            }
            _ => None,
        }
    }
}

/// Reads `branding` of a site.
pub(crate) fn read(value: &Value<'_>) -> Option<Branding> {
    let map = value.mapping("write { logo: FILE, colours: { accent: \"#0b5cad\" }, … }")?;
    let name = given(map.optional("name"), |value| text(value, 60));
    let logo = given(map.optional("logo"), picture::read);
    let colours = given(map.optional("colours"), colours);
    let links = given(map.optional("links"), links);
    let help = given(map.optional("help"), |value| localized(value, 300));
    map.finish();
    let (accent, accent_dark) = colours?.unwrap_or_default();
    let (name, logo, links, help) = (name?, logo?, links?.unwrap_or_default(), help?);
    Some(Branding { name, logo, accent, accent_dark, links, help })
}

fn colours(value: &Value<'_>) -> Option<(Option<Colour>, Option<Colour>)> {
    let map = value.mapping("write { accent: \"#0b5cad\" }")?;
    let wanted = "write a colour such as \"#0b5cad\", in quotation marks";
    let colour = |value: &Value<'_>| value.read(wanted, Colour::parse);
    let accent = given(map.optional("accent"), colour);
    let dark = given(map.optional("accent_dark"), colour);
    map.finish();
    Some((accent?, dark?))
}

fn links(value: &Value<'_>) -> Option<Vec<BrandLink>> {
    let items = value.items("write links: [{ text: …, url: https://… }]")?;
    if items.len() > 8 {
        value.problem("more than 8 links", "keep those that somebody needs who cannot sign in");
        return None;
    }
    items.iter().map(link).collect::<Vec<_>>().into_iter().collect()
}

fn link(value: &Value<'_>) -> Option<BrandLink> {
    let wanted = "write { text: …, url: https://… }";
    let map = value.mapping(wanted)?;
    let text = map.required("text", wanted).and_then(|value| localized(&value, 60));
    let url = map.required("url", wanted).and_then(|value| https(&value));
    map.finish();
    Some(BrandLink { text: text?, url: url? })
}

fn https(value: &Value<'_>) -> Option<Url> {
    let wanted = "write https://…";
    let text = value.text(wanted)?;
    let fault = match scalar::url(text) {
        Ok(url) if url.scheme() == "https" => return Some(url),
        Ok(_) => "this URL is not https",
        Err(fault) => fault.text(),
    };
    value.problem(fault, wanted);
    None
}

/// One text, or a text for each of some languages.
fn localized(value: &Value<'_>, longest: usize) -> Option<Localized> {
    if value.keys().is_empty() {
        let text = text(value, longest)?;
        return Some(Localized(BTreeMap::from([(Language::English, text)])));
    }
    let mut texts = BTreeMap::new();
    let mut complete = true;
    for (tag, value) in value.named("write { en: …, de: … }")? {
        let language = Language::of_tag(tag).filter(|language| language.tag() == tag);
        if language.is_none() {
            let said = format!("{} is not a language of our pages", quote(tag));
            value.problem(said, "use en, de, fr, es or pt-BR");
        }
        match (language, text(&value, longest)) {
            (Some(language), Some(text)) => drop(texts.insert(language, text)),
            _ => complete = false,
        }
    }
    complete.then_some(Localized(texts))
}

fn text(value: &Value<'_>, longest: usize) -> Option<String> {
    let wanted = format!("write one line of at most {longest} characters");
    let text = value.text(&wanted)?.trim();
    if text.is_empty() || text.chars().count() > longest || text.chars().any(char::is_control) {
        value.problem("this text is empty, too long or has line breaks", wanted);
        return None;
    }
    Some(text.to_owned())
}
