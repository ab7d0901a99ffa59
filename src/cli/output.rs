//! Listings: aligned for people, JSON for programs.

use std::io::Write;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::Failure;
use crate::domain::deceives;
pub(super) use crate::json::{time, time_ms};
use crate::texts::csv_line;

/// For every subcommand that shows or changes something.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Json {
    /// For programs: what it concerns, as JSON
    #[arg(long = "json")]
    pub(super) wanted: bool,
}

impl Json {
    /// Says what was done: in a line for people, or by the object as it is now, or was last.
    pub(super) fn done(self, out: &mut dyn Write, object: &impl Serialize, line: &str) -> Result<(), Failure> {
        if self.wanted { json(out, object) } else { Ok(writeln!(out, "{line}")?) }
    }
}

/// Since when something is on.
pub(super) fn since(secs: Option<i64>) -> String {
    secs.map_or_else(|| "off".to_owned(), |secs| format!("on since {}", time(secs)))
}

/// For every subcommand that lists what was recorded.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Listed {
    #[command(flatten)]
    pub(super) json: Json,
    /// For spreadsheets: comma-separated values in UTF-8, in which no text is a formula
    #[arg(long, conflicts_with = "wanted")]
    pub(super) csv: bool,
}

/// Rows for spreadsheets.
pub(super) fn csv<const N: usize>(
    out: &mut dyn Write,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), Failure> {
    out.write_all(csv_line(&head).as_bytes())?;
    for row in rows {
        out.write_all(csv_line(&row).as_bytes())?;
    }
    Ok(())
}

/// A moment for people, to the second, under a head that says that it is UTC.
pub(super) fn moment(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => ms.to_string(),
    }
}

/// The beginning of a text that would be too long for a table.
pub(super) fn short(text: &str, most_chars: usize) -> String {
    match text.char_indices().nth(most_chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most_chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

pub(super) fn json(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Refused(error.to_string()))?;
    Ok(writeln!(out, "{}", quiet(&text))?)
}

/// The same JSON, with escapes in place of what a terminal would obey and JSON may hold as it is: the control characters
/// beyond ASCII's first 32, and whatever else is no text. They stand in strings alone.
fn quiet(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if deceives(c) && c != '\n' { shown.push_str(&format!("\\u{:04x}", u32::from(c))) } else { shown.push(c) }
    }
    shown
}

/// Text from people, on one line and without what a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // escape_debug also covers what turns the direction of text; quotes and backslashes it need not touch.
        if matches!(c, '"' | '\'' | '\\') { shown.push(c) } else { shown.extend(c.escape_debug()) }
    }
    shown
}

/// Rows under a head, their columns aligned.
pub(super) fn table<const N: usize>(
    out: &mut dyn Write,
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<(), Failure> {
    let mut all = vec![head.map(str::to_owned)];
    all.extend(rows.into_iter().map(|row| row.map(|cell| plain(&cell))));
    let widths: [usize; N] =
        std::array::from_fn(|column| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for row in &all {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Names and values, one on each line.
pub(super) fn sheet<const N: usize>(out: &mut dyn Write, lines: [(&str, String); N]) -> Result<(), Failure> {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in lines {
        writeln!(out, "{}", format!("{name:width$}  {}", plain(&value)).trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn columns_are_aligned_and_controls_escaped() {
        let mut out = Vec::new();
        let rows = [["è".to_owned(), "x".to_owned()], ["\u{1b}[31m".to_owned(), String::new()]];
        table(&mut out, ["A", "B"], rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "A           B\nè           x\n\\u{1b}[31m\n");
    }

    #[test]
    fn json_is_quiet_and_means_the_same() {
        let text = "a\u{1b}[2J\u{9b}m\u{7f}\u{202e}\u{2028}\n\"\\è日";
        let mut out = Vec::new();
        json(&mut out, &[text]).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(serde_json::from_str::<Vec<String>>(&out).unwrap(), [text]);
        assert!(out.contains("\\u009b") && out.contains("\\u202e") && out.contains("è日"), "{out}");
        assert!(!out.contains(|c: char| c != '\n' && c.is_control()), "{out:?}");
    }

    #[test]
    fn what_is_harmless_stays_as_it_is() {
        assert_eq!(plain("Zoë \"d'Èze\" \\ 日本"), "Zoë \"d'Èze\" \\ 日本");
        assert_eq!(plain("a\nb\u{202e}c\u{9b}"), "a\\nb\\u{202e}c\\u{9b}");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(1_800_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(time_ms(1_800_000_000_007), "2027-01-15T08:00:00.007Z");
        assert_eq!(moment(1_800_000_000_999), "2027-01-15 08:00:00");
        assert_eq!((time_ms(i64::MAX), moment(i64::MIN)), (i64::MAX.to_string(), i64::MIN.to_string()));
    }

    #[test]
    fn what_is_too_long_for_a_table_is_cut() {
        assert_eq!((short("èèè", 3).as_str(), short("èèèè", 3).as_str()), ("èèè", "èè…"));
    }
}
