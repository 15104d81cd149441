//! Signing in as the people of the fakes do.

use domain::EmailAddress;
use fakes::Person;
use fakes::http_client::{Answer, PageForm};
use fakes::saml;

use crate::{Scene, Visitor};

impl Scene {
    /// Signs the owner of an address in, from a deep link on; stops at the gateway's last answer.
    pub async fn sign_in(&self, visitor: &mut Visitor, email: &str, path: &str) -> Answer {
        let at_provider = visitor.begin(path, email).await;
        self.come_back(visitor, email, &at_provider).await
    }

    /// A new browser in which the owner of an address is signed in.
    pub async fn signed_in(&self, email: &str) -> Visitor {
        let mut visitor = self.visitor();
        let answer = self.sign_in(&mut visitor, email, "/").await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        visitor
    }

    /// Answers honestly at the identity provider of an address and carries the answer back.
    pub async fn come_back(&self, visitor: &mut Visitor, email: &str, at_provider: &str) -> Answer {
        let domain = email.parse::<EmailAddress>().expect("an address").domain();
        let person = Person::new(&name_of(email), email);
        let saml =
            |idp: &fakes::saml::SamlIdp| idp.respond(at_provider, &person, saml::Answer::default());
        let form = match domain.as_str() {
            "acme.example" => saml(&self.acme),
            "initech.example" => saml(&self.initech),
            "globex.example" => {
                return self.by_openid(visitor, &self.globex, at_provider, &person).await;
            }
            _ => return self.by_openid(visitor, &self.umbrella, at_provider, &person).await,
        };
        visitor.post_response(&form).await
    }

    async fn by_openid(
        &self,
        visitor: &mut Visitor,
        provider: &fakes::openid::OpenIdProvider,
        at_provider: &str,
        person: &Person,
    ) -> Answer {
        let honest = fakes::openid::OidcAnswer::default();
        let back = provider.authorize(at_provider, person, honest).expect("a good request");
        visitor.follow(back.as_str()).await
    }
}

impl Visitor {
    /// The first form of a page, as the browser would send it.
    pub fn form(&self, page: &Answer) -> PageForm {
        PageForm::all(page).into_iter().next().expect("a form")
    }

    /// The value of a cookie of the help center.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.jar()?.get(name).map(String::as_str)
    }

    /// Sets a cookie of the help center.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        let jar = self.browser.cookies.entry("help.localhost".to_owned()).or_default();
        jar.insert(name.to_owned(), value.to_owned());
    }

    /// All cookies of the help center as one header field.
    pub fn cookies(&self) -> String {
        let pairs = self.jar().into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn jar(&self) -> Option<&std::collections::BTreeMap<String, String>> {
        self.browser.cookies.get("help.localhost")
    }
}

/// `ann@…` is Ann.
fn name_of(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let (first, rest) = local.split_at(1);
    format!("{}{rest} Tester", first.to_uppercase())
}
