//! The JSON API under `/api/v1`, for providers' programs: the operator's use cases over HTTP, by the tokens of `delega
//! api-token` (RFC 6750). What is shown is what `--json` shows; what goes wrong is told as problem details (RFC 9457).
//!
//! - `kind`, `problem`: what can go wrong, and how it is told
//! - `members`: what somebody sends, read member by member
//! - `guarded`: whose token it is, before anything else is looked at
//! - the others: a resource each
//! - `openapi.json`: all of it for programs (OpenAPI 3.1); a test holds it to the routes
//!
//! A token is the only way in: cookies are not looked at, and a token opens no page. No other site's script may read an
//! answer (there is no CORS), and the links in answers are made from `public_url` alone. Whoever holds a token is trusted
//! with what it opens, and what they send is not: it is bounded, and no more than one meaning of it is accepted.

mod app_passwords;
mod delegates;
mod guarded;
mod kind;
mod locks;
mod mailboxes;
mod members;
mod plans;
mod postmasters;
mod problem;
mod record;

use axum::extract::{FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Router, extract::rejection::PathRejection};
use serde::Serialize;

use super::routes;
use super::site::{Site, Work};
use super::{REQUEST_TIMEOUT, now_ms, now_secs};
use crate::accounts::{Accounts, AccountsError};
use kind::Kind;
use members::Members;
use problem::Problem;

/// Where it is.
pub(super) const PREFIX: &str = "/api/v1";
/// How many rows of a list come at once, where nothing else is asked for.
const PAGE: u32 = 100;
/// The most that come at once.
const PAGE_MOST: u32 = 1000;

const OPENAPI: &str = include_str!("openapi.json");

/// The routes that need a token.
fn guarded_routes() -> [(&'static str, MethodRouter<Site>); 20] {
    [
        ("/mailboxes", get(mailboxes::list).post(mailboxes::create)),
        ("/mailboxes/{address}", get(mailboxes::show).patch(mailboxes::change).delete(mailboxes::remove)),
        ("/mailboxes/{address}/delegates", get(delegates::list).post(delegates::create)),
        (
            "/mailboxes/{address}/delegates/{username}",
            get(delegates::show).patch(delegates::change).delete(delegates::remove),
        ),
        ("/mailboxes/{address}/delegates/{username}/suspend", post(delegates::suspend)),
        ("/mailboxes/{address}/delegates/{username}/resume", post(delegates::resume)),
        ("/mailboxes/{address}/delegates/{username}/reset-password", post(delegates::reset_password)),
        ("/mailboxes/{address}/delegates/{username}/deactivate", post(delegates::deactivate)),
        ("/mailboxes/{address}/delegates/{username}/reject", post(delegates::reject)),
        ("/mailboxes/{address}/delegates/{username}/reinvite", post(delegates::reinvite)),
        (
            "/mailboxes/{address}/delegates/{username}/app-passwords",
            get(app_passwords::list).post(app_passwords::create),
        ),
        (
            "/mailboxes/{address}/delegates/{username}/app-passwords/{name}",
            get(app_passwords::show).patch(app_passwords::extend).delete(app_passwords::revoke),
        ),
        ("/plans", get(plans::list)),
        ("/plans/{name}", get(plans::show).put(plans::set).delete(plans::remove)),
        ("/postmasters", get(postmasters::list).post(postmasters::create)),
        ("/postmasters/{domain}/{email}", get(postmasters::show).delete(postmasters::remove)),
        ("/sends", get(record::sends)),
        ("/accesses", get(record::accesses)),
        ("/locks", get(locks::list)),
        ("/locks/{who}", delete(locks::release)),
    ]
}

/// Those that anybody may read: they tell nothing about anybody.
fn open_routes() -> [(&'static str, MethodRouter<Site>); 3] {
    [("/openapi.json", get(openapi)), ("/problems", get(problems)), ("/problems/{slug}", get(problem))]
}

/// The API as a service, to be nested at [`PREFIX`].
pub(super) fn router(site: Site) -> Router {
    let with = |routes: &[(&'static str, MethodRouter<Site>)]| {
        let all = Router::new();
        routes.iter().fold(all, |all, (path, methods)| all.route(path, methods.clone()))
    };
    let wrong_method =
        async || Problem::new(kind::METHOD_NOT_ALLOWED, "the header field Allow has those that the resource has");
    with(&guarded_routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(site.clone(), guarded::guarded))
        .merge(with(&open_routes()).method_not_allowed_fallback(wrong_method))
        .with_state(site)
        .layer(middleware::from_fn(in_time))
}

/// An answer within [`REQUEST_TIMEOUT`], whatever the client does not send and whoever waits for a turn.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Problem::new(kind::TOO_SLOW, "try again in a while: it may have been done all the same").into_response()
        }
    }
}

/// Where there is nothing.
pub(super) async fn nothing() -> Response {
    Problem::not_found().into_response()
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], OPENAPI).into_response()
}

async fn problems() -> Response {
    list(&kind::ALL.map(Kind::json), None)
}

async fn problem(Segments([slug]): Segments<1>) -> Result<Response, Problem> {
    let kind = Kind::from_slug(&slug).ok_or_else(Problem::not_found)?;
    Ok(answer(StatusCode::OK, &kind.json()))
}

/// The segments of the path that stand for something, without their escapes.
struct Segments<const N: usize>([String; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for Segments<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Segments<N>, Problem> {
        let found: Result<Path<Vec<String>>, PathRejection> = Path::from_request_parts(parts, state).await;
        // Escapes that are no UTF-8 name nothing.
        let Path(found) = found.map_err(|_| Problem::not_found())?;
        Ok(Segments(found.try_into().map_err(|_| Problem::not_found())?))
    }
}

/// Runs something that blocks, in its turn.
async fn ask<T: Send + 'static>(
    site: &Site,
    work: Work,
    question: impl FnOnce(&Accounts) -> Result<T, AccountsError> + Send + 'static,
) -> Result<T, Problem> {
    match site.in_turn(work, question).await {
        Some(answer) => answer.map_err(Problem::of),
        None => Err(Problem::internal()),
    }
}

/// How many rows are asked for.
fn limit(query: &mut Members) -> usize {
    let wanted = query.parsed::<u32>("limit").unwrap_or(PAGE);
    if !(1..=PAGE_MOST).contains(&wanted) {
        query.wrong("limit", format!("is not from 1 to {PAGE_MOST}"));
    }
    usize::try_from(wanted).unwrap_or_default()
}

/// A list, and what to ask for to get its next page.
#[derive(Serialize)]
struct List<'a, T> {
    items: &'a [T],
    next_cursor: Option<String>,
}

fn list<T: Serialize>(items: &[T], next_cursor: Option<String>) -> Response {
    answer(StatusCode::OK, &List { items, next_cursor })
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(text) => (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer of the API could not be written");
            Problem::internal().into_response()
        }
    }
}

/// The answer to a request that made something, which is to be found at these segments.
fn created(site: &Site, segments: &[&str], body: &impl Serialize) -> Response {
    let mut at = format!("{}{PREFIX}", site.origin);
    for segment in segments {
        at.push('/');
        at.push_str(&routes::encoded(segment));
    }
    let mut response = answer(StatusCode::CREATED, body);
    if let Ok(at) = HeaderValue::try_from(at) {
        response.headers_mut().insert(LOCATION, at);
    }
    response
}

fn gone() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let (guarded, open) = (guarded_routes(), open_routes());
        let routes: BTreeSet<&str> = guarded.iter().chain(&open).map(|(path, _)| *path).collect();
        assert_eq!(described, routes);
        assert_eq!(document["servers"][0]["url"], PREFIX);
    }
}
