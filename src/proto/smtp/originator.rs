//! The fields that say who wrote or sent a message (RFC 5322 §3.4), in the part of their grammar that has one reading.
//!
//! ```text
//! mailbox-list = mailbox *("," mailbox)
//! mailbox = [display-name] "<" addr-spec ">" / addr-spec
//! display-name = 1*(atom / quoted-string)
//! addr-spec = dot-atom-text "@" dot-atom-text
//! ```
//!
//! Comments, groups, routes, quoted local parts, domain literals, empty members and blanks within an address are left out:
//! they are legal or were so once, no mail program writes them there, and those that read them disagree. Dots in a display
//! name are taken, as everybody does (RFC 5322 §4.1, obs-phrase).

use super::address::Address;
use super::encoded_word;
use crate::domain::limits;

/// One member of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Originator {
    /// The address.
    pub address: Address,
    /// What stands before it, with encoded words decoded; empty where nothing does.
    pub display: String,
}

/// Why a list has no certain reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than [`limits::ORIGINATOR_BYTES`].
    Long,
    /// There is no address in it, or a member without one.
    NoAddress,
    /// It holds a comment.
    Comment,
    /// It holds a group.
    Group,
    /// It is not a list of addresses as above.
    Malformed,
    /// It holds an encoded word that cannot be read, or one in unknown characters.
    EncodedWord,
}

/// Reads an unfolded list.
pub fn parse(value: &str) -> Result<Vec<Originator>, Fault> {
    if value.len() > limits::ORIGINATOR_BYTES {
        return Err(Fault::Long);
    }
    let mut all = Vec::new();
    let mut rest = blank(value);
    loop {
        let (member, behind) = member(rest)?;
        all.push(member);
        match behind.strip_prefix(',') {
            Some(behind) => rest = blank(behind),
            None if behind.is_empty() => return Ok(all),
            None => return Err(Fault::Malformed),
        }
    }
}

/// Reads one member; what stands behind it begins without blanks.
fn member(text: &str) -> Result<(Originator, &str), Fault> {
    // The words so far, and the blanks as they stand between.
    let mut display = String::new();
    let mut rest = text;
    loop {
        let Some(first) = rest.chars().next().filter(|first| *first != ',') else { return Err(Fault::NoAddress) };
        let (word, behind) = match first {
            '<' => {
                let (address, behind) =
                    rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(Fault::Malformed)?;
                let address = Address::parse_plain(address).map_err(|_| Fault::Malformed)?;
                return Ok((Originator { address, display: decoded(display.trim_end())? }, blank(behind)));
            }
            '"' => quoted(rest)?,
            _ => {
                let (word, behind) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
                if behind.starts_with('@') {
                    return bare(display.is_empty(), rest);
                }
                if word.is_empty() {
                    return Err(unexpected(first));
                }
                (word.to_owned(), behind)
            }
        };
        display.push_str(&word);
        rest = blank(behind);
        // A word ends at a blank or where the address begins: nothing is glued together.
        match behind.chars().next() {
            Some(' ' | '\t') => display.push(' '),
            Some('<') => {}
            Some(c) => return Err(if c == ',' { Fault::NoAddress } else { unexpected(c) }),
            None => return Err(Fault::NoAddress),
        }
    }
}

/// An address without angle brackets, which nothing may stand before.
fn bare(alone: bool, text: &str) -> Result<(Originator, &str), Fault> {
    let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
    let (address, behind) = text.split_at(end);
    if let Some(c) = address.chars().find(|c| !is_word(*c) && *c != '@') {
        return Err(unexpected(c));
    }
    if !alone {
        return Err(Fault::Malformed);
    }
    let address = Address::parse_plain(address).map_err(|_| Fault::Malformed)?;
    Ok((Originator { address, display: String::new() }, blank(behind)))
}

fn unexpected(c: char) -> Fault {
    match c {
        '(' | ')' => Fault::Comment,
        ':' | ';' => Fault::Group,
        _ => Fault::Malformed,
    }
}

/// `quoted-string`, what it means, and what stands behind it.
fn quoted(text: &str) -> Result<(String, &str), Fault> {
    let mut word = String::new();
    let mut chars = text.chars();
    chars.next();
    loop {
        match chars.next().ok_or(Fault::Malformed)? {
            '"' => return Ok((word, chars.as_str())),
            '\\' => word.push(chars.next().ok_or(Fault::Malformed)?),
            c => word.push(c),
        }
    }
}

/// Decodes encoded words, within quotes too: they do not belong there, and some programs read them there.
fn decoded(display: &str) -> Result<String, Fault> {
    let decoded = encoded_word::decode(display);
    if decoded.unknown || decoded.malformed {
        return Err(Fault::EncodedWord);
    }
    // Twice encoded is once too often.
    if decoded.text.contains("=?") {
        return Err(Fault::EncodedWord);
    }
    Ok(decoded.text)
}

/// `atext`, and dots; beyond ASCII as RFC 6532 §3.2 has it.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, Fault> {
        Ok(parse(text)?.into_iter().map(|one| (one.display, one.address.to_string())).collect())
    }

    #[test]
    fn what_mail_programs_write_is_read() {
        for (text, display) in [
            (" u@pec.it", ""),
            ("u@pec.it ", ""),
            (" <u@pec.it>", ""),
            ("Ufficio <u@pec.it>", "Ufficio"),
            ("Ufficio<u@pec.it>", "Ufficio"),
            (" Comune di X, S.p.A. <u@pec.it>", "!"),
            ("Mario Rossi S.p.A. <u@pec.it>", "Mario Rossi S.p.A."),
            ("\"Rossi, Mario \\\"M.\\\"\" <u@pec.it>", "Rossi, Mario \"M.\""),
            ("\"a\" b \"c\" <u@pec.it>", "a b c"),
            ("=?utf-8?q?Citt=C3=A0?= di\t=?iso-8859-1?q?=E8?= <u@pec.it>", "Città di è"),
            ("Città <u@pec.it>", "Città"),
            ("\"u@pec.it\" <u@pec.it>", "u@pec.it"),
        ] {
            let expected = match display {
                "!" => Err(Fault::NoAddress),
                display => Ok(vec![(display.to_owned(), "u@pec.it".to_owned())]),
            };
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(read("a@b.it, C <c@d.it>").map(|all| all.len()), Ok(2));
    }

    #[test]
    fn what_has_no_certain_reading_is_a_fault() {
        for (text, fault) in [
            ("", Fault::NoAddress),
            (" ", Fault::NoAddress),
            ("u", Fault::NoAddress),
            ("u v", Fault::NoAddress),
            (",u@pec.it", Fault::NoAddress),
            ("u@pec.it,", Fault::NoAddress),
            ("u@pec.it,,v@pec.it", Fault::NoAddress),
            ("\"u@pec.it\"", Fault::NoAddress),
            ("(x) u@pec.it", Fault::Comment),
            ("u@pec.it (x)", Fault::Malformed),
            ("u(x)@pec.it", Fault::Comment),
            ("u@(x)pec.it", Fault::Comment),
            ("U (x) <u@pec.it>", Fault::Comment),
            ("g: u@pec.it;", Fault::Group),
            ("g:;", Fault::Group),
            ("u@pec.it;v@pec.it", Fault::Group),
            ("u@pec.it v@pec.it", Fault::Malformed),
            ("v@x.it <u@pec.it>", Fault::Malformed),
            ("V v@x.it <u@pec.it>", Fault::Malformed),
            ("V v@x.it", Fault::Malformed),
            ("<u@pec.it> v@x.it", Fault::Malformed),
            ("<u@pec.it><v@x.it>", Fault::Malformed),
            ("<u@pec.it", Fault::Malformed),
            ("<<u@pec.it>>", Fault::Malformed),
            ("u@pec.it>", Fault::Malformed),
            ("< u@pec.it>", Fault::Malformed),
            ("<u@pec.it >", Fault::Malformed),
            ("<u @pec.it>", Fault::Malformed),
            ("u @pec.it", Fault::Malformed),
            ("u@ pec.it", Fault::Malformed),
            ("<>", Fault::Malformed),
            ("<@x.it:u@pec.it>", Fault::Malformed),
            ("<\"u\"@pec.it>", Fault::Malformed),
            ("\"u\"@pec.it", Fault::Malformed),
            ("\"u\" @pec.it", Fault::Malformed),
            ("<u@[192.0.2.1]>", Fault::Malformed),
            ("<u@pec.it@x.it>", Fault::Malformed),
            ("u@x.it@pec.it", Fault::Malformed),
            ("<=?utf-8?q?u?=@pec.it", Fault::Malformed),
            ("\"a\"b <u@pec.it>", Fault::Malformed),
            ("a\"b\" <u@pec.it>", Fault::Malformed),
            ("\"a <u@pec.it>", Fault::Malformed),
            ("a\\ <u@pec.it>", Fault::Malformed),
            ("[a] <u@pec.it>", Fault::Malformed),
            ("=?utf-8?q?a b?= <u@pec.it>", Fault::EncodedWord),
            ("=?utf-7?q?a?= <u@pec.it>", Fault::EncodedWord),
            ("\"=?utf-8?q?a\" <u@pec.it>", Fault::EncodedWord),
            ("=?utf-8?b?PT91dGYtOD9xP2E/PQ==?= <u@pec.it>", Fault::EncodedWord),
        ] {
            assert_eq!(read(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn a_list_is_bounded() {
        let list = |length: usize| parse(&format!("{} <u@pec.it>", "x".repeat(length - 11)));
        assert!(list(limits::ORIGINATOR_BYTES).is_ok());
        assert_eq!(list(limits::ORIGINATOR_BYTES + 1), Err(Fault::Long));
    }
}
