//! The PROXY protocol in front of TLS and of plain sessions.

use std::io::{Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::*;

const CLIENT: &str = "203.0.113.7:50123";
const V1: &[u8] = b"PROXY TCP4 203.0.113.7 198.51.100.2 50123 993\r\n";

fn v2() -> Vec<u8> {
    let addresses = [203, 0, 113, 7, 198, 51, 100, 2, 0xc3, 0xcb, 0x03, 0xe1];
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", &addresses[..]].concat()
}

fn behind_a_proxy(tls: ListenTls, certificate: Arc<ServerTls>, timeout: Duration) -> Running {
    let config = ListenConfig { proxy_protocol: true, ..listen_config(tls) };
    let listener = Listener::bind(&config, Some(certificate), Admission::new(100, 1)).unwrap();
    Running::start(listener.with_proxy_header_timeout(timeout))
}

const PATIENT: Duration = Duration::from_secs(10);

/// A connection whose every write carries one byte.
struct Trickle(TcpStream);

impl AsyncRead for Trickle {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Trickle {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &buf[..buf.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn tls_follows_a_header_of_either_version() {
    let site = Site::new();
    let mut listener = behind_a_proxy(ListenTls::Implicit, site.tls(), PATIENT);
    for header in [V1.to_vec(), v2()] {
        let mut tcp = TcpStream::connect(listener.address).await.unwrap();
        tcp.write_all(&header).await.unwrap();
        let mut client = encrypt(site.client(&BOTH_VERSIONS, &[]), tcp).await.unwrap();
        let mut arrival = listener.arrival().await;
        assert_eq!(arrival.peer.address, CLIENT.parse().unwrap());
        assert_eq!(arrival.peer.local, "198.51.100.2:993".parse().unwrap());
        converse(&mut client, &mut arrival.stream).await;
    }
}

#[tokio::test]
async fn header_and_handshake_may_come_byte_by_byte() {
    let site = Site::new();
    let mut listener = behind_a_proxy(ListenTls::Implicit, site.tls(), PATIENT);
    for header in [V1.to_vec(), v2()] {
        let tcp = TcpStream::connect(listener.address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let mut tcp = Trickle(tcp);
        for byte in header {
            tcp.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut client = encrypt(site.client(&BOTH_VERSIONS, &[]), tcp).await.unwrap();
        let mut arrival = listener.arrival().await;
        assert_eq!(arrival.peer.address, CLIENT.parse().unwrap());
        converse(&mut client, &mut arrival.stream).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_and_handshake_may_come_in_one_segment() {
    let site = Site::new();
    let mut listener = behind_a_proxy(ListenTls::Implicit, site.tls(), PATIENT);
    for header in [V1.to_vec(), v2()] {
        let (config, address) = (site.client(&BOTH_VERSIONS, &[]), listener.address);
        let client = tokio::task::spawn_blocking(move || {
            let mut tls = rustls::ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap();
            let mut first = header;
            tls.write_tls(&mut first).unwrap();
            let mut tcp = std::net::TcpStream::connect(address).unwrap();
            tcp.set_read_timeout(Some(PATIENT)).unwrap();
            tcp.write_all(&first).unwrap();
            let mut heard = [0; 2];
            rustls::Stream::new(&mut tls, &mut tcp).read_exact(&mut heard).unwrap();
            heard
        });
        let mut arrival = listener.arrival().await;
        assert_eq!(arrival.peer.address, CLIENT.parse().unwrap());
        arrival.stream.write_all(b"hi").await.unwrap();
        arrival.stream.flush().await.unwrap();
        assert_eq!(&client.await.unwrap(), b"hi");
    }
}

#[tokio::test]
async fn what_follows_the_header_is_the_sessions() {
    let mut listener = behind_a_proxy(ListenTls::StartTls, Site::new().tls(), PATIENT);
    let unknown = b"PROXY UNKNOWN ffff::1 whatever\r\n";
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";
    for (header, known) in [(V1, true), (&v2(), true), (unknown, false), (local, false)] {
        let mut tcp = TcpStream::connect(listener.address).await.unwrap();
        tcp.write_all(&[header, b"a NOOP\r\n\r\n\r\nPROXY x\n"].concat()).await.unwrap();
        tcp.shutdown().await.unwrap();
        let mut arrival = listener.arrival().await;
        let expected = if known { CLIENT.parse().unwrap() } else { tcp.local_addr().unwrap() };
        assert_eq!(arrival.peer.address, expected);
        assert_eq!(all_of(&mut arrival.stream).await, b"a NOOP\r\n\r\n\r\nPROXY x\n");
    }
}

#[tokio::test]
async fn without_a_good_header_the_connection_closes_in_silence() {
    let mut listener = behind_a_proxy(ListenTls::StartTls, Site::new().tls(), PATIENT);
    let too_long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; 200], b"\r\n".to_vec()].concat();
    for bad in [
        &b"a LOGIN anna secret\r\n"[..],
        b"P",
        b"POST / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"PROXY TCP4 203.0.113.7 198.51.100.2 50123\r\n",
        b"PROXY TCP4 999.0.113.7 198.51.100.2 50123 993\r\n",
        b"PROXY TCP4 203.0.113.7 198.51.100.2 50123 99999\r\n",
        b"PROXY TCP4 203.0.113.7 198.51.100.2 50123 993\n",
        b"PROXY UDP4 203.0.113.7 198.51.100.2 50123 993\r\n",
        &too_long,
        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\x00\x00",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x04\x01\x02\x03\x04",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x12\x00\x0c\x01\x02\x03\x04\x01\x02\x03\x04\x01\x02\x03\x04",
        b"",
    ] {
        let mut tcp = TcpStream::connect(listener.address).await.unwrap();
        tcp.write_all(bad).await.unwrap();
        // Where a header could still become complete, the end of the stream says that it does not.
        if bad.len() < 15 {
            tcp.shutdown().await.unwrap();
        }
        assert_eq!(all_of(&mut tcp).await, b"", "{}", bad.escape_ascii());
        assert!(listener.nobody_arrived(), "{}", bad.escape_ascii());
    }
}

#[tokio::test]
async fn a_header_takes_only_so_long() {
    let mut listener = behind_a_proxy(ListenTls::StartTls, Site::new().tls(), Duration::from_millis(50));
    let v2 = v2();
    for begun in [&b""[..], &V1[..3], &V1[..40], &v2[..14], &v2[..20]] {
        let mut tcp = TcpStream::connect(listener.address).await.unwrap();
        tcp.write_all(begun).await.unwrap();
        assert_eq!(all_of(&mut tcp).await, b"");
        assert!(listener.nobody_arrived());
    }
}

#[tokio::test]
async fn the_limit_of_an_address_is_that_of_the_client() {
    let mut listener = behind_a_proxy(ListenTls::StartTls, Site::new().tls(), PATIENT);
    let address = listener.address;
    let connect = async |client: &str| {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(format!("PROXY TCP4 {client} 198.51.100.2 1 993\r\n").as_bytes()).await.unwrap();
        tcp
    };
    // Connections are carried by several threads, and their order is nobody's to tell.
    let _one = connect("203.0.113.7").await;
    let first = listener.arrival().await;
    let mut same = connect("203.0.113.7").await;
    assert_eq!(all_of(&mut same).await, b"");
    let _other = connect("203.0.113.8").await;
    let second = listener.arrival().await;
    assert_ne!(first.peer.address.ip(), second.peer.address.ip());
    assert!(listener.nobody_arrived());
}
