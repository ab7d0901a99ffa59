//! The rows of [`ApiTokenReads`] and [`ApiTokenWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{Made, Work, column, parsed};
use crate::domain::api_token::{ApiScope, ApiToken, ApiTokenHash, ApiTokenId};
use crate::store::api_tokens::{ApiTokenReads, ApiTokenWrites, NewApiToken};

const API_TOKEN: &str = "SELECT id, name, scope, created_at_secs, expires_at_secs, used_at_ms FROM api_tokens";

fn api_token(row: &Row<'_>) -> Made<ApiToken> {
    Ok(ApiToken {
        id: ApiTokenId(column(row, "id")?),
        name: column(row, "name")?,
        scope: parsed(row, "scope", ApiScope::from_name)?,
        created_at_secs: column(row, "created_at_secs")?,
        expires_at_secs: column(row, "expires_at_secs")?,
        used_at_ms: column(row, "used_at_ms")?,
    })
}

impl ApiTokenReads for Work<'_> {
    fn api_token(&self, hash: &ApiTokenHash) -> Made<Option<ApiToken>> {
        self.row(&format!("{API_TOKEN} WHERE hash = ?1"), [hash.0.as_slice()], api_token)
    }

    fn api_tokens(&self) -> Made<Vec<ApiToken>> {
        self.rows(&format!("{API_TOKEN} ORDER BY name"), [], api_token)
    }
}

impl ApiTokenWrites for Work<'_> {
    fn insert_api_token(&self, new: &NewApiToken) -> Made<ApiTokenId> {
        self.execute(
            "INSERT INTO api_tokens (name, hash, scope, created_at_secs, expires_at_secs) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![new.name, new.hash.0.as_slice(), new.scope.name(), new.created_at_secs, new.expires_at_secs],
        )?;
        Ok(ApiTokenId(self.0.last_insert_rowid()))
    }

    fn use_api_token(&self, id: ApiTokenId, at_ms: i64) -> Made<bool> {
        self.execute("UPDATE api_tokens SET used_at_ms = ?2 WHERE id = ?1", params![id.0, at_ms])
    }

    fn delete_api_token(&self, id: ApiTokenId) -> Made<bool> {
        self.execute("DELETE FROM api_tokens WHERE id = ?1", [id.0])
    }
}
