//! Logging in and out: password, code, and out again. A session begins with the password and is another one after the code.
//! Whoever is not let in hears the same after the same time, whatever was wrong (S5).

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use secrecy::SecretString;
use tokio::time::Instant;

use super::form::Form;
use super::frame::{Frame, asked_for, show};
use super::page::Problem;
use super::reader::Reader;
use super::session::{self, Filled, Halfway, HalfwayFilled, Perhaps, Visit, see};
use super::site::{Site, Work};
use crate::accounts::{Accounts, PanelKnock, SessionToken, SignIn, SignInName};
use crate::domain::guessing;
use crate::domain::panel_session::Stage;

/// The longest path that somebody is led back to.
const NEXT_BYTES: usize = 512;

#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    frame: Frame,
    /// As a postmaster, or with a login.
    postmaster: bool,
    login: &'a str,
    domain: &'a str,
    next: &'a str,
    fault: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "login-code.html")]
struct CodePage<'a> {
    frame: Frame,
    login: &'a str,
    key: &'a str,
    fault: Option<String>,
}

/// `GET /login`
pub(super) async fn show_login(Perhaps(signed): Perhaps, reader: Reader, uri: Uri) -> Response {
    login_page(signed.map(|signed| signed.stage()), reader, &uri, false)
}

/// `GET /postmaster/login`
pub(super) async fn show_postmaster_login(Perhaps(signed): Perhaps, reader: Reader, uri: Uri) -> Response {
    login_page(signed.map(|signed| signed.stage()), reader, &uri, true)
}

fn login_page(stage: Option<Stage>, reader: Reader, uri: &Uri, postmaster: bool) -> Response {
    if stage == Some(Stage::In) {
        return see("/");
    }
    let next = asked_for(uri, "next").filter(|next| leads_here(next)).unwrap_or_default();
    let done = asked_for(uri, "done").filter(|done| done == "password").map(|_| "page-done-password");
    let frame = Frame::of_address(reader.language()).noting(done);
    show(StatusCode::OK, &Page { frame, postmaster, login: "", domain: "", next: &next, fault: None })
}

/// `POST /login`
pub(super) async fn log_in(State(site): State<Site>, reader: Reader, visit: Visit, form: Form) -> Response {
    let name = SignInName::Login(form.plain("login").trim().to_owned());
    sign_in(&site, reader, visit, &form, name).await
}

/// `POST /postmaster/login`
pub(super) async fn log_in_postmaster(State(site): State<Site>, reader: Reader, visit: Visit, form: Form) -> Response {
    let (domain, email) = (form.plain("domain").to_owned(), form.plain("login").to_owned());
    sign_in(&site, reader, visit, &form, SignInName::Postmaster { domain, email }).await
}

async fn sign_in(site: &Site, reader: Reader, visit: Visit, form: &Form, name: SignInName) -> Response {
    let postmaster = matches!(name, SignInName::Postmaster { .. });
    let password = form.secret("password").cloned().unwrap_or_default();
    let next = Some(form.plain("next")).filter(|next| leads_here(next)).unwrap_or_default();
    let since = Instant::now();
    match try_password(site, name, password, visit).await {
        Ok(Some((token, Stage::In))) => session::begins(site, &token, see(if next.is_empty() { "/" } else { next })),
        Ok(Some((token, Stage::Code))) => session::begins(site, &token, see("/login/code")),
        Ok(Some((token, Stage::Enrolling))) => session::begins(site, &token, see("/account/two-factor")),
        Ok(None) => {
            // A mailbox that is known has its mail server asked, which takes a while.
            let at = guessing::told_at(since.into_std(), site.refusal_delay, Instant::now().into_std());
            tokio::time::sleep_until(at.into()).await;
            let frame = Frame::faulty(reader.language());
            let fault = frame.say("page-login-wrong");
            let (login, domain) = (form.plain("login"), form.plain("domain"));
            let page = Page { frame, postmaster, login, domain, next, fault: Some(&fault) };
            show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(problem) => problem.page(reader),
    }
}

/// The session that begins; none where it is not to.
async fn try_password(
    site: &Site,
    name: SignInName,
    password: SecretString,
    visit: Visit,
) -> Result<Option<(SessionToken, Stage)>, Problem> {
    let Visit { knock, own_address, program } = visit;
    let said = program.clone();
    let judged = site.ask(Work::Hashing, move |accounts| {
        let at = PanelKnock { knock, own_address, program: said.as_deref() };
        accounts.sign_in(&name, &password, at)
    });
    let judged = judged.await?;
    let judged = match judged {
        SignIn::Ask { upstream, credentials, trial } => {
            let (turn, site, said) = (site.trial_turn().await?, site.clone(), program.clone());
            // Whoever goes before the mail server has answered has guessed all the same.
            let tried = tokio::spawn(async move {
                let right = site.lets_in(upstream, credentials, turn).await?;
                let judge = move |accounts: &Accounts| accounts.owner_signed_in(*trial, right, knock, said.as_deref());
                site.ask(Work::Lookup, judge).await
            });
            tried.await.map_err(|_| Problem::Internal)??
        }
        judged => judged,
    };
    match judged {
        SignIn::Passed(passed) => {
            site.ask(Work::Lookup, move |accounts| accounts.begin_panel_session(passed, knock, program.as_deref()))
                .await
        }
        SignIn::Refused(why) => {
            tracing::info!(%why, from = %knock.from, "somebody was not let in to the panel");
            Ok(None)
        }
        // Nobody asks twice.
        SignIn::Ask { .. } => Err(Problem::Internal),
    }
}

/// `GET /login/code`
pub(super) async fn show_code(Halfway(signed): Halfway) -> Response {
    if signed.stage() != Stage::Code {
        return see("/");
    }
    let who = signed.who();
    let frame = Frame::of_address(signed.language());
    show(StatusCode::OK, &CodePage { frame, login: &who.login, key: &who.form_key, fault: None })
}

/// `POST /login/code`
pub(super) async fn check_code(
    State(site): State<Site>,
    visit: Visit,
    HalfwayFilled { signed, form }: HalfwayFilled,
) -> Response {
    if signed.stage() != Stage::Code {
        return see("/");
    }
    let code = form.secret("code").cloned().unwrap_or_default();
    let (account, from, Visit { knock, program, .. }) = (signed.account(), signed.token().clone(), visit);
    let checked = site.ask(Work::Lookup, move |accounts| {
        accounts.step_up_panel_session(&from, account, &code, knock, program.as_deref())
    });
    match checked.await {
        Ok(Some(token)) => session::begins(&site, &token, see("/")),
        Ok(None) => {
            let who = signed.who();
            let frame = Frame::faulty(signed.language());
            let fault = Some(frame.say("page-code-wrong"));
            let page = CodePage { frame, login: &who.login, key: &who.form_key, fault };
            show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /logout`
pub(super) async fn log_out(State(site): State<Site>, HalfwayFilled { signed, .. }: HalfwayFilled) -> Response {
    let token = signed.token().clone();
    match site.ask(Work::Lookup, move |accounts| accounts.end_panel_session(&token)).await {
        Ok(()) => session::ends(&site, see("/login")),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /logout/everywhere`
pub(super) async fn log_out_everywhere(State(site): State<Site>, Filled { signed, .. }: Filled) -> Response {
    let account = signed.account();
    match site.ask(Work::Lookup, move |accounts| accounts.sign_out_everywhere(account)).await {
        Ok(()) => session::ends(&site, see("/login")),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// Whether a path is one of these pages': what is not would lead somebody astray who has just logged in.
fn leads_here(next: &str) -> bool {
    let mut bytes = next.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && next.len() <= NEXT_BYTES
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_login_nobody_is_led_elsewhere() {
        for next in ["/", "/account", "/mailboxes/a%40b.it/delegates?page=2"] {
            assert!(leads_here(next), "{next}");
        }
        let long = format!("/{}", "a".repeat(NEXT_BYTES));
        for next in ["", "account", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/é", &long]
        {
            assert!(!leads_here(next), "{next}");
        }
    }
}
