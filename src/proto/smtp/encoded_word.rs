//! Words in other characters than ASCII (RFC 2047), in subjects and beside addresses.
//!
//! ```text
//! encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
//! ```
//!
//! The bytes are the client's. What is decoded is looked at and recorded; it never goes upstream, which is sent the message
//! as it came.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Real programs leave the padding away.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A text with its encoded words decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// The text. A word that cannot be decoded stands in it as it came.
    pub text: String,
    /// Whether one was in characters that are not known here.
    pub unknown: bool,
    /// Whether there was half of one, or what only looks like one.
    pub malformed: bool,
}

/// How the octets of a word become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Utf8,
    Latin1,
    Windows1252,
    /// One octet a character, the lower half ASCII. The others are not told apart.
    OtherOverAscii,
}

/// Decodes a text: between two encoded words, white space means nothing (RFC 2047 §6.2).
pub fn decode(text: &str) -> Decoded {
    let mut decoded = Decoded::default();
    // Octets of adjacent words: programs cut words within a character.
    let mut open: Option<(Charset, Vec<u8>)> = None;
    let mut space = String::new();
    for part in text.split_inclusive([' ', '\t']) {
        let word = part.trim_end_matches([' ', '\t']);
        let behind = part.get(word.len()..).unwrap_or_default();
        match (encoded_word(word), open.as_mut()) {
            (Word::Encoded(charset, octets), Some((before, all))) if charset == *before => all.extend(octets),
            (Word::Encoded(charset, octets), _) => {
                if open.is_none() {
                    decoded.text.push_str(&space);
                }
                close(&mut open, &mut decoded.text);
                open = Some((charset, octets));
            }
            // Further white space.
            (Word::Plain, _) if word.is_empty() => {
                space.push_str(behind);
                continue;
            }
            (other, _) => {
                close(&mut open, &mut decoded.text);
                decoded.unknown |= other == Word::Unknown;
                decoded.malformed |= other == Word::Malformed;
                decoded.text.push_str(&space);
                decoded.text.push_str(word);
            }
        }
        space.clear();
        space.push_str(behind);
    }
    close(&mut open, &mut decoded.text);
    decoded.text.push_str(&space);
    decoded
}

fn close(open: &mut Option<(Charset, Vec<u8>)>, text: &mut String) {
    let Some((charset, octets)) = open.take() else { return };
    match charset {
        Charset::Utf8 => text.push_str(&String::from_utf8_lossy(&octets)),
        Charset::Latin1 => text.extend(octets.iter().map(|octet| char::from(*octet))),
        Charset::Windows1252 => text.extend(octets.iter().map(|octet| windows_1252(*octet))),
        Charset::OtherOverAscii => text.extend(
            octets.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { char::REPLACEMENT_CHARACTER }),
        ),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Plain,
    Encoded(Charset, Vec<u8>),
    Unknown,
    Malformed,
}

fn encoded_word(word: &str) -> Word {
    if !word.contains("=?") && !word.contains("?=") {
        return Word::Plain;
    }
    let Some(inner) = word.strip_prefix("=?").and_then(|word| word.strip_suffix("?=")) else { return Word::Malformed };
    let parts: Vec<&str> = inner.split('?').collect();
    let &[charset, encoding, text] = parts.as_slice() else { return Word::Malformed };
    let octets = match encoding {
        "Q" | "q" => quoted(text),
        "B" | "b" => BASE64.decode(text).ok(),
        _ => None,
    };
    match (octets, known(charset.split('*').next().unwrap_or_default())) {
        (None, _) => Word::Malformed,
        (Some(_), None) => Word::Unknown,
        (Some(octets), Some(charset)) => Word::Encoded(charset, octets),
    }
}

fn known(charset: &str) -> Option<Charset> {
    let name = charset.to_ascii_lowercase();
    match name.as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(Charset::Utf8),
        "iso-8859-1" | "latin1" => Some(Charset::Latin1),
        "windows-1252" | "cp1252" => Some(Charset::Windows1252),
        "koi8-r" | "koi8-u" => Some(Charset::OtherOverAscii),
        other if other.starts_with("iso-8859-") || other.starts_with("windows-125") => Some(Charset::OtherOverAscii),
        _ => None,
    }
}

/// The Q encoding (RFC 2047 §4.2).
fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        octets.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                16 * digit(bytes.next()?)? + digit(bytes.next()?)?
            }
            b'!'..=b'~' => byte,
            _ => return None,
        });
    }
    Some(octets)
}

/// The upper half of Windows-1252 where it differs from Latin-1.
fn windows_1252(octet: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let found = octet.checked_sub(0x80).and_then(|n| UPPER.get(usize::from(n)));
    found.copied().unwrap_or(char::from(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(encoded: &str) -> String {
        let decoded = decode(encoded);
        assert!(!decoded.unknown && !decoded.malformed, "{encoded}");
        decoded.text
    }

    #[test]
    fn rfc_2047_examples() {
        // §8, and the table of white space
        for (encoded, expected) in [
            ("=?US-ASCII?Q?Keith_Moore?=", "Keith Moore"),
            ("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen"),
            ("=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"),
            (
                "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-1?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
                "If you can read this you understand the example.",
            ),
            ("=?ISO-8859-1?Q?a?= b", "a b"),
            ("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a_b?=", "a b"),
            ("a  =?utf-8*it?b?w6g?= ", "a  è "),
            ("=?utf-8?q?=C3?= =?utf-8?q?=A8?=", "è"),
            ("=?utf-8?q?a?= =?iso-8859-1?q?=E8?=", "aè"),
            ("=?windows-1252?q?=80_5?=", "€ 5"),
            ("plain  text", "plain  text"),
        ] {
            assert_eq!(text(encoded), expected);
        }
    }

    #[test]
    fn what_is_not_decoded_stands_as_it_came() {
        for (encoded, unknown) in [
            ("=?utf-7?q?+AEA-?=", true),
            ("=?iso-2022-jp?b?GyRC?=", true),
            ("=?utf-8?q?a", false),
            ("=?utf-8?x?a?=", false),
            ("=?utf-8?q?=4?=", false),
            ("=?utf-8?b?!?=", false),
            ("x=?utf-8?q?a?=", false),
            ("=?utf-8?q?a?=x", false),
            ("=?utf-8?q?a?=?utf-8?q?b?=", false),
        ] {
            let decoded = decode(encoded);
            assert_eq!((decoded.text.as_str(), decoded.unknown, decoded.malformed), (encoded, unknown, !unknown));
        }
    }
}
