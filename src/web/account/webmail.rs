//! `POST /account/webmail`: to the operator's web mail, without typing the password again. It is given a token that works
//! once and within a minute; nothing else of the account goes there.

use axum::extract::State;
use axum::response::Response;
use secrecy::ExposeSecret;

use super::super::page::Problem;
use super::super::session::{Filled, see_elsewhere};
use super::super::site::{Site, Work};
use super::super::{now_ms, routes, rules};
use super::overview::login;

pub(super) async fn open(State(site): State<Site>, Filled { signed, .. }: Filled) -> Response {
    let (Some(login), Some(url)) = (login(&signed), site.sign_on_url.clone()) else {
        return Problem::NotFound.page(signed.reader());
    };
    let account = signed.account();
    match site.attempt(Work::Lookup, move |accounts| accounts.create_sign_on(account, now_ms())).await {
        Ok(Ok(token)) => {
            let separator = if url.contains('?') { '&' } else { '?' };
            let (user, token) = (routes::encoded(&login.to_string()), routes::encoded(token.expose_secret()));
            see_elsewhere(&format!("{url}{separator}delega_user={user}&delega_token={token}"))
        }
        Ok(Err(rule)) => {
            tracing::info!(said = rules::said(signed.language(), &rule), "nobody is led to the web mail");
            Problem::Refused.page(signed.reader())
        }
        Err(problem) => problem.page(signed.reader()),
    }
}
