//! Which path leads where, and the headers of every answer.

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

use super::api;
use super::frame::Part;
use super::page::{self, Problem};
use super::reader::Reader;
use super::records::{accesses, now, own, sends};
use super::session::{Perhaps, see};
use super::site::Site;
use super::{REQUEST_TIMEOUT, account, delegates, email, invitation, login, mailboxes, password, postmaster, setup};
use crate::domain::MailboxAddress;
use crate::domain::panel_session::Stage;

const STYLE: &str = include_str!("templates/style.css");

const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What every answer says to the browser: show this and nothing else, tell nobody where you were, keep nothing.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-embedder-policy"), HeaderValue::from_static("require-corp")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

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
        .route("/email/confirm", post(email::confirm))
        .route("/email/{token}", get(email::show_link))
        .route("/postmaster/forgotten", get(postmaster::ask).post(postmaster::forgotten))
        .route("/postmaster/asked", get(postmaster::asked))
        .route("/login", get(login::show_login).post(login::log_in))
        .route("/postmaster/login", get(login::show_postmaster_login).post(login::log_in_postmaster))
        .route("/logout", post(login::log_out))
        .route("/logout/everywhere", post(login::log_out_everywhere))
        .route("/mailboxes", get(mailboxes::list))
        .route("/mailboxes/{address}/multi-user", get(mailboxes::ask).post(mailboxes::switch))
        .route("/mailboxes/{address}/invite", get(delegates::invite::ask).post(delegates::invite::go_on))
        .merge(of_delegates())
        .route("/login/code", get(login::show_code).post(login::check_code))
        .merge(records())
        .merge(setup::routes::all())
        .merge(account::routes())
        .fallback(async |reader: Reader| Problem::NotFound.page(reader))
        .method_not_allowed_fallback(async |reader: Reader| Problem::NoSuchMethod.page(reader))
        .with_state(site.clone())
        .layer(middleware::from_fn(in_time))
        .nest(api::PREFIX, api::router(site))
        // The one address below it that `nest` leaves out.
        .route(&format!("{}/", api::PREFIX), any(api::nothing))
        .layer(middleware::from_fn_with_state(answered, with_headers))
}

/// The pages of a mailbox's delegates.
fn of_delegates() -> Router<Site> {
    let of = |page: &str| format!("/mailboxes/{{address}}/delegates{page}");
    Router::new()
        .route(&of(""), get(delegates::list))
        .route(&of("/{username}"), get(delegates::details::look))
        .route(&of("/{username}/permissions"), get(delegates::permissions::edit).post(delegates::permissions::change))
        .route(
            &of("/{username}/app-passwords"),
            get(delegates::app_passwords::ask).post(delegates::app_passwords::make),
        )
        .route(
            &of("/{username}/app-passwords/revoke"),
            get(delegates::app_passwords::ask_revoke).post(delegates::app_passwords::revoke),
        )
        .route(&of("/{username}/{deed}"), get(delegates::deeds::ask).post(delegates::deeds::do_it))
}

/// What is recorded of a mailbox, and of oneself.
fn records() -> Router<Site> {
    Router::new()
        .route("/mailboxes/{address}/sends", get(sends::list))
        .route("/mailboxes/{address}/sends.csv", get(sends::export))
        .route("/mailboxes/{address}/sends/{id}", get(sends::one))
        .route("/mailboxes/{address}/accesses", get(accesses::list))
        .route("/mailboxes/{address}/accesses.csv", get(accesses::export))
        .route("/mailboxes/{address}/now", get(now::list))
        .route("/mailboxes/{address}/now/{key}", get(now::ask).post(now::end))
        .route("/account/accesses", get(accesses::own))
        .route("/account/accesses.csv", get(accesses::export_own))
        .route("/account/sessions", get(own::list))
        .route("/account/sessions/panel", post(own::end_visit))
        .route("/account/sessions/mail", post(own::end_session))
}

/// For somebody who is in, the page that they come for.
async fn home(State(site): State<Site>, Perhaps(signed): Perhaps, reader: Reader) -> Response {
    match signed.as_ref().map(|signed| (signed.stage(), &signed.who().place)) {
        None => page::home(reader.language(), site.webmail_url.as_deref()),
        Some((Stage::Code, _)) => see("/login/code"),
        Some((Stage::Enrolling, _)) => see("/account/two-factor"),
        Some((Stage::In, place)) => {
            see(&Part::of(place).first().map_or("/account".to_owned(), |part| part.path(place)))
        }
    }
}

/// A page of a mailbox.
pub(super) fn of_mailbox(address: &MailboxAddress, page: &str) -> String {
    format!("/mailboxes/{}/{page}", encoded(address.as_str()))
}

/// A text as it stands within a path or a query.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .flat_map(|part| if part == "+" { "%20" } else { part }.chars())
        .collect()
}

/// An answer with a form that leads on to that address elsewhere: Chromium asks the page's policy at a redirect, too.
pub(super) fn leads_to(url: &str, mut answer: Response) -> Response {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let policy = CONTENT_POLICY.replace("form-action 'self'", &format!("form-action 'self' {scheme}://{host}"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
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
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Not for localhost: every other program at work on that machine would be bound by it, too.
    let host = site.origin.strip_prefix("https://").map(|host| host.split(':').next().unwrap_or(host));
    if host.is_some_and(|host| host != "localhost") {
        // A year; what other hosts of the domain do is not for the panel to say.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
