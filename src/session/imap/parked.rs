//! An upstream session that outlives the client's, to serve the next login to the same mailbox at once (X4).
//!
//! What the next client could see of the last one is undone or keeps the session from being parked: the selected folder
//! is left by UNSELECT, which expunges nothing, and takes the saved search result with it (RFC 5182 §2.1); an extension
//! that was enabled stays enabled for good (RFC 5161 §3.1), and a session in which there is one is not parked.

use crate::proto::imap::capability::Capabilities;
use crate::proto::imap::response::{self, Head, Status};
use crate::proto::imap::scanner::{Fault, Scanner, Step};

/// An upstream session between two clients.
#[derive(Debug)]
pub struct Parked {
    scanner: Scanner,
    /// The command that leaves the folder, while its answer is awaited.
    awaited: Option<Vec<u8>>,
    capabilities: Capabilities,
}

/// The upstream session is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoilt(pub &'static str);

impl From<Fault> for Spoilt {
    fn from(fault: Fault) -> Spoilt {
        Spoilt(fault.0)
    }
}

impl Parked {
    /// A session in the authenticated state, or on the way there once the command with the tag `awaited` is answered.
    pub(super) fn new(capabilities: Capabilities, awaited: Option<Vec<u8>>) -> Parked {
        Parked { scanner: Scanner::default(), awaited, capabilities }
    }

    /// Whether it can serve a login. While it waits for one, the upstream has nothing to say.
    pub fn is_ready(&self) -> bool {
        self.awaited.is_none() && self.scanner.is_fresh()
    }

    /// What the upstream offers, for [`Input::UpstreamReady`](crate::session::Input::UpstreamReady).
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Takes bytes from the upstream.
    pub fn upstream(&mut self, bytes: &[u8]) -> Result<(), Spoilt> {
        let mut input = bytes;
        loop {
            match self.scanner.next(&mut input)? {
                Step::More => return Ok(()),
                Step::End | Step::Data(_) => {}
                Step::Head { bytes, .. } => {
                    match response::head(&bytes) {
                        // What the folder had to tell before it was left.
                        Head::Data(_) | Head::Status(Status::Ok | Status::No, _) if self.awaited.is_some() => {}
                        Head::Tagged(tag, Status::Ok, _) if self.awaited.as_deref() == Some(tag) => self.awaited = None,
                        _ => return Err(Spoilt("the upstream had something else to say")),
                    }
                    let structured = matches!(response::head(&bytes), Head::Data(_));
                    self.scanner.skip(&bytes, structured)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked() -> Parked {
        Parked::new(Capabilities::NONE, Some(b"D1".to_vec()))
    }

    #[test]
    fn it_is_ready_once_the_folder_is_left() {
        let mut parked = parked();
        for byte in b"* 3 EXISTS\r\n* 1 FETCH (FLAGS ())\r\n* OK [X] y\r\nD1 OK Unselect completed.\r" {
            parked.upstream(&[*byte]).unwrap();
            assert!(!parked.is_ready());
        }
        parked.upstream(b"\n").unwrap();
        assert!(parked.is_ready());
    }

    /// What is left of a line would be the first thing that the next client's session hears.
    #[test]
    fn it_is_ready_only_at_the_end_of_a_line() {
        let mut parked = parked();
        parked.upstream(format!("D1 OK {}", "x".repeat(500)).as_bytes()).unwrap();
        assert!(!parked.is_ready());
        parked.upstream(b"\r\n").unwrap();
        assert!(parked.is_ready());
    }

    #[test]
    fn anything_unforeseen_spoils_it() {
        for bytes in
            [&b"* BYE\r\n"[..], b"D1 NO\r\n", b"D1 BAD\r\n", b"D2 OK\r\n", b"+ go on\r\n", b"* OK\n", b"junk\r\n"]
        {
            assert!(parked().upstream(bytes).is_err(), "{bytes:?}");
        }
        let mut ready = Parked::new(Capabilities::NONE, None);
        assert!(ready.upstream(b"* OK Still here\r\n").is_err());
    }
}
