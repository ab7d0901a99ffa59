//! `/sends` (O2) and `/accesses` (S4): newest first, by filters, a page after the other

use axum::extract::State;
use axum::response::Response;

use super::members::{Members, Query};
use super::problem::Problem;
use super::{ask, limit, list as rows};
use crate::accounts::Actor;
use crate::domain::{AccessFilter, Login, MailboxAddress, OutcomeKind, Position, SendFilter, SentBy};
use crate::json::{AccessJson, SendJson};
use crate::web::now_secs;
use crate::web::site::{Site, Work};

/// `GET /sends`
pub(super) async fn sends(State(site): State<Site>, query: Query) -> Result<Response, Problem> {
    let (filter, most) = query.read(|query| {
        let (mailbox, by) = whose(query);
        let filter = SendFilter {
            mailbox,
            by,
            to: query.text("to"),
            since_ms: query.moment_ms("since"),
            until_ms: query.moment_ms("until"),
            outcome: query.chosen("outcome", &OutcomeKind::ALL.map(|kind| (kind.name(), kind))),
            after: cursor(query),
            ..SendFilter::default()
        };
        Some((filter, limit(query)))
    })?;
    let found =
        ask(&site, Work::Lookup, move |accounts| accounts.sends(Actor::Operator, &filter, most, now_secs())).await?;
    let next = found.rows.last().filter(|_| found.more).map(|last| last.position().to_string());
    Ok(rows(&found.rows.iter().map(SendJson::from).collect::<Vec<_>>(), next))
}

/// `GET /accesses`
pub(super) async fn accesses(State(site): State<Site>, query: Query) -> Result<Response, Problem> {
    let (filter, most) = query.read(|query| {
        let (mailbox, by) = whose(query);
        let filter = AccessFilter {
            mailbox,
            by,
            address: query.parsed("address"),
            since_ms: query.moment_ms("since"),
            until_ms: query.moment_ms("until"),
            admitted: query.chosen("admitted", &[("true", true), ("false", false)]),
            after: cursor(query),
            ..AccessFilter::default()
        };
        Some((filter, limit(query)))
    })?;
    let found =
        ask(&site, Work::Lookup, move |accounts| accounts.accesses(Actor::Operator, &filter, most, now_secs())).await?;
    let next = found.rows.last().filter(|_| found.more).map(|last| last.position().to_string());
    Ok(rows(&found.rows.iter().map(AccessJson::from).collect::<Vec<_>>(), next))
}

/// Of which mailbox, or by which login, rows are asked for.
fn whose(query: &mut Members) -> (Option<MailboxAddress>, Option<SentBy>) {
    let mailbox = query.parsed::<MailboxAddress>("mailbox");
    let Some(login) = query.parsed::<Login>("login") else { return (mailbox, None) };
    if mailbox.is_some_and(|mailbox| mailbox != *login.mailbox()) {
        query.wrong("mailbox", "is not that of the login");
    }
    match login {
        Login::Owner(mailbox) => (Some(mailbox), Some(SentBy::Owner)),
        Login::Delegate(username, mailbox) => (Some(mailbox), Some(SentBy::Delegate(username))),
    }
}

/// The row that a page ended with.
fn cursor(query: &mut Members) -> Option<Position> {
    let read = query.text("cursor")?.parse();
    if read.is_err() {
        query.wrong("cursor", "is no next_cursor of a page before");
    }
    read.ok()
}
