//! POP3 without sockets: the permission matrix, what holds for every session, and what real programs send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../imap/mod.rs"]
mod imap;

mod corpus;
mod matrix;
mod play;
mod properties;
mod server;
