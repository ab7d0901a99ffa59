//! What people are told by mail (N1–N5). A notice holds everything that its text needs, as it was when it was caused, so
//! that it can still be written when the delegate is gone. The token of a link is not in it.

use std::net::IpAddr;

use super::{Grant, Language, Login, MailDomain, MailboxAddress};

/// The row number of a mail in the outbox. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailId(pub i64);

/// What is the case with a delegate, for any notice about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The name that the delegate logs in with.
    pub login: Login,
    /// Their given name.
    pub first_name: String,
    /// Their family name.
    pub last_name: String,
    /// The name of the mailbox's owner.
    pub owner_name: String,
    /// What the delegate may do, by which protocols.
    pub grant: Grant,
}

/// Whose account a notice is about, where whoever logs in may have what it is about (S1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The owner of a mailbox.
    Owner {
        /// The mailbox.
        mailbox: MailboxAddress,
        /// Their name.
        name: String,
    },
    /// A delegate.
    Delegate(Facts),
    /// A postmaster.
    Postmaster {
        /// The domain.
        domain: MailDomain,
        /// Their name.
        name: String,
    },
}

/// Who turned somebody's two-step verification off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnedOffBy {
    /// They themself.
    Themself,
    /// Somebody who administers the mailbox.
    Administrator,
    /// The operator.
    Operator,
}

/// What somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// To the invitee, with a link (N1).
    Invitation {
        /// Who is invited to what.
        facts: Facts,
        /// The owner's own words; they may have several lines.
        message: Option<String>,
        /// Until when it can be answered: seconds since 1970-01-01 UTC.
        until_secs: i64,
    },
    /// To the delegate who has accepted (N2).
    Activated {
        /// Who.
        facts: Facts,
        /// Whether they must set up two-step verification before they get in (S2).
        two_factor: bool,
    },
    /// To the owner (N3).
    Answered {
        /// Who was invited to what.
        facts: Facts,
        /// What came of it.
        answer: Answer,
    },
    /// To the invitee whose invitation was withdrawn.
    InvitationWithdrawn(Facts),
    /// To the delegate, with a link: they can do nothing until they have set a new password (D7).
    PasswordTaken {
        /// Whose.
        facts: Facts,
        /// Until when the link works, likewise.
        until_secs: i64,
    },
    /// To the delegate who has asked for it, with a link.
    PasswordForgotten {
        /// Whose.
        facts: Facts,
        /// Until when the link works, likewise.
        until_secs: i64,
    },
    /// To the delegate: their password is another from now on.
    PasswordChanged(Facts),
    /// To the delegate: what they may do has changed; the facts have it as it is now.
    PermissionsChanged(Facts),
    /// To the delegate (D5, D10).
    Suspended {
        /// Who.
        facts: Facts,
        /// Why.
        cause: SuspensionCause,
    },
    /// To the delegate (D5).
    Resumed(Facts),
    /// To the delegate whose delegation was ended (D8).
    Revoked(Facts),
    /// To the person: a password was made for one of their mail programs (S3).
    AppPasswordMade {
        /// Whose.
        holder: Holder,
        /// For which program.
        name: String,
        /// Until when it works: seconds since 1970-01-01 UTC.
        until_secs: i64,
    },
    /// To the person: such a password works no more soon (N4).
    AppPasswordEnds {
        /// Whose.
        holder: Holder,
        /// For which program.
        name: String,
        /// Until when it works, likewise.
        until_secs: i64,
    },
    /// To the delegate: somebody has guessed at their password, and they are not let in for a while (S5).
    Guessed {
        /// Whose.
        facts: Facts,
        /// Where the last guess came from.
        address: IpAddr,
        /// Until when: seconds since 1970-01-01 UTC.
        until_secs: i64,
    },
    /// To the person: their two-step verification is on from now on (S2).
    TwoFactorOn(Holder),
    /// To the person: theirs is off.
    TwoFactorOff {
        /// Whose.
        holder: Holder,
        /// By whom.
        by: TurnedOffBy,
    },
    /// To the delegate: the owner has it, and they must set it up before they get in again.
    TwoFactorRequired(Facts),
    /// To the person: a recovery code of theirs was used.
    RecoveryCodeUsed {
        /// Whose.
        holder: Holder,
        /// How many they have left.
        left: u32,
        /// Where from.
        address: IpAddr,
    },
    /// To the person: somebody who has their password has guessed at the codes, and nobody gets on with one for a while.
    CodesGuessed {
        /// Whose.
        holder: Holder,
        /// Where the last guess came from.
        address: IpAddr,
        /// Until when: seconds since 1970-01-01 UTC.
        until_secs: i64,
    },
    /// To the owner: the mail server refuses the password that delega holds for the mailbox, so that no delegate gets in.
    PasswordRefused {
        /// The mailbox.
        mailbox: MailboxAddress,
        /// Its owner's name.
        owner_name: String,
    },
    /// To the owner: somebody has guessed at the mailbox's own password, likewise.
    OwnerGuessed {
        /// The mailbox.
        mailbox: MailboxAddress,
        /// Its owner's name.
        owner_name: String,
        /// Where the last guess came from.
        address: IpAddr,
        /// Until when, likewise.
        until_secs: i64,
    },
    /// To the owner: there are more delegates than seats, and what will come of it (D10).
    OverSeats {
        /// The mailbox.
        mailbox: MailboxAddress,
        /// Its owner's name.
        owner_name: String,
        /// Its plan.
        plan: String,
        /// How many delegates the plan gives.
        seats: u32,
        /// How many there are.
        taken: u32,
        /// When the newest are suspended, likewise.
        until_secs: i64,
    },
    /// To the owner: the newest were suspended (D10).
    SeatsEnforced {
        /// The mailbox.
        mailbox: MailboxAddress,
        /// Its owner's name.
        owner_name: String,
        /// Its plan.
        plan: String,
        /// How many delegates the plan gives.
        seats: u32,
        /// Who was suspended, or had their invitation withdrawn.
        logins: Vec<Login>,
    },
}

/// What came of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They took it (D2).
    Accepted,
    /// They refused (D6).
    Refused,
    /// They did not answer in time (D3).
    Expired,
}

/// Why somebody was suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspensionCause {
    /// Somebody wanted it.
    Wanted,
    /// The mailbox has more delegates than seats (D10).
    Seats,
}

/// How far a mail has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailState {
    /// To be sent.
    Waiting,
    /// The relay took it.
    Sent,
    /// It was given up.
    Failed,
}

/// A mail of the outbox, the link's token apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRow {
    /// Its row.
    pub id: MailId,
    /// Where it goes.
    pub recipient: String,
    /// The language that it is written in.
    pub language: Language,
    /// What it says.
    pub notice: Notice,
    /// When it was caused: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    /// How far it has come.
    pub state: MailState,
    /// Since when it is tried, likewise: its first attempt, or the first since somebody wanted it to be tried again; before
    /// that, when it was caused.
    pub since_ms: i64,
    /// How often it was begun to be sent.
    pub attempts: u32,
    /// When it is tried next, while it waits: likewise.
    pub next_attempt_at_ms: i64,
    /// When it was sent or given up, likewise.
    pub ended_at_ms: Option<i64>,
    /// Why it is not sent yet, or never will be; or the relay's reply.
    pub why: Option<String>,
}

impl MailState {
    /// All of them.
    pub const ALL: [MailState; 3] = [MailState::Waiting, MailState::Sent, MailState::Failed];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            MailState::Waiting => "waiting",
            MailState::Sent => "sent",
            MailState::Failed => "failed",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<MailState> {
        MailState::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl Notice {
    /// How its kind is written, in the store and in listings.
    pub fn kind(&self) -> &'static str {
        match self {
            Notice::Invitation { .. } => "invitation",
            Notice::Activated { two_factor: false, .. } => "activated",
            Notice::Activated { two_factor: true, .. } => "activated-two-factor",
            Notice::Answered { answer: Answer::Accepted, .. } => "accepted",
            Notice::Answered { answer: Answer::Refused, .. } => "refused",
            Notice::Answered { answer: Answer::Expired, .. } => "expired",
            Notice::InvitationWithdrawn(_) => "invitation-withdrawn",
            Notice::PasswordTaken { .. } => "password-taken",
            Notice::PasswordForgotten { .. } => "password-forgotten",
            Notice::PasswordChanged(_) => "password-changed",
            Notice::PermissionsChanged(_) => "permissions-changed",
            Notice::Suspended { cause: SuspensionCause::Wanted, .. } => "suspended",
            Notice::Suspended { cause: SuspensionCause::Seats, .. } => "suspended-over-seats",
            Notice::Resumed(_) => "resumed",
            Notice::Revoked(_) => "revoked",
            Notice::AppPasswordMade { .. } => "app-password-made",
            Notice::AppPasswordEnds { .. } => "app-password-ends",
            Notice::Guessed { .. } => "guessed",
            Notice::OwnerGuessed { .. } => "owner-guessed",
            Notice::TwoFactorOn(_) => "two-factor-on",
            Notice::TwoFactorOff { by: TurnedOffBy::Themself, .. } => "two-factor-off",
            Notice::TwoFactorOff { by: TurnedOffBy::Administrator, .. } => "two-factor-off-by-administrator",
            Notice::TwoFactorOff { by: TurnedOffBy::Operator, .. } => "two-factor-off-by-operator",
            Notice::TwoFactorRequired(_) => "two-factor-required",
            Notice::RecoveryCodeUsed { .. } => "recovery-code-used",
            Notice::CodesGuessed { .. } => "codes-guessed",
            Notice::PasswordRefused { .. } => "password-refused",
            Notice::OverSeats { .. } => "over-seats",
            Notice::SeatsEnforced { .. } => "seats-enforced",
        }
    }

    /// Whether its text has a link, with a token that is kept apart.
    pub fn has_link(&self) -> bool {
        matches!(self, Notice::Invitation { .. } | Notice::PasswordTaken { .. } | Notice::PasswordForgotten { .. })
    }

    /// The mailbox that it is about; none where it is about a postmaster's account.
    pub fn mailbox(&self) -> Option<&MailboxAddress> {
        match self {
            Notice::Invitation { facts, .. }
            | Notice::Activated { facts, .. }
            | Notice::Answered { facts, .. }
            | Notice::InvitationWithdrawn(facts)
            | Notice::PasswordTaken { facts, .. }
            | Notice::PasswordForgotten { facts, .. }
            | Notice::PasswordChanged(facts)
            | Notice::PermissionsChanged(facts)
            | Notice::Suspended { facts, .. }
            | Notice::Guessed { facts, .. }
            | Notice::TwoFactorRequired(facts)
            | Notice::Resumed(facts)
            | Notice::Revoked(facts) => Some(facts.login.mailbox()),
            Notice::AppPasswordMade { holder, .. }
            | Notice::AppPasswordEnds { holder, .. }
            | Notice::TwoFactorOn(holder)
            | Notice::TwoFactorOff { holder, .. }
            | Notice::RecoveryCodeUsed { holder, .. }
            | Notice::CodesGuessed { holder, .. } => holder.mailbox(),
            Notice::OwnerGuessed { mailbox, .. }
            | Notice::PasswordRefused { mailbox, .. }
            | Notice::OverSeats { mailbox, .. }
            | Notice::SeatsEnforced { mailbox, .. } => Some(mailbox),
        }
    }
}

impl Holder {
    /// Their name, as people say it.
    pub fn name(&self) -> String {
        match self {
            Holder::Owner { name, .. } | Holder::Postmaster { name, .. } => name.clone(),
            Holder::Delegate(facts) => format!("{} {}", facts.first_name, facts.last_name),
        }
    }

    /// The mailbox that the account is for.
    pub fn mailbox(&self) -> Option<&MailboxAddress> {
        match self {
            Holder::Owner { mailbox, .. } => Some(mailbox),
            Holder::Delegate(facts) => Some(facts.login.mailbox()),
            Holder::Postmaster { .. } => None,
        }
    }
}
