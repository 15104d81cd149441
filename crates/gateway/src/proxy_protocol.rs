//! The PROXY protocol, versions 1 and 2, in front of everything else on a connection: a balancer
//! that passes connections on says by it who has connected.
//!
//! <https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt>. Where it is on, every connection
//! must begin so and come from a trusted proxy (invariant 6): whoever reaches the port directly
//! could else name any address as theirs.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How long a balancer may take for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// §2.2: what version 2 begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// §2.1: the longest line of version 1.
const LINE: usize = 107;
/// More than addresses and any additional fields that balancers send.
const MOST: usize = 4096;

/// Reads the header of a connection from `peer`; gives whose connection it is, which for one of the
/// balancer's own is the balancer.
///
/// # Errors
/// When the peer is no trusted proxy, or what comes first is no header.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    peer: SocketAddr,
    trusted: &[IpNet],
) -> io::Result<SocketAddr> {
    let address = peer.ip().to_canonical();
    if !trusted.iter().any(|net| net.contains(&address)) {
        return Err(bad("the peer is not in listen.trusted_proxies"));
    }
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no PROXY header in time");
    let client = tokio::time::timeout(PATIENCE, header(stream)).await.map_err(late)??;
    Ok(client.unwrap_or(peer))
}

/// `None`: a connection of the balancer itself, or of a kind without addresses.
async fn header(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    // The shortest header of version 1 has 15 bytes.
    let mut begin = [0; SIGNATURE.len()];
    stream.read_exact(&mut begin).await?;
    if begin == SIGNATURE {
        return binary(stream).await;
    }
    let mut line = begin.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() >= LINE {
            return Err(bad("the line is too long"));
        }
        line.push(stream.read_u8().await?);
    }
    text(&line)
}

/// §2.1: `PROXY TCP4 source destination port port`.
fn text(line: &[u8]) -> io::Result<Option<SocketAddr>> {
    let wrong = || bad("it is no line of version 1");
    let line = std::str::from_utf8(line).map_err(|_| wrong())?;
    let line = line.strip_suffix("\r\n").ok_or_else(wrong)?;
    let parts: Vec<&str> = line.split(' ').collect();
    let (source, port) = match parts.as_slice() {
        ["PROXY", "UNKNOWN", ..] => return Ok(None),
        ["PROXY", "TCP4", source, _, port, _] => {
            (IpAddr::V4(source.parse().map_err(|_| wrong())?), port)
        }
        ["PROXY", "TCP6", source, _, port, _] => {
            (IpAddr::V6(source.parse().map_err(|_| wrong())?), port)
        }
        _ => return Err(wrong()),
    };
    Ok(Some(SocketAddr::new(source, port.parse().map_err(|_| wrong())?)))
}

/// §2.2, behind the signature: version and command, family, length, addresses, more.
async fn binary(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let [command, family] = [stream.read_u8().await?, stream.read_u8().await?];
    let length = usize::from(stream.read_u16().await?);
    if length > MOST {
        return Err(bad("it is too long"));
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    let short = || bad("its addresses are cut short");
    match (command, family) {
        // LOCAL: a health check.
        (0x20, _) => Ok(None),
        (0x21, 0x11) => {
            let addresses = rest.first_chunk::<12>().ok_or_else(short)?;
            let [a, b, c, d, _, _, _, _, high, low, _, _] = *addresses;
            let port = u16::from_be_bytes([high, low]);
            Ok(Some((Ipv4Addr::new(a, b, c, d), port).into()))
        }
        (0x21, 0x21) => {
            // Source and destination, then their ports.
            let addresses = rest.first_chunk::<36>().ok_or_else(short)?;
            let source = addresses.first_chunk::<16>().ok_or_else(short)?;
            let port = addresses.get(32..34).and_then(|port| port.try_into().ok());
            let port = u16::from_be_bytes(port.ok_or_else(short)?);
            Ok(Some((Ipv6Addr::from(*source), port).into()))
        }
        // PROXY of another family: UNSPEC, UNIX, datagrams.
        (0x21, _) => Ok(None),
        _ => Err(bad("neither version 1 nor 2")),
    }
}

fn bad(said: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("PROXY protocol: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BALANCER: &str = "10.0.0.1:5000";

    async fn of(bytes: &[u8]) -> (io::Result<String>, Vec<u8>) {
        let mut rest = bytes;
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let read = read(&mut rest, BALANCER.parse().unwrap(), &trusted).await;
        (read.map(|address| address.to_string()), rest.to_vec())
    }

    fn two(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, addresses, b"rest"].concat()
    }

    #[tokio::test]
    async fn both_versions_name_the_client_and_nothing_behind_them_is_lost() {
        let four = [&[192, 0, 2, 7], &[10, 0, 0, 9][..], &[0x1f, 0x90], &[1, 187]].concat();
        let more = [&four[..], &[0x20, 0, 3, 1, 2, 3]].concat();
        let mut six = [0; 36];
        six[..2].copy_from_slice(&[0x20, 0x01]);
        six[15] = 9;
        six[32..34].copy_from_slice(&[0, 80]);
        for (bytes, client) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.9 8080 443\r\nrest".to_vec(), "192.0.2.7:8080"),
            (b"PROXY TCP6 2001::9 ::1 80 443\r\nrest".to_vec(), "[2001::9]:80"),
            (b"PROXY UNKNOWN\r\nrest".to_vec(), BALANCER),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\nrest".to_vec(), BALANCER),
            (two(0x21, 0x11, &four), "192.0.2.7:8080"),
            (two(0x21, 0x11, &more), "192.0.2.7:8080"),
            (two(0x21, 0x21, &six), "[2001::9]:80"),
            (two(0x20, 0x00, &[]), BALANCER),
            (two(0x21, 0x31, &[0; 216]), BALANCER),
        ] {
            let (read, rest) = of(&bytes).await;
            assert_eq!((read.unwrap().as_str(), rest.as_slice()), (client, &b"rest"[..]));
        }
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        let long = format!("PROXY TCP4 {}", "1".repeat(200));
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"PROXY TCP4 192.0.2.7 10.0.0.9 8080\r\n",
            b"PROXY TCP4 192.0.2.777 10.0.0.9 8080 443\r\n",
            b"PROXY TCP4 2001::9 ::1 80 443\r\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.9 99999 443\r\n",
            b"proxy tcp4 192.0.2.7 10.0.0.9 8080 443\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00",
            b"PROXY",
            long.as_bytes(),
            &two(0x11, 0x11, &[0; 12]),
            &two(0x21, 0x11, &[0; 11]),
            &two(0x21, 0x21, &[0; 35]),
            &SIGNATURE,
        ] {
            let (read, _) = of(bytes).await;
            assert!(read.is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
        let line = &mut &b"PROXY TCP4 192.0.2.7 10.0.0.9 8080 443\r\n"[..];
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let stranger = read(line, "192.0.2.1:1".parse().unwrap(), &trusted);
        assert!(stranger.await.is_err(), "whoever is no trusted proxy says nothing");
    }
}
