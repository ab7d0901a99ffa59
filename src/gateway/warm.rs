//! Upstream sessions that are logged in and wait for the next delegate of the same mailbox (X4).
//!
//! They come from delegates who logged out, and are opened ahead of demand for mailboxes in use. Never one that an owner
//! opened with a typed password, never one in which something stays behind of who had it ([`Parked`]), never for another
//! mailbox, and never for somebody who would log in with other credentials, or elsewhere ([`Opening`]). Each is looked at
//! every second and again before use; when anything in the store changes, all are closed.
//!
//! One that is still on its way (leaving its folder, or logging in) holds a place in the mailbox's budget, too, and gives
//! way to people as those that wait do.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::budget::Place;
use super::outbox::Pipe;
use crate::accounts::Credentials;
use crate::config::WarmConfig;
use crate::domain::MailboxId;
use crate::net::Stream;
use crate::session::imap::parked::Parked;

/// How often those that wait are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long an upstream may take to leave a folder.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many wait at most, of all mailboxes together: they hold file descriptors that nobody has asked for.
const ALL: usize = 256;

/// Everything that waits.
#[derive(Debug, Default)]
pub struct Warm {
    waiting: Mutex<Waiting>,
    /// Makes openings that nobody outside can make.
    key: RandomState,
}

#[derive(Debug, Default)]
struct Waiting {
    mailboxes: HashMap<MailboxId, Sessions>,
    /// Counts the times that all were closed: what was under way then comes too late.
    age: u64,
    next: u64,
}

#[derive(Debug, Default)]
struct Sessions {
    ready: Vec<Ready>,
    coming: Vec<Coming>,
}

/// One session that waits.
#[derive(Debug)]
pub struct Ready {
    /// The connection.
    pub stream: Stream,
    /// Its place in the mailbox's budget.
    pub place: Place,
    /// What is known of its state.
    pub parked: Parked,
    /// When it was opened.
    pub age: Age,
    opening: Opening,
    until: Option<Instant>,
}

/// One that is on its way.
#[derive(Debug)]
struct Coming {
    id: u64,
    place: Place,
    /// Whether it is being opened ahead of demand.
    ahead: bool,
    _given_up: DropGuard,
}

/// Where, for whom and with what a session was opened. Of the credentials only a keyed hash is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    mailbox: MailboxId,
    by: u64,
}

/// When something set out to become a session that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age(u64);

/// What sets out to become a session that waits. Without it nothing does; it may be told to give up.
#[derive(Debug)]
pub struct Way {
    warm: Arc<Warm>,
    mailbox: MailboxId,
    id: u64,
    age: Age,
    given_up: CancellationToken,
}

impl Drop for Way {
    fn drop(&mut self) {
        drop(self.warm.lock().arrived(self.mailbox, self.id));
    }
}

impl Warm {
    /// What a session is opened by.
    pub fn opening(&self, mailbox: MailboxId, upstream: &str, credentials: &Credentials) -> Opening {
        let Credentials { authzid, authcid, password, typed } = credentials;
        let by = self.key.hash_one((upstream, authzid, authcid, password.expose_secret(), typed));
        Opening { mailbox, by }
    }

    /// To be asked for before the upstream session is opened, or while it is in use.
    pub fn age(&self) -> Age {
        Age(self.lock().age)
    }

    /// A session opened so that is good, the freshest first.
    pub fn take(&self, opening: Opening) -> Option<Ready> {
        let mut waiting = self.lock();
        let sessions = waiting.mailboxes.get_mut(&opening.mailbox)?;
        while let Some(mut candidate) = sessions.ready.pop() {
            if candidate.opening == opening && candidate.is_good(Instant::now()) {
                return Some(candidate);
            }
        }
        None
    }

    /// Closes one of the mailbox's, so that a person can have its place; false where there is none.
    pub fn give_way(&self, mailbox: MailboxId) -> bool {
        let mut waiting = self.lock();
        let Some(sessions) = waiting.mailboxes.get_mut(&mailbox) else { return false };
        if sessions.ready.is_empty() {
            sessions.coming.pop().is_some()
        } else {
            sessions.ready.remove(0).retire();
            true
        }
    }

    /// Begins the way of a session that somebody has left; none where all were closed since it was opened.
    pub fn leave(self: &Arc<Self>, mailbox: MailboxId, place: Place, age: Age) -> Option<Way> {
        let mut waiting = self.lock();
        (Age(waiting.age) == age).then(|| self.begin(&mut waiting, mailbox, place, false))
    }

    /// Begins the way of a session ahead of demand, for a mailbox that has none waiting, and for which none is being
    /// opened.
    pub fn fill(self: &Arc<Self>, mailbox: MailboxId, place: impl FnOnce() -> Option<Place>) -> Option<Way> {
        let mut waiting = self.lock();
        let has_some = waiting.mailboxes.get(&mailbox).is_some_and(Sessions::has_some);
        if has_some || waiting.ready() >= ALL {
            return None;
        }
        let place = place()?;
        Some(self.begin(&mut waiting, mailbox, place, true))
    }

    fn begin(self: &Arc<Self>, waiting: &mut Waiting, mailbox: MailboxId, place: Place, ahead: bool) -> Way {
        let given_up = CancellationToken::new();
        let id = waiting.next;
        waiting.next += 1;
        let coming = Coming { id, place, ahead, _given_up: given_up.clone().drop_guard() };
        waiting.mailboxes.entry(mailbox).or_default().coming.push(coming);
        Way { warm: self.clone(), mailbox, id, age: Age(waiting.age), given_up }
    }

    /// Closes all: what opened them may be no longer good.
    pub fn close_all(&self) {
        let mut waiting = self.lock();
        waiting.age += 1;
        waiting.mailboxes.drain().flat_map(|(_, sessions)| sessions.ready).for_each(Ready::retire);
    }

    /// Closes those that have waited long enough or are no longer good, until `stop`.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(EVERY) => {}
            }
            let now = Instant::now();
            let mut waiting = self.lock();
            for sessions in waiting.mailboxes.values_mut() {
                sessions.ready.extract_if(.., |ready| !ready.is_good(now)).for_each(Ready::retire);
            }
            waiting.mailboxes.retain(|_, sessions| !sessions.ready.is_empty() || !sessions.coming.is_empty());
        }
        self.close_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    /// Does what is on the way, unless it has to be given up.
    pub async fn unless_given_up<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.given_up.cancelled() => None,
            done = work => Some(done),
        }
    }

    /// Sends what is left to be sent, waits for the session to be ready, and lets it wait for the next delegate.
    pub async fn park(
        self,
        config: WarmConfig,
        opening: Opening,
        mut farewell: Pipe,
        mut stream: Stream,
        mut parked: Parked,
    ) {
        let settled = tokio::time::timeout(PATIENCE, async {
            std::future::poll_fn(|cx| farewell.poll_write(&mut stream, cx, &mut false)).await.ok()?;
            while !parked.is_ready() {
                let mut told = Ok(());
                let read = std::future::poll_fn(|cx| {
                    stream.poll_take(cx, &mut |bytes| {
                        if told.is_ok() {
                            told = parked.upstream(bytes);
                        }
                    })
                });
                if read.await.ok()? == 0 {
                    return None;
                }
                told.ok()?;
            }
            Some(())
        });
        if !matches!(self.unless_given_up(settled).await, Some(Ok(Some(())))) {
            return;
        }
        let mut waiting = self.warm.lock();
        let all = waiting.ready();
        // Given up at the last moment, it has no place any more.
        let Some(Coming { place, .. }) = waiting.arrived(self.mailbox, self.id) else { return };
        let until = Instant::now().checked_add(config.wait);
        let ready = Ready { stream, place, parked, age: self.age, opening, until };
        let others = &mut waiting.mailboxes.entry(self.mailbox).or_default().ready;
        if others.len() < config.sessions && all < ALL {
            others.push(ready);
        }
    }
}

impl Waiting {
    fn arrived(&mut self, mailbox: MailboxId, id: u64) -> Option<Coming> {
        let coming = &mut self.mailboxes.get_mut(&mailbox)?.coming;
        let at = coming.iter().position(|coming| coming.id == id)?;
        Some(coming.swap_remove(at))
    }

    fn ready(&self) -> usize {
        self.mailboxes.values().map(|sessions| sessions.ready.len()).sum()
    }
}

impl Sessions {
    fn has_some(&self) -> bool {
        !self.ready.is_empty() || self.coming.iter().any(|coming| coming.ahead)
    }
}

impl Ready {
    /// For the thread of who takes it; none where the system does not let it.
    pub fn moved_here(self) -> Option<Ready> {
        let stream = self.stream.moved_here().ok()?;
        Some(Ready { stream, ..self })
    }

    /// Whether the upstream has neither closed nor said anything, and the time is not over. Who waits in the
    /// authenticated state is told nothing, but that the upstream closes.
    fn is_good(&mut self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until) && self.stream.is_quiet()
    }

    /// Gives its place to others at once, and takes leave of the upstream.
    fn retire(self) {
        let Ready { mut stream, parked, place, .. } = self;
        drop(place);
        tokio::spawn(async move {
            let told = async {
                stream.write_all(parked.farewell()).await?;
                stream.flush().await
            };
            if matches!(tokio::time::timeout(crate::net::CLOSE_TIMEOUT, told).await, Ok(Ok(()))) {
                stream.close().await;
            }
        });
    }
}

#[cfg(test)]
#[path = "warm_tests.rs"]
mod tests;
