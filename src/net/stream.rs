//! One connection, plain or encrypted, on either leg.
//!
//! Bytes read are untrusted. Reading and writing go through buffers that belong to the thread: a stream holds only the
//! beginning of a record whose end has not come, and what the socket has not taken. An idle stream holds nothing.

use std::cell::{Cell, RefCell};
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::buffers;
use super::dial::{DialError, Dialer};
use super::records::{Ciphertext, Decrypted, RECORD_BYTES, Records};
use super::tls_server::{Application, ServerTls};
use crate::config::Endpoint;

/// How much of what a peer still sends is read and thrown away when its connection is closed.
const DISCARD_AT_CLOSE_BYTES: usize = 256 * 1024;
/// How long what was said before a connection breaks off may take to arrive.
const BREAK_OFF_DELAY: Duration = Duration::from_millis(200);
/// One read from a socket.
const READ_BYTES: usize = 64 * 1024;
/// How much plaintext is encrypted at once: four full records, which one system call can write.
const WRITE_BYTES: usize = 64 * 1024;

thread_local! {
    /// The beginning of a record that a stream has kept, and one read behind it.
    static INCOMING: RefCell<Vec<u8>> = RefCell::new(vec![0; RECORD_BYTES + READ_BYTES]);
    /// Ciphertext on its way to a socket.
    static OUTGOING: Cell<Ciphertext> = const { Cell::new(Ciphertext::new()) };
}

/// A connection.
pub struct Stream {
    tcp: TcpStream,
    records: Option<Records>,
    /// Ciphertext of a record that is not complete.
    unread: Vec<u8>,
    /// Bytes for the socket, and how many of them it has taken.
    unsent: Vec<u8>,
    sent: usize,
    /// Plaintext that a reader with a small buffer has not taken.
    plaintext: Vec<u8>,
    /// Whether nothing more will come.
    ended: bool,
    /// Whether close_notify was said.
    closing: bool,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("tcp", &self.tcp)
            .field("encrypted", &self.is_encrypted())
            .finish_non_exhaustive()
    }
}

impl Stream {
    /// A connection as the network carries it: before STARTTLS, or on loopback.
    pub fn plain(tcp: TcpStream) -> Stream {
        Stream {
            tcp,
            records: None,
            unread: Vec::new(),
            unsent: Vec::new(),
            sent: 0,
            plaintext: Vec::new(),
            ended: false,
            closing: false,
        }
    }

    /// Encrypts a plain connection, as the server.
    ///
    /// The caller holds no byte that was read beyond the STARTTLS line: a session in which there is one has ended.
    /// What lies unread in the socket can do no harm, since the handshake fails on it.
    pub async fn starttls_server(self, tls: &ServerTls, application: impl Into<Application>) -> io::Result<Stream> {
        tls.accept(self.into_plain()?, application).await
    }

    /// Encrypts a plain connection, as the client; the same holds for bytes beyond the server's answer to STARTTLS.
    pub async fn starttls_client(self, dialer: &Dialer, endpoint: &Endpoint) -> Result<Stream, DialError> {
        dialer.starttls(self, endpoint).await
    }

    /// Does the handshake. After an error the peer has been sent the alert that says why, as far as it would take it.
    pub(super) async fn encrypted(tcp: TcpStream, records: Records) -> io::Result<Stream> {
        let mut stream = Stream { records: Some(records), ..Stream::plain(tcp) };
        let mut incoming = Vec::new();
        loop {
            let Some(records) = &mut stream.records else { return Err(io::ErrorKind::NotConnected.into()) };
            let plaintext = &mut stream.plaintext;
            let mut keep = |bytes: &[u8]| plaintext.extend_from_slice(bytes);
            let decrypted = records.decrypt(&mut incoming, &mut stream.unsent, &mut keep);
            let handshaking = records.common().is_handshaking();
            // Its own sake first: an alert, or the next flight.
            let flushed = std::future::poll_fn(|cx| stream.poll_unsent(cx, &mut false)).await;
            let decrypted = decrypted.map_err(io::Error::other)?;
            flushed?;
            incoming.drain(..decrypted.taken);
            if !handshaking {
                stream.ended = decrypted.closed;
                stream.unread = incoming;
                return Ok(stream);
            }
            if incoming.len() > 4 * RECORD_BYTES {
                return Err(io::Error::other("the handshake is too long"));
            }
            if stream.tcp.read_buf(&mut incoming).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Whether what is written is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.records.is_some()
    }

    /// TLS version and cipher suite for the log, `TLSv1_3 TLS13_AES_256_GCM_SHA384`; none for a plain connection.
    pub fn cipher(&self) -> Option<String> {
        let common = self.records.as_ref()?.common();
        Some(format!("{:?} {:?}", common.protocol_version()?, common.negotiated_cipher_suite()?.suite()))
    }

    /// The same connection, of which the runtime hears that runs now. It would be woken by the one that made it otherwise.
    pub fn moved_here(self) -> io::Result<Stream> {
        let tcp = TcpStream::from_std(self.tcp.into_std()?)?;
        Ok(Stream { tcp, ..self })
    }

    /// The socket underneath.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Reads what has come, and hands it out in the thread's buffer. Ready with how many bytes it was; none is the end.
    pub fn poll_take(&mut self, cx: &mut Context<'_>, take: &mut dyn FnMut(&[u8])) -> Poll<io::Result<usize>> {
        if !self.plaintext.is_empty() {
            let plaintext = std::mem::take(&mut self.plaintext);
            take(&plaintext);
            return Poll::Ready(Ok(plaintext.len()));
        }
        INCOMING.with_borrow_mut(|incoming| {
            while !self.ended {
                let kept = self.unread.len();
                if kept > RECORD_BYTES {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "a TLS record is too long")));
                }
                let (head, room) = incoming.split_at_mut(kept);
                head.copy_from_slice(&self.unread);
                let mut read = ReadBuf::new(room);
                match ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut read)) {
                    Ok(()) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
                let read = read.filled().len();
                let Some(records) = &mut self.records else {
                    self.ended = read == 0;
                    take(room.get(..read).unwrap_or_default());
                    return Poll::Ready(Ok(read));
                };
                if read == 0 {
                    self.ended = true;
                    break;
                }
                let incoming = incoming.get_mut(..kept + read).unwrap_or_default();
                let mut taken = 0;
                let decrypted = records.decrypt(incoming, &mut self.unsent, &mut |bytes| {
                    taken += bytes.len();
                    take(bytes);
                });
                let Decrypted { taken: records_taken, closed, .. } = match decrypted {
                    Ok(decrypted) => decrypted,
                    Err(error) => {
                        self.ended = true;
                        // The alert, if the socket takes it at once.
                        let _ = self.poll_unsent(cx, &mut false);
                        return Poll::Ready(Err(io::Error::other(error)));
                    }
                };
                self.unread.clear();
                let rest = incoming.get(records_taken..).unwrap_or_default();
                if rest.is_empty() {
                    buffers::give(&mut self.unread);
                } else {
                    buffers::add(&mut self.unread, rest);
                }
                self.ended |= closed;
                // What TLS itself has to say, such as the answer to a key update.
                if let Poll::Ready(Err(error)) = self.poll_unsent(cx, &mut false) {
                    return Poll::Ready(Err(error));
                }
                if taken > 0 {
                    return Poll::Ready(Ok(taken));
                }
            }
            Poll::Ready(Ok(0))
        })
    }

    /// Whether the peer has neither said anything nor closed, as far as this machine knows. For a connection on which
    /// nothing is awaited: what has come is lost.
    pub fn is_quiet(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        // What concerns TLS alone is taken here, and is no word.
        let nothing_taken = self.poll_take(&mut context, &mut |_| {}).is_pending() && self.unread.is_empty();
        // The runtime may not have heard yet of what the socket holds, or not want this task to read more now.
        let peeked = SockRef::from(&self.tcp).peek(&mut [MaybeUninit::uninit()]);
        nothing_taken && peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Writes all of `bytes` from `written` on, as far as the socket takes it, and counts it there. Pending while bytes
    /// wait, here or there; `progress` is told when the socket has taken some.
    pub fn poll_give(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        written: &mut usize,
        progress: &mut bool,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_unsent(cx, progress))?;
            let rest = bytes.get(*written..).unwrap_or_default();
            if rest.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let chunk = rest.get(..rest.len().min(WRITE_BYTES)).unwrap_or_default();
            if self.records.is_none() {
                let taken = ready!(Pin::new(&mut self.tcp).poll_write(cx, chunk))?;
                if taken == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                *written += taken;
                *progress = true;
            } else if let Some(mut gathering) = self.gather() {
                gathering.add(chunk)?;
                *written += chunk.len();
                ready!(gathering.poll_send(cx, progress))?;
            }
        }
    }

    /// What is encrypted on its way through, without being kept. None where the connection is in the clear, or has to
    /// wait for its socket: then it is for [`poll_give`](Self::poll_give).
    pub fn gather(&mut self) -> Option<Gathering<'_>> {
        if self.records.is_none() || !self.unsent.is_empty() {
            return None;
        }
        let mut outgoing = OUTGOING.take();
        outgoing.clear();
        Some(Gathering { stream: self, outgoing, sent: 0 })
    }

    /// Sends what the socket has not taken yet.
    fn poll_unsent(&mut self, cx: &mut Context<'_>, progress: &mut bool) -> Poll<io::Result<()>> {
        while self.sent < self.unsent.len() {
            let rest = self.unsent.get(self.sent..).unwrap_or_default();
            match ready!(Pin::new(&mut self.tcp).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                taken => self.sent += taken,
            }
            *progress = true;
        }
        buffers::give(&mut self.unsent);
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Sends what is still buffered, then close_notify (RFC 8446 §6.1) and the end of the stream, and waits for the
    /// peer to close, within [`CLOSE_TIMEOUT`](super::CLOSE_TIMEOUT) in all.
    ///
    /// Waiting matters: closing a socket in which something lies unread resets the connection, and a reset overtakes a
    /// BYE that is still on its way.
    pub async fn close(mut self) {
        let farewell = async {
            self.shutdown().await?;
            self.wait_for_the_peer().await
        };
        // The connection ends here, whether or not the peer has been told.
        drop(tokio::time::timeout(super::CLOSE_TIMEOUT, farewell).await);
    }

    /// Ends a connection in the middle of what was being said, so that the peer can tell: what was written goes out, and
    /// then comes a reset. The missing close_notify (RFC 8446 §6.1) alone does not do: curl, for one, does not miss it.
    pub async fn break_off(mut self) {
        // Whatever happens from here on, and whoever drops this
        self.reset_at_drop();
        let farewell = async {
            self.flush().await?;
            // The reset may overtake what was said in full before: it is given time to arrive
            self.wait_for_the_peer().await
        };
        drop(tokio::time::timeout(BREAK_OFF_DELAY, farewell).await);
    }

    /// Ends the connection at once, whatever waits, by a reset: the peer must not take what it has for everything.
    pub fn abandon(self) {
        self.reset_at_drop();
    }

    fn reset_at_drop(&self) {
        // Where that cannot be, only the hint is lost
        let _ = SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
    }

    /// Reads until the peer has closed, and forgets it.
    async fn wait_for_the_peer(&mut self) -> io::Result<()> {
        let mut scratch = [0; 2048];
        let mut discarded = 0;
        while discarded < DISCARD_AT_CLOSE_BYTES {
            match self.tcp.read(&mut scratch).await? {
                0 => break,
                read => discarded += read,
            }
        }
        Ok(())
    }

    pub(super) fn into_plain(self) -> io::Result<TcpStream> {
        match self.records {
            // Nobody may count in the clear what was sent before the handshake, nor after it.
            None if !self.plaintext.is_empty() => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "there are bytes in the clear before the handshake"))
            }
            None => Ok(self.tcp),
            Some(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "the connection is encrypted already")),
        }
    }
}

/// Ciphertext of one stream, in the thread's buffer. What is not sent when this is dropped waits in the stream.
pub struct Gathering<'a> {
    stream: &'a mut Stream,
    outgoing: Ciphertext,
    /// How much of it the socket has taken.
    sent: usize,
}

impl Gathering<'_> {
    /// Encrypts `plaintext` behind what was added before.
    pub fn add(&mut self, plaintext: &[u8]) -> io::Result<()> {
        match &mut self.stream.records {
            Some(records) => records.encrypt(plaintext, &mut self.stream.unread, &mut self.outgoing),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Sends as much as the socket takes. Pending while some of it waits in the stream.
    pub fn poll_send(mut self, cx: &mut Context<'_>, progress: &mut bool) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.outgoing.filled().get(self.sent..) {
            match ready!(Pin::new(&mut self.stream.tcp).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                taken => self.sent += taken,
            }
            *progress = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Gathering<'_> {
    fn drop(&mut self) {
        if let Some(rest @ [_, ..]) = self.outgoing.filled().get(self.sent..) {
            buffers::add(&mut self.stream.unsent, rest);
        }
        OUTGOING.set(std::mem::take(&mut self.outgoing));
    }
}

/// For whoever reads a little: what does not fit is kept.
impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        let mut rest = Vec::new();
        ready!(stream.poll_take(cx, &mut |bytes| {
            let fits = bytes.len().min(buf.remaining());
            buf.put_slice(bytes.get(..fits).unwrap_or_default());
            rest.extend_from_slice(bytes.get(fits..).unwrap_or_default());
        }))?;
        stream.plaintext = rest;
        Poll::Ready(Ok(()))
    }
}

/// A write returns once the bytes are encrypted; whoever then waits for an answer flushes first.
impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut written = 0;
        let given = self.get_mut().poll_give(cx, buf, &mut written, &mut false);
        match given {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending if written == 0 => Poll::Pending,
            _ => Poll::Ready(Ok(written)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_unsent(cx, &mut false)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if let (Some(records), false) = (&mut stream.records, stream.closing) {
            stream.closing = true;
            let mut said = Ciphertext::new();
            records.close(&mut stream.unread, &mut said)?;
            stream.unsent.extend_from_slice(said.filled());
        }
        ready!(stream.poll_unsent(cx, &mut false))?;
        Pin::new(&mut stream.tcp).poll_shutdown(cx)
    }
}
