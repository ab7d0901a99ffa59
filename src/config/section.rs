//! One table of the configuration, asked key by key. What nobody asked for is an unknown key.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Ledger;

/// How alike an unknown key and a known one must be for a hint (Jaro–Winkler, 0 to 1).
const ALIKE: f64 = 0.75;

/// A table and the keys that were asked for so far.
pub(super) struct Section<'a, 'i> {
    /// As written in the file, such as `[store]`.
    pub(super) title: String,
    span: Range<usize>,
    table: &'a DeTable<'i>,
    known: Vec<&'static str>,
}

/// A text and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a, 'i> Section<'a, 'i> {
    pub(super) fn new(title: impl Into<String>, span: Range<usize>, table: &'a DeTable<'i>) -> Self {
        Section { title: title.into(), span, table, known: Vec::new() }
    }

    /// Where the section begins.
    pub(super) fn at(&self) -> usize {
        self.span.start
    }

    /// The value of a key.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.known.push(key);
        self.table.get(key)
    }

    /// The keys of a table whose keys are names, and their values.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Text<'a>, &'a Spanned<DeValue<'i>>)> + use<'a, 'i> {
        self.table.iter().map(|(key, value)| (Text { text: key.get_ref(), at: key.span().start }, value))
    }

    /// A text, if it is there.
    pub(super) fn text(&mut self, key: &'static str, ledger: &mut Ledger<'_>) -> Option<Text<'a>> {
        let value = self.value(key)?;
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) if !text.is_empty() => return Some(Text { text, at }),
            DeValue::String(_) => ledger.wrong(at, format!("`{key}` is empty: give a value, or remove the line")),
            _ => ledger.wrong(at, format!("`{key}` is a text: write it in quotes")),
        }
        None
    }

    /// A text that has to be there; `example` says what one looks like.
    pub(super) fn needed(&mut self, key: &'static str, example: &str, ledger: &mut Ledger<'_>) -> Option<Text<'a>> {
        if !self.table.contains_key(key) {
            ledger.missing(self.at(), format!("{} has no `{key}`: add `{key} = \"{example}\"`", self.title));
        }
        self.text(key, ledger)
    }

    /// One of a few words; the first of them where nothing is said.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        ledger: &mut Ledger<'_>,
    ) -> Option<T> {
        let [(_, default), ..] = words else { return None };
        if !self.table.contains_key(key) {
            self.known.push(key);
            return Some(*default);
        }
        let found = self.text(key, ledger)?;
        let choice = words.iter().find(|(word, _)| *word == found.text).map(|(_, choice)| *choice);
        if choice.is_none() {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let text = format!("`{}` is no `{key}`: use {}", found.text.escape_debug(), words.join(" or "));
            ledger.wrong(found.at, text);
        }
        choice
    }

    /// Yes or no; no where nothing is said.
    pub(super) fn flag(&mut self, key: &'static str, ledger: &mut Ledger<'_>) -> bool {
        match self.value(key).map(|value| (value.get_ref(), value.span().start)) {
            None => false,
            Some((DeValue::Boolean(flag), _)) => *flag,
            Some((_, at)) => {
                ledger.wrong(at, format!("`{key}` is true or false, without quotes"));
                false
            }
        }
    }

    /// A whole number of at least `least`; `default` where nothing is said, or something wrong.
    pub(super) fn count(&mut self, key: &'static str, least: u64, default: u64, ledger: &mut Ledger<'_>) -> u64 {
        let Some(value) = self.value(key) else { return default };
        let number = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        match number.filter(|number| (least..=i64::MAX as u64).contains(number)) {
            Some(number) => number,
            None => {
                ledger.wrong(value.span().start, format!("`{key}` is a whole number of at least {least}"));
                default
            }
        }
    }

    /// Reports the keys that nobody asked for, with the nearest that somebody did.
    pub(super) fn close(self, ledger: &mut Ledger<'_>) {
        for (key, _) in self.entries().filter(|(key, _)| !self.known.contains(&key.text)) {
            let nearest = self
                .known
                .iter()
                .map(|known| (strsim::jaro_winkler(known, key.text), known))
                .filter(|(alike, _)| *alike >= ALIKE)
                .max_by(|(a, _), (b, _)| a.total_cmp(b));
            let hint = match nearest {
                Some((_, known)) => format!("did you mean `{known}`?"),
                None => format!("known are {}", self.known.join(", ")),
            };
            let text = format!("{} has an unknown key `{}`: {hint}", self.title, key.text.escape_debug());
            ledger.wrong(key.at, text);
        }
    }
}
