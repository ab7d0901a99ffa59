//! Upstream sessions that wait for the next login, and the budget of connections, against a real Dovecot (X4).

use super::delega::password;
use super::imap::{Answer, Client, PATIENCE};
use super::office::{ADDRESS, Office, PASSWORD, deliver, wait_until};
use super::support::dovecot::Dovecot;

const DELEGATES: [(&str, &str); 4] = [
    ("anna", "read,write,client"),
    ("bruno", "read,client"),
    ("carla", "read,write,client"),
    ("dario", "read,write,client"),
];

/// How many sessions Dovecot has let in so far, those of doveadm apart.
fn logins(dovecot: &Dovecot) -> usize {
    dovecot.log().matches("imap-login: Info: Login: ").count()
}

/// How many Dovecot has open now.
fn open(dovecot: &Dovecot) -> usize {
    dovecot.doveadm(&["-f", "flow", "who", "-1", ADDRESS]).lines().filter(|line| line.contains("proto=imap")).count()
}

fn wait_open(dovecot: &Dovecot, count: usize) {
    wait_until(PATIENCE, &format!("{count} sessions at Dovecot"), || open(dovecot) == count);
}

/// An office with what is told of its upstream, in which delega has heard of all that was changed so far.
fn office(upstream: &str) -> Office {
    let office = Office::with(&DELEGATES, |options| options.connections = upstream.to_owned());
    let mut dario = office.enter_inbox("dario");
    office.delega.cli(&["delegate", "permissions", ADDRESS, "dario", "--revoke", "write"], "");
    dario.wait_for("[READ-ONLY]");
    leave(dario);
    office.delega.wait_logged("session end", 1);
    wait_open(&office.dovecot, 0);
    office
}

fn leave(mut client: Client) {
    client.cmd("LOGOUT").ok();
    assert_eq!(client.rest(), "");
}

/// After a first visit two wait: the visitor's own, and the one that was opened meanwhile. Tells how many logins there
/// were so far.
fn two_wait(office: &Office) -> usize {
    leave(office.enter_inbox("anna"));
    wait_open(&office.dovecot, 2);
    logins(&office.dovecot)
}

fn try_login(office: &Office, username: &str) -> (Client, Answer) {
    let mut client = Client::connect(&office.delega);
    let answer = client.login(&format!("{username}/{ADDRESS}"), &password(username));
    (client, answer)
}

#[test]
fn x4_whoever_comes_next_finds_a_session_that_waits() {
    let office = office("");
    two_wait(&office);
    for username in ["anna", "bruno", "carla", "bruno", "anna"] {
        let mut client = office.enter(username);
        // Nothing is left of those before
        client.cmd("FETCH 1 FLAGS").is("BAD");
        leave(client);
        // After BAD it does not serve again
        leave(office.enter_inbox(username));
    }
    let begun = office.delega.wait_logged("session start", 12);
    assert!(begun.iter().all(|event| event["connections"].as_u64().is_some_and(|n| (1..=4).contains(&n))), "{begun:?}");
}

#[test]
fn x4_no_further_login_is_needed() {
    let office = office("");
    let before = two_wait(&office);
    for username in ["anna", "bruno", "carla", "anna"] {
        let mut client = office.enter(username);
        assert!(client.cmd("SELECT INBOX").ok().all().contains("* 3 EXISTS"));
        client.cmd("SEARCH RETURN (SAVE) ALL").ok();
        leave(client);
        wait_open(&office.dovecot, 2);
    }
    assert_eq!(logins(&office.dovecot), before);
    // A client that goes without a word leaves a session behind, too
    office.enter_inbox("carla").vanish();
    office.delega.wait_logged("session end", 7);
    wait_open(&office.dovecot, 2);
    leave(office.enter_inbox("anna"));
    assert_eq!(logins(&office.dovecot), before);
}

#[test]
fn x4_what_was_enabled_ends_with_its_session() {
    let office = office("");
    let before = two_wait(&office);
    for (n, command) in
        ["ENABLE QRESYNC", "SELECT INBOX (CONDSTORE)", "STATUS INBOX (HIGHESTMODSEQ)"].iter().enumerate()
    {
        let mut client = office.enter("anna");
        client.cmd(command).ok();
        leave(client);
        // The next one finds the other that waited; in its place a new one is opened
        let mut bruno = office.enter_inbox("bruno");
        let told = bruno.cmd("FETCH 1 FLAGS").ok().all();
        assert!(!told.contains("MODSEQ"), "{command}: {told}");
        leave(bruno);
        wait_until(PATIENCE, command, || logins(&office.dovecot) > before + n);
        wait_open(&office.dovecot, 2);
    }
}

#[test]
fn x4_they_do_not_wait_for_ever() {
    let office = office("warm_secs = 1\n");
    let before = logins(&office.dovecot);
    leave(office.enter_inbox("anna"));
    wait_until(PATIENCE, "one ahead of demand", || logins(&office.dovecot) == before + 2);
    wait_open(&office.dovecot, 0);
    office.enter_inbox("bruno");
}

#[test]
fn x4_a_session_that_was_closed_meanwhile_is_not_noticed() {
    let mut office = office("");
    two_wait(&office);
    office.dovecot.doveadm(&["kick", ADDRESS]);
    wait_open(&office.dovecot, 0);
    leave(office.enter_inbox("bruno"));
    wait_open(&office.dovecot, 2);
    office.dovecot.kill();
    office.dovecot.revive();
    leave(office.enter_inbox("carla"));
    wait_open(&office.dovecot, 2);
}

#[test]
fn x4_a_change_in_the_store_closes_all_that_wait() {
    let office = office("");
    two_wait(&office);
    office.delega.cli(&["delegate", "permissions", ADDRESS, "bruno", "--grant", "write"], "");
    wait_open(&office.dovecot, 0);
    // Whoever was in at the time of the change leaves nothing behind
    let client = office.enter_inbox("anna");
    wait_open(&office.dovecot, 2);
    office.delega.cli(&["delegate", "permissions", ADDRESS, "bruno", "--revoke", "write"], "");
    wait_open(&office.dovecot, 1);
    leave(client);
    wait_open(&office.dovecot, 0);
}

#[test]
fn x4_a_session_opened_with_the_former_password_serves_nobody() {
    let office = office("");
    let before = two_wait(&office);
    office.dovecot.add_mailbox(ADDRESS, "nuova");
    office.delega.cli(&["mailbox", "set", ADDRESS, "--password-file", "-"], "nuova");
    // At once, whether or not the server has heard of the change yet
    let client = office.enter_inbox("bruno");
    assert!(logins(&office.dovecot) > before);
    leave(client);
}

#[test]
fn x4_the_owner_has_sessions_of_their_own() {
    let office = office("");
    let before = two_wait(&office);
    let mut owner = Client::connect(&office.delega);
    owner.login(ADDRESS, PASSWORD).ok();
    owner.cmd("SELECT INBOX").ok();
    assert_eq!(logins(&office.dovecot), before + 1);
    leave(owner);
    wait_open(&office.dovecot, 2);
    leave(office.enter_inbox("anna"));
    assert_eq!(logins(&office.dovecot), before + 1);
}

#[test]
fn x4_a_reader_after_a_writer_expunges_nothing() {
    let office = office("");
    two_wait(&office);
    office.dovecot.listen_in(ADDRESS);
    leave(office.enter_inbox("carla"));
    deliver(&office.dovecot, ADDRESS, "9.M9.pec", b"Subject: 9\n\ncorpo 9\n");
    let mut anna = office.enter_inbox("anna");
    anna.cmd("STORE 1:2 +FLAGS.SILENT (\\Deleted)").ok();
    leave(anna);
    wait_open(&office.dovecot, 2);
    let before = office.dovecot.snapshot(ADDRESS);
    assert_eq!(before.folder("INBOX").messages.len(), 4, "leaving expunges nothing");
    let mut bruno = office.enter("bruno");
    bruno.cmd("CLOSE").is("BAD");
    let opened = bruno.cmd("SELECT INBOX").ok();
    assert!(opened.status.contains("[READ-ONLY]") && opened.all().contains("PERMANENTFLAGS ()"), "{opened:?}");
    bruno.cmd("FETCH 1:* (FLAGS BODY[])").ok();
    bruno.cmd("EXPUNGE").is("NO [NOPERM]");
    bruno.cmd("CLOSE").ok();
    leave(bruno);
    wait_until(PATIENCE, "bruno's session to have ended", || office.delega.logged("session end").len() == 5);
    before.assert_unchanged(&office.dovecot.snapshot(ADDRESS));
}

#[test]
fn x4_one_person_cannot_lock_the_others_out() {
    let office = office("connections_per_mailbox = 4\n");
    // As a mail program does it: all at once, while sessions are being opened ahead of demand
    let mut annas: Vec<Client> = (0..3).map(|_| office.enter_inbox("anna")).collect();
    let (_, refused) = try_login(&office, "anna");
    assert!(refused.status.starts_with("NO [LIMIT] "), "{refused:?}");
    assert!(refused.status.contains("too many connections") && refused.status.contains("troppe connessioni"));
    let bruno = office.enter_inbox("bruno");
    let (_, refused) = try_login(&office, "carla");
    refused.is("NO [LIMIT]");
    let told = office.delega.wait_logged("the upstream could not be entered", 2);
    assert!(told[0]["connections"] == 3 && told[1]["connections"] == 4, "{told:?}");
    assert_eq!(open(&office.dovecot), 4);

    // What waits goes first: bruno's session is at carla's disposal at once
    leave(bruno);
    let carla = office.enter_inbox("carla");
    leave(carla);
    annas.truncate(2);
    wait_until(PATIENCE, "anna's third session", || try_login(&office, "anna").1.status.starts_with("OK"));
}

#[test]
fn x4_where_one_connection_is_allowed_it_can_be_had_again_at_once() {
    let office = office("connections_per_mailbox = 1\n");
    for _ in 0..10 {
        for username in ["anna", "bruno"] {
            leave(office.enter_inbox(username));
        }
    }
}

#[test]
fn x4_none_are_left_when_the_server_stops() {
    let mut office = office("");
    two_wait(&office);
    office.delega.process().signal("TERM", false);
    assert!(office.delega.process().wait(PATIENCE).success());
    wait_open(&office.dovecot, 0);
}
