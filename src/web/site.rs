//! What the pages share: the accounts, and the turns of those who ask something of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::errands::{Desk, Errands};
use super::page::Problem;
use super::setup::Servers;
use super::{LOOKUPS_AT_ONCE, REQUEST_TIMEOUT};
use crate::accounts::{Accounts, AccountsError, Credentials, OpenSessions, Rule};
use crate::config::{PanelConfig, PanelTls};
use crate::domain::{Language, Notice};

/// How many owners' passwords are with the mail servers at once; who comes later waits.
const TRIALS_AT_ONCE: usize = 8;
/// How many tables are taken away at once; who comes later is told to come again.
const EXPORTS_AT_ONCE: usize = 16;

/// The mail servers, which know whether an owner's password is right (L3).
pub trait MailServers: Send + Sync {
    /// Whether that upstream lets somebody in with these credentials; none where it cannot be asked, and the log has why.
    fn lets_in(&self, upstream: String, credentials: Credentials) -> Asked;
}

/// Whoever writes the mails to people: one can be read before it goes out (D1).
pub trait Letters: Send + Sync {
    /// The mail that a notice would be, without what makes its link work; none where there is no such mail.
    fn write(&self, notice: &Notice, language: Language) -> Option<Written>;
}

/// A mail, to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its language.
    pub language: Language,
    /// Its subject.
    pub subject: String,
    /// Its text, in lines.
    pub text: String,
}

/// What a mail server will say.
pub type Asked = Pin<Box<dyn Future<Output = Option<bool>> + Send>>;

/// What the pages ask of the gateway beside them.
#[derive(Clone)]
pub struct Gatehouse {
    /// The turns of whoever runs argon2.
    pub hashing: Arc<Semaphore>,
    /// The mail servers.
    pub mail_servers: Arc<dyn MailServers>,
    /// How long after a login whoever is not let in hears of it, as at the doors of mail.
    pub refusal_delay: Duration,
    /// Who has a mailbox open.
    pub open_sessions: Arc<dyn OpenSessions>,
}

impl std::fmt::Debug for Gatehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gatehouse").finish_non_exhaustive()
    }
}

/// What the pages share.
#[derive(Clone)]
pub struct Site {
    pub(super) accounts: Arc<Accounts>,
    /// Scheme, host and port, as browsers write them.
    pub(super) origin: Arc<str>,
    pub(super) webmail_url: Option<Arc<str>>,
    /// The same where the web mail takes whom the panel sends.
    pub(super) sign_on_url: Option<Arc<str>>,
    pub(super) desk: Desk,
    pub(super) letters: Option<Arc<dyn Letters>>,
    pub(super) open_sessions: Arc<dyn OpenSessions>,
    /// The turns of those who take a table away.
    pub(super) exports: Arc<Semaphore>,
    /// What mail programs are told.
    pub(super) servers: Servers,
    /// Whether a connection comes from whom it is of, and not from a reverse proxy that stands for all.
    pub(super) knows_addresses: bool,
    /// How long after a login whoever is not let in hears of it.
    pub(super) refusal_delay: Duration,
    mail_servers: Arc<dyn MailServers>,
    hashing: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    trials: Arc<Semaphore>,
}

/// What an answer needs of the accounts.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// The store alone.
    Lookup,
    /// A run of argon2 as well.
    Hashing,
}

impl Site {
    /// The pages of these accounts, and what they leave to be done behind their answers.
    pub fn new(panel: &PanelConfig, accounts: Arc<Accounts>, gatehouse: Gatehouse) -> (Site, Errands) {
        let Gatehouse { hashing, mail_servers, refusal_delay, open_sessions } = gatehouse;
        let (desk, errands) = Errands::new(accounts.clone());
        let origin: Arc<str> = panel.public_url.as_str().into();
        let site = Site {
            accounts,
            servers: Servers::new(origin.clone(), &panel.servers),
            origin,
            webmail_url: panel.webmail_url.as_deref().map(Into::into),
            sign_on_url: panel.webmail_url.as_deref().filter(|_| panel.webmail_sign_on).map(Into::into),
            desk,
            letters: None,
            open_sessions,
            exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
            knows_addresses: panel.tls != PanelTls::None || panel.proxy_protocol,
            // Within what an answer may take.
            refusal_delay: refusal_delay.min(REQUEST_TIMEOUT / 2),
            mail_servers,
            hashing,
            lookups: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)),
            trials: Arc::new(Semaphore::new(TRIALS_AT_ONCE)),
        };
        (site, errands)
    }

    /// The same pages, which show mails before they go out.
    #[must_use]
    pub fn with_letters(self, letters: Arc<dyn Letters>) -> Site {
        Site { letters: Some(letters), ..self }
    }

    /// Runs something that blocks, in its turn.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: Work,
        question: impl FnOnce(&Accounts) -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<T, Problem> {
        match self.in_turn(work, question).await {
            Some(answer) => answer.map_err(Problem::of),
            None => Err(Problem::Internal),
        }
    }

    /// The same, whoever is to be told what went wrong; none where it could not be run.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        work: Work,
        question: impl FnOnce(&Accounts) -> T + Send + 'static,
    ) -> Option<T> {
        let turns = match work {
            Work::Lookup => &self.lookups,
            Work::Hashing => &self.hashing,
        };
        let turn = turns.clone().acquire_owned().await.ok()?;
        let accounts = self.accounts.clone();
        let asked = tokio::task::spawn_blocking(move || {
            // It goes on when nobody waits for it any more, and so does its turn.
            let _turn = turn;
            question(&accounts)
        });
        match asked.await {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::error!(%error, "a question of the panel was not answered");
                None
            }
        }
    }

    /// The same, where a rule may say no that the page has words for. Whoever has no right to look learns no more than that
    /// there is no such page.
    pub(super) async fn attempt<T: Send + 'static>(
        &self,
        work: Work,
        question: impl FnOnce(&Accounts) -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<Result<T, Rule>, Problem> {
        let judged = self.ask(work, move |accounts| match question(accounts) {
            Err(AccountsError::Refused(rule)) => Ok(Err(rule)),
            other => other.map(Ok),
        });
        match judged.await? {
            Err(Rule::NoRight { .. } | Rule::UnknownMailbox(_) | Rule::UnknownDelegate(_)) => Err(Problem::NotFound),
            judged => Ok(judged),
        }
    }

    /// The same, where no rule but that is expected to say no.
    pub(super) async fn look_up<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Accounts) -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.attempt(Work::Lookup, question).await?.map_err(|rule| Problem::of(rule.into()))
    }

    /// The turn of an owner's password to be with a mail server.
    pub(super) async fn trial_turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.trials.clone().acquire_owned().await.map_err(|_| Problem::Internal)
    }

    /// Whether a mail server lets an owner in, whose turn it is.
    pub(super) async fn lets_in(
        &self,
        upstream: String,
        credentials: Credentials,
        _turn: OwnedSemaphorePermit,
    ) -> Result<bool, Problem> {
        self.mail_servers.lets_in(upstream, credentials).await.ok_or(Problem::NoMailServer)
    }

    /// Whether the pages are only ever reached encrypted, or from this machine.
    pub(super) fn is_encrypted(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("origin", &self.origin).finish_non_exhaustive()
    }
}
