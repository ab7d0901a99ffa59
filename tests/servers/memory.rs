//! What a session costs (issue "Memory"): large messages stream by, a client that does not read stops the upstream from
//! being read, an idle session holds no buffers. Measured on the process itself; the figures are printed.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::delega::Delega;
use super::imap::{Client, tls_config};
use super::office::{ADDRESS, Office, PASSWORD, deliver, large, wait_until};
use super::upstream::Upstream;

pub const MIB: u64 = 1024 * 1024;
const MESSAGE_BYTES: usize = 50 * 1024 * 1024;
/// By this much the process may grow while such a message passes.
const GROWTH: u64 = 8 * MIB;

/// A field of `/proc/PID/status`, in bytes.
fn status(delega: &Delega, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", delega.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// Waits until the process has given back what it needed for a moment, such as for the check of a password.
pub fn wait_until_at_rest(delega: &Delega) {
    let mut last = status(delega, "VmRSS");
    wait_until(Duration::from_secs(20), "the process is at rest", || {
        std::thread::sleep(Duration::from_millis(300));
        std::mem::replace(&mut last, status(delega, "VmRSS")) == last
    });
}

/// By how much the process's peak stands above what it has now, once `doing` is done.
pub fn growth(delega: &Delega, doing: impl FnOnce()) -> u64 {
    // proc(5): 5 resets the peak to what is there now
    fs::write(format!("/proc/{}/clear_refs", delega.id()), "5").unwrap();
    let before = status(delega, "VmRSS");
    doing();
    status(delega, "VmHWM").saturating_sub(before)
}

fn office() -> Office {
    let office = Office::open(&[("anna", "read,write,client")]);
    deliver(&office.dovecot, ADDRESS, "4.M4.pec", &large(MESSAGE_BYTES));
    office.dovecot.settle(ADDRESS);
    office
}

/// Reads the answer to a FETCH of one message, and forgets it as it comes; its octets.
fn drain(client: &mut Client, tag: &str) -> usize {
    let head = client.line();
    let octets: usize = head.trim_end().rsplit_once('{').unwrap().1.trim_end_matches('}').parse().unwrap();
    client.skip(octets);
    client.answer(tag).ok();
    octets
}

#[test]
fn a_message_of_50_mb_is_fetched_and_appended_in_a_growth_of_8() {
    let office = office();
    let delega = &office.delega;
    let mut client = office.enter_inbox("anna");
    let append = |client: &mut Client, octets: usize| {
        client.send(format!("a APPEND Archive {{{octets}}}\r\n").as_bytes());
        assert!(client.response().starts_with("+ "));
        let line = [b'x'; 64 * 1024];
        for at in (0..octets).step_by(line.len()) {
            client.send(&line[..line.len().min(octets - at)]);
        }
        client.send(b"\r\n");
        client.answer("a").ok();
    };
    // What is allocated once is allocated here
    client.cmd("CREATE Archive").ok();
    client.cmd("FETCH 1:3 BODY.PEEK[]").ok();
    append(&mut client, 1000);

    let begun = Instant::now();
    let fetched = growth(delega, || {
        let tag = client.begin("FETCH 4 BODY.PEEK[]");
        assert!(drain(&mut client, &tag) > MESSAGE_BYTES);
    });
    println!("a FETCH of 50 MB: {} KiB more at the peak, {:?}", fetched / 1024, begun.elapsed());
    let begun = Instant::now();
    let appended = growth(delega, || append(&mut client, MESSAGE_BYTES));
    println!("an APPEND of 50 MB: {} KiB more at the peak, {:?}", appended / 1024, begun.elapsed());
    assert!(fetched < GROWTH && appended < GROWTH, "{fetched} and {appended} bytes");
}

#[test]
fn a_client_that_reads_slowly_costs_no_more_than_one_that_reads() {
    let office = office();
    let mut client = office.enter_inbox("anna");
    client.cmd("FETCH 1:3 BODY.PEEK[]").ok();
    let grown = growth(&office.delega, || {
        let tag = client.begin("FETCH 4 BODY.PEEK[]");
        let head = client.line();
        let octets: usize = head.trim_end().rsplit_once('{').unwrap().1.trim_end_matches('}').parse().unwrap();
        // Always behind what has come: delega's socket never runs empty
        let mut left = octets;
        while left > 0 {
            let now = left.min(256 * 1024);
            client.skip(now);
            left -= now;
            std::thread::sleep(Duration::from_millis(3));
        }
        client.answer(&tag).ok();
    });
    println!("a slow FETCH of 50 MB: {} KiB more at the peak", grown / 1024);
    assert!(grown < GROWTH, "{grown} bytes");
}

#[test]
fn an_upstream_that_reads_slowly_costs_no_more_than_one_that_reads() {
    const OCTETS: usize = 20 * 1024 * 1024;
    let upstream = Upstream::after_login(|mut c| {
        let Some(tag) = c.obey_until("APPEND") else { return };
        c.send("+ avanti\r\n");
        let mut left = OCTETS + 2;
        while left > 0 {
            left -= c.read(left.min(256 * 1024));
            std::thread::sleep(Duration::from_millis(3));
        }
        c.send(&format!("{tag} OK fatto\r\n"));
        c.wait_for_end();
    });
    let delega = upstream.delega();
    let mut client = Client::delegate(&delega, "anna", ADDRESS);
    client.cmd("NOOP").ok();
    let grown = growth(&delega, || {
        client.send(format!("a APPEND INBOX {{{OCTETS}+}}\r\n").as_bytes());
        for _ in 0..OCTETS / (64 * 1024) {
            client.send(&[b'x'; 64 * 1024]);
        }
        client.send(b"\r\n");
        client.answer("a").ok();
    });
    println!("an APPEND to a slow upstream: {} KiB more at the peak", grown / 1024);
    assert!(grown < GROWTH, "{grown} bytes");
}

#[test]
fn a_client_that_does_not_read_stops_the_upstream_from_being_read() {
    let taken = Arc::new(AtomicU64::new(0));
    let counter = taken.clone();
    let upstream = Upstream::after_login(move |mut c| {
        if c.obey_until("FETCH").is_none() {
            return;
        }
        let line = "x".repeat(64 * 1024);
        c.send(&format!("* 1 FETCH (BODY[] {{{}}}\r\n", 4 * 1024 * MIB));
        while c.send(&line) {
            counter.fetch_add(line.len() as u64, Ordering::Relaxed);
        }
    });
    let delega = upstream.delega();
    let mut stuck = Client::delegate(&delega, "anna", ADDRESS);
    let mut other = Client::delegate(&delega, "anna", ADDRESS);
    other.cmd("NOOP").ok();
    let grown = growth(&delega, || {
        stuck.send(b"f FETCH 1 BODY[]\r\n");
        wait_until(Duration::from_secs(10), "the upstream is no longer read", || {
            let before = taken.load(Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(300));
            before > 0 && taken.load(Ordering::Relaxed) == before
        });
        other.cmd("NOOP").ok();
    });
    let taken = taken.load(Ordering::Relaxed);
    println!("a client that does not read: {} KiB taken upstream, {} KiB more at the peak", taken / 1024, grown / 1024);
    // Beside delega's own 64 KiB each way these lie in the buffers of three sockets
    assert!(taken < 32 * MIB, "{taken} bytes");
    assert!(grown < MIB, "{grown} bytes");
}

#[test]
fn idle_sessions_hold_no_buffers() {
    const SESSIONS: u64 = 200;
    let upstream = Upstream::after_login(|mut c| {
        while let Some((tag, command)) = c.command() {
            if command == "IDLE" {
                c.send("+ idling\r\n");
            } else {
                c.send(&format!("{tag} OK fatto\r\n"));
            }
        }
    });
    let delega = upstream.delega_with(|options| {
        options.limits += "connections_before_login_per_address = 300\n";
    });
    let ca = tls_config(&delega.ca_file(), &[]);
    let enter = |login: &str, password: &str, idle: bool| {
        let tcp = super::imap::connect_tcp(delega.port()).unwrap();
        let mut client = Client::over_tls(tcp, ca.clone()).unwrap();
        client.login(login, password).ok();
        client.cmd("SELECT INBOX").ok();
        if idle {
            client.idle();
        }
        client
    };
    // Threads grow to their number first, and what checks of passwords leave behind would show
    let anna = format!("anna/{ADDRESS}");
    let warm: Vec<Client> = (0..20).map(|_| enter(&anna, &super::delega::password("anna"), true)).collect();
    let before = status(&delega, "VmRSS");
    let sessions: Vec<Client> = (0..SESSIONS).map(|n| enter(ADDRESS, PASSWORD, n % 2 == 0)).collect();
    // 20 passwords were checked, each in 19 MiB
    let all = status(&delega, "VmRSS");
    println!("with 220 sessions: {} KiB in all", all / 1024);
    assert!(all < 64 * MIB, "{all} bytes");
    let each = all.saturating_sub(before) / SESSIONS;
    println!("an idle session: {} KiB", each / 1024);
    assert!(each < 100 * 1024, "{each} bytes");
    drop((warm, sessions));
    delega.wait_logged("session end", 20 + SESSIONS as usize);
}
