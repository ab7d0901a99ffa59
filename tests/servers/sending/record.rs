//! The record of a send on a real disk: what a crash leaves of it, and what becomes of a message that cannot be recorded
//! (O2).

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use super::*;
use crate::office::wait_until;
use crate::upstream::fault::Act;
use crate::upstream::submission::Submission;
use crate::upstream::{Conversation, Upstream};

/// Somebody else who holds the store, so that nobody can write into it.
struct Holding(Child);

impl Holding {
    fn begin(database: &std::path::Path) -> Holding {
        let script = "import sqlite3, sys\n\
                      store = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                      store.execute('BEGIN IMMEDIATE')\n\
                      print('held', flush=True)\n\
                      sys.stdin.read()";
        let mut python = Command::new("python3");
        python.args(["-c", script]).arg(database).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().unwrap();
        let told = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        assert_eq!(told, "held");
        Holding(child)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A server that takes every message, and does this when it has one and before it says so.
fn upstream(before_reply: impl Fn(&mut Conversation) + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |mut c| {
        c.send("220 posta ESMTP\r\n");
        while let Some(line) = c.line() {
            let sent = match line.split(' ').next().unwrap() {
                "EHLO" => c.send("250-posta\r\n250 AUTH PLAIN\r\n"),
                "AUTH" => c.send("235 2.7.0 dentro\r\n"),
                "DATA" => {
                    c.send("354 avanti\r\n");
                    while c.line().is_some_and(|line| line != ".") {}
                    before_reply(&mut c);
                    c.send("250 2.0.0 Ok: queued as 1\r\n")
                }
                _ => c.send("250 2.0.0 Ok\r\n"),
            };
            if !sent {
                return;
            }
        }
    })
}

#[test]
fn o2_a_crash_while_the_upstream_has_the_message_leaves_unknown() {
    let server = Submission::start(Some((".", Act::Stall)));
    let mut delega = super::faults::delega(server.port(), "");
    let mut smtp = Smtp::delegate(&delega, "carla");
    smtp.begin();
    smtp.send((letter("caduta", "") + ".\r\n").as_bytes());
    wait_until(Duration::from_secs(10), "the message is upstream", || server.messages().len() == 1);
    delega.crash_and_restart();
    assert_eq!(smtp.rest(), "");
    let recorded = sends(&delega);
    assert_eq!(recorded.len(), 1);
    let row = &recorded[0];
    assert_eq!(
        (&row["outcome"], &row["message_id"], &row["login"]),
        (&"unknown".into(), &id("caduta").into(), &login("carla").into())
    );
    assert!(row["reply"].is_null() && row["outcome_at"].is_null(), "{row}");
}

/// The upstream has said 250, the client has not heard it: the store was held meanwhile, so that the outcome was not written.
#[test]
fn o2_a_crash_between_the_upstreams_250_and_the_clients_leaves_unknown() {
    let database = Arc::new(Mutex::new(std::path::PathBuf::new()));
    let (said, heard) = mpsc::channel();
    let there = database.clone();
    let server = upstream(move |_| {
        said.send(Holding::begin(&there.lock().unwrap())).unwrap();
    });
    let mut delega = super::faults::delega(server.port(), "");
    *database.lock().unwrap() = delega.folder().join("delega.db");
    let mut smtp = Smtp::delegate(&delega, "carla");
    smtp.begin();
    smtp.send((letter("taciuta", "") + ".\r\n").as_bytes());
    let holding = heard.recv_timeout(Duration::from_secs(10)).unwrap();
    delega.process().kill();
    assert_eq!(smtp.rest(), "");
    drop(holding);
    delega.crash_and_restart();
    assert_eq!(outcomes(&delega), ["unknown"]);
}

/// A client that has gone when the upstream answers: the record knows all the same.
#[test]
fn o2_the_outcome_is_recorded_though_the_client_be_gone() {
    let (said, heard) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let server = upstream(move |_| {
        said.send(()).unwrap();
        gone.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
    });
    let delega = super::faults::delega(server.port(), "");
    let mut smtp = Smtp::delegate(&delega, "carla");
    smtp.begin();
    smtp.send((letter("andata", "") + ".\r\n").as_bytes());
    heard.recv_timeout(Duration::from_secs(10)).unwrap();
    smtp.vanish();
    assert_eq!(outcomes(&delega), ["unknown"]);
    go.send(()).unwrap();
    wait_until(Duration::from_secs(10), "it is recorded", || outcomes(&delega) == ["accepted"]);
}

/// A client that says with the end of its message that it will say nothing more has sent the message, and hears of it.
#[test]
fn o2_a_client_that_closes_its_side_behind_the_end_is_answered() {
    let office = Office::open();
    let mut ids = Vec::new();
    for notify in [false, true] {
        let mut smtp = Smtp::owner(&office.delega);
        smtp.begin();
        let message = format!("chiusa-{notify}");
        smtp.send((letter(&message, "") + ".\r\n").as_bytes());
        ids.push(id(message));
        smtp.half_close(notify);
        let said = smtp.rest();
        assert!(said.starts_with("250 2.0.0 Ok: queued as ") && said.lines().count() == 1, "{notify}: {said:?}");
    }
    assert_eq!(office.taken(), ids);
    assert_eq!(outcomes(&office.delega), ["accepted", "accepted"]);
}

#[test]
fn o2_what_cannot_be_recorded_is_not_sent() {
    let office = Office::with(|options, _, _| options.bounded_files = true);
    let delega = &office.delega;
    let mail = format!("MAIL FROM:<{ADDRESS}>");
    let mut smtp = Smtp::owner(delega);
    smtp.submit(&mail, letter("prima", "").as_bytes()).is("250");
    // As if the disk were full: no file may grow
    let bound = |limit: &str| {
        let status =
            Command::new("prlimit").args(["--pid", &delega.id().to_string(), &format!("--fsize={limit}:")]).status();
        assert!(status.unwrap().success());
    };
    bound("1");
    smtp.submit(&mail, letter("piena", "").as_bytes()).is("451 4.3.0 The send could not be recorded");
    assert!(smtp.rest().starts_with("421 "), "no other on this connection");
    let mut smtp = Smtp::owner(delega);
    smtp.submit(&mail, letter("piena-2", "").as_bytes()).is("451 4.3.0 ");
    // There is room again
    bound("unlimited");
    let mut smtp = Smtp::owner(delega);
    smtp.submit(&mail, letter("dopo", "").as_bytes()).is("250");
    assert_eq!(office.taken(), [id("prima"), id("dopo")]);
    assert_eq!(outcomes(delega), ["accepted", "accepted"]);
    assert_eq!(office.arrived().len(), 2);
}

/// Somebody else holds the store for longer than delega waits.
#[test]
fn o2_a_store_that_is_held_refuses_and_does_not_hang() {
    let office = Office::open();
    let mail = format!("MAIL FROM:<{ADDRESS}>");
    let mut smtp = Smtp::owner(&office.delega);
    smtp.begin();
    smtp.send(letter("tenuta", "").as_bytes());
    let holding = Holding::begin(&office.delega.folder().join("delega.db"));
    let begun = Instant::now();
    smtp.cmd(".").is("451 4.3.0 The send could not be recorded");
    println!("refused after {:?}", begun.elapsed());
    drop(holding);
    let mut smtp = Smtp::owner(&office.delega);
    smtp.submit(&mail, letter("dopo", "").as_bytes()).is("250");
    assert_eq!(office.taken(), [id("dopo")]);
    assert_eq!(outcomes(&office.delega), ["accepted"]);
}
