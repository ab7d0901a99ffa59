//! `/mailboxes/{address}/delegates/{username}/app-passwords` (S3, X14)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret;

use super::delegates::delegate;
use super::members::{Body, Members};
use super::problem::Problem;
use super::{Segments, answer, ask, created, gone, list as rows, now_secs};
use crate::accounts::{APP_PASSWORD_SECS, Accounts, AccountsError, Actor, AppPasswordEntry, Rule};
use crate::domain::{AppPassword, Login, Protocol, Scope};
use crate::json::AppPasswordJson;
use crate::web::site::{Site, Work};

const DAY_SECS: i64 = 24 * 60 * 60;

/// `GET …/app-passwords`
pub(super) async fn list(
    State(site): State<Site>,
    Segments([address, username]): Segments<2>,
) -> Result<Response, Problem> {
    let login = delegate(&address, &username)?.login();
    let find = move |accounts: &Accounts| accounts.app_passwords(Actor::Operator, &login, now_secs());
    let found = ask(&site, Work::Lookup, find).await?;
    Ok(rows(&found.iter().map(|one| AppPasswordJson::of(one, None, now_secs())).collect::<Vec<_>>(), None))
}

/// `POST …/app-passwords`: the only answer that has the password.
pub(super) async fn create(
    State(site): State<Site>,
    Segments([address, username]): Segments<2>,
    body: Body,
) -> Result<Response, Problem> {
    let name = delegate(&address, &username)?;
    let login = name.login();
    let entry = body.read(|body| {
        let label = body.needed("name", Members::text);
        let scope = scope(body);
        let valid_secs = days(body, "days").unwrap_or(APP_PASSWORD_SECS);
        Some(AppPasswordEntry { login, label: label?, scope: scope?, valid_secs })
    })?;
    let make = move |accounts: &Accounts| accounts.create_app_password(Actor::Operator, entry, now_secs());
    let (secret, made) = ask(&site, Work::Lookup, make).await?;
    let segments =
        ["mailboxes", name.address.as_str(), "delegates", name.username.as_str(), "app-passwords", &made.name];
    let shown = secret.shown();
    Ok(created(&site, &segments, &AppPasswordJson::of(&made, Some(shown.expose_secret()), now_secs())))
}

/// What it opens: reading and sending, where nothing else is said.
fn scope(body: &mut Members) -> Option<Scope> {
    let words = [("imap", Protocol::Imap), ("submission", Protocol::Submission), ("pop3", Protocol::Pop3)];
    let chosen = body.choice("protocols", &words).unwrap_or_else(|| vec![Protocol::Imap, Protocol::Submission]);
    let text: Vec<String> = chosen.iter().map(Protocol::to_string).collect();
    text.join(",").parse().map_err(|_| body.wrong("protocols", "is empty")).ok()
}

/// For how long, in seconds.
fn days(body: &mut Members, name: &str) -> Option<i64> {
    body.number(name).map(|days| i64::from(days) * DAY_SECS)
}

/// `GET …/app-passwords/{name}`
pub(super) async fn show(
    State(site): State<Site>,
    Segments([address, username, label]): Segments<3>,
) -> Result<Response, Problem> {
    let login = delegate(&address, &username)?.login();
    let found = ask(&site, Work::Lookup, move |accounts| find(accounts, login, label)).await?;
    Ok(answer(StatusCode::OK, &AppPasswordJson::of(&found, None, now_secs())))
}

fn find(accounts: &Accounts, login: Login, label: String) -> Result<AppPassword, AccountsError> {
    let all = accounts.app_passwords(Actor::Operator, &login, now_secs())?;
    let found = all.into_iter().find(|one| one.name == label);
    Ok(found.ok_or(Rule::UnknownAppPassword { login, name: label })?)
}

/// `PATCH …/app-passwords/{name}`: lets it open what it opens for so many days from now on.
pub(super) async fn extend(
    State(site): State<Site>,
    Segments([address, username, label]): Segments<3>,
    body: Body,
) -> Result<Response, Problem> {
    let login = delegate(&address, &username)?.login();
    let valid_secs = body.read(|body| body.needed("days", days))?;
    let longer = move |accounts: &Accounts| {
        accounts.extend_app_password(Actor::Operator, &login, &label, valid_secs, now_secs())
    };
    let found = ask(&site, Work::Lookup, longer).await?;
    Ok(answer(StatusCode::OK, &AppPasswordJson::of(&found, None, now_secs())))
}

/// `DELETE …/app-passwords/{name}`
pub(super) async fn revoke(
    State(site): State<Site>,
    Segments([address, username, label]): Segments<3>,
) -> Result<Response, Problem> {
    let login = delegate(&address, &username)?.login();
    let done =
        move |accounts: &Accounts| accounts.revoke_app_password(Actor::Operator, &login, &label, now_secs()).map(drop);
    ask(&site, Work::Lookup, done).await?;
    Ok(gone())
}
