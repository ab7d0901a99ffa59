//! What was done in the mailboxes: sends and accesses.

use serde::Serialize;

use super::time_ms;
use crate::domain::{AccessRecord, CopyState, Login, SendRecord, SentCopy, Way};

/// A send, as programs see it.
#[derive(Serialize)]
pub struct SendJson<'a> {
    id: i64,
    /// When the end of the message was about to go to the mail server.
    at: String,
    mailbox: &'a str,
    /// Null is the owner.
    username: Option<&'a str>,
    login: String,
    /// Address and port.
    peer: String,
    /// `client` or `webmail`.
    kind: String,
    from: &'a str,
    to: &'a [String],
    message_id: Option<&'a str>,
    subject: Option<&'a str>,
    bytes: u64,
    outcome: &'static str,
    /// The mail server's final reply.
    reply: Option<&'a str>,
    outcome_at: Option<String>,
    /// Its copy in the folder of sent messages, where delega makes one.
    copy: Option<CopyJson<'a>>,
}

#[derive(Serialize)]
struct CopyJson<'a> {
    state: &'static str,
    attempts: u32,
    /// While it is due.
    next_attempt_at: Option<String>,
    /// Why it is not there.
    why: Option<&'a str>,
}

impl<'a> From<&'a SendRecord> for SendJson<'a> {
    fn from(send: &'a SendRecord) -> Self {
        SendJson {
            id: send.id.0,
            at: time_ms(send.at_ms),
            mailbox: send.login.mailbox().as_str(),
            username: match &send.login {
                Login::Owner(_) => None,
                Login::Delegate(username, _) => Some(username.as_str()),
            },
            login: send.login.to_string(),
            peer: send.peer.to_string(),
            kind: send.kind.to_string(),
            from: &send.sending.reverse_path,
            to: &send.sending.forward_paths,
            message_id: send.sending.message_id.as_deref(),
            subject: send.sending.subject.as_deref(),
            bytes: send.sending.bytes,
            outcome: send.outcome.kind().name(),
            reply: send.outcome.reply(),
            outcome_at: send.outcome_at_ms.map(time_ms),
            copy: send.copy.as_ref().map(CopyJson::from),
        }
    }
}

impl<'a> From<&'a SentCopy> for CopyJson<'a> {
    fn from(copy: &'a SentCopy) -> Self {
        CopyJson {
            state: copy.state.name(),
            attempts: copy.attempts,
            next_attempt_at: (copy.state == CopyState::Due).then(|| time_ms(copy.next_attempt_at_ms)),
            why: copy.why.as_deref(),
        }
    }
}

/// An access, as programs see it.
#[derive(Serialize)]
pub struct AccessJson<'a> {
    id: i64,
    first_at: String,
    last_at: String,
    count: u64,
    /// Null for a postmaster.
    mailbox: Option<&'a str>,
    /// Null is the owner, or a postmaster.
    username: Option<&'a str>,
    login: String,
    /// An IP address.
    address: String,
    /// `imap`, `submission`, `pop3`, or `panel`.
    protocol: String,
    /// `client` or `webmail`; null for the panel.
    kind: Option<String>,
    /// What the program said of itself.
    program: Option<&'a str>,
    admitted: bool,
    /// Why they were not let in.
    refusal: Option<&'a str>,
}

impl<'a> From<&'a AccessRecord> for AccessJson<'a> {
    fn from(record: &'a AccessRecord) -> Self {
        let access = &record.access;
        AccessJson {
            id: record.id.0,
            first_at: time_ms(record.first_at_ms),
            last_at: time_ms(record.last_at_ms),
            count: record.count,
            mailbox: access.visitor.login().map(|login| login.mailbox().as_str()),
            username: match access.visitor.login() {
                None | Some(Login::Owner(_)) => None,
                Some(Login::Delegate(username, _)) => Some(username.as_str()),
            },
            login: access.visitor.to_string(),
            address: access.address.to_string(),
            protocol: match access.way {
                Way::Mail(door) => door.protocol.to_string(),
                Way::Panel => access.way.to_string(),
            },
            kind: match access.way {
                Way::Mail(door) => Some(door.kind.to_string()),
                Way::Panel => None,
            },
            program: access.program.as_deref(),
            admitted: access.refusal.is_none(),
            refusal: access.refusal.as_deref(),
        }
    }
}
