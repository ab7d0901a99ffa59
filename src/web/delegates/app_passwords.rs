//! A delegate's app passwords (S3), for whoever looks after them: making one, which is shown once, and taking one back.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret as _;

use super::deeds::{details, elsewhere};
use super::{Crumbs, crumbs, framed, of_delegate};
use crate::accounts::{APP_PASSWORD_SECS, AppPasswordEntry, DelegateDetails, DelegateName};
use crate::domain::life::Action;
use crate::domain::{Protocol, Scope};
use crate::texts;
use crate::web::address::{OfDelegate, Query};
use crate::web::form::Form;
use crate::web::frame::{Frame, show};
use crate::web::page::Problem;
use crate::web::session::{Filled, Signed, see};
use crate::web::site::{Site, Work};
use crate::web::{now_secs, rules};

const DAY_SECS: i64 = 24 * 60 * 60;
/// For how many days one can be made here.
const DAYS: [i64; 4] = [30, APP_PASSWORD_SECS / DAY_SECS, 180, 365];

#[derive(Template)]
#[template(path = "delegates/app-password.html")]
struct New {
    frame: Frame,
    crumbs: Crumbs,
    name: String,
    login: String,
    label: String,
    /// Protocol, what it is called, whether it is ticked.
    scope: Vec<(Protocol, String, bool)>,
    /// Days, what they are called, whether they are chosen.
    days: Vec<(i64, String, bool)>,
    fault: Option<String>,
    action: String,
    back: String,
}

#[derive(Template)]
#[template(path = "delegates/app-password-made.html")]
struct Made<'a> {
    frame: Frame,
    crumbs: Crumbs,
    name: String,
    login: String,
    label: String,
    until: String,
    /// In the clear, this once.
    secret: &'a str,
    back: String,
}

#[derive(Template)]
#[template(path = "delegates/app-password-revoke.html")]
struct Revoke {
    frame: Frame,
    crumbs: Crumbs,
    name: String,
    label: String,
    will: Vec<String>,
    fault: Option<String>,
    action: String,
    back: String,
}

/// `GET /mailboxes/{address}/delegates/{username}/app-passwords`
pub(in crate::web) async fn ask(State(site): State<Site>, signed: Signed, OfDelegate(name): OfDelegate) -> Response {
    match details(&site, &signed, &name).await {
        Ok(details) if !details.listed.actions.contains(&Action::MakeAppPassword) => elsewhere(&name),
        Ok(details) => new(StatusCode::OK, &signed, &details, "", Scope::ALL, APP_PASSWORD_SECS / DAY_SECS, None),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /mailboxes/{address}/delegates/{username}/app-passwords`
pub(in crate::web) async fn make(
    State(site): State<Site>,
    OfDelegate(name): OfDelegate,
    Filled { signed, form }: Filled,
) -> Response {
    let details = match details(&site, &signed, &name).await {
        Ok(details) => details,
        Err(problem) => return problem.page(signed.reader()),
    };
    let label = form.plain("label").to_owned();
    let days: i64 = form.plain("days").parse().ok().filter(|days| DAYS.contains(days)).unwrap_or(DAYS[1]);
    let Some(scope) = form.scope() else {
        let fault = texts::text(signed.language(), "page-their-app-password-no-scope", &[]);
        return new(StatusCode::UNPROCESSABLE_ENTITY, &signed, &details, &label, Scope::ALL, days, Some(fault));
    };
    let entry = AppPasswordEntry { login: name.login(), label: label.clone(), scope, valid_secs: days * DAY_SECS };
    let actor = signed.actor();
    let made = site.attempt(Work::Lookup, move |accounts| accounts.create_app_password(actor, entry, now_secs()));
    match made.await {
        Ok(Ok((secret, password))) => {
            let frame = Frame { switch: false, ..framed(&signed) };
            let view = &details.listed.view;
            let secret = secret.shown();
            let page = Made {
                crumbs: crumbs(&signed, &frame, Some(&view.address)),
                name: view.delegate.full_name(),
                login: view.login().to_string(),
                label: password.name,
                until: texts::date(frame.language, password.expires_at_secs),
                secret: secret.expose_secret(),
                back: of_delegate(&view.address, &view.delegate.username, ""),
                frame,
            };
            show(StatusCode::OK, &page)
        }
        Ok(Err(rule)) => {
            let fault = rules::said(signed.language(), &rule);
            new(StatusCode::UNPROCESSABLE_ENTITY, &signed, &details, &label, scope, days, Some(fault))
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `GET /mailboxes/{address}/delegates/{username}/app-passwords/revoke`
pub(in crate::web) async fn ask_revoke(
    State(site): State<Site>,
    signed: Signed,
    OfDelegate(name): OfDelegate,
    query: Query,
) -> Response {
    match details(&site, &signed, &name).await {
        Ok(details) => {
            let there = details.app_passwords.iter().any(|one| one.name == query.said("name"));
            match there && details.listed.actions.contains(&Action::RevokeAppPassword) {
                true => revoking(StatusCode::OK, &signed, &details, query.said("name"), None),
                false => elsewhere(&name),
            }
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /mailboxes/{address}/delegates/{username}/app-passwords/revoke`
pub(in crate::web) async fn revoke(
    State(site): State<Site>,
    OfDelegate(name): OfDelegate,
    Filled { signed, form }: Filled,
) -> Response {
    let (actor, whose, label) = (signed.actor(), name.clone(), form.plain("label").to_owned());
    let revoked = site
        .attempt(Work::Lookup, move |accounts| accounts.revoke_app_password(actor, &whose.login(), &label, now_secs()));
    match revoked.await {
        Ok(Ok(_)) => see(&format!("{}?done=revoked", of_delegate(&name.address, &name.username, ""))),
        Ok(Err(rule)) => refused(&site, &signed, &name, &form, rules::said(signed.language(), &rule)).await,
        Err(problem) => problem.page(signed.reader()),
    }
}

async fn refused(site: &Site, signed: &Signed, name: &DelegateName, form: &Form, fault: String) -> Response {
    match details(site, signed, name).await {
        Ok(details) => revoking(StatusCode::CONFLICT, signed, &details, form.plain("label"), Some(fault)),
        Err(problem) => Problem::page(problem, signed.reader()),
    }
}

fn new(
    status: StatusCode,
    signed: &Signed,
    details: &DelegateDetails,
    label: &str,
    scope: Scope,
    days: i64,
    fault: Option<String>,
) -> Response {
    let frame = Frame { switch: fault.is_none(), faulty: fault.is_some(), ..framed(signed) };
    let view = &details.listed.view;
    let page = New {
        crumbs: crumbs(signed, &frame, Some(&view.address)),
        name: view.delegate.full_name(),
        login: view.login().to_string(),
        label: label.to_owned(),
        scope: Protocol::ALL.map(|one| (one, texts::protocol(frame.language, one), scope.opens(one))).into(),
        days: DAYS.map(|one| (one, frame.with("page-days", "days", &one.to_string()), one == days)).into(),
        fault,
        action: of_delegate(&view.address, &view.delegate.username, "app-passwords"),
        back: of_delegate(&view.address, &view.delegate.username, ""),
        frame,
    };
    show(status, &page)
}

fn revoking(
    status: StatusCode,
    signed: &Signed,
    details: &DelegateDetails,
    label: &str,
    fault: Option<String>,
) -> Response {
    let frame = Frame { switch: fault.is_none(), faulty: fault.is_some(), ..framed(signed) };
    let view = &details.listed.view;
    let will = ["page-will-revoke", "page-will-end-sessions"];
    let name = view.delegate.full_name();
    let page = Revoke {
        crumbs: crumbs(signed, &frame, Some(&view.address)),
        label: label.to_owned(),
        will: will.map(|id| frame.with(id, "name", &name)).into(),
        fault,
        action: of_delegate(&view.address, &view.delegate.username, "app-passwords/revoke"),
        back: of_delegate(&view.address, &view.delegate.username, ""),
        name,
        frame,
    };
    show(status, &page)
}
