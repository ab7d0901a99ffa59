//! What somebody sends: a form (`application/x-www-form-urlencoded`) from one of these pages, or the token of a link.
//!
//! The body is untrusted and may hold passwords: it is read within its bounds, and its values are secrets until
//! somebody says otherwise.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};

use super::page::Problem;
use super::reader::Reader;
use super::site::Site;
use crate::accounts::Token;
use crate::domain::limits::{FORM_FIELDS, REQUEST_BODY_BYTES};
use crate::domain::{Protocol, Scope};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The fields of a form. No name is there twice.
pub(super) struct Form(Vec<(String, SecretString)>);

impl Form {
    /// One in which nothing was typed.
    pub(super) fn empty() -> Form {
        Form(Vec::new())
    }

    /// A field's value, if it was sent.
    pub(super) fn secret(&self, name: &str) -> Option<&SecretString> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// A field's value where it is no secret; empty where it was not sent.
    pub(super) fn plain(&self, name: &str) -> &str {
        self.secret(name).map_or("", |value| value.expose_secret())
    }

    /// The protocols that are ticked, for an app password; none where none is.
    pub(super) fn scope(&self) -> Option<Scope> {
        let ticked = Protocol::ALL.iter().map(ToString::to_string).filter(|name| !self.plain(name).is_empty());
        ticked.collect::<Vec<_>>().join(",").parse().ok()
    }

    /// The token of the link that led here.
    pub(super) fn token(&self) -> Result<Token, Problem> {
        self.plain("token").parse().map_err(|_| Problem::LinkBroken)
    }

    /// All of a request, and the form in it if it is one of these pages'.
    pub(super) async fn parted(request: Request, site: &Site) -> (Parts, Result<Form, Problem>) {
        let (parts, body) = request.into_parts();
        let form = Form::read(&parts, body, site).await;
        (parts, form)
    }

    async fn read(parts: &Parts, body: Body, site: &Site) -> Result<Form, Problem> {
        if !from_here(&parts.headers, &site.origin) {
            return Err(Problem::ElsewhereSent);
        }
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::NoForm);
        }
        Form::parse(&bounded(&parts.headers, body).await?)
    }

    fn parse(body: &[u8]) -> Result<Form, Problem> {
        let mut fields: Vec<(String, SecretString)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            // What is no UTF-8 was replaced by this sign: a password would not be the one that was typed.
            let legible = |text: &Cow<'_, str>| !text.contains('\u{fffd}');
            let twice = fields.iter().any(|(field, _)| *field == name);
            if fields.len() == FORM_FIELDS || twice || !legible(&name) || !legible(&value) {
                return Err(Problem::BadRequest);
            }
            fields.push((name.into_owned(), value.into_owned().into()));
        }
        Ok(Form(fields))
    }
}

impl FromRequest<Site> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Form, Response> {
        let (parts, form) = Form::parted(request, site).await;
        form.map_err(|problem| problem.page(Reader::of(&parts)))
    }
}

/// All of a body, if it is not too large.
pub(super) async fn bounded(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > REQUEST_BODY_BYTES as u64) {
        return Err(Problem::TooLarge);
    }
    // Where it is not too large, the connection broke, and nobody hears the answer.
    to_bytes(body, REQUEST_BODY_BYTES).await.map_err(|_| Problem::TooLarge)
}

/// What stands for the token in an address; empty where that is no text.
pub(super) struct LinkText(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for LinkText {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<LinkText, Infallible> {
        let text = Path::from_request_parts(parts, state).await;
        Ok(LinkText(text.map_or_else(|_| String::new(), |Path(text)| text)))
    }
}

/// Whether a form was sent by one of these pages, as far as the browser says (W3C Fetch Metadata; RFC 6454 §7).
///
/// Without cookies another site's form could do nothing that its author could not do without a browser; all the same it
/// is refused. Older browsers send `Origin: null`, since these pages allow no referrer: that tells nothing.
fn from_here(headers: &HeaderMap, origin: &str) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        // `none`: no page at all, but the person themself.
        return site == "same-origin" || site == "none";
    }
    headers.get(ORIGIN).is_none_or(|said| said == origin || said == "null")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn fields_are_bounded_single_and_legible() {
        let form = Form::parse(b"token=a&password=p%C3%A8+%26").ok().unwrap();
        assert_eq!((form.plain("token"), form.plain("password"), form.plain("repeat")), ("a", "p\u{e8} &", ""));
        let full: Vec<String> = (0..FORM_FIELDS).map(|n| format!("f{n}=")).collect();
        assert!(Form::parse(full.join("&").as_bytes()).is_ok());
        assert!(Form::parse((full.join("&") + "&more=").as_bytes()).is_err());
        assert!(Form::parse(b"a=1&a=2").is_err());
        assert!(Form::parse(b"a=%ff").is_err());
        assert!(Form::parse(b"").is_ok());
    }

    #[test]
    fn other_sites_forms_are_told_by_what_the_browser_says() {
        let here = "https://delega.example.it";
        let sent = |said: &[(HeaderName, &'static str)]| {
            let headers = said.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
            from_here(&headers, here)
        };
        assert!(sent(&[]));
        assert!(sent(&[(SEC_FETCH_SITE, "same-origin"), (ORIGIN, "null")]));
        assert!(sent(&[(SEC_FETCH_SITE, "none")]));
        assert!(sent(&[(ORIGIN, here)]));
        assert!(sent(&[(ORIGIN, "null")]));
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            assert!(!sent(&[(SEC_FETCH_SITE, site), (ORIGIN, here)]), "{site}");
        }
        for origin in [
            "https://evil.example",
            "http://delega.example.it",
            "https://delega.example.it:8443",
            "https://delega.example.it.evil.example",
            "",
        ] {
            assert!(!sent(&[(ORIGIN, origin)]), "{origin}");
        }
    }
}
