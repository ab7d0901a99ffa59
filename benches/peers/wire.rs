//! The bytes of one connection, at the load generator's end and at the upstream's: lines, octets that were announced, and
//! texts that end with a dot.

use std::io::{self, Read, Write};
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What one read or write of a message holds: four full TLS records.
pub const PIECE_BYTES: usize = 64 * 1024;
const LINE_BYTES: usize = 4096;

/// A stream with what was read of it and what is to be said.
pub struct Wire<S> {
    stream: S,
    input: Vec<u8>,
    start: usize,
    end: usize,
    output: Vec<u8>,
}

impl<S: Read + Write> Wire<S> {
    /// Nothing has been said or read.
    pub fn new(stream: S) -> Wire<S> {
        Wire { stream, input: vec![0; LINE_BYTES], start: 0, end: 0, output: Vec::new() }
    }

    /// Makes room for a large message that is to come.
    pub fn make_room(&mut self) {
        if self.input.len() < PIECE_BYTES {
            self.input.resize(PIECE_BYTES, 0);
        }
    }

    /// Keeps as little as a connection needs that waits. Nothing may have been read ahead.
    pub fn shrink(&mut self) {
        (self.input, self.start, self.end) = (vec![0; 256], 0, 0);
        self.output = Vec::new();
    }

    /// Adds to what is to be said; it goes out with the next read, or [`Wire::send`].
    pub fn say(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    /// Says this, after what is still to be said, without a copy.
    pub fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send()?;
        self.stream.write_all(bytes)
    }

    /// Says what is to be said.
    pub fn send(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output)?;
            self.output.clear();
        }
        self.stream.flush()
    }

    /// The next line without its CRLF; none at the end.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        let mut searched = self.start;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.input[searched..self.end]) {
                let end = searched + at;
                let line = String::from_utf8_lossy(&self.input[self.start..end]).trim_end_matches('\r').to_owned();
                self.start = end + 1;
                return Ok(Some(line));
            }
            let seen = self.end - self.start;
            if !self.fill()? {
                return Ok(None);
            }
            searched = self.start + seen;
        }
    }

    /// Takes so many octets, and forgets them.
    pub fn skip(&mut self, mut octets: usize) -> io::Result<()> {
        while octets > 0 {
            if self.start == self.end {
                // A large message comes in large pieces.
                if octets > PIECE_BYTES {
                    self.make_room();
                }
                self.fill_more()?;
            }
            let taken = octets.min(self.end - self.start);
            self.start += taken;
            octets -= taken;
        }
        Ok(())
    }

    /// Takes the lines up to a lone dot, and forgets them; tells how many octets they had. To be called behind a line,
    /// whose CRLF counts where the dot comes first.
    pub fn text(&mut self) -> io::Result<usize> {
        static END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n.\r\n"));
        let overlap = END.needle().len() - 1;
        self.start = self.start.checked_sub(2).ok_or_else(|| io::Error::other("no line before the text"))?;
        self.make_room();
        let mut octets = 0;
        loop {
            let input = &self.input[self.start..self.end];
            if let Some(at) = END.find(input) {
                self.start += at + END.needle().len();
                return Ok(octets + at);
            }
            let seen = input.len().saturating_sub(overlap);
            octets += seen;
            self.start += seen;
            self.fill_more()?;
        }
    }

    /// Reads what there is, without looking at it.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }

    fn fill_more(&mut self) -> io::Result<()> {
        if self.fill()? { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Says what is to be said, then reads more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.send()?;
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.input.len() {
            return Err(io::Error::other("an endless line"));
        }
        match self.stream.read(&mut self.input[self.end..]) {
            Ok(0) => Ok(false),
            Ok(read) => {
                self.end += read;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }
}
