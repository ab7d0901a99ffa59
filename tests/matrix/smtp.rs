//! The matrix of SMTP submission: `tests/golden/smtp-permissions.txt`.

use std::fmt::Write as _;

use delega::domain::{Grant, MailboxAddress};
use delega::policy::smtp::{self as policy, Answer, Channel, Circumstances, Decision};
use delega::proto::smtp::command::{self, Command};
use delega::proto::smtp::extension::Extensions;
use delega::proto::smtp::header::Header;
use delega::proto::smtp::reply::Own;
use delega::proto::smtp::verb::Verb;

use super::{people, reviewed, rows, table};

/// The rows; an empty one is a gap.
const COMMANDS: &[&str] = &[
    "EHLO x",
    "HELO x",
    "NOOP",
    "RSET",
    "HELP",
    "QUIT",
    "STARTTLS",
    "AUTH PLAIN",
    "",
    "MAIL FROM:<ufficio@pec.example.it>",
    "MAIL FROM:<UFFICIO@PEC.EXAMPLE.IT>",
    "MAIL FROM:<\"ufficio\"@pec.example.it>",
    "MAIL FROM:<alias@pec.example.it>",
    "MAIL FROM:<other@pec.example.it>",
    "MAIL FROM:<anna/ufficio@pec.example.it>",
    "MAIL FROM:<>",
    "MAIL FROM:<@x.it:ufficio@pec.example.it>",
    "MAIL FROM:<ufficio@pec.example.it> SIZE=1000",
    "MAIL FROM:<ufficio@pec.example.it> SIZE=1001",
    "MAIL FROM:<ufficio@pec.example.it> BODY=7BIT",
    "MAIL FROM:<ufficio@pec.example.it> BODY=8BITMIME",
    "MAIL FROM:<ufficio@pec.example.it> BODY=BINARYMIME",
    "MAIL FROM:<ufficio@pec.example.it> SMTPUTF8",
    "MAIL FROM:<ufficio@pec.example.it> RET=FULL ENVID=x",
    "MAIL FROM:<ufficio@pec.example.it> AUTH=<>",
    "MAIL FROM:<ufficio@pec.example.it> REQUIRETLS",
    "RCPT TO:<b@example.it>",
    "RCPT TO:<b@example.it> NOTIFY=NEVER ORCPT=rfc822;b@example.it",
    "RCPT TO:<\u{e8}@example.it>",
    "RCPT TO:<@x.it:b@example.it>",
    "DATA",
    "",
    "BDAT 1 LAST",
    "VRFY anna",
    "EXPN anna",
    "ETRN example.it",
    "TURN",
    "BURL imap://x",
    "XCLIENT NAME=x",
    "XFORWARD NAME=x",
    "SEND FROM:<ufficio@pec.example.it>",
    "XYZZY",
];

/// Headers, and what becomes of the message; who may send at all stands above.
const HEADERS: &[&str] = &[
    "From: ufficio@pec.example.it",
    "From: Ufficio <UFFICIO@pec.example.it>",
    "From: alias@pec.example.it|Sender: ufficio@pec.example.it",
    "From: ufficio@pec.example.it, alias@pec.example.it",
    "From: \"ufficio@pec.example.it\" <ufficio@pec.example.it>",
    "From: ufficio@pec.example.it|Resent-From: ufficio@pec.example.it",
    "From: ufficio@pec.example.it|Author: ufficio@pec.example.it, alias@pec.example.it",
    "From: ufficio@pec.example.it|Reply-To: other@example.it",
    "From: ufficio@pec.example.it|To: g: a@b.it;|Cc: (x) c@d.it",
    "From: other@pec.example.it",
    "From: ufficio@pec.example.it, other@pec.example.it",
    "From: other@pec.example.it|From: ufficio@pec.example.it",
    "From: ufficio@pec.example.it|From: ufficio@pec.example.it",
    "From: \"other@pec.example.it\" <ufficio@pec.example.it>",
    "From: =?utf-8?q?other=40pec.example.it?= <ufficio@pec.example.it>",
    "From: (x) ufficio@pec.example.it",
    "From: g: ufficio@pec.example.it;",
    "From: <@x.it:ufficio@pec.example.it>",
    "From: \"ufficio\"@pec.example.it",
    "From:",
    "From : ufficio@pec.example.it",
    "Subject: x",
    "x",
    "From: ufficio@pec.example.it|Sender: other@pec.example.it",
    "From: ufficio@pec.example.it|Sender: ufficio@pec.example.it|Sender: ufficio@pec.example.it",
    "From: ufficio@pec.example.it|Author: other@pec.example.it",
    "From: ufficio@pec.example.it|Author: ufficio@pec.example.it|Author: ufficio@pec.example.it",
    "From: ufficio@pec.example.it|Resent-From: other@pec.example.it",
    "From: ufficio@pec.example.it|Resent-Sender: other@pec.example.it",
    "From: ufficio@pec.example.it|Return-Path: <other@pec.example.it>",
    "From: ufficio@pec.example.it|Subject: a|Subject: b",
    "From: ufficio@pec.example.it|Subject: \u{e8}",
];

const LEGEND: &str = "\
# Who may give which SMTP command, and what becomes of it. Written by tests/matrix.rs, never by hand.
#
#   =      it goes upstream, written anew; DATA once the header was judged
#   own    the gateway answers it itself
#   550 …  it is refused so
#
# Columns are the permissions that were granted, with those they bring along; read+client is X17's profile. Whether a
# listener lets somebody in stands in imap-permissions.txt. The mailbox is ufficio@pec.example.it, with one alias.
";

const RICH: [&str; 6] = ["PIPELINING", "SIZE 1000", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING"];
const LIMIT: u64 = 5000;

fn addresses() -> Vec<MailboxAddress> {
    ["ufficio@pec.example.it", "alias@pec.example.it"].map(|text| text.parse().unwrap()).to_vec()
}

fn refused(refusal: Own) -> String {
    format!("{} {}", refusal.code, refusal.enhanced)
}

fn shown(decision: Decision) -> String {
    match decision {
        Decision::Forward => "=".to_owned(),
        Decision::Answer(
            Answer::Ehlo
            | Answer::Helo
            | Answer::Help
            | Answer::Nothing
            | Answer::Quit
            | Answer::StartTls
            | Answer::Auth,
        ) => "own".to_owned(),
        Decision::Refuse(refusal) => refused(refusal),
    }
}

fn before_login(channel: Channel, text: &str) -> String {
    match command::head(text.as_bytes()) {
        Ok((verb, _)) => shown(policy::before_login(channel, verb)),
        Err(refusal) => refused(refusal),
    }
}

fn after_login(grant: &Grant, upstream: &[&str], text: &str) -> String {
    let decided = || {
        let (verb, rest) = command::head(text.as_bytes())?;
        policy::verdict(grant, verb)?;
        let command = Command::parse(verb, rest)?;
        let offered = policy::offered(Extensions::parse(upstream.iter().copied()), LIMIT);
        let addresses = addresses();
        Ok(policy::decide(Circumstances { grant, addresses: &addresses, offered, utf8: false }, &command))
    };
    decided().map_or_else(refused, shown)
}

fn matrix() -> String {
    let people = people();
    let mut out = LEGEND.to_owned();
    let mut section = |title: &str, text: String| write!(out, "\n== {title}\n\n{text}").unwrap();

    let mut headings = vec!["before STARTTLS", "before login"];
    headings.extend(people.iter().map(|(name, _)| *name));
    let cells = |text: &str| {
        let mut cells = vec![before_login(Channel::BeforeStartTls, text), before_login(Channel::Private, text)];
        cells.extend(people.iter().map(|(_, grant)| after_login(grant, &RICH, text)));
        cells
    };
    section("Commands, on either listener; the upstream has everything", table(&headings, &rows(COMMANDS, cells)));

    let cells = |text: &str| vec![after_login(&Grant::OWNER, &RICH, text), after_login(&Grant::OWNER, &[], text)];
    let mut less = rows(COMMANDS, cells);
    less.retain(|(_, cells)| !cells.is_empty() && cells[0] != cells[1]);
    section("An upstream that has nothing: where that makes a difference", table(&["everything", "nothing"], &less));

    let cells = |text: &str| {
        let text = format!("{}\r\n", text.replace('|', "\r\n"));
        let judged = |utf8| {
            let header = Header::parse(text.as_bytes(), utf8).map_err(policy::unreadable);
            let verdict = header.and_then(|header| policy::judge(&header, &addresses()));
            verdict.map_or_else(refused, |()| "=".to_owned())
        };
        vec![judged(false), judged(true)]
    };
    section("Headers", table(&["ASCII", "SMTPUTF8"], &rows(HEADERS, cells)));

    let mut offered = String::new();
    for (name, upstream) in [("nothing", &[][..]), ("everything", &RICH[..])] {
        let upstream = Extensions::parse(upstream.iter().copied());
        for (channel, when) in [(Channel::BeforeStartTls, "before STARTTLS"), (Channel::Private, "before login")] {
            let list = policy::offered_before_login(channel, upstream, LIMIT);
            writeln!(offered, "{when}, upstream {name}:\n  {list}").unwrap();
        }
        writeln!(offered, "after login, upstream {name}:\n  {}", policy::offered(upstream, LIMIT)).unwrap();
    }
    section("Extensions offered", offered);
    out
}

#[test]
fn the_smtp_matrix_is_as_it_was_reviewed() {
    reviewed("smtp-permissions.txt", matrix());
}

/// No verb is missing from the table, so that a new one cannot be overlooked.
#[test]
fn the_smtp_matrix_has_every_verb() {
    for verb in Verb::ALL {
        let begins = |text: &&str| text.split(' ').next() == Some(verb.name());
        assert!(COMMANDS.iter().any(begins), "{}", verb.name());
    }
}
