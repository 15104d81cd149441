//! The head of an answer on its way to the browser.

use http::Version;
use http::response::Parts;

use crate::{cookies, header_rules};

/// Takes out what belongs to the connection with the upstream, and cookies of our names.
pub(crate) fn clean(parts: &mut Parts) {
    // The server writes its own version; HTTP/1.0 here would close the browser's connection.
    parts.version = Version::HTTP_11;
    header_rules::strip(&mut parts.headers, header_rules::drops_from_response);
    cookies::strip_response(&mut parts.headers);
}
