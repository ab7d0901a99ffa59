//! TLS towards clients (RFC 8446, RFC 5246): one certificate for all listeners, replaced while they run.
//!
//! A server offers the ALPN name of its own protocol alone (RFC 7301, RFC 2595's `imap` and `pop3`, `http/1.1`), so that a
//! browser that was lured to a mail port gets an alert and no answer that could be mistaken for one of its own (ALPACA).
//! Programs that offer no ALPN at all are served; most mail programs offer none.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::sign::SingleCertAndKey;
use tokio::net::TcpStream;

use super::records::Records;
use super::stream::Stream;
use super::tls_files::{self, Fingerprint, TlsFileError};
use super::{HANDSHAKE_TIMEOUT, provider};
use crate::config::TlsConfig;
use crate::domain::Protocol;

/// The certificate of `[tls]`, ready to be shown to clients.
pub struct ServerTls {
    files: TlsConfig,
    handshake_timeout: Duration,
    loaded: ArcSwap<Loaded>,
}

/// What is spoken within TLS, as far as ALPN is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Application {
    /// A mail protocol.
    Mail(Protocol),
    /// HTTP/1.1.
    Http,
}

impl From<Protocol> for Application {
    fn from(protocol: Protocol) -> Self {
        Application::Mail(protocol)
    }
}

/// One state of the certificate files.
///
/// A new state brings new ticket keys, so that no session that began under a key that was replaced is resumed.
struct Loaded {
    fingerprint: Fingerprint,
    imap: Arc<ServerConfig>,
    submission: Arc<ServerConfig>,
    pop3: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
}

impl ServerTls {
    /// Reads the certificate and its key.
    pub fn new(files: &TlsConfig) -> Result<Self, TlsFileError> {
        Ok(ServerTls {
            files: files.clone(),
            handshake_timeout: HANDSHAKE_TIMEOUT,
            loaded: ArcSwap::from_pointee(Loaded::read(files)?),
        })
    }

    /// With another bound than [`HANDSHAKE_TIMEOUT`] for the handshake.
    #[must_use]
    pub fn with_handshake_timeout(self, handshake_timeout: Duration) -> Self {
        ServerTls { handshake_timeout, ..self }
    }

    /// Reads the files again. New connections see the new certificate, those that stand go on; where the files are not
    /// good, the certificate that was stays.
    pub fn reload(&self) -> Result<(), TlsFileError> {
        self.loaded.store(Arc::new(Loaded::read(&self.files)?));
        Ok(())
    }

    /// The handshake, as the server, on a connection from which nothing of it has been read.
    pub async fn accept(&self, tcp: TcpStream, application: impl Into<Application>) -> io::Result<Stream> {
        let records = Records::server(self.config(application)).map_err(io::Error::other)?;
        let handshake = Stream::encrypted(tcp, records);
        match tokio::time::timeout(self.handshake_timeout, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(io::Error::new(error.kind(), format!("the client's TLS handshake failed: {error}"))),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("the client did not finish its TLS handshake within {:?}", self.handshake_timeout),
            )),
        }
    }

    /// The configuration that a handshake begun now would have.
    pub fn config(&self, application: impl Into<Application>) -> Arc<ServerConfig> {
        let loaded = self.loaded.load();
        match application.into() {
            Application::Mail(Protocol::Imap) => loaded.imap.clone(),
            Application::Mail(Protocol::Submission) => loaded.submission.clone(),
            Application::Mail(Protocol::Pop3) => loaded.pop3.clone(),
            Application::Http => loaded.http.clone(),
        }
    }

    pub(super) fn files(&self) -> &TlsConfig {
        &self.files
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.loaded.load().fingerprint
    }
}

impl Loaded {
    fn read(files: &TlsConfig) -> Result<Self, TlsFileError> {
        // Before the files are read: what changes during the reading is then seen as a change.
        let fingerprint = Fingerprint::of(files);
        let certificate = Arc::new(SingleCertAndKey::from(tls_files::load(files)?));
        let config = |application| server_config(certificate.clone(), application).map_err(|e| unusable(files, &e));
        Ok(Loaded {
            fingerprint,
            imap: config(Protocol::Imap.into())?,
            submission: config(Protocol::Submission.into())?,
            pop3: config(Protocol::Pop3.into())?,
            http: config(Application::Http)?,
        })
    }
}

fn server_config(
    certificate: Arc<SingleCertAndKey>,
    application: Application,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider::provider())
        .with_protocol_versions(provider::VERSIONS)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = match application {
        Application::Mail(Protocol::Imap) => vec![b"imap".to_vec()],
        Application::Mail(Protocol::Pop3) => vec![b"pop3".to_vec()],
        // No name is registered for submission.
        Application::Mail(Protocol::Submission) => Vec::new(),
        Application::Http => vec![b"http/1.1".to_vec()],
    };
    // The state of a resumable session stays with the client, under a key that changes every six hours: no memory
    // for each of them here. One ticket for each connection; few mail programs use even that.
    config.ticketer = Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

fn unusable(files: &TlsConfig, error: &rustls::Error) -> TlsFileError {
    TlsFileError::Unusable { file: files.certificate.clone(), reason: error.to_string() }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerTls").field("files", &self.files).finish_non_exhaustive()
    }
}
