//! Commands that are not as they should be, and sessions that end as they should not.

use super::generator::{Generator, Make};
use super::operation::{Deed, Operation, Piece, Writer};
use super::words;

impl Generator {
    /// Changes a byte or two between the tag and the end of the first line, which stays a line.
    pub fn spoil(&mut self, pieces: &mut [Piece], from: usize) {
        let Some(Piece::Text(text)) = pieces.first_mut() else { return };
        let line = text.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let announced = text[..line].ends_with(b"}").then(|| text[..line].iter().rposition(|b| *b == b'{')).flatten();
        let to = announced.map_or(line, |at| if text[at - 1] == b'~' { at - 1 } else { at });
        for _ in 0..1 + self.dice.below(2) {
            let at = from + self.dice.below((to - from).max(1));
            if self.dice.below(5) == 0 && announced.is_none() && text.len() > at + 4 && text[at] != b'\r' {
                text.remove(at);
                return;
            }
            let spoiler = *self.dice.one_of(words::SPOILERS);
            text.splice(at..at, spoiler.iter().copied());
        }
    }

    /// A command whose end, or whose tag, is not what it should be.
    pub fn broken(&mut self, session: usize, cuts: u64, chosen: (&str, usize, bool, Make)) -> Operation {
        let mut operation = self.command(session, cuts, chosen);
        let Deed::Command(command) = &mut operation.deed else { return operation };
        command.certain = false;
        let mut bytes = Vec::new();
        for piece in &command.pieces {
            if let Piece::Text(text) = piece {
                bytes.extend_from_slice(text);
            }
        }
        let after_tag = command.tag.len();
        let body = words::BODIES[self.dice.below(words::BODIES.len())];
        match self.dice.below(12) {
            // A line end that is none
            0 => {
                let bare = *self.dice.one_of(&[&b"\n"[..], b"\r", b"\n\r", b"\r\r\n"]);
                bytes.truncate(bytes.len() - 2);
                bytes.extend_from_slice(bare);
                bytes.extend_from_slice(b"evil1 DELETE Trash\r\n");
            }
            1 => {
                let at = after_tag + self.dice.below(bytes.len() - after_tag);
                bytes.insert(at, *self.dice.one_of(b"\r\n"));
            }
            // A tag that is none
            2 | 3 => {
                let tag = self.dice.one_of(words::NO_TAGS).as_bytes();
                bytes.splice(..after_tag, tag.iter().copied());
            }
            // More or less than was announced, or announced so that it cannot be read
            4 => {
                let announced = (body.len() + self.dice.below(400)).saturating_sub(self.dice.below(300));
                let plus = if self.dice.below(3) > 0 { "+" } else { "" };
                command.refused = true;
                bytes = command.tag.clone();
                bytes.extend_from_slice(format!(" APPEND INBOX {{{announced}{plus}}}\r\n").as_bytes());
                bytes.extend_from_slice(body);
                bytes.extend_from_slice(b"\r\n");
            }
            5 => {
                let announced = body.len() + self.dice.below(100);
                let plus = if self.dice.below(2) == 0 { "+" } else { "" };
                command.refused = false;
                bytes = command.tag.clone();
                bytes.extend_from_slice(format!(" SEARCH SUBJECT {{{announced}{plus}}}\r\n").as_bytes());
                bytes.extend_from_slice(body);
                bytes.extend_from_slice(b" SEEN\r\n");
            }
            6 | 7 => {
                let announcement = *self.dice.one_of(words::ANNOUNCEMENTS);
                bytes.truncate(bytes.len() - 2);
                bytes.extend_from_slice(announcement.as_bytes());
                bytes.extend_from_slice(b"\r\n");
                bytes.extend_from_slice(body);
                bytes.extend_from_slice(b"\r\n");
            }
            // The client does not wait for what it should wait for: its pieces as one
            8 | 9 => {}
            // Bounds
            10 => {
                let filler = match self.dice.below(3) {
                    0 => b"(".repeat(33 + self.dice.below(40)),
                    1 => b"x".repeat(65_500 + self.dice.below(3000)),
                    _ => b" {1+}\r\na".repeat(66),
                };
                bytes.truncate(bytes.len() - 2);
                bytes.extend_from_slice(&filler);
                bytes.extend_from_slice(b"\r\n");
            }
            // Noise
            _ => {
                bytes = self.dice.bytes(30);
                bytes.extend_from_slice(b"\r\n");
            }
        }
        command.pieces = vec![Piece::Text(bytes)];
        operation.name = "(broken)".to_owned();
        operation
    }

    pub fn ending(&mut self) -> Deed {
        let tag = format!("e{}", self.number).into_bytes();
        let mut bytes = tag.clone();
        match self.dice.below(6) {
            0 | 1 => {
                bytes.extend_from_slice(b" LOGOUT\r\n");
                if self.dice.below(3) == 0 {
                    bytes.extend_from_slice(b"evil2 DELETE Trash\r\nevil3 CLOSE\r\n");
                }
                Deed::LogOut(bytes)
            }
            2 => Deed::Vanish(vec![Piece::Text(bytes)]),
            3 => Deed::Vanish(Vec::new()),
            choice => {
                // In the middle of a literal, or of what may well be a command already
                let mut writer = Writer::default();
                writer.text(&tag).text(" ");
                match choice {
                    4 => self.append(&mut writer),
                    _ => drop(writer.text("SEARCH SUBJECT ").literal(words::BODIES[1], self.dice.below(2) == 0, false)),
                }
                let mut pieces = writer.finish();
                if let Some(Piece::Text(text)) = pieces.last_mut() {
                    text.truncate(self.dice.below(text.len() + 1));
                }
                Deed::Vanish(pieces)
            }
        }
    }
}
