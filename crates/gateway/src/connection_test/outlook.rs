//! What would follow a tested sign-in: the second factor, and what would be done in JSM.

use domain::{Authentication, FactorUse, Identity, ProfileField, Refusal};
use policy::{FactorDemand, Place};
use provisioning::{Account, Judged, Operation, Outlook, Provisioner, ProvisioningError, Verdict};

use super::{MOST_VALUES, redacted};
use crate::factor_rules;
use crate::gateway::{Gateway, Provider};
use crate::own::OwnRequest;

type Rows = Vec<(String, String)>;

/// What would follow.
pub(super) struct Follows {
    pub(super) rows: Rows,
    pub(super) warnings: Vec<String>,
    /// What a sign-in would be refused for.
    pub(super) admitted: Result<(), Refusal>,
}

impl Follows {
    /// Nothing, as it does not come so far.
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self { rows: Rows::new(), warnings: Vec::new(), admitted: Err(refusal) }
    }

    pub(super) async fn of(
        gateway: &Gateway,
        request: &OwnRequest,
        provider: &Provider,
        (identity, said): (&Identity, &Authentication),
    ) -> Self {
        let rows = factor(gateway, request, provider, (identity, said));
        let follows = Self { rows, warnings: Vec::new(), admitted: Ok(()) };
        let jsm = request.visit.site.settings.jsm.as_ref();
        let Some(provisioner) = jsm.and_then(|jsm| gateway.provisioners.get(jsm)) else {
            return follows;
        };
        match provisioner.outlook(identity, request.visit.context.now).await {
            Ok(outlook) => follows.in_jsm(provisioner, identity, &outlook),
            Err(error) => Self { admitted: Err(discreet(&error)), ..follows },
        }
    }

    /// What the rules give, one by one but those for others, and what would be written.
    fn in_jsm(mut self, jsm: &Provisioner, identity: &Identity, outlook: &Outlook) -> Self {
        let theirs =
            |judged: &&Judged| !matches!(judged.verdict, Verdict::Others(_) | Verdict::Later);
        for judged in outlook.judged.iter().filter(theirs) {
            self.rows.push((judged.rule.to_string(), judged.verdict.to_string()));
            for (value, why) in judged.rejected.iter().take(MOST_VALUES) {
                let said = format!("{} gives nothing: {why}", redacted(value));
                self.rows.push((judged.rule.to_string(), said));
            }
        }
        for grant in &outlook.held_back {
            self.rows.push(("kept".to_owned(), format!("{}, for want of a claim", grant.place)));
        }
        let opens = jsm.settings().opens_again(&identity.person.idp);
        self.rows.push(("would be written to JSM".to_owned(), written(outlook, opens)));
        if outlook.may_have_ended() && !opens {
            self.warnings.push("a sign-in looks whether JSM has ended the account, and is refused if it has: nothing opens it again (`reactivation`)".to_owned());
        }
        self
    }
}

/// Which factor would be asked for, by the functions that a sign-in uses.
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
    let client = visit.context.client;
    let here = standing.demand(&Place::of("/"), Some(client)).as_of(now);
    let most = standing.most().clone().as_of(now);
    let mut rows = vec![(format!("second factor at / from {client}"), by(&here))];
    if most != here {
        let elsewhere = "second factor at other pages or from elsewhere".to_owned();
        rows.push((elsewhere, format!("up to {}", by(&most))));
    }
    let reported = standing.most_reported().as_of(now);
    if reported.required {
        let only = "rules of it that only report".to_owned();
        rows.push((only, format!("would ask for up to {}", by(&reported))));
    }
    if most.required {
        let counts = if provider.trusted_factors.is_empty() {
            "counts for nothing: the file trusts none of this provider (`second_factor` there)"
        } else {
            let theirs = provider.trusted_factors.accept(said, now);
            let met = |demand: &FactorDemand, factor: &FactorUse| {
                demand.required && demand.is_met_by(Some(factor), now)
            };
            match &theirs {
                None => "does not count: nothing came that the file trusts",
                Some(factor) if met(&most, factor) => "counts everywhere",
                Some(_) if said.at.is_none() => "does not count everywhere: it does not say when",
                Some(factor) if met(&here, factor) => "counts at /, and is too old elsewhere",
                Some(_) => "does not count everywhere: it was passed too long ago",
            }
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

fn written(outlook: &Outlook, opens: bool) -> String {
    let account = match outlook.account {
        Account::New => Some("the customer, if none has the address"),
        Account::Unfinished => Some("what an earlier sign-in left undone"),
        Account::Ended | Account::Away if opens => Some("access again, if JSM has ended it"),
        Account::OnRecord | Account::Ended | Account::Away | Account::Known => None,
    };
    let change = |field: &ProfileField| match field {
        ProfileField::Name => "the name".to_owned(),
        ProfileField::Address => "the address".to_owned(),
    };
    let operation = |operation: &Operation| match operation {
        Operation::Leave(_) => format!("{operation}, unless the brake holds it"),
        _ => operation.to_string(),
    };
    let account = account.map(str::to_owned).into_iter();
    let operations = outlook.operations.iter().map(operation);
    let all: Vec<_> = account.chain(outlook.changes.iter().map(change)).chain(operations).collect();
    match (all.is_empty(), outlook.left_alone) {
        (false, _) => all.join("; "),
        (true, false) => "nothing".to_owned(),
        (true, true) => "nothing: `sync` is off for this provider".to_owned(),
    }
}

/// The refusal without another person's subject: a test is often signed in to by a customer's own
/// people.
fn discreet(error: &ProvisioningError) -> Refusal {
    let refusal = error.refusal();
    let ProvisioningError::LinkedElsewhere { owner } = error else { return refusal };
    let idp = &owner.idp;
    let explanation = format!("the account is linked to another person of `{idp}`");
    let remedy = "if both are one customer, name them together in `links` of this jsm; the audit log's record of a sign-in that is refused for it names the other; else give each an address of its own";
    Refusal { explanation, remedy: remedy.to_owned(), ..refusal }
}
