//! mutt, with somebody's fingers on the keyboard: it runs in a terminal of tmux's, whose screen is read.

use std::time::Duration;

use super::*;
use crate::support::guard::Guarded;

const PATIENCE: Duration = Duration::from_secs(20);

/// mutt, opened on INBOX. It ends with this value.
struct Mutt {
    // Ends before its home goes away
    _tmux: Guarded,
    home: tempfile::TempDir,
}

impl Mutt {
    fn open(office: &Office, username: &str) -> Mutt {
        let home = folder();
        let settings = format!(
            "set imap_user = '{}'\nset imap_pass = '{}'\nset folder = 'imaps://localhost:{port}/'\n\
             set spoolfile = '+INBOX'\nset postponed = '+Drafts'\nset record = ''\n\
             set ssl_ca_certificates_file = '{}'\nset certificate_file = '{}'\n\
             set sort = mailbox-order\nset imap_idle = yes\nset imap_check_subscribed = yes\nset mail_check = 1\n\
             set timeout = 1\nset sleep_time = 0\nset delete = yes\nset confirmappend = no\nset wait_key = no\n\
             set editor = 'sh {}'\nset from = '{ADDRESS}'\nset crypt_verify_sig = no\n\
             set quit = yes\nset move = no\nset recall = no\nset send_charset = utf-8\n\
             set index_format = '%4C [%S] %s'\n",
            login(username),
            password(username),
            office.delega.ca_file().display(),
            home.path().join("certificates").display(),
            home.path().join("editor").display(),
            port = office.delega.port(),
        );
        fs::write(home.path().join("muttrc"), settings).unwrap();
        fs::write(home.path().join("editor"), "echo 'da finire: perché no' >>\"$1\"\n").unwrap();
        let mut server = program(installed("tmux"), home.path());
        server.args(["-D", "-u", "-S", "tmux", "-f", "/dev/null"]).env_remove("TMUX").stdin(Stdio::null());
        server.stdout(Stdio::null()).stderr(Stdio::null());
        let mutt = Mutt { _tmux: guard::spawn(&mut server, None), home };
        let start = ["new-session", "-d", "-x", "150", "-y", "50", "--"];
        let mutt_itself = [installed("mutt").into_os_string().into_string().unwrap()];
        let arguments: Vec<&str> = start.into_iter().chain([mutt_itself[0].as_str(), "-n", "-F", "muttrc"]).collect();
        let deadline = Instant::now() + PATIENCE;
        while !mutt.tmux(&arguments).status.success() {
            assert!(Instant::now() < deadline, "tmux does not start");
            thread::sleep(Duration::from_millis(20));
        }
        mutt
    }

    fn tmux(&self, arguments: &[&str]) -> std::process::Output {
        let mut client = program("tmux", self.home.path());
        client.args(["-N", "-u", "-S", "tmux"]).args(arguments).env_remove("TMUX").output().unwrap()
    }

    fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p"]).stdout).unwrap()
    }

    /// Waits until the screen shows something.
    #[track_caller]
    fn shows(&self, text: &str) -> String {
        self.waits(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    fn waits(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "the screen does not show {what:?}:\n{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types a text, then presses keys with names such as `Enter`; the screen shows `then` afterwards.
    #[track_caller]
    fn types(&self, text: &str, keys: &[&str], then: &str) -> String {
        assert!(self.tmux(&["send-keys", "-l", "--", text]).status.success(), "mutt has ended");
        if !keys.is_empty() {
            assert!(self.tmux(&[&["send-keys"], keys].concat()).status.success(), "mutt has ended");
        }
        self.shows(then)
    }

    /// Waits for mutt to end, after which tmux has nothing more to show.
    #[track_caller]
    fn ends(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.tmux(&["has-session"]).status.success() {
            assert!(Instant::now() < deadline, "mutt goes on:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What whoever may read can do.
fn reads(mutt: &Mutt) {
    mutt.shows("Mutt: =INBOX [Msgs:211");
    mutt.types("1", &["Enter", "Enter"], "Message-ID: <m1@pec.example.it>");
    mutt.types("i", &[], "Mutt: =INBOX");
    mutt.types("/POSTA CERTIFICATA", &["Enter"], "Mutt: =INBOX");
    let parts = mutt.types("v", &[], "smime.p7s");
    assert!(parts.contains("daticert.xml") && parts.contains("istanza.pdf"), "{parts}");
    mutt.types("q", &[], "Mutt: =INBOX");
    mutt.opens("Attività", 10);
    mutt.opens("Fatture/2026", 2);
    mutt.opens("INBOX", 211);
}

impl Mutt {
    #[track_caller]
    fn opens(&self, folder: &str, messages: usize) {
        self.types("c", &["C-u"], "Open mailbox");
        self.types(&format!("={folder}"), &["Enter"], &format!("Mutt: ={folder} [Msgs:{messages}"));
    }

    /// Answers mutt's question for a folder.
    #[track_caller]
    fn to_folder(&self, key: &str, folder: &str, then: &str) -> String {
        self.types(key, &["C-u"], "to mailbox");
        self.types(&format!("={folder}"), &["Enter"], then)
    }
}

#[test]
fn a_reader_is_told_that_the_mailbox_is_read_only_and_leaves_no_trace() {
    let office = Office::open();
    let before = office.snapshot();
    let mutt = Mutt::open(&office, READER);
    reads(&mutt);
    assert!(mutt.screen().contains("-%-Mutt: =INBOX"), "{}", mutt.screen());
    // What mutt has no right to, it does not even try.
    for key in ["d", "F", "N", "D"] {
        mutt.types("=", &[], "Mutt: =INBOX");
        mutt.waits("that the message is gone", |screen| !screen.contains("read-only"));
        mutt.types(key, &[], "Mailbox is read-only.");
    }
    assert!(office.delega.logged("refused").is_empty(), "{}", office.delega.log());
    mutt.to_folder("C", "Trash", "[NOPERM]");
    assert!(!office.delega.logged("refused").is_empty());
    before.assert_unchanged(&office.snapshot());

    office.deliver("Arrivo adesso");
    mutt.shows("Mutt: =INBOX [Msgs:212");
    let with_mail = office.snapshot();
    mutt.types("*", &["Enter"], "Subject: Arrivo adesso");
    mutt.types("i", &[], "Mutt: =INBOX");
    mutt.types("q", &[], "");
    mutt.ends();
    with_mail.assert_unchanged(&office.snapshot());
}

#[test]
fn a_writer_works() {
    let office = Office::open();
    let mutt = Mutt::open(&office, WRITER);
    reads(&mutt);
    assert!(!mutt.screen().contains("-%-Mutt"), "{}", mutt.screen());
    let before = office.snapshot();
    let uids: Vec<u32> = office.messages("INBOX").into_iter().map(|(uid, _)| uid).collect();
    assert!(!before.folder("INBOX").message(uids[10]).flags.contains("\\Seen"));

    mutt.types("11", &["Enter", "Enter"], "Message-ID: <m11@pec.example.it>");
    mutt.types("i", &[], "11 [-]");
    mutt.types("F", &[], "11 [!]");
    mutt.types("11", &["Enter"], "Mutt: =INBOX");
    mutt.to_folder("C", "Trash", "Mutt: =INBOX");
    mutt.types("12", &["Enter"], "Mutt: =INBOX");
    mutt.types("d", &[], "12 [D]");
    mutt.types("13", &["Enter"], "Mutt: =INBOX");
    mutt.to_folder("s", "Archive", "13 [D]");
    mutt.types("$", &[], "Msgs:209");
    let after = office.wait_for("expunged", |state| state.folder("INBOX").messages.len() == 209);
    let inbox = after.folder("INBOX");
    assert!(inbox.message(uids[10]).flags.is_superset(&["\\Seen", "\\Flagged"].map(str::to_owned).into()));
    assert!(!inbox.messages.values().any(|message| [Some(uids[11]), Some(uids[12])].contains(&message.uid)));
    let count = |state: &State, folder: &str| state.folder(folder).messages.len();
    assert_eq!(count(&after, "Trash"), count(&before, "Trash") + 1);
    assert_eq!(count(&after, "Archive"), count(&before, "Archive") + 1);

    // A draft
    mutt.types("m", &[], "\nTo:");
    mutt.types("esterno@pec.example.org", &["Enter"], "\nSubject:");
    mutt.types("perché così", &["Enter"], "y:Send");
    mutt.types("P", &[], "Mutt: =INBOX");
    let after = office.wait_for("the draft", |state| count(state, "Drafts") == count(&before, "Drafts") + 1);
    let drafts = after.folder("Drafts");
    assert!(drafts.message(drafts.uid_next - 1).flags.contains("\\Draft"));
    let (_, draft) = office.messages("Drafts").pop().unwrap();
    assert!(draft.ends_with("da finire: perché no\r\n".as_bytes()), "{}", String::from_utf8_lossy(&draft));

    office.deliver("Arrivo adesso");
    mutt.shows("Mutt: =INBOX [Msgs:210");
    mutt.types("q", &[], "");
    mutt.ends();
    assert!(office.delega.logged("refused").is_empty(), "{}", office.delega.log());
}
