//! The copy of a sent message that goes into the mailbox's folder of sent messages (X13).

use std::fmt;
use std::str::FromStr;

use super::{MailboxId, SendId};

/// A copy that is to be made, or was.
///
/// It is *waiting* from before the message's end goes upstream, and *due* from the moment that the upstream's acceptance
/// is recorded. A message that was refused, or of which nobody knows, has no copy any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCopy {
    /// The send that it is a copy of.
    pub send: SendId,
    /// The mailbox that it goes to.
    pub mailbox: MailboxId,
    /// Where the message is kept until then.
    pub spool: SpoolName,
    /// How far it has come.
    pub state: CopyState,
    /// How often it was begun to be put there. From the first time on it may be there already.
    pub attempts: u32,
    /// When it is tried next, while due: milliseconds since 1970-01-01 UTC.
    pub next_attempt_at_ms: i64,
    /// Why it is not there yet, or never will be.
    pub why: Option<String>,
}

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyState {
    /// The message is being sent.
    Waiting,
    /// The message was sent, and the copy is to be put into the folder.
    Due,
    /// It is there.
    Done,
    /// It was given up. The message is kept until somebody deletes its file.
    Failed,
}

/// The name of a file that a message is kept in: 32 hexadecimal digits, so that no name in the store can lead elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpoolName(String);

/// Why a text is not such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 hexadecimal digits")]
pub struct BadSpoolName;

impl SpoolName {
    /// The name made of random bytes.
    pub fn new(random: [u8; 16]) -> SpoolName {
        SpoolName(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SpoolName {
    type Err = BadSpoolName;

    fn from_str(text: &str) -> Result<Self, BadSpoolName> {
        let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if digits && text.len() == 32 { Ok(SpoolName(text.to_owned())) } else { Err(BadSpoolName) }
    }
}

impl fmt::Display for SpoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CopyState {
    /// All of them.
    pub const ALL: [CopyState; 4] = [CopyState::Waiting, CopyState::Due, CopyState::Done, CopyState::Failed];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            CopyState::Waiting => "waiting",
            CopyState::Due => "due",
            CopyState::Done => "done",
            CopyState::Failed => "failed",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<CopyState> {
        CopyState::ALL.into_iter().find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        let name = SpoolName::new([0xab; 16]);
        assert_eq!(name.as_str(), "abababababababababababababababab");
        assert_eq!(name.as_str().parse(), Ok(name.clone()));
        for text in ["", "../delega.db", &name.as_str()[1..], &format!("{name}0"), &name.as_str().to_uppercase()] {
            assert_eq!(text.parse::<SpoolName>(), Err(BadSpoolName), "{text}");
        }
    }
}
