//! Certificates made on the spot: for tests, which hold them in memory, and for development, in a folder.
//!
//! Included by path from tests and from `examples/dev-certs.rs`; not everything is used by all of them.

#![allow(dead_code)]

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The names that every development certificate has.
pub const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "delega.example.it"];
const AUTHORITY_NAME: &str = "delega development CA";
const AUTHORITY_DAYS: i64 = 3650;
/// As much as browsers and mail programs of some vendors accept.
const SERVER_DAYS: i64 = 397;
/// A certificate with fewer days left is replaced.
const DAYS_LEFT: i64 = 30;

/// A certification authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate with its key.
pub struct Issued {
    /// The server's certificate, then its authority's.
    pub chain_pem: String,
    pub key_pem: String,
}

impl Authority {
    /// A new authority of this name, valid from now on.
    pub fn new(name: &str) -> Result<Self> {
        let key = KeyPair::generate()?;
        let params = authority_params(name);
        let pem = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), pem })
    }

    /// The authority of this name whose certificate and key were kept.
    fn kept(name: &str, pem: String, key_pem: &str) -> Result<Self> {
        Ok(Authority { issuer: Issuer::new(authority_params(name), KeyPair::from_pem(key_pem)?), pem })
    }

    /// A server certificate for host names and IP addresses, valid from a day ago.
    pub fn issue(&self, names: &[&str]) -> Result<Issued> {
        self.issue_between(names, -1, SERVER_DAYS - 1)
    }

    /// A server certificate that is valid between two days, counted from now.
    pub fn issue_between(&self, names: &[&str], from_day: i64, to_day: i64) -> Result<Issued> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        // The names stand in the alternative names; this one is for whoever looks at the certificate.
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("delega"));
        valid_between(&mut params, from_day, to_day);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { chain_pem: certificate.pem() + &self.pem, key_pem: key.serialize_pem() })
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_between(&mut params, -1, AUTHORITY_DAYS);
    params
}

fn valid_between(params: &mut CertificateParams, from_day: i64, to_day: i64) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(from_day);
    params.not_after = epoch + since_epoch(to_day);
}

/// The time of now plus a number of days.
fn since_epoch(days: i64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let days_secs = Duration::from_secs(days.unsigned_abs() * 24 * 60 * 60);
    if days < 0 { now.saturating_sub(days_secs) } else { now + days_secs }
}

/// What [`ensure`] has done.
#[derive(Debug, PartialEq, Eq)]
pub enum Made {
    /// All files were good, and stay.
    Nothing,
    /// A server certificate; the authority stays.
    Server,
    /// Both: the authority is to be trusted anew.
    AuthorityAndServer,
}

/// Sees to it that `folder` holds `ca.pem`, `ca.key`, `delega.pem` and `delega.key`, good for all `names` and for 30
/// more days. `anew` replaces what there is.
pub fn ensure(folder: &Path, names: &[&str], anew: bool) -> Result<Made> {
    fs::create_dir_all(folder)?;
    if !anew && check(folder, names).is_ok() {
        return Ok(Made::Nothing);
    }
    if !anew && reissue(folder, names).is_ok() {
        return Ok(Made::Server);
    }
    let authority = Authority::new(AUTHORITY_NAME)?;
    write(&folder.join("ca.key"), &authority.issuer.key().serialize_pem(), 0o600)?;
    write(&folder.join("ca.pem"), &authority.pem, 0o644)?;
    write_server(folder, &authority.issue(names)?)?;
    check(folder, names)?;
    Ok(Made::AuthorityAndServer)
}

/// A new server certificate of the authority that is in the folder, if that one is still good.
fn reissue(folder: &Path, names: &[&str]) -> Result<()> {
    let read = |name: &str| fs::read_to_string(folder.join(name));
    let authority = Authority::kept(AUTHORITY_NAME, read("ca.pem")?, &read("ca.key")?)?;
    write_server(folder, &authority.issue(names)?)?;
    check(folder, names)
}

fn write_server(folder: &Path, server: &Issued) -> io::Result<()> {
    write(&folder.join("delega.key"), &server.key_pem, 0o600)?;
    write(&folder.join("delega.pem"), &server.chain_pem, 0o644)
}

/// Whether a client that trusts `ca.pem` would accept the server for each name, 30 days from now.
fn check(folder: &Path, names: &[&str]) -> Result<()> {
    let provider = Arc::new(default_provider());
    let chain =
        CertificateDer::pem_file_iter(folder.join("delega.pem"))?.collect::<std::result::Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(folder.join("delega.key"))?;
    CertifiedKey::from_der(chain.clone(), key, &provider)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem"))?)?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
    let (server, intermediates) = chain.split_first().ok_or("delega.pem is empty")?;
    let then = UnixTime::since_unix_epoch(since_epoch(DAYS_LEFT));
    for name in names {
        verifier.verify_server_cert(server, intermediates, &ServerName::try_from(*name)?, &[], then)?;
    }
    Ok(())
}

/// Replaces a file whole: nobody sees half of it, and a key is at no time readable by others.
pub fn write(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    // The ending stays, since `.gitignore` goes by it.
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new = file.with_file_name(format!("new-{name}"));
    // One that was left over may have other permissions.
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?.write_all(text.as_bytes())?;
    fs::rename(&new, file)
}
