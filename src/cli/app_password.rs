//! `delega app-password create | list | extend | revoke` (S3, X14)

use std::io::Write;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::output::Json;
use super::when::now_secs;
use super::{Context, Failure, output};
use crate::accounts::{APP_PASSWORD_SECS, Actor, AppPasswordEntry};
use crate::domain::{Login, MailboxAddress, Scope, Username};
use crate::json::AppPasswordJson;

const DAY_SECS: i64 = 24 * 60 * 60;

/// What can be done with app passwords.
#[derive(Debug, Subcommand)]
pub(super) enum AppPasswordCommand {
    /// Make a password for one mail program of a delegate's, or of an owner's. It is shown once
    Create(Create),
    /// Those of a delegate or an owner: what they open, until when, and when they were last used
    List(List),
    /// Let one work longer, also one that has ended
    Extend(Extend),
    /// Take one back; open sessions of the account end at once, and programs with other passwords come in again
    Revoke(Revoke),
}

/// Whose they are.
#[derive(Debug, Args)]
struct Whose {
    /// mailbox@domain
    address: MailboxAddress,
    /// The delegate's name within the mailbox; without one it is the owner
    username: Option<Username>,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    whose: Whose,
    /// For which program, such as "Outlook at work"
    #[arg(long)]
    name: String,
    /// What it opens: imap, pop3, submission, or several of them
    #[arg(long, value_name = "LIST", default_value = "imap,submission")]
    protocol: Scope,
    /// For how many days
    #[arg(long, value_name = "N", default_value_t = APP_PASSWORD_SECS / DAY_SECS, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Extend {
    #[command(flatten)]
    whose: Whose,
    /// Its name
    #[arg(long)]
    name: String,
    /// For how many days from now on
    #[arg(long, value_name = "N", default_value_t = APP_PASSWORD_SECS / DAY_SECS, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    whose: Whose,
    /// Its name
    #[arg(long)]
    name: String,
    #[command(flatten)]
    json: Json,
}

impl From<Whose> for Login {
    fn from(Whose { address, username }: Whose) -> Login {
        match username {
            None => Login::Owner(address),
            Some(username) => Login::Delegate(username, address),
        }
    }
}

pub(super) fn run(command: AppPasswordCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = &context.accounts;
    match command {
        AppPasswordCommand::Create(Create { whose, name, protocol, days, json }) => {
            let entry =
                AppPasswordEntry { login: whose.into(), label: name, scope: protocol, valid_secs: days * DAY_SECS };
            let login = entry.login.clone();
            let (secret, made) = accounts.create_app_password(Actor::Operator, entry, now_secs())?;
            let shown = secret.shown();
            if json.wanted {
                return output::json(out, &AppPasswordJson::of(&made, Some(shown.expose_secret()), now_secs()));
            }
            let until = output::time(made.expires_at_secs);
            writeln!(out, "{}", shown.expose_secret())?;
            Ok(writeln!(out, "opens {} for {login} until {until}; it is not shown again", made.scope)?)
        }
        AppPasswordCommand::List(List { whose, json }) => {
            let all = accounts.app_passwords(Actor::Operator, &whose.into(), now_secs())?;
            let now = now_secs();
            if json.wanted {
                return output::json(
                    out,
                    &all.iter().map(|one| AppPasswordJson::of(one, None, now)).collect::<Vec<_>>(),
                );
            }
            let rows = all.into_iter().map(|one| {
                let ended = if one.expires_at_secs <= now { " (ended)" } else { "" };
                let (last, from, by) = match one.last_use {
                    None => ("never".to_owned(), String::new(), String::new()),
                    Some(last) => {
                        (output::moment(last.at_ms), last.address.to_string(), last.program.unwrap_or_default())
                    }
                };
                let until = format!("{}{ended}", output::moment(one.expires_at_secs.saturating_mul(1000)));
                [one.name, one.scope.to_string(), until, last, from, output::short(&by, 40)]
            });
            output::table(out, ["NAME", "PROTOCOLS", "UNTIL (UTC)", "LAST USED (UTC)", "FROM", "BY"], rows)
        }
        AppPasswordCommand::Extend(Extend { whose, name, days, json }) => {
            let found =
                accounts.extend_app_password(Actor::Operator, &whose.into(), &name, days * DAY_SECS, now_secs())?;
            let until = output::time(found.expires_at_secs);
            let line = format!("{} opens {} until {until}", output::plain(&found.name), found.scope);
            json.done(out, &AppPasswordJson::of(&found, None, now_secs()), &line)
        }
        AppPasswordCommand::Revoke(Revoke { whose, name, json }) => {
            let found = accounts.revoke_app_password(Actor::Operator, &whose.into(), &name, now_secs())?;
            let line = format!("{} opens nothing any more", output::plain(&found.name));
            json.done(out, &AppPasswordJson::of(&found, None, now_secs()), &line)
        }
    }
}
