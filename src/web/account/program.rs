//! `/setup`: how one's mail program is set up (X11), as a table and as files that programs read.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret;

use super::super::frame::{Frame, Part, show as answer};
use super::super::session::Signed;
use super::super::site::Site;
use super::super::setup::{autoconfig, profile};
use super::super::routes;
use super::app_passwords::protocols;
use super::overview::login;
use super::super::page::Problem;
use crate::config::{PublicServer, PublicTls};
use crate::domain::{Login, Protocol, Protocols};
use crate::texts::Qr;

/// A server as the table has it.
pub(super) struct Server {
    kind: String,
    host: String,
    port: u16,
    encryption: &'static str,
}

#[derive(Template)]
#[template(path = "account/program.html")]
struct Page<'a> {
    frame: Frame,
    login: &'a str,
    mailbox: String,
    /// Whether their program may come in at all.
    may: bool,
    servers: Vec<Server>,
    /// Whether mail programs need an app password.
    app_password: bool,
    apple: String,
    /// The address of Apple's profile, as a QR code.
    image: Option<&'a str>,
    thunderbird: String,
}

/// `GET /setup`
pub(super) async fn show(State(site): State<Site>, signed: Signed) -> Response {
    let Some(login) = login(&signed) else { return Problem::NotFound.page(signed.reader()) };
    let allowed = match protocols(&site, &signed).await {
        Ok(allowed) => allowed,
        Err(problem) => return problem.page(signed.reader()),
    };
    let account = signed.account();
    let two_factor = site.ask(super::super::site::Work::Lookup, move |accounts| accounts.two_factor(account)).await;
    let two_factor = match two_factor {
        Ok(found) => found,
        Err(problem) => return problem.page(signed.reader()),
    };
    let frame = Frame::of_address(signed.language()).in_part(&signed, Part::Setup);
    let (apple, thunderbird) = files(&login, allowed.map_or(NONE, |(protocols, _)| protocols));
    let servers = allowed.map(|(protocols, sends)| servers(&site, &frame, protocols, sends)).unwrap_or_default();
    let image = (!servers.is_empty())
        .then(|| Qr::of(&format!("{}{apple}", site.origin).into()))
        .flatten()
        .map(|qr| qr.svg(&frame.say("page-setup-qr-alt")));
    let page = Page {
        frame,
        login: &signed.who().login,
        mailbox: login.mailbox().to_string(),
        may: allowed.is_some(),
        servers,
        app_password: two_factor.since_secs.is_some(),
        apple,
        image: image.as_ref().map(|image| image.expose_secret()),
        thunderbird,
    };
    answer(StatusCode::OK, &page)
}

const NONE: Protocols = Protocols { imap: false, pop3: false };

/// Where the files for somebody's programs are: Apple's profile and Thunderbird's.
fn files(login: &Login, protocols: Protocols) -> (String, String) {
    let login = routes::encoded(&login.to_string());
    let query = format!("login={login}&protocols={protocols}");
    (format!("{}?{query}", profile::PATH), format!("{}?emailaddress={login}", autoconfig::PATH))
}

/// The servers that the operator has made public, of those that somebody may use.
pub(super) fn servers(site: &Site, frame: &Frame, protocols: Protocols, sends: bool) -> Vec<Server> {
    let Some(settings) = site.servers.settings(protocols) else { return Vec::new() };
    let row = |server: &PublicServer| Server {
        kind: match server.protocol {
            Protocol::Imap => frame.say("page-setup-imap"),
            Protocol::Pop3 => frame.say("page-setup-pop3"),
            Protocol::Submission => frame.say("page-setup-submission"),
        },
        host: server.host.clone(),
        port: server.port,
        encryption: match server.tls {
            PublicTls::Implicit => "SSL/TLS",
            PublicTls::StartTls => "STARTTLS",
        },
    };
    settings.incoming().map(row).chain(settings.outgoing().filter(|_| sends).map(row)).collect()
}
