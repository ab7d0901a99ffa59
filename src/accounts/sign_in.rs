//! Login to the panel: with a login and its password, as a mail program has them, or as a postmaster (M1).
//!
//! It is judged like any other login (S5): one run of argon2 whatever is wrong, the same counts of wrong passwords, one
//! answer. An owner's password is the mailbox's own, and the mail server says whether it is right: the caller asks it. What a
//! delegate may do in the mailbox is no matter here; they see at least their own account (P10). An app password opens mail
//! programs and nothing else.

use secrecy::{ExposeSecret, SecretString};

use super::passwords::PASSWORD_MAX_BYTES;
use super::record_sending::cut;
use super::{Accounts, AccountsError, Credentials, Knock, Refusal, Tried};
use crate::domain::access::ACCESS_APART_MS;
use crate::domain::panel_session::Stage;
use crate::domain::{
    Access, AccountId, Delegate, DelegateState, Door, ListenerKind, Login, MailDomain, Mailbox, PasswordVersion,
    Postmaster, Protocol, Visitor, Way,
};
use crate::store::{self, PasswordHash, Reads, Times, Writes};

/// Somebody who knocks at the panel.
#[derive(Clone, Copy, Debug)]
pub struct PanelKnock<'a> {
    /// Where from, and when.
    pub knock: Knock,
    /// Whether that is their own address, and not a reverse proxy's who stands for all: then wrong passwords count for the
    /// account alone, or one stranger would close the panel to everybody.
    pub own_address: bool,
    /// What their browser says of itself.
    pub program: Option<&'a str>,
}

impl PanelKnock<'_> {
    /// Wrong passwords count as by a mail program, or as by a web mail.
    fn counted_as(&self) -> Door {
        let kind = if self.own_address { ListenerKind::Client } else { ListenerKind::Webmail };
        Door { protocol: Protocol::Imap, kind }
    }
}

/// Who somebody says they are, as typed.
#[derive(Clone, Debug)]
pub enum SignInName {
    /// An owner or a delegate, by their login.
    Login(String),
    /// A postmaster.
    Postmaster {
        /// The domain.
        domain: String,
        /// Their own address.
        email: String,
    },
}

/// What became of it.
#[derive(Debug)]
#[must_use]
pub enum SignIn {
    /// The password was right: begin a session with [`Accounts::begin_panel_session`].
    Passed(Passed),
    /// The mail server knows: log in there, and tell [`Accounts::owner_signed_in`] what it said.
    Ask {
        /// The `[upstream.NAME]` where the mailbox lives.
        upstream: String,
        /// How to log in there, with what was typed.
        credentials: Credentials,
        /// What is being tried.
        trial: Box<OwnerTrial>,
    },
    /// Stay out. They learn only that; why is for the log.
    Refused(Refusal),
}

/// Somebody whose password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    pub(super) account: AccountId,
    pub(super) password: PasswordVersion,
    pub(super) stage: Stage,
}

/// An owner's password that the mail server has to judge (L3).
#[derive(Debug)]
pub struct OwnerTrial {
    tried: Tried,
    passed: Passed,
    visitor: Visitor,
}

/// An account that has a password of delega's.
struct Found {
    account: AccountId,
    passed: Result<Passed, Refusal>,
    hash: Option<PasswordHash>,
    visitor: Visitor,
}

impl Accounts {
    /// Judges a login to the panel. Costs as much as a login to a mailbox.
    pub fn sign_in(
        &self,
        name: &SignInName,
        password: &SecretString,
        at: PanelKnock<'_>,
    ) -> Result<SignIn, AccountsError> {
        let PanelKnock { knock, own_address, program } = at;
        let login = match name {
            SignInName::Login(text) => text.parse::<Login>().ok(),
            SignInName::Postmaster { .. } => None,
        };
        if let Some(login @ Login::Owner(_)) = login {
            return self.owner_signs_in(login, password, at);
        }
        let (found, counts) = store::read(self.store.as_ref(), |reads| {
            let found = match (name, &login) {
                (SignInName::Login(_), None) => None,
                (SignInName::Login(_), Some(login)) => find_delegate(reads, login, knock)?,
                (SignInName::Postmaster { domain, email }, _) => find_postmaster(reads, domain, email)?,
            };
            let counts = match &login {
                Some(login) => Accounts::counts(reads, Some(login), found.is_some(), at.counted_as(), knock)?,
                None => Accounts::counts_of(reads, found.as_ref().map(|found| found.account), own_address, knock)?,
            };
            Ok::<_, AccountsError>((found, counts))
        })?;
        let open = found.as_ref().filter(|_| !counts.closed);
        let right = self.passwords.matches(password, open.and_then(|found| found.hash.as_ref()))?;
        let outcome = match &found {
            _ if counts.closed => Err(Refusal::Closed),
            Some(found) if right => {
                self.right_password(&counts)?;
                found.passed
            }
            _ => {
                let whose = found.as_ref().map(|found| found.account);
                self.wrong_password(&counts, self.guess(login.as_ref(), password), whose, knock)?;
                Err(Refusal::WrongPassword)
            }
        };
        match outcome {
            Ok(passed) => Ok(SignIn::Passed(passed)),
            Err(refusal) => {
                if let Some(found) = found {
                    self.note_panel(found.visitor, knock, program, Some(&refusal.to_string()))?;
                }
                Ok(SignIn::Refused(refusal))
            }
        }
    }

    fn owner_signs_in(
        &self,
        login: Login,
        password: &SecretString,
        at: PanelKnock<'_>,
    ) -> Result<SignIn, AccountsError> {
        let knock = at.knock;
        let (found, counts) = store::read(self.store.as_ref(), |reads| {
            let found = reads.mailbox(login.mailbox())?;
            let counts = Accounts::counts(reads, Some(&login), found.is_some(), at.counted_as(), knock)?;
            Ok::<_, AccountsError>((found, counts))
        })?;
        if counts.closed {
            return Ok(SignIn::Refused(Refusal::Closed));
        }
        let Some(mailbox) = found else {
            self.wrong_password(&counts, self.guess(Some(&login), password), None, knock)?;
            return Ok(SignIn::Refused(Refusal::UnknownMailbox));
        };
        if !(1..=PASSWORD_MAX_BYTES).contains(&password.expose_secret().len()) {
            return Ok(SignIn::Refused(Refusal::WrongPassword));
        }
        Ok(SignIn::Ask {
            credentials: self.typed_by_owner(&mailbox, password)?,
            trial: Box::new(OwnerTrial {
                tried: self.tried(counts, &login, &mailbox, password, knock),
                passed: owner_passes(&mailbox),
                visitor: owner(&mailbox),
            }),
            upstream: mailbox.upstream,
        })
    }

    /// What the mail server said about an owner's password.
    pub fn owner_signed_in(
        &self,
        trial: OwnerTrial,
        right: bool,
        knock: Knock,
        program: Option<&str>,
    ) -> Result<SignIn, AccountsError> {
        self.owner_tried(&trial.tried, right)?;
        if right {
            return Ok(SignIn::Passed(trial.passed));
        }
        self.note_panel(trial.visitor, knock, program, Some(&Refusal::WrongPassword.to_string()))?;
        Ok(SignIn::Refused(Refusal::WrongPassword))
    }

    /// Notes somebody who came to the panel, or was not let in (S4).
    pub(super) fn note_panel(
        &self,
        visitor: Visitor,
        knock: Knock,
        program: Option<&str>,
        refusal: Option<&str>,
    ) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| note(writes, visitor, knock, program, refusal))
    }
}

/// The same within a piece of work.
pub(super) fn note(
    writes: &dyn Writes,
    visitor: Visitor,
    knock: Knock,
    program: Option<&str>,
    refusal: Option<&str>,
) -> Result<(), AccountsError> {
    let bounded = |text: &str| cut(text.chars().filter(|c| !c.is_control()).collect());
    let access = Access {
        visitor,
        address: knock.from.to_canonical(),
        way: Way::Panel,
        program: program.map(bounded),
        refusal: refusal.map(bounded),
    };
    Ok(writes.note_access(&access, Times::once(knock.at_ms), knock.at_ms.saturating_sub(ACCESS_APART_MS))?)
}

/// Who comes to an account's panel, as the history names them; none where there is no such account any more.
pub(super) fn visitor<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Option<Visitor>, AccountsError> {
    Ok(match account {
        AccountId::Owner(id) => reads.mailbox_by_id(id)?.map(|mailbox| owner(&mailbox)),
        AccountId::Postmaster(id) => reads.postmaster(id)?.map(|found| postmaster(&found)),
        AccountId::Delegate(id) => match reads.delegate_by_id(id)? {
            None => None,
            Some(found) => reads.mailbox_by_id(found.mailbox)?.map(|mailbox| delegate(&mailbox, &found)),
        },
    })
}

fn owner(mailbox: &Mailbox) -> Visitor {
    Visitor::Mailbox { mailbox: mailbox.id, login: Login::Owner(mailbox.address.clone()), delegate: None }
}

fn delegate(mailbox: &Mailbox, delegate: &Delegate) -> Visitor {
    Visitor::Mailbox {
        mailbox: mailbox.id,
        login: Login::Delegate(delegate.username.clone(), mailbox.address.clone()),
        delegate: Some(delegate.id),
    }
}

fn postmaster(found: &Postmaster) -> Visitor {
    Visitor::Postmaster { id: found.id, domain: found.domain.clone(), email: found.email.clone() }
}

fn find_delegate(reads: &dyn Reads, login: &Login, knock: Knock) -> Result<Option<Found>, AccountsError> {
    let Login::Delegate(username, address) = login else { return Ok(None) };
    let Some(mailbox) = reads.mailbox(address)? else { return Ok(None) };
    let Some(found) = reads.delegate(mailbox.id, username)? else { return Ok(None) };
    Ok(Some(Found {
        account: found.account(),
        passed: delegate_passes(&mailbox, &found, knock.at_ms / 1000),
        hash: reads.password_hash(found.account())?,
        visitor: delegate(&mailbox, &found),
    }))
}

fn find_postmaster(reads: &dyn Reads, domain: &str, email: &str) -> Result<Option<Found>, AccountsError> {
    let Ok(domain) = domain.trim().parse::<MailDomain>() else { return Ok(None) };
    let email = email.trim().to_lowercase();
    let found = reads.postmasters()?.into_iter().find(|one| one.domain == domain && one.email == email);
    let Some(found) = found else { return Ok(None) };
    Ok(Some(Found {
        account: found.account(),
        passed: Ok(postmaster_passes(&found)),
        hash: reads.password_hash(found.account())?,
        visitor: postmaster(&found),
    }))
}

/// How far whoever knows an owner's password comes.
pub(super) fn owner_passes(mailbox: &Mailbox) -> Passed {
    let stage = if mailbox.owner_two_factor_since_secs.is_some() { Stage::Code } else { Stage::In };
    Passed { account: mailbox.owner_account(), password: mailbox.owner_password, stage }
}

/// The same for a postmaster's.
pub(super) fn postmaster_passes(found: &Postmaster) -> Passed {
    let stage = if found.two_factor_since_secs.is_some() { Stage::Code } else { Stage::In };
    Passed { account: found.account(), password: found.password, stage }
}

/// The same for a delegate's; not everybody who has one may come in.
pub(super) fn delegate_passes(mailbox: &Mailbox, delegate: &Delegate, now_secs: i64) -> Result<Passed, Refusal> {
    if !mailbox.multi_user {
        return Err(Refusal::NotMultiUser);
    }
    match delegate.state_at(now_secs) {
        DelegateState::Active if delegate.reset_at_secs.is_some() => return Err(Refusal::PasswordChanged),
        DelegateState::Active => {}
        DelegateState::Suspended => return Err(Refusal::Suspended),
        DelegateState::Pending | DelegateState::Inactive | DelegateState::Rejected => return Err(Refusal::NotActive),
    }
    let stage = match (delegate.two_factor_since_secs, mailbox.owner_two_factor_since_secs) {
        (Some(_), _) => Stage::Code,
        (None, Some(_)) => Stage::Enrolling,
        (None, None) => Stage::In,
    };
    Ok(Passed { account: delegate.account(), password: delegate.password, stage })
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
