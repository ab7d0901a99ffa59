//! What a session has said and the sockets have not taken yet.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, ready};

use crate::net::Stream;
use crate::session::{Request, Sink};

/// Bytes for one leg.
#[derive(Debug, Default)]
pub struct Pipe {
    bytes: Vec<u8>,
    written: usize,
    /// Whether the stream may still hold bytes that were written.
    unflushed: bool,
}

/// Everything that a session has said.
#[derive(Debug, Default)]
pub struct Outbox {
    /// For the client.
    pub downstream: Pipe,
    /// For the server.
    pub upstream: Pipe,
    /// For the gateway.
    pub requests: VecDeque<Request>,
}

impl Sink for Outbox {
    fn downstream(&mut self, bytes: &[u8]) {
        self.downstream.bytes.extend_from_slice(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.upstream.bytes.extend_from_slice(bytes);
    }

    fn request(&mut self, request: Request) {
        self.requests.push_back(request);
    }
}

impl Pipe {
    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Whether bytes wait, here or in the stream.
    pub fn is_pending(&self) -> bool {
        self.len() > 0 || self.unflushed
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        *self = Pipe::default();
    }

    /// Gives memory back, if nothing waits: a session that idles holds no buffer.
    pub fn rest(&mut self) {
        if self.bytes.is_empty() && self.bytes.capacity() > 0 {
            self.bytes = Vec::new();
        }
    }

    /// Writes what the stream takes; `progress` is told when its socket has taken something. Pending while bytes are
    /// left, here or in the stream.
    pub fn poll_write(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        progress: &mut bool,
    ) -> Poll<io::Result<()>> {
        self.unflushed = true;
        ready!(stream.poll_give(cx, &self.bytes, &mut self.written, progress))?;
        self.bytes.clear();
        self.written = 0;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }
}
