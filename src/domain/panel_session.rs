//! Somebody at the panel's pages: until when they are, and how far they have come.

use std::net::IpAddr;

use super::{AccountId, PasswordVersion};

/// How long a session goes on in which nothing is asked for, in milliseconds.
pub const SESSION_IDLE_MS: i64 = 30 * 60 * 1000;
/// How long one goes on at all, likewise.
pub const SESSION_MOST_MS: i64 = 12 * 60 * 60 * 1000;
/// How long it may take from the password to the code, likewise.
pub const SESSION_CODE_MS: i64 = 10 * 60 * 1000;

/// The SHA-256 of what the browser holds. That itself is nowhere but there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionHash(pub [u8; 32]);

/// How far somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The password was right, and the code is still to come (S2).
    Code,
    /// They need a second factor and have none: the way leads through the enrolment and nowhere else (S2).
    Enrolling,
    /// They are in.
    In,
}

/// A session of the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelSession {
    /// By what it is found.
    pub hash: SessionHash,
    /// Whose.
    pub account: AccountId,
    /// The version of their password that they came in with; once it is another, the session has ended.
    pub password: PasswordVersion,
    /// How far they have come.
    pub stage: Stage,
    /// When they logged in: milliseconds since 1970-01-01 UTC.
    pub began_at_ms: i64,
    /// When they were last seen, to within a minute, likewise.
    pub seen_at_ms: i64,
    /// Where they logged in from.
    pub address: IpAddr,
    /// What their browser said of itself: bounded, without control characters.
    pub program: Option<String>,
}

impl PanelSession {
    /// Whether it goes on at this moment, as far as time is concerned.
    pub fn lives(&self, now_ms: i64) -> bool {
        let most = match self.stage {
            Stage::Code => SESSION_CODE_MS,
            Stage::Enrolling | Stage::In => SESSION_MOST_MS,
        };
        let before = |at: i64, bound: i64| now_ms < at.saturating_add(bound);
        before(self.began_at_ms, most) && before(self.seen_at_ms, SESSION_IDLE_MS)
    }
}

impl Stage {
    /// All of them.
    pub const ALL: [Stage; 3] = [Stage::Code, Stage::Enrolling, Stage::In];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Code => "code",
            Stage::Enrolling => "enrolling",
            Stage::In => "in",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl std::fmt::Debug for SessionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionHash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PostmasterId;

    #[test]
    fn a_session_ends_when_nothing_is_asked_for_and_after_half_a_day() {
        let session = |stage, began_at_ms, seen_at_ms| PanelSession {
            hash: SessionHash([7; 32]),
            account: AccountId::Postmaster(PostmasterId(1)),
            password: PasswordVersion(0),
            stage,
            began_at_ms,
            seen_at_ms,
            address: IpAddr::from([192, 0, 2, 7]),
            program: None,
        };
        let minutes = |n: i64| n * 60_000;
        assert!(session(Stage::In, 0, 0).lives(minutes(30) - 1));
        assert!(!session(Stage::In, 0, 0).lives(minutes(30)));
        assert!(session(Stage::In, 0, minutes(700)).lives(minutes(720) - 1));
        assert!(!session(Stage::In, 0, minutes(719)).lives(minutes(720)));
        assert!(!session(Stage::Code, 0, minutes(9)).lives(minutes(10)));
        assert!(!format!("{:?}", session(Stage::In, 0, 0)).contains("7, 7"));
    }
}
