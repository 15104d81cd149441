//! A browser without a screen: keeps cookies by host, follows redirects, submits forms.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use http::Method;
use url::Url;

use super::{Answer, Call, Connections, call};

/// Keeps cookies and follows redirects.
///
/// Cookies are kept by host, without path or expiry: the fakes and the gateway use none that need
/// more, and `Max-Age=0` deletes.
#[derive(Debug, Clone)]
pub struct Browser {
    /// Cookies: host, then name, then value.
    pub cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Origin of the page that is shown, or `null`; sent with forms, as browsers do.
    pub origin: String,
    authority: String,
    /// What is kept open between requests; `None`: nothing.
    connections: Option<Connections>,
}

impl Default for Browser {
    fn default() -> Self {
        Self::trusting("")
    }
}

/// A form on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageForm {
    /// Absolute URL.
    pub action: Url,
    /// Whether it is sent by POST.
    pub post: bool,
    /// Named inputs with their values, submit buttons left out.
    pub fields: Vec<(String, String)>,
}

impl Browser {
    /// A browser that trusts the certificate authority in this PEM.
    pub fn trusting(authority: &str) -> Self {
        Self {
            cookies: BTreeMap::new(),
            origin: "null".to_owned(),
            authority: authority.to_owned(),
            connections: None,
        }
    }

    /// The same with connections that are used again.
    #[must_use]
    pub fn keeping_connections(self) -> Self {
        Self { connections: Some(Connections::default()), ..self }
    }

    /// Navigates to `url` and on to where its redirects lead.
    ///
    /// # Errors
    /// When a server is not reached, or after 20 redirects.
    pub async fn open(&mut self, url: &str) -> io::Result<Answer> {
        let url = Url::parse(url).map_err(io::Error::other)?;
        self.follow(Method::GET, url, Vec::new()).await
    }

    /// Submits a form and goes on to where its answer's redirects lead.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn submit(&mut self, form: &PageForm) -> io::Result<Answer> {
        if form.post {
            return self.follow(Method::POST, form.action.clone(), form.fields.clone()).await;
        }
        let mut url = form.action.clone();
        url.query_pairs_mut().clear().extend_pairs(&form.fields);
        self.follow(Method::GET, url, Vec::new()).await
    }

    async fn follow(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut fields: Vec<(String, String)>,
    ) -> io::Result<Answer> {
        for _ in 0..20 {
            let answer = self.step(method.clone(), &url, &fields).await?;
            let Some(next) = answer.location().filter(|_| (300..400).contains(&answer.status))
            else {
                return Ok(answer);
            };
            url = next;
            if !matches!(answer.status, 307 | 308) {
                method = Method::GET;
                fields.clear();
            }
        }
        Err(io::Error::other("more than 20 redirects"))
    }

    /// One request as a navigation, without following a redirect.
    ///
    /// # Errors
    /// When the server is not reached.
    pub async fn step(
        &mut self,
        method: Method,
        url: &Url,
        fields: &[(String, String)],
    ) -> io::Result<Answer> {
        let mut headers: Vec<(String, String)> = [
            ("accept", "text/html,application/xhtml+xml"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-site", self.site_of(url)),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let mut body = Bytes::new();
        if method == Method::POST {
            let kind = "application/x-www-form-urlencoded".to_owned();
            headers.push(("content-type".to_owned(), kind));
            headers.push(("origin".to_owned(), self.origin.clone()));
            body = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish()
                .into();
        }
        let answer = self.request(method, url.clone(), headers, body).await?;
        if !(300..400).contains(&answer.status) {
            self.origin = origin(url);
        }
        Ok(answer)
    }

    /// `Sec-Fetch-Site`; hosts below `localhost` are sites of their own.
    fn site_of(&self, url: &Url) -> &'static str {
        match self.origin.as_str() {
            "null" => "none",
            own if own == origin(url) => "same-origin",
            _ => "cross-site",
        }
    }

    /// One request with cookies and these headers, without following a redirect.
    ///
    /// # Errors
    /// When the server is not reached.
    pub async fn request(
        &mut self,
        method: Method,
        url: Url,
        mut headers: Vec<(String, String)>,
        body: Bytes,
    ) -> io::Result<Answer> {
        let host = url.host_str().unwrap_or_default().to_owned();
        if let Some(cookies) = self.cookies.get(&host).filter(|c| !c.is_empty()) {
            let pairs: Vec<String> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            headers.push(("cookie".to_owned(), pairs.join("; ")));
        }
        let authority = Some(self.authority.as_str());
        let request = Call { method, url: &url, headers, body, authority };
        let answer = match &self.connections {
            Some(connections) => connections.call(request).await?,
            None => call(request).await?,
        };
        self.keep_cookies(&host, &answer);
        Ok(answer)
    }

    fn keep_cookies(&mut self, host: &str, answer: &Answer) {
        let jar = self.cookies.entry(host.to_owned()).or_default();
        for line in answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|p| p.split_once('=')) else {
                continue;
            };
            if parts.any(|p| p.eq_ignore_ascii_case("max-age=0")) {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl PageForm {
    /// The forms of a page, read leniently: enough for the pages of the fakes and the gateway.
    pub fn all(answer: &Answer) -> Vec<Self> {
        let html = answer.text();
        html.split("<form").skip(1).filter_map(|rest| Self::parse(rest, &answer.url)).collect()
    }

    fn parse(rest: &str, page: &Url) -> Option<Self> {
        let form = rest.split("</form>").next()?;
        let (head, content) = form.split_once('>')?;
        let action = attribute(head, "action").unwrap_or_default();
        let post = attribute(head, "method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
        let inputs = content.split("<input").skip(1).filter_map(|input| {
            let input = input.split('>').next()?;
            let kind = attribute(input, "type").unwrap_or_default();
            let sent = !matches!(kind.as_str(), "submit" | "checkbox" | "radio");
            let name = attribute(input, "name").filter(|_| sent)?;
            Some((name, attribute(input, "value").unwrap_or_default()))
        });
        Some(Self { action: page.join(&action).ok()?, post, fields: inputs.collect() })
    }

    /// The same with `name` set to `value`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The value of an attribute in double quotes, entities resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag.get(start..)?.split('"').next()?;
    let value = value.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#39;", "'");
    let value = value.replace("&#x9;", "\t").replace("&#xA;", "\n").replace("&#xD;", "\r");
    let value = value.replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&");
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
