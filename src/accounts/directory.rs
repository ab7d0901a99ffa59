//! Lists for whoever administers mailboxes (O1, M1), a page at a time, and what they may do to whom.
//!
//! It is less than what the operator sees: whoever looks after the delegates of a mailbox is not always its owner, and the
//! owner's codice fiscale, by which a delegate's password is asked for (D7), is nobody's but theirs.

use super::actor::{Authority, mailbox_for};
use super::look::no_right;
use super::seats::Seats;
use super::{Accounts, AccountsError, Actor, DelegateName, DelegateView};
use crate::domain::app_password::AppPassword;
use crate::domain::life::{self, Action, Role};
use crate::domain::{
    AccessFilter, AccessRecord, Delegate, DelegateState, Grant, Language, Mailbox, MailboxAddress, Plan, PostmasterId,
    SentBy, Visitor,
};
use crate::store::{self, DomainMailbox, Reads};

/// How many rows a page of a list has.
pub const PAGE_ROWS: usize = 25;
/// How many of somebody's last accesses their details show.
const LAST_ACCESSES: usize = 10;

/// A mailbox as those see it who look after its delegates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedMailbox {
    /// Its address.
    pub address: MailboxAddress,
    /// Its owner's name.
    pub owner_name: String,
    /// Its owner's language.
    pub language: Language,
    /// Its seats (D9).
    pub seats: Seats,
    /// Whether several people may work in it (M2).
    pub multi_user: bool,
    /// Whether it has the option that this needs.
    pub password_management: bool,
    /// Whether each delegate must have a second factor (S2).
    pub needs_two_factor: bool,
    /// How many of its delegates are in each state, in the order of [`DelegateState::ALL`].
    pub counts: [usize; DelegateState::ALL.len()],
    /// What the one who looks can give (P5).
    pub own: Grant,
    /// Whether they may turn multi-user on and off (M2).
    pub may_switch: bool,
    /// Whether people are written to: without that nobody can be invited.
    pub writes_mails: bool,
}

/// A delegate as a row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDelegate {
    /// Who, and in which state.
    pub view: DelegateView,
    /// When they were last let in: milliseconds since 1970-01-01 UTC.
    pub admitted_at_ms: Option<i64>,
    /// What the one who looks can do to them now (D4).
    pub actions: Vec<Action>,
}

/// Which delegates are asked for: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelegateFilter {
    /// In this state.
    pub state: Option<DelegateState>,
    /// With this text in their name, username or address, in either case; an empty one fits all.
    pub text: String,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Which it is, from 0.
    pub number: usize,
    /// How many there are, one at least.
    pub pages: usize,
    /// How many rows fit what was asked for, on all pages.
    pub fitting: usize,
}

/// All about a delegate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegateDetails {
    /// Their mailbox.
    pub mailbox: ManagedMailbox,
    /// Who they are.
    pub listed: ListedDelegate,
    /// Their app passwords, by name.
    pub app_passwords: Vec<AppPassword>,
    /// Their last accesses, the latest first.
    pub accesses: Vec<AccessRecord>,
}

impl Accounts {
    /// A mailbox, for somebody who looks after its delegates.
    pub fn managed_mailbox(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        now_secs: i64,
    ) -> Result<ManagedMailbox, AccountsError> {
        store::read(self.store.as_ref(), |reads| Ok(self.managed(reads, actor, address, now_secs)?.1))
    }

    /// A page of the delegates of a mailbox, by family name, for somebody who looks after them. One beyond the last is the
    /// last.
    pub fn list_delegates(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        filter: &DelegateFilter,
        page: usize,
        now_secs: i64,
    ) -> Result<(ManagedMailbox, Page<ListedDelegate>), AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let (mailbox, managed) = self.managed(reads, actor, address, now_secs)?;
            let wanted = filter.text.trim().to_lowercase();
            let mut fitting = reads.delegates(mailbox.id)?;
            fitting.retain(|one| {
                filter.state.is_none_or(|state| one.state_at(now_secs) == state) && has_text(one, &wanted)
            });
            fitting.sort_by_cached_key(|one| {
                (one.person.last_name.to_lowercase(), one.person.first_name.to_lowercase(), one.username.clone())
            });
            let page = Page::of(fitting, page);
            let rows = self.listed(reads, actor, &mailbox, page.rows, now_secs)?;
            Ok((managed, Page { rows, number: page.number, pages: page.pages, fitting: page.fitting }))
        })
    }

    /// All about one delegate, for somebody who looks after them.
    pub fn delegate_details(
        &self,
        actor: Actor,
        name: &DelegateName,
        now_secs: i64,
    ) -> Result<DelegateDetails, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let (mailbox, managed) = self.managed(reads, actor, &name.address, now_secs)?;
            let (_, found, _) = self.addressed(reads, actor, name, Action::Look, now_secs)?;
            let app_passwords = reads.app_passwords(found.account())?;
            let by = Some(SentBy::Delegate(found.username.clone()));
            let filter = AccessFilter { mailbox: Some(name.address.clone()), by, ..AccessFilter::default() };
            let mut accesses = reads.accesses(&filter, LAST_ACCESSES)?;
            // Others may have had the name before.
            accesses.retain(|one| match &one.access.visitor {
                Visitor::Mailbox { delegate, .. } => *delegate == Some(found.id),
                Visitor::Postmaster { .. } => false,
            });
            let mut listed = self.listed(reads, actor, &mailbox, vec![found], now_secs)?;
            let listed = listed.pop().ok_or_else(|| no_right(&name.address))?;
            Ok(DelegateDetails { mailbox: managed, listed, app_passwords, accesses })
        })
    }

    /// A page of the mailboxes of a postmaster's domain, by address (M1), with the catalogue's plans of which theirs are.
    /// One beyond the last is the last.
    pub fn list_mailboxes(
        &self,
        postmaster: PostmasterId,
        text: &str,
        page: usize,
        now_secs: i64,
    ) -> Result<(Page<DomainMailbox>, Vec<Plan>), AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let Some(found) = reads.postmaster(postmaster)? else { return Ok((Page::of(Vec::new(), 0), Vec::new())) };
            let text = text.trim();
            let fitting = reads.count_mailboxes_of(&found.domain, text)?;
            let pages = pages(fitting);
            let number = page.min(pages - 1);
            let rows = reads.mailboxes_of(&found.domain, text, now_secs, number * PAGE_ROWS, PAGE_ROWS)?;
            Ok((Page { rows, number, pages, fitting }, reads.plans()?))
        })
    }

    fn managed(
        &self,
        reads: &dyn Reads,
        actor: Actor,
        address: &MailboxAddress,
        now_secs: i64,
    ) -> Result<(Mailbox, ManagedMailbox), AccountsError> {
        let mailbox = mailbox_for(reads, actor, Action::Look, address)?;
        let authority = self.authority(reads, actor, &mailbox, None, now_secs)?;
        if !authority.may(Action::Look) {
            return Err(no_right(address));
        }
        let delegates = reads.delegates(mailbox.id)?;
        let count = |state| delegates.iter().filter(|one| one.state_at(now_secs) == state).count();
        let managed = ManagedMailbox {
            address: mailbox.address.clone(),
            owner_name: mailbox.owner.name.clone(),
            language: mailbox.owner.language,
            seats: Seats::of(reads, &mailbox, now_secs)?,
            multi_user: mailbox.multi_user,
            password_management: mailbox.password_management,
            needs_two_factor: mailbox.owner_two_factor_since_secs.is_some(),
            counts: DelegateState::ALL.map(count),
            own: authority.own,
            may_switch: matches!(authority.role, Role::Operator | Role::Postmaster),
            writes_mails: self.mails,
        };
        Ok((mailbox, managed))
    }

    fn listed(
        &self,
        reads: &dyn Reads,
        actor: Actor,
        mailbox: &Mailbox,
        delegates: Vec<Delegate>,
        now_secs: i64,
    ) -> Result<Vec<ListedDelegate>, AccountsError> {
        let ids: Vec<_> = delegates.iter().map(|one| one.id).collect();
        let admitted = reads.last_admitted(mailbox.id, &ids)?;
        let mut rows = Vec::new();
        for one in delegates {
            let authority = self.authority(reads, actor, mailbox, Some(one.id), now_secs)?;
            let at_ms = admitted.iter().find(|(id, _)| *id == one.id).map(|(_, at_ms)| *at_ms);
            let actions = possible(&authority, mailbox, &one, now_secs);
            rows.push(ListedDelegate {
                view: self.view_delegate(one, &mailbox.address, now_secs),
                admitted_at_ms: at_ms,
                actions,
            });
        }
        Ok(rows)
    }
}

/// What somebody can do to a delegate now. A free seat, and whether mail can be sent, is asked when it is done.
fn possible(authority: &Authority, mailbox: &Mailbox, delegate: &Delegate, now_secs: i64) -> Vec<Action> {
    let state = Some(delegate.state_at(now_secs));
    let gives = authority.may_give(None, delegate.granted()).is_ok();
    let possible = Action::ALL.into_iter().filter(|action| {
        let otherwise = match action {
            Action::Reinvite => gives && mailbox.multi_user,
            Action::Resume => gives,
            Action::RemoveTwoFactor => delegate.two_factor_since_secs.is_some(),
            Action::MakeAppPassword => authority.role != Role::Themself || mailbox.own_app_passwords,
            _ => true,
        };
        otherwise && life::judge(authority.role, *action, state).is_ok()
    });
    possible.collect()
}

fn has_text(delegate: &Delegate, lower: &str) -> bool {
    let person = &delegate.person;
    lower.is_empty()
        || [&person.full_name(), &person.email, delegate.username.as_str()]
            .iter()
            .any(|text| text.to_lowercase().contains(lower))
}

fn pages(rows: usize) -> usize {
    rows.div_ceil(PAGE_ROWS).max(1)
}

impl<T> Page<T> {
    fn of(all: Vec<T>, page: usize) -> Page<T> {
        let (fitting, pages) = (all.len(), pages(all.len()));
        let number = page.min(pages - 1);
        let rows = all.into_iter().skip(number * PAGE_ROWS).take(PAGE_ROWS).collect();
        Page { rows, number, pages, fitting }
    }
}

impl ManagedMailbox {
    /// How many of its delegates are in a state.
    pub fn count(&self, state: DelegateState) -> usize {
        DelegateState::ALL.iter().position(|one| *one == state).and_then(|at| self.counts.get(at)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
