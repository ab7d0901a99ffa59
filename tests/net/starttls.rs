//! STARTTLS in both roles, and plaintext that somebody put in front of the handshake.

use delega::config::{Endpoint, UpstreamConfig, UpstreamTls, WarmConfig};
use delega::net::{DialError, Dialer};
use tokio::net::TcpListener;

use super::*;

/// A listener with STARTTLS, a client connected to it, and the arrival.
async fn plain_pair(site: &Site) -> (TcpStream, Arrival) {
    let config = listen_config(ListenTls::StartTls);
    let mut listener = Running::start(Listener::bind(&config, Some(site.tls()), Admission::new(9, 9)).unwrap());
    let client = TcpStream::connect(listener.address).await.unwrap();
    let arrival = listener.arrival().await;
    assert!(!arrival.stream.is_encrypted());
    (client, arrival)
}

/// Takes the client's STARTTLS line, byte for byte, and agrees to it.
async fn agree(arrival: &mut Arrival) {
    let mut line = [0; 12];
    within(arrival.stream.read_exact(&mut line)).await.unwrap();
    assert_eq!(&line, b"a STARTTLS\r\n");
    arrival.stream.write_all(b"a OK\r\n").await.unwrap();
}

#[tokio::test]
async fn a_client_encrypts_after_starttls() {
    let site = Site::new();
    let (mut client, mut arrival) = plain_pair(&site).await;
    client.write_all(b"a STARTTLS\r\n").await.unwrap();
    agree(&mut arrival).await;
    let mut ok = [0; 6];
    client.read_exact(&mut ok).await.unwrap();

    let tls = arrival.starttls.take().unwrap();
    let (client, server) = tokio::join!(
        encrypt(site.client(&BOTH_VERSIONS, &["imap"]), client),
        arrival.stream.starttls_server(&tls, Protocol::Imap)
    );
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    converse(&mut client, &mut server).await;
    assert!(server.starttls_server(&tls, Protocol::Imap).await.is_err(), "there is no TLS within TLS");
}

#[tokio::test]
async fn plaintext_before_the_handshake_ends_it() {
    let site = Site::new();
    // In one segment with STARTTLS, and on its own; with and without a ClientHello after it.
    for (together, hello) in [(true, true), (true, false), (false, true), (false, false)] {
        let (mut client, mut arrival) = plain_pair(&site).await;
        let injected = &b"b LOGIN mallory secret\r\n"[..];
        if together {
            client.write_all(&[b"a STARTTLS\r\n", injected].concat()).await.unwrap();
            agree(&mut arrival).await;
        } else {
            client.write_all(b"a STARTTLS\r\n").await.unwrap();
            agree(&mut arrival).await;
            client.write_all(injected).await.unwrap();
        }
        if hello {
            client.write_all(&client_hello(&site)).await.unwrap();
        }
        let tls = arrival.starttls.take().unwrap();
        assert!(within(arrival.stream.starttls_server(&tls, Protocol::Imap)).await.is_err());

        let heard = all_of(&mut client).await;
        let after = heard.strip_prefix(b"a OK\r\n").unwrap_or(&heard);
        assert!(after.is_empty() || (after.len() == 7 && after[0] == 0x15), "{after:?}");
    }
}

/// The first bytes of a good handshake.
fn client_hello(site: &Site) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = rustls::ClientConnection::new(site.client(&BOTH_VERSIONS, &[]), name).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

/// A dialer that trusts the site, for a STARTTLS server at the port.
fn dialer(site: &Site, port: u16) -> (Dialer, Endpoint) {
    let ca_file = site.folder.path().join("ca.pem");
    std::fs::write(&ca_file, &site.authority.pem).unwrap();
    let endpoint = Endpoint { tls: UpstreamTls::StartTls, host: "localhost".to_owned(), port };
    let upstream = UpstreamConfig {
        name: "provider".to_owned(),
        imap: Some(endpoint.clone()),
        submission: None,
        pop3: None,
        ca_file: Some(ca_file),
        master_user: None,
        master_password_file: None,
        connections_per_mailbox: 0,
        warm: WarmConfig { sessions: 0, wait: Duration::ZERO },
        copy_to_sent: false,
        owner_renews_password: false,
    };
    (Dialer::new(&upstream, Duration::from_secs(10)).unwrap(), endpoint)
}

#[tokio::test]
async fn an_upstream_is_verified_after_starttls() {
    let site = Site::new();
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (dialer, endpoint) = dialer(&site, server.local_addr().unwrap().port());
    let tls = site.tls();
    let accepting = tokio::spawn(async move {
        let (tcp, _) = server.accept().await.unwrap();
        Stream::plain(tcp).starttls_server(&tls, Protocol::Imap).await
    });
    let connected = dialer.connect(&endpoint).await.unwrap();
    assert!(connected.starttls && !connected.stream.is_encrypted());
    assert!(connected.stream.tcp().nodelay().unwrap());
    let mut upstream = connected.stream.starttls_client(&dialer, &endpoint).await.unwrap();
    assert!(upstream.is_encrypted());
    converse(&mut upstream, &mut accepting.await.unwrap().unwrap()).await;

    let elsewhere = Endpoint { host: "imap.other.example.it".to_owned(), ..endpoint };
    assert!(matches!(dialer.starttls(upstream, &elsewhere).await, Err(DialError::Tls { .. })), "encrypted already");
}

#[tokio::test]
async fn an_upstream_that_adds_plaintext_to_starttls_is_given_up() {
    let site = Site::new();
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (dialer, endpoint) = dialer(&site, server.local_addr().unwrap().port());
    let tls = site.tls();
    tokio::spawn(async move {
        let (mut tcp, _) = server.accept().await.unwrap();
        tcp.write_all(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n").await.unwrap();
        drop(Stream::plain(tcp).starttls_server(&tls, Protocol::Imap).await);
    });
    let connected = dialer.connect(&endpoint).await.unwrap();
    let error = dialer.starttls(connected.stream, &endpoint).await.unwrap_err();
    assert!(matches!(error, DialError::Tls { .. }), "{error}");
}
