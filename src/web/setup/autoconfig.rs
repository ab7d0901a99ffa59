//! Thunderbird's autoconfig: `config-v1.1.xml` in Mozilla's ConfigFileFormat (draft-ietf-mailmaint-autoconfig §3).

use askama::Template;

use super::Settings;
use crate::config::{PublicServer, PublicTls};
use crate::domain::{Login, Protocol};

/// Long after every mailbox. Thunderbird would delete what it has downloaded after two weeks, and the mailbox is others'
/// too; what a value of 0 means is not said.
const DAYS_LEFT_ON_SERVER: u32 = 36_500;

#[derive(Template)]
#[template(path = "autoconfig.xml")]
struct Config<'a> {
    provider: &'a str,
    domain: &'a str,
    username: &'a str,
    incoming: Vec<Server<'a>>,
    outgoing: Vec<Server<'a>>,
    days_left_on_server: u32,
}

struct Server<'a> {
    kind: &'static str,
    socket_type: &'static str,
    host: &'a str,
    port: u16,
}

impl<'a> Server<'a> {
    fn of(server: &'a PublicServer) -> Server<'a> {
        let kind = match server.protocol {
            Protocol::Imap => "imap",
            Protocol::Pop3 => "pop3",
            Protocol::Submission => "smtp",
        };
        let socket_type = match server.tls {
            PublicTls::Implicit => "SSL",
            PublicTls::StartTls => "STARTTLS",
        };
        Server { kind, socket_type, host: &server.host, port: server.port }
    }
}

/// The file for this login. Where none is known, the program puts in what its user types, by the format's placeholders.
pub(super) fn render(settings: &Settings<'_>, login: Option<&Login>) -> Result<String, askama::Error> {
    let username = login.map(Login::to_string);
    let config = Config {
        provider: settings.servers.host(),
        domain: login.map_or("%EMAILDOMAIN%", |login| login.mailbox().domain()),
        username: username.as_deref().unwrap_or("%EMAILADDRESS%"),
        incoming: settings.incoming().map(Server::of).collect(),
        outgoing: settings.outgoing().map(Server::of).collect(),
        days_left_on_server: DAYS_LEFT_ON_SERVER,
    };
    config.render()
}
