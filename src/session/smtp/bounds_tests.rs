//! The bounds of a session that would make long transcripts.

use std::time::Duration;

use super::*;
use crate::domain::{Sending, limits};
use crate::proto::smtp::extension::Extension;

#[derive(Default)]
struct Said {
    downstream: Vec<u8>,
    sending: Option<Sending>,
}

impl Sink for Said {
    fn downstream(&mut self, bytes: &[u8]) {
        self.downstream.extend_from_slice(bytes);
    }

    fn upstream(&mut self, _: &[u8]) {}

    fn request(&mut self, request: Request) {
        if let Request::RecordSending(sending) = request {
            self.sending = Some(*sending);
        }
    }
}

struct Play {
    session: Session,
    now: Instant,
    said: Said,
}

impl Play {
    fn new() -> Play {
        let now = Instant::now();
        let long = Duration::from_secs(60);
        let timeouts =
            Timeouts { login: long, command: long, idle: long, upstream: long, shutdown: long, refusal: long };
        let offered = Extensions::of(Extension::ALL);
        let settings =
            Settings { starttls: false, message_bytes: 100_000, recipients: limits::RECIPIENTS, offered, timeouts };
        let addresses = vec!["a@pec.example.it".parse().unwrap()];
        let session = Session::logged_in(settings, Grant::OWNER, addresses, offered, now);
        Play { session, now, said: Said::default() }
    }

    /// What the client is told when it says this; the upstream answers `reply` where there is one.
    fn say(&mut self, client: &[u8], reply: Option<&str>) -> String {
        self.said.downstream.clear();
        self.session.handle(Input::Downstream(client), self.now, &mut self.said);
        if let Some(reply) = reply {
            self.session.handle(Input::Upstream(format!("{reply}\r\n").as_bytes()), self.now, &mut self.said);
        }
        String::from_utf8(self.said.downstream.clone()).unwrap()
    }

    fn recorded(header: &str) -> Sending {
        let mut play = Play::new();
        play.say(b"MAIL FROM:<a@pec.example.it>\r\n", Some("250 Ok"));
        play.say(b"RCPT TO:<b@example.it>\r\n", Some("250 Ok"));
        play.say(b"DATA\r\n", None);
        play.say(format!("From: a@pec.example.it\r\n{header}\r\n\r\n.\r\n").as_bytes(), Some("354 Go on"));
        play.said.sending.unwrap()
    }
}

#[test]
fn recipients_are_bounded() {
    let mut play = Play::new();
    play.say(b"MAIL FROM:<a@pec.example.it>\r\n", Some("250 Ok"));
    // Those that the upstream refuses do not count.
    assert!(play.say(b"RCPT TO:<c@example.it>\r\n", Some("550 no")).starts_with("550"));
    for n in 0..limits::RECIPIENTS {
        assert!(
            play.say(format!("RCPT TO:<b{n}@example.it>\r\n").as_bytes(), Some("250 Ok")).starts_with("250"),
            "{n}"
        );
    }
    assert!(play.say(b"RCPT TO:<d@example.it>\r\n", None).starts_with("452 4.5.3"));
    assert!(play.say(b"DATA\r\n", None).starts_with("354"));
}

#[test]
fn a_chunk_is_thrown_away_up_to_a_bound() {
    let mut play = Play::new();
    assert_eq!(play.say(format!("BDAT {} LAST\r\n", limits::CHUNK_BYTES).as_bytes(), None), "");
    assert_eq!(play.say(&vec![b'\n'; limits::CHUNK_BYTES as usize - 1], None), "");
    assert!(play.say(b"\n", None).starts_with("503 5.5.1"));
    assert!(play.say(b"HELP\r\n", None).starts_with("214"));
}

#[test]
fn o2_what_is_recorded_is_bounded_and_printable() {
    let subject = |text: &str| Play::recorded(&format!("Subject: {text}")).subject.unwrap();
    assert_eq!(subject(&"x".repeat(limits::SUBJECT_CHARS)).chars().count(), limits::SUBJECT_CHARS);
    assert_eq!(subject(&"x".repeat(limits::SUBJECT_CHARS + 1)).chars().count(), limits::SUBJECT_CHARS);
    assert_eq!(subject("=?utf-8?q?a=0D=0Ab=00c=E2=80=AEd?="), "abcd");
    assert_eq!(subject("=?utf-7?q?x?="), "=?utf-7?q?x?=");
    let id = |text: &str| Play::recorded(&format!("Message-ID: {text}")).message_id;
    let long = |length: usize| format!("<{}>", "x".repeat(length - 2));
    assert_eq!(id(&long(limits::MESSAGE_ID_CHARS)), Some(long(limits::MESSAGE_ID_CHARS)));
    assert_eq!(id(&long(limits::MESSAGE_ID_CHARS + 1)), None);
    for text in ["x@y", "<a b@c>", "", "<a@b> x"] {
        assert_eq!(id(text), None, "{text:?}");
    }
}

/// Passwords are in no debug form, wherever they have got to.
#[test]
fn a_password_is_not_printed() {
    let now = Instant::now();
    let mut play = Play::new();
    play.session = Session::new(Settings { starttls: false, ..play.session.settings }, now);
    let shows = |session: &Session| {
        let shown = format!("{session:?}");
        // As bytes of a list, too.
        shown.contains("c2VncmV0YQ") || shown.contains("99, 50, 86")
    };
    play.say(b"EHLO x\r\nAUTH PLAIN c2VncmV0YQ", None);
    assert!(!shows(&play.session), "in a line that is not complete");
    play.say(b"\r\nAUTH PLAIN AHgAeA==\r\nAUTH PLAIN c2VncmV0YQ==\r\n", None);
    assert!(!shows(&play.session), "in what was kept");
}
