//! Child processes that never outlive the process that started them, not even when that is killed with SIGKILL: a
//! small shell waits at the other end of a pipe, which the kernel closes with its owner.

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Waits for the pipe to close; then SIGTERM, five seconds of grace, SIGKILL to the whole process group, and the folder
/// is removed. SIGINT is ignored, since Ctrl-C on the terminal is for its owner to act upon.
const WATCHER: &str = r#"
trap '' INT HUP TERM
read -r _
kill -TERM "$1" 2>/dev/null
n=0
while [ $n -lt 100 ] && kill -0 "$1" 2>/dev/null; do
    sleep 0.05
    n=$((n + 1))
done
kill -KILL -- "-$1" 2>/dev/null
[ -z "$2" ] || rm -rf -- "$2" 2>/dev/null || { sleep 0.3; rm -rf -- "$2"; }
"#;

/// A process in a process group of its own, ended when this is dropped or when this process ends in whatever way.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    watcher: Option<Child>,
}

/// Starts `command`. `folder`, where given, is removed once it has ended by [`end`](Guarded::end) or by itself.
pub fn spawn(command: &mut Command, folder: Option<&Path>) -> Guarded {
    let child = command.process_group(0).spawn().unwrap_or_else(|e| panic!("{}: {e}", command.get_program().display()));
    let watcher = Command::new("sh")
        .args(["-c", WATCHER, "watcher", &child.id().to_string()])
        .arg(folder.unwrap_or(Path::new("")))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("sh");
    Guarded { child, watcher: Some(watcher) }
}

impl Guarded {
    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process itself, for its standard streams.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How the process ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends a signal such as `TERM` to the process, or to its group.
    pub fn signal(&self, name: &str, group: bool) {
        let target = if group { format!("-{}", self.child.id()) } else { self.child.id().to_string() };
        let status = Command::new("sh").args(["-c", r#"kill -s "$1" -- "$2""#, "kill", name, &target]).status();
        assert!(status.unwrap().success(), "kill -s {name} -- {target}");
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self, at_most: Duration) -> ExitStatus {
        let deadline = Instant::now() + at_most;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < deadline, "process {} is still running after {at_most:?}", self.child.id());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the process with SIGTERM, with SIGKILL if it does not listen.
    pub fn end(&mut self) {
        let Some(mut watcher) = self.watcher.take() else { return };
        drop(watcher.stdin.take());
        let _ = self.child.wait();
        let _ = watcher.wait();
    }

    /// Lets go of a process that has ended, and leaves its folder as it is.
    pub fn release(mut self) {
        assert!(self.ended().is_some(), "process {} is still running", self.child.id());
        if let Some(mut watcher) = self.watcher.take() {
            let _ = watcher.kill();
            let _ = watcher.wait();
        }
    }

    /// Ends the process and its whole group at once, as a crash would. When it returns, none of them is left.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            self.signal("KILL", true);
            let _ = self.child.wait();
            while lives(self.child.id()) {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

/// Whether a process of this group lives (proc(5): `pid (name) state ppid group …`).
fn lives(group: u32) -> bool {
    let group = group.to_string();
    fs::read_dir("/proc").unwrap().flatten().any(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let mut fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
        let (state, of_group) = (fields.next(), fields.nth(1));
        of_group == Some(&group) && !matches!(state, Some("Z" | "X"))
    })
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.end();
    }
}
