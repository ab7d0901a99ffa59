//! After login, server to client: responses stream by, and the few that would tell more than is so are rewritten.
//!
//! | response | becomes |
//! |---|---|
//! | `CAPABILITY`, as data | nothing: nobody asked the upstream |
//! | `[CAPABILITY …]` | what is offered here |
//! | `[PERMANENTFLAGS …]`, without write | `[PERMANENTFLAGS ()]` |
//! | `[READ-WRITE]`, without write | `[READ-ONLY]` |
//! | the end of a SELECT that told neither, without write | both are told |
//! | `MYRIGHTS` | the letters cut to what the person has |
//! | `ENABLED` | cut to what is offered |
//! | `ID` and data that delega does not know | nothing |

use std::borrow::Cow;
use std::time::Instant;

use super::pending::{Pending, Sent};
use super::relay::{Flow, Relay};
use super::{End, bad};
use crate::policy::imap as policy;
use crate::proto::imap::capability::Capabilities;
use crate::proto::imap::framer::Framer;
use crate::proto::imap::response::{self, Code, Data, Head, Status};
use crate::proto::imap::scanner::Step;
use crate::session::{Ending, Sink};

impl Relay {
    /// Takes bytes from the upstream.
    pub fn upstream(&mut self, framer: &mut Framer, bytes: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        self.upstream_lives(now);
        let mut input = bytes;
        loop {
            match self.scanner.next(&mut input)? {
                Step::More => {
                    self.keep_time(framer, now);
                    return Ok(());
                }
                Step::Data(bytes) => out.downstream(bytes),
                Step::End => {
                    let on = self.boundary(out);
                    // The session ends, and nobody reads what else has come.
                    self.can_be_parked &= on.is_ok() || input.is_empty();
                    on?;
                }
                Step::Head { bytes, complete } => self.head(framer, bytes, complete, out)?,
            }
        }
    }

    /// Between two responses: the place for the gateway's own words.
    fn boundary(&mut self, out: &mut dyn Sink) -> Result<(), End> {
        self.flush_urgent(out);
        self.flush_own(out)?;
        if self.can_stop() {
            return Err(End { ending: Ending::Shutdown, bye: Some("[UNAVAILABLE] The gateway is being restarted") });
        }
        Ok(())
    }

    pub(super) fn flush_urgent(&mut self, out: &mut dyn Sink) {
        if self.at_boundary() && !self.urgent.is_empty() {
            out.downstream(&std::mem::take(&mut self.urgent));
        }
    }

    /// Says what the gateway itself answers and whose turn has come.
    pub(super) fn flush_own(&mut self, out: &mut dyn Sink) -> Result<(), End> {
        while self.at_boundary() {
            match self.queue.next_own() {
                Some(Pending::Own(answer)) => out.downstream(&answer),
                Some(Pending::GoOn) => out.downstream(b"+ OK\r\n"),
                Some(Pending::Last(answer)) => {
                    out.downstream(&answer);
                    return Err(End { ending: Ending::Logout, bye: None });
                }
                Some(Pending::Sent(_)) | None => break,
            }
        }
        self.queue.shrink();
        Ok(())
    }

    fn head(
        &mut self,
        framer: &mut Framer,
        bytes: Cow<'_, [u8]>,
        complete: bool,
        out: &mut dyn Sink,
    ) -> Result<(), End> {
        match response::head(&bytes) {
            Head::Data(data) => self.data(data, bytes, complete, out),
            Head::Status(status, code) => {
                match status {
                    Status::PreAuth => return Err(End::upstream_fault("the upstream greeted twice")),
                    Status::Bye => self.upstream_said_bye = true,
                    Status::Ok | Status::No | Status::Bad => {}
                }
                self.flags_told |= code.is_some_and(|code| code.name.eq_ignore_ascii_case(b"PERMANENTFLAGS"));
                match self.recoded(code, complete) {
                    Recoded::Same => self.pass(&bytes, false, out),
                    Recoded::Hold => Ok(self.scanner.hold(bytes)?),
                    Recoded::As(code) => {
                        let condition = bytes.get(..bytes.iter().position(|b| *b == b'[').unwrap_or(0));
                        self.replace(&[condition.unwrap_or_default(), &code].concat(), out);
                        Ok(())
                    }
                }
            }
            Head::Continuation if complete => {
                self.scanner.done();
                self.continued(out);
                Ok(())
            }
            Head::Continuation => Ok(self.scanner.hold(bytes)?),
            Head::Tagged(tag, status, code) => {
                let opened = status == Status::Ok && !self.may_write() && self.queue.opens_folder(tag);
                let recoded = match code {
                    None if opened => read_only(&bytes, complete),
                    code => self.recoded(code, complete),
                };
                if let Recoded::Hold = recoded {
                    return Ok(self.scanner.hold(bytes)?);
                }
                let sent = self.answered(framer, tag)?;
                self.can_be_parked &= status != Status::Bad;
                if let (Status::Ok, Some(mode), false) = (status, sent.opens, self.queue.opens_for_writing()) {
                    self.mode = mode;
                }
                // A client that is told nothing takes all flags for changeable (RFC 3501 §6.3.1).
                if opened && !self.flags_told {
                    out.downstream(b"* OK [PERMANENTFLAGS ()] Read-only\r\n");
                }
                self.flags_told &= !sent.opens_folder();
                if sent.broken {
                    out.downstream(&bad(Some(tag), "DONE was expected"));
                    return Ok(self.scanner.skip(&bytes, false)?);
                }
                match recoded {
                    Recoded::As(code) => {
                        let status = match status {
                            Status::Ok => b" OK ".as_slice(),
                            Status::No => b" NO ",
                            Status::Bad | Status::Bye | Status::PreAuth => b" BAD ",
                        };
                        let line = [tag, status, &code].concat();
                        self.replace(&line, out);
                        Ok(())
                    }
                    Recoded::Same | Recoded::Hold => self.pass(&bytes, false, out),
                }
            }
            Head::Unknown if bytes.starts_with(b"* ") => Ok(self.scanner.skip(&bytes, true)?),
            Head::Unknown => Err(End::upstream_fault("the upstream sent what is no response")),
        }
    }

    fn pass(&mut self, bytes: &[u8], structured: bool, out: &mut dyn Sink) -> Result<(), End> {
        self.scanner.pass(bytes, structured)?;
        out.downstream(bytes);
        Ok(())
    }

    fn replace(&mut self, line: &[u8], out: &mut dyn Sink) {
        self.scanner.done();
        out.downstream(line);
    }

    fn data(&mut self, data: Data, bytes: Cow<'_, [u8]>, complete: bool, out: &mut dyn Sink) -> Result<(), End> {
        match data {
            Data::Id | Data::Capability => Ok(self.scanner.skip(&bytes, true)?),
            Data::Enabled | Data::MyRights if !complete => Ok(self.scanner.hold(bytes)?),
            Data::Enabled => {
                let known = Capabilities::parse(response::arguments(&bytes)).and(self.offered());
                let space = if known.is_empty() { "" } else { " " };
                self.replace(format!("* ENABLED{space}{known}\r\n").as_bytes(), out);
                Ok(())
            }
            Data::MyRights => {
                // `"MYRIGHTS" SP mailbox SP rights`; the name may be quoted and hold spaces, the rights are one word.
                let line = bytes.strip_suffix(b"\r\n").unwrap_or(&bytes);
                let space = memchr::memrchr(b' ', line).unwrap_or(0);
                let (name, rights) = line.split_at(space);
                if !self.upstream_has_acl() || name.ends_with(b"}") || rights.ends_with(b"}") {
                    return Ok(self.scanner.skip(&bytes, true)?);
                }
                let rights = policy::rights(&self.grant, Some(rights));
                let rights = if rights.is_empty() { "\"\"" } else { rights.as_str() };
                self.replace(&[name, b" ", rights.as_bytes(), b"\r\n"].concat(), out);
                Ok(())
            }
            Data::Fetch
            | Data::Exists
            | Data::Expunge
            | Data::Recent
            | Data::Flags
            | Data::List
            | Data::Lsub
            | Data::Xlist
            | Data::Status
            | Data::Search
            | Data::ESearch
            | Data::Sort
            | Data::Thread
            | Data::Vanished
            | Data::Namespace
            | Data::Quota
            | Data::QuotaRoot
            | Data::Metadata => self.pass(&bytes, true, out),
        }
    }

    /// The response code that takes the place of the upstream's, with its text and CRLF.
    fn recoded(&self, code: Option<Code<'_>>, complete: bool) -> Recoded {
        let Some(code) = code else { return Recoded::Same };
        let is = |name: &str| code.name.eq_ignore_ascii_case(name.as_bytes());
        let capability = is("CAPABILITY");
        let narrowed = !self.may_write() && (is("PERMANENTFLAGS") || is("READ-WRITE"));
        if !capability && !narrowed {
            return Recoded::Same;
        }
        if !complete {
            return Recoded::Hold;
        }
        let instead = if capability {
            format!("[CAPABILITY {}] ", self.offered())
        } else if is("READ-WRITE") {
            "[READ-ONLY] ".to_owned()
        } else {
            "[PERMANENTFLAGS ()] ".to_owned()
        };
        // The text is the server's own and for people; what would not be text is left out.
        let text = code.text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n'));
        let text: Vec<u8> = text.collect();
        let text = if text.is_empty() { b"Done".to_vec() } else { text };
        Recoded::As([instead.as_bytes(), &text, b"\r\n"].concat())
    }

    /// The upstream asks for what was announced.
    fn continued(&mut self, out: &mut dyn Sink) {
        match std::mem::replace(&mut self.flow, Flow::Command) {
            Flow::Parts(mut parts, then) => {
                if let Some(part) = parts.0.pop_front() {
                    out.upstream(&part);
                }
                self.flow = if parts.0.is_empty() { *then } else { Flow::Parts(parts, then) };
            }
            Flow::AwaitMessage(announcement) => {
                if announcement.synchronizing {
                    out.downstream(b"+ OK\r\n");
                }
                self.flow = Flow::Message(announcement.octets);
            }
            Flow::AwaitIdle => {
                out.downstream(b"+ idling\r\n");
                self.flow = Flow::Idle;
            }
            // Nobody waits for it.
            other => {
                self.can_be_parked = false;
                self.flow = other;
            }
        }
    }

    /// A tagged response: whose it is, and what it means for a command whose octets are still on their way.
    fn answered(&mut self, framer: &mut Framer, tag: &[u8]) -> Result<Sent, End> {
        let (sent, last) =
            self.queue.answered(tag).ok_or(End::upstream_fault("the upstream answered a command that was not sent"))?;
        if last {
            let awaited = match std::mem::replace(&mut self.flow, Flow::Command) {
                Flow::Parts(_, then) => *then,
                flow => flow,
            };
            match awaited {
                Flow::AwaitMessage(announcement) if !announcement.synchronizing => {
                    framer.discard(announcement.octets)?
                }
                Flow::Message(_) | Flow::Onward => {
                    return Err(End::upstream_fault("the upstream answered in the middle of a message"));
                }
                // Refused before it was complete, or an IDLE that was not begun or has ended.
                Flow::Parts(..) | Flow::AwaitMessage(_) | Flow::AwaitIdle | Flow::Idle | Flow::Command => {}
                Flow::LoggingOut => self.flow = Flow::LoggingOut,
            }
        }
        Ok(sent)
    }
}

/// The tagged OK to an EXAMINE that has no code, with `[READ-ONLY]` (RFC 3501 §6.3.2).
fn read_only(line: &[u8], complete: bool) -> Recoded {
    if !complete {
        return Recoded::Hold;
    }
    let text = line.splitn(3, |b| *b == b' ').nth(2).unwrap_or(b"Done\r\n");
    Recoded::As([b"[READ-ONLY] ", text].concat())
}

enum Recoded {
    /// It stays as it is.
    Same,
    /// More of the line is needed.
    Hold,
    /// This, to the line's end.
    As(Vec<u8>),
}
