//! Answering an invitation: accept it with a password (D2), or refuse it (D6). Its page changes nothing; the answers are
//! POSTs, and a refusal is asked about once more.

use axum::extract::State;
use axum::response::Response;

use super::form::{Form, LinkText};
use super::page::{self, PasswordFault, Problem};
use super::reader::Reader;
use super::site::{Site, Work};
use super::{now_secs, password};
use crate::accounts::{InvitationView, Token};
use crate::domain::Language;

/// `GET /invitation/{token}`
pub(super) async fn show(State(site): State<Site>, reader: Reader, link: LinkText) -> Response {
    form_page(&site, reader, &link.0, None).await
}

/// The invitation and its forms; after a first try, with what is to be mended.
async fn form_page(site: &Site, reader: Reader, text: &str, fault: Option<PasswordFault>) -> Response {
    match find(site, text).await {
        Ok(view) => page::invitation(language(reader, &view), &view, text, fault),
        Err(problem) => problem.page(reader),
    }
}

/// `POST /invitation/accept`
pub(super) async fn accept(State(site): State<Site>, reader: Reader, form: Form) -> Response {
    let text = form.plain("token").to_owned();
    let answer = async {
        let token = form.token()?;
        let chosen = password::chosen(&form)?;
        site.ask(Work::Hashing, move |accounts| accounts.accept_invitation(&token, &chosen, now_secs())).await
    };
    match answer.await {
        Ok(view) => page::accepted(reader.language_of(view.delegate.language), &view, &site),
        Err(Problem::Password(fault)) => form_page(&site, reader, &text, Some(fault)).await,
        Err(problem) => problem.page(reader),
    }
}

/// `POST /invitation/refuse`: asks first, and does it when that has been confirmed.
pub(super) async fn refuse(State(site): State<Site>, reader: Reader, form: Form) -> Response {
    let text = form.plain("token").to_owned();
    if form.plain("confirmed") != "yes" {
        return match find(&site, &text).await {
            Ok(view) => page::refusing(language(reader, &view), &view, &text),
            Err(problem) => problem.page(reader),
        };
    }
    let answer = async {
        let token = form.token()?;
        site.ask(Work::Lookup, move |accounts| accounts.refuse_invitation(&token, now_secs())).await
    };
    match answer.await {
        Ok(view) => page::refused(reader.language_of(view.delegate.language), view.address.as_str()),
        Err(problem) => problem.page(reader),
    }
}

async fn find(site: &Site, text: &str) -> Result<InvitationView, Problem> {
    let token: Token = text.parse().map_err(|_| Problem::LinkBroken)?;
    site.ask(Work::Lookup, move |accounts| accounts.invitation(&token, now_secs())).await
}

fn language(reader: Reader, view: &InvitationView) -> Language {
    reader.language_of(view.delegate.delegate.language)
}
