//! What can go wrong in a use case, and whose fault it is.

use super::VaultError;
use super::passwords::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use super::spool::SpoolError;
use crate::domain::life::Action;
use crate::domain::{DelegateState, Login, MailDomain, MailId, MailboxAddress, SendId, limits};
use crate::store::StoreError;

/// Why a use case was not carried out. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// A rule says no: the one who asks can ask differently.
    #[error(transparent)]
    Refused(#[from] Rule),
    /// A mailbox lives on an upstream that is no longer configured.
    #[error(
        "the mailbox {address} lives on the upstream `{upstream}`, which the configuration does not name: add \
             [upstream.{upstream}], or move the mailbox to another upstream"
    )]
    UpstreamGone {
        /// The mailbox.
        address: MailboxAddress,
        /// The missing upstream.
        upstream: String,
    },
    /// A mailbox has no password, and its upstream no master user.
    #[error(
        "no password is stored for the mailbox {0}, and its upstream has no master user: set the mailbox's password"
    )]
    NoUpstreamPassword(MailboxAddress),
    /// The key or a sealed secret.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files of messages that are to be copied.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// An outcome was told twice, or of nothing.
    #[error("there is no message {} whose outcome is open", .0.0)]
    NoOpenSend(SendId),
    /// The password hash failed, other than by a wrong password.
    #[error("a password could not be hashed: {0}")]
    Hash(String),
}

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erred {
    /// The one who asked.
    Asker,
    /// The operator: the configuration, the key file, the machine.
    Operator,
    /// delega itself, or its database.
    Delega,
}

/// A rule that says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The address is taken.
    #[error("the mailbox {0} is there already")]
    MailboxExists(MailboxAddress),
    /// There is no such mailbox.
    #[error("there is no mailbox {0}")]
    UnknownMailbox(MailboxAddress),
    /// A mailbox goes only after its delegates, or together with them.
    #[error("the mailbox {address} has {count} {}: delete them first, or remove the mailbox with its delegates",
            if *count == 1 { "delegate" } else { "delegates" })]
    MailboxHasDelegates {
        /// The mailbox.
        address: MailboxAddress,
        /// How many.
        count: usize,
    },
    /// The address is some mailbox's alias (G2).
    #[error("{alias} is an alias of the mailbox {mailbox}: take it away there first")]
    IsAlias {
        /// The address.
        alias: MailboxAddress,
        /// Whose it is.
        mailbox: MailboxAddress,
    },
    /// The alias is a mailbox's own address, which its owner alone hands out.
    #[error("{0} is the address of a mailbox, so it cannot be an alias")]
    AliasIsMailbox(MailboxAddress),
    /// The address is not among the mailbox's aliases.
    #[error("{alias} is no alias of the mailbox {mailbox}")]
    UnknownAlias {
        /// The address.
        alias: MailboxAddress,
        /// The mailbox.
        mailbox: MailboxAddress,
    },
    /// Too many.
    #[error("a mailbox has at most {} aliases", limits::ALIASES)]
    TooManyAliases,
    /// Somebody who was let in may not send, or not send so, any more (P9).
    #[error("{login} may not send this any more: {why}")]
    MaySendNoMore {
        /// Who.
        login: Login,
        /// What has changed.
        why: String,
    },
    /// The username is taken in that mailbox (L1).
    #[error("the delegate {login} is there already, and {state}{}", freed(*.state))]
    DelegateExists {
        /// Who.
        login: Login,
        /// Where they stand.
        state: DelegateState,
    },
    /// Whoever acts has no right to (P5, M3).
    #[error("cannot {} in {mailbox}: there is no right to", .action.name())]
    NoRight {
        /// What was wanted.
        action: Action,
        /// Where.
        mailbox: MailboxAddress,
    },
    /// Nobody does that to a delegate in this state (D4).
    #[error("cannot {}: {login} is {state}, not {}", .action.name(), either(.possible_in))]
    NotInState {
        /// Who.
        login: Login,
        /// Where they stand.
        state: DelegateState,
        /// What was wanted.
        action: Action,
        /// Where they would have to stand.
        possible_in: Vec<DelegateState>,
    },
    /// Nobody gives what they do not have themself (P5).
    #[error("nobody grants what they do not have: {what}")]
    GivesMoreThanOwn {
        /// What.
        what: &'static str,
    },
    /// A delegate has at least one retrieval protocol (P7).
    #[error("no protocol is chosen: choose imap, pop3 or both")]
    NoProtocol,
    /// The plan gives no further delegate (D9).
    #[error("the plan {plan} gives {mailbox} {}, and {taken} {} taken: deactivate a delegate or reject a request{}, or \
             choose a plan with more", counted(*.seats), if *.taken == 1 { "is" } else { "are" },
            packs(*.packs_left, *.pack_seats))]
    NoSeat {
        /// Which mailbox.
        mailbox: MailboxAddress,
        /// Its plan.
        plan: String,
        /// How many seats it gives.
        seats: u32,
        /// How many are taken.
        taken: u32,
        /// How many more packs it could have.
        packs_left: u32,
        /// How many seats each gives.
        pack_seats: u32,
    },
    /// There is no such plan.
    #[error("there is no plan `{}`; there {}", .name.escape_debug(), plans_there(.known))]
    UnknownPlan {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The plan has fewer packs, or none.
    #[error("the plan {plan} has at most {most} packs")]
    TooManyPacks {
        /// Which.
        plan: String,
        /// How many.
        most: u32,
    },
    /// The plan is in use.
    #[error("the plan {plan} is that of {mailboxes} {}: give them another first", if *.mailboxes == 1 { "mailbox" } else { "mailboxes" })]
    PlanInUse {
        /// Which.
        plan: String,
        /// By how many.
        mailboxes: usize,
    },
    /// A plan gives too much.
    #[error("a plan gives at most {} seats, packs included", crate::domain::plan::MOST_SEATS)]
    TooManySeats,
    /// There is no grace period where nothing is beyond the seats (D10).
    #[error("the mailbox {0} has no more delegates than seats, so there is nothing to set a date for")]
    NotOverSeats(MailboxAddress),
    /// A grace period ends in the future: one that has ended suspends people at once (D10).
    #[error("the date until which there may be more delegates than seats is past: give one to come")]
    GraceIsPast,
    /// The mailbox is for its owner alone (M2).
    #[error("the mailbox {0} is not for several people: turn multi-user on for it")]
    NotMultiUser(MailboxAddress),
    /// Multi-user needs the option (M2).
    #[error("the mailbox {0} does not have the option \"password management\", which multi-user needs")]
    NeedsPasswordManagement(MailboxAddress),
    /// Multi-user stays on while people work together (M2).
    #[error("the mailbox {mailbox} has {count} {}: end {} before multi-user is turned off",
            if *.count == 1 { "collaboration" } else { "collaborations" }, if *.count == 1 { "it" } else { "them" })]
    HasCollaborations {
        /// Which.
        mailbox: MailboxAddress,
        /// How many are pending, active or suspended.
        count: usize,
    },
    /// A postmaster of that address is there.
    #[error("{email} is a postmaster of {domain} already")]
    PostmasterExists {
        /// Whose.
        domain: MailDomain,
        /// Who.
        email: String,
    },
    /// There is no such postmaster.
    #[error("{email} is no postmaster of {domain}")]
    UnknownPostmaster {
        /// Whose.
        domain: MailDomain,
        /// Who.
        email: String,
    },
    /// There is no such account, or nobody can log in to it now (D4).
    #[error("there is no such account, or nobody can log in to it now")]
    NoAccount,
    /// An owner has no password of delega's (L3).
    #[error("the owner's password is the mailbox's own: it is changed where the mailbox lives")]
    OwnersPassword,
    /// What was typed as the present password is not it.
    #[error("the present password is another")]
    WrongPassword,
    /// There were too many of those, and the present password is not looked at for a while (S5).
    #[error("there were too many wrong passwords: try again later")]
    TooManyWrong,
    /// Somebody asked for many links to new e-mail addresses.
    #[error("another e-mail address was asked for too often: try again tomorrow")]
    TooManyEmails,
    /// An invitation has gone to the address that somebody has (D1).
    #[error("{0} was invited at the address before: reject the invitation, set the other address, and invite again")]
    StillInvited(Login),
    /// Delegates of that mailbox make no app passwords for themselves (S3).
    #[error("app passwords for {0} are made by its owner alone")]
    AppPasswordsByOwner(MailboxAddress),
    /// Somebody has many.
    #[error(
        "an account has at most {} app passwords: revoke one that is not used",
        super::app_passwords::APP_PASSWORDS
    )]
    TooManyAppPasswords,
    /// There is one of that name.
    #[error("{login} has an app password `{}` already: give another name, or revoke that one", .name.escape_debug())]
    AppPasswordExists {
        /// Whose.
        login: Login,
        /// Its name.
        name: String,
    },
    /// There is none of that name.
    #[error("{login} has no app password `{}`", .name.escape_debug())]
    UnknownAppPassword {
        /// Whose.
        login: Login,
        /// What was asked for.
        name: String,
    },
    /// It would be for too long, or for no time.
    #[error("an app password is for a day at least and for ten years at most")]
    AppPasswordTooLong,
    /// There is a token of that name.
    #[error("there is an API token `{}` already: give another name, or revoke that one", .0.escape_debug())]
    ApiTokenExists(String),
    /// There is none of that name.
    #[error("there is no API token `{}`", .0.escape_debug())]
    UnknownApiToken(String),
    /// It would be for too long, or for no time.
    #[error("an API token is for a day at least and for ten years at most, or until it is revoked")]
    ApiTokenTooLong,
    /// The account cannot be opened by web mail now.
    #[error("this account does not open the web mail")]
    NoWebmail,
    /// They have no second factor (S2).
    #[error("two-step verification is not on for this account")]
    NoTwoFactor,
    /// They have one, and it is replaced only by whoever has it.
    #[error("two-step verification is on already: give a code of the present one, or remove it first")]
    HasTwoFactor,
    /// Nothing was begun, or it has lapsed.
    #[error("no two-step verification is being set up, or it was begun too long ago: begin anew")]
    NotEnrolling,
    /// The code is none that is right now, or was used.
    #[error("the code is not right, or was used already: wait for the next one")]
    WrongCode,
    /// Too many wrong codes (S5).
    #[error("there were too many wrong codes: try again later")]
    TooManyCodes,
    /// The owner of the mailbox has two-step verification, so its delegates have it (S2).
    #[error("the owner of {0} has two-step verification, so every delegate of it needs it too")]
    TwoFactorRequired(MailboxAddress),
    /// With two-step verification the owner's mail programs come in by app passwords, so something else has to open the
    /// mailbox upstream.
    #[error(
        "with two-step verification mail programs come in by app passwords, and no password is stored for the mailbox \
             {0} to open it by, nor has its upstream a master user: store the mailbox's password first"
    )]
    TwoFactorNeedsPassword(MailboxAddress),
    /// The login or address is not closed.
    #[error("nothing is counted for `{}`: delega lock list shows who is not let in", .0.escape_debug())]
    NotClosed(String),
    /// The link was used, has lapsed, was taken back, or never was one (D2, D7).
    #[error("the link does not work any more")]
    LinkGone,
    /// Nobody can be written to.
    #[error(
        "no mail can be sent: add [notify] with `relay` and `from`, and [panel] with `public_url`, to the configuration"
    )]
    NoMail,
    /// There is no such mail in the outbox, or it has gone out.
    #[error("there is no mail {} that waits or was given up", .0.0)]
    UnknownMail(MailId),
    /// The password is easily guessed.
    #[error("the password is easily guessed: make it longer, or less usual")]
    PasswordWeak,
    /// There is no such delegate.
    #[error("there is no delegate {0}")]
    UnknownDelegate(Login),
    /// The configuration names no such upstream.
    #[error("the configuration has no upstream `{}`; it has {}", .name.escape_debug(), listed(.known))]
    UnknownUpstream {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The upstream has no master user, so the mailbox's own password is needed.
    #[error("the upstream `{0}` has no master user, so the mailbox's own password is needed")]
    PasswordNeeded(String),
    /// The password is empty.
    #[error("the password is empty")]
    PasswordEmpty,
    /// The password has too few characters.
    #[error("the password is too short: it needs at least {PASSWORD_MIN_CHARS} characters")]
    PasswordTooShort,
    /// The password has too many bytes.
    #[error("the password is too long: at most {PASSWORD_MAX_BYTES} bytes")]
    PasswordTooLong,
    /// The password has control characters, which many mail programs cannot send.
    #[error("the password has a control character, such as a tab or a line break: leave it out")]
    PasswordControl,
    /// A text that people will read cannot be one.
    #[error("the {field} {fault}")]
    BadText {
        /// What it was for.
        field: &'static str,
        /// Why not.
        fault: TextFault,
    },
}

/// Why a text that people will read cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing was typed.
    #[error("is empty")]
    Empty,
    /// Too much.
    #[error("is longer than {0} characters")]
    LongerThan(usize),
    /// Something that is no text, or turns the direction of the text around it.
    #[error("has a control character: leave it out")]
    Control,
    /// No address to write to.
    #[error("is not an address of the form name@domain")]
    NoAddress,
}

impl AccountsError {
    /// Whether the store has no room left.
    pub fn out_of_room(&self) -> bool {
        matches!(self, AccountsError::Store(StoreError::Full))
    }

    /// Who has to do something about it.
    pub fn erred(&self) -> Erred {
        match self {
            AccountsError::Refused(_) => Erred::Asker,
            AccountsError::UpstreamGone { .. }
            | AccountsError::NoUpstreamPassword(_)
            | AccountsError::Vault(_)
            | AccountsError::Store(StoreError::Full)
            | AccountsError::Spool(_) => Erred::Operator,
            AccountsError::Store(_) | AccountsError::Hash(_) | AccountsError::NoOpenSend(_) => Erred::Delega,
        }
    }
}

fn freed(state: DelegateState) -> &'static str {
    match state {
        DelegateState::Inactive => ": delete them first, and the username is free",
        _ => "",
    }
}

fn either(states: &[DelegateState]) -> String {
    states.iter().map(|state| state.name()).collect::<Vec<_>>().join(" or ")
}

fn counted(seats: u32) -> String {
    match seats {
        0 => "no delegates".to_owned(),
        1 => "one delegate".to_owned(),
        many => format!("{many} delegates"),
    }
}

fn packs(left: u32, seats: u32) -> String {
    match left {
        0 => String::new(),
        left => format!(", add a pack of {seats} (it can have {left} more)"),
    }
}

fn plans_there(known: &[String]) -> String {
    if known.is_empty() { "are none".to_owned() } else { format!("are {}", known.join(", ")) }
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}
