//! `delega check` before upstreams that answer all sorts of things.

use std::net::TcpListener;

use super::*;

/// A server that greets each connection so, and its port.
fn greeting(text: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let _ = connection.write_all(text.as_bytes());
        }
    });
    port
}

#[test]
fn check_reaches_every_protocol_of_every_upstream() {
    let check = |imap, submission: &'static str, pop3: &'static str| {
        let site = Site::with("");
        let port = greeting;
        let text = format!(
            "[[listen]]\nprotocol = \"submission\"\naddress = \"127.0.0.1:1587\"\ntls = \"none\"\n\
             [upstream.here]\nimap = \"imap+insecure://127.0.0.1:{}\"\nsubmission = \"smtp+insecure://127.0.0.1:{}\"\n\
             pop3 = \"pop3+insecure://127.0.0.1:{}\"\n[upstream.half]\nimap = \"imap+insecure://127.0.0.1:{}\"\n",
            port(imap),
            port(submission),
            port(pop3),
            port(imap)
        );
        fs::write(site.path("delega.toml"), text).unwrap();
        site.run(&["check"])
    };
    let good = check("* OK ready\r\n", "220-mx.example.it\r\n220 ready\r\n", "+OK\r\n");
    assert_eq!((good.status, good.err.as_str()), (Some(0), ""), "{}", good.out);
    let lines: Vec<_> = good.out.lines().collect();
    assert_eq!(
        lines,
        [
            "ok    upstream half: imap can be reached",
            "ok    upstream half: it has no submission, so its mailboxes are refused there",
            "ok    upstream here: imap can be reached",
            "ok    upstream here: submission can be reached",
            "ok    upstream here: pop3 can be reached",
        ]
    );
    let bad = check("* OK ready\r\n", "554 go\u{1b} away\r\n", "");
    assert_eq!((bad.status, bad.err.as_str()), (Some(1), "delega: 2 things are wrong\n"), "{}", bad.out);
    let told = |part: &str| assert!(bad.out.contains(part), "{part}: {}", bad.out);
    told("WRONG upstream here: submission: it greets with `554 go\\u{1b} away`, not as");
    told("WRONG upstream here: pop3: it closed the connection without a greeting");
}

#[test]
fn check_goes_as_far_as_tls_where_it_begins_later() {
    let refuses = [greeting("* OK x\r\n* x\r\nx NO no\r\n"), greeting("220 x\r\n250-x\r\n250 x\r\n454 no\r\n")];
    let tampered = [greeting("220-x\r\n220 x\r\n250 x\r\n220 go\r\n250 x"), greeting("+OK\r\n+OK\r\n+")];
    let ends = greeting("220 x\r\n250-x\r\n250-y\r\n");
    let site = Site::with("");
    let text = format!(
        "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1993\"\ntls = \"none\"\n\
         [upstream.a]\nimap = \"imap://127.0.0.1:{}\"\nsubmission = \"smtp://127.0.0.1:{}\"\npop3 = \"pop3://127.0.0.1:{}\"\n\
         [upstream.b]\nimap = \"imaps://127.0.0.1:1\"\nsubmission = \"smtp://127.0.0.1:{}\"\npop3 = \"pop3://127.0.0.1:{}\"\n\
         [upstream.c]\nimap = \"imaps://127.0.0.1:1\"\nsubmission = \"smtp://127.0.0.1:{ends}\"\n",
        refuses[0],
        refuses[1],
        greeting("+OK\r\n-ERR no\r\n"),
        tampered[0],
        tampered[1]
    );
    fs::write(site.path("delega.toml"), text).unwrap();
    let checked = site.run(&["check"]);
    let told = checked.out;
    for line in [
        "WRONG upstream a: imap: it answers STARTTLS with `x NO no`",
        "WRONG upstream a: submission: it answers STARTTLS with `454 no`",
        "WRONG upstream a: pop3: it answers STLS with `-ERR no`",
        "WRONG upstream b: submission: it sent more in the clear behind its answer to STARTTLS",
        "WRONG upstream b: pop3: it sent more in the clear behind its answer to STLS",
        "WRONG upstream c: submission: it closed the connection without an answer to EHLO [127.0.0.1]",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}: {told}{}", checked.err);
    }
}

#[test]
fn x13_check_tells_of_copies_that_were_given_up() {
    let site = Site::furnished("");
    let imap = format!("imap+insecure://127.0.0.1:{}", greeting("* BYE\r\n"));
    let config = site.path("delega.toml");
    fs::write(&config, fs::read_to_string(&config).unwrap().replace("imaps://imap.pec.example.it", &imap)).unwrap();
    let spool = site.path("delega.db.spool");
    fs::create_dir(&spool).unwrap();
    let file = spool.join("0123456789abcdef0123456789abcdef");
    fs::write(&file, "message").unwrap();
    let raw = site.database();
    raw.execute_batch(
        "INSERT INTO sends (at_ms, mailbox_id, mailbox, peer, kind, reverse_path, message_id, bytes, outcome, reply, \
         outcome_at_ms) VALUES (1800000000000, 1, 'ufficio@pec.example.it', '192.0.2.7:1', 'client', \
         'ufficio@pec.example.it', '<1@x>', 7, 'accepted', '250 ok', 1800000000001);\
         INSERT INTO copies VALUES (1, 1, '0123456789abcdef0123456789abcdef', 'failed', 9, 0, 'over quota');",
    )
    .unwrap();
    let told = site.run(&["check"]).out;
    let line = told.lines().find(|line| line.contains(" copy ")).unwrap_or_else(|| panic!("{told}"));
    assert!(
        line.starts_with("WRONG copy <1@x> of 2027-01-15T08:00:00.000Z: ") && line.contains("over quota"),
        "{line}"
    );
    assert!(line.contains("ufficio@pec.example.it") && line.contains("delega.db.spool/0123456789abcdef"), "{line}");
    assert!(site.run(&["log", "sends"]).done().out.contains("failed: over quota"));
    fs::remove_file(file).unwrap();
    assert!(!site.run(&["check"]).out.contains(" copy "), "it was taken note of");
}
