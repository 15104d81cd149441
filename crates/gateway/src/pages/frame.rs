//! What stands around every page.

use domain::{Language, Timestamp};

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
    /// The language of the texts.
    pub(crate) language: Language,
}

impl<'a> Frame<'a> {
    /// The frame of the answer to a request.
    pub(crate) fn of(context: &'a RequestContext) -> Self {
        let language = context.language();
        let site = context.site.as_ref().map_or("Vestibule", |site| site.settings.label.as_str());
        Self { site, t: texts(language), language }
    }

    /// A moment for people.
    pub(crate) fn moment(&self, timestamp: Timestamp) -> String {
        (self.t.moment)(&Moment::of(timestamp))
    }

    /// A moment as it follows "since"; of today, only its time.
    pub(crate) fn since(&self, since: Timestamp, now: Timestamp) -> String {
        let (since, now) = (Moment::of(since), Moment::of(now));
        if since.same_day(&now) { (self.t.since_today)(&since) } else { (self.t.since)(&since) }
    }
}
