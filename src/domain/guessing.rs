//! Guessing passwords is slowed down and then stopped (S5).
//!
//! Wrong passwords are counted for the account, and for the address that they come from. Each beyond the free ones closes
//! the door for a while, twice as long each time: whoever knocks meanwhile is refused without being looked at. A password
//! that was wrong before is no guess: a mail program with an old one says it every minute, for days. The count leaks: people
//! mistype every day, and an office has many of them behind one address.
//!
//! Pure; the time comes in.

use std::time::{Duration, Instant};

/// A keyed hash of a password that was tried. It tells whether two are one, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Guess(pub [u8; 16]);

/// How many wrong passwords are remembered, to tell a new guess from an old one.
pub const REMEMBERED: usize = 4;
/// How long after the last one nothing of it is known any more, in milliseconds.
pub const FORGOTTEN_MS: i64 = 24 * 60 * 60 * 1000;
const FIRST_MS: i64 = 60 * 1000;
const LONGEST_MS: i64 = 60 * 60 * 1000;

/// How many guesses are free, before the door is closed for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// With one account.
    Account,
    /// With one address, behind which there may be an office.
    Address,
}

/// When a refusal is told: a whole multiple of the delay after the attempt, so that how long it took tells nothing.
pub fn told_at(since: Instant, delay: Duration, now: Instant) -> Instant {
    let mut at = since + delay;
    while at < now && !delay.is_zero() {
        at += delay;
    }
    at
}

/// The wrong passwords of one account, or from one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guesses {
    /// How many, those apart that were wrong before.
    pub count: u32,
    /// When the last one was: milliseconds since 1970-01-01 UTC.
    pub last_at_ms: i64,
    /// Since when the next to be forgotten is being forgotten, likewise.
    pub leaks_from_ms: i64,
    /// Until when nobody is looked at, likewise.
    pub closed_until_ms: i64,
    /// The last of them, the newest first.
    pub remembered: Vec<Guess>,
}

impl Patience {
    fn free(self) -> u32 {
        match self {
            Patience::Account => 4,
            Patience::Address => 19,
        }
    }

    /// After how long one is forgotten.
    fn leak_ms(self) -> i64 {
        match self {
            Patience::Account => 6 * 60 * 60 * 1000,
            Patience::Address => 10 * 60 * 1000,
        }
    }
}

impl Guesses {
    /// Whether nobody is looked at now.
    pub fn closed(&self, now_ms: i64) -> bool {
        now_ms < self.closed_until_ms
    }

    /// With one more wrong password. True where the door is closed for as long as it ever is, and was not before: then
    /// somebody is to be told.
    #[must_use]
    pub fn wrong(&mut self, guess: Guess, patience: Patience, now_ms: i64) -> bool {
        if now_ms.saturating_sub(self.last_at_ms) >= FORGOTTEN_MS {
            *self = Guesses::default();
        }
        let old = self.remembered.contains(&guess);
        self.last_at_ms = now_ms;
        if old {
            return false;
        }
        let leaked = now_ms.saturating_sub(self.leaks_from_ms).max(0) / patience.leak_ms();
        self.count = self.count.saturating_sub(u32::try_from(leaked).unwrap_or(u32::MAX));
        self.leaks_from_ms = match self.count {
            0 => now_ms,
            _ => self.leaks_from_ms.saturating_add(leaked.saturating_mul(patience.leak_ms())),
        };
        self.remembered.insert(0, guess);
        self.remembered.truncate(REMEMBERED);
        self.count = self.count.saturating_add(1);
        let Some(beyond) = self.count.checked_sub(patience.free() + 1) else { return false };
        let pause = FIRST_MS.checked_shl(beyond.min(16)).unwrap_or(LONGEST_MS).min(LONGEST_MS);
        self.closed_until_ms = now_ms.saturating_add(pause);
        pause == LONGEST_MS && (FIRST_MS << beyond.saturating_sub(1).min(16)) < LONGEST_MS
    }
}

impl std::fmt::Debug for Guess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guess([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(n: u32) -> Guess {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Guess(bytes)
    }

    /// The minutes for which the door is closed after each of so many guesses, each made as soon as it is open.
    fn pauses(patience: Patience, count: u32) -> (Vec<i64>, Vec<u32>) {
        let (mut guesses, mut now, mut told) = (Guesses::default(), 1_000_000_000, Vec::new());
        let pauses = (1..=count).map(|n| {
            now = now.max(guesses.closed_until_ms);
            assert!(!guesses.closed(now));
            if guesses.wrong(guess(n), patience, now) {
                told.push(n);
            }
            (guesses.closed_until_ms - now).max(0) / 60_000
        });
        let pauses = pauses.collect();
        (pauses, told)
    }

    #[test]
    fn s5_guesses_are_slowed_down_and_then_stopped() {
        let (account, told) = pauses(Patience::Account, 14);
        assert_eq!(account, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(told, [11], "told once");
        let (address, _) = pauses(Patience::Address, 22);
        assert_eq!(address[18..], [0, 1, 2, 4]);
    }

    #[test]
    fn s5_who_goes_on_guessing_has_a_few_an_hour_for_ever() {
        for (patience, least, most) in [(Patience::Account, 20, 48), (Patience::Address, 100, 300)] {
            let (mut guesses, mut now, mut made) = (Guesses::default(), 1_000_000_000, 0);
            // The second of two days, in which each guess comes as soon as it is looked at.
            let (second, end) = (now + FORGOTTEN_MS, now + 2 * FORGOTTEN_MS);
            for n in 0.. {
                now = now.max(guesses.closed_until_ms) + 1;
                if now >= end {
                    break;
                }
                made += u32::from(now >= second);
                let _ = guesses.wrong(guess(n), patience, now);
            }
            assert!((least..=most).contains(&made), "{patience:?}: {made} guesses in a day");
        }
    }

    #[test]
    fn an_office_that_mistypes_every_day_is_not_closed() {
        let mut guesses = Guesses::default();
        // Sixty people, each once a day in eight hours, for a month.
        for n in 0..30 * 60_u32 {
            let at = i64::from(n / 60) * FORGOTTEN_MS + i64::from(n % 60) * 8 * 60 * 1000;
            let _ = guesses.wrong(guess(n), Patience::Address, at);
            assert_eq!(guesses.closed_until_ms, 0, "closed at {n}");
        }
    }

    #[test]
    fn s5_an_old_password_again_and_again_does_not_escalate() {
        let mut guesses = Guesses::default();
        for n in 0..1000_u32 {
            assert!(!guesses.wrong(guess(n % 4), Patience::Account, 1000 * i64::from(n)));
        }
        assert_eq!((guesses.count, guesses.closed_until_ms), (4, 0));
    }

    #[test]
    fn a_quiet_day_forgets() {
        let mut guesses = Guesses::default();
        for n in 0..9 {
            let _ = guesses.wrong(guess(n), Patience::Account, 1000);
        }
        let mut kept = guesses.clone();
        let _ = kept.wrong(guess(9), Patience::Account, 1000 + FORGOTTEN_MS - 1);
        assert_eq!(kept.count, 10 - 3, "one in six hours is forgotten");
        let _ = guesses.wrong(guess(9), Patience::Account, 1000 + FORGOTTEN_MS);
        assert_eq!(guesses.count, 1);
    }

    #[test]
    fn a_guess_is_not_printed() {
        assert!(!format!("{:?}", guess(0x4142_4344)).contains("65"));
    }
}
