//! The catalogue of plans (D9), which is the operator's; `delega plan`.

use super::{Accounts, AccountsError, Rule, text};
use crate::domain::plan::MOST_SEATS;
use crate::domain::{Plan, PlanName};
use crate::store::{self, Reads};

impl Accounts {
    /// The plans, by name, each with the number of mailboxes that have it.
    pub fn plans(&self) -> Result<Vec<(Plan, usize)>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let mailboxes = reads.mailboxes()?;
            let count = |plan: &Plan| mailboxes.iter().filter(|mailbox| mailbox.plan == plan.name).count();
            Ok(reads.plans()?.into_iter().map(|plan| (plan.clone(), count(&plan))).collect())
        })
    }

    /// Enters a plan, or changes the one of that name, and gives it back with the number of mailboxes that have it. They
    /// have more seats or fewer from then on, and fewer begin a grace period (D10).
    pub fn set_plan(&self, plan: Plan, now_secs: i64) -> Result<(Plan, usize), AccountsError> {
        text::line("name of a plan", plan.name.as_str())?;
        let most = u64::from(plan.seats) + u64::from(plan.pack_seats) * u64::from(plan.most_packs);
        if most > u64::from(MOST_SEATS) {
            return Err(Rule::TooManySeats.into());
        }
        store::change(self.store.as_ref(), |writes| {
            let mut concerned = Vec::new();
            for mailbox in writes.mailboxes()?.into_iter().filter(|mailbox| mailbox.plan == plan.name) {
                concerned.push((super::Seats::of(writes, &mailbox, now_secs)?, mailbox));
            }
            let mailboxes = concerned.len();
            writes.put_plan(&plan)?;
            for (before, mut mailbox) in concerned {
                let until = mailbox.grace_until_secs;
                self.review_seats(writes, &mut mailbox, &before, None, now_secs)?;
                if mailbox.grace_until_secs != until {
                    mailbox.changed_at_secs = now_secs;
                    writes.update_mailbox(&mailbox)?;
                }
            }
            Ok((plan, mailboxes))
        })
    }

    /// Removes a plan that no mailbox has, and gives it back as it was.
    pub fn remove_plan(&self, name: &PlanName) -> Result<Plan, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let plan = known(writes, name)?;
            let mailboxes = writes.mailboxes()?.iter().filter(|mailbox| mailbox.plan == plan.name).count();
            if mailboxes > 0 {
                return Err(Rule::PlanInUse { plan: plan.name.to_string(), mailboxes }.into());
            }
            writes.delete_plan(name)?;
            Ok(plan)
        })
    }
}

/// The plan of that name, or the rule that says which there are.
pub(super) fn known<R: Reads + ?Sized>(reads: &R, name: &PlanName) -> Result<Plan, AccountsError> {
    if let Some(plan) = reads.plan(name)? {
        return Ok(plan);
    }
    let known = reads.plans()?.iter().map(|plan| plan.name.to_string()).collect();
    Err(Rule::UnknownPlan { name: name.to_string(), known }.into())
}

/// The plan of that name, if it can be had with so many packs.
pub(super) fn with_packs<R: Reads + ?Sized>(reads: &R, name: &PlanName, packs: u32) -> Result<Plan, AccountsError> {
    let plan = known(reads, name)?;
    if packs > plan.most_packs {
        return Err(Rule::TooManyPacks { plan: plan.name.to_string(), most: plan.most_packs }.into());
    }
    Ok(plan)
}
