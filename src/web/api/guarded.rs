//! Whose request it is. A token is looked at before anything else of a request, and whatever is wrong with it has one
//! answer.

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;

use super::problem::Problem;
use super::{ask, kind, now_ms};
use crate::domain::ApiScope;
use crate::web::session::From;
use crate::web::site::{Site, Work};

/// Lets a request pass that has a token for it.
pub(super) async fn guarded(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let found = match bearer(&parts) {
        None => Ok(None),
        Some(shown) => {
            let from = parts.extensions.get::<From>().map(|from| from.0).filter(|_| site.knows_addresses);
            ask(&site, Work::Lookup, move |accounts| accounts.present_api_token(&shown, from, now_ms())).await
        }
    };
    let token = match found {
        Ok(Some(token)) => token,
        Ok(None) => return Problem::new(kind::UNAUTHORIZED, "send a token as Authorization: Bearer").into_response(),
        Err(problem) => return problem.into_response(),
    };
    let changes = !parts.method.is_safe();
    if changes && token.scope == ApiScope::ReadOnly {
        let detail = "make another token, without --read-only, for what changes something";
        return Problem::new(kind::READ_ONLY_TOKEN, detail).into_response();
    }
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let response = next.run(Request::from_parts(parts, body)).await;
    if changes {
        let status = response.status().as_u16();
        tracing::info!(token = token.name, %method, path, status, "a change was asked for by the API");
    }
    response
}

/// `credentials = "Bearer" 1*SP b64token` (RFC 6750 §2.1), as the only ones.
fn bearer(parts: &Parts) -> Option<SecretString> {
    let mut all = parts.headers.get_all(AUTHORIZATION).into_iter();
    let (only, None) = (all.next()?.to_str().ok()?, all.next()) else { return None };
    let (scheme, token) = only.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned().into())
}
