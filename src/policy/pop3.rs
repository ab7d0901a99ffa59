//! POP3: which command needs which permission, and what is offered (P1, P2, G3).
//!
//! Two rules. Nothing of a command goes upstream before it was decided here. Only what can be decided here is offered.
//!
//! Who may only read leaves no trace: RETR goes upstream as TOP, since servers set `\Seen` at RETR, and RSET, which has
//! nothing to undo then, does not go there at all (some servers take `\Seen` away at RSET). Whether a person may come by
//! POP3 (P7) is judged at the door, before anything here.

use crate::domain::{Grant, Permission};
use crate::proto::pop3::capability::{Capabilities, Capability as C};
use crate::proto::pop3::command::{ALL_LINES, Command};
use crate::proto::pop3::encode::Forwarded;
use crate::proto::pop3::verb::Verb;

/// What becomes of a command.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This goes upstream.
    Forward(Forwarded),
    /// The gateway answers.
    Answer(Answer),
    /// It is refused.
    Refuse(Refusal),
}

/// What the gateway answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// CAPA: what is offered now.
    Capa,
    /// STLS: the handshake follows.
    Stls,
    /// USER: a name is as good as any other until its password has come.
    User,
    /// PASS: the credentials are checked.
    Pass,
    /// AUTH: likewise.
    Auth,
    /// QUIT before login.
    Quit,
    /// RSET where nothing is to be undone.
    Nothing,
}

/// Why a command is refused, as the client is told behind `-ERR`: plain words, in English and Italian where a person may
/// come to see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal(pub &'static str);

/// What a verb needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing but a login.
    Login,
    /// A permission.
    Permission(Permission),
    /// It belongs before the login.
    BeforeLogin,
}

const NO_WRITE: Refusal =
    Refusal("You may read this mailbox but not delete from it (puoi leggere la casella ma non cancellare messaggi)");
const NO_TRACE: Refusal = Refusal(
    "The mail server has no TOP, and you may not mark messages as read (il server non offre TOP e non puoi segnare i \
     messaggi come letti)",
);
const NOT_NOW: Refusal = Refusal("Not after login");
const LOGIN_FIRST: Refusal = Refusal("Log in first");
const TLS_FIRST: Refusal = Refusal("Begin TLS first");
const NO_TLS: Refusal = Refusal("TLS is not offered here");
const NOT_UPSTREAM: Refusal = Refusal("The mail server does not offer this");

/// The permission that each verb needs after login.
pub fn need(verb: Verb) -> Need {
    use Permission::{Read, Write};
    match verb {
        Verb::Capa | Verb::Noop | Verb::Quit => Need::Login,
        Verb::Stls | Verb::User | Verb::Pass | Verb::Auth => Need::BeforeLogin,
        Verb::Stat | Verb::List | Verb::Uidl | Verb::Retr | Verb::Top | Verb::Rset => Need::Permission(Read),
        Verb::Dele => Need::Permission(Write),
    }
}

/// The decision on a command after login. `upstream` is what the upstream offers.
pub fn decide(grant: &Grant, upstream: Capabilities, command: &Command) -> Decision {
    match need(command.verb()) {
        Need::Permission(permission) if !grant.may(permission) => return Decision::Refuse(NO_WRITE),
        Need::BeforeLogin => return Decision::Refuse(NOT_NOW),
        Need::Permission(_) | Need::Login => {}
    }
    let may_write = grant.may(Permission::Write);
    match command {
        Command::Capa => Decision::Answer(Answer::Capa),
        Command::Noop => Decision::Forward(Forwarded::Noop),
        Command::Quit => Decision::Forward(Forwarded::Quit),
        Command::Stat => Decision::Forward(Forwarded::Stat),
        Command::List(message) => Decision::Forward(Forwarded::List(*message)),
        Command::Uidl(_) if !upstream.has(C::Uidl) => Decision::Refuse(NOT_UPSTREAM),
        Command::Uidl(message) => Decision::Forward(Forwarded::Uidl(*message)),
        Command::Retr(message) if may_write => Decision::Forward(Forwarded::Retr(*message)),
        Command::Retr(_) if !upstream.has(C::Top) => Decision::Refuse(NO_TRACE),
        Command::Retr(message) => Decision::Forward(Forwarded::Top(*message, ALL_LINES)),
        Command::Top(..) if !upstream.has(C::Top) => Decision::Refuse(NOT_UPSTREAM),
        Command::Top(message, lines) => Decision::Forward(Forwarded::Top(*message, *lines)),
        Command::Dele(message) => Decision::Forward(Forwarded::Dele(*message)),
        Command::Rset if may_write => Decision::Forward(Forwarded::Rset),
        Command::Rset => Decision::Answer(Answer::Nothing),
        // What decides about these stands in `need`.
        Command::Stls | Command::User(_) | Command::Pass(_) | Command::Auth(_) => Decision::Refuse(NOT_NOW),
    }
}

/// The state of a connection before login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Encrypted, or plain where the operator allows it (loopback only).
    Private,
    /// Plain, with STLS to come.
    BeforeStls,
}

/// The decision on a verb before login, where nothing goes upstream. NOOP needs no permission, but RFC 1939 §5 has it after
/// the login only.
pub fn before_login(channel: Channel, verb: Verb) -> Result<Answer, Refusal> {
    match verb {
        Verb::Capa => Ok(Answer::Capa),
        Verb::Quit => Ok(Answer::Quit),
        Verb::Stls => match channel {
            Channel::BeforeStls => Ok(Answer::Stls),
            Channel::Private => Err(NO_TLS),
        },
        Verb::User | Verb::Pass | Verb::Auth if channel == Channel::BeforeStls => Err(TLS_FIRST),
        Verb::User => Ok(Answer::User),
        Verb::Pass => Ok(Answer::Pass),
        Verb::Auth => Ok(Answer::Auth),
        Verb::Noop | Verb::Stat | Verb::List | Verb::Uidl | Verb::Retr | Verb::Top | Verb::Dele | Verb::Rset => {
            Err(LOGIN_FIRST)
        }
    }
}

/// What holds of the gateway whatever the upstream is.
const OWN: Capabilities = Capabilities::of(&[C::RespCodes, C::AuthRespCode, C::Pipelining]);

/// What is offered before login, when no upstream is known yet. TOP and UIDL are in it, since clients may ask but once
/// (RFC 2449 §6 has them the same before and after login); what the upstream has not is refused then.
pub fn offered_before_login(channel: Channel) -> Capabilities {
    let common = OWN.or(Capabilities::of(&[C::Top, C::Uidl]));
    match channel {
        Channel::Private => common.or(Capabilities::of(&[C::User, C::SaslPlain])),
        Channel::BeforeStls => common.or(Capabilities::of(&[C::Stls])),
    }
}

/// What is offered after login: the gateway's own, and of the upstream's what is judged here.
pub fn offered(upstream: Capabilities) -> Capabilities {
    OWN.or(upstream.and(Capabilities::of(&[C::Top, C::Uidl])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_offered_that_the_upstream_has_not() {
        let all = Capabilities::of(C::ALL);
        assert_eq!(offered(all).to_string(), "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n.\r\n");
        assert_eq!(offered(Capabilities::NONE).to_string(), "RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n.\r\n");
    }

    #[test]
    fn no_login_is_offered_before_tls() {
        let offered = offered_before_login(Channel::BeforeStls);
        assert!(offered.has(C::Stls) && !offered.has(C::User) && !offered.has(C::SaslPlain));
        assert!(!offered_before_login(Channel::Private).has(C::Stls));
    }
}
