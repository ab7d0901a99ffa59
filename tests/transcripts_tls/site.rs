//! What all plays share: certificates, the key that seals passwords, and how each end does TLS.

use std::path::PathBuf;
use std::sync::Arc;

use delega::accounts::Vault;
use delega::config::TlsConfig;
use delega::net::provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::certs;

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
}
