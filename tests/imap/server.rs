//! A model of an IMAP server: takes commands strictly as RFC 3501 has them, and answers each in a plausible way.

use super::wire::{self, Command, Piece, Read};

/// What a Dovecot 2.3 with ACL offers after login.
pub const DOVECOT: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES \
    THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS \
    LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE \
    SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE ACL RIGHTS=texk";

/// A server with everything that delega knows, and more.
pub const RICH: &str = "IMAP4rev1 IMAP4rev2 AUTH=PLAIN SASL-IR ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES \
    THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND CATENATE URLAUTH UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED \
    CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN LIST-STATUS BINARY MOVE PREVIEW STATUS=SIZE LITERAL+ NOTIFY \
    SPECIAL-USE CREATE-SPECIAL-USE XLIST QUOTA METADATA REPLACE ACL RIGHTS=texk COMPRESS=DEFLATE UTF8=ACCEPT";

/// A server with nothing but the base protocol.
pub const BARE: &str = "IMAP4rev1";

/// How a folder is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selected {
    /// None is.
    #[default]
    Nothing,
    /// By EXAMINE.
    ReadOnly,
    /// By SELECT.
    ReadWrite,
}

/// What of a connection's past can still be seen; the default is that of a fresh login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// The folder.
    pub selected: Selected,
    /// Whether an extension is enabled, by ENABLE or by the use of CONDSTORE (RFC 7162 §3.1).
    pub enabled: bool,
    /// Whether `$` holds a search result (RFC 5182).
    pub saved: bool,
    /// Whether IDLE is under way.
    pub idling: bool,
    /// Whether a command has begun and not ended.
    pub half: bool,
    /// How many commands could not be taken; servers hang up after some.
    pub bad: usize,
}

/// The server's side of one connection, after login.
#[derive(Debug, Default)]
pub struct Server {
    inbox: Vec<u8>,
    /// Continuations given for the command in the inbox.
    continuations: usize,
    /// The tag of the IDLE that is under way.
    idling: Option<String>,
    /// What it has to say.
    pub outbox: Vec<u8>,
    /// What it has said and the gateway has read.
    pub delivered: Vec<u8>,
    /// What it was told, in order.
    pub commands: Vec<Command>,
    /// The beginnings of the commands that it refused at a literal.
    pub cut_short: Vec<String>,
    /// What changed the mailbox: `VERB` of each command that did.
    pub effects: Vec<String>,
    /// Whether it tells news unasked, behind every answer.
    pub chatty: bool,
    /// Whether it tells its state with every answer, and minds what needs a folder.
    pub stateful: bool,
    selected: Selected,
    enabled: bool,
    saved: bool,
    bad: usize,
    /// The first thing that was not IMAP.
    pub fault: Option<String>,
}

impl Server {
    /// Takes bytes from the gateway.
    pub fn take(&mut self, bytes: &[u8]) {
        self.inbox.extend_from_slice(bytes);
        while self.fault.is_none() {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => self.fault = Some(fault),
            }
        }
    }

    fn step(&mut self) -> Result<bool, String> {
        if let Some(tag) = &self.idling {
            if self.inbox.len() < 6 && b"DONE\r\n".starts_with(&self.inbox) {
                return Ok(false);
            }
            if !self.inbox.starts_with(b"DONE\r\n") {
                return Err(format!("in IDLE: {:?}", String::from_utf8_lossy(&self.inbox)));
            }
            self.outbox.extend_from_slice(format!("{tag} OK Idle completed\r\n").as_bytes());
            self.inbox.drain(..6);
            self.idling = None;
            return Ok(true);
        }
        match wire::frame(&self.inbox, self.continuations, false)? {
            Read::Incomplete => Ok(false),
            Read::Announced(octets) => {
                if !self.inbox.ends_with(format!("{{{octets}}}\r\n").as_bytes()) {
                    return Err("octets before the continuation".to_owned());
                }
                if mood(&self.inbox).is_multiple_of(7) {
                    let text = String::from_utf8_lossy(&self.inbox).into_owned();
                    let tag = text.split(' ').next().unwrap_or_default().to_owned();
                    self.outbox.extend_from_slice(format!("{tag} NO [LIMIT] Not this literal\r\n").as_bytes());
                    self.cut_short.push(text);
                    self.inbox.clear();
                    self.continuations = 0;
                } else {
                    self.continuations += 1;
                    self.outbox.extend_from_slice(b"+ OK\r\n");
                }
                Ok(true)
            }
            Read::Command(length) => {
                let command: Vec<u8> = self.inbox.drain(..length).collect();
                self.continuations = 0;
                let command = wire::command(&command)?;
                self.answer(&command);
                if self.chatty {
                    self.outbox.extend_from_slice(b"* 2 FETCH (BODY[TEXT] {9}\r\na1 OK x\r\n FLAGS (\\Seen))\r\n");
                    self.outbox.extend_from_slice(b"* OK [UIDNEXT 8] Predicted next UID\r\n");
                }
                self.commands.push(command);
                Ok(true)
            }
        }
    }

    fn answer(&mut self, command: &Command) {
        let tag = &command.tag;
        let mood = mood(tag.as_bytes());
        if command.verb == "IDLE" && !mood.is_multiple_of(5) {
            self.idling = Some(tag.clone());
            self.outbox.extend_from_slice(b"+ idling\r\n* 4 EXISTS\r\n");
            return;
        }
        let verb = command.verb.trim_start_matches("UID ");
        self.enable(verb, command);
        if mood.is_multiple_of(11) {
            if matches!(verb, "SELECT" | "EXAMINE") {
                self.selected = Selected::Nothing;
                self.saved = false;
            }
            self.outbox
                .extend_from_slice(format!("{tag} NO [UNAVAILABLE] Not now {{3}}{}\r\n", self.told()).as_bytes());
            return;
        }
        // As Dovecot answers QRESYNC to one who has not enabled it; the folder stays selected.
        if mood.is_multiple_of(13) || (self.stateful && self.selected == Selected::Nothing && verb == "UNSELECT") {
            self.bad += 1;
            self.outbox.extend_from_slice(format!("{tag} BAD Not so{}\r\n", self.told()).as_bytes());
            return;
        }
        self.take_effect(verb, command);
        let data: &[u8] = match verb {
            "SELECT" => {
                b"* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] Flags permitted.\r\n* 3 EXISTS\r\n\
                * OK [UIDVALIDITY 7] UIDs valid {5}\r\n"
            }
            "EXAMINE" => b"* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n* 3 EXISTS\r\n",
            "FETCH" => b"* 1 FETCH (UID 7 FLAGS (\\Seen) BODY[] {20}\r\na1 OK\r\n\"* BYE x\r\n)(( ENVELOPE (\"a\\\"b\" NIL))\r\n",
            "STORE" => b"* 1 FETCH (FLAGS (\\Seen))\r\n",
            "SEARCH" => b"* SEARCH 1 2 3\r\n",
            "SORT" => b"* SORT 3 2 1\r\n",
            "THREAD" => b"* THREAD (1)(2 3)\r\n",
            "LIST" => b"* LIST (\\HasNoChildren) \"/\" {3}\r\na\"b\r\n* LIST () \"/\" \"a\\\\b\"\r\n",
            "LSUB" => b"* LSUB () \"/\" INBOX\r\n",
            "STATUS" => b"* STATUS INBOX (MESSAGES 3)\r\n",
            "MYRIGHTS" => b"* MYRIGHTS \"a b\" lrswipkxtecda\r\n",
            "ENABLE" => b"* ENABLED CONDSTORE QRESYNC UTF8=ACCEPT\r\n",
            "NAMESPACE" => b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n",
            "GETQUOTAROOT" => b"* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 10 512)\r\n",
            "EXPUNGE" | "MOVE" => b"* 3 EXPUNGE\r\n* VANISHED 7\r\n",
            "CHECK" => b"* CAPABILITY IMAP4rev1 URLAUTH\r\n* NOTHING known {3}\r\nabc\r\n",
            "NOOP" => b"* 5 EXISTS\r\n* 1 RECENT\r\n",
            _ => b"",
        };
        self.outbox.extend_from_slice(data);
        let code = match command.verb.as_str() {
            "SELECT" => "[READ-WRITE] ",
            "EXAMINE" => "[READ-ONLY] ",
            "APPEND" => "[APPENDUID 7 8] ",
            _ => "",
        };
        self.outbox.extend_from_slice(format!("{tag} OK {code}Done{}\r\n", self.told()).as_bytes());
    }

    fn told(&self) -> String {
        if self.stateful { format!(" {:?}", self.visible()) } else { String::new() }
    }
}

impl Server {
    /// What of the past can still be seen.
    pub fn visible(&self) -> Visible {
        Visible {
            selected: self.selected,
            enabled: self.enabled,
            saved: self.saved,
            idling: self.idling.is_some(),
            half: !self.inbox.is_empty() || self.continuations > 0,
            bad: self.bad,
        }
    }

    /// At the worst, an extension is enabled by a command that then fails.
    fn enable(&mut self, verb: &str, command: &Command) {
        const LASTING: [&str; 7] =
            ["CONDSTORE", "QRESYNC", "HIGHESTMODSEQ", "MODSEQ", "CHANGEDSINCE", "UNCHANGEDSINCE", "VANISHED"];
        let lasting = |piece: &Piece| matches!(piece, Piece::Atom(atom) if LASTING.contains(&atom.as_str()));
        self.enabled |= verb == "ENABLE" || command.arguments.iter().any(lasting);
    }

    fn take_effect(&mut self, verb: &str, command: &Command) {
        let marks = command.arguments.iter().any(|piece| match piece {
            Piece::Atom(atom) => {
                atom.starts_with("BODY[") || atom.starts_with("BINARY[") || atom == "RFC822" || atom == "RFC822.TEXT"
            }
            _ => false,
        });
        let writable = self.selected == Selected::ReadWrite;
        let changes = match verb {
            "FETCH" => writable && marks,
            "CLOSE" | "EXPUNGE" | "STORE" | "MOVE" | "REPLACE" => writable,
            "COPY" | "APPEND" | "CREATE" | "DELETE" | "RENAME" | "SUBSCRIBE" | "UNSUBSCRIBE" | "SETMETADATA" => true,
            _ => false,
        };
        if changes {
            self.effects.push(command.verb.clone());
        }
        match verb {
            "SELECT" => self.selected = Selected::ReadWrite,
            "EXAMINE" => self.selected = Selected::ReadOnly,
            "CLOSE" | "UNSELECT" => self.selected = Selected::Nothing,
            _ => {}
        }
        let saves = command.arguments.contains(&Piece::Atom("SAVE".to_owned()));
        match verb {
            "SELECT" | "EXAMINE" | "CLOSE" | "UNSELECT" => self.saved = false,
            "SEARCH" | "SORT" if self.selected != Selected::Nothing => self.saved |= saves,
            _ => {}
        }
    }
}

/// A number that decides how the server feels about this, the same each time.
fn mood(about: &[u8]) -> u64 {
    about.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17)
    })
}
