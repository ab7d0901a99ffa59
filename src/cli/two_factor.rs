//! `delega two-factor enrol | status | codes | remove` (S2)

use std::io::{IsTerminal, Write, stdout};
use std::net::{IpAddr, Ipv4Addr};

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::output::Json;
use super::when::{now_ms, now_secs};
use super::{Context, Failure, output, prompt};
use crate::accounts::{Actor, DelegateName, Enrolment, Knock, RecoveryCodes};
use crate::domain::{AccountId, MailDomain, MailboxAddress, TwoFactor};
use crate::texts::Qr;

/// What can be done about two-step verification.
#[derive(Debug, Subcommand)]
pub(super) enum TwoFactorCommand {
    /// Set it up for somebody: shows a QR code for their app, asks for a code of it, and shows the recovery codes.
    ///
    /// People set it up by themselves on the panel; this is for provisioning, with the person beside you, since
    /// whoever sees the QR code has their codes. When it is an owner's, every delegate of the mailbox needs it from
    /// then on, and is written to.
    Enrol(Enrol),
    /// Whether somebody has it, and how many recovery codes they have left
    Status(Status),
    /// Make new recovery codes, by a code of theirs; the old ones work no more
    Codes(Codes),
    /// Take it away from somebody who has lost it; their open sessions end at once
    Remove(Remove),
}

/// An owner by ADDRESS, a delegate by ADDRESS USERNAME, a postmaster by DOMAIN E-MAIL.
#[derive(Debug, Args)]
pub(super) struct Whose {
    /// mailbox@domain, or a postmaster's domain
    #[arg(value_name = "ADDRESS|DOMAIN")]
    of: String,
    /// The delegate's name within the mailbox, or the postmaster's own address; without it, it is the mailbox's owner
    #[arg(value_name = "USERNAME|E-MAIL")]
    who: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Enrol {
    #[command(flatten)]
    whose: Whose,
    /// For scripts: show the secret and the URI of the QR code, and end; nothing is in force yet
    #[arg(long, conflicts_with = "confirm")]
    begin: bool,
    /// For scripts: put what was begun in force within an hour, by a code on stdin; and by a code of the present one on a
    /// second line, where there is one
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Codes {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    #[command(flatten)]
    whose: Whose,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    json: Json,
}

/// Somebody with an account, as they were named.
struct Named {
    account: AccountId,
    /// As they are called in what is said here.
    name: String,
    /// Where it is a delegate.
    delegate: Option<DelegateName>,
}

#[derive(Serialize)]
struct EnrolmentJson<'a> {
    secret: &'a str,
    uri: &'a str,
}

#[derive(Serialize)]
struct RecoveryJson<'a> {
    recovery_codes: Vec<&'a str>,
}

#[derive(Serialize)]
struct StatusJson {
    /// Since when it is on; none is that it is not.
    two_factor_since: Option<String>,
    recovery_codes_left: u32,
    /// Whether the mailbox's owner has it, so that this delegate needs it.
    required: bool,
}

impl From<TwoFactor> for StatusJson {
    fn from(status: TwoFactor) -> Self {
        StatusJson {
            two_factor_since: status.since_secs.map(output::time),
            recovery_codes_left: status.recovery_left,
            required: status.required,
        }
    }
}

pub(super) fn run(command: TwoFactorCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = &context.accounts;
    match command {
        TwoFactorCommand::Enrol(command) => enrol(&command, context, out),
        TwoFactorCommand::Status(Status { whose, json }) => {
            let Named { account, name, .. } = whose.find(context)?;
            let status = accounts.two_factor(account)?;
            let line = match status.since_secs {
                Some(since) => {
                    let left = status.recovery_left;
                    format!(
                        "{name} has had two-step verification since {}; {left} recovery codes left",
                        output::time(since)
                    )
                }
                None if status.required => format!("{name} has no two-step verification, and needs it to get in"),
                None => format!("{name} has no two-step verification"),
            };
            json.done(out, &StatusJson::from(status), &line)
        }
        TwoFactorCommand::Codes(Codes { whose, json }) => {
            let Named { account, .. } = whose.find(context)?;
            let code = prompt::code("A code of theirs")?;
            show_codes(&accounts.renew_recovery_codes(account, &code, knock())?, json, out)
        }
        TwoFactorCommand::Remove(Remove { whose, yes, json }) => {
            let Named { account, name, delegate } = whose.find(context)?;
            prompt::confirm_undoable(&format!("Take two-step verification away from {name}?"), yes)?;
            match &delegate {
                Some(delegate) => accounts.reset_two_factor(Actor::Operator, delegate, now_secs()).map(drop)?,
                None => accounts.reset_two_factor_of(account, now_secs())?,
            }
            let line = format!("{name} has no two-step verification any more");
            json.done(out, &StatusJson::from(accounts.two_factor(account)?), &line)
        }
    }
}

fn enrol(command: &Enrol, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = &context.accounts;
    if command.json.wanted && !command.begin && !command.confirm {
        return Err(Failure::Usage("--json goes with --begin, and then with --confirm".to_owned()));
    }
    let Named { account, .. } = command.whose.find(context)?;
    if !command.confirm {
        let enrolment = accounts.begin_enrolment(account, now_secs())?;
        show_enrolment(&enrolment, command, out)?;
        if command.begin {
            return Ok(());
        }
    }
    let code = prompt::code("The code that the app shows")?;
    let present = match accounts.two_factor(account)?.since_secs {
        Some(_) => Some(prompt::code("A code of the present one, or a recovery code")?),
        None => None,
    };
    let codes = accounts.confirm_enrolment(account, &code, present.as_ref(), knock())?;
    show_codes(&codes, command.json, out)
}

fn show_enrolment(enrolment: &Enrolment, command: &Enrol, out: &mut dyn Write) -> Result<(), Failure> {
    let (secret, uri) = (enrolment.secret.expose_secret(), enrolment.uri.expose_secret());
    if command.json.wanted {
        return output::json(out, &EnrolmentJson { secret, uri });
    }
    if let Some(qr) = Qr::of(&enrolment.uri).filter(|_| stdout().is_terminal()) {
        write!(out, "{}", qr.terminal().expose_secret())?;
    }
    writeln!(out, "{uri}\n{secret}")?;
    // Before somebody is asked for a code of it.
    Ok(out.flush()?)
}

fn show_codes(codes: &RecoveryCodes, json: Json, out: &mut dyn Write) -> Result<(), Failure> {
    let shown = codes.0.iter().map(ExposeSecret::expose_secret);
    if json.wanted {
        return output::json(out, &RecoveryJson { recovery_codes: shown.collect() });
    }
    for code in shown {
        writeln!(out, "{code}")?;
    }
    Ok(writeln!(out, "recovery codes: each works once in the place of a code; they are not shown again")?)
}

/// Whoever types a command is at the machine itself.
fn knock() -> Knock {
    Knock { from: IpAddr::V4(Ipv4Addr::LOCALHOST), at_ms: now_ms() }
}

impl Whose {
    fn find(&self, context: &Context) -> Result<Named, Failure> {
        let accounts = &context.accounts;
        let usage =
            |what: &str, error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", output::plain(what)));
        if !self.of.contains('@') {
            let domain: MailDomain = self.of.parse().map_err(|error| usage(&self.of, &error))?;
            let Some(email) = &self.who else {
                return Err(Failure::Usage(
                    "give a mailbox's address, or a domain and its postmaster's address".to_owned(),
                ));
            };
            let found = accounts.postmaster(&domain, email)?;
            let name = format!("{}, postmaster of {domain},", output::plain(&found.email));
            return Ok(Named { account: found.account(), name, delegate: None });
        }
        let address: MailboxAddress = self.of.parse().map_err(|error| usage(&self.of, &error))?;
        let Some(username) = &self.who else {
            let found = accounts.show_mailbox(Actor::Operator, &address, now_secs())?.mailbox;
            let name = format!("the owner of {address}");
            return Ok(Named { account: found.owner_account(), name, delegate: None });
        };
        let username = username.parse().map_err(|error| usage(username, &error))?;
        let delegate = DelegateName { address, username };
        let found = accounts.show_delegate(Actor::Operator, &delegate, now_secs())?.delegate;
        Ok(Named { account: found.account(), name: delegate.login().to_string(), delegate: Some(delegate) })
    }
}
