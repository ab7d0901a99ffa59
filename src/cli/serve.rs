//! `delega serve`: the gateway, until it is told to stop.

use std::path::Path;

use tracing_subscriber::EnvFilter;

use super::{Context, Failure};
use crate::config::LogConfig;
use crate::gateway::Gateway;
use crate::net::{Signals, provider};

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
        let gateway = Gateway::bind(&config, accounts, signals).map_err(|error| Failure::Refused(error.to_string()))?;
        gateway.run().await;
        Ok(())
    })
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
