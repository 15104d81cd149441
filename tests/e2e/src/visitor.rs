//! A browser in a scene.

use fakes::http_client::{Answer, Browser, PageForm};
use fakes::saml::Form;
use http::Method;
use url::Url;

use crate::Scene;

/// A browser with cookies, which follows what a browser follows.
pub struct Visitor {
    /// The browser underneath.
    pub browser: Browser,
    base: String,
}

impl Visitor {
    pub(crate) fn new(scene: &Scene) -> Self {
        Self { browser: Browser::trusting(&scene.authority.certificate_pem()), base: scene.url("") }
    }

    /// Navigates to a path of the help center and on to where redirects lead.
    pub async fn open(&mut self, path: &str) -> Answer {
        self.browser.open(&format!("{}{path}", self.base)).await.expect("an answer")
    }

    /// One request to a path, with the headers given and no redirect followed.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let url = format!("{}{path}", self.base).parse().expect("a URL");
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let asked = self.browser.request(method, url, headers.collect(), body.to_owned().into());
        asked.await.expect("an answer")
    }

    /// Types an address on the sign-in page; gives the URL at the identity provider.
    pub async fn type_address(&mut self, page: &Answer, email: &str) -> String {
        let form = PageForm::all(page).into_iter().next().expect("a form").with("email", email);
        let answer = self.step(&form).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.location().expect("a redirect").to_string()
    }

    /// Opens a page signed out and types an address; gives the URL at the identity provider.
    pub async fn begin(&mut self, path: &str, email: &str) -> String {
        let page = self.open(path).await;
        self.type_address(&page, email).await
    }

    /// Carries a SAML response to the gateway as the identity provider's page would, and stops at
    /// the answer.
    pub async fn post_response(&mut self, form: &Form) -> Answer {
        let form = PageForm {
            action: form.action.parse().expect("a URL"),
            post: true,
            fields: form.fields.clone(),
        };
        self.step(&form).await
    }

    /// Submits a form and stops at the answer.
    pub async fn step(&mut self, form: &PageForm) -> Answer {
        self.browser.step(Method::POST, &form.action, &form.fields).await.expect("an answer")
    }

    /// Follows one URL without following its redirects.
    pub async fn follow(&mut self, url: &str) -> Answer {
        let url = url.parse().expect("a URL");
        self.browser.step(Method::GET, &url, &[]).await.expect("an answer")
    }
}

/// Where the page of an account that is being made asks again by itself; `None` on any other.
pub fn asks_again(page: &Answer) -> Option<Url> {
    let text = page.text();
    let (_, rest) = text.split_once("data-again=\"")?;
    page.url.join(rest.split('"').next()?).ok()
}

/// The reference code on a refusal page or in JSON.
pub fn reference(answer: &Answer) -> String {
    let text = answer.text();
    let after = text.split_once("class=\"reference\">").map(|(_, rest)| rest);
    let after = after.or_else(|| text.split_once("\"reference\":\"").map(|(_, rest)| rest));
    let rest = after.unwrap_or_else(|| panic!("no reference code in: {text}"));
    rest.chars().take(9).collect()
}
