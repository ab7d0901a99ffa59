//! `public` of a `[[listen]]`: the name under which mail programs reach it, which the panel tells them (X11).

use super::parse::File;
use super::section::Text;
use super::{ListenTls, PublicServer, PublicTls, url};
use crate::domain::Protocol;

/// A server that people are told of, and where `public` stands.
pub(super) struct Told {
    pub(super) server: PublicServer,
    pub(super) at: usize,
}

impl File<'_> {
    /// Reads `public`. A listener without TLS is on loopback: whoever reaches it from outside does so through a proxy that
    /// does TLS, and such proxies do it from the first byte.
    pub(super) fn public(&mut self, found: Text<'_>, protocol: Protocol, tls: ListenTls) -> Option<Told> {
        let Some((host, port)) = url::public_address(found.text) else {
            let text = format!(
                "`{}` is no address for mail programs: write the host and the port that they connect to, such as \
                 `imap.example.it:993`",
                found.text.escape_debug()
            );
            self.ledger.wrong(found.at, text);
            return None;
        };
        let tls = match tls {
            ListenTls::Implicit | ListenTls::None => PublicTls::Implicit,
            ListenTls::StartTls => PublicTls::StartTls,
        };
        Some(Told { server: PublicServer { protocol, tls, host, port }, at: found.at })
    }

    /// What is told as a whole, in the order in which programs are to prefer it. They set themselves up to read and to
    /// send, or not at all, so one without the other would tell them nothing.
    pub(super) fn told(&mut self, told: Vec<Told>, has_panel: bool) -> Vec<PublicServer> {
        let mut servers: Vec<PublicServer> = Vec::new();
        let sends = |server: &PublicServer| server.protocol == Protocol::Submission;
        if let Some(first) = told.first() {
            if !has_panel {
                let text = "mail programs are told by the panel: add a [panel] section, or remove `public`";
                self.ledger.missing(first.at, text.to_owned());
            }
            let lacks = match (told.iter().any(|told| sends(&told.server)), told.iter().all(|told| sends(&told.server)))
            {
                (false, _) => Some("submission"),
                (true, true) => Some("imap"),
                (true, false) => None,
            };
            if let Some(protocol) = lacks {
                let text = format!(
                    "mail programs set themselves up to read and to send, or not at all: give a [[listen]] of \
                     `protocol = \"{protocol}\"` a `public`, too"
                );
                self.ledger.missing(first.at, text);
            }
        }
        for Told { server, at } in told {
            if servers.iter().any(|other| (&other.host, other.port) == (&server.host, server.port)) {
                let text =
                    format!("{}:{} is told twice: each listener has a port of its own", server.host, server.port);
                self.ledger.wrong(at, text);
            }
            servers.push(server);
        }
        // RFC 8314 §3: TLS from the first byte goes before STARTTLS.
        servers.sort_by_key(|server| (server.protocol, server.tls));
        servers
    }
}
