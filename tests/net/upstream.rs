//! Upstreams that are away, slow, somebody else, or not what the configuration says.

use std::path::PathBuf;

use delega::config::{Endpoint, UpstreamConfig, UpstreamTls, WarmConfig};
use delega::net::{DialError, Dialer, Distrust, TrustError};
use tokio::net::TcpListener;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(10);

fn upstream(ca_file: Option<PathBuf>) -> UpstreamConfig {
    let name = "provider".to_owned();
    UpstreamConfig {
        name,
        imap: None,
        submission: None,
        pop3: None,
        ca_file,
        master_user: None,
        master_password_file: None,
        connections_per_mailbox: 0,
        warm: WarmConfig { sessions: 0, wait: Duration::ZERO },
        copy_to_sent: false,
        owner_renews_password: false,
    }
}

fn endpoint(tls: UpstreamTls, host: &str, port: u16) -> Endpoint {
    Endpoint { tls, host: host.to_owned(), port }
}

/// Trusts the authority, through a ca_file.
fn trusting(authority: &certs::Authority, folder: &TempDir) -> Dialer {
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &authority.pem).unwrap();
    Dialer::new(&upstream(Some(file)), TIMEOUT).unwrap()
}

/// A server with a certificate, whose port this is. It greets whoever comes in.
async fn server(issued: &certs::Issued) -> u16 {
    let site = Site::new();
    site.install(&issued.chain_pem, &issued.key_pem);
    let tls = site.tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(mut stream) = tls.accept(tcp, Protocol::Imap).await {
                stream.write_all(b"* OK\r\n").await.unwrap_or_default();
                stream.flush().await.unwrap_or_default();
                all_of(&mut stream).await;
            }
        }
    });
    port
}

async fn distrust(dialer: &Dialer, host: &str, port: u16) -> Distrust {
    match within(dialer.connect(&endpoint(UpstreamTls::Implicit, host, port))).await {
        Err(DialError::Certificate { reason, .. }) => reason,
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("{host} was accepted"),
    }
}

#[tokio::test]
async fn a_ca_file_is_believed_for_names_and_addresses() {
    let site = Site::new();
    let dialer = trusting(&site.authority, &site.folder);
    let port = server(&site.authority.issue(&certs::NAMES).unwrap()).await;
    for host in ["localhost", "127.0.0.1"] {
        let connected = within(dialer.connect(&endpoint(UpstreamTls::Implicit, host, port))).await.unwrap();
        assert!(!connected.starttls && connected.stream.is_encrypted());
        assert!(connected.stream.is_encrypted());
        let (mut stream, mut greeting) = (connected.stream, [0; 6]);
        within(stream.read_exact(&mut greeting)).await.unwrap();
        assert_eq!(&greeting, b"* OK\r\n");
    }
}

#[tokio::test]
async fn strangers_are_refused_each_for_its_reason() {
    let site = Site::new();
    let dialer = trusting(&site.authority, &site.folder);
    let names = &certs::NAMES;

    let other = certs::Authority::new("somebody else").unwrap();
    let port = server(&other.issue(names).unwrap()).await;
    assert_eq!(distrust(&dialer, "localhost", port).await, Distrust::UnknownIssuer);

    let impostor = certs::Authority::new("test CA").unwrap();
    let port = server(&impostor.issue(names).unwrap()).await;
    assert_eq!(distrust(&dialer, "localhost", port).await, Distrust::WrongSignature);

    let port = server(&site.authority.issue_between(names, -30, -1).unwrap()).await;
    assert!(matches!(distrust(&dialer, "localhost", port).await, Distrust::Expired(Some(_))));

    let port = server(&site.authority.issue_between(names, 1, 30).unwrap()).await;
    assert!(matches!(distrust(&dialer, "localhost", port).await, Distrust::NotYetValid(Some(_))));

    let port = server(&site.authority.issue(&["imap.example.it"]).unwrap()).await;
    assert!(matches!(distrust(&dialer, "localhost", port).await, Distrust::WrongName(names) if names.len() == 1));
    assert!(matches!(distrust(&dialer, "127.0.0.1", port).await, Distrust::WrongName(_)));
}

#[tokio::test]
async fn without_a_ca_file_the_systems_roots_count() {
    // A system without any says so; with some, they do not include an authority made a moment ago.
    match Dialer::new(&upstream(None), TIMEOUT) {
        Ok(dialer) => {
            let port = server(&Site::new().authority.issue(&certs::NAMES).unwrap()).await;
            assert_eq!(distrust(&dialer, "localhost", port).await, Distrust::UnknownIssuer);
        }
        Err(error) => assert!(matches!(error, TrustError::NoSystemRoots(_)), "{error}"),
    }
}

#[tokio::test]
async fn a_bad_ca_file_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    let error = || Dialer::new(&upstream(Some(file.clone())), TIMEOUT).err().unwrap().to_string();
    assert!(error().contains("ca.pem cannot be read"));
    std::fs::write(&file, "").unwrap();
    assert!(error().contains("ca.pem holds no certificate"));
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(error().contains("cannot be trusted as a root"));
}

#[tokio::test]
async fn who_is_away_slow_or_speaks_no_tls_is_told_apart() {
    let site = Site::new();
    let dialer = trusting(&site.authority, &site.folder);

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = dialer.connect(&endpoint(UpstreamTls::Implicit, "localhost", closed)).await.unwrap_err();
    assert!(matches!(&error, DialError::Unreachable { address, .. } if address.port() == closed), "{error}");

    let error = dialer.connect(&endpoint(UpstreamTls::Implicit, "no-such-host.invalid", 993)).await.unwrap_err();
    assert!(matches!(error, DialError::Unresolved { .. }), "{error}");

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    let greeting = tokio::spawn(async move {
        let (mut tcp, _) = plain.accept().await.unwrap();
        tcp.write_all(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n").await.unwrap();
        all_of(&mut tcp).await
    });
    let error = dialer.connect(&endpoint(UpstreamTls::Implicit, "localhost", port)).await.unwrap_err();
    assert!(matches!(&error, DialError::Tls { reason, .. } if reason.contains("STARTTLS")), "{error}");
    assert_eq!(greeting.await.unwrap()[0], 0x16, "nothing but a handshake was sent");

    let leaving = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = leaving.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut tcp, _) = leaving.accept().await.unwrap();
        tcp.shutdown().await.unwrap();
        all_of(&mut tcp).await;
    });
    let error = dialer.connect(&endpoint(UpstreamTls::Implicit, "127.0.0.1", port)).await.unwrap_err();
    assert!(matches!(&error, DialError::Tls { reason, .. } if reason.contains("closed")), "{error}");
}

#[tokio::test]
async fn a_silent_upstream_is_not_waited_for() {
    let site = Site::new();
    drop(trusting(&site.authority, &site.folder));
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let config = upstream(Some(site.folder.path().join("ca.pem")));
    let dialer = Dialer::new(&config, Duration::from_millis(50)).unwrap();
    let error = within(dialer.connect(&endpoint(UpstreamTls::Implicit, "127.0.0.1", port))).await.unwrap_err();
    assert!(matches!(&error, DialError::TimedOut { doing, .. } if doing.contains("TLS")), "{error}");
}

#[tokio::test]
async fn without_tls_only_loopback() {
    let site = Site::new();
    let dialer = trusting(&site.authority, &site.folder);
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    // Where the name has an IPv6 address as well, nobody listens there and the next is taken.
    for host in ["127.0.0.1", "localhost"] {
        let connected = within(dialer.connect(&endpoint(UpstreamTls::Insecure, host, port))).await.unwrap();
        assert!(!connected.starttls && !connected.stream.is_encrypted());
    }
    for host in ["192.0.2.1", "::ffff:192.0.2.1", "[2001:db8::1]", "0.0.0.0"] {
        let error = dialer.connect(&endpoint(UpstreamTls::Insecure, host, port)).await.unwrap_err();
        assert!(matches!(error, DialError::NotLoopback { .. }), "{error}");
    }
}
