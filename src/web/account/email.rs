//! `/account/email`: another e-mail address, which has to be confirmed from there.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::frame::{Frame, Part, show as answer};
use super::super::session::{Filled, Signed, see};
use super::super::site::{Site, Work};
use super::super::{now_secs, rules};

#[derive(Template)]
#[template(path = "account/email.html")]
struct Page<'a> {
    frame: Frame,
    key: &'a str,
    email: &'a str,
    /// The one that they want and have not confirmed.
    unconfirmed: Option<&'a str>,
    typed: &'a str,
    fault: Option<String>,
}

/// `GET /account/email`
pub(super) async fn show(State(site): State<Site>, signed: Signed) -> Response {
    page(&site, &signed, "", None).await
}

/// `POST /account/email`
pub(super) async fn change(State(site): State<Site>, Filled { signed, form }: Filled) -> Response {
    let (account, typed) = (signed.account(), form.plain("email").trim().to_owned());
    let wanted = typed.clone();
    let asked = site.attempt(Work::Lookup, move |accounts| accounts.ask_email(account, &wanted, now_secs()));
    match asked.await {
        Ok(Ok(_)) => see("/account?done=email"),
        Ok(Err(rule)) => {
            let fault = rules::said(signed.language(), &rule);
            page(&site, &signed, &typed, Some(fault)).await
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

async fn page(site: &Site, signed: &Signed, typed: &str, fault: Option<String>) -> Response {
    let account = signed.account();
    match site.ask(Work::Lookup, move |accounts| accounts.profile(account, now_secs())).await {
        Ok(profile) => {
            let frame = Frame::for_form(signed, Part::Account, fault.is_some());
            let unconfirmed = profile.unconfirmed.as_ref().map(|(email, _)| email.as_str());
            let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            let key = &signed.who().form_key;
            answer(status, &Page { frame, key, email: &profile.email, unconfirmed, typed, fault })
        }
        Err(problem) => problem.page(signed.reader()),
    }
}
