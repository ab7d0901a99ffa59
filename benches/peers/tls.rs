//! One cipher suite for every leg: the load generator as the client and the upstream as the server offer no other, so
//! that whatever stands between them has no choice. Nothing is resumed: every connection is a whole handshake.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::certs::{Authority, NAMES};

/// What is agreed on, for the report.
pub const CIPHER: &str = "TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, ECDSA P-256, no resumption";

/// One certificate for everybody, as files and as what rustls makes of them.
#[derive(Clone)]
pub struct Tls {
    /// Holds the files.
    pub folder: PathBuf,
    /// For the load generator.
    pub client: Arc<ClientConfig>,
    /// For the upstream.
    pub server: Arc<ServerConfig>,
}

impl Tls {
    /// Makes a certificate in `folder`, which everybody may read: the keys are good for this run alone.
    pub fn new(folder: PathBuf) -> Result<Tls> {
        let authority = Authority::new("delega bench CA").map_err(anyhow::Error::from_boxed)?;
        let issued = authority.issue(&NAMES).map_err(anyhow::Error::from_boxed)?;
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        for (name, text) in [
            ("ca.pem", &authority.pem),
            ("server.pem", &issued.chain_pem),
            ("server.key", &issued.key_pem),
            ("both.pem", &(issued.chain_pem.clone() + &issued.key_pem)),
        ] {
            fs::write(folder.join(name), text)?;
        }

        let provider = Arc::new(CryptoProvider {
            cipher_suites: vec![cipher_suite::TLS13_AES_128_GCM_SHA256],
            kx_groups: vec![kx_group::X25519],
            ..aws_lc_rs::default_provider()
        });
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes())?)?;
        let mut client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.resumption = Resumption::disabled();

        let chain = CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes())?;
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Ok(Tls { folder, client: Arc::new(client), server: Arc::new(server) })
    }

    /// One of the files: `ca.pem`, `server.pem`, `server.key`, `both.pem`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
