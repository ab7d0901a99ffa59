//! An IMAP connection that says whatever it is told to, and reads what comes back by itself: lines and literals.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::mail::Dice;

/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What the server said, or that it closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// `* …`, with the literals inside, but for the last CRLF.
    Untagged(Vec<u8>),
    /// `+ …`
    Continuation,
    /// `tag OK|NO|BAD …`: the tag, the condition, the whole line.
    Tagged(Vec<u8>, Condition, Vec<u8>),
    /// What is no response at all.
    Nonsense(Vec<u8>),
    /// The connection is over.
    Closed,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Done.
    Ok,
    /// Refused or failed.
    No,
    /// Not understood.
    Bad,
}

/// Where and whom to connect to, by TLS from the first byte.
#[derive(Clone, Debug)]
pub struct Door {
    config: Arc<ClientConfig>,
    port: u16,
}

/// A connection. What comes in is read at once, so that neither side ever waits for the other to read.
#[derive(Debug)]
pub struct Connection {
    writer: WriteHalf<TlsStream<TcpStream>>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl Door {
    pub fn new(ca_file: &Path, port: u16) -> Door {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Door { config: Arc::new(config.with_root_certificates(roots).with_no_client_auth()), port }
    }

    pub async fn connect(&self) -> io::Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(self.config.clone()).connect(name, stream).await?;
        let (reader, writer) = tokio::io::split(stream);
        let (tell, heard) = mpsc::unbounded_channel();
        tokio::spawn(listen(reader, tell));
        Ok(Connection { writer, heard })
    }
}

impl Connection {
    /// Says all of it, in pieces that `dice` cuts. The answer is false where the other side has gone.
    pub async fn say(&mut self, bytes: &[u8], dice: &mut Dice) -> bool {
        let largest = match dice.below(8) {
            0 if bytes.len() < 300 => 1,
            0..=2 => 2 + dice.below(40),
            3 => 1 + dice.below(bytes.len().max(1)),
            _ => bytes.len(),
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + dice.below(largest)).min(rest.len()));
            let piece = if largest == bytes.len() { std::mem::take(&mut rest) } else { piece };
            if !rest.is_empty() {
                rest = after;
            }
            if self.writer.write_all(piece).await.is_err() || self.writer.flush().await.is_err() {
                return false;
            }
            tokio::task::yield_now().await;
        }
        true
    }

    /// What comes next; none where nothing came in time.
    pub async fn hear(&mut self) -> Option<Heard> {
        match tokio::time::timeout(PATIENCE, self.heard.recv()).await {
            Ok(Some(heard)) => Some(heard),
            Ok(None) => Some(Heard::Closed),
            Err(_) => None,
        }
    }

    /// Ends the connection without another word.
    pub async fn close(mut self) {
        let _ = self.writer.shutdown().await;
    }
}

async fn listen(mut reader: impl AsyncRead + Unpin, tell: mpsc::UnboundedSender<Heard>) {
    let mut responses = Responses::default();
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length) = reader.read(&mut buffer).await {
        if length == 0 {
            break;
        }
        for heard in responses.take(&buffer[..length]) {
            if tell.send(heard).is_err() {
                return;
            }
        }
    }
    if !responses.bytes.is_empty() {
        let _ = tell.send(Heard::Nonsense(responses.bytes));
    }
    let _ = tell.send(Heard::Closed);
}

/// Cuts a server's bytes into responses (RFC 3501 §7, §4.3).
#[derive(Debug, Default)]
pub struct Responses {
    /// The current response so far.
    bytes: Vec<u8>,
    /// Where in it the current line begins.
    line: usize,
    /// Octets of a literal that are to come.
    literal: usize,
}

impl Responses {
    /// Takes bytes, and tells the responses that they complete.
    pub fn take(&mut self, mut input: &[u8]) -> VecDeque<Heard> {
        let mut complete = VecDeque::new();
        while !input.is_empty() {
            if self.literal > 0 {
                let (octets, rest) = input.split_at(self.literal.min(input.len()));
                self.bytes.extend_from_slice(octets);
                self.literal -= octets.len();
                self.line = self.bytes.len();
                input = rest;
                continue;
            }
            let end = input.iter().position(|b| *b == b'\n').map_or(input.len(), |at| at + 1);
            let (text, rest) = input.split_at(end);
            self.bytes.extend_from_slice(text);
            input = rest;
            if self.bytes.ends_with(b"\n") {
                match self.announced() {
                    Some(octets) => {
                        self.literal = octets;
                        self.line = self.bytes.len();
                    }
                    None => {
                        complete.push_back(heard(&self.bytes));
                        self.bytes.clear();
                        self.line = 0;
                    }
                }
            }
        }
        complete
    }

    /// The octets announced at the end of the current line, which only data can do.
    fn announced(&self) -> Option<usize> {
        let data = self.bytes.strip_prefix(b"* ")?;
        if [&b"OK "[..], b"NO ", b"BAD ", b"BYE "].iter().any(|status| data.starts_with(status)) {
            return None;
        }
        let line = self.bytes[self.line..].strip_suffix(b"}\r\n")?;
        let open = line.iter().rposition(|b| *b == b'{')?;
        std::str::from_utf8(&line[open + 1..]).ok()?.parse().ok()
    }
}

fn heard(response: &[u8]) -> Heard {
    let Some(line) = response.strip_suffix(b"\r\n") else { return Heard::Nonsense(response.to_vec()) };
    let kept = line.to_vec();
    if line.starts_with(b"* ") {
        return Heard::Untagged(kept);
    }
    if line == b"+" || line.starts_with(b"+ ") {
        return Heard::Continuation;
    }
    let mut words = line.splitn(3, |b| *b == b' ');
    let tag = words.next().unwrap_or_default().to_vec();
    let condition = match words.next() {
        Some(b"OK") => Condition::Ok,
        Some(b"NO") => Condition::No,
        Some(b"BAD") => Condition::Bad,
        _ => return Heard::Nonsense(kept),
    };
    if tag.is_empty() { Heard::Nonsense(kept) } else { Heard::Tagged(tag, condition, kept) }
}

#[test]
fn responses_are_read_however_they_are_split() {
    let input = b"* 1 FETCH (BODY[] {10}\r\na OK x\r\n*  X {2}\r\n\r\n)\r\n* OK text {12}\r\n+ go\r\n0.]x NO [NOPERM] {3}\r\nz\r\n";
    for size in 1..input.len() {
        let mut responses = Responses::default();
        let heard: Vec<Heard> = input.chunks(size).flat_map(|piece| responses.take(piece)).collect();
        let [
            Heard::Untagged(data),
            Heard::Untagged(status),
            Heard::Continuation,
            Heard::Tagged(tag, Condition::No, _),
            Heard::Nonsense(_),
        ] = &heard[..]
        else {
            panic!("{size}: {heard:?}")
        };
        assert!(data.starts_with(b"* 1 FETCH") && status.ends_with(b"{12}") && tag == b"0.]x");
    }
}
