//! A message of ours on its way through the browser.

use ::saml::Outgoing;
use domain::IdpName;
use http::{Response, StatusCode};

use crate::body::Body;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::pages::{self, Errand, Frame, PostPage};
use crate::request::redirect;

/// Lets the browser carry a message to an identity provider: by redirect, or by a page that posts
/// itself.
pub(crate) fn carry(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    errand: Errand,
    outgoing: Outgoing,
) -> Response<Body> {
    match outgoing {
        Outgoing::Redirect(url) => redirect(StatusCode::SEE_OTHER, url.as_str()),
        Outgoing::Post { action, fields } => {
            let frame = Frame::of(&request.visit.context);
            let provider = gateway.provider(idp).map_or(idp.as_str(), |p| p.label.as_str());
            let page =
                PostPage { frame, errand, provider, action: action.as_str(), fields: &fields };
            pages::html(StatusCode::OK, frame.language, &page)
        }
    }
}
