//! SMTP submission: every message is taken, read to its end and forgotten.

use std::io::{self, Read, Write};

use crate::wire::Wire;

const OFFERED: &str = "250-localhost\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n\
                       250 AUTH PLAIN\r\n";

/// One connection.
pub fn serve(stream: impl Read + Write) -> io::Result<()> {
    let mut wire = Wire::new(stream);
    wire.say("220 localhost ESMTP\r\n");
    while let Some(line) = wire.line()? {
        let mut words = line.splitn(3, ' ');
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => wire.say(OFFERED),
            "HELO" => wire.say("250 localhost\r\n"),
            "AUTH" => {
                if words.nth(1).is_none() {
                    wire.say("334 \r\n");
                    wire.line()?;
                }
                wire.say("235 2.7.0 Welcome\r\n");
            }
            "MAIL" | "RCPT" | "RSET" | "NOOP" => wire.say("250 2.0.0 OK\r\n"),
            "DATA" => {
                wire.say("354 Go on\r\n");
                wire.text()?;
                wire.say("250 2.0.0 Accepted\r\n");
            }
            "QUIT" => {
                wire.say("221 2.0.0 Bye\r\n");
                return wire.send();
            }
            _ => wire.say("502 5.5.1 Not here\r\n"),
        }
        // Each reply goes out by itself, as those of IMAP do.
        wire.send()?;
    }
    Ok(())
}
