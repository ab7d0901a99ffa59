//! A mail program that says exactly what a test wants: raw IMAP over TCP, TLS or STARTTLS, blocking, with bounds on how
//! long it waits.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::delega::{Delega, password};

/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

trait Transport: Read + Write + Send {
    /// Says that nothing more will be sent, where there is a word for it.
    fn close_notify(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for TcpStream {}

impl Transport for StreamOwned<ClientConnection, TcpStream> {
    fn close_notify(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()
    }
}

/// A connection to an IMAP server.
pub struct Client {
    transport: Box<dyn Transport>,
    tcp: TcpStream,
    /// Received, and not taken yet.
    received: Vec<u8>,
    /// What the server sent first.
    pub greeting: String,
    tag: u32,
    patience: Duration,
    shown: Option<CertificateDer<'static>>,
}

/// What a command was answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The untagged responses, CRLF included; literals as they came.
    pub untagged: Vec<String>,
    /// The tagged one, without its tag.
    pub status: String,
}

impl std::fmt::Debug for Answer {
    /// Messages are long.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = self.all();
        write!(f, "{} responses: {:?}", self.untagged.len(), all.chars().take(400).collect::<String>())
    }
}

impl Answer {
    /// Everything that was said, for `contains`.
    pub fn all(&self) -> String {
        self.untagged.concat() + &self.status
    }

    /// The answer, which must be OK.
    #[track_caller]
    pub fn ok(self) -> Answer {
        assert!(self.status.starts_with("OK"), "{self:?}");
        self
    }

    /// The answer, which must begin so.
    #[track_caller]
    pub fn is(self, start: &str) -> Answer {
        assert!(self.status.starts_with(start), "{start:?} was expected: {self:?}");
        self
    }
}

/// How to verify a server whose authority is in this file, and the ALPN names to offer.
pub fn tls_config(ca_file: &Path, alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A connection on which nothing has been read yet.
pub fn connect_tcp(port: u16) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.set_write_timeout(Some(PATIENCE))?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

/// The handshake, as the client.
pub fn encrypt(tcp: TcpStream, config: Arc<ClientConfig>) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(config, name).unwrap(), tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

impl Client {
    /// TLS from the first byte, at the *client* listener.
    #[track_caller]
    pub fn connect(delega: &Delega) -> Client {
        Client::tls(delega.port(), &delega.ca_file()).unwrap()
    }

    /// TLS from the first byte; an error where there is no greeting.
    pub fn tls(port: u16, ca_file: &Path) -> io::Result<Client> {
        Client::over_tls(connect_tcp(port)?, tls_config(ca_file, &[]))
    }

    /// TLS from here on.
    pub fn over_tls(tcp: TcpStream, config: Arc<ClientConfig>) -> io::Result<Client> {
        let stream = encrypt(tcp.try_clone()?, config)?;
        let shown = stream.conn.peer_certificates().and_then(|chain| chain.first()).map(|c| c.clone().into_owned());
        let client = Client { shown, ..Client::new(Box::new(stream), tcp) };
        client.greeted()
    }

    /// In the clear.
    pub fn plain(port: u16) -> io::Result<Client> {
        let tcp = connect_tcp(port)?;
        Client::new(Box::new(tcp.try_clone()?), tcp).greeted()
    }

    /// In the clear, then STARTTLS.
    #[track_caller]
    pub fn starttls(delega: &Delega) -> Client {
        let mut client = Client::plain(delega.starttls_port()).unwrap();
        client.cmd("STARTTLS").ok();
        client.begin_tls(&delega.ca_file())
    }

    /// The handshake on a connection that began in the clear; there is no second greeting.
    #[track_caller]
    pub fn begin_tls(self, ca_file: &Path) -> Client {
        self.try_begin_tls(tls_config(ca_file, &[])).unwrap()
    }

    /// The same, if the server agrees.
    #[track_caller]
    pub fn try_begin_tls(self, config: Arc<ClientConfig>) -> io::Result<Client> {
        assert!(self.received.is_empty(), "more in the clear: {:?}", String::from_utf8_lossy(&self.received));
        let stream = encrypt(self.tcp.try_clone()?, config)?;
        Ok(Client { transport: Box::new(stream), ..self })
    }

    fn new(transport: Box<dyn Transport>, tcp: TcpStream) -> Client {
        Client {
            transport,
            tcp,
            received: Vec::new(),
            greeting: String::new(),
            tag: 0,
            patience: PATIENCE,
            shown: None,
        }
    }

    fn greeted(mut self) -> io::Result<Client> {
        let line = self.response_within(self.patience)?.ok_or(ErrorKind::UnexpectedEof)?;
        self.greeting = String::from_utf8_lossy(&line).into_owned();
        Ok(self)
    }

    /// A delegate who has logged in, with the password that tests give them.
    #[track_caller]
    pub fn delegate(delega: &Delega, username: &str, address: &str) -> Client {
        let mut client = Client::connect(delega);
        client.login(&format!("{username}/{address}"), &password(username)).ok();
        client
    }

    /// LOGIN with both as quoted strings.
    #[track_caller]
    pub fn login(&mut self, login: &str, password: &str) -> Answer {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        self.cmd(&format!("LOGIN {} {}", quoted(login), quoted(password)))
    }

    /// The certificate that the server showed, where TLS came first.
    pub fn shown(&self) -> &CertificateDer<'static> {
        self.shown.as_ref().unwrap()
    }

    /// Sends these bytes.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    /// Sends these bytes, if the server still takes them.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transport.write_all(bytes)?;
        self.transport.flush()
    }

    /// Sends a command, and tells its tag.
    #[track_caller]
    pub fn begin(&mut self, command: &str) -> String {
        self.tag += 1;
        let tag = format!("c{}", self.tag);
        self.send(format!("{tag} {command}\r\n").as_bytes());
        tag
    }

    /// Sends a command and waits for all of its answer.
    #[track_caller]
    pub fn cmd(&mut self, command: &str) -> Answer {
        let tag = self.begin(command);
        self.answer(&tag)
    }

    /// Waits for the answer to a command.
    #[track_caller]
    pub fn answer(&mut self, tag: &str) -> Answer {
        let mut untagged = Vec::new();
        loop {
            let Some(response) = self.response_within(self.patience).unwrap() else {
                panic!("the connection ended before {tag} was answered: {untagged:?}");
            };
            let response = String::from_utf8_lossy(&response).into_owned();
            if let Some(status) = response.strip_prefix(&format!("{tag} ")) {
                return Answer { untagged, status: status.trim_end().to_owned() };
            }
            untagged.push(response);
        }
    }

    /// The next response, which must come.
    #[track_caller]
    pub fn response(&mut self) -> String {
        let response = self.response_within(self.patience).unwrap().expect("the connection ended");
        String::from_utf8_lossy(&response).into_owned()
    }

    /// The next line, whatever it announces.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(end) = self.received.windows(2).position(|pair| pair == b"\r\n") {
                return String::from_utf8(self.received.drain(..end + 2).collect()).unwrap();
            }
            assert!(self.receive(deadline).unwrap() > 0, "the connection ended");
        }
    }

    /// Reads responses up to one that holds this text.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let mut all = String::new();
        loop {
            match self.response_within(self.patience) {
                Ok(Some(response)) => {
                    let response = String::from_utf8_lossy(&response).into_owned();
                    if response.contains(text) {
                        return response;
                    }
                    all += &response;
                }
                other => panic!("{text:?} did not come, but {other:?} after {all}"),
            }
        }
    }

    /// Idles; the answer to IDLE's tag is still to come.
    #[track_caller]
    pub fn idle(&mut self) -> String {
        let tag = self.begin("IDLE");
        self.wait_for("+ ");
        tag
    }

    /// One response with its literals; none when the connection has ended between two. An error when it ends within
    /// one, or when the time is over.
    pub fn response_within(&mut self, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        let deadline = Instant::now() + patience;
        let mut scanned = 0;
        loop {
            if let Some(end) = self.received[scanned..].windows(2).position(|pair| pair == b"\r\n") {
                let end = scanned + end + 2;
                match announced(&self.received[..end]) {
                    Some(octets) => scanned = end + octets,
                    None => return Ok(Some(self.received.drain(..end).collect())),
                }
            }
            while self.received.len() < scanned || !self.received[scanned..].windows(2).any(|pair| pair == b"\r\n") {
                if self.receive(deadline)? == 0 {
                    return if self.received.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
                }
            }
        }
    }

    /// Everything up to the end of the connection, however it ends.
    #[track_caller]
    pub fn rest(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.receive(deadline) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    panic!("the connection does not end: {:?}", String::from_utf8_lossy(&self.received));
                }
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned()
    }

    /// Reads and forgets this many bytes, a piece at a time.
    #[track_caller]
    pub fn skip(&mut self, mut bytes: usize) {
        let deadline = Instant::now() + PATIENCE;
        while bytes > 0 {
            if self.received.is_empty() {
                assert!(self.receive(deadline).unwrap() > 0, "the connection ended {bytes} bytes early");
            }
            let taken = bytes.min(self.received.len());
            self.received.drain(..taken);
            bytes -= taken;
        }
    }

    fn receive(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let left = deadline.checked_duration_since(Instant::now()).ok_or(ErrorKind::TimedOut)?;
        self.tcp.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match self.transport.read(&mut buffer) {
            Ok(read) => {
                self.received.extend_from_slice(&buffer[..read]);
                Ok(read)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(ErrorKind::TimedOut.into())
            }
            // The end without a TLS close_notify is an end all the same.
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Waits so long for each answer from now on.
    pub fn with_patience(self, patience: Duration) -> Client {
        Client { patience, ..self }
    }

    /// Sends nothing more, and goes on listening; with TLS's word for it, or without.
    pub fn half_close(&mut self, notify: bool) -> io::Result<()> {
        if notify {
            self.transport.close_notify()?;
        }
        self.tcp.shutdown(Shutdown::Write)
    }

    /// Whether the connection ends by a reset. What has come before is lost.
    pub fn ends_in_a_reset(mut self) -> bool {
        self.tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        let end = io::copy(&mut self.tcp, &mut io::sink());
        end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    }

    /// Goes away without a word.
    pub fn vanish(self) {
        let _ = self.tcp.shutdown(Shutdown::Both);
    }
}

/// The octets of the literal that this response announces at its end so far, if it does.
fn announced(so_far: &[u8]) -> Option<usize> {
    let line = so_far.strip_suffix(b"}\r\n")?;
    let digits = &line[line.iter().rposition(|b| *b == b'{')? + 1..];
    std::str::from_utf8(digits).ok()?.trim_end_matches('+').parse().ok()
}

/// What SASL PLAIN sends.
pub fn sasl_plain(authzid: &str, login: &str, password: &str) -> String {
    BASE64.encode(format!("{authzid}\0{login}\0{password}"))
}
