//! "Set up my mail program" (X11): where mail programs are to connect to and as whom, as the files that they ask for.
//!
//! - `autoconfig`: for Thunderbird and those that do as it does
//! - `autodiscover`: for Outlook
//! - `profile`: for Apple's Mail, on telephones too
//! - `sheet`: for people who type them in
//! - `routes`: what each path answers
//!
//! Whoever asks has not logged in, and all of what they send is untrusted. So the answer depends on the configuration and
//! on what was asked alone: a name is taken as a [`Login`](crate::domain::Login) or not at all, nobody looks whether there is such a mailbox or
//! delegate, and the handlers are given [`Servers`], by which nothing can be looked up. What is written into a file is of
//! types that hold no markup and no control characters, and the templates escape it for XML all the same.
//!
//! A delegate's address is the mailbox's, and their login is `username/mailbox@domain`, which a program that is given the
//! address alone cannot know. Such files are for the mailbox's owner; a delegate types the login in place of the address,
//! which Thunderbird takes for one (a slash is allowed there, RFC 5322 §3.2.3), or takes the files from the panel, where it
//! is known who they are.

mod autoconfig;
mod autodiscover;
mod profile;
pub(super) mod routes;
pub(super) mod sheet;

use std::sync::Arc;

use axum::extract::FromRef;

use super::site::Site;
use crate::config::PublicServer;
use crate::domain::{Protocol, Protocols};

/// Nobody knows yet what they may use.
pub(super) const ANY: Protocols = Protocols { imap: true, pop3: true };

/// What mail programs may be told, whoever asks.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    /// Scheme, host and port of the panel.
    origin: Arc<str>,
    /// Those to be preferred first.
    servers: Arc<[PublicServer]>,
}

/// The servers that somebody's program is to use: at least one to read from, and one to send by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    servers: &'a Servers,
    protocols: Protocols,
}

impl Servers {
    pub(super) fn new(origin: Arc<str>, servers: &[PublicServer]) -> Servers {
        Servers { origin, servers: servers.into() }
    }

    /// What is to be set up by those who may use these protocols to read. Nothing where the operator has made none of them
    /// public: they have to be asked.
    pub(super) fn settings(&self, protocols: Protocols) -> Option<Settings<'_>> {
        let settings = Settings { servers: self, protocols };
        (settings.incoming().next().is_some() && settings.outgoing().next().is_some()).then_some(settings)
    }

    /// The host of the panel, which stands for delega as a provider.
    fn host(&self) -> &str {
        let authority = self.origin.split_once("://").map_or("", |(_, authority)| authority);
        match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => authority.split(':').next().unwrap_or(authority),
        }
    }
}

impl FromRef<Site> for Servers {
    fn from_ref(site: &Site) -> Servers {
        site.servers.clone()
    }
}

impl<'a> Settings<'a> {
    /// Those to read from: IMAP first, and TLS from the first byte before STARTTLS.
    pub(super) fn incoming(&self) -> impl Iterator<Item = &'a PublicServer> + use<'a> {
        let Settings { servers, protocols } = *self;
        servers.servers.iter().filter(move |server| match server.protocol {
            Protocol::Imap => protocols.imap,
            Protocol::Pop3 => protocols.pop3,
            Protocol::Submission => false,
        })
    }

    /// Those to send by, likewise.
    pub(super) fn outgoing(&self) -> impl Iterator<Item = &'a PublicServer> + use<'a> {
        self.servers.servers.iter().filter(|server| server.protocol == Protocol::Submission)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::PublicTls;

    /// IMAP both ways, POP3, and submission both ways.
    pub(super) fn servers() -> Servers {
        use PublicTls::{Implicit, StartTls};
        let server = |protocol, tls, host: &str, port| PublicServer { protocol, tls, host: host.to_owned(), port };
        Servers::new(
            "https://delega.example.it:8443".into(),
            &[
                server(Protocol::Imap, Implicit, "imap.example.it", 993),
                server(Protocol::Imap, StartTls, "imap.example.it", 143),
                server(Protocol::Submission, Implicit, "smtp.example.it", 465),
                server(Protocol::Submission, StartTls, "smtp.example.it", 587),
                server(Protocol::Pop3, Implicit, "pop.example.it", 995),
            ],
        )
    }

    /// P7: somebody who may not use a protocol is not told of it.
    #[test]
    fn x11_people_are_told_of_what_they_may_use() {
        let servers = servers();
        let told = |imap, pop3| {
            let settings = servers.settings(Protocols { imap, pop3 })?;
            let ports: Vec<u16> = settings.incoming().chain(settings.outgoing()).map(|server| server.port).collect();
            Some(ports)
        };
        assert_eq!(told(true, true), Some(vec![993, 143, 995, 465, 587]));
        assert_eq!(told(true, false), Some(vec![993, 143, 465, 587]));
        assert_eq!(told(false, true), Some(vec![995, 465, 587]));
        assert_eq!(told(false, false), None);
        assert!(Servers::new("https://delega.example.it".into(), &[]).settings(ANY).is_none());
    }

    #[test]
    fn the_panel_stands_for_the_provider() {
        for (origin, host) in [
            ("https://delega.example.it", "delega.example.it"),
            ("https://delega.example.it:8443", "delega.example.it"),
            ("https://[2001:db8::7]:8443", "2001:db8::7"),
            ("http://localhost:8080", "localhost"),
        ] {
            assert_eq!(Servers::new(origin.into(), &[]).host(), host);
        }
    }
}
