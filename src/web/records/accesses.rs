//! Who came in, or was not let in (S4): to a mailbox, and to one's own account.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::export::{self, PIECE_ROWS, Piece};
use super::query::{Choice, Fault, Query, Sieve};
use super::{PAGE_ROWS, People, Person, Places, way};
use crate::accounts::{Accesses, Accounts, AccountsError, Actor};
use crate::domain::oversight::Record;
use crate::domain::{AccessFilter, AccessRecord, AccountId, Language, MailboxAddress, Visitor, Way};
use crate::texts;
use crate::web::frame::{Frame, Part, show};
use crate::web::page::Problem;
use crate::web::session::Signed;
use crate::web::site::{Site, Work};
use crate::web::{now_secs, routes};

/// The fields by which rows are asked for.
const FIELDS: [&str; 5] = ["by", "from", "until", "result", "address"];

#[derive(Template)]
#[template(path = "records/accesses.html")]
struct Page<'a> {
    frame: Frame,
    /// None for one's own.
    mailbox: Option<&'a str>,
    path: &'a str,
    query: &'a Query,
    people: Vec<Choice>,
    results: Vec<Choice>,
    faults: &'a [Fault],
    filtered: bool,
    rows: Vec<Row>,
    export: String,
    older: Option<String>,
    newest: Option<String>,
}

struct Row {
    at: String,
    /// How often, where it was more than once, and since when.
    times: Option<String>,
    person: Person,
    address: String,
    way: String,
    program: Option<String>,
    result: String,
    admitted: bool,
}

/// Whose history is asked for.
#[derive(Clone)]
enum Whose {
    Mailbox(Actor, MailboxAddress),
    Own(AccountId),
}

impl Whose {
    fn read(&self, accounts: &Accounts, filter: &AccessFilter, most: usize) -> Result<Accesses, AccountsError> {
        match self {
            Whose::Own(account) => accounts.own_accesses(*account, filter, most),
            Whose::Mailbox(actor, address) => {
                let filter = AccessFilter { mailbox: Some(address.clone()), ..filter.clone() };
                accounts.accesses(*actor, &filter, most, now_secs())
            }
        }
    }

    fn path(&self) -> String {
        match self {
            Whose::Own(_) => "/account/accesses".to_owned(),
            Whose::Mailbox(_, address) => routes::of_mailbox(address, "accesses"),
        }
    }
}

/// `GET /mailboxes/{address}/accesses`
pub(in crate::web) async fn list(State(site): State<Site>, signed: Signed, places: Places, uri: Uri) -> Response {
    let shown = async {
        let whose = Whose::Mailbox(signed.actor(), places.mailbox()?);
        listed(&site, &signed, whose, &uri).await
    };
    shown.await.unwrap_or_else(|problem| problem.page(signed.reader()))
}

/// `GET /account/accesses`
pub(in crate::web) async fn own(State(site): State<Site>, signed: Signed, uri: Uri) -> Response {
    let shown = listed(&site, &signed, Whose::Own(signed.account()), &uri).await;
    shown.unwrap_or_else(|problem| problem.page(signed.reader()))
}

async fn listed(site: &Site, signed: &Signed, whose: Whose, uri: &Uri) -> Result<Response, Problem> {
    let (query, language) = (Query::of(uri), signed.language());
    let after = query.after()?;
    let (people, mailbox, part) = match &whose {
        Whose::Own(_) => (People(Vec::new()), None, Part::Account),
        Whose::Mailbox(_, address) => {
            (People::of(site, signed, address, Record::Accesses).await?, Some(address.to_string()), Part::Accesses)
        }
    };
    let mut sieve = Sieve::new(&query, language);
    let filter = AccessFilter { after, ..asked(&mut sieve, &whose) };
    let (faults, path) = (sieve.faults, whose.path());
    let mut found = None;
    if faults.is_empty() {
        found = Some(site.ask(Work::Lookup, move |accounts| whose.read(accounts, &filter, PAGE_ROWS)).await?);
    }
    let (rows, more) = found.map_or((Vec::new(), false), |found| (found.rows, found.more));
    let frame = Frame { faulty: !faults.is_empty(), ..Frame::of_address(language) }.in_part(signed, part);
    let names = people.names();
    let page = Page {
        mailbox: mailbox.as_deref(),
        people: Choice::of(&people, query.typed("by")),
        results: results(language, query.typed("result")),
        filtered: FIELDS.iter().any(|name| !query.typed(name).is_empty()),
        export: query.path(&format!("{path}.csv"), &FIELDS, None),
        older: rows.last().filter(|_| more).map(|last| query.path(&path, &FIELDS, Some(last.position()))),
        newest: after.map(|_| query.path(&path, &FIELDS, None)),
        rows: rows.iter().map(|record| row(language, record, &names)).collect(),
        faults: &faults,
        query: &query,
        path: &path,
        frame,
    };
    Ok(show(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page))
}

fn asked(sieve: &mut Sieve<'_>, whose: &Whose) -> AccessFilter {
    let (since_ms, until_ms) = sieve.period();
    let by = match whose {
        Whose::Own(_) => None,
        Whose::Mailbox(..) => sieve.person(),
    };
    let admitted = match sieve.query.typed("result") {
        "in" => Some(true),
        "refused" => Some(false),
        // Chosen from a list: anything else is either.
        _ => None,
    };
    AccessFilter { by, since_ms, until_ms, admitted, address: sieve.address(), ..AccessFilter::default() }
}

fn results(language: Language, asked: &str) -> Vec<Choice> {
    let choice = |(value, id): (&str, &str)| Choice {
        value: value.to_owned(),
        label: texts::text(language, id, &[]),
        chosen: value == asked,
    };
    [("in", "page-accesses-in"), ("refused", "page-accesses-refused")].map(choice).into()
}

fn row(language: Language, record: &AccessRecord, names: &HashMap<AccountId, &str>) -> Row {
    let access = &record.access;
    let person = match &access.visitor {
        Visitor::Mailbox { mailbox, login, delegate } => {
            Person::new(login, delegate.map_or(AccountId::Owner(*mailbox), AccountId::Delegate), names)
        }
        Visitor::Postmaster { email, .. } => Person { name: None, login: email.clone() },
    };
    let count = u32::try_from(record.count).unwrap_or(u32::MAX);
    let since = texts::date_time(language, record.first_at_ms / 1000);
    Row {
        at: texts::date_time(language, record.last_at_ms / 1000),
        times: (count > 1).then(|| texts::counted(language, "page-accesses-times", count, &[("since", &since)])),
        person,
        address: access.address.to_string(),
        way: by(language, access.way),
        program: access.program.clone(),
        result: result(language, access.refusal.as_deref()),
        admitted: access.refusal.is_none(),
    }
}

fn by(language: Language, by: Way) -> String {
    match by {
        Way::Mail(door) => way(language, door),
        Way::Panel => texts::text(language, "page-way-panel", &[]),
    }
}

fn result(language: Language, refusal: Option<&str>) -> String {
    match refusal {
        None => texts::text(language, "page-accesses-in", &[]),
        Some(why) => texts::text(language, "page-accesses-refused-why", &[("why", &said(language, why))]),
    }
}

/// Why somebody was not let in, as the history has it. What an older or a newer delega wrote down is shown as it is.
fn said(language: Language, why: &str) -> String {
    let id = match why {
        "wrong password" => "page-refusal-password",
        "suspended" => "page-refusal-suspended",
        "not active" => "page-refusal-not-active",
        "password reset or changed" => "page-refusal-password-changed",
        "two-step verification not set up" => "page-refusal-must-enrol",
        "mailbox without multi-user" => "page-refusal-not-multi-user",
        "too many wrong passwords" => "page-refusal-closed",
        "needs an app password" => "page-refusal-needs-app-password",
        "needs a code behind the password" => "page-refusal-needs-code",
        "wrong code" => "page-refusal-wrong-code",
        "no client permission" => "page-refusal-no-client",
        "protocol not chosen" => "page-refusal-no-protocol",
        other => return other.to_owned(),
    };
    texts::text(language, id, &[])
}

/// `GET /mailboxes/{address}/accesses.csv`
pub(in crate::web) async fn export(State(site): State<Site>, signed: Signed, places: Places, uri: Uri) -> Response {
    let exported = async {
        let address = places.mailbox()?;
        let name = format!("accesses-{address}");
        exported(&site, &signed, Whose::Mailbox(signed.actor(), address), &name, &uri).await
    };
    exported.await.unwrap_or_else(|problem| problem.page(signed.reader()))
}

/// `GET /account/accesses.csv`
pub(in crate::web) async fn export_own(State(site): State<Site>, signed: Signed, uri: Uri) -> Response {
    let exported = exported(&site, &signed, Whose::Own(signed.account()), "accesses", &uri).await;
    exported.unwrap_or_else(|problem| problem.page(signed.reader()))
}

async fn exported(site: &Site, signed: &Signed, whose: Whose, name: &str, uri: &Uri) -> Result<Response, Problem> {
    let (query, language) = (Query::of(uri), signed.language());
    let mut sieve = Sieve::new(&query, language);
    let filter = asked(&mut sieve, &whose);
    if !sieve.faults.is_empty() {
        return Err(Problem::BadRequest);
    }
    let head = [
        "page-accesses-csv-last",
        "page-accesses-csv-first",
        "page-accesses-csv-count",
        "page-records-person",
        "page-records-address",
        "page-records-way",
        "page-records-program",
        "page-accesses-result",
    ];
    let head = texts::csv_line(&head.map(|id| texts::text(language, id, &[])));
    let asker = site.clone();
    let read = move |after| -> std::pin::Pin<Box<dyn Future<Output = Result<Piece, Problem>> + Send>> {
        let (site, whose, filter) = (asker.clone(), whose.clone(), AccessFilter { after, ..filter.clone() });
        Box::pin(async move {
            let found = site.ask(Work::Lookup, move |accounts| whose.read(accounts, &filter, PIECE_ROWS)).await?;
            let lines = found.rows.iter().map(|record| line(language, record)).collect();
            Ok(Piece { lines, after: found.rows.last().filter(|_| found.more).map(AccessRecord::position) })
        })
    };
    export::table(site, name, head, read).await
}

fn line(language: Language, record: &AccessRecord) -> String {
    let access = &record.access;
    texts::csv_line(&[
        texts::sortable_time(record.last_at_ms),
        texts::sortable_time(record.first_at_ms),
        record.count.to_string(),
        access.visitor.to_string(),
        access.address.to_string(),
        by(language, access.way),
        access.program.clone().unwrap_or_default(),
        result(language, access.refusal.as_deref()),
    ])
}
