//! What would follow a tested sign-in: the second factor, and what would be done in JSM.

use domain::{Authentication, Identity, Refusal};
use policy::{FactorDemand, Place};
use provisioning::{Account, Judged, Operation, Outlook, Verdict};

use crate::factor_rules;
use crate::gateway::{Gateway, Provider};
use crate::own::OwnRequest;

type Rows = Vec<(String, String)>;

/// What would follow, and what a sign-in would be refused for.
pub(super) async fn of(
    gateway: &Gateway,
    request: &OwnRequest,
    provider: &Provider,
    (identity, said): (&Identity, &Authentication),
) -> (Rows, Result<(), Refusal>) {
    let mut rows = factor(gateway, request, provider, (identity, said));
    let admitted = jsm(gateway, request, identity).await.map(|more| rows.extend(more));
    (rows, admitted)
}

/// Which factor would be asked for at the front page, and elsewhere; by the functions that a sign-in
/// uses.
fn factor(
    gateway: &Gateway,
    request: &OwnRequest,
    provider: &Provider,
    (identity, said): (&Identity, &Authentication),
) -> Rows {
    let (visit, now) = (&request.visit, request.visit.context.now);
    if visit.site.second_factor.is_empty() {
        return Rows::new();
    }
    let standing = factor_rules::standing_of(gateway, &visit.site, identity);
    let (place, client) = (Place::of("/"), Some(visit.context.client));
    let (demand, most) = (standing.demand(&place, client), standing.most());
    let mut rows = vec![("second factor".to_owned(), by(&demand))];
    if *most != demand {
        rows.push(("second factor elsewhere".to_owned(), format!("up to {}", by(most))));
    }
    let reported = standing.reported(&place, client);
    if reported.required {
        rows.push((
            "rules that only report".to_owned(),
            format!("would ask for {}", by(&reported)),
        ));
    }
    if most.required {
        let theirs = provider.trusted_factors.accept(said, now);
        let counts = match theirs.as_ref() {
            Some(theirs) if demand.is_met_by(Some(theirs), now) => "counts",
            Some(_) => "is too old to count",
            None => "does not count: nothing came that `second_factor` of the provider names",
        };
        rows.push(("the provider's own factor".to_owned(), counts.to_owned()));
    }
    rows
}

fn by(demand: &FactorDemand) -> String {
    match demand.lines.as_slice() {
        [] => demand.to_string(),
        [line] => format!("{demand}; rule in line {line}"),
        lines => {
            let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
            format!("{demand}; rules in lines {}", lines.join(", "))
        }
    }
}

/// What the rules give, one by one but those for others, and what would be written; nothing where the
/// site has no JSM.
///
/// # Errors
/// When a sign-in would be refused for it.
async fn jsm(
    gateway: &Gateway,
    request: &OwnRequest,
    identity: &Identity,
) -> Result<Rows, Refusal> {
    let jsm = request.visit.site.settings.jsm.as_ref();
    let Some(provisioner) = jsm.and_then(|jsm| gateway.provisioners.get(jsm)) else {
        return Ok(Rows::new());
    };
    let outlook = provisioner.outlook(identity, request.visit.context.now).await;
    let outlook = outlook.map_err(|error| error.refusal())?;
    let mut rows = Rows::new();
    let theirs = |judged: &&Judged| !matches!(judged.verdict, Verdict::Others(_) | Verdict::Later);
    for judged in outlook.judged.iter().filter(theirs) {
        rows.push((judged.rule.to_string(), judged.verdict.to_string()));
        for (value, why) in &judged.rejected {
            rows.push((judged.rule.to_string(), format!("{value:?} gives nothing: {why}")));
        }
    }
    rows.push(("written to JSM".to_owned(), written(&outlook)));
    Ok(rows)
}

fn written(outlook: &Outlook) -> String {
    let account = match outlook.account {
        Account::New => Some("find the customer by the address, or create one"),
        Account::Unfinished => Some("go on with what an earlier sign-in began"),
        Account::Ended => Some(
            "look at the account, whose access was ended: `reactivation` says whether it opens again",
        ),
        Account::Outdated => Some("bring name and address up to date where JSM lets it"),
        Account::Unchanged => None,
    };
    let operations = outlook.plan.operations.iter().map(Operation::to_string);
    let all: Vec<_> = account.map(str::to_owned).into_iter().chain(operations).collect();
    if all.is_empty() { "nothing: all is as the rules say".to_owned() } else { all.join("; ") }
}
