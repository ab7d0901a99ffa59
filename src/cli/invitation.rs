//! `delega delegate invite | reinvite | reject` (D1–D4)

use std::io::{self, Read as _, Write};

use clap::Args;

use super::delegate::{Newcomer, One, Who, language};
use super::output::{self, Json};
use super::when::now_secs;
use super::{Context, Failure};
use crate::accounts::{Actor, DelegateName, DelegateView, Invitee};
use crate::domain::{Grant, Language};
use crate::json::DelegateJson;

/// More than a message may have, so that one that is too long is told from one that was cut.
const READ_MAX_BYTES: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(super) struct Invite {
    #[command(flatten)]
    newcomer: Newcomer,
    /// it or en: how the person is written to
    #[arg(long, value_parser = language, default_value = "it")]
    language: Language,
    /// Some words of the owner's own for the mail; - is stdin
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Reinvite {
    #[command(flatten)]
    who: Who,
    /// Some words of the owner's own for the mail; - is stdin
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    json: Json,
}

pub(super) fn invite(command: Invite, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let (name, person, Grant { permissions, protocols }) = command.newcomer.read(context)?;
    let invitee = Invitee {
        name,
        person,
        language: Some(command.language),
        message: message(command.message)?,
        permissions,
        protocols,
    };
    let view = context.accounts.invite(Actor::Operator, invitee, now_secs())?;
    told(&view, command.json, out)
}

pub(super) fn reinvite(command: Reinvite, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let message = message(command.message)?;
    let name = DelegateName::from(command.who);
    let view = context.accounts.reinvite(Actor::Operator, &name, message.as_deref(), now_secs())?;
    told(&view, command.json, out)
}

pub(super) fn reject(command: One, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let view = context.accounts.reject(Actor::Operator, &command.who.into(), now_secs())?;
    command.json.done(out, &DelegateJson::from(&view), &format!("the invitation of {} is withdrawn", view.login()))
}

fn told(view: &DelegateView, json: Json, out: &mut dyn Write) -> Result<(), Failure> {
    let until = view.delegate.invited_until_secs.map_or_else(String::new, output::time);
    let email = output::plain(&view.delegate.person.email);
    let line = format!("invited {} with {}; a link goes to {email}, valid until {until}", view.login(), view.effective);
    json.done(out, &DelegateJson::from(view), &line)
}

fn message(given: Option<String>) -> Result<Option<String>, Failure> {
    match given.as_deref() {
        Some("-") => {
            let mut text = String::new();
            let read = io::stdin().lock().take(READ_MAX_BYTES).read_to_string(&mut text);
            read.map_err(|error| Failure::Refused(format!("the message cannot be read from stdin: {error}")))?;
            Ok(Some(text))
        }
        _ => Ok(given),
    }
}
