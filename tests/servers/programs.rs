//! Real programs that send and that download, each as a function of an [`Account`]: where to go and as whom. The tests
//! here run them directly at the real Postfix and the real Dovecot, as the mailbox's owner; tests of the gateway give
//! them its ports and a delegate's login.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::support::guard;

#[path = "programs/downloading.rs"]
pub mod downloading;
#[path = "programs/sending.rs"]
pub mod sending;

#[path = "programs/direct.rs"]
mod direct;

const PATIENCE: Duration = Duration::from_secs(60);

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// With the first byte.
    Implicit,
    /// By STARTTLS or STLS.
    Starttls,
}

/// What somebody writes into a program's settings. The host is `localhost`.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    pub port: u16,
    pub tls: Tls,
    /// The authority to trust, in PEM.
    pub ca: &'a Path,
    pub login: &'a str,
    pub password: &'a str,
}

/// A new folder that goes away with the value.
pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("delega-client-").tempdir().unwrap()
}

/// A program that is given a home of its own, and nothing of this process's language.
pub fn program(name: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(name);
    command.env("HOME", home).env("LC_ALL", "C.UTF-8").env("PYTHONUTF8", "1").current_dir(home);
    command
}

/// What a program did.
#[derive(Debug)]
pub struct Finished {
    /// The exit status; `None` after a signal.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// Everything that it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Panics with what the program said, unless it ended well.
    #[track_caller]
    pub fn well(self) -> Finished {
        assert_eq!(self.status, Some(0), "{}", self.said());
        self
    }

    /// Panics unless the program ended with this status and said that.
    #[track_caller]
    pub fn failed(self, status: i32, text: &str) -> Finished {
        let said = self.said();
        assert!(
            self.status == Some(status) && said.contains(text),
            "{:?} is not {status}, {text}: {said}",
            self.status
        );
        self
    }
}

/// Runs a program to its end, with nothing to read.
pub fn run(command: &mut Command, at_most: Duration) -> Finished {
    run_with(command, Stdio::null(), at_most)
}

/// Runs a program to its end.
fn run_with(command: &mut Command, input: Stdio, at_most: Duration) -> Finished {
    let folder = folder();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    command.stdin(input).stdout(File::create(at("out")).unwrap()).stderr(File::create(at("err")).unwrap());
    let mut process = guard::spawn(command, None);
    let status = process.wait(at_most).code();
    let text = |name: &str| String::from_utf8_lossy(&fs::read(at(name)).unwrap()).into_owned();
    Finished { status, stdout: text("out"), stderr: text("err") }
}

/// Where a program is; a missing one is told plainly.
pub fn installed(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("{name} is not installed: .ci/packages test does that"))
}

/// Writes a settings file that nobody else may read; programs insist on that.
fn settings(home: &Path, name: &str, text: &str) -> PathBuf {
    let file = home.join(name);
    super::support::certs::write(&file, text, 0o600).unwrap();
    file
}

/// A script beside this file.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/programs").join(name)
}
