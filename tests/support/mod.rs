//! What tests against real servers, and `make run`, stand on.

pub mod dovecot;
pub mod guard;
pub mod state;
