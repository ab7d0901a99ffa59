//! How long a client that has not logged in is borne with, whatever the protocol (S5).

use std::time::{Duration, Instant};

use super::Timeouts;
use crate::domain::{guessing, limits};

/// What one connection may still do before login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    login_deadline: Instant,
    refusal: Duration,
    attempts: u32,
    faults: u32,
}

impl Patience {
    /// Of a connection that begins now.
    pub fn new(timeouts: &Timeouts, now: Instant) -> Patience {
        Patience { login_deadline: now + timeouts.login, refusal: timeouts.refusal, attempts: 0, faults: 0 }
    }

    /// When somebody who has not logged in must go.
    pub fn login_deadline(&self) -> Instant {
        self.login_deadline
    }

    /// Counts a login attempt.
    pub fn attempt(&mut self) {
        self.attempts += 1;
    }

    /// Whether there were as many attempts as one connection may make.
    pub fn is_spent(&self) -> bool {
        self.attempts >= limits::LOGIN_ATTEMPTS
    }

    /// Counts a refused or broken command; true where it was one too many.
    #[must_use]
    pub fn fault(&mut self) -> bool {
        self.faults += 1;
        self.faults >= limits::BAD_BEFORE_LOGIN
    }

    /// When a refusal is told of an attempt.
    pub fn refusal_time(&self, since: Instant, now: Instant) -> Instant {
        guessing::told_at(since, self.refusal, now)
    }
}
