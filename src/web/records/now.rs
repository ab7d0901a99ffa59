//! Who has a mailbox open now, and the end of a session (X16).

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::query::Query;
use super::{People, Person, Places, way};
use crate::accounts::{OpenSession, SessionKey};
use crate::domain::oversight::Record;
use crate::domain::{AccountId, Language, MailboxAddress};
use crate::texts;
use crate::web::frame::{Frame, Part, show};
use crate::web::page::Problem;
use crate::web::session::{Filled, Signed, see};
use crate::web::site::{Site, Work};
use crate::web::{now_secs, routes};

#[derive(Template)]
#[template(path = "records/now.html")]
struct Page<'a> {
    frame: Frame,
    mailbox: &'a str,
    path: &'a str,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "records/ending.html")]
struct Ending<'a> {
    frame: Frame,
    row: Row,
    path: &'a str,
    back: &'a str,
    key: &'a str,
}

/// A session that is open.
pub(super) struct Row {
    pub(super) key: String,
    pub(super) person: Person,
    pub(super) since: String,
    pub(super) address: String,
    pub(super) way: String,
    pub(super) program: Option<String>,
}

impl Row {
    pub(super) fn new(language: Language, session: &OpenSession, names: &HashMap<AccountId, &str>) -> Row {
        Row {
            key: session.key.to_string(),
            person: Person::new(&session.login, session.account.id(), names),
            since: texts::date_time(language, session.since_ms / 1000),
            address: session.address.to_string(),
            way: way(language, session.door),
            program: session.program.clone(),
        }
    }
}

/// `GET /mailboxes/{address}/now`
pub(in crate::web) async fn list(State(site): State<Site>, signed: Signed, places: Places, uri: Uri) -> Response {
    let shown = async {
        let (address, language) = (places.mailbox()?, signed.language());
        let (sessions, people) = at_work(&site, &signed, &address).await?;
        let (path, names) = (routes::of_mailbox(&address, "now"), people.names());
        let done = match Query::of(&uri).typed("done") {
            "ended" => Some("page-now-ended"),
            "gone" => Some("page-now-gone"),
            _ => None,
        };
        let frame = Frame::of_address(language).in_part(&signed, Part::Now).noting(done);
        let rows = sessions.iter().map(|session| Row::new(language, session, &names)).collect();
        Ok::<_, Problem>(show(StatusCode::OK, &Page { frame, mailbox: address.as_str(), path: &path, rows }))
    };
    shown.await.unwrap_or_else(|problem| problem.page(signed.reader()))
}

async fn at_work(
    site: &Site,
    signed: &Signed,
    address: &MailboxAddress,
) -> Result<(Vec<OpenSession>, People), Problem> {
    let people = People::of(site, signed, address, Record::Sessions).await?;
    let (actor, open, address) = (signed.actor(), site.open_sessions.clone(), address.clone());
    let asked =
        move |accounts: &crate::accounts::Accounts| accounts.open_sessions(actor, &address, open.as_ref(), now_secs());
    Ok((site.ask(Work::Lookup, asked).await?, people))
}

/// `GET /mailboxes/{address}/now/{key}`
pub(in crate::web) async fn ask(State(site): State<Site>, signed: Signed, places: Places) -> Response {
    let shown = async {
        let (address, key, language) = (places.mailbox()?, places.nth::<SessionKey>(1)?, signed.language());
        let (sessions, people) = at_work(&site, &signed, &address).await?;
        let back = routes::of_mailbox(&address, "now");
        let Some(session) = sessions.iter().find(|session| session.key == key) else {
            return Ok::<_, Problem>(see(&format!("{back}?done=gone")));
        };
        let page = Ending {
            frame: Frame::of_address(language).in_part(&signed, Part::Now),
            row: Row::new(language, session, &people.names()),
            path: &format!("{back}/{key}"),
            back: &back,
            key: &signed.who().form_key,
        };
        Ok(show(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|problem| problem.page(signed.reader()))
}

/// `POST /mailboxes/{address}/now/{key}`
pub(in crate::web) async fn end(State(site): State<Site>, places: Places, Filled { signed, .. }: Filled) -> Response {
    let ended = async {
        let (address, key) = (places.mailbox()?, places.nth::<SessionKey>(1)?);
        let (actor, open, of) = (signed.actor(), site.open_sessions.clone(), address.clone());
        let asked = move |accounts: &crate::accounts::Accounts| {
            accounts.end_session(actor, &of, &key, open.as_ref(), now_secs())
        };
        let done = if site.ask(Work::Lookup, asked).await? { "ended" } else { "gone" };
        Ok::<_, Problem>(see(&format!("{}?done={done}", routes::of_mailbox(&address, "now"))))
    };
    ended.await.unwrap_or_else(|problem| problem.page(signed.reader()))
}
