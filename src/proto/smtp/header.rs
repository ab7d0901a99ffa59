//! A message's header → its fields (RFC 5322 §2.2, RFC 6532), strictly.
//!
//! ```text
//! optional-field = field-name ":" unstructured CRLF
//! field-name = 1*ftext
//! ftext = %d33-57 / %d59-126
//! ```
//!
//! Programs differ in what they make of a header that is not well formed, and a forged sender hides in the difference
//! ("Composition Kills", USENIX Security 2020): a blank before the colon, a field behind a line that is no field, a line
//! of blanks that ends the header for some, NUL, CR, the line ends of Unicode. None of that is read here: it is a
//! [`Fault`], and the message is refused. What passes has one reading.

use crate::domain::limits;

/// The longest name of a field.
const NAME_BYTES: usize = 100;

/// Names that say who wrote or sent a message; a name that is nearly one of them is a fault.
const ORIGINATORS: [&str; 5] = ["from", "sender", "resent-from", "resent-sender", "return-path"];

/// The fields of a message's header, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    /// Unfolded (RFC 5322 §2.2.3).
    value: String,
}

/// Why a header has no certain reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than [`limits::HEADER_BYTES`], or has more fields than [`limits::HEADER_FIELDS`].
    Long,
    /// A line is longer than [`limits::HEADER_LINE_BYTES`]. Servers cut such lines, and what follows could be a field.
    LongLine,
    /// There is none.
    Empty,
    /// A line is neither a field nor the continuation of one.
    NoField,
    /// There is a blank between a field's name and its colon.
    BlankBeforeColon,
    /// A field's name holds what no name may hold, or is that of an originator but for a sign.
    Name,
    /// The first line continues nothing, or a line has nothing but blanks.
    Folding,
    /// There are control characters.
    Control,
    /// There is more than ASCII, without SMTPUTF8 or not in UTF-8.
    Characters,
}

/// Where the header of a message that begins with `octets` ends, the empty line behind it included; `from` octets were
/// looked at before.
pub fn end(octets: &[u8], from: usize) -> Option<usize> {
    if octets.starts_with(b"\r\n") {
        return Some(2);
    }
    let from = from.saturating_sub(3);
    let at = memchr::memmem::find(octets.get(from..)?, b"\r\n\r\n")?;
    Some(from + at + 4)
}

impl Header {
    /// Reads a header; the empty line behind it may be there or not. `utf8`: SMTPUTF8 was said.
    pub fn parse(octets: &[u8], utf8: bool) -> Result<Header, Fault> {
        if octets.len() > limits::HEADER_BYTES {
            return Err(Fault::Long);
        }
        let octets = octets.strip_suffix(b"\r\n\r\n").or(octets.strip_suffix(b"\r\n")).unwrap_or(octets);
        let text = std::str::from_utf8(octets).map_err(|_| Fault::Characters)?;
        if text.is_empty() {
            return Err(Fault::Empty);
        }
        if !utf8 && !text.is_ascii() {
            return Err(Fault::Characters);
        }
        let mut header = Header::default();
        for line in text.split("\r\n") {
            if line.len() > limits::HEADER_LINE_BYTES {
                return Err(Fault::LongLine);
            }
            // The line ends of Unicode are line ends for some, such as Python's splitlines.
            if line.chars().any(|c| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')) {
                return Err(Fault::Control);
            }
            if line.starts_with([' ', '\t']) {
                let field = header.fields.last_mut().ok_or(Fault::Folding)?;
                if line.trim_matches([' ', '\t']).is_empty() {
                    return Err(Fault::Folding);
                }
                field.value.push_str(line);
                continue;
            }
            if header.fields.len() >= limits::HEADER_FIELDS {
                return Err(Fault::Long);
            }
            header.fields.push(Field::parse(line)?);
        }
        Ok(header)
    }

    /// The values of the fields of that name.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
    }

    /// The value of the only field of that name, without the blanks around it.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.values(name);
        let value = values.next()?.trim_matches([' ', '\t']);
        if values.next().is_some() { None } else { Some(value) }
    }
}

impl Field {
    fn parse(line: &str) -> Result<Field, Fault> {
        let (name, value) = line.split_once(':').ok_or(Fault::NoField)?;
        if name.ends_with([' ', '\t']) {
            return Err(Fault::BlankBeforeColon);
        }
        if name.is_empty() || name.contains([' ', '\t']) {
            return Err(Fault::NoField);
        }
        if name.len() > NAME_BYTES || !name.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
            return Err(Fault::Name);
        }
        // `>From`, `"From"`, `Resent_From`: for whoever repairs names, this is the sender.
        let bare: String = name.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
        let bare: String = bare.chars().filter(|c| c.is_ascii_alphabetic() || *c == '-').collect();
        let bare = bare.trim_matches('-');
        if ORIGINATORS.contains(&bare) && !name.eq_ignore_ascii_case(bare) {
            return Err(Fault::Name);
        }
        Ok(Field { name: name.to_owned(), value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<Fault> {
        Header::parse(text.as_bytes(), false).err()
    }

    #[test]
    fn fields_are_unfolded() {
        let header =
            Header::parse(b"From: a@b.it\r\nSubject: one\r\n\ttwo\r\nsubject: x\r\nX:\r\n\r\n", false).unwrap();
        assert_eq!(header.values("SUBJECT").collect::<Vec<_>>(), [" one\ttwo", " x"]);
        assert_eq!(
            (header.only("from"), header.only("Subject"), header.only("x"), header.only("To")),
            (Some("a@b.it"), None, Some(""), None)
        );
        // A message may have no body.
        assert!(Header::parse(b"From: a@b.it\r\n", false).is_ok());
    }

    #[test]
    fn what_has_no_certain_reading_is_a_fault() {
        for (text, expected) in [
            ("", Fault::Empty),
            ("\r\n", Fault::Empty),
            ("From a@b.it\r\n", Fault::NoField),
            ("From a@b.it Thu Jan  1 00:00:00 1970\r\nFrom: c@d.it\r\n", Fault::NoField),
            ("hello\r\nFrom: a@b.it\r\n", Fault::NoField),
            (": x\r\n", Fault::NoField),
            ("From : a@b.it\r\n", Fault::BlankBeforeColon),
            ("From\t: a@b.it\r\n", Fault::BlankBeforeColon),
            (" From: a@b.it\r\n", Fault::Folding),
            ("From: a@b.it\r\n \r\n x\r\n", Fault::Folding),
            ("Subject: a\r\n\t\r\nFrom: a@b.it\r\n", Fault::Folding),
            ("From\0: a@b.it\r\n", Fault::Control),
            ("X: a\x0bFrom: a@b.it\r\n", Fault::Control),
            ("X: a\rFrom: a@b.it\r\n", Fault::Control),
            ("X: a\nFrom: a@b.it\r\n", Fault::Control),
            ("X: a\x7f\r\n", Fault::Control),
            ("Fr\u{f6}m: a@b.it\r\n", Fault::Characters),
            (">From: a@b.it\r\n", Fault::Name),
            ("\"From\": a@b.it\r\n", Fault::Name),
            ("From-: a@b.it\r\n", Fault::Name),
            ("Fr=om: a@b.it\r\n", Fault::Name),
            ("Resent_Sender: a@b.it\r\n", Fault::Name),
        ] {
            assert_eq!(fault(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn beyond_ascii_is_for_smtputf8_and_has_no_line_ends() {
        let parse = |text: &str| Header::parse(text.as_bytes(), true);
        assert!(parse("Subject: perch\u{e9}\r\n").is_ok());
        assert_eq!(fault("Subject: perch\u{e9}\r\n"), Some(Fault::Characters));
        assert_eq!(Header::parse(b"Subject: perch\xe9\r\n", true), Err(Fault::Characters));
        for end in ['\u{85}', '\u{2028}', '\u{2029}', '\u{9b}'] {
            assert_eq!(parse(&format!("X: a{end}From: b@c.it\r\n")), Err(Fault::Control));
        }
        assert_eq!(parse("Fr\u{43e}m: a@b.it\r\n"), Err(Fault::Name));
    }

    #[test]
    fn the_end_is_found_however_it_comes() {
        let text = b"A: b\r\nC: d\r\n\r\nbody\r\n\r\n";
        for from in 0..14 {
            assert_eq!(end(text, from), Some(14));
            assert_eq!(end(&text[..from], 0), None);
        }
        assert_eq!(end(b"\r\nbody", 0), Some(2));
    }

    #[test]
    fn bounds() {
        let fields = |n: usize| Header::parse("A: b\r\n".repeat(n).as_bytes(), false);
        assert!(fields(limits::HEADER_FIELDS).is_ok());
        assert_eq!(fields(limits::HEADER_FIELDS + 1), Err(Fault::Long));
        let sized = |n: usize| {
            let rest = format!("A: {}\r\n", "x".repeat(n - limits::HEADER_BYTES / 512 * 511 - 5));
            Header::parse(
                &[format!("B: {}\r\n", "y".repeat(506)).repeat(limits::HEADER_BYTES / 512), rest].concat().into_bytes(),
                false,
            )
        };
        assert!(sized(limits::HEADER_BYTES).is_ok());
        assert_eq!(sized(limits::HEADER_BYTES + 1), Err(Fault::Long));
        let lined = |n: usize| fault(&format!("A: {}\r\n", "x".repeat(n - 3)));
        assert_eq!(
            (lined(limits::HEADER_LINE_BYTES), lined(limits::HEADER_LINE_BYTES + 1)),
            (None, Some(Fault::LongLine))
        );
        let named = |n: usize| fault(&format!("{}: x\r\n", "A".repeat(n)));
        assert_eq!((named(NAME_BYTES), named(NAME_BYTES + 1)), (None, Some(Fault::Name)));
    }
}
