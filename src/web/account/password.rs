//! `/account/password`: a new password of one's own, by the one before. It ends all sessions, this one too.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::frame::{Frame, Part, show as answer};
use super::super::page::{PasswordFault, Problem, password_rules};
use super::super::session::{self, Filled, Signed, Visit, see};
use super::super::site::{Site, Work};
use super::super::{password, rules};
use crate::domain::AccountId;

#[derive(Template)]
#[template(path = "account/password.html")]
struct Page<'a> {
    frame: Frame,
    key: &'a str,
    login: &'a str,
    rules: Vec<String>,
    /// What is wrong with the current one, the new one, and its repetition.
    current_fault: Option<String>,
    password_fault: Option<String>,
    repeat_fault: Option<String>,
}

/// What is wrong with what was typed.
enum Fault {
    /// The current password, or trying it at all.
    Current(String),
    /// The new one.
    New(PasswordFault),
}

/// `GET /account/password`
pub(super) async fn show(signed: Signed) -> Response {
    // An owner's is the mailbox's own.
    if matches!(signed.account(), AccountId::Owner(_)) {
        return Problem::NotFound.page(signed.reader());
    }
    page(&signed, None)
}

/// `POST /account/password`
pub(super) async fn change(State(site): State<Site>, visit: Visit, Filled { signed, form }: Filled) -> Response {
    let chosen = match password::chosen(&form) {
        Ok(chosen) => chosen,
        Err(Problem::Password(fault)) => return page(&signed, Some(Fault::New(fault))),
        Err(problem) => return problem.page(signed.reader()),
    };
    let (account, current) = (signed.account(), form.secret("current").cloned().unwrap_or_default());
    let changed =
        site.attempt(Work::Hashing, move |accounts| accounts.change_password(account, &current, &chosen, visit.knock));
    match changed.await {
        Ok(Ok(_)) => session::ends(&site, see("/login?done=password")),
        Ok(Err(rule)) => page(
            &signed,
            Some(match PasswordFault::of(&rule) {
                Some(fault) => Fault::New(fault),
                None => Fault::Current(rules::said(signed.language(), &rule)),
            }),
        ),
        Err(problem) => problem.page(signed.reader()),
    }
}

fn page(signed: &Signed, fault: Option<Fault>) -> Response {
    let frame = Frame::for_form(signed, Part::Account, fault.is_some());
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (mut current_fault, mut password_fault, mut repeat_fault) = (None, None, None);
    match fault {
        None => {}
        Some(Fault::Current(said)) => current_fault = Some(said),
        Some(Fault::New(PasswordFault::Unlike)) => repeat_fault = Some(frame.say(PasswordFault::Unlike.text())),
        Some(Fault::New(fault)) => password_fault = Some(frame.say(fault.text())),
    }
    let rules = password_rules(&frame);
    let who = signed.who();
    answer(
        status,
        &Page { frame, key: &who.form_key, login: &who.login, rules, current_fault, password_fault, repeat_fault },
    )
}
