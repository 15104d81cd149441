//! A page for people who try the product: what the fake JSM holds, and a switch that breaks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};

use crate::jsm::{Account, Fault, JsmCloud};
use crate::server::{self, Place, Server};
use crate::text::{page, xml_text};

/// A running page; dropped means stopped.
#[derive(Debug)]
pub struct Backstage {
    /// `http://host:port`.
    pub url: String,
    _server: Server,
}

#[derive(Debug)]
struct Shown {
    jsm: Arc<JsmCloud>,
    /// Ids of the desks to show.
    desks: Vec<String>,
    broken: AtomicBool,
}

impl Backstage {
    /// Shows `jsm` with these desks.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(place: &Place, jsm: Arc<JsmCloud>, desks: &[&str]) -> std::io::Result<Self> {
        let bound = server::bind(place)?;
        let url = bound.url.clone();
        let desks = desks.iter().map(|d| (*d).to_owned()).collect();
        let router = Router::new()
            .route("/", get(show))
            .route("/fail", post(fail))
            .route("/recover", post(recover))
            .with_state(Arc::new(Shown { jsm, desks, broken: AtomicBool::new(false) }));
        Ok(Self { url, _server: bound.serve(router) })
    }
}

impl Shown {
    fn row(&self, customer: &Account) -> String {
        let organizations = self.jsm.organizations().into_iter();
        let of = organizations.filter(|o| o.members.contains(&customer.id)).map(|o| o.name);
        let on = self.desks.iter().filter(|d| self.jsm.desk_members(d).contains(&customer.id));
        let cells = [
            customer.display_name.clone(),
            customer.email.clone(),
            of.collect::<Vec<_>>().join(", "),
            on.cloned().collect::<Vec<_>>().join(", "),
        ];
        let cells = cells.iter().map(|cell| format!("<td>{}</td>", xml_text(cell)));
        format!("<tr>{}</tr>", cells.collect::<String>())
    }
}

async fn show(State(shown): State<Arc<Shown>>) -> Html<String> {
    let rows: String = shown.jsm.customers().iter().map(|c| shown.row(c)).collect();
    let (action, label) = match shown.broken.load(Ordering::SeqCst) {
        true => ("recover", "It answers 503 to every call. Repair it"),
        false => ("fail", "It works. Break it: 503 to every call"),
    };
    let body = format!(
        "<p>The fake Jira Service Management was called {} times and holds these customers.</p>\
         <table><tr><th>Name</th><th>Address</th><th>Organizations</th><th>Desks</th></tr>\
         {rows}</table><form method=\"post\" action=\"/{action}\"><button>{label}</button></form>",
        shown.jsm.calls().len(),
    );
    page("Behind the scenes", &body)
}

async fn fail(State(shown): State<Arc<Shown>>) -> Redirect {
    shown.broken.store(true, Ordering::SeqCst);
    shown.jsm.fail_all(Fault::Status(503));
    Redirect::to("/")
}

async fn recover(State(shown): State<Arc<Shown>>) -> Redirect {
    shown.broken.store(false, Ordering::SeqCst);
    shown.jsm.recover();
    Redirect::to("/")
}
