//! `net` over real sockets on loopback: what strangers, proxies, clients and upstreams can do to it.
//!
//! No test sleeps to pass: each waits for what is to happen, and [`within`] ends a wait for what never does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use delega::config::{ListenConfig, ListenTls, TlsConfig};
use delega::domain::{ListenerKind, Protocol};
use delega::net::{Admission, Application, Arrival, Listener, ServerTls, Stream, Workers, provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[path = "../support/certs.rs"]
mod certs;
mod ending;
mod listening;
mod proxying;
mod reloading;
mod starttls;
mod tls;
mod upstream;

const BOTH_VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

/// A wait that fails the test when it takes too long.
async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("what was waited for did not happen")
}

/// An authority, and the files of `[tls]` with a certificate of it.
struct Site {
    authority: certs::Authority,
    files: TlsConfig,
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let files = TlsConfig { certificate: folder.path().join("server.pem"), key: folder.path().join("server.key") };
        let site = Site { authority: certs::Authority::new("test CA").unwrap(), files, folder };
        site.renew();
        site
    }

    /// Another certificate of the same authority; the files are replaced as a renewal does it. Gives back its DER.
    fn renew(&self) -> CertificateDer<'static> {
        let issued = self.authority.issue(&certs::NAMES).unwrap();
        self.install(&issued.chain_pem, &issued.key_pem);
        CertificateDer::from_pem_slice(issued.chain_pem.as_bytes()).unwrap()
    }

    fn install(&self, chain: &str, key: &str) {
        certs::write(&self.files.certificate, chain, 0o644).unwrap();
        certs::write(&self.files.key, key, 0o600).unwrap();
    }

    fn tls(&self) -> Arc<ServerTls> {
        Arc::new(ServerTls::new(&self.files).unwrap())
    }

    /// What a mail program that trusts the authority connects with.
    fn client(&self, versions: &[&'static SupportedProtocolVersion], alpn: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.pem.as_bytes()).unwrap()).unwrap();
        let mut config = ClientConfig::builder_with_provider(provider::provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        encrypt(self.client(&BOTH_VERSIONS, &[]), TcpStream::connect(address).await?).await
    }
}

/// The client's handshake, over whatever carries it.
async fn encrypt<S: AsyncRead + AsyncWrite + Unpin>(config: Arc<ClientConfig>, stream: S) -> io::Result<TlsStream<S>> {
    let name = ServerName::try_from("localhost").unwrap();
    within(TlsConnector::from(config).connect(name, stream)).await
}

/// A listener that hands its arrivals to the test.
struct Running {
    address: SocketAddr,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    stop: CancellationToken,
    tasks: TaskTracker,
    _workers: Arc<Workers>,
}

impl Running {
    fn start(listener: Listener) -> Self {
        let address = listener.address();
        let (sender, arrivals) = mpsc::unbounded_channel();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let workers = Arc::new(Workers::start().unwrap());
        let serving = (tasks.clone(), workers.clone(), stop.clone());
        tokio::spawn(async move {
            let handler = move |arrival| {
                let sender = sender.clone();
                async move { sender.send(arrival).unwrap_or_default() }
            };
            listener.serve(&serving.0, Some(&serving.1), serving.2, handler).await;
        });
        Running { address, arrivals, stop, tasks, _workers: workers }
    }

    async fn arrival(&mut self) -> Arrival {
        within(self.arrivals.recv()).await.expect("the listener has ended")
    }

    /// Nobody has arrived. To be asked once the connection in question is known to be closed.
    fn nobody_arrived(&mut self) -> bool {
        self.arrivals.try_recv().is_err()
    }
}

fn listen_config(tls: ListenTls) -> ListenConfig {
    ListenConfig {
        protocol: Protocol::Imap,
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls,
        kind: ListenerKind::Client,
        proxy_protocol: false,
    }
}

/// An IMAP listener with implicit TLS.
fn imaps(tls: &Arc<ServerTls>) -> Running {
    let admission = Admission::new(100, 100);
    Running::start(Listener::bind(&listen_config(ListenTls::Implicit), Some(tls.clone()), admission).unwrap())
}

/// Everything until the peer closes, however it does so.
async fn all_of(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset ends the connection as well as an orderly end does.
    drop(within(stream.read_to_end(&mut bytes)).await);
    bytes
}

/// A line there and a line back: the connection works.
async fn converse(client: &mut (impl AsyncRead + AsyncWrite + Unpin), server: &mut Stream) {
    let mut heard = [0; 6];
    client.write_all(b"a NOOP").await.unwrap();
    client.flush().await.unwrap();
    within(server.read_exact(&mut heard)).await.unwrap();
    assert_eq!(&heard, b"a NOOP");
    server.write_all(b"a OK\r\n").await.unwrap();
    server.flush().await.unwrap();
    within(client.read_exact(&mut heard)).await.unwrap();
    assert_eq!(&heard, b"a OK\r\n");
}
