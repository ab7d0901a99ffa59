//! Mails to people (N1–N5): what they say, how they are written, and how they get to the relay.
//!
//! - `letter`: what a notice says, block by block
//! - `plain`, `html`: the two renderings of it
//! - `message`: the message around them
//! - `sample`: one notice of each kind, to look at

mod html;
mod letter;
mod message;
mod plain;
pub mod sample;
