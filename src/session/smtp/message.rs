//! What follows DATA: the header is held until it was judged, the rest streams, and the end of the message goes upstream
//! when the send has been recorded.
//!
//! What must be so at every step (G2, O2):
//!
//! - DATA goes upstream when the header was judged, never before.
//! - A message that is refused on its way, by whomever, is read to its end and thrown away, and answered then. Where it
//!   has gone upstream in part, that connection is closed without the end of the message: no server takes half of one, and
//!   nothing else that could be said there would not be part of it.
//! - The end goes upstream when the record is durable and the person may still send. From there on the message is out of
//!   hand, and the session waits for the upstream's reply, though the client be gone.
//! - The client gets 250 when the upstream has said so and it was recorded. Where nobody can know, it is told that.

use std::time::{Duration, Instant};

use super::relay::{Asked, Flow, Relay};
use super::{End, say};
use crate::domain::{SendOutcome, Sending, deceives, limits};
use crate::policy::smtp as policy;
use crate::proto::smtp::data::{Break, Framer, Step, Stuffer};
use crate::proto::smtp::encoded_word;
use crate::proto::smtp::header::{self, Header};
use crate::proto::smtp::reply::{Kind, Own, Reply};
use crate::proto::smtp::verb::Verb;
use crate::session::{Ending, Piece, Recording, Request, Sink};

const LINE_ENDS: Own = Own {
    code: 550,
    enhanced: "5.6.0",
    text: "The message has a NUL or a line that does not end in CR LF, and was not sent (il messaggio contiene righe non terminate da CR LF e non e' stato inviato)",
};
const LONG_LINE: Own = Own {
    code: 550,
    enhanced: "5.6.0",
    text: "The message has a line that is too long, and was not sent (una riga del messaggio supera il limite: non e' stato inviato)",
};
const NOT_RECORDED: Own = Own {
    code: 451,
    enhanced: "4.3.0",
    text: "The send could not be recorded, so the message was not sent, try again later (il messaggio non e' stato inviato: riprova)",
};
const FORBIDDEN: Own = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "What you may send from this mailbox has changed, and the message was not sent, log in again and look at its sender (i permessi o gli indirizzi della casella sono cambiati: il messaggio non e' stato inviato, accedi di nuovo e controlla il mittente)",
};
const BROKE_OFF: Own = Own {
    code: 451,
    enhanced: "4.4.2",
    text: "The mail server broke off, and the message was not sent, try again later (il messaggio non e' stato inviato: riprova)",
};
const NOBODY_KNOWS: Own = Own {
    code: 451,
    enhanced: "4.4.2",
    text: "The mail server broke off: it is not known whether the message was sent, look before you send it again (non si sa se il messaggio e' partito: controlla prima di inviarlo di nuovo)",
};
const NOT_SENT: Own = Own { code: 421, enhanced: "4.3.0", text: "The session ended before the message was sent" };
const LATE: Own = Own { code: 421, enhanced: "4.4.2", text: "The message did not come in time, and was not sent" };

/// A message on its way.
#[derive(Debug, Default)]
pub(super) struct Message {
    framer: Framer,
    stuffer: Stuffer,
    stage: Stage,
    /// The header, and what came with its end.
    held: Vec<u8>,
    /// Octets so far.
    bytes: u64,
    /// Whether more than is allowed came together with the end of the header.
    over: bool,
    /// Octets that were thrown away.
    drained: u64,
    message_id: Option<String>,
    subject: Option<String>,
}

#[derive(Debug, Default)]
enum Stage {
    /// The header is gathered.
    #[default]
    Header,
    /// DATA is upstream, and its reply awaited. Whether the message has ended meanwhile: it is all header.
    AwaitGo { ended: bool },
    /// What comes streams through.
    Body,
    /// What comes is thrown away up to the end of the message; then this is said.
    Draining(Vec<String>),
    /// The gateway records the send.
    Recording,
    /// The end of the message is upstream, and its reply awaited.
    AwaitFinal,
    /// The gateway records what became of it; then this is said.
    Outcome(Vec<String>),
}

impl Message {
    /// Whether it is the client who has the word.
    pub fn wants_octets(&self) -> bool {
        matches!(self.stage, Stage::Header | Stage::Body | Stage::Draining(_))
    }

    /// How long the upstream may take for the reply that is awaited, if one is.
    pub fn reply_time(&self) -> Option<Duration> {
        match self.stage {
            Stage::AwaitGo { .. } => Some(limits::SMTP_DATA_REPLY_TIME),
            Stage::AwaitFinal => Some(limits::SMTP_END_REPLY_TIME),
            Stage::Header | Stage::Body | Stage::Draining(_) | Stage::Recording | Stage::Outcome(_) => None,
        }
    }

    /// Whether it is the gateway itself that is awaited.
    pub fn waits_for_gateway(&self) -> bool {
        matches!(self.stage, Stage::Recording | Stage::Outcome(_))
    }

    /// Whether it is recorded, or about to be, so that its outcome must be.
    pub fn is_out_of_hand(&self) -> bool {
        matches!(self.stage, Stage::Recording | Stage::AwaitFinal | Stage::Outcome(_))
    }
}

impl Relay {
    fn message(&mut self) -> Option<&mut Message> {
        match &mut self.flow {
            Flow::Message(message) => Some(message),
            Flow::Command | Flow::Chunk(..) | Flow::Upstream(_) => None,
        }
    }

    /// Takes more of the message; false where there is no more to take.
    pub(super) fn take_message(&mut self, input: &mut &[u8], now: Instant, out: &mut dyn Sink) -> Result<bool, End> {
        let bound = self.settings.message_bytes;
        let Some(message) = self.message() else { return Ok(false) };
        if !message.wants_octets() {
            return Ok(false);
        }
        let before = input.len();
        let step = message.framer.next(input);
        if matches!(message.stage, Stage::Draining(_)) {
            message.drained += (before - input.len()) as u64;
            if message.drained > bound.saturating_add(limits::MESSAGE_LINE_BYTES as u64) {
                return Err(self.drained(End::client_fault("The message does not end"), out));
            }
        }
        match step {
            Step::More => return Ok(false),
            Step::Octets(octets) => self.octets(octets, bound, now, out),
            Step::Broken(Break::LongLine) => self.fail(LONG_LINE, out),
            Step::Broken(Break::LineEnd) => {
                // Where the message ends is not certain, so nothing that follows may count.
                self.fail(LINE_ENDS, out);
                self.afterwards = Some(End::client_fault("Lines end in CR LF"));
            }
            Step::End => self.ended(now, out)?,
        }
        Ok(true)
    }

    fn octets(&mut self, octets: &[u8], bound: u64, now: Instant, out: &mut dyn Sink) {
        let Some(message) = self.message() else { return };
        let room = usize::try_from(bound.saturating_sub(message.bytes)).unwrap_or(usize::MAX);
        let (octets, over) = octets.split_at(room.min(octets.len()));
        // No line end is cut in two.
        let octets = octets.strip_suffix(b"\r").filter(|_| !over.is_empty()).unwrap_or(octets);
        message.bytes += octets.len() as u64;
        match message.stage {
            Stage::Header => {
                let looked_at = message.held.len();
                message.held.extend_from_slice(octets);
                message.over = !over.is_empty();
                match header::end(&message.held, looked_at) {
                    Some(end) => self.judge(end, false, now, out),
                    None if !over.is_empty() => self.fail(policy::TOO_BIG, out),
                    None if message.held.len() > limits::HEADER_BYTES => {
                        self.fail(policy::unreadable(header::Fault::Long), out);
                    }
                    None => {}
                }
            }
            Stage::Body => {
                message.stuffer.stuff(octets, |stuffed| out.upstream(stuffed));
                out.message(Piece::Octets(octets));
                if !over.is_empty() {
                    self.fail(policy::TOO_BIG, out);
                }
            }
            Stage::Draining(_) => {}
            Stage::AwaitGo { .. } | Stage::Recording | Stage::AwaitFinal | Stage::Outcome(_) => {}
        }
    }

    /// The header is there, `end` octets of what is held: the verdict on it, and on who sends it.
    fn judge(&mut self, end: usize, ended: bool, now: Instant, out: &mut dyn Sink) {
        let utf8 = self.envelope.as_ref().is_some_and(|envelope| envelope.utf8);
        let Flow::Message(message) = &mut self.flow else { return };
        let header = Header::parse(message.held.get(..end).unwrap_or_default(), utf8).map_err(policy::unreadable);
        let verdict = policy::verdict(&self.grant, Verb::Data)
            .and(header)
            .and_then(|header| policy::judge(&header, &self.addresses).map(|()| header));
        match verdict {
            Ok(header) => {
                message.message_id = header.only("Message-ID").and_then(message_id);
                message.subject = header.only("Subject").map(subject);
                message.stage = Stage::AwaitGo { ended };
                out.upstream(b"DATA\r\n");
                self.awaited_from(now);
            }
            Err(refusal) => self.fail(refusal, out),
        }
    }

    /// The message goes no further. Where part of it is upstream, that connection is closed.
    fn fail(&mut self, why: Own, out: &mut dyn Sink) {
        if !matches!(self.message(), Some(Message { stage: Stage::Draining(_), .. })) {
            self.note_refusal(Verb::Data, why, out);
        }
        self.drain(vec![why.to_string()], out);
    }

    /// What comes of the message is thrown away, and this is its answer; the first of several is.
    fn drain(&mut self, answer: Vec<String>, out: &mut dyn Sink) {
        let Some(message) = self.message() else { return };
        let was = match &message.stage {
            Stage::Draining(_) | Stage::Outcome(_) => return,
            _ => std::mem::replace(&mut message.stage, Stage::Draining(answer)),
        };
        message.held = Vec::new();
        if let Stage::Body = was {
            self.close_upstream(out);
            self.afterwards.get_or_insert(CLOSED);
        }
    }

    /// The client has ended its message.
    fn ended(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let Some(message) = self.message() else { return Ok(()) };
        match &message.stage {
            Stage::Header => {
                let all = message.held.len();
                self.judge(all, true, now, out);
                // Where it was refused nothing is left to throw away.
                match self.message().is_some_and(|message| matches!(message.stage, Stage::Draining(_))) {
                    true => self.ended(now, out),
                    false => Ok(()),
                }
            }
            Stage::Body => self.finish(now, out),
            Stage::Draining(answer) => {
                say(out, answer);
                if self.upstream_gone || self.afterwards.is_some() {
                    return self.rest(now);
                }
                // The upstream has the envelope of a message that does not come.
                self.ask(Asked::ResetAfterMessage, "RSET", now, out);
                Ok(())
            }
            Stage::AwaitGo { .. } | Stage::Recording | Stage::AwaitFinal | Stage::Outcome(_) => Ok(()),
        }
    }

    /// All of the message is upstream but its end: may the person still send, and can it be recorded?
    fn finish(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        if let Err(refusal) = policy::verdict(&self.grant, Verb::Data) {
            self.fail(refusal, out);
            return self.ended(now, out);
        }
        let (Flow::Message(message), Some(envelope)) = (&mut self.flow, &self.envelope) else { return Ok(()) };
        message.stage = Stage::Recording;
        let sending = Sending {
            reverse_path: envelope.reverse_path.clone(),
            forward_paths: envelope.forward_paths.clone(),
            message_id: message.message_id.take(),
            subject: message.subject.take(),
            bytes: message.bytes,
        };
        out.request(Request::RecordSending(Box::new(sending)));
        Ok(())
    }

    /// What came of recording the send. Where it is recorded, and nothing else has come between, its end goes upstream now.
    pub fn sending_recorded(&mut self, recording: Recording, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let may = policy::verdict(&self.grant, Verb::Data);
        let hindered = self.afterwards.is_some() || self.client_gone;
        let upstream_gone = self.upstream_gone;
        let Some(message) = self.message().filter(|message| matches!(message.stage, Stage::Recording)) else {
            return Ok(());
        };
        let why = match (recording, may) {
            (Recording::Failed, _) => NOT_RECORDED,
            // The session may have heard by now what it is that went.
            (Recording::Recorded | Recording::Forbidden, Err(refusal)) => refusal,
            (Recording::Forbidden, Ok(())) => FORBIDDEN,
            (Recording::Recorded, Ok(())) if hindered => NOT_SENT,
            (Recording::Recorded, Ok(())) if upstream_gone => BROKE_OFF,
            (Recording::Recorded, Ok(())) => {
                out.upstream(message.stuffer.end());
                message.stage = Stage::AwaitFinal;
                self.awaited_from(now);
                return Ok(());
            }
        };
        // Whoever ends the session says so itself.
        let answer = if hindered { Vec::new() } else { vec![why.to_string()] };
        message.stage = Stage::Outcome(answer);
        self.close_upstream(out);
        self.afterwards.get_or_insert(CLOSED);
        match recording {
            Recording::Recorded => {
                out.request(Request::RecordOutcome(SendOutcome::Refused(why.to_string())));
                Ok(())
            }
            Recording::Forbidden | Recording::Failed => self.outcome_recorded(now, out),
        }
    }

    /// The outcome was recorded: the client may know.
    pub fn outcome_recorded(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let client_gone = self.client_gone;
        let Some(Message { stage: Stage::Outcome(answer), .. }) = self.message() else { return Ok(()) };
        if !client_gone {
            say(out, answer);
        }
        self.envelope = None;
        self.rest(now)
    }

    /// A reply of the upstream's while a message is under way.
    pub(super) fn message_reply(&mut self, reply: &Reply, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        const UNASKED: &str = "the upstream answered what it was not asked";
        let Some(message) = self.message() else { return Ok(()) };
        match (&message.stage, reply.kind()) {
            (Stage::AwaitGo { ended }, Kind::GoOn) if reply.code == 354 => {
                let (ended, over) = (*ended, message.over);
                message.stage = Stage::Body;
                let held = std::mem::take(&mut message.held);
                message.stuffer.stuff(&held, |stuffed| out.upstream(stuffed));
                out.message(Piece::Begin);
                out.message(Piece::Octets(&held));
                self.awaited_from(now);
                if over {
                    self.fail(policy::TOO_BIG, out);
                }
                if ended { self.finish(now, out) } else { Ok(()) }
            }
            (Stage::AwaitGo { ended }, Kind::NotNow | Kind::Never) => {
                let ended = *ended;
                self.drain(reply.relayed(), out);
                self.awaited_from(now);
                if reply.code == 421 {
                    self.close_upstream(out);
                    self.afterwards.get_or_insert(CLOSED);
                }
                if ended { self.ended(now, out) } else { Ok(()) }
            }
            (Stage::AwaitFinal, Kind::Done | Kind::NotNow | Kind::Never) => {
                let summary = reply.summary();
                message.stage = Stage::Outcome(reply.relayed());
                if reply.code == 421 {
                    self.afterwards.get_or_insert(End::silent(Ending::UpstreamFault("the upstream said 421")));
                }
                out.request(Request::RecordOutcome(match reply.kind() {
                    Kind::Done => SendOutcome::Accepted(summary),
                    Kind::GoOn | Kind::NotNow | Kind::Never => SendOutcome::Refused(summary),
                }));
                Ok(())
            }
            // It wants no more of the message, and says why.
            (Stage::Body, Kind::NotNow | Kind::Never) => {
                self.drain(reply.relayed(), out);
                Ok(())
            }
            _ if reply.code == 421 => self.lose_upstream("the upstream said 421", now, out),
            _ => self.lose_upstream(UNASKED, now, out),
        }
    }

    /// The upstream is gone, or cannot be gone on with, while a message is under way.
    pub(super) fn message_without_upstream(
        &mut self,
        why: &'static str,
        now: Instant,
        out: &mut dyn Sink,
    ) -> Result<(), End> {
        let fault = End { ending: Ending::UpstreamFault(why), ..CLOSED };
        let Some(message) = self.message() else { return Ok(()) };
        let ended = match message.stage {
            Stage::AwaitGo { ended } => ended,
            Stage::Header | Stage::Body | Stage::Draining(_) | Stage::Outcome(_) | Stage::Recording => false,
            Stage::AwaitFinal => {
                message.stage = Stage::Outcome(vec![NOBODY_KNOWS.to_string()]);
                self.afterwards.get_or_insert(fault);
                out.request(Request::RecordOutcome(SendOutcome::Unknown));
                return Ok(());
            }
        };
        match message.stage {
            // What is said there is settled when the record is.
            Stage::Recording => return Ok(()),
            _ => self.afterwards.get_or_insert(fault),
        };
        self.drain(vec![BROKE_OFF.to_string()], out);
        self.awaited_from(now);
        if ended { self.ended(now, out) } else { Ok(()) }
    }

    /// The client has not sent its message in time.
    pub(super) fn message_late(&mut self, out: &mut dyn Sink) -> Result<(), End> {
        Err(self.drained(End { ending: Ending::ClientTimeout, reply: Some(LATE) }, out))
    }

    /// The session ends before the message does: what it was to be answered is answered now.
    fn drained(&mut self, end: End, out: &mut dyn Sink) -> End {
        match self.message() {
            Some(Message { stage: Stage::Draining(answer), .. }) => {
                say(out, answer);
                End { ending: end.ending, ..CLOSED }
            }
            _ => end,
        }
    }

    /// The session ends, whatever is under way. What the upstream makes of a message whose end it has, nobody will know.
    pub(super) fn give_up(&mut self, end: End, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match self.message() {
            Some(Message { stage: Stage::AwaitFinal, .. }) => {
                self.afterwards.get_or_insert(end);
                self.lose_upstream("the upstream did not answer before the gateway stopped", now, out)
            }
            // The gateway's own answer comes for certain.
            Some(Message { stage: Stage::Recording | Stage::Outcome(_), .. }) => {
                self.afterwards.get_or_insert(end);
                Ok(())
            }
            _ => Err(end),
        }
    }
}

/// There is no upstream any more that another command could go to, or the client is not to be followed any more.
const CLOSED: End = End {
    ending: Ending::UpstreamFault("the upstream connection was closed within a message"),
    reply: Some(Own { code: 421, enhanced: "4.3.0", text: "Connect again for the next message" }),
};

/// `msg-id`, roughly: what stands in one pair of angle brackets.
fn message_id(value: &str) -> Option<String> {
    let fits = value.len() <= limits::MESSAGE_ID_CHARS && value.starts_with('<') && value.ends_with('>');
    let plain = !value.contains(|c: char| c.is_whitespace() || c.is_control());
    (fits && plain).then(|| value.to_owned())
}

/// A subject for people to read, without control characters and characters that hide others.
fn subject(value: &str) -> String {
    encoded_word::decode(value).text.chars().filter(|c| !deceives(*c)).take(limits::SUBJECT_CHARS).collect()
}
