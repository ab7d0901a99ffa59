//! Transcripts: text that says what both ends of a session send, and all that delega may answer.
//!
//! `tests/transcripts/README.md` describes the format. A [`Script`] is a file, read; [`play`] holds a [`Driver`] to it.
//! The driver here is [`Machine`], the bare state machine; `tests/transcripts_tls` has one over sockets.
//!
//! Included by path; not everything is used by all who do so.

#![allow(dead_code, unused_imports)]

mod folder;
mod machine;
mod player;
mod script;
mod text;
mod witness;
pub mod wrong;

pub use folder::{all, all_of, some_are_wanted};
pub use machine::{Machine, Manners};
pub use player::{Asked, Driver, Heard, Outcome, Pieces, Played, Record, Wait, play};
pub use script::{Connection, Event, Script, Setup, Start, Step, Verdict};
pub use witness::Shown;
