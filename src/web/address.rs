//! What the address of a page says: which mailbox, which delegate, and what is asked of a list.
//!
//! All of it is what somebody typed. What names nothing that there could be is a page that is not there.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;

use super::page::Problem;
use super::reader::Reader;
use super::routes::encoded;
use crate::accounts::DelegateName;
use crate::domain::MailboxAddress;

/// The mailbox that a page is about; nothing tells yet whether there is one.
pub(super) struct OfMailbox(pub(super) MailboxAddress);

/// The delegate that a page is about, likewise.
pub(super) struct OfDelegate(pub(super) DelegateName);

/// What is asked of a page beyond which it is.
pub(super) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for OfMailbox {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<OfMailbox, Response> {
        let named = of_path(parts, state).await;
        let address = named.first().and_then(|address| address.parse().ok());
        address.map(OfMailbox).ok_or_else(|| Problem::NotFound.page(Reader::of(parts)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OfDelegate {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<OfDelegate, Response> {
        let named = of_path(parts, state).await;
        let name = match named.as_slice() {
            [address, username, ..] => address.parse().ok().zip(username.parse().ok()),
            _ => None,
        };
        let name = name.map(|(address, username)| DelegateName { address, username });
        name.map(OfDelegate).ok_or_else(|| Problem::NotFound.page(Reader::of(parts)))
    }
}

/// The parts of the path that stand for something, in order; none where they are no text.
pub(super) async fn of_path<S: Send + Sync>(parts: &mut Parts, state: &S) -> Vec<String> {
    let named = Path::<Vec<String>>::from_request_parts(parts, state).await;
    named.map(|Path(named)| named).unwrap_or_default()
}

impl Query {
    /// What was said under that name, the first time; empty where nothing was.
    pub(super) fn said(&self, name: &str) -> &str {
        self.0.iter().find(|(said, _)| said == name).map_or("", |(_, value)| value)
    }

    /// Which page of a list, from 0; they are shown from 1.
    pub(super) fn page(&self) -> usize {
        self.said("page").parse::<usize>().map_or(0, |page| page.saturating_sub(1))
    }

    /// The same address with another page of the list.
    pub(super) fn at_page(&self, number: usize) -> String {
        let others =
            self.0.iter().filter(|(name, value)| !["page", "done"].contains(&name.as_str()) && !value.is_empty());
        let mut query: String = others.map(|(name, value)| format!("{}={}&", encoded(name), encoded(value))).collect();
        query.push_str(&format!("page={}", number + 1));
        format!("?{query}")
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Query(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    #[test]
    fn pages_are_counted_from_one_and_keep_what_else_was_asked() {
        for (text, page) in [("", 0), ("page=1", 0), ("page=0", 0), ("page=7", 6), ("page=-1", 0), ("page=x&page=3", 0)]
        {
            assert_eq!(query(text).page(), page, "{text}");
        }
        let asked = query("text=a%26b+%C3%A8&state=&page=2&done=sent&lang=en");
        assert_eq!(asked.at_page(2), "?text=a%26b%20%C3%A8&lang=en&page=3");
        assert_eq!(asked.said("text"), "a&b \u{e8}");
    }
}
