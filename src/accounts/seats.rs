//! Seats (D9, D10): how many delegates a mailbox may have by its plan, and what comes of it when there are more.
//!
//! Whoever is pending, active or suspended has a seat. A plan that is lowered begins a grace period; when it ends, the
//! newest beyond the seats are suspended, and those of them who have not answered yet are no longer invited. They keep
//! their place on the list, so that the owner decides who stays: once there are no more than seats, anybody can be
//! re-enabled.

use super::{Accounts, AccountsError, Rule};
use crate::domain::life::{self, Action, After, Role};
use crate::domain::{Delegate, DelegateState, LinkPurpose, Login, Mailbox, Notice, Plan, SuspensionCause};
use crate::store::{Reads, StoreError, Writes};

/// How long a mailbox keeps more delegates than seats, where nobody gives a date.
pub const GRACE_SECS: i64 = 60 * 24 * 60 * 60;

/// The seats of a mailbox at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Its plan.
    pub plan: Plan,
    /// Its packs.
    pub packs: u32,
    /// How many have one.
    pub taken: u32,
    /// When those beyond are suspended: seconds since 1970-01-01 UTC; none is never.
    pub grace_until_secs: Option<i64>,
}

impl Seats {
    pub(super) fn of<R: Reads + ?Sized>(reads: &R, mailbox: &Mailbox, now_secs: i64) -> Result<Seats, AccountsError> {
        let plan = reads.plan(&mailbox.plan)?;
        let plan = plan.ok_or_else(|| {
            StoreError::Corrupt(format!("a mailbox with the plan {}, which is not there", mailbox.plan))
        })?;
        let taken = reads.delegates(mailbox.id)?.iter().filter(|one| one.state_at(now_secs).takes_seat()).count();
        Ok(Seats {
            plan,
            packs: mailbox.packs,
            taken: u32::try_from(taken).unwrap_or(u32::MAX),
            grace_until_secs: mailbox.grace_until_secs,
        })
    }

    /// How many there are.
    pub fn all(&self) -> u32 {
        self.plan.seats_with(self.packs)
    }

    /// Whether more have one than there are.
    pub fn over(&self) -> bool {
        self.taken > self.all()
    }

    /// Whether a grace period has ended with more delegates than seats.
    pub(super) fn grace_is_over(&self, now_secs: i64) -> bool {
        self.over() && self.grace_until_secs.is_some_and(|until| until <= now_secs)
    }

    /// Whether one more may have one.
    pub(super) fn free(&self, mailbox: &Mailbox) -> Result<(), Rule> {
        if self.taken < self.all() { Ok(()) } else { Err(self.none_left(mailbox)) }
    }

    pub(super) fn none_left(&self, mailbox: &Mailbox) -> Rule {
        Rule::NoSeat {
            mailbox: mailbox.address.clone(),
            plan: self.plan.name.as_str().to_owned(),
            seats: self.all(),
            taken: self.taken,
            packs_left: if self.plan.pack_seats == 0 { 0 } else { self.plan.most_packs.saturating_sub(self.packs) },
            pack_seats: self.plan.pack_seats,
        }
    }
}

impl Accounts {
    /// Whether one more may have a seat of the mailbox. Invitations that have lapsed are written down first: the seat that
    /// is free by one of them is given on, so that no answer to it may come late, by somebody who has read the clock before.
    pub(super) fn free_seat(&self, writes: &dyn Writes, mailbox: &Mailbox, now_secs: i64) -> Result<(), AccountsError> {
        for delegate in writes.delegates(mailbox.id)? {
            self.settled(writes, mailbox, delegate, now_secs)?;
        }
        Ok(Seats::of(writes, mailbox, now_secs)?.free(mailbox)?)
    }

    /// Begins, keeps or ends the grace period of a mailbox whose plan, packs or delegates have just changed from
    /// `before`; the owner is told of one that begins. The mailbox is changed, and not stored.
    pub(super) fn review_seats(
        &self,
        writes: &dyn Writes,
        mailbox: &mut Mailbox,
        before: &Seats,
        wanted_until_secs: Option<i64>,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let now = Seats::of(writes, mailbox, now_secs)?;
        if !now.over() {
            mailbox.grace_until_secs = None;
            return Ok(());
        }
        let set = mailbox.grace_until_secs.filter(|_| before.over());
        let lowered = now.all() < before.all();
        let until = match (wanted_until_secs, set) {
            (Some(wanted), _) => Some(wanted),
            // One that has ended has nothing to say about seats that are taken away after it.
            (None, Some(until)) if until > now_secs || !lowered => Some(until),
            (None, _) if lowered => Some(now_secs.saturating_add(GRACE_SECS)),
            // An older contract, which nobody has given a date.
            (None, _) => None,
        };
        if until == mailbox.grace_until_secs {
            return Ok(());
        }
        mailbox.grace_until_secs = until;
        let Some(until_secs) = until else { return Ok(()) };
        let notice = Notice::OverSeats {
            mailbox: mailbox.address.clone(),
            owner_name: mailbox.owner.name.clone(),
            plan: now.plan.name.as_str().to_owned(),
            seats: now.all(),
            taken: now.taken,
            until_secs,
        };
        self.tell_owner(writes, mailbox, notice, now_secs)
    }

    /// What comes of a grace period that has ended.
    pub(super) fn enforce_seats(
        &self,
        writes: &dyn Writes,
        mut mailbox: Mailbox,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let seats = Seats::of(writes, &mailbox, now_secs)?;
        if !seats.over() {
            mailbox.grace_until_secs = None;
            mailbox.changed_at_secs = now_secs;
            writes.update_mailbox(&mailbox)?;
            return Ok(());
        }
        if !seats.grace_is_over(now_secs) {
            return Ok(());
        }
        let mut logins = Vec::new();
        for (mut one, state) in beyond(writes, &mailbox, &seats, now_secs)? {
            let facts = self.facts(&mailbox, &one);
            let notice = match state {
                DelegateState::Suspended => Notice::Suspended { facts, cause: SuspensionCause::Seats },
                _ => Notice::InvitationWithdrawn(facts),
            };
            one.state = state;
            one.invited_until_secs = None;
            one.changed_at_secs = now_secs;
            writes.update_delegate(&one)?;
            writes.renew_password_version(one.account())?;
            writes.delete_links(one.account(), LinkPurpose::Invitation)?;
            self.tell_delegate(writes, &one, notice, None, now_secs)?;
            logins.push(Login::Delegate(one.username, mailbox.address.clone()));
        }
        if logins.is_empty() {
            return Ok(());
        }
        let notice = Notice::SeatsEnforced {
            mailbox: mailbox.address.clone(),
            owner_name: mailbox.owner.name.clone(),
            plan: seats.plan.name.as_str().to_owned(),
            seats: seats.all(),
            logins,
        };
        self.tell_owner(writes, &mailbox, notice, now_secs)
    }
}

/// Whether a grace period that has ended has left something to do.
pub(super) fn to_enforce<R: Reads + ?Sized>(
    reads: &R,
    mailbox: &Mailbox,
    now_secs: i64,
) -> Result<bool, AccountsError> {
    let seats = Seats::of(reads, mailbox, now_secs)?;
    Ok(!seats.over() || (seats.grace_is_over(now_secs) && !beyond(reads, mailbox, &seats, now_secs)?.is_empty()))
}

/// The newest beyond the seats who still have something to lose, and the state in which they are without it.
fn beyond<R: Reads + ?Sized>(
    reads: &R,
    mailbox: &Mailbox,
    seats: &Seats,
    now_secs: i64,
) -> Result<Vec<(Delegate, DelegateState)>, AccountsError> {
    let mut seated: Vec<Delegate> = reads.delegates(mailbox.id)?;
    seated.retain(|one| one.state_at(now_secs).takes_seat());
    seated.sort_by_key(|one| (one.seated_at_secs, one.id));
    let newest = seated.into_iter().skip(usize::try_from(seats.all()).unwrap_or(usize::MAX));
    let lose = newest.filter_map(|one| {
        let action = match one.state {
            DelegateState::Active => Action::Suspend,
            DelegateState::Pending => Action::Expire,
            DelegateState::Suspended | DelegateState::Inactive | DelegateState::Rejected => return None,
        };
        match life::judge(Role::Rule, action, Some(one.state)) {
            Ok(After::In(state)) => Some((one, state)),
            Ok(After::Gone) | Err(_) => None,
        }
    });
    Ok(lose.collect())
}
