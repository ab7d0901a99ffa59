//! Log lines that an outsider can cause at will are written at most once in a while.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(10);

/// Lets one line through each ten seconds, and counts those that it holds back.
#[derive(Debug, Default)]
pub(super) struct Seldom(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    held_back: u64,
}

impl Seldom {
    /// Whether to write now; if so, with the number of lines that were held back since the last one.
    pub(super) fn now(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| last.elapsed() < PAUSE) {
            state.held_back += 1;
            return None;
        }
        state.last = Some(Instant::now());
        Some(std::mem::take(&mut state.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_line_in_ten_seconds_and_the_count_of_the_others() {
        let seldom = Seldom::default();
        assert_eq!(seldom.now(), Some(0));
        assert_eq!(seldom.now(), None);
        tokio::time::advance(PAUSE - Duration::from_millis(1)).await;
        assert_eq!(seldom.now(), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(seldom.now(), Some(2));
        assert_eq!(seldom.now(), None);
    }
}
