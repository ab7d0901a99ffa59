//! delega: a gateway between mail programs and a certified-mail (PEC) server, through which several people work in one
//! mailbox, each with credentials and permissions of their own.
//!
//! # The map
//!
//! A module may import what its row names, and nothing else of this crate; `tests/layering.rs` holds the code to it.
//!
//! | module | may import |
//! |---|---|
//! | domain | |
//! | config | domain |
//! | proto | domain |
//! | store | domain |
//! | policy | domain, proto |
//! | session | domain, proto, policy |
//! | net | domain, config |
//! | accounts | domain, store |
//! | gateway | domain, config, session, accounts, net |
//! | cli | domain, config, proto, policy, session, store, accounts, net, gateway |
//!
//! # Words
//!
//! A person's mailbox is a [`Mailbox`](domain::Mailbox); what IMAP calls a mailbox is a *folder*. *Downstream* is the
//! client's leg of a session, *upstream* the server's.

pub mod accounts;
pub mod cli;
pub mod config;
pub mod domain;
pub mod gateway;
pub mod net;
pub mod policy;
pub mod proto;
pub mod session;
pub mod store;
