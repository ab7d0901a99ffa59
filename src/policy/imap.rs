//! IMAP: which command needs which permission, and what is offered (P1, P2, G1, X1).
//!
//! Two rules. Nothing of a command goes upstream before it was decided here. Only what can be decided here is offered.

use crate::domain::{Grant, Permission};
use crate::proto::imap::capability::{Capabilities, Capability as C};
use crate::proto::imap::command::{Command, Marking};
use crate::proto::imap::encode::Rewriting;
use crate::proto::imap::verb::Verb;

/// What becomes of a command.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes upstream, in this form.
    Forward(Rewriting),
    /// The gateway answers.
    Answer(Answer),
    /// It is refused.
    Refuse(Refusal),
}

/// What the gateway answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// CAPABILITY: what is offered now.
    Capability,
    /// ID: what the gateway is.
    Id,
    /// LOGOUT.
    Logout,
    /// ENABLE of nothing that is offered: nothing was enabled, which is no error (RFC 5161 §3.1).
    NothingEnabled,
    /// MYRIGHTS, where the upstream has no ACL.
    MyRights,
    /// LOGIN: the credentials are checked.
    Login,
    /// AUTHENTICATE: likewise.
    Authenticate,
    /// STARTTLS: the handshake follows.
    StartTls,
    /// NOOP before login.
    Nothing,
}

/// Why a command is refused, as the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `NO [CODE]` where the command was understood; `BAD` otherwise.
    pub code: Option<&'static str>,
    /// Plain words, in English and Italian where a person may come to see them.
    pub text: &'static str,
}

/// How the selected folder is open upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// No folder is selected.
    #[default]
    Unselected,
    /// Opened by EXAMINE.
    ReadOnly,
    /// Opened by SELECT, by someone who had **write** then.
    ReadWrite,
}

/// What a verb needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing but a login.
    Login,
    /// A permission.
    Permission(Permission),
    /// Nobody may: rights and quotas are not handed out behind the owner's back.
    Never,
    /// It belongs before the login.
    BeforeLogin,
}

const NO_WRITE: Refusal = Refusal {
    code: Some("NOPERM"),
    text: "You may read this mailbox but not change it (puoi leggere la casella ma non modificarla)",
};
const NEVER: Refusal = Refusal {
    code: Some("NOPERM"),
    text: "Rights and quotas are managed by the mailbox's owner (diritti e quote sono gestiti dal titolare)",
};
const NOT_NOW: Refusal = Refusal { code: None, text: "Not after login" };
const LOGIN_FIRST: Refusal = Refusal { code: None, text: "Log in first" };
const TLS_FIRST: Refusal = Refusal { code: Some("PRIVACYREQUIRED"), text: "Begin TLS first" };
const SELECT_AGAIN: Refusal = Refusal {
    code: Some("NOPERM"),
    text: "Your permissions have changed: open the folder again (i permessi sono cambiati: riapri la cartella)",
};
const NOT_UPSTREAM: Refusal = Refusal { code: None, text: "The mail server does not offer this" };

/// The permission that each verb needs after login.
pub fn need(verb: Verb) -> Need {
    use Permission::{Read, Write};
    match verb {
        Verb::Capability | Verb::Noop | Verb::Logout | Verb::Id => Need::Login,
        Verb::StartTls | Verb::Login | Verb::Authenticate => Need::BeforeLogin,
        Verb::Enable
        | Verb::Select
        | Verb::Examine
        | Verb::List
        | Verb::Lsub
        | Verb::Xlist
        | Verb::Namespace
        | Verb::Status
        | Verb::Idle
        | Verb::Fetch
        | Verb::Search
        | Verb::Sort
        | Verb::Thread
        | Verb::Check
        | Verb::Unselect
        | Verb::Close
        | Verb::GetQuota
        | Verb::GetQuotaRoot
        | Verb::GetMetadata
        | Verb::MyRights => Need::Permission(Read),
        Verb::Store
        | Verb::Copy
        | Verb::Move
        | Verb::Expunge
        | Verb::Append
        | Verb::Replace
        | Verb::Create
        | Verb::Delete
        | Verb::Rename
        | Verb::Subscribe
        | Verb::Unsubscribe
        | Verb::SetMetadata => Need::Permission(Write),
        Verb::SetAcl | Verb::DeleteAcl | Verb::ListRights | Verb::GetAcl | Verb::SetQuota => Need::Never,
    }
}

/// The verdict on a verb alone, before its arguments and literals are read.
pub fn verdict(grant: &Grant, verb: Verb) -> Result<(), Refusal> {
    match need(verb) {
        Need::Login => Ok(()),
        Need::Permission(permission) if grant.may(permission) => Ok(()),
        Need::Permission(_) => Err(NO_WRITE),
        Need::Never => Err(NEVER),
        Need::BeforeLogin => Err(NOT_NOW),
    }
}

/// The decision on a whole command after login. `upstream` is what the upstream offers.
pub fn decide(grant: &Grant, upstream: Capabilities, mode: Mode, command: &Command) -> Decision {
    if let Err(refusal) = verdict(grant, command.verb) {
        return Decision::Refuse(refusal);
    }
    if !command.requires.without(upstream).is_empty() {
        return Decision::Refuse(NOT_UPSTREAM);
    }
    let may_write = grant.may(Permission::Write);
    let forward = Decision::Forward(Rewriting::Same);
    match command.verb {
        Verb::Capability => Decision::Answer(Answer::Capability),
        Verb::Id => Decision::Answer(Answer::Id),
        Verb::Logout => Decision::Answer(Answer::Logout),
        Verb::Select if !may_write => Decision::Forward(Rewriting::As(Verb::Examine)),
        // Write was taken away while the folder was open for writing: nothing may be expunged any more.
        Verb::Close if !may_write && mode == Mode::ReadWrite => {
            if upstream.has(C::Unselect) {
                Decision::Forward(Rewriting::As(Verb::Unselect))
            } else {
                Decision::Refuse(SELECT_AGAIN)
            }
        }
        // Likewise: no \Seen may be set any more.
        Verb::Fetch if !may_write && mode == Mode::ReadWrite => match command.marking {
            Marking::None => forward,
            Marking::Peekable => Decision::Forward(Rewriting::Peek),
            Marking::Whole => Decision::Refuse(SELECT_AGAIN),
        },
        Verb::Enable => {
            let wanted = enabling(command).and(ENABLED).and(upstream);
            if wanted.is_empty() || !upstream.has(C::Enable) {
                Decision::Answer(Answer::NothingEnabled)
            } else {
                Decision::Forward(Rewriting::Enable(wanted))
            }
        }
        Verb::MyRights if !upstream.has(C::Acl) => Decision::Answer(Answer::MyRights),
        Verb::SetMetadata if command.server_wide => Decision::Refuse(NEVER),
        // What decides about these stands in `need`.
        Verb::Noop
        | Verb::StartTls
        | Verb::Login
        | Verb::Authenticate
        | Verb::Select
        | Verb::Examine
        | Verb::List
        | Verb::Lsub
        | Verb::Xlist
        | Verb::Namespace
        | Verb::Status
        | Verb::Idle
        | Verb::Fetch
        | Verb::Search
        | Verb::Sort
        | Verb::Thread
        | Verb::Check
        | Verb::Unselect
        | Verb::Close
        | Verb::GetQuota
        | Verb::GetQuotaRoot
        | Verb::GetMetadata
        | Verb::MyRights
        | Verb::Store
        | Verb::Copy
        | Verb::Move
        | Verb::Expunge
        | Verb::Append
        | Verb::Replace
        | Verb::Create
        | Verb::Delete
        | Verb::Rename
        | Verb::Subscribe
        | Verb::Unsubscribe
        | Verb::SetMetadata
        | Verb::SetAcl
        | Verb::DeleteAcl
        | Verb::ListRights
        | Verb::GetAcl
        | Verb::SetQuota => forward,
    }
}

/// The extensions that ENABLE may name.
const ENABLED: Capabilities = Capabilities::of(&[C::CondStore, C::QResync]);

fn enabling(command: &Command) -> Capabilities {
    command.tokens().iter().fold(Capabilities::NONE, |set, token| match C::named(command.span(token)) {
        Some(capability) => set.with(capability),
        None => set,
    })
}

/// The state of a connection before login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Encrypted, or plain where the operator allows it (loopback only).
    Private,
    /// Plain, with STARTTLS to come.
    BeforeStartTls,
}

/// The decision on a verb before login.
pub fn before_login(channel: Channel, verb: Verb) -> Decision {
    match verb {
        Verb::Capability => Decision::Answer(Answer::Capability),
        Verb::Noop => Decision::Answer(Answer::Nothing),
        Verb::Logout => Decision::Answer(Answer::Logout),
        Verb::Id => Decision::Answer(Answer::Id),
        Verb::StartTls => match channel {
            Channel::BeforeStartTls => Decision::Answer(Answer::StartTls),
            Channel::Private => Decision::Refuse(Refusal { code: None, text: "TLS is not offered here" }),
        },
        Verb::Login | Verb::Authenticate if channel == Channel::BeforeStartTls => Decision::Refuse(TLS_FIRST),
        Verb::Login => Decision::Answer(Answer::Login),
        Verb::Authenticate => Decision::Answer(Answer::Authenticate),
        Verb::Enable
        | Verb::Select
        | Verb::Examine
        | Verb::List
        | Verb::Lsub
        | Verb::Xlist
        | Verb::Namespace
        | Verb::Status
        | Verb::Idle
        | Verb::Fetch
        | Verb::Search
        | Verb::Sort
        | Verb::Thread
        | Verb::Check
        | Verb::Unselect
        | Verb::Close
        | Verb::GetQuota
        | Verb::GetQuotaRoot
        | Verb::SetQuota
        | Verb::GetMetadata
        | Verb::SetMetadata
        | Verb::MyRights
        | Verb::GetAcl
        | Verb::SetAcl
        | Verb::DeleteAcl
        | Verb::ListRights
        | Verb::Store
        | Verb::Copy
        | Verb::Move
        | Verb::Expunge
        | Verb::Append
        | Verb::Replace
        | Verb::Create
        | Verb::Delete
        | Verb::Rename
        | Verb::Subscribe
        | Verb::Unsubscribe => Decision::Refuse(LOGIN_FIRST),
    }
}

/// What is offered before login: the gateway's own, since no upstream is known yet.
pub fn offered_before_login(channel: Channel) -> Capabilities {
    const COMMON: Capabilities = Capabilities::of(&[C::Imap4rev1, C::LiteralPlus, C::Id]);
    match channel {
        Channel::Private => COMMON.or(Capabilities::of(&[C::SaslIr, C::AuthPlain])),
        Channel::BeforeStartTls => COMMON.or(Capabilities::of(&[C::StartTls, C::LoginDisabled])),
    }
}

/// What is offered after login: the gateway's own, and of the upstream's what is judged here and of use to this person.
pub fn offered(grant: &Grant, upstream: Capabilities) -> Capabilities {
    /// Answered by the gateway whatever the upstream has. ACL is for MYRIGHTS alone.
    const OWN: Capabilities = Capabilities::of(&[C::Imap4rev1, C::SaslIr, C::LiteralPlus, C::Id, C::Acl, C::AclRights]);
    const READING: Capabilities = Capabilities::of(&[
        C::Idle,
        C::Enable,
        C::Namespace,
        C::Unselect,
        C::Children,
        C::ListExtended,
        C::ListStatus,
        C::SpecialUse,
        C::CondStore,
        C::QResync,
        C::ESearch,
        C::SearchRes,
        C::Within,
        C::Sort,
        C::SortDisplay,
        C::ESort,
        C::ThreadOrderedSubject,
        C::ThreadReferences,
        C::ThreadRefs,
        C::Quota,
        C::StatusSize,
        C::Binary,
        C::Preview,
    ]);
    const WRITING: Capabilities = Capabilities::of(&[C::UidPlus, C::Move, C::CreateSpecialUse, C::MultiAppend]);
    let usable = if grant.may(Permission::Write) { READING.or(WRITING) } else { READING };
    OWN.or(upstream.and(usable))
}

/// The RFC 4314 rights of a person (X1), cut by what the upstream grants where it says so.
pub fn rights(grant: &Grant, upstream: Option<&[u8]>) -> String {
    let own = if grant.may(Permission::Write) { "lrswikxte" } else { "lr" };
    let Some(upstream) = upstream else { return own.to_owned() };
    // RFC 4314 §2.1.1: an old server's `c` and `d` stand for several of today's rights.
    let granted = |right: char| {
        let old = match right {
            'k' | 'x' => b'c',
            't' | 'e' => b'd',
            _ => 0,
        };
        upstream.iter().any(|letter| *letter == right as u8 || *letter == old)
    };
    own.chars().filter(|right| granted(*right)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Permissions, Protocols};

    const READER: Grant = Grant { permissions: Permissions::READ, protocols: Protocols { imap: true, pop3: false } };

    #[test]
    fn x1_rights_are_what_the_person_has_and_the_upstream_grants() {
        assert_eq!(rights(&READER, None), "lr");
        assert_eq!(rights(&Grant::OWNER, None), "lrswikxte");
        assert_eq!(rights(&READER, Some(b"lrswipkxtecda")), "lr");
        assert_eq!(rights(&Grant::OWNER, Some(b"lrs")), "lrs");
        assert_eq!(rights(&Grant::OWNER, Some(b"lrswicd")), "lrswikxte");
        assert_eq!(rights(&READER, Some(b"")), "");
    }

    #[test]
    fn nothing_is_offered_that_the_upstream_has_not() {
        let bare = Capabilities::parse(b"IMAP4rev1");
        assert_eq!(offered(&Grant::OWNER, bare).to_string(), "IMAP4rev1 SASL-IR LITERAL+ ID ACL RIGHTS=kxte");
        let rich = Capabilities::parse(b"IMAP4rev1 IDLE MOVE UIDPLUS METADATA COMPRESS=DEFLATE STARTTLS AUTH=PLAIN");
        assert_eq!(
            offered(&Grant::OWNER, rich).to_string(),
            "IMAP4rev1 SASL-IR LITERAL+ ID IDLE UIDPLUS MOVE ACL RIGHTS=kxte"
        );
        assert_eq!(offered(&READER, rich).to_string(), "IMAP4rev1 SASL-IR LITERAL+ ID IDLE ACL RIGHTS=kxte");
    }
}
