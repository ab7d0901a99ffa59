//! The folder `tests/transcripts`.

use std::fs;
use std::path::Path;

use delega::domain::Protocol;

use super::script::{Script, protocol};

/// The variable that chooses transcripts by a part of their names.
const CHOICE: &str = "DELEGA_TRANSCRIPT";

/// Whether `DELEGA_TRANSCRIPT` chooses some.
pub fn some_are_wanted() -> bool {
    std::env::var_os(CHOICE).is_some()
}

/// Every transcript, or those that `DELEGA_TRANSCRIPT` chooses: the text, and what it says.
pub fn all() -> Vec<(String, Script)> {
    let wanted = std::env::var(CHOICE).unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut all = Vec::new();
    let mut folders: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    for folder in folders {
        let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let folder = folder.file_name().unwrap().to_str().unwrap();
        for path in paths {
            let name = format!("tests/transcripts/{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            assert!(protocol(&name).is_some(), "{name}: a transcript ends in .imap, .smtp or .pop3");
            let text = fs::read_to_string(&path).unwrap();
            if name.contains(&wanted) {
                let script = Script::parse(&name, &text).unwrap_or_else(|fault| panic!("{fault}"));
                all.push((text, script));
            }
        }
    }
    assert!(!all.is_empty());
    all
}

/// Those of one protocol.
pub fn all_of(protocol: Protocol) -> Vec<(String, Script)> {
    all().into_iter().filter(|(_, script)| script.protocol == protocol).collect()
}
