//! `delega check`: whether the gateway would work as it is configured, and what is in the way.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::when::now_secs;
use super::{Context, Failure, output};
use crate::accounts::spool;
use crate::config::Config;
use crate::domain::{MailState, MailboxAddress, Protocol};
use crate::gateway::Upstream;
use crate::gateway::probe::{self, Probed};
use crate::net::{ServerTls, provider};
use crate::notify;

/// Read the configuration, reach every upstream by each of its protocols, open every mailbox, reach the relay of
/// mails, and say what is wrong
#[derive(Debug, clap::Args)]
pub(super) struct CheckCommand {
    /// As a JSON array
    #[arg(long)]
    json: bool,
}

/// The most mails that are told; they are alike.
const MOST_MAILS: usize = 100;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    name: String,
    ok: bool,
    detail: String,
}

/// Looks at everything, tells all, and fails if something is wrong.
pub(super) fn run(command: &CheckCommand, config: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    provider::install();
    let context = Context::open(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Refused(format!("the system gives no threads: {error}")))?;
    let mut findings = certificate(&context.config);
    findings.extend(runtime.block_on(upstreams(&context))?);
    findings.extend(copies(&context)?);
    findings.extend(runtime.block_on(relay(&context.config)));
    findings.extend(mails(&context));
    if command.json {
        output::json(out, &findings)?;
    } else {
        for finding in &findings {
            let verdict = if finding.ok { "ok   " } else { "WRONG" };
            let (name, detail) = (output::plain(&finding.name), output::plain(&finding.detail));
            writeln!(out, "{verdict} {} {name}: {detail}", finding.what)?;
        }
    }
    out.flush()?;
    match findings.iter().filter(|finding| !finding.ok).count() {
        0 => Ok(()),
        1 => Err(Failure::Refused("one thing is wrong".to_owned())),
        many => Err(Failure::Refused(format!("{many} things are wrong"))),
    }
}

fn finding(what: &'static str, name: &str, result: Result<impl Into<String>, String>) -> Finding {
    let ok = result.is_ok();
    let detail = result.map(Into::into).unwrap_or_else(|why| why);
    Finding { what, name: name.to_owned(), ok, detail }
}

fn certificate(config: &Config) -> Vec<Finding> {
    let Some(tls) = &config.tls else { return Vec::new() };
    let read = ServerTls::new(tls).map(|_| "certificate and key fit together").map_err(|error| error.to_string());
    vec![finding("certificate", &tls.certificate.display().to_string(), read)]
}

/// Copies for the folder of sent messages that were given up. Whoever deletes the file has taken note.
fn copies(context: &Context) -> Result<Vec<Finding>, Failure> {
    let spool = spool::beside(&context.config.store.path);
    let failed = context.accounts.failed_copies()?.into_iter().filter_map(|send| {
        let copy = send.copy.as_ref()?;
        let file = spool.join(copy.spool.as_str());
        let told = format!(
            "its copy could not be put into the folder of sent messages of {} ({}); the message is kept in {}, and this is \
             told until you delete it",
            send.login.mailbox(),
            copy.why.as_deref().unwrap_or_default(),
            file.display()
        );
        let name = format!("{} of {}", send.sending.message_id.as_deref().unwrap_or("a message"), output::time_ms(send.at_ms));
        file.exists().then(|| finding("copy", &name, Err::<String, _>(told)))
    });
    Ok(failed.collect())
}

/// Whether mails to people can be sent.
async fn relay(config: &Config) -> Option<Finding> {
    let config = config.notify.as_ref()?;
    let name = format!("{} port {}", config.relay.host, config.relay.port);
    Some(finding("relay", &name, notify::reach(config).await.map(|()| "can be reached")))
}

/// Mails to people that were given up.
fn mails(context: &Context) -> Vec<Finding> {
    let failed = match context.accounts.mails(Some(MailState::Failed), MOST_MAILS) {
        Ok(failed) => failed,
        // The rest has been looked at, and is told all the same.
        Err(error) => return vec![finding("mail", "outbox", Err::<String, _>(error.to_string()))],
    };
    let told = failed.into_iter().map(|mail| {
        let told = format!(
            "it was given up ({}); once the cause is mended: delega notify retry {}",
            mail.why.as_deref().unwrap_or_default(),
            mail.id.0
        );
        let name = format!("{} to {} of {}", mail.notice.kind(), mail.recipient, output::time_ms(mail.created_at_ms));
        finding("mail", &name, Err::<String, _>(told))
    });
    told.collect()
}

async fn upstreams(context: &Context) -> Result<Vec<Finding>, Failure> {
    let mut findings: Vec<Finding> = Vec::new();
    let bound = context.config.limits.upstream_timeout;
    let mailboxes = context.accounts.mailboxes(now_secs())?;
    for config in &context.config.upstreams {
        let upstream = match Upstream::new(config, bound) {
            Ok(upstream) => upstream,
            Err(error) => {
                findings.push(finding("upstream", &config.name, Err::<String, _>(error.to_string())));
                continue;
            }
        };
        let mut by_imap = false;
        for protocol in Protocol::ALL {
            if config.endpoint(protocol).is_some() {
                let reached = probe::reach(&upstream, protocol, bound).await;
                by_imap |= protocol == Protocol::Imap && reached.is_ok();
                let told = reached.map(|()| format!("{protocol} can be reached"));
                findings.push(finding("upstream", &config.name, told.map_err(|why| format!("{protocol}: {why}"))));
            } else if context.config.listeners.iter().any(|listener| listener.protocol == protocol) {
                let told = format!("it has no {protocol}, so its mailboxes are refused there");
                findings.push(finding("upstream", &config.name, Ok(told)));
            }
        }
        for view in mailboxes.iter().filter(|view| by_imap && view.mailbox.upstream == config.name) {
            let address = &view.mailbox.address;
            findings.push(finding("mailbox", address.as_str(), open(context, &upstream, address).await));
        }
    }
    for view in &mailboxes {
        if context.config.upstream(&view.mailbox.upstream).is_none() {
            let why = format!("its upstream `{}` is not in the configuration", view.mailbox.upstream);
            findings.push(finding("mailbox", view.mailbox.address.as_str(), Err::<String, _>(why)));
        }
    }
    Ok(findings)
}

async fn open(context: &Context, upstream: &Upstream, address: &MailboxAddress) -> Result<&'static str, String> {
    let credentials = context.accounts.credentials_of(address).map_err(|error| error.to_string())?;
    match probe::log_in(upstream, credentials.into(), context.config.limits.upstream_timeout).await {
        Probed::LoggedIn(opened) => {
            opened.0.close().await;
            Ok("can be opened")
        }
        Probed::Refused => Err("the upstream refuses the stored credentials; \
                                set them anew with `delega mailbox set --password`"
            .to_owned()),
        Probed::Failed(why) => Err(why),
    }
}
