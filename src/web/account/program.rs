//! `/setup`: how one's mail program is set up (X11), as a table and as files that programs read.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};

use super::super::frame::{Frame, Part, show as answer};
use super::super::now_secs;
use super::super::page::Problem;
use super::super::session::Signed;
use super::super::setup::sheet::Sheet;
use super::super::site::{Site, Work};
use super::overview::{delegate_name, login};
use crate::domain::{Permission, Protocols};
use crate::texts::Qr;

#[derive(Template)]
#[template(path = "account/program.html")]
struct Page<'a> {
    frame: Frame,
    login: &'a str,
    mailbox: &'a str,
    /// Whether their program may come in at all.
    may: bool,
    sheet: Option<Sheet>,
    /// Whether mail programs need an app password.
    app_password: bool,
    /// The address of Apple's profile, as a QR code.
    image: Option<&'a str>,
    thunderbird: &'a str,
}

/// `GET /setup`
pub(super) async fn show(State(site): State<Site>, signed: Signed) -> Response {
    let Some(login) = login(&signed) else { return Problem::NotFound.page(signed.reader()) };
    let (account, actor, name) = (signed.account(), signed.actor(), delegate_name(&signed));
    let found = site.ask(Work::Lookup, move |accounts| {
        let two_factor = accounts.two_factor(account)?;
        let view = name.map(|name| accounts.show_delegate(actor, &name, now_secs())).transpose()?;
        Ok((two_factor, view))
    });
    let (two_factor, view) = match found.await {
        Ok(found) => found,
        Err(problem) => return problem.page(signed.reader()),
    };
    let protocols = match view {
        None => Some(Protocols { imap: true, pop3: true }),
        Some(view) => view.effective.contains(Permission::Client).then_some(view.delegate.protocols),
    };
    let frame = Frame::of_address(signed.language()).in_part(&signed, Part::Setup);
    let sheet = protocols.and_then(|protocols| Sheet::of(&site.servers, &login, protocols, &frame));
    let image = sheet.as_ref().and_then(|sheet| Qr::of(&SecretString::from(sheet.profile_url.clone())));
    let image = image.map(|qr| qr.svg(&frame.say("page-setup-qr-alt")));
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("emailaddress", &login.to_string()).finish();
    let page = Page {
        frame,
        login: &signed.who().login,
        mailbox: login.mailbox().as_str(),
        may: protocols.is_some(),
        sheet,
        app_password: two_factor.since_secs.is_some(),
        image: image.as_ref().map(|image| image.expose_secret()),
        thunderbird: &format!("/mail/config-v1.1.xml?{query}"),
    };
    answer(StatusCode::OK, &page)
}
