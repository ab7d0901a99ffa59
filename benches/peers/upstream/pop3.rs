//! POP3: number *n* is a message of *n* KiB, in whole lines, whatever *n*.

use std::io::{self, Read, Write};

use crate::text;
use crate::wire::Wire;

const OFFERED: &str = "+OK\r\nUSER\r\nSASL PLAIN\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\n.\r\n";

/// One connection.
pub fn serve(stream: impl Read + Write) -> io::Result<()> {
    let mut wire = Wire::new(stream);
    wire.say("+OK ready\r\n");
    while let Some(line) = wire.line()? {
        let mut words = line.split(' ');
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let number = words.next().and_then(|word| word.parse::<usize>().ok());
        match (verb.as_str(), number) {
            ("CAPA", _) => wire.say(OFFERED),
            ("AUTH", _) => {
                if words.next().is_none() {
                    wire.say("+ \r\n");
                    wire.line()?;
                }
                wire.say("+OK welcome\r\n");
            }
            ("USER" | "PASS" | "NOOP" | "RSET", _) => wire.say("+OK\r\n"),
            ("STAT", _) => wire.say("+OK 1 1024\r\n"),
            ("RETR", Some(kib)) => {
                wire.say(&format!("+OK {} octets\r\n", text::octets(kib)));
                for piece in text::pieces(kib) {
                    wire.pass(piece)?;
                }
                wire.say(".\r\n");
            }
            ("QUIT", _) => {
                wire.say("+OK bye\r\n");
                return wire.send();
            }
            _ => wire.say("-ERR not here\r\n"),
        }
        wire.send()?;
    }
    Ok(())
}
