//! What is allowed, by what was done.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::Timestamp;
use fakes::helpcenter::Recorded;

use crate::world::{ACME, PAGE, PORTAL};

/// Everybody of Globex; a browser may stand for the code for a day.
const GLOBEX: &str = "{ idp: globex, require: totp, trusted_browser: 1d }";
/// The rules of the walk.
pub(super) const RULES: [&str; 3] = [ACME, GLOBEX, PORTAL];
/// How long a browser is trusted.
const TRUSTED: Duration = Duration::from_secs(86_400);

/// Proxied paths, and whether they lead to portal 3.
pub(super) const PATHS: [(&str, bool); 14] = [
    ("/", false),
    ("/servicedesk/customer/portals", false),
    ("/servicedesk/customer/portal/1", false),
    ("/servicedesk/customer/portal/1/SUP-1042", false),
    ("/s/x.js", false),
    ("/servicedesk/customer/portal/3", true),
    ("/servicedesk/customer/portal/3/SUP-1044", true),
    ("/servicedesk/customer/portal/03", true),
    ("/servicedesk/customer/portal/%33", true),
    ("/servicedesk/customer/portal/3;x", true),
    ("/SERVICEDESK/customer/portal/3", true),
    ("/echo", true),
    ("/rest/servicedeskapi/request/SUP-1044", true),
    ("/secure/attachment/1/x.pdf", true),
];

/// What one request does, as far as it can change what is allowed.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Nothing that proves anything.
    Nothing,
    /// The owner of an address answered at the identity provider, for the so many-th time.
    Answered { email: String, number: u64 },
    /// The page of an attempt that asks this person for a factor is opened.
    Opened { email: String, handle: String },
    /// The right code of somebody's app, for this step of thirty seconds; `trust`: with the wish
    /// that the browser be trusted.
    Code { email: String, step: i64, trust: bool },
    /// One of somebody's recovery codes.
    Recovery { email: String, code: String },
    /// The end of a recovery code, after a right code in this attempt at that moment.
    Kept { email: String, handle: String, at: Timestamp },
}

/// What one request was and what came of it.
pub(super) struct Seen<'s> {
    pub(super) act: &'s Act,
    /// Path and query that were asked for.
    pub(super) asked: &'s str,
    /// Where the answer leads.
    pub(super) way: Option<&'s str>,
    /// The session's cookie before and after.
    pub(super) cookies: (Option<String>, Option<String>),
    /// Whether it asks for the end of a recovery code.
    pub(super) asks_end: bool,
    /// The cookie that binds the browser.
    pub(super) browser: Option<String>,
    pub(super) upstream: &'s [Recorded],
    pub(super) jsm_calls: usize,
    pub(super) now: Timestamp,
}

/// A session, as what led to it allows.
#[derive(Debug, Clone)]
struct Session {
    email: String,
    factor: Option<Timestamp>,
    /// Since when the browser in which it was opened is trusted.
    trusted: Option<Timestamp>,
}

/// How often what happened.
#[derive(Debug, Default)]
struct Counts {
    requests: u64,
    plain: u64,
    stepped: u64,
    recovered: u64,
    trusted: u64,
    reset: u64,
    forwarded: u64,
    deep: u64,
    resumed: u64,
    stopped: u64,
}

/// All that was done, and what follows.
#[derive(Debug, Default)]
pub(super) struct Model {
    sessions: HashMap<String, Session>,
    dead: HashSet<String>,
    used: HashSet<(String, String)>,
    /// Since when somebody trusts a browser.
    trusted: HashMap<(String, String), Timestamp>,
    /// When somebody's factor was reset last.
    reset: HashMap<String, Timestamp>,
    /// How often each marked form was posted, less how often it arrived.
    forms: HashMap<String, i64>,
    counts: Counts,
}

impl Model {
    /// Whether somebody may go there.
    fn allows(session: &Session, deep: bool, now: Timestamp) -> bool {
        let trusted = |at: Timestamp| now.since(at) < TRUSTED;
        let person = match session.email.rsplit('@').next() {
            Some("acme.example") => session.factor.is_some(),
            Some("globex.example") => {
                session.factor.is_some() || session.trusted.is_some_and(trusted)
            }
            _ => true,
        };
        let fresh = |at: Timestamp| now.since(at).as_secs() < 900;
        person && (!deep || session.factor.is_some_and(fresh))
    }

    /// Holds one request against the model.
    pub(super) fn judge(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let act = seen.act;
        self.counts.requests += 1;
        if let Some(form) = form_of(seen.asked) {
            *self.forms.entry(form).or_default() += 1;
        }
        let proved = self.proved(seen);
        if seen.jsm_calls > 0 && proved.is_none() {
            return Err(format!("{act:?} called JSM"));
        }
        let (before, after) = seen.cookies.clone();
        for request in seen.upstream {
            self.reached(request, before.as_deref(), seen)?;
        }
        if seen.upstream.is_empty() {
            self.counts.stopped += 1;
        }
        if after == before {
            // A right code, too, but renewed recovery codes were never kept.
            if seen.asks_end && proved.is_some() {
                self.trust(seen);
            }
            return Ok(());
        }
        // Whatever took its place, the old id is dead.
        self.dead.extend(before);
        let Some(cookie) = after else { return Ok(()) };
        let session = proved.ok_or_else(|| format!("{act:?} opened a session"))?;
        if self.sessions.contains_key(&cookie) || self.dead.contains(&cookie) {
            return Err(format!("{act:?} gave an id that was there before"));
        }
        let once = match act {
            Act::Nothing => None,
            Act::Answered { email, number } => Some((email, format!("answer {number}"))),
            Act::Opened { email, handle } => Some((email, format!("browser {handle}"))),
            Act::Code { email, step, .. } => Some((email, format!("step {step}"))),
            Act::Recovery { email, code } => Some((email, code.clone())),
            Act::Kept { email, handle, .. } => Some((email, format!("kept {handle}"))),
        };
        if once.is_some_and(|(email, once)| !self.used.insert((email.clone(), once))) {
            return Err(format!("{act:?} opened a second session"));
        }
        self.trust(seen);
        let counts = &mut self.counts;
        *match act {
            Act::Recovery { .. } => &mut counts.recovered,
            Act::Opened { .. } => &mut counts.trusted,
            _ if session.factor.is_some() => &mut counts.stepped,
            _ => &mut counts.plain,
        } += 1;
        self.sessions.insert(cookie, session);
        Ok(())
    }

    fn trust(&mut self, seen: &Seen<'_>) {
        if let (Act::Code { email, trust: true, .. }, Some(browser)) = (seen.act, &seen.browser) {
            self.trusted.insert((email.clone(), browser.clone()), seen.now);
        }
    }

    /// The session that an act may open.
    fn proved(&self, seen: &Seen<'_>) -> Option<Session> {
        let now = seen.now;
        let with = |email: &String, factor| Session { email: email.clone(), factor, trusted: None };
        match seen.act {
            Act::Nothing => None,
            Act::Answered { email, .. } => {
                let session = with(email, None);
                let way = seen.way.filter(|way| !way.starts_with(PAGE))?;
                Self::allows(&session, is_deep(way), now).then_some(session)
            }
            Act::Opened { email, .. } => {
                let at = *self.trusted.get(&(email.clone(), seen.browser.clone()?))?;
                let session = Session { trusted: Some(at), ..with(email, None) };
                Self::allows(&session, seen.way.is_some_and(is_deep), now).then_some(session)
            }
            Act::Code { email, step, .. } => {
                let near = (now.as_seconds().div_euclid(30) - step).abs() <= 1;
                near.then(|| with(email, Some(now)))
            }
            Act::Recovery { email, .. } => Some(with(email, Some(now))),
            Act::Kept { email, at, .. } => {
                let since = self.reset.get(email).is_none_or(|reset| at > reset);
                since.then(|| with(email, Some(*at)))
            }
        }
    }

    fn reached(
        &mut self,
        request: &Recorded,
        cookie: Option<&str>,
        seen: &Seen<'_>,
    ) -> Result<(), String> {
        let target = &request.target;
        let cookie = cookie.ok_or_else(|| format!("{target} was reached without a session"))?;
        let session = self.sessions.get(cookie).filter(|_| !self.dead.contains(cookie));
        let session = session.ok_or_else(|| format!("{target} was reached by a dead session"))?;
        let who = request.values("x-remote-user");
        if who != [session.email.as_str()] {
            return Err(format!("{target} was reached as {who:?}, not as {}", session.email));
        }
        let deep = is_deep(target);
        if !Self::allows(session, deep, seen.now) {
            return Err(format!("{target} was reached with {session:?} at {}", seen.now));
        }
        if let Some(form) = form_of(target) {
            let left = self.forms.entry(form).or_default();
            *left -= 1;
            if *left < 0 {
                return Err(format!("{target} arrived more often than it was sent"));
            }
        }
        self.counts.resumed += u64::from(seen.asked.starts_with("/.vestibule/resume/"));
        self.counts.forwarded += 1;
        self.counts.deep += u64::from(deep);
        Ok(())
    }

    /// An operator reset somebody's factor.
    pub(super) fn reset(&mut self, email: &str, now: Timestamp) {
        let theirs = self.sessions.iter().filter(|(_, session)| session.email == email);
        self.dead.extend(theirs.map(|(cookie, _)| cookie.clone()));
        self.trusted.retain(|(owner, _), _| owner != email);
        self.reset.insert(email.to_owned(), now);
        self.counts.reset += 1;
    }

    /// Whose session a cookie names.
    pub(super) fn owner_of(&self, cookie: &str) -> Option<String> {
        self.sessions.get(cookie).map(|session| session.email.clone())
    }

    pub(super) fn figures(&self) -> String {
        let Counts { requests, plain, stepped, recovered, trusted, .. } = self.counts;
        let Counts { reset, forwarded, deep, resumed, stopped, .. } = self.counts;
        format!(
            "{requests} requests: {plain} sessions without a factor, {stepped} by an app, {recovered} by a recovery code, {trusted} by a trusted browser; {reset} resets; {forwarded} forwarded, {deep} of them where a factor is demanded, {resumed} of them parked before; {stopped} answered here"
        )
    }

    /// Whether the walk came everywhere often enough to mean something.
    pub(super) fn covered(&self, sequences: u64) -> bool {
        let Counts { plain, stepped, forwarded, deep, .. } = self.counts;
        let Counts { recovered, trusted, reset, resumed, .. } = self.counts;
        let often = [plain, stepped, forwarded, deep].iter().all(|count| count * 20 >= sequences);
        let seldom = [recovered, trusted, reset, resumed];
        often && seldom.iter().all(|count| *count > 0 || sequences < 10_000)
    }
}

/// Whether a path leads to portal 3.
fn is_deep(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    // A page of ours shows nothing of the help center.
    if path.starts_with("/.vestibule/") {
        return false;
    }
    PATHS.iter().find(|(known, _)| *known == path).is_none_or(|(_, deep)| *deep)
}

/// The mark of a form that is posted to the help center.
fn form_of(target: &str) -> Option<String> {
    target.split_once("?form=").map(|(_, mark)| mark.to_owned())
}
