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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "../../tests/support/certs.rs"]
mod certs;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::certs::{Authority, write};
    use super::*;
    use crate::config::TlsConfig;

    fn watcher(folder: &std::path::Path) -> (Authority, TlsConfig, Watcher) {
        let files = TlsConfig { certificate: folder.join("server.pem"), key: folder.join("server.key") };
        let authority = Authority::new("test CA").unwrap();
        renew(&authority, &files);
        let watcher = Watcher::new(Arc::new(ServerTls::new(&files).unwrap()));
        (authority, files, watcher)
    }

    fn renew(authority: &Authority, files: &TlsConfig) {
        let issued = authority.issue(&["localhost"]).unwrap();
        write(&files.certificate, &issued.chain_pem, 0o644).unwrap();
        write(&files.key, &issued.key_pem, 0o600).unwrap();
    }

    #[test]
    fn a_change_counts_once_it_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let (authority, files, mut watcher) = watcher(folder.path());
        assert!(matches!(watcher.look(), Seen::Unchanged));

        let issued = authority.issue(&["localhost"]).unwrap();
        write(&files.certificate, &issued.chain_pem, 0o644).unwrap();
        assert!(matches!(watcher.look(), Seen::Changing));
        write(&files.key, &issued.key_pem, 0o600).unwrap();
        assert!(matches!(watcher.look(), Seen::Changing));
        assert!(matches!(watcher.look(), Seen::Reloaded));
        assert!(matches!(watcher.look(), Seen::Unchanged));

        // Overwritten in place, and by a file of the same length.
        let text = fs::read_to_string(&files.certificate).unwrap();
        fs::write(&files.certificate, text).unwrap();
        assert!(matches!(watcher.look(), Seen::Changing));
        assert!(matches!(watcher.look(), Seen::Reloaded));
    }

    #[test]
    fn a_broken_pair_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let (authority, files, mut watcher) = watcher(folder.path());
        fs::write(&files.key, "broken").unwrap();
        assert!(matches!(watcher.look(), Seen::Changing));
        assert!(matches!(watcher.look(), Seen::Refused(TlsFileError::NoKey(_))));
        assert!(matches!(watcher.look(), Seen::Unchanged));
        assert!(matches!(watcher.look(), Seen::Unchanged));

        fs::remove_file(&files.key).unwrap();
        assert!(matches!(watcher.look(), Seen::Changing));
        assert!(matches!(watcher.look(), Seen::Refused(TlsFileError::Unreadable { .. })));
        assert!(matches!(watcher.look(), Seen::Unchanged));

        renew(&authority, &files);
        assert!(matches!(watcher.look(), Seen::Changing));
        assert!(matches!(watcher.look(), Seen::Reloaded));
    }

    #[test]
    fn a_key_that_others_can_read_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let (_, files, watcher) = watcher(folder.path());
        let log_at = |mode: u32| {
            fs::set_permissions(&files.key, fs::Permissions::from_mode(mode)).unwrap();
            let log = Arc::new(std::sync::Mutex::new(Vec::new()));
            let writer = tracing_subscriber::fmt::writer::BoxMakeWriter::new(Log(log.clone()));
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
            tracing::subscriber::with_default(subscriber, || watcher.tls.reload().unwrap());
            String::from_utf8(std::mem::take(&mut *log.lock().unwrap())).unwrap()
        };
        assert_eq!(log_at(0o600), "");
        for mode in [0o640, 0o604] {
            let log = log_at(mode);
            assert!(log.contains("WARN") && log.contains("server.key") && log.contains(&format!("{mode:o}")), "{log}");
        }
    }

    #[derive(Clone)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
        type Writer = Log;

        fn make_writer(&self) -> Log {
            self.clone()
        }
    }
}
