//! The certificate and the key of `[tls]`, from their files to what rustls needs.
//!
//! The files are the operator's; a fault in them is told in a sentence that names the file.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls::InconsistentKeys;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::provider::provider;
use crate::config::TlsConfig;

/// Why the certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The certificate file has none.
    #[error("{} holds no certificate: a PEM file with the server's certificate first is expected", .0.display())]
    NoCertificate(PathBuf),
    /// The key file has none.
    #[error("{} holds no private key that can be read: an unencrypted PEM file is expected", .0.display())]
    NoKey(PathBuf),
    /// A file is not PEM.
    #[error("{} is damaged: {reason}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong in it.
        reason: String,
    },
    /// The key is not that of the certificate.
    #[error("the key in {} does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// rustls wants none of it.
    #[error("the certificate in {} cannot be used: {reason}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
}

/// What tells one state of the two files from another. A file that cannot be looked at has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([Option<Stamp>; 2]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    /// The files as they stand; links are followed.
    pub(super) fn of(files: &TlsConfig) -> Self {
        let stamp = |file: &Path| fs::metadata(file).ok().map(|metadata| Stamp::of(&metadata));
        Fingerprint([stamp(&files.certificate), stamp(&files.key)])
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Reads both files and holds them against each other.
pub(super) fn load(files: &TlsConfig) -> Result<CertifiedKey, TlsFileError> {
    let chain = read_chain(&files.certificate)?;
    let key = read_key(&files.key)?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsFileError::Mismatch { certificate: files.certificate.clone(), key: files.key.clone() }
        }
        rustls::Error::General(reason) => TlsFileError::Damaged { file: files.key.clone(), reason },
        other => TlsFileError::Unusable { file: files.certificate.clone(), reason: other.to_string() },
    })
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let chain = certificates(file)?;
    if chain.is_empty() { Err(TlsFileError::NoCertificate(file.to_owned())) } else { Ok(chain) }
}

/// All certificates of a PEM file, in order; there may be none.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    CertificateDer::pem_slice_iter(&read(file)?).collect::<Result<Vec<_>, _>>().map_err(|error| damaged(file, &error))
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let pem = zeroize::Zeroizing::new(read(file)?);
    if let Ok(metadata) = fs::metadata(file)
        && metadata.mode() & 0o077 != 0
    {
        tracing::warn!(
            file = %file.display(),
            mode = format_args!("{:03o}", metadata.mode() & 0o777),
            "the private key can be read by others than its owner; `chmod 600` is advised"
        );
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsFileError::NoKey(file.to_owned()),
        other => damaged(file, &other),
    })
}

fn read(file: &Path) -> Result<Vec<u8>, TlsFileError> {
    fs::read(file).map_err(|source| TlsFileError::Unreadable { file: file.to_owned(), source })
}

/// The PEM reader's own words, which quote markers of the file, never its contents.
fn damaged(file: &Path, error: &pem::Error) -> TlsFileError {
    TlsFileError::Damaged { file: file.to_owned(), reason: error.to_string() }
}
