//! One end of a connection with delega: in the clear, or encrypted.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// The type of a TLS record that begins a handshake, and of one that is an alert (RFC 8446 §5.1). No line of a mail
/// protocol begins so.
const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;

/// The end that a transcript speaks for.
pub struct Wire {
    stream: Option<Stream>,
    /// Nothing more comes.
    pub ended: bool,
    /// It ended without close_notify.
    pub cut: bool,
    /// delega has begun a TLS handshake here, which is left to be taken.
    pub handshake_begun: bool,
    /// There will be no handshake: what delega says of it is for nobody.
    declined: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// In the clear.
    pub fn plain(stream: TcpStream) -> Wire {
        Wire { stream: Some(Stream::Plain(stream)), ended: false, cut: false, handshake_begun: false, declined: false }
    }

    /// Encrypted.
    pub fn encrypted(stream: TlsStream<TcpStream>) -> Wire {
        Wire {
            stream: Some(Stream::Tls(Box::new(stream))),
            ended: false,
            cut: false,
            handshake_begun: false,
            declined: false,
        }
    }

    /// Does the handshake.
    pub async fn upgrade<F>(&mut self, handshake: impl FnOnce(TcpStream) -> F) -> io::Result<()>
    where
        F: Future<Output = io::Result<TlsStream<TcpStream>>>,
    {
        match self.stream.take() {
            Some(Stream::Plain(stream)) => self.stream = Some(Stream::Tls(Box::new(handshake(stream).await?))),
            _ => return Err(io::Error::other("it is encrypted already")),
        }
        self.handshake_begun = false;
        Ok(())
    }

    /// Goes on in the clear, whatever delega has begun.
    pub fn decline_handshake(&mut self) {
        self.declined |= std::mem::take(&mut self.handshake_begun);
    }

    /// Takes what has come; ready when something has, or when this has just ended.
    pub fn poll_take(&mut self, cx: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<()> {
        if self.ended || self.handshake_begun {
            return Poll::Pending;
        }
        let mut space = [0; 16 * 1024];
        let mut buffer = ReadBuf::new(&mut space);
        let read = match &mut self.stream {
            Some(Stream::Plain(stream)) => {
                let mut first = [0; 1];
                match stream.poll_peek(cx, &mut ReadBuf::new(&mut first)) {
                    Poll::Ready(Ok(1)) if first[0] == HANDSHAKE && !self.declined => {
                        self.handshake_begun = true;
                        return Poll::Ready(());
                    }
                    // An answer to what was no handshake is not meant for people.
                    Poll::Ready(Ok(1)) if first[0] == ALERT && !self.declined => {
                        self.ended = true;
                        return Poll::Ready(());
                    }
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(_) => Pin::new(stream).poll_read(cx, &mut buffer),
                }
            }
            Some(Stream::Tls(stream)) => Pin::new(stream.as_mut()).poll_read(cx, &mut buffer),
            None => Poll::Ready(Ok(())),
        };
        if read.is_pending() {
            return Poll::Pending;
        }
        self.cut = matches!((&self.stream, &read), (Some(Stream::Tls(_)), Poll::Ready(Err(_))));
        // A connection that broke has ended.
        self.ended = buffer.filled().is_empty();
        if !self.declined {
            into.extend_from_slice(buffer.filled());
        }
        Poll::Ready(())
    }

    /// Sends some of it; how much.
    pub fn poll_send(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Some(Stream::Plain(stream)) => Pin::new(stream).poll_write(cx, octets),
            Some(Stream::Tls(stream)) => Pin::new(stream.as_mut()).poll_write(cx, octets),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Sends what waits within TLS.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(Stream::Tls(stream)) => Pin::new(stream.as_mut()).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Says that nothing more will be sent, and goes on listening. Who is gone already need not hear it.
    pub async fn shut(&mut self) {
        let _ = match &mut self.stream {
            Some(Stream::Plain(stream)) => stream.shutdown().await,
            Some(Stream::Tls(stream)) => stream.shutdown().await,
            None => Ok(()),
        };
    }
}
