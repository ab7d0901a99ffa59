//! `/account/two-factor`: two-step verification is set up, and turned off again (S2). Whoever must set it up before they can
//! do anything else is led here after the password, and from here no further.
//!
//! Secret and recovery codes are shown in the answer to a form and nowhere else.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};

use super::super::frame::{Frame, Part, asked_for, show as answer};
use super::super::page::Problem;
use super::super::session::{self, Filled, Halfway, HalfwayFilled, Signed, Visit, see};
use super::super::site::{Site, Work};
use super::super::{now_secs, rules};
use crate::accounts::{Enrolment, RecoveryCodes};
use crate::domain::TwoFactor;
use crate::domain::panel_session::Stage;
use crate::texts::{self, Qr};

#[derive(Template)]
#[template(path = "account/two-factor.html")]
struct StatusPage<'a> {
    frame: Frame,
    key: &'a str,
    since: Option<String>,
    required: bool,
    recovery_left: u32,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "account/two-factor-enrol.html")]
struct EnrolPage<'a> {
    frame: Frame,
    key: &'a str,
    login: &'a str,
    /// The QR code, as SVG.
    image: &'a str,
    /// The secret in groups of four.
    secret: &'a str,
    /// Whether there is one already, whose code is asked for too.
    replaces: bool,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "account/recovery-codes.html")]
struct CodesPage<'a> {
    frame: Frame,
    login: &'a str,
    codes: Vec<&'a str>,
    /// Whether two-step verification has just been turned on.
    new: bool,
}

/// Asks for a code before something is done.
#[derive(Template)]
#[template(path = "account/two-factor-code.html")]
struct AskPage<'a> {
    frame: Frame,
    key: &'a str,
    title: String,
    text: String,
    action: &'a str,
    button: String,
    grave: bool,
    fault: Option<String>,
}

/// What a code is asked for.
#[derive(Clone, Copy)]
enum Asked {
    Codes,
    Off,
}

/// `GET /account/two-factor`
pub(super) async fn show(State(site): State<Site>, Halfway(signed): Halfway, uri: Uri) -> Response {
    if signed.stage() == Stage::Code {
        return see("/login/code");
    }
    let account = signed.account();
    match site.ask(Work::Lookup, move |accounts| accounts.two_factor(account)).await {
        Ok(found) => {
            let done = asked_for(&uri, "done").filter(|done| done == "off").map(|_| "page-done-two-factor-off");
            let frame = framed(Frame::of_address(signed.language()), &signed).noting(done);
            answer(StatusCode::OK, &status_page(frame, &signed, found, None))
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /account/two-factor/begin`
pub(super) async fn begin(State(site): State<Site>, HalfwayFilled { signed, .. }: HalfwayFilled) -> Response {
    if signed.stage() == Stage::Code {
        return see("/login/code");
    }
    let account = signed.account();
    let begun = site.attempt(Work::Lookup, move |accounts| {
        Ok((accounts.begin_enrolment(account, now_secs())?, accounts.two_factor(account)?))
    });
    match begun.await {
        Ok(Ok((enrolment, found))) => enrol_page(&signed, &enrolment, found, None),
        Ok(Err(rule)) => {
            let fault = rules::said(signed.language(), &rule);
            match site.ask(Work::Lookup, move |accounts| accounts.two_factor(account)).await {
                Ok(found) => {
                    let frame = framed(Frame::faulty(signed.language()), &signed);
                    answer(StatusCode::CONFLICT, &status_page(frame, &signed, found, Some(fault)))
                }
                Err(problem) => problem.page(signed.reader()),
            }
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /account/two-factor/confirm`
pub(super) async fn confirm(
    State(site): State<Site>,
    visit: Visit,
    HalfwayFilled { signed, form }: HalfwayFilled,
) -> Response {
    if signed.stage() == Stage::Code {
        return see("/login/code");
    }
    let account = signed.account();
    let (code, present) = (code_of(&form, "code"), form.secret("present").cloned());
    let Visit { knock, program, .. } = visit;
    let from = signed.token().clone();
    let confirmed = site.attempt(Work::Lookup, move |accounts| {
        let codes = accounts.confirm_enrolment(account, &code, present.as_ref(), knock)?;
        // All sessions have ended by it; theirs goes on as another.
        Ok((codes, accounts.raise_panel_session(&from, account, knock, program.as_deref())?))
    });
    match confirmed.await {
        Ok(Ok((codes, Some(token)))) => session::begins(&site, &token, codes_page(&signed, &codes, true)),
        // Logged out elsewhere meanwhile; the codes are theirs all the same.
        Ok(Ok((codes, None))) => codes_page(&signed, &codes, true),
        Ok(Err(rule)) => {
            let fault = rules::said(signed.language(), &rule);
            let again = site.attempt(Work::Lookup, move |accounts| {
                Ok((accounts.enrolment(account, now_secs())?, accounts.two_factor(account)?))
            });
            match again.await {
                Ok(Ok((enrolment, found))) => enrol_page(&signed, &enrolment, found, Some(fault)),
                // It has lapsed, and is begun anew.
                Ok(Err(_)) => see("/account/two-factor"),
                Err(problem) => problem.page(signed.reader()),
            }
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `GET /account/two-factor/codes`
pub(super) async fn ask_codes(signed: Signed) -> Response {
    ask_page(&signed, Asked::Codes, None)
}

/// `POST /account/two-factor/codes`
pub(super) async fn codes(State(site): State<Site>, visit: Visit, Filled { signed, form }: Filled) -> Response {
    let (account, code) = (signed.account(), code_of(&form, "code"));
    match site.attempt(Work::Lookup, move |accounts| accounts.renew_recovery_codes(account, &code, visit.knock)).await {
        Ok(Ok(codes)) => codes_page(&signed, &codes, false),
        Ok(Err(rule)) => ask_page(&signed, Asked::Codes, Some(rules::said(signed.language(), &rule))),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `GET /account/two-factor/off`
pub(super) async fn ask_off(signed: Signed) -> Response {
    ask_page(&signed, Asked::Off, None)
}

/// `POST /account/two-factor/off`
pub(super) async fn off(State(site): State<Site>, visit: Visit, Filled { signed, form }: Filled) -> Response {
    let (account, code) = (signed.account(), code_of(&form, "code"));
    match site.attempt(Work::Lookup, move |accounts| accounts.remove_two_factor(account, &code, visit.knock)).await {
        Ok(Ok(())) => see("/account/two-factor?done=off"),
        Ok(Err(rule)) => ask_page(&signed, Asked::Off, Some(rules::said(signed.language(), &rule))),
        Err(problem) => problem.page(signed.reader()),
    }
}

fn code_of(form: &super::super::form::Form, field: &str) -> SecretString {
    form.secret(field).cloned().unwrap_or_default()
}

/// Whoever is led through the enrolment has no other pages to go to.
fn framed(frame: Frame, signed: &Signed) -> Frame {
    match signed.stage() {
        Stage::In => frame.in_part(signed, Part::Account),
        Stage::Code | Stage::Enrolling => frame,
    }
}

fn status_page(frame: Frame, signed: &Signed, found: TwoFactor, fault: Option<String>) -> StatusPage<'_> {
    StatusPage {
        since: found.since_secs.map(|since| texts::date(frame.language, since)),
        frame,
        key: &signed.who().form_key,
        required: found.required,
        recovery_left: found.recovery_left,
        fault,
    }
}

fn enrol_page(signed: &Signed, enrolment: &Enrolment, found: TwoFactor, fault: Option<String>) -> Response {
    let language = signed.language();
    let (status, frame) = match fault {
        None => (StatusCode::OK, Frame::of_form(language)),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, Frame::faulty(language)),
    };
    let frame = framed(frame, signed);
    let Some(qr) = Qr::of(&enrolment.uri) else {
        return Problem::Internal.page(signed.reader());
    };
    let image = qr.svg(&frame.say("page-qr-alt"));
    let who = signed.who();
    let page = EnrolPage {
        frame,
        key: &who.form_key,
        login: &who.login,
        image: image.expose_secret(),
        secret: enrolment.secret.expose_secret(),
        replaces: found.since_secs.is_some(),
        fault,
    };
    answer(status, &page)
}

fn codes_page(signed: &Signed, codes: &RecoveryCodes, new: bool) -> Response {
    let frame = Frame::of_form(signed.language());
    // Whoever has just enrolled is in with another session than that of the form, so there is no menu with its key.
    let frame = if new { frame } else { frame.in_part(signed, Part::Account) };
    let codes = codes.0.iter().map(|code| code.expose_secret()).collect();
    answer(StatusCode::OK, &CodesPage { frame, login: &signed.who().login, codes, new })
}

fn ask_page(signed: &Signed, asked: Asked, fault: Option<String>) -> Response {
    let frame = Frame::for_form(signed, Part::Account, fault.is_some());
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (title, text, action, button, grave) = match asked {
        Asked::Codes => {
            ("page-codes-renew", "page-codes-renew-text", "/account/two-factor/codes", "page-codes-renew", false)
        }
        Asked::Off => {
            ("page-two-factor-off", "page-two-factor-off-text", "/account/two-factor/off", "page-two-factor-off", true)
        }
    };
    let (title, text, button) = (frame.say(title), frame.say(text), frame.say(button));
    answer(status, &AskPage { frame, key: &signed.who().form_key, title, text, action, button, grave, fault })
}
