//! Real mail programs in front of the real delega and the real Dovecot, with the sample mailbox behind: as somebody who
//! may read, and as somebody who may write. What they did is judged by what is on disk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::delega::{Delega, NOT_ACCEPTED, Options, password};
use super::programs::downloading::curl_command;
use super::programs::{Account, Finished, Tls, folder, installed, program, run};
use super::support::dovecot::Dovecot;
use super::support::guard;
use super::support::mail;
use super::support::postfix::Postfix;
use super::support::sample::{self, ADDRESS, Size};
use super::support::state::State;
use super::two_steps;

#[path = "clients/curl.rs"]
mod curl;
#[path = "clients/imaplib.rs"]
mod imaplib;
#[path = "clients/marionette.rs"]
mod marionette;
#[path = "clients/mbsync.rs"]
mod mbsync;
#[path = "clients/mutt.rs"]
mod mutt;
#[path = "clients/thunderbird.rs"]
mod thunderbird;
#[path = "clients/world.rs"]
mod world;

/// May read, also in a mail program.
const READER: &str = "anna";
/// May read and write, also in a mail program.
const WRITER: &str = "bruno";
/// May send as well.
const SENDER: &str = "carla";
/// May read, by webmail only.
const WEBMAIL: &str = "clia";
/// What opens the mailbox upstream.
const OWNERS_PASSWORD: &str = "segreta: è \"così\" {3}";

/// A mailbox, and three people who may work in it.
struct Office {
    dovecot: Dovecot,
    delega: Delega,
    /// Whether they download, by POP3.
    downloads: bool,
}

impl Office {
    fn open() -> Office {
        Office::with(false, |_, _| ()).0
    }

    /// With a Postfix, and delega's doors for sending.
    fn sending() -> (Office, Postfix) {
        Office::with(false, |dovecot, options| {
            let postfix = Postfix::before(dovecot);
            *options = options.clone().sending(&postfix);
            postfix
        })
    }

    /// One whose people download, by POP3.
    fn downloading() -> Office {
        let (office, ()) = Office::with(true, |dovecot, options| *options = options.clone().downloading(dovecot));
        // Whoever comes first takes what is new out of `new`, which POP3 cannot do without
        let (port, ca) = (office.dovecot.pop3s_port(), office.dovecot.ca_file());
        let owner = Account { port, tls: Tls::Implicit, ca, login: ADDRESS, password: OWNERS_PASSWORD };
        curl_command(&owner, "", &[]).well();
        office
    }

    fn with<T>(downloads: bool, change: impl FnOnce(&Dovecot, &mut Options) -> T) -> (Office, T) {
        let dovecot = Dovecot::start();
        sample::add(&dovecot, ADDRESS, OWNERS_PASSWORD, Size::Light);
        dovecot.listen_in(ADDRESS);
        let mut options = Options::before(&dovecot);
        let more = change(&dovecot, &mut options);
        let delega = options.start();
        delega.add_mailbox(ADDRESS, OWNERS_PASSWORD);
        let protocol = if downloads { "pop3" } else { "imap" };
        delega.add_delegate_by(ADDRESS, READER, "read,client", protocol);
        delega.add_delegate_by(ADDRESS, WRITER, "read,write,client", protocol);
        delega.add_delegate_by(ADDRESS, SENDER, "read,write,send,client", protocol);
        delega.add_delegate_by(ADDRESS, WEBMAIL, "read", protocol);
        (Office { dovecot, delega, downloads }, more)
    }

    /// What is on disk now.
    fn snapshot(&self) -> State {
        self.dovecot.snapshot(ADDRESS)
    }

    /// Waits until what is on disk is as it should be.
    fn wait_for(&self, what: &str, is_so: impl Fn(&State) -> bool) -> State {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let state = self.snapshot();
            if is_so(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "{what}: not so on disk\n{}{}", self.delega.log(), self.asked());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The last commands that reached Dovecot in each session.
    fn asked(&self) -> String {
        let mut asked = String::new();
        for session in self.dovecot.heard(ADDRESS) {
            asked += "--- a session\n";
            let lines: Vec<&str> = session.lines().collect();
            for line in &lines[lines.len().saturating_sub(12)..] {
                asked += &format!("{line:.200}\n");
            }
        }
        asked
    }

    /// The messages of a folder as they are on the wire, by UID. The folder's name is in UTF-8.
    fn messages(&self, folder: &str) -> Vec<(u32, Vec<u8>)> {
        let name = mail::on_disk(folder);
        let directory = self.dovecot.maildir(ADDRESS).join(if folder == "INBOX" { "" } else { &name });
        let state = self.snapshot();
        let uids = &state.folder(&name).messages;
        let files = ["cur", "new"].into_iter().flat_map(|part| fs::read_dir(directory.join(part)).unwrap());
        let mut messages: Vec<(u32, Vec<u8>)> = files
            .map(|file| {
                let file = file.unwrap();
                let name = file.file_name().into_string().unwrap();
                let base = name.split(":2,").next().unwrap();
                (uids[base].uid.unwrap(), on_the_wire(&fs::read(file.path()).unwrap()))
            })
            .collect();
        messages.sort();
        messages
    }

    /// Lets mail arrive, as the provider would.
    fn deliver(&self, subject: &str) {
        let maildir = self.dovecot.maildir(ADDRESS);
        let name = format!("{}.consegnato.pec", subject.replace(' ', "_"));
        let raw = format!("From: esterno@pec.example.org\nTo: {ADDRESS}\nSubject: {subject}\n\nciao\n");
        fs::write(maildir.join("tmp").join(&name), raw).unwrap();
        self.dovecot.hand_over(&maildir.join("tmp").join(&name));
        fs::rename(maildir.join("tmp").join(&name), maildir.join("new").join(&name)).unwrap();
    }
}

/// What a delegate writes into the field for the username.
fn login(username: &str) -> String {
    format!("{username}/{ADDRESS}")
}

/// A message of a Maildir, with CRLF for line ends.
fn on_the_wire(stored: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(stored.len() + stored.len() / 40);
    for (n, byte) in stored.iter().enumerate() {
        if *byte == b'\n' && (n == 0 || stored[n - 1] != b'\r') {
            message.push(b'\r');
        }
        message.push(*byte);
    }
    message
}

impl Finished {
    /// Panics with what the program said, unless it ended well.
    #[track_caller]
    fn succeeded(self, office: &Office) -> Finished {
        assert_eq!(self.status, Some(0), "{}\n{}", self.said(), office.delega.log());
        self
    }
}
