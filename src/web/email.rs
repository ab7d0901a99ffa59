//! A new e-mail address (S1): whoever has the link that was mailed there confirms that it is theirs.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::form::{Form, LinkText};
use super::frame::{Frame, show};
use super::now_secs;
use super::page::{Done, Problem};
use super::reader::Reader;
use super::site::{Site, Work};
use crate::accounts::{AccountsError, ProfileView, Rule, Token};
use crate::domain::notice::About;
use crate::domain::{AccountFacts, Language};
use crate::texts;

#[derive(Template)]
#[template(path = "email.html")]
struct Page<'a> {
    frame: Frame,
    email: &'a str,
    login: &'a str,
    /// Of a postmaster.
    domain: Option<&'a str>,
    until: &'a str,
    token: &'a str,
}

/// `GET /email/{token}`
pub(super) async fn show_link(State(site): State<Site>, reader: Reader, link: LinkText) -> Response {
    let found = async {
        let token: Token = link.0.parse().map_err(|_| Problem::LinkBroken)?;
        site.ask(Work::Lookup, move |accounts| accounts.email_link(&token, now_secs())).await
    };
    match found.await {
        Ok(view) => {
            let language = reader.language_of(Some(view.language));
            let page = Page {
                frame: Frame::of_address(language),
                email: &view.email,
                login: &view.facts.login(),
                domain: domain(&view.facts),
                until: &texts::date_time(language, view.until_secs),
                token: &link.0,
            };
            show(StatusCode::OK, &page)
        }
        Err(problem) => failed(problem, reader),
    }
}

/// What came of a confirmation.
enum Confirmed {
    Changed(Box<ProfileView>),
    /// Another postmaster of the domain has the address.
    Taken,
}

/// `POST /email/confirm`
pub(super) async fn confirm(State(site): State<Site>, reader: Reader, form: Form) -> Response {
    let answer = async {
        let token = form.token()?;
        site.ask(Work::Lookup, move |accounts| match accounts.confirm_email(&token, now_secs()) {
            Ok(view) => Ok(Confirmed::Changed(Box::new(view))),
            Err(AccountsError::Refused(Rule::PostmasterExists { .. })) => Ok(Confirmed::Taken),
            Err(error) => Err(error),
        })
        .await
    };
    match answer.await {
        Ok(Confirmed::Changed(view)) => changed(reader.language_of(Some(view.language)), &view),
        Ok(Confirmed::Taken) => {
            let frame = Frame::of_form(reader.language());
            let texts = [frame.say("page-email-taken-text")];
            Done { title: frame.say("page-email-taken"), texts: &texts, good: false, way: None, frame }
                .answer(StatusCode::CONFLICT)
        }
        Err(problem) => failed(problem, reader),
    }
}

fn changed(language: Language, view: &ProfileView) -> Response {
    let frame = Frame::of_form(language);
    let mut texts = vec![frame.with("page-email-changed-text", "email", &view.email)];
    let way = match view.facts {
        AccountFacts::Owner { .. } | AccountFacts::Delegate(_) => ("/login", frame.say("page-to-login")),
        AccountFacts::Postmaster(_) => {
            texts.push(frame.say("page-email-changed-login"));
            ("/postmaster/login", frame.say("page-to-login"))
        }
    };
    Done { title: frame.say("page-email-changed"), texts: &texts, good: true, way: Some(way), frame }
        .answer(StatusCode::OK)
}

/// A link for an address is asked for elsewhere than one for a password.
fn failed(problem: Problem, reader: Reader) -> Response {
    if problem != Problem::LinkGone {
        return problem.page(reader);
    }
    let frame = Frame::of_form(reader.language());
    let texts = [frame.say("page-link-gone-text"), frame.say("page-email-gone-text")];
    Done { title: frame.say("page-link-gone"), texts: &texts, good: false, way: None, frame }.answer(StatusCode::GONE)
}

fn domain(facts: &AccountFacts) -> Option<&str> {
    match facts.about() {
        About::Domain(domain) => Some(domain.as_str()),
        About::Mailbox(_) => None,
    }
}
