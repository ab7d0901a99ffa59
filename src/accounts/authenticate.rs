//! Login (L1–L4, S5): who knocks, at which door, with which password.
//!
//! The owner's password is not ours to check: it goes to the upstream as typed (L3). A delegate's is checked here, and
//! whatever is wrong – login, mailbox, delegate, password – costs one run of argon2, no more and no less, so that the
//! time tells nothing. What else may be wrong is looked at only after the password was right.
//!
//! What delega has made itself opens the mailbox without any of that: an app password at the door of mail programs, what a
//! web mail was let in with before at its own. Whoever has two-step verification (S2, S3) comes in by nothing else there,
//! and by web mail for the first time with their password and a code behind it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::guard::Counts;
use super::passwords::PASSWORD_MAX_BYTES;
use super::webmail_logins::password_and_code;
use super::{AccountRef, Accounts, AccountsError, AppSecret, CodeVerdict, Knock, Tried};
use crate::domain::{
    AccountId, AppPassword, AppPasswordId, Delegate, DelegateState, Door, Grant, ListenerKind, Login, Mailbox,
    MailboxAddress, PasswordVersion, Protocol, Protocols,
};
use crate::store::{self, PasswordHash, Reads, SealedSecret};

/// What became of a login.
#[derive(Debug)]
#[must_use]
pub enum Verdict {
    /// Come in.
    Admitted(Box<Entry>),
    /// Stay out. The client learns only that; why is for the log.
    Refused(Refusal),
    /// Have the mail server judge a password, and ask [`Accounts::owner_judged`].
    Unjudged(Box<Unjudged>),
}

/// An owner with two-step verification who comes by web mail: their code is looked at once the mail server has taken
/// their password, so that strangers use up no codes and close nobody's door to them.
#[derive(Debug)]
pub struct Unjudged {
    /// The `[upstream.NAME]` where the mailbox lives.
    pub upstream: String,
    /// How to log in there, as typed.
    pub credentials: Credentials,
    /// Who would come in.
    pub account: AccountRef,
    login: Login,
    /// All that was typed.
    said: SecretString,
    code: SecretString,
    tried: Tried,
    knock: Knock,
}

/// Somebody who was let in.
#[derive(Debug)]
pub struct Entry {
    /// Who it is. Register the session under this, then ask [`Accounts::standing`] once more: what changed in between
    /// is not in this entry.
    pub account: AccountRef,
    /// Who they said they are, in lower case.
    pub login: Login,
    /// What they may do, under the operator's profile.
    pub grant: Grant,
    /// The addresses that the mailbox sends from, its own first (G2).
    pub addresses: Vec<MailboxAddress>,
    /// The `[upstream.NAME]` where the mailbox lives.
    pub upstream: String,
    /// How to log in there.
    pub credentials: Credentials,
    /// What was typed where the mail server judges it (L3): tell [`Accounts::owner_tried`] what it said.
    pub tried: Option<Tried>,
    /// The app password that they came in with, if it was one (S3).
    pub app_password: Option<AppPasswordId>,
}

/// How to log in upstream.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose mailbox is opened, where that is not `authcid`: the master user's case (G5).
    pub authzid: Option<String>,
    /// Who logs in.
    pub authcid: String,
    /// Their password.
    pub password: SecretString,
    /// Whether the client typed this password (L3): then the upstream's refusal is the client's.
    pub typed: bool,
}

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The login is of neither form.
    Malformed,
    /// delega does not know the mailbox.
    UnknownMailbox,
    /// The mailbox has no such delegate.
    UnknownDelegate,
    /// The password is not theirs.
    WrongPassword,
    /// The delegate is suspended (D5).
    Suspended,
    /// The delegate was invited, and has not answered or refused; or the delegation was ended (D4).
    NotActive,
    /// The password was taken away, and they have not set another; or they have set another since they came in (D7).
    PasswordChanged,
    /// The owner has two-step verification, and the delegate has not set theirs up yet (S2).
    MustEnrol,
    /// The mailbox is not for several people (M2).
    NotMultiUser,
    /// There were too many wrong passwords, and nobody is looked at for a while (S5).
    Closed,
    /// A mail program with the right password of somebody who has two-step verification: it needs an app password (S3). Of
    /// an owner, whose password is the mail server's to judge, with any.
    NeedsAppPassword,
    /// By web mail, the right password without the code that has to follow it (S2); of an owner any without one.
    NeedsCode,
    /// By web mail, the right password with a code that is wrong or was used.
    WrongCode,
    /// A mail program, and the delegate has no **client** (P4).
    NoClient,
    /// A mail program of a protocol that was not chosen for the delegate (P7).
    NoProtocol,
}

/// What of delega's own making somebody comes in by.
#[derive(Clone, Copy)]
enum Own {
    App(AppPasswordId),
    Webmail,
}

/// What the store knows about a delegate's login, taken at one moment.
struct Found {
    mailbox: Mailbox,
    delegate: Delegate,
    hash: Option<PasswordHash>,
    sealed: Option<SealedSecret>,
}

impl Accounts {
    /// Judges a login. Takes as long as one run of argon2 (tens of milliseconds) and
    /// [`MEMORY_PER_LOGIN`](super::MEMORY_PER_LOGIN); the caller bounds how many run at once.
    ///
    /// An error is nobody's wrong password: the store, the key, or a mailbox without credentials. The client is then
    /// told that the gateway cannot do it now.
    ///
    /// Wrong passwords are counted (S5), and who knocks while the door is closed is refused with any password.
    pub fn authenticate(
        &self,
        login: &str,
        password: &SecretString,
        door: Door,
        knock: Knock,
    ) -> Result<Verdict, AccountsError> {
        match login.parse::<Login>() {
            Ok(login @ Login::Owner(_)) => self.authenticate_owner(login, password, door, knock),
            Ok(login @ Login::Delegate(..)) => self.authenticate_delegate(login, password, door, knock),
            Err(_) => {
                self.passwords.matches(password, None)?;
                let counts =
                    store::read(self.store.as_ref(), |reads| Accounts::counts(reads, None, false, door, knock))?;
                self.wrong_password(&counts, self.guess(None, password), None, knock)?;
                Ok(Verdict::Refused(Refusal::Malformed))
            }
        }
    }

    fn authenticate_owner(
        &self,
        login: Login,
        said: &SecretString,
        door: Door,
        knock: Knock,
    ) -> Result<Verdict, AccountsError> {
        let (found, counts) = store::read(self.store.as_ref(), |reads| {
            let found = reads.mailbox(login.mailbox())?;
            let counts = Accounts::counts(reads, Some(&login), found.is_some(), door, knock)?;
            Ok::<_, AccountsError>((found, counts))
        })?;
        if counts.closed {
            return Ok(Verdict::Refused(Refusal::Closed));
        }
        let Some(mailbox) = found else {
            self.wrong_password(&counts, self.guess(Some(&login), said), None, knock)?;
            return Ok(Verdict::Refused(Refusal::UnknownMailbox));
        };
        // No upstream has to take what no mailbox has.
        if !(1..=PASSWORD_MAX_BYTES).contains(&said.expose_secret().len()) {
            return Ok(Verdict::Refused(Refusal::WrongPassword));
        }
        if let Some(own) = self.own(mailbox.owner_account(), mailbox.owner_password, said, door, knock)? {
            let app_password = self.came_by(own, &counts)?;
            return self.owner_by_stored(mailbox, login, app_password);
        }
        let account = AccountRef::Owner(mailbox.id, mailbox.owner_password);
        if mailbox.owner_two_factor_since_secs.is_some() {
            let (password, code) = match (door.kind, password_and_code(said)) {
                (ListenerKind::Client, _) => return Ok(Verdict::Refused(Refusal::NeedsAppPassword)),
                (ListenerKind::Webmail, None) => return Ok(Verdict::Refused(Refusal::NeedsCode)),
                (ListenerKind::Webmail, Some(both)) => both,
            };
            let tried = self.tried(counts, &login, &mailbox, &password, knock);
            let credentials = self.typed_by_owner(&mailbox, &password)?;
            let (upstream, said) = (mailbox.upstream, said.clone());
            return Ok(Verdict::Unjudged(Box::new(Unjudged {
                upstream,
                credentials,
                account,
                login,
                said,
                code,
                tried,
                knock,
            })));
        }
        let credentials = self.typed_by_owner(&mailbox, said)?;
        Ok(Verdict::Admitted(Box::new(Entry {
            account,
            tried: Some(self.tried(counts, &login, &mailbox, said, knock)),
            app_password: None,
            login,
            grant: Grant::OWNER,
            addresses: mailbox.addresses(),
            upstream: mailbox.upstream,
            credentials,
        })))
    }

    /// What the mail server said about the password of an owner with two-step verification: if it was right, it is the
    /// code's turn.
    pub fn owner_judged(&self, unjudged: Unjudged, right: bool) -> Result<Verdict, AccountsError> {
        let Unjudged { account, login, said, code, tried, knock, .. } = unjudged;
        if !right {
            self.owner_tried(&tried, false)?;
            return Ok(Verdict::Refused(Refusal::WrongPassword));
        }
        // As it is by now: they have shown everything that there is to show.
        let Some(mailbox) = store::read(self.store.as_ref(), |reads| reads.mailbox_by_id(account.mailbox()))? else {
            return Ok(Verdict::Refused(Refusal::UnknownMailbox));
        };
        if let Some(refusal) = self.second_step(account.id(), mailbox.owner_password, &said, &code, knock)? {
            return Ok(Verdict::Refused(refusal));
        }
        self.owner_tried(&tried, true)?;
        self.owner_by_stored(mailbox, login, None)
    }

    /// An owner who is known by what delega has made, and comes in as their delegates do.
    fn owner_by_stored(
        &self,
        mailbox: Mailbox,
        login: Login,
        app_password: Option<AppPasswordId>,
    ) -> Result<Verdict, AccountsError> {
        let sealed = store::read(self.store.as_ref(), |reads| reads.sealed_password(mailbox.id))?;
        Ok(Verdict::Admitted(Box::new(Entry {
            account: AccountRef::Owner(mailbox.id, mailbox.owner_password),
            tried: None,
            app_password,
            login,
            grant: Grant::OWNER,
            addresses: mailbox.addresses(),
            credentials: self.credentials(&mailbox, sealed.as_ref())?,
            upstream: mailbox.upstream,
        })))
    }

    fn authenticate_delegate(
        &self,
        login: Login,
        said: &SecretString,
        door: Door,
        knock: Knock,
    ) -> Result<Verdict, AccountsError> {
        let (found, counts) = store::read(self.store.as_ref(), |reads| {
            let found = find(reads, &login)?;
            let counts = Accounts::counts(reads, Some(&login), found.is_ok(), door, knock)?;
            Ok::<_, AccountsError>((found, counts))
        })?;
        let open = found.as_ref().ok().filter(|_| !counts.closed);
        // Whoever comes by what delega has made is known by it, and costs next to nothing; for all others it is one run of
        // argon2.
        let own = match open {
            Some(Found { delegate, .. }) => self.own(delegate.account(), delegate.password, said, door, knock)?,
            None => None,
        };
        let two_steps = open.is_some_and(|found| found.delegate.two_factor_since_secs.is_some());
        let both = (two_steps && door.kind == ListenerKind::Webmail).then(|| password_and_code(said)).flatten();
        let (password, code) = both.map_or((said.clone(), None), |(password, code)| (password, Some(code)));
        let hash = open.and_then(|found| found.hash.as_ref());
        let right = own.is_some() || self.passwords.matches(&password, hash)?;
        let found = match found {
            _ if counts.closed => return Ok(Verdict::Refused(Refusal::Closed)),
            Ok(found) if right => found,
            wrong => {
                let whose = wrong.as_ref().ok().map(|found| found.delegate.account());
                self.wrong_password(&counts, self.guess(Some(&login), &password), whose, knock)?;
                return Ok(Verdict::Refused(wrong.err().unwrap_or(Refusal::WrongPassword)));
            }
        };
        let standing = self.standing_of(&found.mailbox, &found.delegate, door);
        let app_password = match own {
            Some(own) => self.came_by(own, &counts)?,
            None => {
                if two_steps {
                    let (account, version) = (found.delegate.account(), found.delegate.password);
                    let refusal = match (standing, door.kind, code) {
                        (Err(refusal), ..) => Some(refusal),
                        (Ok(_), ListenerKind::Client, _) => Some(Refusal::NeedsAppPassword),
                        (Ok(_), ListenerKind::Webmail, None) => Some(Refusal::NeedsCode),
                        (Ok(_), ListenerKind::Webmail, Some(code)) => {
                            self.second_step(account, version, said, &code, knock)?
                        }
                    };
                    if let Some(refusal) = refusal {
                        return Ok(Verdict::Refused(refusal));
                    }
                }
                self.right_password(&counts)?;
                None
            }
        };
        let grant = match standing {
            Ok(grant) => grant,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        Ok(Verdict::Admitted(Box::new(Entry {
            account: AccountRef::Delegate(found.mailbox.id, found.delegate.id, found.delegate.password),
            tried: None,
            app_password,
            login,
            grant,
            credentials: self.credentials(&found.mailbox, found.sealed.as_ref())?,
            addresses: found.mailbox.addresses(),
            upstream: found.mailbox.upstream,
        })))
    }

    /// What of delega's own making this is, if it opens this door now.
    fn own(
        &self,
        account: AccountId,
        version: PasswordVersion,
        said: &SecretString,
        door: Door,
        knock: Knock,
    ) -> Result<Option<Own>, AccountsError> {
        Ok(match door.kind {
            ListenerKind::Client => self.by_app_password(account, said, door, knock)?.map(Own::App),
            ListenerKind::Webmail => self.by_webmail_login(account, version, said, knock)?.then_some(Own::Webmail),
        })
    }

    /// An app password is a right one, as any. What a web mail says at each click is not: it would have forgotten at once
    /// what is counted of somebody who guesses meanwhile.
    fn came_by(&self, own: Own, counts: &Counts) -> Result<Option<AppPasswordId>, AccountsError> {
        match own {
            Own::App(id) => self.right_password(counts).map(|()| Some(id)),
            Own::Webmail => Ok(None),
        }
    }

    /// The code behind a right password, by web mail: if it is right too, the same opens the door there again.
    fn second_step(
        &self,
        account: AccountId,
        version: PasswordVersion,
        said: &SecretString,
        code: &SecretString,
        knock: Knock,
    ) -> Result<Option<Refusal>, AccountsError> {
        Ok(match self.check_code(account, code, knock)? {
            CodeVerdict::Right | CodeVerdict::Recovery { .. } => {
                self.open_webmail_login(account, version, said, knock)?;
                None
            }
            CodeVerdict::Wrong => Some(Refusal::WrongCode),
            CodeVerdict::Closed => Some(Refusal::Closed),
        })
    }

    /// The app password that this is, if it opens this door now (S3). Mail programs have them; whoever comes by webmail has
    /// a password of their own.
    fn by_app_password(
        &self,
        account: AccountId,
        password: &SecretString,
        door: Door,
        knock: Knock,
    ) -> Result<Option<AppPasswordId>, AccountsError> {
        let Ok(secret) = password.expose_secret().parse::<AppSecret>() else { return Ok(None) };
        let hash = self.app_hash(account, &secret);
        let found = store::read(self.store.as_ref(), |reads| reads.app_password(account, &hash))?;
        let opens =
            |found: &AppPassword| found.scope.opens(door.protocol) && knock.at_ms / 1000 < found.expires_at_secs;
        Ok(found.filter(opens).map(|found| found.id))
    }

    /// What a delegate may do who comes in by `door`, the password apart.
    pub(super) fn standing_of(&self, mailbox: &Mailbox, delegate: &Delegate, door: Door) -> Result<Grant, Refusal> {
        if !mailbox.multi_user {
            return Err(Refusal::NotMultiUser);
        }
        match delegate.state {
            DelegateState::Active if delegate.reset_at_secs.is_some() => return Err(Refusal::PasswordChanged),
            DelegateState::Active => {}
            DelegateState::Suspended => return Err(Refusal::Suspended),
            DelegateState::Pending | DelegateState::Inactive | DelegateState::Rejected => {
                return Err(Refusal::NotActive);
            }
        }
        if mailbox.must_enrol(delegate) {
            return Err(Refusal::MustEnrol);
        }
        let grant = Grant { permissions: delegate.permissions.under(self.profile), protocols: delegate.protocols };
        if grant.opens(door) {
            return Ok(grant);
        }
        let by_any_protocol = Grant { protocols: Protocols { imap: true, pop3: true }, ..grant };
        let no_client = !by_any_protocol.opens(Door { protocol: Protocol::Imap, ..door });
        Err(if no_client { Refusal::NoClient } else { Refusal::NoProtocol })
    }

    /// The mailbox's own password where it has one, or else the upstream's master user.
    pub(super) fn credentials(
        &self,
        mailbox: &Mailbox,
        sealed: Option<&SealedSecret>,
    ) -> Result<Credentials, AccountsError> {
        self.upstream_is_there(mailbox)?;
        let user = mailbox.upstream_login().to_owned();
        if let Some(sealed) = sealed {
            let password = self.vault.unseal(mailbox.id, &mailbox.address, sealed)?;
            return Ok(Credentials { authzid: None, authcid: user, password, typed: false });
        }
        let master =
            self.master(&mailbox.upstream).ok_or_else(|| AccountsError::NoUpstreamPassword(mailbox.address.clone()))?;
        Ok(Credentials {
            authzid: Some(user),
            authcid: master.user.clone(),
            password: master.password.clone(),
            typed: false,
        })
    }

    /// What the owner typed, for the upstream to judge (L3).
    pub(super) fn typed_by_owner(
        &self,
        mailbox: &Mailbox,
        password: &SecretString,
    ) -> Result<Credentials, AccountsError> {
        self.upstream_is_there(mailbox)?;
        let authcid = mailbox.upstream_login().to_owned();
        Ok(Credentials { authzid: None, authcid, password: password.clone(), typed: true })
    }

    fn upstream_is_there(&self, mailbox: &Mailbox) -> Result<(), AccountsError> {
        if self.upstreams.contains_key(&mailbox.upstream) {
            return Ok(());
        }
        Err(AccountsError::UpstreamGone { address: mailbox.address.clone(), upstream: mailbox.upstream.clone() })
    }
}

fn find(reads: &dyn Reads, login: &Login) -> Result<Result<Found, Refusal>, AccountsError> {
    let Some(mailbox) = reads.mailbox(login.mailbox())? else {
        return Ok(Err(Refusal::UnknownMailbox));
    };
    let delegate = match login {
        Login::Delegate(username, _) => reads.delegate(mailbox.id, username)?,
        Login::Owner(_) => None,
    };
    let Some(delegate) = delegate else {
        return Ok(Err(Refusal::UnknownDelegate));
    };
    let hash = reads.password_hash(delegate.account())?;
    let sealed = reads.sealed_password(mailbox.id)?;
    Ok(Ok(Found { mailbox, delegate, hash, sealed }))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Malformed => "malformed login",
            Refusal::UnknownMailbox => "unknown mailbox",
            Refusal::UnknownDelegate => "unknown delegate",
            Refusal::WrongPassword => "wrong password",
            Refusal::Suspended => "suspended",
            Refusal::NotActive => "not active",
            Refusal::PasswordChanged => "password reset or changed",
            Refusal::MustEnrol => "two-step verification not set up",
            Refusal::NotMultiUser => "mailbox without multi-user",
            Refusal::Closed => "too many wrong passwords",
            Refusal::NeedsAppPassword => "needs an app password",
            Refusal::NeedsCode => "needs a code behind the password",
            Refusal::WrongCode => "wrong code",
            Refusal::NoClient => "no client permission",
            Refusal::NoProtocol => "protocol not chosen",
        })
    }
}

#[cfg(test)]
#[path = "authenticate_tests.rs"]
mod tests;
