//! What is asked of the panel's sessions. A part of [`Reads`](super::Reads) and [`Writes`](super::Writes); nothing here moves
//! the [`ChangeMarker`](super::ChangeMarker).

use super::StoreError;
use crate::domain::AccountId;
use crate::domain::panel_session::{PanelSession, SessionHash};

/// What can be asked within one piece of work.
pub trait PanelSessionReads {
    /// The session of that hash, whether or not it still goes on.
    fn panel_session(&self, hash: &SessionHash) -> Result<Option<PanelSession>, StoreError>;
    /// Those of an account, the latest login first.
    fn panel_sessions(&self, account: AccountId) -> Result<Vec<PanelSession>, StoreError>;
    /// Whether there are any that were last seen, or began, before these moments.
    fn has_panel_sessions_before(&self, seen_ms: i64, began_ms: i64) -> Result<bool, StoreError>;
}

/// What can be changed within one piece of work.
pub trait PanelSessionWrites {
    /// A new one.
    fn insert_panel_session(&self, session: &PanelSession) -> Result<(), StoreError>;
    /// Somebody was seen.
    fn see_panel_session(&self, hash: &SessionHash, at_ms: i64) -> Result<bool, StoreError>;
    /// Ends one.
    fn delete_panel_session(&self, hash: &SessionHash) -> Result<bool, StoreError>;
    /// Removes those that were last seen, or began, before these moments; how many.
    fn delete_panel_sessions_before(&self, seen_ms: i64, began_ms: i64) -> Result<usize, StoreError>;
}
