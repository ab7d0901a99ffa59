//! What a session has said and the sockets have not taken yet.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, ready};

use super::sending::Kept;
use crate::net::{Gathering, Stream, buffers};
use crate::session::{Leg, Piece, Request, Sink};

/// What is at least so long is encrypted where it lies. Shorter pieces are gathered first: a record for each would cost
/// more than copying them.
const DIRECT_BYTES: usize = 8 * 1024;

/// Bytes for one leg; passwords for the upstream may be among them.
#[derive(Default)]
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
    /// What is kept of a message that is being sent.
    pub kept: Kept,
    /// For the gateway.
    pub requests: VecDeque<Request>,
}

impl Sink for Outbox {
    fn downstream(&mut self, bytes: &[u8]) {
        self.downstream.add(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.upstream.add(bytes);
    }

    fn message(&mut self, piece: Piece<'_>) {
        self.kept.add(piece);
    }

    fn request(&mut self, request: Request) {
        self.requests.push_back(request);
    }
}

/// An [`Outbox`] while one leg is read: long pieces for the other leg go out without being kept, where its socket has
/// taken all that was before them.
pub struct Through<'a> {
    out: &'a mut Outbox,
    /// The other leg.
    leg: Leg,
    /// Its stream, until there is something long for it.
    other: Option<&'a mut Stream>,
    gathering: Option<Gathering<'a>>,
    /// What went wrong with the other leg; nothing is added to it any more.
    failed: Option<io::Error>,
}

impl<'a> Through<'a> {
    /// `other` is the leg that is not read, and its stream.
    pub fn new(out: &'a mut Outbox, leg: Leg, other: Option<&'a mut Stream>) -> Through<'a> {
        Through { out, leg, other, gathering: None, failed: None }
    }

    /// Sends what was gathered, as far as the other leg's socket takes it; what is left waits in its stream.
    pub fn send(self, cx: &mut Context<'_>, progress: &mut bool) -> io::Result<()> {
        let Through { out, leg, gathering, failed, .. } = self;
        if let Some(error) = failed {
            return Err(error);
        }
        let Some(mut gathering) = gathering else { return Ok(()) };
        let pipe = out.leg(leg);
        gathering.add(pipe.waiting())?;
        pipe.emptied();
        match gathering.poll_send(cx, progress) {
            Poll::Ready(sent) => sent,
            Poll::Pending => {
                pipe.unflushed = true;
                Ok(())
            }
        }
    }

    fn add(&mut self, leg: Leg, bytes: &[u8]) {
        let pipe = self.out.leg(leg);
        if leg != self.leg || bytes.len() < DIRECT_BYTES || self.failed.is_some() {
            return pipe.add(bytes);
        }
        if let Some(other) = self.other.take() {
            self.gathering = other.gather();
        }
        let Some(gathering) = &mut self.gathering else { return pipe.add(bytes) };
        let added = gathering.add(pipe.waiting()).and_then(|()| gathering.add(bytes));
        pipe.emptied();
        self.failed = added.err();
    }
}

impl Sink for Through<'_> {
    fn downstream(&mut self, bytes: &[u8]) {
        self.add(Leg::Downstream, bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.add(Leg::Upstream, bytes);
    }

    fn message(&mut self, piece: Piece<'_>) {
        self.out.message(piece);
    }

    fn request(&mut self, request: Request) {
        self.out.request(request);
    }
}

impl Outbox {
    /// What waits for one leg.
    pub fn leg(&mut self, leg: Leg) -> &mut Pipe {
        match leg {
            Leg::Downstream => &mut self.downstream,
            Leg::Upstream => &mut self.upstream,
        }
    }
}

/// Without what was said.
impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipe").field("waiting", &self.len()).field("unflushed", &self.unflushed).finish()
    }
}

impl Pipe {
    fn add(&mut self, bytes: &[u8]) {
        buffers::add(&mut self.bytes, bytes);
    }

    fn waiting(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    fn emptied(&mut self) {
        self.bytes.clear();
        self.written = 0;
    }

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
        if self.bytes.is_empty() {
            buffers::give(&mut self.bytes);
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
        self.emptied();
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

    #[test]
    fn what_waits_is_not_printed() {
        let mut outbox = Outbox::default();
        outbox.upstream(b"AUTH PLAIN c2VncmV0YQ");
        outbox.kept.want(true);
        outbox.message(Piece::Octets(b"c2VncmV0YQ"));
        let shown = format!("{outbox:?}");
        // As bytes of a list, too.
        assert!(!shown.contains("c2VncmV0YQ") && !shown.contains("99, 50, 86"), "{shown}");
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
