//! Delegates' and postmasters' passwords: the rules for new ones, and argon2id (RFC 9106) to keep and to check them.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::password_hash::{self, PasswordHasher};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{AccountsError, Rule};
use crate::domain::{Delegate, MailboxAddress};
use crate::store::{PasswordHash, Writes};

/// The fewest characters of a password of delega's.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// The most bytes of any password.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// What one check of a password needs while it runs, in bytes. Whoever calls bounds how many run at once.
pub const MEMORY_PER_LOGIN: usize = MEMORY_KIB as usize * 1024;

/// How much of a chosen password is looked at for its strength.
const STRENGTH_CHARS: usize = 72;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// How much address space a check takes, of which it touches [`MEMORY_PER_LOGIN`]. Above 32 MiB the C library always
/// takes it from the system by itself and gives it back when it is freed (mallopt(3), `M_MMAP_THRESHOLD`). Below, it
/// lies on the heap after the first time; what a session keeps is then put into it once it is free, the next check no
/// longer fits, and the process grows with each login.
const MAPPED_BYTES: usize = 33 * 1024 * 1024;

/// argon2id with delega's parameters, and a hash that no password has.
pub(super) struct Passwords {
    argon2: Argon2<'static>,
    decoy: Phc,
}

impl Passwords {
    pub(super) fn new() -> Result<Passwords, AccountsError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).map_err(failed)?;
        // Random, and so found by no password; made without running argon2, since the cost of checking is in the
        // parameters alone.
        let mut salt = [0; SALT_BYTES];
        let mut output = [0; OUTPUT_BYTES];
        getrandom::fill(&mut salt).map_err(failed)?;
        getrandom::fill(&mut output).map_err(failed)?;
        let decoy = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(failed)?,
            salt: Some(Salt::new(&salt).map_err(failed)?),
            hash: Some(Output::new(&output).map_err(failed)?),
        };
        Ok(Passwords { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), decoy })
    }

    /// What a new password is checked against later. Costs as much as a login.
    pub(super) fn hash(&self, password: &SecretString) -> Result<PasswordHash, AccountsError> {
        acceptable(password, PASSWORD_MIN_CHARS)?;
        let hash: Phc = self.argon2.hash_password(password.expose_secret().as_bytes()).map_err(failed)?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// The same for a password that somebody has chosen themself, which has to be a strong one.
    pub(super) fn choose(&self, password: &SecretString, known: &[&str]) -> Result<PasswordHash, AccountsError> {
        strong(password, known)?;
        self.hash(password)
    }

    /// Whether `password` is the one behind `hash`. Runs argon2 exactly once, whatever is given: without a hash, or with
    /// a password that is too long to be one, against the decoy (S5: the time tells nothing).
    pub(super) fn matches(&self, password: &SecretString, hash: Option<&PasswordHash>) -> Result<bool, AccountsError> {
        let bytes = password.expose_secret().as_bytes();
        let stored = hash.filter(|_| bytes.len() <= PASSWORD_MAX_BYTES).map(|hash| Phc::new(&hash.0));
        let stored = stored.transpose().map_err(failed)?;
        let bytes = &bytes[..bytes.len().min(PASSWORD_MAX_BYTES)];
        #[cfg(test)]
        RUNS.set(RUNS.get() + 1);
        let right = verify(bytes, stored.as_ref().unwrap_or(&self.decoy)).map_err(failed)?;
        Ok(right && stored.is_some())
    }
}

/// Whether `password` is the one behind `hash`, by one run of argon2 with the hash's own parameters.
fn verify(password: &[u8], hash: &Phc) -> password_hash::Result<bool> {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash)?);
    let mut memory = Vec::with_capacity(MAPPED_BYTES / Block::SIZE);
    memory.resize(argon2.params().block_count(), Block::default());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..expected.len()).unwrap_or_default();
    argon2.hash_password_into_with_memory(password, salt, output, &mut memory)?;
    // Compared in constant time.
    Ok(Output::new(output)? == *expected)
}

/// Whether a password may be kept at all.
pub(super) fn acceptable(password: &SecretString, min_chars: usize) -> Result<(), Rule> {
    let password = password.expose_secret();
    if password.is_empty() {
        Err(Rule::PasswordEmpty)
    } else if password.len() > PASSWORD_MAX_BYTES {
        Err(Rule::PasswordTooLong)
    } else if password.chars().any(char::is_control) {
        Err(Rule::PasswordControl)
    } else if password.chars().count() < min_chars {
        Err(Rule::PasswordTooShort)
    } else {
        Ok(())
    }
}

/// Whether a password is not easily guessed: zxcvbn's score of 3 of 4, "safely unguessable", where what others know about
/// whoever chooses it counts as guessed.
pub(super) fn strong(password: &SecretString, known: &[&str]) -> Result<(), Rule> {
    acceptable(password, PASSWORD_MIN_CHARS)?;
    let known: Vec<&str> = known.iter().copied().chain(["delega"]).collect();
    // Beyond this length it would take long, and nothing is easily guessed any more.
    let beginning: Zeroizing<String> = Zeroizing::new(password.expose_secret().chars().take(STRENGTH_CHARS).collect());
    if zxcvbn::zxcvbn(&beginning, &known).score() < zxcvbn::Score::Three { Err(Rule::PasswordWeak) } else { Ok(()) }
}

/// What others know about a delegate.
pub(super) fn known<'a>(delegate: &'a Delegate, mailbox: &'a MailboxAddress) -> Vec<&'a str> {
    let person = &delegate.person;
    vec![delegate.username.as_str(), &person.first_name, &person.last_name, &person.email, mailbox.as_str()]
}

/// Stores what a delegate's password is checked against from now on, and gives them back as they are then: with another
/// version of it.
pub(super) fn set(
    writes: &dyn Writes,
    delegate: Delegate,
    hash: Option<&PasswordHash>,
) -> Result<Delegate, AccountsError> {
    if hash.is_none() {
        // Nor is there another way in: whoever has been there may have made one (S3).
        for password in writes.app_passwords(delegate.account())? {
            writes.delete_app_password(password.id)?;
        }
    }
    writes.set_password_hash(delegate.account(), hash)?;
    Ok(writes.delegate_by_id(delegate.id)?.unwrap_or(delegate))
}

fn failed(error: impl std::fmt::Display) -> AccountsError {
    AccountsError::Hash(error.to_string())
}

#[cfg(test)]
thread_local! {
    /// How often argon2 checked a password on this thread.
    pub(super) static RUNS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[test]
    fn the_parameters_are_those_agreed_on_and_the_decoy_has_them_too() {
        let passwords = Passwords::new().unwrap();
        let head = "$argon2id$v=19$m=19456,t=2,p=1$";
        let hash = passwords.hash(&secret("correct horse")).unwrap();
        assert!(hash.0.starts_with(head), "{}", hash.0);
        let decoy = passwords.decoy.to_string();
        assert!(decoy.starts_with(head) && decoy.len() == hash.0.len(), "{decoy} against {}", hash.0);
        assert_eq!(MEMORY_PER_LOGIN, 19 * 1024 * 1024);
    }

    #[test]
    fn only_the_password_matches_and_each_check_is_one_run() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(&secret("correct horse")).unwrap();
        let long = "x".repeat(PASSWORD_MAX_BYTES + 1);
        for (password, hash, expected) in [
            ("correct horse", Some(&hash), true),
            ("correct Horse", Some(&hash), false),
            ("", Some(&hash), false),
            (long.as_str(), Some(&hash), false),
            ("correct horse", None, false),
        ] {
            RUNS.set(0);
            assert_eq!(passwords.matches(&secret(password), hash).unwrap(), expected, "{password}");
            assert_eq!(RUNS.get(), 1, "{password}");
        }
    }

    #[test]
    fn a_password_that_is_too_long_does_not_match_by_its_beginning() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(&secret(&"x".repeat(PASSWORD_MAX_BYTES))).unwrap();
        assert!(!passwords.matches(&secret(&"x".repeat(PASSWORD_MAX_BYTES + 1)), Some(&hash)).unwrap());
        assert!(passwords.matches(&secret(&"x".repeat(PASSWORD_MAX_BYTES)), Some(&hash)).unwrap());
    }

    #[test]
    fn a_stored_hash_that_is_none_is_an_error_and_no_refusal() {
        let passwords = Passwords::new().unwrap();
        assert!(passwords.matches(&secret("x"), Some(&PasswordHash("plain".into()))).is_err());
    }

    #[test]
    fn the_rules_for_new_passwords_at_their_limits() {
        let rule = |text: &str| acceptable(&secret(text), PASSWORD_MIN_CHARS);
        assert_eq!(rule(""), Err(Rule::PasswordEmpty));
        assert_eq!(rule("123456789"), Err(Rule::PasswordTooShort));
        assert_eq!(rule("1234567890"), Ok(()));
        assert_eq!(rule("èèèèèèèèèè"), Ok(()));
        assert_eq!(rule("12345\t67890"), Err(Rule::PasswordControl));
        assert_eq!(rule(&"x".repeat(PASSWORD_MAX_BYTES)), Ok(()));
        assert_eq!(rule(&"x".repeat(PASSWORD_MAX_BYTES + 1)), Err(Rule::PasswordTooLong));
    }
}
