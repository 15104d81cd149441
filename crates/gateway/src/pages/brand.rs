//! A site's own look, ready for its pages.

use config::{BrandLink, Branding, Localized};

use super::theme;
use crate::assets::Assets;

/// A site's own look, ready for its pages.
#[derive(Debug, Default)]
pub(crate) struct Brand {
    /// Name at the top.
    pub(crate) name: Option<String>,
    /// Path of the logo.
    pub(crate) logo: Option<String>,
    /// Path of the stylesheet with its colours.
    pub(crate) theme: Option<String>,
    pub(crate) links: Vec<BrandLink>,
    pub(crate) help: Option<Localized>,
}

impl Brand {
    /// Puts what the browser fetches among `assets`.
    pub(crate) fn new(branding: Branding, assets: &mut Assets) -> Self {
        let Branding { name, logo, accent, accent_dark, links, help } = branding;
        // Only a dark one: light pages keep ours.
        let accent = accent.or(accent_dark.map(|_| theme::OURS));
        let theme = accent.map(|accent| theme::stylesheet(accent, accent_dark));
        Self {
            name,
            logo: logo.map(|picture| assets.add_picture(picture)),
            theme: theme.map(|text| assets.add_style(text)),
            links,
            help,
        }
    }
}
