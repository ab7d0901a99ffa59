//! Where a session's upstream connection comes from, and where it goes: a place in the mailbox's budget first, then one
//! that waits, or else a new one (G5, X4).

use std::sync::Arc;
use std::time::Duration;

use super::budget::Place;
use super::outbox::Pipe;
use super::probe::{self, Probed};
use super::warm::{Age, Opening, Ready};
use super::{Shared, StartError};
use crate::accounts::{AccountRef, Credentials, Tried};
use crate::config::{Endpoint, UpstreamConfig, WarmConfig};
use crate::domain::{AppPasswordId, Login, MailboxAddress, MailboxId, Protocol};
use crate::net::{Dialer, Stream};
use crate::session::UpstreamLogin;
use crate::session::imap::parked::Parked;

/// How one `[upstream.NAME]` is reached.
pub struct Upstream {
    pub(super) dialer: Dialer,
    pub(super) imap: Option<Endpoint>,
    pub(super) submission: Option<Endpoint>,
    pub(super) pop3: Option<Endpoint>,
    connections_per_mailbox: usize,
    warm: WarmConfig,
    copies: bool,
}

/// Who is let in, for the log and for the upstream.
#[derive(Clone)]
pub(super) struct Person {
    pub login: Login,
    pub account: AccountRef,
    /// The addresses that their mailbox sends from.
    pub addresses: Vec<MailboxAddress>,
    /// The `[upstream.NAME]` where the mailbox lives.
    pub upstream: String,
    /// What their upstream sessions are opened by.
    pub opening: Opening,
    /// Whether that is a password that they have typed, which is the upstream's to judge (L3).
    pub typed: bool,
    /// The password that they typed, while the upstream has not judged it (S5).
    pub tried: Option<Tried>,
    /// The app password that they came in with, if it was one.
    pub app_password: Option<AppPasswordId>,
}

/// What a person is given to reach their mailbox with.
pub(super) enum Obtained {
    /// A session that is logged in already.
    Warm(Box<Ready>),
    /// A place for a new connection.
    Place(Place, Age),
    /// Neither: the mailbox has as many as it may have.
    Full,
}

impl Upstream {
    /// The upstream of one `[upstream.NAME]`; each connection may take `timeout`.
    pub fn new(config: &UpstreamConfig, timeout: Duration) -> Result<Upstream, StartError> {
        let dialer = Dialer::new(config, timeout)
            .map_err(|source| StartError::Trust { upstream: config.name.clone(), source })?;
        Ok(Upstream {
            dialer,
            imap: config.imap.clone(),
            submission: config.submission.clone(),
            pop3: config.pop3.clone(),
            connections_per_mailbox: config.connections_per_mailbox,
            warm: config.warm,
            copies: config.copy_to_sent,
        })
    }

    /// Where that protocol is spoken.
    pub(super) fn endpoint(&self, protocol: Protocol) -> Option<&Endpoint> {
        match protocol {
            Protocol::Imap => self.imap.as_ref(),
            Protocol::Submission => self.submission.as_ref(),
            Protocol::Pop3 => self.pop3.as_ref(),
        }
    }
}

/// The session knows nothing of accounts: this is where the one becomes the other.
impl From<Credentials> for UpstreamLogin {
    fn from(credentials: Credentials) -> UpstreamLogin {
        let Credentials { authzid, authcid, password, typed } = credentials;
        UpstreamLogin { authzid, authcid, password, typed }
    }
}

impl Person {
    pub fn mailbox(&self) -> MailboxId {
        self.account.mailbox()
    }

    /// Whether sessions of others may serve this one, and the other way round: of all who are known here, and for whom the
    /// upstream is opened by what delega holds.
    fn shares(&self) -> bool {
        !self.typed
    }
}

impl Shared {
    /// What `person` reaches their mailbox with.
    pub(super) fn obtain(&self, person: &Person, protocol: Protocol) -> Obtained {
        let Some(upstream) = self.upstreams.get(&person.upstream) else { return Obtained::Full };
        let (mailbox, limit) = (person.mailbox(), upstream.connections_per_mailbox);
        // Others are neither handed on nor counted with IMAP's: providers bound each protocol by itself.
        let budget = self.budgets.get(&protocol).unwrap_or(&self.budget);
        if protocol == Protocol::Imap
            && person.shares()
            && let Some(mut ready) = self.warm.take(person.opening).and_then(Ready::moved_here)
            && ready.place.hand_over(Some(person.account), limit)
        {
            return Obtained::Warm(Box::new(ready));
        }
        loop {
            let age = self.warm.age();
            let place = match person.typed {
                false => budget.place(mailbox, Some(person.account), limit),
                true => budget.unproven(mailbox, person.account, limit),
            };
            if let Some(place) = place {
                return Obtained::Place(place, age);
            }
            // Those that wait go first.
            if protocol != Protocol::Imap || !self.warm.give_way(mailbox) {
                return Obtained::Full;
            }
        }
    }

    /// A place for the connection by which the upstream judges the password of somebody who says that they are the owner.
    /// Sessions that wait give way.
    pub(super) fn place_unproven(&self, account: AccountRef, upstream: &Upstream) -> Option<Place> {
        loop {
            let place = self.budget.unproven(account.mailbox(), account, upstream.connections_per_mailbox);
            if place.is_some() || !self.warm.give_way(account.mailbox()) {
                return place;
            }
        }
    }

    /// A place for the connection that puts a copy of a sent message into its folder (X13). Sessions that wait give way.
    pub(super) fn place_for_copy(&self, mailbox: MailboxId, upstream: &Upstream) -> Option<Place> {
        loop {
            if let Some(place) = self.budget.place_for_moments(mailbox, upstream.connections_per_mailbox) {
                return Some(place);
            }
            if !self.warm.give_way(mailbox) {
                return None;
            }
        }
    }

    /// Whether connections to that upstream may wait for the next login.
    pub(super) fn keeps_warm(&self, upstream: &str) -> bool {
        self.upstreams.get(upstream).is_some_and(|upstream| upstream.warm.sessions > 0)
    }

    /// Lets a connection wait for the next delegate, once it has left its folder.
    pub(super) fn park(
        &self,
        person: &Person,
        farewell: Pipe,
        stream: Stream,
        mut place: Place,
        age: Age,
        parked: Parked,
    ) {
        let Some(upstream) = self.upstreams.get(&person.upstream) else { return };
        if upstream.warm.sessions > 0
            && person.shares()
            && place.hand_over(None, upstream.connections_per_mailbox)
            && let Some(way) = self.warm.leave(person.mailbox(), place, age)
        {
            tokio::spawn(way.park(upstream.warm, person.opening, farewell, stream, parked));
        }
    }

    /// Opens a session ahead of demand, for a mailbox in use that has none waiting.
    pub(super) fn fill(self: &Arc<Self>, person: &Person) {
        let Some(upstream) = self.upstreams.get(&person.upstream) else { return };
        if upstream.warm.sessions == 0 || !person.shares() {
            return;
        }
        let (mailbox, limit) = (person.mailbox(), upstream.connections_per_mailbox);
        let Some(way) = self.warm.fill(mailbox, || self.budget.place(mailbox, None, limit)) else { return };
        let (shared, person) = (self.clone(), person.clone());
        tokio::spawn(async move {
            let Some(opened) = way.unless_given_up(shared.open_ahead(&person)).await.flatten() else {
                // Nobody waits for it; whoever logs in next is told what is wrong.
                return tracing::debug!(login = %person.login, "no session ahead of demand");
            };
            let (stream, parked) = *opened;
            if let Some(upstream) = shared.upstreams.get(&person.upstream) {
                way.park(upstream.warm, person.opening, Pipe::default(), stream, parked).await;
            }
        });
    }

    /// Logs in upstream as the person's own session did; not where the credentials have changed since.
    async fn open_ahead(&self, person: &Person) -> Option<Box<(Stream, Parked)>> {
        let upstream = self.upstreams.get(&person.upstream)?;
        let (accounts, address) = (self.accounts.clone(), person.login.mailbox().clone());
        let read = tokio::task::spawn_blocking(move || accounts.credentials_of(&address));
        let credentials = read.await.ok()?.ok()?;
        if self.warm.opening(person.mailbox(), &person.upstream, &credentials) != person.opening {
            return None;
        }
        match probe::log_in(upstream, credentials.into(), self.limits.upstream_timeout).await {
            Probed::LoggedIn(opened) => Some(opened),
            Probed::Refused | Probed::Failed(_) => None,
        }
    }

    /// How many upstream connections the person's mailbox has.
    pub(super) fn connections(&self, person: &Person, protocol: Protocol) -> usize {
        self.budgets.get(&protocol).unwrap_or(&self.budget).total(person.mailbox())
    }

    /// Whether delega puts what is sent there into Sent (X13).
    pub(super) fn keeps_copies(&self, upstream: &str) -> bool {
        self.upstreams.get(upstream).is_some_and(|upstream| upstream.copies)
    }
}
