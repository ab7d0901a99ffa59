//! Transcripts: text that says what both ends of a session send, and all that delega may answer.
//!
//! `tests/transcripts/README.md` describes the format. A [`Script`] is a file, read; [`play`] holds a [`Driver`] to it.
//! The driver here is [`Machine`], the bare state machine; one over sockets fits the same trait.

mod machine;
mod player;
mod script;
mod text;

pub use machine::{Machine, Manners};
pub use player::{Outcome, Pieces, Played, Shown, play};
pub use script::Script;
