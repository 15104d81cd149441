//! What stands around every page.

use domain::{Language, Timestamp};

use super::Brand;
use super::moment::Moment;
use super::texts::{Texts, texts};
use crate::context::RequestContext;

/// What stands around every page: the site, and the language of the browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// Name of the site for people.
    pub(crate) site: &'a str,
    /// Every text.
    pub(crate) t: &'static Texts,
    /// Its own look.
    pub(crate) brand: Option<&'a Brand>,
    /// The language of the texts.
    pub(crate) language: Language,
}

impl<'a> Frame<'a> {
    /// The frame of the answer to a request.
    pub(crate) fn of(context: &'a RequestContext) -> Self {
        let language = context.language();
        let site = context.site.as_deref();
        let label = site.map_or("Vestibule", |site| site.settings.label.as_str());
        Self { site: label, t: texts(language), brand: site.map(|site| &site.brand), language }
    }

    /// Path of the logo.
    pub(super) fn logo(&self) -> Option<&str> {
        self.brand.and_then(|brand| brand.logo.as_deref())
    }

    /// Path of the stylesheet with the site's colours.
    pub(super) fn theme(&self) -> Option<&str> {
        self.brand.and_then(|brand| brand.theme.as_deref())
    }

    /// The name at the top.
    pub(super) fn name(&self) -> &str {
        self.brand.and_then(|brand| brand.name.as_deref()).unwrap_or(self.site)
    }

    /// Whom to ask.
    pub(super) fn help(&self) -> Option<&str> {
        let help = self.brand.and_then(|brand| brand.help.as_ref());
        help.map(|help| help.text(self.language))
    }

    /// Text and address of each link below the page.
    pub(super) fn links(&self) -> Vec<(&str, &str)> {
        let links = self.brand.map(|brand| brand.links.as_slice()).unwrap_or_default();
        links.iter().map(|link| (link.text.text(self.language), link.url.as_str())).collect()
    }

    /// A moment for people.
    pub(crate) fn moment(&self, timestamp: Timestamp) -> String {
        (self.t.moment)(&Moment::of(timestamp))
    }

    /// A time of day to the second, for whoever compares clocks.
    pub(crate) fn clock(&self, timestamp: &Timestamp) -> String {
        let text = timestamp.to_string();
        format!("{} UTC", text.get(11..19).unwrap_or_default())
    }

    /// A moment as it follows "since"; of today, only its time.
    pub(crate) fn since(&self, since: Timestamp, now: Timestamp) -> String {
        let (since, now) = (Moment::of(since), Moment::of(now));
        if since.same_day(&now) { (self.t.since_today)(&since) } else { (self.t.since)(&since) }
    }
}
