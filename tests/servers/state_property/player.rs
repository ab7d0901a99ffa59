//! Plays operations, each session's in their order and the sessions at the same time, and listens to the answers.

use std::collections::{BTreeMap, VecDeque};

use super::client::{Condition, Connection, Door, Heard};
use super::operation::{Command, Deed, Operation, Piece};
use crate::support::mail::Dice;

/// NOOPs that follow a broken command, so that it has its end: more bytes than any is short of.
const STEPPING_STONES: usize = 60;

/// Answers by the command's name: OK, NO, BAD, and how often there was none.
pub type Counts = BTreeMap<String, [usize; 4]>;

/// Somebody who comes and goes.
#[derive(Debug)]
pub struct Session {
    door: Door,
    login: String,
    password: String,
    /// Whether write verbs are to be refused.
    pub reader: bool,
    connection: Option<Connection>,
    /// What was put together and not yet said.
    out: Vec<u8>,
    awaited: VecDeque<Awaited>,
    /// The text of the last `* BYE`.
    bye: Option<Vec<u8>>,
    number: usize,
    pub counts: Counts,
    /// How often delega said that the upstream had gone.
    pub crashes: usize,
}

#[derive(Debug)]
struct Awaited {
    /// Of the operation.
    number: usize,
    tag: Vec<u8>,
    name: String,
    refused: bool,
}

/// What the answers were not as they should be; the text says how.
pub type Fault = String;

/// Whether the session goes on.
#[derive(Debug, PartialEq, Eq)]
enum Going {
    On,
    Over,
}

impl Session {
    pub fn new(door: Door, login: String, password: String, reader: bool) -> Session {
        let (connection, out, awaited, bye) = (None, Vec::new(), VecDeque::new(), None);
        Session {
            door,
            login,
            password,
            reader,
            connection,
            out,
            awaited,
            bye,
            number: 0,
            counts: Counts::new(),
            crashes: 0,
        }
    }

    /// Plays this session's part of `operations`. It stays open where they leave it open.
    pub async fn play(&mut self, operations: &[Operation]) -> Result<(), Fault> {
        for operation in operations {
            self.operation(operation).await.map_err(|fault| format!("{fault}\nat {operation}"))?;
        }
        self.settle(&mut Dice(0)).await.map(|_| ()).map_err(|fault| format!("{fault}\nafter the last command"))
    }

    /// Leaves without a word.
    pub async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
        self.awaited.clear();
        self.out.clear();
        self.bye = None;
    }

    /// Asks for MYRIGHTS until it tells these.
    pub async fn wait_for_rights(&mut self, rights: &str) -> Result<(), Fault> {
        if self.connection.is_none() {
            return Ok(());
        }
        for n in 0.. {
            let tag = format!("rights{n}");
            self.out.extend_from_slice(format!("{tag} MYRIGHTS INBOX\r\n").as_bytes());
            self.speak(&mut Dice(0)).await;
            let mut told = Vec::new();
            loop {
                match self.hear().await? {
                    Heard::Untagged(line) if line.starts_with(b"* MYRIGHTS ") => told = line,
                    Heard::Tagged(heard, ..) if heard == tag.as_bytes() => break,
                    Heard::Closed => return Err("the session ended when the permissions changed".to_owned()),
                    _ => {}
                }
            }
            if told.ends_with(format!(" {rights}").as_bytes()) {
                return Ok(());
            }
            assert!(n < 20_000, "the permissions did not change: {}", told.escape_ascii());
        }
        Ok(())
    }

    async fn operation(&mut self, operation: &Operation) -> Result<(), Fault> {
        self.number += 1;
        let mut dice = Dice(operation.cuts);
        self.connect().await?;
        match &operation.deed {
            Deed::Command(command) if command.certain => self.command(command, &operation.name, &mut dice).await,
            Deed::Command(command) => self.broken(command, &operation.name, &mut dice).await,
            Deed::LogOut(bytes) => {
                self.out.extend_from_slice(bytes);
                self.speak(&mut dice).await;
                let mut last = None;
                loop {
                    match self.hear().await? {
                        Heard::Closed => break,
                        Heard::Tagged(_, condition, _) => last = Some(condition),
                        _ => {}
                    }
                }
                self.close().await;
                let fine = last == Some(Condition::Ok) || !self.reader;
                if fine { Ok(()) } else { Err(format!("LOGOUT was answered with {last:?}")) }
            }
            Deed::Vanish(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => self.out.extend_from_slice(text),
                        Piece::Wait => {
                            self.speak(&mut dice).await;
                            let going = loop {
                                match self.hear().await? {
                                    Heard::Continuation if self.awaited.is_empty() => break Going::On,
                                    Heard::Tagged(..) if self.awaited.is_empty() => break Going::Over,
                                    Heard::Closed => break Going::Over,
                                    heard => {
                                        self.judge(heard)?;
                                    }
                                }
                            };
                            if going == Going::Over {
                                break;
                            }
                        }
                    }
                }
                self.speak(&mut dice).await;
                self.close().await;
                Ok(())
            }
        }
    }

    /// Logs in if need be.
    async fn connect(&mut self) -> Result<(), Fault> {
        if self.connection.is_some() {
            return Ok(());
        }
        let connection = self.door.connect().await.map_err(|error| format!("no connection: {error}"))?;
        self.connection = Some(connection);
        self.out = format!("login LOGIN \"{}\" \"{}\"\r\n", self.login, self.password).into_bytes();
        self.speak(&mut Dice(0)).await;
        loop {
            match self.hear().await? {
                Heard::Untagged(_) => {}
                Heard::Tagged(_, Condition::Ok, _) => return Ok(()),
                other => return Err(format!("no login: {}", show(&other))),
            }
        }
    }

    async fn command(&mut self, command: &Command, name: &str, dice: &mut Dice) -> Result<(), Fault> {
        let number = self.number;
        self.awaited.push_back(Awaited {
            number,
            tag: command.tag.clone(),
            name: name.to_owned(),
            refused: command.refused && self.reader,
        });
        for piece in &command.pieces {
            match piece {
                Piece::Text(text) => self.out.extend_from_slice(text),
                Piece::Wait => {
                    self.speak(dice).await;
                    loop {
                        match self.hear().await? {
                            Heard::Continuation if self.awaited.len() == 1 => break,
                            heard => {
                                if self.judge(heard)? == Going::Over {
                                    self.close().await;
                                    return Ok(());
                                }
                                if self.awaited.back().is_none_or(|last| last.number != number) {
                                    // Refused in place of the continuation
                                    return Ok(());
                                }
                            }
                        }
                    }
                }
            }
        }
        if command.waits {
            self.settle(dice).await?;
        }
        Ok(())
    }

    /// Says a command that may have no answer, or more than one, or be the end; then finds the way back.
    async fn broken(&mut self, command: &Command, name: &str, dice: &mut Dice) -> Result<(), Fault> {
        for piece in &command.pieces {
            if let Piece::Text(text) = piece {
                self.out.extend_from_slice(text);
            }
        }
        let stone = |n: usize| format!("stone{}.{n}", self.number).into_bytes();
        for n in 0..STEPPING_STONES {
            self.out.extend_from_slice(&[&stone(n), b" NOOP\r\n".as_slice()].concat());
        }
        let last = stone(STEPPING_STONES - 1);
        self.speak(dice).await;
        let mut counted = false;
        loop {
            let heard = self.hear().await?;
            match &heard {
                Heard::Closed => {
                    self.judge(Heard::Closed).ok();
                    self.count(name, 3);
                    self.close().await;
                    return Ok(());
                }
                Heard::Tagged(tag, condition, line) if !self.awaited.iter().any(|awaited| awaited.tag == *tag) => {
                    if tag == &last {
                        return Ok(());
                    }
                    let bad = tag.starts_with(b"evil") || (tag == &command.tag && command.refused);
                    if self.reader && bad && *condition == Condition::Ok {
                        return Err(format!("answered with {}", line.escape_ascii()));
                    }
                    if tag == &command.tag && !std::mem::replace(&mut counted, true) {
                        self.count(name, *condition as usize);
                    }
                }
                _ => {
                    self.judge(heard)?;
                }
            }
        }
    }

    /// Waits for every answer.
    async fn settle(&mut self, dice: &mut Dice) -> Result<(), Fault> {
        if self.connection.is_none() {
            return Ok(());
        }
        self.speak(dice).await;
        while !self.awaited.is_empty() {
            let heard = self.hear().await?;
            if self.judge(heard)? == Going::Over {
                self.close().await;
            }
        }
        Ok(())
    }

    /// Holds what was heard against what is awaited.
    fn judge(&mut self, heard: Heard) -> Result<Going, Fault> {
        match heard {
            Heard::Untagged(line) => {
                if line.starts_with(b"* BYE") {
                    self.bye = Some(line.clone());
                }
                let upper = line[..line.len().min(60)].to_ascii_uppercase();
                let permanent =
                    upper.starts_with(b"* OK [PERMANENTFLAGS") && !upper.starts_with(b"* OK [PERMANENTFLAGS ()]");
                let writable = upper.starts_with(b"* OK [READ-WRITE]");
                if self.reader && (permanent || writable) {
                    return Err(format!("said to one who may only read: {}", line.escape_ascii()));
                }
                Ok(Going::On)
            }
            Heard::Continuation => Ok(Going::On),
            Heard::Nonsense(line) => Err(format!("no response: {}", line.escape_ascii())),
            Heard::Tagged(tag, condition, line) => {
                // Of two commands with one tag, the one that this can be the answer to: delega's own answers are refusals
                // and keep their place
                let fits = |(at, awaited): (usize, &Awaited)| {
                    awaited.tag == tag && (!awaited.refused || condition != Condition::Ok && at == 0)
                };
                let first = || self.awaited.iter().position(|awaited| awaited.tag == tag);
                let at = self.awaited.iter().enumerate().position(fits).or_else(first);
                let Some((at, awaited)) = at.and_then(|at| Some((at, self.awaited.remove(at)?))) else {
                    return Err(format!("an answer that nobody awaits: {}", line.escape_ascii()));
                };
                // A server may answer what it can before what takes longer (RFC 3501 §5.5), and Dovecot does; delega's
                // own answers keep their place.
                if at > 0 && awaited.refused {
                    return Err(format!("before its turn came: {}", line.escape_ascii()));
                }
                let writable = line.windows(12).any(|words| words.eq_ignore_ascii_case(b"[READ-WRITE]"));
                if (awaited.refused && condition == Condition::Ok) || (self.reader && writable) {
                    return Err(format!("{} was answered with {}", awaited.name, line.escape_ascii()));
                }
                self.count(&awaited.name, condition as usize);
                Ok(Going::On)
            }
            Heard::Closed => {
                let said = |text: &[u8]| self.bye.as_ref().is_some_and(|bye| bye.starts_with(text));
                // Dovecot has had enough of one who only says what is wrong
                let enough = said(b"* BYE Too many invalid IMAP commands");
                // Dovecot has crashed, as it does at `THREAD REFERENCES UTF-8 1:20` in an empty folder; or so it is said
                let crashed = said(b"* BYE [UNAVAILABLE] The mail server closed the connection");
                self.crashes += usize::from(crashed);
                if self.reader && !enough && !crashed {
                    let first = self.awaited.front().map_or("nothing", |awaited| awaited.name.as_str());
                    let bye = self.bye.as_ref().map(|bye| bye.escape_ascii().to_string());
                    return Err(format!("the session ended while {first} was awaited; BYE: {bye:?}"));
                }
                Ok(Going::Over)
            }
        }
    }

    async fn speak(&mut self, dice: &mut Dice) {
        let out = std::mem::take(&mut self.out);
        if let Some(connection) = &mut self.connection {
            // Where the other side has gone, that is heard
            connection.say(&out, dice).await;
        }
    }

    async fn hear(&mut self) -> Result<Heard, Fault> {
        let Some(connection) = &mut self.connection else { return Ok(Heard::Closed) };
        match connection.hear().await {
            Some(heard) => Ok(heard),
            None => {
                let awaited: Vec<String> =
                    self.awaited.iter().map(|a| format!("{} {}", a.tag.escape_ascii(), a.name)).collect();
                Err(format!("no answer; awaited: {awaited:?}"))
            }
        }
    }

    fn count(&mut self, name: &str, column: usize) {
        self.counts.entry(name.to_owned()).or_default()[column] += 1;
    }
}

fn show(heard: &Heard) -> String {
    match heard {
        Heard::Untagged(line) | Heard::Tagged(_, _, line) | Heard::Nonsense(line) => line.escape_ascii().to_string(),
        other => format!("{other:?}"),
    }
}
