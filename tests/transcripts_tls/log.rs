//! What the gateway says in its log, kept for one transcript: each plays on a thread of its own, and the gateway with it.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The events of one play.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Entry>>>);

/// One event.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub message: String,
    fields: Vec<(&'static str, String)>,
}

impl Log {
    /// From this entry on.
    pub fn since(&self, number: usize) -> Vec<Entry> {
        self.0.lock().unwrap()[number..].to_vec()
    }

    /// Forgets all of it.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// How many have this message.
    pub fn count(&self, message: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|entry| entry.message == message).count()
    }

    /// For people.
    pub fn shown(&self) -> String {
        let mut text = String::new();
        for entry in self.0.lock().unwrap().iter() {
            let _ = writeln!(text, "      {} {:?}", entry.message, entry.fields);
        }
        text
    }
}

impl Entry {
    /// The text of a field.
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| *found == name).map_or("", |(_, text)| text)
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("delega") && metadata.is_event()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut entry = Entry::default();
        event.record(&mut entry);
        self.0.lock().unwrap().push(entry);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Entry {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name, text)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            name => self.fields.push((name, value.to_owned())),
        }
    }
}
