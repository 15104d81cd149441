//! From settings to everything that all requests share.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use audit::AuditLog;
use config::Settings;
use domain::{Clock, DomainPattern, HostName, JsmName};
use factor::Factors;
use federation::{Federation, Protocol as Spoken};
use login::Mapping;
use outbound::Outbound;
use policy::FactorRules;
use provisioning::Provisioner;
use proxy::{AssertionSigner, Upstream};
use saml::ServiceKeys;
use session::{Attempts, ParkedLimits, ParkedRequests, ReplayMarks, Sealer, Sessions, Vault};
use store::{Store, StoreError};
use tokio::sync::Semaphore;

use crate::StartError;
use crate::access_log::AccessLog;
use crate::assets::Assets;
use crate::gateway::{Gateway, Protocol, Provider, Site};
use crate::history::History;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::pages::Brand;
use crate::people::People;
use crate::storage::{self, Storage};
use crate::tls::Certificates;
use crate::verifying::Verifying;

/// Forms parked at once; each holds about a megabyte.
const PARKING: usize = 64;

/// Looks at everything that a start needs, without binding, opening or calling anything.
///
/// # Errors
/// The first thing that would keep the gateway from starting.
pub fn check(settings: &Settings, now: domain::Timestamp) -> Result<(), StartError> {
    saml::harden();
    Certificates::load(&settings.certificates)?;
    Sealer::new(&settings.keys.sealing)?;
    AssertionSigner::new(&settings.keys.assertion)?;
    ServiceKeys::new(&settings.keys.saml)?;
    sites(settings.sites.clone(), &settings.second_factor, &mut Assets::default())?;
    let outbound = Outbound::new(&settings.extra_certificate_authorities)?;
    let idps = settings.identity_providers.iter().map(|idp| idp.federation.clone()).collect();
    Federation::new(idps, outbound, now).map(|_| ()).map_err(StartError::Federation)
}

/// Opens what a gateway needs and puts it together.
pub(crate) fn build(
    settings: Settings,
    clock: Arc<dyn Clock>,
    background: tokio::runtime::Handle,
    store: Option<Arc<dyn Store>>,
) -> Result<Gateway, StartError> {
    let now = clock.now();
    let outbound = Outbound::new(&settings.extra_certificate_authorities)?;
    let storage = Storage::from(&settings);
    let sealer = Arc::new(Sealer::new(&settings.keys.sealing)?);
    let store = open_store(store, &storage, &sealer, &background, now)?;
    let idps = settings.identity_providers.iter().map(|idp| idp.federation.clone()).collect();
    let federation =
        Federation::new(idps, outbound.clone(), now).map_err(StartError::Federation)?;
    let mail = mail(&settings, &store, &sealer)?;
    let provisioners: HashMap<JsmName, Provisioner> = settings
        .jsm
        .into_iter()
        .map(|jsm| {
            let name = jsm.name.clone();
            let (store, sealer) = (Arc::clone(&store), Arc::clone(&sealer));
            (name, Provisioner::new(jsm, outbound.clone(), store, sealer, Arc::clone(&clock)))
        })
        .collect();
    let open = |path: &PathBuf| {
        AccessLog::open(path).map_err(|source| StartError::AccessLog { path: path.clone(), source })
    };
    let mut assets = Assets::default();
    let names = settings.sites.iter().map(|site| site.name.clone()).collect();
    let sites = sites(settings.sites, &settings.second_factor, &mut assets)?;
    let providers = settings.identity_providers.into_iter();
    let providers = providers.map(|idp| provider(idp, &mut assets)).collect();
    Ok(Gateway {
        sites,
        assets,
        trusted_proxies: settings.listen.trusted_proxies,
        proxy_protocol: settings.listen.proxy_protocol,
        providers,
        sign_in: settings.sign_in,
        pace: Pace::new(),
        known_links: settings.known_links,
        people: People::new(Vault::new(Arc::clone(&store), Arc::clone(&sealer))),
        vault: Vault::new(Arc::clone(&store), Arc::clone(&sealer)),
        sessions: Sessions::new(Arc::clone(&store), Arc::clone(&sealer))
            .of_sites(names)
            .with_grace(settings.store_grace),
        streams: Arc::default(),
        attempts: Attempts::new(Arc::clone(&store), Arc::clone(&sealer)),
        mail,
        history: History::new(Arc::clone(&store), Arc::clone(&sealer)),
        factors: Factors::new(Arc::clone(&store), Arc::clone(&sealer), settings.factors),
        marks: ReplayMarks::new(Arc::clone(&store)),
        parked: ParkedRequests::new(
            Arc::clone(&store),
            Arc::clone(&sealer),
            limits(&settings.parking),
        ),
        sealer,
        parking: Semaphore::new(PARKING),
        federation,
        provisioners,
        signer: ArcSwap::from_pointee(AssertionSigner::new(&settings.keys.assertion)?),
        saml_keys: ArcSwap::from_pointee(ServiceKeys::new(&settings.keys.saml)?),
        key_files: settings.keys.files,
        file: settings.file,
        metrics: Metrics::default(),
        audit: AuditLog::open(&settings.audit_file)?,
        audit_file: settings.audit_file,
        access_log: settings.access_log.as_ref().map(open).transpose()?,
        background,
        verifying: Verifying::new().map_err(StartError::Threads)?,
        stopping: AtomicBool::new(false),
        clock,
        store,
        storage,
    })
}

fn limits(parking: &config::Parking) -> ParkedLimits {
    let config::Parking { request, person, all, keep } = *parking;
    ParkedLimits { request, person, all, keep }
}

fn mail(
    settings: &Settings,
    store: &Arc<dyn Store>,
    sealer: &Arc<Sealer>,
) -> Result<Option<Mail>, StartError> {
    let Some(mail) = &settings.mail else { return Ok(None) };
    let authorities = &settings.extra_certificate_authorities;
    let mail = Mail::new(mail, authorities, Arc::clone(store), Arc::clone(sealer));
    mail.map(Some).map_err(|error| StartError::Mail(Box::new(error)))
}

/// On a thread of its own: a gateway may be started inside a runtime.
fn open_store(
    store: Option<Arc<dyn Store>>,
    storage: &Storage,
    sealer: &Sealer,
    background: &tokio::runtime::Handle,
    now: domain::Timestamp,
) -> Result<Arc<dyn Store>, StartError> {
    let open = async {
        let store = match store {
            Some(open) => open,
            None => storage::open_ours(storage, now).await?,
        };
        sealer.adopt_names(&*store, now).await?;
        Ok(store)
    };
    let opened = std::thread::scope(|scope| scope.spawn(|| background.block_on(open)).join());
    let panicked = |_| StoreError::Unavailable("opening it failed".to_owned());
    opened.map_err(panicked)?
}

/// The domains of each tenant; one that is alone says none and speaks for all of its provider's.
fn tenants(protocol: &Spoken) -> BTreeMap<String, Vec<DomainPattern>> {
    let Spoken::Oidc(oidc) = protocol else { return BTreeMap::new() };
    let several = oidc.tenants.iter().filter(|tenant| !tenant.domains.is_empty());
    several.map(|tenant| (tenant.id.clone(), tenant.domains.clone())).collect()
}

fn provider(idp: config::IdentityProvider, assets: &mut Assets) -> (domain::IdpName, Provider) {
    let tenants = tenants(&idp.federation.protocol);
    let protocol = match idp.federation.protocol {
        Spoken::Saml(_) => Protocol::Saml,
        // Both end in a code at the same redirect URI.
        Spoken::Oidc(_) | Spoken::OAuth2(_) => Protocol::Oidc,
    };
    let mapping = Mapping { rules: idp.claims, domains: idp.federation.domains, tenants };
    let provider = Provider {
        label: idp.federation.label,
        protocol,
        enabled: idp.federation.enabled,
        logo: idp.logo.map(|picture| assets.add_picture(picture)),
        hidden: idp.hidden,
        sites: idp.sites,
        mapping,
        trusted_factors: idp.trusted_factors,
    };
    (idp.federation.name, provider)
}

fn sites(
    sites: Vec<config::Site>,
    rules: &FactorRules,
    assets: &mut Assets,
) -> Result<HashMap<HostName, Arc<Site>>, StartError> {
    let mut by_host = HashMap::new();
    for settings in sites {
        let upstream = Upstream::new(settings.upstream.clone())?;
        let brand = Brand::new(settings.branding.clone(), assets);
        let hosts = settings.hosts.clone();
        let second_factor = rules.at(&settings.name);
        let site = Arc::new(Site { settings, upstream, brand, second_factor });
        by_host.extend(hosts.into_iter().map(|host| (host, Arc::clone(&site))));
    }
    Ok(by_host)
}
