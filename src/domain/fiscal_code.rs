//! The codice fiscale, by which the owner of a mailbox is known (D7).

use std::fmt;
use std::str::FromStr;

/// A person's 16 characters or an organization's 11 digits, checked by their last one, in upper case.
///
/// Source: D.M. 12 March 1974 and D.M. 23 December 1976 of the Ministry of Finance, with the replacement of digits where
/// two people would have the same (*omocodia*).
#[derive(Clone, PartialEq, Eq)]
pub struct FiscalCode(String);

/// Why a text is no codice fiscale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a codice fiscale: 16 letters and digits of a person, or 11 digits of an organization, the last of which is right"
)]
pub struct BadFiscalCode;

/// Where a person's code has letters (`A`), and where digits or the letters in their place (`0`).
const FORM: &[u8; 16] = b"AAAAAA00A00A000A";
/// The letters in place of 0 to 9.
const REPLACED: &[u8; 10] = b"LMNPQRSTUV";
/// What a character counts at the first, third, fifth … place: 0 to 9, or A to J; then K to Z.
const AT_ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

impl FiscalCode {
    /// The code as text, in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FiscalCode {
    type Err = BadFiscalCode;

    fn from_str(text: &str) -> Result<Self, BadFiscalCode> {
        let code: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>().to_ascii_uppercase();
        let right = match code.len() {
            16 => is_persons(code.as_bytes()),
            11 => is_organizations(code.as_bytes()),
            _ => false,
        };
        if right { Ok(FiscalCode(code)) } else { Err(BadFiscalCode) }
    }
}

fn is_persons(code: &[u8]) -> bool {
    let formed = code.iter().zip(FORM).all(|(c, form)| match form {
        b'A' => c.is_ascii_uppercase(),
        _ => c.is_ascii_digit() || REPLACED.contains(c),
    });
    let Some((last, rest)) = code.split_last().filter(|_| formed) else { return false };
    let sum: u32 = rest
        .iter()
        .enumerate()
        .map(|(place, c)| {
            let rank = if c.is_ascii_digit() { c - b'0' } else { c.wrapping_sub(b'A') };
            // Counted from one, the places at even numbers of this list are the odd ones.
            if place % 2 == 0 { AT_ODD.get(usize::from(rank)).copied().unwrap_or_default() } else { u32::from(rank) }
        })
        .sum();
    u32::from(last - b'A') == sum % 26
}

/// The check of a VAT number, which is Luhn's.
fn is_organizations(code: &[u8]) -> bool {
    code.iter().all(u8::is_ascii_digit)
        && code
            .iter()
            .enumerate()
            .map(|(place, c)| {
                let digit = u32::from(c - b'0');
                match place % 2 {
                    0 => digit,
                    _ if digit > 4 => 2 * digit - 9,
                    _ => 2 * digit,
                }
            })
            .sum::<u32>()
            % 10
            == 0
}

impl fmt::Display for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Without the code: whoever knows it may ask for a new password.
impl fmt::Debug for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FiscalCode([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_code_is_checked() {
        // The example of the decree's form that the tax agency prints on its sample card.
        for right in ["RSSMRA85T10A562S", "rssmra85t10a562s", " RSSMRA85T10A562S ", "RSS MRA 85T10 A562S"] {
            assert_eq!(right.parse::<FiscalCode>().unwrap().as_str(), "RSSMRA85T10A562S", "{right}");
        }
        for wrong in
            ["RSSMRA85T10A562T", "RSSMRA85T10A562", "RSSMRA85T10A562SS", "1SSMRA85T10A562S", "", "RSSMRA85T1ÀA62S"]
        {
            assert_eq!(wrong.parse::<FiscalCode>(), Err(BadFiscalCode), "{wrong}");
        }
    }

    #[test]
    fn digits_may_be_replaced_by_letters() {
        // 2 is N: the same person's code where another has the first one.
        let right = (b'A'..=b'Z')
            .filter(|last| format!("RSSMRA85T10A56N{}", char::from(*last)).parse::<FiscalCode>().is_ok())
            .count();
        assert_eq!(right, 1, "one last letter is right");
    }

    #[test]
    fn an_organizations_code_is_checked() {
        assert!("00743110157".parse::<FiscalCode>().is_ok());
        assert!("00743110158".parse::<FiscalCode>().is_err());
        assert!("0074311015A".parse::<FiscalCode>().is_err());
    }

    #[test]
    fn it_is_not_printed_by_accident() {
        let code: FiscalCode = "RSSMRA85T10A562S".parse().unwrap();
        assert!(!format!("{code:?}").contains("RSS"));
    }
}
