//! A request in a session that lacks the second factor which is demanded there.

use std::sync::Arc;

use domain::{Blame, Notice, Refusal};
use http::{Request, Response};
use hyper::body::Incoming;
use policy::FactorDemand;
use session::OpenSession;

use crate::body::Body;
use crate::context::Visit;
use crate::gateway::Gateway;
use crate::refuse::{Concern, refuse, step_up_required};

/// Asks for it, and keeps where the request was going.
pub(crate) async fn ask(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    _session: Option<Arc<OpenSession>>,
    _demand: FactorDemand,
    _request: Request<Incoming>,
) -> Response<Body> {
    refuse(gateway, &visit.context, step_up_required(), Concern::default()).await
}

/// A guest has no factor and cannot enrol one: nobody knows who it is.
pub(crate) fn impossible_for_guests() -> Refusal {
    Refusal::new(
        "guest-without-factor",
        Blame::Operator,
        Notice::NotPermitted,
        "a rule of second_factor demands a factor of everybody here, and a guest has none",
        "let the rule name people (idp, group, organization, people), or send these people to an identity provider",
    )
}
