//! `delega api-token create | list | revoke`

use std::io::Write;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::output::{self, Json};
use super::when::now_secs;
use super::{Context, Failure};
use crate::accounts::ApiTokenEntry;
use crate::domain::ApiScope;
use crate::json::ApiTokenJson;

const DAY_SECS: i64 = 24 * 60 * 60;

/// What can be done with tokens of the API.
#[derive(Debug, Subcommand)]
pub(super) enum ApiTokenCommand {
    /// Make a token for a program that uses the API (public_url/api/v1). It is shown once
    Create(Create),
    /// The tokens: what may be done with them, until when, and when they were last used
    List(List),
    /// Take one back; it opens nothing from now on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// For what, such as "provisioning"
    name: String,
    /// For how many days; without, until it is revoked
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: Option<i64>,
    /// For looking, and for changing nothing
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Its name
    name: String,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(command: ApiTokenCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        ApiTokenCommand::Create(Create { name, days, read_only, json }) => {
            let scope = if read_only { ApiScope::ReadOnly } else { ApiScope::Full };
            let entry = ApiTokenEntry { name, scope, valid_secs: days.map(|days| days * DAY_SECS) };
            let (secret, made) = context.accounts.create_api_token(entry, now_secs())?;
            let shown = secret.shown().expose_secret();
            if json.wanted {
                return output::json(out, &ApiTokenJson::of(&made, Some(shown), now_secs()));
            }
            let until = made.expires_at_secs.map_or("it is revoked".to_owned(), output::time);
            writeln!(out, "{shown}")?;
            Ok(writeln!(out, "a {} token until {until}; it is not shown again", made.scope.name())?)
        }
        ApiTokenCommand::List(List { json }) => {
            let all = context.accounts.api_tokens()?;
            let now = now_secs();
            if json.wanted {
                return output::json(out, &all.iter().map(|one| ApiTokenJson::of(one, None, now)).collect::<Vec<_>>());
            }
            let rows = all.into_iter().map(|one| {
                let ended = if one.expired(now) { " (ended)" } else { "" };
                let until = one.expires_at_secs.map_or("revoked".to_owned(), |secs| {
                    format!("{}{ended}", output::moment(secs.saturating_mul(1000)))
                });
                let last = one.used_at_ms.map_or("never".to_owned(), output::moment);
                [one.name, one.scope.name().to_owned(), until, last]
            });
            output::table(out, ["NAME", "SCOPE", "UNTIL (UTC)", "LAST USED (UTC)"], rows)
        }
        ApiTokenCommand::Revoke(Revoke { name, json }) => {
            let gone = context.accounts.revoke_api_token(&name)?;
            let line = format!("the API token {} opens nothing any more", output::plain(&gone.name));
            json.done(out, &ApiTokenJson::of(&gone, None, now_secs()), &line)
        }
    }
}
