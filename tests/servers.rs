//! What needs real servers and real mail programs. `cargo test` leaves this target out, `make test` runs it after
//! installing them; in it a missing program is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

#[path = "servers/browser.rs"]
mod browser;
#[path = "servers/delega.rs"]
mod delega;
#[path = "servers/harness.rs"]
mod harness;
#[path = "servers/imap.rs"]
mod imap;
#[path = "servers/office.rs"]
mod office;
#[path = "servers/pop3.rs"]
mod pop3;
#[path = "servers/programs.rs"]
mod programs;
#[path = "servers/sample.rs"]
mod sample;
#[path = "servers/two_steps.rs"]
mod two_steps;
#[path = "servers/upstream.rs"]
mod upstream;

#[path = "servers/access.rs"]
mod access;
#[path = "servers/api.rs"]
mod api;
#[path = "servers/check.rs"]
mod check;
#[path = "servers/delegation.rs"]
mod delegation;
#[path = "servers/downloading.rs"]
mod downloading;
#[path = "servers/gateway.rs"]
mod gateway;
#[path = "servers/life.rs"]
mod life;
#[path = "servers/live.rs"]
mod live;
#[path = "servers/login.rs"]
mod login;
#[path = "servers/memory.rs"]
mod memory;
#[path = "servers/notices.rs"]
mod notices;
#[path = "servers/pages.rs"]
mod pages;
#[path = "servers/panel/account.rs"]
mod panel_account;
#[path = "servers/panel/delegates.rs"]
mod panel_delegates;
#[path = "servers/panel/records.rs"]
mod panel_records;
#[path = "servers/postfix.rs"]
mod postfix;
#[path = "servers/sending.rs"]
mod sending;
#[path = "servers/sent_copies.rs"]
mod sent_copies;
#[path = "servers/setup.rs"]
mod setup;
#[path = "servers/state_property.rs"]
mod state_property;
#[path = "servers/timing.rs"]
mod timing;
#[path = "servers/transport.rs"]
mod transport;
#[path = "servers/two_factor.rs"]
mod two_factor;
#[path = "servers/warm.rs"]
mod warm;
#[path = "servers/webmail.rs"]
mod webmail;

#[path = "servers/clients.rs"]
mod clients;
