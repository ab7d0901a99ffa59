//! What comes before and below IMAP, on the real process: STARTTLS and what is injected into it, other protocols, the
//! PROXY protocol, certificates that change, and crowds (threats "Transport and grammar").

use std::fs;
use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use super::delega::{Delega, password};
use super::imap::{Client, PATIENCE, connect_tcp, encrypt, tls_config};
use super::memory::{MIB, growth};
use super::office::{ADDRESS, Office, PASSWORD, wait_until};
use super::support::certs;
use super::upstream::Upstream;

/// An upstream that lets everybody in and answers everything with OK.
fn friendly() -> Upstream {
    Upstream::after_login(|mut c| while c.obey_until("nothing like this").is_some() {})
}

#[test]
fn what_is_injected_around_starttls_ends_the_session_and_counts_for_nothing() {
    let delega = friendly().delega();
    let login = format!("b LOGIN anna/{ADDRESS} {}\r\n", password("anna"));
    let injected = ["b NOOP\r\n", "b NO", "\r\n", &login, "b NOOP\r\nc NOOP\r\n"];
    for text in injected {
        // In one segment with the command
        let begun = Instant::now();
        let mut client = Client::plain(delega.starttls_port()).unwrap();
        client.send(format!("a STARTTLS\r\n{text}").as_bytes());
        let said = client.rest();
        assert!(!said.contains("b OK") && !said.contains("b NO") && !said.contains("BAD"), "{text:?}: {said:?}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{text:?}: {:?}", begun.elapsed());

        // After the answer, before the handshake
        let mut client = Client::plain(delega.starttls_port()).unwrap();
        client.send(b"a STARTTLS\r\n");
        assert!(client.response().starts_with("a OK"));
        client.send(text.as_bytes());
        let said = if text.len() < 5 {
            // So little that it could be the beginning of a handshake
            client.send(&[b'x'; 100]);
            client.rest()
        } else {
            client.rest()
        };
        assert!(!said.contains("b OK") && !said.contains("b NO"), "{text:?}: {said:?}");

        // By somebody on the way, while the client goes on with its handshake
        let tcp = connect_tcp(delega.starttls_port()).unwrap();
        let mut on_the_way = tcp.try_clone().unwrap();
        let mut greeting = [0; 4];
        on_the_way.read_exact(&mut greeting).unwrap();
        on_the_way.write_all(format!("a STARTTLS\r\n{text}").as_bytes()).unwrap();
        // The client takes the greeting's rest and the answer for TLS, or has been disconnected: no TLS either way
        assert!(encrypt(tcp, tls_config(&delega.ca_file(), &[])).is_err(), "{text:?}");
    }
    assert_eq!(delega.logged("session start").len(), 0);
    // Nobody else was disturbed
    Client::starttls(&delega).login(&format!("anna/{ADDRESS}"), &password("anna")).ok();
}

#[test]
fn a_client_of_another_protocol_gets_an_alert() {
    let delega = friendly().delega();
    for (alpn, welcome) in
        [(&["imap"][..], true), (&[], true), (&["h2", "imap"], true), (&["http/1.1"], false), (&["h2", "pop3"], false)]
    {
        let config = tls_config(&delega.ca_file(), alpn);
        let answer = Client::over_tls(connect_tcp(delega.port()).unwrap(), config.clone());
        assert_eq!(answer.is_ok(), welcome, "{alpn:?}");
        if let Err(error) = answer {
            assert!(error.to_string().contains("NoApplicationProtocol"), "{alpn:?}: {error}");
        }
        let mut client = Client::plain(delega.starttls_port()).unwrap();
        client.cmd("STARTTLS").ok();
        assert_eq!(client.try_begin_tls(config).is_ok(), welcome, "{alpn:?} by STARTTLS");
    }
}

#[test]
fn nothing_of_an_http_request_is_echoed() {
    let delega = friendly().delega();
    let get = "GET /pagina?x=%0d%0ab%20NOOP HTTP/1.1\r\nHost: localhost\r\nCookie: biscotto\r\n\r\n";
    let post = "POST /pagina HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\nb LOGIN biscotto biscotto\r\n";
    for request in [get, post] {
        for mut client in [Client::connect(&delega), Client::plain(delega.starttls_port()).unwrap()] {
            client.send(request.as_bytes());
            let said = client.rest();
            for word in ["GET", "POST", "pagina", "Host", "biscotto", "b BAD", "b NO"] {
                assert!(!said.contains(word), "{word} in {said:?}");
            }
        }
    }
}

#[test]
fn who_speaks_plainly_to_a_tls_port_is_not_answered_in_kind() {
    let delega = friendly().delega();
    let mut tcp = connect_tcp(delega.port()).unwrap();
    tcp.write_all(b"a CAPABILITY\r\n").unwrap();
    let mut said = Vec::new();
    let _ = tcp.read_to_end(&mut said);
    // A TLS alert, or nothing
    assert!(said.is_empty() || said[0] == 21, "{said:?}");
}

#[test]
fn behind_a_proxy_the_log_tells_the_clients_own_address() {
    let upstream = friendly();
    let delega = upstream.delega_with(|options| options.proxy_protocol = true);
    let mut tcp = connect_tcp(delega.port()).unwrap();
    tcp.write_all(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 993\r\n").unwrap();
    let mut client = Client::over_tls(tcp, tls_config(&delega.ca_file(), &[])).unwrap();
    client.login(&format!("anna/{ADDRESS}"), "sbagliata").is("NO [AUTHENTICATIONFAILED]");
    client.login(&format!("anna/{ADDRESS}"), &password("anna")).ok();
    client.cmd("LOGOUT").ok();
    for message in ["login refused", "session start", "session end"] {
        assert_eq!(delega.wait_logged(message, 1)[0]["peer"], "203.0.113.7:4711", "{message}");
    }
    // Without a header nobody is let in
    assert!(Client::tls(delega.port(), &delega.ca_file()).is_err());
}

#[test]
fn a_certificate_that_is_replaced_is_shown_from_then_on_and_nobody_is_disturbed() {
    let delega = friendly().delega();
    let mut before = Client::delegate(&delega, "anna", ADDRESS);
    let old_ca = delega.folder().join("old-ca.pem");
    fs::copy(delega.ca_file(), &old_ca).unwrap();
    let shown = Client::connect(&delega).shown().clone();

    certs::ensure(&delega.folder().join("certs"), &certs::NAMES, true).unwrap();
    let after = wait_until(Duration::from_secs(10), "the new certificate is shown", || {
        Client::tls(delega.port(), &delega.ca_file()).is_ok_and(|client| *client.shown() != shown)
    });
    println!("a new certificate is shown after {after:?}");
    assert!(Client::tls(delega.port(), &old_ca).is_err());
    assert!(Client::starttls(&delega).cmd("NOOP").status.starts_with("OK"));
    before.cmd("NOOP").ok();

    // One that is no good does not take the place of one that is
    let shown = Client::connect(&delega).shown().clone();
    fs::write(delega.folder().join("certs/delega.pem"), "no certificate\n").unwrap();
    wait_until(Duration::from_secs(10), "the log tells", || delega.log().contains("delega.pem"));
    assert_eq!(*Client::connect(&delega).shown(), shown);
    before.cmd("NOOP").ok();
}

#[test]
fn too_many_of_one_address_wait_for_a_login_and_who_is_in_stays() {
    let upstream = friendly();
    let delega = upstream.delega_with(|options| options.limits += "connections_before_login_per_address = 3\n");
    let mut working: Vec<Client> = (0..4).map(|_| Client::delegate(&delega, "anna", ADDRESS)).collect();
    // Half a handshake counts as well as a greeting
    let stalled = connect_tcp(delega.port()).unwrap();
    let mut waiting: Vec<Client> = vec![Client::connect(&delega), Client::plain(delega.starttls_port()).unwrap()];
    assert!(Client::tls(delega.port(), &delega.ca_file()).is_err(), "a fourth is turned away");
    assert!(Client::plain(delega.starttls_port()).is_err(), "at every door");
    for client in working.iter_mut().chain(&mut waiting) {
        client.cmd("NOOP").ok();
    }
    // All of webmail's users come from its address
    let webmail: Vec<Client> = (0..5).map(|_| Client::tls(delega.webmail_port(), &delega.ca_file()).unwrap()).collect();
    drop((stalled, webmail));
    wait_until(PATIENCE, "there is room again", || Client::tls(delega.port(), &delega.ca_file()).is_ok());
    for client in &mut working {
        client.cmd("NOOP").ok();
    }
}

/// What became of one login in a crowd.
fn knock(delega: &Delega, password: &str) -> String {
    let config = tls_config(&delega.ca_file(), &[]);
    let client = Client::over_tls(connect_tcp(delega.port()).unwrap(), config).unwrap();
    client.with_patience(Duration::from_secs(240)).login(&format!("anna/{ADDRESS}"), password).status
}

#[test]
fn s5_a_thousand_logins_at_once_cost_neither_memory_nor_those_who_are_in() {
    const CROWD: usize = 1000;
    let upstream = friendly();
    let delega = upstream.delega_with(|options| {
        options.limits += "connections_before_login_per_address = 1100\nlogin_timeout_secs = 240\n";
    });
    let mut working = Client::delegate(&delega, "anna", ADDRESS);
    let mut slowest = Duration::ZERO;
    let mut answers = Vec::new();
    let begun = Instant::now();
    let grown = growth(&delega, || {
        thread::scope(|scope| {
            let delega = &delega;
            let right = password("anna");
            let crowd: Vec<_> = (0..CROWD)
                .map(|n| {
                    let typed = if n % 2 == 0 { right.clone() } else { "sbagliata-del-tutto".to_owned() };
                    scope.spawn(move || knock(delega, &typed))
                })
                .collect();
            while crowd.iter().any(|one| !one.is_finished()) {
                let asked = Instant::now();
                working.cmd("NOOP").ok();
                slowest = slowest.max(asked.elapsed());
                thread::sleep(Duration::from_millis(20));
            }
            answers.extend(crowd.into_iter().map(|one| one.join().unwrap()));
        });
    });
    println!(
        "{CROWD} logins at once: {:?}, {} KiB more at the peak, the slowest NOOP {slowest:?}",
        begun.elapsed(),
        grown / 1024
    );
    for (n, answer) in answers.iter().enumerate() {
        let expected = if n % 2 == 0 { "OK [CAPABILITY" } else { "NO [AUTHENTICATIONFAILED]" };
        assert!(answer.starts_with(expected), "{n}: {answer}");
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    // A check for each core at once, and something for each connection
    let cores = thread::available_parallelism().unwrap().get() as u64;
    assert!(grown < 24 * MIB * cores + 100 * 1024 * CROWD as u64, "{grown} bytes");
}

#[test]
fn one_byte_at_a_time_is_a_command_all_the_same() {
    let office = Office::open(&[]);
    let mut owner = Client::starttls(&office.delega);
    for byte in format!("a LOGIN {ADDRESS} {{{}+}}\r\n{PASSWORD}\r\n", PASSWORD.len()).bytes() {
        owner.send(&[byte]);
    }
    owner.answer("a").ok();
    for byte in b"b EXAMINE INBOX\r\nc UID FETCH 1 BODY.PEEK[TEXT]\r\n" {
        owner.send(&[*byte]);
    }
    owner.answer("b").ok();
    assert!(owner.answer("c").ok().all().contains("corpo 1"));
}

#[test]
fn who_does_not_log_in_in_time_is_told_and_ended() {
    let upstream = friendly();
    let delega = upstream.delega_with(|options| options.limits += "login_timeout_secs = 1\n");
    let mut silent = Client::connect(&delega);
    let mut talking = Client::connect(&delega);
    let begun = Instant::now();
    let mut said = String::new();
    while !said.contains("* BYE") && begun.elapsed() < Duration::from_secs(10) {
        // Talking is not logging in
        let _ = talking.try_send(b"x NOOP\r\n");
        match talking.response_within(Duration::from_millis(200)) {
            Ok(Some(response)) => said += &String::from_utf8_lossy(&response),
            _ => break,
        }
        thread::sleep(Duration::from_millis(150));
    }
    assert!(said.contains("* BYE") && begun.elapsed() < Duration::from_secs(3), "{said}");
    assert!(silent.rest().starts_with("* BYE"));
}
