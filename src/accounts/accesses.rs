//! The access history (S4): noted by the gateway after the fact, so that nobody waits for it, and read by `delega log
//! access`.
//!
//! Untrusted are the login that was typed and what the program said of itself. Only accesses to accounts that are there are
//! noted: strangers cannot fill the store with names of their own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use super::oversight::narrowed;
use super::record_sending::{cut, up_to};
use super::{Accounts, AccountsError, Actor};
use crate::domain::access::ACCESS_APART_MS;
use crate::domain::oversight::Record;
use crate::domain::{
    Access, AccessFilter, AccessRecord, AccountId, AppPasswordId, DelegateId, Door, LastUse, Login, Mailbox, Visitor,
    Way,
};
use crate::store::{self, Reads, Times, Writes};

/// Somebody who came in or was not let in, as the gateway knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// Who they said they are.
    pub login: Login,
    /// Where they came from.
    pub address: IpAddr,
    /// Where they came in.
    pub door: Door,
    /// What their program said of itself.
    pub program: Option<String>,
    /// Why they were not let in; none is that they were.
    pub refusal: Option<String>,
    /// The app password that they came in with, if it was one.
    pub app_password: Option<AppPasswordId>,
    /// Whether the mail server was entered with what delega holds.
    pub by_stored: bool,
    /// When: milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
}

/// What the history was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accesses {
    /// The latest first.
    pub rows: Vec<AccessRecord>,
    /// Whether there are older ones beyond those asked for.
    pub more: bool,
}

impl Accounts {
    /// Notes accesses, all in one transaction. Those that differ in nothing but the time are written once: a mail program
    /// comes in several times at once, and a web mail at each click.
    pub fn note_accesses(&self, entries: &[AccessEntry]) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let mut known = HashMap::new();
            let mut alike: Vec<(Access, Times)> = Vec::new();
            let mut used = HashMap::new();
            for AccessEntry { login, address, door, program, refusal, app_password, by_stored, at_ms } in entries {
                let visitor = match known.entry(login) {
                    Entry::Occupied(found) => found.into_mut(),
                    Entry::Vacant(unseen) => unseen.insert(find(writes, login)?),
                };
                let Some((mailbox, delegate)) = visitor else { continue };
                if *by_stored && refusal.is_none() {
                    Accounts::password_taken(writes, mailbox)?;
                    mailbox.password_refused_at_secs = None;
                }
                let access = Access {
                    visitor: Visitor::Mailbox { mailbox: mailbox.id, login: login.clone(), delegate: *delegate },
                    // One address, however it was written.
                    address: address.to_canonical(),
                    way: Way::Mail(*door),
                    program: program.clone().map(cut),
                    refusal: refusal.clone().map(cut),
                };
                if let Some(id) = app_password {
                    let (address, program) = (access.address, access.program.clone());
                    used.insert(*id, LastUse { at_ms: *at_ms, address, program });
                }
                let since_ms = at_ms.saturating_sub(ACCESS_APART_MS);
                let like_it = |(other, times): &&mut (Access, Times)| *other == access && times.last_at_ms >= since_ms;
                match alike.iter_mut().rev().find(like_it) {
                    Some((_, times)) => {
                        times.last_at_ms = times.last_at_ms.max(*at_ms);
                        times.count = times.count.saturating_add(1);
                    }
                    None => alike.push((access, Times::once(*at_ms))),
                }
            }
            for (access, times) in alike {
                writes.note_access(&access, times, times.first_at_ms.saturating_sub(ACCESS_APART_MS))?;
            }
            for (id, last) in used {
                writes.use_app_password(id, &last)?;
            }
            Ok(())
        })
    }

    /// The history, the latest first, at most so many rows. The operator sees that of all accounts; others name a mailbox.
    pub fn accesses(
        &self,
        actor: Actor,
        filter: &AccessFilter,
        most: usize,
        now_secs: i64,
    ) -> Result<Accesses, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            if actor == Actor::Operator {
                return some(reads, filter, most);
            }
            let none = Accesses { rows: Vec::new(), more: false };
            let Some(address) = &filter.mailbox else { return Ok(none) };
            let (mailbox, seen) = self.oversee(reads, actor, address, Record::Accesses, now_secs)?;
            let Some(by) = narrowed(seen, filter.by.clone()) else { return Ok(none) };
            // One that had this address before was somebody else's.
            some(reads, &AccessFilter { mailbox_id: Some(mailbox.id), by, ..filter.clone() }, most)
        })
    }

    /// The same of one's own account alone (S4).
    pub fn own_accesses(
        &self,
        account: AccountId,
        filter: &AccessFilter,
        most: usize,
    ) -> Result<Accesses, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let mailbox_id = match account {
                AccountId::Owner(mailbox) => Some(mailbox),
                AccountId::Delegate(id) => reads.delegate_by_id(id)?.map(|delegate| delegate.mailbox),
                AccountId::Postmaster(_) => None,
            };
            some(reads, &AccessFilter { mailbox_id, account: Some(account), ..filter.clone() }, most)
        })
    }

    /// Forgets the accesses of which the last was before that moment; how many.
    pub fn forget_accesses(&self, before_ms: i64) -> Result<usize, AccountsError> {
        store::change(self.store.as_ref(), |writes| Ok(writes.delete_accesses_before(before_ms)?))
    }
}

/// The mailbox and the delegate of a login; nothing where it is nobody's.
fn find(writes: &dyn Writes, login: &Login) -> Result<Option<(Mailbox, Option<DelegateId>)>, AccountsError> {
    let Some(mailbox) = writes.mailbox(login.mailbox())? else { return Ok(None) };
    let delegate = match login {
        Login::Owner(_) => None,
        Login::Delegate(username, _) => match writes.delegate(mailbox.id, username)? {
            None => return Ok(None),
            Some(found) => Some(found.id),
        },
    };
    Ok(Some((mailbox, delegate)))
}

fn some(reads: &dyn Reads, filter: &AccessFilter, most: usize) -> Result<Accesses, AccountsError> {
    let (rows, more) = up_to(reads.accesses(filter, most.saturating_add(1))?, most);
    Ok(Accesses { rows, more })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{CLIENT, Fixture, NOW, POP3};
    use crate::domain::SentBy;

    const START: i64 = NOW * 1000;

    fn entry(login: &str, address: &str, at_ms: i64) -> AccessEntry {
        AccessEntry {
            login: login.parse().unwrap(),
            address: address.parse().unwrap(),
            door: CLIENT,
            program: Some("Thunderbird 140".into()),
            refusal: None,
            app_password: None,
            by_stored: true,
            at_ms,
        }
    }

    fn rows(fixture: &Fixture, filter: &AccessFilter) -> Vec<(String, u64, Option<String>)> {
        let found = fixture.accounts.accesses(Actor::Operator, filter, 100, NOW).unwrap().rows.into_iter();
        found.map(|row| (row.access.visitor.to_string(), row.count, row.access.refusal)).collect()
    }

    const ANNA: &str = "anna/ufficio@pec.example.it";
    const OWNER: &str = "ufficio@pec.example.it";

    #[test]
    fn s4_what_is_alike_within_an_hour_is_one_row() {
        let fixture = Fixture::new();
        let note = |entries: &[AccessEntry]| fixture.accounts.note_accesses(entries).unwrap();
        let marker = fixture.accounts.change_marker().unwrap();
        note(&[entry(ANNA, "192.0.2.7", START), entry(ANNA, "::ffff:192.0.2.7", START + 1)]);
        note(&[entry(ANNA, "192.0.2.7", START + ACCESS_APART_MS + 1)]);
        let all = fixture.accounts.accesses(Actor::Operator, &AccessFilter::default(), 9, NOW).unwrap().rows;
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].count, all[0].first_at_ms, all[0].last_at_ms), (3, START, START + ACCESS_APART_MS + 1));
        // An hour and a millisecond later; and whatever else is not alike.
        let later = START + 2 * ACCESS_APART_MS + 2;
        let refused = |why: &str| AccessEntry { refusal: Some(why.into()), ..entry(ANNA, "192.0.2.7", later) };
        note(&[
            entry(ANNA, "192.0.2.7", later),
            entry(ANNA, "192.0.2.8", later),
            entry(OWNER, "192.0.2.7", later),
            AccessEntry { door: POP3, ..entry(ANNA, "192.0.2.7", later) },
            AccessEntry { program: None, ..entry(ANNA, "192.0.2.7", later) },
            AccessEntry { program: None, ..entry(ANNA, "192.0.2.7", later) },
            refused("wrong password"),
            refused("suspended"),
        ]);
        let counts: Vec<u64> = rows(&fixture, &AccessFilter::default()).into_iter().map(|row| row.1).collect();
        assert_eq!(counts, [1, 1, 2, 1, 1, 1, 1, 3]);
        assert_eq!(fixture.accounts.change_marker().unwrap(), marker, "nobody's standing has changed");
    }

    /// What a batch leaves behind is what its entries leave one by one.
    #[test]
    fn s4_alike_ones_of_a_batch_are_written_once_and_mean_the_same() {
        let (together, apart) = (Fixture::new(), Fixture::new());
        let far = START + 2 * ACCESS_APART_MS;
        let refused = |at| AccessEntry { refusal: Some("wrong password".into()), ..entry(ANNA, "192.0.2.7", at) };
        let entries = [
            entry(ANNA, "192.0.2.7", START),
            entry(OWNER, "192.0.2.7", START + 1),
            entry("nobody/ufficio@pec.example.it", "192.0.2.7", START + 1),
            entry(ANNA, "192.0.2.7", START + 5),
            refused(START + 5),
            // Words of two connections may be left in another order than they were thought of.
            entry(ANNA, "192.0.2.7", START + 2),
            entry(ANNA, "192.0.2.7", far),
            refused(START + 6),
            entry(ANNA, "192.0.2.7", far + ACCESS_APART_MS),
            entry(OWNER, "192.0.2.7", START + 7),
        ];
        together.accounts.note_accesses(&entries).unwrap();
        entries.iter().for_each(|entry| apart.accounts.note_accesses(std::slice::from_ref(entry)).unwrap());
        let all = |fixture: &Fixture| {
            let rows = fixture
                .accounts
                .accesses(Actor::Operator, &AccessFilter::default(), 100, NOW)
                .unwrap()
                .rows
                .into_iter();
            let times = |row: AccessRecord| (row.access, row.first_at_ms, row.last_at_ms, row.count);
            rows.map(times).collect::<Vec<_>>()
        };
        assert_eq!(all(&together), all(&apart));
        let annas: Vec<_> = all(&together).into_iter().filter(|row| row.0.refusal.is_none() && row.3 > 2).collect();
        assert_eq!((annas[0].1, annas[0].2, annas[0].3), (START, START + 5, 3));
    }

    #[test]
    fn s4_it_is_looked_up_by_person_time_and_result() {
        let fixture = Fixture::new();
        let refused = AccessEntry { refusal: Some("wrong password".into()), ..entry(ANNA, "192.0.2.7", START + 2) };
        let entries = [entry(ANNA, "192.0.2.7", START), entry(OWNER, "192.0.2.7", START + 1), refused];
        fixture.accounts.note_accesses(&entries).unwrap();
        let logins = |filter| -> Vec<String> { rows(&fixture, &filter).into_iter().map(|row| row.0).collect() };
        let all = AccessFilter::default;
        assert_eq!(logins(all()), [ANNA, OWNER, ANNA]);
        assert_eq!(logins(AccessFilter { by: Some(SentBy::Owner), ..all() }), [OWNER]);
        let anna = SentBy::Delegate("anna".parse().unwrap());
        assert_eq!(logins(AccessFilter { by: Some(anna), admitted: Some(false), ..all() }), [ANNA]);
        assert_eq!(logins(AccessFilter { admitted: Some(true), ..all() }), [OWNER, ANNA]);
        assert_eq!(logins(AccessFilter { since_ms: Some(START + 1), until_ms: Some(START + 1), ..all() }), [OWNER]);
        assert_eq!(logins(AccessFilter { mailbox: Some("altro@pec.example.it".parse().unwrap()), ..all() }), [""; 0]);
        let first = fixture.accounts.accesses(Actor::Operator, &all(), 2, NOW).unwrap();
        assert!(first.more && first.rows.len() == 2);
        let after = first.rows.last().map(AccessRecord::position);
        assert_eq!(logins(AccessFilter { after, ..all() }), [ANNA]);
    }

    #[test]
    fn strangers_leave_nothing_and_the_history_outlives_whom_it_names() {
        let fixture = Fixture::new();
        let strangers = ["nobody/ufficio@pec.example.it", "altro@pec.example.it", "x/altro@pec.example.it"];
        let entries = strangers.map(|login| entry(login, "192.0.2.7", START));
        fixture.accounts.note_accesses(&entries).unwrap();
        assert_eq!(rows(&fixture, &AccessFilter::default()), []);
        fixture.accounts.note_accesses(&[entry(ANNA, "2001:db8::7", START)]).unwrap();
        fixture.accounts.delete_delegate(Actor::Operator, &fixture.anna_login(), NOW).unwrap();
        fixture.accounts.remove_mailbox(&fixture.address(), true, NOW).unwrap();
        assert_eq!(rows(&fixture, &AccessFilter::default()), [(ANNA.to_owned(), 1, None)]);
        assert_eq!(fixture.accounts.forget_accesses(START).unwrap(), 0);
        assert_eq!(fixture.accounts.forget_accesses(START + 1).unwrap(), 1);
    }

    #[test]
    fn what_programs_say_of_themselves_is_bounded() {
        let fixture = Fixture::new();
        let long = AccessEntry { program: Some("x".repeat(100_000)), ..entry(ANNA, "192.0.2.7", START) };
        fixture.accounts.note_accesses(&[long]).unwrap();
        let row = fixture.accounts.accesses(Actor::Operator, &AccessFilter::default(), 1, NOW).unwrap().rows.remove(0);
        assert!(row.access.program.unwrap().len() <= crate::domain::limits::RECORDED_TEXT_BYTES);
    }
}
