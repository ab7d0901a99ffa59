//! What the paths of mail programs answer. Nothing where the operator has made nothing public.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::super::form::bounded;
use super::super::now_secs;
use super::super::page::Problem;
use super::super::reader::Reader;
use super::super::site::Site;
use super::{ANY, Servers, autoconfig, autodiscover, profile};
use crate::domain::{Login, Protocols};

const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
const PROFILE: HeaderValue = HeaderValue::from_static("application/x-apple-aspen-config");
const AS_FILE: HeaderValue = HeaderValue::from_static("attachment; filename=\"mail.mobileconfig\"");

/// Programs of different ages write it differently, and paths have case.
const AUTODISCOVER: [&str; 3] =
    ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"];

/// All of them.
pub(in crate::web) fn all() -> Router<Site> {
    let router = Router::new()
        .route("/.well-known/autoconfig/mail/config-v1.1.xml", get(autoconfig))
        .route("/mail/config-v1.1.xml", get(autoconfig))
        .route(profile::PATH, get(profile));
    AUTODISCOVER.into_iter().fold(router, |router, path| router.route(path, get(autodiscover_any).post(autodiscover)))
}

/// What stands in the query of a request; each as far as it can be read.
struct Asked {
    /// `emailaddress`: the address that somebody typed, which may be a login.
    address: Option<Login>,
    /// `login`
    login: Option<Login>,
    /// `protocols`: those that they may use to read; any where nothing is said.
    protocols: Option<Protocols>,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked, Infallible> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let said = |name| form_urlencoded::parse(query).find(|(field, _)| field == name).map(|(_, value)| value);
        let login = |name| said(name).and_then(|value| value.parse().ok());
        Ok(Asked {
            address: login("emailaddress"),
            login: login("login"),
            protocols: said("protocols").map_or(Some(ANY), |value| value.parse().ok()),
        })
    }
}

/// `GET /.well-known/autoconfig/mail/config-v1.1.xml`, `GET /mail/config-v1.1.xml`
async fn autoconfig(State(servers): State<Servers>, reader: Reader, asked: Asked) -> Response {
    let Some(settings) = servers.settings(ANY) else { return Problem::NotFound.page(reader) };
    shown(autoconfig::render(&settings, asked.address.as_ref()), reader)
}

/// `GET /autodiscover/autodiscover.xml`: somebody asks for nobody, and is to put in the address that they have.
async fn autodiscover_any(State(servers): State<Servers>, reader: Reader) -> Response {
    let Some(settings) = servers.settings(ANY) else { return Problem::NotFound.page(reader) };
    shown(autodiscover::render(&settings, None), reader)
}

/// `POST /autodiscover/autodiscover.xml`. A refusal has the status 200, too.
async fn autodiscover(State(servers): State<Servers>, reader: Reader, headers: HeaderMap, body: Body) -> Response {
    let Some(settings) = servers.settings(ANY) else { return Problem::NotFound.page(reader) };
    let body = match bounded(&headers, body).await {
        Ok(body) => body,
        Err(problem) => return problem.page(reader),
    };
    let answer = match autodiscover::read(&body) {
        Ok(login) => autodiscover::render(&settings, Some(&login)),
        Err(refused) => autodiscover::render_refusal(refused, now_secs()),
    };
    shown(answer, reader)
}

/// `GET /setup/mail.mobileconfig`
async fn profile(State(servers): State<Servers>, reader: Reader, asked: Asked) -> Response {
    let (Some(login), Some(protocols)) = (asked.login, asked.protocols) else {
        return Problem::BadRequest.page(reader);
    };
    let Some(settings) = servers.settings(protocols) else { return Problem::NotFound.page(reader) };
    match profile::render(&settings, &login) {
        Ok(Some(text)) => ([(CONTENT_TYPE, PROFILE), (CONTENT_DISPOSITION, AS_FILE)], text).into_response(),
        Ok(None) => Problem::NotFound.page(reader),
        Err(error) => failed(&error, reader),
    }
}

fn shown(answer: Result<String, askama::Error>, reader: Reader) -> Response {
    match answer {
        Ok(text) => ([(CONTENT_TYPE, XML)], text).into_response(),
        Err(error) => failed(&error, reader),
    }
}

fn failed(error: &askama::Error, reader: Reader) -> Response {
    tracing::error!(%error, "settings for a mail program could not be written");
    Problem::Internal.page(reader)
}
