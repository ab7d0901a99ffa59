//! A client's bytes → commands, and back.
#![no_main]

use delega::proto::imap::command::{self, Command};
use delega::proto::imap::encode::{self, Rewriting};
use delega::proto::imap::framer::{Bounds, Frame, Framer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut framer = Framer::new(Bounds::AFTER_LOGIN, 64 * 1024);
    let mut input = bytes;
    loop {
        match framer.next(&mut input) {
            Frame::Incomplete | Frame::Fault(_) => return,
            Frame::Discarded | Frame::Unreadable(..) => {}
            Frame::Announced(announcement) => {
                let head = command::head(framer.so_far());
                if head.is_ok_and(|head| head.verb.brings_message() && !head.wants_folder(framer.so_far())) {
                    let message = Command::parse(framer.stream());
                    if let Ok(command) = message {
                        written_and_read(&command, Some(announcement.octets));
                    }
                } else if framer.fits(announcement) {
                    framer.collect();
                } else if framer.refuse().is_err() {
                    return;
                }
            }
            Frame::Command(raw) => {
                let _ = command::onward(raw.clone());
                if let Ok(command) = Command::parse(raw) {
                    written_and_read(&command, None);
                }
            }
        }
    }
});

fn written(command: &Command, octets: Option<u64>) -> Vec<u8> {
    encode::encode(command, Rewriting::Same, octets).0.into_iter().flatten().collect()
}

fn written_and_read(command: &Command, octets: Option<u64>) {
    let text = written(command, octets);
    let mut framer = Framer::new(Bounds::AFTER_LOGIN, 0);
    let mut input = text.as_slice();
    let again = loop {
        match framer.next(&mut input) {
            Frame::Announced(_) if input.is_empty() && octets.is_some() => break Command::parse(framer.stream()),
            Frame::Announced(_) => framer.collect(),
            Frame::Command(raw) => break Command::parse(raw),
            other => panic!("{other:?}: {}", text.escape_ascii()),
        }
    };
    let again = again.unwrap_or_else(|why| panic!("{why:?}: {}", text.escape_ascii()));
    assert_eq!((again.verb, again.uid, &again.folder), (command.verb, command.uid, &command.folder));
    assert_eq!((again.marking, again.requires, again.tag()), (command.marking, command.requires, command.tag()));
    assert_eq!(written(&again, octets), text);
}
