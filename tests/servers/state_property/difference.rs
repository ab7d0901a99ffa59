//! What is read through delega is what is read from Dovecot itself, to the octet (P1).

use std::collections::BTreeMap;

use super::client::{Condition, Connection, Door, Heard};
use super::generator::{Generator, Plan};
use super::operation::{Deed, Piece};
use super::world::{SECRET, Warm, World};
use super::{commands, seeds};
use crate::delega::password;
use crate::support::mail::{self, Dice};
use crate::support::sample::FOLDERS;

/// What is read of everything there is.
const EVERYWHERE: &[&str] = &[
    "NAMESPACE",
    "LIST \"\" *",
    "LIST (SUBSCRIBED) \"\" % RETURN (CHILDREN SPECIAL-USE)",
    "LIST \"\" * RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT HIGHESTMODSEQ SIZE))",
    "LSUB \"\" *",
    "GETQUOTAROOT INBOX",
    "GETMETADATA INBOX /private/comment",
];

/// What is read of each folder.
const IN_FOLDER: &[&str] = &[
    "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE MODSEQ)",
    "FETCH 1:* BODY[]",
    "FETCH 1:* (BODY.PEEK[HEADER] BODY.PEEK[TEXT]<3.100> PREVIEW)",
    "UID FETCH 1:* (RFC822 RFC822.TEXT)",
    "FETCH 1:* (BINARY.SIZE[1] BINARY.PEEK[1])",
    "FETCH 1:* (UID) (CHANGEDSINCE 1)",
    "SEARCH UNSEEN",
    "UID SEARCH RETURN (MIN MAX COUNT ALL) NOT DELETED",
    "SEARCH CHARSET UTF-8 TEXT {8+}\r\nperché\"",
    "SEARCH CHARSET UTF-8 OR SUBJECT \"città\" BODY \"venerdì\"",
    "SEARCH RETURN (SAVE) SEEN",
    "FETCH $ FLAGS",
    "UID SORT (REVERSE DATE SUBJECT) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL",
    "UID THREAD REFS UTF-8 ALL",
];

/// Commands that one who may only read can say to both.
const READING: &[&str] = &[
    "FETCH",
    "SEARCH",
    "SORT",
    "THREAD",
    "LIST",
    "LSUB",
    "STATUS",
    "NAMESPACE",
    "GETQUOTAROOT",
    "GETMETADATA",
    "CHECK",
    "NOOP",
];

/// Both ways to a mailbox.
struct Both {
    through: Connection,
    direct: Connection,
    number: usize,
}

/// Untagged responses, the condition in the end, and its line.
type Answer = (Vec<Vec<u8>>, Condition, Vec<u8>);

async fn ask(connection: &mut Connection, tag: &str, pieces: &[Piece]) -> Answer {
    let mut untagged = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        if let Piece::Text(text) = piece {
            assert!(connection.say(text, &mut Dice(n as u64)).await, "the connection is gone");
        }
        let last = n + 1 == pieces.len();
        if !last && *piece != Piece::Wait {
            continue;
        }
        loop {
            match connection.hear().await.unwrap_or_else(|| panic!("no answer to {pieces:?}")) {
                Heard::Untagged(line) => untagged.push(line),
                Heard::Continuation if !last => break,
                Heard::Tagged(heard, condition, line) if heard == tag.as_bytes() => return (untagged, condition, line),
                other => panic!("{other:?} for {pieces:?}"),
            }
        }
    }
    unreachable!("the last piece is answered")
}

impl Both {
    async fn open(world: &World, address: &str) -> Both {
        let mut both = Both {
            through: Door::new(&world.delega.ca_file(), world.delega.port()).connect().await.unwrap(),
            direct: Door::new(world.dovecot.ca_file(), world.dovecot.imaps_port()).connect().await.unwrap(),
            number: 0,
        };
        for (connection, login, password) in [
            (&mut both.through, format!("anna/{address}"), password("anna")),
            (&mut both.direct, address.to_owned(), SECRET.to_owned()),
        ] {
            let greeting = connection.hear().await;
            assert!(matches!(greeting, Some(Heard::Untagged(_))), "{greeting:?}");
            let login = format!("l LOGIN {login} {password}\r\n").into_bytes();
            assert_eq!(ask(connection, "l", &[Piece::Text(login)]).await.1, Condition::Ok);
        }
        both
    }

    /// Says the same to both.
    async fn ask(&mut self, tag: &str, pieces: &[Piece]) -> [Answer; 2] {
        [ask(&mut self.through, tag, pieces).await, ask(&mut self.direct, tag, pieces).await]
    }

    /// Says to both what both must understand, and answer alike.
    async fn same(&mut self, command: &str) {
        self.number += 1;
        let tag = format!("s{}", self.number);
        let [through, direct] = self.ask(&tag, &[Piece::Text(format!("{tag} {command}\r\n").into_bytes())]).await;
        alike(command, &through, &direct);
        // Dovecot takes message numbers in an empty folder for a mistake
        let nothing_there = through.2.windows(18).any(|words| words == b"Invalid messageset");
        assert!(through.1 == Condition::Ok || nothing_there, "{command}: {}", through.2.escape_ascii());
    }
}

/// A response without `\Marked` and `\UnMarked`, which say when Dovecot last looked for new messages.
fn unmarked(response: &[u8]) -> Vec<u8> {
    let Some(rest) = response.strip_prefix(b"* LIST (") else { return response.to_vec() };
    let end = rest.iter().position(|b| *b == b')').unwrap();
    let attributes = rest[..end].split(|b| *b == b' ').filter(|word| ![&b"\\Marked"[..], b"\\UnMarked"].contains(word));
    [b"* LIST (", &attributes.collect::<Vec<_>>().join(&b' ')[..], &rest[end..]].concat()
}

#[track_caller]
fn alike(command: &str, through: &Answer, direct: &Answer) {
    assert_eq!(through.1, direct.1, "{command}: {}, {}", through.2.escape_ascii(), direct.2.escape_ascii());
    assert_eq!(through.0.len(), direct.0.len(), "{command}");
    for (through, direct) in through.0.iter().zip(&direct.0) {
        let (through, direct) = (unmarked(through), unmarked(direct));
        assert!(through == direct, "{command}:\n{}\n{}", through.escape_ascii(), direct.escape_ascii());
    }
}

#[test]
fn p1_what_is_read_is_what_is_there() {
    let mut world = World::new(Warm::No);
    let address = world.mailbox();
    world.delega.add_delegate(&address, "anna", "read,client");
    let before = world.dovecot.snapshot(&address);
    let mut stricter: BTreeMap<String, usize> = BTreeMap::new();
    let (mut said, mut understood) = (0, 0);
    world.block_on(async {
        let mut both = Both::open(&world, &address).await;
        for command in EVERYWHERE {
            both.same(command).await;
        }
        let folders: Vec<String> = FOLDERS.iter().copied().chain(["INBOX"]).map(mail::on_disk).collect();
        for folder in &folders {
            let name = folder.replace('"', "\\\"");
            both.same(&format!("STATUS \"{name}\" (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)")).await;
            both.same(&format!("EXAMINE \"{name}\"")).await;
            for command in IN_FOLDER {
                both.same(command).await;
            }
        }
        for seed in seeds() {
            println!("DELEGA_SEED={seed}");
            both.same("EXAMINE INBOX").await;
            let mut generator = Generator::new(seed, Plan { sessions: 1, endings: false, phase: 1, only: READING });
            generator.goes_on();
            for _ in 0..commands(150) {
                let operation = generator.operation();
                let Deed::Command(command) = &operation.deed else { continue };
                let tag = String::from_utf8_lossy(&command.tag).into_owned();
                // Of what it cannot read Dovecot takes the literals for commands
                if !command.certain || tag.contains(']') || operation.name == "(spoilt)" {
                    continue;
                }
                said += 1;
                let [through, direct] = both.ask(&tag, &command.pieces).await;
                match (through.1, direct.1) {
                    (Condition::Bad, Condition::Ok | Condition::No) => {
                        *stricter.entry(operation.to_string()).or_default() += 1;
                        // What the one has saved, the other has not
                        both.same("SEARCH RETURN (SAVE) ALL").await;
                    }
                    _ => {
                        understood += usize::from(through.1 == Condition::Ok);
                        alike(&operation.to_string(), &through, &direct);
                    }
                }
            }
        }
    });
    let told: Vec<&str> = stricter.keys().map(String::as_str).collect();
    println!("of {said} commands {understood} are answered alike; delega is stricter with\n{}", told.join("\n"));
    assert!(understood * 2 > said);
    before.assert_unchanged(&world.dovecot.snapshot(&address));
}
