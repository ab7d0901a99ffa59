//! What was sent lies in the folder of sent messages once (X13), whoever is away or is killed in between. The real Postfix
//! takes it, the real Dovecot keeps it, and what counts is what lies in its mailboxes.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use super::delega::{Delega, Options, password};
use super::imap::Client;
use super::office::{ADDRESS, PASSWORD, large, wait_until};
use super::programs::sending::{Letter, smtplib};
use super::programs::{Account, Tls};
use super::support::dovecot::Dovecot;
use super::support::mail;
use super::support::postfix::Postfix;

#[path = "sent_copies/between.rs"]
mod between;

use between::Between;

const OTHER: &str = "protocollo@pec.example.it";
const COPIED: &str = "a sent message was copied";
const THERE: &str = "a sent message is there already";
const WAITS: &str = "the copy of a sent message has to wait";

/// A provider that keeps no copies, and a delega before it that does.
struct Desk {
    dovecot: Dovecot,
    postfix: Postfix,
    between: Between,
    delega: Delega,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk::without_folder();
        desk.make_folder();
        desk
    }

    fn without_folder() -> Desk {
        Desk::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Options)) -> Desk {
        let dovecot = Dovecot::start();
        dovecot.add_mailbox(ADDRESS, PASSWORD);
        dovecot.add_mailbox(OTHER, PASSWORD);
        let postfix = Postfix::before(&dovecot);
        let between = Between::start(dovecot.imap_port());
        let mut options = Options::before(&dovecot).sending(&postfix);
        options.imap = format!("imap+insecure://127.0.0.1:{}", between.port());
        options.upstream = "copy_to_sent = true\n".to_owned();
        change(&mut options);
        let delega = options.start();
        delega.add_mailbox(ADDRESS, PASSWORD);
        delega.add_delegate(ADDRESS, "anna", "read,write,send,client");
        Desk { dovecot, postfix, between, delega }
    }

    fn make_folder(&self) {
        self.dovecot.doveadm(&["mailbox", "create", "-u", ADDRESS, "Sent"]);
    }

    /// Anna sends a letter, which has arrived when this comes back.
    #[track_caller]
    fn send(&self, letter: &Letter) {
        self.send_as(&format!("anna/{ADDRESS}"), &password("anna"), letter);
    }

    #[track_caller]
    fn send_as(&self, login: &str, password: &str, letter: &Letter) {
        let (ca, port) = (self.delega.ca_file(), self.delega.submission().implicit);
        smtplib(&Account { port, tls: Tls::Implicit, ca: &ca, login, password }, letter).well();
        self.postfix.taken();
    }

    #[track_caller]
    fn send_one(&self, id: &str) -> Letter {
        let letter = Letter::new(ADDRESS, &[OTHER], id);
        self.send(&letter);
        letter
    }

    /// As if so much time had passed that whatever waits in the queue is due.
    fn time_passes(&self) {
        self.time_passes_for("true");
    }

    /// The same, for some of it.
    fn time_passes_for(&self, which: &str) {
        let store = Connection::open(self.delega.folder().join("delega.db")).unwrap();
        store.busy_timeout(Duration::from_secs(10)).unwrap();
        let update = format!("UPDATE copies SET next_attempt_at_ms = 0 WHERE state = 'due' AND {which}");
        store.execute(&update, []).unwrap();
    }

    /// What lies in Sent, with LF for line ends.
    fn sent(&self) -> Vec<String> {
        let stored = mail::stored(&self.dovecot.maildir(ADDRESS), "Sent");
        stored.into_iter().map(|raw| String::from_utf8(raw).unwrap()).collect()
    }

    /// What the record says of the copies, newest first.
    fn copies(&self) -> Vec<Value> {
        let rows: Vec<Value> = serde_json::from_str(&self.delega.cli(&["log", "sends", "--json"], "")).unwrap();
        rows.into_iter().map(|row| row["copy"].clone()).collect()
    }

    /// Nothing waits any more, neither in the queue nor in a file.
    #[track_caller]
    fn assert_done(&self) {
        wait_until(Duration::from_secs(5), "all is recorded", || {
            self.copies().iter().all(|copy| copy["state"] == "done")
        });
        let spool = self.delega.folder().join("delega.db.spool");
        wait_until(Duration::from_secs(5), "no file is left", || std::fs::read_dir(&spool).unwrap().count() == 0);
    }
}

fn stored(letter: &Letter) -> String {
    letter.raw.replace("\r\n", "\n")
}

#[test]
fn x13_what_a_delegate_sends_is_once_in_sent_and_once_with_its_recipient() {
    let desk = Desk::new();
    let letter = desk.send_one("uno");
    let accepted: Value = serde_json::from_str(&desk.delega.cli(&["log", "sends", "--json"], "")).unwrap();
    let took = wait_until(Duration::from_secs(30), "it is copied", || !desk.delega.logged(COPIED).is_empty());
    assert!(took > Duration::from_secs(5), "after {took:?} a program's own copy may still be on its way");
    assert_eq!(desk.sent(), [stored(&letter)]);
    let flags = desk.dovecot.flags(ADDRESS, "Sent").into_values().next().unwrap();
    assert_eq!(flags.trim_end_matches(" \\Recent"), "\\Seen");
    let fetched = desk.dovecot.doveadm(&["-f", "tab", "fetch", "-u", ADDRESS, "date.received", "mailbox", "Sent"]);
    let at = accepted[0]["outcome_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let received = jiff::tz::TimeZone::system().to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string();
    assert_eq!(fetched.lines().nth(1), Some(&*received), "{fetched}");
    let arrived = mail::stored(&desk.dovecot.maildir(OTHER), "INBOX");
    assert_eq!(arrived.len(), 1);
    assert!(String::from_utf8_lossy(&arrived[0]).ends_with(&stored(&letter)));
    desk.assert_done();
}

#[test]
fn x13_a_copy_of_the_senders_program_is_enough() {
    let desk = Desk::new();
    let letter = desk.send_one("propria");
    let mut program = Client::delegate(&desk.delega, "anna", ADDRESS);
    // As Thunderbird does, which adds fields of its own
    let own = format!("X-Identity-Key: id1\r\n{}", letter.raw);
    let tag = program.begin(&format!("APPEND Sent (\\Seen) {{{}+}}", own.len()));
    program.send(format!("{own}\r\n").as_bytes());
    program.answer(&tag).ok();
    desk.time_passes();
    desk.delega.wait_logged(THERE, 1);
    assert_eq!(desk.sent(), [own.replace("\r\n", "\n")]);
    desk.assert_done();
}

#[test]
fn x13_an_upstream_that_is_away_gets_it_later() {
    let mut desk = Desk::new();
    let letter = desk.send_one("dopo");
    desk.between.away(true);
    desk.time_passes();
    let waits = desk.delega.wait_logged(WAITS, 1);
    assert!(waits[0]["why"].as_str().unwrap().contains("closed"), "{waits:?}");
    let copy = &desk.copies()[0];
    assert_eq!((&copy["state"], &copy["attempts"]), (&"due".into(), &1.into()), "{copy}");
    assert_eq!(desk.sent().len(), 0);
    desk.between.away(false);
    desk.delega.crash_and_restart();
    desk.delega.wait_logged(COPIED, 1);
    assert_eq!(desk.sent(), [stored(&letter)]);
    desk.assert_done();
}

#[test]
fn x13_a_connection_that_breaks_within_the_message_leaves_nothing_and_it_is_tried_again() {
    let mut desk = Desk::new();
    let mut letter = Letter::new(ADDRESS, &[OTHER], "spezzata");
    letter.raw += &String::from_utf8(large(1024 * 1024)).unwrap().replace('\n', "\r\n");
    desk.send(&letter);
    desk.between.cut_after(300 * 1024);
    desk.time_passes();
    desk.delega.wait_logged(WAITS, 1);
    assert_eq!(desk.sent().len(), 0);
    desk.between.cut_nothing();
    desk.delega.crash_and_restart();
    desk.delega.wait_logged(COPIED, 1);
    assert!(desk.sent() == [stored(&letter)]);
    desk.assert_done();
}

#[test]
fn x13_an_upstream_that_falls_silent_is_given_up() {
    let desk = Desk::with(|options| options.limits += "command_timeout_secs = 1\n");
    desk.make_folder();
    desk.send_one("muta");
    desk.between.hold("\\Sent");
    desk.time_passes();
    let waits = desk.delega.wait_logged(WAITS, 1);
    assert_eq!(waits[0]["why"], "the mail server does not answer");
    desk.between.let_go();
}

/// The upstream has stored it and said so, and delega is gone before it could hear that.
#[test]
fn x13_a_kill_between_the_upstreams_ok_and_the_queue_leaves_one_copy() {
    for message_id in [true, false] {
        let mut desk = Desk::new();
        let mut letter = Letter::new(ADDRESS, &[OTHER], "ucciso");
        if !message_id {
            letter.raw = letter.raw.replace("Message-ID: <ucciso@pec.example.it>\r\n", "");
        }
        desk.send(&letter);
        desk.between.hold("APPENDUID");
        desk.time_passes();
        desk.between.wait_until_held();
        assert_eq!(desk.sent(), [stored(&letter)]);
        assert_eq!(desk.copies()[0]["state"], "due");
        desk.delega.process().kill();
        desk.between.let_go();
        desk.delega.crash_and_restart();
        desk.delega.wait_logged(THERE, 1);
        assert_eq!(desk.sent(), [stored(&letter)]);
        desk.assert_done();
    }
}

/// One message in two transactions, as programs send that have many recipients, and two messages.
#[test]
fn x13_each_message_is_there_once() {
    let desk = Desk::new();
    let twice = Letter::new(ADDRESS, &[OTHER], "doppia");
    desk.send(&twice);
    desk.send(&Letter { to: vec![ADDRESS.to_owned()], ..twice.clone() });
    let other = desk.send_one("altra");
    desk.time_passes();
    desk.delega.wait_logged(COPIED, 2);
    desk.delega.wait_logged(THERE, 1);
    let mut sent = desk.sent();
    sent.sort();
    let mut expected = [stored(&twice), stored(&other)];
    expected.sort();
    assert_eq!(sent, expected);
    desk.assert_done();
}

#[test]
fn x13_without_a_folder_it_waits_and_the_operator_is_told() {
    let mut desk = Desk::without_folder();
    let letter = desk.send_one("senza");
    desk.time_passes();
    let waits = desk.delega.wait_logged(WAITS, 1);
    assert!(waits[0]["why"].as_str().unwrap().contains("no folder that is marked \\Sent"), "{waits:?}");
    assert!(desk.copies()[0]["why"].as_str().unwrap().contains("no folder"), "{:?}", desk.copies());
    assert!(!desk.dovecot.doveadm(&["mailbox", "list", "-u", ADDRESS]).contains("Sent"));
    desk.make_folder();
    desk.delega.crash_and_restart();
    desk.delega.wait_logged(COPIED, 1);
    assert_eq!(desk.sent(), [stored(&letter)]);
}

/// However many copies wait, a wrong password is tried once.
#[test]
fn x13_a_password_that_is_refused_is_told_and_not_tried_for_each_copy() {
    let mut desk = Desk::new();
    for id in ["p1", "p2", "p3"] {
        desk.send_one(id);
    }
    desk.dovecot.add_mailbox(ADDRESS, "un'altra");
    desk.time_passes();
    desk.delega.wait_logged(WAITS, 1);
    let told = desk.delega.log();
    assert!(told.contains(&format!("delega mailbox set {ADDRESS} --password")), "{told}");
    // Another mailbox's copy is made, though those have been due for longer
    desk.delega.add_mailbox(OTHER, PASSWORD);
    desk.dovecot.doveadm(&["mailbox", "create", "-u", OTHER, "Sent"]);
    desk.send_as(OTHER, PASSWORD, &Letter::new(OTHER, &[ADDRESS], "altra-casella"));
    desk.time_passes();
    desk.delega.wait_logged(COPIED, 1);
    assert_eq!(desk.delega.logged(WAITS).len(), 1);
    let attempts: Vec<_> = desk.copies().iter().map(|copy| copy["attempts"].as_i64().unwrap()).collect();
    assert_eq!(attempts[1..].iter().sum::<i64>(), 1, "{attempts:?}");
    desk.delega.cli(&["mailbox", "set", ADDRESS, "--password-file", "-"], "un'altra");
    desk.delega.crash_and_restart();
    desk.time_passes();
    desk.delega.wait_logged(COPIED, 3);
    assert_eq!(desk.sent().len(), 3);
}

#[test]
fn x13_a_copy_needs_no_more_memory_than_any_message() {
    const MIB: usize = 1024 * 1024;
    let mut desk = Desk::new();
    let mut letter = Letter::new(ADDRESS, &[OTHER], "grande");
    letter.raw += &String::from_utf8(large(60 * MIB)).unwrap().replace('\n', "\r\n");
    desk.send(&letter);
    // What the sending took does not count
    desk.delega.crash_and_restart();
    let small = desk.send_one("piccola");
    desk.time_passes_for("send_id = 2");
    desk.delega.wait_logged(COPIED, 1);
    let before = desk.peak_memory();
    desk.time_passes();
    desk.delega.wait_logged(COPIED, 2);
    let grown = desk.peak_memory().saturating_sub(before);
    assert!(grown < 4 * MIB, "{grown} bytes more");
    assert!(desk.sent() == [stored(&small), stored(&letter)]);
}

impl Desk {
    /// The most memory that delega has had so far, in bytes.
    fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.delega.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

/// A message that is on its way when delega is told to stop gets there, and that is recorded.
#[test]
fn x13_a_stop_lets_a_message_that_is_on_its_way_arrive() {
    let mut desk = Desk::new();
    let letter = desk.send_one("fermata");
    desk.between.hold("APPENDUID");
    desk.time_passes();
    desk.between.wait_until_held();
    desk.delega.process().signal("TERM", false);
    desk.delega.wait_logged("stopping", 1);
    desk.between.let_go();
    assert!(desk.delega.process().wait(Duration::from_secs(10)).success());
    assert_eq!(desk.sent(), [stored(&letter)]);
    assert_eq!(desk.copies()[0]["state"], "done");
}

#[test]
fn x13_a_stop_gives_up_what_has_not_begun() {
    let mut desk = Desk::with(|options| options.limits += "upstream_timeout_secs = 60\n");
    desk.make_folder();
    let letter = desk.send_one("non-ancora");
    desk.between.hold("\\Sent");
    desk.time_passes();
    desk.between.wait_until_held();
    desk.delega.process().signal("TERM", false);
    assert!(desk.delega.process().wait(Duration::from_secs(4)).success(), "it waits for what has not begun");
    let copy = &desk.copies()[0];
    assert_eq!((&copy["state"], &copy["why"]), (&"due".into(), &"delega was stopped".into()), "{copy}");
    desk.between.let_go();
    desk.delega.crash_and_restart();
    desk.delega.wait_logged(COPIED, 1);
    assert_eq!(desk.sent(), [stored(&letter)]);
}
