//! `delega mailbox add | list | show | set | remove`

use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;

use super::output::{self, MailboxJson};
use super::{Context, Failure, prompt};
use crate::accounts::{MailboxChange, MailboxEntry, MailboxView};
use crate::domain::{Mailbox, MailboxAddress};

/// What can be done with mailboxes.
#[derive(Debug, Subcommand)]
pub(super) enum MailboxCommand {
    /// Enter a mailbox. Its password comes from a file, from stdin or from a prompt; where the upstream has a master
    /// user, none is needed
    Add(Add),
    /// All mailboxes
    List(List),
    /// One mailbox
    Show(Show),
    /// Change a mailbox
    Set(Set),
    /// Remove a mailbox from delega; on the upstream server it stays as it is
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// mailbox@domain
    address: MailboxAddress,
    /// The [upstream.NAME] of the configuration where it lives
    #[arg(long, value_name = "NAME")]
    upstream: String,
    /// The plan that its owner subscribed to
    #[arg(long)]
    plan: String,
    /// Whose mailbox it is
    #[arg(long, value_name = "NAME")]
    owner_name: String,
    /// Where its owner gets notifications
    #[arg(long, value_name = "EMAIL")]
    owner_email: String,
    /// What the upstream knows it as, where that is not its address
    #[arg(long, value_name = "USER")]
    upstream_user: Option<String>,
    /// A file with its password; - is stdin
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// For programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// mailbox@domain
    address: MailboxAddress,
    /// For programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
pub(super) struct Set {
    /// mailbox@domain
    address: MailboxAddress,
    /// Another upstream; its password there is given too, unless there is a master user
    #[arg(long, value_name = "NAME", group = "change")]
    upstream: Option<String>,
    /// Another plan
    #[arg(long, group = "change")]
    plan: Option<String>,
    /// Another name of the owner
    #[arg(long, value_name = "NAME", group = "change")]
    owner_name: Option<String>,
    /// Another e-mail address of the owner
    #[arg(long, value_name = "EMAIL", group = "change")]
    owner_email: Option<String>,
    /// What the upstream knows it as; the mailbox's own address takes a former name back
    #[arg(long, value_name = "USER", group = "change")]
    upstream_user: Option<String>,
    /// A further address that it may send from; may be given several times
    #[arg(long, value_name = "ADDRESS", group = "change")]
    alias: Vec<MailboxAddress>,
    /// An alias that it may send from no more; may be given several times
    #[arg(long, value_name = "ADDRESS", group = "change")]
    no_alias: Vec<MailboxAddress>,
    /// Another password, from stdin or a prompt
    #[arg(long, group = "change", conflicts_with = "password_file")]
    password: bool,
    /// A file with another password; - is stdin
    #[arg(long, value_name = "FILE", group = "change")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// mailbox@domain
    address: MailboxAddress,
    /// Remove its delegates too
    #[arg(long)]
    with_delegates: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(command: MailboxCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        MailboxCommand::Add(command) => add(command, context, out),
        MailboxCommand::List(command) => list(&command, context, out),
        MailboxCommand::Show(command) => show(&command, context, out),
        MailboxCommand::Set(command) => set(command, context, out),
        MailboxCommand::Remove(command) => remove(&command, context, out),
    }
}

fn add(command: Add, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let ask = context.accounts.needs_password(&command.upstream)? || command.password_file.is_some();
    let whose = format!("of {} at upstream `{}`", command.address, command.upstream);
    let password = ask.then(|| prompt::password(command.password_file.as_deref(), &whose)).transpose()?;
    let address = command.address.clone();
    let entry = MailboxEntry {
        address: command.address,
        upstream: command.upstream,
        upstream_user: command.upstream_user,
        password,
        plan: command.plan,
        owner_name: command.owner_name,
        owner_email: command.owner_email,
    };
    context.accounts.add_mailbox(entry, Timestamp::now().as_second())?;
    Ok(writeln!(out, "added {address}")?)
}

fn list(command: &List, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let views = context.accounts.mailboxes()?;
    if command.json {
        return output::json(out, &views.iter().map(MailboxJson::from).collect::<Vec<_>>());
    }
    let rows = views.into_iter().map(|view| {
        let delegates = delegates(&view);
        let mailbox = view.mailbox;
        [mailbox.address.to_string(), mailbox.upstream, mailbox.plan, mailbox.owner_name, delegates]
    });
    output::table(out, ["ADDRESS", "UPSTREAM", "PLAN", "OWNER", "DELEGATES"], rows)
}

fn show(command: &Show, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let view = context.accounts.show_mailbox(&command.address)?;
    if command.json {
        return output::json(out, &MailboxJson::from(&view));
    }
    let mailbox = &view.mailbox;
    let password = if view.has_password { "stored" } else { "none: the upstream's master user opens it" };
    output::sheet(
        out,
        [
            ("Address", mailbox.address.to_string()),
            ("Aliases", aliases(mailbox)),
            ("Upstream", mailbox.upstream.clone()),
            ("Upstream user", mailbox.upstream_login().to_owned()),
            ("Password", password.to_owned()),
            ("Plan", mailbox.plan.clone()),
            ("Owner", mailbox.owner_name.clone()),
            ("Owner's e-mail", mailbox.owner_email.clone()),
            ("Delegates", delegates(&view)),
            ("Entered", output::time(mailbox.created_at_secs)),
            ("Changed", output::time(mailbox.changed_at_secs)),
        ],
    )
}

fn aliases(mailbox: &Mailbox) -> String {
    mailbox.aliases.iter().map(MailboxAddress::as_str).collect::<Vec<_>>().join(", ")
}

fn delegates(view: &MailboxView) -> String {
    match view.delegates_suspended {
        0 => view.delegates_active.to_string(),
        suspended => format!("{} and {suspended} suspended", view.delegates_active),
    }
}

fn set(command: Set, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let address = command.address;
    if let Some(both) = command.alias.iter().find(|alias| command.no_alias.contains(alias)) {
        return Err(Failure::Usage(format!("{both} cannot be made an alias and taken away at once")));
    }
    // Nobody types a password for a mailbox that is not there.
    context.accounts.show_mailbox(&address)?;
    let ask = command.password || command.password_file.is_some();
    let whose = format!("of {address}");
    let password = ask.then(|| prompt::password(command.password_file.as_deref(), &whose)).transpose()?;
    let change = MailboxChange {
        upstream: command.upstream,
        upstream_user: command.upstream_user,
        password,
        plan: command.plan,
        owner_name: command.owner_name,
        owner_email: command.owner_email,
        aliases: command.alias,
        no_aliases: command.no_alias,
    };
    context.accounts.set_mailbox(&address, change, Timestamp::now().as_second())?;
    Ok(writeln!(out, "changed {address}")?)
}

fn remove(command: &Remove, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let address = &command.address;
    let view = context.accounts.show_mailbox(address)?;
    let delegates = view.delegates_active + view.delegates_suspended;
    // What will be refused need not be asked about; the rule itself stands in `accounts`.
    if delegates == 0 || command.with_delegates {
        let question = match delegates {
            0 => format!("Remove the mailbox {address}?"),
            1 => format!("Remove the mailbox {address} and its delegate?"),
            many => format!("Remove the mailbox {address} and its {many} delegates?"),
        };
        prompt::confirm(&question, command.yes)?;
    }
    context.accounts.remove_mailbox(address, command.with_delegates)?;
    Ok(writeln!(out, "removed {address}")?)
}
