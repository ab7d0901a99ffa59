//! Which path leads where, and the headers of every answer.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use tokio::sync::Semaphore;

use super::api;
use super::errands::{Desk, Errands};
use super::page::{self, Problem};
use super::reader::Reader;
use super::{LOOKUPS_AT_ONCE, REQUEST_TIMEOUT, invitation, password};
use crate::accounts::{Accounts, AccountsError};
use crate::config::{PanelConfig, PanelTls};

const STYLE: &str = include_str!("templates/style.css");

/// What every answer says to the browser: show this and nothing else, tell nobody where you were, keep nothing.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-embedder-policy"), HeaderValue::from_static("require-corp")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// What the pages share.
#[derive(Clone)]
pub struct Site {
    pub(super) accounts: Arc<Accounts>,
    /// Scheme, host and port, as browsers write them.
    pub(super) origin: Arc<str>,
    pub(super) webmail_url: Option<Arc<str>>,
    pub(super) desk: Desk,
    /// Whether a connection comes from whom it is of, and not from a reverse proxy that stands for all.
    pub(super) knows_addresses: bool,
    hashing: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
}

/// What an answer needs of the accounts.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// The store alone.
    Lookup,
    /// A run of argon2 as well.
    Hashing,
}

impl Site {
    /// The pages of these accounts, and what they leave to be done behind their answers.
    pub fn new(panel: &PanelConfig, accounts: Arc<Accounts>, hashing: Arc<Semaphore>) -> (Site, Errands) {
        let (desk, errands) = Errands::new(accounts.clone());
        let site = Site {
            accounts,
            origin: panel.public_url.as_str().into(),
            webmail_url: panel.webmail_url.as_deref().map(Into::into),
            desk,
            knows_addresses: panel.tls != PanelTls::None || panel.proxy_protocol,
            hashing,
            lookups: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)),
        };
        (site, errands)
    }

    /// Runs something that blocks, in its turn.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: Work,
        question: impl FnOnce(&Accounts) -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<T, Problem> {
        match self.in_turn(work, question).await {
            Some(answer) => answer.map_err(Problem::of),
            None => Err(Problem::Internal),
        }
    }

    /// The same, whoever is to be told what went wrong; none where it could not be run.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        work: Work,
        question: impl FnOnce(&Accounts) -> T + Send + 'static,
    ) -> Option<T> {
        let turns = match work {
            Work::Lookup => &self.lookups,
            Work::Hashing => &self.hashing,
        };
        let turn = turns.clone().acquire_owned().await.ok()?;
        let accounts = self.accounts.clone();
        let asked = tokio::task::spawn_blocking(move || {
            // It goes on when nobody waits for it any more, and so does its turn.
            let _turn = turn;
            question(&accounts)
        });
        match asked.await {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::error!(%error, "a question of the panel was not answered");
                None
            }
        }
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The pages as a service.
pub fn router(site: Site) -> Router {
    let answered = site.clone();
    Router::new()
        .route("/", get(home))
        .route("/style.css", get(style))
        .route("/invitation/{token}", get(invitation::show))
        .route("/invitation/accept", post(invitation::accept))
        .route("/invitation/refuse", post(invitation::refuse))
        .route("/password/forgotten", get(password::ask).post(password::forgotten))
        .route("/password/asked", get(password::asked))
        .route("/password/{token}", get(password::show))
        .route("/password/set", post(password::set))
        .fallback(async |reader: Reader| Problem::NotFound.page(reader))
        .method_not_allowed_fallback(async |reader: Reader| Problem::NoSuchMethod.page(reader))
        .with_state(site.clone())
        .layer(middleware::from_fn(in_time))
        .nest(api::PREFIX, api::router(site))
        // The one address below it that `nest` leaves out.
        .route(&format!("{}/", api::PREFIX), any(api::nothing))
        .layer(middleware::from_fn_with_state(answered, with_headers))
}

async fn home(State(site): State<Site>, reader: Reader) -> Response {
    page::home(reader.language(), site.webmail_url.as_deref())
}

async fn style() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    // It changes with the version, and tells nothing about anybody.
    let cached = HeaderValue::from_static("public, max-age=300");
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, cached)], STYLE).into_response()
}

/// An answer within [`REQUEST_TIMEOUT`], whatever the client does not send and whoever waits for a turn.
async fn in_time(reader: Reader, request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::TooSlow.page(reader),
    }
}

async fn with_headers(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(HEADERS);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Not for localhost: every other program at work on that machine would be bound by it, too.
    let host = site.origin.strip_prefix("https://").map(|host| host.split(':').next().unwrap_or(host));
    if host.is_some_and(|host| host != "localhost") {
        // A year; what other hosts of the domain do is not for the panel to say.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
