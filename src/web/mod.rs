//! The panel: public pages to answer an invitation (D2, D6) and to set a new password (D7), and behind a login those of
//! owners, delegates and postmasters.
//!
//! HTTP/1.1 (RFC 9112) over [`net`](crate::net)'s listeners, HTML that needs no script, in Italian and English.
//!
//! - `server`: a connection, from its first byte to its last, within bounds
//! - `routes`: which path leads where, and the headers of every answer
//! - `site`: what the pages share
//! - `reader`: the language that somebody reads
//! - `form`: what somebody sends
//! - `session`: whose request it is; a page that takes `Signed` or `Filled` is for nobody else
//! - `frame`: what every page has around it
//! - `page`: what the public pages show
//! - `invitation`, `password`, `email`, `postmaster`, `login`: the pages that anybody may open
//! - `account`: one's own account, and how a mail program is set up
//! - `address`: what a page's address says: which mailbox, which delegate, and what is asked of a list
//! - `delegates`: a mailbox's delegates, for whoever looks after them
//! - `mailboxes`: the mailboxes of a domain, for its postmasters
//! - `rules`: a rule that says no, in the words of who reads it
//! - `records`: what was sent, who came in, who is at work
//! - `setup`: the files by which mail programs set themselves up
//! - `api`: the same and more for programs, by tokens
//! - `errands`: what is done behind the answer, so that the answer tells nothing
//!
//! Everything that a browser sends is untrusted, and so are the names that people have given themselves: they are text, and
//! the templates escape it. Who may do what is decided in [`accounts`](crate::accounts), with the actor of the session.
//! Whoever holds the token of a link may do what it is for, once, and nothing else; that needs no session. A GET changes nothing, since whatever scans mail follows links. Links are made from the
//! configured `public_url` alone, and no answer depends on the `Host` of a request. The token stands in the address
//! of the first page only, from where it goes into the body of a POST, and never into the log.

mod account;
mod address;
mod api;
mod delegates;
mod email;
mod errands;
mod form;
mod frame;
mod invitation;
mod login;
mod mailboxes;
mod page;
mod password;
mod postmaster;
mod reader;
mod records;
mod routes;
mod rules;
mod server;
mod session;
mod setup;
mod site;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::task::TaskTracker;

pub use errands::Errands;
pub use routes::router;
pub use site::{Asked, Gatehouse, Letters, MailServers, Site, Written};

use crate::accounts::Accounts;
use crate::config::{Config, PanelConfig};
use crate::net::{Admission, Arrival, BindError, CLOSE_TIMEOUT, Listener, ServerTls, Signals};

/// Connections at once.
pub const CONNECTIONS: usize = 512;
/// How long a client may take to send the head of a request, and to begin the next one.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// From the head of a request to its answer, its body included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection may go on; then it ends with the request that it is at.
pub const CONNECTION_LIFE: Duration = Duration::from_secs(300);
/// How many look something up at once; who comes later waits.
pub const LOOKUPS_AT_ONCE: usize = 8;
/// How many errands wait to be done; what comes beyond is dropped.
pub const ERRANDS: usize = 64;

/// The panel, whose listener stands.
pub struct Panel {
    listener: Listener,
    site: Site,
    errands: Errands,
    signals: Signals,
    shutdown_grace: Duration,
}

impl Panel {
    /// Binds the listener. To be called within a runtime.
    pub fn bind(
        panel: &PanelConfig,
        config: &Config,
        accounts: Arc<Accounts>,
        tls: Option<Arc<ServerTls>>,
        gatehouse: Gatehouse,
        signals: Signals,
    ) -> Result<Panel, BindError> {
        // Of its own: whoever floods the pages takes no place from those who read their mail.
        let admission = Admission::new(CONNECTIONS, config.limits.connections_before_login_per_address);
        let listener = Listener::bind_panel(panel, tls, admission)?;
        tracing::info!(address = %listener.address(), url = panel.public_url, tls = ?panel.tls, "the panel listens");
        let (site, errands) = Site::new(panel, accounts, gatehouse);
        Ok(Panel { listener, site, errands, signals, shutdown_grace: config.limits.shutdown_grace })
    }

    /// The same panel, which shows mails before they go out.
    #[must_use]
    pub fn with_letters(self, letters: Arc<dyn Letters>) -> Panel {
        Panel { site: self.site.with_letters(letters), ..self }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Serves until the signals say stop, and then until what was asked has been answered and done, within bounds.
    pub async fn run(self) {
        let Panel { listener, site, errands, signals, shutdown_grace } = self;
        let connections = TaskTracker::new();
        let errands = tokio::spawn(errands.run());
        let (router, until) = (router(site), signals.clone());
        let handler = move |arrival: Arrival| server::serve(arrival, router.clone(), until.clone());
        listener.serve(&connections, None, signals.stop.clone(), handler).await;

        connections.close();
        let all = async {
            connections.wait().await;
            // Nobody sends them any more, so they end.
            let _ = errands.await;
        };
        tokio::select! {
            () = all => {}
            () = signals.stop_at_once.cancelled() => {}
            () = tokio::time::sleep(shutdown_grace + CLOSE_TIMEOUT) => tracing::warn!("the panel was cut off"),
        }
    }
}

impl std::fmt::Debug for Panel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Panel").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Seconds since 1970-01-01 UTC.
fn now_secs() -> i64 {
    now_ms() / 1000
}

/// Milliseconds since 1970-01-01 UTC.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
