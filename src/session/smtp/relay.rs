//! After login: every command is parsed, judged, and written anew for the upstream, or answered here. What follows DATA is
//! in [`super::message`].

use std::time::{Duration, Instant};

use super::message::Message;
use super::{BYE, DONE, End, HELP, LONG_LINE, NAME, STOPS, Settings, say, say_offered, say_own, thrown_away};
use crate::domain::{Grant, MailboxAddress, limits};
use crate::policy::smtp::{self as policy, Answer, Circumstances, Decision};
use crate::proto::smtp::command::{self, Arguments, Command};
use crate::proto::smtp::extension::{Extension as E, Extensions};
use crate::proto::smtp::line::{Lines, Step};
use crate::proto::smtp::reply::{Kind, Own, Reply, Scanner};
use crate::proto::smtp::verb::Verb;
use crate::session::{Ending, Note, Request, Sink, earlier};

const NESTED: Own = Own { code: 503, enhanced: "5.5.1", text: "There is a sender already, say RSET first" };
const NO_MAIL: Own = Own { code: 503, enhanced: "5.5.1", text: "Say MAIL first" };
const NO_RECIPIENT: Own = Own { code: 554, enhanced: "5.5.1", text: "No recipient was accepted" };
const MANY_RECIPIENTS: Own = Own {
    code: 452,
    enhanced: "4.5.3",
    text: "Too many recipients, send the message to the others separately (troppi destinatari: invia agli altri con un altro messaggio)",
};
/// A header's first line is never a command; a program that waited for the reply to DATA does not send it.
const UNWANTED: End = End {
    ending: Ending::ClientFault("a message behind a refused DATA"),
    reply: Some(Own { code: 421, enhanced: "4.7.0", text: "DATA was refused, and the message came all the same" }),
};
/// RFC 5321 §4.1.1.4
const GO_ON: Own = Own { code: 354, enhanced: "", text: "End data with <CR><LF>.<CR><LF>" };

/// A session after login.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) settings: Settings,
    pub grant: Grant,
    pub(super) addresses: Vec<MailboxAddress>,
    upstream: Extensions,
    scanner: Scanner,
    /// What MAIL and RCPT have said of the message to come, as far as the upstream accepted it.
    pub(super) envelope: Option<Envelope>,
    pub(super) flow: Flow,
    /// What the session ends with once what is under way was answered.
    pub(super) afterwards: Option<End>,
    /// The client will hear no answer any more.
    pub(super) client_gone: bool,
    /// There is no upstream connection any more.
    pub(super) upstream_gone: bool,
    faults: u32,
    /// Whether DATA was refused just now: the message may come all the same, from a program that does not wait.
    refused_data: bool,
    /// Since when the gateway wants to stop.
    stopping: Option<Instant>,
    /// Since when whoever is awaited has been.
    since: Instant,
    /// Octets taken of a message since then.
    progress: usize,
}

/// What stands around a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub reverse_path: String,
    pub forward_paths: Vec<String>,
    pub utf8: bool,
}

/// Who has the word.
#[derive(Debug)]
pub(super) enum Flow {
    /// The client: a command.
    Command,
    /// The client: so many octets of a refused chunk, and why it was.
    Chunk(u64, Own),
    /// The upstream: its reply to this.
    Upstream(Asked),
    /// What follows DATA.
    Message(Box<Message>),
}

/// What the upstream was asked.
#[derive(Debug)]
pub(super) enum Asked {
    Noop,
    /// RSET, for the client.
    Reset,
    /// RSET, for EHLO or HELO.
    ResetForHello(Answer),
    /// RSET, because a message was refused; the client knows already.
    ResetAfterMessage,
    Mail(Envelope),
    Rcpt(String),
}

/// Octets of a message that must come within one command timeout.
const PROGRESS_BYTES: usize = 64 * 1024;

impl Relay {
    pub fn new(
        settings: Settings,
        grant: Grant,
        addresses: Vec<MailboxAddress>,
        upstream: Extensions,
        now: Instant,
    ) -> Relay {
        Relay {
            settings,
            grant,
            addresses,
            upstream,
            scanner: Scanner::default(),
            envelope: None,
            flow: Flow::Command,
            afterwards: None,
            client_gone: false,
            upstream_gone: false,
            faults: 0,
            refused_data: false,
            stopping: None,
            since: now,
            progress: 0,
        }
    }

    /// What is offered to this person now.
    fn offered(&self) -> Extensions {
        policy::offered(self.upstream, self.settings.message_bytes)
    }

    pub fn wants_downstream(&self) -> bool {
        !self.client_gone
            && match &self.flow {
                Flow::Command | Flow::Chunk(..) => true,
                Flow::Upstream(_) => false,
                Flow::Message(message) => message.wants_octets(),
            }
    }

    /// When whoever is awaited has let too much time pass, or the gateway can wait no more to stop.
    pub fn deadline(&self, lines: &Lines) -> Option<Instant> {
        let stop = self.stopping.filter(|_| !self.is_settling()).map(|since| since + self.settings.timeouts.shutdown);
        earlier(self.patience(lines).map(|patience| self.since + patience), stop)
    }

    /// Whether the session ends as soon as the gateway has answered.
    fn is_settling(&self) -> bool {
        let gateway = matches!(&self.flow, Flow::Message(message) if message.waits_for_gateway());
        gateway && self.afterwards.is_some()
    }

    /// How long whoever is awaited may take.
    fn patience(&self, lines: &Lines) -> Option<Duration> {
        let timeouts = &self.settings.timeouts;
        match &self.flow {
            Flow::Command if lines.between_lines() => Some(timeouts.idle),
            Flow::Command | Flow::Chunk(..) => Some(timeouts.command),
            Flow::Upstream(_) => Some(limits::SMTP_REPLY_TIME),
            Flow::Message(message) if message.wants_octets() => Some(timeouts.command),
            // None where it is the gateway itself.
            Flow::Message(message) => message.reply_time(),
        }
    }

    pub fn tick(&mut self, lines: &Lines, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let late = self.stopping.is_some_and(|since| now >= since + self.settings.timeouts.shutdown);
        if late && !self.is_settling() {
            return self.give_up(End { ending: Ending::Shutdown, reply: Some(STOPS) }, now, out);
        }
        if self.patience(lines).is_none_or(|patience| now < self.since + patience) {
            return Ok(());
        }
        match &self.flow {
            Flow::Command | Flow::Chunk(..) => {
                const LATE: Own = Own { code: 421, enhanced: "4.4.2", text: "No complete command in time" };
                Err(End { ending: Ending::ClientTimeout, reply: Some(LATE) })
            }
            Flow::Message(message) if message.wants_octets() => self.message_late(out),
            Flow::Upstream(_) | Flow::Message(_) => self.lose_upstream("the upstream did not answer in time", now, out),
        }
    }

    /// The gateway wants to stop: at once where nobody waits for anything.
    pub fn shutdown(&mut self, now: Instant) -> Result<(), End> {
        self.stopping = self.stopping.or(Some(now));
        match &self.flow {
            Flow::Command => Err(End { ending: Ending::Shutdown, reply: Some(STOPS) }),
            Flow::Chunk(..) | Flow::Upstream(_) | Flow::Message(_) => Ok(()),
        }
    }

    /// The session is to end. A message whose end is upstream is waited for, so that its fate is told and recorded.
    pub fn end_when_answered(&mut self, end: End) -> Result<(), End> {
        match &self.flow {
            Flow::Message(message) if message.is_out_of_hand() => {
                self.afterwards = Some(end);
                Ok(())
            }
            Flow::Command | Flow::Chunk(..) | Flow::Upstream(_) | Flow::Message(_) => Err(end),
        }
    }

    pub fn client_closed(&mut self) -> Result<(), End> {
        self.client_gone = true;
        self.end_when_answered(End::silent(Ending::ClientGone))
    }

    /// Says goodbye to an upstream that waits for a command.
    pub fn take_leave(&self, out: &mut dyn Sink) {
        if !self.upstream_gone && matches!(self.flow, Flow::Command) {
            out.upstream(b"QUIT\r\n");
        }
    }

    /// Takes the next thing from the client's bytes; false when there is no more to take.
    pub fn take(
        &mut self,
        lines: &mut Lines,
        input: &mut &[u8],
        now: Instant,
        out: &mut dyn Sink,
    ) -> Result<bool, End> {
        match self.flow {
            Flow::Upstream(_) => Ok(false),
            Flow::Message(_) => {
                let before = input.len();
                let more = self.take_message(input, now, out);
                self.progress += before - input.len();
                if self.progress >= PROGRESS_BYTES {
                    self.awaited_from(now);
                }
                more
            }
            Flow::Chunk(left, refusal) => {
                let taken = left.min(input.len() as u64);
                *input = input.get(taken as usize..).unwrap_or_default();
                if taken < left {
                    self.flow = Flow::Chunk(left - taken, refusal);
                    return Ok(false);
                }
                self.flow = Flow::Command;
                self.awaited_from(now);
                self.fault(refusal, out)?;
                Ok(true)
            }
            Flow::Command => {
                let was_between = lines.between_lines();
                let step = lines.next(input);
                if was_between || lines.between_lines() {
                    self.awaited_from(now);
                }
                match step {
                    Step::More => return Ok(false),
                    Step::Fault(why) => return Err(End::client_fault(why)),
                    Step::Long(_) if self.refused_data => return Err(UNWANTED),
                    Step::Long(_) => self.fault(LONG_LINE, out)?,
                    Step::Line(line) => self.line(&line, now, out)?,
                }
                Ok(true)
            }
        }
    }

    pub(super) fn awaited_from(&mut self, now: Instant) {
        self.since = now;
        self.progress = 0;
    }

    /// A line that should be a command. Where it is the first of a message that nobody asked for, none of the others is
    /// read: what stands in a message must never be one.
    fn line(&mut self, line: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let behind_refused_data = std::mem::take(&mut self.refused_data);
        match command::head(line) {
            Ok((verb, rest)) => {
                self.command(verb, rest, now, out)?;
                self.refused_data = verb == Verb::Data && matches!(self.flow, Flow::Command);
                Ok(())
            }
            Err(_) if behind_refused_data => Err(UNWANTED),
            Err(refusal) => self.fault(refusal, out),
        }
    }

    fn command(&mut self, verb: Verb, rest: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let verdict = policy::verdict(&self.grant, verb);
        // The octets of a chunk are no commands, whatever becomes of it.
        if let (Verb::Bdat, Err(refusal)) = (verb, verdict) {
            let octets = Command::parse(verb, rest).map(|command| match command.arguments {
                Arguments::Bdat(octets) => octets,
                Arguments::None | Arguments::Mail(..) | Arguments::Rcpt(..) => 0,
            });
            self.flow = Flow::Chunk(thrown_away(octets, limits::CHUNK_BYTES)?, refusal);
            return Ok(());
        }
        if let Err(refusal) = verdict {
            return self.refuse(verb, refusal, out);
        }
        let command = match Command::parse(verb, rest) {
            Ok(command) => command,
            Err(refusal) => return self.fault(refusal, out),
        };
        let by = Circumstances {
            grant: &self.grant,
            addresses: &self.addresses,
            offered: self.offered(),
            utf8: self.envelope.as_ref().is_some_and(|envelope| envelope.utf8),
        };
        match policy::decide(by, &command) {
            Decision::Refuse(refusal) => self.refuse(verb, refusal, out),
            Decision::Answer(answer) => self.answer(answer, now, out),
            Decision::Forward => self.forward(command, now, out),
        }
    }

    fn answer(&mut self, answer: Answer, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match answer {
            // RFC 5321 §4.1.4: EHLO clears all, as RSET does.
            Answer::Ehlo | Answer::Helo if self.envelope.is_some() => {
                self.ask(Asked::ResetForHello(answer), "RSET", now, out);
            }
            Answer::Ehlo => say_offered(out, self.offered()),
            Answer::Helo => say(out, &[format!("250 {NAME}")]),
            Answer::Help => say_own(out, HELP),
            Answer::Nothing => say_own(out, DONE),
            Answer::Quit => return Err(BYE),
            // These are refused after login.
            Answer::StartTls | Answer::Auth => return self.fault(NESTED, out),
        }
        Ok(())
    }

    /// Sends what was allowed, written anew, where it has its place.
    fn forward(&mut self, command: Command, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match (command.verb, command.arguments) {
            (Verb::Mail, _) if self.envelope.is_some() => return self.fault(NESTED, out),
            (Verb::Mail, Arguments::Mail(Some(path), parameters)) => {
                let written = parameters.written(self.upstream.has(E::Size));
                let reverse_path = path.to_string();
                let text = format!("MAIL FROM:<{reverse_path}>{written}");
                let envelope = Envelope { reverse_path, forward_paths: Vec::new(), utf8: parameters.utf8 };
                self.ask(Asked::Mail(envelope), &text, now, out);
            }
            (Verb::Rcpt, Arguments::Rcpt(path, parameters)) => {
                let Some(envelope) = &self.envelope else { return self.fault(NO_MAIL, out) };
                if envelope.forward_paths.len() >= self.settings.recipients {
                    say_own(out, MANY_RECIPIENTS);
                    return Ok(());
                }
                let forward_path = path.to_string();
                let text = format!("RCPT TO:<{forward_path}>{}", parameters.written());
                self.ask(Asked::Rcpt(forward_path), &text, now, out);
            }
            (Verb::Data, _) => {
                let Some(envelope) = &self.envelope else { return self.fault(NO_MAIL, out) };
                if envelope.forward_paths.is_empty() {
                    return self.fault(NO_RECIPIENT, out);
                }
                say_own(out, GO_ON);
                self.flow = Flow::Message(Box::default());
                self.awaited_from(now);
            }
            (Verb::Rset, _) if self.envelope.is_none() => say_own(out, DONE),
            (Verb::Rset, _) => self.ask(Asked::Reset, "RSET", now, out),
            (Verb::Noop, _) => self.ask(Asked::Noop, "NOOP", now, out),
            // The policy forwards nothing else.
            (_, _) => return self.fault(NO_MAIL, out),
        }
        Ok(())
    }

    pub(super) fn ask(&mut self, asked: Asked, text: &str, now: Instant, out: &mut dyn Sink) {
        out.upstream(text.as_bytes());
        out.upstream(b"\r\n");
        self.flow = Flow::Upstream(asked);
        self.awaited_from(now);
    }

    pub(super) fn refuse(&mut self, verb: Verb, refusal: Own, out: &mut dyn Sink) -> Result<(), End> {
        self.note_refusal(verb, refusal, out);
        self.fault(refusal, out)
    }

    pub(super) fn note_refusal(&self, verb: Verb, refusal: Own, out: &mut dyn Sink) {
        out.request(Request::Note(Note::Refused { verb: verb.name(), why: refusal.text.to_owned() }));
    }

    fn fault(&mut self, refusal: Own, out: &mut dyn Sink) -> Result<(), End> {
        say_own(out, refusal);
        self.faults += 1;
        if self.faults >= limits::BAD_AFTER_LOGIN {
            return Err(End::client_fault("Too many bad commands"));
        }
        Ok(())
    }

    /// The upstream's bytes.
    pub fn upstream(&mut self, bytes: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let mut input = bytes;
        while !self.upstream_gone {
            match self.scanner.next(&mut input) {
                Ok(Some(reply)) => self.reply(&reply, now, out)?,
                Ok(None) => return Ok(()),
                Err(fault) => return self.lose_upstream(fault.0, now, out),
            }
        }
        Ok(())
    }

    fn reply(&mut self, reply: &Reply, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        const UNASKED: &str = "the upstream answered what it was not asked";
        if let Flow::Message(_) = self.flow {
            return self.message_reply(reply, now, out);
        }
        let Flow::Upstream(asked) = std::mem::replace(&mut self.flow, Flow::Command) else {
            return match reply.code {
                421 => Err(End::upstream_fault("the upstream said 421")),
                _ => Err(End::upstream_fault(UNASKED)),
            };
        };
        if reply.kind() == Kind::GoOn {
            return Err(End::upstream_fault(UNASKED));
        }
        let done = reply.kind() == Kind::Done;
        match asked {
            Asked::Noop => say(out, &reply.relayed()),
            Asked::Reset => {
                self.envelope = self.envelope.take().filter(|_| !done);
                say(out, &reply.relayed());
            }
            Asked::ResetForHello(_) | Asked::ResetAfterMessage if !done => {
                return Err(End::upstream_fault("the upstream refused RSET"));
            }
            Asked::ResetForHello(answer) => {
                self.envelope = None;
                self.answer(answer, now, out)?;
            }
            Asked::ResetAfterMessage => self.envelope = None,
            Asked::Mail(envelope) => {
                self.envelope = done.then_some(envelope);
                say(out, &reply.relayed());
            }
            Asked::Rcpt(forward_path) => {
                if let (true, Some(envelope)) = (done, &mut self.envelope) {
                    envelope.forward_paths.push(forward_path);
                }
                say(out, &reply.relayed());
            }
        }
        if reply.code == 421 {
            return Err(End::silent(Ending::UpstreamFault("the upstream said 421")));
        }
        self.rest(now)
    }

    /// What was under way was answered: on to the next command, if there may be one.
    pub(super) fn rest(&mut self, now: Instant) -> Result<(), End> {
        self.flow = Flow::Command;
        self.awaited_from(now);
        if let Some(end) = self.afterwards.take() {
            return Err(end);
        }
        match self.stopping {
            Some(_) => Err(End { ending: Ending::Shutdown, reply: Some(STOPS) }),
            None => Ok(()),
        }
    }

    pub fn upstream_closed(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        if self.upstream_gone {
            return Ok(());
        }
        self.upstream_gone = true;
        self.without_upstream("the upstream closed the connection", now, out)
    }

    /// The upstream cannot be gone on with.
    pub(super) fn lose_upstream(&mut self, why: &'static str, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        self.close_upstream(out);
        self.without_upstream(why, now, out)
    }

    pub(super) fn close_upstream(&mut self, out: &mut dyn Sink) {
        if !self.upstream_gone {
            self.upstream_gone = true;
            out.request(Request::CloseUpstream);
        }
    }

    fn without_upstream(&mut self, why: &'static str, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match &self.flow {
            Flow::Command | Flow::Chunk(..) | Flow::Upstream(_) => Err(End::upstream_fault(why)),
            Flow::Message(_) => self.message_without_upstream(why, now, out),
        }
    }
}
