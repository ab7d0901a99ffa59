//! Connections to upstreams: name, address, TCP, TLS, each with an error of its own that an operator understands.
//!
//! Addresses are tried as RFC 8305 has it: in turn, with a small head start for each, until one answers. What
//! arrives from an upstream is untrusted, and before its certificate has been verified so is who it is.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::records::Records;
use super::socket;
use super::stream::Stream;
use super::trust::{self, Distrust, TrustError};
use crate::config::{Endpoint, UpstreamConfig, UpstreamTls};

/// How long one address is tried before the next is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// How many addresses of one name are tried.
const ADDRESSES: usize = 16;

/// Connects to one upstream.
#[derive(Clone)]
pub struct Dialer {
    tls: Arc<ClientConfig>,
    trusts: String,
    timeout: Duration,
}

/// A connection to an upstream.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub stream: Stream,
    /// Whether it is yet to be encrypted: nothing may be sent or believed before [`Dialer::starttls`].
    pub starttls: bool,
}

/// Why there is no connection. The texts are for the operator; clients are told only that the server is away.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name means nothing.
    #[error("the name {host} cannot be resolved: {source}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the system says.
        source: io::Error,
    },
    /// Unencrypted, and not within this machine.
    #[error("{host} is {address}, which is not a loopback address; connections without TLS stay within this machine")]
    NotLoopback {
        /// The name.
        host: String,
        /// What it resolves to.
        address: IpAddr,
    },
    /// Nobody answers there.
    #[error("{host} cannot be reached at {address}: {source}")]
    Unreachable {
        /// The name.
        host: String,
        /// The address that failed last.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// It takes too long.
    #[error("{host} port {port} did not answer within {after:?}, while {doing}")]
    TimedOut {
        /// The name.
        host: String,
        /// The port.
        port: u16,
        /// The bound.
        after: Duration,
        /// How far it went.
        doing: &'static str,
    },
    /// Not who it should be.
    #[error("the certificate of {host} is not accepted: {reason} (trusted: {trusts})")]
    Certificate {
        /// The name.
        host: String,
        /// What is wrong.
        reason: Distrust,
        /// Whom the configuration trusts.
        trusts: String,
    },
    /// TLS failed otherwise.
    #[error("no TLS with {host} port {port}: {reason}")]
    Tls {
        /// The name.
        host: String,
        /// The port.
        port: u16,
        /// What went wrong.
        reason: String,
    },
}

impl Dialer {
    /// For the servers of one upstream. Each connection, its handshakes included, may take `timeout`.
    pub fn new(upstream: &UpstreamConfig, timeout: Duration) -> Result<Self, TrustError> {
        Dialer::trusting(upstream.ca_file.as_deref(), timeout)
    }

    /// The same for any server, whose certificate is verified by those in `ca_file`, or the system's roots.
    pub fn trusting(ca_file: Option<&Path>, timeout: Duration) -> Result<Self, TrustError> {
        let (tls, trusts) = trust::client_config(ca_file)?;
        Ok(Dialer { tls, trusts, timeout })
    }

    /// Connects, and encrypts where that comes first.
    pub async fn connect(&self, endpoint: &Endpoint) -> Result<Connected, DialError> {
        let deadline = Instant::now() + self.timeout;
        let tcp = self.connect_tcp(endpoint, deadline).await?;
        let stream = Stream::plain(tcp);
        match endpoint.tls {
            UpstreamTls::Implicit => {
                Ok(Connected { stream: self.encrypt(stream, endpoint, deadline).await?, starttls: false })
            }
            UpstreamTls::StartTls => Ok(Connected { stream, starttls: true }),
            UpstreamTls::Insecure => Ok(Connected { stream, starttls: false }),
        }
    }

    /// Encrypts a connection whose server has agreed to STARTTLS. The caller holds no byte that was read beyond that
    /// answer; if there is one, somebody has tampered with the connection, and it is given up.
    pub async fn starttls(&self, stream: Stream, endpoint: &Endpoint) -> Result<Stream, DialError> {
        self.encrypt(stream, endpoint, Instant::now() + self.timeout).await
    }

    async fn connect_tcp(&self, endpoint: &Endpoint, deadline: Instant) -> Result<TcpStream, DialError> {
        let host = bare(&endpoint.host);
        let addresses = timeout_at(deadline, resolve(host, endpoint.port))
            .await
            .map_err(|_| self.timed_out(endpoint, "its name was being resolved"))?
            .map_err(|source| DialError::Unresolved { host: host.to_owned(), source })?;
        if endpoint.tls == UpstreamTls::Insecure
            && let Some(outside) = addresses.iter().find(|address| !address.ip().to_canonical().is_loopback())
        {
            return Err(DialError::NotLoopback { host: host.to_owned(), address: outside.ip() });
        }
        let unreachable = |(address, source)| DialError::Unreachable { host: host.to_owned(), address, source };
        let (address, tcp) = timeout_at(deadline, race(addresses))
            .await
            .map_err(|_| self.timed_out(endpoint, "connecting"))?
            .map_err(unreachable)?;
        socket::tune(&tcp).map_err(|source| unreachable((address, source)))?;
        Ok(tcp)
    }

    async fn encrypt(&self, stream: Stream, endpoint: &Endpoint, deadline: Instant) -> Result<Stream, DialError> {
        let name = ServerName::try_from(bare(&endpoint.host).to_owned())
            .map_err(|_| tls_error(endpoint, "it is neither a host name nor an IP address"))?;
        let tcp = stream.into_plain().map_err(|error| tls_error(endpoint, error))?;
        let records = Records::client(self.tls.clone(), name).map_err(|error| tls_error(endpoint, error))?;
        match timeout_at(deadline, Stream::encrypted(tcp, records)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(self.explain(endpoint, &error)),
            Err(_) => Err(self.timed_out(endpoint, "agreeing on TLS")),
        }
    }

    fn explain(&self, endpoint: &Endpoint, error: &io::Error) -> DialError {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidCertificate(reason)) => DialError::Certificate {
                host: endpoint.host.clone(),
                reason: Distrust::of(reason),
                trusts: self.trusts.clone(),
            },
            Some(rustls::Error::InvalidMessage(_)) => tls_error(
                endpoint,
                "what it answered is not TLS; does this port expect STARTTLS (imap://, smtp://) and not TLS at once (imaps://, \
                 smtps://)?",
            ),
            Some(rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)) => {
                tls_error(endpoint, "it speaks only versions older than TLS 1.2")
            }
            Some(other) => tls_error(endpoint, other),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                tls_error(endpoint, "it closed the connection during the handshake")
            }
            None => tls_error(endpoint, error),
        }
    }

    fn timed_out(&self, endpoint: &Endpoint, doing: &'static str) -> DialError {
        DialError::TimedOut { host: endpoint.host.clone(), port: endpoint.port, after: self.timeout, doing }
    }
}

fn tls_error(endpoint: &Endpoint, reason: impl ToString) -> DialError {
    DialError::Tls { host: endpoint.host.clone(), port: endpoint.port, reason: reason.to_string() }
}

/// An IPv6 address without the brackets that URLs put around it.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The addresses of a host, none twice, IPv6 and IPv4 by turns (RFC 8305 §4) beginning with what the system prefers.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let addresses = by_turns(found);
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    }
    Ok(addresses)
}

fn by_turns(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut addresses = Vec::new();
    loop {
        let turn = [preferred.next(), other.next()];
        if turn == [None, None] {
            break;
        }
        for address in turn.into_iter().flatten() {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses.truncate(ADDRESSES);
    addresses
}

/// The first address that answers; else the last that failed.
async fn race(addresses: Vec<SocketAddr>) -> Result<(SocketAddr, TcpStream), (SocketAddr, io::Error)> {
    let mut waiting = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failed = (SocketAddr::from(([0, 0, 0, 0], 0)), io::Error::from(io::ErrorKind::NotFound));
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(async move { (address, TcpStream::connect(address).await) });
        }
        tokio::select! {
            attempt = attempts.join_next() => match attempt {
                Some(Ok((address, Ok(tcp)))) => return Ok((address, tcp)),
                Some(Ok((address, Err(error)))) => failed = (address, error),
                Some(Err(error)) => failed.1 = io::Error::other(error),
                None => return Err(failed),
            },
            () = tokio::time::sleep(HEAD_START), if waiting.len() > 0 => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_and_nothing_is_tried_twice() {
        let found = addresses(&["[::1]:1", "[::2]:1", "[::1]:1", "1.1.1.1:1", "[::3]:1", "2.2.2.2:1"]);
        let expected = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(by_turns(found), expected);
        let v4_first = addresses(&["1.1.1.1:1", "[::1]:1"]);
        assert_eq!(by_turns(v4_first.clone()), v4_first);
        let many = (0..100).map(|last| SocketAddr::from(([10, 0, 0, last], 1))).collect();
        assert_eq!(by_turns(many).len(), ADDRESSES);
        assert!(by_turns(Vec::new()).is_empty());
    }

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good_address = good.local_addr().unwrap();
        let (address, _tcp) = race(vec![closed, closed, good_address]).await.unwrap();
        assert_eq!(address, good_address);
        let (address, error) = race(vec![closed]).await.unwrap_err();
        assert_eq!((address, error.kind()), (closed, io::ErrorKind::ConnectionRefused));
    }

    #[tokio::test]
    async fn an_address_that_stays_silent_is_overtaken() {
        // A listener whose queue is full: the system answers no further connection.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = socket.listen(1).unwrap();
        let silent = full.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(tcp) = tokio::time::timeout(HEAD_START, TcpStream::connect(silent)).await {
            queued.push(tcp.unwrap());
        }
        let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = vec![silent, good.local_addr().unwrap()];
        let raced = tokio::time::timeout(Duration::from_secs(20), race(addresses)).await.unwrap();
        assert_eq!(raced.unwrap().0, good.local_addr().unwrap());
    }

    #[test]
    fn brackets_of_urls_are_no_part_of_an_address() {
        assert_eq!(bare("[2001:db8::1]"), "2001:db8::1");
        assert_eq!(bare("2001:db8::1"), "2001:db8::1");
        assert_eq!(bare("imap.example.it"), "imap.example.it");
    }
}
