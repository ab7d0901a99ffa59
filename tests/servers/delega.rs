//! The real `delega`, started as an operator would: its own configuration, store and certificates in a temporary
//! folder, listeners on ports that the system gives, and the command line beside it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::support::certs;
use super::support::dovecot::Dovecot;
use super::support::guard::{self, Guarded};
use super::support::postfix::Postfix;

const PATIENCE: Duration = Duration::from_secs(20);

/// What everybody is told who is not let in, whatever is wrong.
pub const NOT_ACCEPTED: &str = "Name or password not accepted. With two-step verification a mail program needs an app password (nome o password non accettati: con la verifica in due passaggi serve una password per app)";

/// The listeners of each protocol, in the order of [`Doors`].
const DOORS: [(&str, &str); 3] = [("implicit", "client"), ("starttls", "client"), ("implicit", "webmail")];

/// Those that it has: there is no webmail by POP3.
fn doors(protocol: &str) -> &'static [(&'static str, &'static str)] {
    if protocol == "pop3" { &DOORS[..2] } else { &DOORS }
}

/// How mail programs know the first listener of each protocol, where they are told.
pub const PUBLIC: [(&str, &str, u16); 3] = [
    ("imap", "imap.pec.example.it", 993),
    ("submission", "smtp.pec.example.it", 465),
    ("pop3", "pop3.pec.example.it", 995),
];
/// Where mail programs ask for it.
pub const ASKED: [&str; 2] = ["autoconfig.pec.example.it", "autodiscover.pec.example.it"];

/// What a delega is to be like.
#[derive(Clone, Debug)]
pub struct Options {
    /// `[upstream.main] imap = …`
    pub imap: String,
    /// The same server's address with STARTTLS, for whoever wants that.
    pub starttls_imap: String,
    /// The submission server, as the configuration writes it; without one there are no doors for sending.
    pub submission: Option<String>,
    /// The POP3 server likewise, for downloading.
    pub pop3: Option<String>,
    /// The certificates trusted upstream.
    pub ca_file: Option<PathBuf>,
    /// Further lines of `[upstream.main]`, and further sections.
    pub upstream: String,
    /// Its lines about connections: without a bound and without any that wait, unless a test is about these.
    pub connections: String,
    /// Whether **client** stands apart (X17), so that a read-only delegate may use a mail program.
    pub client_apart: bool,
    /// Lines of `[limits]`.
    pub limits: String,
    /// Whether the first listener of each protocol expects the PROXY protocol.
    pub proxy_protocol: bool,
    /// Whether mail programs are told of these listeners by the names of [`PUBLIC`], by a panel that they reach if
    /// `upstream` has none.
    pub is_public: bool,
    /// Further files of its folder that nobody else may read: name and content.
    pub files: Vec<(String, String)>,
    /// Whether the process lives on where `RLIMIT_FSIZE` lets no file grow, and is told so, as by a full disk.
    pub bounded_files: bool,
}

/// The ports of one protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doors {
    /// The *client* listener with TLS from the first byte.
    pub implicit: u16,
    /// The *client* listener with STARTTLS or STLS.
    pub starttls: u16,
    /// The *webmail* listener, with TLS from the first byte; 0 where there is none.
    pub webmail: u16,
}

/// A running `delega serve`. Ends, and its folder goes away, with this value or with the process that holds it.
#[derive(Debug)]
pub struct Delega {
    folder: PathBuf,
    process: Guarded,
    protocols: Vec<&'static str>,
    doors: Vec<Doors>,
}

impl Options {
    /// In front of `dovecot`, by TLS from the first byte; refused logins are answered after a second.
    pub fn before(dovecot: &Dovecot) -> Options {
        Options {
            imap: format!("imaps://localhost:{}", dovecot.imaps_port()),
            starttls_imap: format!("imap://localhost:{}", dovecot.imap_port()),
            submission: None,
            pop3: None,
            ca_file: Some(dovecot.ca_file().to_owned()),
            upstream: String::new(),
            connections: "connections_per_mailbox = 0\nwarm_sessions = 0\n".to_owned(),
            client_apart: true,
            limits: "refusal_delay_secs = 1\nshutdown_grace_secs = 5\n".to_owned(),
            proxy_protocol: false,
            is_public: false,
            files: Vec::new(),
            bounded_files: false,
        }
    }

    /// With doors for sending as well. (`postfix` and Dovecot have the same authority.)
    #[must_use]
    pub fn sending(self, postfix: &Postfix) -> Options {
        Options { submission: Some(format!("smtps://localhost:{}", postfix.submissions_port())), ..self }
    }

    /// With doors for downloading as well.
    #[must_use]
    pub fn downloading(self, dovecot: &Dovecot) -> Options {
        Options { pop3: Some(format!("pop3s://localhost:{}", dovecot.pop3s_port())), ..self }
    }

    /// Starts it.
    pub fn start(self) -> Delega {
        let folder = tempfile::Builder::new().prefix("delega-test-").tempdir().unwrap().keep();
        let mut names = certs::NAMES.to_vec();
        if self.is_public {
            names.extend(PUBLIC.iter().map(|(_, host, _)| host).chain(&ASKED));
        }
        certs::ensure(&folder.join("certs"), &names, false).unwrap();
        fs::write(folder.join("delega.toml"), self.text()).unwrap();
        for (name, content) in &self.files {
            fs::write(folder.join(name), content).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let process = serve(&folder, self.bounded_files);
        let mut delega = Delega { folder, process, protocols: self.protocols(), doors: Vec::new() };
        delega.wait_until_listening();
        delega
    }

    /// Those with doors, in the order of the configuration.
    fn protocols(&self) -> Vec<&'static str> {
        let sending = self.submission.is_some().then_some("submission");
        ["imap"].into_iter().chain(sending).chain(self.pop3.is_some().then_some("pop3")).collect()
    }

    fn text(&self) -> String {
        let mut text = "[store]\nurl = \"sqlite:delega.db\"\nkey_file = \"delega.key\"\n\n[tls]\n\
                        certificate = \"certs/delega.pem\"\nkey = \"certs/delega.key\"\n"
            .to_owned();
        for protocol in self.protocols() {
            for (tls, kind) in doors(protocol) {
                let proxy = self.proxy_protocol && (*tls, *kind) == DOORS[0];
                text += &format!(
                    "\n[[listen]]\nprotocol = \"{protocol}\"\naddress = \"127.0.0.1:0\"\ntls = \"{tls}\"\n\
                     kind = \"{kind}\"\nproxy_protocol = {proxy}\n"
                );
                let public = PUBLIC.iter().find(|(named, ..)| *named == protocol && self.is_public);
                if let Some((_, host, port)) = public.filter(|_| (*tls, *kind) == DOORS[0]) {
                    text += &format!("public = \"{host}:{port}\"\n");
                }
            }
        }
        text += &format!("\n[upstream.main]\nimap = \"{}\"\n", self.imap);
        for (protocol, url) in [("submission", &self.submission), ("pop3", &self.pop3)] {
            text += &url.as_ref().map(|url| format!("{protocol} = \"{url}\"\n")).unwrap_or_default();
        }
        if let Some(ca_file) = &self.ca_file {
            text += &format!("ca_file = {ca_file:?}\n");
        }
        text += &self.connections;
        // Last, since these may be whole sections
        text += &self.upstream;
        if self.is_public && !self.upstream.contains("[panel]") {
            text += "\n[panel]\naddress = \"127.0.0.1:0\"\npublic_url = \"https://delega.example.it\"\n";
        }
        let client = if self.client_apart { "apart" } else { "nested" };
        text += &format!("\n[permissions]\nclient = \"{client}\"\n\n[limits]\n{}", self.limits);
        text + "\n[log]\nformat = \"json\"\nfilter = \"debug,rustls=info\"\n"
    }
}

fn serve(folder: &Path, bounded_files: bool) -> Guarded {
    let log = fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let program = env!("CARGO_BIN_EXE_delega");
    let mut command = Command::new(if bounded_files { "sh" } else { program });
    if bounded_files {
        // What is ignored stays so (signal(7))
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", program]);
    }
    command.args(["serve", "--config"]).arg(folder.join("delega.toml")).stdin(Stdio::null()).stderr(log);
    guard::spawn(&mut command, Some(folder))
}

impl Delega {
    /// In front of `dovecot`, with the usual options.
    pub fn before(dovecot: &Dovecot) -> Delega {
        Options::before(dovecot).start()
    }

    /// IMAP's *client* listener with TLS from the first byte.
    pub fn port(&self) -> u16 {
        self.doors("imap").implicit
    }

    /// IMAP's *client* listener with STARTTLS.
    pub fn starttls_port(&self) -> u16 {
        self.doors("imap").starttls
    }

    /// IMAP's *webmail* listener, with TLS from the first byte.
    pub fn webmail_port(&self) -> u16 {
        self.doors("imap").webmail
    }

    /// The doors for sending; there must be an upstream for it.
    pub fn submission(&self) -> Doors {
        self.doors("submission")
    }

    /// The doors for downloading likewise.
    pub fn pop3(&self) -> Doors {
        self.doors("pop3")
    }

    /// The panel's port; there must be one.
    pub fn panel_port(&self) -> u16 {
        let listens = self.wait_logged("the panel listens", 1).remove(0);
        listens["address"].as_str().unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
    }

    fn doors(&self, protocol: &str) -> Doors {
        let at = self.protocols.iter().position(|served| *served == protocol);
        self.doors[at.unwrap_or_else(|| panic!("this delega has no {protocol}"))]
    }

    /// Whom clients have to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("certs/ca.pem")
    }

    /// Everything of this delega's.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its log so far: a JSON object a line.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The log's lines of this message.
    pub fn logged(&self, message: &str) -> Vec<serde_json::Value> {
        let lines = self.log();
        let events = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        events.filter(|event| event["message"] == message).collect()
    }

    /// Waits until the log has `count` lines of this message.
    pub fn wait_logged(&self, message: &str, count: usize) -> Vec<serde_json::Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let events = self.logged(message);
            if events.len() >= count {
                return events;
            }
            assert!(Instant::now() < deadline, "{count} × {message:?} is not in the log:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The number of the server's process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The server's process.
    pub fn process(&mut self) -> &mut Guarded {
        &mut self.process
    }

    /// Kills the server as a crash would, and starts it again on the same store. Its ports are new.
    pub fn crash_and_restart(&mut self) {
        self.process.kill();
        fs::remove_file(self.folder.join("log")).unwrap();
        // The folder belongs to the new process from here on.
        let old = std::mem::replace(&mut self.process, serve(&self.folder, false));
        old.release();
        self.wait_until_listening();
    }

    fn wait_until_listening(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let events = self.logged("listening");
            if events.len() == self.protocols.iter().map(|protocol| doors(protocol).len()).sum::<usize>() {
                let port = |event: &serde_json::Value| -> u16 {
                    event["address"].as_str().unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
                };
                let mut ports = events.iter().map(port);
                let mut next = |there: bool| if there { ports.next().unwrap() } else { 0 };
                let doors = |protocol: &&str| Doors {
                    implicit: next(true),
                    starttls: next(true),
                    webmail: next(doors(protocol).len() == DOORS.len()),
                };
                self.doors = self.protocols.iter().map(doors).collect();
                return;
            }
            assert!(self.process.ended().is_none(), "delega has ended:\n{}", self.log());
            assert!(Instant::now() < deadline, "delega does not listen:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a subcommand, with `input` on its standard input.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_delega"))
            .args(arguments)
            .arg("--config")
            .arg(self.folder.join("delega.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that does not read ends before this is written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs a subcommand that must succeed; tells its standard output.
    pub fn cli(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "delega {}: {stdout}{stderr}", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Adds a mailbox with the password that opens it upstream.
    pub fn add_mailbox(&self, address: &str, password: &str) {
        let owner = ["--owner-name", "Ufficio di prova", "--owner-email", "ufficio@example.it"];
        let mailbox = [
            "mailbox",
            "add",
            address,
            "--upstream",
            "main",
            "--plan",
            "Premium",
            "--packs",
            "30",
            "--password-file",
            "-",
        ];
        self.cli(&[&mailbox[..], &owner].concat(), password);
    }

    /// Adds a delegate; their password is [`password`].
    pub fn add_delegate(&self, address: &str, username: &str, permissions: &str) {
        self.add_delegate_by(address, username, permissions, "imap");
    }

    /// The same, with these protocols for retrieval: `imap`, `pop3` or `imap,pop3`.
    pub fn add_delegate_by(&self, address: &str, username: &str, permissions: &str, protocols: &str) {
        let person = ["--first-name", "Prova", "--last-name", username, "--email", "prova@example.it"];
        let delegate = ["delegate", "add", address, username, "--permissions", permissions, "--password-file", "-"];
        self.cli(&[&delegate[..], &["--protocol", protocols], &person].concat(), &password(username));
    }
}

/// The password of the delegate of that name.
pub fn password(username: &str) -> String {
    format!("prova-di-{username}-1")
}
