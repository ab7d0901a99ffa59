//! An upstream server that does what a test tells it: to greet late or not at all, to break off in mid-literal, never to
//! stop sending. Of [`submission`] and [`pop3`] there are whole servers, in which one thing goes wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use super::delega::{Delega, Options};
use super::office::{ADDRESS, PASSWORD};

#[path = "upstream/fault.rs"]
pub mod fault;
#[path = "upstream/pop3.rs"]
pub mod pop3;
#[path = "upstream/submission.rs"]
pub mod submission;

#[path = "upstream/direct.rs"]
mod direct;

/// What it offers.
const CAPABILITIES: &str = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ ID IDLE ENABLE NAMESPACE UIDPLUS UNSELECT MOVE";

/// A server on loopback, in the clear. Each connection is a thread of its own, which ends with the connection.
pub struct Upstream {
    port: u16,
}

/// One connection to it.
pub struct Conversation {
    reader: BufReader<TcpStream>,
    stream: TcpStream,
}

impl Upstream {
    /// Holds this conversation on each connection.
    pub fn start(script: impl Fn(Conversation) + Send + Sync + 'static) -> Upstream {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let script = script.clone();
                thread::spawn(move || {
                    let reader = BufReader::new(stream.try_clone().unwrap());
                    script(Conversation { reader, stream });
                });
            }
        });
        Upstream { port }
    }

    /// One that lets everybody in, and says what `script` says from there on.
    pub fn after_login(script: impl Fn(Conversation) + Send + Sync + 'static) -> Upstream {
        Upstream::start(move |mut conversation| {
            conversation.let_in();
            script(conversation);
        })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a delega in front of it is to be like.
    pub fn options(&self) -> Options {
        Options {
            imap: format!("imap+insecure://127.0.0.1:{}", self.port),
            starttls_imap: String::new(),
            submission: None,
            pop3: None,
            ca_file: None,
            upstream: String::new(),
            connections: "connections_per_mailbox = 0\nwarm_sessions = 0\n".to_owned(),
            client_apart: true,
            limits: "refusal_delay_secs = 1\nshutdown_grace_secs = 5\n".to_owned(),
            proxy_protocol: false,
            is_public: false,
            files: Vec::new(),
            bounded_files: false,
        }
    }

    /// A delega in front of it, with the usual mailbox and anna, who may read and write.
    pub fn delega(&self) -> Delega {
        self.delega_with(|_| {})
    }

    /// The same, a little different.
    pub fn delega_with(&self, change: impl FnOnce(&mut Options)) -> Delega {
        let mut options = self.options();
        change(&mut options);
        let delega = options.start();
        delega.add_mailbox(ADDRESS, PASSWORD);
        delega.add_delegate(ADDRESS, "anna", "read,write,client");
        delega
    }
}

impl Conversation {
    /// Greets, and takes whatever credentials come.
    pub fn let_in(&mut self) {
        self.send(&format!("* OK [CAPABILITY {CAPABILITIES}] pronto\r\n"));
        let Some((tag, command)) = self.command() else { return };
        assert!(command.starts_with("AUTHENTICATE PLAIN "), "{command}");
        self.send(&format!("{tag} OK [CAPABILITY {CAPABILITIES}] dentro\r\n"));
    }

    /// The next command: its tag, and the rest of its first line.
    pub fn command(&mut self) -> Option<(String, String)> {
        let line = self.line()?;
        let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
        Some((tag.to_owned(), rest.to_owned()))
    }

    /// The next line, without CRLF; none at the end.
    pub fn line(&mut self) -> Option<String> {
        Some(self.raw_line()?.trim_end().to_owned())
    }

    /// The next line as it came, up to a line feed; none at the end.
    pub fn raw_line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    /// Reads at most so many bytes and forgets them; how many, 0 at the end.
    pub fn read(&mut self, at_most: usize) -> usize {
        let mut buffer = vec![0; at_most];
        let read = self.reader.read(&mut buffer).unwrap_or(0);
        assert!(read > 0, "the other side has closed");
        read
    }

    /// Answers every command with OK, until one begins so; its tag.
    pub fn obey_until(&mut self, start: &str) -> Option<String> {
        loop {
            let (tag, command) = self.command()?;
            if command.starts_with(start) {
                return Some(tag);
            }
            self.send(&format!("{tag} OK fatto\r\n"));
        }
    }

    /// Sends a text; the other side may be gone.
    pub fn send(&mut self, text: &str) -> bool {
        self.stream.write_all(text.as_bytes()).is_ok()
    }

    /// Waits until the other side closes.
    pub fn wait_for_end(&mut self) {
        while self.line().is_some() {}
    }
}
