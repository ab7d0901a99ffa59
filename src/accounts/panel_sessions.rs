//! Sessions of the panel. What the browser holds is 256 random bits, of which the store keeps a hash.
//!
//! A session is looked up at each request, and so is who it belongs to: whoever was suspended, has another password, or is
//! gone is out with the next click. Logging in, and each step further, is a session with another number: whoever has put
//! one into somebody's browser has nothing of it.
//!
//! Untrusted is what the browser sends as its session, and what it says of itself.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::record_sending::cut;
use super::sign_in::{self, Passed};
use secrecy::SecretString;

use super::{AccountRef, Accounts, AccountsError, Actor, BadToken, CodeVerdict, Knock, Refusal, Token};
use crate::domain::panel_session::{PanelSession, SESSION_IDLE_MS, SESSION_MOST_MS, SessionHash, Stage};
use crate::domain::{AccountId, Language, Login, MailDomain, MailboxAddress};
use crate::store::{self, Reads, Writes};

/// The most that one account may have at a time; beyond, the oldest end.
const MOST: usize = 20;
/// How exactly it is known when somebody was last seen, in milliseconds: nobody's click waits for the disk otherwise.
const SEEN_APART_MS: i64 = 60 * 1000;

/// What the browser holds.
#[derive(Clone)]
pub struct SessionToken(Token);

/// Somebody at the pages.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Whose account it is.
    pub account: AccountId,
    /// As whom they act.
    pub actor: Actor,
    /// How far they have come.
    pub stage: Stage,
    /// What they are known by: their login, or a postmaster's own address.
    pub login: String,
    /// Their name, as people say it.
    pub name: String,
    /// The language that they chose, if any.
    pub language: Option<Language>,
    /// What it is about.
    pub place: Place,
    /// What a form of theirs has to hold (against requests that other sites forge).
    pub form_key: String,
}

/// What somebody's pages are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A mailbox, and whether they look after its delegates (P5).
    Mailbox {
        /// Its address.
        address: MailboxAddress,
        /// Whether they are the owner, or a delegate with **settings**.
        manages: bool,
    },
    /// A domain.
    Domain(MailDomain),
}

impl SessionToken {
    /// As it stands in the cookie: 43 characters.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn hash(&self) -> SessionHash {
        SessionHash(self.0.hash().0)
    }
}

impl FromStr for SessionToken {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        text.parse().map(SessionToken)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken([redacted])")
    }
}

impl Accounts {
    /// Begins a session for somebody whose password was right. None where it was changed since.
    pub fn begin_panel_session(
        &self,
        passed: Passed,
        knock: Knock,
        program: Option<&str>,
    ) -> Result<Option<(SessionToken, Stage)>, AccountsError> {
        let token = SessionToken(Token::random()?);
        store::change(self.store.as_ref(), |writes| {
            if now_passes(writes, passed.account, knock.at_ms)? != Some(passed) {
                return Ok(None);
            }
            begin(writes, &token, passed, knock, program)?;
            Ok(Some((token.clone(), passed.stage)))
        })
    }

    /// Lets somebody in whose code was right as well, or who has just enrolled: a new session in place of the one they had.
    /// None where that has ended, or the account has.
    pub fn raise_panel_session(
        &self,
        from: &SessionToken,
        account: AccountId,
        knock: Knock,
        program: Option<&str>,
    ) -> Result<Option<SessionToken>, AccountsError> {
        let token = SessionToken(Token::random()?);
        store::change(self.store.as_ref(), |writes| {
            let old = writes.panel_session(&from.hash())?;
            if !old.is_some_and(|old| old.account == account && old.lives(knock.at_ms)) {
                return Ok(None);
            }
            writes.delete_panel_session(&from.hash())?;
            let Some(passed) = now_passes(writes, account, knock.at_ms)? else { return Ok(None) };
            begin(writes, &token, Passed { stage: Stage::In, ..passed }, knock, program)?;
            Ok(Some(token.clone()))
        })
    }

    /// Judges the code of somebody whose password was right. None where they stay out: the code is wrong, or too many were.
    pub fn step_up_panel_session(
        &self,
        from: &SessionToken,
        account: AccountId,
        code: &SecretString,
        knock: Knock,
        program: Option<&str>,
    ) -> Result<Option<SessionToken>, AccountsError> {
        let refusal = match self.check_code(account, code, knock)? {
            CodeVerdict::Right | CodeVerdict::Recovery { .. } => {
                return self.raise_panel_session(from, account, knock, program);
            }
            CodeVerdict::Wrong => Refusal::WrongCode,
            CodeVerdict::Closed => Refusal::Closed,
        };
        if let Some(visitor) = store::read(self.store.as_ref(), |reads| sign_in::visitor(reads, account))? {
            self.note_panel(visitor, knock, program, Some(&refusal.to_string()))?;
        }
        Ok(None)
    }

    /// Whose session this is, if it goes on.
    pub fn panel_session(&self, token: &SessionToken, now_ms: i64) -> Result<Option<SignedIn>, AccountsError> {
        let hash = token.hash();
        let found = store::read(self.store.as_ref(), |reads| {
            let Some(session) = reads.panel_session(&hash)?.filter(|session| session.lives(now_ms)) else {
                return Ok::<_, AccountsError>(None);
            };
            let Some(passes) = now_passes(reads, session.account, now_ms)? else { return Ok(None) };
            if passes.password != session.password {
                return Ok(None);
            }
            // Who has come in is in, until a second factor is asked of them that they do not have.
            let stage = match (session.stage, passes.stage) {
                (Stage::Code, _) | (Stage::Enrolling, Stage::Code) => Stage::Code,
                (Stage::Enrolling | Stage::In, Stage::Enrolling) => Stage::Enrolling,
                (Stage::Enrolling, Stage::In) | (Stage::In, Stage::Code | Stage::In) => Stage::In,
            };
            let signed = self.signed_in(reads, &session, passes, stage, token)?;
            Ok(signed.map(|signed| (signed, session.seen_at_ms)))
        })?;
        let Some((signed, seen_at_ms)) = found else { return Ok(None) };
        if now_ms.saturating_sub(seen_at_ms) >= SEEN_APART_MS {
            let noted = store::change(self.store.as_ref(), |writes| writes.see_panel_session(&hash, now_ms));
            // Whoever only looks can do so also where nothing can be written, until the session was idle for too long.
            if let Err(error) = noted {
                tracing::warn!(%error, "it could not be noted that a session of the panel goes on");
            }
        }
        Ok(Some(signed))
    }

    fn signed_in(
        &self,
        reads: &dyn Reads,
        session: &PanelSession,
        passes: Passed,
        stage: Stage,
        token: &SessionToken,
    ) -> Result<Option<SignedIn>, AccountsError> {
        let account = session.account;
        let form_key = self.form_key(token);
        Ok(match account {
            AccountId::Owner(id) => reads.mailbox_by_id(id)?.map(|mailbox| SignedIn {
                account,
                actor: Actor::Account(AccountRef::Owner(id, passes.password)),
                stage,
                login: mailbox.address.to_string(),
                name: mailbox.owner.name,
                language: Some(mailbox.owner.language),
                place: Place::Mailbox { address: mailbox.address, manages: true },
                form_key,
            }),
            AccountId::Delegate(id) => {
                let Some(delegate) = reads.delegate_by_id(id)? else { return Ok(None) };
                reads.mailbox_by_id(delegate.mailbox)?.map(|mailbox| SignedIn {
                    account,
                    actor: Actor::Account(AccountRef::Delegate(mailbox.id, id, passes.password)),
                    stage,
                    login: Login::Delegate(delegate.username.clone(), mailbox.address.clone()).to_string(),
                    name: delegate.full_name(),
                    language: delegate.language,
                    place: Place::Mailbox {
                        address: mailbox.address,
                        manages: delegate
                            .grant_under(self.profile)
                            .permissions
                            .contains(crate::domain::Permission::Settings),
                    },
                    form_key,
                })
            }
            AccountId::Postmaster(id) => reads.postmaster(id)?.map(|found| SignedIn {
                account,
                actor: Actor::Postmaster(id),
                stage,
                login: found.email,
                name: found.name,
                language: Some(found.language),
                place: Place::Domain(found.domain),
                form_key,
            }),
        })
    }

    /// What the forms of a session hold, so that no other site's are taken for them.
    fn form_key(&self, token: &SessionToken) -> String {
        let mark = self.vault.mark(b"panel form", token.expose().as_bytes());
        mark.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Ends a session: its person has logged out.
    pub fn end_panel_session(&self, token: &SessionToken) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| Ok(writes.delete_panel_session(&token.hash()).map(drop)?))
    }

    /// Ends all that an account has open: at the panel, by web mail, and in mail programs, which come in again with what
    /// they have.
    pub fn sign_out_everywhere(&self, account: AccountId) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| Ok(writes.renew_password_version(account).map(drop)?))
    }

    /// The sessions of the panel that an account has, the latest login first.
    pub fn panel_sessions(&self, account: AccountId, now_ms: i64) -> Result<Vec<PanelSession>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let Some(passes) = now_passes(reads, account, now_ms)? else { return Ok(Vec::new()) };
            let mut sessions = reads.panel_sessions(account)?;
            sessions.retain(|session| session.lives(now_ms) && session.password == passes.password);
            Ok(sessions)
        })
    }

    /// Removes the sessions that time has ended.
    pub(super) fn settle_panel_sessions(&self, now_secs: i64) -> Result<(), AccountsError> {
        let now_ms = now_secs.saturating_mul(1000);
        let (seen, began) = (now_ms.saturating_sub(SESSION_IDLE_MS), now_ms.saturating_sub(SESSION_MOST_MS));
        // Nearly always there is none, and nobody's change is held up.
        if !store::read(self.store.as_ref(), |reads| reads.has_panel_sessions_before(seen, began))? {
            return Ok(());
        }
        store::change(self.store.as_ref(), |writes| Ok(writes.delete_panel_sessions_before(seen, began).map(drop)?))
    }
}

/// How far whoever knows an account's password comes now; none where they come nowhere.
fn now_passes<R: Reads + ?Sized>(reads: &R, account: AccountId, now_ms: i64) -> Result<Option<Passed>, AccountsError> {
    Ok(match account {
        AccountId::Owner(id) => reads.mailbox_by_id(id)?.map(|mailbox| sign_in::owner_passes(&mailbox)),
        AccountId::Postmaster(id) => reads.postmaster(id)?.map(|found| sign_in::postmaster_passes(&found)),
        AccountId::Delegate(id) => match reads.delegate_by_id(id)? {
            None => None,
            Some(delegate) => reads
                .mailbox_by_id(delegate.mailbox)?
                .and_then(|mailbox| sign_in::delegate_passes(&mailbox, &delegate, now_ms / 1000).ok()),
        },
    })
}

fn begin(
    writes: &dyn Writes,
    token: &SessionToken,
    passed: Passed,
    knock: Knock,
    program: Option<&str>,
) -> Result<(), AccountsError> {
    let Passed { account, password, stage } = passed;
    for old in writes.panel_sessions(account)?.iter().skip(MOST - 1) {
        writes.delete_panel_session(&old.hash)?;
    }
    let address: IpAddr = knock.from.to_canonical();
    let program = program.map(|text| cut(text.chars().filter(|c| !c.is_control()).collect()));
    writes.insert_panel_session(&PanelSession {
        hash: token.hash(),
        account,
        password,
        stage,
        began_at_ms: knock.at_ms,
        seen_at_ms: knock.at_ms,
        address,
        program: program.clone(),
    })?;
    if stage == Stage::In
        && let Some(visitor) = sign_in::visitor(writes, account)?
    {
        sign_in::note(writes, visitor, knock, program.as_deref(), None)?;
    }
    Ok(())
}
