//! What is wrong with a configuration, in words, with the place.

use std::fmt;
use std::path::{Path, PathBuf};

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The configuration file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub text: String,
}

/// All faults of a configuration, by line. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The faults, by line.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.text)
    }
}

impl fmt::Display for Faults {
    /// One fault on each line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if n == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// Collects faults while a configuration is read.
pub(super) struct Ledger<'a> {
    text: &'a str,
    file: &'a Path,
    entries: Vec<Noted>,
}

struct Noted {
    line: usize,
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Syntax,
    Missing,
    Meaning,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(text: &'a str, file: &'a Path) -> Self {
        Ledger { text, file, entries: Vec::new() }
    }

    /// The text is not TOML at `offset`.
    pub(super) fn syntax(&mut self, offset: usize, text: String) {
        self.note(offset, text, Kind::Syntax);
    }

    /// Something that belongs at `offset` is not there.
    pub(super) fn missing(&mut self, offset: usize, text: String) {
        self.note(offset, text, Kind::Missing);
    }

    /// What stands at `offset` cannot be meant so.
    pub(super) fn wrong(&mut self, offset: usize, text: String) {
        self.note(offset, text, Kind::Meaning);
    }

    fn note(&mut self, offset: usize, text: String, kind: Kind) {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        self.entries.push(Noted { line, text, kind });
    }

    /// The faults, or what was read where there are none. Where the text is not TOML, what seems missing may only not
    /// have been understood, and so may what stands on the same line: only the syntax is reported of these.
    pub(super) fn close<T>(mut self, read: Option<T>) -> Result<T, Faults> {
        let broken: Vec<usize> = self.entries.iter().filter(|e| e.kind == Kind::Syntax).map(|e| e.line).collect();
        if !broken.is_empty() {
            self.entries.retain(|e| match e.kind {
                Kind::Syntax => true,
                Kind::Missing => false,
                Kind::Meaning => !broken.contains(&e.line),
            });
        }
        match read {
            Some(read) if self.entries.is_empty() => Ok(read),
            _ => {
                self.entries.sort_by_key(|e| e.line);
                let fault = |e: Noted| Fault { file: self.file.to_owned(), line: e.line, text: e.text };
                Err(Faults(self.entries.into_iter().map(fault).collect()))
            }
        }
    }
}
