//! A server's bytes → responses.
#![no_main]

use delega::proto::imap::response::{self, Head};
use delega::proto::imap::scanner::{Scanner, Step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = scanned(bytes, bytes.len().max(1));
    let size = bytes.first().map_or(1, |first| usize::from(*first) % 50 + 1);
    for size in [1, size] {
        assert_eq!(scanned(bytes, size), whole);
    }
});

/// The responses, and whether the bytes broke the grammar.
fn scanned(bytes: &[u8], size: usize) -> (Vec<Vec<u8>>, bool) {
    let mut scanner = Scanner::default();
    let (mut responses, mut current) = (Vec::new(), Vec::new());
    for mut piece in bytes.chunks(size) {
        loop {
            let step = match scanner.next(&mut piece) {
                Ok(step) => step,
                Err(_) => return (responses, true),
            };
            let fine = match step {
                Step::More => break,
                Step::End => {
                    responses.push(std::mem::take(&mut current));
                    Ok(())
                }
                Step::Data(data) => {
                    current.extend_from_slice(data);
                    Ok(())
                }
                Step::Head { bytes, complete } => match response::head(&bytes) {
                    Head::Continuation if complete => {
                        scanner.done();
                        Ok(())
                    }
                    Head::Continuation => scanner.hold(bytes),
                    Head::Data(_) => {
                        current.extend_from_slice(&bytes);
                        scanner.pass(&bytes, true)
                    }
                    Head::Status(..) | Head::Tagged(..) => {
                        current.extend_from_slice(&bytes);
                        scanner.pass(&bytes, false)
                    }
                    Head::Unknown => scanner.skip(&bytes, true),
                },
            };
            if fine.is_err() {
                return (responses, true);
            }
        }
    }
    (responses, false)
}
