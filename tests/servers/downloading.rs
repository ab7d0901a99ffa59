//! Downloading by POP3 through delega, before the real Dovecot, with real programs and with one that says what a test
//! wants: what comes, what stays, and what is on disk afterwards.

use super::delega::{Delega, NOT_ACCEPTED, Options, password};
use super::imap::Client;
use super::office::{ADDRESS, Office, PASSWORD, deliver};
use super::pop3::{End, Pop3Client};
use super::programs::downloading::{After, DOWNLOADERS, Downloaded, curl_command};
use super::programs::{Account, Tls};
use super::support::dovecot::{self, Dovecot};

#[path = "downloading/faults.rs"]
mod faults;
#[path = "downloading/live.rs"]
mod live;
#[path = "downloading/memory.rs"]
mod memory;

/// Messages that end in every way; they lie behind the office's own three.
const LETTERS: [&str; 4] = [
    "Subject: quattro\n\nPerch\u{e9} no\n",
    "Subject: cinque\n\n.\n..\n.punto\n+OK\n-ERR no\n",
    "Subject: sei\n\nuna riga\n\n\n",
    "Subject: sette\n\n",
];

const READER: (&str, &str, &str) = ("anna", "read,client", "pop3");
const WRITER: (&str, &str, &str) = ("bruno", "read,write,client", "imap,pop3");

/// An office whose mail somebody has looked at, with doors for downloading, and these delegates: name, permissions, protocols.
fn office(delegates: &[(&str, &str, &str)]) -> Office {
    let dovecot = dovecot::Options::default().start();
    dovecot.add_mailbox(ADDRESS, PASSWORD);
    let delega = Options::before(&dovecot).downloading(&dovecot).start();
    delega.add_mailbox(ADDRESS, PASSWORD);
    for (username, permissions, protocols) in delegates {
        delega.add_delegate_by(ADDRESS, username, permissions, protocols);
    }
    fill(&dovecot);
    // Nobody can open a mailbox by POP3 without that: Dovecot takes what is new out of `new`, where IMAP calls it recent
    curl_command(&direct(&dovecot), "", &[]).well();
    Office { dovecot, delega }
}

/// The owner, at Dovecot itself.
fn direct(dovecot: &Dovecot) -> Account<'_> {
    let port = dovecot.pop3s_port();
    Account { port, tls: Tls::Implicit, ca: dovecot.ca_file(), login: ADDRESS, password: PASSWORD }
}

/// Every message, in the order of their numbers.
fn letters() -> Vec<String> {
    (1..=3).map(|n| format!("Subject: {n}\n\ncorpo {n}\n")).chain(LETTERS.map(str::to_owned)).collect()
}

fn fill(dovecot: &Dovecot) {
    for (n, letter) in letters().iter().enumerate() {
        deliver(dovecot, ADDRESS, &format!("{n}.M{n}.pec"), letter.as_bytes());
        // The order of deliveries is the order of the numbers
        dovecot.settle(ADDRESS);
    }
}

/// What a delegate writes into a program's settings.
struct Settings {
    ca: std::path::PathBuf,
    login: String,
    password: String,
}

impl Settings {
    fn of(delega: &Delega, username: &str) -> Settings {
        Settings { ca: delega.ca_file(), login: format!("{username}/{ADDRESS}"), password: password(username) }
    }

    fn account(&self, delega: &Delega, tls: Tls) -> Account<'_> {
        let port = if tls == Tls::Implicit { delega.pop3().implicit } else { delega.pop3().starttls };
        Account { port, tls, ca: &self.ca, login: &self.login, password: &self.password }
    }
}

#[track_caller]
fn assert_whole(name: &str, downloaded: &Downloaded) {
    let letters = letters();
    assert_eq!(downloaded.messages.len(), letters.len(), "{name}: {}", downloaded.finished.said());
    for (message, letter) in downloaded.messages.iter().zip(&letters) {
        let message = String::from_utf8_lossy(message);
        // fetchmail and getmail add fields before the message's own
        let added = ["fetchmail", "getmail"].contains(&name);
        assert!(if added { message.ends_with(letter) } else { message == *letter }, "{name}: {message:?}");
    }
}

#[test]
fn p1_every_program_downloads_everything_and_a_reader_leaves_no_trace() {
    let office = office(&[READER]);
    let before = office.dovecot.snapshot(ADDRESS);
    let settings = Settings::of(&office.delega, "anna");
    for (name, download) in DOWNLOADERS {
        for tls in [Tls::Implicit, Tls::Starttls] {
            if name == "getmail" && tls == Tls::Starttls {
                continue;
            }
            let downloaded = download(&settings.account(&office.delega, tls), After::Keep);
            assert_eq!(downloaded.finished.status, Some(0), "{name}: {}", downloaded.finished.said());
            assert_whole(name, &downloaded);
            before.assert_unchanged(&office.dovecot.snapshot(ADDRESS));
        }
    }
    assert_eq!(office.delega.logged("refused").len(), 0);
}

/// fetchmail and getmail delete what they have downloaded unless they are told not to.
#[test]
fn p2_programs_that_delete_as_a_reader_are_told_and_the_mail_stays() {
    let office = office(&[READER]);
    let before = office.dovecot.snapshot(ADDRESS);
    let settings = Settings::of(&office.delega, "anna");
    // fetchmail and getmail stop at the first refusal: they are to be told to keep
    for ((name, download), (status, messages)) in DOWNLOADERS.into_iter().zip([(24, 1), (127, 1), (8, 7), (1, 7)]) {
        let Downloaded { finished, messages: got } =
            download(&settings.account(&office.delega, Tls::Implicit), After::Delete);
        assert_eq!((finished.status, got.len()), (Some(status), messages), "{name}: {}", finished.said());
        finished.failed(status, "You may read this mailbox but not delete from it");
        before.assert_unchanged(&office.dovecot.snapshot(ADDRESS));
    }
}

#[test]
fn p2_programs_that_delete_as_a_writer_do_so() {
    let office = office(&[WRITER]);
    let settings = Settings::of(&office.delega, "bruno");
    for (n, (name, download)) in DOWNLOADERS.into_iter().enumerate() {
        if n > 0 {
            fill(&office.dovecot);
        }
        let downloaded = download(&settings.account(&office.delega, Tls::Implicit), After::Delete);
        assert_eq!(downloaded.finished.status, Some(0), "{name}: {}", downloaded.finished.said());
        assert_whole(name, &downloaded);
        assert_eq!(office.messages(), 0, "{name}");
    }
}

#[test]
fn p1_whatever_a_reader_says_leaves_no_trace_however_they_leave() {
    let office = office(&[READER]);
    let before = office.dovecot.snapshot(ADDRESS);
    let session = |leave: fn(Pop3Client)| {
        let mut reader = Pop3Client::delegate(&office.delega, "anna", ADDRESS);
        assert!(reader.ok("STAT").starts_with("+OK 7 "));
        for n in 1..=7 {
            assert!(reader.lines(&format!("RETR {n}"))[0].starts_with("Subject: "));
            reader.lines(&format!("TOP {n} 99999999"));
            let refused = reader.cmd(&format!("DELE {n}"));
            assert!(refused.starts_with("-ERR You may read this mailbox but not delete from it (puoi "), "{refused}");
        }
        reader.ok("RSET");
        reader.ok("NOOP");
        leave(reader);
    };
    session(|mut reader| {
        reader.ok("QUIT");
        assert_eq!(reader.rest(), (String::new(), End::Whole));
    });
    session(Pop3Client::vanish);
    office.delega.wait_logged("session end", 2);
    before.assert_unchanged(&office.dovecot.snapshot(ADDRESS));
    assert_eq!(office.delega.logged("refused").len(), 14);
}

#[test]
fn p2_a_writer_deletes_by_quit_alone() {
    let office = office(&[WRITER]);
    let mut writer = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    writer.ok("DELE 1");
    writer.vanish();
    office.delega.wait_logged("session end", 1);
    let mut writer = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    writer.ok("DELE 2");
    writer.ok("RSET");
    writer.ok("DELE 3");
    writer.ok("DELE 7");
    assert_eq!(office.messages(), 7);
    writer.ok("QUIT");
    let left = office.dovecot.snapshot(ADDRESS);
    let uids: Vec<_> = left.folder("INBOX").messages.values().map(|message| message.uid.unwrap()).collect();
    assert_eq!(uids, [1, 2, 4, 5, 6]);
}

#[test]
fn g3_unique_ids_are_the_servers_own_and_stay() {
    let office = office(&[READER, WRITER]);
    let uids = |username: &str| Pop3Client::delegate(&office.delega, username, ADDRESS).lines("UIDL");
    let first = uids("anna");
    assert_eq!(first.len(), 7);
    let direct = curl_command(&direct(&office.dovecot), "", &["--request", "UIDL"]).well().stdout;
    assert_eq!(direct.lines().collect::<Vec<_>>(), first);
    assert_eq!(uids("bruno"), first);
    let mut writer = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    assert_eq!(writer.ok("UIDL 5"), format!("+OK {}", first[4]));
    writer.ok("DELE 2");
    writer.ok("QUIT");
    let uid = |line: &String| line.split_once(' ').unwrap().1.to_owned();
    let mut expected: Vec<String> = first.iter().map(uid).collect();
    expected.remove(1);
    assert_eq!(uids("anna").iter().map(uid).collect::<Vec<_>>(), expected);
}

/// By which protocols each of them is let in.
#[test]
fn p7_each_comes_in_by_the_protocols_that_they_have() {
    let office =
        office(&[READER, WRITER, ("imap", "read,client", "imap"), ("webmail", "read,write,send", "imap,pop3")]);
    let delega = &office.delega;
    let pop3 = |port: u16, login: &str, password: &str| Pop3Client::connect(port, delega).login(login, password);
    let imap = |username: &str| {
        Client::connect(delega).login(&format!("{username}/{ADDRESS}"), &password(username)).status.starts_with("OK")
    };
    let refused = format!("-ERR [AUTH] {NOT_ACCEPTED}");
    let refused = refused.as_str();
    for (username, by_imap, by_pop3) in
        [("anna", false, true), ("bruno", true, true), ("imap", true, false), ("webmail", false, false)]
    {
        let answer = pop3(delega.pop3().implicit, &format!("{username}/{ADDRESS}"), &password(username));
        assert_eq!(answer, if by_pop3 { "+OK Logged in" } else { refused }, "{username}");
        assert_eq!(imap(username), by_imap, "{username}");
    }
    // L3
    assert_eq!(pop3(delega.pop3().implicit, ADDRESS, PASSWORD), "+OK Logged in");
    assert_eq!(pop3(delega.pop3().implicit, ADDRESS, "sbagliata"), refused);
    assert_eq!(pop3(delega.pop3().implicit, ADDRESS, &password("anna")), refused);
    assert_eq!(pop3(delega.pop3().implicit, &format!("anna/{ADDRESS}"), PASSWORD), refused);
}

#[test]
fn s5_each_program_says_that_the_login_was_refused() {
    let office = office(&[READER]);
    let settings = Settings { password: "sbagliata".to_owned(), ..Settings::of(&office.delega, "anna") };
    for ((_, download), status) in DOWNLOADERS.into_iter().zip([3, 127, 67, 1]) {
        let downloaded = download(&settings.account(&office.delega, Tls::Implicit), After::Keep);
        assert!(downloaded.messages.is_empty());
        downloaded.finished.failed(status, "[AUTH] Name or password not accepted");
    }
}
