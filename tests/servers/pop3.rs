//! A mail program that says exactly what a test wants: raw POP3 over TLS, blocking, with bounds on how long it waits.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use super::delega::{Delega, password};
use super::imap::{PATIENCE, connect_tcp, encrypt, tls_config};

/// A connection to a POP3 server.
pub struct Pop3Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    /// Received, and not taken yet.
    received: Vec<u8>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With close_notify: everything was said.
    Whole,
    /// Without.
    Cut,
}

impl Pop3Client {
    /// TLS from the first byte, and the greeting.
    #[track_caller]
    pub fn connect(port: u16, delega: &Delega) -> Pop3Client {
        let stream = encrypt(connect_tcp(port).unwrap(), tls_config(&delega.ca_file(), &[])).unwrap();
        let mut client = Pop3Client { stream, received: Vec::new() };
        assert!(client.line().starts_with("+OK"));
        client
    }

    /// A delegate who has logged in at the *client* listener, with the password that tests give them.
    #[track_caller]
    pub fn delegate(delega: &Delega, username: &str, address: &str) -> Pop3Client {
        let mut client = Pop3Client::connect(delega.pop3().implicit, delega);
        assert_eq!(client.login(&format!("{username}/{address}"), &password(username)), "+OK Logged in");
        client
    }

    /// The answer to PASS.
    #[track_caller]
    pub fn login(&mut self, login: &str, password: &str) -> String {
        self.cmd(&format!("USER {login}"));
        self.cmd(&format!("PASS {password}"))
    }

    /// Sends this.
    #[track_caller]
    pub fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
        self.stream.flush().unwrap();
    }

    /// Sends this, if the server takes it in that time; what it has not taken is lost.
    pub fn sends_within(&mut self, text: &str, time: Duration) -> bool {
        self.stream.sock.set_write_timeout(Some(time)).unwrap();
        self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()).is_ok()
    }

    /// Sends a command; the first line of its answer.
    #[track_caller]
    pub fn cmd(&mut self, command: &str) -> String {
        self.send(&format!("{command}\r\n"));
        self.line()
    }

    /// The same, which must be `+OK`.
    #[track_caller]
    pub fn ok(&mut self, command: &str) -> String {
        let answer = self.cmd(command);
        assert!(answer.starts_with("+OK"), "{command}: {answer}");
        answer
    }

    /// Sends a command that must be answered by `+OK` and more lines: these, dots taken away.
    #[track_caller]
    pub fn lines(&mut self, command: &str) -> Vec<String> {
        self.ok(command);
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            match line.strip_prefix('.') {
                Some("") => return lines,
                Some(rest) => lines.push(rest.to_owned()),
                None => lines.push(line),
            }
        }
    }

    /// The next line, without CRLF.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(end) = self.received.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.received.drain(..end + 2).collect();
                return String::from_utf8(line[..end].to_vec()).unwrap();
            }
            let more = self.receive(deadline);
            assert!(more.is_ok_and(|read| read > 0), "the connection ended after {:?}", self.received);
        }
    }

    /// Reads and forgets so many bytes, a piece at a time.
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

    /// Reads and forgets all up to the line with the dot; how many bytes that were.
    #[track_caller]
    pub fn drain(&mut self, mut pause: impl FnMut()) -> usize {
        let deadline = Instant::now() + 3 * PATIENCE;
        let mut bytes = 0;
        while !self.received.ends_with(b"\r\n.\r\n") {
            let keep = self.received.len().min(4);
            let gone = self.received.len() - keep;
            self.received.drain(..gone);
            bytes += gone;
            pause();
            assert!(self.receive(deadline).unwrap() > 0, "the connection ended after {bytes} bytes");
        }
        bytes + std::mem::take(&mut self.received).len()
    }

    /// Everything up to the end of the connection, and how that came.
    #[track_caller]
    pub fn rest(&mut self) -> (String, End) {
        let deadline = Instant::now() + PATIENCE;
        let end = loop {
            match self.receive(deadline) {
                Ok(0) => break End::Whole,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                    break End::Cut;
                }
                Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&self.received)),
            }
        };
        (String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned(), end)
    }

    fn receive(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let left = deadline.checked_duration_since(Instant::now()).ok_or(ErrorKind::TimedOut)?;
        self.stream.sock.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let read = self.stream.read(&mut buffer)?;
        self.received.extend_from_slice(&buffer[..read]);
        Ok(read)
    }

    /// Goes away without a word.
    pub fn vanish(self) {
        let _ = self.stream.sock.shutdown(Shutdown::Both);
    }
}
