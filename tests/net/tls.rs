//! TLS towards clients: versions, ALPN, what is not TLS, and who takes for ever.

use rustls::{AlertDescription, HandshakeKind, ProtocolVersion};

use super::*;

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let site = Site::new();
    let mut listener = imaps(&site.tls());
    for (version, expected) in BOTH_VERSIONS.into_iter().zip([ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3]) {
        let tcp = TcpStream::connect(listener.address).await.unwrap();
        let mut client = encrypt(site.client(&[version], &[]), tcp).await.unwrap();
        let mut server = listener.arrival().await;
        assert_eq!(client.get_ref().1.protocol_version(), Some(expected));
        assert!(server.stream.is_encrypted());
        assert!(server.stream.cipher().unwrap().starts_with(&format!("{expected:?} TLS")));
        assert!(server.stream.tcp().nodelay().unwrap());
        assert_eq!(server.peer.address, client.get_ref().0.local_addr().unwrap());
        converse(&mut client, &mut server.stream).await;
    }
}

#[tokio::test]
async fn a_client_that_offers_other_protocols_gets_an_alert() {
    let site = Site::new();
    let mut listener = imaps(&site.tls());
    for version in BOTH_VERSIONS {
        for offered in [&["h2", "http/1.1"][..], &["pop3"], &["IMAP"], &["imap4"]] {
            let tcp = TcpStream::connect(listener.address).await.unwrap();
            let error = match encrypt(site.client(&[version], offered), tcp).await {
                Err(error) => error,
                Ok(_) => panic!("{offered:?} was accepted"),
            };
            let alert = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            let expected = rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol);
            assert_eq!(alert, Some(&expected), "{offered:?}");
        }
        for (offered, agreed) in [(&["imap"][..], Some(&b"imap"[..])), (&["h2", "imap"], Some(b"imap")), (&[], None)] {
            let tcp = TcpStream::connect(listener.address).await.unwrap();
            let mut client = encrypt(site.client(&[version], offered), tcp).await.unwrap();
            assert_eq!(client.get_ref().1.alpn_protocol(), agreed);
            converse(&mut client, &mut listener.arrival().await.stream).await;
        }
    }
    assert!(listener.nobody_arrived());
}

#[tokio::test]
async fn each_protocol_has_its_own_name() {
    let tls = Site::new().tls();
    assert_eq!(tls.config(Protocol::Imap).alpn_protocols, [b"imap"]);
    assert_eq!(tls.config(Protocol::Pop3).alpn_protocols, [b"pop3"]);
    assert!(tls.config(Protocol::Submission).alpn_protocols.is_empty());
    assert_eq!(tls.config(Application::Http).alpn_protocols, [b"http/1.1"]);
}

#[tokio::test]
async fn what_is_not_tls_gets_at_most_an_alert() {
    let mut listener = imaps(&Site::new().tls());
    for sent in [&b"GET /?x=a1+LOGIN HTTP/1.1\r\nHost: mail\r\n\r\n"[..], b"a1 LOGIN anna secret\r\n", &[0x16; 600]] {
        let mut tcp = TcpStream::connect(listener.address).await.unwrap();
        tcp.write_all(sent).await.unwrap();
        let heard = all_of(&mut tcp).await;
        assert!(heard.is_empty() || (heard.len() == 7 && heard[0] == 0x15), "{heard:?}");
        assert!(listener.nobody_arrived());
    }
}

#[tokio::test]
async fn a_handshake_takes_only_so_long() {
    let site = Site::new();
    let tls = ServerTls::new(&site.files).unwrap().with_handshake_timeout(Duration::from_millis(100));
    let mut listener = imaps(&Arc::new(tls));
    let mut silent = TcpStream::connect(listener.address).await.unwrap();
    assert_eq!(all_of(&mut silent).await, b"");

    // Who sends a little all the time is not spared either. The record that is announced would take a minute and more.
    let mut slow = TcpStream::connect(listener.address).await.unwrap();
    slow.write_all(&[0x16, 3, 1, 0x40, 0, 1]).await.unwrap();
    within(async {
        while slow.write_all(&[0]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(listener.nobody_arrived());
}

#[tokio::test]
async fn a_second_connection_resumes_until_the_certificate_changes() {
    let site = Site::new();
    let tls = site.tls();
    let mut listener = imaps(&tls);
    let config = site.client(&[&rustls::version::TLS13], &[]);
    let mut kinds = Vec::new();
    for round in 0..3 {
        if round == 2 {
            site.renew();
            tls.reload().unwrap();
        }
        let tcp = TcpStream::connect(listener.address).await.unwrap();
        let mut client = encrypt(config.clone(), tcp).await.unwrap();
        // The ticket comes with the first data.
        converse(&mut client, &mut listener.arrival().await.stream).await;
        kinds.push(client.get_ref().1.handshake_kind().unwrap());
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Full]);
}

#[tokio::test]
async fn a_farewell_arrives_although_input_lies_unread() {
    let site = Site::new();
    let mut listener = imaps(&site.tls());
    let mut client = site.connect(listener.address).await.unwrap();
    let mut server = listener.arrival().await.stream;
    client.write_all(&[b'x'; 50_000]).await.unwrap();
    client.flush().await.unwrap();
    server.write_all(b"* BYE\r\n").await.unwrap();
    let closing = tokio::spawn(server.close());
    let mut heard = Vec::new();
    // Without close_notify this were an error, and after a reset too.
    within(client.read_to_end(&mut heard)).await.unwrap();
    assert_eq!(heard, b"* BYE\r\n");
    drop(client);
    within(closing).await.unwrap();
}

#[tokio::test]
async fn closing_does_not_wait_for_a_peer_that_stays() {
    let site = Site::new();
    let mut listener = imaps(&site.tls());
    let client = site.connect(listener.address).await.unwrap();
    let server = listener.arrival().await.stream;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    server.close().await;
    assert!(began.elapsed() >= delega::net::CLOSE_TIMEOUT);
    assert!(began.elapsed() < delega::net::CLOSE_TIMEOUT * 2);
    drop(client);
}
