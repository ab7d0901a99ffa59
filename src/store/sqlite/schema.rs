//! The tables, and how an older file becomes a newer one. The number of the last step done is the file's `user_version`.
//!
//! A step that has been released is never edited; a change is a new step. Row numbers are never used again
//! (AUTOINCREMENT), since sealed secrets and open sessions are bound to them.
//!
//! `generation` is the change marker. Triggers set it anew with every change to an account, so that no change can forget
//! it, whoever makes it. SQLite's own `data_version` moves with every commit, and each message that is sent commits
//! twice; the alternative, a second file for the record, would cost what one file gives: a copy becomes due in the same
//! transaction as its message's outcome, and one file is backed up (G6). The value is random, not counted: a backup that
//! is played back into an open store is a change too, however many changes came before it.
//!
//! The record of sends has no foreign key to the accounts, since it outlives them.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, failed};

/// "dlga": tells delega's files from those of other programs.
const APPLICATION_ID: i64 = 0x646c_6761;

const STEPS: &[&str] = &[
    "
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
",
    "
CREATE TABLE aliases (
    address         TEXT PRIMARY KEY,
    mailbox_id      INTEGER NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_of_mailbox ON aliases (mailbox_id, address);

CREATE TABLE generation (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    value           INTEGER NOT NULL
) STRICT;
INSERT INTO generation (one, value) VALUES (1, random());
CREATE TRIGGER mailbox_inserted AFTER INSERT ON mailboxes BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER mailbox_updated AFTER UPDATE ON mailboxes BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER mailbox_deleted AFTER DELETE ON mailboxes BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER delegate_inserted AFTER INSERT ON delegates BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER delegate_updated AFTER UPDATE ON delegates BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER delegate_deleted AFTER DELETE ON delegates BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER alias_inserted AFTER INSERT ON aliases BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER alias_updated AFTER UPDATE ON aliases BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER alias_deleted AFTER DELETE ON aliases BEGIN UPDATE generation SET value = random(); END;

CREATE TABLE sends (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms           INTEGER NOT NULL,
    mailbox_id      INTEGER NOT NULL,
    mailbox         TEXT NOT NULL,
    username        TEXT,
    delegate_id     INTEGER,
    peer            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    reverse_path    TEXT NOT NULL,
    message_id      TEXT,
    subject         TEXT,
    bytes           INTEGER NOT NULL,
    outcome         TEXT NOT NULL,
    reply           TEXT,
    outcome_at_ms   INTEGER
) STRICT;
CREATE INDEX sends_by_time ON sends (at_ms);
CREATE INDEX sends_of_mailbox ON sends (mailbox, at_ms);
CREATE TABLE send_recipients (
    send_id         INTEGER NOT NULL REFERENCES sends (id),
    position        INTEGER NOT NULL,
    address         TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (send_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX sends_to ON send_recipients (address, send_id);
CREATE TABLE copies (
    send_id         INTEGER PRIMARY KEY REFERENCES sends (id),
    mailbox_id      INTEGER NOT NULL,
    spool           TEXT NOT NULL UNIQUE,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at_ms INTEGER NOT NULL,
    why             TEXT
) STRICT;
CREATE INDEX copies_by_state ON copies (state, next_attempt_at_ms) WHERE state <> 'done';
",
    // Nobody loses a seat by this step: a plan that the catalogue does not have gets as many as are taken, and a mailbox
    // that is over its seats has no date at which it would feel it (D10).
    "
CREATE TABLE plans (
    name            TEXT PRIMARY KEY COLLATE NOCASE,
    seats           INTEGER NOT NULL,
    pack_seats      INTEGER NOT NULL,
    most_packs      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO plans (name, seats, pack_seats, most_packs) VALUES
    ('Standard', 0, 0, 0), ('Plus', 1, 0, 0), ('Pro', 1, 0, 0), ('Premium', 3, 5, 30), ('Pro-3', 3, 0, 0);
INSERT OR IGNORE INTO plans (name, seats, pack_seats, most_packs)
    SELECT plan, max((SELECT count(*) FROM delegates WHERE mailbox_id = mailboxes.id)), 0, 0
    FROM mailboxes GROUP BY plan COLLATE NOCASE;

ALTER TABLE mailboxes ADD COLUMN packs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN grace_until_secs INTEGER;
ALTER TABLE mailboxes ADD COLUMN multi_user INTEGER NOT NULL DEFAULT 1;
ALTER TABLE mailboxes ADD COLUMN password_management INTEGER NOT NULL DEFAULT 1;
ALTER TABLE mailboxes ADD COLUMN password_refused_at_secs INTEGER;
ALTER TABLE mailboxes ADD COLUMN owner_language TEXT NOT NULL DEFAULT 'it';
ALTER TABLE mailboxes ADD COLUMN owner_fiscal_code TEXT;
ALTER TABLE delegates ADD COLUMN invited_until_secs INTEGER;
ALTER TABLE delegates ADD COLUMN reset_at_secs INTEGER;
ALTER TABLE delegates ADD COLUMN password_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delegates ADD COLUMN seated_at_secs INTEGER NOT NULL DEFAULT 0;
UPDATE delegates SET seated_at_secs = created_at_secs;
CREATE INDEX mailboxes_in_grace ON mailboxes (grace_until_secs) WHERE grace_until_secs IS NOT NULL;
CREATE INDEX delegates_invited ON delegates (invited_until_secs) WHERE state = 'pending';

CREATE TABLE links (
    hash            BLOB PRIMARY KEY,
    purpose         TEXT NOT NULL,
    delegate_id     INTEGER NOT NULL REFERENCES delegates (id) ON DELETE CASCADE,
    until_secs      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX links_of_delegate ON links (delegate_id, purpose);
CREATE TABLE link_requests (
    delegate_id     INTEGER NOT NULL REFERENCES delegates (id) ON DELETE CASCADE,
    at_secs         INTEGER NOT NULL,
    PRIMARY KEY (delegate_id, at_secs)
) STRICT, WITHOUT ROWID;

CREATE TABLE postmasters (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    domain          TEXT NOT NULL,
    email           TEXT NOT NULL,
    name            TEXT NOT NULL,
    language        TEXT NOT NULL,
    created_at_secs INTEGER NOT NULL,
    UNIQUE (domain, email)
) STRICT;

CREATE TABLE mails (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient       TEXT NOT NULL,
    language        TEXT NOT NULL,
    notice          TEXT NOT NULL,
    sealed_token    BLOB,
    created_at_ms   INTEGER NOT NULL,
    state           TEXT NOT NULL,
    since_ms        INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at_ms INTEGER NOT NULL,
    ended_at_ms     INTEGER,
    why             TEXT
) STRICT;
CREATE INDEX mails_waiting ON mails (recipient, id) WHERE state = 'waiting';
CREATE INDEX mails_due ON mails (next_attempt_at_ms) WHERE state = 'waiting';
CREATE INDEX mails_ended ON mails (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
",
    "
CREATE TABLE accesses (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    first_at_ms     INTEGER NOT NULL,
    last_at_ms      INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    mailbox_id      INTEGER NOT NULL,
    mailbox         TEXT NOT NULL,
    username        TEXT,
    delegate_id     INTEGER,
    address         TEXT NOT NULL,
    protocol        TEXT NOT NULL,
    kind            TEXT NOT NULL,
    program         TEXT,
    refusal         TEXT
) STRICT;
CREATE INDEX accesses_by_time ON accesses (last_at_ms);
CREATE INDEX accesses_of_account ON accesses (mailbox_id, delegate_id, last_at_ms);
CREATE INDEX accesses_of_mailbox ON accesses (mailbox, last_at_ms);
CREATE INDEX accesses_from ON accesses (mailbox, address, last_at_ms);

CREATE TABLE guesses (
    who             TEXT PRIMARY KEY,
    count           INTEGER NOT NULL,
    last_at_ms      INTEGER NOT NULL,
    leaks_from_ms   INTEGER NOT NULL,
    closed_until_ms INTEGER NOT NULL,
    remembered      BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX guesses_by_time ON guesses (last_at_ms);
CREATE INDEX guesses_closed ON guesses (closed_until_ms) WHERE closed_until_ms > 0;

ALTER TABLE mailboxes ADD COLUMN own_app_passwords INTEGER NOT NULL DEFAULT 1;
CREATE TABLE app_passwords (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    delegate_id     INTEGER NOT NULL REFERENCES delegates (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    hash            BLOB NOT NULL UNIQUE,
    scope           TEXT NOT NULL,
    created_at_secs INTEGER NOT NULL,
    expires_at_secs INTEGER NOT NULL,
    told            TEXT NOT NULL,
    used_at_ms      INTEGER,
    used_from       TEXT,
    used_by         TEXT,
    UNIQUE (delegate_id, name)
) STRICT;
CREATE INDEX app_passwords_ending ON app_passwords (expires_at_secs) WHERE told <> 'ended';
",
    // Everybody who logs in has an account, and what belongs to one is kept under its name ([`AccountId`]), whoever they are;
    // it goes with them.
    "
ALTER TABLE mailboxes ADD COLUMN owner_phone TEXT;
ALTER TABLE mailboxes ADD COLUMN owner_password_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delegates ADD COLUMN phone TEXT;
ALTER TABLE postmasters ADD COLUMN phone TEXT;
ALTER TABLE postmasters ADD COLUMN password_hash TEXT;
ALTER TABLE postmasters ADD COLUMN password_version INTEGER NOT NULL DEFAULT 0;

-- Nor has everybody who comes a mailbox: postmasters come by the panel, which is no protocol of mail.
CREATE TABLE all_accesses (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    first_at_ms     INTEGER NOT NULL,
    last_at_ms      INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    mailbox_id      INTEGER,
    mailbox         TEXT,
    username        TEXT,
    delegate_id     INTEGER,
    postmaster_id   INTEGER,
    domain          TEXT,
    email           TEXT,
    address         TEXT NOT NULL,
    protocol        TEXT NOT NULL,
    kind            TEXT,
    program         TEXT,
    refusal         TEXT
) STRICT;
INSERT INTO all_accesses SELECT id, first_at_ms, last_at_ms, count, mailbox_id, mailbox, username, delegate_id, NULL, NULL,
    NULL, address, protocol, kind, program, refusal FROM accesses;
DROP TABLE accesses;
ALTER TABLE all_accesses RENAME TO accesses;
CREATE INDEX accesses_by_time ON accesses (last_at_ms);
CREATE INDEX accesses_of_account ON accesses (mailbox_id, delegate_id, last_at_ms);
CREATE INDEX accesses_of_mailbox ON accesses (mailbox, last_at_ms);
CREATE INDEX accesses_of_postmaster ON accesses (postmaster_id, last_at_ms) WHERE postmaster_id IS NOT NULL;
CREATE INDEX accesses_from ON accesses (mailbox, address, last_at_ms);

CREATE TABLE second_factors (
    account         TEXT PRIMARY KEY,
    sealed_secret   BLOB NOT NULL,
    since_secs      INTEGER NOT NULL,
    last_step       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE enrolments (
    account         TEXT PRIMARY KEY,
    sealed_secret   BLOB NOT NULL,
    begun_at_secs   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE recovery_codes (
    hash            BLOB PRIMARY KEY,
    account         TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_of ON recovery_codes (account);
CREATE TABLE webmail_logins (
    hash            BLOB PRIMARY KEY,
    account         TEXT NOT NULL,
    password_version INTEGER NOT NULL,
    made_at_ms      INTEGER NOT NULL,
    until_ms        INTEGER NOT NULL,
    address         TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX webmail_logins_of ON webmail_logins (account, made_at_ms);
CREATE INDEX webmail_logins_by_time ON webmail_logins (until_ms);
CREATE TABLE panel_sessions (
    hash            BLOB PRIMARY KEY,
    account         TEXT NOT NULL,
    password_version INTEGER NOT NULL,
    stage           TEXT NOT NULL,
    began_at_ms     INTEGER NOT NULL,
    seen_at_ms      INTEGER NOT NULL,
    address         TEXT NOT NULL,
    program         TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX panel_sessions_of ON panel_sessions (account);
CREATE INDEX panel_sessions_by_time ON panel_sessions (seen_at_ms);
CREATE TABLE api_tokens (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT NOT NULL UNIQUE,
    hash            BLOB NOT NULL UNIQUE,
    scope           TEXT NOT NULL,
    created_at_secs INTEGER NOT NULL,
    expires_at_secs INTEGER,
    used_at_ms      INTEGER
) STRICT;

CREATE TABLE account_links (
    hash            BLOB PRIMARY KEY,
    purpose         TEXT NOT NULL,
    account         TEXT NOT NULL,
    email           TEXT,
    until_secs      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO account_links SELECT hash, purpose, 'delegate:' || delegate_id, NULL, until_secs FROM links;
DROP TABLE links;
ALTER TABLE account_links RENAME TO links;
CREATE INDEX links_of_account ON links (account, purpose);
CREATE TABLE account_link_requests (
    account         TEXT NOT NULL,
    purpose         TEXT NOT NULL,
    at_secs         INTEGER NOT NULL,
    PRIMARY KEY (account, purpose, at_secs)
) STRICT, WITHOUT ROWID;
INSERT INTO account_link_requests SELECT 'delegate:' || delegate_id, 'password-reset', at_secs FROM link_requests;
DROP TABLE link_requests;
ALTER TABLE account_link_requests RENAME TO link_requests;

CREATE TABLE account_app_passwords (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account         TEXT NOT NULL,
    name            TEXT NOT NULL,
    hash            BLOB NOT NULL UNIQUE,
    scope           TEXT NOT NULL,
    created_at_secs INTEGER NOT NULL,
    expires_at_secs INTEGER NOT NULL,
    told            TEXT NOT NULL,
    used_at_ms      INTEGER,
    used_from       TEXT,
    used_by         TEXT,
    UNIQUE (account, name)
) STRICT;
INSERT INTO account_app_passwords SELECT id, 'delegate:' || delegate_id, name, hash, scope, created_at_secs,
    expires_at_secs, told, used_at_ms, used_from, used_by FROM app_passwords;
-- Numbers go on from where they were, also past those that are gone.
INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq)
    SELECT (SELECT rowid FROM sqlite_sequence WHERE name = 'account_app_passwords'), 'account_app_passwords', seq
    FROM sqlite_sequence WHERE name = 'app_passwords';
DROP TABLE app_passwords;
ALTER TABLE account_app_passwords RENAME TO app_passwords;
CREATE INDEX app_passwords_ending ON app_passwords (expires_at_secs) WHERE told <> 'ended';

CREATE TRIGGER owner_gone AFTER DELETE ON mailboxes BEGIN
    DELETE FROM second_factors WHERE account = 'owner:' || OLD.id;
    DELETE FROM enrolments WHERE account = 'owner:' || OLD.id;
    DELETE FROM recovery_codes WHERE account = 'owner:' || OLD.id;
    DELETE FROM webmail_logins WHERE account = 'owner:' || OLD.id;
    DELETE FROM panel_sessions WHERE account = 'owner:' || OLD.id;
    DELETE FROM links WHERE account = 'owner:' || OLD.id;
    DELETE FROM link_requests WHERE account = 'owner:' || OLD.id;
    DELETE FROM app_passwords WHERE account = 'owner:' || OLD.id;
END;
CREATE TRIGGER delegate_gone AFTER DELETE ON delegates BEGIN
    DELETE FROM second_factors WHERE account = 'delegate:' || OLD.id;
    DELETE FROM enrolments WHERE account = 'delegate:' || OLD.id;
    DELETE FROM recovery_codes WHERE account = 'delegate:' || OLD.id;
    DELETE FROM webmail_logins WHERE account = 'delegate:' || OLD.id;
    DELETE FROM panel_sessions WHERE account = 'delegate:' || OLD.id;
    DELETE FROM links WHERE account = 'delegate:' || OLD.id;
    DELETE FROM link_requests WHERE account = 'delegate:' || OLD.id;
    DELETE FROM app_passwords WHERE account = 'delegate:' || OLD.id;
END;
CREATE TRIGGER postmaster_gone AFTER DELETE ON postmasters BEGIN
    DELETE FROM second_factors WHERE account = 'postmaster:' || OLD.id;
    DELETE FROM enrolments WHERE account = 'postmaster:' || OLD.id;
    DELETE FROM recovery_codes WHERE account = 'postmaster:' || OLD.id;
    DELETE FROM panel_sessions WHERE account = 'postmaster:' || OLD.id;
    DELETE FROM links WHERE account = 'postmaster:' || OLD.id;
    DELETE FROM link_requests WHERE account = 'postmaster:' || OLD.id;
END;

-- Who has a second factor stands otherwise than before; that a code was used concerns nobody's standing.
CREATE TRIGGER second_factor_inserted AFTER INSERT ON second_factors
    BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER second_factor_renewed AFTER UPDATE OF since_secs ON second_factors
    BEGIN UPDATE generation SET value = random(); END;
CREATE TRIGGER second_factor_deleted AFTER DELETE ON second_factors
    BEGIN UPDATE generation SET value = random(); END;
",
];

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::store::{Sqlite, Store, change, conformance, read, record_conformance};

    /// What a released delega left behind.
    const VERSION_1: &str = include_str!("version-1.sql");

    #[test]
    fn a_store_of_version_1_is_brought_up_to_date() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        Connection::open(&path).unwrap().execute_batch(VERSION_1).unwrap();
        let store = Sqlite::open(&path).unwrap();
        let address = "ufficio@pec.example.it".parse().unwrap();
        let mut mailbox = read(&store, |r| r.mailbox(&address)).unwrap().unwrap();
        assert_eq!((mailbox.plan.as_str(), mailbox.created_at_secs, mailbox.aliases.len()), ("Pro", 1_795_799_177, 0));
        assert!(mailbox.multi_user && mailbox.password_management && mailbox.grace_until_secs.is_none());
        // A byte for the form, the nonce's 24, "upstream-password", and the tag's 16.
        assert_eq!(read(&store, |r| r.sealed_password(mailbox.id)).unwrap().unwrap().0.len(), 1 + 24 + 17 + 16);
        let delegates = read(&store, |r| r.delegates(mailbox.id)).unwrap();
        let anna = (delegates[0].username.as_str(), delegates[0].permissions.to_string());
        assert_eq!(anna, ("anna", "read,write,send,client".to_owned()));
        assert!(delegates.iter().all(|one| one.seated_at_secs == one.created_at_secs && one.seated_at_secs > 0));
        let before = store.change_marker().unwrap();
        mailbox.aliases.push("protocollo@pec.example.it".parse().unwrap());
        change(&store, |w| w.update_mailbox(&mailbox)).unwrap();
        assert_ne!(store.change_marker().unwrap(), before);
        let id =
            change(&store, |w| w.insert_send(&record_conformance::send(mailbox.id, Some(delegates[0].id)))).unwrap();
        assert!(read(&store, |r| r.send(id)).unwrap().is_some());
        // Numbers go on from where they were.
        assert_eq!(change(&store, |w| w.insert_mailbox(&conformance::mailbox("a@b.it"))).unwrap().0, mailbox.id.0 + 1);
        drop(store);
        let version = |path| {
            let ask = "SELECT user_version FROM pragma_user_version";
            Connection::open(path).unwrap().query_row(ask, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(version(&path), STEPS.len() as i64);
    }

    #[test]
    fn a_store_of_version_2_keeps_its_record_and_nobody_loses_a_seat() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(VERSION_1).unwrap();
        old.execute_batch(STEPS[1]).unwrap();
        old.pragma_update(None, "user_version", 2).unwrap();
        // Plans were texts that nobody compared: of another case, with quotes, with delegates beyond the catalogue's.
        old.execute_batch(
            "INSERT INTO mailboxes SELECT 2, 'due@b.it', upstream, NULL, NULL, 'PRO', owner_name, owner_email, 1, 1 \
                FROM mailboxes WHERE id = 1; \
             INSERT INTO mailboxes SELECT 3, 'tre@b.it', upstream, NULL, NULL, 'L''\"Ateneo\" – 50%', owner_name, \
                owner_email, 1, 1 FROM mailboxes WHERE id = 1; \
             INSERT INTO mailboxes SELECT 4, 'quattro@b.it', upstream, NULL, NULL, 'l''\"ATENEO\" – 50%', owner_name, \
                owner_email, 1, 1 FROM mailboxes WHERE id = 1; \
             INSERT INTO delegates SELECT NULL, m.id, u.value, 'A', 'B', 'a@b.it', NULL, 'read', 'imap', 'suspended', \
                NULL, 1, 1 FROM mailboxes AS m, json_each('[\"x\", \"y\"]') AS u WHERE m.id IN (2, 4); \
             INSERT INTO sends VALUES (7, 1, 1, 'ufficio@pec.example.it', 'anna', 1, '192.0.2.7:1', 'client', \
                'ufficio@pec.example.it', NULL, NULL, 1, 'unknown', NULL, NULL); \
             INSERT INTO send_recipients VALUES (7, 0, 'x@example.it');",
        )
        .unwrap();
        drop(old);
        let store = Sqlite::open(&path).unwrap();
        assert!(read(&store, |r| r.send(crate::domain::SendId(7))).unwrap().is_some());
        for (address, seats, taken) in [("due@b.it", 1, 2), ("tre@b.it", 2, 0), ("quattro@b.it", 2, 2)] {
            let mailbox = read(&store, |r| r.mailbox(&address.parse().unwrap())).unwrap().unwrap();
            let plan = read(&store, |r| r.plan(&mailbox.plan)).unwrap().unwrap();
            let delegates = read(&store, |r| r.delegates(mailbox.id)).unwrap();
            assert_eq!((plan.seats, delegates.len()), (seats, taken), "{address}");
            assert_eq!(mailbox.grace_until_secs, None, "somebody would be suspended by an upgrade");
        }
    }

    #[test]
    fn a_store_of_version_4_keeps_links_and_app_passwords_and_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(VERSION_1).unwrap();
        for step in &STEPS[1..4] {
            old.execute_batch(step).unwrap();
        }
        old.pragma_update(None, "user_version", 4).unwrap();
        old.execute_batch(
            "INSERT INTO links SELECT zeroblob(32), 'password-reset', id, 99 FROM delegates WHERE username = 'anna'; \
             INSERT INTO link_requests SELECT id, 7 FROM delegates WHERE username = 'anna'; \
             INSERT INTO app_passwords SELECT 8, id, 'Outlook', x'01', 'imap', 1, 2, 'nothing', NULL, NULL, NULL \
                FROM delegates WHERE username = 'anna'; \
             INSERT INTO app_passwords SELECT 9, delegate_id, 'gone', x'02', scope, 1, 2, told, NULL, NULL, NULL \
                FROM app_passwords; \
             DELETE FROM app_passwords WHERE id = 9;",
        )
        .unwrap();
        drop(old);
        let store = Sqlite::open(&path).unwrap();
        let mailbox = read(&store, |r| r.mailboxes()).unwrap().remove(0);
        let anna = read(&store, |r| r.delegates(mailbox.id)).unwrap().remove(0);
        let link = read(&store, |r| r.link(&crate::domain::LinkHash([0; 32]))).unwrap().unwrap();
        assert_eq!((link.account, link.until_secs), (anna.account(), 99));
        assert_eq!(
            read(&store, |r| r.link_requests(anna.account(), crate::domain::LinkPurpose::PasswordReset)).unwrap(),
            [7]
        );
        let kept = read(&store, |r| r.app_passwords(anna.account())).unwrap();
        assert_eq!((kept.len(), kept[0].id.0, kept[0].name.as_str()), (1, 8, "Outlook"));
        let new = crate::store::NewAppPassword {
            account: anna.account(),
            name: "new".into(),
            hash: crate::domain::app_password::AppPasswordHash([3; 32]),
            scope: kept[0].scope,
            created_at_secs: 1,
            expires_at_secs: 2,
            told: kept[0].told,
        };
        assert_eq!(change(&store, |w| w.insert_app_password(&new)).unwrap().0, 10);
        change(&store, |w| w.delete_delegate(anna.id)).unwrap();
        assert!(read(&store, |r| r.app_passwords(anna.account())).unwrap().is_empty());
    }

    #[test]
    fn the_first_step_is_what_was_released() {
        let tables = |text: &str| {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(text).unwrap();
            let ask = "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
            let mut statement = connection.prepare(ask).unwrap();
            let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            tables.collect::<Result<Vec<_>, _>>().unwrap()
        };
        assert_eq!(tables(VERSION_1), tables(STEPS[0]));
    }
}
