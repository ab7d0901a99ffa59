//! mbsync (isync): keeps a whole mailbox as a Maildir, and carries changes both ways.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;

/// A local copy of the mailbox.
struct Copy {
    home: tempfile::TempDir,
    username: &'static str,
    password: String,
}

/// The messages of each folder, sorted. Folders have the names that they have on disk.
type Messages = BTreeMap<String, Vec<Vec<u8>>>;

impl Copy {
    fn new(username: &'static str) -> Copy {
        let home = folder();
        fs::create_dir(home.path().join("near")).unwrap();
        Copy { home, username, password: password(username) }
    }

    /// Runs mbsync with these lines for its channel; the writer's by STARTTLS.
    fn sync(&self, office: &Office, channel: &str) -> Finished {
        let home = self.home.path();
        let (tls, port) = match self.username {
            WRITER => ("STARTTLS", office.delega.starttls_port()),
            _ => ("IMAPS", office.delega.port()),
        };
        let settings = format!(
            "IMAPAccount delega\nHost localhost\nPort {port}\nUser \"{}\"\nPass \"{}\"\nSSLType {tls}\n\
             SystemCertificates no\nCertificateFile {}\n\n\
             IMAPStore far\nAccount delega\n\n\
             MaildirStore near\nPath {near}/\nInbox {near}/INBOX\nSubFolders Verbatim\n\n\
             Channel all\nFar :far:\nNear :near:\nPatterns *\nSyncState *\n{channel}\n",
            login(self.username),
            self.password,
            office.delega.ca_file().display(),
            near = home.join("near").display(),
        );
        fs::write(home.join("mbsyncrc"), settings).unwrap();
        let mut command = program(installed("mbsync"), home);
        command.args(["--verbose", "--config"]).arg(home.join("mbsyncrc")).arg("--all");
        run(&mut command, Duration::from_secs(60))
    }

    fn directory(&self, folder: &str) -> PathBuf {
        self.home.path().join("near").join(mail::on_disk(folder))
    }

    /// The files of a folder's messages.
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let directory = self.directory(folder);
        let mut files: Vec<PathBuf> = ["cur", "new"]
            .into_iter()
            .flat_map(|part| fs::read_dir(directory.join(part)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }

    /// Writes a draft, stars a message, deletes another and makes a folder with a message in it.
    fn change(&self) {
        let draft = self.directory("Drafts").join("cur/1800000000.bozza.pec:2,DS");
        fs::write(draft, "From: bruno@pec.example.it\nSubject: bozza\n\nda finire: perché no\n").unwrap();
        let letters = |folder: &str, letter: &str| {
            let file = self.files(folder).swap_remove(0);
            let name = file.file_name().unwrap().to_str().unwrap();
            let (base, flags) = name.split_once(":2,").unwrap_or((name, ""));
            let mut flags: Vec<&str> = flags.split("").chain([letter]).collect();
            flags.sort_unstable();
            fs::rename(&file, self.directory(folder).join("cur").join(format!("{base}:2,{}", flags.concat()))).unwrap();
        };
        letters("Trash", "F");
        letters("Junk", "T");
        let made = self.directory("Pratiche è");
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(made.join(part)).unwrap();
        }
        fs::write(made.join("cur/1800000001.pratica.pec:2,S"), "Subject: pratica\n\nnuova\n").unwrap();
    }

    fn messages(&self) -> Messages {
        let mut folders = Messages::new();
        collect(&self.home.path().join("near"), "", &mut folders);
        folders
    }
}

fn collect(directory: &Path, name: &str, folders: &mut Messages) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let file = entry.file_name().into_string().unwrap();
        match file.as_str() {
            "cur" | "new" => {
                let messages = folders.entry(name.to_owned()).or_default();
                messages.extend(fs::read_dir(entry.path()).unwrap().map(|m| stored(&m.unwrap().path())));
                messages.sort();
            }
            "tmp" => {}
            _ if entry.path().is_dir() => {
                let inside = if name.is_empty() { file } else { format!("{name}/{file}") };
                collect(&entry.path(), &inside, folders);
            }
            _ => {}
        }
    }
}

/// A message's file on the wire, without the field that mbsync puts into what it carries.
fn stored(file: &Path) -> Vec<u8> {
    let raw = fs::read(file).unwrap();
    let lines = raw.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"X-TUID: "));
    on_the_wire(&lines.collect::<Vec<_>>().concat())
}

/// The messages that the server has, as [`Copy::messages`] tells the local ones. Without the one whose header does not
/// end: mbsync leaves that out.
fn far(office: &Office) -> Messages {
    let maildir = office.dovecot.maildir(ADDRESS);
    let state = office.snapshot();
    let selectable = state.folders.iter().filter(|(_, folder)| folder.selectable);
    let folders = selectable.map(|(name, _)| {
        let directory = maildir.join(if name == "INBOX" { "" } else { name });
        let files = ["cur", "new"].into_iter().flat_map(|part| fs::read_dir(directory.join(part)).unwrap());
        let mut messages: Vec<Vec<u8>> = files.map(|file| stored(&file.unwrap().path())).collect();
        messages.retain(|message| message.starts_with(b"\r\n") || message.windows(4).any(|four| four == b"\r\n\r\n"));
        messages.sort();
        (name.clone(), messages)
    });
    folders.collect()
}

/// Panics unless both have the same.
#[track_caller]
fn assert_alike(near: &Messages, far: &Messages) {
    assert_eq!(near.keys().collect::<Vec<_>>(), far.keys().collect::<Vec<_>>());
    for (folder, messages) in far {
        assert_eq!(near[folder].len(), messages.len(), "{folder}");
        for (near, far) in near[folder].iter().zip(messages) {
            assert!(near == far, "{folder}:\n{}", String::from_utf8_lossy(far));
        }
    }
}

const PULL: &str = "Create Near\nSync Pull\nExpunge Near";
const BOTH: &str = "Create Both\nSync All\nExpunge Both";

#[test]
fn a_reader_pulls_everything_and_leaves_no_trace() {
    let office = Office::open();
    let before = office.snapshot();
    let copy = Copy::new(READER);
    let first = copy.sync(&office, PULL).succeeded(&office);
    assert_eq!(first.stderr, "Warning: message 225 from far side has incomplete header; skipping.\n");
    let far = far(&office);
    assert!(far.values().map(Vec::len).sum::<usize>() > 280);
    assert_alike(&copy.messages(), &far);
    // Nothing new
    copy.sync(&office, PULL).succeeded(&office);
    before.assert_unchanged(&office.snapshot());
    assert!(office.delega.logged("refused").is_empty(), "{}", office.delega.log());
}

#[test]
fn a_reader_who_pushes_is_warned_and_gets_the_rest() {
    let office = Office::open();
    let copy = Copy::new(READER);
    copy.sync(&office, PULL).succeeded(&office);
    let before = office.snapshot();

    copy.change();
    let pushed = copy.sync(&office, BOTH);
    assert_eq!(pushed.status, Some(1), "{}\n{}", pushed.stdout, pushed.stderr);
    let refused = office.delega.logged("refused");
    let verbs: Vec<&str> = refused.iter().map(|event| event["verb"].as_str().unwrap()).collect();
    assert!(pushed.stderr.contains("NO [NOPERM] You may read this mailbox"), "{}", pushed.stderr);
    for verb in ["APPEND", "STORE", "CREATE"] {
        assert!(verbs.contains(&verb), "{verb} in {verbs:?}\n{}", pushed.stderr);
    }
    before.assert_unchanged(&office.snapshot());

    // What arrives is still fetched.
    office.deliver("Arrivo dopo");
    copy.sync(&office, BOTH);
    let inbox = &copy.messages()["INBOX"];
    assert!(inbox.iter().any(|message| String::from_utf8_lossy(message).contains("Subject: Arrivo dopo")));
}

#[test]
fn a_writers_changes_go_both_ways() {
    let office = Office::open();
    let copy = Copy::new(WRITER);
    copy.sync(&office, BOTH).succeeded(&office);
    assert_alike(&copy.messages(), &far(&office));

    let before = office.snapshot();
    copy.change();
    copy.sync(&office, BOTH).succeeded(&office);
    assert_alike(&copy.messages(), &far(&office));
    let after = office.snapshot();
    let drafts = after.folder("Drafts");
    assert_eq!(drafts.messages.len(), before.folder("Drafts").messages.len() + 1);
    let draft = drafts.messages.values().find(|message| message.uid == Some(drafts.uid_next - 1)).unwrap();
    assert_eq!(draft.flags.iter().map(String::as_str).collect::<Vec<_>>(), ["\\Draft", "\\Seen"]);
    let flagged = |state: &State| {
        state.folder("Trash").messages.values().filter(|message| message.flags.contains("\\Flagged")).count()
    };
    assert_eq!((flagged(&before), flagged(&after)), (0, 1));
    assert_eq!(after.folder("Junk").messages.len(), before.folder("Junk").messages.len() - 1);
    assert_eq!(after.folder("Pratiche &AOg-").messages.len(), 1);

    // And back: what happens on the server
    office.dovecot.doveadm(&["expunge", "-u", ADDRESS, "mailbox", "Sent", "uid", "1"]);
    office.dovecot.doveadm(&["flags", "add", "-u", ADDRESS, "\\Flagged", "mailbox", "Sent", "uid", "2"]);
    office.deliver("Arrivo dopo");
    let sent = |copy: &Copy| {
        let files = copy.files("Sent");
        let flags = files.iter().map(|file| file.to_str().unwrap().rsplit_once(":2,").map_or("", |(_, flags)| flags));
        (files.len(), flags.filter(|flags| flags.contains('F')).count())
    };
    assert_eq!(sent(&copy), (14, 0));
    copy.sync(&office, BOTH).succeeded(&office);
    assert_alike(&copy.messages(), &far(&office));
    assert_eq!(sent(&copy), (13, 1));
    assert!(office.delega.logged("refused").is_empty(), "{}", office.delega.log());
}

/// S3: the person's own password opens nothing to it any more, and its answer says what does.
#[test]
fn s3_with_two_steps_it_needs_an_app_password() {
    let office = Office::open();
    two_steps::enrols(&office.delega, &login(READER));
    let mut copy = Copy::new(READER);
    copy.sync(&office, "Create Near\n").failed(1, NOT_ACCEPTED);
    copy.password = two_steps::app_password(&office.delega, &login(READER));
    copy.sync(&office, "Create Near\n").well();
    assert_alike(&copy.messages(), &far(&office));
    let why = office.delega.wait_logged("login refused", 1).remove(0);
    assert_eq!(why["why"], "needs an app password");
}
