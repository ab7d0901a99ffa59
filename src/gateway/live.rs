//! Who is in, and what has become of their permissions since (P9, D8, X2); and whose session somebody ends (X16).
//!
//! What is known here are the sessions of this process. Where several serve one store, each knows its own: a change binds
//! them all, and who is at work now is seen of one.
//!
//! The store's change marker is asked for five times a second, so that a change by any process binds within one second.
//! Only when it has moved is the standing of those who are in looked up. On the path of a command nothing touches the
//! store. If the store cannot be asked for [`PATIENCE`], nobody can be sure of still being allowed in, and all sessions
//! end.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::accounts::{AccountRef, Accounts, AccountsError, OpenSession, OpenSessions, SessionKey, Standing};
use crate::domain::{Door, Grant, ListenerKind, Login, MailboxId, Protocol};

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
    /// Must go, since somebody ended this session, whatever becomes of the person.
    Dismissed,
}

/// Who comes, from where and when, and what their program says of itself as soon as it does.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub account: AccountRef,
    pub login: Login,
    pub door: Door,
    pub address: IpAddr,
    pub program: Arc<OnceLock<String>>,
    /// Milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
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
    who: Arrived,
    /// None where the system has no random numbers: such a session is ended by nobody.
    key: Option<SessionKey>,
    /// Whether the mail server has let them in, too: until then an owner is somebody who says so (L3).
    entered: bool,
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
    pub fn register(self: &Arc<Self>, who: Arrived, grant: Grant) -> Registration {
        let (sender, presence) = watch::channel(Presence::In(grant));
        let mut key = [0; 16];
        let key = getrandom::fill(&mut key).is_ok().then_some(SessionKey(key));
        let mut sessions = self.lock();
        let id = sessions.next;
        sessions.next += 1;
        sessions.open.insert(id, Open { who, key, entered: false, sender });
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
            self.lock().open.values().map(|open| (open.who.account, open.who.door)).collect();
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
            if let Some(now) = presence(open.who.account, open.who.door).into() {
                open.tell(now);
            }
        }
    }
}

impl Open {
    /// Whoever was sent away is not called back.
    fn tell(&self, now: Presence) {
        self.sender.send_if_modified(|before| *before != Presence::Dismissed && std::mem::replace(before, now) != now);
    }

    fn is_at_work(&self) -> bool {
        self.entered && matches!(*self.sender.borrow(), Presence::In(_))
    }
}

impl OpenSessions for Live {
    fn of(&self, mailbox: MailboxId) -> Vec<OpenSession> {
        let sessions = self.lock();
        let theirs = sessions.open.values().filter(|open| open.who.account.mailbox() == mailbox && open.is_at_work());
        let shown = theirs.filter_map(|open| {
            let Arrived { account, login, door, address, program, at_ms } = open.who.clone();
            let (key, program) = (open.key.clone()?, program.get().cloned());
            Some(OpenSession { key, account, login, address, door, program, since_ms: at_ms })
        });
        shown.collect()
    }

    fn end(&self, key: &SessionKey) -> bool {
        let sessions = self.lock();
        let found = sessions.open.values().find(|open| open.key.as_ref() == Some(key) && open.is_at_work());
        found.inspect(|open| open.tell(Presence::Dismissed)).is_some()
    }
}

fn key(door: Door) -> (Protocol, bool) {
    (door.protocol, door.kind == ListenerKind::Webmail)
}

impl Registration {
    /// Enters what the session was just found to be allowed, unless it was told otherwise meanwhile.
    pub fn set(&self, presence: Presence) {
        if let Some(open) = self.live.lock().open.get(&self.id) {
            open.tell(presence);
        }
    }

    /// They are in, as far as the mail server.
    pub fn entered(&self) {
        if let Some(open) = self.live.lock().open.get_mut(&self.id) {
            open.entered = true;
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
    use crate::domain::PasswordVersion;

    const DOOR: Door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };

    fn owner(mailbox: i64) -> Arrived {
        Arrived {
            account: AccountRef::Owner(MailboxId(mailbox), PasswordVersion(0)),
            login: "ufficio@pec.example.it".parse().unwrap(),
            door: DOOR,
            address: IpAddr::from([192, 0, 2, 7]),
            program: Arc::default(),
            at_ms: 1,
        }
    }

    #[test]
    fn only_those_for_whom_something_changed_are_told() {
        let live = Arc::new(Live::default());
        let mut one = live.register(owner(1), Grant::OWNER);
        let mut two = live.register(owner(2), Grant::OWNER);
        let first = owner(1).account;
        live.tell_all(|who, _| if who == first { Presence::Out } else { Presence::In(Grant::OWNER) });
        assert!(one.presence.has_changed().unwrap() && !two.presence.has_changed().unwrap());
        assert_eq!(*one.presence.borrow_and_update(), Presence::Out);
        assert_eq!(*two.presence.borrow_and_update(), Presence::In(Grant::OWNER));
    }

    #[test]
    fn nothing_is_remembered_of_those_who_left() {
        let live = Arc::new(Live::default());
        let one = live.register(owner(1), Grant::OWNER);
        let two = live.register(owner(1), Grant::OWNER);
        drop(one);
        assert_eq!(live.lock().open.len(), 1);
        drop(two);
        assert!(live.lock().open.is_empty());
    }

    #[test]
    fn x16_who_has_entered_is_seen_and_is_sent_away_once_and_for_good() {
        let live = Arc::new(Live::default());
        let one = live.register(owner(1), Grant::OWNER);
        let two = live.register(owner(1), Grant::OWNER);
        assert_eq!(live.of(MailboxId(1)), [], "they say so, and nobody knows yet");
        one.entered();
        two.entered();
        one.live.lock().open[&one.id].who.program.set("Thunderbird 140".to_owned()).unwrap();
        let seen = live.of(MailboxId(1));
        assert_eq!((seen.len(), live.of(MailboxId(2)).len()), (2, 0));
        let first = seen.iter().find(|session| session.program.is_some()).unwrap();
        assert_eq!((first.account, first.since_ms), (owner(1).account, 1));
        assert!(live.end(&first.key) && !live.end(&first.key));
        live.tell_all(|_, _| Presence::In(Grant::OWNER));
        assert_eq!(*one.presence.borrow(), Presence::Dismissed);
        assert_eq!(*two.presence.borrow(), Presence::In(Grant::OWNER));
        assert_eq!(live.of(MailboxId(1)).len(), 1);
        drop(two);
        assert!(!live.end(&seen.iter().find(|session| session.program.is_none()).unwrap().key));
    }
}
