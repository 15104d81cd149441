//! Which second factor is demanded, by which rule, and why the others do not.

use std::fmt::Write as _;

use config::{Settings, Site};
use domain::{Clock as _, Identity, IdpName, PersonKey};
use gateway::SystemClock;
use policy::{Enforcement, FactorMiss, FactorQuestion, FactorRule, Place, Who};

use super::{Asked, provider};

/// What `second_factor` says; nothing when there are no rules.
pub(super) fn explain(
    settings: &Settings,
    site: &Site,
    asked: &Asked,
    idp: Option<&IdpName>,
) -> String {
    if settings.second_factor.is_empty() {
        return String::new();
    }
    let Some(idp) = idp else {
        return "\nsecond factor: it depends on the identity provider; say which with --idp\n"
            .to_owned();
    };
    let organizations = organizations(settings, site, asked, idp);
    // Nobody said which groups there are: an identity provider that sends none takes the strictest
    // branch, and so does this.
    let groups = (!asked.group.is_empty()).then_some(asked.group.as_slice());
    let by_portal = |id: &String| format!("/servicedesk/customer/portal/{id}");
    let path = asked.path.as_ref().map(|path| path.as_str().to_owned());
    let path =
        path.or_else(|| asked.portal.as_ref().map(by_portal)).unwrap_or_else(|| "/".to_owned());
    let who =
        Who::Person { idp, email: &asked.email, groups, organizations: organizations.as_deref() };
    let question = FactorQuestion { who, site: &site.name, path: &path, client: asked.network };
    let mut text = format!("\nsecond factor, signed in by `{idp}`, at {path}\n");
    let given = organizations.as_ref().map_or_else(|| "unknown".to_owned(), |o| o.join(", "));
    let _ = writeln!(text, "   organizations that the rules give: {given}");
    for (rule, said) in settings.second_factor.explain(&question) {
        let mark = if said.is_ok() && enforced(rule) { "=>" } else { "  " };
        let _ = writeln!(text, "{mark} line {}: {}", rule.line, verdict(rule, said));
    }
    let standing = settings.second_factor.standing(&question.who, &site.name);
    let place = Place::of(&path);
    let now = asked.at.unwrap_or_else(|| SystemClock.now());
    let _ = writeln!(text, "demanded: {}", standing.demand(&place, asked.network).as_of(now));
    let reported = standing.reported(&place, asked.network).as_of(now);
    if reported.required {
        let _ = writeln!(text, "the rules that only report would demand: {reported}");
    }
    text + &trusted(settings, idp)
}

fn organizations(
    settings: &Settings,
    site: &Site,
    asked: &Asked,
    idp: &IdpName,
) -> Option<Vec<String>> {
    let identity = Identity {
        person: PersonKey { idp: idp.clone(), subject: "somebody".parse().ok()? },
        email: asked.email.clone(),
        display_name: asked.email.to_string(),
        groups: (!asked.group.is_empty()).then(|| asked.group.clone()),
        claims: Default::default(),
        idp_session: None,
        session_deadline: None,
    };
    settings.organizations(site, &identity)
}

fn enforced(rule: &FactorRule) -> bool {
    rule.enforcement == Enforcement::Enforced
}

fn verdict(rule: &FactorRule, said: Result<(), FactorMiss>) -> String {
    match said {
        Ok(()) if enforced(rule) => "demands it".to_owned(),
        Ok(()) => "would demand it, and only reports".to_owned(),
        Err(miss) => why(miss).to_owned(),
    }
}

fn why(miss: FactorMiss) -> &'static str {
    match miss {
        FactorMiss::OtherSite => "for another site",
        FactorMiss::OtherIdp => "for people of another identity provider",
        FactorMiss::OtherGroup => "for another group",
        FactorMiss::OtherOrganization => "for another organization",
        FactorMiss::OtherPeople => "for other people",
        FactorMiss::OtherPlace => "for another portal or path",
        FactorMiss::OtherNetwork => "for another network",
    }
}

fn trusted(settings: &Settings, idp: &IdpName) -> String {
    let trusted = provider(settings, idp).map(|idp| &idp.trusted_factors);
    let Some(trusted) = trusted.filter(|trusted| !trusted.is_empty()) else {
        return format!("a factor of `{idp}`'s own counts for nothing here\n");
    };
    let values: Vec<_> =
        trusted.methods.iter().chain(&trusted.classes).map(String::as_str).collect();
    format!("a factor of `{idp}`'s own counts when it says one of: {}\n", values.join(", "))
}
