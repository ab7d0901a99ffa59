//! One connection, plain or encrypted, on either leg.
//!
//! Bytes read are untrusted. A write returns once the bytes are in the socket's or in rustls's buffer, whichever comes
//! first, so a writer flushes before it waits for an answer. An idle stream holds no buffer of ours, and rustls gives
//! back its own as they empty.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{client, server};

use super::dial::{DialError, Dialer};
use super::tls_server::ServerTls;
use crate::config::Endpoint;
use crate::domain::Protocol;

/// How much of what a peer still sends is read and thrown away when its connection is closed.
const DISCARD_AT_CLOSE_BYTES: usize = 256 * 1024;

/// A connection.
#[derive(Debug)]
pub enum Stream {
    /// As the network carries it: before STARTTLS, or on loopback.
    Plain(TcpStream),
    /// Encrypted, with this end as the server.
    Server(Box<server::TlsStream<TcpStream>>),
    /// Encrypted, with this end as the client; the server's certificate was verified.
    Client(Box<client::TlsStream<TcpStream>>),
}

impl Stream {
    /// Encrypts a plain connection, as the server.
    ///
    /// The caller holds no byte that was read beyond the STARTTLS line: a session in which there is one has ended.
    /// What lies unread in the socket can do no harm, since the handshake fails on it.
    pub async fn starttls_server(self, tls: &ServerTls, protocol: Protocol) -> io::Result<Stream> {
        Ok(Stream::Server(Box::new(tls.accept(self.into_plain()?, protocol).await?)))
    }

    /// Encrypts a plain connection, as the client; the same holds for bytes beyond the server's answer to STARTTLS.
    pub async fn starttls_client(self, dialer: &Dialer, endpoint: &Endpoint) -> Result<Stream, DialError> {
        dialer.starttls(self, endpoint).await
    }

    /// Whether what is written is encrypted.
    pub fn is_encrypted(&self) -> bool {
        match self {
            Stream::Plain(_) => false,
            Stream::Server(_) | Stream::Client(_) => true,
        }
    }

    /// TLS version and cipher suite for the log, `TLSv1_3 TLS13_AES_256_GCM_SHA384`; none for a plain connection.
    pub fn cipher(&self) -> Option<String> {
        let (version, suite) = match self {
            Stream::Plain(_) => return None,
            Stream::Server(tls) => (tls.get_ref().1.protocol_version()?, tls.get_ref().1.negotiated_cipher_suite()?),
            Stream::Client(tls) => (tls.get_ref().1.protocol_version()?, tls.get_ref().1.negotiated_cipher_suite()?),
        };
        Some(format!("{version:?} {:?}", suite.suite()))
    }

    /// The socket underneath.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Stream::Plain(tcp) => tcp,
            Stream::Server(tls) => tls.get_ref().0,
            Stream::Client(tls) => tls.get_ref().0,
        }
    }

    /// The address at the other end of the socket; behind a proxy this is not the client's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    /// Sends what is still buffered, then close_notify (RFC 8446 §6.1) and the end of the stream, and waits for the
    /// peer to close, within [`CLOSE_TIMEOUT`](super::CLOSE_TIMEOUT) in all.
    ///
    /// Waiting matters: closing a socket in which something lies unread resets the connection, and a reset overtakes a
    /// BYE that is still on its way.
    pub async fn close(mut self) {
        let farewell = async {
            self.shutdown().await?;
            let tcp = match &mut self {
                Stream::Plain(tcp) => tcp,
                Stream::Server(tls) => tls.get_mut().0,
                Stream::Client(tls) => tls.get_mut().0,
            };
            let mut scratch = [0; 2048];
            let mut discarded = 0;
            while discarded < DISCARD_AT_CLOSE_BYTES {
                match tcp.read(&mut scratch).await? {
                    0 => break,
                    read => discarded += read,
                }
            }
            io::Result::Ok(())
        };
        // The connection ends here, whether or not the peer has been told.
        drop(tokio::time::timeout(super::CLOSE_TIMEOUT, farewell).await);
    }

    pub(super) fn into_plain(self) -> io::Result<TcpStream> {
        match self {
            Stream::Plain(tcp) => Ok(tcp),
            Stream::Server(_) | Stream::Client(_) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "the connection is encrypted already"))
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Server(tls) => Pin::new(tls).poll_read(cx, buf),
            Stream::Client(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Stream::Server(tls) => Pin::new(tls).poll_write(cx, buf),
            Stream::Client(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Stream::Server(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
            Stream::Client(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(tcp) => tcp.is_write_vectored(),
            Stream::Server(tls) => tls.is_write_vectored(),
            Stream::Client(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Server(tls) => Pin::new(tls).poll_flush(cx),
            Stream::Client(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Server(tls) => Pin::new(tls).poll_shutdown(cx),
            Stream::Client(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
