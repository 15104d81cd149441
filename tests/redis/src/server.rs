//! One redis-server.

use std::fmt::Write as _;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Secret;
use store::{RedisAddress, RedisLogin, RedisSettings, Topology};

use crate::{Authority, free_port};

/// The ACL user of the gateway.
pub const USER: &str = "vestibule";
/// Its password.
pub const PASSWORD: &str = "redis-lab";
/// What it may do, and no more: as docs/redis.md says.
pub const RIGHTS: &str = "~vestibule:* resetchannels -@all +ping +role +wait +get +getdel +set +del \
    +exists +eval +time +hset +hget +hdel +hscan +scan +hrandfield +expire +persist +ttl \
    +client|tracking +select +asking +cluster|info +cluster|slots +info +config|get";
/// Who may do everything: tests, replicas, Sentinels.
pub(crate) const ADMIN: &str = "operator";

/// What is different from the ordinary server.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// Lines put at the end of its file.
    pub more: String,
    /// `--sentinel` instead of a store.
    pub(crate) sentinel: bool,
}

/// A running redis-server; it ends when this is dropped.
pub struct Server {
    folder: tempfile::TempDir,
    authority: Arc<Authority>,
    /// Where it speaks TLS.
    pub port: u16,
    sentinel: bool,
    child: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// The ordinary server: append-only file, TLS with client certificates, one ACL user.
    pub fn start() -> Self {
        Self::with(&Arc::new(Authority::new()), ServerOptions::default())
    }

    /// One that differs.
    pub fn with(authority: &Arc<Authority>, options: ServerOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Self {
            folder,
            authority: Arc::clone(authority),
            port: free_port(),
            sentinel: options.sentinel,
            child: None,
        };
        for _ in 0..5 {
            server.write_file(&options.more);
            if server.try_run() {
                return server;
            }
            // Somebody else took the port.
            server.port = free_port();
        }
        panic!("redis-server does not start: {}", server.log());
    }

    /// Starts it again, on its port and with its data.
    pub fn run(&mut self) {
        assert!(self.try_run(), "redis-server does not start: {}", self.log());
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Fails only when it has ended already.
            let _ended = child.kill();
            let _ended = child.wait();
        }
    }

    /// Stops its process where it stands; [`Server::signal`] with `CONT` lets it go on.
    pub fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("a running server").id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill").success(), "kill -s {name} {pid}");
    }

    /// Where it is.
    pub fn address(&self) -> RedisAddress {
        RedisAddress { host: "127.0.0.1".to_owned(), port: self.port }
    }

    /// Settings of a gateway that uses this server alone.
    pub fn settings(&self) -> RedisSettings {
        settings(&self.authority, Topology::Single(self.address()))
    }

    /// As [`Server::settings`], by another port that leads here.
    pub fn settings_through(&self, port: u16) -> RedisSettings {
        let address = RedisAddress { host: "127.0.0.1".to_owned(), port };
        settings(&self.authority, Topology::Single(address))
    }

    /// `store` of the operator's file of a gateway that uses this server alone, in one line.
    pub fn line(&self) -> String {
        self.line_through(self.port)
    }

    /// As [`Server::line`], by another port that leads here.
    pub fn line_through(&self, port: u16) -> String {
        line(&self.authority, &[port], "")
    }

    /// What redis-cli says to a command of an administrator.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = self.cli_command().args(arguments).output().expect("redis-cli");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// As [`Server::cli`], the bytes as they are.
    pub fn bytes(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = self.cli_command();
        command.arg("--raw").args(arguments).output().expect("redis-cli").stdout
    }

    pub(crate) fn cli_command(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "--tls"]);
        command.arg("--cacert").arg(self.authority.file("ca.pem"));
        command.arg("--cert").arg(self.authority.file("client.pem"));
        command.arg("--key").arg(self.authority.file("client.key"));
        command.args(["--user", ADMIN, "--pass", PASSWORD, "--no-auth-warning"]);
        command
    }

    /// Waits until redis-cli's answer holds `wanted`.
    ///
    /// # Panics
    /// After twenty seconds.
    pub fn wait_for(&self, arguments: &[&str], wanted: &str) {
        let begun = Instant::now();
        while !self.cli(arguments).contains(wanted) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{arguments:?} never says {wanted}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_run(&mut self) -> bool {
        let mut command = Command::new("redis-server");
        command.arg(self.folder.path().join("redis.conf")).current_dir(self.folder.path());
        if self.sentinel {
            command.arg("--sentinel");
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(child.spawn().expect("redis-server; ./scripts/install test installs it"));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if self.cli(&["PING"]) == "PONG" {
                return true;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() {
                self.child = None;
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
        false
    }

    fn write_file(&self, more: &str) {
        let (file, folder) = (|name| self.authority.file(name), self.folder.path().display());
        let mut text = format!(
            "bind 127.0.0.1\nport 0\ntls-port {}\ndir {folder}\nlogfile {folder}/redis.log\n",
            self.port
        );
        for (key, name) in [
            ("tls-cert-file", "server.pem"),
            ("tls-key-file", "server.key"),
            ("tls-ca-cert-file", "ca.pem"),
        ] {
            let _ = writeln!(text, "{key} {}", file(name).display());
        }
        let rights = if self.sentinel { "-@all +ping +sentinel|master" } else { RIGHTS };
        let _ = writeln!(text, "tls-auth-clients yes\ntls-replication yes\nuser default off");
        let _ = writeln!(text, "user {ADMIN} on >{PASSWORD} allkeys allchannels +@all");
        let _ = writeln!(text, "user {USER} on >{PASSWORD} {rights}");
        if !self.sentinel {
            let _ = writeln!(text, "appendonly yes\nappendfsync everysec\nsave \"\"");
            let _ = writeln!(text, "masteruser {ADMIN}\nmasterauth {PASSWORD}");
            let _ = writeln!(text, "repl-diskless-sync-delay 0\nmaxmemory-policy noeviction");
        }
        text.push_str(more);
        fs::write(self.folder.path().join("redis.conf"), text).expect("a file");
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("redis.log")).unwrap_or_default();
        log.lines().rev().take(5).collect::<Vec<_>>().join("\n")
    }
}

/// Settings of a gateway, over TLS, as the ACL user.
pub(crate) fn settings(authority: &Authority, topology: Topology) -> RedisSettings {
    RedisSettings {
        topology,
        login: Some(login()),
        tls: Some(authority.tls()),
        database: 0,
        prefix: "vestibule".to_owned(),
        replicas: None,
        timeout: Duration::from_millis(500),
    }
}

/// `store` of the operator's file of a gateway that knows these ports, in one line.
pub(crate) fn line(authority: &Authority, ports: &[u16], more: &str) -> String {
    let file = |name| authority.file(name).display().to_string();
    fs::write(authority.file("password"), PASSWORD).expect("a file");
    let urls: Vec<String> =
        ports.iter().map(|port| format!("\"rediss://127.0.0.1:{port}\"")).collect();
    let password = file("password");
    format!(
        "store: {{ redis: {{ url: [{}], user: {USER}, password: {{ file: \"{password}\" }}, {more}\
         certificate_authorities: {{ file: \"{}\" }}, \
         certificate: {{ chain: \"{}\", key: {{ file: \"{}\" }} }} }} }}",
        urls.join(", "),
        file("ca.pem"),
        file("client.pem"),
        file("client.key"),
    )
}

pub(crate) fn login() -> RedisLogin {
    RedisLogin { user: Some(USER.to_owned()), password: Secret::new(PASSWORD.to_owned()) }
}
