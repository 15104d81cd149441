//! A mail server that keeps what it is given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::certificates::ServerCertificate;
use crate::server::acceptor;

/// How the server treats what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SmtpMood {
    /// Takes everything.
    #[default]
    Takes,
    /// Says that it cannot now (451).
    Busy,
    /// Refuses the recipient for good (550).
    Refuses,
    /// Takes nothing from us, as with a password that was changed (530).
    Estranged,
    /// Closes every connection without a word.
    Gone,
}

/// How connections are encrypted.
#[derive(Debug, Clone)]
pub enum SmtpTls {
    /// Not at all.
    None,
    /// By STARTTLS; mail without it is refused.
    StartTls(ServerCertificate),
    /// From the first byte.
    Implicit(ServerCertificate),
}

/// A mail as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Of the envelope.
    pub from: String,
    /// Of the envelope.
    pub to: String,
    /// Header and body, as sent.
    pub data: String,
    /// User and password, where they were given: base64 of AUTH PLAIN.
    pub credentials: Option<String>,
    /// Whether it came encrypted.
    pub encrypted: bool,
}

#[derive(Debug, Default)]
struct Inbox {
    mails: Mutex<Vec<Mail>>,
    mood: Mutex<SmtpMood>,
    connections: Mutex<usize>,
}

/// A mail server on loopback, gone when this is dropped.
#[derive(Debug)]
pub struct SmtpServer {
    /// Where it listens.
    pub address: SocketAddr,
    inbox: Arc<Inbox>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SmtpServer {
    /// Starts one.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(tls: SmtpTls) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let inbox = Arc::new(Inbox::default());
        let (stop, stopped) = oneshot::channel();
        let kept = Arc::clone(&inbox);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! { () = serve(listener, kept, tls) => {}, _ = stopped => {} }
            });
        });
        Ok(Self { address, inbox, stop: Some(stop), thread: Some(thread) })
    }

    /// What has arrived so far.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.inbox.mails).clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        *lock(&self.inbox.connections)
    }

    /// Changes how it treats what it is given from now on.
    pub fn set_mood(&self, mood: SmtpMood) {
        *lock(&self.inbox.mood) = mood;
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, inbox: Arc<Inbox>, tls: SmtpTls) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (inbox, tls) = (Arc::clone(&inbox), tls.clone());
        *lock(&inbox.connections) += 1;
        tokio::spawn(async move {
            let _ = converse(stream, &inbox, &tls).await;
        });
    }
}

async fn converse(stream: TcpStream, inbox: &Inbox, tls: &SmtpTls) -> std::io::Result<()> {
    if *lock(&inbox.mood) == SmtpMood::Gone {
        return Ok(());
    }
    match tls {
        SmtpTls::None => dialogue(BufStream::new(stream), inbox, State::plain()).await.map(drop),
        SmtpTls::Implicit(certificate) => {
            let acceptor: TlsAcceptor = acceptor(certificate);
            let stream = acceptor.accept(stream).await?;
            dialogue(BufStream::new(stream), inbox, State::encrypted()).await.map(drop)
        }
        SmtpTls::StartTls(certificate) => {
            let state = State { offer: true, ..State::plain() };
            let Some(stream) = dialogue(BufStream::new(stream), inbox, state).await? else {
                return Ok(());
            };
            let stream = acceptor(certificate).accept(stream).await?;
            let state = State { greeted: true, ..State::encrypted() };
            dialogue(BufStream::new(stream), inbox, state).await.map(drop)
        }
    }
}

/// Where a dialogue stands.
struct State {
    /// Whether STARTTLS is offered, and nothing else allowed before.
    offer: bool,
    greeted: bool,
    mail: Mail,
}

impl State {
    fn plain() -> Self {
        let (from, to, data) = (String::new(), String::new(), String::new());
        let mail = Mail { from, to, data, credentials: None, encrypted: false };
        Self { offer: false, greeted: false, mail }
    }

    fn encrypted() -> Self {
        let mut state = Self::plain();
        state.mail.encrypted = true;
        state
    }
}

/// RFC 5321, as much of it as a client needs. Gives the stream back when TLS is to begin.
async fn dialogue<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufStream<S>,
    inbox: &Inbox,
    mut state: State,
) -> std::io::Result<Option<S>> {
    if !state.greeted {
        say(&mut stream, "220 mail.localhost ready").await?;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let text = line.trim_end();
        let upper = text.to_ascii_uppercase();
        let mood = *lock(&inbox.mood);
        if upper.starts_with("EHLO") {
            let extra = if state.offer { "250 STARTTLS" } else { "250 AUTH PLAIN LOGIN" };
            say(&mut stream, &format!("250-mail.localhost\r\n250-8BITMIME\r\n{extra}")).await?;
        } else if upper == "STARTTLS" && state.offer {
            say(&mut stream, "220 go ahead").await?;
            return Ok(Some(stream.into_inner()));
        } else if upper == "QUIT" {
            return say(&mut stream, "221 bye").await.map(|()| None);
        } else if upper == "NOOP" || upper == "RSET" {
            say(&mut stream, "250 ok").await?;
        } else if state.offer {
            say(&mut stream, "530 STARTTLS first").await?;
        } else if let Some(given) = text.strip_prefix("AUTH PLAIN ") {
            state.mail.credentials = Some(given.to_owned());
            say(&mut stream, "235 welcome").await?;
        } else if upper.starts_with("MAIL FROM:") {
            state.mail.from = address(text);
            let answer = match mood {
                SmtpMood::Estranged => "530 authentication required",
                _ => "250 ok",
            };
            say(&mut stream, answer).await?;
        } else if upper.starts_with("RCPT TO:") {
            state.mail.to = address(text);
            let answer = match mood {
                SmtpMood::Busy => "451 try again later",
                SmtpMood::Refuses => "550 no such user",
                SmtpMood::Takes | SmtpMood::Estranged | SmtpMood::Gone => "250 ok",
            };
            say(&mut stream, answer).await?;
        } else if upper == "DATA" {
            say(&mut stream, "354 end with a dot").await?;
            state.mail.data = data(&mut stream).await?;
            lock(&inbox.mails).push(state.mail.clone());
            say(&mut stream, "250 taken").await?;
        } else {
            say(&mut stream, "502 unknown").await?;
        }
    }
}

async fn data<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
) -> std::io::Result<String> {
    let (mut data, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    text: &str,
) -> std::io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
