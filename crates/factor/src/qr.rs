//! The QR code, drawn here: no other host ever sees the secret.

use domain::Secret;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// Side of the drawing in pixels, at least; four modules of white around it (ISO/IEC 18004).
const SIDE: u32 = 240;

/// An SVG element without XML declaration, black on white whatever the page's colours; `None` when
/// the text is longer than a QR code can be, which an otpauth URL never is.
pub(crate) fn svg(text: &str) -> Option<Secret<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(SIDE, SIDE)
        .quiet_zone(true)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    let element = drawn.find("<svg").and_then(|start| drawn.get(start..))?;
    Some(Secret::new(element.to_owned()))
}
