//! `/mailboxes`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::members::{Body, Members, Query};
use super::problem::Problem;
use super::{Segments, answer, ask, created, gone, kind, limit, list as rows, now_secs};
use crate::accounts::{Accounts, Actor, MailboxChange, MailboxEntry};
use crate::domain::{Language, MailDomain, MailboxAddress, Owner};
use crate::json::MailboxJson;
use crate::web::site::{Site, Work};

pub(super) const LANGUAGES: [(&str, Language); 2] = [("it", Language::Italian), ("en", Language::English)];

/// A mailbox that a path names. What is no address names none.
pub(super) fn mailbox(text: &str) -> Result<MailboxAddress, Problem> {
    text.parse().map_err(|_| Problem::new(kind::UNKNOWN_MAILBOX, "there is no mailbox whose address is none"))
}

/// `GET /mailboxes`
pub(super) async fn list(State(site): State<Site>, query: Query) -> Result<Response, Problem> {
    let (domain, after, most) = query.read(|query| {
        Some((query.parsed::<MailDomain>("domain"), query.parsed::<MailboxAddress>("cursor"), limit(query)))
    })?;
    let find = move |accounts: &Accounts| accounts.mailboxes_after(domain.as_ref(), after.as_ref(), most, now_secs());
    let (found, more) = ask(&site, Work::Lookup, find).await?;
    let next = found.last().filter(|_| more).map(|last| last.mailbox.address.to_string());
    Ok(rows(&found.iter().map(MailboxJson::from).collect::<Vec<_>>(), next))
}

/// `POST /mailboxes`
pub(super) async fn create(State(site): State<Site>, body: Body) -> Result<Response, Problem> {
    let entry = body.read(entry)?;
    let made = ask(&site, Work::Lookup, move |accounts| accounts.add_mailbox(entry, now_secs())).await;
    let view = made.map_err(Problem::of_body)?;
    Ok(created(&site, &["mailboxes", view.mailbox.address.as_str()], &MailboxJson::from(&view)))
}

fn entry(body: &mut Members) -> Option<MailboxEntry> {
    let address = body.needed("address", Members::parsed);
    let upstream = body.needed("upstream", Members::text);
    let upstream_user = body.text("upstream_user");
    let password = body.secret("password");
    let plan = body.needed("plan", Members::parsed);
    let packs = body.number("packs").unwrap_or(0);
    let multi_user = body.flag("multi_user").unwrap_or(true);
    let name = body.needed("owner_name", Members::text);
    let email = body.needed("owner_email", Members::text);
    let language = body.chosen("owner_language", &LANGUAGES).unwrap_or_default();
    let fiscal_code = body.parsed("owner_fiscal_code");
    let phone = body.parsed("owner_phone");
    Some(MailboxEntry {
        address: address?,
        upstream: upstream?,
        upstream_user,
        password,
        plan: plan?,
        packs,
        multi_user,
        owner: Owner { name: name?, email: email?, language, fiscal_code, phone },
    })
}

/// `GET /mailboxes/{address}`
pub(super) async fn show(State(site): State<Site>, at: Segments<1>) -> Result<Response, Problem> {
    let address = mailbox(&at.0[0])?;
    let find = move |accounts: &Accounts| accounts.show_mailbox(Actor::Operator, &address, now_secs());
    let view = ask(&site, Work::Lookup, find).await?;
    Ok(answer(StatusCode::OK, &MailboxJson::from(&view)))
}

/// `PATCH /mailboxes/{address}`: what is not named stays.
pub(super) async fn change(State(site): State<Site>, at: Segments<1>, body: Body) -> Result<Response, Problem> {
    let address = mailbox(&at.0[0])?;
    let change = body.read_some(|body| Some(changes(body)))?;
    let changed = ask(&site, Work::Lookup, move |accounts| accounts.set_mailbox(&address, change, now_secs())).await;
    let view = changed.map_err(Problem::of_body)?;
    Ok(answer(StatusCode::OK, &MailboxJson::from(&view)))
}

fn changes(body: &mut Members) -> MailboxChange {
    MailboxChange {
        upstream: body.text("upstream"),
        upstream_user: body.text("upstream_user"),
        password: body.secret("password"),
        plan: body.parsed("plan"),
        packs: body.number("packs"),
        grace_until_secs: body.moment_ms("grace_until").map(|ms| ms / 1000),
        multi_user: body.flag("multi_user"),
        password_management: body.flag("password_management"),
        own_app_passwords: body.chosen("app_passwords", &[("delegate", true), ("owner", false)]),
        owner_name: body.text("owner_name"),
        owner_email: body.text("owner_email"),
        owner_phone: body.parsed("owner_phone").map(Some),
        owner_language: body.chosen("owner_language", &LANGUAGES),
        owner_fiscal_code: body.parsed("owner_fiscal_code"),
        aliases: body.list("add_aliases").unwrap_or_default(),
        no_aliases: body.list("remove_aliases").unwrap_or_default(),
    }
}

/// `DELETE /mailboxes/{address}`
pub(super) async fn remove(State(site): State<Site>, at: Segments<1>, query: Query) -> Result<Response, Problem> {
    let address = mailbox(&at.0[0])?;
    let words = [("true", true), ("false", false)];
    let with_delegates = query.read(|query| Some(query.chosen("with_delegates", &words).unwrap_or_default()))?;
    let done = move |accounts: &Accounts| accounts.remove_mailbox(&address, with_delegates, now_secs()).map(drop);
    ask(&site, Work::Lookup, done).await?;
    Ok(gone())
}
