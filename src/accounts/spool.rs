//! Messages that are kept until their copies are in the folder of sent messages (X13): one file each, in a folder beside
//! the store that is closed to others.
//!
//! A file is written whole and made durable before the record of its send names it, and lives as long as a value of this
//! module holds it; the queue in the store is what makes it last longer. What is left over, because delega was cut off
//! in between, is removed at the next start: by a server that is the only one there, since another may be writing.
//! Each server holds the folder locked for that.
//!
//! Untrusted here are the octets, which are written and read as they are. They are not encrypted: the folder's mode
//! (0700) and the files' (0600) keep them from others.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::domain::SpoolName;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Why a message cannot be kept, or not be read back.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be {what}: {source}", path.display())]
pub struct SpoolError {
    path: PathBuf,
    what: &'static str,
    source: io::Error,
}

/// The folder, held by this process.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    /// Locked for as long as it is open.
    folder: File,
}

/// A message that is being written. Dropped, it is removed.
#[derive(Debug)]
pub struct Draft {
    file: File,
    spooled: Spooled,
}

/// A message that is whole and durable. Dropped, it is removed, unless a due copy has taken it over.
#[derive(Debug)]
pub struct Spooled {
    path: PathBuf,
    name: SpoolName,
    kept: bool,
}

impl SpoolError {
    /// Whether the file is not there.
    pub fn is_missing(&self) -> bool {
        self.source.kind() == ErrorKind::NotFound
    }
}

fn failed(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> SpoolError {
    move |source| SpoolError { path: path.to_owned(), what, source }
}

/// The folder of the store in that file: `delega.db.spool` beside `delega.db`.
pub fn beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".spool");
    name.into()
}

impl Spool {
    /// Opens the folder, makes it where there is none, and removes what is left over there: all but the names that
    /// `kept` gives. That is asked, and its own tidying done, only where no other process holds the folder.
    pub(super) fn open<E: From<SpoolError>>(
        path: PathBuf,
        kept: impl FnOnce() -> Result<HashSet<SpoolName>, E>,
    ) -> Result<Spool, E> {
        match DirBuilder::new().mode(FOLDER_MODE).create(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(&path, "made")(error).into()),
            _ => {}
        }
        let folder = File::open(&path).map_err(failed(&path, "opened"))?;
        let mode = folder.metadata().map_err(failed(&path, "looked at"))?.permissions().mode();
        if mode & 0o077 != 0 {
            let private = Permissions::from_mode(FOLDER_MODE);
            folder.set_permissions(private).map_err(failed(&path, "made private (mode 0700)"))?;
            tracing::warn!(folder = %path.display(), "others could use this folder; it is private now");
        }
        let spool = Spool { path, folder };
        match spool.folder.try_lock() {
            Ok(()) => {
                spool.sweep(&kept()?)?;
                spool.folder.unlock().map_err(failed(&spool.path, "unlocked"))?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(failed(&spool.path, "locked")(error).into()),
        }
        // At most for as long as another one tidies up.
        spool.folder.lock_shared().map_err(failed(&spool.path, "locked"))?;
        Ok(spool)
    }

    fn sweep(&self, kept: &HashSet<SpoolName>) -> Result<(), SpoolError> {
        for entry in fs::read_dir(&self.path).map_err(failed(&self.path, "read"))? {
            let entry = entry.map_err(failed(&self.path, "read"))?;
            // What is not named so is not ours.
            let name = entry.file_name().to_str().and_then(|name| name.parse::<SpoolName>().ok());
            if name.is_some_and(|name| !kept.contains(&name)) {
                fs::remove_file(entry.path()).map_err(failed(&entry.path(), "removed"))?;
            }
        }
        Ok(())
    }

    fn file(&self, name: &SpoolName) -> PathBuf {
        self.path.join(name.as_str())
    }

    /// Begins a message.
    pub fn create(&self) -> Result<Draft, SpoolError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| failed(&self.path, "given a new name")(error.into()))?;
        let name = SpoolName::new(random);
        let path = self.file(&name);
        let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&path);
        let file = file.map_err(failed(&path, "made"))?;
        Ok(Draft { file, spooled: Spooled { path, name, kept: false } })
    }

    /// Makes a message durable that was written whole, and its name too.
    pub fn seal(&self, draft: Draft) -> Result<Spooled, SpoolError> {
        let Draft { file, spooled } = draft;
        file.sync_all().map_err(failed(&spooled.path, "made durable"))?;
        self.folder.sync_all().map_err(failed(&self.path, "made durable"))?;
        Ok(spooled)
    }

    /// A message, to be read from its beginning, and how many octets it has.
    pub fn read(&self, name: &SpoolName) -> Result<(File, u64), SpoolError> {
        let path = self.file(name);
        let file = File::open(&path).map_err(failed(&path, "read"))?;
        let bytes = file.metadata().map_err(failed(&path, "looked at"))?.len();
        Ok((file, bytes))
    }

    /// Where a message is kept.
    pub fn path(&self, name: &SpoolName) -> PathBuf {
        self.file(name)
    }

    /// Removes a message. One that is not there was removed before.
    pub fn remove(&self, name: &SpoolName) -> Result<(), SpoolError> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&path, "removed")(error)),
            _ => Ok(()),
        }
    }
}

impl Draft {
    /// Writes what follows of the message. After an error the draft is good for nothing.
    pub fn append(&mut self, octets: &[u8]) -> Result<(), SpoolError> {
        self.file.write_all(octets).map_err(failed(&self.spooled.path, "written"))
    }
}

impl Spooled {
    /// Its name, for the record.
    pub(super) fn name(&self) -> &SpoolName {
        &self.name
    }

    /// Lets the file be: the queue has it now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(file = %self.path.display(), %error, "a message that is kept no more cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read;

    use super::*;

    fn open(path: &Path, kept: &[&SpoolName]) -> Spool {
        let kept = kept.iter().map(|name| (*name).clone()).collect();
        Spool::open::<SpoolError>(path.to_owned(), || Ok(kept)).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn files(path: &Path) -> usize {
        fs::read_dir(path).unwrap().count()
    }

    fn message(spool: &Spool, octets: &[u8]) -> Spooled {
        let mut draft = spool.create().unwrap();
        octets.chunks(3).for_each(|octets| draft.append(octets).unwrap());
        spool.seal(draft).unwrap()
    }

    #[test]
    fn a_message_comes_back_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = beside(&dir.path().join("delega.db"));
        assert!(path.ends_with("delega.db.spool"));
        let spool = open(&path, &[]);
        let spooled = message(&spool, b"Subject: \xff\0\r\n\r\n.\r\n");
        let name = spooled.name().clone();
        assert_eq!((mode(&path), mode(&spool.path(&name))), (0o700, 0o600));
        let (mut file, bytes) = spool.read(&name).unwrap();
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!((read.as_slice(), bytes), (&b"Subject: \xff\0\r\n\r\n.\r\n"[..], 18));
        spooled.keep();
        assert!(spool.read(&name).is_ok());
        spool.remove(&name).unwrap();
        spool.remove(&name).unwrap();
        assert!(spool.read(&name).unwrap_err().is_missing());
    }

    #[test]
    fn what_nobody_holds_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let spool = open(&dir.path().join("s"), &[]);
        drop(spool.create().unwrap());
        drop(message(&spool, b"x"));
        assert_eq!(files(&spool.path), 0);
    }

    #[test]
    fn a_folder_that_others_could_use_is_tightened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        open(&path, &[]);
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn leftovers_go_at_the_start_but_not_under_another_server() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let first = open(&path, &[]);
        let (due, lost) = (message(&first, b"due"), message(&first, b"lost"));
        let (due_name, lost_name) = (due.name().clone(), lost.name().clone());
        due.keep();
        lost.keep();
        fs::write(path.join("README"), "an operator's").unwrap();
        let asked = std::cell::Cell::new(false);
        let second = Spool::open::<SpoolError>(path.clone(), || {
            asked.set(true);
            Ok(HashSet::new())
        });
        assert!(!asked.get() && files(&path) == 3, "the other server's messages were touched");
        drop(first);
        drop(second);
        let third = open(&path, &[&due_name]);
        assert!(third.read(&due_name).is_ok() && third.read(&lost_name).unwrap_err().is_missing());
        assert!(path.join("README").exists());
    }

    #[test]
    fn a_full_disk_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let spool = open(&dir.path().join("s"), &[]);
        let mut draft = spool.create().unwrap();
        draft.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = draft.append(b"x").unwrap_err().to_string();
        assert!(error.contains("cannot be written") && error.contains("No space left"), "{error}");
        drop(draft);
        assert_eq!(files(&spool.path), 0);
    }
}
