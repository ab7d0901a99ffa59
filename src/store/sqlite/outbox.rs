//! The rows of [`OutboxReads`] and [`OutboxWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{Made, Work, column, parsed, unsigned};
use crate::domain::{Language, MailId, MailRow, MailState};
use crate::store::outbox::{NewMail, OutboxReads, OutboxWrites};
use crate::store::{SealedSecret, StoreError, notice_text};

const MAIL: &str = "SELECT id, recipient, language, notice, created_at_ms, state, since_ms, attempts, \
                    next_attempt_at_ms, ended_at_ms, why FROM mails";
const RETRY: &str = "UPDATE mails SET state = 'waiting', since_ms = ?1, attempts = 0, next_attempt_at_ms = ?1, \
                     ended_at_ms = NULL";

fn mail(row: &Row<'_>) -> Made<MailRow> {
    Ok(MailRow {
        id: MailId(column(row, "id")?),
        recipient: column(row, "recipient")?,
        language: parsed(row, "language", Language::from_name)?,
        notice: parsed(row, "notice", notice_text::read)?,
        created_at_ms: column(row, "created_at_ms")?,
        state: parsed(row, "state", MailState::from_name)?,
        since_ms: column(row, "since_ms")?,
        attempts: unsigned(row, "attempts")?,
        next_attempt_at_ms: column(row, "next_attempt_at_ms")?,
        ended_at_ms: column(row, "ended_at_ms")?,
        why: column(row, "why")?,
    })
}

impl OutboxReads for Work<'_> {
    fn mail(&self, id: MailId) -> Made<Option<MailRow>> {
        self.row(&format!("{MAIL} WHERE id = ?1"), [id.0], mail)
    }

    fn next_mail(&self, now_ms: i64) -> Made<Option<MailId>> {
        let ask = "SELECT id FROM mails WHERE state = 'waiting' AND next_attempt_at_ms <= ?1 AND NOT EXISTS (SELECT 1 FROM mails AS other \
                     WHERE other.state = 'waiting' AND other.recipient = mails.recipient AND other.id < mails.id) \
                     ORDER BY next_attempt_at_ms, id LIMIT 1";
        Ok(self.value(ask, [now_ms])?.map(MailId))
    }

    fn mails(&self, state: Option<MailState>, most: usize) -> Made<Vec<MailRow>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        match state {
            None => self.rows(&format!("{MAIL} ORDER BY id DESC LIMIT ?1"), [most], mail),
            Some(state) => {
                let sql = format!("{MAIL} WHERE state = ?1 ORDER BY id DESC LIMIT ?2");
                self.rows(&sql, params![state.name(), most], mail)
            }
        }
    }

    fn sealed_token(&self, id: MailId) -> Made<Option<SealedSecret>> {
        let sealed = self.value("SELECT sealed_token FROM mails WHERE id = ?1", [id.0])?;
        Ok(sealed.map(SealedSecret))
    }
}

impl OutboxWrites for Work<'_> {
    fn insert_mail(&self, new: &NewMail) -> Made<MailId> {
        let notice = notice_text::write(&new.notice).map_err(|error| StoreError::Database(Box::new(error)))?;
        self.execute(
            "INSERT INTO mails (recipient, language, notice, created_at_ms, state, since_ms, attempts, \
             next_attempt_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?4, 0, ?4)",
            params![new.recipient, new.language.name(), notice, new.created_at_ms, MailState::Waiting.name()],
        )?;
        Ok(MailId(self.0.last_insert_rowid()))
    }

    fn set_sealed_token(&self, id: MailId, sealed: Option<&SealedSecret>) -> Made<bool> {
        let sealed = sealed.map(|sealed| sealed.0.as_slice());
        self.execute("UPDATE mails SET sealed_token = ?2 WHERE id = ?1", params![id.0, sealed])
    }

    fn update_mail(&self, mail: &MailRow) -> Made<bool> {
        self.execute(
            "UPDATE mails SET state = ?2, since_ms = ?3, attempts = ?4, next_attempt_at_ms = ?5, ended_at_ms = ?6, \
             why = ?7 WHERE id = ?1",
            params![
                mail.id.0,
                mail.state.name(),
                mail.since_ms,
                mail.attempts,
                mail.next_attempt_at_ms,
                mail.ended_at_ms,
                mail.why
            ],
        )
    }

    fn give_up_mail(&self, id: MailId, why: &str, at_ms: i64) -> Made<bool> {
        let give_up = "UPDATE mails SET state = ?2, why = ?3, ended_at_ms = ?4 WHERE id = ?1";
        self.execute(give_up, params![id.0, MailState::Failed.name(), why, at_ms])
    }

    fn hasten_mails(&self, now_ms: i64) -> Made<usize> {
        self.execute_many("UPDATE mails SET next_attempt_at_ms = ?1 WHERE state = 'waiting'", [now_ms])
    }

    fn retry_mail(&self, id: MailId, now_ms: i64) -> Made<bool> {
        self.execute(&format!("{RETRY} WHERE id = ?2 AND state <> 'sent'"), [now_ms, id.0])
    }

    fn retry_failed_mails(&self, now_ms: i64) -> Made<usize> {
        self.execute_many(&format!("{RETRY} WHERE state = 'failed'"), [now_ms])
    }

    fn delete_mails_ended_before(&self, ms: i64) -> Made<usize> {
        self.execute_many("DELETE FROM mails WHERE ended_at_ms < ?1", [ms])
    }
}
