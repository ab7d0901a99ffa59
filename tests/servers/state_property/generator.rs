//! Makes up what a client does: commands of every verb in every form, most of them as they should be and some not.

use super::operation::{Command, Deed, Operation, Piece, Writer};
use super::words;
use crate::support::mail::Dice;

/// What is to be made up.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Sessions at the same time.
    pub sessions: usize,
    /// Whether sessions come and go.
    pub endings: bool,
    pub phase: usize,
    /// These commands and no others; all where there are none.
    pub only: &'static [&'static str],
}

/// Makes up operations, the same for the same dice.
#[derive(Debug)]
pub struct Generator {
    pub dice: Dice,
    plan: Plan,
    pub number: usize,
    last_tag: Vec<u8>,
    /// Commands still to come of a long batch.
    batch: usize,
    /// Sessions that have just begun, and are likely to open a folder next.
    fresh: Vec<bool>,
}

/// How a command is refused, if it is.
const READ: bool = false;
const WRITE: bool = true;

/// Writes a command, its tag and the space behind it apart.
pub type Make = fn(&mut Generator, &mut Writer);

/// Name, weight, whether one who may only read is refused, what follows the tag.
const COMMANDS: &[(&str, usize, bool, Make)] = &[
    ("CAPABILITY", 1, READ, |_, w| {
        w.text("CAPABILITY");
    }),
    ("NOOP", 2, READ, |_, w| {
        w.text("NOOP");
    }),
    ("CHECK", 2, READ, |_, w| {
        w.text("CHECK");
    }),
    ("NAMESPACE", 1, READ, |_, w| {
        w.text("NAMESPACE");
    }),
    ("ID", 1, READ, |g, w| {
        w.text(g.dice.one_of(words::IDS));
    }),
    ("ENABLE", 2, READ, |g, w| {
        w.text("ENABLE ").text(g.dice.one_of(words::ENABLES));
    }),
    ("SELECT", 9, READ, |g, w| g.select(w, "SELECT")),
    ("EXAMINE", 5, READ, |g, w| g.select(w, "EXAMINE")),
    ("CLOSE", 3, READ, |_, w| {
        w.text("CLOSE");
    }),
    ("UNSELECT", 1, READ, |_, w| {
        w.text("UNSELECT");
    }),
    ("LIST", 5, READ, |g, w| g.list(w)),
    ("LSUB", 1, READ, |g, w| g.pattern(w, "LSUB ")),
    ("XLIST", 1, READ, |g, w| g.pattern(w, "XLIST ")),
    ("STATUS", 4, READ, |g, w| g.status(w)),
    ("FETCH", 16, READ, |g, w| g.fetch(w)),
    ("SEARCH", 8, READ, |g, w| g.search(w)),
    ("SORT", 3, READ, |g, w| g.sort(w)),
    ("THREAD", 2, READ, |g, w| g.thread(w)),
    ("IDLE", 3, READ, |g, w| g.idle(w)),
    ("GETQUOTA", 1, READ, |g, w| {
        w.text("GETQUOTA ").string(&mut g.dice, b"casella");
    }),
    ("GETQUOTAROOT", 1, READ, |g, w| g.folder(w, "GETQUOTAROOT ")),
    ("GETMETADATA", 2, READ, |g, w| g.get_metadata(w)),
    ("MYRIGHTS", 2, READ, |g, w| g.folder(w, "MYRIGHTS ")),
    ("STORE", 16, WRITE, |g, w| g.store(w)),
    ("COPY", 5, WRITE, |g, w| g.copy(w, "COPY ")),
    ("MOVE", 5, WRITE, |g, w| g.copy(w, "MOVE ")),
    ("EXPUNGE", 6, WRITE, |g, w| g.expunge(w)),
    ("APPEND", 10, WRITE, |g, w| g.append(w)),
    ("REPLACE", 3, WRITE, |g, w| g.replace(w)),
    ("CREATE", 4, WRITE, |g, w| g.create(w)),
    ("DELETE", 4, WRITE, |g, w| g.folder(w, "DELETE ")),
    ("RENAME", 4, WRITE, |g, w| g.rename(w)),
    ("SUBSCRIBE", 3, WRITE, |g, w| g.folder(w, "SUBSCRIBE ")),
    ("UNSUBSCRIBE", 3, WRITE, |g, w| g.folder(w, "UNSUBSCRIBE ")),
    ("SETMETADATA", 4, WRITE, |g, w| g.set_metadata(w)),
    ("SETACL", 3, WRITE, |g, w| g.acl(w, "SETACL ")),
    ("DELETEACL", 2, WRITE, |g, w| g.acl(w, "DELETEACL ")),
    ("LISTRIGHTS", 1, WRITE, |g, w| g.acl(w, "LISTRIGHTS ")),
    ("GETACL", 1, WRITE, |g, w| g.folder(w, "GETACL ")),
    ("SETQUOTA", 2, WRITE, |_, w| {
        w.text("SETQUOTA \"casella\" (STORAGE 512)");
    }),
    ("LOGIN", 1, WRITE, |g, w| {
        w.text("LOGIN ").string(&mut g.dice, b"altra").text(" ").string(&mut g.dice, b"x");
    }),
    ("AUTHENTICATE", 1, WRITE, |g, w| {
        w.text(g.dice.one_of(words::AUTHENTICATES));
    }),
    ("STARTTLS", 1, WRITE, |_, w| {
        w.text("STARTTLS");
    }),
    ("(unknown)", 8, WRITE, |g, w| g.unknown(w)),
];

impl Generator {
    pub fn new(seed: u64, plan: Plan) -> Generator {
        Generator {
            dice: Dice(seed),
            plan,
            number: 0,
            last_tag: b"t".to_vec(),
            batch: 0,
            fresh: vec![true; plan.sessions],
        }
    }

    /// The sessions have begun already.
    pub fn goes_on(&mut self) {
        self.fresh.fill(false);
    }

    /// The next operation.
    pub fn operation(&mut self) -> Operation {
        self.number += 1;
        let session = self.dice.below(self.plan.sessions);
        let cuts = self.dice.roll();
        if std::mem::take(&mut self.fresh[session]) && self.dice.below(10) > 0 {
            let verb = if self.dice.below(3) > 0 || !self.plan.only.is_empty() { "SELECT" } else { "EXAMINE" };
            let open = COMMANDS.iter().find(|(name, ..)| *name == verb).unwrap();
            return self.command(session, cuts, *open);
        }
        if self.plan.endings && self.dice.below(if self.plan.only.is_empty() { 70 } else { 20 }) == 0 {
            self.fresh[session] = true;
            let deed = self.ending();
            return Operation { session, phase: self.plan.phase, name: "(ending)".to_owned(), deed, cuts };
        }
        let only = self.plan.only;
        let commands = COMMANDS.iter().filter(|(name, ..)| only.is_empty() || only.contains(name));
        let mut at = self.dice.below(commands.clone().map(|(_, weight, ..)| weight).sum());
        let chosen = commands.into_iter().find(|(_, weight, ..)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        let chosen = *chosen.unwrap();
        if only.is_empty() && self.dice.below(16) == 0 {
            return self.broken(session, cuts, chosen);
        }
        if ["CLOSE", "UNSELECT"].contains(&chosen.0) {
            self.fresh[session] = true;
        }
        self.command(session, cuts, chosen)
    }

    pub fn command(
        &mut self,
        session: usize,
        cuts: u64,
        (name, _, refused, make): (&str, usize, bool, Make),
    ) -> Operation {
        let mut tag = self.tag();
        if name == "IDLE" {
            // Were it refused for its tag, the next line would be a command
            tag.retain(|b| *b != b']');
            tag.push(b'i');
        }
        let mut writer = Writer::default();
        writer.text(&tag).text(" ");
        make(self, &mut writer);
        writer.text("\r\n");
        let mut pieces = writer.finish();
        self.change_case(&mut pieces, tag.len() + 1);
        let mut name = name.to_owned();
        if name != "IDLE" && self.dice.below(if self.plan.only.is_empty() { 12 } else { 60 }) == 0 {
            self.spoil(&mut pieces, tag.len() + 1);
            name = "(spoilt)".to_owned();
        }
        let certain = !ends_in_brace(&pieces);
        self.batch = match self.batch {
            0 if self.dice.below(60) == 0 => 20 + self.dice.below(40),
            left => left.saturating_sub(1),
        };
        let waits = self.batch == 0 && self.dice.below(2) == 0;
        let command = Command { tag, pieces, refused, certain, waits };
        Operation { session, phase: self.plan.phase, name, deed: Deed::Command(command), cuts }
    }

    /// Most tags are new and plain; some are odd, as those of real programs, and some come twice.
    fn tag(&mut self) -> Vec<u8> {
        let tag = match self.dice.below(20) {
            0 => self.last_tag.clone(),
            1 | 2 => self.dice.one_of(words::TAGS).as_bytes().to_vec(),
            3 => vec![b'x'; 127],
            _ => format!("t{}", self.number).into_bytes(),
        };
        self.last_tag.clone_from(&tag);
        tag
    }

    fn change_case(&mut self, pieces: &mut [Piece], from: usize) {
        let Some(Piece::Text(text)) = pieces.first_mut() else { return };
        let length = text[from..].iter().position(|b| matches!(b, b' ' | b'\r')).unwrap_or(0);
        let word = &mut text[from..from + length];
        match self.dice.below(8) {
            0 => word.make_ascii_lowercase(),
            1 => word.iter_mut().step_by(2).for_each(|b| b.make_ascii_lowercase()),
            _ => {}
        }
    }

    fn name(&mut self) -> &'static [u8] {
        let words = if self.dice.below(4) > 0 { words::FOLDERS } else { words::STRANGE_FOLDERS };
        words[self.dice.below(words.len())]
    }

    fn folder(&mut self, w: &mut Writer, verb: &str) {
        let name = self.name();
        w.text(verb).string(&mut self.dice, name);
    }

    /// Most of the time one of `usual`.
    fn word(&mut self, usual: &[&'static str], strange: &[&'static str]) -> &'static str {
        let words = if self.dice.below(30) > 0 { usual } else { strange };
        words[self.dice.below(words.len())]
    }

    fn uid(&mut self, w: &mut Writer) {
        w.text(if self.dice.below(2) == 0 { "UID " } else { "" });
    }

    fn set(&mut self) -> &'static str {
        self.word(words::SETS, words::STRANGE_SETS)
    }

    /// Up to `most` of them in parentheses; seldom none.
    fn listed(&mut self, usual: &[&'static str], strange: &[&'static str], most: usize) -> String {
        let count = if self.dice.below(20) == 0 { 0 } else { 1 + self.dice.below(most) };
        let items: Vec<&str> = (0..count).map(|_| self.word(usual, strange)).collect();
        format!("({})", items.join(" "))
    }

    fn select(&mut self, w: &mut Writer, verb: &str) {
        // Mostly where there are messages
        let name = match self.dice.below(12) {
            0 => self.name(),
            1..=5 => b"INBOX",
            _ => words::FOLDERS[self.dice.below(words::FOLDERS.len())],
        };
        w.text(verb).text(" ").string(&mut self.dice, name);
        // With parameters an EXAMINE may be refused, and leaves open for writing what was so
        let often = self.plan.phase.is_multiple_of(2) && verb == "EXAMINE";
        if self.dice.below(if often { 2 } else { 8 }) == 0 {
            w.text(" ").text(self.dice.one_of(words::SELECT_PARAMETERS));
        }
    }

    fn pattern(&mut self, w: &mut Writer, verb: &str) {
        let reference = *self.dice.one_of(&[&b""[..], b"", b"Fatture/", b"INBOX", b"/", b"~", b".."]);
        w.text(verb).string(&mut self.dice, reference).text(" ");
        match self.dice.below(3) {
            0 => self.folder(w, ""),
            _ => {
                w.text(self.dice.one_of(words::PATTERNS));
            }
        }
    }

    fn list(&mut self, w: &mut Writer) {
        w.text("LIST ");
        if self.dice.below(3) == 0 {
            let options = self.listed(&["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"], &["X"], 2);
            w.text(options).text(" ");
        }
        self.pattern(w, "");
        if self.dice.below(3) == 0 {
            w.text(" RETURN ").text(self.dice.one_of(words::LIST_RETURNS));
        }
    }

    fn status(&mut self, w: &mut Writer) {
        self.folder(w, "STATUS ");
        let items = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE"];
        let items = self.listed(&items, &["X", "MAILBOXID"], 4);
        w.text(" ").text(items);
    }

    fn fetch(&mut self, w: &mut Writer) {
        self.uid(w);
        let set = self.set();
        w.text("FETCH ").text(set).text(" ");
        match self.dice.below(5) {
            0 => {
                let item = self.word(words::FETCH_ITEMS, words::STRANGE_FETCH_ITEMS);
                w.text(item);
            }
            1 => {
                w.text(self.dice.one_of(&["ALL", "FULL", "FAST"]));
            }
            _ => {
                let items = self.listed(words::FETCH_ITEMS, words::STRANGE_FETCH_ITEMS, 3);
                w.text(items);
            }
        }
        if self.dice.below(8) == 0 {
            w.text(self.dice.one_of(&[" (CHANGEDSINCE 1)", " (CHANGEDSINCE 1 VANISHED)", " (X)"]));
        }
    }

    fn search(&mut self, w: &mut Writer) {
        self.uid(w);
        w.text("SEARCH ");
        if self.dice.below(3) == 0 {
            w.text("RETURN ").text(self.dice.one_of(&["(SAVE)", "(SAVE COUNT)", "(ALL MIN)", "()", "(X)"])).text(" ");
        }
        self.keys(w);
    }

    fn keys(&mut self, w: &mut Writer) {
        for n in 0..1 + self.dice.below(3) {
            w.text(if n > 0 { " " } else { "" });
            match self.dice.below(4) {
                0 => {
                    let text = *self.dice.one_of(words::TEXTS);
                    w.text(self.dice.one_of(&["SUBJECT ", "BODY ", "FROM ", "TEXT ", "HEADER To "]));
                    w.string(&mut self.dice, text);
                }
                _ => {
                    let key = self.word(words::SEARCH_KEYS, words::STRANGE_SEARCH_KEYS);
                    w.text(key);
                }
            }
        }
    }

    fn sort(&mut self, w: &mut Writer) {
        self.uid(w);
        w.text("SORT ").text(self.dice.one_of(&["", "RETURN (ALL) ", "RETURN (SAVE) "]));
        let criteria = self.listed(&["DATE", "REVERSE SUBJECT", "FROM", "SIZE", "DISPLAYFROM", "ARRIVAL"], &["X"], 2);
        w.text(criteria).text(" UTF-8 ");
        self.keys(w);
    }

    fn thread(&mut self, w: &mut Writer) {
        self.uid(w);
        w.text("THREAD ").text(self.dice.one_of(&["REFERENCES", "REFS", "ORDEREDSUBJECT", "X"])).text(" UTF-8 ");
        self.keys(w);
    }

    fn idle(&mut self, w: &mut Writer) {
        w.text("IDLE\r\n");
        if self.dice.below(3) > 0 {
            w.wait();
        }
        let line = *self.dice.one_of(words::DONES);
        w.text(line);
    }

    fn get_metadata(&mut self, w: &mut Writer) {
        w.text("GETMETADATA ").text(self.dice.one_of(&["", "", "(DEPTH 1) ", "(MAXSIZE 10) "]));
        let name = if self.dice.below(4) == 0 { b"" } else { self.name() };
        w.string(&mut self.dice, name).text(" ").text(self.dice.one_of(words::ENTRIES));
    }

    fn store(&mut self, w: &mut Writer) {
        self.uid(w);
        let set = if self.dice.below(6) == 0 { "$" } else { self.set() };
        w.text("STORE ").text(set);
        if self.dice.below(4) == 0 {
            w.text(self.dice.one_of(&[" (UNCHANGEDSINCE 1)", " (UNCHANGEDSINCE 99999999)", " (X 1)"]));
        }
        let item = self.word(words::STORE_ITEMS, words::STRANGE_STORE_ITEMS);
        w.text(" ").text(item).text(" ");
        let flags = self.listed(words::FLAGS, words::STRANGE_FLAGS, 3);
        match self.dice.below(5) {
            0 => {
                w.text(self.dice.one_of(words::FLAGS));
            }
            1 => {
                w.text("\\Seen \\Deleted");
            }
            _ => {
                w.text(flags);
            }
        }
    }

    fn copy(&mut self, w: &mut Writer, verb: &str) {
        self.uid(w);
        let set = self.set();
        w.text(verb).text(set).text(" ");
        self.folder(w, "");
    }

    fn expunge(&mut self, w: &mut Writer) {
        let set = self.set();
        match self.dice.below(2) {
            0 => w.text("EXPUNGE"),
            _ => w.text("UID EXPUNGE ").text(set),
        };
    }

    pub fn append(&mut self, w: &mut Writer) {
        self.folder(w, "APPEND ");
        if self.dice.below(6) == 0 {
            w.text(" CATENATE (URL \"/INBOX;UIDVALIDITY=1767222000/;UID=1\" TEXT ");
            self.message(w);
            w.text(")");
            return;
        }
        for _ in 0..if self.dice.below(4) == 0 { 3 } else { 1 } {
            w.text(" ");
            if self.dice.below(3) == 0 {
                let flags = self.listed(words::FLAGS, words::STRANGE_FLAGS, 2);
                w.text(flags).text(" ");
            }
            w.text(self.dice.one_of(&[
                "",
                "",
                "\"22-Nov-2025 10:00:00 +0000\" ",
                "ANNOTATION (/comment (value.priv \"x\")) ",
            ]));
            self.message(w);
        }
    }

    fn message(&mut self, w: &mut Writer) {
        let body = *self.dice.one_of(words::BODIES);
        w.literal(body, self.dice.below(2) == 0, self.dice.below(8) == 0);
    }

    fn replace(&mut self, w: &mut Writer) {
        self.uid(w);
        let set = self.set();
        w.text("REPLACE ").text(set).text(" ");
        self.folder(w, "");
        w.text(self.dice.one_of(&[" ", " (\\Seen) "]));
        self.message(w);
    }

    fn create(&mut self, w: &mut Writer) {
        self.folder(w, "CREATE ");
        if self.dice.below(3) == 0 {
            w.text(self.dice.one_of(&[" (USE (\\Sent))", " (USE (\\Archive \\Trash))", " (USE ())", " (X)"]));
        }
    }

    fn rename(&mut self, w: &mut Writer) {
        self.folder(w, "RENAME ");
        w.text(" ");
        self.folder(w, "");
    }

    fn set_metadata(&mut self, w: &mut Writer) {
        let name = if self.dice.below(4) == 0 { b"" } else { self.name() };
        w.text("SETMETADATA ").string(&mut self.dice, name).text(" (").text(self.dice.one_of(words::ENTRIES)).text(" ");
        match self.dice.below(3) {
            0 => {
                w.text("NIL");
            }
            _ => {
                w.string(&mut self.dice, b"annotazione");
            }
        }
        w.text(")");
    }

    fn acl(&mut self, w: &mut Writer, verb: &str) {
        self.folder(w, verb);
        w.text(self.dice.one_of(&[" anyone", " anna", " owner", ""]));
        w.text(self.dice.one_of(&[" lrswipkxtecda", " lr", " +w", ""]));
    }

    fn unknown(&mut self, w: &mut Writer) {
        w.text(self.dice.one_of(words::UNKNOWN));
        match self.dice.below(6) {
            0 => {
                w.text(" ").literal(words::BODIES[0], true, false);
            }
            1 => {
                w.text(" ").literal(words::BODIES[0], false, false);
            }
            _ => {}
        }
    }
}

/// Whether the last line could be taken for one that announces a literal.
fn ends_in_brace(pieces: &[Piece]) -> bool {
    matches!(pieces.last(), Some(Piece::Text(text)) if text.ends_with(b"}\r\n"))
}
