//! `/account/app-passwords`: passwords of one's mail programs, each for one of them (S3, X14). One is shown in the answer to
//! the form that made it, with what the program needs beside it, and never again.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};

use super::super::frame::{Frame, Part, asked_for, show as answer};
use super::super::page::Problem;
use super::super::session::{self, Filled, Signed, Visit, see};
use super::super::setup::sheet::Sheet;
use super::super::site::{Site, Work};
use super::super::{now_secs, routes, rules};
use super::overview::login;
use crate::accounts::{APP_PASSWORD_SECS, AppPasswordEntry, Rule};
use crate::domain::{AppPassword, Login, Protocol, Protocols, Scope};
use crate::texts;

const DAY_SECS: i64 = 24 * 60 * 60;
const PATH: &str = "/account/app-passwords";

#[derive(Template)]
#[template(path = "account/app-passwords.html")]
struct Page<'a> {
    frame: Frame,
    key: &'a str,
    rows: Vec<Row>,
    /// Whether they may make some themself (S3).
    may_make: bool,
    name: &'a str,
    days: String,
    fault: Option<String>,
}

struct Row {
    name: String,
    /// The name as it stands in an address.
    encoded: String,
    protocols: String,
    until: String,
    ended: bool,
    used: Option<String>,
}

#[derive(Template)]
#[template(path = "account/app-password-made.html")]
struct MadePage<'a> {
    frame: Frame,
    name: &'a str,
    login: String,
    password: &'a str,
    until: String,
    sheet: Option<Sheet>,
}

#[derive(Template)]
#[template(path = "account/app-password-sure.html")]
struct SurePage<'a> {
    frame: Frame,
    key: &'a str,
    name: &'a str,
    revoke: bool,
    title: String,
    text: String,
}

/// `GET /account/app-passwords`
pub(super) async fn show(State(site): State<Site>, signed: Signed, uri: Uri) -> Response {
    let done = match asked_for(&uri, "done").as_deref() {
        Some("revoked") => Some("page-done-app-password-revoked"),
        Some("extended") => Some("page-done-app-password-extended"),
        _ => None,
    };
    page(&site, &signed, "", None, done).await
}

/// `POST /account/app-passwords`
pub(super) async fn create(State(site): State<Site>, Filled { signed, form }: Filled) -> Response {
    let Some(login) = login(&signed) else { return Problem::NotFound.page(signed.reader()) };
    let name = form.plain("name").trim().to_owned();
    let scope = form.scope();
    let days: Option<i64> = form.plain("days").trim().parse().ok();
    let (Some(scope), Some(days)) = (scope, days) else {
        let id = if scope.is_none() { "page-app-password-no-protocol" } else { "page-app-password-no-days" };
        let fault = texts::text(signed.language(), id, &[]);
        return page(&site, &signed, &name, Some(fault), None).await;
    };
    let entry = AppPasswordEntry {
        login: login.clone(),
        label: name.clone(),
        scope,
        valid_secs: days.saturating_mul(DAY_SECS),
    };
    let actor = signed.actor();
    match site.attempt(Work::Lookup, move |accounts| accounts.create_app_password(actor, entry, now_secs())).await {
        Ok(Ok((secret, made))) => made_page(&site, &signed, &login, &secret.shown(), &made),
        Ok(Err(rule)) => {
            let fault = rules::said(signed.language(), &rule);
            page(&site, &signed, &name, Some(fault), None).await
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `GET /account/app-passwords/extend`
pub(super) async fn ask_extend(signed: Signed, uri: Uri) -> Response {
    sure_page(&signed, &uri, false)
}

/// `POST /account/app-passwords/extend`
pub(super) async fn extend(State(site): State<Site>, Filled { signed, form }: Filled) -> Response {
    let Some(login) = login(&signed) else { return Problem::NotFound.page(signed.reader()) };
    let (actor, name) = (signed.actor(), form.plain("name").to_owned());
    let extended = site.attempt(Work::Lookup, move |accounts| {
        accounts.extend_app_password(actor, &login, &name, APP_PASSWORD_SECS, now_secs())
    });
    ended(&site, &signed, extended.await.map(|outcome| outcome.map(drop)), "extended").await
}

/// `GET /account/app-passwords/revoke`
pub(super) async fn ask_revoke(signed: Signed, uri: Uri) -> Response {
    sure_page(&signed, &uri, true)
}

/// `POST /account/app-passwords/revoke`. It ends this session as well; its person goes on with another.
pub(super) async fn revoke(State(site): State<Site>, visit: Visit, Filled { signed, form }: Filled) -> Response {
    let Some(login) = login(&signed) else { return Problem::NotFound.page(signed.reader()) };
    let (actor, name, account) = (signed.actor(), form.plain("name").to_owned(), signed.account());
    let from = signed.token().clone();
    let revoked = site.attempt(Work::Lookup, move |accounts| {
        accounts.revoke_app_password(actor, &login, &name, now_secs())?;
        accounts.raise_panel_session(&from, account, visit.knock, visit.program.as_deref())
    });
    match revoked.await {
        Ok(Ok(Some(token))) => session::begins(&site, &token, see(&format!("{PATH}?done=revoked"))),
        Ok(Ok(None)) => see("/login"),
        Ok(Err(rule)) => ended(&site, &signed, Ok(Err(rule)), "revoked").await,
        Err(problem) => problem.page(signed.reader()),
    }
}

async fn ended(site: &Site, signed: &Signed, outcome: Result<Result<(), Rule>, Problem>, done: &str) -> Response {
    match outcome {
        Ok(Ok(())) => see(&format!("{PATH}?done={done}")),
        Ok(Err(rule)) => page(site, signed, "", Some(rules::said(signed.language(), &rule)), None).await,
        Err(problem) => problem.page(signed.reader()),
    }
}

async fn page(site: &Site, signed: &Signed, name: &str, fault: Option<String>, done: Option<&str>) -> Response {
    let Some(login) = login(signed) else { return Problem::NotFound.page(signed.reader()) };
    let actor = signed.actor();
    let found = site.ask(Work::Lookup, move |accounts| {
        Ok((
            accounts.app_passwords(actor, &login, now_secs())?,
            accounts.may_make_app_passwords(actor, &login, now_secs())?,
        ))
    });
    let (passwords, may_make) = match found.await {
        Ok(found) => found,
        Err(problem) => return problem.page(signed.reader()),
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let language = signed.language();
    let frame = Frame::for_form(signed, Part::Account, fault.is_some()).noting(done);
    let rows = passwords.iter().map(|password| Row {
        name: password.name.clone(),
        encoded: routes::encoded(&password.name),
        protocols: named(&frame, password.scope),
        until: texts::date(language, password.expires_at_secs),
        ended: password.expires_at_secs <= now_secs(),
        used: password.last_use.as_ref().map(|last| {
            let when = texts::date_time(language, last.at_ms / 1000);
            let by = last.program.as_deref().unwrap_or_default();
            [when.as_str(), by, &last.address.to_string()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ")
        }),
    });
    let rows = rows.collect();
    let days = (APP_PASSWORD_SECS / DAY_SECS).to_string();
    answer(status, &Page { frame, key: &signed.who().form_key, rows, may_make, name, days, fault })
}

fn made_page(site: &Site, signed: &Signed, login: &Login, shown: &SecretString, made: &AppPassword) -> Response {
    let frame = Frame::of_form(signed.language()).in_part(signed, Part::Account);
    let protocols = Protocols { imap: made.scope.opens(Protocol::Imap), pop3: made.scope.opens(Protocol::Pop3) };
    let page = MadePage {
        name: &made.name,
        login: login.to_string(),
        password: shown.expose_secret(),
        until: texts::date(signed.language(), made.expires_at_secs),
        sheet: Sheet::of(&site.servers, login, protocols, &frame),
        frame,
    };
    answer(StatusCode::OK, &page)
}

fn sure_page(signed: &Signed, uri: &Uri, revoke: bool) -> Response {
    let Some(name) = asked_for(uri, "name") else { return Problem::NotFound.page(signed.reader()) };
    let frame = Frame::of_address(signed.language()).in_part(signed, Part::Account);
    let (title, text) = match revoke {
        true => ("page-app-password-revoke", "page-app-password-revoke-text"),
        false => ("page-app-password-extend", "page-app-password-extend-text"),
    };
    let days = (APP_PASSWORD_SECS / DAY_SECS).to_string();
    let (title, text) = (frame.say(title), frame.with(text, "days", &days));
    answer(StatusCode::OK, &SurePage { frame, key: &signed.who().form_key, name: &name, revoke, title, text })
}

fn named(frame: &Frame, scope: Scope) -> String {
    let name = |protocol| match protocol {
        Protocol::Imap => "IMAP".to_owned(),
        Protocol::Pop3 => "POP3".to_owned(),
        Protocol::Submission => frame.say("page-sending"),
    };
    texts::list(frame.language, &scope.iter().map(name).collect::<Vec<_>>())
}
