//! A new password (D7): whoever forgot theirs asks for a link, and whoever has a link sets a new one.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};

use super::errands::Forgotten;
use super::form::{Form, LinkText};
use super::now_secs;
use super::page::{self, PasswordFault, Problem};
use super::reader::Reader;
use super::site::{Site, Work};
use crate::accounts::Token;

/// `GET /password/forgotten`
pub(super) async fn ask(reader: Reader) -> Response {
    page::forgotten(reader.language())
}

/// `POST /password/forgotten`: the same answer at once, whatever was typed (S5). It is a page of its own, so that loading
/// it again asks for nothing.
pub(super) async fn forgotten(State(site): State<Site>, reader: Reader, form: Form) -> Response {
    let login = form.plain("login").trim().to_owned();
    let fiscal_code = form.secret("fiscal_code").cloned().unwrap_or_default();
    site.desk.take(Forgotten::Delegates { login, fiscal_code });
    Redirect::to(&format!("/password/asked?lang={}", reader.language().name())).into_response()
}

/// `GET /password/asked`
pub(super) async fn asked(reader: Reader) -> Response {
    page::asked(reader.language())
}

/// `GET /password/{token}`
pub(super) async fn show(State(site): State<Site>, reader: Reader, link: LinkText) -> Response {
    form_page(&site, reader, &link.0, None).await
}

/// The form for a new password; after a first try, with what is to be mended.
async fn form_page(site: &Site, reader: Reader, text: &str, fault: Option<PasswordFault>) -> Response {
    let found = async {
        let token: Token = text.parse().map_err(|_| Problem::LinkBroken)?;
        site.ask(Work::Lookup, move |accounts| accounts.password_link(&token, now_secs())).await
    };
    match found.await {
        Ok(view) => page::new_password(reader.language_of(view.language()), &view, text, fault),
        Err(problem) => problem.page(reader),
    }
}

/// `POST /password/set`
pub(super) async fn set(State(site): State<Site>, reader: Reader, form: Form) -> Response {
    let text = form.plain("token").to_owned();
    let answer = async {
        let token = form.token()?;
        let chosen = chosen(&form)?;
        site.ask(Work::Hashing, move |accounts| accounts.set_password(&token, &chosen, now_secs())).await
    };
    match answer.await {
        Ok(view) => page::password_set(reader.language_of(view.language()), &view, &site),
        Err(Problem::Password(fault)) => form_page(&site, reader, &text, Some(fault)).await,
        Err(problem) => problem.page(reader),
    }
}

/// The password that was typed twice.
pub(super) fn chosen(form: &Form) -> Result<SecretString, Problem> {
    let password = form.secret("password").ok_or(Problem::BadRequest)?;
    let repeat = form.secret("repeat").ok_or(Problem::BadRequest)?;
    if password.expose_secret().is_empty() {
        return Err(Problem::Password(PasswordFault::Empty));
    }
    if password.expose_secret() != repeat.expose_secret() {
        return Err(Problem::Password(PasswordFault::Unlike));
    }
    Ok(password.clone())
}
