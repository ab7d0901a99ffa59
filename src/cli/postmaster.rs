//! `delega postmaster add | list | mailboxes | set | reset-password | set-password | remove` (M1, M3, S1)

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::delegate::Profiled;
use super::output::{self, Json};
use super::when::now_secs;
use super::{Context, Failure, prompt};
use crate::accounts::{Actor, PostmasterEntry};
use crate::domain::{Language, MailDomain, Phone};
use crate::json::{MailboxJson, PostmasterJson};

/// What can be done with postmasters.
#[derive(Debug, Subcommand)]
pub(super) enum PostmasterCommand {
    /// Let somebody administer the mailboxes of a domain; they get a mail with a link, valid for seven days, by which they
    /// set their password
    Add(Add),
    /// The postmasters
    List(List),
    /// What a postmaster sees: the mailboxes of the domain, with their active and waiting delegates
    Mailboxes(Mailboxes),
    /// Change where and how a postmaster is written to; they log in with their e-mail address
    Set(Set),
    /// Take a postmaster's password away, and send them a link for a new one; who has none yet is sent another link
    ResetPassword(One),
    /// Set a postmaster's password, which comes from a file, from stdin or from a prompt
    SetPassword(SetPassword),
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
    /// Their phone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<Phone>,
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
pub(super) struct One {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The domain of the mailboxes
    domain: MailDomain,
    /// The postmaster's own address, as it is now
    #[arg(value_name = "EMAIL")]
    now: String,
    #[command(flatten)]
    profile: Profiled,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct SetPassword {
    #[command(flatten)]
    who: Who,
    /// A file with the password; - is stdin
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
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
        PostmasterCommand::Add(command) => add(command, context, out),
        PostmasterCommand::List(command) => list(&command, context, out),
        PostmasterCommand::Mailboxes(command) => mailboxes(&command, context, out),
        PostmasterCommand::Set(Set { domain, now, profile, json }) => {
            let found = context.accounts.postmaster(&domain, &now)?;
            let changed = context.accounts.set_profile(found.account(), profile.into(), now_secs())?;
            let changed = context.accounts.postmaster(&domain, &changed.email)?;
            let line = format!("changed {} of {domain}", output::plain(&changed.email));
            json.done(out, &PostmasterJson::from(&changed), &line)
        }
        PostmasterCommand::ResetPassword(One { who: Who { domain, email }, json }) => {
            let reset = context.accounts.reset_postmaster_password(&domain, &email, now_secs())?;
            let line = format!("a link to set a new password goes to {}", output::plain(&reset.email));
            json.done(out, &PostmasterJson::from(&reset), &line)
        }
        PostmasterCommand::SetPassword(command) => set_password(command, context, out),
        PostmasterCommand::Remove(Remove { who: Who { domain, email }, yes, json }) => {
            let shown = output::plain(&email);
            prompt::confirm(&format!("Take the domain {domain} away from {shown}?"), yes)?;
            let gone = context.accounts.remove_postmaster(&domain, &email)?;
            json.done(out, &PostmasterJson::from(&gone), &format!("{shown} is no postmaster of {domain} any more"))
        }
    }
}

fn add(command: Add, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let Add { who: Who { domain, email }, name, phone, language, json } = command;
    let entry = PostmasterEntry { domain, email, name, phone, language };
    let added = context.accounts.add_postmaster(entry, now_secs())?;
    let email = output::plain(&added.email);
    let password = match context.config.notify {
        Some(_) => format!("a link to set their password goes to {email}"),
        None => format!(
            "no mail can be sent: set their password with `delega postmaster set-password {} {email}`",
            added.domain
        ),
    };
    json.done(out, &PostmasterJson::from(&added), &format!("{email} is a postmaster of {}; {password}", added.domain))
}

fn set_password(command: SetPassword, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let SetPassword { who: Who { domain, email }, password_file, json } = command;
    // Nobody types a password for somebody who is not there.
    let found = context.accounts.postmaster(&domain, &email)?;
    let shown = output::plain(&found.email);
    let password = prompt::password(password_file.as_deref(), &format!("of {shown}"))?;
    let set = context.accounts.set_postmaster_password(&domain, &email, &password, now_secs())?;
    json.done(out, &PostmasterJson::from(&set), &format!("set the password of {shown}"))
}

fn list(command: &List, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let all = context.accounts.postmasters()?;
    if command.json.wanted {
        return output::json(out, &all.iter().map(PostmasterJson::from).collect::<Vec<_>>());
    }
    let rows = all.into_iter().map(|one| {
        [
            one.domain.to_string(),
            one.email,
            one.name,
            one.phone.map(|phone| phone.to_string()).unwrap_or_default(),
            if one.has_password { "set" } else { "none yet" }.to_owned(),
            if one.two_factor_since_secs.is_some() { "on" } else { "off" }.to_owned(),
        ]
    });
    output::table(out, ["DOMAIN", "E-MAIL", "NAME", "PHONE", "PASSWORD", "TWO-STEP"], rows)
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
