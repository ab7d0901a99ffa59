//! The gateway's own reading of one command.

use delega::proto::imap::command::{self, Command};
use delega::proto::imap::framer::{Bounds, Frame, Framer};

/// What the grammar makes of a command, or why nothing. Of a message only the announcement is needed.
pub fn parsed(bytes: &[u8]) -> Result<Command, String> {
    let mut framer = Framer::new(Bounds::AFTER_LOGIN, 0);
    let mut input = bytes;
    loop {
        match framer.next(&mut input) {
            Frame::Announced(_) => {
                let head = command::head(framer.so_far()).map_err(|misunderstood| misunderstood.text)?;
                if head.verb.brings_message() && !head.wants_folder(framer.so_far()) {
                    return Command::parse(framer.stream()).map_err(|misunderstood| misunderstood.text.to_owned());
                }
                framer.collect();
            }
            Frame::Command(raw) => {
                return Command::parse(raw).map_err(|misunderstood| misunderstood.text.to_owned());
            }
            other => return Err(format!("{other:?}")),
        }
    }
}
