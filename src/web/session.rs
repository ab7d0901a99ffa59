//! Whose session a request belongs to, by its cookie.
//!
//! The cookie holds a number and nothing else; it is sent to this host alone, never to a script, and with a form only from
//! one of these pages (RFC 6265bis `__Host-`, `HttpOnly`, `SameSite=Lax`). A form of a session holds its key as well: one
//! that does not is refused, whoever sent it.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq as _;

use super::form::Form;
use super::page::Problem;
use super::reader::Reader;
use super::site::{Site, Work};
use super::{now_ms, routes};
use crate::accounts::{Actor, Knock, Place, SessionToken, SignedIn};
use crate::domain::panel_session::Stage;
use crate::domain::{AccountId, Language, MailDomain, MailboxAddress};

/// The field of a form that holds the session's key.
pub(super) const KEY_FIELD: &str = "key";

/// The address that a request came from; the server says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct From(pub(super) IpAddr);

/// Who asks, as far as the connection tells.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) knock: Knock,
    /// Whether the address is their own.
    pub(super) own_address: bool,
    /// What the browser says of itself.
    pub(super) program: Option<String>,
}

/// Somebody who is in.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    who: SignedIn,
    token: SessionToken,
    reader: Reader,
}

/// Somebody who has a session, however far they have come.
#[derive(Clone, Debug)]
pub(super) struct Halfway(pub(super) Signed);

/// A form of somebody's who is in.
pub(super) struct Filled {
    pub(super) signed: Signed,
    pub(super) form: Form,
}

/// A form of somebody's who has a session.
pub(super) struct HalfwayFilled {
    pub(super) signed: Signed,
    pub(super) form: Form,
}

impl Signed {
    pub(super) fn who(&self) -> &SignedIn {
        &self.who
    }

    pub(super) fn token(&self) -> &SessionToken {
        &self.token
    }

    pub(super) fn account(&self) -> AccountId {
        self.who.account
    }

    pub(super) fn actor(&self) -> Actor {
        self.who.actor
    }

    pub(super) fn stage(&self) -> Stage {
        self.who.stage
    }

    /// The language of their pages.
    pub(super) fn language(&self) -> Language {
        self.reader.language_of(self.who.language)
    }

    pub(super) fn reader(&self) -> Reader {
        self.reader
    }

    /// Their mailbox, where they look after its delegates.
    pub(super) fn managed(&self) -> Option<&MailboxAddress> {
        match &self.who.place {
            Place::Mailbox { address, manages: true } => Some(address),
            Place::Mailbox { .. } | Place::Domain(_) => None,
        }
    }

    /// Their domain, where they are a postmaster.
    pub(super) fn domain(&self) -> Option<&MailDomain> {
        match &self.who.place {
            Place::Domain(domain) => Some(domain),
            Place::Mailbox { .. } => None,
        }
    }

    fn accepts(&self, form: &Form) -> Result<(), Problem> {
        let same = form.plain(KEY_FIELD).as_bytes().ct_eq(self.who.form_key.as_bytes());
        if bool::from(same) { Ok(()) } else { Err(Problem::StaleForm) }
    }
}

impl FromRequestParts<Site> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Visit, Self::Rejection> {
        let from = parts.extensions.get::<From>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |from| from.0);
        let program = parts.headers.get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
        Ok(Visit { knock: Knock { from, at_ms: now_ms() }, own_address: site.knows_addresses, program })
    }
}

impl FromRequestParts<Site> for Halfway {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Halfway, Response> {
        let reader = Reader::of(parts);
        let found = find(parts, site).await.map_err(|problem| problem.page(reader))?;
        found.map(|(who, token)| Halfway(Signed { who, token, reader })).ok_or_else(|| to_login(parts))
    }
}

impl FromRequestParts<Site> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Signed, Response> {
        let Halfway(signed) = Halfway::from_request_parts(parts, site).await?;
        match signed.stage() {
            Stage::In => Ok(signed),
            Stage::Code => Err(see("/login/code")),
            Stage::Enrolling => Err(see("/account/two-factor")),
        }
    }
}

impl FromRequest<Site> for Filled {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Filled, Response> {
        let (mut parts, form) = Form::parted(request, site).await;
        let signed = Signed::from_request_parts(&mut parts, site).await?;
        let form = accepted(form, &signed).map_err(|problem| problem.page(signed.reader))?;
        Ok(Filled { signed, form })
    }
}

impl FromRequest<Site> for HalfwayFilled {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<HalfwayFilled, Response> {
        let (mut parts, form) = Form::parted(request, site).await;
        let Halfway(signed) = Halfway::from_request_parts(&mut parts, site).await?;
        let form = accepted(form, &signed).map_err(|problem| problem.page(signed.reader))?;
        Ok(HalfwayFilled { signed, form })
    }
}

/// A form of a session, which was looked up when all of the form was there: whoever sends slowly is not in for longer.
fn accepted(form: Result<Form, Problem>, signed: &Signed) -> Result<Form, Problem> {
    form.and_then(|form| signed.accepts(&form).map(|()| form))
}

/// Whose session it is, if the request has one that goes on.
async fn find(parts: &Parts, site: &Site) -> Result<Option<(SignedIn, SessionToken)>, Problem> {
    let Some(token) = cookie(&parts.headers, site) else { return Ok(None) };
    let asked = token.clone();
    let found = site.ask(Work::Lookup, move |accounts| accounts.panel_session(&asked, now_ms())).await?;
    Ok(found.map(|who| (who, token)))
}

/// Somebody's session, on a page that is for everybody.
pub(super) struct Perhaps(pub(super) Option<Signed>);

impl FromRequestParts<Site> for Perhaps {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Perhaps, Response> {
        let reader = Reader::of(parts);
        let found = find(parts, site).await.map_err(|problem| problem.page(reader))?;
        Ok(Perhaps(found.map(|(who, token)| Signed { who, token, reader })))
    }
}

fn name(site: &Site) -> &'static str {
    // The prefix is for encrypted pages alone.
    if site.is_encrypted() { "__Host-delega" } else { "delega" }
}

fn cookie(headers: &HeaderMap, site: &Site) -> Option<SessionToken> {
    let sent = headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    let mut pairs = sent.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name(site)).and_then(|(_, value)| value.parse().ok())
}

/// An answer with which a session begins.
pub(super) fn begins(site: &Site, token: &SessionToken, answer: Response) -> Response {
    with_cookie(site, token.expose(), "", answer)
}

/// An answer with which it ends.
pub(super) fn ends(site: &Site, answer: Response) -> Response {
    with_cookie(site, "", "; Max-Age=0", answer)
}

fn with_cookie(site: &Site, value: &str, age: &str, mut answer: Response) -> Response {
    let secure = if site.is_encrypted() { "; Secure" } else { "" };
    let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", name(site));
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

/// Go and look there (RFC 9110 §15.4.4): to one of these pages, or where the operator's configuration leads.
pub(super) fn see(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// To the login, and from there back to where somebody wanted to go, if that is a page to look at.
fn to_login(parts: &Parts) -> Response {
    let wanted = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    match parts.method.is_safe() && wanted != "/" {
        true => see(&format!("/login?next={}", routes::encoded(wanted))),
        false => see("/login"),
    }
}
