//! `delega mailbox add | list | show | set | remove`

use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::output::{self, Json};
use super::when::{When, now_secs, when};
use super::{Context, Failure, prompt};
use crate::accounts::{Actor, MailboxChange, MailboxEntry, MailboxView};
use crate::domain::{FiscalCode, Language, Login, Mailbox, MailboxAddress, Owner, Phone, PlanName};
use crate::json::MailboxJson;

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
    /// End all that the owner has open, in mail programs, web mail and at the panel; they may come in again
    SignOut(Show),
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
    /// The plan that its owner subscribed to (delega plan list)
    #[arg(long)]
    plan: PlanName,
    /// How many packs of seats beside it
    #[arg(long, value_name = "N", default_value_t = 0)]
    packs: u32,
    /// Whether several people may work in it
    #[arg(long, value_name = "on|off", value_parser = on_or_off, default_value = "on")]
    multi_user: bool,
    /// Whose mailbox it is
    #[arg(long, value_name = "NAME")]
    owner_name: String,
    /// Where its owner gets notifications
    #[arg(long, value_name = "EMAIL")]
    owner_email: String,
    /// it or en: how its owner is written to
    #[arg(long, value_parser = super::delegate::language, default_value = "it")]
    owner_language: Language,
    /// Its owner's phone number
    #[arg(long, value_name = "NUMBER")]
    owner_phone: Option<Phone>,
    /// Its owner's codice fiscale, by which a delegate asks for a new password; without, nobody can
    #[arg(long, value_name = "CODE")]
    owner_fiscal_code: Option<FiscalCode>,
    /// What the upstream knows it as, where that is not its address
    #[arg(long, value_name = "USER")]
    upstream_user: Option<String>,
    /// A file with its password; - is stdin
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// mailbox@domain
    address: MailboxAddress,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
pub(super) struct Set {
    /// mailbox@domain
    address: MailboxAddress,
    /// Another upstream; its password there is given too, unless there is a master user
    #[arg(long, value_name = "NAME", group = "change")]
    upstream: Option<String>,
    /// Another plan; with fewer seats than are taken, the newest delegates are suspended after 60 days
    #[arg(long, group = "change")]
    plan: Option<PlanName>,
    /// So many packs of seats
    #[arg(long, value_name = "N", group = "change")]
    packs: Option<u32>,
    /// The end of the time in which it may have more delegates than seats: a day to come, or a day and a time
    #[arg(long, value_name = "WHEN", value_parser = when, group = "change")]
    grace_until: Option<When>,
    /// Whether several people may work in it
    #[arg(long, value_name = "on|off", value_parser = on_or_off, group = "change")]
    multi_user: Option<bool>,
    /// Whether it has the option that this needs
    #[arg(long, value_name = "on|off", value_parser = on_or_off, group = "change")]
    password_management: Option<bool>,
    /// Another name of the owner
    #[arg(long, value_name = "NAME", group = "change")]
    owner_name: Option<String>,
    /// Another e-mail address of the owner; the one before is told
    #[arg(long, value_name = "EMAIL", group = "change")]
    owner_email: Option<String>,
    /// Who may make app passwords for a delegate: the delegate too, or the owner alone
    #[arg(long, value_name = "delegate|owner", value_parser = delegate_or_owner, group = "change")]
    app_passwords: Option<bool>,
    /// it or en: how the owner is written to
    #[arg(long, value_parser = super::delegate::language, group = "change")]
    owner_language: Option<Language>,
    /// The owner's phone number
    #[arg(long, value_name = "NUMBER", group = "change", conflicts_with = "no_owner_phone")]
    owner_phone: Option<Phone>,
    /// No phone number of the owner any more
    #[arg(long, group = "change")]
    no_owner_phone: bool,
    /// The owner's codice fiscale
    #[arg(long, value_name = "CODE", group = "change")]
    owner_fiscal_code: Option<FiscalCode>,
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
    #[command(flatten)]
    json: Json,
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
    #[command(flatten)]
    json: Json,
}

fn delegate_or_owner(text: &str) -> Result<bool, String> {
    match text {
        "delegate" => Ok(true),
        "owner" => Ok(false),
        _ => Err("use delegate or owner".to_owned()),
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("use on or off".to_owned()),
    }
}

pub(super) fn run(command: MailboxCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        MailboxCommand::Add(command) => add(command, context, out),
        MailboxCommand::List(command) => list(&command, context, out),
        MailboxCommand::Show(command) => show(&command, context, out),
        MailboxCommand::Set(command) => set(command, context, out),
        MailboxCommand::SignOut(command) => sign_out(command, context, out),
        MailboxCommand::Remove(command) => remove(&command, context, out),
    }
}

fn add(command: Add, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let ask = context.accounts.needs_password(&command.upstream)? || command.password_file.is_some();
    let whose = format!("of {} at upstream `{}`", command.address, command.upstream);
    let password = ask.then(|| prompt::password(command.password_file.as_deref(), &whose)).transpose()?;
    let entry = MailboxEntry {
        address: command.address,
        upstream: command.upstream,
        upstream_user: command.upstream_user,
        password,
        plan: command.plan,
        packs: command.packs,
        multi_user: command.multi_user,
        owner: Owner {
            name: command.owner_name,
            email: command.owner_email,
            language: command.owner_language,
            fiscal_code: command.owner_fiscal_code,
            phone: command.owner_phone,
        },
    };
    let view = context.accounts.add_mailbox(entry, now_secs())?;
    command.json.done(out, &MailboxJson::from(&view), &format!("added {}", view.mailbox.address))
}

fn list(command: &List, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let views = context.accounts.mailboxes(Actor::Operator, now_secs())?;
    if command.json.wanted {
        return output::json(out, &views.iter().map(MailboxJson::from).collect::<Vec<_>>());
    }
    let rows = views.into_iter().map(|view| {
        let (delegates, seats) = (delegates(&view), format!("{}/{}", view.seats.taken, view.seats.all()));
        let mailbox = view.mailbox;
        [
            mailbox.address.to_string(),
            mailbox.upstream,
            mailbox.plan.to_string(),
            seats,
            mailbox.owner.name,
            if mailbox.multi_user { delegates } else { "off".to_owned() },
        ]
    });
    output::table(out, ["ADDRESS", "UPSTREAM", "PLAN", "SEATS", "OWNER", "DELEGATES"], rows)
}

fn sign_out(command: Show, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let Show { address, json } = command;
    context.accounts.sign_out(Actor::Operator, &Login::Owner(address.clone()), now_secs())?;
    let view = context.accounts.show_mailbox(Actor::Operator, &address, now_secs())?;
    json.done(out, &MailboxJson::from(&view), &format!("the owner of {address} is signed out everywhere"))
}

fn show(command: &Show, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let view = context.accounts.show_mailbox(Actor::Operator, &command.address, now_secs())?;
    if command.json.wanted {
        return output::json(out, &MailboxJson::from(&view));
    }
    let mailbox = &view.mailbox;
    let password = match (view.has_password, mailbox.password_refused_at_secs) {
        (false, _) => "none: the upstream's master user opens it".to_owned(),
        (true, None) => "stored".to_owned(),
        (true, Some(since)) => {
            format!("stored, and refused by the mail server since {} (mailbox set --password)", output::time(since))
        }
    };
    output::sheet(
        out,
        [
            ("Address", mailbox.address.to_string()),
            ("Aliases", aliases(mailbox)),
            ("Upstream", mailbox.upstream.clone()),
            ("Upstream user", mailbox.upstream_login().to_owned()),
            ("Password", password),
            ("Plan", mailbox.plan.to_string()),
            ("Packs", mailbox.packs.to_string()),
            ("Seats", seats(&view)),
            ("Multi-user", if mailbox.multi_user { "on" } else { "off" }.to_owned()),
            ("Password management", if mailbox.password_management { "on" } else { "off" }.to_owned()),
            (
                "App passwords",
                if mailbox.own_app_passwords { "made by delegates too" } else { "made by the owner alone" }.to_owned(),
            ),
            ("Owner", mailbox.owner.name.clone()),
            ("Owner's e-mail", mailbox.owner.email.clone()),
            ("Owner's phone", mailbox.owner.phone.as_ref().map_or("", Phone::as_str).to_owned()),
            ("Owner's language", mailbox.owner.language.name().to_owned()),
            ("Owner's two-step verification", output::since(mailbox.owner_two_factor_since_secs)),
            ("Owner's codice fiscale", mailbox.owner.fiscal_code.as_ref().map_or("", FiscalCode::as_str).to_owned()),
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
    let others = [(view.delegates_waiting, "waiting"), (view.delegates_suspended, "suspended")];
    let others = others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    format!("{}{}", view.delegates_active, others.collect::<String>())
}

fn seats(view: &MailboxView) -> String {
    let seats = &view.seats;
    let beyond = match (seats.over(), seats.grace_until_secs) {
        (false, _) => String::new(),
        (true, None) => "; more than there are, without a date".to_owned(),
        (true, Some(until)) => format!("; more than there are, until {}", output::time(until)),
    };
    format!("{} of {} taken{beyond}", seats.taken, seats.all())
}

fn set(command: Set, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let address = command.address;
    if let Some(both) = command.alias.iter().find(|alias| command.no_alias.contains(alias)) {
        return Err(Failure::Usage(format!("{both} cannot be made an alias and taken away at once")));
    }
    // Nobody types a password for a mailbox that is not there.
    context.accounts.show_mailbox(Actor::Operator, &address, now_secs())?;
    let ask = command.password || command.password_file.is_some();
    let whose = format!("of {address}");
    let password = ask.then(|| prompt::password(command.password_file.as_deref(), &whose)).transpose()?;
    let change = MailboxChange {
        upstream: command.upstream,
        upstream_user: command.upstream_user,
        password,
        plan: command.plan,
        packs: command.packs,
        grace_until_secs: command.grace_until.map(|when| when.ends_ms() / 1000 + 1),
        multi_user: command.multi_user,
        password_management: command.password_management,
        own_app_passwords: command.app_passwords,
        owner_name: command.owner_name,
        owner_email: command.owner_email,
        owner_phone: super::delegate::phone(command.owner_phone, command.no_owner_phone),
        owner_language: command.owner_language,
        owner_fiscal_code: command.owner_fiscal_code,
        aliases: command.alias,
        no_aliases: command.no_alias,
    };
    let view = context.accounts.set_mailbox(&address, change, now_secs())?;
    command.json.done(out, &MailboxJson::from(&view), &format!("changed {address}"))
}

fn remove(command: &Remove, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let address = &command.address;
    context.accounts.show_mailbox(Actor::Operator, address, now_secs())?;
    let delegates = context.accounts.delegates(Actor::Operator, address, now_secs())?.len();
    // What will be refused need not be asked about; the rule itself stands in `accounts`.
    if delegates == 0 || command.with_delegates {
        let question = match delegates {
            0 => format!("Remove the mailbox {address}?"),
            1 => format!("Remove the mailbox {address} and its delegate?"),
            many => format!("Remove the mailbox {address} and its {many} delegates?"),
        };
        prompt::confirm(&question, command.yes)?;
    }
    let view = context.accounts.remove_mailbox(address, command.with_delegates, now_secs())?;
    command.json.done(out, &MailboxJson::from(&view), &format!("removed {address}"))
}
