//! What all plays share: certificates, the key that seals passwords, and how each end does TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use delega::accounts::Vault;
use delega::config::{
    Config, Endpoint, LimitsConfig, ListenConfig, ListenTls, LogConfig, StoreConfig, TlsConfig, UpstreamConfig,
    WarmConfig,
};
use delega::domain::{Profile, Protocol};
use delega::net::provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::cast::UPSTREAM;
use super::certs;
use super::transcript::Setup;

/// A refused login is answered after whole multiples of this, where the transcripts have two seconds.
const REFUSAL: Duration = Duration::from_millis(20);

/// Certificates and keys in a temporary folder.
pub struct Site {
    pub folder: TempDir,
    /// For the mail program.
    pub connector: TlsConnector,
    /// For the upstream server, which shows the same certificate as delega.
    pub acceptor: TlsAcceptor,
}

impl Site {
    pub fn new() -> Site {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        certs::ensure(folder.path(), &certs::NAMES, false).unwrap();
        Vault::open_or_create(&at("vault.key")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(at("ca.pem")).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(provider::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let chain = CertificateDer::pem_file_iter(at("delega.pem")).unwrap().map(Result::unwrap).collect();
        let server = ServerConfig::builder_with_provider(provider::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(at("delega.key")).unwrap())
            .unwrap();
        Site { connector: Arc::new(client).into(), acceptor: Arc::new(server).into(), folder }
    }

    /// What delega shows to clients.
    pub fn tls(&self) -> TlsConfig {
        TlsConfig { certificate: self.folder.path().join("delega.pem"), key: self.folder.path().join("delega.key") }
    }

    /// Whom delega trusts upstream.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What seals passwords.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("vault.key")
    }

    /// The name that delega goes by.
    pub fn server_name(&self) -> ServerName<'static> {
        ServerName::try_from("delega.example.it").unwrap()
    }

    /// A gateway as a transcript wants it, in front of this upstream.
    pub fn config(&self, protocol: Protocol, setup: &Setup, upstream: Endpoint) -> Config {
        let endpoint = |of: Protocol| Some(upstream.clone()).filter(|_| of == protocol);
        let long = Duration::from_secs(120);
        Config {
            store: StoreConfig { path: self.folder.path().join("delega.db"), key_file: self.key_file() },
            tls: Some(self.tls()),
            listeners: vec![ListenConfig {
                protocol,
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                tls: if setup.starttls { ListenTls::StartTls } else { ListenTls::Implicit },
                kind: setup.listener,
                proxy_protocol: false,
            }],
            upstreams: vec![UpstreamConfig {
                name: UPSTREAM.to_owned(),
                imap: endpoint(Protocol::Imap),
                submission: endpoint(Protocol::Submission),
                pop3: endpoint(Protocol::Pop3),
                ca_file: Some(self.ca_file()),
                master_user: None,
                master_password_file: None,
                connections_per_mailbox: 0,
                warm: WarmConfig { sessions: 0, wait: Duration::ZERO },
                copy_to_sent: false,
                owner_renews_password: false,
            }],
            profile: Profile::ClientApart,
            limits: LimitsConfig {
                connections: 10,
                connections_before_login_per_address: 10,
                message_bytes: setup.message_bytes,
                recipients: 100,
                login_timeout: long,
                command_timeout: long,
                idle_timeout: long,
                upstream_timeout: long,
                shutdown_grace: long,
                refusal_delay: REFUSAL,
            },
            log: LogConfig { json: false, filter: String::new(), accesses_kept: Duration::from_secs(1) },
            panel: None,
            notify: None,
        }
    }
}
