//! Apple's configuration profile (`.mobileconfig`) with one account for Mail: payload `com.apple.mail.managed`, unsigned.
//!
//! It holds no password; the device asks for it. A profile replaces the one that has its identifier and UUID, so both are
//! derived from the login: whoever takes a new one has one account, not two.

use askama::Template;
use aws_lc_rs::digest::{Context, SHA256};

use super::{ANY, Servers, Settings};
use crate::config::PublicServer;
use crate::domain::{Login, Protocol, Protocols};

#[derive(Template)]
#[template(path = "profile.xml")]
struct Profile<'a> {
    login: &'a str,
    mailbox: &'a str,
    host: &'a str,
    profile_uuid: &'a str,
    account_uuid: &'a str,
    incoming: &'a PublicServer,
    outgoing: &'a PublicServer,
}

impl Profile<'_> {
    fn account_type(&self) -> &'static str {
        match self.incoming.protocol {
            Protocol::Pop3 => "EmailTypePOP",
            // Nothing is read by submission.
            Protocol::Imap | Protocol::Submission => "EmailTypeIMAP",
        }
    }
}

/// The profile for this login; none where there is nothing to set up.
pub(super) fn render(settings: &Settings<'_>, login: &Login) -> Result<Option<String>, askama::Error> {
    let (Some(incoming), Some(outgoing)) = (settings.incoming().next(), settings.outgoing().next()) else {
        return Ok(None);
    };
    let text = login.to_string();
    let origin = &settings.servers.origin;
    let profile = Profile {
        login: &text,
        mailbox: login.mailbox().as_str(),
        host: settings.servers.host(),
        profile_uuid: &uuid("profile", origin, &text),
        account_uuid: &uuid("account", origin, &text),
        incoming,
        outgoing,
    };
    profile.render().map(Some)
}

/// Where that profile is had without a session, for a telephone that scans it.
pub(super) fn url(servers: &Servers, login: &Login, protocols: Protocols) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("login", &login.to_string());
    if protocols != ANY {
        query.append_pair("protocols", &protocols.to_string());
    }
    format!("{}{PATH}?{}", servers.origin, query.finish())
}

pub(super) const PATH: &str = "/setup/mail.mobileconfig";

/// RFC 9562 §5.8, by a hash as in its appendix B.2: version 8, variant 10.
fn uuid(what: &str, origin: &str, login: &str) -> String {
    let mut context = Context::new(&SHA256);
    for part in ["delega ", what, "\0", origin, "\0", login] {
        context.update(part.as_bytes());
    }
    let mut bits = [0; 16];
    bits.iter_mut().zip(context.finish().as_ref()).for_each(|(bit, byte)| *bit = *byte);
    let bits = u128::from_be_bytes(bits) & !(0xf << 76) & !(0x3 << 62) | (0x8 << 76) | (0x2 << 62);
    let hex = format!("{bits:032X}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
