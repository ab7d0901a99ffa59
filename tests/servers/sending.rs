//! Submission through the running delega, to the real Postfix and into the real mailbox. What was sent is judged by what
//! Postfix took, what lies in the mailboxes, and what the record says.

use std::fmt::Display;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::delega::{Delega, Options, password};
use super::office::{ADDRESS, PASSWORD};
use super::programs::{Account, Tls};
use super::support::dovecot::{self, Dovecot};
use super::support::mail;
use super::support::postfix::{Postfix, Taken};

#[path = "sending/client.rs"]
mod client;
#[path = "sending/faults.rs"]
mod faults;
#[path = "sending/forged.rs"]
mod forged;
#[path = "sending/live.rs"]
mod live;
#[path = "sending/programs.rs"]
mod programs;
#[path = "sending/record.rs"]
mod record;
#[path = "sending/smuggling.rs"]
mod smuggling;
#[path = "sending/streaming.rs"]
mod streaming;

use client::Smtp;

/// A mailbox that others send to.
const OTHER: &str = "protocollo@pec.example.it";
/// One that nobody here may send from.
const STRANGER: &str = "sindaco@pec.example.org";
/// An alias that the operator has listed.
const ALIAS: &str = "info@pec.example.it";

/// May send, by a mail program too.
const SENDER: &str = "anna";
/// May do all but send.
const WRITER: &str = "bruno";
/// May send, by webmail alone.
const WEBMAIL: &str = "clia";

/// The provider's servers, delega in front, and two empty mailboxes.
struct Office {
    dovecot: Dovecot,
    postfix: Postfix,
    delega: Delega,
}

impl Office {
    fn open() -> Office {
        Office::with(|_, _, _| {})
    }

    /// With a delega that is a little different.
    fn with(change: impl FnOnce(&mut Options, &Dovecot, &Postfix)) -> Office {
        Office::on(dovecot::Options::default(), change)
    }

    /// With a Dovecot that is different, too.
    fn on(dovecot: dovecot::Options, change: impl FnOnce(&mut Options, &Dovecot, &Postfix)) -> Office {
        let dovecot = dovecot.start();
        dovecot.add_mailbox(ADDRESS, PASSWORD);
        dovecot.add_mailbox(OTHER, PASSWORD);
        let postfix = Postfix::before(&dovecot);
        let mut options = Options::before(&dovecot).sending(&postfix);
        change(&mut options, &dovecot, &postfix);
        let delega = options.start();
        delega.add_mailbox(ADDRESS, PASSWORD);
        delega.cli(&["mailbox", "set", ADDRESS, "--alias", ALIAS], "");
        for (username, permissions) in
            [(SENDER, "read,write,send,client"), (WRITER, "read,write,client"), (WEBMAIL, "read,write,send")]
        {
            delega.add_delegate(ADDRESS, username, permissions);
        }
        Office { dovecot, postfix, delega }
    }

    /// What Postfix has taken, the Message-IDs alone.
    fn taken(&self) -> Vec<String> {
        self.postfix.taken().into_iter().map(|message| message.message_id).collect()
    }

    /// The messages that lie in the other mailbox, with CRLF for line ends, in the order of their coming.
    fn arrived(&self) -> Vec<String> {
        let stored = mail::stored(&self.dovecot.maildir(OTHER), "INBOX");
        stored.iter().map(|raw| String::from_utf8_lossy(raw).replace('\n', "\r\n")).collect()
    }
}

/// The rows of the record, the oldest first.
pub fn sends(delega: &Delega) -> Vec<Value> {
    let told = delega.cli(&["log", "sends", "--json", "--limit", "10000"], "");
    let mut rows: Vec<Value> = serde_json::from_str(&told).unwrap();
    rows.reverse();
    rows
}

/// What became of each message, the oldest first.
fn outcomes(delega: &Delega) -> Vec<String> {
    sends(delega).iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}

/// A delegate's login.
fn login(username: &str) -> String {
    format!("{username}/{ADDRESS}")
}

/// A message of the mailbox's with this Message-ID, whose header has these further lines.
fn letter(id: impl Display, further: &str) -> String {
    format!(
        "From: {ADDRESS}\r\nTo: {OTHER}\r\nSubject: prova\r\nMessage-ID: <{id}@pec.example.it>\r\n{further}\r\nciao\r\n"
    )
}

/// What a Message-ID of [`letter`] is.
fn id(id: impl Display) -> String {
    format!("<{id}@pec.example.it>")
}
