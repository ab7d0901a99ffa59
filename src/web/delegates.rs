//! A mailbox's delegates, for whoever looks after them: its owner, a delegate with **settings**, a postmaster of its domain
//! (O1, M3). What each of them may do is said by the accounts; what they may not is not offered.

pub(super) mod app_passwords;
mod choice;
pub(super) mod deeds;
pub(super) mod details;
pub(super) mod invite;
pub(super) mod permissions;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use deeds::Deed;

use super::address::{OfMailbox, Query};
use super::frame::{Frame, Part, show};
use super::now_secs;
use super::routes::{encoded, of_mailbox};
use super::session::Signed;
use super::site::Site;
use crate::accounts::{DelegateFilter, ListedDelegate, ManagedMailbox, Page, Place};
use crate::domain::life::Action;
use crate::domain::{DelegateState, Grant, Language, MailboxAddress, Username};
use crate::texts::{self, counted};

/// How many bytes of what is looked for are looked for.
const TEXT_BYTES: usize = 200;

#[derive(Template)]
#[template(path = "delegates/list.html")]
struct List<'a> {
    frame: Frame,
    crumbs: Crumbs,
    mailbox: &'a ManagedMailbox,
    seats: Seats,
    /// Where somebody can be invited, if anybody can be.
    invite: Option<String>,
    /// Why nobody can, if so.
    no_invite: Option<String>,
    filter: Filter<'a>,
    rows: Vec<Row>,
    pager: Pager,
}

/// The way back, for whoever came from the list of a domain's mailboxes, and within one mailbox.
pub(super) struct Crumbs(pub(super) Vec<Way>);

/// A link.
pub(super) struct Way {
    pub(super) path: String,
    pub(super) label: String,
}

/// What is said of a mailbox's seats (D9, D10).
pub(super) struct Seats {
    pub(super) taken: String,
    pub(super) left: String,
    pub(super) plan: String,
    /// That the newest beyond them will be suspended.
    pub(super) grace: Option<String>,
}

struct Filter<'a> {
    text: &'a str,
    /// Each state, how many are in it, and whether it is the one that is asked for.
    states: Vec<(DelegateState, String, bool)>,
    /// Whether anything is asked for.
    on: bool,
    found: String,
}

struct Row {
    name: String,
    username: String,
    details: String,
    state: Badge,
    /// What is to be said of the state, beside its name.
    about: Option<String>,
    permissions: Vec<String>,
    seen: String,
    ways: Vec<Way>,
}

/// A state as it is shown: its name, and how it looks.
pub(super) struct Badge {
    pub(super) kind: &'static str,
    pub(super) label: String,
}

/// The way through the pages of a list.
pub(super) struct Pager {
    pub(super) position: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// `GET /mailboxes/{address}/delegates`
pub(super) async fn list(
    State(site): State<Site>,
    signed: Signed,
    OfMailbox(address): OfMailbox,
    query: Query,
) -> Response {
    let actor = signed.actor();
    let text = cut(query.said("text"));
    let filter = DelegateFilter { state: DelegateState::from_name(query.said("state")), text: text.to_owned() };
    let (asked, number) = (filter.clone(), query.page());
    let found = site.look_up(move |accounts| accounts.list_delegates(actor, &address, &asked, number, now_secs()));
    let (mailbox, page) = match found.await {
        Ok(found) => found,
        Err(problem) => return problem.page(signed.reader()),
    };
    let frame = framed(&signed).noting(noted(query.said("done")));
    let language = frame.language;
    let invite = may_invite(&mailbox);
    let shown = List {
        crumbs: crumbs(&signed, &frame, None),
        seats: seats(language, &mailbox),
        invite: invite.is_none().then(|| of_mailbox(&mailbox.address, "invite")),
        no_invite: invite.map(|id| frame.say(id)),
        filter: self::filter(&frame, &mailbox, &filter, text, page.fitting),
        pager: pager(&frame, &page, &query),
        rows: page.rows.iter().map(|one| row(&frame, one)).collect(),
        mailbox: &mailbox,
        frame,
    };
    show(StatusCode::OK, &shown)
}

/// Around the pages of a mailbox's delegates.
pub(super) fn framed(signed: &Signed) -> Frame {
    Frame::of_address(signed.language()).in_part(signed, part(signed))
}

/// In which part of the menu somebody is who looks at a mailbox's delegates.
pub(super) fn part(signed: &Signed) -> Part {
    match signed.who().place {
        Place::Mailbox { .. } => Part::Delegates,
        Place::Domain(_) => Part::Mailboxes,
    }
}

/// The way back from a page of a mailbox, where there is more than one step to it.
pub(super) fn crumbs(signed: &Signed, frame: &Frame, below: Option<&MailboxAddress>) -> Crumbs {
    let mut ways = Vec::new();
    if signed.domain().is_some() {
        ways.push(Way { path: "/mailboxes".to_owned(), label: frame.say("page-part-mailboxes") });
    }
    if let Some(address) = below {
        ways.push(Way { path: of_mailbox(address, "delegates"), label: frame.say("page-part-delegates") });
    }
    Crumbs(ways)
}

/// The page of a delegate, or one below it.
pub(super) fn of_delegate(address: &MailboxAddress, username: &Username, page: &str) -> String {
    let path = of_mailbox(address, &format!("delegates/{}", encoded(username.as_str())));
    if page.is_empty() { path } else { format!("{path}/{page}") }
}

/// What was just done, if that is what an address says.
fn noted(done: &str) -> Option<&'static str> {
    Some(match done {
        "invited" => "page-done-invited",
        "multi-user-on" => "page-done-multi-user-on",
        "multi-user-off" => "page-done-multi-user-off",
        other => return Deed::done(other),
    })
}

/// Why nobody can be invited, whoever it would be.
fn may_invite(mailbox: &ManagedMailbox) -> Option<&'static str> {
    if !mailbox.multi_user {
        Some("page-rule-not-multi-user")
    } else if mailbox.seats.taken >= mailbox.seats.all() {
        Some(if more_packs(mailbox) > 0 { "page-no-seat-left-packs" } else { "page-no-seat-left" })
    } else if !mailbox.writes_mails {
        Some("page-rule-no-mail")
    } else {
        None
    }
}

fn more_packs(mailbox: &ManagedMailbox) -> u32 {
    let plan = &mailbox.seats.plan;
    if plan.pack_seats == 0 { 0 } else { plan.most_packs.saturating_sub(mailbox.seats.packs) }
}

/// What there is to say of a mailbox's seats.
pub(super) fn seats(language: Language, mailbox: &ManagedMailbox) -> Seats {
    let seats = &mailbox.seats;
    let (all, plan) = (seats.all(), &seats.plan);
    let left = all.saturating_sub(seats.taken);
    let named = [
        ("plan", plan.name.as_str()),
        ("more", &more_packs(mailbox).to_string()),
        ("seats", &{ plan.pack_seats.to_string() }),
    ];
    let plan = match (plan.pack_seats, more_packs(mailbox)) {
        (0, _) => texts::text(language, "page-plan", &named),
        (_, 0) => counted(language, "page-plan-all-packs", seats.packs, &named),
        (_, _) => counted(language, "page-plan-packs", seats.packs, &named),
    };
    let grace = seats.grace_until_secs.filter(|_| seats.over()).map(|until| {
        let until = texts::date_time(language, until);
        counted(language, "page-grace", seats.taken.saturating_sub(all), &[("until", &until)])
    });
    Seats {
        taken: counted(language, "page-seats-taken", all, &[("taken", &seats.taken.to_string())]),
        left: counted(language, "page-seats-left", left, &[]),
        plan,
        grace,
    }
}

fn filter<'a>(
    frame: &Frame,
    mailbox: &ManagedMailbox,
    filter: &DelegateFilter,
    text: &'a str,
    fitting: usize,
) -> Filter<'a> {
    let option = |state: DelegateState| {
        let label = format!("{} ({})", texts::state(frame.language, state), mailbox.count(state));
        (state, label, filter.state == Some(state))
    };
    Filter {
        text,
        states: [
            DelegateState::Active,
            DelegateState::Pending,
            DelegateState::Suspended,
            DelegateState::Inactive,
            DelegateState::Rejected,
        ]
        .map(option)
        .into(),
        on: filter.state.is_some() || !text.is_empty(),
        found: counted(frame.language, "page-delegates-found", u32::try_from(fitting).unwrap_or(u32::MAX), &[]),
    }
}

fn row(frame: &Frame, listed: &ListedDelegate) -> Row {
    let view = &listed.view;
    let (delegate, address) = (&view.delegate, &view.address);
    let grant = Grant { permissions: view.effective, protocols: delegate.protocols };
    Row {
        name: delegate.full_name(),
        username: delegate.username.as_str().to_owned(),
        details: of_delegate(address, &delegate.username, ""),
        state: badge(frame, delegate.state),
        about: about(frame, listed),
        permissions: texts::granted(frame.language, &grant),
        seen: seen(frame, listed),
        ways: ways(frame, listed),
    }
}

/// A state as it is shown.
pub(super) fn badge(frame: &Frame, state: DelegateState) -> Badge {
    Badge { kind: state.name(), label: texts::state(frame.language, state) }
}

/// What is to be said of where somebody stands, beside the state's name.
pub(super) fn about(frame: &Frame, listed: &ListedDelegate) -> Option<String> {
    let delegate = &listed.view.delegate;
    match (delegate.state, delegate.invited_until_secs, delegate.reset_at_secs) {
        (DelegateState::Pending, Some(until), _) => {
            Some(frame.with("page-invited-until", "until", &texts::date_time(frame.language, until)))
        }
        (DelegateState::Active, _, Some(_)) => Some(frame.say("page-must-choose-password")),
        _ => None,
    }
}

/// When somebody was last let in.
pub(super) fn seen(frame: &Frame, listed: &ListedDelegate) -> String {
    match listed.admitted_at_ms {
        Some(at_ms) => texts::date_time(frame.language, at_ms / 1000),
        None => frame.say("page-never-seen"),
    }
}

/// What can be done to a delegate now, as links to the pages that say what will happen.
pub(super) fn ways(frame: &Frame, listed: &ListedDelegate) -> Vec<Way> {
    let delegate = &listed.view.delegate;
    let of_action = |action: &Action| {
        let (page, label) = match action {
            Action::Look => ("", "page-action-details"),
            Action::ChangePermissions => ("permissions", "page-action-permissions"),
            // On the page of the details, where there is something to take back.
            Action::MakeAppPassword | Action::RevokeAppPassword => return None,
            other => Deed::of(*other).map(|deed| (deed.name(), deed.label()))?,
        };
        Some(Way { path: of_delegate(&listed.view.address, &delegate.username, page), label: frame.say(label) })
    };
    listed.actions.iter().filter_map(of_action).collect()
}

/// The way through the pages of a list.
pub(super) fn pager<T>(frame: &Frame, page: &Page<T>, query: &Query) -> Pager {
    let position = [("page", (page.number + 1).to_string()), ("pages", page.pages.to_string())];
    let position: Vec<(&str, &str)> = position.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Pager {
        position: texts::text(frame.language, "page-pager", &position),
        before: (page.number > 0).then(|| query.at_page(page.number - 1)),
        after: (page.number + 1 < page.pages).then(|| query.at_page(page.number + 1)),
    }
}

/// The beginning of what is looked for.
pub(super) fn cut(text: &str) -> &str {
    let text = text.trim();
    text.get(..text.floor_char_boundary(TEXT_BYTES)).unwrap_or_default()
}
