//! The scripted upstream: an IMAP server that has nothing to look up, so that what stands in front of it is what is
//! measured. It answers the commands that the load generator and the proxies send, with a thread for each connection.
//!
//! UID *n* is a message of *n* KiB, whatever *n*. Each answer is sent by itself, however many commands wait; those to
//! CHECK and to what is asked of an even UID are gathered while more commands wait, as Dovecot does to some degree.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What one read or write holds: four full TLS records.
const PIECE_BYTES: usize = 64 * 1024;
const STACK_BYTES: usize = 192 * 1024;
const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LITERAL+ ID IDLE UIDPLUS NAMESPACE UNSELECT AUTH=PLAIN";

/// Where the scripted servers listen.
#[derive(Clone, Copy, Debug)]
pub struct Upstream {
    /// IMAP with TLS from the first byte.
    pub tls: SocketAddr,
    /// What nginx asks, for each login, where to go: to one without TLS.
    pub auth_http: SocketAddr,
}

impl Upstream {
    /// Starts the servers; they end with the process.
    pub fn start(tls: &Arc<ServerConfig>) -> Result<Upstream> {
        let config = tls.clone();
        let tls = listen(move |tcp| {
            let tls = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
            Session::new(StreamOwned::new(tls, tcp)).run()
        })?;
        let plain = listen(|tcp| Session::new(tcp).run())?;
        let auth_http = listen(move |tcp| direct_to(tcp, plain))?;
        Ok(Upstream { tls, auth_http })
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
fn direct_to(mut tcp: TcpStream, to: SocketAddr) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 2048];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = tcp.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    }
    let answer = format!(
        "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: {}\r\nAuth-Port: {}\r\nConnection: close\r\n\r\n",
        to.ip(),
        to.port()
    );
    tcp.write_all(answer.as_bytes())
}

/// One connection.
struct Session<S> {
    stream: S,
    input: Vec<u8>,
    start: usize,
    end: usize,
    output: Vec<u8>,
}

impl<S: Read + Write> Session<S> {
    fn new(stream: S) -> Session<S> {
        Session { stream, input: vec![0; 4096], start: 0, end: 0, output: Vec::new() }
    }

    fn run(&mut self) -> io::Result<()> {
        self.say(&format!("* OK [CAPABILITY {CAPABILITIES}] ready\r\n"));
        while let Some(line) = self.line()? {
            let mut words = line.splitn(3, ' ');
            let (tag, verb) = (words.next().unwrap_or("*"), words.next().unwrap_or(""));
            let rest = words.next().unwrap_or("");
            match verb.to_ascii_uppercase().as_str() {
                "CHECK" => {
                    self.done(tag);
                    continue;
                }
                "UID" => {
                    if self.uid(tag, rest)?.is_multiple_of(2) {
                        continue;
                    }
                }
                "NOOP" | "UNSELECT" => self.done(tag),
                "CAPABILITY" => {
                    self.say(&format!("* CAPABILITY {CAPABILITIES}\r\n"));
                    self.done(tag);
                }
                "LOGIN" => {
                    self.strings(rest)?;
                    self.logged_in(tag);
                }
                "AUTHENTICATE" => {
                    if !rest.contains(' ') {
                        self.say("+ \r\n");
                        self.line()?;
                    }
                    self.logged_in(tag);
                }
                "SELECT" | "EXAMINE" => {
                    self.say(
                        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n\
                         * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted.\r\n\
                         * 20000 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] UIDs valid\r\n\
                         * OK [UIDNEXT 20001] Predicted next UID\r\n",
                    );
                    let mode = if verb.eq_ignore_ascii_case("SELECT") { "READ-WRITE" } else { "READ-ONLY" };
                    self.say(&format!("{tag} OK [{mode}] done\r\n"));
                }
                "APPEND" => {
                    self.strings(rest)?;
                    self.say(&format!("{tag} OK [APPENDUID 1 1] done\r\n"));
                }
                "IDLE" => {
                    self.say("+ idling\r\n");
                    self.line()?;
                    self.done(tag);
                }
                "ID" => {
                    self.say("* ID NIL\r\n");
                    self.done(tag);
                }
                "LOGOUT" => {
                    self.say("* BYE see you\r\n");
                    self.done(tag);
                    return self.send();
                }
                _ => self.say(&format!("{tag} BAD not here\r\n")),
            }
            self.send()?;
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    fn done(&mut self, tag: &str) {
        self.say(&format!("{tag} OK done\r\n"));
    }

    fn logged_in(&mut self, tag: &str) {
        self.say(&format!("{tag} OK [CAPABILITY {CAPABILITIES}] logged in\r\n"));
    }

    /// `UID FETCH n (FLAGS)`, `UID FETCH n (BODY.PEEK[])`; tells the UID.
    fn uid(&mut self, tag: &str, rest: &str) -> io::Result<usize> {
        let mut words = rest.split(' ');
        let (Some(_), Some(Ok(uid))) = (words.next(), words.next().map(str::parse::<usize>)) else {
            self.say(&format!("{tag} BAD which message?\r\n"));
            return Ok(1);
        };
        if rest.contains("BODY") {
            let octets = uid * 1024;
            self.say(&format!("* {uid} FETCH (UID {uid} BODY[] {{{octets}}}\r\n"));
            self.send()?;
            self.literal(octets)?;
            self.say(")\r\n");
        } else {
            self.say(&format!("* {uid} FETCH (UID {uid} FLAGS (\\Seen))\r\n"));
        }
        self.done(tag);
        Ok(uid)
    }

    /// Lines as of a base64 attachment.
    fn literal(&mut self, octets: usize) -> io::Result<()> {
        thread_local! {
            static TEXT: Vec<u8> = b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n"
                .iter().copied().cycle().take(PIECE_BYTES).collect();
        }
        TEXT.with(|text| {
            let mut left = octets;
            while left > 0 {
                let piece = &text[..left.min(PIECE_BYTES)];
                self.stream.write_all(piece)?;
                left -= piece.len();
            }
            Ok(())
        })
    }

    /// Takes the rest of a command whose strings may be literals, and forgets it.
    fn strings(&mut self, first: &str) -> io::Result<()> {
        let mut rest = first.to_owned();
        while let Some((octets, waits)) = announced(&rest) {
            if waits {
                self.say("+ go on\r\n");
            }
            self.skip(octets)?;
            rest = self.line()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        Ok(())
    }

    /// The next line without its CRLF; none at the end.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut searched = self.start;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.input[searched..self.end]) {
                let end = searched + at;
                let line = String::from_utf8_lossy(&self.input[self.start..end]).trim_end_matches('\r').to_owned();
                self.start = end + 1;
                return Ok(Some(line));
            }
            let seen = self.end - self.start;
            if !self.fill()? {
                return Ok(None);
            }
            searched = self.start + seen;
        }
    }

    fn skip(&mut self, mut octets: usize) -> io::Result<()> {
        while octets > 0 {
            if self.start == self.end {
                // A large message comes in large pieces.
                if self.input.len() < PIECE_BYTES && octets > PIECE_BYTES {
                    self.input.resize(PIECE_BYTES, 0);
                }
                if !self.fill()? {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let taken = octets.min(self.end - self.start);
            self.start += taken;
            octets -= taken;
        }
        Ok(())
    }

    /// Says what is to be said, then reads more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.send()?;
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.input.len() {
            return Err(io::Error::other("an endless line"));
        }
        match self.stream.read(&mut self.input[self.end..]) {
            Ok(0) => Ok(false),
            Ok(read) => {
                self.end += read;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output)?;
            self.output.clear();
        }
        self.stream.flush()
    }
}

/// `{n}` or `{n+}` at the end of a line, and whether the client waits for a continuation.
pub fn announced(line: &str) -> Option<(usize, bool)> {
    let (_, number) = line.strip_suffix('}')?.rsplit_once('{')?;
    match number.strip_suffix('+') {
        Some(number) => Some((number.parse().ok()?, false)),
        None => Some((number.parse().ok()?, true)),
    }
}
