//! A POP3 server (RFC 1939) in the clear that lets everybody in and has the messages that a test gives it, until
//! something goes wrong at the step that the test names.

use std::sync::Arc;

use super::fault::{Fault, Heard, answer};
use super::{Conversation, Upstream};

/// Where something can go wrong: at the greeting, or in the answer to one of these commands.
pub const STEPS: [&str; 13] =
    ["greeting", "CAPA", "AUTH", "USER", "PASS", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "QUIT"];

const CAPABILITIES: &str = "+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nUSER\r\n\
                            SASL PLAIN LOGIN\r\n.\r\n";

/// The server.
pub struct Pop3 {
    upstream: Upstream,
    /// The commands of all its sessions; credentials are left out.
    pub heard: Heard,
}

impl Pop3 {
    /// With these messages, CRLF for line ends, the last line ended too.
    pub fn start(messages: &[&str], fault: Fault) -> Pop3 {
        assert!(fault.is_none_or(|(step, _)| STEPS.contains(&step)), "{fault:?}");
        let messages: Arc<Vec<String>> = Arc::new(messages.iter().map(|message| (*message).to_owned()).collect());
        let heard = Heard::default();
        let hears = heard.clone();
        let upstream = Upstream::start(move |conversation| {
            let _ = serve(conversation, fault, &hears, &messages);
        });
        Pop3 { upstream, heard }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.upstream.port()
    }
}

/// `None` once the connection is over.
fn serve(mut conversation: Conversation, fault: Fault, heard: &Heard, messages: &[String]) -> Option<()> {
    answer(&mut conversation, fault, "greeting", "+OK pronto\r\n").then_some(())?;
    loop {
        let line = conversation.line()?;
        let words: Vec<&str> = line.split(' ').collect();
        let verb = words[0].to_ascii_uppercase();
        heard.note(if matches!(verb.as_str(), "AUTH" | "PASS") { &verb } else { &line });
        let number = words.get(1).and_then(|word| word.parse::<usize>().ok());
        let message = number.and_then(|number| messages.get(number.checked_sub(1)?));
        let usual = match (verb.as_str(), message) {
            ("CAPA", _) => CAPABILITIES.to_owned(),
            ("AUTH", _) => {
                if words.len() < 3 {
                    conversation.send("+ \r\n");
                    conversation.line()?;
                }
                "+OK dentro\r\n".to_owned()
            }
            ("STAT", _) => format!("+OK {} {}\r\n", messages.len(), messages.iter().map(String::len).sum::<usize>()),
            ("LIST", Some(message)) => format!("+OK {} {}\r\n", words[1], message.len()),
            ("UIDL", Some(_)) => format!("+OK {} uid{}\r\n", words[1], words[1]),
            ("LIST", None) if words.len() == 1 => listing(messages, |message| message.len().to_string()),
            ("UIDL", None) if words.len() == 1 => {
                let mut number = 0;
                listing(messages, |_| {
                    number += 1;
                    format!("uid{number}")
                })
            }
            ("RETR", Some(message)) => format!("+OK\r\n{}.\r\n", stuffed(message)),
            ("TOP", Some(message)) => {
                let lines = words.get(2).and_then(|word| word.parse().ok())?;
                let (head, body) = message.split_once("\r\n\r\n").unwrap_or((message, ""));
                let body: String = body.split_inclusive("\r\n").take(lines).collect();
                format!("+OK\r\n{}.\r\n", stuffed(&format!("{head}\r\n\r\n{body}")))
            }
            ("DELE", Some(_)) | ("USER" | "PASS" | "NOOP" | "RSET" | "QUIT", _) => "+OK\r\n".to_owned(),
            _ => "-ERR che cosa?\r\n".to_owned(),
        };
        answer(&mut conversation, fault, &verb, &usual).then_some(())?;
        if verb == "QUIT" {
            return None;
        }
    }
}

fn listing(messages: &[String], mut told: impl FnMut(&str) -> String) -> String {
    let lines: Vec<String> = messages.iter().map(|message| told(message)).collect();
    let lines = lines.iter().enumerate().map(|(n, told)| format!("{} {told}\r\n", n + 1));
    format!("+OK\r\n{}.\r\n", lines.collect::<String>())
}

/// A line that begins with a dot gets one more.
fn stuffed(message: &str) -> String {
    let lines = message.split_inclusive("\r\n");
    lines.map(|line| if line.starts_with('.') { format!(".{line}") } else { line.to_owned() }).collect()
}
