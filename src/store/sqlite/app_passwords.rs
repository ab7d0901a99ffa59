//! The rows of [`AppPasswordReads`] and [`AppPasswordWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{Made, Work, column, parsed, parsed_or_none};
use crate::domain::AccountId;
use crate::domain::app_password::{AppPassword, AppPasswordHash, AppPasswordId, LastUse, Told};
use crate::store::StoreError;
use crate::store::app_passwords::{AppPasswordReads, AppPasswordWrites, NewAppPassword};

const APP_PASSWORD: &str = "SELECT id, account, name, scope, created_at_secs, expires_at_secs, told, used_at_ms, \
                            used_from, used_by FROM app_passwords";

fn app_password(row: &Row<'_>) -> Made<AppPassword> {
    let id = AppPasswordId(column(row, "id")?);
    let used: Option<i64> = column(row, "used_at_ms")?;
    let from = parsed_or_none(row, "used_from", |text| text.parse().ok())?;
    let last_use = match (used, from) {
        (None, None) => None,
        (Some(at_ms), Some(address)) => Some(LastUse { at_ms, address, program: column(row, "used_by")? }),
        _ => return Err(StoreError::Corrupt(format!("half a use of the app password {}", id.0))),
    };
    Ok(AppPassword {
        id,
        account: parsed(row, "account", |text| text.parse().ok())?,
        name: column(row, "name")?,
        scope: parsed(row, "scope", |text| text.parse().ok())?,
        created_at_secs: column(row, "created_at_secs")?,
        expires_at_secs: column(row, "expires_at_secs")?,
        told: parsed(row, "told", Told::from_name)?,
        last_use,
    })
}

impl AppPasswordReads for Work<'_> {
    fn app_password(&self, account: AccountId, hash: &AppPasswordHash) -> Made<Option<AppPassword>> {
        let sql = format!("{APP_PASSWORD} WHERE account = ?1 AND hash = ?2");
        self.row(&sql, params![account.to_string(), hash.0.as_slice()], app_password)
    }

    fn app_passwords(&self, account: AccountId) -> Made<Vec<AppPassword>> {
        self.rows(&format!("{APP_PASSWORD} WHERE account = ?1 ORDER BY name"), [account.to_string()], app_password)
    }

    fn app_passwords_ending(&self, before_secs: i64) -> Made<Vec<AppPassword>> {
        let sql = format!("{APP_PASSWORD} WHERE told <> 'ended' AND expires_at_secs < ?1 ORDER BY id");
        self.rows(&sql, [before_secs], app_password)
    }
}

impl AppPasswordWrites for Work<'_> {
    fn insert_app_password(&self, new: &NewAppPassword) -> Made<AppPasswordId> {
        self.execute(
            "INSERT INTO app_passwords (account, name, hash, scope, created_at_secs, expires_at_secs, told) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                new.account.to_string(),
                new.name,
                new.hash.0.as_slice(),
                new.scope.to_string(),
                new.created_at_secs,
                new.expires_at_secs,
                new.told.name()
            ],
        )?;
        Ok(AppPasswordId(self.0.last_insert_rowid()))
    }

    fn update_app_password(&self, password: &AppPassword) -> Made<bool> {
        let update = "UPDATE app_passwords SET expires_at_secs = ?2, told = ?3 WHERE id = ?1";
        self.execute(update, params![password.id.0, password.expires_at_secs, password.told.name()])
    }

    fn use_app_password(&self, id: AppPasswordId, last: &LastUse) -> Made<bool> {
        let LastUse { at_ms, address, program } = last;
        let update = "UPDATE app_passwords SET used_at_ms = ?2, used_from = ?3, used_by = ?4 WHERE id = ?1";
        self.execute(update, params![id.0, at_ms, address.to_string(), program])
    }

    fn delete_app_password(&self, id: AppPasswordId) -> Made<bool> {
        self.execute("DELETE FROM app_passwords WHERE id = ?1", [id.0])
    }
}
