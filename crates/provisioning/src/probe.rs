//! What a credential may do, and what each missing right turns off.

use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use outbound::Outbound;

use crate::client::{Client, Flavour};
use crate::{JsmSettings, ProvisioningError};

/// One thing that was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub about: String,
    /// `None`: it works. Else what is turned off, and the remedy.
    pub lacks: Option<String>,
}

impl Finding {
    fn good(about: impl Into<String>) -> Self {
        Self { about: about.into(), lacks: None }
    }

    fn lacking(about: impl Into<String>, lacks: impl Into<String>) -> Self {
        Self { about: about.into(), lacks: Some(lacks.into()) }
    }
}

/// Asks a JSM who calls and what it may do. Writes nothing.
pub async fn probe(
    settings: &JsmSettings,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
) -> Vec<Finding> {
    let until = clock.now().plus(Duration::from_secs(15));
    let client = Client::new(&settings.site, outbound, clock);
    let own = match client.own(until).await {
        Ok(own) => own,
        Err(error) => return vec![failed("sign in to JSM", "nobody can be provisioned", &error)],
    };
    let mut findings = vec![Finding::good(format!("signed in as {}", own.name))];
    let mut right = |key: &str, about: &str, lacks: &str| {
        findings.push(if own.permissions.iter().any(|own| own == key) {
            Finding::good(about)
        } else {
            Finding::lacking(about, lacks)
        });
    };
    right(
        "ADMINISTER",
        "may create customers",
        "new customers are refused; give it the global permission \"Administer Jira\"",
    );
    right(
        "USER_PICKER",
        "may search users",
        "customers whom JSM has already cannot be linked; give it \"Browse users and groups\"",
    );
    if client.flavour() == Flavour::Cloud {
        right(
            "SYSTEM_ADMIN",
            "may end and delete accounts",
            "`dormancy`, `customers dormant --end` and the deletions of `customers undo` are off; make it a site administrator",
        );
    }
    findings.push(match client.organizations(until).await {
        Ok(all) => Finding::good(format!("may see organizations ({} of them)", all.len())),
        Err(error) => failed("may see organizations", "rules for organizations do nothing", &error),
    });
    if !settings.groups.is_empty() {
        findings.push(match client.licensed_groups(until).await {
            Ok(_) => Finding::good("may tell which groups take a licence"),
            Err(error) => failed(
                "may tell which groups take a licence",
                "only rules with `licensed: true` join groups",
                &error,
            ),
        });
    }
    let mut desks: Vec<&String> = settings.desks.iter().flat_map(|rule| &rule.join).collect();
    desks.sort();
    desks.dedup();
    for desk in desks {
        let about = format!("sees service desk {desk}");
        findings.push(match client.desk(desk, until).await {
            Ok(Some(name)) => Finding::good(format!("{about} ({name})")),
            Ok(None) => Finding::lacking(
                about,
                "nobody joins it; correct the id, or make it an administrator of that project",
            ),
            Err(error) => failed(&about, "nobody joins it", &error),
        });
    }
    findings
}

fn failed(about: &str, off: &str, error: &ProvisioningError) -> Finding {
    let refusal = error.refusal();
    Finding::lacking(about, format!("{off}: {}; {}", refusal.explanation, refusal.remedy))
}
