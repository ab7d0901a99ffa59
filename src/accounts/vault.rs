//! The mailboxes' upstream passwords, the secrets of second factors and the links of mails that wait, sealed:
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under a key of 32 bytes that lies in a file of its own.
//!
//! Each secret is bound to its row, the mailbox's number and address, the account or the mail's number, as associated data: moved to
//! another row, or changed, it cannot be unsealed. The store also keeps a check value, so that another key is told from a changed row.
//!
//! Sealed form: one byte of version (1), 24 bytes of nonce, the ciphertext with its tag of 16 bytes.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::{Zeroize, Zeroizing};

use super::Token;
use super::secret_file::{self, SecretFileError};
use crate::domain::{AccountId, MailId, MailboxAddress, MailboxId, RecoveryHash};
use crate::store::{SealedSecret, WebmailHash};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const FORM: u8 = 1;
const PASSWORD_CONTEXT: &[u8] = b"delega mailbox password\0";
const LINK_CONTEXT: &[u8] = b"delega mailed link\0";
const MARK_CONTEXT: &[u8] = b"delega guess mark\0";
const APP_PASSWORD_CONTEXT: &[u8] = b"delega app password\0";
const WEBMAIL_CONTEXT: &[u8] = b"delega web mail login\0";
const FACTOR_CONTEXT: &[u8] = b"delega second factor\0";
const ENROLLING_CONTEXT: &[u8] = b"delega second factor to confirm\0";
const RECOVERY_CONTEXT: &[u8] = b"delega recovery code\0";
const KEY_CHECK_CONTEXT: &[u8] = b"delega key check\0";
const KEY_CHECK: &[u8] = b"the key is the right one";

/// The key at hand.
pub struct Vault {
    key: SecretBox<[u8; KEY_BYTES]>,
    path: PathBuf,
}

/// Whether somebody's second factor is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Factor {
    /// It is.
    InForce,
    /// No code of it was shown yet.
    Enrolling,
}

/// Why a secret cannot be sealed or unsealed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file is not there, though the store holds secrets sealed with it.
    #[error("the key file {} is not there, and without it the stored passwords cannot be read: restore it, or give its \
             place in [store] key_file", .0.display())]
    Missing(PathBuf),
    /// The key file cannot be used.
    #[error("the key file {0}")]
    File(#[from] SecretFileError),
    /// The key file is not one.
    #[error("the key file {} has {found} bytes, and a key has {KEY_BYTES}: restore the right file", path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: usize,
    },
    /// The key file could not be made.
    #[error("the key file {} cannot be made: {source}", path.display())]
    Make {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The store's secrets are sealed with another key.
    #[error("the key file {} is not the one that this database's passwords are sealed with: restore the key that \
             belongs to it", .0.display())]
    WrongKey(PathBuf),
    /// The key is right, and still this secret is not the one that was sealed for this row.
    #[error("the stored password of {0} was changed or moved by something other than delega: set it again")]
    Tampered(MailboxAddress),
    /// Likewise the link of a mail.
    #[error("the stored link of mail {} was changed or moved by something other than delega: invite or reset again", .0.0)]
    TamperedLink(MailId),
    /// Likewise the secret of somebody's codes.
    #[error(
        "the stored two-step verification of {0} was changed or moved by something other than delega: remove it, and \
             set it up anew"
    )]
    TamperedFactor(AccountId),
    /// The system gave no random bytes, or the cipher failed.
    #[error("a password could not be sealed: {0}")]
    Seal(String),
}

impl Vault {
    /// The key of `key_file`, or of the service's credential of that name.
    pub fn open(key_file: &Path) -> Result<Vault, VaultError> {
        let located = secret_file::locate(key_file);
        let bytes = match secret_file::read(&located) {
            Err(error) if error.is_missing() => return Err(VaultError::Missing(located.path)),
            read => read?,
        };
        let key: &[u8; KEY_BYTES] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| VaultError::Size { path: located.path.clone(), found: bytes.len() })?;
        Ok(Vault {
            key: SecretBox::init_with_mut(|kept: &mut [u8; KEY_BYTES]| kept.copy_from_slice(key)),
            path: located.path,
        })
    }

    /// Likewise, and makes the key where there is none. Of two that make it at once, both use the same.
    pub fn open_or_create(key_file: &Path) -> Result<Vault, VaultError> {
        match Vault::open(key_file) {
            Err(VaultError::Missing(path)) => {
                make_key(&path).map_err(|source| VaultError::Make { path, source })?;
                Vault::open(key_file)
            }
            opened => opened,
        }
    }

    /// Seals the upstream password of one mailbox.
    pub(super) fn seal(
        &self,
        id: MailboxId,
        address: &MailboxAddress,
        password: &SecretString,
    ) -> Result<SealedSecret, VaultError> {
        self.seal_bytes(password.expose_secret().as_bytes(), &row(id, address))
    }

    /// The upstream password that was sealed for this mailbox.
    pub(super) fn unseal(
        &self,
        id: MailboxId,
        address: &MailboxAddress,
        sealed: &SealedSecret,
    ) -> Result<SecretString, VaultError> {
        let tampered = || VaultError::Tampered(address.clone());
        let mut plain = self.unseal_bytes(sealed, &row(id, address)).ok_or_else(tampered)?;
        let text = String::from_utf8(std::mem::take(&mut *plain)).map_err(|error| {
            error.into_bytes().zeroize();
            tampered()
        })?;
        Ok(text.into())
    }

    /// Seals the token of a mail's link.
    pub(super) fn seal_token(&self, id: MailId, token: &Token) -> Result<SealedSecret, VaultError> {
        self.seal_bytes(token.expose().as_bytes(), &mail(id))
    }

    /// The token that was sealed for this mail.
    pub(super) fn unseal_token(&self, id: MailId, sealed: &SealedSecret) -> Result<Token, VaultError> {
        let plain = self.unseal_bytes(sealed, &mail(id));
        let token = plain.and_then(|plain| std::str::from_utf8(&plain).ok()?.parse().ok());
        token.ok_or(VaultError::TamperedLink(id))
    }

    /// A mark by which it can be told whether two texts of one context are the same, and nothing else without the key:
    /// HMAC-SHA-256, cut to 128 bits, under a key of its own that is derived from this one.
    pub(super) fn mark(&self, context: &[u8], text: &[u8]) -> [u8; 16] {
        use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
        let own = sign(&Key::new(HMAC_SHA256, self.key.expose_secret()), MARK_CONTEXT);
        // The length keeps apart what is context and what is text.
        let length = (context.len() as u64).to_be_bytes();
        let tag = sign(&Key::new(HMAC_SHA256, own.as_ref()), &[&length, context, text].concat());
        let mut mark = [0; 16];
        mark.copy_from_slice(&tag.as_ref()[..16]);
        mark
    }

    /// What an app password is looked up by: HMAC-SHA-256 under a key of its own. It cannot be found by
    /// trying without the key, and there are too many to try with it.
    pub(super) fn app_hash(&self, account: AccountId, secret: &str) -> [u8; 32] {
        // A delegate's account is written as it was when there were no others; no number is as long as a word.
        let text = Zeroizing::new(match account {
            AccountId::Delegate(delegate) => [&delegate.0.to_be_bytes(), secret.as_bytes()].concat(),
            AccountId::Owner(_) | AccountId::Postmaster(_) => of_account(account, secret),
        });
        self.keyed_hash(APP_PASSWORD_CONTEXT, &text)
    }

    /// What a recovery code is looked up by, likewise.
    pub(super) fn recovery_hash(&self, account: AccountId, code: &str) -> RecoveryHash {
        RecoveryHash(self.keyed_hash(RECOVERY_CONTEXT, &Zeroizing::new(of_account(account, code))))
    }

    fn keyed_hash(&self, context: &[u8], text: &[u8]) -> [u8; 32] {
        use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
        let own = sign(&Key::new(HMAC_SHA256, self.key.expose_secret()), context);
        let tag = sign(&Key::new(HMAC_SHA256, own.as_ref()), text);
        let mut hash = [0; 32];
        hash.copy_from_slice(tag.as_ref());
        hash
    }

    /// What a web mail login is looked up by, likewise.
    pub(super) fn webmail_hash(&self, account: AccountId, said: &str) -> WebmailHash {
        WebmailHash(self.keyed_hash(WEBMAIL_CONTEXT, &Zeroizing::new(of_account(account, said))))
    }

    /// Seals the secret of somebody's codes: one that is in force, or one that they are to confirm. Neither can stand for
    /// the other.
    pub(super) fn seal_factor(
        &self,
        account: AccountId,
        factor: Factor,
        secret: &[u8],
    ) -> Result<SealedSecret, VaultError> {
        self.seal_bytes(secret, &factor.row(account))
    }

    /// The secret that was sealed so.
    pub(super) fn unseal_factor(
        &self,
        account: AccountId,
        factor: Factor,
        sealed: &SealedSecret,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.unseal_bytes(sealed, &factor.row(account)).ok_or(VaultError::TamperedFactor(account))
    }

    /// A value that only this key can have made.
    pub(super) fn key_check(&self) -> Result<SealedSecret, VaultError> {
        self.seal_bytes(KEY_CHECK, KEY_CHECK_CONTEXT)
    }

    /// Whether this key made `check`.
    pub(super) fn verify_key_check(&self, check: &SealedSecret) -> Result<(), VaultError> {
        match self.unseal_bytes(check, KEY_CHECK_CONTEXT) {
            Some(plain) if *plain == KEY_CHECK => Ok(()),
            _ => Err(VaultError::WrongKey(self.path.clone())),
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose_secret().into())
    }

    fn seal_bytes(&self, plain: &[u8], context: &[u8]) -> Result<SealedSecret, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| VaultError::Seal(error.to_string()))?;
        let cipher_text = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context })
            .map_err(|_| VaultError::Seal("the cipher failed".to_owned()))?;
        Ok(SealedSecret([&[FORM], nonce.as_slice(), &cipher_text].concat()))
    }

    fn unseal_bytes(&self, sealed: &SealedSecret, context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&form, rest) = sealed.0.split_first()?;
        let (nonce, cipher_text) = rest.split_first_chunk::<NONCE_BYTES>()?;
        if form != FORM {
            return None;
        }
        let payload = Payload { msg: cipher_text, aad: context };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault([redacted])")
    }
}

/// The account and what is said with it; no account is written with a NUL.
fn of_account(account: AccountId, secret: &str) -> Vec<u8> {
    [account.to_string().as_bytes(), b"\0", secret.as_bytes()].concat()
}

impl Factor {
    /// What the secret is bound to.
    fn row(self, account: AccountId) -> Vec<u8> {
        let context = match self {
            Factor::InForce => FACTOR_CONTEXT,
            Factor::Enrolling => ENROLLING_CONTEXT,
        };
        [context, account.to_string().as_bytes()].concat()
    }
}

/// What a password is bound to. The address is last and so needs no length.
fn row(id: MailboxId, address: &MailboxAddress) -> Vec<u8> {
    [PASSWORD_CONTEXT, &id.0.to_be_bytes(), address.as_str().as_bytes()].concat()
}

/// What the token of a link is bound to.
fn mail(id: MailId) -> Vec<u8> {
    [LINK_CONTEXT, &id.0.to_be_bytes()].concat()
}

/// Writes a new key under another name and links it into place whole: nobody ever sees half a key, and a key that is
/// there is never replaced.
fn make_key(path: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    let mut suffix = [0_u8; 8];
    getrandom::fill(key.as_mut_slice()).map_err(io::Error::other)?;
    getrandom::fill(&mut suffix).map_err(io::Error::other)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:016x}", u64::from_be_bytes(suffix)));
    let draft = PathBuf::from(draft);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let linked =
        file.write_all(key.as_slice()).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn vault(dir: &Path) -> Vault {
        Vault::open_or_create(&dir.join("delega.key")).unwrap()
    }

    fn address(text: &str) -> MailboxAddress {
        text.parse().unwrap()
    }

    #[test]
    fn the_key_is_made_once_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("delega.key");
        assert!(matches!(Vault::open(&path), Err(VaultError::Missing(_))));
        let checks: Vec<_> = std::thread::scope(|scope| {
            let made: Vec<_> = (0..8).map(|_| scope.spawn(|| vault(dir.path()).key_check().unwrap())).collect();
            made.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read(&path).unwrap().len(), KEY_BYTES);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a draft was left behind");
        for check in checks {
            Vault::open(&path).unwrap().verify_key_check(&check).unwrap();
        }
    }

    #[test]
    fn a_key_file_of_another_size_or_open_to_others_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("delega.key");
        drop(vault(dir.path()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Vault::open_or_create(&path).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, [0; KEY_BYTES + 1]).unwrap();
        assert!(matches!(Vault::open_or_create(&path), Err(VaultError::Size { found: 33, .. })));
    }

    #[test]
    fn a_secret_is_bound_to_its_row() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path());
        let (a, b) = (address("a@b.it"), address("b@b.it"));
        let sealed = vault.seal(MailboxId(1), &a, &"s3cret".to_owned().into()).unwrap();
        assert_eq!(vault.unseal(MailboxId(1), &a, &sealed).unwrap().expose_secret(), "s3cret");
        assert!(matches!(vault.unseal(MailboxId(2), &a, &sealed), Err(VaultError::Tampered(_))));
        assert!(matches!(vault.unseal(MailboxId(1), &b, &sealed), Err(VaultError::Tampered(_))));
        for n in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[n] ^= 1;
            assert!(vault.unseal(MailboxId(1), &a, &changed).is_err(), "byte {n}");
            assert!(vault.unseal(MailboxId(1), &a, &SealedSecret(sealed.0[..n].to_vec())).is_err(), "cut at {n}");
        }
        assert!(vault.verify_key_check(&sealed).is_err());
    }

    #[test]
    fn the_same_password_is_sealed_differently_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path());
        let seal = || vault.seal(MailboxId(1), &address("a@b.it"), &"s3cret".to_owned().into()).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn another_key_is_told() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let check = vault(one.path()).key_check().unwrap();
        vault(one.path()).verify_key_check(&check).unwrap();
        assert!(matches!(vault(two.path()).verify_key_check(&check), Err(VaultError::WrongKey(_))));
    }

    #[test]
    fn it_is_not_printed() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(format!("{:?}", vault(dir.path())), "Vault([redacted])");
    }
}
