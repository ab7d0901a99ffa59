//! The store as one SQLite file (G6), which several processes may use at once: the server, and each command typed.
//!
//! - WAL, so that readers never wait for a writer; `synchronous=FULL`, so that what was confirmed survives a power cut;
//!   `secure_delete`, so that what was deleted is not left in the file.
//! - The file, its write-ahead log and its index have mode 0600. The file is made so before SQLite opens it, and SQLite
//!   gives the other two the mode of the first. Files found looser, such as a backup that was copied back, are
//!   tightened, and where that fails the store does not open.
//! - One connection writes, one reads. What the [`ChangeMarker`] is, `schema` says.

mod access;
mod api_tokens;
mod app_passwords;
mod guesses;
mod life;
mod outbox;
mod panel_sessions;
mod queries;
mod record;
mod schema;
mod two_factor;
mod webmail_logins;

use std::fs::{self, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{ChangeMarker, Reads, Store, StoreError, Writes};
use queries::Work;

/// How long a change waits for another process's change.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the change to WAL is tried, while other processes open the same new file.
const WAL_ATTEMPTS: u32 = 200;
const WAL_PAUSE: Duration = Duration::from_millis(10);
/// Owner may read and write; nobody else may do anything.
const PRIVATE_MODE: u32 = 0o600;

/// The accounts in one SQLite file.
pub struct Sqlite {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl Sqlite {
    /// Opens the file, makes it where there is none, and brings it to the newest version.
    pub fn open(path: &Path) -> Result<Sqlite, StoreError> {
        make(path)?;
        let mut writer = connect(path)?;
        // Nothing of a file that is not ours is touched.
        schema::judge(&writer, path)?;
        close_to_others(path)?;
        use_wal(&writer)?;
        writer.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        writer.pragma_update(None, "secure_delete", true).map_err(failed)?;
        schema::migrate(&mut writer, path)?;
        let reader = connect(path)?;
        reader.pragma_update(None, "query_only", true).map_err(failed)?;
        Ok(Sqlite { writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }
}

impl Store for Sqlite {
    fn run_read(&self, work: &mut dyn FnMut(&dyn Reads)) -> Result<(), StoreError> {
        let mut reader = held(&self.reader);
        let tx = reader.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
        work(&Work(&tx));
        Ok(())
    }

    fn run_change(&self, work: &mut dyn FnMut(&dyn Writes) -> bool) -> Result<(), StoreError> {
        let mut writer = held(&self.writer);
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if work(&Work(&tx)) {
            tx.commit().map_err(failed)
        } else if tx.is_autocommit() {
            // SQLite has undone it all by itself, as it does when the disk is full.
            Ok(())
        } else {
            tx.rollback().map_err(failed)
        }
    }

    fn change_marker(&self) -> Result<ChangeMarker, StoreError> {
        let reader = held(&self.reader);
        let mut ask = reader.prepare_cached("SELECT value FROM generation WHERE one = 1").map_err(failed)?;
        ask.query_row([], |row| row.get(0)).map(ChangeMarker).map_err(failed)
    }
}

/// A connection stays usable after a panic elsewhere: an unfinished transaction was rolled back when it was dropped.
fn held(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
        _ => StoreError::Database(Box::new(error)),
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("has_within", 2, flags, has_within).map_err(failed)?;
    Ok(connection)
}

/// Whether a text has a part, which is in lower case, in whatever case: SQLite's own LIKE knows ASCII alone.
fn has_within(arguments: &Context<'_>) -> rusqlite::Result<bool> {
    let text: Option<String> = arguments.get(0)?;
    let part: String = arguments.get(1)?;
    Ok(text.is_some_and(|text| text.to_lowercase().contains(&part)))
}

/// SQLite does not wait for others here, whatever the busy timeout, so it is tried again.
fn use_wal(connection: &Connection) -> Result<(), StoreError> {
    let mut attempts = 0;
    loop {
        let outcome: Result<String, _> =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match outcome {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(StoreError::Database(
                    format!("it keeps its journal as `{mode}`, not `wal`; put it on a local disk").into(),
                ));
            }
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                attempts += 1;
                if attempts == WAL_ATTEMPTS {
                    return Err(failed(error));
                }
                std::thread::sleep(WAL_PAUSE);
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Makes the file, private from its first moment, where there is none. One that exists is not opened: to close it again
/// would drop the locks that SQLite holds on it elsewhere in this process.
fn make(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(PRIVATE_MODE).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(fault(path, "made", error)),
        _ => Ok(()),
    }
}

/// Closes the file and its companions to others.
fn close_to_others(path: &Path) -> Result<(), StoreError> {
    for file in [path.to_owned(), companion(path, "-wal"), companion(path, "-shm")] {
        let mode = match fs::metadata(&file) {
            Ok(metadata) => metadata.permissions().mode(),
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(fault(&file, "looked at", error)),
        };
        if mode & 0o077 != 0 {
            match fs::set_permissions(&file, Permissions::from_mode(PRIVATE_MODE)) {
                Ok(()) => tracing::warn!(file = %file.display(), "others could use this file; it is private now"),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(fault(&file, "made private (mode 0600)", error)),
            }
        }
    }
    Ok(())
}

fn fault(path: &Path, what: &'static str, source: std::io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), what, source }
}

fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::{DelegateId, MailboxId, SendFilter};
    use crate::store::{change, conformance, read, record_conformance};

    #[test]
    fn it_is_a_store() {
        let open = |dir: &Path| -> Box<dyn Store> { Box::new(Sqlite::open(&dir.join("a.db")).unwrap()) };
        conformance::holds(open);
        record_conformance::holds(open);
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_file_and_its_companions_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let store = Sqlite::open(&path).unwrap();
        change(&store, |w| w.insert_mailbox(&conformance::mailbox("a@b.it"))).unwrap();
        for file in [path.clone(), companion(&path, "-wal"), companion(&path, "-shm")] {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        }
        let _again = Sqlite::open(&path).unwrap();
        for file in [path.clone(), companion(&path, "-wal"), companion(&path, "-shm")] {
            assert_eq!(mode(&file), 0o600, "{} was not tightened", file.display());
        }
    }

    #[test]
    fn a_newer_file_and_a_foreign_one_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let newer = dir.path().join("newer.db");
        drop(Sqlite::open(&newer).unwrap());
        Connection::open(&newer).unwrap().pragma_update(None, "user_version", 999).unwrap();
        assert!(matches!(Sqlite::open(&newer), Err(StoreError::Newer { found: 999, .. })));
        let foreign = dir.path().join("foreign.db");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        let before = (fs::read(&foreign).unwrap(), mode(&foreign));
        assert!(matches!(Sqlite::open(&foreign), Err(StoreError::Foreign(_))));
        assert_eq!((fs::read(&foreign).unwrap(), mode(&foreign)), before, "a file that is not ours was touched");
        let text = dir.path().join("text.db");
        fs::write(&text, "this is no database, but a text that is long enough to be looked at").unwrap();
        assert!(matches!(Sqlite::open(&text), Err(StoreError::Database(_))));
    }

    #[test]
    fn many_may_open_a_new_file_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        std::thread::scope(|scope| {
            let opened: Vec<_> = (0..8).map(|_| scope.spawn(|| Sqlite::open(&path).map(drop))).collect();
            for one in opened {
                one.join().unwrap().unwrap();
            }
        });
    }

    #[test]
    fn a_value_that_is_not_known_is_corrupt() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let store = Sqlite::open(&path).unwrap();
        let id = change(&store, |w| w.insert_mailbox(&conformance::mailbox("a@b.it"))).unwrap();
        change(&store, |w| w.insert_delegate(&conformance::delegate(id, "anna"))).unwrap();
        Connection::open(&path).unwrap().execute("UPDATE delegates SET state = 'dormant'", []).unwrap();
        let found = read(&store, |r| r.delegates(id));
        assert!(matches!(&found, Err(StoreError::Corrupt(what)) if what.contains("dormant")), "{found:?}");
        let alias = "INSERT INTO aliases (address, mailbox_id) VALUES ('B@b.it x', ?1)";
        Connection::open(&path).unwrap().execute(alias, [id.0]).unwrap();
        let found = read(&store, |r| r.mailbox_by_id(id));
        assert!(matches!(&found, Err(StoreError::Corrupt(what)) if what.contains("B@b.it x")), "{found:?}");
    }

    #[test]
    fn a_record_that_cannot_be_is_corrupt() {
        for damage in [
            "UPDATE sends SET outcome = 'perhaps'",
            "UPDATE sends SET outcome = 'accepted'",
            "UPDATE sends SET reply = '250 ok'",
            "UPDATE sends SET username = NULL",
            "UPDATE sends SET delegate_id = NULL",
            "UPDATE sends SET username = '../anna'",
            "UPDATE sends SET mailbox = 'nobody'",
            "UPDATE sends SET peer = 'here'",
            "UPDATE sends SET kind = 'panel'",
            "UPDATE sends SET bytes = -1",
            "UPDATE copies SET spool = '../delega.key'",
            "UPDATE copies SET state = 'lost'",
            "UPDATE copies SET attempts = -1",
            "UPDATE copies SET attempts = 4294967296",
            "DELETE FROM send_recipients WHERE position = 1",
            "UPDATE send_recipients SET position = -1 WHERE position = 0",
        ] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.db");
            let store = Sqlite::open(&path).unwrap();
            let id = change(&store, |w| {
                let id = w.insert_send(&record_conformance::send(MailboxId(1), Some(DelegateId(1))))?;
                w.insert_copy(&record_conformance::copy(id, MailboxId(1), 1, 0))?;
                Ok::<_, StoreError>(id)
            });
            let id = id.unwrap();
            assert!(read(&store, |r| r.send(id)).unwrap().is_some());
            assert!(Connection::open(&path).unwrap().execute(damage, []).unwrap() > 0, "{damage}");
            for found in
                [read(&store, |r| r.send(id)).map(drop), read(&store, |r| r.sends(&SendFilter::default(), 9)).map(drop)]
            {
                assert!(matches!(&found, Err(StoreError::Corrupt(_))), "{damage}: {found:?}");
            }
        }
    }

    #[test]
    fn a_full_disk_is_said_and_leaves_nothing_half_written() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("a.db")).unwrap();
        let mut large = record_conformance::send(MailboxId(1), None);
        large.sending.forward_paths = (0..5_000).map(|n| format!("somebody-{n}@example.it")).collect();
        let pages = |pages: i64| held(&store.writer).pragma_update(None, "max_page_count", pages).unwrap();
        let now: i64 = held(&store.writer).pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        pages(now + 10);
        let full = change(&store, |w| w.insert_send(&large));
        assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
        assert_eq!(read(&store, |r| r.sends(&SendFilter::default(), 9)).unwrap(), []);
        let strays = "SELECT count(*) FROM send_recipients";
        assert_eq!(held(&store.reader).query_row(strays, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        pages(now + 10_000);
        let id = change(&store, |w| w.insert_send(&large)).unwrap();
        assert_eq!(read(&store, |r| r.send(id)).unwrap().unwrap().sending.forward_paths.len(), 5_000);
    }

    #[test]
    fn a_restored_backup_moves_the_marker() {
        let dir = tempfile::tempdir().unwrap();
        let (path, kept) = (dir.path().join("a.db"), dir.path().join("kept.db"));
        let store = Sqlite::open(&path).unwrap();
        Connection::open(&path).unwrap().execute("VACUUM INTO ?1", [kept.to_str().unwrap()]).unwrap();
        let add = |address: &str| {
            change(&store, |w| w.insert_mailbox(&conformance::mailbox(address))).unwrap();
            store.change_marker().unwrap()
        };
        let first = add("a@b.it");
        let mut live = Connection::open(&path).unwrap();
        let backup = Connection::open(&kept).unwrap();
        rusqlite::backup::Backup::new(&backup, &mut live).unwrap().run_to_completion(99, WAL_PAUSE, None).unwrap();
        assert_eq!(read(&store, |r| r.mailboxes()).unwrap(), []);
        assert_ne!(store.change_marker().unwrap(), first);
        assert_ne!(add("c@b.it"), first, "as many changes are not the same changes");
    }
}
