//! Binding, limits, and the end of a listener.

use delega::config::{PanelConfig, PanelTls};
use delega::net::BindError;

use super::*;

fn plain(admission: Arc<Admission>, kind: ListenerKind) -> Running {
    let config = ListenConfig { kind, ..listen_config(ListenTls::None) };
    Running::start(Listener::bind(&config, None, admission).unwrap())
}

/// Connects, and is thrown out.
async fn is_refused(listener: &mut Running) {
    let mut tcp = TcpStream::connect(listener.address).await.unwrap();
    assert_eq!(all_of(&mut tcp).await, b"");
    assert!(listener.nobody_arrived());
}

#[tokio::test]
async fn an_address_gets_its_places_back_by_login_and_by_leaving() {
    let mut listener = plain(Admission::new(100, 2), ListenerKind::Client);
    let connect = async |listener: &mut Running| {
        let tcp = TcpStream::connect(listener.address).await.unwrap();
        (tcp, listener.arrival().await)
    };
    let (_client, first) = connect(&mut listener).await;
    let (_client, mut second) = connect(&mut listener).await;
    is_refused(&mut listener).await;
    second.guard.logged_in();
    let (_client, _third) = connect(&mut listener).await;
    is_refused(&mut listener).await;
    drop(first);
    let (_client, _fourth) = connect(&mut listener).await;
    is_refused(&mut listener).await;
}

#[tokio::test]
async fn all_listeners_together_have_one_limit() {
    let admission = Admission::new(2, 100);
    let mut client = plain(admission.clone(), ListenerKind::Client);
    let mut webmail = plain(admission, ListenerKind::Webmail);
    let _one = TcpStream::connect(client.address).await.unwrap();
    let mut first = client.arrival().await;
    first.guard.logged_in();
    let _two = TcpStream::connect(webmail.address).await.unwrap();
    let second = webmail.arrival().await;
    is_refused(&mut client).await;
    is_refused(&mut webmail).await;
    drop(second);
    let _three = TcpStream::connect(client.address).await.unwrap();
    client.arrival().await;
}

#[tokio::test]
async fn a_web_mail_front_end_is_one_address_and_many_people() {
    let mut listener = plain(Admission::new(100, 1), ListenerKind::Webmail);
    let mut held = Vec::new();
    for _ in 0..5 {
        let client = TcpStream::connect(listener.address).await.unwrap();
        let arrival = listener.arrival().await;
        held.push((client, arrival));
    }
}

#[tokio::test]
async fn a_reverse_proxy_of_the_panel_is_many_people_too() {
    let panel = |proxy_protocol| PanelConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        public_url: "https://delega.example.it".to_owned(),
        tls: PanelTls::None,
        proxy_protocol,
        webmail_url: None,
        webmail_sign_on: false,
        servers: Vec::new(),
    };
    let mut listener = Running::start(Listener::bind_panel(&panel(false), None, Admission::new(100, 1)).unwrap());
    let mut held = Vec::new();
    for _ in 0..5 {
        let client = TcpStream::connect(listener.address).await.unwrap();
        held.push((client, listener.arrival().await));
    }
    // Behind one that tells the addresses, each is a stranger's.
    let mut listener = Running::start(Listener::bind_panel(&panel(true), None, Admission::new(100, 1)).unwrap());
    let address = listener.address;
    let knock = async || {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n").await.unwrap();
        client
    };
    let _first = knock().await;
    let _let_in = listener.arrival().await;
    assert_eq!(all_of(&mut knock().await).await, b"");
    assert!(listener.nobody_arrived());
}

#[tokio::test]
async fn a_failed_handshake_gives_its_place_back() {
    let admission = Admission::new(1, 1);
    let config = listen_config(ListenTls::Implicit);
    let mut listener = Running::start(Listener::bind(&config, Some(Site::new().tls()), admission.clone()).unwrap());
    let mut tcp = TcpStream::connect(listener.address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    all_of(&mut tcp).await;
    assert!(listener.nobody_arrived());
    within(async {
        while admission.slot().is_none() {
            tokio::task::yield_now().await
        }
    })
    .await;
}

#[tokio::test]
async fn stopping_ends_the_listening_and_what_has_not_arrived() {
    let mut listener = imaps(&Site::new().tls());
    let mut halfway = TcpStream::connect(listener.address).await.unwrap();
    halfway.write_all(&[0x16, 3, 1]).await.unwrap();
    listener.stop.cancel();
    assert_eq!(all_of(&mut halfway).await, b"");
    listener.tasks.close();
    within(listener.tasks.wait()).await;
    within(async { while TcpStream::connect(listener.address).await.is_ok() {} }).await;
    assert!(listener.nobody_arrived());
}

#[tokio::test]
async fn what_cannot_be_bound_is_told() {
    let bind = |config: &ListenConfig| Listener::bind(config, None, Admission::new(9, 9)).err().unwrap();
    assert!(matches!(bind(&listen_config(ListenTls::Implicit)), BindError::NoCertificate(_)));
    assert!(matches!(bind(&listen_config(ListenTls::StartTls)), BindError::NoCertificate(_)));

    let everywhere = ListenConfig { address: "0.0.0.0:0".parse().unwrap(), ..listen_config(ListenTls::None) };
    assert!(matches!(bind(&everywhere), BindError::PlainBeyondLoopback(_)));

    let taken = Listener::bind(&listen_config(ListenTls::None), None, Admission::new(9, 9)).unwrap();
    assert_ne!(taken.address().port(), 0);
    let again = ListenConfig { address: taken.address(), ..listen_config(ListenTls::None) };
    assert!(bind(&again).to_string().contains("another program"));

    let elsewhere = ListenConfig { address: "192.0.2.1:1993".parse().unwrap(), ..listen_config(ListenTls::Implicit) };
    let error = Listener::bind(&elsewhere, Some(Site::new().tls()), Admission::new(9, 9)).err().unwrap();
    assert!(error.to_string().contains("no such address"), "{error}");
}
