//! What a large message costs: it streams by, and an upstream that reads slowly stops the client. Measured on the process
//! itself; the figures are printed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::memory::{MIB, growth};
use crate::upstream::{Conversation, Upstream};

const MESSAGE_BYTES: usize = 100_000_000;
/// By this much the process may grow while such a message passes.
const GROWTH: u64 = 8 * MIB;
/// So much is in the buffers of sockets at most, beside delega's own.
const IN_SOCKETS: u64 = 32 * MIB;

/// A server that takes messages as `takes` does, which reads up to the final dot and tells how many octets came.
fn upstream(takes: impl Fn(&mut Conversation, &AtomicU64) + Send + Sync + 'static) -> (Upstream, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let counter = taken.clone();
    let upstream = Upstream::start(move |mut c| {
        c.send("220 posta ESMTP\r\n");
        while let Some(line) = c.line() {
            let sent = match line.split(' ').next().unwrap() {
                "EHLO" => c.send("250-posta\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"),
                "AUTH" => c.send("235 2.7.0 dentro\r\n"),
                "DATA" => {
                    c.send("354 avanti\r\n");
                    takes(&mut c, &counter);
                    c.send("250 2.0.0 Ok\r\n")
                }
                _ => c.send("250 2.0.0 Ok\r\n"),
            };
            if !sent {
                return;
            }
        }
    });
    (upstream, taken)
}

/// Takes lines up to the final dot.
fn lines(c: &mut Conversation, taken: &AtomicU64) {
    while let Some(line) = c.raw_line().filter(|line| line != ".\r\n") {
        taken.fetch_add(line.len() as u64, Ordering::Relaxed);
    }
}

/// The body of a message in pieces of about 64 KiB, each of whole lines, some of which begin with a dot.
fn piece() -> Vec<u8> {
    let line = [b"0123456789abcdef".repeat(60).as_slice(), b"\r\n..punto\r\n"].concat();
    line.repeat(64 * 1024 / line.len())
}

/// Somebody who has sent two messages of some size: what is allocated once is allocated then, a thread's memory above all.
fn warm(delega: &Delega) -> Smtp {
    let mut smtp = Smtp::owner(delega);
    for n in 0..2 {
        smtp.begin();
        smtp.send(letter(format_args!("prima-{n}"), "").as_bytes());
        (0..50).for_each(|_| smtp.send(&piece()));
        smtp.cmd(".").is("250");
    }
    smtp
}

#[test]
fn a_message_of_100_mb_is_sent_in_a_growth_of_8() {
    let (server, taken) = upstream(lines);
    let delega = super::faults::delega(server.port(), "");
    let mail = format!("MAIL FROM:<{ADDRESS}> SIZE={MESSAGE_BYTES}");
    let mut smtp = warm(&delega);
    let (piece, head) = (piece(), letter("grande", ""));
    let stuffed = piece.len();
    let begun = Instant::now();
    let before = taken.load(Ordering::Relaxed);
    let mut sent = head.len();
    let grown = growth(&delega, || {
        smtp.cmd(&mail).is("250");
        smtp.cmd(&format!("RCPT TO:<{OTHER}>")).is("250");
        smtp.cmd("DATA").is("354");
        smtp.send(head.as_bytes());
        while sent + stuffed <= MESSAGE_BYTES {
            smtp.send(&piece);
            sent += stuffed;
        }
        smtp.cmd(".").is("250");
    });
    println!("a message of 100 MB: {} KiB more at the peak, {:?}", grown / 1024, begun.elapsed());
    assert!(grown < GROWTH, "{grown} bytes");
    assert_eq!(taken.load(Ordering::Relaxed) - before, sent as u64);
    assert_eq!(outcomes(&delega), vec!["accepted"; 3]);
}

/// The operator's bound: a larger one is refused, at once where it says its size, else on its way, and costs no more.
#[test]
fn a_message_over_the_limit_is_refused_and_nothing_of_it_is_sent() {
    let (server, taken) = upstream(lines);
    let delega = super::faults::delega(server.port(), "message_bytes = 10000000\n");
    let mut smtp = warm(&delega);
    let before = taken.load(Ordering::Relaxed);
    smtp.cmd(&format!("MAIL FROM:<{ADDRESS}> SIZE=10000001")).is("552 5.3.4");
    let piece = piece();
    let grown = growth(&delega, || {
        smtp.begin();
        smtp.send(letter("troppo", "").as_bytes());
        for _ in 0..=10_000_000 / piece.len() + 5 {
            smtp.send(&piece);
        }
        smtp.cmd(".").is("552 5.3.4");
    });
    assert!(grown < GROWTH, "{grown} bytes");
    assert!(smtp.rest().starts_with("421 "));
    // Dots are doubled on their way
    assert!(taken.load(Ordering::Relaxed) - before <= 10_100_000);
    assert_eq!(outcomes(&delega), ["accepted", "accepted"]);
}

#[test]
fn an_upstream_that_reads_slowly_stops_the_client() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let messages = AtomicU64::new(0);
    let (server, _) = upstream(move |c, taken| {
        // Of the third it reads nothing until it is told to go on
        if messages.fetch_add(1, Ordering::Relaxed) == 2 {
            gone.lock().unwrap().recv_timeout(Duration::from_secs(30)).unwrap();
        }
        lines(c, taken);
    });
    let delega = super::faults::delega(server.port(), "");
    let mut smtp = warm(&delega);
    smtp.begin();
    smtp.send(letter("lenta", "").as_bytes());
    let sent = Arc::new(AtomicU64::new(0));
    let mut grown = 0;
    std::thread::scope(|scope| {
        let (counter, piece) = (sent.clone(), piece());
        let sending = scope.spawn(move || {
            while counter.load(Ordering::Relaxed) < 80 * MIB {
                smtp.send(&piece);
                counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
            }
            smtp.cmd(".").is("250");
        });
        grown = growth(&delega, || {
            crate::office::wait_until(Duration::from_secs(10), "the client is no longer read", || {
                let before = sent.load(Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(300));
                before > 0 && sent.load(Ordering::Relaxed) == before
            });
        });
        let waiting = sent.load(Ordering::Relaxed);
        println!(
            "a slow upstream: {} KiB taken from the client, {} KiB more at the peak",
            waiting / 1024,
            grown / 1024
        );
        assert!(waiting < IN_SOCKETS, "{waiting} bytes");
        go.send(()).unwrap();
        sending.join().unwrap();
    });
    assert!(grown < GROWTH, "{grown} bytes");
    assert_eq!(outcomes(&delega), vec!["accepted"; 3]);
}
