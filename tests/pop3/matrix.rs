//! The permission matrix of POP3 as a table that a reviewer reads (`tests/golden/pop3-permissions.txt`). When the policy
//! changes, so does the table, in the same commit: `UPDATE_GOLDEN=1 cargo test --test pop3` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use delega::domain::{Door, Grant, ListenerKind, Permissions, Profile, Protocol, Protocols};
use delega::policy::pop3::{self as policy, Channel, Decision};
use delega::proto::pop3::capability::Capabilities;
use delega::proto::pop3::command::Command;
use delega::proto::pop3::verb::Verb;

/// The columns: what a person was granted, under which profile.
const PEOPLE: [(&str, &str, Profile); 6] = [
    ("read", "read", Profile::Nested),
    ("read+client", "read,client", Profile::ClientApart),
    ("write", "write", Profile::Nested),
    ("send", "send", Profile::Nested),
    ("client", "client", Profile::Nested),
    ("settings", "settings", Profile::Nested),
];

/// The rows; an empty one is a gap.
const COMMANDS: &[&str] = &[
    "CAPA",
    "STLS",
    "USER anna/a@pec.example.it",
    "PASS x",
    "AUTH",
    "AUTH PLAIN",
    "AUTH PLAIN AGEAYg==",
    "AUTH CRAM-MD5",
    "NOOP",
    "QUIT",
    "",
    "STAT",
    "LIST",
    "LIST 1",
    "UIDL",
    "UIDL 1",
    "RETR 1",
    "TOP 1 0",
    "TOP 1 4294967295",
    "RSET",
    "DELE 1",
    "",
    "DELE 1 2",
    "RETR 0",
    "RETR 4294967296",
    "TOP 1 18446744073709551615",
    "APOP anna c4c9334bac560ecc979e58001b3e22fb",
    "LAST",
    "XTND XMIT",
    "UTF8",
    "LANG it",
    "XYZZY",
];

const LEGEND: &str = "\
# Who may give which POP3 command, and what becomes of it. Written by tests/pop3, never by hand.
#
#   =       it goes upstream as it is      own   the gateway answers it itself
#   TOP …   it goes upstream as this       -     -ERR
#
# Columns are the permissions that were granted, with those they bring along; read+client is X17's profile.
";

const EVERYTHING: &str = "TOP\r\nUIDL\r\n";

fn people() -> Vec<(&'static str, Grant)> {
    let grant = |(name, permissions, profile): (&'static str, &str, Profile)| {
        let permissions = Permissions::parse(permissions, profile).unwrap().under(profile);
        (name, Grant { permissions, protocols: Protocols { imap: false, pop3: true } })
    };
    PEOPLE.into_iter().map(grant).chain([("owner", Grant::OWNER)]).collect()
}

fn before_login(channel: Channel, text: &str) -> String {
    match Command::parse(text.as_bytes()).map(|command| policy::before_login(channel, command.verb())) {
        Ok(Ok(_)) => "own".to_owned(),
        Ok(Err(_)) | Err(_) => "-".to_owned(),
    }
}

fn after_login(grant: &Grant, upstream: &str, text: &str) -> String {
    let Ok(command) = Command::parse(text.as_bytes()) else { return "-".to_owned() };
    match policy::decide(grant, Capabilities::parse(upstream.as_bytes()), &command) {
        Decision::Forward(forwarded) => match forwarded.encode().trim_end() {
            same if same == text => "=".to_owned(),
            other => other.to_owned(),
        },
        Decision::Answer(_) => "own".to_owned(),
        Decision::Refuse(_) => "-".to_owned(),
    }
}

/// Rows of cells under headings, in columns.
fn table(headings: &[&str], rows: &[(&str, Vec<String>)]) -> String {
    let first = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    let width = |n: usize| {
        let cells = rows.iter().filter_map(|(_, cells)| cells.get(n)).map(String::len);
        cells.chain([headings[n].len()]).max().unwrap_or(0) + 2
    };
    let line = |name: &str, cells: &[&str]| {
        let cells: String = cells.iter().enumerate().map(|(n, cell)| format!("{cell:0$}", width(n))).collect();
        format!("{name:first$}{cells}").trim_end().to_owned() + "\n"
    };
    let rows = rows.iter().map(|(name, cells)| line(name, &cells.iter().map(String::as_str).collect::<Vec<_>>()));
    std::iter::once(line("", headings)).chain(rows).collect()
}

fn matrix() -> String {
    let people = people();
    let names: Vec<&str> = people.iter().map(|(name, _)| *name).collect();
    let mut out = LEGEND.to_owned();
    let mut section = |title: &str, text: String| write!(out, "\n== {title}\n\n{text}").unwrap();

    let door = |kind| Door { protocol: Protocol::Pop3, kind };
    let of_all = |may: &dyn Fn(&Grant) -> bool| -> Vec<String> {
        people.iter().map(|(_, grant)| if may(grant) { "yes" } else { "no" }.to_owned()).collect()
    };
    let imap_alone = |grant: &Grant| {
        let imap = Protocols { imap: true, pop3: false };
        Grant { protocols: if *grant == Grant::OWNER { grant.protocols } else { imap }, ..*grant }
    };
    let doors = [
        ("client listener", of_all(&|grant| grant.opens(door(ListenerKind::Client)))),
        ("client listener, for IMAP only", of_all(&|grant| imap_alone(grant).opens(door(ListenerKind::Client)))),
        ("webmail listener", of_all(&|grant| grant.opens(door(ListenerKind::Webmail)))),
    ];
    section("Who is let in (protocols: pop3)", table(&names, &doors));

    let rows = |cells: &dyn Fn(&str) -> Vec<String>| -> Vec<(&'static str, Vec<String>)> {
        COMMANDS.iter().map(|text| (*text, if text.is_empty() { Vec::new() } else { cells(text) })).collect()
    };
    let headings: Vec<&str> = ["before STLS", "before login"].into_iter().chain(names.iter().copied()).collect();
    let all = rows(&|text| {
        let before = [Channel::BeforeStls, Channel::Private].map(|channel| before_login(channel, text));
        before.into_iter().chain(people.iter().map(|(_, grant)| after_login(grant, EVERYTHING, text))).collect()
    });
    section("Commands, on either listener; the upstream has everything", table(&headings, &all));

    let (read, write) = (people[0].1, people[2].1);
    let mut bare = rows(&|text| [read, write].map(|grant| after_login(&grant, "", text)).to_vec());
    bare.retain(|(text, cells)| {
        !cells.is_empty() && *cells != [read, write].map(|grant| after_login(&grant, EVERYTHING, text))
    });
    section("An upstream with neither TOP nor UIDL: where that makes a difference", table(&["read", "write"], &bare));

    let mut offered = String::new();
    let mut list = |name: &str, offered_there: Capabilities| {
        let lines = offered_there.to_string().replace("\r\n.\r\n", "").replace("\r\n", ", ");
        writeln!(offered, "{name}:\n  {lines}").unwrap();
    };
    list("before STLS", policy::offered_before_login(Channel::BeforeStls));
    list("before login", policy::offered_before_login(Channel::Private));
    list("after login, upstream with everything", policy::offered(Capabilities::parse(EVERYTHING.as_bytes())));
    list("after login, upstream bare", policy::offered(Capabilities::NONE));
    section("Capabilities offered", offered);
    out
}

#[test]
fn the_matrix_is_as_it_was_reviewed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pop3-permissions.txt");
    let matrix = matrix();
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

/// No verb is missing from the table, so that a new one cannot be overlooked.
#[test]
fn the_matrix_has_every_verb() {
    for verb in Verb::ALL {
        let begins = |text: &&str| *text == verb.name() || text.starts_with(&format!("{} ", verb.name()));
        assert!(COMMANDS.iter().any(begins), "{}", verb.name());
    }
}
