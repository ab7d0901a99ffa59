//! Secrets that delega makes and people type: random letters and digits, none of which is taken for another.
//!
//! Untrusted is what is typed: blanks, hyphens and case do not matter, and `o`, `i` and `l` are read as the digits that
//! they look like.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::AccountsError;

/// 32 characters that are not taken for one another: five bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const GROUP: usize = 5;

/// So many random characters.
pub(super) fn random<const CHARS: usize>() -> Result<SecretString, AccountsError> {
    let mut bytes = Zeroizing::new([0_u8; CHARS]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| AccountsError::Hash(error.to_string()))?;
    let text: String =
        bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).copied().map(char::from).collect();
    Ok(text.into())
}

/// As it is shown: in groups of five.
pub(super) fn shown(secret: &SecretString) -> SecretString {
    let text = secret.expose_secret();
    let mut shown = Zeroizing::new(String::with_capacity(text.len() + text.len() / GROUP));
    for (n, c) in text.chars().enumerate() {
        if n > 0 && n % GROUP == 0 {
            shown.push('-');
        }
        shown.push(c);
    }
    shown.as_str().into()
}

/// What was typed, where it is so many characters.
pub(super) fn read<const CHARS: usize>(text: &str) -> Option<SecretString> {
    let mut read = Zeroizing::new(String::with_capacity(CHARS));
    for c in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
        let c = match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        };
        let known = u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte));
        if !known || read.len() == CHARS {
            return None;
        }
        read.push(c);
    }
    (read.len() == CHARS).then(|| read.as_str().into())
}
