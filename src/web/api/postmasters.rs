//! `/postmasters` (M1, M3)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::mailboxes::LANGUAGES;
use super::members::{Body, Members};
use super::problem::Problem;
use super::{Segments, answer, ask, created, gone, kind, list as rows, now_secs};
use crate::accounts::{Accounts, PostmasterEntry};
use crate::domain::MailDomain;
use crate::json::PostmasterJson;
use crate::web::site::{Site, Work};

/// A domain that a path names. What is none has no postmaster.
fn domain(text: &str) -> Result<MailDomain, Problem> {
    text.parse().map_err(|_| Problem::new(kind::UNKNOWN_POSTMASTER, "there is no postmaster of what is no domain"))
}

/// `GET /postmasters`
pub(super) async fn list(State(site): State<Site>) -> Result<Response, Problem> {
    let all = ask(&site, Work::Lookup, Accounts::postmasters).await?;
    Ok(rows(&all.iter().map(PostmasterJson::from).collect::<Vec<_>>(), None))
}

/// `POST /postmasters`
pub(super) async fn create(State(site): State<Site>, body: Body) -> Result<Response, Problem> {
    let entry = body.read(|body| {
        let domain = body.needed("domain", Members::parsed);
        let email = body.needed("email", Members::text);
        let name = body.needed("name", Members::text);
        let language = body.chosen("language", &LANGUAGES).unwrap_or_default();
        let phone = body.parsed("phone");
        Some(PostmasterEntry { domain: domain?, email: email?, name: name?, phone, language })
    })?;
    let added = ask(&site, Work::Lookup, move |accounts| accounts.add_postmaster(entry, now_secs())).await?;
    Ok(created(&site, &["postmasters", added.domain.as_str(), &added.email], &PostmasterJson::from(&added)))
}

/// `GET /postmasters/{domain}/{email}`
pub(super) async fn show(State(site): State<Site>, Segments([of, email]): Segments<2>) -> Result<Response, Problem> {
    let of = domain(&of)?;
    let found = ask(&site, Work::Lookup, move |accounts| accounts.postmaster(&of, &email)).await?;
    Ok(answer(StatusCode::OK, &PostmasterJson::from(&found)))
}

/// `DELETE /postmasters/{domain}/{email}`
pub(super) async fn remove(State(site): State<Site>, Segments([of, email]): Segments<2>) -> Result<Response, Problem> {
    let of = domain(&of)?;
    ask(&site, Work::Lookup, move |accounts| accounts.remove_postmaster(&of, &email).map(drop)).await?;
    Ok(gone())
}
