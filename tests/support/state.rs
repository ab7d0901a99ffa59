//! Everything of a mailbox that counts, read from the disk: what somebody who may only read must leave as it was.
//!
//! A Maildir says it all by itself: folders are directories, a message's flags stand in its file's name, UIDs in
//! `dovecot-uidlist`, keywords in `dovecot-keywords`, rights in `dovecot-acl`, annotations in `dovecot-attributes`.
//! Left out, and why:
//! - the index files, which lie in a folder of their own: Dovecot makes them anew from the Maildir, also for one who
//!   only reads. (It keeps keywords past the 26th of a folder there alone; for those ask
//!   [`Dovecot::flags`](super::dovecot::Dovecot::flags).)
//! - lock files and `dovecot-acl-list`, a cache of which folders have a `dovecot-acl`.

#![allow(dead_code, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

/// A mailbox at one moment. Two are compared with [`State::changes`] or [`State::assert_unchanged`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct State {
    /// By their names on disk (modified UTF-7, `/` between the levels); `INBOX` is the Maildir itself.
    pub folders: BTreeMap<String, Folder>,
    /// The folders subscribed to.
    pub subscriptions: BTreeSet<String>,
    /// Every other file by its path, with a hash of what is in it.
    pub files: BTreeMap<String, u64>,
}

/// One folder.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Folder {
    /// Whether it can hold messages.
    pub selectable: bool,
    /// UIDVALIDITY; 0 until Dovecot has opened the folder.
    pub uid_validity: u32,
    /// The UID that the next message will get.
    pub uid_next: u32,
    /// What Dovecot tells the folder by, whatever its name.
    pub identity: String,
    /// The keywords that messages have or had, in their order.
    pub keywords: Vec<String>,
    /// The messages by the unchanging part of their files' names.
    pub messages: BTreeMap<String, Message>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its UID, once Dovecot has given it one.
    pub uid: Option<u32>,
    /// System flags and keywords.
    pub flags: BTreeSet<String>,
    /// Whether it still lies in `new`: no session has had it as its `\Recent` one.
    pub new: bool,
    /// Its size.
    pub bytes: u64,
    /// A hash of its content.
    pub content: u64,
    /// INTERNALDATE, in seconds since 1970.
    pub received: i64,
}

impl State {
    /// Reads a Maildir with LAYOUT=fs. May run while Dovecot works in it, but then says what was there at some moment.
    pub fn read(maildir: &Path) -> State {
        let mut state = State::default();
        state.read_folder(maildir, "INBOX", "");
        state
    }

    /// What differs, a line for each: `-` before, `+` after.
    pub fn changes(&self, after: &State) -> Vec<String> {
        let (before, after) = (self.lines(), after.lines());
        let mut changes = Vec::new();
        for key in before.keys().chain(after.keys().filter(|k| !before.contains_key(*k))) {
            if before.get(key) != after.get(key) {
                changes.extend(before.get(key).map(|value| format!("- {key}: {value}")));
                changes.extend(after.get(key).map(|value| format!("+ {key}: {value}")));
            }
        }
        changes
    }

    /// Panics with the differences, if there are any.
    #[track_caller]
    pub fn assert_unchanged(&self, after: &State) {
        let changes = self.changes(after);
        assert!(changes.is_empty(), "the mailbox has changed:\n{}", changes.join("\n"));
    }

    /// A folder; panics if it is not there.
    #[track_caller]
    pub fn folder(&self, name: &str) -> &Folder {
        self.folders.get(name).unwrap_or_else(|| panic!("no folder {name} among {:?}", self.folders.keys()))
    }

    /// Everything as lines of text.
    fn lines(&self) -> BTreeMap<String, String> {
        let mut lines = BTreeMap::new();
        for (name, folder) in &self.folders {
            let Folder { selectable, uid_validity, uid_next, identity, keywords, messages } = folder;
            let of_folder = format!(
                "selectable {selectable}, UIDVALIDITY {uid_validity}, UIDNEXT {uid_next}, identity {identity}, \
                 keywords {keywords:?}"
            );
            lines.insert(format!("folder {name}"), of_folder);
            for (file, Message { uid, flags, new, bytes, content, received }) in messages {
                let uid = uid.map_or("none".to_owned(), |uid| uid.to_string());
                let of_message = format!(
                    "UID {uid}, flags {flags:?}, new {new}, {bytes} bytes, content {content:016x}, received {received}"
                );
                lines.insert(format!("message {file} in {name}"), of_message);
            }
        }
        lines.extend(self.subscriptions.iter().map(|name| (format!("subscription {name}"), "there".to_owned())));
        lines.extend(self.files.iter().map(|(path, content)| (format!("file {path}"), format!("{content:016x}"))));
        lines
    }

    /// Reads the directory of the folder `name`; `path` is the directory's, from the Maildir.
    fn read_folder(&mut self, directory: &Path, name: &str, path: &str) {
        let mut folder = Folder::default();
        let mut uids = BTreeMap::new();
        let mut message_files = Vec::new();
        for file in names(directory) {
            let at = directory.join(&file);
            let inside = if path.is_empty() { file.clone() } else { format!("{path}/{file}") };
            match file.as_str() {
                "cur" | "new" => {
                    folder.selectable = true;
                    message_files.extend(names(&at).into_iter().map(|f| (at.join(&f), f, file == "new")));
                }
                "tmp" => {
                    for left_over in names(&at) {
                        self.files.extend(content(&at.join(&left_over)).map(|c| (format!("{inside}/{left_over}"), c)));
                    }
                }
                "dovecot-uidlist" => uids = read_uidlist(&at, &mut folder),
                "dovecot-keywords" => folder.keywords = read_keywords(&at),
                "subscriptions" if path.is_empty() => self.subscriptions = read_subscriptions(&at),
                "dovecot-acl-list" => {}
                _ if file.ends_with(".lock") => {}
                _ if at.is_dir() => self.read_folder(&at, &inside, &inside),
                _ => self.files.extend(content(&at).map(|c| (inside, c))),
            }
        }
        for (at, file, new) in message_files {
            let (base, letters) = file.split_once(":2,").unwrap_or((&file, ""));
            // Gone meanwhile: moved or renamed
            let (Some(content), Ok(metadata)) = (content(&at), fs::metadata(&at)) else { continue };
            let flags = letters.chars().map(|letter| flag(letter, &folder.keywords)).collect();
            let uid = uids.get(base).copied();
            let message = Message { uid, flags, new, bytes: metadata.len(), content, received: metadata.mtime() };
            folder.messages.insert(base.to_owned(), message);
        }
        self.folders.insert(name.to_owned(), folder);
    }
}

impl Folder {
    /// The message with this UID; panics if it is not there.
    #[track_caller]
    pub fn message(&self, uid: u32) -> &Message {
        self.messages.values().find(|m| m.uid == Some(uid)).unwrap_or_else(|| panic!("no message with UID {uid}"))
    }
}

/// The entries of a directory, sorted.
fn names(directory: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(directory) else { return BTreeSet::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The header of `dovecot-uidlist` (`3 V<validity> N<next> G<identity>`) and the UIDs of its lines
/// (`<uid> [<extras>] :<file>`). Dovecot adds lines without renewing the header, whose N is then too low.
fn read_uidlist(path: &Path, folder: &mut Folder) -> BTreeMap<String, u32> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut lines = text.lines();
    for field in lines.next().unwrap_or_default().split(' ').skip(1) {
        match field.split_at(1) {
            ("V", number) => folder.uid_validity = number.parse().unwrap(),
            ("N", number) => folder.uid_next = number.parse().unwrap(),
            ("G", identity) => identity.clone_into(&mut folder.identity),
            other => panic!("{other:?} in the header of {}", path.display()),
        }
    }
    let mut uids = BTreeMap::new();
    for line in lines {
        let (numbers, file) = line.split_once(" :").unwrap();
        let uid: u32 = numbers.split(' ').next().unwrap().parse().unwrap();
        folder.uid_next = folder.uid_next.max(uid + 1);
        uids.insert(file.split(":2,").next().unwrap().to_owned(), uid);
    }
    uids
}

/// The lines `<number> <keyword>` of `dovecot-keywords`.
fn read_keywords(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

/// Dovecot's `subscriptions`, whose second version begins with two lines of its own and has a tab between levels.
fn read_subscriptions(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let names = text.strip_prefix("V\t2\n\n");
    names.unwrap_or(&text).lines().map(|line| line.replace('\t', "/")).collect()
}

/// What a letter in a Maildir file's name stands for.
fn flag(letter: char, keywords: &[String]) -> String {
    let system = match letter {
        'D' => "\\Draft",
        'F' => "\\Flagged",
        'P' => "$Forwarded",
        'R' => "\\Answered",
        'S' => "\\Seen",
        'T' => "\\Deleted",
        'a'..='z' => {
            let number = usize::from(u8::try_from(letter).unwrap() - b'a');
            return keywords.get(number).cloned().unwrap_or_else(|| format!("keyword {number}"));
        }
        other => panic!("the flag {other:?} in a file's name"),
    };
    system.to_owned()
}

/// A hash of a file's content, or none if it is gone. A file that has not been written to since it was last read, by its
/// inode, size and time of change, is not read again: mailboxes are large and snapshots many.
fn content(path: &Path) -> Option<u64> {
    type Identity = (u64, u64, u64, i64, i64);
    static KNOWN: LazyLock<Mutex<HashMap<Identity, u64>>> = LazyLock::new(Mutex::default);
    let metadata = match fs::metadata(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return None,
        other => other.unwrap(),
    };
    let identity = (metadata.dev(), metadata.ino(), metadata.len(), metadata.ctime(), metadata.ctime_nsec());
    if let Some(hash) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&identity) {
        return Some(*hash);
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(path).ok()?);
    let hash = hasher.finish();
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(identity, hash);
    Some(hash)
}
