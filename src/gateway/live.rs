//! Who is in, and what has become of their permissions since (P9, D8, X2).
//!
//! The store's change marker is asked for five times a second, so that a change by any process binds within one second.
//! Only when it has moved is the standing of those who are in looked up. On the path of a command nothing touches the
//! store. If the store cannot be asked for [`PATIENCE`], nobody can be sure of still being allowed in, and all sessions
//! end.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::accounts::{AccountRef, Accounts, AccountsError, Standing};
use crate::domain::{Door, Grant, ListenerKind, Protocol};

/// How often the change marker is asked for.
const EVERY: Duration = Duration::from_millis(200);
/// How long the store may be out of reach before sessions end.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a session is told of its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// May stay, with this grant.
    In(Grant),
    /// Must go.
    Out,
}

/// The sessions that are open.
#[derive(Debug, Default)]
pub struct Live {
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    next: u64,
    open: HashMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    account: AccountRef,
    door: Door,
    sender: watch::Sender<Presence>,
}

/// A session's entry among those that are open, for as long as it lives.
#[derive(Debug)]
pub struct Registration {
    live: Arc<Live>,
    id: u64,
    /// Hears of changes.
    pub presence: watch::Receiver<Presence>,
}

impl Live {
    /// Enters a session. The caller then asks for its standing once more: a change in between is not told.
    pub fn register(self: &Arc<Self>, account: AccountRef, door: Door, grant: Grant) -> Registration {
        let (sender, presence) = watch::channel(Presence::In(grant));
        let mut sessions = self.lock();
        let id = sessions.next;
        sessions.next += 1;
        sessions.open.insert(id, Open { account, door, sender });
        Registration { live: self.clone(), id, presence }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the store's changes until `stop`, and tells `changed` of each before any session hears of it.
    pub async fn follow(
        self: Arc<Self>,
        accounts: Arc<Accounts>,
        changed: impl Fn() + Clone + Send + 'static,
        stop: CancellationToken,
    ) {
        let mut marker = None;
        let mut failing: Option<Instant> = None;
        loop {
            let (live, store, tell) = (self.clone(), accounts.clone(), changed.clone());
            let looked = tokio::task::spawn_blocking(move || -> Result<_, AccountsError> {
                let now = store.change_marker()?;
                if marker != Some(now) {
                    if marker.is_some() {
                        tell();
                    }
                    live.look_up(&store)?;
                }
                Ok(now)
            });
            // The task is never aborted: without a result it has panicked.
            let looked = looked.await.map_err(|error| error.to_string());
            match looked.and_then(|looked| looked.map_err(|error| error.to_string())) {
                Ok(now) => {
                    marker = Some(now);
                    failing = None;
                }
                Err(error) => {
                    if failing.is_none() {
                        tracing::error!(error, "changes of permissions cannot be read; trying again");
                    }
                    let since = *failing.get_or_insert_with(Instant::now);
                    if since.elapsed() >= PATIENCE {
                        tracing::error!(error, "changes of permissions cannot be read; all sessions end");
                        changed();
                        self.tell_all(|_, _| Presence::Out);
                        failing = Some(Instant::now());
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Looks up everybody's standing, and tells those for whom it has changed.
    fn look_up(&self, accounts: &Accounts) -> Result<(), AccountsError> {
        let mut who: Vec<(AccountRef, Door)> =
            self.lock().open.values().map(|open| (open.account, open.door)).collect();
        who.sort_by_key(|(account, door)| (*account, key(*door)));
        who.dedup();
        let mut standings = BTreeMap::new();
        for (account, door) in who {
            let presence = match accounts.standing(account, door)? {
                Standing::In(grant) => Presence::In(grant),
                Standing::Out(_) => Presence::Out,
            };
            standings.insert((account, key(door)), presence);
        }
        // Who came in meanwhile has asked for their standing themselves.
        self.tell_all(|account, door| standings.get(&(account, key(door))).copied());
        Ok(())
    }

    fn tell_all<P: Into<Option<Presence>>>(&self, presence: impl Fn(AccountRef, Door) -> P) {
        for open in self.lock().open.values() {
            if let Some(now) = presence(open.account, open.door).into() {
                open.sender.send_if_modified(|before| std::mem::replace(before, now) != now);
            }
        }
    }
}

fn key(door: Door) -> (Protocol, bool) {
    (door.protocol, door.kind == ListenerKind::Webmail)
}

impl Registration {
    /// Enters what the session was just found to be allowed, unless it was told otherwise meanwhile.
    pub fn set(&self, presence: Presence) {
        if let Some(open) = self.live.lock().open.get(&self.id) {
            open.sender.send_if_modified(|before| std::mem::replace(before, presence) != presence);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.live.lock().open.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MailboxId;
    use crate::domain::PasswordVersion;

    const DOOR: Door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };

    #[test]
    fn only_those_for_whom_something_changed_are_told() {
        let live = Arc::new(Live::default());
        let account = |n| AccountRef::Owner(MailboxId(n), PasswordVersion(0));
        let mut one = live.register(account(1), DOOR, Grant::OWNER);
        let mut two = live.register(account(2), DOOR, Grant::OWNER);
        live.tell_all(|who, _| if who == account(1) { Presence::Out } else { Presence::In(Grant::OWNER) });
        assert!(one.presence.has_changed().unwrap() && !two.presence.has_changed().unwrap());
        assert_eq!(*one.presence.borrow_and_update(), Presence::Out);
        assert_eq!(*two.presence.borrow_and_update(), Presence::In(Grant::OWNER));
    }

    #[test]
    fn nothing_is_remembered_of_those_who_left() {
        let live = Arc::new(Live::default());
        let one = live.register(AccountRef::Owner(MailboxId(1), PasswordVersion(0)), DOOR, Grant::OWNER);
        let two = live.register(AccountRef::Owner(MailboxId(1), PasswordVersion(0)), DOOR, Grant::OWNER);
        drop(one);
        assert_eq!(live.lock().open.len(), 1);
        drop(two);
        assert!(live.lock().open.is_empty());
    }
}
