//! Logos: small pictures that the operator names, checked by what they are and not by their name.

use crate::reader::Value;
use crate::{files, svg};

/// Largest logo.
const LIMIT: usize = 64 * 1024;

/// A picture that may be served to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its content; an SVG is rewritten with what draws and nothing else.
    pub bytes: Vec<u8>,
    /// What it is.
    pub format: PictureFormat,
}

/// What a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// Scalable Vector Graphics.
    Svg,
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl PictureFormat {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The usual ending of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// By the first bytes; the name of the file says nothing.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => std::str::from_utf8(bytes)
                .is_ok_and(|text| text.trim_start_matches('\u{feff}').trim_start().starts_with('<'))
                .then_some(Self::Svg),
        }
    }
}

/// Reads the picture in the file that `value` names.
pub(crate) fn read(value: &Value<'_>) -> Option<Picture> {
    let bytes = files::content(value)?;
    let wanted = "name an SVG, PNG, JPEG or WebP file of at most 64 KiB";
    if bytes.len() > LIMIT {
        value.problem("this picture has more than 64 KiB", wanted);
        return None;
    }
    let Some(format) = PictureFormat::of(&bytes) else {
        value.problem("this file is no picture that browsers show", wanted);
        return None;
    };
    if format != PictureFormat::Svg {
        return Some(Picture { bytes: bytes.to_vec(), format });
    }
    match svg::clean(&String::from_utf8_lossy(&bytes)) {
        Ok(text) => Some(Picture { bytes: text.into_bytes(), format }),
        Err(fault) => {
            value.problem(fault.to_string(), "export it as plain SVG, or use a PNG");
            None
        }
    }
}
