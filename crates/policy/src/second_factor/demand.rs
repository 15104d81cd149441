//! What all matching rules together demand.

use std::fmt;
use std::time::Duration;

use domain::{FactorKind, FactorUse, Timestamp};
use serde::{Deserialize, Serialize};

use super::FactorRule;

/// What all matching rules together demand: the strictest of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorDemand {
    /// Whether a factor is demanded at all.
    pub required: bool,
    /// How long ago it may have been passed; `None`: at any time in the session.
    pub fresh: Option<Duration>,
    /// How long a browser may stand for it after a factor was passed there; `None`: never.
    pub trusted_browser: Option<Duration>,
    /// How long somebody who has no factor yet may put it off; `None`: not at all.
    pub grace: Option<Grace>,
    /// Whether it is only because of the portal or path, not because of the person.
    pub placed: bool,
    /// Lines of the rules that demand it, in the file's order.
    pub lines: Vec<usize>,
}

/// How long somebody who has no factor yet may put it off. Both limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    /// Until this moment.
    pub until: Option<Timestamp>,
    /// For so many sign-ins; whoever counts them is the caller.
    pub sign_ins: Option<u32>,
}

impl Grace {
    /// Whether its date, if it has one, still lies ahead.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn stricter(self, other: Self) -> Self {
        Self {
            until: least(self.until, other.until),
            sign_ins: least(self.sign_ins, other.sign_ins),
        }
    }
}

impl FactorDemand {
    /// A factor that somebody asks for of their own accord: to enrol, or to be asked beforehand.
    pub fn wished() -> Self {
        Self { required: true, ..Self::default() }
    }

    /// The demand of some rules.
    pub(crate) fn of<'r>(rules: impl Iterator<Item = &'r FactorRule>) -> Self {
        rules.fold(Self::default(), Self::and)
    }

    fn and(mut self, rule: &FactorRule) -> Self {
        if !self.required {
            return Self {
                required: true,
                fresh: rule.fresh,
                trusted_browser: rule.trusted_browser,
                grace: rule.grace,
                placed: rule.is_placed(),
                lines: vec![rule.line],
            };
        }
        self.fresh = least(self.fresh, rule.fresh);
        self.trusted_browser =
            self.trusted_browser.zip(rule.trusted_browser).map(|(a, b)| a.min(b));
        self.grace = self.grace.zip(rule.grace).map(|(a, b)| a.stricter(b));
        self.placed &= rule.is_placed();
        self.lines.push(rule.line);
        self
    }

    /// Whether a session with this factor satisfies it. That an identity provider's own factor
    /// counts was decided when it was accepted, and that sign-ins are left of a grace by who
    /// counts them.
    pub fn is_met_by(&self, factor: Option<&FactorUse>, now: Timestamp) -> bool {
        if !self.required {
            return true;
        }
        let Some(factor) = factor else { return false };
        let within = |limit: Duration| now.since(factor.at) < limit;
        match factor.kind {
            FactorKind::Totp | FactorKind::RecoveryCode | FactorKind::IdentityProvider => {
                self.fresh.is_none_or(within)
            }
            // A trusted browser proves what was passed days ago: never something fresh.
            FactorKind::TrustedBrowser => {
                self.fresh.is_none() && self.trusted_browser.is_some_and(within)
            }
            FactorKind::None => self.grace.is_some_and(|grace| grace.is_open(now)),
        }
    }

    /// Until when this factor, which satisfies it now, goes on doing so; `None`: as long as the
    /// session lasts.
    pub fn lasts(&self, factor: &FactorUse) -> Option<Timestamp> {
        let limit = match factor.kind {
            FactorKind::Totp | FactorKind::RecoveryCode | FactorKind::IdentityProvider => {
                self.fresh
            }
            FactorKind::TrustedBrowser => self.trusted_browser,
            FactorKind::None => return self.grace.and_then(|grace| grace.until),
        };
        limit.map(|limit| factor.at.plus(limit))
    }

    /// The same without a grace that is over by then.
    #[must_use]
    pub fn as_of(self, now: Timestamp) -> Self {
        Self { grace: self.grace.filter(|grace| grace.is_open(now)), ..self }
    }

    /// Whether a trusted browser can stand for it.
    pub fn accepts_trusted_browser(&self) -> bool {
        self.fresh.is_none() && self.trusted_browser.is_some()
    }
}

/// In the operator's words.
impl fmt::Display for FactorDemand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.required {
            return f.write_str("nothing");
        }
        f.write_str("a code of an authenticator")?;
        if let Some(fresh) = self.fresh {
            write!(f, ", at most {} old", long(fresh))?;
        }
        match self.trusted_browser.filter(|_| self.accepts_trusted_browser()) {
            Some(days) => write!(f, ", or a browser trusted at most {} ago", long(days))?,
            None => f.write_str(", in every browser")?,
        }
        let Some(Grace { until, sign_ins }) = self.grace else { return Ok(()) };
        f.write_str("; who has none yet may put it off")?;
        if let Some(until) = until {
            write!(f, " until {until}")?;
        }
        sign_ins.map_or(Ok(()), |count| write!(f, " for {count} sign-ins in all"))
    }
}

fn long(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// The smaller of two limits, where nothing said is no limit.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
