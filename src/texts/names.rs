//! Permissions, protocols and moments, as people say them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::text;
use crate::domain::{DelegateState, Grant, Language, Permission, Protocol, Protocols, Scope};

/// The name of a permission.
pub fn permission(language: Language, permission: Permission) -> String {
    let id = match permission {
        Permission::Read => "word-permission-read",
        Permission::Write => "word-permission-write",
        Permission::Send => "word-permission-send",
        Permission::Client => "word-permission-client",
        Permission::Settings => "word-permission-settings",
    };
    text(language, id, &[])
}

/// Where a delegate stands (D4).
pub fn state(language: Language, state: DelegateState) -> String {
    let id = match state {
        DelegateState::Pending => "word-state-pending",
        DelegateState::Active => "word-state-active",
        DelegateState::Suspended => "word-state-suspended",
        DelegateState::Inactive => "word-state-inactive",
        DelegateState::Rejected => "word-state-rejected",
    };
    text(language, id, &[])
}

/// The protocols by which a mail program may come (P7); empty where there is none.
pub fn protocols(language: Language, protocols: Protocols) -> String {
    let named = [(protocols.imap, "IMAP"), (protocols.pop3, "POP3")];
    let named: Vec<String> = named.iter().filter(|(open, _)| *open).map(|(_, name)| (*name).to_owned()).collect();
    list(language, &named)
}

/// The name of a protocol.
pub fn protocol(language: Language, protocol: Protocol) -> String {
    match protocol {
        Protocol::Imap => "IMAP".to_owned(),
        Protocol::Pop3 => "POP3".to_owned(),
        Protocol::Submission => text(language, "word-submission", &[]),
    }
}

/// What an app password opens (S3).
pub fn scope(language: Language, scope: Scope) -> String {
    list(language, &scope.iter().map(|one| protocol(language, one)).collect::<Vec<_>>())
}

/// The permissions of a grant one by one, the protocols of a mail program with theirs (P10).
pub fn granted(language: Language, grant: &Grant) -> Vec<String> {
    let named = |p| match (p, protocols(language, grant.protocols)) {
        (Permission::Client, by) if !by.is_empty() => {
            text(language, "word-with-protocols", &[("permission", &permission(language, p)), ("protocols", &by)])
        }
        (p, _) => permission(language, p),
    };
    grant.permissions.iter().map(named).collect()
}

/// "a", "a and b", "a, b and c".
pub fn list(language: Language, items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => text(language, "word-list", &[("first", &first.join(", ")), ("last", last)]),
    }
}

/// A day: seconds since 1970-01-01 UTC, as calendars in Italy have it.
pub fn date(language: Language, secs: i64) -> String {
    let at = in_italy(secs);
    let day = at.day().to_string();
    text(language, "word-date", &[("day", &day), ("month", &month(language, &at)), ("year", &at.year().to_string())])
}

/// A moment: seconds since 1970-01-01 UTC, as clocks in Italy show it, where certified mail is read.
pub fn date_time(language: Language, secs: i64) -> String {
    let at = in_italy(secs);
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    text(language, "word-date-time", &[("date", &date(language, secs)), ("time", &time)])
}

/// The same for spreadsheets, which sort it: `2026-12-04 10:30:00`.
pub fn sortable_time(ms: i64) -> String {
    in_italy(ms.div_euclid(1000)).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The first and the last millisecond of a day of Italian calendars, `2026-12-04`, since 1970-01-01 UTC.
pub fn day_ms(text: &str) -> Option<(i64, i64)> {
    let day: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    let midnight = |day: Date| Some(day.to_zoned(italy()).ok()?.timestamp().as_millisecond());
    Some((midnight(day)?, midnight(day.tomorrow().ok()?)? - 1))
}

/// How large something is: `12,3 MB`.
pub fn size(language: Language, bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1000 => return format!("{bytes} B"),
        1000..1_000_000 => (1000, "kB"),
        1_000_000.. => (1_000_000, "MB"),
    };
    let tenths = bytes.saturating_mul(10) / unit;
    let sign = match language {
        Language::Italian => ',',
        Language::English => '.',
    };
    format!("{}{sign}{} {name}", tenths / 10, tenths % 10)
}

fn italy() -> TimeZone {
    // The system's rules; on a system that has none, those in force since 1996.
    let zone = TimeZone::get("Europe/Rome").or_else(|_| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3"));
    zone.unwrap_or(TimeZone::UTC)
}

fn in_italy(secs: i64) -> Zoned {
    Timestamp::from_second(secs).unwrap_or(Timestamp::MAX).to_zoned(italy())
}

fn month(language: Language, at: &Zoned) -> String {
    let id = match at.month() {
        1 => "word-january",
        2 => "word-february",
        3 => "word-march",
        4 => "word-april",
        5 => "word-may",
        6 => "word-june",
        7 => "word-july",
        8 => "word-august",
        9 => "word-september",
        10 => "word-october",
        11 => "word-november",
        _ => "word-december",
    };
    text(language, id, &[])
}
