//! The codes of two-step verification: TOTP (RFC 6238) over HMAC-SHA-1, six digits, a step of 30 seconds; and how their
//! secret gets into the app that shows them: as base32, and as a Key URI
//! (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>), whose defaults these are.
//!
//! Pure, but for the random secret. Untrusted is what is typed as a code.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Algorithm, Builder, Secret};
use zeroize::Zeroizing;

use super::AccountsError;
use crate::domain::Step;
use crate::domain::two_factor::{DIGITS, STEP_SECS};

/// 160 bits, as RFC 4226 §4 (R6) recommends.
pub(super) const SECRET_BYTES: usize = 20;
/// Whom people's apps show the codes to be for.
const ISSUER: &str = "delega";
/// What stays as it is in a URI (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secret of somebody's codes.
pub(super) struct Totp(totp_rs::Totp);

/// Six digits, as somebody typed them.
pub(super) struct Code(Zeroizing<String>);

impl Totp {
    /// A new one.
    pub(super) fn random() -> Result<Totp, AccountsError> {
        let mut secret = Zeroizing::new([0_u8; SECRET_BYTES]);
        getrandom::fill(secret.as_mut_slice()).map_err(|error| AccountsError::Hash(error.to_string()))?;
        Totp::of(secret.as_slice()).ok_or_else(|| AccountsError::Hash("no secret for codes".to_owned()))
    }

    /// That of a secret that was made here.
    pub(super) fn of(secret: &[u8]) -> Option<Totp> {
        // Which steps are right is decided here, so none beside the one that is asked about.
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS as u8).with_skew(0);
        let builder = builder.with_step_duration(STEP_SECS.unsigned_abs()).with_secret(Secret::from(secret));
        (secret.len() == SECRET_BYTES).then(|| builder.build().ok()).flatten().map(Totp)
    }

    /// Its bytes.
    pub(super) fn secret(&self) -> &[u8] {
        self.0.secret().as_bytes()
    }

    /// Whether a code is that of a step. Compared in constant time.
    pub(super) fn is(&self, code: &Code, step: Step) -> bool {
        let at = u64::try_from(step.0).ok().and_then(|step| step.checked_mul(STEP_SECS.unsigned_abs()));
        at.is_some_and(|at| self.0.check(&code.0, at).is_some())
    }

    /// As it is typed into an app: base32 in groups of four.
    pub(super) fn shown(&self) -> SecretString {
        let text = self.base32();
        let mut shown = Zeroizing::new(String::with_capacity(text.len() + text.len() / 4));
        for (n, c) in text.chars().enumerate() {
            if n > 0 && n % 4 == 0 {
                shown.push(' ');
            }
            shown.push(c);
        }
        shown.as_str().into()
    }

    /// The Key URI, by which an app shows the codes as those of `login`.
    pub(super) fn uri(&self, login: &str) -> SecretString {
        let login = utf8_percent_encode(login, RESERVED);
        let secret = self.base32();
        format!("otpauth://totp/{ISSUER}:{login}?secret={}&issuer={ISSUER}", secret.as_str()).into()
    }

    fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.secret().to_base32())
    }
}

impl Code {
    /// The code that was typed, where it is one; apps show it with a blank in its middle.
    pub(super) fn read(typed: &SecretString) -> Option<Code> {
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        for c in typed.expose_secret().chars().filter(|c| *c != ' ') {
            if !c.is_ascii_digit() || digits.len() == DIGITS {
                return None;
            }
            digits.push(c);
        }
        (digits.len() == DIGITS).then_some(Code(digits))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn code(text: &str) -> Code {
        Code::read(&text.to_owned().into()).unwrap()
    }

    /// RFC 6238 appendix B, the rows of SHA1; its codes have eight digits, of which these are the last six (RFC 4226 §5.3:
    /// the number modulo ten to the digits).
    #[test]
    fn s2_the_vectors_of_rfc_6238() {
        let totp = Totp::of(b"12345678901234567890").unwrap();
        for (secs, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let code = code(&expected[2..]);
            assert!(totp.is(&code, Step::at(secs)), "{secs}");
            assert!(!totp.is(&code, Step(Step::at(secs).0 + 1)) && !totp.is(&code, Step(Step::at(secs).0 - 1)));
        }
        assert!(!totp.is(&code("000000"), Step(-1)), "before 1970 there are no codes");
    }

    #[test]
    fn a_code_is_six_digits() {
        for typed in ["123456", "123 456", " 123456 "] {
            assert_eq!(*code(typed).0, "123456", "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "123-456", "１２３４５６"] {
            assert!(Code::read(&typed.to_owned().into()).is_none(), "{typed}");
        }
    }

    #[test]
    fn a_secret_is_shown_in_base32_and_as_a_key_uri() {
        // RFC 4648 §10 knows no such text; GNU coreutils' base32 does.
        let totp = Totp::of(b"12345678901234567890").unwrap();
        assert_eq!(totp.shown().expose_secret(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            totp.uri("anna/ufficio@pec.example.it").expose_secret(),
            "otpauth://totp/delega:anna%2Fufficio%40pec.example.it?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=delega"
        );
        assert!(totp.uri("a b:c&d=e%").expose_secret().contains("/delega:a%20b%3Ac%26d%3De%25?"));
    }
}
