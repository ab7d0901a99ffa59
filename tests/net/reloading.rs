//! The certificate is replaced while connections go on, and a broken one is not taken.

use delega::net::tls_watch::watch;
use delega::net::{Reload, TlsFileError};

use super::*;

/// The certificate that a new client is shown.
async fn shown(site: &Site, listener: &mut Running) -> CertificateDer<'static> {
    let client = site.connect(listener.address).await.unwrap();
    drop(listener.arrival().await);
    client.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn old_connections_go_on_and_new_ones_see_the_new_certificate() {
    let site = Site::new();
    let first = site.renew();
    let tls = site.tls();
    let mut listener = imaps(&tls);
    let mut client = site.connect(listener.address).await.unwrap();
    let mut server = listener.arrival().await.stream;

    let second = site.renew();
    assert_eq!(shown(&site, &mut listener).await, first);
    tls.reload().unwrap();
    assert_eq!(shown(&site, &mut listener).await, second);
    converse(&mut client, &mut server).await;
}

#[tokio::test]
async fn broken_files_are_named_and_change_nothing() {
    let site = Site::new();
    let good = site.renew();
    let tls = site.tls();
    let mut listener = imaps(&tls);
    let read = |file: &std::path::Path| std::fs::read_to_string(file).unwrap();
    let (chain, key) = (read(&site.files.certificate), read(&site.files.key));
    let other_key = site.authority.issue(&["localhost"]).unwrap().key_pem;
    let cut = |pem: &str| pem[..pem.len() / 2].to_owned();
    let spoilt = |pem: &str| pem.replacen("MII", "AAA", 1);

    let cases = [
        (chain.clone(), other_key, "does not belong to the certificate"),
        (String::new(), key.clone(), "server.pem holds no certificate"),
        (key.clone(), key.clone(), "server.pem holds no certificate"),
        (chain.clone(), String::new(), "server.key holds no private key"),
        (chain.clone(), chain.clone(), "server.key holds no private key"),
        (cut(&chain), key.clone(), "server.pem is damaged"),
        (chain.clone(), cut(&key), "server.key is damaged"),
        (spoilt(&chain), key.clone(), "server.pem cannot be used"),
        (chain.clone(), key.replace("MIG", "AAA"), "server.key is damaged"),
    ];
    for (chain, key, expected) in cases {
        site.install(&chain, &key);
        let error = tls.reload().unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        assert!(ServerTls::new(&site.files).is_err());
        assert_eq!(shown(&site, &mut listener).await, good);
    }
    std::fs::remove_file(&site.files.key).unwrap();
    assert!(matches!(tls.reload().unwrap_err(), TlsFileError::Unreadable { file, .. } if file == site.files.key));
    assert_eq!(shown(&site, &mut listener).await, good);

    site.install(&chain, &key);
    tls.reload().unwrap();
}

#[tokio::test]
async fn a_change_of_the_files_is_noticed() {
    let site = Site::new();
    let tls = site.tls();
    let mut listener = imaps(&tls);
    let stop = CancellationToken::new();
    let (_trigger, reload) = Reload::channel();
    let watching = tokio::spawn(watch(tls.clone(), Duration::from_millis(5), reload, stop.clone()));

    let second = site.renew();
    within(async { while shown(&site, &mut listener).await != second {} }).await;

    site.install("nothing", "at all");
    // Served all the while, by the certificate that was good.
    for _ in 0..20 {
        assert_eq!(shown(&site, &mut listener).await, second);
    }
    let third = site.renew();
    within(async { while shown(&site, &mut listener).await != third {} }).await;

    stop.cancel();
    within(watching).await.unwrap();
}

#[tokio::test]
async fn a_request_to_reload_does_not_wait_for_the_next_look() {
    let site = Site::new();
    let tls = site.tls();
    let mut listener = imaps(&tls);
    let (trigger, reload) = Reload::channel();
    tokio::spawn(watch(tls.clone(), Duration::from_secs(3600), reload, CancellationToken::new()));
    for _ in 0..3 {
        let renewed = site.renew();
        trigger.fire();
        within(async { while shown(&site, &mut listener).await != renewed {} }).await;
    }
}
