//! How long it takes from the connection to the first folder that is open, with the upstream some way off: by itself,
//! and through delega, with a session that waits and without (X4).
//!
//! `cargo bench --bench warm-latency`, with Debian's Dovecot installed. It tells; it asserts nothing.

#![allow(clippy::print_stdout, reason = "it tells the person at the terminal what it found")]
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, reason = "it shares its servers with the tests")]

mod delay;
#[path = "../../tests/servers/delega.rs"]
mod delega;
#[path = "../../tests/servers/imap.rs"]
mod imap;
#[path = "../../tests/servers/office.rs"]
mod office;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use delega::{Delega, Options, password};
use imap::Client;
use office::{ADDRESS, PASSWORD, deliver, wait_until};
use support::dovecot::Dovecot;

const ROUND_TRIP: Duration = Duration::from_millis(20);
const ROUNDS: usize = 30;

/// From the connection to the answer to SELECT.
fn visit(port: u16, ca_file: &Path, login: &str, password: &str) -> Duration {
    let begun = Instant::now();
    let mut client = Client::tls(port, ca_file).unwrap();
    client.login(login, password).ok();
    client.cmd("SELECT INBOX").ok();
    let took = begun.elapsed();
    client.cmd("LOGOUT").ok();
    client.rest();
    took
}

fn delega(dovecot: &Dovecot, port: u16, upstream: &str) -> Delega {
    let mut options = Options::before(dovecot);
    options.imap = format!("imaps://localhost:{port}");
    options.connections = upstream.to_owned();
    let delega = options.start();
    delega.add_mailbox(ADDRESS, PASSWORD);
    delega.add_delegate(ADDRESS, "anna", "read,write,client");
    delega
}

fn logins(dovecot: &Dovecot) -> usize {
    dovecot.log().matches("imap-login: Info: Login: ").count()
}

fn main() {
    let dovecot = Dovecot::start();
    dovecot.add_mailbox(ADDRESS, PASSWORD);
    for n in 1..=3 {
        deliver(&dovecot, ADDRESS, &format!("{n}.M{n}.pec"), format!("Subject: {n}\n\ncorpo {n}\n").as_bytes());
    }
    dovecot.settle(ADDRESS);
    let far = delay::before(dovecot.imaps_port(), ROUND_TRIP).unwrap();
    let (cold, warm) = (delega(&dovecot, far, "warm_sessions = 0\n"), delega(&dovecot, far, ""));
    let login = format!("anna/{ADDRESS}");
    let through = |delega: &Delega| visit(delega.port(), &delega.ca_file(), &login, &password("anna"));

    // Until it finds what waits: delega must have heard of the last change on the command line first.
    let mut used = 0;
    wait_until(Duration::from_secs(30), "a visit without a login at Dovecot", || {
        let before = logins(&dovecot);
        through(&warm);
        used += 1;
        std::thread::sleep(10 * ROUND_TRIP);
        logins(&dovecot) == before
    });
    through(&cold);

    let mut took: [Vec<Duration>; 4] = Default::default();
    let mut further = 0;
    for _ in 0..ROUNDS {
        took[0].push(visit(far, dovecot.ca_file(), ADDRESS, PASSWORD));
        took[1].push(through(&cold));
        let before = logins(&dovecot);
        took[2].push(through(&warm));
        // The session that was just used is still leaving its folder.
        took[3].push(through(&warm));
        further += logins(&dovecot) - before;
    }

    println!("From the connection to the answer to SELECT, in ms; {ROUNDS} rounds, in turn; median [least, most]");
    println!(
        "{} ms of delay before Dovecot, for the TCP handshake too; none between client and delega; TLS 1.3, no",
        ROUND_TRIP.as_millis()
    );
    println!("resumption; LOGIN after the greeting, SELECT after its answer; through delega with its own check of the");
    println!(
        "password (argon2); {further} further logins at Dovecot in {} visits with sessions that wait\n",
        2 * ROUNDS
    );
    let names = ["directly", "through delega, new session", "… one that waits", "… and again at once"];
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let direct = median(&mut took[0]);
    for (name, times) in names.iter().zip(&mut took) {
        let middle = median(times);
        let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
        let (least, most) = (ms(times.first()), ms(times.last()));
        println!("{name:30} {middle:7.1} [{least:.1}, {most:.1}]  ×{:.2} of directly", middle / direct);
    }
}
