//! The panel over sockets: TLS, bounds in size and time, and its end.
//!
//! Where the clock is paused, it jumps whenever all that runs here waits: what takes for ever is over at once.

use std::net::SocketAddr;
use std::time::Duration;

use delega::accounts::ApiTokenEntry;
use delega::config::{Config, TlsConfig};
use delega::domain::ApiScope;
use delega::domain::limits::{REQUEST_HEAD_BYTES, REQUEST_HEADERS};
use delega::net::{ServerTls, Signals, shutdown::Reload};
use delega::web::{CONNECTION_LIFE, HEAD_TIMEOUT, Panel, REQUEST_TIMEOUT};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::*;

/// A panel that listens.
struct Running {
    address: SocketAddr,
    signals: Signals,
    task: tokio::task::JoinHandle<()>,
    office: Office,
}

fn start(tls: Option<Arc<ServerTls>>) -> Running {
    let wanted = PanelConfig { tls: if tls.is_some() { PanelTls::Implicit } else { PanelTls::None }, ..panel() };
    start_with(&wanted, tls)
}

fn start_with(wanted: &PanelConfig, tls: Option<Arc<ServerTls>>) -> Running {
    let office = Office::open();
    let text = "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:0\"\ntls = \"none\"\n\
                [upstream.provider]\nimap = \"imaps://imap.pec.example.it\"\n";
    let config = Config::parse(text, std::path::Path::new("delega.toml")).unwrap();
    let (_, reload) = Reload::channel();
    let signals = Signals { stop: CancellationToken::new(), stop_at_once: CancellationToken::new(), reload };
    let gatehouse = gatehouse(1, office.at_work.clone());
    let panel = Panel::bind(wanted, &config, office.accounts.clone(), tls, gatehouse, signals.clone()).unwrap();
    Running { address: panel.address(), signals, task: tokio::spawn(panel.run()), office }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything that comes back.
    async fn says(&self, request: &str) -> String {
        let mut tcp = self.connect().await;
        tcp.write_all(request.as_bytes()).await.unwrap();
        rest(&mut tcp).await
    }
}

/// What comes until the other side ends the connection.
async fn rest(tcp: &mut TcpStream) -> String {
    let mut said = Vec::new();
    tcp.read_to_end(&mut said).await.unwrap();
    String::from_utf8(said).unwrap()
}

/// For a connection's farewell, and for what the clock jumps beyond.
const A_MOMENT: Duration = Duration::from_secs(5);

const GET: &str = "GET / HTTP/1.1\r\nHost: delega.example.it\r\n";

#[tokio::test]
async fn a_page_over_tls_and_only_http_1_is_offered() {
    let folder = tempfile::tempdir().unwrap();
    let authority = certs::Authority::new("test CA").unwrap();
    let issued = authority.issue(&["localhost"]).unwrap();
    let files = TlsConfig { certificate: folder.path().join("a.pem"), key: folder.path().join("a.key") };
    certs::write(&files.certificate, &issued.chain_pem, 0o644).unwrap();
    certs::write(&files.key, &issued.key_pem, 0o600).unwrap();
    let running = start(Some(Arc::new(ServerTls::new(&files).unwrap())));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    for (offered, taken) in [(&["h2", "http/1.1"][..], true), (&[], true), (&["imap"], false), (&["h2"], false)] {
        let provider = delega::net::provider::provider();
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        client.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(client)).connect(name, running.connect().await).await;
        assert_eq!(stream.is_ok(), taken, "{offered:?}");
        let Ok(mut stream) = stream else { continue };
        stream.write_all(format!("{GET}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("</html>"), "{said}");
    }
}

#[tokio::test]
async fn a_connection_serves_several_requests() {
    let running = start(None);
    let last = "GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let said = running.says(&format!("{GET}\r\n{GET}\r\n{last}")).await;
    assert_eq!((said.matches("HTTP/1.1 200 OK").count(), said.matches("HTTP/1.1 404").count()), (2, 1), "{said}");
}

/// The whole answer arrives, though most of what was sent is never read.
#[tokio::test]
async fn too_large_a_body_is_answered() {
    let running = start(None);
    let body = "x".repeat(200 * 1024);
    let head = "POST /invitation/accept HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let said = running.says(&format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).await;
    assert!(said.starts_with("HTTP/1.1 413") && said.ends_with("</html>"), "{said}");
    let said = running.says(&format!("{head}Transfer-Encoding: chunked\r\n\r\n32000\r\n{body}\r\n0\r\n\r\n")).await;
    assert!(said.starts_with("HTTP/1.1 413") && said.ends_with("</html>"), "{said}");
}

#[tokio::test]
async fn heads_have_their_bounds() {
    let running = start(None);
    let close = "Connection: close\r\n\r\n";
    // Host and Connection are two of them.
    let many = |count: usize| (0..count - 2).map(|n| format!("X-{n}: x\r\n")).collect::<String>();
    assert!(running.says(&format!("{GET}{}{close}", many(REQUEST_HEADERS))).await.starts_with("HTTP/1.1 200"));
    assert!(running.says(&format!("{GET}{}{close}", many(REQUEST_HEADERS + 1))).await.starts_with("HTTP/1.1 431"));
    let long = "x".repeat(REQUEST_HEAD_BYTES);
    assert!(running.says(&format!("{GET}X: {long}\r\n{close}")).await.starts_with("HTTP/1.1 431"));
    let said = running.says(&format!("GET /{long} HTTP/1.1\r\nHost: x\r\n{close}")).await;
    assert!(said.starts_with("HTTP/1.1 414") || said.starts_with("HTTP/1.1 431"), "{said}");
    for nonsense in ["\0\0\0\0", "GET / HTTP/2.0\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "a1 LOGIN x y\r\n\r\n"] {
        let said = running.says(nonsense).await;
        assert!(said.starts_with("HTTP/1.1 4") || said.is_empty(), "{nonsense:?}: {said}");
        assert!(!said.contains("LOGIN"), "{said}");
    }
}

/// RFC 9112 §6.1: where the two do not agree on where a request ends, nobody sends another behind it.
#[tokio::test]
async fn whoever_gives_two_lengths_ends_the_connection() {
    let running = start(None);
    let head = "POST /invitation/refuse HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
    for lengths in [format!("{length}{chunked}"), format!("{chunked}{length}")] {
        let said = running.says(&format!("{head}{lengths}\r\n0\r\n\r\n{GET}\r\n")).await;
        assert!(said.starts_with("HTTP/1.1 404") && said.matches("HTTP/1.1").count() == 1, "{lengths}: {said}");
    }
    for lengths in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5, 5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
    ] {
        let said = running.says(&format!("{head}{lengths}\r\n0\r\n\r\n{GET}\r\n")).await;
        assert!(said.starts_with("HTTP/1.1 400") && said.matches("HTTP/1.1").count() == 1, "{lengths}: {said}");
    }
}

/// RFC 9112 §3.2.2, §9.3, appendix C.2.2: the form that proxies are asked in, and what is older than kept connections.
#[tokio::test]
async fn other_forms_of_requests_are_answered() {
    let running = start(None);
    let close = "Connection: close\r\n\r\n";
    for target in ["http://evil.example/style.css", "https://evil.example:1/style.css?x"] {
        let said = running.says(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n{close}")).await;
        assert!(said.starts_with("HTTP/1.1 200") && !said.contains("evil.example"), "{target}: {said}");
    }
    let said = running.says(&format!("GET / HTTP/1.0\r\n\r\n{GET}\r\n")).await;
    assert!(said.starts_with("HTTP/1.0 200") && said.matches("HTTP/1.").count() == 1, "{said}");
    for nowhere in ["OPTIONS * HTTP/1.1", "CONNECT mail.example.it:25 HTTP/1.1"] {
        let said = running.says(&format!("{nowhere}\r\nHost: x\r\n{close}")).await;
        assert!(said.starts_with("HTTP/1.1 4"), "{nowhere}: {said}");
    }
}

/// How long something takes by the clock that is paused.
async fn timed<T>(done: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    (done.await, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_a_head_slowly_is_cut_off() {
    let running = start(None);
    let (said, lasted) = timed(running.says("")).await;
    assert_eq!(said, "");
    assert!(lasted < HEAD_TIMEOUT + A_MOMENT, "{lasted:?}");
    // One byte now and then does not help.
    let mut slow = running.connect().await;
    let trickle = async {
        for byte in GET.bytes().cycle() {
            let mut answer = [0; 1];
            tokio::select! {
                biased;
                read = slow.read(&mut answer) => return read.map_or(true, |read| read == 0),
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            if slow.write_all(&[byte]).await.is_err() {
                return true;
            }
        }
        false
    };
    let (ended, lasted) = timed(trickle).await;
    assert!(ended && lasted < HEAD_TIMEOUT + A_MOMENT, "{ended} {lasted:?}");
    // Kept open after an answer, it waits no longer.
    let (said, lasted) = timed(running.says(&format!("{GET}\r\n"))).await;
    assert!(said.ends_with("</html>") && lasted < HEAD_TIMEOUT + A_MOMENT, "{lasted:?} {said}");
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_a_body_slowly_is_told_so() {
    let running = start(None);
    let head = "POST /invitation/accept HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let (said, lasted) = timed(running.says(&format!("{head}Content-Length: 100\r\n\r\ntoken="))).await;
    assert!(said.starts_with("HTTP/1.1 503") && said.ends_with("</html>"), "{said}");
    assert!(lasted < REQUEST_TIMEOUT + A_MOMENT, "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn no_connection_goes_on_for_ever() {
    let running = start(None);
    let mut tcp = running.connect().await;
    let begun = Instant::now();
    let mut answers = 0;
    loop {
        let asked = tcp.write_all(format!("{GET}\r\n").as_bytes()).await;
        let mut some = [0; 64 * 1024];
        match asked.and(tcp.read(&mut some).await) {
            Ok(read) if read > 0 => answers += 1,
            _ => break,
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let lived = begun.elapsed();
    assert!(answers > 10, "{answers}");
    assert!(lived >= CONNECTION_LIFE && lived < CONNECTION_LIFE + 2 * A_MOMENT, "{lived:?}");
}

#[tokio::test]
async fn when_it_stops_it_answers_and_does_what_was_asked() {
    let running = start(None);
    running.office.add("bruno");
    let idle = running.connect().await;
    let mut busy = running.connect().await;
    let body = format!("login=bruno/{MAILBOX}&fiscal_code={OWNERS_CODE}");
    let head = "POST /password/forgotten HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    busy.write_all(format!("{head}Content-Length: {}\r\n\r\n{}", body.len(), &body[..8]).as_bytes()).await.unwrap();
    // Another answer on the way shows that the first part has been read before.
    assert!(running.says(&format!("{GET}Connection: close\r\n\r\n")).await.starts_with("HTTP/1.1 200"));
    running.signals.stop.cancel();
    busy.write_all(&body.as_bytes()[8..]).await.unwrap();
    let said = rest(&mut busy).await;
    assert!(said.starts_with("HTTP/1.1 303"), "{said}");
    running.task.await.unwrap();
    drop(idle);
    let sent = links(&running.office.accounts, now());
    assert_eq!(sent.into_iter().map(|(recipient, _)| recipient).collect::<Vec<_>>(), ["bruno@example.it"]);
    assert!(TcpStream::connect(running.address).await.is_err());
}

/// Behind a reverse proxy that tells no addresses, one stranger would close the API to all.
#[tokio::test]
async fn s5_wrong_tokens_close_the_api_to_the_address_that_they_come_from() {
    for proxied in [true, false] {
        let running = start_with(&PanelConfig { proxy_protocol: proxied, ..panel() }, None);
        let entry = ApiTokenEntry { name: "crm".to_owned(), scope: ApiScope::Full, valid_secs: None };
        let (secret, _) = running.office.accounts.create_api_token(entry, now()).unwrap();
        let status = async |from: &str, token: &str| {
            let head = if proxied { format!("PROXY TCP4 {from} 192.0.2.1 1000 443\r\n") } else { String::new() };
            let get = "GET /api/v1/plans HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
            let said = running.says(&format!("{head}{get}Authorization: Bearer {token}\r\n\r\n")).await;
            said.split(' ').nth(1).unwrap().to_owned()
        };
        for n in 0..20 {
            assert_eq!(status("192.0.2.7", &format!("delega_{n:043}")).await, "401");
        }
        let right = secret.shown().expose_secret();
        let closed = (status("192.0.2.7", right).await, status("192.0.2.8", right).await);
        assert_eq!(closed, (if proxied { "401" } else { "200" }.to_owned(), "200".to_owned()), "proxied: {proxied}");
    }
}
