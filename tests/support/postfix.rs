//! Debian's Postfix as the submission server behind delega in tests and in `make run`: in a temporary folder, on
//! loopback ports that the system gives. It must be started by root; its processes run as the user `postfix`, which the
//! package makes.
//!
//! It asks a [`Dovecot`] who may log in, and delivers by LMTP into that Dovecot's mailboxes. What is for other domains
//! it takes and throws away: it has no client that could reach anybody. It is as permissive as a Postfix can be made, so
//! that what delega lets through shows: any sender, any header, bare line feeds, XCLIENT, VRFY, ETRN, BDAT.
//!
//! A message whose header needs SMTPUTF8 is taken and never delivered, since Dovecot's LMTP has none of that:
//! [`Postfix::taken`] knows it, the mailbox does not.

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::dovecot::Dovecot;
use super::guard::{self, Guarded};

mod configuration;

const PATIENCE: Duration = Duration::from_secs(20);

/// The whole queue (`queue_directory`), with the mode and the owner that Postfix asks for; see its `postfix-files`.
const QUEUE: [(&str, Owner, u32); 16] = [
    ("", Owner::Root, 0o755),
    ("active", Owner::Postfix, 0o700),
    ("bounce", Owner::Postfix, 0o700),
    ("corrupt", Owner::Postfix, 0o700),
    ("defer", Owner::Postfix, 0o700),
    ("deferred", Owner::Postfix, 0o700),
    ("flush", Owner::Postfix, 0o700),
    ("hold", Owner::Postfix, 0o700),
    ("incoming", Owner::Postfix, 0o700),
    ("maildrop", Owner::Postfix, 0o700),
    ("pid", Owner::Root, 0o755),
    ("private", Owner::Postfix, 0o700),
    ("public", Owner::Postfix, 0o755),
    ("saved", Owner::Postfix, 0o700),
    ("trace", Owner::Postfix, 0o700),
    ("../data", Owner::Postfix, 0o700),
];

/// Where a message lies from the moment it is acknowledged until it is delivered.
const UNDELIVERED: [&str; 5] = ["incoming", "active", "deferred", "hold", "corrupt"];

#[derive(Clone, Copy)]
enum Owner {
    Root,
    Postfix,
}

/// A running server. Ends, and its folder goes away, with this value or with the process that holds it.
#[derive(Debug)]
pub struct Postfix {
    folder: PathBuf,
    upstream: Upstream,
    ports: Ports,
    process: Option<Guarded>,
}

/// What it has to know of its Dovecot.
#[derive(Debug)]
struct Upstream {
    lmtp_port: u16,
    auth_socket: PathBuf,
    certificate: (PathBuf, PathBuf),
    ca: PathBuf,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ports {
    submissions: u16,
    submission: u16,
}

/// A message that Postfix has taken on, as it tells in its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its name in the queue.
    pub id: String,
    /// Who logged in.
    pub login: String,
    /// The reverse-path, without brackets.
    pub from: String,
    /// The forward-paths of those to whom it went, in no particular order.
    pub to: Vec<String>,
    /// The `Message-ID` with its brackets.
    pub message_id: String,
}

impl Postfix {
    /// Whether this process may start one.
    pub fn may_start() -> bool {
        fs::metadata("/proc/self").unwrap().uid() == 0
    }

    /// Starts a server for the mailboxes that `dovecot` has by now.
    pub fn before(dovecot: &Dovecot) -> Postfix {
        assert!(Postfix::may_start(), "Postfix can be started by root alone");
        let folder = tempfile::Builder::new().prefix("delega-postfix-").tempdir().unwrap().keep();
        let folder = fs::canonicalize(folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        make_queue(&folder.join("queue"));
        let upstream = Upstream {
            lmtp_port: dovecot.lmtp_port(),
            auth_socket: dovecot.auth_socket(),
            certificate: dovecot.certificate(),
            ca: dovecot.ca_file().to_owned(),
        };
        let mut postfix = Postfix { folder, upstream, ports: Ports::default(), process: None };
        for mailbox in dovecot.mailboxes() {
            postfix.add_mailbox(&mailbox);
        }
        // Between the system's giving a port and Postfix's taking it, somebody else may take it
        for _ in 0..20 {
            postfix.ports = Ports::free();
            if postfix.launch() {
                return postfix;
            }
        }
        panic!("no free ports for Postfix:\n{}", postfix.log());
    }

    /// Where TLS begins with the first byte.
    pub fn submissions_port(&self) -> u16 {
        self.ports.submissions
    }

    /// Where STARTTLS is offered, and nobody can log in before it.
    pub fn submission_port(&self) -> u16 {
        self.ports.submission
    }

    /// The certificate authority to trust, which is Dovecot's; the server's names are `localhost` and `127.0.0.1`.
    pub fn ca_file(&self) -> &Path {
        &self.upstream.ca
    }

    /// The folder that everything is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What Postfix has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("postfix.log")).unwrap_or_default()
    }

    /// From now on mail for this mailbox of Dovecot's is taken. Others of the same domain are refused at RCPT.
    pub fn add_mailbox(&self, address: &str) {
        let file = self.folder.join("mailboxes");
        let known = fs::read_to_string(&file).unwrap_or_default();
        fs::write(file, format!("{known}{address} there\n")).unwrap();
    }

    /// The messages that were taken on so far, in their order. Waits until none is on its way any more, so that
    /// everything that was acknowledged is delivered, or thrown away if it was for another domain.
    pub fn taken(&self) -> Vec<Taken> {
        self.wait_until_delivered();
        let log = self.log();
        let mut taken: Vec<Taken> = Vec::new();
        for line in log.lines() {
            // `Nov 27 10:00:00 posta postfix/qmgr[123]: 4XyZ…: from=<…>, size=…, nrcpt=1 (queue active)`
            let Some((service, rest)) = line.split_once("postfix/").and_then(|(_, rest)| rest.split_once('[')) else {
                continue;
            };
            let Some((id, told)) = rest.split_once("]: ").and_then(|(_, rest)| rest.split_once(": ")) else { continue };
            let value = |name: &str| told.split_once(name).map(|(_, rest)| rest.split(',').next().unwrap_or(rest));
            if service.ends_with("/smtpd") && told.starts_with("client=") {
                let login = value("sasl_username=").unwrap_or_default().to_owned();
                let (id, nothing) = (id.to_owned(), String::new());
                taken.push(Taken { id, login, from: nothing.clone(), to: Vec::new(), message_id: nothing });
            }
            let Some(message) = taken.iter_mut().find(|message| message.id == id) else { continue };
            let address = |text: &str| text.trim_start_matches('<').trim_end_matches('>').to_owned();
            match service {
                "cleanup" => message.message_id = value("message-id=").unwrap_or_default().to_owned(),
                "qmgr" if told.contains("(queue active)") => message.from = address(value("from=").unwrap()),
                "lmtp" | "discard" | "error" => message.to.extend(value("to=").map(address)),
                _ => {}
            }
        }
        // Of one that was broken off there is no more than its beginning
        taken.retain(|message| log.contains(&format!("]: {}: removed", message.id)));
        taken
    }

    fn wait_until_delivered(&self) {
        let deadline = Instant::now() + PATIENCE;
        let queue = self.folder.join("queue");
        while UNDELIVERED.iter().any(|part| holds_files(&queue.join(part))) {
            assert!(Instant::now() < deadline, "not delivered:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
        // The log is written by a process of its own, after the fact
        let unknown = |log: &str| {
            let ids = log.lines().filter_map(|line| line.split_once("(queue active)").and(line.split("]: ").nth(1)));
            let mut ids = ids.map(|rest| rest.split(':').next().unwrap_or_default().to_owned());
            ids.any(|id| !log.contains(&format!("]: {id}: removed")))
        };
        while unknown(&self.log()) {
            assert!(Instant::now() < deadline, "not logged:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends every process of the server at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
        }
    }

    /// After [`Postfix::kill`]: starts the server again, on the same ports and with the same queue.
    pub fn revive(&mut self) {
        if let Some(old) = self.process.take() {
            old.release();
        }
        let deadline = Instant::now() + PATIENCE;
        while !self.launch() {
            assert!(Instant::now() < deadline, "Postfix's ports are taken:\n{}", self.log());
        }
    }

    /// Whether the server is up; if not, somebody else has one of its ports.
    fn launch(&mut self) -> bool {
        fs::write(self.folder.join("main.cf"), self.main()).unwrap();
        fs::write(self.folder.join("master.cf"), self.master()).unwrap();
        let before = self.log().len();
        // What `postfix start` ends in. It stays in the foreground (-d), in the guard's process group
        let mut command = Command::new("/usr/lib/postfix/sbin/master");
        command.arg("-d").arg("-c").arg(&self.folder).current_dir(&self.folder).stdin(Stdio::null());
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("MAIL_CONFIG", &self.folder);
        command.stdout(Stdio::null()).stderr(File::create(self.folder.join("stderr")).unwrap());
        let mut process = guard::spawn(&mut command, Some(&self.folder));
        let deadline = Instant::now() + PATIENCE;
        let told = || {
            let log = self.log();
            log.get(before..).unwrap_or_default().to_owned()
                + &fs::read_to_string(self.folder.join("stderr")).unwrap_or_default()
        };
        let status = loop {
            if let Some(status) = process.ended() {
                break status;
            }
            if greets(self.ports.submission) {
                self.process = Some(process);
                return true;
            }
            assert!(Instant::now() < deadline, "Postfix does not answer:\n{}", told());
            thread::sleep(Duration::from_millis(10));
        };
        process.release();
        // Its own word for it does not always reach the log: there is nobody yet who writes it
        let taken = told().contains("Address already in use") || !self.ports.are_free();
        assert!(taken, "Postfix did not start ({status}):\n{}", told());
        false
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Ports {
    /// Ports that nobody has at this moment.
    fn free() -> Ports {
        let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let [submissions, submission] = listeners.each_ref().map(|l| l.local_addr().unwrap().port());
        Ports { submissions, submission }
    }

    /// Whether they still are.
    fn are_free(&self) -> bool {
        [self.submissions, self.submission].iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
    }
}

fn make_queue(folder: &Path) {
    let output = Command::new("id").args(["-u", "postfix"]).output().unwrap();
    let uid = String::from_utf8(output.stdout).unwrap();
    let postfix = uid.trim().parse().expect("Postfix is not installed: .ci/packages test does that");
    for (name, owner, mode) in QUEUE {
        let path = folder.join(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        if let Owner::Postfix = owner {
            std::os::unix::fs::chown(&path, Some(postfix), None).unwrap();
        }
    }
}

/// Whether there is a file anywhere below.
fn holds_files(folder: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() { holds_files(&path) } else { true }
    })
}

/// Whether a submission server greets at this port.
fn greets(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("220 posta.example.it ESMTP")
}
