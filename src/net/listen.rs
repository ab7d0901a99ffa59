//! Listeners: from `[[listen]]` and `[panel]` to connections that are admitted, known by their real address and, where
//! TLS is implicit, encrypted.
//!
//! All that a stranger sends before that is untrusted. Whoever does not get so far is disconnected without a word
//! (a failed handshake excepted, which TLS answers with an alert) and leaves at most a line in the debug log: anyone
//! can cause as many as they like.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::{Admission, Guard, Slot};
use super::seldom::Seldom;
use super::stream::Stream;
use super::tls_server::{Application, ServerTls};
use super::workers::{Seat, Workers};
use super::{PROXY_HEADER_TIMEOUT, proxy, socket};
use crate::config::{ListenConfig, ListenTls, PanelConfig, PanelTls};
use crate::domain::ListenerKind;

/// Connections that the system completes ahead of us.
const BACKLOG: u32 = 1024;
/// The pauses after the system had no descriptor or memory for another connection: the first, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A bound listener.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    shared: Shared,
}

/// What a listener is to be like.
#[derive(Clone, Copy, Debug)]
struct Settings {
    address: SocketAddr,
    application: Application,
    tls: ListenTls,
    proxy_protocol: bool,
    /// Whether all connections come from a front end that the operator trusts, so that its address is nobody's.
    front_end: bool,
}

/// What the tasks of one listener's connections share until they have arrived.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    address: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    admission: Arc<Admission>,
    proxy_header_timeout: Duration,
    refusals: Seldom,
}

/// Both ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client; where a proxy stands in between, as the proxy tells it.
    pub address: SocketAddr,
    /// The address that the client connected to, likewise.
    pub local: SocketAddr,
}

/// A connection that has been let in.
#[derive(Debug)]
pub struct Arrival {
    /// The connection; encrypted already on a listener with implicit TLS.
    pub stream: Stream,
    /// Who is at the other end.
    pub peer: Peer,
    /// Its place among all connections, to be kept as long as it lives and told of the login.
    pub guard: Guard,
    /// For STARTTLS, where the listener offers it.
    pub starttls: Option<Arc<ServerTls>>,
}

/// Why a listener does not stand.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// It needs a certificate.
    #[error("the listener {0} needs a certificate: [tls] is missing")]
    NoCertificate(SocketAddr),
    /// It would take passwords unencrypted from the network.
    #[error("the listener {0} has tls = \"none\", which is for loopback addresses only")]
    PlainBeyondLoopback(SocketAddr),
    /// The system refuses.
    #[error("cannot listen on {address}: {}", explain(source))]
    System {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program, or another delega, listens there".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "not permitted; ports below 1024 need CAP_NET_BIND_SERVICE, which the example unit grants".to_owned()
        }
        _ => error.to_string(),
    }
}

impl Listener {
    /// Binds the address; connections wait until [`serve`](Self::serve) takes them. To be called within a runtime.
    pub fn bind(
        config: &ListenConfig,
        tls: Option<Arc<ServerTls>>,
        admission: Arc<Admission>,
    ) -> Result<Self, BindError> {
        let settings = Settings {
            address: config.address,
            application: config.protocol.into(),
            tls: config.tls,
            proxy_protocol: config.proxy_protocol,
            front_end: config.kind == ListenerKind::Webmail,
        };
        Listener::of(settings, tls, admission)
    }

    /// The same for the panel. What comes without TLS and PROXY header comes from a reverse proxy, which stands for all.
    pub fn bind_panel(
        config: &PanelConfig,
        tls: Option<Arc<ServerTls>>,
        admission: Arc<Admission>,
    ) -> Result<Self, BindError> {
        let settings = Settings {
            address: config.address,
            application: Application::Http,
            tls: match config.tls {
                PanelTls::Implicit => ListenTls::Implicit,
                PanelTls::None => ListenTls::None,
            },
            proxy_protocol: config.proxy_protocol,
            front_end: config.tls == PanelTls::None && !config.proxy_protocol,
        };
        Listener::of(settings, tls, admission)
    }

    fn of(settings: Settings, tls: Option<Arc<ServerTls>>, admission: Arc<Admission>) -> Result<Self, BindError> {
        match settings.tls {
            ListenTls::Implicit | ListenTls::StartTls if tls.is_none() => {
                return Err(BindError::NoCertificate(settings.address));
            }
            ListenTls::None if !settings.address.ip().to_canonical().is_loopback() => {
                return Err(BindError::PlainBeyondLoopback(settings.address));
            }
            ListenTls::Implicit | ListenTls::StartTls | ListenTls::None => {}
        }
        let bound = listening_socket(settings.address).and_then(|tcp| Ok((tcp.local_addr()?, tcp)));
        let (address, tcp) = bound.map_err(|source| BindError::System { address: settings.address, source })?;
        let shared = Shared {
            settings,
            address,
            tls,
            admission,
            proxy_header_timeout: PROXY_HEADER_TIMEOUT,
            refusals: Seldom::default(),
        };
        Ok(Listener { tcp, shared })
    }

    /// With another bound than [`PROXY_HEADER_TIMEOUT`] for the PROXY header.
    #[must_use]
    pub fn with_proxy_header_timeout(mut self, proxy_header_timeout: Duration) -> Self {
        self.shared.proxy_header_timeout = proxy_header_timeout;
        self
    }

    /// The address that is listened on; with the actual port where the configuration leaves it to the system.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Accepts connections until `stop`, deals them to `workers`, and runs `handler` for each of those let in, as a task
    /// of `tasks`. Without workers they stay on the thread where they are accepted, which is for few and small ones.
    ///
    /// `stop` ends the listening and what has not arrived yet; the handlers learn of it by themselves.
    pub async fn serve<H, F>(self, tasks: &TaskTracker, workers: Option<&Workers>, stop: CancellationToken, handler: H)
    where
        H: Fn(Arrival) -> F + Clone + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Listener { tcp, shared } = self;
        let shared = Arc::new(shared);
        let mut pause = PAUSE_MIN;
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = tcp.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    pause = PAUSE_MIN;
                    let Some(slot) = shared.admission.slot() else {
                        shared.refused("the limit of connections is reached");
                        continue;
                    };
                    let seat = workers.and_then(Workers::seat);
                    let runtime = seat.as_ref().map(|seat| seat.runtime.clone());
                    let welcome = shared.clone().welcome(stream, slot, seat, stop.clone(), handler.clone());
                    match runtime {
                        Some(runtime) => tasks.spawn_on(welcome, &runtime),
                        None => tasks.spawn(welcome),
                    };
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if let Some(held_back) = shared.refusals.now() {
                        let address = shared.address;
                        tracing::error!(%address, %error, held_back, "connections cannot be accepted for the moment");
                    }
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }
}

impl Shared {
    async fn welcome<H, F>(
        self: Arc<Self>,
        tcp: TcpStream,
        slot: Slot,
        _seat: Option<Seat>,
        stop: CancellationToken,
        handler: H,
    ) where
        H: Fn(Arrival) -> F,
        F: Future<Output = ()>,
    {
        // Boxed: a handshake in progress is large, and must not take its room in the task for as long as the task lives.
        let arrival = Box::pin(self.arrive(tcp, slot));
        let arrival = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            arrival = arrival => arrival,
        };
        // Only what the handler needs lives on while it runs.
        drop(self);
        match arrival {
            Ok(Some(arrival)) => handler(arrival).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a connection ended before it began"),
        }
    }

    /// From an accepted socket to an arrival; none where the address has too many that have not logged in.
    async fn arrive(&self, tcp: TcpStream, slot: Slot) -> io::Result<Option<Arrival>> {
        // It was accepted elsewhere: from here on this thread hears of it.
        let mut tcp = TcpStream::from_std(tcp.into_std()?)?;
        socket::tune(&tcp)?;
        let mut peer = Peer { address: tcp.peer_addr()?, local: tcp.local_addr()? };
        if self.settings.proxy_protocol {
            let header = proxy::read_header(&mut tcp, self.proxy_header_timeout).await;
            if let Some(proxied) = header.map_err(io::Error::other)? {
                peer = Peer { address: proxied.client, local: proxied.local };
            }
        }
        peer.address.set_ip(peer.address.ip().to_canonical());
        peer.local.set_ip(peer.local.ip().to_canonical());

        let guard = match self.settings.front_end {
            false => self.admission.guard(slot, peer.address.ip()),
            true => Some(Admission::guard_of_front_end(slot)),
        };
        let Some(guard) = guard else {
            self.refused("an address has too many connections that have not logged in");
            return Ok(None);
        };

        let mut stream = Stream::plain(tcp);
        let mut starttls = None;
        match (self.settings.tls, &self.tls) {
            (ListenTls::Implicit, Some(tls)) => stream = stream.starttls_server(tls, self.settings.application).await?,
            (ListenTls::StartTls, Some(tls)) => starttls = Some(tls.clone()),
            (ListenTls::None, _) => {}
            (ListenTls::Implicit | ListenTls::StartTls, None) => return Ok(None),
        }
        Ok(Some(Arrival { stream, peer, guard, starttls }))
    }

    fn refused(&self, reason: &'static str) {
        if let Some(held_back) = self.refusals.now() {
            tracing::warn!(address = %self.address, held_back, "a connection was refused: {reason}");
        }
    }
}

fn listening_socket(address: SocketAddr) -> io::Result<TcpListener> {
    let tcp = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the last connections of the process before it.
    tcp.set_reuseaddr(true)?;
    tcp.bind(address)?;
    tcp.listen(BACKLOG)
}

/// Errors of `accept` that say something about the one connection that was to be accepted, and nothing of the next.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::PermissionDenied
    )
}
