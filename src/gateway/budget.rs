//! How many upstream connections a mailbox may have, and who may have them (X4).
//!
//! Providers allow ten to twenty for each mailbox. A mail program takes five; so that one person's programs do not lock
//! the others out, a quarter of the places is kept for people who have none yet: whoever has one gets a further one only
//! while that quarter stays free.
//!
//! Whoever knows a mailbox's address can try to log in as its owner, and only the upstream can say whether they are. Until
//! it has, their connection is in the way of owners alone: strangers take no delegate's place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::accounts::AccountRef;
use crate::domain::MailboxId;

/// The upstream connections of all mailboxes.
#[derive(Debug, Default)]
pub struct Budget {
    mailboxes: Mutex<HashMap<MailboxId, Held>>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    /// How many each person has; connections that wait for somebody are nobody's.
    by: HashMap<AccountRef, usize>,
    /// Beside these, those of which it is not known yet whether their owner is one.
    unproven: usize,
}

/// The place of one upstream connection. Dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    budget: Arc<Budget>,
    mailbox: MailboxId,
    person: Option<AccountRef>,
    /// Whether the upstream has yet to say that they are who they say.
    unproven: bool,
}

/// Whether somebody who has `held` of the `total` connections in use may have one more. No `limit` is 0.
fn admits(limit: usize, total: usize, held: usize) -> bool {
    let kept_free = if held == 0 { 0 } else { limit / 4 };
    limit == 0 || total + 1 + kept_free <= limit
}

impl Budget {
    /// A place for a person, or for a connection that nobody has yet, if there is one.
    pub fn place(self: &Arc<Self>, mailbox: MailboxId, person: Option<AccountRef>, limit: usize) -> Option<Place> {
        // What nobody has asked for yet must not take what is kept for those who will.
        self.take(mailbox, person, limit, |held| person.map_or(1, |person| held.by.get(&person).copied().unwrap_or(0)))
    }

    /// A place for a connection of nobody's that is there for moments, of which a mailbox has one at a time. It may be of
    /// what is kept for people who have none yet: mail programs that stay all day would leave it no other.
    pub fn place_for_moments(self: &Arc<Self>, mailbox: MailboxId, limit: usize) -> Option<Place> {
        self.take(mailbox, None, limit, |_| 0)
    }

    fn take(
        self: &Arc<Self>,
        mailbox: MailboxId,
        person: Option<AccountRef>,
        limit: usize,
        own: impl FnOnce(&Held) -> usize,
    ) -> Option<Place> {
        let mut mailboxes = self.lock();
        let held = mailboxes.entry(mailbox).or_default();
        if !admits(limit, held.total, own(held)) {
            return None;
        }
        held.total += 1;
        if let Some(person) = person {
            *held.by.entry(person).or_default() += 1;
        }
        Some(Place { budget: self.clone(), mailbox, person, unproven: false })
    }

    /// A place for somebody who says that they are the owner, where an owner could have one.
    pub fn unproven(self: &Arc<Self>, mailbox: MailboxId, person: AccountRef, limit: usize) -> Option<Place> {
        let mut mailboxes = self.lock();
        let held = mailboxes.entry(mailbox).or_default();
        let own = held.by.get(&person).copied().unwrap_or(0) + held.unproven;
        if !admits(limit, held.total + held.unproven, own) {
            held.is_empty().then(|| mailboxes.remove(&mailbox));
            return None;
        }
        held.unproven += 1;
        Some(Place { budget: self.clone(), mailbox, person: Some(person), unproven: true })
    }

    /// How many connections a mailbox has.
    pub fn total(&self, mailbox: MailboxId) -> usize {
        self.lock().get(&mailbox).map_or(0, |held| held.total)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<MailboxId, Held>> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The upstream has let them in. From now on the place counts, even if somebody else took the last one meanwhile.
    pub fn prove(&mut self) {
        if std::mem::take(&mut self.unproven)
            && let Some(held) = self.budget.lock().get_mut(&self.mailbox)
        {
            held.unproven -= 1;
            held.total += 1;
            if let Some(person) = self.person {
                *held.by.entry(person).or_default() += 1;
            }
        }
    }

    /// Hands the place to somebody else, or to nobody; false where that person has too many already.
    pub fn hand_over(&mut self, person: Option<AccountRef>, limit: usize) -> bool {
        let mut mailboxes = self.budget.lock();
        let Some(held) = mailboxes.get_mut(&self.mailbox) else { return false };
        if let Some(person) = person {
            let own = held.by.get(&person).copied().unwrap_or(0);
            if !admits(limit, held.total - 1, own) {
                return false;
            }
            *held.by.entry(person).or_default() += 1;
        }
        held.release(self.person);
        self.person = person;
        true
    }
}

impl Held {
    fn is_empty(&self) -> bool {
        self.total == 0 && self.unproven == 0
    }

    fn release(&mut self, person: Option<AccountRef>) {
        if let Some(person) = person
            && let Some(own) = self.by.get_mut(&person)
        {
            *own -= 1;
            if *own == 0 {
                self.by.remove(&person);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut mailboxes = self.budget.lock();
        if let Some(held) = mailboxes.get_mut(&self.mailbox) {
            if self.unproven {
                held.unproven -= 1;
            } else {
                held.release(self.person);
                held.total -= 1;
            }
            if held.is_empty() {
                mailboxes.remove(&self.mailbox);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DelegateId, PasswordVersion};

    const MAILBOX: MailboxId = MailboxId(1);

    fn person(n: i64) -> Option<AccountRef> {
        Some(AccountRef::Delegate(MAILBOX, DelegateId(n), PasswordVersion(0)))
    }

    #[test]
    fn x4_one_person_cannot_lock_the_others_out() {
        let budget = Arc::new(Budget::default());
        let mut places: Vec<Place> = Vec::new();
        while let Some(place) = budget.place(MAILBOX, person(1), 10) {
            places.push(place);
        }
        assert_eq!(places.len(), 8, "a quarter of ten is kept free");
        places.push(budget.place(MAILBOX, person(2), 10).unwrap());
        assert!(budget.place(MAILBOX, person(2), 10).is_none(), "a second one would be of the quarter");
        places.push(budget.place(MAILBOX, person(3), 10).unwrap());
        assert!(budget.place(MAILBOX, person(4), 10).is_none());
        assert_eq!(budget.total(MAILBOX), 10);
        assert!(budget.place(MailboxId(2), person(1), 10).is_some(), "another mailbox has its own");
        places.clear();
        assert!(budget.lock().is_empty(), "nothing is remembered of those who left");
    }

    #[test]
    fn what_is_there_for_moments_finds_a_place_beside_programs_that_stay() {
        let budget = Arc::new(Budget::default());
        let mut places: Vec<Place> = Vec::new();
        while let Some(place) = budget.place(MAILBOX, person(1), 10) {
            places.push(place);
        }
        assert!(budget.place(MAILBOX, None, 10).is_none());
        places.push(budget.place_for_moments(MAILBOX, 10).unwrap());
        places.push(budget.place(MAILBOX, person(2), 10).unwrap());
        assert!(budget.place_for_moments(MAILBOX, 10).is_none(), "never more than there may be");
    }

    #[test]
    fn whoever_only_says_to_be_the_owner_takes_no_delegates_place() {
        let budget = Arc::new(Budget::default());
        let owner = AccountRef::Owner(MAILBOX, PasswordVersion(0));
        let mut knocking = Vec::new();
        while let Some(place) = budget.unproven(MAILBOX, owner, 10) {
            knocking.push(place);
        }
        assert_eq!(knocking.len(), 8, "among themselves they keep to the same rule");
        assert_eq!(budget.total(MAILBOX), 0);
        let delegate = budget.place(MAILBOX, person(1), 10).unwrap();
        let mut proven = knocking.pop().unwrap();
        proven.prove();
        proven.prove();
        assert_eq!(budget.total(MAILBOX), 2, "one that was let in counts, once");
        knocking.clear();
        drop((proven, delegate));
        assert!(budget.lock().is_empty(), "nothing is remembered of those who left");
    }

    #[test]
    fn without_a_limit_everybody_is_let_in() {
        let budget = Arc::new(Budget::default());
        let places: Vec<_> = (0..100).map(|_| budget.place(MAILBOX, person(1), 0).unwrap()).collect();
        assert_eq!(places.len(), 100);
        let one = Arc::new(Budget::default());
        let _place = one.place(MAILBOX, person(1), 1).unwrap();
        assert!(one.place(MAILBOX, person(2), 1).is_none());
    }

    #[test]
    fn a_place_is_handed_over_under_the_same_rule() {
        let budget = Arc::new(Budget::default());
        let mut first = budget.place(MAILBOX, person(1), 4).unwrap();
        assert!(first.hand_over(None, 4));
        let _second = budget.place(MAILBOX, person(2), 4).unwrap();
        let _third = budget.place(MAILBOX, person(2), 4).unwrap();
        assert!(budget.place(MAILBOX, None, 4).is_none(), "the last is kept free");
        assert!(first.hand_over(person(2), 4), "it is in use already");
        assert!(first.hand_over(person(1), 4));
        drop(first);
        assert_eq!(budget.total(MAILBOX), 2);
    }
}
