//! What concerns the process as a whole: signals, systemd, and the end of file descriptors.
//!
//! Where a test changes its process or needs another environment, it runs this program again for one ignored test,
//! which does nothing when it is run in any other way.

use std::fs::File;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output};

use delega::net::Signals;
use delega::net::shutdown::{notify_ready, notify_stopping};

use super::*;

/// Set in the processes that tests start.
const STARTED_BY_A_TEST: &str = "DELEGA_STARTED_BY_A_TEST";

fn started_by_a_test() -> bool {
    std::env::var_os(STARTED_BY_A_TEST).is_some()
}

/// Runs an ignored test of this file in a process of its own, after `prelude` of a shell.
fn in_another_process(prelude: &str, test: &str, environment: &[(&str, &str)]) -> Output {
    let program = std::env::current_exe().unwrap();
    Command::new("sh")
        .args(["-c", &format!("{prelude} exec \"$0\" --ignored --exact --nocapture process::{test}")])
        .arg(program)
        .env(STARTED_BY_A_TEST, "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn assert_passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn signals_stop_and_reload() {
    assert_passed(&in_another_process("", "signals_are_heard", &[]));
}

#[tokio::test]
#[ignore = "run by signals_stop_and_reload in a process of its own"]
async fn signals_are_heard() {
    if !started_by_a_test() {
        return;
    }
    let send = |signal: &str| {
        let kill = format!("kill -{signal} {}", std::process::id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    };
    let mut signals = Signals::listen().unwrap();
    for _ in 0..2 {
        send("HUP");
        within(signals.reload.requested()).await;
    }
    assert!(!signals.stop.is_cancelled());
    send("TERM");
    within(signals.stop.cancelled()).await;
    assert!(!signals.stop_at_once.is_cancelled());
    send("INT");
    within(signals.stop_at_once.cancelled()).await;
}

#[test]
fn systemd_is_told_where_there_is_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap())];
    assert_passed(&in_another_process("", "both_notifications", &environment));
    for expected in ["READY=1\n", "STOPPING=1\n"] {
        let mut heard = [0; 64];
        let length = socket.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], expected.as_bytes());
    }
    assert_passed(&in_another_process("unset NOTIFY_SOCKET;", "both_notifications", &[]));
}

#[test]
#[ignore = "run by systemd_is_told_where_there_is_one in a process of its own"]
fn both_notifications() {
    if !started_by_a_test() {
        return;
    }
    notify_ready();
    notify_stopping();
}

#[test]
fn a_listener_outlives_the_want_of_file_descriptors() {
    assert_passed(&in_another_process("ulimit -n 64;", "descriptors_run_out", &[]));
}

#[tokio::test]
#[ignore = "run by a_listener_outlives_the_want_of_file_descriptors in a process of its own"]
async fn descriptors_run_out() {
    if !started_by_a_test() {
        return;
    }
    let config = listen_config(ListenTls::None);
    let mut listener = Running::start(Listener::bind(&config, None, Admission::new(9, 9)).unwrap());
    let usage = File::open("/proc/self/stat").unwrap();
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    // One for the client's end; the server's finds none.
    hoard.pop();
    let mut client = TcpStream::connect(listener.address).await.unwrap();
    client.write_all(b"a").await.unwrap();

    // To measure, not to wait: accepting is tried again and again meanwhile, with pauses in between.
    let before = cpu_ticks(&usage);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let spent = cpu_ticks(&usage) - before;
    assert!(spent < 20, "{spent} ticks of 50 were spent on trying");
    assert!(listener.nobody_arrived());

    hoard.clear();
    let mut heard = [0; 1];
    within(listener.arrival().await.stream.read_exact(&mut heard)).await.unwrap();
    assert_eq!(&heard, b"a");
}

/// The processor time of this process, in hundredths of a second.
fn cpu_ticks(stat: &File) -> u64 {
    use std::os::unix::fs::FileExt;
    let mut bytes = [0; 1024];
    let length = stat.read_at(&mut bytes, 0).unwrap();
    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
    let after_name = text.rsplit(')').next().unwrap().split_whitespace().collect::<Vec<_>>();
    after_name[11].parse::<u64>().unwrap() + after_name[12].parse::<u64>().unwrap()
}
