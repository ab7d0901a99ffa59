//! Which session serves which door.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Shared, timeouts};
use crate::domain::{Door, Protocol};
use crate::session::smtp::Extensions;
use crate::session::{Machine, imap, pop3, smtp};

/// A session for who has just come in.
pub fn session(shared: &Shared, door: Door, starttls: bool, now: Instant) -> Box<dyn Machine> {
    let (timeouts, message_bytes) = (timeouts(&shared.limits), shared.limits.message_bytes);
    match door.protocol {
        Protocol::Imap => {
            let settings = imap::Settings { starttls, message_bytes, timeouts, nonce: nonce() };
            Box::new(imap::Session::new(settings, now))
        }
        Protocol::Submission => {
            let (offered, recipients) = (shared.offers.by_all(), shared.limits.recipients);
            Box::new(smtp::Session::new(smtp::Settings { starttls, message_bytes, recipients, offered, timeouts }, now))
        }
        Protocol::Pop3 => Box::new(pop3::Session::new(pop3::Settings { starttls, timeouts }, now)),
    }
}

/// A number that the client cannot guess. Where the system has none to give, the tags are guessable, which costs the
/// client's own session its clarity and nobody else anything.
fn nonce() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => 0,
    }
}

/// What each submission server was last heard to offer. EHLO comes before login, when it is not known yet which of them
/// it will be: so that is offered which all have.
#[derive(Debug)]
pub struct Offers(Mutex<HashMap<String, Extensions>>);

impl Offers {
    /// Of these upstreams, none of which was heard yet.
    pub fn new(upstreams: impl Iterator<Item = String>) -> Offers {
        Offers(Mutex::new(upstreams.map(|name| (name, Extensions::USUAL)).collect()))
    }

    /// Notes what one of them offers.
    pub fn heard(&self, upstream: &str, offers: Extensions) {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(upstream) {
            *known = offers;
        }
    }

    fn by_all(&self) -> Extensions {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().copied().reduce(Extensions::and).unwrap_or(Extensions::NONE)
    }
}
