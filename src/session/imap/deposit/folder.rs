//! Which of the folders is that of sent messages.
//!
//! The one that the upstream calls `\Sent` (RFC 6154 §2). Where it calls none so: the one with a name that providers and
//! mail programs use. Of several the same one is chosen each time, whatever their order, since the message is looked for
//! where it was put.

use crate::proto::imap::data::Listed;
use crate::proto::imap::encode::push_string;

/// What the operator is told where there is none.
pub(super) const NONE: &str = "the mailbox has no folder that is marked \\Sent, or is called Sent or Posta inviata: make one \
                               with a mail program, or in the provider's webmail";

/// Names in use, the likeliest first; case does not matter. All ASCII, so that modified UTF-7 (RFC 3501 §5.1.3) has them
/// as they are.
const NAMES: [&str; 10] = [
    "Sent",
    "Posta inviata",
    "Sent Items",
    "Sent Messages",
    "Sent Mail",
    "Messaggi inviati",
    "Elementi inviati",
    "Inviati",
    "Inviata",
    "sent-mail",
];

/// The folders that were seen so far.
#[derive(Debug, Default)]
pub(super) struct Choice {
    marked: Option<Rank>,
    named: Option<Rank>,
}

/// The lower, the better: its place among the names, how deep it lies, and its name itself.
type Rank = (usize, usize, Vec<u8>);

impl Choice {
    /// Looks at a folder.
    pub fn consider(&mut self, folder: &Listed<'_>) {
        if folder.has("\\Noselect") || folder.has("\\NonExistent") || !can_be_named(&folder.name) {
            return;
        }
        let place = place(folder);
        let levels = folder.delimiter.map_or(0, |delimiter| folder.name.iter().filter(|b| **b == delimiter).count());
        let rank = (place.unwrap_or(NAMES.len()), levels, folder.name.to_vec());
        if folder.has("\\Sent") {
            keep_better(&mut self.marked, rank);
        } else if place.is_some() {
            keep_better(&mut self.named, rank);
        }
    }

    /// The one, if there is any.
    pub fn folder(&self) -> Option<Vec<u8>> {
        let (.., name) = self.marked.as_ref().or(self.named.as_ref())?;
        Some(name.clone())
    }
}

fn keep_better(best: &mut Option<Rank>, rank: Rank) {
    if best.as_ref().is_none_or(|best| rank < *best) {
        *best = Some(rank);
    }
}

/// Where its name stands among [`NAMES`]: alone, or below INBOX where servers keep all folders there.
fn place(folder: &Listed<'_>) -> Option<usize> {
    let name = match (folder.delimiter, folder.name.split_at_checked(6)) {
        (Some(delimiter), Some((inbox, rest)))
            if inbox.get(..5).is_some_and(|inbox| inbox.eq_ignore_ascii_case(b"INBOX"))
                && inbox.last() == Some(&delimiter) =>
        {
            rest
        }
        _ => &folder.name,
    };
    NAMES.iter().position(|usual| name.eq_ignore_ascii_case(usual.as_bytes()))
}

/// Whether the name fits into a quoted string. Names on the wire are 7-bit (RFC 3501 §5.1); another one would have to be
/// sent as a literal, and is no name of a folder that other programs find.
fn can_be_named(name: &[u8]) -> bool {
    let mut quoted = Vec::new();
    push_string(&mut quoted, name);
    !name.is_empty() && quoted.starts_with(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::imap::data::listed;

    fn chosen(folders: &[&str]) -> Option<String> {
        let choose = |folders: &mut dyn Iterator<Item = &&str>| {
            let mut choice = Choice::default();
            for folder in folders {
                choice.consider(&listed(format!("* LIST {folder}\r\n").as_bytes()).unwrap());
            }
            choice.folder().map(|name| String::from_utf8(name).unwrap())
        };
        let forth = choose(&mut folders.iter());
        assert_eq!(forth, choose(&mut folders.iter().rev()), "the order matters");
        forth
    }

    #[test]
    fn the_marked_folder_goes_before_any_name() {
        let folders = ["() \"/\" INBOX", "() \"/\" Sent", "(\\HasNoChildren \\Sent) \"/\" \"2026/Uscita\""];
        assert_eq!(chosen(&folders).as_deref(), Some("2026/Uscita"));
    }

    #[test]
    fn without_a_mark_it_is_known_by_its_name() {
        for (listed, name) in [
            ("() \"/\" Sent", "Sent"),
            ("() \".\" \"INBOX.Posta Inviata\"", "INBOX.Posta Inviata"),
            ("() \"/\" \"inbox/sent items\"", "inbox/sent items"),
            ("() NIL sent", "sent"),
        ] {
            let folders = ["() \"/\" INBOX", "() \"/\" Presentazioni", "() \"/\" \"2025/Sent\"", listed];
            assert_eq!(chosen(&folders).as_deref(), Some(name));
        }
        for other in ["() \".\" INBOX/Sent", "() \"/\" Sentenze", "() \"/\" \"Altri/Sent\"", "() NIL INBOX.Sent"] {
            assert_eq!(chosen(&[other]), None, "{other}");
        }
    }

    #[test]
    fn of_several_always_the_same() {
        assert_eq!(chosen(&["() \"/\" \"Posta inviata\"", "() \"/\" Sent"]).as_deref(), Some("Sent"));
        assert_eq!(chosen(&["() \".\" INBOX.Sent", "() \".\" Sent"]).as_deref(), Some("Sent"));
        let marked = ["(\\Sent) \"/\" B", "(\\Sent) \"/\" A", "(\\Sent) \"/\" A/B", "(\\Sent) \"/\" \"Sent Messages\""];
        assert_eq!(chosen(&marked).as_deref(), Some("Sent Messages"));
        assert_eq!(chosen(&marked[..3]).as_deref(), Some("A"));
    }

    #[test]
    fn what_is_no_folder_to_put_anything_into() {
        for folder in ["(\\Sent \\Noselect) \"/\" Sent", "(\\NonExistent \\Sent) \"/\" Sent", "(\\Sent) \"/\" \"\""] {
            assert_eq!(chosen(&[folder]), None, "{folder}");
        }
        let mut choice = Choice::default();
        choice.consider(&listed("* LIST (\\Sent) \"/\" \"Già\"\r\n".as_bytes()).unwrap());
        assert_eq!(choice.folder(), None);
    }
}
