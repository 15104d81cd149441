//! What the rules of the site's JSM give somebody, rule by rule, and what a first sign-in would write.

use std::fmt::Write as _;

use config::{Settings, Site};
use domain::{Identity, IdpName, PersonKey};
use provisioning::{Known, Reactivation, SyncMode, Verdict, plan, wanted};

use super::Asked;

/// What `jsm` says; nothing when the site has none.
pub(super) fn explain(
    settings: &Settings,
    site: &Site,
    asked: &Asked,
    idp: Option<IdpName>,
) -> String {
    let Some(jsm) = settings.jsm.iter().find(|jsm| Some(&jsm.name) == site.jsm.as_ref()) else {
        return String::new();
    };
    let mut text = format!("\nin JSM `{}`\n", jsm.name);
    if jsm.blocks(&asked.email) {
        text += "   the address is blocked: no account, no sign-in\n";
        return text;
    }
    let Some(identity) = identity(asked, idp) else {
        text += "   it depends on the identity provider; say which with --idp\n";
        return text;
    };
    let wanted = wanted(jsm, &identity);
    for judged in &wanted.judged {
        let mark = if matches!(judged.verdict, Verdict::Gives(_)) { "=>" } else { "  " };
        let _ = writeln!(text, "{mark} {:<17} {}", judged.rule.to_string(), judged.verdict);
        for (value, why) in &judged.rejected {
            let _ = writeln!(text, "      {value:?} gives nothing: {why}");
        }
    }
    let conduct = jsm.conduct_of(&identity.person.idp);
    let known = Known { person: &identity.person, grants: &[], left_alone: &[] };
    let plan = plan(&wanted, &known, conduct.sync);
    text += "a first sign-in would\n   find or create the customer\n";
    for operation in &plan.operations {
        let _ = writeln!(text, "   {operation}");
    }
    let _ = writeln!(
        text,
        "{}; an ended account {}",
        match conduct.sync {
            SyncMode::AddOnly => "later ones add what is missing and remove nothing",
            SyncMode::Mirror =>
                "later ones also take back what the gateway granted and no rule gives",
            SyncMode::Off => "later ones leave memberships alone",
        },
        match conduct.reactivation {
            Reactivation::Always | Reactivation::UnlessBlocked =>
                "is opened again where an API can",
            Reactivation::Ask => "is put before an administrator",
            Reactivation::Never => "stays ended",
        }
    );
    text
}

fn identity(asked: &Asked, idp: Option<IdpName>) -> Option<Identity> {
    let idp = idp?;
    let mut claims = std::collections::BTreeMap::new();
    for (name, value) in &asked.claim {
        claims.entry(name.clone()).or_insert_with(Vec::new).push(value.clone());
    }
    Some(Identity {
        person: PersonKey { idp, subject: "somebody".parse().ok()? },
        email: asked.email.clone(),
        display_name: asked.email.to_string(),
        groups: (!asked.group.is_empty()).then(|| asked.group.clone()),
        claims,
        idp_session: None,
        session_deadline: None,
    })
}
