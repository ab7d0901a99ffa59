//! Buffers that belong to the thread: what a connection needs for a moment it takes from here and gives back, so that
//! neither work nor rest costs an allocation.

use std::cell::RefCell;

/// How many wait at most. A thread works on one connection at a time, which needs a few.
const WAITING: usize = 8;
/// The largest that is kept.
const LARGEST_BYTES: usize = 256 * 1024;

thread_local! {
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer.
pub fn take() -> Vec<u8> {
    FREE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Gives a buffer's room to whoever needs one next; what is in it is forgotten.
pub fn give(mut buffer: Vec<u8>) {
    if (1..=LARGEST_BYTES).contains(&buffer.capacity()) {
        buffer.clear();
        FREE.with_borrow_mut(|free| {
            if free.len() < WAITING {
                free.push(buffer);
            }
        });
    }
}
