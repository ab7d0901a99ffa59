//! An office: a mailbox at a real Dovecot, a delega in front, and what tests ask of the two.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::delega::{Delega, Options};
use super::imap::Client;
use super::support::dovecot::{self, Dovecot};

/// The mailbox.
pub const ADDRESS: &str = "ufficio@pec.example.it";
/// Its own password.
pub const PASSWORD: &str = "casella-di-prova";

/// The two servers.
pub struct Office {
    pub dovecot: Dovecot,
    pub delega: Delega,
}

impl Office {
    /// With three unseen messages and these delegates: name and permissions.
    pub fn open(delegates: &[(&str, &str)]) -> Office {
        Office::with(delegates, |_| {})
    }

    /// The same, with a delega that is a little different.
    pub fn with(delegates: &[(&str, &str)], change: impl FnOnce(&mut Options)) -> Office {
        Office::on(dovecot::Options::default(), delegates, change)
    }

    /// The same, with a Dovecot that is different, too.
    pub fn on(dovecot: dovecot::Options, delegates: &[(&str, &str)], change: impl FnOnce(&mut Options)) -> Office {
        let dovecot = dovecot.start();
        dovecot.add_mailbox(ADDRESS, PASSWORD);
        for n in 1..=3 {
            deliver(&dovecot, ADDRESS, &format!("{n}.M{n}.pec"), format!("Subject: {n}\n\ncorpo {n}\n").as_bytes());
        }
        dovecot.settle(ADDRESS);
        let mut options = Options::before(&dovecot);
        change(&mut options);
        let delega = options.start();
        delega.add_mailbox(ADDRESS, PASSWORD);
        for (username, permissions) in delegates {
            delega.add_delegate(ADDRESS, username, permissions);
        }
        Office { dovecot, delega }
    }

    /// A delegate who has logged in.
    #[track_caller]
    pub fn enter(&self, username: &str) -> Client {
        Client::delegate(&self.delega, username, ADDRESS)
    }

    /// A delegate who has opened INBOX.
    #[track_caller]
    pub fn enter_inbox(&self, username: &str) -> Client {
        let mut client = self.enter(username);
        client.cmd("SELECT INBOX").ok();
        client
    }

    /// The flags on disk of the message with this UID in INBOX.
    pub fn flags(&self, uid: u32) -> Vec<String> {
        self.dovecot.snapshot(ADDRESS).folder("INBOX").message(uid).flags.iter().cloned().collect()
    }

    /// How many messages lie in INBOX.
    pub fn messages(&self) -> usize {
        self.dovecot.snapshot(ADDRESS).folder("INBOX").messages.len()
    }
}

/// Lays a message into INBOX, with LF for line ends.
pub fn deliver(dovecot: &Dovecot, address: &str, file: &str, raw: &[u8]) -> PathBuf {
    let maildir = dovecot.maildir(address);
    // As a delivery does it: nobody ever sees half of it
    let (tmp, new) = (maildir.join("tmp").join(file), maildir.join("new").join(file));
    fs::write(&tmp, raw).unwrap();
    dovecot.hand_over(&tmp);
    fs::rename(tmp, &new).unwrap();
    new
}

/// A message of about so many bytes, with LF for line ends.
pub fn large(bytes: usize) -> Vec<u8> {
    let mut raw = b"Subject: grande\n\n".to_vec();
    let line = [b"0123456789abcdef".repeat(4).as_slice(), b"\n"].concat();
    while raw.len() < bytes {
        raw.extend_from_slice(&line);
    }
    raw
}

/// Waits until something is so, and tells how long that took.
#[track_caller]
pub fn wait_until(at_most: Duration, what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < at_most, "after {at_most:?} still not: {what}");
        thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}
