//! `delega plan list | set | remove` (D9)

use std::io::Write;

use clap::{Args, Subcommand};

use super::output::{self, Json};
use super::when::now_secs;
use super::{Context, Failure, prompt};
use crate::domain::{Plan, PlanName};
use crate::json::PlanJson;

/// What can be done with plans.
#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
    /// The plans, and how many mailboxes have each
    List(List),
    /// Enter a plan, or change one; mailboxes that then have too few seats keep their delegates for 60 days
    Set(Set),
    /// Remove a plan that no mailbox has
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// Its name
    name: PlanName,
    /// How many delegates a mailbox with it may have
    #[arg(long, value_name = "N")]
    seats: u32,
    /// How many more each pack gives
    #[arg(long, value_name = "N", default_value_t = 0, requires = "packs")]
    pack_seats: u32,
    /// How many packs a mailbox may have
    #[arg(long, value_name = "N", default_value_t = 0, requires = "pack_seats")]
    packs: u32,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// Its name
    name: PlanName,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(command: PlanCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        PlanCommand::List(command) => list(&command, context, out),
        PlanCommand::Set(Set { name, seats, pack_seats, packs, json }) => {
            let plan = Plan { name, seats, pack_seats, most_packs: packs };
            let (plan, mailboxes) = context.accounts.set_plan(plan, now_secs())?;
            let noun = if seats == 1 { "seat" } else { "seats" };
            let line = format!("the plan {} gives {seats} {noun}", output::plain(plan.name.as_str()));
            json.done(out, &PlanJson::of(&plan, mailboxes), &line)
        }
        PlanCommand::Remove(Remove { name, yes, json }) => {
            let shown = output::plain(name.as_str());
            prompt::confirm(&format!("Remove the plan {shown}?"), yes)?;
            let plan = context.accounts.remove_plan(&name)?;
            json.done(out, &PlanJson::of(&plan, 0), &format!("removed the plan {shown}"))
        }
    }
}

fn list(command: &List, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let plans = context.accounts.plans()?;
    if command.json.wanted {
        let json = plans.iter().map(|(plan, mailboxes)| PlanJson::of(plan, *mailboxes));
        return output::json(out, &json.collect::<Vec<_>>());
    }
    let rows = plans.into_iter().map(|(plan, mailboxes)| {
        let packs = match plan.most_packs {
            0 => String::new(),
            most => format!("up to {most} of {} seats", plan.pack_seats),
        };
        [plan.name.to_string(), plan.seats.to_string(), packs, mailboxes.to_string()]
    });
    output::table(out, ["PLAN", "SEATS", "PACKS", "MAILBOXES"], rows)
}
