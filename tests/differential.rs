//! What imap-codec understands, delega's grammar understands in the same way: the same command, of the same length, with
//! the same verb, folder, flags, sets and search keys.
//!
//! The other direction does not hold and need not: imap-codec knows fewer commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod imap;

use delega::domain::limits;
use delega::proto::imap::command::{self, Command};
use delega::proto::imap::encode::{self, Rewriting};
use delega::proto::imap::framer::{Bounds, Frame, Framer};
use imap::{config, corpus, generate, wire};
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder;
use imap_codec::encode::Encoder;
use imap_codec::imap_types::command::{Command as Theirs, CommandBody};
use imap_codec::imap_types::extensions::thread::ThreadingAlgorithm;
use imap_codec::imap_types::flag::Flag;
use imap_codec::imap_types::mailbox::Mailbox;
use proptest::prelude::*;

/// Where the two may differ: what imap-codec takes and delega refuses.
const DIFFERENCES: [Difference; 9] = [
    Difference {
        why: "STATUS asks for at least one item (RFC 3501 section 9, status)",
        example: b"a STATUS INBOX ()\r\n",
        holds: |_, body| matches!(body, CommandBody::Status { item_names, .. } if item_names.is_empty()),
    },
    Difference {
        why: "a tag with a ] is legal, but Dovecot takes it for none and leaves the client waiting",
        example: b"a]b NOOP\r\n",
        holds: |bytes, _| bytes.split(|b| *b == b' ').next().is_some_and(|tag| tag.contains(&b']')),
    },
    Difference {
        why: "COMPRESS is not offered: nobody reads through a gateway what it cannot judge",
        example: b"a COMPRESS DEFLATE\r\n",
        holds: |_, body| matches!(body, CommandBody::Compress { .. }),
    },
    Difference {
        why: "wildcards are bounded, since matching them costs the upstream exponential time",
        example: b"a LIST \"\" \"*%*%*%*%*%*%*%*%*%\"\r\n",
        holds: |bytes, body| {
            let wildcards = bytes.iter().filter(|b| matches!(b, b'%' | b'*')).count();
            matches!(body, CommandBody::List { .. } | CommandBody::Lsub { .. }) && wildcards > limits::LIST_WILDCARDS
        },
    },
    Difference {
        why: "an algorithm of THREAD is a capability of its own, and an unknown one is not offered (RFC 5256)",
        example: b"a THREAD OTHER UTF-8 ALL\r\n",
        holds: |_, body| matches!(body, CommandBody::Thread { algorithm: ThreadingAlgorithm::Other(_), .. }),
    },
    Difference {
        why: "an empty initial response is written `=` (RFC 4959 section 3), and PLAIN has none that is empty",
        example: b"a AUTHENTICATE PLAIN \r\n",
        holds: |_, body| matches!(body, CommandBody::Authenticate { initial_response: Some(initial), .. } if initial.declassify().is_empty()),
    },
    Difference {
        why: "a length with a leading zero is none (RFC 3501 section 9 leaves it open, and two readers may differ)",
        example: b"a SELECT {05}\r\nINBOX\r\n",
        holds: |bytes, _| bytes.windows(3).any(|three| three.starts_with(b"{0") && three[2].is_ascii_digit()),
    },
    Difference {
        why: "names of character sets are printable ASCII (RFC 2978 section 2.3)",
        example: b"a SORT (DATE) \"\" ALL\r\n",
        holds: |_, body| match body {
            CommandBody::Search { charset: Some(charset), .. }
            | CommandBody::Sort { charset, .. }
            | CommandBody::Thread { charset, .. } => {
                let name: &str = charset.as_ref();
                name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic())
            }
            _ => false,
        },
    },
    Difference {
        why: "names of folders are modified UTF-7, so that one folder has one name (RFC 3501 section 5.1.3)",
        example: b"a SELECT {2}\r\n\xc3\xa0\r\n",
        holds: |bytes, body| {
            let odd = |name: &[u8]| name.iter().any(|b| !(0x20..0x7f).contains(b));
            match body {
                // These name two.
                CommandBody::List { .. } | CommandBody::Lsub { .. } | CommandBody::Rename { .. } => {
                    odd(bytes.strip_suffix(b"\r\n").unwrap_or(bytes))
                }
                body => folder(body).is_some_and(|name| odd(&name)),
            }
        },
    },
];

struct Difference {
    why: &'static str,
    example: &'static [u8],
    holds: fn(&[u8], &CommandBody) -> bool,
}

/// imap-codec's reading of the command that `bytes` begin with, and its length.
fn theirs(bytes: &[u8]) -> Option<(Theirs<'static>, usize)> {
    let (rest, command) = CommandCodec::default().decode(bytes).ok()?;
    use imap_codec::imap_types::IntoStatic;
    Some((command.into_static(), bytes.len() - rest.len()))
}

/// delega's reading of it, its length, and what it becomes for the upstream.
fn ours(bytes: &[u8]) -> Result<(Command, usize, Vec<u8>), String> {
    let mut framer = Framer::new(Bounds::AFTER_LOGIN, 0);
    let mut input = bytes;
    loop {
        match framer.next(&mut input) {
            Frame::Announced(announcement) => {
                let head = command::head(framer.so_far()).map_err(|misunderstood| misunderstood.text)?;
                if !head.verb.brings_message() || head.wants_folder(framer.so_far()) {
                    framer.collect();
                    continue;
                }
                let command = Command::parse(framer.stream()).map_err(|misunderstood| misunderstood.text)?;
                let octets = announcement.octets as usize;
                let mut written = encoded(&command, Some(announcement.octets));
                written.extend_from_slice(b"\r\n");
                written.extend_from_slice(input.get(..octets).ok_or("no message")?);
                written.extend_from_slice(b"\r\n");
                let end = input.get(octets..octets + 2);
                if end != Some(b"\r\n") {
                    return Err("more messages".to_owned());
                }
                let length = bytes.len() - input.len() + octets + 2;
                return Ok((command, length, written));
            }
            Frame::Command(raw) => {
                let command = Command::parse(raw).map_err(|misunderstood| misunderstood.text)?;
                let written = encoded(&command, None);
                return Ok((command, bytes.len() - input.len(), written));
            }
            other => return Err(format!("{other:?}")),
        }
    }
}

fn encoded(command: &Command, octets: Option<u64>) -> Vec<u8> {
    let mut written: Vec<u8> = encode::encode(command, Rewriting::Same, octets).0.into_iter().flatten().collect();
    if octets.is_some() {
        // The announcement's CRLF is put behind it where the message follows.
        assert!(written.ends_with(b"\r\n"));
        written.truncate(written.len() - 2);
    }
    written
}

/// A command as imap-codec writes it, read so that the form of strings does not matter.
fn meaning(theirs: &Theirs) -> wire::Command {
    let written = CommandCodec::default().encode(theirs).dump();
    wire::command(&written).unwrap_or_else(|fault| panic!("{fault}"))
}

fn verb(body: &CommandBody) -> (String, bool) {
    let uid = match body {
        CommandBody::Search { uid, .. }
        | CommandBody::Sort { uid, .. }
        | CommandBody::Thread { uid, .. }
        | CommandBody::Fetch { uid, .. }
        | CommandBody::Store { uid, .. }
        | CommandBody::Copy { uid, .. }
        | CommandBody::Move { uid, .. } => *uid,
        CommandBody::ExpungeUid { .. } => true,
        _ => false,
    };
    (body.name().trim_start_matches("UID ").to_owned(), uid)
}

fn folder(body: &CommandBody) -> Option<Vec<u8>> {
    let mailbox = match body {
        CommandBody::Select { mailbox, .. }
        | CommandBody::Examine { mailbox, .. }
        | CommandBody::Create { mailbox }
        | CommandBody::Delete { mailbox }
        | CommandBody::Rename { from: mailbox, .. }
        | CommandBody::Subscribe { mailbox }
        | CommandBody::Unsubscribe { mailbox }
        | CommandBody::Status { mailbox, .. }
        | CommandBody::Append { mailbox, .. }
        | CommandBody::Copy { mailbox, .. }
        | CommandBody::Move { mailbox, .. }
        | CommandBody::GetQuotaRoot { mailbox }
        | CommandBody::SetMetadata { mailbox, .. }
        | CommandBody::GetMetadata { mailbox, .. } => mailbox,
        _ => return None,
    };
    Some(match mailbox {
        Mailbox::Inbox => b"INBOX".to_vec(),
        Mailbox::Other(other) => other.as_ref().to_vec(),
    })
}

fn flags(body: &CommandBody) -> Option<Vec<String>> {
    match body {
        CommandBody::Store { flags, .. } | CommandBody::Append { flags, .. } => {
            Some(flags.iter().map(Flag::to_string).collect())
        }
        _ => None,
    }
}

/// The flags that stand in a command's arguments: all atoms in its one list, or behind STORE's item.
fn our_flags(command: &Command) -> Vec<String> {
    use delega::proto::imap::token::Kind;
    let tokens = command.tokens();
    let atoms = |tokens: &[delega::proto::imap::token::Token]| {
        let atoms = tokens.iter().filter(|token| token.kind == Kind::Atom);
        atoms.map(|token| String::from_utf8_lossy(command.span(token)).into_owned()).collect()
    };
    let item = tokens.iter().position(|token| {
        let text = command.span(token).to_ascii_uppercase();
        token.kind == Kind::Atom
            && text.trim_ascii_start().strip_suffix(b".SILENT").unwrap_or(&text).ends_with(b"FLAGS")
    });
    match item {
        Some(item) if command.verb.name() == "STORE" => atoms(&tokens[item + 1..]),
        _ => atoms(&tokens[1..]),
    }
}

/// Holds the two readings of `bytes` against each other; tells whether imap-codec had one.
fn compare(bytes: &[u8]) -> Result<bool, String> {
    let Some((theirs, their_length)) = theirs(bytes) else { return Ok(false) };
    let said = bytes.escape_ascii();
    let allowed = DIFFERENCES.iter().find(|difference| (difference.holds)(bytes, &theirs.body));
    let (ours, our_length, written) = match (ours(bytes), allowed) {
        (Ok(ours), _) => ours,
        (Err(_), Some(_)) => return Ok(true),
        (Err(why), None) => return Err(format!("{said}: {why}; but {theirs:?}")),
    };
    let same = |what: &str, ours: &dyn std::fmt::Debug, theirs: &dyn std::fmt::Debug| {
        let (ours, theirs) = (format!("{ours:?}"), format!("{theirs:?}"));
        if ours == theirs { Ok(()) } else { Err(format!("{said}: {what}: {ours}, but {theirs}")) }
    };
    same("length", &our_length, &their_length)?;
    same("tag", &String::from_utf8_lossy(ours.tag()), &theirs.tag.as_ref())?;
    same("verb", &(ours.verb.name().to_owned(), ours.uid), &verb(&theirs.body))?;
    if let Some(folder) = folder(&theirs.body) {
        same("folder", &ours.folder.as_ref().map(|folder| folder.as_bytes().to_vec()), &Some(folder))?;
    }
    if let Some(flags) = flags(&theirs.body) {
        // Flags are the same in capitals or not; imap-codec writes those of the system in its own way.
        let plain = |flags: Vec<String>| flags.iter().map(|flag| flag.to_ascii_lowercase()).collect::<Vec<_>>();
        same("flags", &plain(our_flags(&ours)), &plain(flags))?;
    }
    let (again, _) = self::theirs(&written).ok_or(format!("{said}: not understood: {}", written.escape_ascii()))?;
    same("what goes upstream", &meaning(&again), &meaning(&theirs))?;
    Ok(true)
}

#[test]
fn recorded_commands_have_one_reading() {
    let mut compared = 0;
    for exchange in corpus::exchanges() {
        compared += usize::from(compare(&exchange.bytes).unwrap_or_else(|difference| panic!("{difference}")));
    }
    assert!(compared > 200, "{compared}");
}

proptest! {
    #![proptest_config(config(50_000))]

    #[test]
    fn made_up_and_damaged_commands_have_one_reading(bytes in generate::one()) {
        let compared = compare(&bytes.0);
        prop_assert!(compared.is_ok(), "{}", compared.unwrap_err());
    }
}

#[test]
fn each_difference_is_one() {
    for Difference { why, example, holds } in DIFFERENCES {
        let (theirs, _) = theirs(example).expect(why);
        assert!(holds(example, &theirs.body) && ours(example).is_err(), "{why}");
    }
}
