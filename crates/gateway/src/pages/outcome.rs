//! Pages around a sign-in that began or ends elsewhere: sent on, asked back, signed out.

use askama::Template;

use super::Frame;

/// A form's hidden fields.
pub(crate) type Fields<'a> = &'a [(&'static str, String)];

/// Why the browser is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// To sign in.
    SignIn,
    /// To end the session there.
    SignOut,
}

/// A form that sends itself to an identity provider (SAML Bindings §3.5); by a button without
/// script.
#[derive(Debug, Template)]
#[template(path = "post.html")]
pub(crate) struct PostPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) errand: Errand,
    /// Label of the identity provider.
    pub(crate) provider: &'a str,
    /// Where it goes.
    pub(crate) action: &'a str,
    pub(crate) fields: Fields<'a>,
}

impl PostPage<'_> {
    fn title(&self) -> String {
        match self.errand {
            Errand::SignIn => (self.frame.t.sign_in.going_to)(self.provider),
            Errand::SignOut => self.frame.t.sign_out.under_way.to_owned(),
        }
    }
}

/// Asks before a sign-in that the identity provider began: nobody is to be signed in as somebody
/// else by a link (login CSRF).
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// Label of the identity provider.
    pub(crate) provider: &'a str,
    pub(crate) name: &'a str,
    pub(crate) address: &'a str,
    /// Who is signed in and would be signed out.
    pub(crate) instead_of: Option<&'a str>,
    /// Own path that takes the answer, by POST.
    pub(crate) action: &'a str,
    pub(crate) fields: Fields<'a>,
}

/// Whether a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// It did.
    Ended,
    /// Nobody tried.
    Untouched,
    /// It goes on; where it can be ended, if that is known.
    StillSignedIn { link: Option<String> },
    /// Nobody knows: no answer came.
    NoAnswer { link: Option<String> },
}

impl SessionEnd {
    fn goes_on(&self) -> bool {
        matches!(self, Self::StillSignedIn { .. } | Self::NoAnswer { .. })
    }
}

/// Says of each session whether it ended.
#[derive(Debug, Template)]
#[template(path = "signed-out.html")]
pub(crate) struct SignedOutPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// The help center's own session; `None`: there is none to speak of.
    pub(crate) help_center: Option<SessionEnd>,
    /// Label of the identity provider, and its session.
    pub(crate) provider: Option<(&'a str, SessionEnd)>,
}

impl SignedOutPage<'_> {
    fn remains(&self) -> bool {
        let provider = self.provider.as_ref().is_some_and(|(_, ended)| ended.goes_on());
        provider || self.help_center.as_ref().is_some_and(SessionEnd::goes_on)
    }

    /// Name, state and whose name it is, of each line.
    fn lines(&self) -> Vec<(&str, &SessionEnd)> {
        let help = self.frame.t.sign_out.help_center;
        let mut lines = vec![(self.frame.site, &SessionEnd::Ended)];
        lines.extend(self.help_center.as_ref().map(|ended| (help, ended)));
        lines.extend(self.provider.as_ref().map(|(label, ended)| (*label, ended)));
        lines
    }
}
