//! The owner or the operator changes something while somebody sends (P9, X2, D5): it binds at once, whatever is under way.

use super::*;
use crate::office::wait_until;

/// Within this a change must have bound every session (X2).
const BOUND: Duration = Duration::from_secs(1);

/// Changes something; the moment when the command line was done.
fn change(delega: &Delega, arguments: &[&str]) -> Instant {
    delega.cli(arguments, "");
    Instant::now()
}

#[track_caller]
#[allow(clippy::print_stdout, reason = "the figure is of interest where it is within the bound, too")]
fn within_bound(what: &str, since: Instant) {
    let after = since.elapsed();
    println!("{what}: bound after {after:?}");
    assert!(after < BOUND, "{what}: {after:?}");
}

#[test]
fn p9_send_taken_away_within_a_transaction_sends_nothing() {
    const REVOKE: [&str; 6] = ["delegate", "permissions", ADDRESS, SENDER, "--revoke", "send"];
    const GRANT: [&str; 6] = ["delegate", "permissions", ADDRESS, SENDER, "--grant", "send"];
    let office = Office::open();
    let delega = &office.delega;
    let mail = format!("MAIL FROM:<{ADDRESS}>");
    let (head, body) = ("Subject: tolta\r\n", "ciao\r\n");
    // How far it has come when the permission goes
    let mut waiting: Vec<(&str, Smtp)> = Vec::new();
    for stage in ["at rest", "MAIL", "RCPT", "DATA", "header", "body"] {
        let mut smtp = Smtp::delegate(delega, SENDER);
        match stage {
            "at rest" => {}
            "MAIL" => drop(smtp.cmd(&mail).is("250")),
            "RCPT" => {
                smtp.cmd(&mail).is("250");
                smtp.cmd(&format!("RCPT TO:<{OTHER}>")).is("250");
            }
            _ => {
                smtp.begin();
                let from = format!("From: {ADDRESS}\r\n");
                let sent = match stage {
                    "DATA" => String::new(),
                    "header" => from + head,
                    _ => format!("{from}{head}\r\n{body}"),
                };
                smtp.send(sent.as_bytes());
            }
        }
        waiting.push((stage, smtp));
    }
    let mut other = Smtp::owner(delega);
    change(delega, &REVOKE);
    // At once: the end of the message is not sent, whether or not the session has heard of it
    let answers: Vec<(&str, String)> = waiting
        .iter_mut()
        .map(|(stage, smtp)| {
            let reply = match *stage {
                "at rest" => smtp.cmd(&mail),
                "MAIL" => smtp.cmd(&format!("RCPT TO:<{OTHER}>")),
                "RCPT" => smtp.cmd("DATA"),
                "DATA" => smtp.cmd(&format!("From: {ADDRESS}\r\n{head}\r\n{body}.")),
                "header" => smtp.cmd(&format!("\r\n{body}.")),
                _ => smtp.cmd("."),
            };
            (*stage, reply.0)
        })
        .collect();
    drop(waiting);
    for (stage, answer) in &answers {
        let refused = answer.starts_with("550 5.7.1 You may not send");
        // Those that had not heard of it were stopped where the send is recorded, or would be at the next command
        let stopped = answer.starts_with("550 5.7.1 What you may send") || ["at rest", "MAIL", "RCPT"].contains(stage);
        assert!(refused || stopped, "{stage}: {answer}");
    }
    // Within a second every session has heard of it
    let mut late = Smtp::delegate(delega, SENDER);
    late.cmd(&mail).is("550 5.7.1 You may not send");
    other.submit(&mail, letter("titolare", "").as_bytes()).is("250");
    assert_eq!(office.taken(), [id("titolare")]);
    assert_eq!(outcomes(delega), ["accepted"]);

    // Given back, it may go on in the same session
    let since = change(delega, &GRANT);
    wait_until(BOUND, "it may send", || late.cmd(&mail).is_good());
    within_bound("send given back", since);
    late.cmd(&format!("RCPT TO:<{OTHER}>")).is("250");
    late.cmd("DATA").is("354");
    late.send(letter("di-nuovo", "").as_bytes());
    late.cmd(".").is("250");
    assert_eq!(office.taken(), [id("titolare"), id("di-nuovo")]);
}

/// Sessions hear of it by themselves within the bound, and are refused in plain words.
#[test]
fn p9_send_taken_away_binds_open_sessions_within_a_second() {
    let office = Office::open();
    let mut smtp = Smtp::delegate(&office.delega, SENDER);
    let mut streaming = Smtp::delegate(&office.delega, SENDER);
    streaming.begin();
    streaming.send(letter("lunga", "").as_bytes());
    let since = change(&office.delega, &["delegate", "permissions", ADDRESS, SENDER, "--revoke", "send"]);
    let mail = format!("MAIL FROM:<{ADDRESS}>");
    loop {
        let reply = smtp.cmd(&mail);
        if reply.0.starts_with("550 5.7.1 You may not send") {
            break;
        }
        reply.is("250");
        smtp.cmd("RSET").is("250");
        assert!(since.elapsed() < BOUND);
    }
    within_bound("send taken away", since);
    // Both have been told in the same moment
    streaming.cmd(".").is("550 5.7.1 You may not send");
    assert_eq!(office.postfix.taken(), []);
    assert_eq!(sends(&office.delega), [Value::Null; 0]);
}

#[test]
fn d5_suspension_ends_sessions_with_421_wherever_they_are() {
    let office = Office::open();
    let delega = &office.delega;
    let resting = Smtp::delegate(delega, SENDER);
    let mut addressed = Smtp::delegate(delega, SENDER);
    addressed.cmd(&format!("MAIL FROM:<{ADDRESS}>")).is("250");
    let mut in_header = Smtp::delegate(delega, SENDER);
    in_header.begin();
    in_header.send(format!("From: {ADDRESS}\r\n").as_bytes());
    let mut in_body = Smtp::delegate(delega, SENDER);
    in_body.begin();
    in_body.send(letter("sospesa", "").as_bytes());
    let mut webmail = Smtp::connect(delega.submission().webmail, delega);
    webmail.cmd("EHLO x").is("250");
    webmail.log_in(&login(SENDER), &password(SENDER)).is("235");
    let mut other = Smtp::delegate(delega, WRITER);
    let since = change(delega, &["delegate", "suspend", ADDRESS, SENDER]);
    for (name, mut smtp) in [
        ("resting", resting),
        ("addressed", addressed),
        ("in the header", in_header),
        ("in the body", in_body),
        ("webmail", webmail),
    ] {
        let said = smtp.rest();
        assert!(said.starts_with("421 4.7.0 You no longer have access"), "{name}: {said:?}");
        assert_eq!(said.lines().count(), 1, "{name}: {said:?}");
        within_bound(name, since);
    }
    other.cmd("NOOP").is("250");
    let mut smtp = Smtp::connect(delega.submission().implicit, delega);
    smtp.cmd("EHLO x").is("250");
    smtp.log_in(&login(SENDER), &password(SENDER)).is("535 5.7.8");
    assert_eq!(office.postfix.taken(), []);
    assert_eq!(sends(delega), [Value::Null; 0]);
    let ended = delega.wait_logged("session end", 5);
    assert!(ended.iter().all(|event| event["ending"] == "access was taken away"), "{ended:?}");
    delega.cli(&["delegate", "resume", ADDRESS, SENDER], "");
    let mail = format!("MAIL FROM:<{ADDRESS}>");
    Smtp::delegate(delega, SENDER).submit(&mail, letter("ripresa", "").as_bytes()).is("250");
    assert_eq!(office.taken(), [id("ripresa")]);
}

#[test]
fn d8_a_mailbox_that_is_removed_sends_no_more() {
    let office = Office::open();
    let mut owner = Smtp::owner(&office.delega);
    owner.begin();
    owner.send(letter("tolta", "").as_bytes());
    let since = change(&office.delega, &["mailbox", "remove", ADDRESS, "--with-delegates", "--yes"]);
    assert!(owner.rest().starts_with("421 4.7.0 "));
    within_bound("mailbox removed", since);
    assert_eq!(office.postfix.taken(), []);
    assert_eq!(sends(&office.delega), [Value::Null; 0]);
}

#[test]
fn g2_an_alias_that_is_taken_away_is_nobodys_at_once() {
    let office = Office::open();
    let delega = &office.delega;
    let from_alias = |id: &str| letter(id, "").replace(&format!("From: {ADDRESS}"), &format!("From: {ALIAS}"));
    let mail = format!("MAIL FROM:<{ALIAS}>");
    let mut smtp = Smtp::delegate(delega, SENDER);
    smtp.submit(&mail, from_alias("alias-1").as_bytes()).is("250");
    // Judged before, ended after
    smtp.cmd(&mail).is("250");
    smtp.cmd(&format!("RCPT TO:<{OTHER}>")).is("250");
    smtp.cmd("DATA").is("354");
    smtp.send(from_alias("alias-2").as_bytes());
    let mut open = Smtp::delegate(delega, SENDER);
    delega.cli(&["mailbox", "set", ADDRESS, "--no-alias", ALIAS], "");
    smtp.cmd(".").is("550 5.7.1 What you may send from this mailbox has changed");
    open.submit(&mail, from_alias("alias-3").as_bytes())
        .is("550 5.7.1 What you may send from this mailbox has changed");
    for mut closed in [smtp, open] {
        assert!(closed.rest().starts_with("421 4.3.0 Connect again"));
    }
    // From the next login on it is refused as any other address is
    let mut smtp = Smtp::delegate(delega, SENDER);
    smtp.cmd(&mail).is("550 5.7.1 The sender must be the address of this mailbox");
    smtp.submit(&format!("MAIL FROM:<{ADDRESS}>"), from_alias("alias-4").as_bytes()).is("550 5.7.1 The From");
    smtp.submit(&format!("MAIL FROM:<{ADDRESS}>"), letter("propria", "").as_bytes()).is("250");
    // And one that is added is the mailbox's from the next login on
    delega.cli(&["mailbox", "set", ADDRESS, "--alias", "urp@pec.example.it"], "");
    let mut smtp = Smtp::delegate(delega, SENDER);
    smtp.submit("MAIL FROM:<urp@pec.example.it>", letter("nuova", "").as_bytes()).is("250");
    assert_eq!(office.taken(), [id("alias-1"), id("propria"), id("nuova")]);
    assert_eq!(outcomes(delega), vec!["accepted"; 3]);
}
