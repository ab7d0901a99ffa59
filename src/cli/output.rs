//! Listings: aligned for people, JSON for programs. The field names of the JSON are an interface that stays.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;

use super::Failure;
use crate::accounts::{DelegateView, MailboxView};
use crate::domain::{Language, Permissions, Protocols};

/// A mailbox, as programs see it.
#[derive(Serialize)]
pub(super) struct MailboxJson<'a> {
    address: &'a str,
    upstream: &'a str,
    /// The name to log in with there.
    upstream_user: &'a str,
    /// Whether a password of its own is stored; otherwise the upstream's master user opens it.
    has_password: bool,
    plan: &'a str,
    owner_name: &'a str,
    owner_email: &'a str,
    delegates_active: usize,
    delegates_suspended: usize,
    created_at: String,
    changed_at: String,
}

/// A delegate, as programs see them.
#[derive(Serialize)]
pub(super) struct DelegateJson<'a> {
    mailbox: &'a str,
    username: &'a str,
    login: String,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    language: Option<&'static str>,
    state: &'static str,
    /// What they may do now.
    permissions: Vec<&'static str>,
    /// What they were granted, part of which the configured profile may not let count.
    granted: Vec<&'static str>,
    protocols: Vec<&'static str>,
    created_at: String,
    changed_at: String,
}

impl<'a> From<&'a MailboxView> for MailboxJson<'a> {
    fn from(view: &'a MailboxView) -> Self {
        let mailbox = &view.mailbox;
        MailboxJson {
            address: mailbox.address.as_str(),
            upstream: &mailbox.upstream,
            upstream_user: mailbox.upstream_login(),
            has_password: view.has_password,
            plan: &mailbox.plan,
            owner_name: &mailbox.owner_name,
            owner_email: &mailbox.owner_email,
            delegates_active: view.delegates_active,
            delegates_suspended: view.delegates_suspended,
            created_at: time(mailbox.created_at_secs),
            changed_at: time(mailbox.changed_at_secs),
        }
    }
}

impl<'a> From<&'a DelegateView> for DelegateJson<'a> {
    fn from(view: &'a DelegateView) -> Self {
        let delegate = &view.delegate;
        DelegateJson {
            mailbox: view.address.as_str(),
            username: delegate.username.as_str(),
            login: view.login().to_string(),
            first_name: &delegate.person.first_name,
            last_name: &delegate.person.last_name,
            email: &delegate.person.email,
            language: delegate.language.map(Language::name),
            state: delegate.state.name(),
            permissions: names(view.effective),
            granted: names(delegate.permissions),
            protocols: protocols(delegate.protocols),
            created_at: time(delegate.created_at_secs),
            changed_at: time(delegate.changed_at_secs),
        }
    }
}

fn names(permissions: Permissions) -> Vec<&'static str> {
    permissions.iter().map(|permission| permission.name()).collect()
}

fn protocols(protocols: Protocols) -> Vec<&'static str> {
    [("imap", protocols.imap), ("pop3", protocols.pop3)]
        .into_iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| name)
        .collect()
}

/// ISO 8601, UTC.
pub(super) fn time(secs: i64) -> String {
    Timestamp::from_second(secs).map_or_else(|_| secs.to_string(), |time| time.to_string())
}

pub(super) fn json(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Refused(error.to_string()))?;
    Ok(writeln!(out, "{text}")?)
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
    fn what_is_harmless_stays_as_it_is() {
        assert_eq!(plain("Zoë \"d'Èze\" \\ 日本"), "Zoë \"d'Èze\" \\ 日本");
        assert_eq!(plain("a\nb\u{202e}c\u{9b}"), "a\\nb\\u{202e}c\\u{9b}");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(1_800_000_000), "2027-01-15T08:00:00Z");
    }
}
