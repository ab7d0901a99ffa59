//! The PROXY protocol, versions 1 and 2: a proxy in front tells who the client is.
//!
//! Exactly the header is taken from the socket, so that what follows it is there for TLS or the session, and no
//! wrapper around the socket has to give it back. Whoever can reach such a listener can claim any address: that it
//! is reached by proxies alone is the operator's to see to. The checksum extension of version 2 is not verified.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use proxy_header::{ParseConfig, Protocol, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::{PROXY_V1_BYTES, PROXY_V2_BYTES};

const V1_BEGINS: &[u8] = b"PROXY ";
const V2_BEGINS: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// `PROXY UNKNOWN` and its line end. No header of either version is shorter.
const SHORTEST_BYTES: usize = 15;
/// Signature, version and command, family, and the length of the rest.
const V2_HEAD_BYTES: usize = 16;

/// Both ends of the connection that a proxy passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proxied {
    pub(super) client: SocketAddr,
    pub(super) local: SocketAddr,
}

/// Why a connection without a good header was closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyError {
    #[error("no PROXY header: the connection is not from a proxy, or the proxy is not set to send one")]
    Missing,
    #[error("the PROXY header is malformed")]
    Malformed,
    #[error("the PROXY header is longer than {0} bytes")]
    TooLong(usize),
    #[error("the PROXY header is not for a TCP connection")]
    NotTcp,
    #[error("the PROXY header did not arrive within {0:?}")]
    TimedOut(Duration),
    #[error("the connection broke before the PROXY header was complete: {0}")]
    Broke(#[from] io::Error),
}

/// Takes the header from the connection, within `timeout`. `None` where the proxy speaks for itself (a health check),
/// or does not say for whom.
pub(super) async fn read_header(tcp: &mut TcpStream, timeout: Duration) -> Result<Option<Proxied>, ProxyError> {
    let bytes = match tokio::time::timeout(timeout, header_bytes(tcp)).await {
        Ok(bytes) => bytes?,
        Err(_) => return Err(ProxyError::TimedOut(timeout)),
    };
    let config = ParseConfig { include_tlvs: false, ..ParseConfig::default() };
    let (header, length) = ProxyHeader::parse(&bytes, config).map_err(|_| ProxyError::Malformed)?;
    if length != bytes.len() {
        return Err(ProxyError::Malformed);
    }
    match header.proxied_address() {
        None => Ok(None),
        Some(proxied) if proxied.protocol == Protocol::Stream => {
            Ok(Some(Proxied { client: proxied.source, local: proxied.destination }))
        }
        Some(_) => Err(ProxyError::NotTcp),
    }
}

async fn header_bytes(tcp: &mut TcpStream) -> Result<Vec<u8>, ProxyError> {
    let mut bytes = Vec::with_capacity(PROXY_V1_BYTES);
    read_up_to(tcp, &mut bytes, SHORTEST_BYTES).await?;
    if bytes.starts_with(V1_BEGINS) {
        read_line(tcp, &mut bytes).await?;
    } else {
        read_up_to(tcp, &mut bytes, V2_HEAD_BYTES).await?;
        let rest = match bytes[..] {
            [.., high, low] => usize::from(u16::from_be_bytes([high, low])),
            _ => return Err(ProxyError::Malformed),
        };
        if V2_HEAD_BYTES + rest > PROXY_V2_BYTES {
            return Err(ProxyError::TooLong(PROXY_V2_BYTES));
        }
        read_up_to(tcp, &mut bytes, V2_HEAD_BYTES + rest).await?;
    }
    Ok(bytes)
}

/// Reads until there are `total` bytes, or they can no longer be those of a header.
async fn read_up_to(tcp: &mut TcpStream, bytes: &mut Vec<u8>, total: usize) -> Result<(), ProxyError> {
    while bytes.len() < total {
        let missing = (total - bytes.len()) as u64;
        if (&mut *tcp).take(missing).read_buf(bytes).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let begins = |signature: &[u8]| signature.iter().zip(bytes.iter()).all(|(a, b)| a == b);
        if !begins(V1_BEGINS) && !begins(V2_BEGINS) {
            return Err(ProxyError::Missing);
        }
    }
    Ok(())
}

/// Reads to the end of the line, and not beyond: looks ahead for it, and takes what is known to belong to the header.
async fn read_line(tcp: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<(), ProxyError> {
    while !bytes.contains(&b'\n') {
        let mut ahead = [0; PROXY_V1_BYTES];
        let room = PROXY_V1_BYTES - bytes.len();
        if room == 0 {
            return Err(ProxyError::TooLong(PROXY_V1_BYTES));
        }
        let seen = tcp.peek(&mut ahead[..room]).await?;
        let wanted = memchr::memchr(b'\n', &ahead[..seen]).map_or(seen, |at| at + 1);
        if wanted == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        tcp.read_exact(&mut ahead[..wanted]).await?;
        bytes.extend_from_slice(&ahead[..wanted]);
    }
    Ok(())
}
