//! The permission matrix: who may give which command, and what becomes of it, as a table that a reviewer reads
//! (`tests/golden/imap-permissions.txt`, and one for each other protocol). When the policy changes, so does the table, in the same commit:
//! `UPDATE_GOLDEN=1 cargo test --test matrix` writes it anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod imap;
#[path = "matrix/smtp.rs"]
mod smtp;

use std::fmt::Write as _;
use std::path::Path;

use delega::domain::{Door, Grant, ListenerKind, Permissions, Profile, Protocol, Protocols};
use delega::policy::imap::{self as policy, Answer, Channel, Decision, Mode, Refusal};
use delega::proto::imap::capability::Capabilities;
use delega::proto::imap::encode::Rewriting;
use delega::proto::imap::verb::Verb;
use imap::parse::parsed;
use imap::server::{BARE, DOVECOT, RICH};

/// The columns: what a person was granted, under which profile.
const PEOPLE: [(&str, &str, Profile); 6] = [
    ("read", "read", Profile::Nested),
    ("read+client", "read,client", Profile::ClientApart),
    ("write", "write", Profile::Nested),
    ("send", "send", Profile::Nested),
    ("client", "client", Profile::Nested),
    ("settings", "settings", Profile::Nested),
];

fn people() -> Vec<(&'static str, Grant)> {
    let grant = |(name, permissions, profile): (&'static str, &str, Profile)| {
        let permissions = Permissions::parse(permissions, profile).unwrap().under(profile);
        (name, Grant { permissions, protocols: Protocols::default() })
    };
    PEOPLE.into_iter().map(grant).chain([("owner", Grant::OWNER)]).collect()
}

/// The rows; an empty one is a gap.
const COMMANDS: &[&str] = &[
    "CAPABILITY",
    "NOOP",
    "LOGOUT",
    "ID NIL",
    "ID (\"name\" \"x\" \"version\" NIL)",
    "STARTTLS",
    "LOGIN anna/a@pec.example.it x",
    "AUTHENTICATE PLAIN",
    "AUTHENTICATE PLAIN AGEAYg==",
    "AUTHENTICATE LOGIN",
    "",
    "ENABLE CONDSTORE",
    "ENABLE QRESYNC",
    "ENABLE UTF8=ACCEPT",
    "ENABLE QRESYNC UTF8=ACCEPT X-ANY",
    "ENABLE IMAP4rev2",
    "SELECT INBOX",
    "SELECT INBOX (CONDSTORE)",
    "SELECT INBOX (QRESYNC (1 2))",
    "EXAMINE INBOX",
    "EXAMINE INBOX (CONDSTORE)",
    "LIST \"\" *",
    "LIST (SUBSCRIBED) \"\" (% INBOX) RETURN (CHILDREN)",
    "LIST (SPECIAL-USE) \"\" *",
    "LIST \"\" * RETURN (SPECIAL-USE)",
    "LIST \"\" * RETURN (STATUS (UNSEEN))",
    "LSUB \"\" *",
    "XLIST \"\" *",
    "NAMESPACE",
    "STATUS INBOX (MESSAGES)",
    "STATUS INBOX (HIGHESTMODSEQ)",
    "STATUS INBOX (SIZE)",
    "IDLE",
    "FETCH 1 FLAGS",
    "FETCH 1 (ENVELOPE BODYSTRUCTURE BODY.PEEK[])",
    "FETCH 1 BODY[]",
    "FETCH 1 BODY[HEADER]",
    "FETCH 1 BINARY[1]",
    "FETCH 1 BINARY.SIZE[1]",
    "FETCH 1 RFC822",
    "FETCH 1 RFC822.TEXT",
    "FETCH 1 RFC822.HEADER",
    "FETCH 1 PREVIEW",
    "FETCH 1 ANNOTATION",
    "UID FETCH 1 BODY[]",
    "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)",
    "SEARCH UNSEEN",
    "UID SEARCH UNSEEN",
    "SEARCH RETURN (ALL) UNSEEN",
    "SEARCH RETURN (SAVE) UNSEEN",
    "SEARCH YOUNGER 60",
    "SORT (DATE) UTF-8 ALL",
    "UID SORT (DISPLAYFROM) UTF-8 ALL",
    "SORT RETURN (ALL) (DATE) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL",
    "UID THREAD REFS UTF-8 ALL",
    "THREAD ORDEREDSUBJECT UTF-8 ALL",
    "CHECK",
    "UNSELECT",
    "CLOSE",
    "GETQUOTA \"\"",
    "GETQUOTAROOT INBOX",
    "GETMETADATA INBOX /shared/comment",
    "GETMETADATA \"\" /shared/comment",
    "MYRIGHTS INBOX",
    "",
    "STORE 1 +FLAGS (\\Seen)",
    "STORE 1 (UNCHANGEDSINCE 1) FLAGS ()",
    "UID STORE 1 FLAGS (\\Deleted)",
    "STORE $ FLAGS (\\Deleted)",
    "STORE 1 ANNOTATION (/comment (value.shared x))",
    "COPY 1 Trash",
    "UID COPY 1 Trash",
    "MOVE 1 Trash",
    "UID MOVE 1 Trash",
    "EXPUNGE",
    "UID EXPUNGE 1",
    "APPEND Sent (\\Seen) {1}",
    "APPEND Sent ~{1}",
    "APPEND Sent CATENATE (URL \"/x\")",
    "REPLACE 1 Drafts {1}",
    "UID REPLACE 1 Drafts {1}",
    "CREATE x",
    "CREATE x (USE (\\Drafts))",
    "DELETE x",
    "RENAME x y",
    "SUBSCRIBE x",
    "UNSUBSCRIBE x",
    "SETMETADATA INBOX (/private/comment NIL)",
    "SETMETADATA \"\" (/private/comment NIL)",
    "",
    "GETACL INBOX",
    "SETACL INBOX anna lr",
    "DELETEACL INBOX anna",
    "LISTRIGHTS INBOX anna",
    "SETQUOTA \"\" (STORAGE 1)",
    "COMPRESS DEFLATE",
    "UNAUTHENTICATE",
    "GENURLAUTH x INTERNAL",
    "RESETKEY",
    "URLFETCH x",
    "NOTIFY NONE",
    "XAPPLEPUSHSERVICE x",
    "ESEARCH IN (mailboxes x) ALL",
    "GETJMAPACCESS",
    "XYZZY",
];

const LEGEND: &str = "\
# Who may give which IMAP command, and what becomes of it. Written by tests/matrix.rs, never by hand.
#
#   =          it goes upstream as it is          NOPERM   NO [NOPERM]
#   EXAMINE    it goes upstream as this           BAD      BAD: unknown, not understood, or not upstream
#   PEEK       it goes upstream, BODY[…] and BINARY[…] with .PEEK
#   +QRESYNC   ENABLE goes upstream with these alone
#   own        the gateway answers it itself
#
# Columns are the permissions that were granted, with those they bring along; read+client is X17's profile.
";

fn shown(decision: Decision) -> String {
    match decision {
        Decision::Forward(Rewriting::Same) => "=".to_owned(),
        Decision::Forward(Rewriting::As(verb)) => verb.name().to_owned(),
        Decision::Forward(Rewriting::Peek) => "PEEK".to_owned(),
        Decision::Forward(Rewriting::Enable(extensions)) => {
            extensions.iter().map(|extension| format!("+{}", extension.name())).collect()
        }
        Decision::Answer(
            Answer::Capability
            | Answer::Id
            | Answer::Logout
            | Answer::NothingEnabled
            | Answer::MyRights
            | Answer::Login
            | Answer::Authenticate
            | Answer::StartTls
            | Answer::Nothing,
        ) => "own".to_owned(),
        Decision::Refuse(Refusal { code: Some(code), .. }) => code.to_owned(),
        Decision::Refuse(Refusal { code: None, .. }) => "BAD".to_owned(),
    }
}

/// What becomes of a command after login; one that is not understood is BAD whoever gives it, unless its verb alone is
/// refused already.
fn after_login(grant: &Grant, upstream: &str, mode: Mode, text: &str) -> String {
    let upstream = Capabilities::parse(upstream.as_bytes());
    match parsed(format!("a {text}\r\n").as_bytes()) {
        Ok(command) => shown(policy::decide(grant, upstream, mode, &command)),
        Err(_) => "BAD".to_owned(),
    }
}

fn before_login(channel: Channel, text: &str) -> String {
    match parsed(format!("a {text}\r\n").as_bytes()) {
        Ok(command) => shown(policy::before_login(channel, command.verb)),
        Err(_) => "BAD".to_owned(),
    }
}

/// Rows of cells under headings, in columns.
fn table(headings: &[&str], rows: &[(String, Vec<String>)]) -> String {
    let first = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    let width = |n: usize| {
        let cells = rows.iter().filter_map(|(_, cells)| cells.get(n)).map(String::len);
        cells.chain([headings[n].len()]).max().unwrap_or(0) + 2
    };
    let mut out = String::new();
    let mut line = |name: &str, cells: Vec<&str>| {
        let mut text = format!("{name:first$}");
        for (n, cell) in cells.into_iter().enumerate() {
            write!(text, "{cell:width$}", width = width(n)).unwrap();
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line("", headings.to_vec());
    for (name, cells) in rows {
        line(name, cells.iter().map(String::as_str).collect());
    }
    out
}

fn rows(commands: &[&str], cells: impl Fn(&str) -> Vec<String>) -> Vec<(String, Vec<String>)> {
    let row = |text: &&str| (text.to_string(), if text.is_empty() { Vec::new() } else { cells(text) });
    commands.iter().map(row).collect()
}

fn matrix() -> String {
    let people = people();
    let names: Vec<&str> = people.iter().map(|(name, _)| *name).collect();
    let mut out = LEGEND.to_owned();
    let mut section = |title: &str, text: String| write!(out, "\n== {title}\n\n{text}").unwrap();

    let doors = [
        ("imap, client listener", Protocol::Imap, ListenerKind::Client),
        ("imap, webmail listener", Protocol::Imap, ListenerKind::Webmail),
        ("pop3, client listener", Protocol::Pop3, ListenerKind::Client),
        ("submission, client listener", Protocol::Submission, ListenerKind::Client),
        ("submission, webmail listener", Protocol::Submission, ListenerKind::Webmail),
    ];
    let mut admission = Vec::new();
    for (name, protocol, kind) in doors {
        let yes = |grant: &Grant| if grant.opens(Door { protocol, kind }) { "yes" } else { "no" }.to_owned();
        admission.push((name.to_owned(), people.iter().map(|(_, grant)| yes(grant)).collect()));
    }
    let pop3 = |grant: &Grant| {
        let protocols = if *grant == Grant::OWNER { grant.protocols } else { Protocols { imap: false, pop3: true } };
        let grant = Grant { protocols, ..*grant };
        let open = grant.opens(Door { protocol: Protocol::Imap, kind: ListenerKind::Client });
        if open { "yes" } else { "no" }.to_owned()
    };
    let only_pop3 = people.iter().map(|(_, grant)| pop3(grant)).collect();
    admission.push(("imap, client listener, for POP3 only".to_owned(), only_pop3));
    section("Who is let in (protocols: imap)", table(&names, &admission));

    // Whoever may write has opened the folder by SELECT, the others by EXAMINE.
    let mode = |grant: &Grant| {
        if grant.may(delega::domain::Permission::Write) { Mode::ReadWrite } else { Mode::ReadOnly }
    };
    let headings: Vec<&str> = ["before STARTTLS", "before login"].into_iter().chain(names.iter().copied()).collect();
    let cells = |text: &str| {
        let before = [Channel::BeforeStartTls, Channel::Private].map(|channel| before_login(channel, text));
        let after = people.iter().map(|(_, grant)| after_login(grant, RICH, mode(grant), text));
        before.into_iter().chain(after).collect()
    };
    section(
        "Commands, on either listener; the upstream has everything, the folder was opened by this person",
        table(&headings, &rows(COMMANDS, cells)),
    );

    let read = people[0].1;
    let modes = [Mode::Unselected, Mode::ReadOnly, Mode::ReadWrite];
    let headings = ["no folder open", "by EXAMINE", "by SELECT", "by SELECT, upstream without UNSELECT"];
    let selected: Vec<&str> = COMMANDS
        .iter()
        .copied()
        .filter(|text| {
            ["SELECT", "EXAMINE", "FETCH", "CLOSE", "UNSELECT", "STORE", "EXPUNGE", "IDLE", "SEARCH", "MOVE", "CHECK"]
                .iter()
                .any(|verb| text.trim_start_matches("UID ").starts_with(verb))
        })
        .collect();
    let cells = |text: &str| {
        let with = modes.map(|mode| after_login(&read, RICH, mode, text));
        let without = after_login(&read, &RICH.replace("UNSELECT", ""), Mode::ReadWrite, text);
        with.into_iter().chain([without]).collect()
    };
    section("Write was taken away, the folder stands open", table(&headings, &rows(&selected, cells)));

    let headings = ["bare: read", "write", "Dovecot 2.3: read", "write"];
    let cells = |text: &str| {
        let cell = |upstream: &str, who: usize| after_login(&people[who].1, upstream, mode(&people[who].1), text);
        vec![cell(BARE, 0), cell(BARE, 2), cell(DOVECOT, 0), cell(DOVECOT, 2)]
    };
    let mut less = rows(COMMANDS, cells);
    less.retain(|(text, cells)| {
        let all = [0, 2].map(|who| after_login(&people[who].1, RICH, mode(&people[who].1), text));
        !cells.is_empty() && (cells[..2] != all || cells[2..] != all)
    });
    section("Upstreams that have less: where that makes a difference", table(&headings, &less));

    let upstreams = [None, Some("lrswipkxtecda"), Some("lrs"), Some("lr"), Some("lrswicd"), Some("")];
    let headings = ["no ACL", "lrswipkxtecda", "lrs", "lr", "lrswicd", "none"];
    let letters = |grant: &Grant| {
        upstreams.map(|letters| format!("`{}`", policy::rights(grant, letters.map(str::as_bytes)))).to_vec()
    };
    let rights: Vec<_> = people.iter().map(|(name, grant)| (name.to_string(), letters(grant))).collect();
    section("MYRIGHTS, by what the upstream says", table(&headings, &rights));

    let mut offered = String::new();
    for (name, channel) in [("before STARTTLS", Channel::BeforeStartTls), ("before login", Channel::Private)] {
        writeln!(offered, "{name}:\n  {}", policy::offered_before_login(channel)).unwrap();
    }
    for (name, upstream) in [("bare", BARE), ("Dovecot 2.3", DOVECOT), ("everything", RICH)] {
        let mut lists: Vec<(String, Vec<&str>)> = Vec::new();
        for (person, grant) in &people {
            let list = policy::offered(grant, Capabilities::parse(upstream.as_bytes())).to_string();
            match lists.iter_mut().find(|(other, _)| *other == list) {
                Some((_, people)) => people.push(person),
                None => lists.push((list, vec![person])),
            }
        }
        for (list, people) in lists {
            writeln!(offered, "after login, upstream {name}: {}\n  {list}", people.join(", ")).unwrap();
        }
    }
    section("Capabilities offered", offered);
    out
}

#[test]
fn the_matrix_is_as_it_was_reviewed() {
    reviewed("imap-permissions.txt", matrix());
}

/// Holds a matrix to the file that was reviewed.
fn reviewed(name: &str, matrix: String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &matrix).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap();
    let (golden, matrix): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), matrix.lines().collect());
    let gone = golden.iter().filter(|line| !matrix.contains(line)).map(|line| format!("- {line}\n"));
    let come = matrix.iter().filter(|line| !golden.contains(line)).map(|line| format!("+ {line}\n"));
    let difference: String = gone.chain(come).collect();
    assert!(golden == matrix, "the policy has changed; if it is meant, UPDATE_GOLDEN=1:\n{difference}");
}

/// No verb and no UID form is missing from the table, so that a new one cannot be overlooked.
#[test]
fn the_matrix_has_every_verb() {
    let begins = |name: &str| COMMANDS.iter().any(|text| *text == name || text.starts_with(&format!("{name} ")));
    for verb in Verb::ALL {
        assert!(begins(verb.name()), "{}", verb.name());
        if verb.has_uid_form() {
            assert!(begins(&format!("UID {}", verb.name())), "UID {}", verb.name());
        }
    }
}
