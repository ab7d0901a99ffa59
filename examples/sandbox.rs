//! `make run`: Debian's Dovecot with a sample mailbox, Debian's Postfix beside it, delega with its panel in front of them,
//! six delegates of different permissions, a postmaster, and an invitation that waits for an answer. `make webmail`
//! (`--webmail`): Roundcube in front of that. Everything is on this machine alone, in temporary folders that go away with
//! it; the certificates in `certs/` stay, so that browser and mail program have to be told to trust them only once.

#![allow(clippy::print_stdout, reason = "it tells the person at the terminal what to try")]

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

#[path = "../tests/support/mod.rs"]
mod support;
#[path = "sandbox/welcome.rs"]
mod welcome;

use support::certs;
use support::dovecot::Dovecot;
use support::guard::{self, Guarded};
use support::mail;
use support::postfix::Postfix;
use support::roundcube::{Listeners, Roundcube};
use support::sample::{self, ADDRESS, Size};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const MAILBOX_PASSWORD: &str = "casella-di-prova";

/// Where the sample people get their mail, and whom delega's mails are from; all in the same Dovecot.
const OWNER_EMAIL: &str = "titolare@pec.example.it";
const INVITEE_EMAIL: &str = "dario@pec.example.it";
/// For whomever is invited next.
const SPARE_EMAIL: &str = "fabio@pec.example.it";
const POSTMASTER_EMAIL: &str = "postmaster@pec.example.it";
const SENDER_EMAIL: &str = "noreply@pec.example.it";
const PRIVATE_PASSWORD: &str = "posta-di-prova";
const POSTMASTER_PASSWORD: &str = "prova-del-postmaster";
const DOMAIN: &str = "pec.example.it";
/// The owner's, by which a delegate asks for a new password.
const FISCAL_CODE: &str = "RSSMRA85T10A562S";

struct Delegate {
    username: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    password: &'static str,
    permissions: &'static str,
    may: &'static str,
}

const DELEGATES: [Delegate; 6] = [
    Delegate {
        username: "lettura",
        first_name: "Livia",
        last_name: "Lettura",
        password: "prova-lettura",
        permissions: "read",
        may: "read, by webmail alone",
    },
    Delegate {
        username: "contabilita",
        first_name: "Clia",
        last_name: "Conti",
        password: "prova-contabilita",
        permissions: "read,write,send",
        may: "read, write, send, by webmail alone",
    },
    Delegate {
        username: "anna",
        first_name: "Anna",
        last_name: "Bianchi",
        password: "prova-di-anna",
        permissions: "read,client",
        may: "read",
    },
    Delegate {
        username: "bruno",
        first_name: "Bruno",
        last_name: "Verdi",
        password: "prova-di-bruno",
        permissions: "read,write,client",
        may: "read, write",
    },
    Delegate {
        username: "carla",
        first_name: "Carla",
        last_name: "Neri",
        password: "prova-di-carla",
        permissions: "read,write,send,client",
        may: "read, write, send",
    },
    Delegate {
        username: "elena",
        first_name: "Elena",
        last_name: "Gialli",
        password: "prova-di-elena",
        permissions: "read,write,send,settings",
        may: "read, write, send, manage delegates; by webmail alone",
    },
];

/// Where delega listens, by protocol and kind.
struct Ports {
    client: u16,
    client_starttls: u16,
    webmail: u16,
    submission: u16,
    submission_starttls: u16,
    submission_webmail: u16,
    pop3: u16,
    pop3_stls: u16,
    panel: u16,
    /// Where Roundcube is wanted.
    roundcube: Option<u16>,
}

impl Ports {
    fn find(roundcube: bool) -> Result<Ports> {
        Ok(Ports {
            client: port(1993)?,
            client_starttls: port(1143)?,
            webmail: port(2993)?,
            submission: port(1465)?,
            submission_starttls: port(1587)?,
            submission_webmail: port(2465)?,
            pop3: port(1995)?,
            pop3_stls: port(1110)?,
            panel: port(8443)?,
            roundcube: if roundcube { Some(port(8080)?) } else { None },
        })
    }

    /// Port, protocol, how TLS begins, kind; those for sending where there is a server that sends.
    fn listeners(&self, sends: bool) -> Vec<(u16, &'static str, &'static str, &'static str)> {
        let all = vec![
            (self.client, "imap", "implicit", "client"),
            (self.client_starttls, "imap", "starttls", "client"),
            (self.webmail, "imap", "implicit", "webmail"),
            (self.submission, "submission", "implicit", "client"),
            (self.submission_starttls, "submission", "starttls", "client"),
            (self.submission_webmail, "submission", "implicit", "webmail"),
            (self.pop3, "pop3", "implicit", "client"),
            (self.pop3_stls, "pop3", "starttls", "client"),
        ];
        all.into_iter().filter(|(_, protocol, ..)| sends || *protocol != "submission").collect()
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // First of all, so that Ctrl-C is not the end of this program before it has cleaned up
    let signals = runtime.block_on(async { Signals::listen() })?;

    let program = program()?;
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs");
    certs::ensure(&certs, &certs::NAMES, false)?;
    println!("Starting Dovecot and Postfix, and writing the sample mailbox …");
    let dovecot = Dovecot::start();
    sample::add(&dovecot, ADDRESS, MAILBOX_PASSWORD, Size::Whole);
    for address in [OWNER_EMAIL, INVITEE_EMAIL, SPARE_EMAIL, POSTMASTER_EMAIL, SENDER_EMAIL] {
        dovecot.add_mailbox(address, PRIVATE_PASSWORD);
    }
    let postfix = Postfix::may_start().then(|| Postfix::before(&dovecot));
    if postfix.is_none() {
        println!("Postfix is left out: it can be started by root alone.");
    }

    let ports = Ports::find(std::env::args().any(|argument| argument == "--webmail"))?;
    let folder = tempfile::Builder::new().prefix("delega-").tempdir()?;
    let configuration = folder.path().join("delega.toml");
    fs::write(folder.path().join("relay-password"), PRIVATE_PASSWORD)?;
    fs::set_permissions(folder.path().join("relay-password"), fs::Permissions::from_mode(0o600))?;
    fs::write(&configuration, configuration_text(&certs, &dovecot, postfix.as_ref(), &ports))?;
    let delega = Delega { program, configuration };
    delega.add_accounts()?;

    // From here on the folder goes away with the server
    let mut server = delega.serve(&folder.keep());
    let sends = postfix.is_some();
    wait_until_listening(&mut server, &ports, sends)?;
    let ca = certs.join("ca.pem");
    let listeners = Listeners { imap_port: ports.webmail, submission_port: ports.submission_webmail, ca: &ca };
    let roundcube = match ports.roundcube {
        Some(port) => Some(Roundcube::at(port, listeners).ok_or("somebody else has Roundcube's port")?),
        None => None,
    };
    let invitation = if sends { Some(delega.invite(&dovecot)?) } else { None };
    welcome::print(&certs, &ports, &dovecot, roundcube.as_ref(), invitation.as_deref());
    runtime.block_on(wait_for_the_end(&mut server, signals))
}

/// The `delega` that was built together with this example.
fn program() -> Result<PathBuf> {
    let myself = std::env::current_exe()?;
    let built = myself.ancestors().nth(2).ok_or("this program lies nowhere")?.join("delega");
    if built.exists() { Ok(built) } else { Err(format!("{} is missing: cargo build", built.display()).into()) }
}

/// The port that is wanted, or another that nobody has.
fn port(wanted: u16) -> Result<u16> {
    if TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).is_ok() {
        return Ok(wanted);
    }
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    println!("Port {wanted} is taken; {other} is used in its place.");
    Ok(other)
}

fn configuration_text(certs: &Path, dovecot: &Dovecot, postfix: Option<&Postfix>, ports: &Ports) -> String {
    let listen = |(port, protocol, tls, kind): (u16, &str, &str, &str)| {
        // Mail programs set themselves up to read and to send, or not at all
        let told = postfix.is_some() && (tls, kind) == ("implicit", "client");
        let public = if told { format!("public = \"localhost:{port}\"\n") } else { String::new() };
        format!(
            "\n[[listen]]\nprotocol = \"{protocol}\"\naddress = \"127.0.0.1:{port}\"\ntls = \"{tls}\"\n\
             kind = \"{kind}\"\n{public}"
        )
    };
    let mut upstream = format!(
        "imap = \"imaps://localhost:{}\"\npop3 = \"pop3s://localhost:{}\"\n",
        dovecot.imaps_port(),
        dovecot.pop3s_port()
    );
    if let Some(postfix) = postfix {
        let port = postfix.submissions_port();
        upstream += &format!("submission = \"smtps://localhost:{port}\"\ncopy_to_sent = true\n");
    }
    let mut people = format!(
        "\n[panel]\naddress = \"127.0.0.1:{panel}\"\npublic_url = \"https://localhost:{panel}\"\n",
        panel = ports.panel
    );
    if let Some(roundcube) = ports.roundcube {
        people += &format!("webmail_url = \"http://localhost:{roundcube}/\"\nwebmail_sign_on = true\n");
    }
    if let Some(postfix) = postfix {
        people += &format!(
            "\n[notify]\nrelay = \"smtps://localhost:{}\"\nfrom = \"delega <{SENDER_EMAIL}>\"\n\
             user = \"{SENDER_EMAIL}\"\npassword_file = \"relay-password\"\nca_file = {:?}\n",
            postfix.submissions_port(),
            postfix.ca_file()
        );
    }
    format!(
        "[store]\nurl = \"sqlite:delega.db\"\nkey_file = \"delega.key\"\n\n\
         [tls]\ncertificate = {:?}\nkey = {:?}\n{}\n\
         [upstream.dovecot]\n{upstream}ca_file = {:?}\n\n\
         [permissions]\nclient = \"apart\"\n\n[limits]\nshutdown_grace_secs = 2\n{people}",
        certs.join("delega.pem"),
        certs.join("delega.key"),
        ports.listeners(postfix.is_some()).into_iter().map(listen).collect::<String>(),
        dovecot.ca_file(),
    )
}

/// The program under its configuration.
struct Delega {
    program: PathBuf,
    configuration: PathBuf,
}

impl Delega {
    /// What an operator would type.
    fn add_accounts(&self) -> Result<()> {
        let owner =
            ["--owner-name", "Ufficio di prova", "--owner-email", OWNER_EMAIL, "--owner-fiscal-code", FISCAL_CODE];
        let mailbox = ["mailbox", "add", ADDRESS, "--upstream", "dovecot", "--password-file", "-"];
        // Three seats and ten more, some of them free
        let plan = ["--plan", "Premium", "--packs", "2"];
        self.command(&[&mailbox[..], &plan, &owner].concat(), MAILBOX_PASSWORD)?;
        for Delegate { username, first_name, last_name, password, permissions, .. } in DELEGATES {
            let email = format!("{username}@example.it");
            let person = ["--first-name", first_name, "--last-name", last_name, "--email", &email];
            let delegate = ["delegate", "add", ADDRESS, username, "--permissions", permissions];
            let protocols = ["--protocol", "imap,pop3"];
            self.command(&[&delegate[..], &protocols, &person].concat(), password)?;
        }
        self.command(&["postmaster", "add", DOMAIN, POSTMASTER_EMAIL, "--name", "Postmaster di prova"], "")?;
        let password = ["postmaster", "set-password", DOMAIN, POSTMASTER_EMAIL, "--password-file", "-"];
        self.command(&password, POSTMASTER_PASSWORD)
    }

    /// Invites somebody, and reads the link in the mail that they get.
    fn invite(&self, dovecot: &Dovecot) -> Result<String> {
        let person = ["--first-name", "Dario", "--last-name", "Blu", "--email", INVITEE_EMAIL];
        let what = ["--permissions", "complete", "--language", "it", "--message", "Ciao Dario,\nci dai una mano?"];
        self.command(&[&["delegate", "invite", ADDRESS, "dario"][..], &person, &what].concat(), "")?;
        let inbox = dovecot.maildir(INVITEE_EMAIL);
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            for mail in mail::stored(&inbox, "INBOX") {
                let text = mail_parser::MessageParser::default().parse(&mail);
                let text = text.and_then(|mail| mail.body_text(0).map(|text| text.into_owned())).unwrap_or_default();
                if let Some(link) = text.split_whitespace().find(|word| word.contains("/invitation/")) {
                    return Ok(link.to_owned());
                }
            }
            if Instant::now() > deadline {
                return Err("the invitation does not arrive".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs one subcommand with a password on its standard input.
    fn command(&self, arguments: &[&str], password: &str) -> Result<()> {
        let mut delega = Command::new(&self.program)
            .args(arguments)
            .arg("--config")
            .arg(&self.configuration)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = delega.stdin.take() {
            // One that stops before it reads says why itself
            let _ = writeln!(stdin, "{password}");
        }
        if delega.wait()?.success() {
            Ok(())
        } else {
            Err(format!("delega {} was refused", arguments.join(" ")).into())
        }
    }

    fn serve(&self, folder: &Path) -> Guarded {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--config"]).arg(&self.configuration).stdin(Stdio::null());
        guard::spawn(&mut command, Some(folder))
    }
}

fn wait_until_listening(server: &mut Guarded, ports: &Ports, sends: bool) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(15);
    for (port, ..) in ports.listeners(sends) {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = server.ended() {
                return Err(format!("delega has ended before it listened: {status}").into());
            }
            if Instant::now() > deadline {
                return Err(format!("delega does not listen at port {port}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// What asks this program to end.
struct Signals([Signal; 3]);

impl Signals {
    /// Ctrl-C, SIGTERM, and the terminal's closing.
    fn listen() -> Result<Signals> {
        let [interrupt, terminate, hang_up] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        Ok(Signals([interrupt?, terminate?, hang_up?]))
    }

    async fn one(&mut self) {
        let Signals([interrupt, terminate, hang_up]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

/// Waits for a signal, or for delega's own end. What was started ends as its owner is dropped.
async fn wait_for_the_end(server: &mut Guarded, mut signals: Signals) -> Result<()> {
    let mut look = tokio::time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            () = signals.one() => break,
            _ = look.tick() => {
                if let Some(status) = server.ended() {
                    return Err(format!("delega has ended: {status}").into());
                }
            }
        }
    }
    println!("Stopping …");
    Ok(())
}
