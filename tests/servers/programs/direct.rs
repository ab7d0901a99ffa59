//! The programs at Postfix and Dovecot themselves, as the mailbox's owner: they do what their functions say.

use super::downloading::{self, After, DOWNLOADERS};
use super::sending::{self, Letter, SENDERS};
use super::*;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::postfix::Postfix;

const MAILBOX: &str = "ufficio@pec.example.it";
const OTHER: &str = "protocollo@pec.example.it";
const PASSWORD: &str = "segreta: \"cosi\" 3%";

fn provider() -> (Dovecot, Postfix) {
    let dovecot = Dovecot::start();
    dovecot.add_mailbox(MAILBOX, PASSWORD);
    dovecot.add_mailbox(OTHER, PASSWORD);
    let postfix = Postfix::before(&dovecot);
    (dovecot, postfix)
}

fn submission(postfix: &Postfix, tls: Tls) -> Account<'_> {
    let port = if tls == Tls::Implicit { postfix.submissions_port() } else { postfix.submission_port() };
    Account { port, tls, ca: postfix.ca_file(), login: MAILBOX, password: PASSWORD }
}

fn pop3(dovecot: &Dovecot, tls: Tls) -> Account<'_> {
    let port = if tls == Tls::Implicit { dovecot.pop3s_port() } else { dovecot.pop3_port() };
    Account { port, tls, ca: dovecot.ca_file(), login: MAILBOX, password: PASSWORD }
}

#[test]
fn each_sends_by_each_door() {
    let (dovecot, postfix) = provider();
    let mut sent = Vec::new();
    for (name, send) in SENDERS {
        for tls in [Tls::Implicit, Tls::Starttls] {
            let letter = Letter::new(MAILBOX, &[OTHER, "lontano@pec.example.org"], &format!("{name}-{tls:?}"));
            send(&submission(&postfix, tls), &letter).well();
            sent.push(letter);
        }
    }
    let taken = postfix.taken();
    let ids = |taken: &[crate::support::postfix::Taken]| -> Vec<String> {
        taken.iter().map(|message| message.message_id.clone()).collect()
    };
    assert_eq!(ids(&taken), sent.iter().map(|letter| letter.message_id().to_owned()).collect::<Vec<_>>());
    assert!(taken.iter().all(|message| message.from == MAILBOX && message.to.len() == 2), "{taken:?}");
    let stored = mail::stored(&dovecot.maildir(OTHER), "INBOX");
    assert_eq!(stored.len(), sent.len());
    for letter in &sent {
        let whole = letter.raw.replace("\r\n", "\n");
        let is_it = |raw: &&Vec<u8>| String::from_utf8_lossy(raw).ends_with(&whole);
        assert_eq!(stored.iter().filter(is_it).count(), 1, "{whole}");
    }
}

#[test]
fn each_tells_what_was_refused() {
    let (_dovecot, postfix) = provider();
    let account = submission(&postfix, Tls::Implicit);
    let letter = Letter::new(MAILBOX, &["nessuno@pec.example.org"], "rifiutata");
    let said = "550 5.1.1 <nessuno@pec.example.org>: Recipient address rejected: Casella inesistente";
    sending::swaks(&account, &letter).failed(24, said);
    sending::curl(&account, &letter).failed(55, said);
    sending::msmtp(&account, &letter).failed(65, said);
    sending::smtplib(&account, &letter).failed(1, "SMTPRecipientsRefused");
    let account = Account { password: "sbagliata", ..account };
    let said = "535 5.7.8 Error: authentication failed";
    sending::swaks(&account, &letter).failed(28, said);
    sending::curl(&account, &letter).failed(67, said);
    sending::msmtp(&account, &letter).failed(77, said);
    sending::smtplib(&account, &letter).failed(1, "SMTPAuthenticationError: (535,");
    assert_eq!(postfix.taken(), []);
}

/// Messages that end in every way.
const LETTERS: [&str; 3] =
    ["Subject: uno\n\nPerch\u{e9} no\n", "Subject: due\n\n.\n..\n.punto\n", "Subject: tre\n\nuna riga\n\n\n"];

fn with_letters(dovecot: &Dovecot) {
    for (n, letter) in LETTERS.iter().enumerate() {
        crate::office::deliver(dovecot, MAILBOX, &format!("{n}.M{n}.pec"), letter.as_bytes());
        // The order of deliveries is the order of the numbers
        dovecot.settle(MAILBOX);
    }
}

#[track_caller]
fn assert_whole(name: &str, messages: &[Vec<u8>]) {
    assert_eq!(messages.len(), LETTERS.len(), "{name}");
    for (message, letter) in messages.iter().zip(LETTERS) {
        let message = String::from_utf8_lossy(message);
        assert!(message.ends_with(letter), "{name}: {message:?} is not {letter:?}");
    }
}

#[test]
fn each_downloads_and_keeps_by_each_door() {
    let (dovecot, _postfix) = provider();
    with_letters(&dovecot);
    for (name, download) in DOWNLOADERS {
        for tls in [Tls::Implicit, Tls::Starttls] {
            if name == "getmail" && tls == Tls::Starttls {
                continue;
            }
            let downloaded = download(&pop3(&dovecot, tls), After::Keep);
            downloaded.finished.well();
            assert_whole(name, &downloaded.messages);
        }
    }
    assert_eq!(mail::stored(&dovecot.maildir(MAILBOX), "INBOX").len(), LETTERS.len());
}

#[test]
fn each_deletes_what_it_has() {
    let (dovecot, _postfix) = provider();
    for (name, download) in DOWNLOADERS {
        with_letters(&dovecot);
        let downloaded = download(&pop3(&dovecot, Tls::Implicit), After::Delete);
        downloaded.finished.well();
        assert_whole(name, &downloaded.messages);
        assert_eq!(mail::stored(&dovecot.maildir(MAILBOX), "INBOX"), [[0_u8; 0]; 0], "{name}");
    }
}

#[test]
fn each_tells_that_the_login_was_refused() {
    let (dovecot, _postfix) = provider();
    with_letters(&dovecot);
    let account = Account { password: "sbagliata", ..pop3(&dovecot, Tls::Implicit) };
    let refused = |downloader: downloading::Downloader| downloader(&account, After::Keep).finished;
    refused(downloading::fetchmail).failed(3, "[AUTH] Authentication failed.");
    refused(downloading::getmail).failed(127, "[AUTH] Authentication failed.");
    refused(downloading::curl).failed(67, "[AUTH] Authentication failed.");
    refused(downloading::poplib).failed(1, "[AUTH] Authentication failed.");
}
