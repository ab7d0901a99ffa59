//! The rows of [`WebmailLoginReads`] and [`WebmailLoginWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{Made, Work, column, parsed};
use crate::domain::{AccountId, PasswordVersion};
use crate::store::webmail_logins::{WebmailHash, WebmailLogin, WebmailLoginReads, WebmailLoginWrites};

fn webmail_login(row: &Row<'_>) -> Made<WebmailLogin> {
    Ok(WebmailLogin {
        account: parsed(row, "account", |text| text.parse().ok())?,
        password: PasswordVersion(column(row, "password_version")?),
        made_at_ms: column(row, "made_at_ms")?,
        until_ms: column(row, "until_ms")?,
        address: column(row, "address")?,
    })
}

impl WebmailLoginReads for Work<'_> {
    fn webmail_login(&self, hash: &WebmailHash) -> Made<Option<WebmailLogin>> {
        let sql = "SELECT account, password_version, made_at_ms, until_ms, address FROM webmail_logins WHERE hash = ?1";
        self.row(sql, [hash.0.as_slice()], webmail_login)
    }

    fn any_webmail_login_ended(&self, now_ms: i64) -> Made<bool> {
        let sql = "SELECT 1 AS one FROM webmail_logins WHERE until_ms <= ?1 LIMIT 1";
        Ok(self.row(sql, [now_ms], |row| column::<i64>(row, "one"))?.is_some())
    }
}

impl WebmailLoginWrites for Work<'_> {
    fn insert_webmail_login(&self, hash: &WebmailHash, login: &WebmailLogin) -> Made<()> {
        self.execute(
            "INSERT INTO webmail_logins (hash, account, password_version, made_at_ms, until_ms, address) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                hash.0.as_slice(),
                login.account.to_string(),
                login.password.0,
                login.made_at_ms,
                login.until_ms,
                login.address
            ],
        )?;
        Ok(())
    }

    fn prolong_webmail_login(&self, hash: &WebmailHash, until_ms: i64) -> Made<bool> {
        self.execute("UPDATE webmail_logins SET until_ms = ?2 WHERE hash = ?1", params![hash.0.as_slice(), until_ms])
    }

    fn delete_webmail_login(&self, hash: &WebmailHash) -> Made<bool> {
        self.execute("DELETE FROM webmail_logins WHERE hash = ?1", [hash.0.as_slice()])
    }

    fn delete_webmail_logins_beyond(&self, account: AccountId, most: usize) -> Made<usize> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.execute_many(
            "DELETE FROM webmail_logins WHERE account = ?1 AND hash NOT IN (SELECT hash FROM webmail_logins \
             WHERE account = ?1 ORDER BY made_at_ms DESC, hash LIMIT ?2)",
            params![account.to_string(), most],
        )
    }

    fn delete_webmail_logins_ended(&self, now_ms: i64) -> Made<usize> {
        self.execute_many("DELETE FROM webmail_logins WHERE until_ms <= ?1", [now_ms])
    }
}
