//! How the pages look: what is read, and what operators read about what is wrong.

use domain::Language;

use super::fixture::{folder, parse, uncommented, write};
use crate::{Branding, Colour, PictureFormat};

/// The branding of the sample with all its keys, `from` replaced.
fn branding(from: &str, to: &str) -> Result<Branding, String> {
    let folder = folder();
    write(folder.path(), "logos/large.png", &"\u{1}".repeat(64 * 1024 + 1), 0o644);
    write(folder.path(), "logos/page.html", "<!DOCTYPE html><svg/>", 0o644);
    write(folder.path(), "logos/text.png", "just a text", 0o644);
    let text = uncommented();
    assert!(text.contains(from), "the sample has no {from:?}");
    let settings = parse(&text.replacen(from, to, 1), folder.path());
    let settings = settings.map_err(|problems| {
        let problem = problems.to_string();
        problem.split_once(": ").map_or(problem.clone(), |(_, rest)| rest.to_owned())
    })?;
    Ok(settings.sites[0].branding.clone())
}

#[test]
fn everything_that_the_sample_says_is_read() {
    let branding = branding("name: Example Support", "name: Example Support").unwrap();
    assert_eq!(branding.name.as_deref(), Some("Example Support"));
    let logo = branding.logo.unwrap();
    assert_eq!(logo.format, PictureFormat::Svg);
    let text = String::from_utf8(logo.bytes).unwrap();
    assert!(text.contains("<path d=\"M0 0h9\">") && !text.contains("onload"), "{text}");
    assert_eq!(branding.accent, Some(Colour { red: 0x0b, green: 0x5c, blue: 0xad }));
    assert_eq!(branding.links[0].url.as_str(), "https://www.example.com/privacy");
    assert!(branding.help.unwrap().text(Language::French).starts_with("No access?"));
}

#[test]
fn texts_can_be_one_for_each_language() {
    let branding =
        branding("text: Privacy", "text: { en: Privacy, de: Datenschutz, pt-BR: Privacidade }");
    let text = branding.unwrap().links[0].text.clone();
    let all = Language::ALL.map(|language| text.text(language).to_owned());
    assert_eq!(all, ["Privacy", "Datenschutz", "Privacy", "Privacy", "Privacidade"]);
}

#[test]
fn colours_are_hex() {
    for (text, colour) in [
        ("#fff", Some((255, 255, 255))),
        ("#0b5CAD", Some((11, 92, 173))),
        ("#abc", Some((170, 187, 204))),
        ("0b5cad", None),
        ("#0b5cad80", None),
        ("#+b5cad", None),
        ("red", None),
        ("", None),
    ] {
        let expected = colour.map(|(red, green, blue)| Colour { red, green, blue });
        assert_eq!(Colour::parse(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_shown_is_a_problem_with_its_place() {
    for (from, to, expected) in [
        (
            "accent: \"#0b5cad\"",
            "accent: blue",
            "sites.help.branding.colours.accent: \"blue\" cannot be used here; write a colour such as \"#0b5cad\", in quotation marks",
        ),
        (
            "url: https://www.example.com/privacy",
            "url: http://www.example.com/privacy",
            "sites.help.branding.links[0].url: this URL is not https; write https://…",
        ),
        (
            "url: https://www.example.com/privacy",
            "url: javascript:alert(1)",
            "sites.help.branding.links[0].url: this is not an http or https URL with a host; write https://…",
        ),
        (
            "text: Privacy",
            "text: { xx: Privacy }",
            "sites.help.branding.links[0].text.xx: \"xx\" is not a language of our pages; use en, de, fr, es or pt-BR",
        ),
        (
            "logo: logos/help.svg",
            "logo: logos/large.png",
            "sites.help.branding.logo: this picture has more than 64 KiB; name an SVG, PNG, JPEG or WebP file of at most 64 KiB",
        ),
        (
            "logo: logos/help.svg",
            "logo: logos/text.png",
            "sites.help.branding.logo: this file is no picture that browsers show; name an SVG, PNG, JPEG or WebP file of at most 64 KiB",
        ),
        (
            "logo: logos/help.svg",
            "logo: logos/page.html",
            "sites.help.branding.logo: this SVG cannot be read: XML with DTD detected; export it as plain SVG, or use a PNG",
        ),
        (
            "sites: [help]",
            "sites: [hlep]",
            "identity_providers.acme.sites[0]: \"hlep\" is not under `sites`; name one that is under `sites` (nearest known name: `help`)",
        ),
    ] {
        assert_eq!(branding(from, to).unwrap_err(), expected);
    }
}
