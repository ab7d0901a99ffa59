//! POP3, as the load generator speaks it.

use anyhow::{Context, Result, bail};

use super::{Target, Tls};
use crate::text;
use crate::wire::Wire;

/// One session that has logged in.
pub struct Collector {
    wire: Wire<Tls>,
}

impl Target {
    /// Connects and logs in to collect messages.
    pub fn collect(&self) -> Result<Collector> {
        let mut collector = Collector { wire: self.dial()? };
        collector.expect().context("greeting")?;
        collector.command(&format!("USER {}", self.login))?;
        collector.command(&format!("PASS {}", self.password)).context("logging in")?;
        Ok(collector)
    }
}

impl Collector {
    /// Retrieves a message of so many KiB.
    pub fn retrieve(&mut self, kib: usize) -> Result<u64> {
        self.command(&format!("RETR {kib}"))?;
        let octets = self.wire.text()?;
        if octets != text::octets(kib) {
            bail!("a message of {} octets came with {octets}", text::octets(kib));
        }
        Ok(octets as u64)
    }

    fn command(&mut self, line: &str) -> Result<()> {
        self.wire.say(line);
        self.wire.say("\r\n");
        self.wire.send()?;
        self.expect()
    }

    fn expect(&mut self) -> Result<()> {
        let line = Target::line(&mut self.wire)?;
        if !line.starts_with("+OK") {
            bail!("{line:?} in place of +OK");
        }
        Ok(())
    }
}
