//! The rows of [`PanelSessionReads`] and [`PanelSessionWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{Made, Work, column, parsed};
use crate::domain::panel_session::{PanelSession, SessionHash, Stage};
use crate::domain::{AccountId, PasswordVersion};
use crate::store::StoreError;
use crate::store::panel_sessions::{PanelSessionReads, PanelSessionWrites};

const SESSION: &str = "SELECT hash, account, password_version, stage, began_at_ms, seen_at_ms, address, program \
                       FROM panel_sessions";

fn session(row: &Row<'_>) -> Made<PanelSession> {
    let hash: Vec<u8> = column(row, "hash")?;
    let hash = hash.try_into().map_err(|_| StoreError::Corrupt("a session's hash".to_owned()))?;
    Ok(PanelSession {
        hash: SessionHash(hash),
        account: parsed(row, "account", |text| text.parse().ok())?,
        password: PasswordVersion(column(row, "password_version")?),
        stage: parsed(row, "stage", Stage::from_name)?,
        began_at_ms: column(row, "began_at_ms")?,
        seen_at_ms: column(row, "seen_at_ms")?,
        address: parsed(row, "address", |text| text.parse().ok())?,
        program: column(row, "program")?,
    })
}

impl PanelSessionReads for Work<'_> {
    fn panel_session(&self, hash: &SessionHash) -> Made<Option<PanelSession>> {
        self.row(&format!("{SESSION} WHERE hash = ?1"), [hash.0.as_slice()], session)
    }

    fn panel_sessions(&self, account: AccountId) -> Made<Vec<PanelSession>> {
        let sql = format!("{SESSION} WHERE account = ?1 ORDER BY began_at_ms DESC");
        self.rows(&sql, [account.to_string()], session)
    }

    fn has_panel_sessions_before(&self, seen_ms: i64, began_ms: i64) -> Made<bool> {
        let ask = "SELECT EXISTS (SELECT 1 FROM panel_sessions WHERE seen_at_ms < ?1 OR began_at_ms < ?2)";
        Ok(self.value::<bool>(ask, [seen_ms, began_ms])?.unwrap_or_default())
    }
}

impl PanelSessionWrites for Work<'_> {
    fn insert_panel_session(&self, session: &PanelSession) -> Made<()> {
        let PanelSession { hash, account, password, stage, began_at_ms, seen_at_ms, address, program } = session;
        self.execute(
            "INSERT INTO panel_sessions (hash, account, password_version, stage, began_at_ms, seen_at_ms, address, program) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                hash.0.as_slice(),
                account.to_string(),
                password.0,
                stage.name(),
                began_at_ms,
                seen_at_ms,
                address.to_string(),
                program
            ],
        )
        .map(drop)
    }

    fn see_panel_session(&self, hash: &SessionHash, at_ms: i64) -> Made<bool> {
        let see = "UPDATE panel_sessions SET seen_at_ms = max(seen_at_ms, ?2) WHERE hash = ?1";
        self.execute(see, params![hash.0.as_slice(), at_ms])
    }

    fn delete_panel_session(&self, hash: &SessionHash) -> Made<bool> {
        self.execute("DELETE FROM panel_sessions WHERE hash = ?1", [hash.0.as_slice()])
    }

    fn delete_panel_sessions_before(&self, seen_ms: i64, began_ms: i64) -> Made<usize> {
        self.execute_many("DELETE FROM panel_sessions WHERE seen_at_ms < ?1 OR began_at_ms < ?2", [seen_ms, began_ms])
    }
}
