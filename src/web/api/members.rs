//! What somebody sends: a JSON object (RFC 8259) as a body, or the parameters of a query. Both are read member by member,
//! so that everything that is wrong is told at once and by its name.
//!
//! The body is untrusted and may hold passwords: it is read within its bounds, what it holds is never logged, and what is
//! not known, or is there twice, is refused rather than overlooked.

use std::convert::Infallible;
use std::fmt::Display;
use std::str::FromStr;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::kind;
use super::problem::{Fault, Place, Problem};
use crate::domain::limits::{API_BODY_BYTES, API_MEMBERS};

/// The members of a body, as they are taken out one by one.
pub(super) struct Body(Members);

/// The parameters of a query, likewise.
pub(super) struct Query(Members);

/// Names and values that are not read yet, and what was wrong with those that were.
pub(super) struct Members {
    unread: Vec<(String, Value)>,
    faults: Vec<Fault>,
    place: fn(&str) -> Place,
}

impl Body {
    /// Reads all of it, or tells all that is wrong with it.
    pub(super) fn read<T>(self, read: impl FnOnce(&mut Members) -> Option<T>) -> Result<T, Problem> {
        self.0.read(read)
    }

    /// The same where it is to change something.
    pub(super) fn read_some<T>(self, read: impl FnOnce(&mut Members) -> Option<T>) -> Result<T, Problem> {
        if self.0.unread.is_empty() {
            return Err(Problem::new(kind::INVALID, "there is nothing to change: name something"));
        }
        self.0.read(read)
    }
}

impl Query {
    /// Reads all of it, or tells all that is wrong with it.
    pub(super) fn read<T>(self, read: impl FnOnce(&mut Members) -> Option<T>) -> Result<T, Problem> {
        self.0.read(read)
    }
}

impl Members {
    fn read<T>(mut self, read: impl FnOnce(&mut Members) -> Option<T>) -> Result<T, Problem> {
        let read = read(&mut self);
        for (name, _) in std::mem::take(&mut self.unread) {
            self.wrong(&name, "there is no such member");
        }
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            Some(_) | None => Err(Problem::faults(self.faults)),
        }
    }

    /// Notes what is wrong with a member.
    pub(super) fn wrong(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.push(Fault::new((self.place)(name), detail));
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.unread.iter().position(|(unread, _)| unread == name)?;
        Some(self.unread.swap_remove(at).1)
    }

    /// One that has to be there.
    pub(super) fn needed<T>(&mut self, name: &str, read: impl FnOnce(&mut Members, &str) -> Option<T>) -> Option<T> {
        if !self.unread.iter().any(|(unread, _)| unread == name) {
            self.wrong(name, "is missing");
        }
        read(self, name)
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong(name, "is no string");
                None
            }
        }
    }

    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A text that means something.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|error: T::Err| self.wrong(name, error.to_string())).ok()
    }

    /// One of several words.
    pub(super) fn chosen<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        self.word(name, &text, words)
    }

    fn word<T: Copy>(&mut self, name: &str, text: &str, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(name, format!("use {}", words.join(", ")));
        }
        found
    }

    fn strings(&mut self, name: &str) -> Option<Vec<String>> {
        let text = |value| match value {
            Value::String(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let read = match self.take(name)? {
            Value::Array(values) => values.into_iter().map(text).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
        };
        if read.is_none() {
            self.wrong(name, "is no array of strings");
        }
        read
    }

    /// Several of some words.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<Vec<T>> {
        let texts = self.strings(name)?;
        texts.iter().map(|text| self.word(name, text, words)).collect()
    }

    /// Several texts that mean something.
    pub(super) fn list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<Vec<T>> {
        let texts = self.strings(name)?;
        let mut parse = |text: &String| text.parse().map_err(|error: T::Err| self.wrong(name, error.to_string())).ok();
        texts.iter().map(&mut parse).collect()
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(flag) => Some(flag),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong(name, "is neither true nor false");
                None
            }
        }
    }

    pub(super) fn number(&mut self, name: &str) -> Option<u32> {
        let number = match self.take(name)? {
            Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        };
        if number.is_none() {
            self.wrong(name, format!("is no whole number from 0 to {}", u32::MAX));
        }
        number
    }

    /// A moment (RFC 3339), in milliseconds since 1970-01-01 UTC.
    pub(super) fn moment_ms(&mut self, name: &str) -> Option<i64> {
        let text = self.text(name)?;
        let moment = text.parse::<Timestamp>().ok();
        if moment.is_none() {
            self.wrong(name, "is no time such as 2026-11-22T10:30:00Z");
        }
        moment.map(Timestamp::as_millisecond)
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Body, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(Problem::new(kind::UNSUPPORTED_MEDIA_TYPE, "send a JSON object as application/json"));
        }
        let too_large = || Problem::new(kind::TOO_LARGE, format!("a body has at most {API_BODY_BYTES} bytes"));
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: u64| length > API_BODY_BYTES as u64) {
            return Err(too_large());
        }
        // Where it is not too large, the connection broke, and nobody hears the answer.
        let body = to_bytes(body, API_BODY_BYTES).await.map_err(|_| too_large())?;
        let Object(unread) = serde_json::from_slice(&body).map_err(|error| {
            // Its own words may repeat what was sent.
            let at = format!("line {}, column {}", error.line(), error.column());
            Problem::new(
                kind::INVALID,
                format!("the body is no JSON object of at most {API_MEMBERS} members whose names differ: {at}"),
            )
        })?;
        Ok(Body(Members { unread, faults: Vec::new(), place: Place::pointer }))
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query, Infallible> {
        let mut members = Members { unread: Vec::new(), faults: Vec::new(), place: Place::parameter };
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if members.unread.len() == API_MEMBERS {
                members.wrong(&name, "is one too many");
                break;
            }
            if members.unread.iter().any(|(unread, _)| *unread == name) {
                members.wrong(&name, "is there twice");
            } else {
                members.unread.push((name.into_owned(), Value::String(value.into_owned())));
            }
        }
        Ok(Query(members))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// An object whose names differ. What two members of one name mean, no two readers agree on.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.len() == API_MEMBERS {
                        return Err(serde::de::Error::custom("there are too many members"));
                    }
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(serde::de::Error::custom("a name is there twice"));
                    }
                    members.push((name, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
