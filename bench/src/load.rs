//! The load generators: wrk for HTTP/1.1, h2load for HTTP/2.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use tokio::process::Command;

use crate::Effort;
use crate::fronts::Front;

/// Which generators are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tools {
    pub(crate) h2load: bool,
}

/// What one measurement gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) requests: u64,
    pub(crate) time: Duration,
    /// Median and 99th percentile, where the generator knows them.
    pub(crate) latency: Option<(Duration, Duration)>,
}

impl Tools {
    /// # Errors
    /// Says how to install what cannot be done without.
    pub(crate) fn find() -> anyhow::Result<Self> {
        for (program, package) in [("nginx", "nginx-light"), ("wrk", "wrk")] {
            if !is_installed(program) {
                bail!(
                    "`{program}` is missing; run `./scripts/install bench` or `apt-get install {package}`"
                );
            }
        }
        Ok(Self { h2load: is_installed("h2load") })
    }
}

fn is_installed(program: &str) -> bool {
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists())
}

/// Prints what wrk knows and its report lacks.
const DONE: &str = r#"
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// A request that a generator repeats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) path: &'static str,
    /// Bytes to upload; none: GET.
    pub(crate) upload: usize,
    /// Connections at most: with many, none would finish a large body within the time.
    pub(crate) connections: usize,
}

fn script(ask: Ask) -> anyhow::Result<PathBuf> {
    let body = match ask.upload {
        0 => String::new(),
        size => format!("wrk.method = 'POST'\nwrk.body = string.rep('x', {size})\n"),
    };
    let path = std::env::temp_dir().join(format!("vestibule-bench-{}.lua", std::process::id()));
    std::fs::write(&path, format!("{body}{DONE}"))?;
    Ok(path)
}

/// Keep-alive over HTTP/1.1 as fast as it goes.
pub(crate) async fn wrk(front: &Front, ask: Ask, effort: &Effort) -> anyhow::Result<Sample> {
    let script = script(ask)?;
    let mut command = Command::new("wrk");
    command.arg("-t2").arg(format!("-c{}", effort.connections.min(ask.connections)));
    command.arg(format!("-d{}s", effort.time.as_secs())).arg("--timeout").arg("20s");
    command.arg("-H").arg(format!("Host: {}", front.host));
    command.arg("-H").arg(format!("Cookie: {}", front.cookie)).arg("-s").arg(&script);
    command.arg(format!("https://{}{}", front.address, ask.path));
    let output = command.output().await;
    let _ = std::fs::remove_file(&script);
    read(&String::from_utf8(output?.stdout)?, &format!("{}, {}", front.name, ask.path))
}

/// The same with requests that a script makes.
pub(crate) async fn wrk_script(
    script: &str,
    url: &str,
    connections: usize,
    seconds: u64,
) -> anyhow::Result<Sample> {
    let path = std::env::temp_dir().join(format!("vestibule-bench-{}.lua", std::process::id()));
    std::fs::write(&path, format!("{script}{DONE}"))?;
    let mut command = Command::new("wrk");
    command.arg("-t2").arg(format!("-c{connections}")).arg(format!("-d{seconds}s"));
    command.arg("--timeout").arg("20s").arg("-s").arg(&path).arg(url);
    let output = command.output().await;
    let _ = std::fs::remove_file(&path);
    read(&String::from_utf8(output?.stdout)?, url)
}

fn read(text: &str, what: &str) -> anyhow::Result<Sample> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("RESULT "))
        .ok_or_else(|| anyhow!("wrk: {text}"))?;
    let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [requests, duration, median, high, errors] = numbers[..] else { bail!("wrk: {line}") };
    if errors > 0 || requests == 0 {
        bail!("{what}: {errors} of {requests} answers were errors");
    }
    let latency = Some((Duration::from_micros(median), Duration::from_micros(high)));
    Ok(Sample { requests, time: Duration::from_micros(duration), latency })
}

/// HTTP/2, 16 connections with 16 streams each.
pub(crate) async fn h2load(front: &Front, ask: Ask, effort: &Effort) -> anyhow::Result<Sample> {
    let mut command = Command::new("h2load");
    command.args(["-t2", "-c16", "-m16", "--warm-up-time=0"]);
    command.arg(format!("-D{}", effort.time.as_secs()));
    command.arg("-H").arg(format!(":authority: {}", front.host));
    command.arg("-H").arg(format!("Cookie: {}", front.cookie));
    command.arg(format!("https://{}{}", front.address, ask.path));
    let text = String::from_utf8(command.output().await?.stdout)?;
    let line = text.lines().find(|line| line.starts_with("requests:"));
    let line = line.ok_or_else(|| anyhow!("h2load: {text}"))?;
    let count = |word: &str| {
        let before = line.split(", ").find_map(|part| part.strip_suffix(word));
        before.and_then(|number| number.trim().parse::<u64>().ok()).context(line.to_owned())
    };
    let good =
        text.lines().find_map(|line| line.strip_prefix("status codes: ")?.split_once(" 2xx"));
    let good: u64 = good.ok_or_else(|| anyhow!("h2load: {text}"))?.0.parse()?;
    let (failed, errored) = (count(" failed")?, count(" errored")?);
    if failed + errored > 0 || good == 0 || text.contains("100.00% redirects") {
        bail!("{}: {line}", front.name);
    }
    Ok(Sample { requests: good, time: effort.time, latency: None })
}
