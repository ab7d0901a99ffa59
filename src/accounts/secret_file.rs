//! Files that hold one secret. systemd hands secrets to a service as files in `$CREDENTIALS_DIRECTORY`; one of the same
//! name there is taken in place of the file itself.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// No secret of delega's is longer.
const SECRET_MAX_BYTES: u64 = 4096;

/// Why a secret could not be taken from its file.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others may read or change it.
    #[error("{} may be used by others (mode {mode:04o}): run `chmod 600 {}`", path.display(), path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is far too long for a secret.
    #[error("{} is too long to be a secret (over {SECRET_MAX_BYTES} bytes)", .0.display())]
    TooLong(PathBuf),
}

impl SecretFileError {
    /// Whether the file is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, SecretFileError::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Where the secret of `path` is: among the service's credentials, or at `path`.
pub fn locate(path: &Path) -> Located {
    locate_in(path, env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from).as_deref())
}

/// A place that was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The file.
    pub path: PathBuf,
    /// Whether it is one of the service's credentials.
    pub credential: bool,
}

fn locate_in(path: &Path, credentials: Option<&Path>) -> Located {
    credentials
        .and_then(|directory| Some(directory.join(path.file_name()?)))
        .filter(|candidate| candidate.exists())
        .map_or(Located { path: path.to_owned(), credential: false }, |path| Located { path, credential: true })
}

/// Reads the secret, unless others may read it too.
///
/// systemd opens credentials to the service by an access control list, which shows in the group's bits; so of a
/// credential only the others' bits are judged. The folder around it is closed by systemd.
pub fn read(located: &Located) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let path = &located.path;
    let unreadable = |source| SecretFileError::Unreadable { path: path.clone(), source };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let mode = metadata.mode() & 0o7777;
    let forbidden = if located.credential { 0o007 } else { 0o077 };
    if metadata.is_file() && mode & forbidden != 0 {
        return Err(SecretFileError::Open { path: path.clone(), mode });
    }
    // Room for all of it at once: a vector that grows leaves copies behind.
    let mut secret = Zeroizing::new(Vec::with_capacity(SECRET_MAX_BYTES as usize + 1));
    file.take(SECRET_MAX_BYTES + 1).read_to_end(&mut secret).map_err(unreadable)?;
    if secret.len() as u64 > SECRET_MAX_BYTES {
        return Err(SecretFileError::TooLong(path.clone()));
    }
    Ok(secret)
}

/// A password as files and pipes hold it: the line break at its end is not part of it.
pub fn one_line(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(dir: &Path, name: &str, mode: u32) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, name).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_file_that_others_may_use_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, credential, fine) in [
            (0o600, false, true),
            (0o400, false, true),
            (0o640, false, false),
            (0o604, false, false),
            (0o620, false, false),
        ]
        .into_iter()
        .chain([(0o440, true, true), (0o444, true, false)])
        {
            let path = file(dir.path(), &format!("{mode:o}"), mode);
            assert_eq!(read(&Located { path, credential }).is_ok(), fine, "{mode:o} {credential}");
        }
    }

    #[test]
    fn a_credential_of_the_same_name_is_taken_instead() {
        let ours = tempfile::tempdir().unwrap();
        let systemds = tempfile::tempdir().unwrap();
        let path = file(ours.path(), "delega.key", 0o600);
        assert_eq!(locate_in(&path, None), Located { path: path.clone(), credential: false });
        assert_eq!(locate_in(&path, Some(systemds.path())), Located { path: path.clone(), credential: false });
        let credential = file(systemds.path(), "delega.key", 0o440);
        assert_eq!(locate_in(&path, Some(systemds.path())), Located { path: credential, credential: true });
    }

    #[test]
    fn what_is_too_long_or_missing_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "long", 0o600);
        fs::write(&path, vec![b'x'; SECRET_MAX_BYTES as usize]).unwrap();
        assert!(read(&Located { path: path.clone(), credential: false }).is_ok());
        fs::write(&path, vec![b'x'; SECRET_MAX_BYTES as usize + 1]).unwrap();
        assert!(matches!(read(&Located { path, credential: false }), Err(SecretFileError::TooLong(_))));
        let missing = Located { path: dir.path().join("missing"), credential: false };
        assert!(read(&missing).unwrap_err().is_missing());
    }

    #[test]
    fn one_line_break_is_not_part_of_a_password() {
        for (bytes, password) in [
            (&b"abc"[..], Some("abc")),
            (b"abc\n", Some("abc")),
            (b"abc\r\n", Some("abc")),
            (b"abc\n\n", Some("abc\n")),
            (b" abc ", Some(" abc ")),
            (b"", Some("")),
            (b"\xff", None),
        ] {
            assert_eq!(one_line(bytes), password);
        }
    }
}
