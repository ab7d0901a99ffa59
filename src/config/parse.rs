//! From the tables of the file to a [`Config`], section by section.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Ledger;
use super::public::Told;
use super::section::{Section, Text};
use super::url::{self, IMAP, POP3, SUBMISSION};
use super::{
    Config, Faults, LimitsConfig, ListenConfig, ListenTls, LogConfig, StoreConfig, TlsConfig, UpstreamConfig,
    WarmConfig,
};
use crate::domain::{ListenerKind, Profile, Protocol, limits};

/// RFC 3501 §5.4
const IDLE_LEAST_SECS: u64 = 30 * 60;

pub(super) fn parse(text: &str, path: &Path) -> Result<Config, Faults> {
    let mut ledger = Ledger::new(text, path);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        ledger.syntax(offset, format!("this is not TOML: {}", error.message()));
    }
    let mut file = File { folder: path.parent().unwrap_or(Path::new("")), ledger };
    let config = file.read(Section::new("the configuration", 0..0, document.get_ref()));
    file.ledger.close(config)
}

pub(super) struct File<'a> {
    pub(super) folder: &'a Path,
    pub(super) ledger: Ledger<'a>,
}

/// A listener and where it stands.
pub(super) struct Found {
    pub(super) config: ListenConfig,
    told: Option<Told>,
    section_at: usize,
    protocol_at: usize,
    address_at: usize,
}

pub(super) type Value<'a, 'i> = Option<&'a Spanned<DeValue<'i>>>;

impl File<'_> {
    fn read(&mut self, mut top: Section<'_, '_>) -> Option<Config> {
        let store = self.store(top.value("store"));
        let tls = self.tls(top.value("tls"));
        let mut listeners = self.listeners(top.value("listen"), tls.is_some());
        let told = listeners.iter_mut().filter_map(|found| found.told.take()).collect();
        let servers = self.told(told, top.value("panel").is_some());
        let upstreams = self.upstreams(top.value("upstream"), &listeners);
        let profile = self.permissions(top.value("permissions"));
        let limits = self.limits(top.value("limits"));
        let log = self.log(top.value("log"));
        let panel = self.panel(top.value("panel"), &listeners, servers, tls.is_some());
        let notify = self.notify(top.value("notify"), top.value("panel").is_some());
        top.close(&mut self.ledger);
        let tls = tls.flatten();
        let listeners = listeners.into_iter().map(|found| found.config).collect();
        Some(Config { store: store?, tls, listeners, upstreams, profile: profile?, limits, log: log?, panel, notify })
    }

    /// The table of a section; an empty one where the section is absent.
    pub(super) fn section<'a, 'i>(
        &mut self,
        title: &str,
        value: Value<'a, 'i>,
        empty: &'a DeTable<'i>,
    ) -> Section<'a, 'i> {
        let Some(value) = value else { return Section::new(title, 0..0, empty) };
        match value.get_ref() {
            DeValue::Table(table) => Section::new(title, value.span(), table),
            _ => {
                self.ledger.wrong(value.span().start, format!("this is a section: write it as {title}"));
                Section::new(title, value.span(), empty)
            }
        }
    }

    fn store(&mut self, value: Value<'_, '_>) -> Option<StoreConfig> {
        let empty = DeTable::new();
        let mut section = self.section("[store]", value, &empty);
        let url = if value.is_some() { section.needed("url", "sqlite:delega.db", &mut self.ledger) } else { None };
        let url = match url {
            None if value.is_none() => Some("delega.db"),
            None => None,
            Some(Text { text, at }) => match text.strip_prefix("sqlite:") {
                Some(path) if !path.is_empty() && (!path.starts_with("//") || path.starts_with("///")) => Some(path),
                _ => {
                    let text = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
                        "PostgreSQL is not served by this version: use `sqlite:PATH`".to_owned()
                    } else {
                        format!("`{}` is no store: use `sqlite:PATH`", text.escape_debug())
                    };
                    self.ledger.wrong(at, text);
                    None
                }
            },
        };
        let key_file = section.text("key_file", &mut self.ledger).map_or("delega.key", |found| found.text);
        section.close(&mut self.ledger);
        Some(StoreConfig { path: self.folder.join(url?), key_file: self.folder.join(key_file) })
    }

    /// `None` where there is no such section, `Some(None)` where it has faults.
    fn tls(&mut self, value: Value<'_, '_>) -> Option<Option<TlsConfig>> {
        value?;
        let empty = DeTable::new();
        let mut section = self.section("[tls]", value, &empty);
        let certificate = section.needed("certificate", "certs/delega.pem", &mut self.ledger);
        let key = section.needed("key", "certs/delega.key", &mut self.ledger);
        section.close(&mut self.ledger);
        let path = |found: Text<'_>| self.folder.join(found.text);
        Some(
            certificate.zip(key).map(|(certificate, key)| TlsConfig { certificate: path(certificate), key: path(key) }),
        )
    }

    fn listeners(&mut self, value: Value<'_, '_>, has_tls: bool) -> Vec<Found> {
        let Some(value) = value else {
            self.ledger.missing(0, "nothing is listened to: add a [[listen]] section".to_owned());
            return Vec::new();
        };
        let DeValue::Array(listeners) = value.get_ref() else {
            self.ledger.wrong(value.span().start, "there may be several: write it as [[listen]]".to_owned());
            return Vec::new();
        };
        let mut taken: Vec<SocketAddr> = Vec::new();
        let mut tls_missed = false;
        let mut read = Vec::new();
        for value in listeners {
            let Some(found) = self.listener(value) else { continue };
            let Found { config: listener, section_at, address_at, .. } = &found;
            if listener.tls != ListenTls::None && !has_tls && !std::mem::replace(&mut tls_missed, true) {
                let text = "this listener needs a certificate: add a [tls] section with `certificate` and `key`";
                self.ledger.missing(*section_at, text.to_owned());
            }
            if listener.address.port() != 0 && taken.contains(&listener.address) {
                self.ledger.wrong(*address_at, format!("{} is listened to twice: use another port", listener.address));
            }
            taken.push(listener.address);
            read.push(found);
        }
        read
    }

    fn listener(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Found> {
        let empty = DeTable::new();
        let mut section = self.section("[[listen]]", Some(value), &empty);
        let protocol = section.needed("protocol", "imap", &mut self.ledger);
        let protocol = protocol.and_then(|found| {
            let protocol = Protocol::ALL.into_iter().find(|protocol| protocol.to_string() == found.text);
            if protocol.is_none() {
                let text =
                    format!("`{}` is no `protocol`: use `imap`, `submission` or `pop3`", found.text.escape_debug());
                self.ledger.wrong(found.at, text);
            }
            Some((protocol?, found.at))
        });
        let address = section.needed("address", "127.0.0.1:1993", &mut self.ledger);
        let address = address.and_then(|found| self.listen_address(found, 993));
        let tls_at = section.value("tls").map(|value| value.span().start);
        let words = [("implicit", ListenTls::Implicit), ("starttls", ListenTls::StartTls), ("none", ListenTls::None)];
        let tls = section.choice("tls", &words, &mut self.ledger);
        let kinds = [("client", ListenerKind::Client), ("webmail", ListenerKind::Webmail)];
        let kind_at = section.value("kind").map(|value| value.span().start);
        let kind = section.choice("kind", &kinds, &mut self.ledger);
        let proxy_protocol = section.flag("proxy_protocol", &mut self.ledger);
        let public = section.text("public", &mut self.ledger);
        let section_at = section.at();
        section.close(&mut self.ledger);
        let (address, address_at) = address?;
        if tls == Some(ListenTls::None) && !address.ip().to_canonical().is_loopback() {
            let text = format!(
                "`none` shows passwords to the network and is for this machine only (127.0.0.1, [::1]), not for {}: use \
                 `implicit` or `starttls`",
                address.ip()
            );
            self.ledger.wrong(tls_at.unwrap_or(address_at), text);
        }
        let (protocol, protocol_at) = protocol?;
        // POP3 needs **client** and the choice of POP3 (P7), which a webmail listener does not ask for.
        if (protocol, kind) == (Protocol::Pop3, Some(ListenerKind::Webmail)) {
            let text = "there is no webmail by POP3: use `kind = \"client\"`, or `protocol = \"imap\"`";
            self.ledger.wrong(kind_at.unwrap_or(protocol_at), text.to_owned());
        }
        if let (Some(found), Some(ListenerKind::Webmail)) = (public, kind) {
            let text =
                "mail programs have no business at a webmail listener: use `kind = \"client\"`, or remove `public`";
            self.ledger.wrong(found.at, text.to_owned());
        }
        let told = public.zip(tls).and_then(|(found, tls)| self.public(found, protocol, tls));
        let config = ListenConfig { protocol, address, tls: tls?, kind: kind?, proxy_protocol };
        Some(Found { config, told, section_at, protocol_at, address_at })
    }

    /// An address to listen to and where it stands; `port` is for the example.
    pub(super) fn listen_address(&mut self, found: Text<'_>, port: u16) -> Option<(SocketAddr, usize)> {
        let address = url::listen_address(found.text);
        if address.is_none() {
            let text = format!(
                "`{}` is no address to listen to: write an IP address and a port, such as `0.0.0.0:{port}` or \
                 `[::]:{port}`",
                found.text.escape_debug()
            );
            self.ledger.wrong(found.at, text);
        }
        Some((address?, found.at))
    }

    fn upstreams(&mut self, value: Value<'_, '_>, listeners: &[Found]) -> Vec<UpstreamConfig> {
        let empty = DeTable::new();
        let section = self.section("[upstream.NAME]", value, &empty);
        let mut read = Vec::new();
        let mut any = false;
        let mut spoken = Vec::new();
        for (name, value) in section.entries() {
            any = true;
            if name.text.is_empty() || !name.text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
                let text = format!(
                    "`{}` is no name for an upstream: use letters, digits, hyphens and underscores",
                    name.text.escape_debug()
                );
                self.ledger.wrong(name.at, text);
            } else if matches!(value.get_ref(), DeValue::Table(_)) {
                read.push(self.upstream(name.text, value, &mut spoken));
            } else {
                let text = format!("an upstream has a name: write [upstream.NAME] above `{}`", name.text);
                self.ledger.wrong(name.at, text);
            }
        }
        if !any {
            let text = "there is no upstream server: add an [upstream.NAME] section with `imap = \"imaps://HOST\"`";
            self.ledger.missing(section.at(), text.to_owned());
        }
        // What could not be read may have had what seems to be missing.
        if read.len() < section.entries().count() || read.is_empty() {
            return read;
        }
        // An upstream may lack one; its mailboxes are then refused there. Where all do, everybody would be.
        for (protocol, schemes) in
            [(Protocol::Imap, &IMAP), (Protocol::Submission, &SUBMISSION), (Protocol::Pop3, &POP3)]
        {
            let heard = listeners.iter().find(|found| found.config.protocol == protocol);
            if let Some(found) = heard.filter(|_| !spoken.contains(&protocol)) {
                let text = format!(
                    "no upstream has `{protocol}`, so nobody could come in here: add `{protocol} = \"{}\"` to an \
                     [upstream.NAME]",
                    schemes.example()
                );
                self.ledger.missing(found.protocol_at, text);
            }
        }
        read
    }

    /// Adds the protocols that have a key, whether it can be read or not, to those `spoken`.
    fn upstream(&mut self, name: &str, value: &Spanned<DeValue<'_>>, spoken: &mut Vec<Protocol>) -> UpstreamConfig {
        let empty = DeTable::new();
        let mut section = self.section(&format!("[upstream.{name}]"), Some(value), &empty);
        let mut any = false;
        let mut endpoint = |protocol: Protocol, key, schemes| {
            section.value(key)?;
            any = true;
            spoken.push(protocol);
            let found = section.text(key, &mut self.ledger)?;
            url::endpoint(found.text, schemes).map_err(|text| self.ledger.wrong(found.at, text)).ok()
        };
        let imap = endpoint(Protocol::Imap, "imap", &IMAP);
        let submission = endpoint(Protocol::Submission, "submission", &SUBMISSION);
        let pop3 = endpoint(Protocol::Pop3, "pop3", &POP3);
        if !any {
            let text = format!(
                "[upstream.{name}] has no `imap`, `submission` or `pop3`: add those that it serves, such as `imap = \"{}\"`",
                IMAP.example()
            );
            self.ledger.missing(section.at(), text);
        }
        let copy_at = section.value("copy_to_sent").map(|value| value.span().start);
        let copy_to_sent = section.flag("copy_to_sent", &mut self.ledger);
        if let Some(at) = copy_at.filter(|_| copy_to_sent) {
            for key in ["imap", "submission"] {
                if section.value(key).is_none() {
                    self.ledger.missing(at, format!("`copy_to_sent` needs `{key}` in the same section: add it"));
                }
            }
        }
        let owner_renews_password = section.flag("owner_renews_password", &mut self.ledger);
        let ca_file = section.text("ca_file", &mut self.ledger);
        let user = section.text("master_user", &mut self.ledger);
        let password = section.text("master_password_file", &mut self.ledger);
        match (user, password) {
            (Some(user), None) if section.value("master_password_file").is_none() => {
                self.ledger.missing(user.at, "a `master_user` needs a `master_password_file`: add it".to_owned());
            }
            (None, Some(password)) if section.value("master_user").is_none() => {
                self.ledger.missing(password.at, "a `master_password_file` needs a `master_user`: add it".to_owned());
            }
            _ => {}
        }
        let mut count = |key, default| section.count(key, 0, default, &mut self.ledger);
        let at_once = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        // As many as Dovecot allows one address by default.
        let connections_per_mailbox = at_once(count("connections_per_mailbox", 10));
        let warm = WarmConfig {
            sessions: at_once(count("warm_sessions", 2)),
            wait: Duration::from_secs(count("warm_secs", 60)),
        };
        section.close(&mut self.ledger);
        UpstreamConfig {
            connections_per_mailbox,
            warm,
            copy_to_sent,
            owner_renews_password,
            name: name.to_owned(),
            imap,
            submission,
            pop3,
            ca_file: ca_file.map(|found| self.folder.join(found.text)),
            master_user: user.map(|found| found.text.to_owned()),
            master_password_file: password.map(|found| self.folder.join(found.text)),
        }
    }

    fn permissions(&mut self, value: Value<'_, '_>) -> Option<Profile> {
        let empty = DeTable::new();
        let mut section = self.section("[permissions]", value, &empty);
        let words = [("nested", Profile::Nested), ("apart", Profile::ClientApart)];
        let profile = section.choice("client", &words, &mut self.ledger);
        section.close(&mut self.ledger);
        profile
    }

    fn limits(&mut self, value: Value<'_, '_>) -> LimitsConfig {
        let empty = DeTable::new();
        let mut section = self.section("[limits]", value, &empty);
        let ledger = &mut self.ledger;
        let mut count = |key, least, default| section.count(key, least, default, ledger);
        let at_once = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let limits = LimitsConfig {
            connections: at_once(count("connections", 1, 4096)),
            connections_before_login_per_address: at_once(count("connections_before_login_per_address", 1, 32)),
            message_bytes: count("message_bytes", 1, limits::MESSAGE_BYTES),
            recipients: at_once(count("recipients", 1, limits::RECIPIENTS as u64)),
            login_timeout: Duration::from_secs(count("login_timeout_secs", 1, 60)),
            command_timeout: Duration::from_secs(count("command_timeout_secs", 1, 300)),
            idle_timeout: Duration::from_secs(count("idle_timeout_secs", IDLE_LEAST_SECS, IDLE_LEAST_SECS)),
            upstream_timeout: Duration::from_secs(count("upstream_timeout_secs", 1, 30)),
            shutdown_grace: Duration::from_secs(count("shutdown_grace_secs", 0, 10)),
            refusal_delay: Duration::from_secs(count("refusal_delay_secs", 1, 5)),
        };
        section.close(ledger);
        limits
    }

    fn log(&mut self, value: Value<'_, '_>) -> Option<LogConfig> {
        let empty = DeTable::new();
        let mut section = self.section("[log]", value, &empty);
        let json = section.choice("format", &[("text", false), ("json", true)], &mut self.ledger);
        let filter = section.text("filter", &mut self.ledger);
        if let Some(Text { text, at }) = filter
            && let Err(error) = tracing_subscriber::EnvFilter::builder().parse(text)
        {
            let text = format!("`{}` is no filter ({error}): write `info`, or `delega=debug`", text.escape_debug());
            self.ledger.wrong(at, text);
        }
        let days = section.count("accesses_kept_days", 1, 365, &mut self.ledger);
        section.close(&mut self.ledger);
        Some(LogConfig {
            json: json?,
            filter: filter.map_or("info", |found| found.text).to_owned(),
            accesses_kept: Duration::from_secs(days.min(100 * 365).saturating_mul(24 * 60 * 60)),
        })
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
