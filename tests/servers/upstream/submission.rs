//! A submission server (RFC 6409) in the clear that lets everybody in and takes every message, until something goes
//! wrong at the step that a test names.

use std::sync::{Arc, Mutex};

use super::fault::{Fault, Heard, answer};
use super::{Conversation, Upstream};

/// Where something can go wrong. `message` is after the first lines of a message, `.` after its end: there the server
/// has the message, whatever it answers.
pub const STEPS: [&str; 9] = ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "message", ".", "QUIT"];

const EXTENSIONS: &str = "250-posta.example.it\r\n250-PIPELINING\r\n250-SIZE 157286400\r\n250-8BITMIME\r\n\
                          250-SMTPUTF8\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN\r\n";

/// The server.
pub struct Submission {
    upstream: Upstream,
    /// The commands of all its sessions; credentials are left out.
    pub heard: Heard,
    messages: Arc<Mutex<Vec<String>>>,
}

impl Submission {
    /// The same goes wrong in every session.
    pub fn start(fault: Fault) -> Submission {
        Submission::with(move |_| fault)
    }

    /// What goes wrong in the first session, the second … (`0`, `1` …).
    pub fn with(fault: impl Fn(usize) -> Fault + Send + Sync + 'static) -> Submission {
        let (heard, messages) = (Heard::default(), Arc::<Mutex<Vec<String>>>::default());
        let (hears, keeps, sessions) = (heard.clone(), messages.clone(), Mutex::new(0));
        let upstream = Upstream::start(move |conversation| {
            let number = {
                let mut sessions = sessions.lock().unwrap();
                *sessions += 1;
                *sessions - 1
            };
            let fault = fault(number);
            assert!(fault.is_none_or(|(step, _)| STEPS.contains(&step)), "{fault:?}");
            let _ = serve(conversation, fault, &hears, &keeps);
        });
        Submission { upstream, heard, messages }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.upstream.port()
    }

    /// The messages whose end has come, as they were on the wire, without the final dot.
    pub fn messages(&self) -> Vec<String> {
        self.messages.lock().unwrap().clone()
    }
}

/// `None` once the connection is over.
fn serve(mut conversation: Conversation, fault: Fault, heard: &Heard, messages: &Mutex<Vec<String>>) -> Option<()> {
    let say = |conversation: &mut Conversation, step: &str, usual: &str| {
        answer(conversation, fault, step, usual).then_some(())
    };
    say(&mut conversation, "greeting", "220 posta.example.it ESMTP\r\n")?;
    loop {
        let line = conversation.line()?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        heard.note(if verb == "AUTH" { "AUTH" } else { &line });
        match verb.as_str() {
            "EHLO" => say(&mut conversation, "EHLO", EXTENSIONS)?,
            "AUTH" => {
                let words: Vec<&str> = line.split(' ').collect();
                // PLAIN is one answer, LOGIN two; either may bring the first one along
                let answers = if words[1].eq_ignore_ascii_case("LOGIN") { 2 } else { 1 };
                for _ in words.len() - 2..answers {
                    conversation.send("334 \r\n");
                    conversation.line()?;
                }
                say(&mut conversation, "AUTH", "235 2.7.0 dentro\r\n")?;
            }
            "MAIL" => say(&mut conversation, "MAIL", "250 2.1.0 Ok\r\n")?,
            "RCPT" => say(&mut conversation, "RCPT", "250 2.1.5 Ok\r\n")?,
            "DATA" => {
                say(&mut conversation, "DATA", "354 avanti\r\n")?;
                if fault.is_some_and(|(step, act)| step == "DATA" && !is_go_ahead(act)) {
                    continue;
                }
                let mut message = String::new();
                let mut lines = 0;
                loop {
                    let line = conversation.raw_line()?;
                    if line == ".\r\n" && (message.is_empty() || message.ends_with("\r\n")) {
                        break;
                    }
                    message += &line;
                    lines += 1;
                    if lines == 3 {
                        say(&mut conversation, "message", "")?;
                    }
                }
                messages.lock().unwrap().push(message);
                say(&mut conversation, ".", "250 2.0.0 Ok: queued as 4XyZ\r\n")?;
            }
            "RSET" | "NOOP" => conversation.send("250 2.0.0 Ok\r\n").then_some(())?,
            "QUIT" => {
                say(&mut conversation, "QUIT", "221 2.0.0 Bye\r\n")?;
                return None;
            }
            _ => conversation.send("502 5.5.2 Error: command not recognized\r\n").then_some(())?,
        }
    }
}

/// Whether what was said at DATA lets the message come.
fn is_go_ahead(act: super::fault::Act) -> bool {
    matches!(act, super::fault::Act::Say(text) if text.starts_with('3'))
}
