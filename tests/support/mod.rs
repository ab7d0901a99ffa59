//! What tests against real servers, and `make run`, stand on.

pub mod certs;
pub mod dovecot;
pub mod guard;
pub mod mail;
pub mod pec;
pub mod postfix;
pub mod roundcube;
pub mod sample;
pub mod state;
