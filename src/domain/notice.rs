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

/// What is the case with a postmaster, likewise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostmasterFacts {
    /// Their domain.
    pub domain: MailDomain,
    /// The address that they log in with.
    pub email: String,
    /// Their name.
    pub name: String,
}

/// Whose account a notice is about, where anybody may get it (S1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountFacts {
    /// An owner's.
    Owner {
        /// The mailbox.
        mailbox: MailboxAddress,
        /// The owner's name.
        name: String,
    },
    /// A delegate's.
    Delegate(Facts),
    /// A postmaster's.
    Postmaster(PostmasterFacts),
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
        of: AccountFacts,
        /// For which program.
        name: String,
        /// Until when it works: seconds since 1970-01-01 UTC.
        until_secs: i64,
    },
    /// To the person: such a password works no more soon (N4).
    AppPasswordEnds {
        /// Whose.
        of: AccountFacts,
        /// For which program.
        name: String,
        /// Until when it works, likewise.
        until_secs: i64,
    },
    /// To the person: somebody has guessed at their password, and nobody is let in with any for a while (S5).
    Guessed {
        /// Whose.
        of: AccountFacts,
        /// Where the last guess came from.
        address: IpAddr,
        /// Until when: seconds since 1970-01-01 UTC.
        until_secs: i64,
    },
    /// To a new e-mail address, with a link: whoever gets it says that it is theirs (S1).
    EmailConfirm {
        /// Whose account it will be that of.
        of: AccountFacts,
        /// The address.
        email: String,
        /// Until when the link works: seconds since 1970-01-01 UTC.
        until_secs: i64,
    },
    /// To the address that was somebody's until now (S1).
    EmailChanged {
        /// Whose, as it is now.
        of: AccountFacts,
        /// The new address.
        email: String,
    },
    /// To the postmaster, with a link: they have no password yet.
    PostmasterInvited {
        /// Who.
        facts: PostmasterFacts,
        /// Until when the link works, likewise.
        until_secs: i64,
    },
    /// To the postmaster, with a link: they cannot log in until they have set a new password.
    PostmasterPasswordTaken {
        /// Whose.
        facts: PostmasterFacts,
        /// Until when the link works, likewise.
        until_secs: i64,
    },
    /// To the postmaster who has asked for it, with a link.
    PostmasterPasswordForgotten {
        /// Whose.
        facts: PostmasterFacts,
        /// Until when the link works, likewise.
        until_secs: i64,
    },
    /// To the postmaster: their password is another from now on.
    PostmasterPasswordChanged(PostmasterFacts),
    /// To the person: their two-step verification is on from now on (S2).
    TwoFactorOn(AccountFacts),
    /// To the person: theirs is off.
    TwoFactorOff {
        /// Whose.
        of: AccountFacts,
        /// By whom.
        by: TurnedOffBy,
    },
    /// To the delegate: the owner has it, and they must set it up before they get in again.
    TwoFactorRequired(Facts),
    /// To the person: a recovery code of theirs was used.
    RecoveryCodeUsed {
        /// Whose.
        of: AccountFacts,
        /// How many they have left.
        left: u32,
        /// Where from.
        address: IpAddr,
    },
    /// To the person: somebody who has their password has guessed at the codes, and nobody gets on with one for a while.
    CodesGuessed {
        /// Whose.
        of: AccountFacts,
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

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// A mailbox.
    Mailbox(&'a MailboxAddress),
    /// A domain, where it is to its postmaster.
    Domain(&'a MailDomain),
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
            Notice::EmailConfirm { .. } => "email-confirm",
            Notice::EmailChanged { .. } => "email-changed",
            Notice::PostmasterInvited { .. } => "postmaster-invited",
            Notice::PostmasterPasswordTaken { .. } => "postmaster-password-taken",
            Notice::PostmasterPasswordForgotten { .. } => "postmaster-password-forgotten",
            Notice::PostmasterPasswordChanged(_) => "postmaster-password-changed",
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
        matches!(
            self,
            Notice::Invitation { .. }
                | Notice::PasswordTaken { .. }
                | Notice::PasswordForgotten { .. }
                | Notice::EmailConfirm { .. }
                | Notice::PostmasterInvited { .. }
                | Notice::PostmasterPasswordTaken { .. }
                | Notice::PostmasterPasswordForgotten { .. }
        )
    }

    /// What it is about.
    pub fn about(&self) -> About<'_> {
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
            | Notice::TwoFactorRequired(facts)
            | Notice::Resumed(facts)
            | Notice::Revoked(facts) => About::Mailbox(facts.login.mailbox()),
            Notice::PasswordRefused { mailbox, .. }
            | Notice::OverSeats { mailbox, .. }
            | Notice::SeatsEnforced { mailbox, .. } => About::Mailbox(mailbox),
            Notice::AppPasswordMade { of, .. }
            | Notice::AppPasswordEnds { of, .. }
            | Notice::Guessed { of, .. }
            | Notice::EmailConfirm { of, .. }
            | Notice::EmailChanged { of, .. }
            | Notice::TwoFactorOn(of)
            | Notice::TwoFactorOff { of, .. }
            | Notice::RecoveryCodeUsed { of, .. }
            | Notice::CodesGuessed { of, .. } => of.about(),
            Notice::PostmasterInvited { facts, .. }
            | Notice::PostmasterPasswordTaken { facts, .. }
            | Notice::PostmasterPasswordForgotten { facts, .. }
            | Notice::PostmasterPasswordChanged(facts) => About::Domain(&facts.domain),
        }
    }
}

impl AccountFacts {
    /// The person's name, or the organization's.
    pub fn name(&self) -> String {
        match self {
            AccountFacts::Owner { name, .. } => name.clone(),
            AccountFacts::Delegate(facts) => format!("{} {}", facts.first_name, facts.last_name),
            AccountFacts::Postmaster(facts) => facts.name.clone(),
        }
    }

    /// What they log in with; a postmaster also says for which domain.
    pub fn login(&self) -> String {
        match self {
            AccountFacts::Owner { mailbox, .. } => mailbox.to_string(),
            AccountFacts::Delegate(facts) => facts.login.to_string(),
            AccountFacts::Postmaster(facts) => facts.email.clone(),
        }
    }

    /// What it is an account of.
    pub fn about(&self) -> About<'_> {
        match self {
            AccountFacts::Owner { mailbox, .. } => About::Mailbox(mailbox),
            AccountFacts::Delegate(facts) => About::Mailbox(facts.login.mailbox()),
            AccountFacts::Postmaster(facts) => About::Domain(&facts.domain),
        }
    }
}
