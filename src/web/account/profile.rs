//! `/account/profile`: phone number and language.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::frame::{Frame, Part, show as answer};
use super::super::now_secs;
use super::super::session::{Filled, Signed, see};
use super::super::site::{Site, Work};
use crate::domain::{Language, Phone};

#[derive(Template)]
#[template(path = "account/profile.html")]
struct Page<'a> {
    frame: Frame,
    key: &'a str,
    phone: &'a str,
    italian: bool,
    fault: Option<String>,
}

/// `GET /account/profile`
pub(super) async fn show(State(site): State<Site>, signed: Signed) -> Response {
    let account = signed.account();
    match site.ask(Work::Lookup, move |accounts| accounts.profile(account, now_secs())).await {
        Ok(profile) => {
            let phone = profile.phone.as_ref().map_or("", |phone| phone.as_str());
            let frame = Frame::of_address(signed.language()).in_part(&signed, Part::Account);
            let italian = profile.language == Language::Italian;
            answer(StatusCode::OK, &Page { frame, key: &signed.who().form_key, phone, italian, fault: None })
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /account/profile`
pub(super) async fn change(State(site): State<Site>, Filled { signed, form }: Filled) -> Response {
    let typed = form.plain("phone").trim();
    let language = Language::from_name(form.plain("language")).unwrap_or(signed.language());
    let phone = match typed {
        "" => Ok(None),
        typed => typed.parse::<Phone>().map(Some),
    };
    let Ok(phone) = phone else {
        let frame = Frame::faulty(signed.language()).in_part(&signed, Part::Account);
        let fault = Some(frame.say("page-phone-fault"));
        let italian = language == Language::Italian;
        let page = Page { frame, key: &signed.who().form_key, phone: typed, italian, fault };
        return answer(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let account = signed.account();
    let changed = site.ask(Work::Lookup, move |accounts| {
        accounts.set_phone(account, phone, now_secs())?;
        accounts.set_language(account, language, now_secs())
    });
    match changed.await {
        Ok(_) => see("/account?done=profile"),
        Err(problem) => problem.page(signed.reader()),
    }
}
