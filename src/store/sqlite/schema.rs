//! The tables, and how an older file becomes a newer one. The number of the last step done is the file's `user_version`.
//!
//! A step that has been released is never edited; a change is a new step. Row numbers are never used again
//! (AUTOINCREMENT), since sealed secrets and open sessions are bound to them.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, failed};

/// "dlga": tells delega's files from those of other programs.
const APPLICATION_ID: i64 = 0x646c_6761;

const STEPS: &[&str] = &["
CREATE TABLE mailboxes (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    address         TEXT NOT NULL UNIQUE,
    upstream        TEXT NOT NULL,
    upstream_user   TEXT,
    sealed_password BLOB,
    plan            TEXT NOT NULL,
    owner_name      TEXT NOT NULL,
    owner_email     TEXT NOT NULL,
    created_at_secs INTEGER NOT NULL,
    changed_at_secs INTEGER NOT NULL
) STRICT;
CREATE TABLE delegates (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox_id      INTEGER NOT NULL REFERENCES mailboxes (id) ON DELETE RESTRICT,
    username        TEXT NOT NULL,
    first_name      TEXT NOT NULL,
    last_name       TEXT NOT NULL,
    email           TEXT NOT NULL,
    language        TEXT,
    permissions     TEXT NOT NULL,
    protocols       TEXT NOT NULL,
    state           TEXT NOT NULL,
    password_hash   TEXT,
    created_at_secs INTEGER NOT NULL,
    changed_at_secs INTEGER NOT NULL,
    UNIQUE (mailbox_id, username)
) STRICT;
CREATE TABLE key_check (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    sealed          BLOB NOT NULL
) STRICT;
"];

/// Whether the file is one of delega's, or a new one, and not of a newer delega. Only looks.
pub(super) fn judge(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    next_step(connection, path).map(drop)
}

/// Brings the file to the newest version, each step in a transaction of its own, so that an interrupted start goes on
/// where it stopped and two processes may start at once. A file that is up to date is only read.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    while next_step(connection, path)?.is_some() {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        // Asked again, now that nobody else can change it.
        if let Some((version, step)) = next_step(&tx, path)? {
            tx.execute_batch(step).map_err(failed)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
            tx.pragma_update(None, "user_version", version).map_err(failed)?;
            tx.commit().map_err(failed)?;
        }
    }
    Ok(())
}

/// The step that the file needs next, and the version that it has after it.
fn next_step(connection: &Connection, path: &Path) -> Result<Option<(i64, &'static str)>, StoreError> {
    let ask = "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) \
               FROM pragma_user_version, pragma_application_id";
    let (found, application, tables): (i64, i64, i64) =
        connection.query_row(ask, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(failed)?;
    if (tables > 0 || found != 0) && application != APPLICATION_ID {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    let known = STEPS.len() as i64;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(usize::try_from(found).ok().and_then(|found| STEPS.get(found)).map(|step| (found + 1, *step)))
}
