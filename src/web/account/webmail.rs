//! `POST /account/webmail`: to the operator's web mail, without typing the password again. It is given a token that works
//! once and within a minute; nothing else of the account goes there.

use axum::extract::State;
use axum::response::Response;
use secrecy::ExposeSecret;

use super::super::now_ms;
use super::super::page::Problem;
use super::super::session::{Filled, see};
use super::super::site::{Site, Work};

/// `POST /account/webmail`
pub(super) async fn open(State(site): State<Site>, Filled { signed, .. }: Filled) -> Response {
    let Some(url) = site.sign_on_url.clone() else { return Problem::NotFound.page(signed.reader()) };
    let account = signed.account();
    match site.ask(Work::Lookup, move |accounts| accounts.create_sign_on(account, now_ms())).await {
        Ok(sign_on) => see(sign_on.url(&url).expose_secret()),
        Err(problem) => problem.page(signed.reader()),
    }
}
