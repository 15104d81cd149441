//! The mail server for notices to customers.

use domain::{EmailAddress, HostName};

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::settings::{MailSettings, MailTls};
use crate::{scalar, secret};

const TLS: [(&str, MailTls); 3] =
    [("implicit", MailTls::Implicit), ("starttls", MailTls::StartTls), ("none", MailTls::None)];

/// Reads `mail`. `Some(None)`: nobody is written to.
pub(crate) fn read(root: &Mapping<'_>) -> Option<Option<MailSettings>> {
    given(root.optional("mail"), settings)
}

fn settings(value: &Value<'_>) -> Option<MailSettings> {
    let map = value.mapping("write { server: smtp.example.com, from: no-reply@example.com }")?;
    let server_value = map.required("server", "write the server's host name");
    let server = server_value.as_ref().and_then(|value| server(value));
    let tls_value = map.optional("tls");
    let tls = given(tls_value.clone(), |value| value.word(&TLS));
    let port = given(map.optional("port"), |value| {
        let port = |text: &str| text.parse().ok().filter(|port: &u16| *port > 0);
        value.read("write a port from 1 to 65535", port)
    });
    let from = map.required("from", "write the address that mails come from");
    let from = from.and_then(|value| value.parse::<EmailAddress>("write an e-mail address"));
    let name = given(map.optional("name"), |value| {
        let line = |text: &str| (!text.chars().any(char::is_control)).then(|| text.to_owned());
        value.read("write a name in one line", line)
    });
    let user = given(map.optional("user"), |value| value.text("write the user's name"));
    let password = given(map.optional("password"), secret::text);
    map.finish();
    let (server, tls) = (server?, tls?.unwrap_or(MailTls::StartTls));
    if let Some(value) = tls_value.filter(|_| tls == MailTls::None && !is_here(&server)) {
        let said = "mail would cross the network unencrypted";
        value.problem(said, "write tls: starttls or tls: implicit; none is for this machine");
        return None;
    }
    let credentials = match (user?, password?) {
        (None, None) => None,
        (Some(user), Some(password)) => Some((user.to_owned(), password)),
        _ => {
            map.value.problem("`user` and `password` belong together", "write both or neither");
            return None;
        }
    };
    let usual = match tls {
        MailTls::Implicit => 465,
        MailTls::StartTls => 587,
        MailTls::None => 25,
    };
    let (port, from, name) = (port?.unwrap_or(usual), from?, name?);
    Some(MailSettings { server, port, tls, from, name, credentials })
}

fn server(value: &Value<'_>) -> Option<String> {
    let address = |text: &str| text.parse::<std::net::IpAddr>().ok().map(|ip| ip.to_string());
    let host = |text: &str| text.parse::<HostName>().ok().map(|host| host.as_str().to_owned());
    value.read("write a host name", |text| address(text).or_else(|| host(text)))
}

fn is_here(server: &str) -> bool {
    let host = if server.contains(':') { format!("[{server}]") } else { server.to_owned() };
    url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| scalar::is_loopback(&url))
}
