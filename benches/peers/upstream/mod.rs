//! The scripted upstream: servers that have nothing to look up, so that what stands in front of them is what is measured.
//! They answer the commands that the load generator and the proxies send, with a thread for each connection.

mod imap;
mod pop3;
mod smtp;

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub use imap::announced;

const STACK_BYTES: usize = 192 * 1024;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    Imap,
    Submission,
    Pop3,
}

impl Protocol {
    /// All of them, in the order in which they are measured.
    pub const ALL: [Protocol; 3] = [Protocol::Imap, Protocol::Submission, Protocol::Pop3];

    /// As nginx calls it.
    pub fn in_nginx(self) -> &'static str {
        match self {
            Protocol::Imap => "imap",
            Protocol::Submission => "smtp",
            Protocol::Pop3 => "pop3",
        }
    }
}

/// Where the scripted servers listen.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// With TLS from the first byte.
    tls: HashMap<Protocol, SocketAddr>,
    /// What nginx asks, for each login, where to go: to one without TLS.
    pub auth_http: SocketAddr,
}

impl Upstream {
    /// Starts the servers; they end with the process.
    pub fn start(tls: &Arc<ServerConfig>) -> Result<Upstream> {
        let (mut encrypted, mut plain) = (HashMap::new(), HashMap::new());
        for protocol in Protocol::ALL {
            let config = tls.clone();
            let address = listen(move |tcp| {
                let tls = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
                serve(protocol, StreamOwned::new(tls, tcp))
            })?;
            encrypted.insert(protocol, address);
            plain.insert(protocol, listen(move |tcp| serve(protocol, tcp))?);
        }
        let auth_http = listen(move |tcp| direct_to(tcp, &plain))?;
        Ok(Upstream { tls: encrypted, auth_http })
    }

    /// Where one is served with TLS.
    pub fn address(&self, protocol: Protocol) -> Result<SocketAddr> {
        self.tls.get(&protocol).copied().context("a protocol that is not served")
    }
}

fn serve(protocol: Protocol, stream: impl Read + Write) -> io::Result<()> {
    match protocol {
        Protocol::Imap => imap::Session::new(stream).run(),
        Protocol::Submission => smtp::serve(stream),
        Protocol::Pop3 => pop3::serve(stream),
    }
}

/// Serves each connection on a thread of its own. How a connection ends is the client's to notice.
fn listen(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let serve = Arc::new(serve);
    thread::Builder::new().spawn(move || {
        for tcp in listener.incoming().flatten() {
            let serve = serve.clone();
            let _ = tcp.set_nodelay(true);
            let spawned = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
                let _ = serve(tcp);
            });
            if let Err(error) = spawned {
                eprintln!("the upstream has no thread for a connection: {error}");
            }
        }
    })?;
    Ok(address)
}

/// nginx's mail proxy asks a web server who may come in, and where to.
fn direct_to(mut tcp: TcpStream, plain: &HashMap<Protocol, SocketAddr>) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 2048];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = tcp.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let protocol = request.lines().find_map(|line| line.strip_prefix("Auth-Protocol: ")).unwrap_or_default();
    let to = Protocol::ALL.into_iter().find(|known| known.in_nginx() == protocol).and_then(|known| plain.get(&known));
    let to = to.ok_or_else(|| io::Error::other("nginx does not say for which protocol it asks"))?;
    let answer = format!(
        "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: {}\r\nAuth-Port: {}\r\nConnection: close\r\n\r\n",
        to.ip(),
        to.port()
    );
    tcp.write_all(answer.as_bytes())
}
