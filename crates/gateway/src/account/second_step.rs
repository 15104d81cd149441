//! Changes of the second step: new recovery codes, another app, a reset that is not wanted.
//!
//! Each needs a factor that was passed within the last minutes, in the form itself or by the session.

use std::time::Duration;

use domain::{AuditEvent, FactorKind, Refusal, Timestamp};
use factor::{Client, FactorError, RecoveryCodes};
use http::{Response, StatusCode};
use session::{BrowserBinding, Customer, OpenSession};

use crate::body::Body;
use crate::factor_notices::tell;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, bad_request};
use crate::pages::{self, FactorMistake, Frame, NewAppPage, NewCodesPage};
use crate::refuse;

/// A factor of the session that is no older needs no other.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// What a change came to.
pub(super) enum Outcome {
    /// It is done; the account page says so.
    Done,
    /// A page that follows.
    Page(Box<Response<Body>>),
    /// The account page again, with what is wrong.
    Mistake(FactorMistake),
}

/// Whether the session's own factor is fresh enough for a change.
pub(super) fn is_fresh(session: &OpenSession, now: Timestamp) -> bool {
    let own = |kind| matches!(kind, FactorKind::Totp | FactorKind::RecoveryCode);
    session.facts().factor.is_some_and(|f| own(f.kind) && now < f.at.plus(FRESH))
}

/// A person who changes something.
pub(super) struct Changing<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) request: &'a OwnRequest,
    pub(super) session: &'a OpenSession,
    pub(super) customer: &'a Customer,
}

impl Changing<'_> {
    /// Carries out what the form asks for.
    ///
    /// # Errors
    /// When the form is none of ours, or the store fails.
    pub(super) async fn run(&self, wish: &str, form: &Form) -> Result<Outcome, Refusal> {
        match wish {
            // What these go on with was allowed by a factor before.
            "confirm" => return self.confirm_app(form.field("code").unwrap_or_default()).await,
            "kept" => return self.confirm_codes(form.field("end").unwrap_or_default()).await,
            "codes" | "app" | "keep" => {}
            _ => return Err(bad_request("account-form-unknown", "the form wishes for nothing")),
        }
        if let Some(mistake) = self.prove(form.field("code")).await? {
            return Ok(Outcome::Mistake(mistake));
        }
        match wish {
            "codes" => self.new_codes().await,
            "app" => self.new_app().await,
            _ => self.keep().await,
        }
    }

    /// Asks for a factor, unless the session has a fresh one.
    async fn prove(&self, code: Option<&str>) -> Result<Option<FactorMistake>, Refusal> {
        let code = code.map(str::trim).filter(|code| !code.is_empty());
        let Some(code) = code else {
            let fresh = is_fresh(self.session, self.now());
            return Ok((!fresh).then_some(FactorMistake::Wrong(self.now())));
        };
        let (person, client, now) = (&self.customer.identity.person, self.client(), self.now());
        let factors = &self.gateway.factors;
        let digits = code.chars().filter(|c| !c.is_whitespace()).all(|c| c.is_ascii_digit());
        let checked = match digits && code.len() <= 10 {
            true => factors.check_code(person, code, client, now).await,
            false => factors.check_recovery(person, code, client, now).await,
        };
        match checked {
            Ok(passed) => {
                if passed.kind == FactorKind::RecoveryCode {
                    let status = factors.status(person, now).await;
                    let left = status.map_or(0, |status| status.recovery_codes_left);
                    let site = self.site();
                    let person = person.clone();
                    self.tell(AuditEvent::RecoveryCodeUsed { site, person, left }).await?;
                }
                Ok(None)
            }
            Err(error) => self.mistake(&error).await.map(Some),
        }
    }

    async fn new_codes(&self) -> Result<Outcome, Refusal> {
        let person = &self.customer.identity.person;
        let codes = self.gateway.factors.renew_recovery_codes(person, self.now()).await;
        let codes = codes.map_err(|error| error.refusal())?;
        let (site, person) = (self.site(), person.clone());
        self.tell(AuditEvent::RecoveryCodesRenewed { site, person }).await?;
        Ok(self.codes_page(Some(&codes), Ended::Not))
    }

    async fn new_app(&self) -> Result<Outcome, Refusal> {
        self.app_page(None).await
    }

    async fn app_page(&self, mistake: Option<FactorMistake>) -> Result<Outcome, Refusal> {
        let (person, now) = (&self.customer.identity.person, self.now());
        let account = self.customer.identity.email.as_str();
        let label = &self.request.visit.site.settings.label;
        let begun =
            self.gateway.factors.begin_replacement(person, label, account, self.client(), now);
        let begun = begun.await.map_err(|error| error.refusal())?;
        let frame = Frame::of(&self.request.visit.context);
        let page = NewAppPage {
            frame,
            qr_svg: begun.qr_svg.expose(),
            otpauth_url: begun.otpauth_url.expose(),
            key_text: begun.key_text.expose(),
            digits: self.gateway.factors.digits(),
            mistake,
        };
        let status = mistake.map_or(StatusCode::OK, FactorMistake::status);
        Ok(Outcome::Page(Box::new(pages::html(status, frame.language, &page))))
    }

    /// The first code of another app. Its secret waits since a factor allowed it; nobody who has not
    /// seen that page can have a code of it, and it is shown again only with the right session.
    async fn confirm_app(&self, code: &str) -> Result<Outcome, Refusal> {
        let (person, client) = (&self.customer.identity.person, self.client());
        match self.gateway.factors.confirm_enrolment(person, code, client, self.now()).await {
            Ok(codes) => {
                let (site, person) = (self.site(), person.clone());
                self.tell(AuditEvent::FactorEnrolled { site, person }).await?;
                Ok(self.codes_page(Some(&codes), Ended::Not))
            }
            Err(error) => {
                let mistake = self.mistake(&error).await?;
                // The page with the secret is shown only to a fresh factor; else from the start.
                match is_fresh(self.session, self.now()) {
                    true => self.app_page(Some(mistake)).await,
                    false => Ok(Outcome::Mistake(mistake)),
                }
            }
        }
    }

    async fn confirm_codes(&self, end: &str) -> Result<Outcome, Refusal> {
        let person = &self.customer.identity.person;
        let kept = self.gateway.factors.confirm_recovery_codes(person, end, self.now()).await;
        match kept.map_err(|error| error.refusal())? {
            true => Ok(Outcome::Done),
            false => Ok(self.codes_page(None, Ended::Wrong)),
        }
    }

    /// A factor that was passed withdraws a reset by itself; one of the session does so here.
    async fn keep(&self) -> Result<Outcome, Refusal> {
        let person = &self.customer.identity.person;
        let withdrawn = self.gateway.factors.withdraw_reset(person, self.now()).await;
        withdrawn.map_err(|error| error.refusal())?;
        let (site, person) = (self.site(), person.clone());
        self.tell(AuditEvent::FactorResetWithdrawn { site, person }).await?;
        Ok(Outcome::Done)
    }

    fn codes_page(&self, codes: Option<&RecoveryCodes>, ended: Ended) -> Outcome {
        let frame = Frame::of(&self.request.visit.context);
        let codes = codes.map(|codes| codes.iter().map(|code| code.expose().clone()).collect());
        let wrong = matches!(ended, Ended::Wrong);
        let page = NewCodesPage { frame, codes: codes.unwrap_or_default(), wrong };
        let status = if wrong { StatusCode::FORBIDDEN } else { StatusCode::OK };
        Outcome::Page(Box::new(pages::html(status, frame.language, &page)))
    }

    /// What the page says about an error, which is recorded.
    async fn mistake(&self, error: &FactorError) -> Result<FactorMistake, Refusal> {
        let mistake = match error {
            FactorError::Wrong { server_time } => FactorMistake::Wrong(*server_time),
            FactorError::UsedAlready => FactorMistake::Used,
            FactorError::TooMany { wait } => FactorMistake::TooMany(wait.as_secs().max(1)),
            _ => return Err(error.refusal()),
        };
        let person = &self.customer.identity.person;
        refuse::record(self.gateway, &self.request.visit.context, error.refusal(), person).await;
        Ok(mistake)
    }

    async fn tell(&self, event: AuditEvent) -> Result<(), Refusal> {
        tell(self.gateway, &self.request.visit, &self.customer.identity, event).await
    }

    fn now(&self) -> Timestamp {
        self.request.visit.context.now
    }

    fn site(&self) -> domain::SiteName {
        self.request.visit.site.settings.name.clone()
    }

    fn client(&self) -> Client {
        let binding = BrowserBinding::from_headers(&self.request.headers);
        Client {
            address: self.request.visit.context.client,
            browser: binding.map(|binding| binding.hash()),
        }
    }
}

/// Whether the end that was typed is one.
enum Ended {
    Not,
    Wrong,
}
