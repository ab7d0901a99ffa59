//! The Dovecot that other tests stand on: it is what it says, its snapshots see what they must and nothing else, and it
//! leaves nothing behind.

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::dovecot::{Dovecot, Options};
use crate::support::guard;
use crate::support::state::State;

const MAILBOX: &str = "ufficio@pec.example.it";
const PASSWORD: &str = "segreta: è \"così\" {3}";

/// A server with one mailbox, in which lie two messages that have been seen by nobody.
fn dovecot_with_mailbox(options: Options) -> Dovecot {
    let dovecot = options.start();
    let maildir = dovecot.add_mailbox(MAILBOX, PASSWORD);
    for n in 1..=2 {
        fs::write(maildir.join(format!("new/{n}.M{n}.pec")), format!("Subject: {n}\n\ncorpo\n")).unwrap();
    }
    dovecot.hand_over(&maildir);
    dovecot.settle(MAILBOX);
    dovecot
}

/// Runs a script with a `session`, an IMAP4 of Python's imaplib that is logged in to the mailbox.
fn python(dovecot: &Dovecot, script: &str) {
    let start = "import imaplib, ssl, sys\n\
                 session = imaplib.IMAP4_SSL('localhost', int(sys.argv[1]), ssl_context=ssl.create_default_context(cafile=sys.argv[2]))\n\
                 session.authenticate('PLAIN', lambda _: ('\\0' + sys.argv[3] + '\\0' + sys.argv[4]).encode())\n\
                 def ok(answer): assert answer[0] == 'OK', answer\n";
    let output = Command::new("python3")
        .args(["-c", &format!("{start}{script}\nsession.logout()"), &dovecot.imaps_port().to_string()])
        .arg(dovecot.ca_file())
        .args([MAILBOX, PASSWORD])
        .env("PYTHONUTF8", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}\n{}\n{}", String::from_utf8_lossy(&output.stderr), dovecot.log());
}

/// What changes in the mailbox when a script runs.
fn changes(script: &str) -> Vec<String> {
    let dovecot = dovecot_with_mailbox(Options { metadata: true, ..Options::default() });
    let before = dovecot.snapshot(MAILBOX);
    python(&dovecot, script);
    before.changes(&dovecot.snapshot(MAILBOX))
}

fn curl(dovecot: &Dovecot, scheme: &str, port: u16, arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--cacert"])
        .arg(dovecot.ca_file())
        .args(["--user", &format!("{MAILBOX}:{PASSWORD}"), &format!("{scheme}://localhost:{port}/")])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), dovecot.log());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn curl_logs_in_by_each_door() {
    let dovecot = dovecot_with_mailbox(Options::default());
    let inbox = "* LIST (\\HasNoChildren) \"/\" INBOX\r\n";
    assert_eq!(curl(&dovecot, "imaps", dovecot.imaps_port(), &[]), inbox);
    assert_eq!(curl(&dovecot, "imap", dovecot.imap_port(), &["--ssl-reqd"]), inbox);
    assert_eq!(curl(&dovecot, "imap", dovecot.imap_port(), &[]), inbox);
    let status = ["--request", "STATUS INBOX (MESSAGES UNSEEN)"];
    assert_eq!(curl(&dovecot, "imaps", dovecot.imaps_port(), &status), "* STATUS INBOX (MESSAGES 2 UNSEEN 2)\r\n");
}

#[test]
fn a_wrong_password_is_refused_and_a_new_one_works_at_once() {
    let dovecot = Dovecot::start();
    dovecot.add_mailbox(MAILBOX, "prima");
    let opens = |password: &str| {
        let user = format!("{MAILBOX}:{password}");
        let url = format!("imap://localhost:{}/", dovecot.imap_port());
        Command::new("curl")
            .args(["--silent", "--output", "/dev/null", "--user", &user, &url])
            .status()
            .unwrap()
            .success()
    };
    assert!(opens("prima") && !opens("altra"));
    dovecot.add_mailbox(MAILBOX, "altra");
    assert!(opens("altra") && !opens("prima"));
}

#[test]
fn the_switches_show_in_the_capabilities() {
    let capabilities = |options: Options| {
        let dovecot = dovecot_with_mailbox(options);
        curl(&dovecot, "imaps", dovecot.imaps_port(), &["--request", "CAPABILITY"])
    };
    let all = capabilities(Options { metadata: true, ..Options::default() });
    let few = capabilities(Options { acl: false, quota: false, compress: false, ..Options::default() });
    for word in [" ACL ", " QUOTA ", " METADATA ", " COMPRESS=DEFLATE "] {
        assert!(all.replace("\r\n", " ").contains(word), "{word} in {all}");
        assert!(!few.replace("\r\n", " ").contains(word), "{word} in {few}");
    }
}

#[test]
fn the_master_user_opens_a_mailbox_by_naming_it() {
    let master = Some(("delega".to_owned(), "padrona".to_owned()));
    let dovecot = dovecot_with_mailbox(Options { master, ..Options::default() });
    let script = "import imaplib, sys\n\
                  session = imaplib.IMAP4('localhost', int(sys.argv[1]))\n\
                  session.authenticate('PLAIN', lambda _: (sys.argv[2] + '\\0delega\\0padrona').encode())\n\
                  assert session.select('INBOX', readonly=True) == ('OK', [b'2'])\n";
    let port = dovecot.imap_port().to_string();
    assert!(
        Command::new("python3").args(["-c", script, &port, MAILBOX]).status().unwrap().success(),
        "{}",
        dovecot.log()
    );
}

#[test]
fn reading_leaves_no_trace() {
    let changes = changes(
        "ok(session.list())\n\
         ok(session.lsub())\n\
         ok(session.status('INBOX', '(MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)'))\n\
         ok(session.select('INBOX', readonly=True))\n\
         ok(session.fetch('1:*', '(FLAGS RFC822 BODY[] BODYSTRUCTURE ENVELOPE)'))\n\
         ok(session.search(None, 'TEXT', 'corpo'))\n\
         ok(session.close())\n",
    );
    assert_eq!(changes, [""; 0]);
}

#[test]
fn a_flag_shows() {
    let changes =
        changes("ok(session.select('INBOX'))\nok(session.uid('STORE', '2', '+FLAGS.SILENT', '(\\\\Seen)'))\n");
    let told = changes.join("\n");
    assert!(told.contains("- message 2.M2.pec in INBOX: UID 2, flags {}, new true"), "{told}");
    assert!(told.contains("+ message 2.M2.pec in INBOX: UID 2, flags {\"\\\\Seen\"}, new false"), "{told}");
}

#[test]
fn being_the_first_to_see_shows() {
    let changes = changes("ok(session.select('INBOX'))\n");
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert!(changes.iter().all(|c| c.contains(if c.starts_with('-') { "new true" } else { "new false" })));
}

#[test]
fn a_keyword_shows() {
    let changes = changes("ok(session.select('INBOX'))\nok(session.uid('STORE', '1', '+FLAGS', '(Protocollato)'))\n");
    let told = changes.join("\n");
    assert!(told.contains("+ message 1.M1.pec in INBOX: UID 1, flags {\"Protocollato\"}"), "{told}");
    assert!(told.contains("keywords [\"Protocollato\"]"), "{told}");
}

#[test]
fn folders_and_subscriptions_show() {
    let told = changes("ok(session.create('Fatture/2026'))\n").join("\n");
    assert!(told.contains("+ folder Fatture/2026: selectable true"), "{told}");
    let told = changes("ok(session.subscribe('INBOX'))\n").join("\n");
    assert_eq!(told, "+ subscription INBOX: there");
}

#[test]
fn messages_show() {
    let told =
        changes("ok(session.append('INBOX', '', '\"22-Nov-2025 10:00:00 +0000\"', b'Subject: x\\r\\n\\r\\nx'))\n")
            .join("\n");
    assert!(told.contains("UID 3") && told.contains("received 1763805600"), "{told}");
    let told = changes(
        "ok(session.select('INBOX'))\nok(session.store('1', '+FLAGS', '\\\\Deleted'))\nok(session.expunge())\n",
    );
    assert!(told.iter().any(|c| c.starts_with("- message 1.M1.pec")), "{told:?}");
    assert!(!told.iter().any(|c| c.starts_with("+ message 1.M1.pec")), "{told:?}");
}

#[test]
fn annotations_and_rights_show() {
    let told = changes("ok(session.xatom('SETMETADATA', 'INBOX', '(/private/comment \"x\")'))\n").join("\n");
    assert!(told.contains("+ file dovecot-attributes"), "{told}");
    let told = changes("ok(session.setacl('INBOX', 'anna', 'lr'))\n").join("\n");
    assert!(told.contains("+ file dovecot-acl"), "{told}");
}

#[test]
fn dovecot_and_the_disk_say_the_same() {
    let dovecot = dovecot_with_mailbox(Options::default());
    python(&dovecot, "ok(session.select('INBOX'))\nok(session.uid('STORE', '1', 'FLAGS', '(\\\\Flagged Urgente)'))\n");
    assert_eq!(dovecot.flags(MAILBOX, "INBOX")[&1], "\\Flagged Urgente");
    let state = dovecot.snapshot(MAILBOX);
    let flags: Vec<&str> = state.folder("INBOX").message(1).flags.iter().map(String::as_str).collect();
    assert_eq!(flags, ["Urgente", "\\Flagged"]);
}

#[test]
fn what_was_said_is_heard() {
    let dovecot = dovecot_with_mailbox(Options::default());
    dovecot.listen_in(MAILBOX);
    python(&dovecot, "ok(session.select('INBOX', readonly=True))\n");
    let heard = dovecot.heard(MAILBOX);
    assert_eq!(heard.len(), 1);
    assert!(heard[0].contains("EXAMINE INBOX"), "{heard:?}");
}

/// Whether the server with the certificate of this authority lets somebody in. (At the same port there may be another
/// server by now, that of another test.)
fn lets_in(port: u16, ca: &Path) -> bool {
    let url = format!("imaps://localhost:{port}/");
    let user = format!("{MAILBOX}:{PASSWORD}");
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--output", "/dev/null", "--user", &user, &url, "--cacert"]).arg(ca);
    curl.status().unwrap().success()
}

#[test]
fn it_dies_and_comes_back() {
    let mut dovecot = dovecot_with_mailbox(Options::default());
    let before = dovecot.snapshot(MAILBOX);
    assert!(lets_in(dovecot.imaps_port(), dovecot.ca_file()));
    dovecot.kill();
    assert!(!lets_in(dovecot.imaps_port(), dovecot.ca_file()));
    dovecot.revive();
    python(&dovecot, "ok(session.select('INBOX', readonly=True))\n");
    before.assert_unchanged(&dovecot.snapshot(MAILBOX));
}

#[test]
fn it_leaves_nothing_behind() {
    let dovecot = dovecot_with_mailbox(Options::default());
    let (folder, port) = (dovecot.folder().to_owned(), dovecot.imaps_port());
    let kept = tempfile::tempdir().unwrap();
    let ca = kept.path().join("ca.pem");
    fs::copy(dovecot.ca_file(), &ca).unwrap();
    assert!(lets_in(port, &ca));
    drop(dovecot);
    assert!(!folder.exists());
    assert!(!lets_in(port, &ca));
}

/// The process that holds the guard's pipe is killed, and cannot clean up behind itself. It is this test once more, in a
/// process of its own that is told to be the victim.
#[test]
fn a_killed_test_leaves_nothing_behind() {
    const VICTIM: &str = "DELEGA_TEST_IS_THE_VICTIM";
    if std::env::var_os(VICTIM).is_some() {
        let dovecot = Dovecot::start();
        println!("folder: {}", dovecot.folder().display());
        std::io::stdout().flush().unwrap();
        // Until it is killed; if nobody does it, the test that waits for it fails.
        thread::sleep(Duration::from_secs(60));
        return;
    }
    let myself = std::env::current_exe().unwrap();
    let mut victim = Command::new(myself)
        .args(["--exact", "--nocapture", "harness::a_killed_test_leaves_nothing_behind"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
    let folder = lines.find_map(|line| Some(line.split_once("folder: ")?.1.to_owned())).unwrap();
    assert!(Path::new(&folder).join("dovecot.conf").exists());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while Path::new(&folder).exists() || running(&folder) {
        assert!(Instant::now() < deadline, "{folder} is still there, or processes of it");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process has this in its command line.
pub fn running(folder: &str) -> bool {
    fs::read_dir("/proc").unwrap().any(|entry| {
        let line = fs::read(entry.unwrap().path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(folder) && !String::from_utf8_lossy(&line).contains("watcher")
    })
}

#[test]
fn a_guarded_process_is_ended_gently_then_not() {
    let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done";
    let mut gentle = guard::spawn(Command::new("sh").args(["-c", script]).stdout(Stdio::piped()), None);
    let told = BufReader::new(gentle.child().stdout.take().unwrap()).lines().next();
    assert_eq!(told.unwrap().unwrap(), "ready");
    gentle.signal("TERM", false);
    assert_eq!(gentle.wait(Duration::from_secs(10)).code(), Some(7));
    let mut stubborn = guard::spawn(Command::new("sh").args(["-c", "trap '' TERM; while :; do sleep 0.1; done"]), None);
    stubborn.kill();
    assert!(stubborn.ended().is_some());
}

#[test]
fn two_states_that_differ_are_told_apart() {
    let mut after = State::default();
    after.subscriptions.insert("Posta".to_owned());
    assert_eq!(State::default().changes(&after), ["+ subscription Posta: there"]);
    assert_eq!(after.changes(&State::default()), ["- subscription Posta: there"]);
    assert_eq!(after.changes(&after.clone()), [""; 0]);
}
