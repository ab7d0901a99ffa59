//! The text of a message that needs no look: what an attachment in base64 consists of, at many octets a step.
//!
//! Whoever reads messages looks at each line end for what may follow it. Where lines are as short as mail's are, finding
//! each costs more than looking at all octets at once. This file only ever says "here is nothing to look at"; all that
//! could matter, and all that it is not sure of, is left to whoever asks.

use memchr::memrchr;

/// What is looked at in one step.
const BLOCK_BYTES: usize = 256;

/// The longest line, or part of one, within what [`smooth`] tells: each block has a line end.
pub const LONGEST_LINE_BYTES: usize = 2 * BLOCK_BYTES;

/// How many octets behind the first `at` hold nothing but lines that end in CRLF, none of which begins with a dot, and no
/// NUL. They end within a line, or before the CR of its end. None where `at` is 0: what comes before decides, too.
pub fn smooth(bytes: &[u8], at: usize) -> usize {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before..)).unwrap_or_default();
    let behind = bytes.get(at..).unwrap_or_default();
    let blocks = before.chunks_exact(BLOCK_BYTES).zip(behind.chunks_exact(BLOCK_BYTES));
    let length = blocks.take_while(|(before, behind)| is_smooth(before, behind)).count() * BLOCK_BYTES;
    let told = behind.get(..length).unwrap_or_default();
    let told = told.strip_suffix(b"\r\n").or_else(|| told.strip_suffix(b"\r")).unwrap_or(told);
    told.len()
}

/// How many octets at the end of `told`, which [`smooth`] has told, belong to a line that has not ended.
pub fn of_last_line(told: &[u8]) -> usize {
    memrchr(b'\n', told).map_or(told.len(), |at| told.len() - at - 1)
}

/// Each octet with the one before it. Without a branch, so that the compiler makes vectors of it.
fn is_smooth(before: &[u8], behind: &[u8]) -> bool {
    let (mut rough, mut line_ends) = (false, false);
    for (before, octet) in before.iter().zip(behind) {
        let (line_end, nul, dot) = (*octet == b'\n', *octet == 0, *octet == b'.');
        rough |= (line_end ^ (*before == b'\r')) | nul | (dot & (*before == b'\n'));
        line_ends |= line_end;
    }
    line_ends & !rough
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8; 78] = b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n";

    #[test]
    fn an_attachment_is_smooth_up_to_its_last_blocks() {
        let text = LINE.repeat(40);
        for at in [1, 76, 77, 78, 100] {
            let told = smooth(&text, at);
            assert!(told + BLOCK_BYTES + 2 > text.len() - at, "{told} from {at}");
            let end = &text[at + told..];
            assert!(!end.starts_with(b"\n") && !text[..at + told].ends_with(b"\r"), "{told} from {at}");
        }
        assert_eq!(smooth(&text, 0), 0);
        assert_eq!(smooth(&text, text.len() + 1), 0);
    }

    #[test]
    fn nothing_that_matters_is_told() {
        for rough in
            [&b"\n"[..], b"\r", b"\0", b"\r\n.", b"\r\n.\r\n", b"\n.", b"\r.", b"\r\r\n", b"\r\n\n", b"\0\r\n."]
        {
            for place in 0..3 * BLOCK_BYTES {
                let mut text = LINE.repeat(20);
                text.splice(place + 1..place + 1, rough.iter().copied());
                let told = 1 + smooth(&text, 1);
                let harmless = text[..].windows(2).enumerate().all(|(at, two)| match two {
                    [_, 0] | [b'\n', b'.'] => at + 1 >= told,
                    [before, b'\n'] if *before != b'\r' => at + 1 >= told,
                    [b'\r', after] if *after != b'\n' => at + 1 >= told,
                    _ => true,
                });
                assert!(harmless, "{:?} at {place}: {told}", rough.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn a_line_is_no_longer_than_is_said() {
        for length in [10, 254, 255, 256, 400, 600, 5000] {
            let text = [&vec![b'x'; length][..], b"\r\n"].concat().repeat(3000 / length + 3);
            let told = &text[1..][..smooth(&text, 1)];
            let longest = told.split(|octet| *octet == b'\n').map(<[u8]>::len).max();
            assert!(longest <= Some(LONGEST_LINE_BYTES), "{length}");
            assert_eq!(of_last_line(told), told.rsplit(|octet| *octet == b'\n').next().map_or(0, <[u8]>::len));
        }
    }
}
