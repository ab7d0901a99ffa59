//! The peers: each an ordinary server, started in a temporary folder on loopback, configured as its operator would for
//! this task and otherwise with its own defaults.

mod delega;
mod dovecot;
mod haproxy;
mod nginx;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::client::Target;
use crate::guard::{self, Guarded};
use crate::rows::Row;
use crate::tls::Tls;
use crate::upstream::{Protocol, Upstream};

const PATIENCE: Duration = Duration::from_secs(20);
/// The login of the mailbox's owner, whose password delega does not hash: the upstream judges it.
pub const OWNER: &str = "ufficio@pec.example.it";
/// A delegate's, whose password delega hashes, and Dovecot likewise.
pub const DELEGATE: &str = "anna/ufficio@pec.example.it";
/// Everybody's.
pub const PASSWORD: &str = "parola-di-prova-1";

/// In delega's folder: an app password of the delegate's.
const APP_PASSWORD_FILE: &str = "app-password";

/// Which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None: the load generator speaks with the upstream.
    Direct,
    /// haproxy in TCP mode, TLS on both legs.
    Haproxy,
    /// nginx's mail proxy, without TLS upstream.
    Nginx,
    /// Dovecot as a proxy, TLS on both legs.
    Dovecot,
    /// delega, TLS on both legs.
    Delega(Build),
}

/// One build of delega, of which several may be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Its name in the table.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// What it is started under, such as `perf record -g --`.
    pub under: Vec<String>,
}

/// What peers stand on.
pub struct Ground {
    /// Certificates.
    pub tls: Tls,
    /// What they are in front of.
    pub upstream: Upstream,
    /// Whether haproxy verifies the upstream's certificate, as delega and Dovecot do.
    pub verify: bool,
}

/// What a peer is started for.
struct Place<'a> {
    protocol: Protocol,
    /// Where the scripted upstream speaks it, with TLS.
    upstream: SocketAddr,
    /// Where the peer is to listen.
    address: SocketAddr,
    folder: &'a Path,
}

/// A running peer; it ends with this value.
pub struct Peer {
    pub kind: Kind,
    pub target: Target,
    folder: PathBuf,
    process: Option<Guarded>,
}

impl Kind {
    /// The name in the table.
    pub fn name(&self) -> &str {
        match self {
            Kind::Direct => "direct",
            Kind::Haproxy => "haproxy",
            Kind::Nginx => "nginx",
            Kind::Dovecot => "Dovecot",
            Kind::Delega(build) => &build.name,
        }
    }

    /// By how much its load is less than the others', which it would take too long for.
    pub fn lightened(&self, row: Row) -> usize {
        match self {
            Kind::Dovecot if row == Row::PasswordLogin => 1,
            Kind::Dovecot => 8,
            // It waits 40 ms in each message.
            Kind::Nginx if row == Row::Messages => 8,
            Kind::Direct | Kind::Haproxy | Kind::Nginx | Kind::Delega(_) => 1,
        }
    }

    /// Whether there is such a thing with it: the others check no password themselves.
    pub fn has(&self, row: Row) -> bool {
        match row {
            Row::PasswordLogin => matches!(self, Kind::Dovecot | Kind::Delega(_)),
            Row::AppLogin => matches!(self, Kind::Delega(_)),
            _ => true,
        }
    }

    /// What the program says of itself; none if it is not installed.
    pub fn version(&self) -> Option<String> {
        let (program, argument) = match self {
            Kind::Direct => return Some("the scripted upstream itself".to_owned()),
            Kind::Haproxy => ("haproxy".into(), "-v"),
            Kind::Nginx => ("nginx".into(), "-v"),
            Kind::Dovecot => ("dovecot".into(), "--version"),
            Kind::Delega(build) => (build.program.clone(), "--version"),
        };
        let output = command(&program).arg(argument).output().ok()?;
        // nginx says it on stderr.
        let said = [output.stdout, output.stderr].concat();
        Some(String::from_utf8_lossy(&said).lines().next()?.trim_start_matches("nginx version: ").trim().to_owned())
    }

    /// Starts it, for one protocol.
    pub fn start(&self, ground: &Ground, protocol: Protocol) -> Result<Peer> {
        let upstream = ground.upstream.address(protocol)?;
        let target = |address: SocketAddr| Target {
            address,
            login: OWNER.to_owned(),
            password: PASSWORD.to_owned(),
            tls: ground.tls.client.clone(),
        };
        if *self == Kind::Direct {
            let (target, folder) = (target(upstream), PathBuf::new());
            return Ok(Peer { kind: self.clone(), target, folder, process: None });
        }
        // Between the system's giving a port and the peer's taking it, somebody else may take it.
        for _ in 0..5 {
            let folder = folder(self.name())?;
            let address = free_address()?;
            let place = Place { protocol, upstream, address, folder: &folder };
            let mut command = match self {
                Kind::Direct => unreachable!("it was told above"),
                Kind::Haproxy => haproxy::command(ground, &place)?,
                Kind::Nginx => nginx::command(ground, &place)?,
                Kind::Dovecot => dovecot::command(ground, &place)?,
                Kind::Delega(build) => delega::command(build, ground, &place)?,
            };
            let said = folder.join("said");
            let file = fs::File::create(&said)?;
            command.current_dir(&folder).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
            let mut process = guard::spawn(&mut command, Some(&folder));
            if listens(&mut process, address)? {
                return Ok(Peer { kind: self.clone(), target: target(address), folder, process: Some(process) });
            }
            let said = fs::read_to_string(&said).unwrap_or_default();
            if !said.contains("in use") {
                bail!("{} has ended:\n{said}", self.name());
            }
        }
        bail!("no free port for {}", self.name())
    }
}

impl Peer {
    /// Who logs in, in this row.
    pub fn target_of(&self, row: Row) -> Result<Target> {
        let delegate = |password| Target { login: DELEGATE.to_owned(), password, ..self.target.clone() };
        Ok(match row {
            Row::PasswordLogin => delegate(PASSWORD.to_owned()),
            Row::AppLogin => delegate(fs::read_to_string(self.folder.join(APP_PASSWORD_FILE))?),
            _ => self.target.clone(),
        })
    }

    /// The process whose tree is the peer; none for the upstream itself.
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Guarded::id)
    }

    /// Its name, and the last that it said, for an error.
    pub fn last_words(&self) -> String {
        // Some write their log with a delay.
        thread::sleep(Duration::from_secs(1));
        let said = ["said", "error.log", "dovecot.log"].map(|name| fs::read_to_string(self.folder.join(name)));
        let said = said.into_iter().flatten().collect::<String>();
        let lines: Vec<_> = said.lines().collect();
        let last = lines.get(lines.len().saturating_sub(8)..).unwrap_or_default();
        format!("{}, which said\n{}\n", self.kind.name(), last.join("\n"))
    }
}

/// Waits until the port is open; false if the process has ended.
fn listens(process: &mut Guarded, address: SocketAddr) -> Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        if process.ended().is_some() {
            return Ok(false);
        }
        if Instant::now() > deadline {
            bail!("nobody listens at {address} after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(process.ended().is_none())
}

/// A folder that the peer removes with itself.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix(&format!("delega-bench-{name}-")).tempdir()?.keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Debian has servers in sbin, which is not on everybody's path.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
    command
}

/// Writes one of the peer's files.
fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| path.display().to_string())?;
    Ok(path)
}
