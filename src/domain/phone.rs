//! Phone numbers (S1), as ITU-T E.164 has them: at most fifteen digits, after a `+` where the first of them are a country's.
//!
//! Untrusted is what a person types: blanks, parentheses, hyphens and dots part the digits and are not kept, `00` before a
//! country's is read as `+`, and whatever else there is makes it no number.

use std::fmt;
use std::str::FromStr;

/// The most digits (E.164 §6.1).
const MOST_DIGITS: usize = 15;
/// The fewest: what is shorter is an extension within a house, which nobody outside can call.
const FEWEST_DIGITS: usize = 5;
/// The most characters that are read, signs included.
const MOST_CHARS: usize = 40;

/// A phone number: `+` and digits, or the digits of a national number, as it is dialled within the country.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// Why a text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number of 5 to 15 digits, such as +39 055 123456")]
pub struct BadPhone;

impl Phone {
    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = BadPhone;

    fn from_str(text: &str) -> Result<Self, BadPhone> {
        let text = text.trim_matches(' ');
        if text.chars().count() > MOST_CHARS {
            return Err(BadPhone);
        }
        let (international, rest) = match (text.strip_prefix('+'), text.strip_prefix("00")) {
            (Some(rest), _) | (None, Some(rest)) => (true, rest),
            (None, None) => (false, text),
        };
        let mut digits = String::with_capacity(MOST_DIGITS + 1);
        for c in rest.chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '(' | ')' | '-' | '.' => {}
                _ => return Err(BadPhone),
            }
        }
        // No country's digits begin with a nought; and one in parentheses is dialled in some countries and not in others.
        let unclear = international && (digits.starts_with('0') || rest.replace(' ', "").contains("(0)"));
        if unclear || !(FEWEST_DIGITS..=MOST_DIGITS).contains(&digits.len()) {
            return Err(BadPhone);
        }
        if international {
            digits.insert(0, '+');
        }
        Ok(Phone(digits))
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_in_one_form() {
        for (typed, kept) in [
            ("+39 055 123456", "+39055123456"),
            (" 0039 (055) 12-34.56 ", "+39055123456"),
            ("055 123456", "055123456"),
            ("12345", "12345"),
            ("+1 (212) 555-0123", "+12125550123"),
            ("+123456789012345", "+123456789012345"),
        ] {
            assert_eq!(typed.parse().map(|phone: Phone| phone.to_string()), Ok(kept.to_owned()), "{typed}");
            assert_eq!(kept.parse().map(|phone: Phone| phone.to_string()), Ok(kept.to_owned()), "{kept} again");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in [
            "",
            "+",
            "1234",
            "1234567890123456",
            "+1234567890123456",
            "+0551234567",
            "+44 (0)20 7946 0000",
            "+44 ( 0 ) 20 7946 0000",
            "++39055123456",
            "39+055123456",
            "055 123456 int. 7",
            "055\r\n123456",
            "055\t123456",
            "<b>055123456</b>",
            "٠٥٥١٢٣٤٥٦",
            "055\u{202e}123456",
            "0 5 5 . . . . . . . . . . . . . . . . . . 123456",
        ] {
            assert_eq!(typed.parse::<Phone>(), Err(BadPhone), "{typed:?}");
        }
    }
}
