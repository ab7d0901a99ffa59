//! Reads `tests/corpus/imap`: see `tests/corpus/README.md`.

use std::path::Path;

/// One exchange of a real program.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The program's name.
    pub program: String,
    /// The line as it stands in the file.
    pub text: String,
    /// What was sent, CRLFs included.
    pub bytes: Vec<u8>,
}

/// All of them, in the order of the files and their lines.
pub fn exchanges() -> Vec<Exchange> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/imap");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let exchanges: Vec<_> = files.iter().flat_map(|file| read(file)).collect();
    assert!(exchanges.len() > 300, "the corpus is not all there");
    exchanges
}

fn read(file: &Path) -> Vec<Exchange> {
    let program = file.file_stem().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| Exchange { program: program.clone(), text: line.to_owned(), bytes: unescape(line) })
        .collect()
}

fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        match (first, others) {
            (b'\\', [b'r', after @ ..]) => (bytes.push(b'\r'), rest = after).1,
            (b'\\', [b'n', after @ ..]) => (bytes.push(b'\n'), rest = after).1,
            (b'\\', [b'\\', after @ ..]) => (bytes.push(b'\\'), rest = after).1,
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = after;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}
