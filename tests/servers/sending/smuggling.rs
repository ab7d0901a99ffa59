//! SMTP smuggling (CVE-2023-51764 and others): every mix of CR, LF and NUL around a dot, with a second transaction behind
//! it, in front of a Postfix that sees further ends. What arrives is counted.

use super::*;

/// What may stand around the dot.
const MIXES: [&str; 16] = [
    "", "\n", "\r", "\r\n", "\n\r", "\n\n", "\r\r", "\r\r\n", "\r\n\n", "\r\n\r", "\r\n\r\n", "\0", "\0\r\n", "\r\n\0",
    "\r\0\n", "\n\0",
];

/// A transaction with a message that is somebody else's.
fn second(mail: &str, n: usize) -> String {
    format!(
        "MAIL FROM:<{mail}>\r\nRCPT TO:<{OTHER}>\r\nDATA\r\nFrom: {STRANGER}\r\nSubject: dentro\r\n\
         Message-ID: <dentro-{n}@pec.example.org>\r\n\r\nciao\r\n.\r\nQUIT\r\n"
    )
}

/// Whether there is the end that RFC 5321 has, behind good lines. What follows are commands then, each judged for itself.
fn is_end(before: &str, after: &str) -> bool {
    ["\r\n", "\r\n\r\n"].contains(&before) && after.starts_with("\r\n")
}

/// Says all of it in one segment behind DATA, and reads to the end of the connection; the replies.
fn says(smtp: &mut Smtp, text: &str) -> String {
    smtp.begin();
    // The server may have hung up by the time that the end of it is sent
    smtp.try_send(text.as_bytes());
    smtp.rest()
}

#[test]
fn one_message_in_is_one_message_out_or_none() {
    let office = Office::open();
    let mut expected = Vec::new();
    let mut n = 0;
    for before in MIXES {
        for after in MIXES {
            // In the body, and in the header: before any field, and behind one
            let head = letter(format_args!("fuori-{n}"), "");
            let header = head.split_once("\r\n\r\n").unwrap().0;
            let mail = if n % 2 == 0 { STRANGER } else { ADDRESS };
            let text = match n % 3 {
                0 | 1 => format!("{}{before}.{after}{}", head.trim_end(), second(mail, n)),
                _ => format!("{header}{before}.{after}{}", second(mail, n)),
            };
            let mut smtp = Smtp::owner(&office.delega);
            let replies = says(&mut smtp, &text);
            let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
            let (mix, good) = (format!("{n}: {before:?} . {after:?}: {replies}"), codes.first() == Some(&"250"));
            if is_end(before, after) {
                assert!(good, "{mix}");
                expected.push(id(format_args!("fuori-{n}")));
                assert_eq!(replies.matches("queued").count(), 1, "{mix}");
            } else if good {
                // One message, and its text is all of it
                expected.push(id(format_args!("fuori-{n}")));
                assert_eq!(codes, ["250", "221"], "{mix}");
            } else {
                assert_eq!((codes[0], codes[1..].contains(&"250")), ("550", false), "{mix}");
            }
            n += 1;
        }
    }
    assert_counted(&office, &expected);
    // Good lines before and behind, in 9 ways; in 6 more the end comes before what is broken
    assert_eq!(expected.len(), 15);
}

/// The same, one octet a TLS record.
#[test]
fn however_it_is_cut() {
    let office = Office::open();
    let mixes =
        ["\n.\n", "\r.\r", "\r\n.\n", "\n.\r\n", "\r\n.\r", "\r.\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n", "\r\r\n.\r\n"];
    for (n, mix) in mixes.into_iter().enumerate() {
        let mut smtp = Smtp::owner(&office.delega);
        smtp.begin();
        let text = format!("{}{mix}{}", letter(format_args!("fuori-{n}"), "").trim_end(), second(ADDRESS, n));
        for octet in text.bytes() {
            if !smtp.try_send(&[octet]) {
                break;
            }
        }
        let replies = smtp.rest();
        assert!(replies.starts_with("550 5.6.0 ") && !replies.contains("\n250"), "{mix:?}: {replies}");
    }
    assert_counted(&office, &[]);
}

/// What follows a message that is refused, or the refusal of DATA, is no message either.
#[test]
fn nothing_is_smuggled_behind_a_refusal() {
    let office = Office::open();
    let forged = format!("From: {STRANGER}\r\n\r\nciao\r\n");
    let mut smtp = Smtp::owner(&office.delega);
    // The body of the refused one is no transaction
    let replies = says(&mut smtp, &format!("{forged}{}", second(ADDRESS, 0)));
    assert!(replies.starts_with("550 5.7.1 ") && replies.lines().count() == 2, "{replies}");
    // DATA without recipients, and what would be its message
    let mut smtp = Smtp::owner(&office.delega);
    smtp.send(
        format!("MAIL FROM:<{ADDRESS}>\r\nRCPT TO:<nessuno@pec.example.org>\r\nDATA\r\n{}", second(STRANGER, 1))
            .as_bytes(),
    );
    let replies = smtp.rest();
    assert!(!replies.contains("queued") && replies.contains("\n554 5.5.1 "), "{replies}");
    // A chunk that holds a transaction
    let mut smtp = Smtp::owner(&office.delega);
    smtp.cmd(&format!("MAIL FROM:<{ADDRESS}>")).is("250");
    smtp.cmd(&format!("RCPT TO:<{OTHER}>")).is("250");
    let inner = second(ADDRESS, 2);
    smtp.send(format!("BDAT {} LAST\r\n{inner}BDAT 0 LAST\r\nQUIT\r\n", inner.len()).as_bytes());
    let replies = smtp.rest();
    let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["503", "503", "221"], "{replies}");
    assert_counted(&office, &[]);
}

/// Commands behind STARTTLS in the same segment count for nothing, and those of another protocol neither.
#[test]
fn nothing_is_injected_before_tls() {
    let office = Office::with(|options, dovecot, _| *options = options.clone().downloading(dovecot));
    let port = office.delega.submission().starttls;
    let login = crate::imap::sasl_plain("", ADDRESS, PASSWORD);
    for text in [
        format!("STARTTLS\r\nAUTH PLAIN {login}\r\n{}", second(ADDRESS, 0)),
        format!("STARTTLS\r\nMAIL FROM:<{ADDRESS}>\r\n"),
        format!("EHLO x\r\nAUTH PLAIN {login}\r\n{}", second(ADDRESS, 0)),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nAUTH PLAIN {login}\r\n{}", second(ADDRESS, 0)),
        format!("EHLO x\nSTARTTLS\nAUTH PLAIN {login}\n"),
    ] {
        let mut client = crate::imap::Client::plain(port).unwrap();
        client.send(text.as_bytes());
        let said = client.rest();
        assert!(!said.contains("235") && !said.contains("354") && !said.contains("queued"), "{text:?}: {said:?}");
    }
    assert_eq!(office.delega.logged("session start").len(), 0);
    // The same at the doors of other protocols, one of which takes the login
    for (port, goodbye) in [(office.delega.port(), "x LOGOUT\r\n"), (office.delega.pop3().implicit, "QUIT\r\n")] {
        let mut client = crate::imap::Client::tls(port, &office.delega.ca_file()).unwrap();
        let text = format!("EHLO x\r\nAUTH PLAIN {login}\r\n{}{goodbye}", second(ADDRESS, 0));
        client.send(text.as_bytes());
        let said = client.rest();
        assert!(!["250", "235", "354", "queued"].iter().any(|word| said.contains(word)), "{goodbye}: {said:?}");
    }
    assert_counted(&office, &[]);
}

/// Postfix, the mailbox and the record know of these messages and no others, all of them the mailbox's.
#[track_caller]
fn assert_counted(office: &Office, expected: &[String]) {
    let taken = office.postfix.taken();
    let ids: Vec<&str> = taken.iter().map(|message| message.message_id.as_str()).collect();
    assert_eq!(ids, expected);
    assert!(taken.iter().all(|message| message.from == ADDRESS), "{taken:?}");
    let arrived = office.arrived();
    assert_eq!(arrived.len(), expected.len());
    let header = |raw: &String| raw.split("\r\n\r\n").next().unwrap().to_owned();
    assert!(arrived.iter().map(header).all(|raw| !raw.contains("dentro") && !raw.contains(STRANGER)), "{arrived:?}");
    let recorded = sends(&office.delega);
    let ids: Vec<&str> = recorded.iter().map(|row| row["message_id"].as_str().unwrap()).collect();
    assert_eq!(ids, expected);
    assert!(recorded.iter().all(|row| row["outcome"] == "accepted"), "{recorded:?}");
}
