//! Moments as people type them: `--since` and `--until`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Now, in seconds since 1970-01-01 UTC.
pub(super) fn now_secs() -> i64 {
    Timestamp::now().as_second()
}

/// The same in milliseconds.
pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A moment, or a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When {
    first_ms: i64,
    last_ms: i64,
}

impl When {
    /// Where it begins: milliseconds since 1970-01-01 UTC.
    pub(super) fn begins_ms(self) -> i64 {
        self.first_ms
    }

    /// Its last millisecond, likewise: that of a day is just before midnight.
    pub(super) fn ends_ms(self) -> i64 {
        self.last_ms
    }
}

/// A day, a day and a time, or how long ago, such as `2h` or `7d`. Without an offset it is UTC.
pub(super) fn when(text: &str) -> Result<When, String> {
    at(text, Timestamp::now()).ok_or_else(|| {
        "use a day (2026-11-22), a time (2026-11-22T10:30, which is UTC, or 2026-11-22T10:30+01:00), or how long ago \
         (30m, 2h, 7d)"
            .to_owned()
    })
}

fn at(text: &str, now: Timestamp) -> Option<When> {
    let moment = |time: Timestamp| When { first_ms: time.as_millisecond(), last_ms: time.as_millisecond() };
    if let Some(back) = ago(text) {
        return Some(moment(now.checked_sub(back).ok()?));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(moment(time));
    }
    // Shorter texts than these two are not what they seem to be: a year, an hour.
    match text.len() {
        10 => {
            let day: Date = text.parse().ok()?;
            let midnight = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond());
            Some(When { first_ms: midnight(day)?, last_ms: midnight(day.tomorrow().ok()?)?.checked_sub(1)? })
        }
        16.. => {
            let time: DateTime = text.parse().ok()?;
            Some(moment(time.to_zoned(TimeZone::UTC).ok()?.timestamp()))
        }
        _ => None,
    }
}

/// A whole number of minutes, hours, days or weeks.
fn ago(text: &str) -> Option<SignedDuration> {
    let (number, minutes) = [("m", 1), ("h", 60), ("d", 24 * 60), ("w", 7 * 24 * 60)]
        .into_iter()
        .find_map(|(unit, minutes)| Some((text.strip_suffix(unit)?, minutes)))?;
    let number: i64 = number.parse().ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit()))?;
    Some(SignedDuration::from_secs(number.checked_mul(minutes * 60)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// 2027-01-15T08:00:00Z
    const NOW_MS: i64 = 1_800_000_000_000;

    fn read(text: &str) -> Option<(i64, i64)> {
        let found = at(text, Timestamp::from_millisecond(NOW_MS).unwrap());
        found.map(|when| (when.begins_ms() - NOW_MS, when.ends_ms() - NOW_MS))
    }

    #[test]
    fn a_day_is_a_whole_day() {
        let hours = 60 * 60 * 1000;
        assert_eq!(read("2027-01-15"), Some((-8 * hours, 16 * hours - 1)));
        assert_eq!(read("2027-01-16"), Some((16 * hours, 40 * hours - 1)));
    }

    #[test]
    fn a_time_is_utc_unless_it_says_otherwise() {
        for text in [
            "2027-01-15T08:00",
            "2027-01-15T08:00:00",
            "2027-01-15 08:00",
            "2027-01-15T08:00:00Z",
            "2027-01-15T09:00:00+01:00",
            "2027-01-15T09:00+01:00",
        ] {
            assert_eq!(read(text), Some((0, 0)), "{text}");
        }
        assert_eq!(read("2027-01-15T08:00:00.250Z"), Some((250, 250)));
    }

    #[test]
    fn how_long_ago() {
        for (text, minutes) in [("30m", 30), ("2h", 120), ("7d", 7 * 24 * 60), ("1w", 7 * 24 * 60), ("0m", 0)] {
            assert_eq!(read(text), Some((-minutes * 60_000, -minutes * 60_000)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "h",
            "-2h",
            "+2h",
            "2",
            "2y",
            "2 h",
            "yesterday",
            "2027",
            "2027-13-01",
            "2027-02-29",
            "08:00",
            "99999999999999999999d",
            "999999999999d",
            "15/01/2027",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(when("soon").unwrap_err().contains("2026-11-22"));
    }
}
