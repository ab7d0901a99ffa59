//! What is asked of the wrong passwords that are counted (S5). A part of [`Reads`](super::Reads) and
//! [`Writes`](super::Writes); nothing here moves the [`ChangeMarker`](super::ChangeMarker).

use super::StoreError;
use crate::domain::guessing::Guesses;

/// What can be asked within one piece of work.
pub trait GuessReads {
    /// What is counted under that name.
    fn guesses(&self, who: &str) -> Result<Option<Guesses>, StoreError>;
    /// All that are closed at that moment, the latest first, at most so many.
    fn closed(&self, now_ms: i64, most: usize) -> Result<Vec<(String, Guesses)>, StoreError>;
}

/// What can be changed within one piece of work.
pub trait GuessWrites {
    /// What is counted under that name from now on.
    fn put_guesses(&self, who: &str, guesses: &Guesses) -> Result<(), StoreError>;
    /// Forgets what is counted under that name, and under those that begin with it and a blank.
    fn delete_guesses(&self, who: &str) -> Result<bool, StoreError>;
    /// Forgets those whose last was before that moment, and the oldest beyond `most`.
    fn delete_old_guesses(&self, before_ms: i64, most: usize) -> Result<usize, StoreError>;
}
