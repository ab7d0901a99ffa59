//! The scanner, and readers of other minds.

use super::*;
use crate::proto::pop3::reply::Status;

/// A response of more lines than one, in pieces of `size`: what is told of its lines, and what is left behind them; none
/// where it has not ended.
fn lines(input: &[u8], size: usize) -> Option<(Vec<u8>, usize)> {
    let mut scanner = Scanner::default();
    scanner.expect_lines();
    let mut told = Vec::new();
    let mut taken = 0;
    for piece in input.chunks(size) {
        let mut rest = piece;
        loop {
            match scanner.next(&mut rest).unwrap() {
                Step::More => break,
                Step::Data(data) => told.extend_from_slice(data),
                Step::End => return Some((told, input.len() - taken - (piece.len() - rest.len()))),
                Step::Status(_) => panic!("no status line here"),
            }
        }
        taken += piece.len();
    }
    None
}

#[test]
fn a_message_passes_as_it_is() {
    let message = b"Subject: x\r\n\r\n..dot\r\n...\r\n\r\n.x\r\nlone\rCR, lone\nLF\r\r\n\0\xff\r\n";
    let input = [message.as_slice(), b".\r\n+OK"].concat();
    for size in 1..input.len() {
        assert_eq!(lines(&input, size), Some((message.to_vec(), 3)), "by {size}");
    }
    assert_eq!(lines(b".\r\n", 1), Some((Vec::new(), 0)));
}

/// Where a reader finds the end of a response, for whom any of `ends` ends a line.
fn end(told: &[u8], ends: &[&[u8]]) -> Option<usize> {
    let mut at = 0;
    loop {
        // At the start of a line.
        let rest = &told[at..];
        if let Some(behind) = rest.strip_prefix(b".")
            && let Some(end) = ends.iter().find(|end| behind.starts_with(end))
        {
            return Some(at + 1 + end.len());
        }
        at = (at..told.len())
            .find_map(|n| ends.iter().find(|end| told[n..].starts_with(end)).map(|end| n + end.len()))?;
    }
}

/// Every text of these octets up to a length, as a message that an upstream sends which stuffs dots behind CRLF alone.
#[test]
fn no_reader_finds_another_end() {
    let octets = [b'\r', b'\n', b'.', b'a'];
    for length in 0..=8u32 {
        for n in 0..4usize.pow(length) {
            let text: Vec<u8> = (0..length).map(|place| octets[n / 4usize.pow(place) % 4]).collect();
            let input = [&text[..], b"\r\n.\r\n"].concat();
            let Some((told, left)) = lines(&input, input.len()) else {
                panic!("no end: {:?}", input.escape_ascii().to_string())
            };
            let strict = end(&input, &[b"\r\n"]).unwrap();
            assert_eq!(input.len() - left, strict, "{:?}", input.escape_ascii().to_string());
            let told = [&told[..], b".\r\n"].concat();
            // The longest first, as such readers do.
            let readers: [&[&[u8]]; 4] = [&[b"\r\n"], &[b"\r\n", b"\n"], &[b"\r\n", b"\r"], &[b"\r\n", b"\r", b"\n"]];
            for reader in readers {
                let shown = told.escape_ascii().to_string();
                assert_eq!(end(&told, reader), Some(told.len()), "{shown:?} by {reader:?}");
            }
            assert_eq!(lines(&input, 1), Some((told[..told.len() - 3].to_vec(), left)));
            assert_eq!(lines(&input, 3).map(|(told, _)| told), Some(told[..told.len() - 3].to_vec()));
        }
    }
}

fn status(input: &[u8], size: usize) -> Result<Reply, Fault> {
    let mut scanner = Scanner::default();
    for mut piece in input.chunks(size) {
        if let Step::Status(reply) = scanner.next(&mut piece)? {
            return Ok(reply);
        }
    }
    panic!("no status line");
}

#[test]
fn a_status_line_is_strict_and_bounded() {
    for size in 1..20 {
        let reply = Reply { status: Status::Ok, code: None, text: "2 320".to_owned() };
        assert_eq!(status(b"+OK 2 320\r\n", size), Ok(reply));
        for broken in [&b"+OK\n"[..], b"+OK a\rb\r\n", b"+OK\r\r\n", b"HELLO\r\n", b"\r\n"] {
            assert!(status(broken, size).is_err(), "{broken:?}");
        }
    }
    let line = |length: usize| [b"+OK ", vec![b'x'; length - 6].as_slice(), b"\r\n"].concat();
    for size in [1, 1000, usize::MAX] {
        assert!(status(&line(limits::STATUS_LINE_BYTES), size).is_ok());
        assert!(status(&line(limits::STATUS_LINE_BYTES + 1), size).is_err());
    }
}

#[test]
fn large_pieces_are_read_as_single_octets_are() {
    let line = format!("{}\r\n", "x".repeat(76)).repeat(12);
    let rough =
        ["", "\n", "\r", "\0", "\r\n..", "\r\n.x", "\r\n.\r\n", "\n.\n", "\r.\r", "\r\n\r\n", "\r\n.\rx", "\r\n.\n"];
    for (rough, at) in rough.into_iter().flat_map(|rough| (70..700).step_by(3).map(move |at| (rough, at))) {
        let (before, behind) = line.split_at(at);
        let text = [before, rough, behind, ".\r\n+OK"].concat();
        let expected = lines(text.as_bytes(), 1);
        assert!(expected.is_some(), "{rough:?} at {at}");
        for size in [300, 777, usize::MAX] {
            assert_eq!(lines(text.as_bytes(), size), expected, "{rough:?} at {at} by {size}");
        }
    }
}
