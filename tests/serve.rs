//! `delega serve` as a process: signals, systemd, the end of file descriptors. No mail server is needed for these.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server with one plain listener. Ends with this value.
struct Server {
    child: Child,
    log: mpsc::Receiver<String>,
    port: u16,
    _folder: TempDir,
}

impl Server {
    /// Starts one, after `prelude` of a shell.
    fn start(prelude: &str, environment: &[(&str, &str)]) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let text = "[store]\nurl = \"sqlite:delega.db\"\nkey_file = \"delega.key\"\n\n\
                    [[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:0\"\ntls = \"none\"\n\n\
                    [upstream.provider]\nimap = \"imap+insecure://127.0.0.1:9\"\n\n\
                    [limits]\nshutdown_grace_secs = 1\n\n[log]\nformat = \"json\"\n";
        fs::write(folder.path().join("delega.toml"), text).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", &format!("{prelude} exec \"$0\" serve")])
            .arg(cargo_bin!("delega"))
            .envs(environment.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, log) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut server = Server { child, log, port: 0, _folder: folder };
        let listening = server.logged("\"listening\"");
        let address = listening.split("127.0.0.1:").nth(1).unwrap();
        server.port = address.split('"').next().unwrap().parse().unwrap();
        server
    }

    /// Waits for a line of the log.
    fn logged(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.log.recv_timeout(left).unwrap_or_else(|_| panic!("{text} is not in the log"));
            if line.contains(text) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server is still running");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A connection that has been greeted.
    fn connect(&self) -> BufReader<TcpStream> {
        let client = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = BufReader::new(client);
        assert!(line(&mut client).starts_with("* OK [CAPABILITY IMAP4rev1"));
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(client: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    line
}

#[test]
fn sigterm_says_bye_and_exits_with_0() {
    let mut server = Server::start("", &[]);
    let mut client = server.connect();
    server.signal("HUP");
    server.signal("TERM");
    assert!(line(&mut client).starts_with("* BYE [UNAVAILABLE]"));
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    drop(client);
    assert_eq!(server.ended().code(), Some(0));
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
}

#[test]
fn strangers_cannot_fill_the_log_by_id() {
    let server = Server::start("", &[]);
    let mut client = server.connect();
    for _ in 0..3 {
        client.get_mut().write_all(b"a ID (\"name\" \"stranger\")\r\n").unwrap();
        assert!(line(&mut client).starts_with("* ID"));
        assert!(line(&mut client).starts_with("a OK"));
    }
    server.signal("TERM");
    let stopped = |line: &String| line.contains("\"stopped\"");
    let log: Vec<String> = server.log.iter().take_while(|line| !stopped(line)).collect();
    assert!(!log.iter().any(|line| line.contains("stranger")), "{log:#?}");
}

#[test]
fn systemd_is_told_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let hear = || {
        let mut heard = [0; 64];
        let length = socket.recv(&mut heard).unwrap();
        String::from_utf8(heard[..length].to_vec()).unwrap()
    };
    let mut server = Server::start("", &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    assert_eq!(hear(), "READY=1\n");
    server.signal("INT");
    assert_eq!(hear(), "STOPPING=1\n");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn the_server_outlives_the_want_of_file_descriptors() {
    let server = Server::start("ulimit -n 40;", &[]);
    let mut hoard = Vec::new();
    // The system completes more connections than the server has descriptors for.
    for _ in 0..60 {
        hoard.push(TcpStream::connect(("127.0.0.1", server.port)).unwrap());
    }
    let error = server.logged("cannot be accepted");
    assert!(error.contains("ERROR"), "{error}");
    let before = cpu_ticks(&server);
    // To measure, not to wait: accepting is tried again and again meanwhile, with pauses in between.
    std::thread::sleep(Duration::from_millis(500));
    let spent = cpu_ticks(&server) - before;
    assert!(spent < 20, "{spent} ticks of 50 were spent on trying");
    hoard.clear();
    let mut client = server.connect();
    client.get_mut().write_all(b"a NOOP\r\n").unwrap();
    assert_eq!(line(&mut client), "a OK Done\r\n");
}

/// The processor time of the server, in hundredths of a second.
fn cpu_ticks(server: &Server) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.child.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
