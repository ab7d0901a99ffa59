//! SMTP submission, as the load generator speaks it: one command at a time, as most mail programs do.

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Target, Tls};
use crate::text;
use crate::wire::Wire;

/// A message up to this goes out in one write.
const SMALL_KIB: usize = 48;
const RECIPIENT: &str = "destinatario@pec.example.com";

/// One session that has logged in, for as many messages as are wanted.
pub struct Sender {
    wire: Wire<Tls>,
    /// The mailbox that the messages are from.
    from: String,
    sent: usize,
}

impl Target {
    /// Connects and logs in to send.
    pub fn submit(&self) -> Result<Sender> {
        let from = self.login.rsplit('/').next().unwrap_or(&self.login).to_owned();
        let mut sender = Sender { wire: self.dial()?, from, sent: 0 };
        sender.expect("220").context("greeting")?;
        sender.command("EHLO [127.0.0.1]", "250")?;
        let credentials = STANDARD.encode(format!("\0{}\0{}", self.login, self.password));
        sender.command(&format!("AUTH PLAIN {credentials}"), "235").context("logging in")?;
        Ok(sender)
    }
}

impl Sender {
    /// Sends a message whose body has so many KiB, to one recipient; tells the octets of the message.
    pub fn send(&mut self, kib: usize) -> Result<u64> {
        self.sent += 1;
        let (from, number) = (self.from.clone(), self.sent);
        self.command(&format!("MAIL FROM:<{from}>"), "250")?;
        self.command(&format!("RCPT TO:<{RECIPIENT}>"), "250")?;
        self.command("DATA", "354")?;
        let header = format!(
            "Date: Thu, 2 Apr 2026 10:11:12 +0200\r\nFrom: Ufficio <{from}>\r\nTo: <{RECIPIENT}>\r\nSubject: Prova\r\n\
             Message-ID: <{number}.bench@pec.example.it>\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n"
        );
        self.wire.say(&header);
        if kib <= SMALL_KIB {
            // All of it in one write.
            for piece in text::pieces(kib) {
                self.wire.say(std::str::from_utf8(piece)?);
            }
        } else {
            for piece in text::pieces(kib) {
                self.wire.pass(piece)?;
            }
        }
        self.command(".", "250")?;
        Ok((header.len() + text::octets(kib)) as u64)
    }

    /// Says one line, after what is still to be said, and waits for its reply.
    fn command(&mut self, line: &str, expected: &str) -> Result<()> {
        self.wire.say(line);
        self.wire.say("\r\n");
        self.wire.send()?;
        self.expect(expected)
    }

    /// Reads one reply, which must have this code.
    fn expect(&mut self, code: &str) -> Result<()> {
        loop {
            let line = Target::line(&mut self.wire)?;
            match line.strip_prefix(code) {
                Some(rest) if rest.starts_with('-') => {}
                Some(_) => return Ok(()),
                None => bail!("{line:?} in place of {code}"),
            }
        }
    }
}
