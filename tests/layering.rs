//! Holds the code to the map in the documentation of `src/lib.rs`, and to the shapes that the house has agreed on:
//! what may import what, no circle, no lumber room of a module, no file that has grown too long.
//!
//! The first test judges the sources; the others show that the judge can find fault.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const LONGEST_FILE_LINES: usize = 600;
const LUMBER_ROOMS: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "types", "misc"];

#[test]
fn the_sources_keep_to_the_map() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = BTreeMap::new();
    read_sources(&root, &root, &mut sources);
    assert!(sources.len() > 3, "found only {} files below {}", sources.len(), root.display());
    let faults = judge(&sources);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Reads every `.rs` file below `folder`, by its path from `root` with `/` between the parts.
fn read_sources(root: &Path, folder: &Path, sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(root, &path, sources);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// Which module may import which.
type Map = BTreeMap<String, BTreeSet<String>>;

/// All faults of the sources, each with its file and line.
fn judge(sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    let lib = sources.get("lib.rs").map_or("", String::as_str);
    let map = read_map(lib);
    if map.is_empty() {
        faults.push("lib.rs: the documentation holds no import table".to_owned());
    }
    judge_map(&map, &mut faults);
    for (file, text) in sources {
        judge_file(file, text, depth(file, sources), &map, &mut faults);
    }
    faults
}

/// The rows `//! | module | may import |` of the import table.
fn read_map(lib: &str) -> Map {
    lib.lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .skip_while(|line| !line.replace(' ', "").starts_with("|module|mayimport|"))
        .skip(2)
        .map_while(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .filter_map(|row| row.split_once('|'))
        .map(|(module, imports)| {
            let words = imports.split(',').map(str::trim).filter(|w| !w.is_empty());
            (module.trim().to_owned(), words.map(str::to_owned).collect())
        })
        .collect()
}

fn judge_map(map: &Map, faults: &mut Vec<String>) {
    for (module, imports) in map {
        for import in imports.iter().filter(|i| !map.contains_key(*i)) {
            faults.push(format!("lib.rs: the row of {module} names {import}, which has no row"));
        }
        if reachable(map, module).contains(module) {
            faults.push(format!("lib.rs: {module} imports itself by way of others: a circle"));
        }
    }
}

/// Every module that `from` imports, directly or by way of others.
fn reachable(map: &Map, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut ahead = vec![from.to_owned()];
    while let Some(module) = ahead.pop() {
        for import in map.get(&module).into_iter().flatten() {
            if seen.insert(import.clone()) {
                ahead.push(import.clone());
            }
        }
    }
    seen
}

/// How far the module of a file lies below the crate's root. One that is named by `#[path]` lies below the module that
/// names it.
fn depth(file: &str, sources: &BTreeMap<String, String>) -> usize {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let declaration = format!("#[path = \"{name}\"]");
    let parent = sources.iter().find(|(other, text)| {
        *other != file && other.rsplit_once('/').unwrap_or(("", other)).0 == folder && text.contains(&declaration)
    });
    match parent {
        Some((parent, _)) => depth(parent, sources) + 1,
        None if file == "lib.rs" || file == "main.rs" => 0,
        None => file.split('/').filter(|part| *part != "mod.rs").count(),
    }
}

fn judge_file(file: &str, text: &str, depth: usize, map: &Map, faults: &mut Vec<String>) {
    let mut fault = |line: usize, what: String| faults.push(format!("src/{file}:{line}: {what}"));
    let parts: Vec<&str> = file.trim_end_matches(".rs").split('/').filter(|p| *p != "mod").collect();
    for part in parts.iter().filter(|part| LUMBER_ROOMS.contains(part)) {
        fault(1, format!("a module named {part} says nothing of what it is for"));
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE_LINES {
        fault(lines, format!("{lines} lines; past {LONGEST_FILE_LINES} a file wants to be two"));
    }
    if !text.starts_with("//!") {
        fault(1, "does not begin by saying what it is for (`//!`)".to_owned());
    }
    let door = file == "main.rs" || file == "lib.rs";
    let module = parts[0];
    if !door && !map.contains_key(module) {
        fault(1, format!("{module} has no row in the import table of src/lib.rs"));
    }
    let in_test_file = parts.iter().any(|p| *p == "tests" || p.ends_with("_tests"));
    for sighting in sightings(text, depth) {
        let line = sighting.line;
        match sighting.what {
            What::Import(name) if file == "main.rs" => {
                if name != "cli" {
                    fault(line, format!("main.rs is only the door to cli, and imports {name}"));
                }
            }
            What::Import(name) if file == "lib.rs" => {
                fault(line, format!("lib.rs only declares the modules, and imports {name}"));
            }
            What::Import(name) => {
                let allowed = name == module || map.get(module).is_some_and(|imports| imports.contains(&name));
                if !allowed {
                    fault(line, format!("{module} may not import {name}"));
                }
            }
            What::Unclear => fault(line, "the crate is used in a way that this test cannot follow".to_owned()),
            What::Unsafe => fault(line, "unsafe code".to_owned()),
            What::ImapCodec { in_tests } => {
                if !(in_tests || in_test_file) {
                    fault(line, "imap_codec is the oracle of tests, and no part of the program".to_owned());
                }
            }
            What::Module(name) => {
                if LUMBER_ROOMS.contains(&name.as_str()) {
                    fault(line, format!("a module named {name} says nothing of what it is for"));
                }
            }
        }
    }
}

/// Something in a file that there is a rule about.
struct Sighting {
    line: usize,
    what: What,
}

enum What {
    /// A path that leads to this module of the crate.
    Import(String),
    /// A use of the crate's root whose modules are not named.
    Unclear,
    Unsafe,
    ImapCodec {
        in_tests: bool,
    },
    /// `mod NAME`
    Module(String),
}

/// Walks through a file whose own module lies `depth` below the crate's root.
fn sightings(text: &str, depth: usize) -> Vec<Sighting> {
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map_or("", |t| t.text.as_str());
    let mut found = Vec::new();
    // The inline modules around this place: their names, and how many braces were open outside of each.
    let mut inside: Vec<(String, usize)> = Vec::new();
    let mut braces = 0;
    let mut at = 0;
    while at < tokens.len() {
        let line = tokens[at].line;
        let starts_path = !(at > 0 && word(at - 1) == "::");
        match word(at) {
            "{" => braces += 1,
            "}" => {
                braces -= 1;
                inside.pop_if(|(_, outside)| *outside == braces);
            }
            "mod" => {
                found.push(Sighting { line, what: What::Module(word(at + 1).to_owned()) });
                if word(at + 2) == "{" {
                    inside.push((word(at + 1).to_owned(), braces));
                }
            }
            "unsafe" => found.push(Sighting { line, what: What::Unsafe }),
            "imap_codec" => {
                let in_tests = inside.iter().any(|(name, _)| name == "tests");
                found.push(Sighting { line, what: What::ImapCodec { in_tests } });
            }
            "crate" | "delega" if starts_path && word(at + 1) == "::" => imports_after(&tokens, at + 2, &mut found),
            "crate" if word(at + 1) != ")" => found.push(Sighting { line, what: What::Unclear }),
            "super" if starts_path => {
                let mut climbed = 1;
                while word(at + 2 * climbed - 1) == "::" && word(at + 2 * climbed) == "super" {
                    climbed += 1;
                }
                let after = at + 2 * climbed - 1;
                if climbed >= depth + inside.len() {
                    if word(after) == "::" {
                        imports_after(&tokens, after + 1, &mut found);
                    } else if word(after) != ")" {
                        found.push(Sighting { line, what: What::Unclear });
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// What is named at `at`, right after `crate::`: one module, or several in braces.
fn imports_after(tokens: &[Token], at: usize, found: &mut Vec<Sighting>) {
    let Some(first) = tokens.get(at) else { return };
    if first.text != "{" {
        let what = if first.is_word() { What::Import(first.text.clone()) } else { What::Unclear };
        found.push(Sighting { line: first.line, what });
        return;
    }
    let mut open = 0;
    let mut begins = true;
    for token in &tokens[at..] {
        match token.text.as_str() {
            "{" => open += 1,
            "}" => open -= 1,
            "," if open == 1 => begins = true,
            _ if open == 1 && begins => {
                begins = false;
                let what = if token.is_word() { What::Import(token.text.clone()) } else { What::Unclear };
                found.push(Sighting { line: token.line, what });
            }
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
}

struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_') && self.text != "self" && self.text != "super"
    }
}

/// Words, `::` and single signs; without comments, texts, characters and lifetimes.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < chars.len() {
        let begin = at;
        let c = chars[at];
        if c == '/' && peek(at + 1) == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if c == '/' && peek(at + 1) == '*' {
            at = end_of_comment(&chars, at);
        } else if let Some(end) = end_of_text(&chars, at) {
            at = end;
        } else if c == '\'' {
            at = end_of_quote(&chars, at);
        } else if c.is_alphanumeric() || c == '_' {
            while peek(at).is_alphanumeric() || peek(at) == '_' {
                at += 1;
            }
            tokens.push(Token { line, text: chars[begin..at].iter().collect() });
        } else {
            let double = c == ':' && peek(at + 1) == ':';
            at += if double { 2 } else { 1 };
            if !c.is_whitespace() {
                tokens.push(Token { line, text: if double { "::".to_owned() } else { c.to_string() } });
            }
        }
        line += chars[begin..at].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

/// Past a comment of the form `/* … */`, which may hold others.
fn end_of_comment(chars: &[char], mut at: usize) -> usize {
    let mut open = 0;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (open, at) = (open + 1, at + 2),
            ('*', '/') => (open, at) = (open - 1, at + 2),
            _ => at += 1,
        }
        if open == 0 {
            return at;
        }
    }
    chars.len()
}

/// Past a text (`"…"`, `b"…"`, `c"…"`, `r#"…"#`) that begins at `at`, if one does.
fn end_of_text(chars: &[char], mut at: usize) -> Option<usize> {
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    if matches!(peek(at), 'b' | 'c') {
        at += 1;
    }
    let raw = peek(at) == 'r';
    at += usize::from(raw);
    let mut hashes = 0;
    while raw && peek(at) == '#' {
        (hashes, at) = (hashes + 1, at + 1);
    }
    if peek(at) != '"' {
        return None;
    }
    at += 1;
    while at < chars.len() {
        if !raw && chars[at] == '\\' {
            at += 2;
        } else if chars[at] == '"' && (1..=hashes).all(|n| peek(at + n) == '#') {
            return Some(at + 1 + hashes);
        } else {
            at += 1;
        }
    }
    Some(chars.len())
}

/// Past a character (`'a'`, `'\''`) or a lifetime (`'a`) that begins at `at`.
fn end_of_quote(chars: &[char], at: usize) -> usize {
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    if peek(at + 1) == '\\' {
        let mut end = at + 3;
        while end < chars.len() && chars[end] != '\'' {
            end += 1;
        }
        (end + 1).min(chars.len())
    } else if peek(at + 2) == '\'' {
        at + 3
    } else {
        at + 1
    }
}

const LIB: &str = "//! The map.\n//!\n//! | module | may import |\n//! |---|---|\n//! | domain | |\n\
                   //! | store | domain |\n//! | cli | domain, store |\n\npub mod domain;\npub mod store;\n";

/// The faults of a crate that consists of the map above and these files.
fn faults_of(files: &[(&str, &str)]) -> String {
    let mut sources = BTreeMap::from([("lib.rs".to_owned(), LIB.to_owned())]);
    sources.extend(files.iter().map(|(name, text)| ((*name).to_owned(), format!("//! What for.\n{text}"))));
    judge(&sources).join("\n")
}

#[test]
fn the_judge_lets_pass_what_the_map_allows() {
    let faults = faults_of(&[
        ("main.rs", "fn main() { delega::cli::main(); }"),
        ("cli/mod.rs", "use crate::{domain::Login, store};\nuse crate::cli::serve::Serve;"),
        (
            "store/sqlite.rs",
            "use crate::domain::Grant;\nuse super::Store;\npub(crate) fn f() {}\npub(in super) fn g() {}",
        ),
        (
            "store/mod.rs",
            "mod sqlite;\n#[cfg(test)]\nmod tests { use super::*; use imap_codec::A; mod deep { use super::super::B; } }",
        ),
        (
            "domain.rs",
            "// crate::store\n/* crate::store /* unsafe */ crate::store */\nconst A: &str = r#\"crate::store \" unsafe\"#;\n\
                       fn f<'a>(b: &'a str) -> char { let _ = (\"\\\" crate::store\", b\"unsafe\"); '\"' }\n/// [x](crate::store)\nfn g() {}",
        ),
    ]);
    assert_eq!(faults, "");
}

#[test]
fn the_judge_finds_imports_that_the_map_forbids() {
    for bad in [
        "use crate::store::Store;",
        "use crate::{store::Store, domain};",
        "use crate::{\n    domain::{A, B},\n    store,\n};",
        "fn f() { crate::store::open(); }",
        "fn f<'a>(c: char) { let _ = c == '\\''; crate::store::open() }",
        "use super::store::Store;",
        "mod tests { use super::super::store::Store; }",
        "fn f() -> super::store::Store {}",
        "pub(in crate::store) fn f() {}",
    ] {
        let faults = faults_of(&[("domain.rs", bad)]);
        assert!(faults.contains("domain may not import store"), "{bad}: {faults:?}");
    }
    let faults = faults_of(&[("domain/deep/login.rs", "\nuse super::super::super::store;")]);
    assert_eq!(faults, "src/domain/deep/login.rs:3: domain may not import store");
    let faults = faults_of(&[("main.rs", "fn main() { delega::store::open(); }")]);
    assert_eq!(faults, "src/main.rs:2: main.rs is only the door to cli, and imports store");
}

#[test]
fn the_judge_knows_where_a_file_lies_that_is_named_by_its_path() {
    let tests = ("domain/login_tests.rs", "use super::super::Grant;");
    let faults = faults_of(&[("domain/login.rs", "#[path = \"login_tests.rs\"]\nmod tests;"), tests]);
    assert_eq!(faults, "");
    let tests = ("domain/login_tests.rs", "use super::super::super::store;");
    let faults = faults_of(&[("domain/login.rs", "#[path = \"login_tests.rs\"]\nmod tests;"), tests]);
    assert_eq!(faults, "src/domain/login_tests.rs:2: domain may not import store");
    let faults =
        faults_of(&[("domain/login.rs", "mod login_tests;"), ("domain/login_tests.rs", "use super::super::store;")]);
    assert_eq!(faults, "src/domain/login_tests.rs:2: domain may not import store");
}

#[test]
fn the_judge_finds_what_it_cannot_follow() {
    for bad in ["use crate as c;", "use crate::*;", "use crate::{*};", "use super::*;", "use crate::{self as c};"] {
        let faults = faults_of(&[("domain.rs", bad)]);
        assert!(faults.contains("cannot follow"), "{bad}: {faults:?}");
    }
}

#[test]
fn the_judge_finds_faults_in_the_map() {
    let judge_lib = |lib: &str| judge(&BTreeMap::from([("lib.rs".to_owned(), lib.to_owned())])).join("\n");
    assert_eq!(judge_lib(LIB), "");
    assert!(judge_lib(&LIB.replace("| domain | |", "| domain | cli |")).contains("a circle"));
    assert!(judge_lib(&LIB.replace("| domain | |", "| domain | panel |")).contains("names panel, which has no row"));
    assert!(judge_lib("//! Nothing.\n").contains("no import table"));
    assert!(judge_lib(&format!("{LIB}pub use crate::store::Store;")).contains("lib.rs only declares"));
    assert!(faults_of(&[("web/mod.rs", "")]).contains("web has no row"));
}

#[test]
fn the_judge_finds_bad_shapes() {
    let mut long = String::new();
    for n in 0..LONGEST_FILE_LINES {
        writeln!(long, "const A{n}: u8 = 0;").unwrap();
    }
    assert!(faults_of(&[("domain.rs", &long)]).contains("601 lines"));
    assert_eq!(faults_of(&[("domain.rs", &long[..long.trim_end().rfind('\n').unwrap()])]), "");
    assert!(faults_of(&[("domain/util.rs", "")]).contains("a module named util"));
    assert!(faults_of(&[("domain/mod.rs", "mod helpers { }")]).contains("a module named helpers"));
    assert!(faults_of(&[("domain.rs", "fn f() { unsafe { g() } }")]).contains("unsafe code"));
    assert!(faults_of(&[("store/mod.rs", "use imap_codec::CommandCodec;")]).contains("imap_codec"));
    let sources =
        BTreeMap::from([("lib.rs".to_owned(), LIB.to_owned()), ("domain.rs".to_owned(), "mod a;".to_owned())]);
    assert!(judge(&sources).join("\n").contains("does not begin by saying"));
}
