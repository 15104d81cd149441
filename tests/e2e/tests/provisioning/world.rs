//! What every test here needs: a JSM, a store, a clock, people.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::{AuditEvent, Clock, Identity, PersonKey, Secret, Sleep, Timestamp};
use fakes::jsm::JsmCloud;
use login::{
    Admission, Attempt, ClaimRules, Event, Expression, FactorPassed, Mapping, Pending, Step,
    Verified, Weighing,
};
use outbound::Outbound;
use policy::{FactorRules, SignInRules, TrustedFactors};
use provisioning::{
    BrakeSettings, CloudCredential, Conduct, Deed, DeskRule, DormancyMode, DormancySettings,
    JsmSettings, JsmSite, Matching, OrganizationGift, OrganizationKey, OrganizationRule,
    Provisioned, Provisioner, ProvisioningError, Warrant, Whom,
};
use session::Sealer;
use store::{EmbeddedStore, Store};

const START: i64 = 1_800_000_000_000;

/// A clock that leaps to whatever moment is waited for.
#[derive(Clone, Default)]
pub(crate) struct Leaping(Arc<AtomicI64>);

impl Leaping {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(START + self.0.load(Ordering::SeqCst))
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep {
        self.0.fetch_max(moment.as_millis() - START, Ordering::SeqCst);
        Box::pin(tokio::task::yield_now())
    }
}

/// A clock that runs as the real one does.
pub(crate) struct Running(Timestamp, Instant);

impl Running {
    pub(crate) fn new() -> Self {
        Self::since(Timestamp::from_millis(START))
    }

    pub(crate) fn since(moment: Timestamp) -> Self {
        Self(moment, Instant::now())
    }
}

impl Clock for Running {
    fn now(&self) -> Timestamp {
        self.0.plus(self.1.elapsed())
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep {
        Box::pin(tokio::time::sleep(moment.since(self.now())))
    }
}

pub(crate) struct World {
    pub(crate) jsm: JsmCloud,
    pub(crate) clock: Leaping,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: JsmSettings,
    _folder: tempfile::TempDir,
}

impl World {
    /// acme.example is Acme; everybody joins desk 1, Acme also desk 3.
    pub(crate) async fn new() -> Self {
        let jsm = JsmCloud::start().await;
        let cloud = provisioning::JsmCloud {
            site: jsm.url.parse().unwrap(),
            credential: CloudCredential::Classic {
                email: jsm.email.clone(),
                token: Secret::new(jsm.token.clone()),
            },
            cloud_id: None,
            api: jsm.url.parse().unwrap(),
        };
        Self::around(jsm, JsmSite::Cloud(cloud))
    }

    /// The same on Data Center.
    pub(crate) async fn data_center() -> Self {
        let jsm = JsmCloud::start_data_center().await;
        let token = Secret::new(jsm.token.clone());
        let site = provisioning::JsmDataCenter {
            url: jsm.url.parse().unwrap(),
            credential: provisioning::DataCenterCredential::Token(token),
        };
        Self::around(jsm, JsmSite::DataCenter(site))
    }

    fn around(jsm: JsmCloud, site: JsmSite) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = JsmSettings {
            name: "support".parse().unwrap(),
            site,
            organizations: vec![of_domain("acme.example", "Acme")],
            matching: Matching::All,
            desks: vec![
                DeskRule { join: vec!["1".to_owned()], ..DeskRule::default() },
                DeskRule {
                    organization: Some(OrganizationKey::Name("Acme".to_owned())),
                    join: vec!["3".to_owned()],
                    ..DeskRule::default()
                },
            ],
            groups: vec![],
            conduct: Conduct::default(),
            conducts: [].into(),
            brake: BrakeSettings::default(),
            blocked: vec![],
            dormancy: None,
            links: vec![],
        };
        let store = Arc::new(EmbeddedStore::open(folder.path(), session::FOLLOWED).unwrap());
        Self { jsm, clock: Leaping::default(), store, settings, _folder: folder }
    }

    /// A provisioner as a fresh process would have it.
    pub(crate) fn provisioner(&self) -> Provisioner {
        self.provisioner_over(Arc::clone(&self.store), Arc::new(self.clock.clone()))
    }

    pub(crate) fn provisioner_over(
        &self,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Provisioner {
        let sealer = Arc::new(Sealer::new(&[Secret::new(vec![7; 32])]).unwrap());
        let outbound = Outbound::new(&[]).unwrap();
        Provisioner::new(self.settings.clone(), outbound, store, sealer, clock)
    }

    /// One sign-in in a fresh process.
    pub(crate) async fn sign_in(&self, who: &Identity) -> Result<Provisioned, ProvisioningError> {
        self.provisioner().provision(&proof_of(who), who, self.clock.now()).await
    }

    /// One sign-in in a fresh process that is refused; answers the cause.
    pub(crate) async fn refused(&self, who: &Identity) -> String {
        self.sign_in(who).await.expect_err("a refusal").refusal().cause
    }

    /// Ends the access of everybody who was not here for a year, told or not.
    pub(crate) async fn end_dormant(&self, by: &Provisioner) -> Vec<(Deed, Vec<AuditEvent>)> {
        let day = Duration::from_secs(24 * 60 * 60);
        let (mode, except) = (DormancyMode::End, vec![]);
        let policy = DormancySettings { after: day * 365, notice: day * 30, mode, except };
        let warrant = Warrant::OrderWithoutNotice;
        let mut done = Vec::new();
        for found in by.dormant(&policy, self.clock.now()).await.unwrap() {
            let now = self.clock.now();
            done.push(by.end_dormant(&found.account, &policy, warrant, now).await.unwrap());
            by.note_ended(&found.account, now).await.unwrap();
        }
        done
    }

    /// Asserts that JSM holds exactly one customer, everywhere where the rules want it.
    pub(crate) fn assert_one_complete_customer(&self) -> String {
        let customers = self.jsm.customers();
        let [customer] = customers.as_slice() else { panic!("{customers:?}") };
        let only = [customer.id.clone()];
        assert_eq!(self.jsm.desk_members("1"), only);
        assert_eq!(self.jsm.desk_members("3"), only);
        assert_eq!(self.jsm.organization_members("Acme"), only);
        customer.id.clone()
    }
}

/// A rule that gives everybody of a domain the organization of this name.
pub(crate) fn of_domain(domain: &str, name: &str) -> OrganizationRule {
    OrganizationRule {
        whom: Whom { domains: vec![domain.parse().unwrap()], ..Whom::default() },
        gives: OrganizationGift::Named { name: name.to_owned(), create: true },
    }
}

pub(crate) fn person(idp: &str, subject: &str) -> PersonKey {
    PersonKey { idp: idp.parse().unwrap(), subject: subject.parse().unwrap() }
}

pub(crate) fn identity(idp: &str, subject: &str, email: &str) -> Identity {
    Identity {
        person: person(idp, subject),
        email: email.parse().unwrap(),
        display_name: "Ann Lee".to_owned(),
        groups: None,
        claims: std::collections::BTreeMap::new(),
        idp_session: None,
        session_deadline: None,
    }
}

pub(crate) fn ann() -> Identity {
    identity("acme", "ann", "ann@acme.example")
}

/// Ann's.
pub(crate) fn proof() -> FactorPassed {
    proof_of(&ann())
}

/// The proof comes out of a sign-in attempt and from nowhere else.
pub(crate) fn proof_of(who: &Identity) -> FactorPassed {
    let now = Timestamp::from_millis(START);
    let (site, root) = ("help".parse().unwrap(), domain::ReturnPath::root());
    let pending = Pending::Saml { request: "_1".to_owned() };
    let attempt = Attempt::new(site, root, now).sent_to(who.person.idp.clone(), pending, [0; 32]);
    let rules = ClaimRules {
        email: Expression::Claim("mail".to_owned()),
        name: None,
        groups: None,
        subject: None,
        kept: std::collections::BTreeSet::new(),
    };
    let own = who.email.domain().to_string().parse().unwrap();
    let mapping = Mapping { rules, domains: vec![own], tenants: std::collections::BTreeMap::new() };
    let verified = Verified {
        subject: Some(who.person.subject.as_str().to_owned()),
        claims: [("mail".to_owned(), vec![who.email.to_string()])].into(),
        email_verified: None,
        idp_session: None,
        session_deadline: None,
        authentication: domain::Authentication::default(),
        remarks: Vec::new(),
    };
    let (host, rules) = ("help.example.com".parse().unwrap(), SignInRules::default());
    let admission = Admission { mapping: &mapping, rules: &rules, host: &host };
    let (attempt, _) = attempt.on(Event::Answered(verified, admission), now).unwrap();
    let weighing = Weighing {
        rules: &FactorRules::default(),
        trusted: &TrustedFactors::default(),
        organizations: None,
        client: std::net::Ipv4Addr::LOCALHOST.into(),
    };
    match attempt.on(Event::Weighed(weighing), now).unwrap().1 {
        Step::Provision { proof, .. } => proof,
        other => panic!("{other:?}"),
    }
}
