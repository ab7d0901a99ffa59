//! The operator's configuration: text → [`Config`], every fault reported with its line.
//!
//! Pure: whoever calls has read the file. TOML 1.0. Paths are relative to the folder of the configuration file. What would
//! silently not happen, such as a POP3 listener where no upstream has POP3, is a fault.

mod fault;
mod notify;
mod panel;
mod parse;
mod public;
mod section;
mod url;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use fault::{Fault, Faults};

use crate::domain::{ListenerKind, MailboxAddress, Profile, Protocol};

/// A whole, valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[store]`
    pub store: StoreConfig,
    /// `[tls]`; absent only where no listener needs it.
    pub tls: Option<TlsConfig>,
    /// `[[listen]]`
    pub listeners: Vec<ListenConfig>,
    /// `[upstream.NAME]`, in the order of their names.
    pub upstreams: Vec<UpstreamConfig>,
    /// `[permissions]`: how permissions imply each other (P6, X17).
    pub profile: Profile,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[log]`
    pub log: LogConfig,
    /// `[panel]`; without it there are no pages.
    pub panel: Option<PanelConfig>,
    /// `[notify]`; without it nobody is written to. Only where there is a panel, to which the links in mails lead.
    pub notify: Option<NotifyConfig>,
}

impl Config {
    /// Reads the text of the configuration file `path`. Reports every fault that it has, not only the first.
    pub fn parse(text: &str, path: &Path) -> Result<Config, Faults> {
        parse::parse(text, path)
    }

    /// The upstream of that name.
    pub fn upstream(&self, name: &str) -> Option<&UpstreamConfig> {
        self.upstreams.iter().find(|upstream| upstream.name == name)
    }
}

/// Where the accounts live.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The SQLite file of `sqlite:PATH`.
    pub path: PathBuf,
    /// The key that encrypts upstream passwords at rest.
    pub key_file: PathBuf,
}

/// The certificate shown to clients.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// PEM chain, the server's certificate first.
    pub certificate: PathBuf,
    /// PEM private key.
    pub key: PathBuf,
}

/// When TLS begins on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenTls {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By STARTTLS; nothing is offered before.
    StartTls,
    /// Never; loopback only.
    None,
}

/// One `[[listen]]`.
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// The protocol spoken.
    pub protocol: Protocol,
    /// Where to listen. Port 0 lets the system choose.
    pub address: SocketAddr,
    /// When TLS begins.
    pub tls: ListenTls,
    /// Who is expected.
    pub kind: ListenerKind,
    /// Whether each connection begins with a PROXY protocol header, version 1 or 2.
    pub proxy_protocol: bool,
}

/// When TLS begins on the panel's listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelTls {
    /// From the first byte, with the certificate of `[tls]`.
    Implicit,
    /// Never: a reverse proxy stands in front. Loopback only.
    None,
}

/// `[panel]`: the pages.
#[derive(Clone, Debug)]
pub struct PanelConfig {
    /// Where to listen. Port 0 lets the system choose.
    pub address: SocketAddr,
    /// What browsers know the pages as: scheme, host, and the port where it is not the scheme's own, in lower case and
    /// without a slash at the end, as the `Origin` header has it (RFC 6454 §6.1). Links are built from this alone.
    pub public_url: String,
    /// When TLS begins.
    pub tls: PanelTls,
    /// Whether each connection begins with a PROXY protocol header, version 1 or 2.
    pub proxy_protocol: bool,
    /// Where a delegate reads their mail in the browser, if there is such a place.
    pub webmail_url: Option<String>,
    /// Whether the panel leads people there without their password (`examples/roundcube/delega_sso`).
    pub webmail_sign_on: bool,
    /// What mail programs are told (X11): to read as well as to send, or nothing.
    pub servers: Vec<PublicServer>,
}

/// When TLS begins, as mail programs see it. What they are to prefer comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PublicTls {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By STARTTLS or STLS.
    StartTls,
}

/// A listener as mail programs reach it (X11): the `public` of a `[[listen]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicServer {
    /// The protocol spoken.
    pub protocol: Protocol,
    /// When TLS begins.
    pub tls: PublicTls,
    /// Host name, or IP address without brackets, in lower case.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// `[notify]`: how mails to people are sent (N5).
#[derive(Clone, Debug)]
pub struct NotifyConfig {
    /// The SMTP server that takes them.
    pub relay: Endpoint,
    /// Who they are from.
    pub from: Sender,
    /// The name to log in there with; without one nobody logs in.
    pub user: Option<String>,
    /// The file with its password.
    pub password_file: Option<PathBuf>,
    /// Certificates to trust in place of the system's roots.
    pub ca_file: Option<PathBuf>,
}

/// Who mails to people are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The name shown, if any: one line.
    pub name: Option<String>,
    /// The address, in the header and in the envelope.
    pub address: MailboxAddress,
}

/// How the upstream is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamTls {
    /// `imaps://`
    Implicit,
    /// `imap://`
    StartTls,
    /// `imap+insecure://`, loopback only.
    Insecure,
}

/// One address of an upstream server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// When TLS begins.
    pub tls: UpstreamTls,
    /// Host name or IP address, as verified in the certificate.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// One `[upstream.NAME]`.
#[derive(Clone, Debug)]
pub struct UpstreamConfig {
    /// NAME
    pub name: String,
    /// Where IMAP is spoken. Of the three, an upstream has one at least; its mailboxes are refused what it lacks.
    pub imap: Option<Endpoint>,
    /// Where messages are submitted.
    pub submission: Option<Endpoint>,
    /// Where POP3 is spoken.
    pub pop3: Option<Endpoint>,
    /// Certificates to trust in place of the system's roots.
    pub ca_file: Option<PathBuf>,
    /// One user that may open every mailbox, in place of a password for each (G5).
    pub master_user: Option<String>,
    /// The file with the master user's password.
    pub master_password_file: Option<PathBuf>,
    /// How many connections a mailbox may have there, those that wait included; 0 is as many as are asked for (X4).
    pub connections_per_mailbox: usize,
    /// The connections that wait for the next login.
    pub warm: WarmConfig,
    /// Whether what is sent is put into the folder of sent messages by delega, since the provider does not (X13). Only
    /// where there is IMAP.
    pub copy_to_sent: bool,
    /// Whether the password that an owner logs in with takes the place of a stored one that the server refuses.
    pub owner_renews_password: bool,
}

impl UpstreamConfig {
    /// Where that protocol is spoken.
    pub fn endpoint(&self, protocol: Protocol) -> Option<&Endpoint> {
        match protocol {
            Protocol::Imap => self.imap.as_ref(),
            Protocol::Submission => self.submission.as_ref(),
            Protocol::Pop3 => self.pop3.as_ref(),
        }
    }
}

/// Connections to an upstream that are logged in and wait for the next login to their mailbox (X4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmConfig {
    /// How many for each mailbox; 0 is none.
    pub sessions: usize,
    /// How long each waits.
    pub wait: Duration,
}

/// `[limits]`: what an operator may bound differently.
#[derive(Clone, Debug)]
pub struct LimitsConfig {
    /// Connections at once, all listeners together.
    pub connections: usize,
    /// Connections at once from one address that have not logged in.
    pub connections_before_login_per_address: usize,
    /// The largest message that may be appended or sent, in bytes.
    pub message_bytes: u64,
    /// The most recipients of one message that is sent.
    pub recipients: usize,
    /// From the connection to the login.
    pub login_timeout: Duration,
    /// From the first byte of a command to its last; for a message, for each 64 KiB of it.
    pub command_timeout: Duration,
    /// Between commands, IDLE included. RFC 3501 §5.4: at least 30 minutes.
    pub idle_timeout: Duration,
    /// For the upstream to connect, greet and log in.
    pub upstream_timeout: Duration,
    /// For commands to finish when the gateway stops.
    pub shutdown_grace: Duration,
    /// Refused logins are answered at whole multiples of this (S5). An owner's password is refused by the upstream, which
    /// takes its time (Dovecot 2 seconds, Cyrus 3); an unknown mailbox is refused here, and must not be faster.
    pub refusal_delay: Duration,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// One JSON object a line, in place of text.
    pub json: bool,
    /// A `tracing` filter, such as `info` or `delega=debug`.
    pub filter: String,
    /// How long the access history is kept (S4).
    pub accesses_kept: Duration,
}
