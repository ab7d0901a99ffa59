//! What was sent from a mailbox (O2): a list, one of them, and a table to take away.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::export::{self, PIECE_ROWS, Piece};
use super::query::{Choice, Fault, Query, Sieve};
use super::{PAGE_ROWS, People, Person, Places, way};
use crate::domain::oversight::Record;
use crate::domain::{
    AccountId, CopyState, Door, Language, ListenerKind, MailboxAddress, OutcomeKind, Protocol, SendFilter, SendId,
    SendRecord, SentCopy,
};
use crate::texts;
use crate::web::frame::{Frame, Part, show};
use crate::web::page::Problem;
use crate::web::session::Signed;
use crate::web::site::{Site, Work};
use crate::web::{now_secs, routes};

/// The fields by which rows are asked for.
const FIELDS: [&str; 6] = ["by", "to", "from", "until", "outcome", "subject"];

#[derive(Template)]
#[template(path = "records/sends.html")]
struct Page<'a> {
    frame: Frame,
    mailbox: &'a str,
    path: &'a str,
    query: &'a Query,
    people: Vec<Choice>,
    outcomes: Vec<Choice>,
    faults: &'a [Fault],
    filtered: bool,
    rows: Vec<Row>,
    export: String,
    older: Option<String>,
    newest: Option<String>,
}

struct Row {
    path: String,
    at: String,
    person: Person,
    to: String,
    /// How many recipients there are beside that one.
    others: Option<String>,
    subject: Option<String>,
    outcome: String,
    outcome_name: &'static str,
}

#[derive(Template)]
#[template(path = "records/send.html")]
struct One<'a> {
    frame: Frame,
    back: &'a str,
    at: String,
    person: Person,
    send: &'a SendRecord,
    from: String,
    way: String,
    size: String,
    outcome: String,
    outcome_at: Option<String>,
    copy: Option<String>,
    copy_why: Option<&'a str>,
}

/// `GET /mailboxes/{address}/sends`
pub(in crate::web) async fn list(State(site): State<Site>, signed: Signed, places: Places, uri: Uri) -> Response {
    let reader = signed.reader();
    listed(&site, &signed, &places, &uri).await.unwrap_or_else(|problem| problem.page(reader))
}

async fn listed(site: &Site, signed: &Signed, places: &Places, uri: &Uri) -> Result<Response, Problem> {
    let (address, query, language) = (places.mailbox()?, Query::of(uri), signed.language());
    let after = query.after()?;
    let people = People::of(site, signed, &address, Record::Sends).await?;
    let mut sieve = Sieve::new(&query, language);
    let filter = SendFilter { after, ..asked(&mut sieve, &address) };
    let faults = sieve.faults;
    let mut found = None;
    if faults.is_empty() {
        let actor = signed.actor();
        let asked = move |accounts: &crate::accounts::Accounts| accounts.sends(actor, &filter, PAGE_ROWS, now_secs());
        found = Some(site.ask(Work::Lookup, asked).await?);
    }
    let (rows, more) = found.map_or((Vec::new(), false), |found| (found.rows, found.more));
    let path = routes::of_mailbox(&address, "sends");
    let frame = Frame { faulty: !faults.is_empty(), ..Frame::of_address(language) }.in_part(signed, Part::Sends);
    let names = people.names();
    let page = Page {
        mailbox: address.as_str(),
        people: Choice::of(&people, query.typed("by")),
        outcomes: outcomes(language, query.typed("outcome")),
        filtered: FIELDS.iter().any(|name| !query.typed(name).is_empty()),
        export: query.path(&format!("{path}.csv"), &FIELDS, None),
        older: rows.last().filter(|_| more).map(|last| query.path(&path, &FIELDS, Some(last.position()))),
        newest: after.map(|_| query.path(&path, &FIELDS, None)),
        rows: rows.iter().map(|send| row(language, &path, send, &names)).collect(),
        faults: &faults,
        query: &query,
        path: &path,
        frame,
    };
    Ok(show(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page))
}

fn asked(sieve: &mut Sieve<'_>, address: &MailboxAddress) -> SendFilter {
    let (since_ms, until_ms) = sieve.period();
    let given = |name| Some(sieve.query.typed(name).to_owned()).filter(|typed| !typed.is_empty());
    let (to, subject) = (given("to"), given("subject"));
    SendFilter {
        mailbox: Some(address.clone()),
        by: sieve.person(),
        to,
        subject,
        since_ms,
        until_ms,
        // Chosen from a list: anything else is every outcome.
        outcome: OutcomeKind::from_name(sieve.query.typed("outcome")),
        ..SendFilter::default()
    }
}

fn outcomes(language: Language, asked: &str) -> Vec<Choice> {
    let choice = |kind: OutcomeKind| Choice {
        value: kind.name().to_owned(),
        label: outcome(language, kind),
        chosen: kind.name() == asked,
    };
    OutcomeKind::ALL.into_iter().map(choice).collect()
}

fn outcome(language: Language, kind: OutcomeKind) -> String {
    let id = match kind {
        OutcomeKind::Accepted => "page-sends-accepted",
        OutcomeKind::Refused => "page-sends-refused",
        OutcomeKind::Unknown => "page-sends-unknown",
    };
    texts::text(language, id, &[])
}

fn account(send: &SendRecord) -> AccountId {
    send.delegate.map_or(AccountId::Owner(send.mailbox), AccountId::Delegate)
}

fn row(language: Language, path: &str, send: &SendRecord, names: &HashMap<AccountId, &str>) -> Row {
    let (first, others) = match send.sending.forward_paths.as_slice() {
        [] => ("", 0),
        [first, others @ ..] => (first.as_str(), u32::try_from(others.len()).unwrap_or(u32::MAX)),
    };
    Row {
        path: format!("{path}/{}", send.id.0),
        at: texts::date_time(language, send.at_ms / 1000),
        person: Person::new(&send.login, account(send), names),
        to: first.to_owned(),
        others: (others > 0).then(|| texts::counted(language, "page-sends-others", others, &[])),
        subject: send.sending.subject.clone(),
        outcome: outcome(language, send.outcome.kind()),
        outcome_name: send.outcome.kind().name(),
    }
}

/// `GET /mailboxes/{address}/sends/{id}`
pub(in crate::web) async fn one(State(site): State<Site>, signed: Signed, places: Places) -> Response {
    let reader = signed.reader();
    shown(&site, &signed, &places).await.unwrap_or_else(|problem| problem.page(reader))
}

async fn shown(site: &Site, signed: &Signed, places: &Places) -> Result<Response, Problem> {
    let (address, language, actor) = (places.mailbox()?, signed.language(), signed.actor());
    let id = SendId(places.nth(1)?);
    let people = People::of(site, signed, &address, Record::Sends).await?;
    let back = routes::of_mailbox(&address, "sends");
    let found = site.ask(Work::Lookup, move |accounts| accounts.send(actor, &address, id, now_secs())).await?;
    let send = found.ok_or(Problem::NotFound)?;
    let date_time = |ms: i64| texts::date_time(language, ms / 1000);
    let page = One {
        frame: Frame::of_address(language).in_part(signed, Part::Sends),
        back: &back,
        at: date_time(send.at_ms),
        person: Person::new(&send.login, account(&send), &people.names()),
        from: send.peer.ip().to_string(),
        way: way(language, Door { protocol: Protocol::Submission, kind: send.kind }),
        size: texts::size(language, send.sending.bytes),
        outcome: outcome(language, send.outcome.kind()),
        outcome_at: send.outcome_at_ms.map(date_time),
        copy: send.copy.as_ref().map(|made| copy(language, made)),
        copy_why: send.copy.as_ref().and_then(|copy| copy.why.as_deref()),
        send: &send,
    };
    Ok(show(StatusCode::OK, &page))
}

fn copy(language: Language, copy: &SentCopy) -> String {
    let id = match copy.state {
        CopyState::Waiting => "page-sends-copy-waiting",
        CopyState::Due => "page-sends-copy-due",
        CopyState::Done => "page-sends-copy-done",
        CopyState::Failed => "page-sends-copy-failed",
    };
    texts::text(language, id, &[])
}

/// `GET /mailboxes/{address}/sends.csv`
pub(in crate::web) async fn export(State(site): State<Site>, signed: Signed, places: Places, uri: Uri) -> Response {
    let reader = signed.reader();
    exported(site, &signed, &places, &uri).await.unwrap_or_else(|problem| problem.page(reader))
}

async fn exported(site: Site, signed: &Signed, places: &Places, uri: &Uri) -> Result<Response, Problem> {
    let (address, query, language, actor) = (places.mailbox()?, Query::of(uri), signed.language(), signed.actor());
    let mut sieve = Sieve::new(&query, language);
    let filter = asked(&mut sieve, &address);
    if !sieve.faults.is_empty() {
        return Err(Problem::BadRequest);
    }
    let head = [
        "page-sends-csv-at",
        "page-records-person",
        "page-records-address",
        "page-records-way",
        "page-sends-from",
        "page-sends-to",
        "page-sends-subject",
        "page-sends-message-id",
        "page-sends-csv-bytes",
        "page-sends-outcome",
        "page-sends-reply",
        "page-sends-copy",
    ];
    let head = texts::csv_line(&head.map(|id| texts::text(language, id, &[])));
    let asker = site.clone();
    let read = move |after| -> std::pin::Pin<Box<dyn Future<Output = Result<Piece, Problem>> + Send>> {
        let (site, filter) = (asker.clone(), SendFilter { after, ..filter.clone() });
        Box::pin(async move {
            let found =
                site.ask(Work::Lookup, move |accounts| accounts.sends(actor, &filter, PIECE_ROWS, now_secs())).await?;
            let lines = found.rows.iter().map(|send| line(language, send)).collect();
            Ok(Piece { lines, after: found.rows.last().filter(|_| found.more).map(SendRecord::position) })
        })
    };
    export::table(&site, &format!("sends-{address}"), head, read).await
}

fn line(language: Language, send: &SendRecord) -> String {
    let sending = &send.sending;
    let kind = match send.kind {
        ListenerKind::Client => "page-way-client",
        ListenerKind::Webmail => "page-way-webmail",
    };
    texts::csv_line(&[
        texts::sortable_time(send.at_ms),
        send.login.to_string(),
        send.peer.ip().to_string(),
        texts::text(language, kind, &[("protocol", "SMTP")]),
        sending.reverse_path.clone(),
        sending.forward_paths.join(" "),
        sending.subject.clone().unwrap_or_default(),
        sending.message_id.clone().unwrap_or_default(),
        sending.bytes.to_string(),
        outcome(language, send.outcome.kind()),
        send.outcome.reply().unwrap_or_default().to_owned(),
        send.copy.as_ref().map(|made| copy(language, made)).unwrap_or_default(),
    ])
}
