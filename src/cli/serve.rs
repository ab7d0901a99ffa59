//! `delega serve`: the gateway, until it is told to stop.

use std::path::Path;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;

use super::{Context, Failure};
use crate::accounts::Credentials;
use crate::config::{LogConfig, PanelConfig};
use crate::domain::{Language, Notice};
use crate::gateway::{Asker, Gateway};
use crate::net::{Signals, provider};
use crate::notify::{self, Notifier};
use crate::web::{Asked, Gatehouse, Letters, MailServers, Panel, Written};

/// Serves until SIGTERM or SIGINT, and then until sessions have ended within their bounds.
pub(super) fn run(config: &Path) -> Result<(), Failure> {
    let config_file = super::context::load_config(config)?;
    log(&config_file.log)?;
    provider::install();
    let Context { config, accounts } = Context::open(config)?;
    // Connections have threads of their own (`net::workers`).
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Refused(format!("the system gives no threads: {error}")))?;
    runtime.block_on(async {
        let signals = Signals::listen().map_err(|error| Failure::Refused(format!("no signals: {error}")))?;
        let gateway = Gateway::bind(&config, accounts.clone(), signals.clone());
        let gateway = gateway.map_err(|error| Failure::Refused(error.to_string()))?;
        let notifier = config.notify.as_ref().zip(config.panel.as_ref()).map(|(notify, panel)| {
            Notifier::new(notify, panel, accounts.clone(), config.limits.shutdown_grace)
                .map_err(|error| Failure::Refused(format!("the relay in [notify]: {error}")))
        });
        let notifier = notifier.transpose()?;
        let settling = notify::settle(accounts.clone(), signals.stop.clone());
        let panel = config.panel.as_ref().map(|panel| {
            let gatehouse = Gatehouse {
                hashing: gateway.hashing(),
                mail_servers: Arc::new(Asking(gateway.asker())),
                refusal_delay: config.limits.refusal_delay,
                open_sessions: gateway.open_sessions(),
            };
            let letters = Arc::new(Writing(panel.clone()));
            Panel::bind(panel, &config, accounts, gateway.tls(), gatehouse, signals.clone())
                .map(|panel| panel.with_letters(letters))
                .map_err(|error| Failure::Refused(error.to_string()))
        });
        let panel = panel.transpose()?;
        let pages = async {
            if let Some(panel) = panel {
                panel.run().await;
            }
        };
        let mails = async {
            if let Some(notifier) = notifier {
                notifier.run(signals).await;
            }
        };
        tokio::join!(gateway.run(), pages, mails, settling);
        Ok(())
    })
}

/// The gateway knows the mail servers that the panel has to ask.
struct Asking(Asker);

impl MailServers for Asking {
    fn lets_in(&self, upstream: String, credentials: Credentials) -> Asked {
        let asker = self.0.clone();
        Box::pin(async move { asker.lets_in(&upstream, credentials).await })
    }
}

/// The writer of mails has them for the panel to show.
struct Writing(PanelConfig);

impl Letters for Writing {
    fn write(&self, notice: &Notice, language: Language) -> Option<Written> {
        let (subject, text) = notify::preview::draft(notice, language, &self.0)?;
        Some(Written { language, subject, text })
    }
}

/// The log goes to stderr, one line or one JSON object an event.
fn log(config: &LogConfig) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| Failure::Refused(format!("log.filter `{}` is no filter: {error}", config.filter)))?;
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        // It would say by eprintln that it cannot log, and that panics where stderr is on a full disk
        .log_internal_errors(false);
    if config.json {
        let _ = builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init();
    } else {
        let _ = builder.with_target(false).with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init();
    }
    Ok(())
}
