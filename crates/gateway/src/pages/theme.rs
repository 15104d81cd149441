//! The operator's colours, kept readable.

use config::Colour;

/// WCAG 2.2 §1.4.3: contrast of text.
const READABLE: f64 = 4.5;

/// Our own accent; as in `style.css`.
pub(crate) const OURS: Colour = Colour { red: 0x0b, green: 0x5c, blue: 0xad };

/// What lies behind text on our pages, the worst of each scheme; as in `style.css`.
const LIGHT: Colour = Colour { red: 0xf3, green: 0xf4, blue: 0xf6 };
const DARK: Colour = Colour { red: 0x1d, green: 0x21, blue: 0x28 };
const BLACK: Colour = Colour { red: 0, green: 0, blue: 0 };
const WHITE: Colour = Colour { red: 255, green: 255, blue: 255 };

/// The stylesheet of a site's accents: as said on buttons, and as links as dark or light as they
/// must be.
pub(crate) fn stylesheet(accent: Colour, accent_dark: Option<Colour>) -> String {
    let dark = accent_dark.unwrap_or_else(|| toward(accent, WHITE, DARK));
    let light = rules(accent, toward(accent, BLACK, LIGHT));
    let dark = rules(dark, toward(dark, WHITE, DARK));
    format!(":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n")
}

fn rules(accent: Colour, ink: Colour) -> String {
    let text = if contrast(accent, WHITE) >= contrast(accent, BLACK) { WHITE } else { BLACK };
    format!("--accent:{};--accent-text:{};--ink:{}", hex(accent), hex(text), hex(ink))
}

/// `colour`, moved toward `end` until it is readable as text on `ground`.
fn toward(colour: Colour, end: Colour, ground: Colour) -> Colour {
    let steps = (0..=50).map(|step| mix(colour, end, f64::from(step) / 50.0));
    let mut readable = steps.filter(|mixed| contrast(*mixed, ground) >= READABLE);
    readable.next().unwrap_or(end)
}

fn mix(from: Colour, to: Colour, share: f64) -> Colour {
    let part = |a: u8, b: u8| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between two bytes"
        )]
        let mixed = (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        mixed
    };
    Colour {
        red: part(from.red, to.red),
        green: part(from.green, to.green),
        blue: part(from.blue, to.blue),
    }
}

/// WCAG 2.2, "contrast ratio".
fn contrast(a: Colour, b: Colour) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2.2, "relative luminance".
fn luminance(colour: Colour) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
}

fn hex(colour: Colour) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The colours of a rule, by its names.
    fn of(rules: &str, name: &str) -> Colour {
        let (_, rest) = rules.split_once(&format!("--{name}:")).unwrap();
        Colour::parse(rest.get(..7).unwrap()).unwrap()
    }

    #[test]
    fn every_accent_stays_readable() {
        let step = |number: usize| [0, 51, 102, 153, 204, 255][number % 6];
        for (red, green, blue) in (0..216).map(|n| (step(n), step(n / 6), step(n / 36))) {
            let accent = Colour { red, green, blue };
            for dark in [None, Some(accent)] {
                let sheet = stylesheet(accent, dark);
                let (light, dark) = sheet.split_once("@media").unwrap();
                for (rules, grounds) in [(light, [LIGHT, WHITE]), (dark, [DARK, BLACK])] {
                    let on = contrast(of(rules, "accent"), of(rules, "accent-text"));
                    assert!(on >= READABLE, "{accent:?} {on}");
                    for ground in grounds {
                        let ink = contrast(of(rules, "ink"), ground);
                        assert!(ink >= READABLE, "{accent:?} on {ground:?}: {ink}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_accent_that_is_readable_is_left_as_it_is() {
        let sheet = stylesheet(Colour::parse("#0b5cad").unwrap(), None);
        assert!(sheet.starts_with(":root{--accent:#0b5cad;--accent-text:#ffffff;--ink:#0b5cad}"));
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 0.001);
    }
}
