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

/// Adds `bytes` to `buffer`, in room of the thread's where it has none of its own.
pub fn add(buffer: &mut Vec<u8>, bytes: &[u8]) {
    if buffer.capacity() == 0 {
        *buffer = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    }
    buffer.extend_from_slice(bytes);
}

/// Gives a buffer's room to whoever needs one next; what is in it is forgotten.
pub fn give(buffer: &mut Vec<u8>) {
    let mut buffer = std::mem::take(buffer);
    if (1..=LARGEST_BYTES).contains(&buffer.capacity()) {
        buffer.clear();
        FREE.with_borrow_mut(|free| {
            if free.len() < WAITING {
                free.push(buffer);
            }
        });
    }
}
