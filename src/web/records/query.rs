//! What is asked for, by the query of an address. What cannot be understood is said, and kept as it was typed.

use std::net::IpAddr;

use axum::http::Uri;

use super::People;
use crate::domain::{Language, Login, Position, SentBy};
use crate::texts;
use crate::web::page::Problem;
use crate::web::routes::encoded;

/// The fields that were sent.
pub(super) struct Query(Vec<(String, String)>);

/// What cannot be understood.
pub(super) struct Fault {
    /// The field.
    pub(super) id: &'static str,
    pub(super) text: String,
}

/// Somebody to choose.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Query {
    pub(super) fn of(uri: &Uri) -> Query {
        let fields = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Query(fields.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect())
    }

    /// What was typed, if anything.
    pub(super) fn typed(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The place after which rows are wanted.
    pub(super) fn after(&self) -> Result<Option<Position>, Problem> {
        match self.typed("after") {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Problem::BadRequest),
        }
    }

    /// A path with what is asked for by these fields, and a place to go on from.
    pub(super) fn path(&self, path: &str, fields: &[&str], after: Option<Position>) -> String {
        let kept = fields.iter().map(|name| (*name, self.typed(name).to_owned()));
        let all = kept.chain(after.map(|place| ("after", place.to_string())));
        let pairs: Vec<String> = all
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(&value)))
            .collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

/// Understands fields one by one, and gathers what it cannot.
pub(super) struct Sieve<'a> {
    pub(super) query: &'a Query,
    pub(super) language: Language,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(query: &'a Query, language: Language) -> Sieve<'a> {
        Sieve { query, language, faults: Vec::new() }
    }

    fn understood<T>(&mut self, id: &'static str, fault: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let typed = Some(self.query.typed(id)).filter(|typed| !typed.is_empty())?;
        let read = read(typed);
        if read.is_none() {
            self.faults.push(Fault { id, text: texts::text(self.language, fault, &[]) });
        }
        read
    }

    /// One of these, or somebody who was there once.
    pub(super) fn person(&mut self) -> Option<SentBy> {
        self.understood("by", "page-records-by-wrong", |typed| match typed.parse().ok()? {
            Login::Owner(_) => Some(SentBy::Owner),
            Login::Delegate(username, _) => Some(SentBy::Delegate(username)),
        })
    }

    /// The moments between two days, both included.
    pub(super) fn period(&mut self) -> (Option<i64>, Option<i64>) {
        let since = self.understood("from", "page-records-day-wrong", texts::day_ms);
        let until = self.understood("until", "page-records-day-wrong", texts::day_ms);
        (since.map(|(first, _)| first), until.map(|(_, last)| last))
    }

    pub(super) fn address(&mut self) -> Option<IpAddr> {
        self.understood("address", "page-records-address-wrong", |typed| {
            Some(typed.parse::<IpAddr>().ok()?.to_canonical())
        })
    }
}

impl Choice {
    /// Somebody of these, and whoever was asked for.
    pub(super) fn of(people: &People, asked: &str) -> Vec<Choice> {
        let mut choices: Vec<Choice> =
            people.0.iter().map(|one| Choice::new(&one.login, Some(&one.name), asked)).collect();
        if let Ok(gone) = asked.parse::<Login>()
            && !choices.iter().any(|choice| choice.chosen)
        {
            choices.push(Choice::new(&gone, None, asked));
        }
        choices
    }

    fn new(login: &Login, name: Option<&str>, asked: &str) -> Choice {
        let value = login.to_string();
        let short = match login {
            Login::Owner(address) => address.as_str(),
            Login::Delegate(username, _) => username.as_str(),
        };
        let label = name.map_or_else(|| short.to_owned(), |name| format!("{name} ({short})"));
        Choice { chosen: value == asked, label, value }
    }
}
