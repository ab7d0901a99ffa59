//! How a connection ends: a peer can tell that all was said, or that something is missing.

use super::*;

/// What a client hears of `half` and of how its connection ends, when the server does `end` after it.
async fn heard<E: Future<Output = ()>>(encrypted: bool, end: impl FnOnce(Stream) -> E) -> (Vec<u8>, io::Result<usize>) {
    let site = Site::new();
    let tls = if encrypted { ListenTls::Implicit } else { ListenTls::None };
    let listener = Listener::bind(&listen_config(tls), Some(site.tls()), Admission::new(9, 9)).unwrap();
    let mut listener = Running::start(listener);
    let mut bytes = Vec::new();
    let mut tcp = TcpStream::connect(listener.address).await.unwrap();
    let serve = async |mut server: Stream| {
        server.write_all(b"half").await.unwrap();
        end(server).await;
    };
    let ended = if encrypted {
        let mut client = encrypt(site.client(&BOTH_VERSIONS, &[]), tcp).await.unwrap();
        let server = listener.arrival().await.stream;
        let client = async move {
            let read = client.read_to_end(&mut bytes).await;
            (bytes, read)
        };
        within(async { tokio::join!(client, serve(server)).0 }).await
    } else {
        let server = listener.arrival().await.stream;
        let client = async move {
            let read = tcp.read_to_end(&mut bytes).await;
            (bytes, read)
        };
        within(async { tokio::join!(client, serve(server)).0 }).await
    };
    ended
}

#[tokio::test]
async fn a_connection_that_is_closed_ends_well() {
    for encrypted in [true, false] {
        let (bytes, end) = heard(encrypted, Stream::close).await;
        assert_eq!((bytes.as_slice(), end.unwrap()), (&b"half"[..], 4));
    }
}

/// RFC 8446 §6.1: without close_notify a stream may have been cut; in the clear there is but a reset.
#[tokio::test]
async fn a_connection_that_is_broken_off_ends_in_an_error_after_all_that_was_said() {
    for (encrypted, kind) in [(true, io::ErrorKind::UnexpectedEof), (false, io::ErrorKind::ConnectionReset)] {
        let (bytes, end) = heard(encrypted, Stream::break_off).await;
        assert_eq!((bytes.as_slice(), end.unwrap_err().kind()), (&b"half"[..], kind));
    }
}

#[tokio::test]
async fn a_connection_that_is_abandoned_ends_in_an_error() {
    for (encrypted, kind) in [(true, io::ErrorKind::UnexpectedEof), (false, io::ErrorKind::ConnectionReset)] {
        let (_, end) = heard(encrypted, async |stream| stream.abandon()).await;
        assert_eq!(end.unwrap_err().kind(), kind);
    }
}
