//! A relay that does as a script says, and fails at every step.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::config::{Sender, UpstreamTls};

/// How a scripted relay goes on.
#[derive(Clone, Copy)]
enum Step {
    Say(&'static str),
    /// Hears a line that begins so.
    Hear(&'static str),
    /// Hears a message up to its end.
    HearMessage,
    /// Says no more, and keeps the connection open until the other end has had enough.
    FallSilent,
}

use Step::{FallSilent, Hear, HearMessage, Say};

/// A relay that takes everything.
const WILLING: [Step; 13] = [
    Say("220 relay.example.it ESMTP\r\n"),
    Hear("EHLO [127.0.0.1]"),
    Say("250-relay.example.it\r\n250-AUTH PLAIN LOGIN\r\n250 SMTPUTF8\r\n"),
    Hear("AUTH PLAIN AGRlbGVnYQBwNHNzdyByZA=="),
    Say("235 2.7.0 ok\r\n"),
    Hear("MAIL FROM:<noreply@example.it>"),
    Say("250 2.1.0 ok\r\n"),
    Hear("RCPT TO:<anna@example.it>"),
    Say("250 2.1.5 ok\r\n"),
    Hear("DATA"),
    Say("354 go on\r\n"),
    HearMessage,
    Say("250 2.0.0 queued as 4F2A\r\n"),
];

/// The message of the tests, and how it goes over the wire (RFC 5321 §4.5.2).
const MESSAGE: &str = "Subject: x\r\n\r\n.\r\n..a\r\nè no\r\n";
const STUFFED: &str = "Subject: x\r\n\r\n..\r\n...a\r\nè no\r\n.\r\n";

struct Stage {
    relay: Relay,
    /// Gives back all that was heard.
    played: JoinHandle<String>,
    _files: tempfile::TempDir,
}

async fn stage(tls: UpstreamTls, script: Vec<Step>) -> Stage {
    let files = tempfile::tempdir().unwrap();
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ca_file = files.path().join("ca.pem");
    std::fs::write(&ca_file, key.cert.pem()).unwrap();
    let password_file = files.path().join("password");
    std::fs::write(&password_file, "p4ssw rd\n").unwrap();
    std::fs::set_permissions(&password_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = NotifyConfig {
        relay: Endpoint { tls, host: "127.0.0.1".to_owned(), port },
        from: Sender { name: None, address: "noreply@example.it".parse().unwrap() },
        user: Some("delega".to_owned()),
        password_file: Some(password_file),
        ca_file: Some(ca_file),
    };
    let played = tokio::spawn(async move { play(listener.accept().await.unwrap().0, script).await });
    Stage { relay: Relay::new(&config).unwrap(), played, _files: files }
}

async fn play(tcp: TcpStream, script: Vec<Step>) -> String {
    let mut stream = BufReader::new(tcp);
    let mut heard = String::new();
    for step in script {
        match step {
            Say(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Hear(expected) => {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                assert!(line.starts_with(expected) && line.ends_with("\r\n"), "{line:?} in place of {expected}");
                heard.push_str(&line);
            }
            HearMessage => {
                while !heard.ends_with("\r\n.\r\n") {
                    assert!(stream.read_line(&mut heard).await.unwrap() > 0, "cut off after {heard:?}");
                }
            }
            FallSilent => {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            }
        }
    }
    heard
}

fn parcel(to: &str) -> Parcel {
    Parcel {
        from: "noreply@example.it".parse().unwrap(),
        to: Address::parse(to).unwrap(),
        message: MESSAGE.as_bytes().to_vec(),
    }
}

async fn deliver(script: Vec<Step>) -> (Result<String, Trouble>, String) {
    let stage = stage(UpstreamTls::Insecure, script).await;
    let delivered = stage.relay.deliver(&parcel("anna@example.it")).await.map(|(reply, _)| reply);
    (delivered, stage.played.await.unwrap())
}

#[tokio::test]
async fn a_willing_relay_takes_the_message_as_it_is() {
    let (delivered, heard) = deliver(WILLING.to_vec()).await;
    assert_eq!(delivered, Ok("250 2.0.0 queued as 4F2A".to_owned()));
    let message = heard.split_once("DATA\r\n").unwrap().1;
    assert_eq!(message, STUFFED);
}

#[tokio::test]
async fn a_connection_is_taken_leave_of() {
    let script = [&WILLING[..], &[Hear("QUIT"), Say("221 bye\r\n")]].concat();
    let stage = stage(UpstreamTls::Insecure, script).await;
    let (_, served) = stage.relay.deliver(&parcel("anna@example.it")).await.unwrap_or_else(|_| panic!("not taken"));
    served.leave().await;
    assert!(stage.played.await.unwrap().ends_with("QUIT\r\n"));
}

/// What becomes of a mail, by the relay's reaction to each step: `a` is away, `n` not now, `f` failed for good.
#[tokio::test]
async fn each_step_s_failure_has_its_consequence() {
    let reactions = [
        "450 4.0.0 later\r\n",
        "550 5.0.0 never\r\n",
        "554 5.0.0 no service\r\n",
        "421 4.3.2 closing\r\n",
        "530 5.7.0 log in first\r\n",
        "199 ?\r\n",
        "hello\r\n",
        "250 lines\n",
        "", // closes
    ];
    for (step, expected) in [
        ("greeting", "aaaaaaaaa"),
        ("EHLO", "aaaaaaaaa"),
        ("AUTH", "aaaaaaaaa"),
        ("MAIL", "aaaaaaaaa"),
        ("RCPT", "nffaaaaaa"),
        ("DATA", "nffaaaaaa"),
        // Nobody knows whether it was taken: it will be sent again, with the same Message-ID.
        ("the message", "nffaaaaaa"),
    ] {
        let at = match step {
            "greeting" => 0,
            "the message" => WILLING.len() - 1,
            verb => WILLING.iter().position(|s| matches!(s, Hear(line) if line.starts_with(verb))).unwrap() + 1,
        };
        for (reaction, expected) in reactions.into_iter().zip(expected.chars()) {
            let mut script = WILLING[..at].to_vec();
            script.push(Say(reaction));
            // What was refused may be taken leave of.
            let (delivered, _) = deliver(script).await;
            let found = match &delivered {
                Err(Trouble::Away(_)) => 'a',
                Err(Trouble::NotNow(_)) => 'n',
                Err(Trouble::Never(_)) => 'f',
                Ok(_) => 's',
            };
            assert_eq!(found, expected, "{step}, {reaction:?}: {delivered:?}");
            assert!(!format!("{delivered:?}").contains("AGRlbGVnYQ"), "{delivered:?}");
        }
    }
}

#[tokio::test]
async fn a_relay_that_falls_silent_is_away() {
    let silent_after = |steps: usize| [&WILLING[..steps], &[FallSilent]].concat();
    for steps in [0, 2, 4, 6, 8, 10, 12] {
        let mut stage = stage(UpstreamTls::Insecure, silent_after(steps)).await;
        let brief = Duration::from_millis(100);
        stage.relay.patience = Patience { answer: brief, data_begins: brief, data_block: brief, data_ends: brief };
        let delivered = stage.relay.deliver(&parcel("anna@example.it")).await.map(|(reply, _)| reply);
        assert!(matches!(&delivered, Err(Trouble::Away(why)) if why.contains("did not answer")), "{delivered:?}");
    }
    let Patience { answer, data_begins, data_block, data_ends } = Patience::OF_THE_STANDARD;
    assert_eq!([answer, data_begins, data_block, data_ends].map(|time| time.as_secs() / 60), [5, 2, 3, 10]);
}

#[tokio::test]
async fn nobody_is_there() {
    let stage = stage(UpstreamTls::Insecure, Vec::new()).await;
    stage.played.abort();
    let _ = stage.played.await;
    let away = stage.relay.reach().await.map(drop).unwrap_err();
    assert!(matches!(&away, Trouble::Away(why) if why.contains("cannot be reached")), "{away:?}");
}

#[tokio::test]
async fn answers_to_nothing_are_believed_by_nobody() {
    // The answer to RCPT before there is one, and the one to a message that nobody has sent.
    for (heard, said) in [(6, "250 2.1.0 ok\r\n250 2.1.5 ok\r\n"), (10, "354 go on\r\n250 2.0.0 queued\r\n")] {
        let script = [&WILLING[..heard], &[Say(said), FallSilent]].concat();
        let (delivered, _) = deliver(script).await;
        assert!(matches!(&delivered, Err(Trouble::Away(why)) if why.contains("not asked")), "{delivered:?}");
    }
}

#[tokio::test]
async fn without_starttls_nothing_goes_out() {
    let script = vec![WILLING[0], WILLING[1], WILLING[2], FallSilent];
    let stage = stage(UpstreamTls::StartTls, script).await;
    let delivered = stage.relay.deliver(&parcel("anna@example.it")).await.map(drop);
    assert!(matches!(&delivered, Err(Trouble::Away(why)) if why.contains("STARTTLS")), "{delivered:?}");
    assert_eq!(stage.played.await.unwrap(), "EHLO [127.0.0.1]\r\n");
}

/// threats: an upstream that answers STARTTLS and adds plaintext
#[tokio::test]
async fn what_is_said_in_the_clear_behind_starttls_ends_the_conversation() {
    let script = vec![
        WILLING[0],
        WILLING[1],
        Say("250-relay\r\n250 STARTTLS\r\n"),
        Hear("STARTTLS"),
        Say("220 go\r\n250-relay\r\n250 AUTH PLAIN\r\n"),
        FallSilent,
    ];
    let stage = stage(UpstreamTls::StartTls, script).await;
    let delivered = stage.relay.deliver(&parcel("anna@example.it")).await.map(drop);
    assert!(matches!(&delivered, Err(Trouble::Away(_))), "{delivered:?}");
    assert_eq!(stage.played.await.unwrap(), "EHLO [127.0.0.1]\r\nSTARTTLS\r\n");
}

async fn logs_in(offers: &'static str, steps: &[Step]) -> Result<(), Trouble> {
    let script = [&[WILLING[0], WILLING[1], Say(offers)], steps, &[FallSilent]].concat();
    let stage = stage(UpstreamTls::Insecure, script).await;
    stage.relay.reach().await.map(drop)
}

#[tokio::test]
async fn rfc_4954_a_login_goes_by_what_is_offered() {
    let login = [
        Hear("AUTH LOGIN"),
        Say("334 VXNlcm5hbWU6\r\n"),
        Hear("ZGVsZWdh\r\n"),
        Say("334 UGFzc3dvcmQ6\r\n"),
        Hear("cDRzc3cgcmQ=\r\n"),
        Say("235 ok\r\n"),
    ];
    assert_eq!(logs_in("250-relay\r\n250 AUTH LOGIN\r\n", &login).await, Ok(()));
    let none = logs_in("250-relay\r\n250 AUTH CRAM-MD5\r\n", &[]).await;
    assert!(matches!(&none, Err(Trouble::Away(why)) if why.contains("neither AUTH PLAIN nor")), "{none:?}");
    let refused = [Hear("AUTH PLAIN "), Say("535 5.7.8 wrong\r\n")];
    let refused = logs_in("250-relay\r\n250 AUTH PLAIN\r\n", &refused).await;
    let told = "the login of delega was answered `535 5.7.8 wrong`";
    assert_eq!(refused, Err(Trouble::Away(told.to_owned())));
}

#[tokio::test]
async fn rfc_4954_a_password_that_is_too_long_for_a_command_comes_after_it() {
    let script = vec![
        WILLING[0],
        WILLING[1],
        WILLING[2],
        Hear("AUTH PLAIN\r\n"),
        Say("334 \r\n"),
        Hear("AGRlbGVnYQB4eHh4"),
        WILLING[4],
        FallSilent,
    ];
    let stage = stage(UpstreamTls::Insecure, script).await;
    let file = &stage.relay.login.as_ref().unwrap().password_file;
    std::fs::write(file, "x".repeat(400)).unwrap();
    assert_eq!(stage.relay.reach().await.map(drop), Ok(()));
}

#[tokio::test]
async fn a_password_that_others_may_read_is_not_used() {
    let stage = stage(UpstreamTls::Insecure, WILLING[..3].to_vec()).await;
    let file = &stage.relay.login.as_ref().unwrap().password_file;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let away = stage.relay.reach().await.map(drop).unwrap_err();
    assert!(matches!(&away, Trouble::Away(why) if why.contains("chmod 600")), "{away:?}");
}

#[tokio::test]
async fn rfc_6531_an_address_beyond_ascii_needs_smtputf8() {
    let mut script = WILLING.to_vec();
    script[5] = Hear("MAIL FROM:<noreply@example.it> BODY=8BITMIME SMTPUTF8\r\n");
    script[7] = Hear("RCPT TO:<perché@città.it>\r\n");
    let willing = stage(UpstreamTls::Insecure, script).await;
    assert!(willing.relay.deliver(&parcel("perché@città.it")).await.is_ok());
    let mut script = WILLING[..5].to_vec();
    script[2] = Say("250-relay\r\n250 AUTH PLAIN\r\n");
    let unable = stage(UpstreamTls::Insecure, script).await;
    let delivered = unable.relay.deliver(&parcel("perché@città.it")).await.map(drop);
    assert!(matches!(&delivered, Err(Trouble::Never(why)) if why.contains("SMTPUTF8")), "{delivered:?}");
    // One that offers it, and then does not want this mail so, may want others.
    let mut script = WILLING[..6].to_vec();
    script.push(Say("553 5.6.7 not so\r\n"));
    let unwilling = stage(UpstreamTls::Insecure, script).await;
    let delivered = unwilling.relay.deliver(&parcel("perché@città.it")).await.map(drop);
    assert!(matches!(&delivered, Err(Trouble::NotNow(why)) if why.contains("not so")), "{delivered:?}");
}
