//! The owner changes something while somebody downloads (P9, D5, D8, X2): it binds within a second.

use std::time::{Duration, Instant};

use super::*;
use crate::office::{large, wait_until};

const BOUND: Duration = Duration::from_secs(1);
const LARGE_BYTES: usize = 20 * 1024 * 1024;

#[test]
fn p9_what_was_deleted_before_write_is_taken_away_stays() {
    let office = office(&[WRITER]);
    let mut writer = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    writer.ok("DELE 1");
    let mut other = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    other.lines("RETR 2");
    let before = office.dovecot.snapshot(ADDRESS);
    office.delega.cli(&["delegate", "permissions", ADDRESS, "bruno", "--revoke", "write"], "");
    let since = Instant::now();
    wait_until(BOUND, "DELE is refused", || {
        // Dovecot is lost after 20 errors in a row
        writer.cmd("NOOP");
        writer.cmd("DELE 3").starts_with("-ERR You may read this mailbox but")
    });
    println!("write taken away: bound after {:?}", since.elapsed());
    other.ok("QUIT");
    let quit = writer.cmd("QUIT");
    assert!(quit.starts_with("-ERR Your permissions have changed: what you had deleted before was kept"), "{quit}");
    assert_eq!(writer.rest(), (String::new(), End::Whole));
    before.assert_unchanged(&office.dovecot.snapshot(ADDRESS));
}

#[test]
fn d5_suspension_ends_sessions_within_a_second() {
    let office = office(&[WRITER]);
    deliver(&office.dovecot, ADDRESS, "8.M8.pec", &large(LARGE_BYTES));
    let before = office.dovecot.snapshot(ADDRESS).folder("INBOX").messages.len();
    let mut resting = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    resting.ok("DELE 1");
    let mut reading = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    reading.ok("RETR 8");
    reading.skip(1000);
    office.delega.cli(&["delegate", "suspend", ADDRESS, "bruno"], "");
    let since = Instant::now();
    // POP3 has no word for it
    assert_eq!(resting.rest(), (String::new(), End::Whole));
    let ended = office.delega.wait_logged("session end", 2);
    println!("suspended: over after {:?}", since.elapsed());
    assert!(since.elapsed() < BOUND, "{:?}", since.elapsed());
    assert!(ended.iter().all(|event| event["ending"] == "access was taken away"), "{ended:?}");
    // Part of a message must not look like the whole of it
    let (rest, end) = reading.rest();
    assert!(rest.len() < LARGE_BYTES && !rest.ends_with(".\r\n"));
    assert_eq!(end, End::Cut);
    assert_eq!(office.messages(), before);
    let mut again = Pop3Client::connect(office.delega.pop3().implicit, &office.delega);
    assert!(again.login(&format!("bruno/{ADDRESS}"), &password("bruno")).starts_with("-ERR [AUTH]"));
}

#[test]
fn p7_pop3_taken_away_ends_its_sessions_and_leaves_those_of_imap() {
    let office = office(&[WRITER]);
    let mut by_pop3 = Pop3Client::delegate(&office.delega, "bruno", ADDRESS);
    let mut by_imap = Client::delegate(&office.delega, "bruno", ADDRESS);
    office.delega.cli(&["delegate", "permissions", ADDRESS, "bruno", "--protocol", "imap"], "");
    let since = Instant::now();
    assert_eq!(by_pop3.rest(), (String::new(), End::Whole));
    assert!(since.elapsed() < BOUND, "{:?}", since.elapsed());
    by_imap.cmd("SELECT INBOX").ok();
}
