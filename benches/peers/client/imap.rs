//! IMAP, as the load generator speaks it.

use std::io;

use anyhow::{Context, Result, bail};

use super::{Target, Tls};
use crate::upstream::announced;
use crate::wire::{PIECE_BYTES, Wire};

/// One connection.
pub struct Client {
    wire: Wire<Tls>,
    tags: u64,
}

impl Target {
    /// Connects, does the handshake and reads the greeting.
    pub fn connect(&self) -> Result<Client> {
        let mut client = Client { wire: self.dial()?, tags: 0 };
        let greeting = client.line().context("greeting")?;
        if !greeting.starts_with("* OK") {
            bail!("the greeting is {greeting:?}");
        }
        Ok(client)
    }

    /// Connects and logs in.
    pub fn enter(&self) -> Result<Client> {
        let mut client = self.connect()?;
        client.command(&format!("LOGIN \"{}\" \"{}\"", self.login, self.password)).context("logging in")?;
        Ok(client)
    }

    /// Connects, logs in and opens the inbox.
    pub fn open(&self) -> Result<Client> {
        let mut client = self.enter()?;
        client.command("SELECT INBOX")?;
        Ok(client)
    }
}

impl Client {
    /// Sends one command and waits for it to be done; tells how many octets of literals came with the answer.
    pub fn command(&mut self, text: &str) -> Result<u64> {
        self.commands(std::iter::once(text))
    }

    /// Sends several commands at once, and waits for all to be done.
    pub fn commands<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Result<u64> {
        let mut last = 0;
        for text in texts {
            last = self.next_tag();
            self.wire.say(&format!("a{last} {text}\r\n"));
        }
        self.wire.send()?;
        self.wait(last)
    }

    /// Fetches a message of so many KiB.
    pub fn fetch(&mut self, kib: usize) -> Result<u64> {
        self.wire.make_room();
        let octets = self.command(&format!("UID FETCH {kib} (UID BODY.PEEK[])"))?;
        if octets != kib as u64 * 1024 {
            bail!("a message of {kib} KiB came with {octets} octets");
        }
        Ok(octets)
    }

    /// Asks for a message, and does not read any of it.
    pub fn ask(&mut self, kib: usize) -> Result<()> {
        let tag = self.next_tag();
        self.wire.say(&format!("a{tag} UID FETCH {kib} (UID BODY.PEEK[])\r\n"));
        Ok(self.wire.send()?)
    }

    /// Reads some of what there is; tells how much.
    pub fn sip(&mut self, octets: usize) -> Result<usize> {
        let mut buffer = vec![0; octets];
        Ok(self.wire.read(&mut buffer)?)
    }

    /// Stores a message of so many KiB.
    pub fn append(&mut self, kib: usize) -> Result<u64> {
        let octets = kib * 1024;
        let tag = self.next_tag();
        self.wire.say(&format!("a{tag} APPEND Archive {{{octets}}}\r\n"));
        let go_on = self.line()?;
        if !go_on.starts_with('+') {
            bail!("APPEND was answered {go_on:?}");
        }
        let piece = [b'm'; PIECE_BYTES];
        let mut left = octets;
        while left > 0 {
            let taken = left.min(PIECE_BYTES);
            self.wire.pass(&piece[..taken])?;
            left -= taken;
        }
        self.wire.say("\r\n");
        self.wait(tag)?;
        Ok(octets as u64)
    }

    /// Begins to idle.
    pub fn idle(&mut self) -> Result<()> {
        let tag = self.next_tag();
        self.wire.say(&format!("a{tag} IDLE\r\n"));
        let answer = self.line()?;
        if !answer.starts_with('+') {
            bail!("IDLE was answered {answer:?}");
        }
        // What was needed for reading is not needed while nothing comes.
        self.wire.shrink();
        Ok(())
    }

    /// Takes leave, and waits for the other side to close.
    pub fn log_out(mut self) -> Result<()> {
        self.command("LOGOUT")?;
        let mut rest = [0; 64];
        // Some peers close without TLS's own farewell.
        match self.wire.read(&mut rest) {
            Ok(0) => Ok(()),
            Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                Ok(())
            }
            other => bail!("after LOGOUT came {other:?}"),
        }
    }

    fn next_tag(&mut self) -> u64 {
        self.tags += 1;
        self.tags
    }

    /// Reads until this tag's answer; every answer must be OK.
    fn wait(&mut self, tag: u64) -> Result<u64> {
        let mut octets = 0;
        loop {
            let line = self.line()?;
            if let Some((literal, _)) = line.starts_with('*').then(|| announced(&line)).flatten() {
                self.wire.skip(literal)?;
                octets += literal as u64;
                self.line()?;
                continue;
            }
            let Some(answer) = line.strip_prefix('a') else { continue };
            let (answered, rest) = answer.split_once(' ').unwrap_or((answer, ""));
            if !rest.starts_with("OK") {
                bail!("{line:?}");
            }
            if answered.parse() == Ok(tag) {
                return Ok(octets);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        Target::line(&mut self.wire)
    }
}
