//! Two-step verification (S2): how a code or a recovery code reads, and what is fixed about them.
//!
//! Untrusted is what people type: blanks do not matter, and everything else does.

use std::fmt;

/// How long a code is shown by the person's app, in seconds (RFC 6238 §4.1, the time step X).
pub const STEP_SECS: i64 = 30;
/// How many digits a code has.
pub const DIGITS: usize = 6;
/// How many steps a clock may be off, either way (RFC 6238 §5.2).
pub const STEPS_OFF: i64 = 1;
/// How many recovery codes somebody gets at once.
pub const RECOVERY_CODES: usize = 10;
/// How long an enrolment that was begun can be confirmed, in seconds.
pub const ENROLMENT_SECS: i64 = 60 * 60;

/// The number of a time step since 1970-01-01 UTC (RFC 6238 §4.2, T). Once a code of it was accepted, only later ones are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step(pub i64);

/// A keyed hash of a recovery code. They are random, so that a fast one will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecoveryHash(pub [u8; 32]);

/// How somebody's two-step verification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoFactor {
    /// Since when it is on: seconds since 1970-01-01 UTC.
    pub since_secs: Option<i64>,
    /// How many recovery codes are left.
    pub recovery_left: u32,
    /// Whether somebody else wants it on: for a delegate, the owner by their own (S2).
    pub required: bool,
}

impl Step {
    /// The step of a moment, in seconds since 1970-01-01 UTC.
    pub fn at(secs: i64) -> Step {
        Step(secs.div_euclid(STEP_SECS))
    }

    /// The steps whose codes are right at this one: those that a clock may be off by, and it; the earliest first.
    pub fn tolerated(self) -> impl Iterator<Item = Step> {
        (-STEPS_OFF..=STEPS_OFF).map(move |off| Step(self.0.saturating_add(off)))
    }
}

impl fmt::Debug for RecoveryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryHash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_half_a_minute() {
        assert_eq!((Step::at(59), Step::at(60), Step::at(-1)), (Step(1), Step(2), Step(-1)));
        assert_eq!(Step(7).tolerated().collect::<Vec<_>>(), [Step(6), Step(7), Step(8)]);
    }
}
