//! The rules of `second_factor` as they are for one session or one sign-in.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use domain::{FactorKind, FactorUse, Identity, Timestamp};
use policy::{Standing, Who};
use session::OpenSession;

use crate::context::Visit;
use crate::gateway::{Gateway, Site};

/// The rules that are for whoever has a session.
#[derive(Debug)]
pub(crate) struct OfSession {
    pub(crate) standing: Standing,
    /// Whether it was said already what the rules that only report would demand.
    pub(crate) reported: AtomicBool,
}

/// The rules that are for whoever has this session, found once for as long as it stays opened.
pub(crate) fn standing(gateway: &Gateway, site: &Site, session: &OpenSession) -> Arc<OfSession> {
    session.once(|| OfSession {
        standing: match &session.facts().who {
            session::Who::Guest => site.second_factor.standing(&Who::Guest, &site.settings.name),
            session::Who::Person(customer) => standing_of(gateway, site, &customer.identity),
        },
        reported: AtomicBool::new(false),
    })
}

/// Until when the session's factor is enough for what it has opened at this path.
pub(crate) fn lasts(
    gateway: &Gateway,
    visit: &Visit,
    session: &OpenSession,
    path: &str,
) -> Option<Timestamp> {
    if visit.site.second_factor.is_empty() {
        return None;
    }
    let rules = standing(gateway, &visit.site, session);
    rules.standing.lasts(&passed(gateway, session)?, path, Some(visit.context.client))
}

/// The rules that are for a person, wherever they go.
pub(crate) fn standing_of(gateway: &Gateway, site: &Site, identity: &Identity) -> Standing {
    let organizations = organizations(gateway, site, identity);
    let who = Who::Person {
        idp: &identity.person.idp,
        email: &identity.email,
        groups: identity.groups.as_deref(),
        organizations: organizations.as_deref(),
    };
    site.second_factor.standing(&who, &site.settings.name)
}

/// Organizations that the rules of the site's JSM give a person; `None`: unknown, or no rule asks.
pub(crate) fn organizations(
    gateway: &Gateway,
    site: &Site,
    identity: &Identity,
) -> Option<Vec<String>> {
    if !site.second_factor.name_organizations() {
        return None;
    }
    let provisioner = gateway.provisioners.get(site.settings.jsm.as_ref()?)?;
    provisioner.organizations_if_known(identity)
}

/// The factor that counts for a session. An identity provider's own does only while the operator
/// trusts that one for any.
pub(crate) fn passed(gateway: &Gateway, session: &OpenSession) -> Option<FactorUse> {
    let facts = session.facts();
    let session::Who::Person(customer) = &facts.who else { return None };
    let idp = &customer.identity.person.idp;
    let trusted = || gateway.provider(idp).is_some_and(|idp| !idp.trusted_factors.is_empty());
    facts.factor.filter(|factor| factor.kind != FactorKind::IdentityProvider || trusted())
}
