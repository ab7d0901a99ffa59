//! `delega postmaster add | list | mailboxes | remove` (M1, M3)

use std::io::Write;

use clap::{Args, Subcommand};

use super::output::{self, Json};
use super::when::now_secs;
use super::{Context, Failure, prompt};
use crate::accounts::{Actor, PostmasterEntry};
use crate::domain::{Language, MailDomain};
use crate::json::{MailboxJson, PostmasterJson};

/// What can be done with postmasters.
#[derive(Debug, Subcommand)]
pub(super) enum PostmasterCommand {
    /// Let somebody administer the mailboxes of a domain
    Add(Add),
    /// The postmasters
    List(List),
    /// What a postmaster sees: the mailboxes of the domain, with their active and waiting delegates
    Mailboxes(Mailboxes),
    /// Take a domain away from a postmaster
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The domain of the mailboxes
    domain: MailDomain,
    /// The postmaster's own address
    email: String,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    who: Who,
    /// Their name
    #[arg(long)]
    name: String,
    /// it or en: how they are written to
    #[arg(long, value_parser = super::delegate::language, default_value = "it")]
    language: Language,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Mailboxes {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    #[command(flatten)]
    who: Who,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(command: PostmasterCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        PostmasterCommand::Add(Add { who: Who { domain, email }, name, language, json }) => {
            let entry = PostmasterEntry { domain, email, name, language };
            let added = context.accounts.add_postmaster(entry, now_secs())?;
            let line = format!("{} is a postmaster of {}", output::plain(&added.email), added.domain);
            json.done(out, &PostmasterJson::from(&added), &line)
        }
        PostmasterCommand::List(command) => list(&command, context, out),
        PostmasterCommand::Mailboxes(command) => mailboxes(&command, context, out),
        PostmasterCommand::Remove(Remove { who: Who { domain, email }, yes, json }) => {
            let shown = output::plain(&email);
            prompt::confirm(&format!("Take the domain {domain} away from {shown}?"), yes)?;
            let gone = context.accounts.remove_postmaster(&domain, &email)?;
            json.done(out, &PostmasterJson::from(&gone), &format!("{shown} is no postmaster of {domain} any more"))
        }
    }
}

fn list(command: &List, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let all = context.accounts.postmasters()?;
    if command.json.wanted {
        return output::json(out, &all.iter().map(PostmasterJson::from).collect::<Vec<_>>());
    }
    let rows = all.into_iter().map(|one| [one.domain.to_string(), one.email, one.name]);
    output::table(out, ["DOMAIN", "E-MAIL", "NAME"], rows)
}

fn mailboxes(command: &Mailboxes, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let postmaster = context.accounts.postmaster(&command.who.domain, &command.who.email)?;
    let views = context.accounts.mailboxes(Actor::Postmaster(postmaster.id), now_secs())?;
    if command.json.wanted {
        return output::json(out, &views.iter().map(MailboxJson::from).collect::<Vec<_>>());
    }
    let rows = views.into_iter().map(|view| {
        [
            view.mailbox.address.to_string(),
            if view.mailbox.multi_user { "on" } else { "off" }.to_owned(),
            view.delegates_active.to_string(),
            view.delegates_waiting.to_string(),
        ]
    });
    output::table(out, ["ADDRESS", "MULTI-USER", "ACTIVE", "WAITING"], rows)
}
