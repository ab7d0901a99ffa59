//! Real programs send as a delegate: each by each door, and each tells what was refused.

use super::*;
use crate::delega::NOT_ACCEPTED;
use crate::programs::sending::{self as programs, Letter, SENDERS};
use crate::support::certs;
use crate::two_steps;

/// What somebody may not who may not send.
const NO_SEND: &str = "550 5.7.1 You may not send from this mailbox: the permission to send is missing";

fn account<'a>(office: &Office, tls: Tls, ca: &'a std::path::Path, login: &'a str, password: &'a str) -> Account<'a> {
    let doors = office.delega.submission();
    let port = if tls == Tls::Implicit { doors.implicit } else { doors.starttls };
    Account { port, tls, ca, login, password }
}

/// What the record says of a letter that was sent.
#[track_caller]
fn assert_recorded(row: &Value, letter: &Letter, login: &str, kind: &str) {
    assert_eq!(row["login"], login, "{row}");
    assert_eq!(row["kind"], kind, "{row}");
    assert_eq!(row["from"], letter.from, "{row}");
    assert_eq!(row["to"], serde_json::json!(letter.to), "{row}");
    assert_eq!(row["message_id"], letter.message_id(), "{row}");
    let subject = letter.raw.split("Subject: ").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(row["subject"], subject, "{row}");
    assert_eq!(row["bytes"], letter.raw.len(), "{row}");
    assert_eq!(row["outcome"], "accepted", "{row}");
    assert!(row["reply"].as_str().unwrap().starts_with("250 2.0.0 Ok: queued as "), "{row}");
    assert!(row["outcome_at"].is_string() && row["copy"].is_null(), "{row}");
}

#[test]
fn each_sends_by_each_door_as_a_delegate() {
    let office = Office::open();
    let (ca, login, password) = (office.delega.ca_file(), login(SENDER), password(SENDER));
    let mut sent = Vec::new();
    for (name, send) in SENDERS {
        for tls in [Tls::Implicit, Tls::Starttls] {
            let from = if tls == Tls::Implicit { ADDRESS } else { ALIAS };
            let letter = Letter::new(from, &[OTHER, "lontano@pec.example.org"], &format!("{name}-{tls:?}"));
            send(&account(&office, tls, &ca, &login, &password), &letter).well();
            sent.push(letter);
        }
    }
    let taken = office.postfix.taken();
    let arrived = office.arrived();
    let recorded = sends(&office.delega);
    assert_eq!((taken.len(), arrived.len(), recorded.len()), (sent.len(), sent.len(), sent.len()));
    for (at, letter) in sent.iter().enumerate() {
        let Taken { login: as_whom, from, to, message_id, .. } = &taken[at];
        assert_eq!((as_whom.as_str(), from, message_id.as_str()), (ADDRESS, &letter.from, letter.message_id()));
        let mut to = to.clone();
        to.sort();
        assert_eq!(to, ["lontano@pec.example.org", OTHER]);
        assert_eq!(arrived.iter().filter(|raw| raw.ends_with(&letter.raw)).count(), 1, "{}", letter.raw);
        assert_recorded(&recorded[at], letter, &login, "client");
    }
}

#[test]
fn each_shows_what_is_refused_and_nothing_is_sent() {
    let office = Office::open();
    let (ca, writer, webmail, sender) = (office.delega.ca_file(), login(WRITER), login(WEBMAIL), login(SENDER));
    let letter = Letter::new(ADDRESS, &[OTHER], "rifiutata");
    for tls in [Tls::Implicit, Tls::Starttls] {
        let password = password(WRITER);
        let account = account(&office, tls, &ca, &writer, &password);
        programs::swaks(&account, &letter).failed(23, NO_SEND);
        programs::curl(&account, &letter).failed(55, NO_SEND);
        programs::msmtp(&account, &letter).failed(65, NO_SEND);
        programs::smtplib(&account, &letter).failed(1, "SMTPSenderRefused: (550, b'5.7.1 You may not send");
    }
    for (login, password, why) in
        [(&webmail, password(WEBMAIL), "no client permission"), (&sender, "sbagliata".to_owned(), "wrong password")]
    {
        let account = account(&office, Tls::Implicit, &ca, login, &password);
        for (program, status) in [(programs::swaks as programs::Sender, 28), (programs::curl, 67)] {
            program(&account, &letter).failed(status, "535 5.7.8");
        }
        programs::msmtp(&account, &letter).failed(77, "535 5.7.8");
        programs::smtplib(&account, &letter).failed(1, "SMTPAuthenticationError: (535");
        let logged = office.delega.logged("login refused");
        assert_eq!(logged.last().unwrap()["why"], why, "{logged:?}");
    }
    // Who may send sees the sentence of a sender that is not the mailbox's
    let password = password(SENDER);
    let account = account(&office, Tls::Implicit, &ca, &sender, &password);
    let forged = Letter::new(STRANGER, &[OTHER], "falsa");
    programs::swaks(&account, &forged).failed(23, "550 5.7.1 The sender must be the address of this mailbox");
    let forged = Letter { from: ADDRESS.to_owned(), ..forged };
    programs::swaks(&account, &forged).failed(26, "550 5.7.1 The From of the message is not this mailbox");
    programs::curl(&account, &forged).failed(8, "550 5.7.1 The From of the message is not this mailbox");
    programs::smtplib(&account, &forged).failed(1, "SMTPDataError: (550, b'5.7.1 The From of the message");
    // Postfix' own refusal comes through
    let nobody = Letter::new(ADDRESS, &["nessuno@pec.example.org"], "nessuno");
    programs::swaks(&account, &nobody).failed(24, "550 5.1.1 <nessuno@pec.example.org>");
    assert_eq!(office.postfix.taken(), []);
    assert_eq!(sends(&office.delega), [Value::Null; 0]);
}

#[test]
fn p4_webmail_sends_without_client_and_the_owner_with_the_mailboxs_own_password() {
    let office = Office::open();
    let (ca, webmail) = (office.delega.ca_file(), login(WEBMAIL));
    let to_webmail = |account: Account<'_>| {
        let port = office.delega.submission().webmail;
        programs::swaks(&Account { port, ..account }, &Letter::new(ADDRESS, &[OTHER], "per-web")).well();
    };
    to_webmail(account(&office, Tls::Implicit, &ca, &webmail, &password(WEBMAIL)));
    let letter = Letter::new(ADDRESS, &[OTHER], "titolare");
    programs::smtplib(&account(&office, Tls::Starttls, &ca, ADDRESS, PASSWORD), &letter).well();
    programs::smtplib(&account(&office, Tls::Implicit, &ca, ADDRESS, "sbagliata"), &letter)
        .failed(1, "SMTPAuthenticationError: (535");
    // Somebody without `send` may not send by webmail either
    let writer = login(WRITER);
    let password = password(WRITER);
    let account = account(&office, Tls::Implicit, &ca, &writer, &password);
    let account = Account { port: office.delega.submission().webmail, ..account };
    programs::swaks(&account, &letter).failed(23, NO_SEND);
    assert_eq!(office.taken(), [id("per-web"), id("titolare")]);
    let recorded = sends(&office.delega);
    assert_eq!(recorded.len(), 2);
    assert_recorded(&recorded[0], &Letter::new(ADDRESS, &[OTHER], "per-web"), &webmail, "webmail");
    assert_recorded(&recorded[1], &letter, ADDRESS, "client");
    assert!(recorded[1]["username"].is_null());
}

#[test]
fn g5_by_starttls_upstream_and_as_a_master_user() {
    let master = ("delega".to_owned(), "padrona \"di\" casa".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master");
    certs::write(&file, &format!("{}\n", master.1), 0o600).unwrap();
    let dovecot = dovecot::Options { master: Some(master), ..dovecot::Options::default() };
    let office = Office::on(dovecot, |options, _, postfix| {
        options.submission = Some(format!("smtp://localhost:{}", postfix.submission_port()));
        options.upstream = format!("master_user = \"delega\"\nmaster_password_file = {file:?}\n");
    });
    let mut smtp = Smtp::delegate(&office.delega, SENDER);
    smtp.submit(&format!("MAIL FROM:<{ADDRESS}>"), letter("padrona", "").as_bytes()).is("250 2.0.0 Ok: queued as ");
    smtp.cmd("QUIT").is("221");
    let taken = office.postfix.taken();
    assert_eq!((taken.len(), taken[0].login.as_str(), taken[0].from.as_str()), (1, ADDRESS, ADDRESS));
    let started = office.delega.wait_logged("session start", 1);
    assert!(started[0]["upstream_tls"].as_str().unwrap().starts_with("TLSv1_3"), "{started:?}");
}

/// What EHLO offers is what both sides can do.
#[test]
fn what_is_offered_is_what_postfix_has_and_delega_judges() {
    let office = Office::with(|options, _, _| options.limits += "message_bytes = 1000000\n");
    let mut smtp = Smtp::connect(office.delega.submission().implicit, &office.delega);
    let offered = |smtp: &mut Smtp| -> Vec<String> {
        let reply = smtp.cmd("EHLO client.example.it").is("250");
        let mut words: Vec<String> = reply.0.lines().skip(1).map(|line| line[4..].to_owned()).collect();
        words.sort();
        words
    };
    assert!(offered(&mut smtp).contains(&"AUTH PLAIN LOGIN".to_owned()));
    smtp.log_in(&login(SENDER), &password(SENDER)).is("235");
    let all = ["8BITMIME", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING", "SIZE 1000000", "SMTPUTF8"];
    assert_eq!(offered(&mut smtp), all);
    for (command, reply) in [
        ("VRFY ufficio", "502 5.5.1 Not offered here"),
        ("EXPN ufficio", "502 5.5.1 Not offered here"),
        ("ETRN pec.example.it", "502 5.5.1 Not offered here"),
        ("XCLIENT LOGIN=altri", "550 5.7.1 Not for you"),
        ("XFORWARD NAME=altri", "550 5.7.1 Not for you"),
        ("BURL imap://localhost/INBOX", "502 5.5.1"),
        ("AUTH PLAIN AGEAYg==", "503 5.5.1"),
        ("STARTTLS", "503 5.5.1"),
    ] {
        smtp.cmd(command).is(reply);
    }
    // Within a transaction too, and the octets of a chunk are no commands
    smtp.cmd(&format!("MAIL FROM:<{ADDRESS}> BODY=8BITMIME SIZE=100")).is("250");
    smtp.cmd(&format!("MAIL FROM:<{ADDRESS}> BODY=BINARYMIME")).is("5");
    smtp.cmd(&format!("RCPT TO:<{OTHER}> NOTIFY=FAILURE ORCPT=rfc822;{OTHER}")).is("250");
    let inner = "QUIT\r\nNOOP\r\n";
    smtp.send(format!("BDAT {}\r\n{inner}", inner.len()).as_bytes());
    smtp.send(format!("BDAT {} LAST\r\n{inner}", inner.len()).as_bytes());
    for _ in 0..2 {
        smtp.next(Duration::from_secs(5)).unwrap().is("503 5.5.1 CHUNKING is not offered");
    }
    smtp.cmd("DATA").is("354");
    smtp.send(letter("bdat", "").as_bytes());
    smtp.cmd(".").is("250");
    smtp.cmd(&format!("MAIL FROM:<{ADDRESS}> SIZE=1000001")).is("552 5.3.4");
    assert_eq!(office.taken(), [id("bdat")]);
    assert_eq!(outcomes(&office.delega), ["accepted"]);
}

/// S3: with two-step verification, of a delegate and of the owner; the owner's password never gets to the mail server.
#[test]
fn s3_with_two_steps_msmtp_needs_an_app_password() {
    let office = Office::open();
    let ca = office.delega.ca_file();
    let (delegate, own) = (login(SENDER), password(SENDER));
    for (n, (login, own)) in [(delegate.as_str(), own.as_str()), (ADDRESS, PASSWORD)].into_iter().enumerate() {
        two_steps::enrols(&office.delega, login);
        let letter = Letter::new(ADDRESS, &[OTHER], &format!("due-passaggi-{n}"));
        let by = |password| account(&office, Tls::Implicit, &ca, login, password);
        programs::msmtp(&by(own), &letter).failed(77, NOT_ACCEPTED);
        let why = office.delega.wait_logged("login refused", n + 1).remove(n);
        assert_eq!((&why["login"], &why["why"]), (&login.into(), &"needs an app password".into()));
        let app = two_steps::app_password(&office.delega, login);
        programs::msmtp(&by(&app), &letter).well();
        assert_recorded(&sends(&office.delega)[n], &letter, login, "client");
    }
    assert_eq!(office.postfix.taken().len(), 2);
}
