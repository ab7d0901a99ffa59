//! How a connection ends: a peer can tell that all was said, or that something is missing.

use super::*;

/// What a client hears of `half` and of how its connection ends, when the server does `end` after it.
async fn heard<E: Future<Output = ()>>(encrypted: bool, end: impl FnOnce(Stream) -> E) -> (Vec<u8>, io::Result<usize>) {
    let site = Site::new();
    let tls = if encrypted { ListenTls::Implicit } else { ListenTls::None };
    let listener = Listener::bind(&listen_config(tls), Some(site.tls()), Admission::new(9, 9)).unwrap();
    let mut listener = Running::start(listener);
    let tcp = TcpStream::connect(listener.address).await.unwrap();
    let mut client: Box<dyn AsyncRead + Unpin> =
        if encrypted { Box::new(encrypt(site.client(&BOTH_VERSIONS, &[]), tcp).await.unwrap()) } else { Box::new(tcp) };
    let mut server = listener.arrival().await.stream;
    let mut bytes = Vec::new();
    let serve = async {
        server.write_all(b"half").await.unwrap();
        end(server).await;
    };
    let (read, ()) = within(async { tokio::join!(client.read_to_end(&mut bytes), serve) }).await;
    (bytes, read)
}

#[tokio::test]
async fn a_connection_that_is_closed_ends_well() {
    for encrypted in [true, false] {
        let (bytes, end) = heard(encrypted, Stream::close).await;
        assert_eq!((bytes.as_slice(), end.unwrap()), (&b"half"[..], 4));
    }
}

#[tokio::test]
async fn a_connection_that_is_broken_off_is_reset_after_all_that_was_said() {
    for encrypted in [true, false] {
        let (bytes, end) = heard(encrypted, Stream::break_off).await;
        assert_eq!((bytes.as_slice(), end.unwrap_err().kind()), (&b"half"[..], io::ErrorKind::ConnectionReset));
    }
}

#[tokio::test]
async fn a_connection_that_is_abandoned_is_reset() {
    for encrypted in [true, false] {
        let (_, end) = heard(encrypted, async |stream| stream.abandon()).await;
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}
