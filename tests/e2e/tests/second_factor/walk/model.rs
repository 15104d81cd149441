//! What is allowed, by what was done.

use std::collections::{HashMap, HashSet};

use domain::Timestamp;
use fakes::helpcenter::Recorded;

use crate::world::{ACME, PAGE, PORTAL};

/// The rules of the walk.
pub(super) const RULES: [&str; 2] = [ACME, PORTAL];

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
    /// The owner of an address answered at the identity provider.
    Answered { email: String },
    /// The right code of somebody's app, for this step of thirty seconds.
    Code { email: String, step: i64 },
    /// The end of a recovery code, after somebody's first code at that moment.
    Kept { email: String, at: Timestamp },
}

/// A session, as what led to it allows.
#[derive(Debug, Clone)]
struct Session {
    email: String,
    factor: Option<Timestamp>,
}

/// All that was done, and what follows.
#[derive(Debug, Default)]
pub(super) struct Model {
    sessions: HashMap<String, Session>,
    dead: HashSet<String>,
    used: HashSet<(String, i64)>,
    plain: u64,
    stepped: u64,
    forwarded: u64,
    deep: u64,
    stopped: u64,
    pub(super) requests: u64,
}

impl Model {
    /// Whether somebody may go there.
    fn allows(session: &Session, deep: bool, now: Timestamp) -> bool {
        let fresh = |at: Timestamp| now.since(at).as_secs() < 900;
        let person = !session.email.ends_with("@acme.example") || session.factor.is_some();
        person && (!deep || session.factor.is_some_and(fresh))
    }

    /// Holds one request against the model. `cookies` are those of before and after, `way` is where
    /// the answer leads.
    pub(super) fn judge(
        &mut self,
        (act, way): (&Act, Option<&str>),
        cookies: (Option<String>, Option<String>),
        (upstream, jsm_calls): (&[Recorded], usize),
        now: Timestamp,
    ) -> Result<(), String> {
        self.requests += 1;
        let (before, after) = cookies;
        let proved = Self::proved(act, way, now);
        if jsm_calls > 0 && proved.is_none() {
            return Err(format!("{act:?} called JSM"));
        }
        for request in upstream {
            self.reached(request, before.as_deref(), now)?;
        }
        if upstream.is_empty() {
            self.stopped += 1;
        }
        if after == before {
            return Ok(());
        }
        // Whatever took its place, the old id is dead.
        self.dead.extend(before);
        let Some(cookie) = after else { return Ok(()) };
        let session = proved.ok_or_else(|| format!("{act:?} opened a session"))?;
        if self.sessions.contains_key(&cookie) || self.dead.contains(&cookie) {
            return Err(format!("{act:?} gave an id that was there before"));
        }
        if let Act::Code { email, step } = act
            && !self.used.insert((email.clone(), *step))
        {
            return Err(format!("{act:?} opened a second session"));
        }
        *if session.factor.is_some() { &mut self.stepped } else { &mut self.plain } += 1;
        self.sessions.insert(cookie, session);
        Ok(())
    }

    /// The session that an act may open.
    fn proved(act: &Act, way: Option<&str>, now: Timestamp) -> Option<Session> {
        match act {
            Act::Nothing => None,
            Act::Answered { email } => {
                let session = Session { email: email.clone(), factor: None };
                let way = way.filter(|way| !way.starts_with(PAGE))?;
                Self::allows(&session, is_deep(way), now).then_some(session)
            }
            Act::Code { email, step } => {
                let near = (now.as_seconds().div_euclid(30) - step).abs() <= 1;
                near.then(|| Session { email: email.clone(), factor: Some(now) })
            }
            Act::Kept { email, at } => Some(Session { email: email.clone(), factor: Some(*at) }),
        }
    }

    fn reached(
        &mut self,
        request: &Recorded,
        cookie: Option<&str>,
        now: Timestamp,
    ) -> Result<(), String> {
        let target = request.target.split('?').next().unwrap_or_default();
        let cookie = cookie.ok_or_else(|| format!("{target} was reached without a session"))?;
        let session = self.sessions.get(cookie).filter(|_| !self.dead.contains(cookie));
        let session = session.ok_or_else(|| format!("{target} was reached by a dead session"))?;
        let who = request.values("x-remote-user");
        if who != [session.email.as_str()] {
            return Err(format!("{target} was reached as {who:?}, not as {}", session.email));
        }
        let deep = is_deep(target);
        if !Self::allows(session, deep, now) {
            return Err(format!("{target} was reached with {session:?} at {now}"));
        }
        self.forwarded += 1;
        self.deep += u64::from(deep);
        Ok(())
    }

    pub(super) fn figures(&self) -> String {
        let Self { requests, plain, stepped, forwarded, deep, stopped, .. } = self;
        format!(
            "{requests} requests: {plain} sessions without and {stepped} with a factor, {forwarded} forwarded, {deep} of them where a factor is demanded, {stopped} answered here"
        )
    }

    /// Whether the walk came everywhere often enough to mean something.
    pub(super) fn covered(&self, sequences: u64) -> bool {
        let often = |count: u64| count * 20 >= sequences;
        often(self.plain) && often(self.stepped) && often(self.forwarded) && often(self.deep)
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
