//! What a person has.

use domain::Timestamp;

/// What a person has, as pages and rules need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Since when there is a confirmed authenticator app.
    pub totp: Option<Timestamp>,
    /// How many digits its codes have.
    pub digits: Option<u8>,
    /// Recovery codes that are still good.
    pub recovery_codes_left: usize,
    /// Whether so few are left that the person should make new ones.
    pub recovery_codes_low: bool,
    /// Whether the person has shown that the codes were kept.
    pub recovery_codes_confirmed: bool,
    /// Browsers that are trusted now.
    pub trusted_browsers: usize,
    /// After a reset: only who signed in at the identity provider after this may enrol.
    pub fresh_sign_in_after: Option<Timestamp>,
    /// When the reset that somebody asked for takes place.
    pub reset_due: Option<Timestamp>,
}

impl Status {
    /// Whether a factor can be asked for.
    pub const fn enrolled(&self) -> bool {
        self.totp.is_some()
    }
}
