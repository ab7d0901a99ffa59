//! The server's data of which the gateway itself wants to know what it says (RFC 3501 §7.2, §7.4): folders, what a search
//! has found, and when a message came. What clients have asked for passes unread.
//!
//! A response is given whole, from its `*` to its last CRLF, literals and all. Every octet is untrusted; what does not fit
//! the grammar says nothing.

use std::borrow::Cow;

use super::response::arguments;
use super::token::unescape;

/// A folder, as LIST tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    attributes: &'a [u8],
    /// What stands between the levels of its name, where it has levels.
    pub delimiter: Option<u8>,
    /// Its name as it stands on the wire, in modified UTF-7.
    pub name: Cow<'a, [u8]>,
}

impl Listed<'_> {
    /// Whether it has this attribute, such as `\Sent`; case does not matter.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes.split(|byte| *byte == b' ').any(|word| word.eq_ignore_ascii_case(attribute.as_bytes()))
    }
}

/// ```text
/// mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended]
/// mailbox      = "INBOX" / astring
/// ```
/// (RFC 3501 §9, RFC 5258 §6)
pub fn listed(response: &[u8]) -> Option<Listed<'_>> {
    let rest = arguments(response).strip_prefix(b"(")?;
    let (attributes, rest) = rest.split_at(memchr::memchr(b')', rest)?);
    let (delimiter, rest) = delimiter(rest.strip_prefix(b") ")?)?;
    let (name, rest) = astring(rest.strip_prefix(b" ")?)?;
    (rest.is_empty() || rest.starts_with(b" ")).then_some(Listed { attributes, delimiter, name })
}

/// `"SEARCH" *(SP nz-number)`; what follows the numbers (RFC 7162's MODSEQ) is left.
pub fn found(response: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let words = arguments(response).split(|byte| *byte == b' ');
    words.map_while(|word| std::str::from_utf8(word).ok()?.parse().ok())
}

/// The `date-time` without its quotes, of a FETCH response that has `"INTERNALDATE" SP date-time` and no other string.
pub fn internal_date(response: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"INTERNALDATE \"";
    let at = response.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME))?;
    let rest = response.get(at + NAME.len()..)?;
    rest.get(..memchr::memchr(b'"', rest)?)
}

/// `DQUOTE QUOTED-CHAR DQUOTE / nil`, and what follows.
fn delimiter(text: &[u8]) -> Option<(Option<u8>, &[u8])> {
    match text.split_at_checked(3) {
        Some((nil, rest)) if nil.eq_ignore_ascii_case(b"NIL") => Some((None, rest)),
        _ => match string(text)? {
            (quoted, rest) if quoted.len() == 1 => Some((quoted.first().copied(), rest)),
            _ => None,
        },
    }
}

/// `astring = 1*ASTRING-CHAR / string`; servers send what should be quoted as an atom, too.
fn astring(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    if matches!(text.first()?, b'"' | b'{') {
        return string(text);
    }
    let (atom, rest) = text.split_at(memchr::memchr(b' ', text).unwrap_or(text.len()));
    (!atom.is_empty()).then_some((Cow::Borrowed(atom), rest))
}

/// ```text
/// string  = quoted / literal
/// quoted  = DQUOTE *QUOTED-CHAR DQUOTE
/// literal = "{" number "}" CRLF *CHAR8
/// ```
fn string(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    if let Some(announced) = text.strip_prefix(b"{") {
        let end = memchr::memchr(b'}', announced)?;
        let octets: usize = std::str::from_utf8(announced.get(..end)?).ok()?.parse().ok()?;
        let (literal, rest) = announced.get(end + 1..)?.strip_prefix(b"\r\n")?.split_at_checked(octets)?;
        return Some((Cow::Borrowed(literal), rest));
    }
    let inner = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        at += match inner.get(at)? {
            b'"' => return Some((unescape(inner.get(..at)?), inner.get(at + 1..)?)),
            b'\\' => 2,
            _ => 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(response: &str) -> Option<String> {
        listed(response.as_bytes()).map(|folder| String::from_utf8(folder.name.into_owned()).unwrap())
    }

    #[test]
    fn a_folder_in_every_form() {
        let folder = listed(b"* LIST (\\HasNoChildren \\SENT) \"/\" Sent\r\n").unwrap();
        assert_eq!((folder.delimiter, &*folder.name), (Some(b'/'), &b"Sent"[..]));
        assert!(
            folder.has("\\Sent") && folder.has("\\HasNoChildren") && !folder.has("\\Drafts") && !folder.has("Sent")
        );
        let flat = listed(b"* LIST () NIL INBOX\r\n").unwrap();
        assert_eq!((flat.delimiter, flat.has("\\Sent")), (None, false));
        assert_eq!(listed(b"* LIST () \"\\\\\" x\r\n").unwrap().delimiter, Some(b'\\'));
        for (response, expected) in [
            ("* list (\\Sent) \".\" \"Posta \\\"inviata\\\"\"\r\n", "Posta \"inviata\""),
            ("* LIST () \"/\" {6}\r\na) \"b\"\r\n", "a) \"b\""),
            ("* LIST () \"/\" \"Sent\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", "Sent"),
            ("* LIST () \"/\" &AMg-\r\n", "&AMg-"),
        ] {
            assert_eq!(name(response).as_deref(), Some(expected), "{response}");
        }
    }

    #[test]
    fn what_is_no_folder_says_nothing() {
        for response in [
            "* LIST\r\n",
            "* LIST \\Sent \"/\" Sent\r\n",
            "* LIST (\\Sent \"/\" Sent\r\n",
            "* LIST (\\Sent) \"//\" Sent\r\n",
            "* LIST (\\Sent) / Sent\r\n",
            "* LIST (\\Sent) \"/\"\r\n",
            "* LIST (\\Sent) \"/\" \r\n",
            "* LIST (\\Sent) \"/\" \"Sent\r\n",
            "* LIST (\\Sent) \"/\" \"Sent\"x\r\n",
            "* LIST (\\Sent) \"/\" {9}\r\nSent\r\n",
        ] {
            assert_eq!(name(response), None, "{response}");
        }
    }

    #[test]
    fn what_a_search_found() {
        assert_eq!(found(b"* SEARCH 2 84 882\r\n").collect::<Vec<_>>(), [2, 84, 882]);
        assert_eq!(found(b"* SEARCH\r\n").count(), 0);
        assert_eq!(found(b"* SEARCH 7 (MODSEQ 9)\r\n").collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn when_a_message_came() {
        let response = b"* 12 FETCH (UID 5 internaldate \"17-Jul-1996 02:44:25 -0700\" FLAGS (\\Seen))\r\n";
        assert_eq!(internal_date(response), Some(&b"17-Jul-1996 02:44:25 -0700"[..]));
        assert_eq!(internal_date(b"* 12 FETCH (FLAGS (\\Seen))\r\n"), None);
    }
}
