//! One's own sessions, at the panel and in mail programs, and their end (S1).

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::now::Row;
use super::query::Query;
use crate::accounts::{Accounts, SessionKey};
use crate::texts;
use crate::web::frame::{Frame, Part, show};
use crate::web::now_ms;
use crate::web::page::Problem;
use crate::web::session::{Filled, Signed, see};
use crate::web::site::{Site, Work};

const PATH: &str = "/account/sessions";

#[derive(Template)]
#[template(path = "records/sessions.html")]
struct Page<'a> {
    frame: Frame,
    key: &'a str,
    visits: Vec<Visit>,
    /// None for a postmaster, who has no mailbox.
    sessions: Option<Vec<Row>>,
}

/// A session of the panel.
struct Visit {
    name: String,
    began: String,
    seen: String,
    address: String,
    program: Option<String>,
    this: bool,
}

/// `GET /account/sessions`
pub(in crate::web) async fn list(State(site): State<Site>, signed: Signed, uri: Uri) -> Response {
    let shown = async {
        let (account, token, language) = (signed.account(), signed.token().clone(), signed.language());
        let open = site.open_sessions.clone();
        let asked = move |accounts: &Accounts| {
            let visits = accounts.own_panel_sessions(account, &token, now_ms())?;
            Ok((visits, accounts.own_open_sessions(account, open.as_ref())?))
        };
        let (visits, sessions) = site.ask(Work::Lookup, asked).await?;
        let done = match Query::of(&uri).typed("done") {
            "ended" => Some("page-now-ended"),
            "gone" => Some("page-now-gone"),
            _ => None,
        };
        let visits = visits.into_iter().map(|visit| Visit {
            began: texts::date_time(language, visit.began_at_ms / 1000),
            seen: texts::date_time(language, visit.seen_at_ms / 1000),
            address: visit.address.to_string(),
            name: visit.name,
            program: visit.program,
            this: visit.this,
        });
        let rows = sessions.iter().map(|session| Row::new(language, session, &HashMap::new()));
        let page = Page {
            frame: Frame::of_address(language).in_part(&signed, Part::Account).noting(done),
            key: &signed.who().form_key,
            visits: visits.collect(),
            sessions: signed.domain().is_none().then(|| rows.collect()),
        };
        Ok::<_, Problem>(show(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|problem| problem.page(signed.reader()))
}

/// `POST /account/sessions/panel`
pub(in crate::web) async fn end_visit(State(site): State<Site>, Filled { signed, form }: Filled) -> Response {
    let (account, name) = (signed.account(), form.plain("session").to_owned());
    match site.ask(Work::Lookup, move |accounts| accounts.end_own_panel_session(account, &name)).await {
        Ok(ended) => back(ended),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /account/sessions/mail`
pub(in crate::web) async fn end_session(State(site): State<Site>, Filled { signed, form }: Filled) -> Response {
    let Ok(key) = form.plain("session").parse::<SessionKey>() else { return Problem::BadRequest.page(signed.reader()) };
    let (account, open) = (signed.account(), site.open_sessions.clone());
    match site.ask(Work::Lookup, move |accounts| accounts.end_own_open_session(account, &key, open.as_ref())).await {
        Ok(ended) => back(ended),
        Err(problem) => problem.page(signed.reader()),
    }
}

fn back(ended: bool) -> Response {
    see(&format!("{PATH}?done={}", if ended { "ended" } else { "gone" }))
}
