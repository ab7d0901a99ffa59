//! The access history on its way into the store (S4): connections leave a word and go on; a task gathers what has come and
//! writes it together.
//!
//! What is noted is bounded. Under a flood of logins that the store cannot keep up with, the newest words are dropped and
//! counted, and that is logged: the history is for people, and must not cost the sessions that are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tokio_util::sync::CancellationToken;

use super::sending::now_ms;
use crate::accounts::{AccessEntry, Accounts};

/// How many words may wait.
const WAITING: usize = 4096;
/// How many are written together.
const TOGETHER: usize = 512;
/// How long words gather before they are written.
const GATHER: Duration = Duration::from_millis(200);
/// How often what is too old is forgotten, the wrong passwords of yesterday among it.
const FORGET: Duration = Duration::from_secs(5 * 60);

/// Takes words.
#[derive(Debug)]
pub struct AccessHistory {
    words: Sender<AccessEntry>,
    dropped: Arc<AtomicU64>,
}

/// Writes them.
#[derive(Debug)]
pub struct AccessWriter {
    words: Receiver<AccessEntry>,
    dropped: Arc<AtomicU64>,
    kept: Duration,
}

/// A history whose rows are kept for so long.
pub fn history(kept: Duration) -> (AccessHistory, AccessWriter) {
    let (sender, words) = channel(WAITING);
    let dropped = Arc::new(AtomicU64::new(0));
    (AccessHistory { words: sender, dropped: dropped.clone() }, AccessWriter { words, dropped, kept })
}

impl AccessHistory {
    /// Leaves a word.
    pub fn note(&self, entry: AccessEntry) {
        match self.words.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
            // The gateway has stopped.
            Err(TrySendError::Closed(_)) => {}
        }
    }
}

impl AccessWriter {
    /// Writes until `stop`, and then what is left.
    pub async fn run(mut self, accounts: Arc<Accounts>, stop: CancellationToken) {
        let mut forget = tokio::time::interval(FORGET);
        loop {
            let mut words = Vec::new();
            tokio::select! {
                received = self.words.recv_many(&mut words, TOGETHER) => {
                    if received == 0 {
                        return;
                    }
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(GATHER) => {}
                    }
                    while words.len() < TOGETHER && let Ok(word) = self.words.try_recv() {
                        words.push(word);
                    }
                    self.write(&accounts, words).await;
                }
                _ = forget.tick() => self.forget(&accounts).await,
                () = stop.cancelled() => {
                    self.words.close();
                    while self.words.recv_many(&mut words, TOGETHER).await > 0 {
                        self.write(&accounts, std::mem::take(&mut words)).await;
                    }
                    return;
                }
            }
        }
    }

    async fn write(&self, accounts: &Arc<Accounts>, words: Vec<AccessEntry>) {
        let (writer, count) = (accounts.clone(), words.len());
        let written = tokio::task::spawn_blocking(move || writer.note_accesses(&words)).await;
        let error = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = error {
            tracing::error!(count, error, "accesses are missing from the history");
        }
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "accesses are missing from the history: there were too many at once");
        }
    }

    async fn forget(&self, accounts: &Arc<Accounts>) {
        let kept_ms = i64::try_from(self.kept.as_millis()).unwrap_or(i64::MAX);
        let (accounts, before) = (accounts.clone(), now_ms().saturating_sub(kept_ms));
        let forgotten = tokio::task::spawn_blocking(move || {
            accounts.forget_guesses(now_ms())?;
            accounts.forget_accesses(before)
        });
        match forgotten.await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "old accesses were forgotten"),
            Ok(Err(error)) => tracing::error!(%error, "old accesses cannot be forgotten"),
            Err(error) => tracing::error!(%error, "old accesses cannot be forgotten"),
        }
    }
}
