//! Notices that the certificate's files have changed, and reads them again.
//!
//! Whoever renews certificates replaces two files, not at the same moment: a change counts once the files have stood
//! still from one look to the next. A broken new pair is told once, and the old certificate stays.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::shutdown::Reload;
use super::tls_files::{Fingerprint, TlsFileError};
use super::tls_server::ServerTls;

/// Looks at the files `every` so often, and at once when `reload` asks for it, until `stop`.
pub async fn watch(tls: Arc<ServerTls>, every: Duration, mut reload: Reload, stop: CancellationToken) {
    let mut watcher = Watcher::new(tls);
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return,
            () = reload.requested() => true,
            () = tokio::time::sleep(every) => false,
        };
        let look = move || {
            let seen = if asked { watcher.reload() } else { watcher.look() };
            (watcher, seen)
        };
        let Ok((back, seen)) = tokio::task::spawn_blocking(look).await else { return };
        watcher = back;
        seen.log();
    }
}

struct Watcher {
    tls: Arc<ServerTls>,
    /// The state that has been dealt with, well or not.
    settled: Fingerprint,
    /// The state at the last look.
    last: Fingerprint,
}

/// What came of a look at the files.
#[derive(Debug)]
enum Seen {
    Unchanged,
    Changing,
    Reloaded,
    Refused(TlsFileError),
}

impl Watcher {
    fn new(tls: Arc<ServerTls>) -> Self {
        let settled = tls.fingerprint();
        Watcher { tls, settled, last: settled }
    }

    fn look(&mut self) -> Seen {
        let now = Fingerprint::of(self.tls.files());
        if now == self.settled {
            self.last = now;
            return Seen::Unchanged;
        }
        if now != self.last {
            self.last = now;
            return Seen::Changing;
        }
        self.reload()
    }

    fn reload(&mut self) -> Seen {
        let now = Fingerprint::of(self.tls.files());
        self.settled = now;
        self.last = now;
        match self.tls.reload() {
            Ok(()) => Seen::Reloaded,
            Err(error) => Seen::Refused(error),
        }
    }
}

impl Seen {
    fn log(&self) {
        match self {
            Seen::Unchanged | Seen::Changing => {}
            Seen::Reloaded => tracing::info!("the certificate was read again; new connections use it"),
            Seen::Refused(error) => {
                tracing::error!(%error, "the new certificate cannot be used; the old one stays");
            }
        }
    }
}
