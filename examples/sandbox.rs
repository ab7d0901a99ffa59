//! `make run`: Debian's Dovecot with a sample mailbox, delega in front of it, and four delegates of different
//! permissions. Everything is on this machine alone, in temporary folders that go away with it; the certificates in
//! `certs/` stay, so that a mail program has to be told to trust them only once.

#![allow(clippy::print_stdout, reason = "it tells the person at the terminal what to try")]

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

#[path = "../tests/support/mod.rs"]
mod support;

use support::certs;
use support::dovecot::Dovecot;
use support::guard::{self, Guarded};
use support::sample::{self, ADDRESS, Size};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const MAILBOX_PASSWORD: &str = "casella-di-prova";

struct Delegate {
    username: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    password: &'static str,
    permissions: &'static str,
    may: &'static str,
}

const DELEGATES: [Delegate; 4] = [
    Delegate {
        username: "lettura",
        first_name: "Livia",
        last_name: "Lettura",
        password: "prova-lettura",
        permissions: "read",
        may: "read, at the webmail port only",
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
];

/// Where delega listens.
struct Ports {
    client: u16,
    client_starttls: u16,
    webmail: u16,
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
    println!("Starting Dovecot and writing the sample mailbox …");
    let dovecot = Dovecot::start();
    sample::add(&dovecot, ADDRESS, MAILBOX_PASSWORD, Size::Whole);

    let ports = Ports { client: port(1993)?, client_starttls: port(1143)?, webmail: port(2993)? };
    let folder = tempfile::Builder::new().prefix("delega-").tempdir()?;
    let configuration = folder.path().join("delega.toml");
    fs::write(&configuration, configuration_text(&certs, &dovecot, &ports))?;
    let delega = Delega { program, configuration };
    delega.add_accounts()?;

    // From here on the folder goes away with the server
    let mut server = delega.serve(&folder.keep());
    wait_until_listening(&mut server, &ports)?;
    print_welcome(&certs, &ports);
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

fn configuration_text(certs: &Path, dovecot: &Dovecot, ports: &Ports) -> String {
    let listen = |port: u16, tls: &str, kind: &str| {
        format!(
            "\n[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:{port}\"\ntls = \"{tls}\"\nkind = \"{kind}\"\n"
        )
    };
    format!(
        "[store]\nurl = \"sqlite:delega.db\"\nkey_file = \"delega.key\"\n\n\
         [tls]\ncertificate = {:?}\nkey = {:?}\n{}{}{}\n\
         [upstream.dovecot]\nimap = \"imaps://localhost:{}\"\nca_file = {:?}\n\n\
         [permissions]\nclient = \"apart\"\n\n[limits]\nshutdown_grace_secs = 2\n",
        certs.join("delega.pem"),
        certs.join("delega.key"),
        listen(ports.client, "implicit", "client"),
        listen(ports.client_starttls, "starttls", "client"),
        listen(ports.webmail, "implicit", "webmail"),
        dovecot.imaps_port(),
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
        let owner = ["--owner-name", "Ufficio di prova", "--owner-email", "ufficio@example.it"];
        let mailbox = ["mailbox", "add", ADDRESS, "--upstream", "dovecot", "--plan", "Premium", "--password-file", "-"];
        self.command(&[&mailbox[..], &owner].concat(), MAILBOX_PASSWORD)?;
        for Delegate { username, first_name, last_name, password, permissions, .. } in DELEGATES {
            let email = format!("{username}@example.it");
            let person = ["--first-name", first_name, "--last-name", last_name, "--email", &email];
            let delegate = ["delegate", "add", ADDRESS, username, "--permissions", permissions];
            self.command(&[&delegate[..], &person].concat(), password)?;
        }
        Ok(())
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

fn wait_until_listening(server: &mut Guarded, ports: &Ports) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(15);
    for port in [ports.client, ports.client_starttls, ports.webmail] {
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

fn print_welcome(certs: &Path, ports: &Ports) {
    let ca = certs.join("ca.pem");
    let ca = std::env::current_dir().ok().and_then(|here| ca.strip_prefix(here).ok()).unwrap_or(&ca).display();
    let Ports { client, client_starttls, webmail } = ports;
    let [lettura, anna, bruno, _] = &DELEGATES;
    let curl = |delegate: &Delegate| {
        format!("curl --cacert {ca} --user '{}/{ADDRESS}:{}'", delegate.username, delegate.password)
    };
    println!("\ndelega is at work, in front of a Dovecot that has the mailbox {ADDRESS}.\n");
    println!("  {:<34} {:<18} may", "login", "password");
    println!("  {ADDRESS:<34} {MAILBOX_PASSWORD:<18} everything: the owner");
    for Delegate { username, password, may, .. } in &DELEGATES {
        println!("  {:<34} {password:<18} {may}", format!("{username}/{ADDRESS}"));
    }
    println!(
        "\n\
         IMAP is at localhost, port {client} with TLS from the first byte and port {client_starttls} with STARTTLS for\n\
         mail programs, port {webmail} with TLS from the first byte for webmail.\n\
         \n\
         Folders, then the flags of five messages, then a whole message:\n  \
           {anna} imaps://localhost:{client}/\n  \
           {anna} imaps://localhost:{client}/INBOX --request 'UID FETCH 1:5 (FLAGS ENVELOPE)'\n  \
           {anna} 'imaps://localhost:{client}/INBOX;UID=8'\n\
         anna may only read, bruno may write; lettura comes in by webmail alone:\n  \
           {anna} imaps://localhost:{client}/ --request 'CREATE Prova'\n  \
           {bruno} imaps://localhost:{client}/ --request 'CREATE Prova'\n  \
           {lettura} imaps://localhost:{client}/\n  \
           {lettura} imaps://localhost:{webmail}/\n\
         By hand, by STARTTLS:\n  \
           openssl s_client -quiet -crlf -starttls imap -connect localhost:{client_starttls} -CAfile {ca} \\\n      \
             -verify_return_error\n  \
           a LOGIN anna/{ADDRESS} {password}\n\
         Thunderbird: File, New, Email Account, Configure Manually; server localhost, port {client}, SSL/TLS, normal\n\
         password, and one of the logins above as the username (examples/thunderbird.md).\n\
         First import {ca}: Settings, Privacy & Security, Manage Certificates, Authorities, Import.\n\
         \n\
         Ctrl-C ends it all, and nothing of the mailbox is kept.\n",
        anna = curl(anna),
        bruno = curl(bruno),
        lettura = curl(lettura),
        password = anna.password,
    );
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
