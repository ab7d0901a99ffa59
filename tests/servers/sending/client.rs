//! A mail program that says exactly what a test wants: raw SMTP over TLS.

use std::time::Duration;

use super::*;
use crate::imap::{Client, sasl_plain};

/// A connection to a submission server.
pub struct Smtp(Client);

impl Smtp {
    /// Has read the greeting.
    #[track_caller]
    pub fn connect(port: u16, delega: &Delega) -> Smtp {
        let client = Client::tls(port, &delega.ca_file()).unwrap();
        assert!(client.greeting.starts_with("220 "), "{}", client.greeting);
        Smtp(client)
    }

    /// A delegate who has logged in at the *client* listener.
    #[track_caller]
    pub fn delegate(delega: &Delega, username: &str) -> Smtp {
        Smtp::enter(delega, &login(username), &password(username))
    }

    /// The owner likewise, whose password costs no time here.
    #[track_caller]
    pub fn owner(delega: &Delega) -> Smtp {
        Smtp::enter(delega, ADDRESS, PASSWORD)
    }

    #[track_caller]
    fn enter(delega: &Delega, login: &str, password: &str) -> Smtp {
        let mut smtp = Smtp::connect(delega.submission().implicit, delega);
        smtp.cmd("EHLO client.example.it").is("250");
        smtp.log_in(login, password).is("235");
        smtp
    }

    pub fn log_in(&mut self, login: &str, password: &str) -> Reply {
        self.cmd(&format!("AUTH PLAIN {}", sasl_plain("", login, password)))
    }

    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.0.send(bytes);
    }

    /// Whether the server still takes these bytes.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.0.try_send(bytes).is_ok()
    }

    /// The next reply, its lines as one text; none at the end of the connection.
    #[track_caller]
    pub fn next(&mut self, at_most: Duration) -> Option<Reply> {
        let mut lines = String::new();
        loop {
            let line = self.0.response_within(at_most).unwrap()?;
            let line = String::from_utf8(line).unwrap();
            let is_last = line.as_bytes().get(3) == Some(&b' ');
            lines += &line;
            if is_last {
                return Some(Reply(lines));
            }
        }
    }

    #[track_caller]
    pub fn cmd(&mut self, command: &str) -> Reply {
        self.send(format!("{command}\r\n").as_bytes());
        self.next(crate::imap::PATIENCE).unwrap_or_else(|| panic!("no reply to {command}"))
    }

    /// MAIL, RCPT and DATA of a message to the other mailbox, up to the reply that lets it come.
    #[track_caller]
    pub fn begin(&mut self) {
        self.cmd(&format!("MAIL FROM:<{ADDRESS}>")).is("250");
        self.cmd(&format!("RCPT TO:<{OTHER}>")).is("250");
        self.cmd("DATA").is("354");
    }

    /// A whole message to the other mailbox, its dots as they are to be on the wire, without the last one; the first
    /// refusal, or the last reply.
    #[track_caller]
    pub fn submit(&mut self, mail: &str, message: &[u8]) -> Reply {
        for command in [mail, &format!("RCPT TO:<{OTHER}>"), "DATA"] {
            let reply = self.cmd(command);
            if !reply.0.starts_with(['2', '3']) {
                return reply;
            }
        }
        self.send(message);
        self.cmd(".")
    }

    /// Everything up to the end of the connection, which must come.
    #[track_caller]
    pub fn rest(&mut self) -> String {
        self.0.rest()
    }

    /// Sends nothing more, and goes on listening; with TLS's word for it, or without.
    pub fn half_close(&mut self, notify: bool) {
        self.0.half_close(notify).unwrap();
    }

    /// Goes away without a word.
    pub fn vanish(self) {
        self.0.vanish();
    }
}

/// A reply, its line ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(pub String);

impl Reply {
    /// The reply, which must begin so.
    #[track_caller]
    pub fn is(self, start: &str) -> Reply {
        assert!(self.0.starts_with(start), "{start:?} was expected: {:?}", self.0);
        self
    }

    pub fn is_good(&self) -> bool {
        self.0.starts_with('2')
    }
}
