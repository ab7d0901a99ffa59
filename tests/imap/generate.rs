//! Makes up commands: legal ones of every verb, with every form of string, and such as are none.
//!
//! A command is drawn from a list of numbers, each of which decides one choice and of which 0 is the plainest; so what
//! fails shrinks to a short list of plain commands.

mod verbs;

use std::fmt;

use proptest::prelude::*;

/// One command, as a client sends it.
#[derive(Clone)]
pub struct Made {
    /// Its tag.
    pub tag: String,
    /// What is sent at once; behind all parts but the last the client waits for a continuation.
    pub parts: Vec<Vec<u8>>,
    /// Whether it is IDLE, and so waits for DONE, which is the last part.
    pub idle: bool,
}

/// Bytes that are shown as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// As text, `…` where the client waits.
impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.parts.iter().map(|part| part.escape_ascii().to_string()).collect();
        f.write_str(&parts.join(" … "))
    }
}

impl Made {
    /// All parts.
    pub fn bytes(&self) -> Vec<u8> {
        self.parts.concat()
    }
}

/// What the commands are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Legal commands.
    Legal,
    /// Legal and other ones. Framing is never in doubt.
    Any,
}

/// Sessions of up to `commands` commands with tags that occur once.
pub fn session(flavour: Flavour, commands: usize) -> impl Strategy<Value = Vec<Made>> {
    prop::collection::vec(prop::collection::vec(0u16..1000, 0..40), 1..commands)
        .prop_map(move |all| all.iter().enumerate().map(|(n, numbers)| made(flavour, n, numbers)).collect())
}

/// Sessions of commands that open and close folders, and of such as depend on how one is open.
pub fn openings(commands: usize) -> impl Strategy<Value = Vec<Made>> {
    const COMMANDS: [&str; 13] = [
        "NOOP",
        "SELECT INBOX",
        "EXAMINE INBOX",
        "EXAMINE INBOX (QRESYNC (1 1))",
        "CLOSE",
        "UNSELECT",
        "FETCH 1 BODY[]",
        "FETCH 1 RFC822",
        "STORE 1 FLAGS (\\Seen)",
        "EXPUNGE",
        "SEARCH ALL",
        "APPEND INBOX {30}",
        "APPEND INBOX {30+}",
    ];
    // Tags decide how the server of the tests answers, so they vary.
    prop::collection::vec((0..COMMANDS.len(), 0..100), 1..commands).prop_map(|all| {
        let made = |(n, (command, tag)): (usize, (usize, i32))| {
            let tag = format!("a{n}.{tag}");
            let mut parts = vec![format!("{tag} {}\r\n", COMMANDS[command]).into_bytes()];
            if COMMANDS[command].starts_with("APPEND") {
                parts.push([b"x".repeat(30), b"\r\n".to_vec()].concat());
            }
            if COMMANDS[command].ends_with("+}") {
                parts = vec![parts.concat()];
            }
            Made { parts, tag, idle: false }
        };
        all.into_iter().enumerate().map(made).collect()
    })
}

/// One command.
pub fn command(flavour: Flavour) -> impl Strategy<Value = Made> {
    prop::collection::vec(0u16..1000, 0..40).prop_map(move |numbers| made(flavour, 0, &numbers))
}

fn made(flavour: Flavour, n: usize, numbers: &[u16]) -> Made {
    let mut draw = Draw { numbers: numbers.iter(), parts: Vec::new(), text: Vec::new() };
    let tag = match draw.pick(6) {
        0..=2 => format!("a{n}"),
        3 => format!("0.0.jYT8D4u{n}"),
        4 => format!("-1pPcQ{n}"),
        _ => format!("IDLE{n}"),
    };
    draw.text(&tag);
    draw.text(" ");
    let idle = match flavour {
        Flavour::Any if draw.pick(5) == 4 => draw.illegal(),
        _ => draw.legal(),
    };
    draw.text("\r\n");
    draw.cut();
    if idle {
        let done = draw.one(&["DONE\r\n", "done\r\n"]);
        draw.text(done);
        draw.cut();
    }
    Made { tag, parts: draw.parts, idle }
}

struct Draw<'a> {
    numbers: std::slice::Iter<'a, u16>,
    parts: Vec<Vec<u8>>,
    text: Vec<u8>,
}

impl Draw<'_> {
    /// A number below `choices`.
    fn pick(&mut self, choices: usize) -> usize {
        self.numbers.next().map_or(0, |n| usize::from(*n)) % choices
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.pick(of.len())]
    }

    fn text(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn cut(&mut self) {
        self.parts.push(std::mem::take(&mut self.text));
    }

    /// A word in capitals or not.
    fn word(&mut self, word: &str) {
        let word = match self.pick(4) {
            0..=2 => word.to_owned(),
            _ => word.to_ascii_lowercase(),
        };
        self.text(&word);
    }

    fn octets(&mut self, octets: &[u8], binary: bool) {
        let plus = self.pick(2) == 0;
        self.text(&format!("{}{{{}{}}}\r\n", if binary { "~" } else { "" }, octets.len(), if plus { "+" } else { "" }));
        if !plus {
            self.cut();
        }
        self.text.extend_from_slice(octets);
    }

    /// A string in one of the forms that can hold it.
    fn string(&mut self, string: &[u8]) {
        let atom = !string.is_empty()
            && !string.eq_ignore_ascii_case(b"NIL")
            && string.iter().all(|b| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(b));
        let quotable = !string.iter().any(|b| matches!(b, b'\r' | b'\n' | 0));
        match self.pick(4) {
            0 | 1 if atom => self.text.extend_from_slice(string),
            0..=2 if quotable => {
                self.text.push(b'"');
                for byte in string {
                    if matches!(byte, b'"' | b'\\') {
                        self.text.push(b'\\');
                    }
                    self.text.push(*byte);
                }
                self.text.push(b'"');
            }
            _ => self.octets(string, false),
        }
    }

    fn folder(&mut self) {
        let name = self.one(&[
            "INBOX",
            "inbox",
            "Sent",
            "Archive/2025",
            "Contabilit&AOA-",
            "Perch&AOk- &- cos&AOw-",
            "Clienti/Rossi (ex) \"Bianchi\" S.r.l.",
            "back\\slash",
            "",
            "NIL",
            "a]b",
            "{5}",
            "100%",
            "x+",
        ]);
        self.string(name.as_bytes());
    }

    fn words(&mut self) {
        let words: &[u8] = self.one::<&[u8]>(&[
            b"fattura",
            b"",
            b"UNSEEN",
            "città".as_bytes(),
            b"a \"b\" \\c",
            b"two\r\nlines",
            b"x) SEEN (y",
            b"{3}",
            b"\r\na1 DELETE INBOX\r\n",
            b"tab\there",
        ]);
        self.string(words);
    }

    fn set(&mut self) {
        let set = self.one(&["1", "1:*", "*", "7,9:12,*:3", "4294967295", "1:4294967295", "2,2,2", "$"]);
        self.text(set);
    }

    fn flag(&mut self) {
        let flag =
            self.one(&["\\Seen", "\\Deleted", "\\Answered", "\\Flagged", "\\Draft", "$label1", "NonJunk", "\\Xyz"]);
        self.text(flag);
    }

    fn list(&mut self, least: usize, most: usize, mut item: impl FnMut(&mut Self)) {
        self.text("(");
        let items = least + self.pick(most - least + 1);
        for n in 0..items {
            if n > 0 {
                self.text(" ");
            }
            item(self);
        }
        self.text(")");
    }
}

/// Bytes of a client that may be anything at all: made-up commands and recorded ones, whole and damaged, and noise.
pub fn bytes(commands: usize) -> impl Strategy<Value = Bytes> {
    let recorded: Vec<Vec<u8>> = super::corpus::exchanges().into_iter().map(|exchange| exchange.bytes).collect();
    let whole = prop_oneof![
        4 => command(Flavour::Any).prop_map(|made| made.bytes()),
        4 => prop::sample::select(recorded),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ];
    let damage = prop::collection::vec((any::<prop::sample::Index>(), 0usize..FRAGMENTS.len() + 4), 0..3);
    prop::collection::vec((whole, prop_oneof![1 => Just(Vec::new()), 1 => damage]), 1..commands)
        .prop_map(|all| all.into_iter().flat_map(|(bytes, damage)| damaged(bytes, &damage)).collect())
        .prop_map(Bytes)
}

/// One command, made up or recorded, and damaged or not.
pub fn one() -> impl Strategy<Value = Bytes> {
    let recorded: Vec<Vec<u8>> = super::corpus::exchanges().into_iter().map(|exchange| exchange.bytes).collect();
    let whole = prop_oneof![command(Flavour::Any).prop_map(|made| made.bytes()), prop::sample::select(recorded)];
    let damage = prop::collection::vec((any::<prop::sample::Index>(), 0usize..FRAGMENTS.len() + 4), 0..3);
    (whole, damage).prop_map(|(bytes, damage)| Bytes(damaged(bytes, &damage)))
}

/// What is put into commands to damage them.
const FRAGMENTS: [&[u8]; 22] = [
    b"\r\n",
    b"\r",
    b"\n",
    b"\0",
    b"\"",
    b"\\",
    b"(",
    b")",
    b" ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"{3}\r\n",
    b"{3+}\r\n",
    b"~{0}\r\n",
    b"{70000+}\r\n",
    b"DONE\r\n",
    b"x IDLE\r\n",
    b"x STORE 1 FLAGS (\\Deleted)\r\n",
    b"x APPEND INBOX {1+}\r\n",
    b"\r\nx SELECT INBOX\r\n",
];

fn damaged(mut bytes: Vec<u8>, damage: &[(prop::sample::Index, usize)]) -> Vec<u8> {
    for (place, kind) in damage {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        match FRAGMENTS.get(*kind) {
            Some(fragment) => drop(bytes.splice(at..at, fragment.iter().copied())),
            None => match kind - FRAGMENTS.len() {
                0 => drop(bytes.remove(at)),
                1 => bytes[at] ^= 0x20,
                2 => bytes.truncate(at),
                _ => bytes.extend_from_within(at..),
            },
        }
    }
    bytes
}
