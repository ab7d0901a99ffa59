//! The mailboxes of a domain, for its postmasters (M1), and whether several people may work in one (M2).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::address::{OfMailbox, Query};
use super::delegates::{Crumbs, Pager, Way, cut, pager};
use super::frame::{Frame, Part, show};
use super::page::Problem;
use super::routes::of_mailbox;
use super::session::{Filled, Signed, see};
use super::site::{Site, Work};
use super::{now_secs, rules};
use crate::accounts::{DomainMailbox, ManagedMailbox};
use crate::domain::{AccountId, DelegateState, MailboxAddress, Plan};
use crate::texts::counted;

#[derive(Template)]
#[template(path = "mailboxes/list.html")]
struct List<'a> {
    frame: Frame,
    domain: String,
    text: &'a str,
    found: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    address: String,
    owner: String,
    delegates: String,
    multi_user: bool,
    switch: String,
    active: u32,
    waiting: u32,
    suspended: u32,
    plan: String,
    seats: String,
}

#[derive(Template)]
#[template(path = "mailboxes/multi-user.html")]
struct Switch {
    frame: Frame,
    crumbs: Crumbs,
    address: String,
    on: bool,
    /// What stands in the way of turning it the other way.
    hindrance: Option<String>,
    will: Vec<String>,
    fault: Option<String>,
    action: String,
    delegates: String,
}

/// `GET /mailboxes`
pub(super) async fn list(State(site): State<Site>, signed: Signed, query: Query) -> Response {
    let AccountId::Postmaster(postmaster) = signed.account() else {
        return match signed.managed() {
            Some(address) => see(&of_mailbox(address, "delegates")),
            None => Problem::NotFound.page(signed.reader()),
        };
    };
    let text = cut(query.said("text"));
    let (asked, number) = (text.to_owned(), query.page());
    let found = site.look_up(move |accounts| accounts.list_mailboxes(postmaster, &asked, number, now_secs()));
    let (page, plans) = match found.await {
        Ok(found) => found,
        Err(problem) => return problem.page(signed.reader()),
    };
    let frame = Frame::of_address(signed.language()).in_part(&signed, Part::Mailboxes);
    let shown = List {
        domain: signed.domain().map(ToString::to_string).unwrap_or_default(),
        text,
        found: counted(frame.language, "page-mailboxes-found", u32::try_from(page.fitting).unwrap_or(u32::MAX), &[]),
        pager: pager(&frame, &page, &query),
        rows: page.rows.into_iter().map(|one| row(one, &plans)).collect(),
        frame,
    };
    show(StatusCode::OK, &shown)
}

fn row(mailbox: DomainMailbox, plans: &[Plan]) -> Row {
    let plan = plans.iter().find(|plan| plan.name == mailbox.plan);
    let seats = plan.map_or(0, |plan| plan.seats_with(mailbox.packs));
    Row {
        delegates: of_mailbox(&mailbox.address, "delegates"),
        switch: of_mailbox(&mailbox.address, "multi-user"),
        address: mailbox.address.to_string(),
        owner: mailbox.owner_name,
        multi_user: mailbox.multi_user,
        active: mailbox.active,
        waiting: mailbox.waiting,
        suspended: mailbox.suspended,
        plan: mailbox.plan.to_string(),
        seats: format!("{}/{seats}", mailbox.active + mailbox.waiting + mailbox.suspended),
    }
}

/// `GET /mailboxes/{address}/multi-user`
pub(super) async fn ask(State(site): State<Site>, signed: Signed, OfMailbox(address): OfMailbox) -> Response {
    match switchable(&site, &signed, &address).await {
        Ok(mailbox) => switching(StatusCode::OK, &signed, &mailbox, None),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /mailboxes/{address}/multi-user`
pub(super) async fn switch(
    State(site): State<Site>,
    OfMailbox(address): OfMailbox,
    Filled { signed, form }: Filled,
) -> Response {
    let on = match switchable(&site, &signed, &address).await.map(|_| form.plain("turn")) {
        Ok("on") => true,
        Ok("off") => false,
        Ok(_) => return Problem::BadRequest.page(signed.reader()),
        Err(problem) => return problem.page(signed.reader()),
    };
    let (actor, whose) = (signed.actor(), address.clone());
    let switched = site.attempt(Work::Lookup, move |accounts| accounts.set_multi_user(actor, &whose, on, now_secs()));
    let refused = match switched.await {
        Ok(Ok(())) => {
            let done = if on { "multi-user-on" } else { "multi-user-off" };
            return see(&format!("{}?done={done}", of_mailbox(&address, "delegates")));
        }
        Ok(Err(rule)) => rules::said(signed.language(), &rule),
        Err(problem) => return problem.page(signed.reader()),
    };
    match switchable(&site, &signed, &address).await {
        Ok(mailbox) => switching(StatusCode::CONFLICT, &signed, &mailbox, Some(refused)),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// The mailbox, for somebody who may turn multi-user on and off.
async fn switchable(site: &Site, signed: &Signed, address: &MailboxAddress) -> Result<ManagedMailbox, Problem> {
    let (actor, address) = (signed.actor(), address.clone());
    let mailbox = site.look_up(move |accounts| accounts.managed_mailbox(actor, &address, now_secs())).await?;
    if mailbox.may_switch { Ok(mailbox) } else { Err(Problem::NotFound) }
}

fn switching(status: StatusCode, signed: &Signed, mailbox: &ManagedMailbox, fault: Option<String>) -> Response {
    let frame = Frame::of_address(signed.language()).in_part(signed, Part::Mailboxes);
    let frame = Frame { switch: fault.is_none(), faulty: fault.is_some(), ..frame };
    let working: usize = DelegateState::ALL.iter().filter(|s| s.takes_seat()).map(|s| mailbox.count(*s)).sum();
    let hindrance = match (mailbox.multi_user, mailbox.password_management, working) {
        (false, false, _) => Some(frame.say("page-rule-needs-password-management")),
        (true, _, 1..) => {
            let count = u32::try_from(working).unwrap_or(u32::MAX);
            Some(counted(frame.language, "page-rule-has-collaborations", count, &[]))
        }
        (false, true, _) | (true, _, 0) => None,
    };
    let will = if mailbox.multi_user { "page-will-multi-user-off" } else { "page-will-multi-user-on" };
    let page = Switch {
        crumbs: Crumbs(vec![
            Way { path: "/mailboxes".to_owned(), label: frame.say("page-part-mailboxes") },
            Way { path: of_mailbox(&mailbox.address, "delegates"), label: frame.say("page-part-delegates") },
        ]),
        address: mailbox.address.to_string(),
        on: mailbox.multi_user,
        // Said above already, where it was tried.
        hindrance: hindrance.filter(|_| fault.is_none()),
        will: vec![frame.say(will)],
        fault,
        action: of_mailbox(&mailbox.address, "multi-user"),
        delegates: of_mailbox(&mailbox.address, "delegates"),
        frame,
    };
    show(status, &page)
}
