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

    /// Hands over what waits.
    pub fn take(&mut self) -> Pipe {
        std::mem::take(self)
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
        let given = stream.poll_give(cx, &self.bytes, &mut self.written, progress);
        if given.is_pending() && self.written >= self.len() {
            // A socket that takes little at a time would otherwise let a whole message gather here.
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        ready!(given)?;
        self.bytes.clear();
        self.written = 0;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use tokio::io::{AsyncRead, ReadBuf};
    use tokio::net::{TcpSocket, TcpStream};

    use super::*;

    const WAITING: usize = 256 * 1024;

    /// A connection whose socket holds little, as those over long distances do at first.
    async fn narrow() -> io::Result<(Stream, TcpStream)> {
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(8 * 1024)?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let listener = socket.listen(1)?;
        let client = TcpSocket::new_v4()?;
        client.set_recv_buffer_size(64 * 1024)?;
        let client = client.connect(listener.local_addr()?).await?;
        Ok((Stream::plain(listener.accept().await?.0), client))
    }

    #[tokio::test]
    async fn a_pipe_that_never_runs_empty_holds_no_more_than_what_waits() -> io::Result<()> {
        let (mut stream, mut client) = narrow().await?;
        let mut outbox = Outbox::default();
        let (mut received, mut given) = (0, 0);
        let mut buffer = [0; 4096];
        while received < 8 * 1024 * 1024 {
            let more = WAITING - outbox.downstream.len();
            outbox.downstream((given..given + more).map(|n| n as u8).collect::<Vec<_>>().as_slice());
            given += more;
            let mut buffer = ReadBuf::new(&mut buffer);
            std::future::poll_fn(|cx| {
                let _ = outbox.downstream.poll_write(&mut stream, cx, &mut false)?;
                Pin::new(&mut client).poll_read(cx, &mut buffer)
            })
            .await?;
            assert!(outbox.downstream.is_pending(), "the socket is wide");
            let read = buffer.filled().len();
            let expected = (received..received + read).map(|n| n as u8);
            assert!(buffer.filled().iter().copied().eq(expected), "after {received} bytes");
            received += read;
            let held = outbox.downstream.bytes.capacity();
            assert!(held <= 4 * WAITING, "{held} bytes after {received}");
        }
        Ok(())
    }
}
