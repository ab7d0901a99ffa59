//! Dates as IMAP writes them (RFC 3501 §9). Those that a server sends are untrusted.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// `date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE`, without the quotes, in UTC:
/// `05-Nov-2026 18:10:31 +0000`. Milliseconds since 1970-01-01 UTC; what no calendar has counts as their beginning.
pub fn date_time(at_ms: i64) -> String {
    timestamp(at_ms).strftime("%d-%b-%Y %H:%M:%S +0000").to_string()
}

/// `date-text = date-day "-" date-month "-" date-year` in UTC, `5-Nov-2026`.
pub fn date(at_ms: i64) -> String {
    timestamp(at_ms).strftime("%-d-%b-%Y").to_string()
}

/// Reads a `date-time` without its quotes; seconds since 1970-01-01 UTC. `date-day-fixed = (SP DIGIT) / 2DIGIT`
pub fn parse_date_time(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim_start();
    let parsed = strtime::parse("%d-%b-%Y %H:%M:%S %z", text).ok()?;
    Some(parsed.to_timestamp().ok()?.as_second())
}

fn timestamp(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 3501 §7.4.2, and what it is in UTC.
    const EXAMPLE: &[u8] = b"17-Jul-1996 02:44:25 -0700";
    const EXAMPLE_SECS: i64 = 837_596_665;

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(date_time(EXAMPLE_SECS * 1000 + 999), "17-Jul-1996 09:44:25 +0000");
        assert_eq!(date_time(1_793_902_231_000), "05-Nov-2026 18:10:31 +0000");
        assert_eq!(date(1_793_902_231_000), "5-Nov-2026");
        assert_eq!(date_time(i64::MAX), "01-Jan-1970 00:00:00 +0000");
    }

    #[test]
    fn a_moment_is_read_wherever_it_was() {
        assert_eq!(parse_date_time(EXAMPLE), Some(EXAMPLE_SECS));
        assert_eq!(parse_date_time(b" 5-Nov-2026 19:10:31 +0100"), Some(1_793_902_231));
        for text in [&b""[..], b"17-Jul-1996", b"17-Lug-1996 02:44:25 -0700", b"32-Jul-1996 02:44:25 -0700", b"\xff"] {
            assert_eq!(parse_date_time(text), None, "{:?}", String::from_utf8_lossy(text));
        }
    }
}
