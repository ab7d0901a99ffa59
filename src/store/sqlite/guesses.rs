//! The rows of [`GuessReads`] and [`GuessWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{Made, Work, column, unsigned};
use crate::domain::guessing::{Guess, Guesses};
use crate::store::StoreError;
use crate::store::guesses::{GuessReads, GuessWrites};

const GUESSES: &str = "SELECT who, count, last_at_ms, leaks_from_ms, closed_until_ms, remembered FROM guesses";

fn guesses(row: &Row<'_>) -> Made<(String, Guesses)> {
    let who: String = column(row, "who")?;
    let remembered: Vec<u8> = column(row, "remembered")?;
    let (remembered, rest) = remembered.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(StoreError::Corrupt(format!("the guesses of {}", who.escape_debug())));
    }
    let guesses = Guesses {
        count: unsigned(row, "count")?,
        last_at_ms: column(row, "last_at_ms")?,
        leaks_from_ms: column(row, "leaks_from_ms")?,
        closed_until_ms: column(row, "closed_until_ms")?,
        remembered: remembered.iter().map(|guess| Guess(*guess)).collect(),
    };
    Ok((who, guesses))
}

impl GuessReads for Work<'_> {
    fn guesses(&self, who: &str) -> Made<Option<Guesses>> {
        let found = self.row(&format!("{GUESSES} WHERE who = ?1"), [who], guesses)?;
        Ok(found.map(|(_, guesses)| guesses))
    }

    fn closed(&self, now_ms: i64, most: usize) -> Made<Vec<(String, Guesses)>> {
        let sql = format!("{GUESSES} WHERE closed_until_ms > ?1 ORDER BY closed_until_ms DESC, who LIMIT ?2");
        self.rows(&sql, params![now_ms, i64::try_from(most).unwrap_or(i64::MAX)], guesses)
    }
}

impl GuessWrites for Work<'_> {
    fn put_guesses(&self, who: &str, guesses: &Guesses) -> Made<()> {
        let remembered: Vec<u8> = guesses.remembered.iter().flat_map(|guess| guess.0).collect();
        self.execute(
            "INSERT OR REPLACE INTO guesses (who, count, last_at_ms, leaks_from_ms, closed_until_ms, remembered) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![who, guesses.count, guesses.last_at_ms, guesses.leaks_from_ms, guesses.closed_until_ms, remembered],
        )
        .map(drop)
    }

    fn delete_guesses(&self, who: &str) -> Made<bool> {
        // `!` is the character after the blank.
        self.execute("DELETE FROM guesses WHERE who = ?1 OR (who >= ?1 || ' ' AND who < ?1 || '!')", [who])
    }

    fn delete_old_guesses(&self, before_ms: i64, most: usize) -> Made<usize> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.execute_many(
            "DELETE FROM guesses WHERE last_at_ms < ?1 OR who IN (SELECT who FROM guesses ORDER BY last_at_ms DESC, who \
             LIMIT -1 OFFSET ?2)",
            params![before_ms, most],
        )
    }
}
