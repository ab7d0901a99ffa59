//! Debian's Roundcube before delega's *webmail* listeners, with the configuration and the plugin of
//! `examples/roundcube/`: from a temporary folder, on a loopback port, served by PHP's own web server.

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::guard::{self, Guarded};

const PATIENCE: Duration = Duration::from_secs(20);

/// Where Debian has it.
const ROUNDCUBE: &str = "/usr/share/roundcube";
/// Its part that the web server shows.
const PUBLIC: &str = "/var/lib/roundcube/public_html/index.php";

/// What it stands in front of. The host is `localhost`, TLS begins with the first byte.
#[derive(Clone, Copy, Debug)]
pub struct Listeners<'a> {
    pub imap_port: u16,
    pub submission_port: u16,
    /// Whom to trust.
    pub ca: &'a Path,
}

/// A running Roundcube. Ends, and its folder goes away, with this value or with the process that holds it.
#[derive(Debug)]
pub struct Roundcube {
    folder: PathBuf,
    port: u16,
    process: Guarded,
}

impl Roundcube {
    /// Starts it at a port that the system gives.
    pub fn before(listeners: Listeners) -> Roundcube {
        // Between the system's giving a port and PHP's taking it, somebody else may take it
        for _ in 0..20 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            if let Some(roundcube) = Roundcube::at(port, listeners) {
                return roundcube;
            }
        }
        panic!("no free port for Roundcube");
    }

    /// Starts it at this port; none if somebody else has that.
    pub fn at(port: u16, listeners: Listeners) -> Option<Roundcube> {
        assert!(Path::new(PUBLIC).exists(), "Roundcube is not installed: .ci/packages webmail does that");
        let folder = tempfile::Builder::new().prefix("delega-roundcube-").tempdir().unwrap().keep();
        lay_out(&folder);
        let mut command = Command::new("php");
        command.args(["-d", "upload_max_filesize=40M", "-d", "post_max_size=48M", "-d", "memory_limit=256M"]);
        command.args(["-S", &format!("127.0.0.1:{port}"), "-t"]).arg(folder.join("public_html"));
        let ssl = |port: u16| format!("ssl://localhost:{port}");
        command.env("DELEGA_IMAP", ssl(listeners.imap_port)).env("DELEGA_SUBMISSION", ssl(listeners.submission_port));
        command.env("DELEGA_CA", listeners.ca).env("ROUNDCUBE_CONFIG_DIR", folder.join("config"));
        command.env("ROUNDCUBE_DATABASE", format!("sqlite:///{}?mode=0600", folder.join("roundcube.db").display()));
        command.env("ROUNDCUBE_KEY", key());
        // A page asks for many things at once
        command.env("PHP_CLI_SERVER_WORKERS", "4").current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(folder.join("requests")).unwrap());
        let process = guard::spawn(&mut command, Some(&folder));
        let mut roundcube = Roundcube { folder, port, process };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if roundcube.process.ended().is_some() {
                assert!(roundcube.log().contains("Address already in use"), "{}", roundcube.log());
                return None;
            }
            assert!(Instant::now() < deadline, "Roundcube does not listen:\n{}", roundcube.log());
            thread::sleep(Duration::from_millis(10));
        }
        Some(roundcube)
    }

    /// Its first page.
    pub fn url(&self) -> String {
        format!("http://localhost:{}/", self.port)
    }

    /// The folder that everything is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The requests so far, and what Roundcube had to say beside.
    pub fn log(&self) -> String {
        let text = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        text("requests") + &self.errors()
    }

    /// The errors that Roundcube has noted.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.folder.join("logs/errors.log")).unwrap_or_default()
    }
}

impl Drop for Roundcube {
    fn drop(&mut self) {
        self.process.kill();
    }
}

/// An installation of its own: what is Debian's by links, what is ours beside.
fn lay_out(folder: &Path) {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/roundcube");
    for name in ["public_html/program", "config", "plugins", "logs", "temp"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let theirs = Path::new(ROUNDCUBE);
    for name in ["index.php", "program", "skins", "SQL"] {
        symlink(theirs.join(name), folder.join(name)).unwrap();
    }
    for name in ["filesystem_attachments", "jqueryui"] {
        symlink(theirs.join("plugins").join(name), folder.join("plugins").join(name)).unwrap();
    }
    for name in ["delega", "delega_sso"] {
        symlink(ours.join(name), folder.join("plugins").join(name)).unwrap();
    }
    symlink(ours.join("config.inc.php"), folder.join("config/config.inc.php")).unwrap();
    for name in ["defaults.inc.php", "mimetypes.php"] {
        symlink(Path::new("/etc/roundcube").join(name), folder.join("config").join(name)).unwrap();
    }
    // This one finds the rest by where it lies itself
    fs::copy(PUBLIC, folder.join("public_html/index.php")).unwrap();
    for name in ["js", "resources"] {
        symlink(theirs.join("program").join(name), folder.join("public_html/program").join(name)).unwrap();
    }
    for name in ["skins", "plugins"] {
        symlink(folder.join(name), folder.join("public_html").join(name)).unwrap();
    }
}

/// 24 characters of chance.
fn key() -> String {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
