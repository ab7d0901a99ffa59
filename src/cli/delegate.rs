//! `delega delegate add | list | show | set | permissions | suspend | resume | reset-password | sign-out | deactivate |
//! delete`; those
//! about invitations stand in `invitation`.

use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::invitation::{self, Invite, Reinvite};
use super::output::{self, Json};
use super::when::now_secs;
use super::{Context, Failure, prompt};
use crate::accounts::{Actor, DelegateEntry, DelegateName, PermissionChange, ProfileChange, Suspended, Suspension};
use crate::domain::{
    Delegate, DelegateState, Grant, Language, MailboxAddress, Permission, Permissions, Person, Phone, Profile,
    Protocols, Username,
};
use crate::json::{self, DelegateJson};

/// What can be done with delegates.
#[derive(Debug, Subcommand)]
pub(super) enum DelegateCommand {
    /// Invite somebody: they get a mail with a link, valid for seven days, by which they set their password
    Invite(Invite),
    /// Invite again somebody whose invitation was refused, withdrawn or not answered
    Reinvite(Reinvite),
    /// Withdraw an invitation that was not answered
    Reject(One),
    /// Add a delegate with a password, which comes from a file, from stdin or from a prompt
    Add(Add),
    /// The delegates of a mailbox
    List(List),
    /// One delegate
    Show(One),
    /// Change where and how a delegate is written to
    Set(Set),
    /// Change what a delegate may do; open sessions follow at once
    Permissions(ChangePermissions),
    /// Let a delegate do nothing until resumed
    Suspend(Asked),
    /// Let a suspended delegate work again
    Resume(Asked),
    /// Take a delegate's password away, and send them a link for a new one; until then they can do nothing
    ResetPassword(One),
    /// End all that a delegate has open, in mail programs, web mail and at the panel; they may come in again
    SignOut(One),
    /// End a delegation; open sessions end at once
    Deactivate(Asked),
    /// Take a delegate off the list, and out at once if they are still active; the username is free again
    Delete(Asked),
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// mailbox@domain
    address: MailboxAddress,
    /// The delegate's name within the mailbox
    username: Username,
}

/// Shows one, or does to them what need not be asked about.
#[derive(Debug, Args)]
pub(super) struct One {
    #[command(flatten)]
    pub(super) who: Who,
    #[command(flatten)]
    pub(super) json: Json,
}

/// Does to them what is asked about first.
#[derive(Debug, Args)]
pub(super) struct Asked {
    #[command(flatten)]
    who: Who,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    json: Json,
}

/// Somebody who comes to be a delegate, invited or added.
#[derive(Debug, Args)]
pub(super) struct Newcomer {
    #[command(flatten)]
    who: Who,
    /// Given name
    #[arg(long, value_name = "NAME")]
    first_name: String,
    /// Family name
    #[arg(long, value_name = "NAME")]
    last_name: String,
    /// The person's own address, where they are written to
    #[arg(long)]
    email: String,
    /// Their phone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<Phone>,
    /// A list of read, write, send, client, settings, or one of complete, read-and-modify, read-only
    #[arg(long, value_name = "LIST", value_parser = permission_list)]
    permissions: String,
    /// imap, pop3 or imap,pop3: what a mail program may use
    #[arg(long, value_name = "LIST", default_value = "imap")]
    protocol: Protocols,
}

impl Newcomer {
    /// Their name in the mailbox, who they are, and what they get.
    pub(super) fn read(self, context: &Context) -> Result<(DelegateName, Person, Grant), Failure> {
        let permissions = granted(&self.permissions, context)?;
        let person =
            Person { first_name: self.first_name, last_name: self.last_name, email: self.email, phone: self.phone };
        Ok((self.who.into(), person, Grant { permissions, protocols: self.protocol }))
    }
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    newcomer: Newcomer,
    /// it or en: how the person is written to
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// A file with the password; - is stdin
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// mailbox@domain
    address: MailboxAddress,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    profile: Profiled,
    #[command(flatten)]
    json: Json,
}

/// What the operator may change of somebody's account.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
pub(super) struct Profiled {
    /// Another e-mail address; the one before is told
    #[arg(long, group = "change")]
    email: Option<String>,
    /// A phone number
    #[arg(long, value_name = "NUMBER", group = "change", conflicts_with = "no_phone")]
    phone: Option<Phone>,
    /// No phone number any more
    #[arg(long, group = "change")]
    no_phone: bool,
    /// it or en: how the person is written to
    #[arg(long, value_parser = language, group = "change")]
    language: Option<Language>,
}

impl From<Profiled> for ProfileChange {
    fn from(wanted: Profiled) -> Self {
        ProfileChange { email: wanted.email, phone: phone(wanted.phone, wanted.no_phone), language: wanted.language }
    }
}

/// The phone number that somebody is to have from now on, or that they are to have none, if either was said.
pub(super) fn phone(given: Option<Phone>, none: bool) -> Option<Option<Phone>> {
    if none { Some(None) } else { given.map(Some) }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
pub(super) struct ChangePermissions {
    #[command(flatten)]
    who: Who,
    /// These in place of those before: a list, or one of complete, read-and-modify, read-only
    #[arg(long, value_name = "LIST", value_parser = permission_list, group = "change", conflicts_with_all = ["grant", "revoke"])]
    permissions: Option<String>,
    /// These as well, with those that they need
    #[arg(long, value_name = "LIST", value_parser = permission, value_delimiter = ',', group = "change")]
    grant: Vec<Permission>,
    /// Not these, nor those that need them
    #[arg(long, value_name = "LIST", value_parser = permission, value_delimiter = ',', group = "change")]
    revoke: Vec<Permission>,
    /// imap, pop3 or imap,pop3: what a mail program may use
    #[arg(long, value_name = "LIST", group = "change")]
    protocol: Option<Protocols>,
    #[command(flatten)]
    json: Json,
}

/// The words are judged with the command; what they mean depends on the configured profile and comes later.
fn permission_list(text: &str) -> Result<String, String> {
    Permissions::parse(text, Profile::Nested).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn permission(text: &str) -> Result<Permission, String> {
    let found = Permission::ALL.into_iter().find(|permission| permission.name() == text.trim());
    found.ok_or_else(|| "use read, write, send, client or settings".to_owned())
}

pub(super) fn language(text: &str) -> Result<Language, String> {
    Language::from_name(text).ok_or_else(|| "use it or en".to_owned())
}

impl From<Who> for DelegateName {
    fn from(who: Who) -> Self {
        DelegateName { address: who.address, username: who.username }
    }
}

pub(super) fn run(command: DelegateCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        DelegateCommand::Add(command) => add(command, context, out),
        DelegateCommand::List(command) => list(&command, context, out),
        DelegateCommand::Show(command) => show(command, context, out),
        DelegateCommand::Set(command) => set(command, context, out),
        DelegateCommand::Permissions(command) => permissions(command, context, out),
        DelegateCommand::Invite(command) => invitation::invite(command, context, out),
        DelegateCommand::Reinvite(command) => invitation::reinvite(command, context, out),
        DelegateCommand::Reject(command) => invitation::reject(command, context, out),
        DelegateCommand::ResetPassword(command) => reset_password(command, context, out),
        DelegateCommand::SignOut(command) => sign_out(command, context, out),
        DelegateCommand::Deactivate(command) => deactivate(command, context, out),
        DelegateCommand::Suspend(command) => suspend(command, Suspension::Suspend, context, out),
        DelegateCommand::Resume(command) => suspend(command, Suspension::Resume, context, out),
        DelegateCommand::Delete(command) => delete(command, context, out),
    }
}

fn granted(list: &str, context: &Context) -> Result<Permissions, Failure> {
    Permissions::parse(list, context.config.profile).map_err(|error| Failure::Usage(error.to_string()))
}

fn add(command: Add, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let (name, person, Grant { permissions, protocols }) = command.newcomer.read(context)?;
    // Nobody types a password for a mailbox that is not there.
    context.accounts.show_mailbox(Actor::Operator, &name.address, now_secs())?;
    let login = name.login();
    let entry = DelegateEntry {
        name,
        person,
        language: command.language,
        permissions,
        protocols,
        password: prompt::password(command.password_file.as_deref(), &format!("of {login}"))?,
    };
    let view = context.accounts.add_delegate(entry, now_secs())?;
    command.json.done(out, &DelegateJson::from(&view), &format!("added {login} with {permissions}"))
}

fn list(command: &List, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let views = context.accounts.delegates(Actor::Operator, &command.address, now_secs())?;
    if command.json.wanted {
        return output::json(out, &views.iter().map(DelegateJson::from).collect::<Vec<_>>());
    }
    let rows = views.into_iter().map(|view| {
        let person = &view.delegate.person;
        [
            view.delegate.username.to_string(),
            format!("{} {}", person.first_name, person.last_name),
            view.delegate.state.to_string(),
            view.effective.to_string(),
            view.delegate.protocols.to_string(),
        ]
    });
    output::table(out, ["USERNAME", "NAME", "STATE", "PERMISSIONS", "PROTOCOLS"], rows)
}

fn show(command: One, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let view = context.accounts.show_delegate(Actor::Operator, &command.who.into(), now_secs())?;
    if command.json.wanted {
        return output::json(out, &DelegateJson::from(&view));
    }
    let delegate = &view.delegate;
    let permissions = if view.effective == delegate.permissions {
        view.effective.to_string()
    } else {
        format!(
            "{} (granted {}, which the configured profile does not let stand)",
            view.effective, delegate.permissions
        )
    };
    output::sheet(
        out,
        [
            ("Login", view.login().to_string()),
            ("First name", delegate.person.first_name.clone()),
            ("Last name", delegate.person.last_name.clone()),
            ("E-mail", delegate.person.email.clone()),
            ("Phone", delegate.person.phone.as_ref().map_or("", Phone::as_str).to_owned()),
            ("Language", delegate.language.map_or("", Language::name).to_owned()),
            ("Two-step verification", output::since(delegate.two_factor_since_secs)),
            ("State", state(delegate)),
            ("Permissions", permissions),
            ("Protocols", delegate.protocols.to_string()),
            ("Can be done", json::actions(delegate.state).join(", ")),
            ("Added", output::time(delegate.created_at_secs)),
            ("Changed", output::time(delegate.changed_at_secs)),
        ],
    )
}

fn set(command: Set, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let name = DelegateName::from(command.who);
    let found = context.accounts.show_delegate(Actor::Operator, &name, now_secs())?.delegate;
    context.accounts.set_profile(found.account(), command.profile.into(), now_secs())?;
    let view = context.accounts.show_delegate(Actor::Operator, &name, now_secs())?;
    command.json.done(out, &DelegateJson::from(&view), &format!("changed {}", name.login()))
}

fn state(delegate: &Delegate) -> String {
    match (delegate.state, delegate.invited_until_secs, delegate.reset_at_secs) {
        (DelegateState::Pending, Some(until), _) => format!("pending, and invited until {}", output::time(until)),
        (DelegateState::Active, _, Some(since)) => {
            format!("active, and out since the password reset of {} until they set another", output::time(since))
        }
        (state, ..) => state.to_string(),
    }
}

fn permissions(command: ChangePermissions, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let name = DelegateName::from(command.who);
    let change = PermissionChange {
        replace: command.permissions.map(|list| granted(&list, context)).transpose()?,
        grant: command.grant,
        revoke: command.revoke,
        protocols: command.protocol,
    };
    let view = context.accounts.change_permissions(Actor::Operator, &name, change, now_secs())?;
    let line = format!("{} has {} by {}", name.login(), view.effective, view.delegate.protocols);
    command.json.done(out, &DelegateJson::from(&view), &line)
}

fn suspend(command: Asked, what: Suspension, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let name = DelegateName::from(command.who);
    let who = described(&name, context)?;
    let (question, state) = match what {
        Suspension::Suspend => {
            (format!("Suspend {who}? They are out at once, and can do nothing until resumed."), "suspended")
        }
        Suspension::Resume => (format!("Let {who} work again, as before?"), "active"),
    };
    prompt::confirm_undoable(&question, command.yes)?;
    let Suspended { view, changed } = context.accounts.suspend(Actor::Operator, &name, what, now_secs())?;
    let line = format!("{} {} {state}", name.login(), if changed { "is now" } else { "was already" });
    command.json.done(out, &DelegateJson::from(&view), &line)
}

fn reset_password(command: One, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let view = context.accounts.reset_password(Actor::Operator, &command.who.into(), now_secs())?;
    let email = output::plain(&view.delegate.person.email);
    let line = format!("{} is out until they have set a new password; a link goes to {email}", view.login());
    command.json.done(out, &DelegateJson::from(&view), &line)
}

fn sign_out(command: One, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let name = DelegateName::from(command.who);
    context.accounts.sign_out(Actor::Operator, &name.login(), now_secs())?;
    let view = context.accounts.show_delegate(Actor::Operator, &name, now_secs())?;
    command.json.done(out, &DelegateJson::from(&view), &format!("{} is signed out everywhere", name.login()))
}

fn deactivate(command: Asked, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let name = DelegateName::from(command.who);
    prompt::confirm(&format!("End the delegation of {}?", described(&name, context)?), command.yes)?;
    let view = context.accounts.deactivate(Actor::Operator, &name, now_secs())?;
    command.json.done(out, &DelegateJson::from(&view), &format!("{} is now inactive", name.login()))
}

fn delete(command: Asked, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let name = DelegateName::from(command.who);
    prompt::confirm(&format!("Delete the delegate {}?", described(&name, context)?), command.yes)?;
    let view = context.accounts.delete_delegate(Actor::Operator, &name, now_secs())?;
    command.json.done(out, &DelegateJson::from(&view), &format!("deleted {}", name.login()))
}

/// Who it is that a question is about.
fn described(name: &DelegateName, context: &Context) -> Result<String, Failure> {
    let view = context.accounts.show_delegate(Actor::Operator, name, now_secs())?;
    Ok(format!("{} ({})", name.login(), output::plain(&view.delegate.full_name())))
}
