//! What is done to a delegate after a confirmation (D4, D5, D7, D8): a page that says what will happen to them, to their open
//! sessions and to their seat, and a form that does it.
//!
//! The form holds what its page was made from. Where the delegate is another by then, or stands otherwise, nothing is done: a
//! confirmation that is sent twice counts once.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::{Badge, Crumbs, badge, crumbs, framed, of_delegate};
use crate::accounts::{Accounts, AccountsError, Actor, DelegateDetails, DelegateName, DelegateView, Suspension};
use crate::domain::life::Action;
use crate::web::address::{OfDelegate, of_path};
use crate::web::frame::{Frame, show};
use crate::web::page::Problem;
use crate::web::reader::Reader;
use crate::web::routes::of_mailbox;
use crate::web::session::{Filled, Signed, see};
use crate::web::site::{Site, Work, Written};
use crate::web::{now_secs, rules};

#[derive(Template)]
#[template(path = "delegates/deed.html")]
struct Page {
    frame: Frame,
    crumbs: Crumbs,
    title: String,
    name: String,
    login: String,
    state: Badge,
    will: Vec<String>,
    /// For an invitation, the owner's own words.
    message: Option<String>,
    /// And the mail that they go along with, where it was asked for.
    mail: Option<Written>,
    fault: Option<String>,
    /// What the page was made from; none where there is nothing to confirm.
    seen: Option<String>,
    action: String,
    back: String,
    button: String,
    grave: bool,
}

/// What is done to a delegate after a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Deed {
    Suspend,
    Resume,
    Reject,
    Reinvite,
    ResetPassword,
    RemoveTwoFactor,
    Deactivate,
    Delete,
}

impl Deed {
    const ALL: [Deed; 8] = [
        Deed::Suspend,
        Deed::Resume,
        Deed::Reject,
        Deed::Reinvite,
        Deed::ResetPassword,
        Deed::RemoveTwoFactor,
        Deed::Deactivate,
        Deed::Delete,
    ];

    /// The action that it is, to the accounts.
    fn action(self) -> Action {
        match self {
            Deed::Suspend => Action::Suspend,
            Deed::Resume => Action::Resume,
            Deed::Reject => Action::Reject,
            Deed::Reinvite => Action::Reinvite,
            Deed::ResetPassword => Action::ResetPassword,
            Deed::RemoveTwoFactor => Action::RemoveTwoFactor,
            Deed::Deactivate => Action::Deactivate,
            Deed::Delete => Action::Delete,
        }
    }

    /// The one that an action is, if it is done so.
    pub(super) fn of(action: Action) -> Option<Deed> {
        Deed::ALL.into_iter().find(|deed| deed.action() == action)
    }

    /// How it stands in an address, and in the word that says that it was done.
    pub(super) fn name(self) -> &'static str {
        match self {
            Deed::Suspend => "suspend",
            Deed::Resume => "resume",
            Deed::Reject => "reject",
            Deed::Reinvite => "reinvite",
            Deed::ResetPassword => "reset-password",
            Deed::RemoveTwoFactor => "remove-two-factor",
            Deed::Deactivate => "deactivate",
            Deed::Delete => "delete",
        }
    }

    /// What the menu and the button call it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Deed::Suspend => "page-action-suspend",
            Deed::Resume => "page-action-resume",
            Deed::Reject => "page-action-reject",
            Deed::Reinvite => "page-action-reinvite",
            Deed::ResetPassword => "page-action-reset-password",
            Deed::RemoveTwoFactor => "page-action-remove-two-factor",
            Deed::Deactivate => "page-action-deactivate",
            Deed::Delete => "page-action-delete",
        }
    }

    /// What is said once it is done.
    pub(super) fn done(name: &str) -> Option<&'static str> {
        Deed::ALL.into_iter().find(|deed| deed.name() == name).map(|deed| match deed {
            Deed::Suspend => "page-done-suspend",
            Deed::Resume => "page-done-resume",
            Deed::Reject => "page-done-reject",
            Deed::Reinvite => "page-done-reinvite",
            Deed::ResetPassword => "page-done-reset-password",
            Deed::RemoveTwoFactor => "page-done-remove-two-factor",
            Deed::Deactivate => "page-done-deactivate",
            Deed::Delete => "page-done-delete",
        })
    }

    fn title(self) -> &'static str {
        match self {
            Deed::Suspend => "page-ask-suspend",
            Deed::Resume => "page-ask-resume",
            Deed::Reject => "page-ask-reject",
            Deed::Reinvite => "page-ask-reinvite",
            Deed::ResetPassword => "page-ask-reset-password",
            Deed::RemoveTwoFactor => "page-ask-remove-two-factor",
            Deed::Deactivate => "page-ask-deactivate",
            Deed::Delete => "page-ask-delete",
        }
    }

    /// What will happen to them, to their open sessions, to their seat; and whether they are written to.
    fn will(self, details: &DelegateDetails) -> Vec<&'static str> {
        let delegate = &details.listed.view.delegate;
        let mut will: Vec<&'static str> = match self {
            Deed::Suspend => vec!["page-will-suspend", "page-will-end-sessions", "page-will-keep-seat"],
            Deed::Resume => vec!["page-will-resume", "page-will-keep-seat"],
            Deed::Reject => vec!["page-will-reject", "page-will-free-seat"],
            Deed::Reinvite => vec!["page-will-reinvite", "page-will-take-seat"],
            Deed::ResetPassword => vec!["page-will-reset-password", "page-will-end-sessions", "page-will-keep-seat"],
            Deed::RemoveTwoFactor => {
                let next = match details.mailbox.needs_two_factor {
                    true => "page-will-enrol-anew",
                    false => "page-will-remove-two-factor",
                };
                vec![next, "page-will-end-sessions"]
            }
            Deed::Deactivate => vec!["page-will-deactivate", "page-will-end-sessions", "page-will-free-seat"],
            Deed::Delete => vec!["page-will-delete", "page-will-free-name"],
        };
        if self == Deed::Deactivate && !details.app_passwords.is_empty() {
            will.push("page-will-end-app-passwords");
        }
        let written_to = match self {
            Deed::Suspend | Deed::Resume | Deed::Reject | Deed::RemoveTwoFactor | Deed::Deactivate => true,
            // What they do says so already.
            Deed::Reinvite | Deed::ResetPassword => false,
            Deed::Delete => delegate.state.takes_seat(),
        };
        if written_to && details.mailbox.writes_mails {
            will.push("page-will-tell");
        }
        will
    }

    /// Whether it takes something away.
    fn grave(self) -> bool {
        !matches!(self, Deed::Resume | Deed::Reinvite)
    }

    fn carry_out(
        self,
        accounts: &Accounts,
        actor: Actor,
        name: &DelegateName,
        message: &str,
    ) -> Result<DelegateView, AccountsError> {
        let now_secs = now_secs();
        match self {
            Deed::Suspend => accounts.suspend(actor, name, Suspension::Suspend, now_secs).map(|done| done.view),
            Deed::Resume => accounts.suspend(actor, name, Suspension::Resume, now_secs).map(|done| done.view),
            Deed::Reject => accounts.reject(actor, name, now_secs),
            Deed::Reinvite => accounts.reinvite(actor, name, Some(message), now_secs),
            Deed::ResetPassword => accounts.reset_password(actor, name, now_secs),
            Deed::RemoveTwoFactor => accounts.reset_two_factor(actor, name, now_secs),
            Deed::Deactivate => accounts.deactivate(actor, name, now_secs),
            Deed::Delete => accounts.delete_delegate(actor, name, now_secs),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Deed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Deed, Response> {
        let named = of_path(parts, state).await;
        let found = named.last().and_then(|name| Deed::ALL.into_iter().find(|deed| deed.name() == name));
        found.ok_or_else(|| Problem::NotFound.page(Reader::of(parts)))
    }
}

/// `GET /mailboxes/{address}/delegates/{username}/{deed}`
pub(in crate::web) async fn ask(
    State(site): State<Site>,
    signed: Signed,
    OfDelegate(name): OfDelegate,
    deed: Deed,
) -> Response {
    match details(&site, &signed, &name).await {
        Ok(details) if !details.listed.actions.contains(&deed.action()) => elsewhere(&name),
        Ok(details) => match look(&site, &signed, &name, deed, "").await {
            Ok(mail) => confirmation(StatusCode::OK, &signed, &details, deed, Words { message: "", mail }, None),
            Err(problem) => problem.page(signed.reader()),
        },
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /mailboxes/{address}/delegates/{username}/{deed}`
pub(in crate::web) async fn do_it(
    State(site): State<Site>,
    OfDelegate(name): OfDelegate,
    deed: Deed,
    Filled { signed, form }: Filled,
) -> Response {
    let (actor, message) = (signed.actor(), form.plain("message").to_owned());
    let done = async {
        let before = details(&site, &signed, &name).await?;
        if form.plain("seen") != mark(&before.listed.view) {
            return Ok(Err((before, Some(rules::changed_meanwhile(signed.language())))));
        }
        if deed == Deed::Reinvite && form.plain("to") == "look" {
            return Ok(Err((before, None)));
        }
        let (whose, words) = (name.clone(), message.clone());
        let attempt = site.attempt(Work::Lookup, move |accounts| deed.carry_out(accounts, actor, &whose, &words));
        match attempt.await? {
            Ok(_) => Ok(Ok(())),
            Err(rule) => Ok(Err((details(&site, &signed, &name).await?, Some(rules::said(signed.language(), &rule))))),
        }
    };
    match done.await {
        Ok(Ok(())) => see(&format!("{}?done={}", of_mailbox(&name.address, "delegates"), deed.name())),
        Ok(Err((details, fault))) => match look(&site, &signed, &name, deed, &message).await {
            Ok(mail) => {
                let status = if fault.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
                confirmation(status, &signed, &details, deed, Words { message: &message, mail }, fault)
            }
            Err(problem) => problem.page(signed.reader()),
        },
        Err(problem) => Problem::page(problem, signed.reader()),
    }
}

/// An owner's own words, and the mail that they go along with.
struct Words<'a> {
    message: &'a str,
    mail: Option<Written>,
}

/// The mail of an invitation as it would be; none where it would not go out, or nobody here can write one.
async fn look(
    site: &Site,
    signed: &Signed,
    name: &DelegateName,
    deed: Deed,
    message: &str,
) -> Result<Option<Written>, Problem> {
    let Some(letters) = site.letters.as_ref().filter(|_| deed == Deed::Reinvite) else { return Ok(None) };
    let (actor, name, message) = (signed.actor(), name.clone(), message.to_owned());
    let drafted =
        site.attempt(Work::Lookup, move |accounts| accounts.draft_reinvitation(actor, &name, &message, now_secs()));
    Ok(drafted.await?.ok().and_then(|(notice, language)| letters.write(&notice, language)))
}

/// All about a delegate, for a page.
pub(super) async fn details(site: &Site, signed: &Signed, name: &DelegateName) -> Result<DelegateDetails, Problem> {
    let (actor, name) = (signed.actor(), name.clone());
    site.look_up(move |accounts| accounts.delegate_details(actor, &name, now_secs())).await
}

/// What a confirmation was asked about: who, and how they stood.
pub(super) fn mark(view: &DelegateView) -> String {
    let delegate = &view.delegate;
    format!(
        "{}.{}.{}.{}.{}",
        delegate.id.0,
        delegate.state,
        delegate.changed_at_secs,
        delegate.password.0,
        view.delegate.granted().permissions
    )
}

/// To the details, for what cannot be done as they stand.
pub(super) fn elsewhere(name: &DelegateName) -> Response {
    see(&format!("{}?done=not-now", of_delegate(&name.address, &name.username, "")))
}

fn confirmation(
    status: StatusCode,
    signed: &Signed,
    details: &DelegateDetails,
    deed: Deed,
    words: Words<'_>,
    fault: Option<String>,
) -> Response {
    let view = &details.listed.view;
    let (address, username) = (&view.address, &view.delegate.username);
    let frame = framed(signed);
    let frame = Frame { switch: fault.is_none(), faulty: fault.is_some(), ..frame };
    let name = view.delegate.full_name();
    let possible = details.listed.actions.contains(&deed.action());
    let will = deed.will(details).into_iter().map(|id| frame.with(id, "name", &name));
    let page = Page {
        crumbs: crumbs(signed, &frame, Some(address)),
        title: frame.with(deed.title(), "name", &name),
        login: view.login().to_string(),
        state: badge(&frame, view.delegate.state),
        will: will.collect(),
        message: (deed == Deed::Reinvite).then(|| words.message.to_owned()),
        mail: words.mail,
        fault,
        seen: possible.then(|| mark(view)),
        action: of_delegate(address, username, deed.name()),
        back: of_delegate(address, username, ""),
        button: frame.say(deed.label()),
        grave: deed.grave(),
        name,
        frame,
    };
    show(status, &page)
}
