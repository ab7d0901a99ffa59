//! The folder `tests/transcripts`.

use std::fs;
use std::path::Path;

use super::script::Script;

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
    for folder in ["imap", "regressions"] {
        let mut paths: Vec<_> = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| path.extension().is_some_and(|e| e == "imap")) {
            let name = format!("tests/transcripts/{folder}/{}", path.file_name().unwrap().to_str().unwrap());
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
