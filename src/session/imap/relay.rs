//! After login, client to server: every command is parsed, judged, and written anew for the upstream, or answered here.
//!
//! The queue of what the client waits for ([`super::pending`]) keeps answers in the order of the commands.

use std::time::Instant;

use super::front::refused;
use super::pending::{Pending, Queue, Sent};
use super::{End, ID, Settings, bad, program, unreadable};
use crate::domain::{Grant, Permission};
use crate::policy::imap::{self as policy, Answer, Decision, Mode};
use crate::proto::imap::capability::{Capabilities, Capability as C};
use crate::proto::imap::command::{self, Command, Head, Misunderstood, Onward};
use crate::proto::imap::encode::{self, Parts, Rewriting, push_string};
use crate::proto::imap::framer::{Announcement, Frame, Framer, Raw};
use crate::proto::imap::scanner::Scanner;
use crate::proto::imap::verb::Verb;
use crate::session::imap::parked::Parked;
use crate::session::{Ending, Note, Request, Sink, earlier};

/// The extensions whose use changes what the upstream says from then on.
const LASTING: Capabilities = Capabilities::of(&[C::CondStore, C::QResync]);

/// A session after login.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) settings: Settings,
    pub(super) grant: Grant,
    pub(super) upstream: Capabilities,
    /// How the selected folder is open at worst.
    pub(super) mode: Mode,
    pub(super) scanner: Scanner,
    pub(super) queue: Queue,
    pub(super) flow: Flow,
    /// Said to the client at the next boundary, whatever else waits.
    pub(super) urgent: Vec<u8>,
    pub(super) upstream_said_bye: bool,
    /// Whether the upstream has told PERMANENTFLAGS of the folder that is being opened.
    pub(super) flags_told: bool,
    /// Whether the upstream session may serve somebody else afterwards (X4).
    pub(super) can_be_parked: bool,
    /// Since when the gateway wants to stop.
    pub(super) stopping: Option<Instant>,
    idle_since: Instant,
    /// Since when a command, or 64 KiB of it, has been under way.
    command_since: Option<Instant>,
    /// Octets taken since `command_since`.
    progress: usize,
}

/// What the client's next bytes are, and what they wait for.
#[derive(Debug)]
pub(super) enum Flow {
    /// A command.
    Command,
    /// The second, once the upstream has asked for what is left of the command that was sent last.
    Parts(Parts, Box<Flow>),
    /// A message, once the upstream has asked for it.
    AwaitMessage(Announcement),
    /// This many octets of a message.
    Message(u64),
    /// What follows a message within its command.
    Onward,
    /// DONE, once the upstream idles.
    AwaitIdle,
    /// DONE.
    Idle,
    /// Nothing more: LOGOUT was said.
    LoggingOut,
}

/// Octets of a command or message that must come within one command timeout.
const PROGRESS_BYTES: usize = 64 * 1024;

impl Relay {
    pub fn new(settings: Settings, grant: Grant, upstream: Capabilities, now: Instant) -> Relay {
        Relay {
            settings,
            grant,
            upstream,
            mode: Mode::Unselected,
            scanner: Scanner::default(),
            queue: Queue::default(),
            flow: Flow::Command,
            urgent: Vec::new(),
            upstream_said_bye: false,
            flags_told: false,
            can_be_parked: false,
            stopping: None,
            idle_since: now,
            command_since: None,
            progress: 0,
        }
    }

    /// What is offered to this person now.
    pub fn offered(&self) -> Capabilities {
        policy::offered(&self.grant, self.upstream)
    }

    pub fn at_boundary(&self) -> bool {
        self.scanner.at_boundary()
    }

    pub fn wants_downstream(&self) -> bool {
        match self.flow {
            Flow::Command | Flow::Idle => self.stopping.is_none() && !self.queue.is_full(),
            Flow::Message(_) | Flow::Onward => true,
            Flow::Parts(..) | Flow::AwaitMessage(_) | Flow::AwaitIdle | Flow::LoggingOut => false,
        }
    }

    /// When the session ends for lack of commands, or because the gateway stops.
    pub fn deadline(&self) -> Option<Instant> {
        let idle = self.idle_since + self.settings.timeouts.idle;
        earlier(Some(idle), self.stopping.map(|since| since + self.settings.timeouts.shutdown))
    }

    /// When the session ends for a command that does not end.
    pub fn command_deadline(&self) -> Option<Instant> {
        self.command_since.map(|since| since + self.settings.timeouts.command)
    }

    pub fn tick(&mut self, now: Instant) -> Result<(), End> {
        if self.stopping.is_some_and(|since| now >= since + self.settings.timeouts.shutdown) {
            return Err(End { ending: Ending::Shutdown, bye: Some("[UNAVAILABLE] The gateway is being restarted") });
        }
        let idle = now >= self.idle_since + self.settings.timeouts.idle;
        if idle && !self.queue.is_idle() {
            return Err(End::upstream_fault("the upstream did not answer in time"));
        }
        if idle || self.command_deadline().is_some_and(|deadline| now >= deadline) {
            return Err(End { ending: Ending::ClientTimeout, bye: Some("No complete command in time") });
        }
        Ok(())
    }

    /// Begins to stop; true where that can be done at once.
    pub fn shutdown(&mut self, now: Instant) -> bool {
        self.stopping = self.stopping.or(Some(now));
        self.can_stop()
    }

    /// Whether nothing is under way that the client waits for.
    pub(super) fn can_stop(&self) -> bool {
        let resting = matches!(self.flow, Flow::Command | Flow::Idle | Flow::AwaitIdle);
        self.stopping.is_some() && resting && self.queue.is_idle() && self.at_boundary()
    }

    /// The owner changed the permissions (P9): they bind from the next command on. A command whose octets are still on
    /// their way, and which would be refused now, cannot be taken back; the session ends, and the upstream drops it.
    pub fn regrant(&mut self, grant: Grant, out: &mut dyn Sink) -> Result<(), ()> {
        let lost_write = self.grant.may(Permission::Write) && !grant.may(Permission::Write);
        self.grant = grant;
        let under_way = matches!(self.flow, Flow::Parts(..) | Flow::AwaitMessage(_) | Flow::Message(_) | Flow::Onward);
        if under_way && self.queue.last_sent().is_some_and(|sent| policy::verdict(&self.grant, sent.verb).is_err()) {
            return Err(());
        }
        if lost_write && self.mode == Mode::ReadWrite {
            // RFC 3501 §7.1: the READ-ONLY code is for a change while selected, too.
            self.urgent.extend_from_slice(b"* OK [PERMANENTFLAGS ()] Your permissions have changed\r\n");
            self.urgent.extend_from_slice(b"* OK [READ-ONLY] Your permissions have changed\r\n");
            self.flush_urgent(out);
        }
        Ok(())
    }

    /// Notes that the upstream sends: it counts as life while the client waits for an answer, and not in IDLE.
    pub(super) fn upstream_lives(&mut self, now: Instant) {
        if !self.queue.is_idle() {
            self.idle_since = now;
        }
    }

    /// Takes the next thing from the client's bytes; false when there is no more to take.
    pub fn take(
        &mut self,
        framer: &mut Framer,
        input: &mut &[u8],
        now: Instant,
        out: &mut dyn Sink,
    ) -> Result<bool, End> {
        let before = input.len();
        let more = match self.flow {
            Flow::Message(left) => self.message(left, input, out),
            _ if input.is_empty() => false,
            _ => self.frame(framer, input, out)?,
        };
        self.progress += before - input.len();
        self.keep_time(framer, now);
        if more {
            self.idle_since = now;
        }
        Ok(more)
    }

    fn frame(&mut self, framer: &mut Framer, input: &mut &[u8], out: &mut dyn Sink) -> Result<bool, End> {
        match (framer.next(input), &self.flow) {
            (Frame::Incomplete, _) => return Ok(false),
            (Frame::Fault(fault), _) => return Err(fault.into()),
            (Frame::Discarded, _) => {}
            (Frame::Command(raw), Flow::Idle) => self.done(&raw, out),
            (Frame::Unreadable(..), Flow::Idle) => self.break_idle(out),
            (Frame::Announced(_), Flow::Idle) => {
                framer.refuse()?;
                self.break_idle(out);
            }
            (Frame::Command(raw), Flow::Onward) => self.onward(raw, None, out)?,
            (Frame::Announced(announcement), Flow::Onward) => {
                let raw = framer.stream();
                self.onward(raw, Some(announcement), out)?;
            }
            (Frame::Unreadable(..), Flow::Onward) => return Err(End::client_fault("Syntax error after the message")),
            (Frame::Unreadable(raw, why), _) => {
                self.answer(bad(command::tag(&raw.bytes), unreadable(why)), out);
            }
            (Frame::Announced(announcement), _) => self.announced(framer, announcement, out)?,
            (Frame::Command(raw), _) => self.command(raw, out)?,
        }
        Ok(true)
    }

    /// Keeps two clocks: one for the pause between commands, one for a command under way, which starts anew with each
    /// 64 KiB of it, and stands while the client waits to be asked for a literal.
    pub(super) fn keep_time(&mut self, framer: &Framer, now: Instant) {
        let under_way = !framer.between_commands() || matches!(self.flow, Flow::Message(_) | Flow::Onward);
        if !under_way || self.queue.has_to_go_on() {
            self.command_since = None;
        } else if self.command_since.is_none() || self.progress >= PROGRESS_BYTES {
            self.command_since = Some(now);
            self.progress = 0;
        }
    }

    /// The gateway's own answer, in its turn.
    fn answer(&mut self, answer: Vec<u8>, out: &mut dyn Sink) {
        self.queue.push(Pending::Own(answer));
        // An answer that can only be the last one's never ends the session: that is for `Pending::Last`.
        let _ = self.flush_own(out);
    }

    fn misunderstood(&mut self, misunderstood: &Misunderstood, out: &mut dyn Sink) {
        self.answer(bad(misunderstood.tag.as_deref(), misunderstood.text), out);
    }

    fn refuse(&mut self, tag: &[u8], verb: Verb, refusal: policy::Refusal, out: &mut dyn Sink) {
        out.request(Request::Note(Note::Refused { verb: verb.name(), why: refusal.text.to_owned() }));
        self.answer(refused(tag, refusal), out);
    }

    /// A literal is announced: the verdict comes before its octets.
    fn announced(&mut self, framer: &mut Framer, announcement: Announcement, out: &mut dyn Sink) -> Result<(), End> {
        let head = match command::head(framer.so_far()) {
            Ok(head) => head,
            Err(misunderstood) => {
                framer.refuse()?;
                self.misunderstood(&misunderstood, out);
                return Ok(());
            }
        };
        if let Err(refusal) = policy::verdict(&self.grant, head.verb) {
            framer.refuse()?;
            self.refuse(&head.tag, head.verb, refusal, out);
            return Ok(());
        }
        if head.verb.brings_message() && !head.wants_folder(framer.so_far()) {
            return self.message_announced(framer, &head, announcement, out);
        }
        if !framer.fits(announcement) {
            framer.refuse()?;
            self.answer(bad(Some(&head.tag), "The literal is too long"), out);
            return Ok(());
        }
        framer.collect();
        if announcement.synchronizing {
            self.queue.push(Pending::GoOn);
            return self.flush_own(out);
        }
        Ok(())
    }

    /// A message is announced: judged by all that stands before it.
    fn message_announced(
        &mut self,
        framer: &mut Framer,
        head: &Head,
        announcement: Announcement,
        out: &mut dyn Sink,
    ) -> Result<(), End> {
        let command = match Command::parse(framer.so_far().clone()) {
            Ok(command) => command,
            Err(misunderstood) => {
                framer.refuse()?;
                self.misunderstood(&misunderstood, out);
                return Ok(());
            }
        };
        match policy::decide(&self.grant, self.upstream, self.mode, &command) {
            Decision::Refuse(refusal) => {
                framer.refuse()?;
                self.refuse(&head.tag, head.verb, refusal, out);
            }
            Decision::Forward(rewriting) => {
                if announcement.octets > self.settings.message_bytes {
                    let answer = [&head.tag, b" NO [TOOBIG] The message is larger than is allowed\r\n".as_slice()];
                    self.answer(answer.concat(), out);
                    // What comes unasked is over the bound on what is thrown away: the session ends.
                    framer.refuse()?;
                    return Ok(());
                }
                framer.stream();
                let parts = encode::encode(&command, rewriting, Some(announcement.octets));
                self.queue.push(Pending::Sent(Sent::new(&head.tag, head.verb)));
                self.send(parts, Flow::AwaitMessage(announcement), out);
            }
            // No command that brings a message is answered here.
            Decision::Answer(_) => return Err(End::client_fault("Unexpected literal")),
        }
        Ok(())
    }

    /// Sends the first part; the others follow as the upstream asks for them, and then comes what `then` says.
    fn send(&mut self, mut parts: Parts, then: Flow, out: &mut dyn Sink) {
        if let Some(first) = parts.0.pop_front() {
            out.upstream(&first);
        }
        self.flow = if parts.0.is_empty() { then } else { Flow::Parts(parts, Box::new(then)) };
    }

    /// Octets of a message stream through.
    fn message(&mut self, left: u64, input: &mut &[u8], out: &mut dyn Sink) -> bool {
        if input.is_empty() && left > 0 {
            return false;
        }
        let taken = left.min(input.len() as u64);
        let (octets, rest) = input.split_at(taken as usize);
        *input = rest;
        if !octets.is_empty() {
            out.upstream(octets);
        }
        self.flow = if taken == left { Flow::Onward } else { Flow::Message(left - taken) };
        true
    }

    /// What follows a message: the end of the command, or a further message (RFC 3502). Half of the command is upstream
    /// already, so what cannot be read ends the session, and the upstream drops the whole command.
    fn onward(&mut self, raw: Raw, announcement: Option<Announcement>, out: &mut dyn Sink) -> Result<(), End> {
        let onward = command::onward(raw).map_err(|misunderstood| End::client_fault(misunderstood.text))?;
        match (onward, announcement) {
            (Onward::End, None) => {
                out.upstream(b"\r\n");
                self.flow = Flow::Command;
                Ok(())
            }
            (Onward::Message(command), Some(announcement)) => {
                if !command.requires.without(self.upstream).is_empty() {
                    return Err(End::client_fault("The mail server takes one message at a time"));
                }
                if announcement.octets > self.settings.message_bytes {
                    return Err(End::client_fault("The message is larger than is allowed"));
                }
                let parts = encode::encode_onward(&command, announcement.octets);
                self.send(parts, Flow::AwaitMessage(announcement), out);
                Ok(())
            }
            _ => Err(End::client_fault("Syntax error after the message")),
        }
    }

    fn command(&mut self, raw: Raw, out: &mut dyn Sink) -> Result<(), End> {
        let command = match Command::parse(raw) {
            Ok(command) => command,
            Err(misunderstood) => {
                self.misunderstood(&misunderstood, out);
                return Ok(());
            }
        };
        match policy::decide(&self.grant, self.upstream, self.mode, &command) {
            Decision::Refuse(refusal) => self.refuse(command.tag(), command.verb, refusal, out),
            Decision::Answer(answer) => return self.own(&command, answer, out),
            Decision::Forward(rewriting) => self.forward(&command, rewriting, out),
        }
        Ok(())
    }

    fn forward(&mut self, command: &Command, rewriting: Rewriting, out: &mut dyn Sink) {
        // ENABLE, and every command that enables CONDSTORE by its mere use (RFC 7162 §3.1), last to the session's end.
        self.can_be_parked &= command.verb != Verb::Enable && command.requires.and(LASTING).is_empty();
        let sent = match rewriting {
            Rewriting::As(verb) => verb,
            Rewriting::Same | Rewriting::Peek | Rewriting::Enable(_) => command.verb,
        };
        let opens = match sent {
            Verb::Select => Some(Mode::ReadWrite),
            Verb::Examine => Some(Mode::ReadOnly),
            Verb::Close | Verb::Unselect => Some(Mode::Unselected),
            _ => None,
        };
        // Open for writing counts from the moment that it may be so; not so any more only when the upstream has said it.
        if opens == Some(Mode::ReadWrite) {
            self.mode = Mode::ReadWrite;
        }
        let parts = encode::encode(command, rewriting, None);
        self.queue.push(Pending::Sent(Sent { opens, ..Sent::new(command.tag(), sent) }));
        self.send(parts, if sent == Verb::Idle { Flow::AwaitIdle } else { Flow::Command }, out);
    }

    /// What the gateway answers itself.
    fn own(&mut self, command: &Command, answer: Answer, out: &mut dyn Sink) -> Result<(), End> {
        let done = [command.tag(), b" OK Done\r\n"].concat();
        let untagged = match answer {
            Answer::Capability => format!("* CAPABILITY {}\r\n", self.offered()).into_bytes(),
            Answer::Id => {
                if let Some(program) = program(command) {
                    out.request(Request::Note(Note::Program(program)));
                }
                ID.to_vec()
            }
            Answer::NothingEnabled => b"* ENABLED\r\n".to_vec(),
            Answer::MyRights => {
                let mut line = b"* MYRIGHTS ".to_vec();
                push_string(&mut line, command.folder.as_ref().map_or(b"".as_slice(), |folder| folder.as_bytes()));
                line.extend_from_slice(format!(" {}\r\n", policy::rights(&self.grant, None)).as_bytes());
                line
            }
            Answer::Logout => {
                self.queue.push(Pending::Last([b"* BYE Logging out\r\n".as_slice(), &done].concat()));
                self.flow = Flow::LoggingOut;
                return self.flush_own(out);
            }
            // These belong before the login, and `decide` does not give them after it.
            Answer::Login | Answer::Authenticate | Answer::StartTls | Answer::Nothing => {
                self.answer(bad(Some(command.tag()), "Not after login"), out);
                return Ok(());
            }
        };
        self.answer([untagged, done].concat(), out);
        Ok(())
    }

    /// A line while idling: DONE, or else the IDLE is broken off.
    fn done(&mut self, raw: &Raw, out: &mut dyn Sink) {
        if raw.bytes.eq_ignore_ascii_case(b"DONE") {
            out.upstream(b"DONE\r\n");
            self.flow = Flow::Command;
        } else {
            self.break_idle(out);
        }
    }

    fn break_idle(&mut self, out: &mut dyn Sink) {
        if let Some(sent) = self.queue.last_sent() {
            sent.broken = true;
        }
        out.upstream(b"DONE\r\n");
        self.flow = Flow::Command;
    }

    /// Leaves the upstream session to the next client, if nothing of this one stays in it.
    pub fn park(&self, out: &mut dyn Sink) -> Option<Parked> {
        let resting = matches!(self.flow, Flow::Command | Flow::LoggingOut) && self.queue.is_empty();
        if !self.can_be_parked
            || !resting
            || !self.scanner.is_fresh()
            || self.upstream_said_bye
            || self.stopping.is_some()
        {
            return None;
        }
        let last = match self.mode {
            Mode::Unselected => "NOOP",
            Mode::ReadOnly | Mode::ReadWrite if self.upstream.has(C::Unselect) => "UNSELECT",
            Mode::ReadOnly | Mode::ReadWrite => return None,
        };
        let tag = format!("D{:016x}", self.settings.nonce);
        out.upstream(format!("{tag} {last}\r\n").as_bytes());
        Some(Parked::new(self.upstream, tag.into_bytes()))
    }

    /// Takes leave of the upstream.
    pub fn log_out_upstream(&self, out: &mut dyn Sink) {
        out.upstream(format!("D{:016x} LOGOUT\r\n", self.settings.nonce).as_bytes());
    }

    /// Whether the person may change the mailbox.
    pub(super) fn may_write(&self) -> bool {
        self.grant.may(Permission::Write)
    }

    /// Whether MYRIGHTS went upstream.
    pub(super) fn upstream_has_acl(&self) -> bool {
        self.upstream.has(C::Acl)
    }
}
