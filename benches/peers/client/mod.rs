//! The load generator's end of one connection: TLS, and as much of each protocol as it takes to wait for answers.

mod imap;
mod pop3;
mod smtp;

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::wire::Wire;

pub use imap::Client;

/// Whatever takes longer is an error.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who logs in, and where.
#[derive(Clone, Debug)]
pub struct Target {
    /// The peer's address.
    pub address: SocketAddr,
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// What is offered and trusted.
    pub tls: Arc<ClientConfig>,
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

impl Target {
    /// Connects and does the handshake, as soon as something is read.
    fn dial(&self) -> Result<Wire<Tls>> {
        let tcp = TcpStream::connect_timeout(&self.address, PATIENCE).context("connecting")?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let tls = ClientConnection::new(self.tls.clone(), ServerName::try_from("localhost")?)?;
        Ok(Wire::new(StreamOwned::new(tls, tcp)))
    }

    /// The next line, which there must be.
    fn line(wire: &mut Wire<Tls>) -> Result<String> {
        wire.line()?.context("the connection was closed")
    }
}
