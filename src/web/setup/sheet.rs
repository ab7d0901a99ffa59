//! The settings for people who type them in: what a page needs to include `setup.html`.

use super::{Servers, profile};
use crate::config::{PublicServer, PublicTls};
use crate::domain::{Login, Protocol, Protocols};
use crate::texts;
use crate::web::frame::Frame;

/// The servers for somebody's program, and where their profile is.
pub(in crate::web) struct Sheet {
    pub(in crate::web) lines: Vec<Line>,
    /// For a QR code, too: it needs no session.
    pub(in crate::web) profile_url: String,
}

/// One server: what for, and which.
pub(in crate::web) struct Line {
    pub(in crate::web) purpose: String,
    pub(in crate::web) server: String,
}

impl Sheet {
    /// What whoever has this login and may read by these protocols is to type. Nothing where they have to ask the operator.
    pub(in crate::web) fn of(servers: &Servers, login: &Login, protocols: Protocols, frame: &Frame) -> Option<Sheet> {
        let settings = servers.settings(protocols)?;
        let line = |server: &PublicServer| {
            let purpose = match server.protocol {
                Protocol::Imap => "page-setup-imap",
                Protocol::Pop3 => "page-setup-pop3",
                Protocol::Submission => "page-setup-submission",
            };
            // As mail programs call it
            let security = match server.tls {
                PublicTls::Implicit => "SSL/TLS",
                PublicTls::StartTls => "STARTTLS",
            };
            let port = server.port.to_string();
            let words = [("host", server.host.as_str()), ("port", &port), ("security", security)];
            Line { purpose: frame.say(purpose), server: texts::text(frame.language, "page-setup-server", &words) }
        };
        let lines = settings.incoming().chain(settings.outgoing()).map(line).collect();
        Some(Sheet { lines, profile_url: profile::url(servers, login, protocols) })
    }
}
