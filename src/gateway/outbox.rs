//! What a session has said and the sockets have not taken yet.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use crate::session::{Request, Sink};

/// Bytes for one leg.
#[derive(Debug, Default)]
pub struct Pipe {
    bytes: Vec<u8>,
    written: usize,
    /// Whether bytes were written that the stream may still hold.
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

    /// Writes what the stream takes; true if it took something. Pending while bytes are left.
    pub fn poll_write<W: AsyncWrite + Unpin>(&mut self, stream: &mut W, cx: &mut Context<'_>) -> io::Result<Written> {
        let mut progress = false;
        while self.written < self.bytes.len() {
            let rest = self.bytes.get(self.written..).unwrap_or_default();
            match Pin::new(&mut *stream).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => {
                    self.written += written;
                    self.unflushed = true;
                    progress = true;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(Written { progress }),
            }
        }
        self.bytes.clear();
        self.written = 0;
        if self.unflushed {
            match Pin::new(stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    self.unflushed = false;
                    progress = true;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {}
            }
        }
        Ok(Written { progress })
    }
}

/// What came of an attempt to write.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Whether the stream took anything.
    pub progress: bool,
}
