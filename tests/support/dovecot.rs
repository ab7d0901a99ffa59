//! Debian's Dovecot (2.3) as the upstream server of tests and of `make run`: IMAP, POP3, and LMTP for
//! [`postfix`](super::postfix). In a temporary folder, on loopback ports that the system gives, as an ordinary user.
//! Started by root it runs as `nobody`, so that both ways are one.
//!
//! Mailboxes are Maildirs (LAYOUT=fs, separator `/`); index files lie apart from them, so that what is in a Maildir is
//! what counts: see [`state`](super::state).

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::certs::Authority;
use super::guard::{self, Guarded};
use super::state::State;

mod configuration;

const PATIENCE: Duration = Duration::from_secs(20);

/// In `base_dir`.
const AUTH_SOCKET: &str = "auth-for-others";

/// What a Dovecot is to be like.
#[derive(Clone, Debug)]
pub struct Options {
    /// Offer ACL (the owner has every right).
    pub acl: bool,
    /// Offer QUOTA, with a bound of 1 GiB.
    pub quota: bool,
    /// Offer METADATA.
    pub metadata: bool,
    /// Offer COMPRESS=DEFLATE.
    pub compress: bool,
    /// A user, with password, who may open every mailbox by naming it as authzid.
    pub master: Option<(String, String)>,
    /// A certificate to show in place of a fresh one.
    pub certificate: Option<Certificate>,
    /// Take the two seconds for refusing a password that Dovecot takes unless it is told otherwise.
    pub slow_refusals: bool,
}

/// PEM files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The server's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Whom to trust.
    pub ca: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            acl: true,
            quota: true,
            metadata: false,
            compress: true,
            master: None,
            certificate: None,
            slow_refusals: false,
        }
    }
}

/// A running server. Ends, and its folder goes away, with this value or with the process that holds it.
#[derive(Debug)]
pub struct Dovecot {
    folder: PathBuf,
    options: Options,
    user: User,
    ca: PathBuf,
    ports: Ports,
    process: Option<Guarded>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ports {
    imap: u16,
    imaps: u16,
    pop3: u16,
    pop3s: u16,
    lmtp: u16,
}

/// Whom Dovecot runs as.
#[derive(Clone, Debug)]
struct User {
    uid: u32,
    gid: u32,
    name: String,
    group: String,
    /// Whether this process is root, and so must change to that user.
    from_root: bool,
}

impl Options {
    /// Starts a server.
    pub fn start(self) -> Dovecot {
        let folder = tempfile::Builder::new().prefix("delega-dovecot-").tempdir().unwrap().keep();
        self.start_in(&folder)
    }

    /// Starts a server in `folder`, which goes away with it.
    pub fn start_in(self, folder: &Path) -> Dovecot {
        let folder = fs::canonicalize(folder).unwrap();
        let user = User::find(&folder);
        for name in ["run", "state", "mail", "users", "tls"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let certificate = self.certificate.clone().unwrap_or_else(|| own_certificate(&folder.join("tls")));
        let ca = certificate.ca.clone();
        // Copies, so that the user whom Dovecot runs as can read them
        fs::copy(&certificate.certificate, folder.join("tls/shown.pem")).unwrap();
        fs::copy(&certificate.key, folder.join("tls/shown.key")).unwrap();
        let mut dovecot = Dovecot { folder, options: self, user, ca, ports: Ports::default(), process: None };
        if let Some((name, password)) = &dovecot.options.master {
            dovecot.write("masters", &format!("{name}:{{PLAIN.b64}}{}\n", BASE64.encode(password)));
        }
        // Between the system's giving a port and Dovecot's taking it, somebody else may take it
        for _ in 0..20 {
            dovecot.ports = Ports::free();
            if dovecot.launch() {
                return dovecot;
            }
        }
        panic!("no free ports for Dovecot:\n{}", dovecot.log());
    }
}

impl Dovecot {
    /// Starts a server with the usual options.
    pub fn start() -> Dovecot {
        Options::default().start()
    }

    /// Where TLS begins with the first byte.
    pub fn imaps_port(&self) -> u16 {
        self.ports.imaps
    }

    /// Where STARTTLS is offered, and clear text accepted too.
    pub fn imap_port(&self) -> u16 {
        self.ports.imap
    }

    /// POP3 where TLS begins with the first byte.
    pub fn pop3s_port(&self) -> u16 {
        self.ports.pop3s
    }

    /// POP3 where STLS is offered, and clear text accepted too.
    pub fn pop3_port(&self) -> u16 {
        self.ports.pop3
    }

    /// Where a mail transfer agent delivers (LMTP, in the clear).
    pub fn lmtp_port(&self) -> u16 {
        self.ports.lmtp
    }

    /// The socket at which other servers may ask whether a password is right (Dovecot's authentication protocol).
    pub fn auth_socket(&self) -> PathBuf {
        self.folder.join("run").join(AUTH_SOCKET)
    }

    /// The certificate that it shows, with its key: other servers of the same provider show it too.
    pub fn certificate(&self) -> (PathBuf, PathBuf) {
        (self.folder.join("tls/shown.pem"), self.folder.join("tls/shown.key"))
    }

    /// The mailboxes that there are.
    pub fn mailboxes(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.join("users")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".new")).collect()
    }

    /// The certificate authority to trust; the server's names are `localhost` and `127.0.0.1`.
    pub fn ca_file(&self) -> &Path {
        &self.ca
    }

    /// The folder that everything is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What Dovecot has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("dovecot.log")).unwrap_or_default()
    }

    /// Adds a mailbox, or gives one that exists another password. The answer is its Maildir.
    pub fn add_mailbox(&self, address: &str, password: &str) -> PathBuf {
        let maildir = self.maildir(address);
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(maildir.join(part)).unwrap();
        }
        let home = self.home(address);
        self.hand_over(&home);
        // A file for each mailbox: Dovecot looks at most once a second whether one that it knows has changed, so that a
        // common file would keep a new mailbox waiting, too
        let coded = BASE64.encode(password);
        self.write(
            &format!("users/{address}.new"),
            &format!("{address}:{{PLAIN.b64}}{coded}::::{}::\n", home.display()),
        );
        let file = self.folder.join("users").join(address);
        // Dovecot goes by the file's time in whole seconds, and by its size
        let old = fs::metadata(&file).and_then(|m| m.modified());
        let time = old.map_or(SystemTime::UNIX_EPOCH, |old| old + Duration::from_secs(1));
        let new = self.folder.join(format!("users/{address}.new"));
        File::options().append(true).open(&new).unwrap().set_modified(time).unwrap();
        fs::rename(new, file).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while !self.accepts(address, password) {
            assert!(Instant::now() < deadline, "{address} cannot log in:\n{}", self.log());
        }
        maildir
    }

    /// Whether Dovecot lets this password in.
    pub fn accepts(&self, address: &str, password: &str) -> bool {
        let mut doveadm = self.command("doveadm");
        doveadm.arg("-c").arg(self.folder.join("dovecot.conf")).args(["auth", "test", address, password]);
        doveadm.output().unwrap().status.success()
    }

    /// Where a mailbox's messages are.
    pub fn maildir(&self, address: &str) -> PathBuf {
        self.home(address).join("Maildir")
    }

    /// Gives everything below `path` to the user whom Dovecot runs as. To be called after writing into a Maildir.
    pub fn hand_over(&self, path: &Path) {
        if !self.user.from_root {
            return;
        }
        std::os::unix::fs::lchown(path, Some(self.user.uid), Some(self.user.gid)).unwrap();
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.hand_over(&entry.unwrap().path());
            }
        }
    }

    /// Lets Dovecot see every message of a mailbox that was written into its Maildir, so that each has its UID.
    pub fn settle(&self, address: &str) {
        self.doveadm(&["mailbox", "status", "-u", address, "uidnext", "*"]);
    }

    /// Runs `doveadm` and answers what it printed.
    pub fn doveadm(&self, arguments: &[&str]) -> String {
        let mut command = self.command("doveadm");
        let output = command.arg("-c").arg(self.folder.join("dovecot.conf")).args(arguments).output().unwrap();
        assert!(output.status.success(), "doveadm {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The flags of a folder's messages by UID, as Dovecot itself reads them. The folder's name is in UTF-8.
    pub fn flags(&self, address: &str, folder: &str) -> BTreeMap<u32, String> {
        self.doveadm(&["-f", "tab", "fetch", "-u", address, "uid flags", "mailbox", folder])
            .lines()
            .skip(1)
            .map(|line| {
                let (uid, flags) = line.split_once('\t').unwrap();
                (uid.parse().unwrap(), flags.to_owned())
            })
            .collect()
    }

    /// Everything on disk that counts for a mailbox.
    pub fn snapshot(&self, address: &str) -> State {
        State::read(&self.maildir(address))
    }

    /// From now on, what is said to this mailbox's sessions after login is kept for [`Dovecot::heard`].
    pub fn listen_in(&self, address: &str) {
        let folder = self.home(address).join("rawlog");
        fs::create_dir_all(&folder).unwrap();
        self.hand_over(&folder);
    }

    /// What was said to this mailbox's sessions since [`Dovecot::listen_in`], one text for each session.
    pub fn heard(&self, address: &str) -> Vec<String> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.home(address).join("rawlog"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "in"))
            .collect();
        files.sort();
        files.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
    }

    /// Ends every process of the server at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
        }
    }

    /// After [`Dovecot::kill`]: starts the server again, on the same ports and with the same mailboxes.
    pub fn revive(&mut self) {
        if let Some(old) = self.process.take() {
            old.release();
        }
        let deadline = Instant::now() + PATIENCE;
        while !self.launch() {
            assert!(Instant::now() < deadline, "Dovecot's ports are taken:\n{}", self.log());
        }
    }

    fn home(&self, address: &str) -> PathBuf {
        assert!(!address.contains('/') && !address.is_empty(), "{address}");
        self.folder.join("mail").join(address)
    }

    /// Whether the server is up; if not, somebody else has one of its ports.
    fn launch(&mut self) -> bool {
        self.write("dovecot.conf", &self.configuration());
        self.hand_over(&self.folder);
        let _ = fs::remove_file(self.folder.join("dovecot.log"));
        let mut command = self.command("dovecot");
        command.arg("-F").arg("-c").arg(self.folder.join("dovecot.conf")).stdin(Stdio::null());
        command.stderr(File::create(self.folder.join("stderr")).unwrap());
        let mut process = guard::spawn(&mut command, Some(&self.folder));
        let deadline = Instant::now() + PATIENCE;
        while process.ended().is_none() {
            if greets(self.ports.imap) {
                self.process = Some(process);
                return true;
            }
            assert!(Instant::now() < deadline, "Dovecot does not answer:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
        process.release();
        let told = self.log() + &fs::read_to_string(self.folder.join("stderr")).unwrap_or_default();
        assert!(told.contains("Address already in use"), "Dovecot (2.3 is needed) did not start:\n{told}");
        false
    }

    /// A command that runs as the user whom Dovecot runs as.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // Debian has them in sbin, which is not on everybody's path
        command.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
        command.current_dir(&self.folder);
        if self.user.from_root {
            command.uid(self.user.uid).gid(self.user.gid);
        }
        command
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        self.hand_over(&path);
    }
}

impl Drop for Dovecot {
    /// At once: the master process would give the others a second to end by themselves.
    fn drop(&mut self) {
        self.kill();
    }
}

impl Ports {
    /// Ports that nobody has at this moment.
    fn free() -> Ports {
        let listeners = [(); 5].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let [imap, imaps, pop3, pop3s, lmtp] = listeners.each_ref().map(|l| l.local_addr().unwrap().port());
        Ports { imap, imaps, pop3, pop3s, lmtp }
    }
}

impl User {
    /// This process's user, whom `folder` belongs to; `nobody` in place of root.
    fn find(folder: &Path) -> User {
        let metadata = fs::metadata(folder).unwrap();
        let from_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        if from_root {
            // Others must be able to reach what is theirs inside
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let ask = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().unwrap();
            assert!(output.status.success(), "id {arguments:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        if from_root {
            User {
                uid: ask(&["-u", "nobody"]).parse().unwrap(),
                gid: ask(&["-g", "nobody"]).parse().unwrap(),
                name: "nobody".to_owned(),
                group: ask(&["-gn", "nobody"]),
                from_root,
            }
        } else {
            let (name, group) = (ask(&["-un"]), ask(&["-gn"]));
            User { uid: metadata.uid(), gid: ask(&["-g"]).parse().unwrap(), name, group, from_root }
        }
    }
}

/// Whether an IMAP server greets at this port.
fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut start = [0; 4];
    let greeted = match stream.read_exact(&mut start) {
        Ok(()) => start == *b"* OK",
        Err(e) if e.kind() == ErrorKind::WouldBlock => panic!("no greeting at port {port}"),
        Err(_) => false,
    };
    let _ = stream.write_all(b"x LOGOUT\r\n");
    greeted
}

/// An authority of its own, and a certificate for `localhost` and `127.0.0.1`.
fn own_certificate(folder: &Path) -> Certificate {
    let authority = Authority::new("Upstream CA").unwrap();
    let issued = authority.issue(&["localhost", "127.0.0.1"]).unwrap();
    let keep = |name: &str, pem: &str| {
        let file = folder.join(name);
        fs::write(&file, pem).unwrap();
        file
    };
    Certificate {
        certificate: keep("server.pem", &issued.chain_pem),
        key: keep("server.key", &issued.key_pem),
        ca: keep("ca.pem", &authority.pem),
    }
}
