//! What a large message costs on its way down: it streams by, and whoever does not read stops the server from being read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::memory::{MIB, growth, wait_until_at_rest};
use crate::office::{large, wait_until};
use crate::upstream::Upstream;

const MESSAGE_BYTES: usize = 50 * 1024 * 1024;
const GROWTH: u64 = 8 * MIB;

/// An office with a message of 50 MB and one of 1 MB, which is retrieved so often that everything is allocated that is
/// allocated once: each of the runtime's threads has buffers of its own.
fn office_with_large_message() -> Office {
    let office = office(&[READER, WRITER]);
    for (n, bytes) in [(8, MESSAGE_BYTES), (9, 1024 * 1024)] {
        deliver(&office.dovecot, ADDRESS, &format!("{n}.M{n}.pec"), &large(bytes));
        office.dovecot.settle(ADDRESS);
    }
    let mut clients = ["anna", "bruno"].map(|username| Pop3Client::delegate(&office.delega, username, ADDRESS));
    for _ in 0..8 {
        for client in &mut clients {
            client.send("RETR 9\r\n");
        }
        for client in &mut clients {
            client.drain(|| {});
        }
    }
    for mut client in clients {
        client.ok("QUIT");
    }
    wait_until_at_rest(&office.delega);
    office
}

#[test]
fn a_message_of_50_mb_is_retrieved_in_a_growth_of_8() {
    let office = office_with_large_message();
    // A reader's goes by TOP
    for username in ["anna", "bruno"] {
        let mut client = Pop3Client::delegate(&office.delega, username, ADDRESS);
        client.lines("RETR 1");
        wait_until_at_rest(&office.delega);
        let begun = Instant::now();
        let grown = growth(&office.delega, || {
            client.ok("RETR 8");
            assert!(client.drain(|| {}) > MESSAGE_BYTES);
        });
        println!("a RETR of 50 MB by {username}: {} KiB more at the peak, {:?}", grown / 1024, begun.elapsed());
        assert!(grown < GROWTH, "{grown} bytes");
        client.ok("QUIT");
    }
    // Always behind what has come: delega's socket never runs empty
    let mut client = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    client.lines("RETR 1");
    wait_until_at_rest(&office.delega);
    let grown = growth(&office.delega, || {
        client.ok("RETR 8");
        let mut pieces = 0;
        client.drain(|| {
            pieces += 1;
            if pieces % 16 == 0 {
                std::thread::sleep(Duration::from_millis(3));
            }
        });
    });
    println!("a slow RETR of 50 MB: {} KiB more at the peak", grown / 1024);
    assert!(grown < GROWTH, "{grown} bytes");
}

/// What the gateway answers itself waits for nobody upstream.
#[test]
fn a_client_that_asks_and_does_not_read_is_no_longer_read() {
    let office = office(&[WRITER]);
    let mut client = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    client.lines("CAPA");
    wait_until_at_rest(&office.delega);
    let mut sent = 0;
    let grown = growth(&office.delega, || {
        let commands = "CAPA\r\n".repeat(10_000);
        while client.sends_within(&commands, Duration::from_secs(1)) {
            sent += commands.len() as u64;
        }
    });
    println!("a client that only asks: {} KiB taken, {} KiB more at the peak", sent / 1024, grown / 1024);
    // The answers are ten times as long
    assert!(sent < 16 * MIB && grown < GROWTH, "{sent} and {grown} bytes");
}

/// A server that lets everybody in, and sends one message for ever; how much of it was taken.
fn endless() -> (Upstream, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let counter = taken.clone();
    let upstream = Upstream::start(move |mut conversation| {
        conversation.send("+OK pronto\r\n");
        while let Some(line) = conversation.line() {
            if line == "CAPA" {
                conversation.send("+OK\r\nTOP\r\nUIDL\r\nSASL PLAIN\r\n.\r\n");
            } else if line == "AUTH PLAIN" {
                conversation.send("+ \r\n");
                conversation.line();
                conversation.send("+OK\r\n");
            } else if line.starts_with("TOP") {
                conversation.send("+OK\r\n");
                let lines = format!("{}\r\n", "x".repeat(62)).repeat(1024);
                while conversation.send(&lines) {
                    counter.fetch_add(lines.len() as u64, Ordering::Relaxed);
                }
            } else {
                conversation.send("+OK\r\n");
            }
        }
    });
    (upstream, taken)
}

#[test]
fn a_client_that_does_not_read_stops_the_server_from_being_read() {
    let (upstream, taken) = endless();
    let delega = upstream.delega_with(|options| {
        options.pop3 = Some(format!("pop3+insecure://127.0.0.1:{}", upstream.port()));
    });
    delega.add_delegate_by(ADDRESS, "paola", "read,client", "pop3");
    let mut stuck = Pop3Client::delegate(&delega, "paola", ADDRESS);
    let mut other = Pop3Client::delegate(&delega, "paola", ADDRESS);
    other.ok("NOOP");
    wait_until_at_rest(&delega);
    let grown = growth(&delega, || {
        stuck.send("RETR 1\r\n");
        wait_until(Duration::from_secs(10), "the upstream is no longer read", || {
            let before = taken.load(Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(300));
            before > 0 && taken.load(Ordering::Relaxed) == before
        });
        other.ok("NOOP");
    });
    let taken = taken.load(Ordering::Relaxed);
    println!("a client that does not read: {} KiB taken upstream, {} KiB more at the peak", taken / 1024, grown / 1024);
    assert!(taken < 32 * MIB && grown < GROWTH, "{taken} and {grown} bytes");
}
