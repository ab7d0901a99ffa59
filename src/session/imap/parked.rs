//! An upstream session that outlives the client's, to serve the next login to the same mailbox at once (X4).
//!
//! What the next client could see of the last one is undone or keeps the session from being parked: the selected folder
//! is left by UNSELECT, which expunges nothing, and takes the saved search result with it (RFC 5182 §2.1); an extension
//! that was enabled stays enabled for good (RFC 5161 §3.1), and a session in which there is one is not parked. Nor is one
//! in which the upstream took offence (BAD): servers count that, and end the session after some. Where no folder is
//! selected, the answer to a NOOP is awaited instead, so that nothing is on its way any more.

use crate::proto::imap::capability::Capabilities;
use crate::proto::imap::response::{self, Head, Status};
use crate::proto::imap::scanner::{Fault, Scanner, Step};

/// An upstream session between two clients.
#[derive(Debug)]
pub struct Parked {
    scanner: Scanner,
    /// The tag of the last command, while its answer is awaited.
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
    /// A session in the authenticated state once the command with the tag `awaited` is answered.
    pub(super) fn new(capabilities: Capabilities, awaited: Vec<u8>) -> Parked {
        Parked { scanner: Scanner::default(), awaited: Some(awaited), capabilities }
    }

    /// Whether it can serve a login: the folder is left, and the upstream is not in the middle of a response. While it
    /// waits for a login, the upstream has nothing to say.
    pub fn is_ready(&self) -> bool {
        self.awaited.is_none() && self.scanner.is_fresh()
    }

    /// What the upstream offers, for [`Input::UpstreamReady`](crate::session::Input::UpstreamReady).
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// What the upstream is told when nobody came.
    pub fn farewell(&self) -> &'static [u8] {
        b"D LOGOUT\r\n"
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
                        // What the upstream had to tell before it answered.
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
        Parked::new(Capabilities::NONE, b"D1".to_vec())
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

    #[test]
    fn it_is_not_ready_in_the_middle_of_a_response() {
        let mut parked = parked();
        parked.upstream(format!("D1 OK {}", "x".repeat(1000)).as_bytes()).unwrap();
        assert!(!parked.is_ready(), "the answer has not ended");
        parked.upstream(b"\r\n* 3 EX").unwrap();
        assert!(!parked.is_ready(), "another response has begun");
        assert!(parked.upstream(b"ISTS\r\n").is_err());
    }

    #[test]
    fn anything_unforeseen_spoils_it() {
        for bytes in
            [&b"* BYE\r\n"[..], b"D1 NO\r\n", b"D1 BAD\r\n", b"D2 OK\r\n", b"+ go on\r\n", b"* OK\n", b"junk\r\n"]
        {
            assert!(parked().upstream(bytes).is_err(), "{bytes:?}");
        }
        let mut ready = parked();
        ready.upstream(b"D1 OK NOOP completed.\r\n").unwrap();
        assert!(ready.is_ready());
        assert!(ready.upstream(b"* OK Still here\r\n").is_err());
    }
}
