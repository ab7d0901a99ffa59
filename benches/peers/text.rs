//! What messages consist of, in all three protocols.

use std::sync::LazyLock;

/// A line as of a base64 attachment.
pub const LINE: &[u8; 78] = b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n";
/// What one write holds: no more than four full TLS records.
const LINES_AT_ONCE: usize = 840;

/// As many octets as the whole lines in so many KiB have.
pub fn octets(kib: usize) -> usize {
    kib * 1024 / LINE.len() * LINE.len()
}

/// The lines of a message of so many KiB, in large pieces.
pub fn pieces(kib: usize) -> impl Iterator<Item = &'static [u8]> {
    static LINES: LazyLock<Vec<u8>> = LazyLock::new(|| LINE.repeat(LINES_AT_ONCE));
    let lines: &'static [u8] = &LINES;
    let mut left = octets(kib);
    std::iter::from_fn(move || {
        let piece = lines.get(..left.min(lines.len()))?;
        left -= piece.len();
        (!piece.is_empty()).then_some(piece)
    })
}
