//! Upstream sessions that are logged in and wait for the next delegate of the same mailbox (X4).
//!
//! They come from delegates who logged out, and are opened ahead of demand for mailboxes in use. Never one that an owner
//! opened with a typed password, never one in which something stays behind of who had it ([`Parked`]), never for another
//! mailbox. Each is looked at every second and again before use; when anything in the store changes, all are closed,
//! since the change may be of the password that opened them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::budget::Place;
use super::outbox::Pipe;
use crate::config::WarmConfig;
use crate::domain::MailboxId;
use crate::net::Stream;
use crate::session::imap::parked::Parked;

/// How often those that wait are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long an upstream may take to leave a folder.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that waits.
#[derive(Debug, Default)]
pub struct Warm {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    mailboxes: HashMap<MailboxId, Vec<Ready>>,
    /// Mailboxes for which one is being opened ahead of demand.
    filling: HashSet<MailboxId>,
    /// Counts the times that all were closed: what was under way then comes too late.
    age: u64,
}

/// Somebody opens a session ahead of demand; nobody else need do so for that mailbox meanwhile.
#[derive(Debug)]
pub struct Filling {
    warm: Arc<Warm>,
    mailbox: MailboxId,
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.warm.lock().filling.remove(&self.mailbox);
    }
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
    until: Instant,
}

/// When something set out to become a session that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age(u64);

impl Warm {
    /// To be asked for before the upstream session is opened, or while it is in use.
    pub fn age(&self) -> Age {
        Age(self.lock().age)
    }

    /// A session of this mailbox that is good, the freshest first.
    pub fn take(&self, mailbox: MailboxId) -> Option<Ready> {
        let mut waiting = self.lock();
        let ready = waiting.mailboxes.get_mut(&mailbox)?;
        while let Some(mut candidate) = ready.pop() {
            if candidate.is_good(Instant::now()) {
                return Some(candidate);
            }
        }
        None
    }

    /// For a mailbox that has none waiting, and for which none is being opened.
    pub fn fill(self: &Arc<Self>, mailbox: MailboxId) -> Option<Filling> {
        let mut waiting = self.lock();
        let has_some = waiting.mailboxes.get(&mailbox).is_some_and(|ready| !ready.is_empty());
        (!has_some && waiting.filling.insert(mailbox)).then(|| Filling { warm: self.clone(), mailbox })
    }

    /// Sends what is left to be sent, waits for the session to be ready, and lets it wait for the next delegate.
    pub async fn park(
        self: Arc<Self>,
        config: WarmConfig,
        age: Age,
        mut farewell: Pipe,
        mut stream: Stream,
        (mailbox, place): (MailboxId, Place),
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
        if settled.await != Ok(Some(())) {
            return;
        }
        let ready = Ready { stream, place, parked, age, until: Instant::now() + config.wait };
        let mut waiting = self.lock();
        if Age(waiting.age) != age {
            return;
        }
        let others = waiting.mailboxes.entry(mailbox).or_default();
        if others.len() < config.sessions {
            others.push(ready);
        }
    }

    /// Closes all: what opened them may be no longer good.
    pub fn close_all(&self) {
        let mut waiting = self.lock();
        waiting.age += 1;
        waiting.mailboxes.clear();
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
            for ready in waiting.mailboxes.values_mut() {
                ready.retain_mut(|ready| ready.is_good(now));
            }
            waiting.mailboxes.retain(|_, ready| !ready.is_empty());
        }
        self.close_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ready {
    /// Whether the upstream has neither closed nor said anything, and the time is not over.
    fn is_good(&mut self, now: Instant) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        // Who waits in the authenticated state is told nothing, but that the upstream closes.
        self.stream.poll_take(&mut context, &mut |_| {}).is_pending() && now < self.until
    }
}
