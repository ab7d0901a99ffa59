//! The load generator's end of one connection: TLS, and as much IMAP as it takes to wait for answers.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::upstream::announced;

/// Whatever takes longer is an error.
const PATIENCE: Duration = Duration::from_secs(60);
/// What one write of a message holds.
const PIECE_BYTES: usize = 64 * 1024;

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

/// One connection.
pub struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    input: Vec<u8>,
    start: usize,
    end: usize,
    tags: u64,
}

impl Target {
    /// Connects, does the handshake and reads the greeting.
    pub fn connect(&self) -> Result<Client> {
        let tcp = TcpStream::connect_timeout(&self.address, PATIENCE).context("connecting")?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let tls = ClientConnection::new(self.tls.clone(), ServerName::try_from("localhost")?)?;
        let stream = StreamOwned::new(tls, tcp);
        let mut client = Client { stream, input: vec![0; 4096], start: 0, end: 0, tags: 0 };
        let greeting = client.line().context("greeting")?;
        if !greeting.starts_with("* OK") {
            bail!("the greeting is {greeting:?}");
        }
        Ok(client)
    }

    /// Connects and logs in.
    pub fn enter(&self) -> Result<Client> {
        let mut client = self.connect()?;
        client.command(&format!("LOGIN \"{}\" \"{}\"", self.login, self.password)).context("logging in")?;
        Ok(client)
    }

    /// Connects, logs in and opens the inbox.
    pub fn open(&self) -> Result<Client> {
        let mut client = self.enter()?;
        client.command("SELECT INBOX")?;
        Ok(client)
    }
}

impl Client {
    /// Sends one command and waits for it to be done; tells how many octets of literals came with the answer.
    pub fn command(&mut self, text: &str) -> Result<u64> {
        self.commands(std::iter::once(text))
    }

    /// Sends several commands at once, and waits for all to be done.
    pub fn commands<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Result<u64> {
        let mut bytes = Vec::new();
        let mut last = 0;
        for text in texts {
            last = self.next_tag();
            write!(bytes, "a{last} {text}\r\n")?;
        }
        self.send(&bytes)?;
        self.wait(last)
    }

    /// Fetches a message of so many KiB.
    pub fn fetch(&mut self, kib: usize) -> Result<u64> {
        if self.input.len() < PIECE_BYTES {
            self.input.resize(PIECE_BYTES, 0);
        }
        let octets = self.command(&format!("UID FETCH {kib} (UID BODY.PEEK[])"))?;
        if octets != kib as u64 * 1024 {
            bail!("a message of {kib} KiB came with {octets} octets");
        }
        Ok(octets)
    }

    /// Asks for a message, and does not read any of it.
    pub fn ask(&mut self, kib: usize) -> Result<()> {
        let tag = self.next_tag();
        self.send(format!("a{tag} UID FETCH {kib} (UID BODY.PEEK[])\r\n").as_bytes())
    }

    /// Reads some of what there is; tells how much.
    pub fn sip(&mut self, octets: usize) -> Result<usize> {
        let mut buffer = vec![0; octets];
        Ok(self.stream.read(&mut buffer)?)
    }

    /// Stores a message of so many KiB.
    pub fn append(&mut self, kib: usize) -> Result<u64> {
        let octets = kib * 1024;
        let tag = self.next_tag();
        self.send(format!("a{tag} APPEND Archive {{{octets}}}\r\n").as_bytes())?;
        let go_on = self.line()?;
        if !go_on.starts_with('+') {
            bail!("APPEND was answered {go_on:?}");
        }
        let piece = [b'm'; PIECE_BYTES];
        let mut left = octets;
        while left > 0 {
            let taken = left.min(PIECE_BYTES);
            self.stream.write_all(&piece[..taken])?;
            left -= taken;
        }
        self.send(b"\r\n")?;
        self.wait(tag)?;
        Ok(octets as u64)
    }

    /// Begins to idle.
    pub fn idle(&mut self) -> Result<()> {
        let tag = self.next_tag();
        self.send(format!("a{tag} IDLE\r\n").as_bytes())?;
        let answer = self.line()?;
        if !answer.starts_with('+') {
            bail!("IDLE was answered {answer:?}");
        }
        // What was needed for reading is not needed while nothing comes.
        self.input = vec![0; 256];
        Ok(())
    }

    /// Takes leave, and waits for the other side to close.
    pub fn log_out(mut self) -> Result<()> {
        self.command("LOGOUT")?;
        let mut rest = [0; 64];
        // Some peers close without TLS's own farewell.
        match self.stream.read(&mut rest) {
            Ok(0) => Ok(()),
            Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                Ok(())
            }
            other => bail!("after LOGOUT came {other:?}"),
        }
    }

    fn next_tag(&mut self) -> u64 {
        self.tags += 1;
        self.tags
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()?;
        Ok(())
    }

    /// Reads until this tag's answer; every answer must be OK.
    fn wait(&mut self, tag: u64) -> Result<u64> {
        let mut octets = 0;
        loop {
            let line = self.line()?;
            if let Some((literal, _)) = line.starts_with('*').then(|| announced(&line)).flatten() {
                self.skip(literal)?;
                octets += literal as u64;
                self.line()?;
                continue;
            }
            let Some(answer) = line.strip_prefix('a') else { continue };
            let (answered, rest) = answer.split_once(' ').unwrap_or((answer, ""));
            if !rest.starts_with("OK") {
                bail!("{line:?}");
            }
            if answered.parse() == Ok(tag) {
                return Ok(octets);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.input[self.start..self.end]) {
                let end = self.start + at;
                let line = String::from_utf8_lossy(&self.input[self.start..end]).trim_end_matches('\r').to_owned();
                self.start = end + 1;
                return Ok(line);
            }
            self.fill()?;
        }
    }

    fn skip(&mut self, mut octets: usize) -> Result<()> {
        while octets > 0 {
            if self.start == self.end {
                self.fill()?;
            }
            let taken = octets.min(self.end - self.start);
            self.start += taken;
            octets -= taken;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<()> {
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.input.len() {
            bail!("an endless line");
        }
        let read = self.stream.read(&mut self.input[self.end..])?;
        if read == 0 {
            bail!("the connection was closed");
        }
        self.end += read;
        Ok(())
    }
}
