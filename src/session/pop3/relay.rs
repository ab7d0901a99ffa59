//! After login: every command is parsed, judged, and written anew for the upstream, or answered here; one at a time, so that
//! nothing the upstream says can be taken for the answer to another. A client may send several at once (PIPELINING): what
//! it sends waits.
//!
//! | response | becomes |
//! |---|---|
//! | a status line | the same, written from what was parsed of it |
//! | more lines | the same, streamed |
//! | anything unasked | the end of the session |
//!
//! # When **write** is lost
//!
//! Messages that are marked for deletion would be deleted at QUIT, and Dovecot sets `\Seen` no earlier. So when **write** is
//! lost while something is marked, the gateway sends RSET before anything else, and an upstream that refuses it loses the
//! connection, without QUIT. The client still believes in its deletions: its QUIT is answered `-ERR`, as RFC 1939 §6 has it
//! where messages were not removed, unless it has said RSET itself by then.

use std::time::{Duration, Instant};

use super::{End, Settings, unreadable};
use crate::domain::{Grant, Permission};
use crate::policy::pop3::{self as policy, Answer, Decision, Refusal};
use crate::proto::pop3::capability::Capabilities;
use crate::proto::pop3::command::Command;
use crate::proto::pop3::encode::Forwarded;
use crate::proto::pop3::framer::{Frame, Framer};
use crate::proto::pop3::reply::{Reply, Status};
use crate::proto::pop3::scanner::{Scanner, Step};
use crate::session::{Ending, Note, Request, Sink, earlier};

const KEPT: &str = "-ERR Your permissions have changed: what you had deleted before was kept (i permessi sono cambiati: quanto avevi cancellato prima resta)\r\n";

/// A session after login.
#[derive(Debug)]
pub(super) struct Relay {
    settings: Settings,
    grant: Grant,
    upstream: Capabilities,
    scanner: Scanner,
    flow: Flow,
    marks: Marks,
    /// Whether deletions of the client's were undone and it does not know.
    undone: bool,
    /// Since when the gateway wants to stop.
    stopping: Option<Instant>,
    idle_since: Instant,
    /// Since when a command has been under way.
    command_since: Option<Instant>,
}

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The client's next command.
    Command,
    /// The upstream's status line.
    Status(Forwarded),
    /// More lines of the upstream's response.
    Lines,
    /// The upstream's answer to the gateway's own RSET.
    Undoing,
}

/// What QUIT would do upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Marks {
    Nothing,
    /// Messages were retrieved, and may be marked as read.
    Read,
    /// Messages are marked for deletion.
    Deleted,
}

impl Relay {
    pub fn new(settings: Settings, grant: Grant, upstream: Capabilities, now: Instant) -> Relay {
        Relay {
            settings,
            grant,
            upstream,
            scanner: Scanner::default(),
            flow: Flow::Command,
            marks: Marks::Nothing,
            undone: false,
            stopping: None,
            idle_since: now,
            command_since: None,
        }
    }

    pub fn wants_command(&self) -> bool {
        self.flow == Flow::Command && self.stopping.is_none()
    }

    /// Whether QUIT is upstream.
    pub fn is_quitting(&self) -> bool {
        self.flow == Flow::Status(Forwarded::Quit)
    }

    /// Whether the client has said something of whose answer nothing has come.
    pub fn awaits_answer(&self) -> bool {
        matches!(self.flow, Flow::Status(_))
    }

    /// Whether a response has begun whose end has not come.
    pub fn is_within_lines(&self) -> bool {
        self.flow == Flow::Lines
    }

    /// When the session ends for lack of commands or answers, or because the gateway stops.
    pub fn deadline(&self) -> Option<Instant> {
        let idle = self.idle_since + self.patience();
        earlier(Some(idle), self.stopping.map(|since| since + self.settings.timeouts.shutdown))
    }

    /// How long whoever is awaited may be silent. Within a response there is more to come, so it need not be longer than
    /// for a command; before it, the upstream may have much to do.
    fn patience(&self) -> Duration {
        match self.flow {
            Flow::Command | Flow::Status(_) | Flow::Undoing => self.settings.timeouts.idle,
            Flow::Lines => self.settings.timeouts.command,
        }
    }

    /// When the session ends for a command that does not end.
    pub fn command_deadline(&self) -> Option<Instant> {
        self.command_since.map(|since| since + self.settings.timeouts.command)
    }

    pub fn tick(&self, now: Instant) -> Result<(), End> {
        if self.stopping.is_some_and(|since| now >= since + self.settings.timeouts.shutdown) {
            return Err(End::SHUTDOWN);
        }
        let idle = now >= self.idle_since + self.patience();
        if idle && self.flow != Flow::Command {
            return Err(End::upstream_fault("the upstream did not answer in time"));
        }
        // RFC 1939 §3: the connection closes, and nothing is said.
        if idle || self.command_deadline().is_some_and(|deadline| now >= deadline) {
            return Err(End { ending: Ending::ClientTimeout, text: None });
        }
        Ok(())
    }

    /// Begins to stop; true where that can be done at once.
    pub fn shutdown(&mut self, now: Instant) -> bool {
        self.stopping = self.stopping.or(Some(now));
        self.flow == Flow::Command
    }

    /// The owner changed the permissions (P9): they bind from the next command on.
    pub fn regrant(&mut self, grant: Grant, now: Instant, out: &mut dyn Sink) {
        self.grant = grant;
        if self.flow == Flow::Command && self.undo(out) {
            self.idle_since = now;
        }
    }

    /// Takes back what is marked upstream, where the person may not write any more. Between two responses only.
    fn undo(&mut self, out: &mut dyn Sink) -> bool {
        let undoes = self.marks > Marks::Nothing && !self.grant.may(Permission::Write);
        if undoes {
            out.upstream(Forwarded::Rset.encode().as_bytes());
            self.flow = Flow::Undoing;
        }
        undoes
    }

    /// Takes one line from the client's bytes; false when there is no more to take.
    pub fn take(
        &mut self,
        framer: &mut Framer,
        input: &mut &[u8],
        now: Instant,
        out: &mut dyn Sink,
    ) -> Result<bool, End> {
        match framer.next(input) {
            Frame::Incomplete => {
                if !framer.between_lines() {
                    self.command_since = self.command_since.or(Some(now));
                }
                return Ok(false);
            }
            Frame::Fault(fault) => return Err(fault.into()),
            Frame::Unreadable(_, why) => error(unreadable(why), out),
            Frame::Line(line) => match Command::parse(&line) {
                Ok(command) => self.command(&command, out),
                Err(misunderstood) => error(misunderstood.text, out),
            },
        }
        self.command_since = None;
        self.idle_since = now;
        Ok(true)
    }

    fn command(&mut self, command: &Command, out: &mut dyn Sink) {
        match policy::decide(&self.grant, self.upstream, command) {
            Decision::Forward(forwarded) => {
                out.upstream(forwarded.encode().as_bytes());
                self.flow = Flow::Status(forwarded);
            }
            Decision::Answer(Answer::Capa) => {
                out.downstream(format!("+OK\r\n{}", policy::offered(self.upstream)).as_bytes());
            }
            Decision::Answer(Answer::Nothing) => {
                self.undone = false;
                out.downstream(b"+OK\r\n");
            }
            Decision::Refuse(Refusal(text)) => {
                out.request(Request::Note(Note::Refused { verb: command.verb().name(), why: text.to_owned() }));
                error(text, out);
            }
            // These belong before the login, and `decide` does not give them after it.
            Decision::Answer(Answer::Stls | Answer::User | Answer::Pass | Answer::Auth | Answer::Quit) => {
                error("Not after login", out);
            }
        }
    }

    /// Takes bytes from the upstream.
    pub fn upstream(&mut self, bytes: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let mut input = bytes;
        if !input.is_empty() {
            self.idle_since = now;
        }
        loop {
            if self.flow == Flow::Command && !input.is_empty() {
                return Err(End::upstream_fault("the upstream said what nobody asked for"));
            }
            match self.scanner.next(&mut input)? {
                Step::More => return Ok(()),
                Step::Data(data) => out.downstream(data),
                Step::End => {
                    out.downstream(b".\r\n");
                    self.boundary(input, out)?;
                }
                Step::Status(reply) => self.status(&reply, input, out)?,
            }
        }
    }

    fn status(&mut self, reply: &Reply, rest: &[u8], out: &mut dyn Sink) -> Result<(), End> {
        let ok = match reply.status {
            Status::Ok => true,
            Status::Err => false,
            Status::Continuation => return Err(End::upstream_fault("the upstream asked for something out of turn")),
        };
        match self.flow {
            Flow::Status(Forwarded::Quit) => {
                let kept = ok && self.undone;
                out.downstream(if kept { KEPT.to_owned() } else { reply.to_string() }.as_bytes());
                self.flow = Flow::Command;
                Err(End { ending: Ending::Logout, text: None })
            }
            Flow::Status(forwarded) => {
                out.downstream(reply.to_string().as_bytes());
                if ok {
                    self.done(forwarded);
                }
                if ok && forwarded.is_multi_line() {
                    self.scanner.expect_lines();
                    self.flow = Flow::Lines;
                    return Ok(());
                }
                self.boundary(rest, out)
            }
            Flow::Undoing if ok => {
                self.undone |= self.marks == Marks::Deleted;
                self.marks = Marks::Nothing;
                self.boundary(rest, out)
            }
            Flow::Undoing => Err(End::upstream_fault("the upstream did not take back what was marked for deletion")),
            Flow::Command | Flow::Lines => Err(End::upstream_fault("the upstream said what nobody asked for")),
        }
    }

    /// What a command that succeeded means for QUIT.
    fn done(&mut self, forwarded: Forwarded) {
        match forwarded {
            Forwarded::Retr(_) => self.marks = self.marks.max(Marks::Read),
            Forwarded::Dele(_) => self.marks = Marks::Deleted,
            Forwarded::Rset => (self.marks, self.undone) = (Marks::Nothing, false),
            Forwarded::Stat
            | Forwarded::List(_)
            | Forwarded::Uidl(_)
            | Forwarded::Top(..)
            | Forwarded::Noop
            | Forwarded::Quit => {}
        }
    }

    /// A response has ended; `rest` came along with its end.
    fn boundary(&mut self, rest: &[u8], out: &mut dyn Sink) -> Result<(), End> {
        self.flow = Flow::Command;
        if !rest.is_empty() {
            return Err(End::upstream_fault("the upstream said what nobody asked for"));
        }
        if self.stopping.is_some() {
            return Err(End::SHUTDOWN);
        }
        self.undo(out);
        Ok(())
    }
}

fn error(text: &str, out: &mut dyn Sink) {
    out.downstream(format!("-ERR {text}\r\n").as_bytes());
}
