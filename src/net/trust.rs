//! Whose certificates are believed: the system's roots, or those of the operator's `ca_file` and no others.
//!
//! An upstream's certificate is untrusted until rustls has verified its chain, its dates and its name (RFC 9525).
//! There is no way to go on without.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::{CertificateError, ClientConfig, RootCertStore};

use super::provider;
use super::tls_files::{self, TlsFileError};

/// Why there is nobody to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The `ca_file` is not good.
    #[error("ca_file: {0}")]
    File(#[from] TlsFileError),
    /// A certificate in it cannot be used as a root.
    #[error("ca_file: {} holds a certificate that cannot be trusted as a root: {reason}", file.display())]
    Root {
        /// The file.
        file: PathBuf,
        /// What rustls says.
        reason: String,
    },
    /// The system has no roots.
    #[error("no trusted certificates were found on this system{0}; install ca-certificates, or set ca_file")]
    NoSystemRoots(String),
    /// rustls refuses the whole.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Why an upstream's certificate was not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Signed by nobody who is trusted; self-signed ones too.
    UnknownIssuer,
    /// Signed in the name of somebody trusted, but not with their key.
    WrongSignature,
    /// Its time is over, since then (seconds since 1970) if it is known.
    Expired(Option<u64>),
    /// Its time has not come; likewise.
    NotYetValid(Option<u64>),
    /// It is for other names: these, where they are known.
    WrongName(Vec<String>),
    /// Something else, in rustls's words.
    Other(String),
}

impl Distrust {
    pub(super) fn of(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
            CertificateError::BadSignature => Distrust::WrongSignature,
            CertificateError::Expired => Distrust::Expired(None),
            CertificateError::ExpiredContext { not_after, .. } => Distrust::Expired(Some(not_after.as_secs())),
            CertificateError::NotValidYet => Distrust::NotYetValid(None),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Distrust::NotYetValid(Some(not_before.as_secs()))
            }
            CertificateError::NotValidForName => Distrust::WrongName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => Distrust::WrongName(presented.clone()),
            other => Distrust::Other(other.to_string()),
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::UnknownIssuer => f.write_str("it was issued by nobody who is trusted"),
            Distrust::WrongSignature => {
                f.write_str("its signature is not that of the trusted authority whose name it bears")
            }
            Distrust::Expired(None) => f.write_str("it has expired"),
            Distrust::Expired(Some(secs)) => write!(f, "it expired on {}", date(*secs)),
            Distrust::NotYetValid(None) => f.write_str("it is not valid yet"),
            Distrust::NotYetValid(Some(secs)) => {
                write!(f, "it is valid from {} on; is this machine's clock right?", date(*secs))
            }
            Distrust::WrongName(names) if names.is_empty() => f.write_str("it is for another name"),
            Distrust::WrongName(names) => {
                f.write_str("it is for another name: ")?;
                // The certificate is the upstream's: bounded, and nothing in it moves a terminal's cursor.
                let shown = names.iter().take(8).map(|name| name.escape_debug().to_string());
                f.write_str(&shown.collect::<Vec<_>>().join(", "))
            }
            Distrust::Other(reason) => f.write_str(reason),
        }
    }
}

fn date(secs: u64) -> String {
    match i64::try_from(secs).map(Timestamp::from_second) {
        Ok(Ok(time)) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        // Beyond the year 9999.
        _ => format!("second {secs}"),
    }
}

/// The configuration for connections to upstreams, and for the log whom it trusts.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<(Arc<ClientConfig>, String), TrustError> {
    let (roots, whom) = match ca_file {
        Some(file) => (file_roots(file)?, format!("ca_file {}", file.display())),
        None => (system_roots()?, "the system's roots".to_owned()),
    };
    let config = ClientConfig::builder_with_provider(provider::provider())
        .with_protocol_versions(provider::VERSIONS)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((Arc::new(config), whom))
}

fn file_roots(file: &Path) -> Result<RootCertStore, TrustError> {
    let certificates = tls_files::certificates(file)?;
    if certificates.is_empty() {
        return Err(TlsFileError::NoCertificate(file.to_owned()).into());
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| TrustError::Root { file: file.to_owned(), reason: error.to_string() })?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, TrustError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "some of the system's trusted certificates cannot be read");
    }
    let mut roots = RootCertStore::empty();
    // The system's collection may hold an odd one that rustls cannot read; the others count all the same.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(TrustError::NoSystemRoots(why));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_sentences() {
        let said = |reason: Distrust| reason.to_string();
        assert_eq!(said(Distrust::Expired(Some(1_700_000_000))), "it expired on 2023-11-14 22:13 UTC");
        assert_eq!(said(Distrust::Expired(Some(u64::MAX))), format!("it expired on second {}", u64::MAX));
        assert_eq!(said(Distrust::WrongName(Vec::new())), "it is for another name");
        let names = vec!["imap.example.it".to_owned(), "\u{1b}[2Jx".to_owned()];
        assert_eq!(said(Distrust::WrongName(names)), "it is for another name: imap.example.it, \\u{1b}[2Jx");
    }
}
