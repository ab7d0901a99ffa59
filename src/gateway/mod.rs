//! Drives sessions over sockets: one task per connection, one upstream connection for each session, both on the thread
//! that the connection was dealt to ([`net::workers`]).
//!
//! - `connection`: bytes between the sockets and a session, with back pressure both ways
//! - `doors`: which session serves which door
//! - `sending`: what is sent is recorded before and after, and kept for its copy in Sent (O2, X13)
//! - `accesses`: who came in goes into the access history (S4)
//! - `copies`: what is due of these goes into the mailbox's folder (X13)
//! - `login`: credentials are checked on blocking threads, few at a time
//! - `live`: who is in, and the changes that reach them within a second (P9, D8, X2), the sessions that are
//!   ended by somebody (X16)
//! - `upstream`: where a session's upstream connection comes from, and where it goes
//! - `budget`: how many upstream connections a mailbox may have, and who may have them (X4)
//! - `warm`: upstream sessions that wait for the next login (X4)
//! - `probe`: logs in to an upstream by itself, for `delega check` and ahead of demand
//!
//! Untrusted bytes pass through here and are not looked at.

mod accesses;
mod asker;
mod budget;
mod connection;
mod copies;
mod doors;
mod live;
mod login;
mod outbox;
pub mod probe;
mod sending;
mod upstream;
mod warm;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::{Accounts, AccountsError, OpenSessions, Spool, spool};
use crate::config::{Config, LimitsConfig};
use crate::net::{self, Admission, BindError, Listener, ServerTls, Signals, TlsFileError, TrustError, Workers};
use crate::session::Timeouts;

use crate::domain::{Door, Protocol};
use accesses::{AccessHistory, AccessWriter};
pub use asker::Asker;
use budget::Budget;
use doors::Offers;
use live::Live;
pub use upstream::Upstream;
use warm::Warm;

/// Everything that connections share.
pub(crate) struct Shared {
    accounts: Arc<Accounts>,
    upstreams: HashMap<String, Upstream>,
    limits: LimitsConfig,
    live: Arc<Live>,
    budget: Arc<Budget>,
    /// Those of the protocols whose connections are never handed on.
    budgets: HashMap<Protocol, Arc<Budget>>,
    offers: Offers,
    /// Where messages are kept for their copies, where any upstream has some.
    spool: Option<Arc<Spool>>,
    /// Told when a copy has become due.
    copies_due: Arc<tokio::sync::Notify>,
    warm: Arc<Warm>,
    accesses: AccessHistory,
    hashing: Arc<tokio::sync::Semaphore>,
    stop: CancellationToken,
    stop_at_once: CancellationToken,
}

/// A gateway whose listeners stand.
pub struct Gateway {
    shared: Arc<Shared>,
    listeners: Vec<(Listener, Door)>,
    workers: Workers,
    tls: Option<Arc<ServerTls>>,
    accesses: AccessWriter,
    signals: Signals,
}

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The certificate for clients.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// The certificates trusted upstream.
    #[error("upstream {upstream}: {source}")]
    Trust {
        /// Its name.
        upstream: String,
        /// What is wrong.
        source: TrustError,
    },
    /// A listener.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The threads that carry connections.
    #[error("the system gives no threads: {0}")]
    Threads(std::io::Error),
    /// The folder of messages that are to be copied.
    #[error(transparent)]
    Spool(#[from] AccountsError),
}

/// The timeouts that sessions keep.
pub(crate) fn timeouts(limits: &LimitsConfig) -> Timeouts {
    Timeouts {
        login: limits.login_timeout,
        command: limits.command_timeout,
        idle: limits.idle_timeout,
        upstream: limits.upstream_timeout,
        shutdown: limits.shutdown_grace,
        refusal: limits.refusal_delay,
    }
}

impl Gateway {
    /// Reads certificates and binds every listener. To be called within a runtime.
    pub fn bind(config: &Config, accounts: Arc<Accounts>, signals: Signals) -> Result<Gateway, StartError> {
        let tls = config.tls.as_ref().map(ServerTls::new).transpose()?.map(Arc::new);
        let admission = Admission::new(config.limits.connections, config.limits.connections_before_login_per_address);
        let mut upstreams = HashMap::new();
        for upstream in &config.upstreams {
            upstreams.insert(upstream.name.clone(), Upstream::new(upstream, config.limits.upstream_timeout)?);
        }
        let with_submission = config.upstreams.iter().filter(|upstream| upstream.submission.is_some());
        let copies = config.upstreams.iter().any(|upstream| upstream.copy_to_sent);
        let spool = match copies || spool::beside(&config.store.path).exists() {
            true => Some(Arc::new(accounts.open_spool(&config.store.path)?)),
            false => None,
        };
        let listeners = config
            .listeners
            .iter()
            .map(|config| {
                let door = Door { protocol: config.protocol, kind: config.kind };
                Ok((Listener::bind(config, tls.clone(), admission.clone())?, door))
            })
            .collect::<Result<Vec<_>, BindError>>()?;
        for ((listener, _), config) in listeners.iter().zip(&config.listeners) {
            tracing::info!(address = %listener.address(), protocol = %config.protocol, kind = %config.kind, tls = ?config.tls, "listening");
        }
        let (accesses, access_writer) = accesses::history(config.log.accesses_kept);
        let shared = Arc::new(Shared {
            accesses,
            accounts,
            upstreams,
            limits: config.limits.clone(),
            live: Arc::new(Live::default()),
            budget: Arc::default(),
            budgets: [Protocol::Submission, Protocol::Pop3].map(|protocol| (protocol, Arc::default())).into(),
            offers: Offers::new(with_submission.map(|upstream| upstream.name.clone())),
            spool,
            copies_due: Arc::default(),
            warm: Arc::default(),
            hashing: Arc::new(tokio::sync::Semaphore::new(login::at_once())),
            stop: signals.stop.clone(),
            // Its own: where it ends by itself, others go on.
            stop_at_once: signals.stop_at_once.child_token(),
        });
        let workers = Workers::start().map_err(StartError::Threads)?;
        Ok(Gateway { shared, listeners, workers, tls, accesses: access_writer, signals })
    }

    /// The certificate that the listeners show, for others that show it too.
    pub fn tls(&self) -> Option<Arc<ServerTls>> {
        self.tls.clone()
    }

    /// What asks its mail servers whether they let somebody in.
    pub fn asker(&self) -> Asker {
        Asker(self.shared.clone())
    }

    /// Who is at work now, and how their sessions are ended (X16).
    pub fn open_sessions(&self) -> Arc<dyn OpenSessions> {
        self.shared.live.clone()
    }

    /// The turns of those whose passwords are checked: whoever else runs argon2 in this process waits for one, too.
    pub fn hashing(&self) -> Arc<tokio::sync::Semaphore> {
        self.shared.hashing.clone()
    }

    /// Where the listeners stand, in the order of the configuration.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|(listener, _)| listener.address()).collect()
    }

    /// Serves until the signals say stop, and then until the sessions have come to their end, within bounds.
    pub async fn run(self) {
        let Gateway { shared, listeners, workers, tls, accesses, signals } = self;
        let workers = Arc::new(workers);
        let background = TaskTracker::new();
        if let Some(tls) = tls {
            background.spawn(net::tls_watch::watch(
                tls,
                net::CERTIFICATE_POLL,
                signals.reload.clone(),
                signals.stop.clone(),
            ));
        }
        let warm = shared.warm.clone();
        let changed = move || warm.close_all();
        background.spawn(shared.live.clone().follow(shared.accounts.clone(), changed, shared.stop_at_once.clone()));
        background.spawn(shared.warm.clone().keep(signals.stop.clone()));

        let all_said = CancellationToken::new();
        let writing = tokio::spawn(accesses.run(shared.accounts.clone(), all_said.clone()));

        let sessions = TaskTracker::new();
        for (listener, door) in listeners {
            let (shared, sessions, stop) = (shared.clone(), sessions.clone(), signals.stop.clone());
            let workers = workers.clone();
            background.spawn(async move {
                let handler = move |arrival: net::Arrival| {
                    let shared = shared.clone();
                    async move { connection::serve(arrival, door, shared).await }
                };
                listener.serve(&sessions, Some(&workers), stop, handler).await;
            });
        }
        let copying = TaskTracker::new();
        if let Some(spool) = shared.spool.clone() {
            let (workers, due) = (workers.clone(), shared.copies_due.clone());
            copying.spawn(copies::work(shared.clone(), spool, workers, due, signals.stop.clone()));
        }
        net::shutdown::notify_ready();

        signals.stop.cancelled().await;
        tracing::info!(sessions = sessions.len(), "stopping");
        net::shutdown::notify_stopping();
        sessions.close();
        copying.close();
        // A message on its way to Sent keeps the grace period, too.
        let all = async {
            sessions.wait().await;
            copying.wait().await;
        };
        // Sessions keep the grace period themselves; what is beyond it is only their farewell.
        let bound = shared.limits.shutdown_grace + net::CLOSE_TIMEOUT + Duration::from_secs(1);
        tokio::select! {
            () = all => {}
            () = shared.stop_at_once.cancelled() => {}
            () = tokio::time::sleep(bound) => tracing::warn!(sessions = sessions.len(), "sessions were cut off"),
        }
        shared.stop_at_once.cancel();
        workers.end().await;
        // What the last sessions left.
        all_said.cancel();
        if tokio::time::timeout(net::CLOSE_TIMEOUT, writing).await.is_err() {
            tracing::warn!("accesses are missing from the history: the store takes too long");
        }
        tracing::info!("stopped");
    }
}
