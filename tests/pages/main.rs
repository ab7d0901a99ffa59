//! The public pages before real accounts in a temporary folder: as a service for most of it, and over sockets for what is
//! a connection's.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use delega::accounts::{
    Accounts, Actor, AppPasswordEntry, Credentials, DelegateEntry, DelegateName, DelegateView, Invitee, Knock, MailEnd,
    MailboxEntry, PostmasterEntry, Upstreams, Verdict,
};
use delega::config::{PanelConfig, PanelTls};
use delega::domain::{
    Door, Language, ListenerKind, Notice, Owner, Permissions, Person, Profile, Protocol, Protocols, Scope,
};
use delega::store::Sqlite;
use delega::web::{Asked, Errands, Gatehouse, Letters, MailServers, Site, Written, router};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use records::AtWork;

mod account;
mod api;
#[path = "../support/certs.rs"]
mod certs;
mod connections;
mod delegates;
mod emails;
mod hostile;
mod invitations;
mod languages;
mod mailboxes;
mod matrix;
mod panel;
mod passwords;
mod postmasters;
mod records;
mod routes;
mod sessions;
mod setup;

const KNOCK: Knock = Knock { from: IpAddr::V4(Ipv4Addr::LOCALHOST), at_ms: 1_800_000_000_000 };
const MAILBOX: &str = "ufficio@pec.example.it";
const PASSWORD: &str = "graffetta batteria cavallo";
const OWNERS_PASSWORD: &str = "casella-di-prova";
/// That of delegates who are added.
const ADDED_PASSWORD: &str = "una password di prima";
const DAY: i64 = 24 * 60 * 60;
/// The codice fiscale of the mailbox's owner.
const OWNERS_CODE: &str = "RSSMRA85T10A562S";

/// Accounts with one mailbox, and the pages before them.
struct Office {
    accounts: Arc<Accounts>,
    router: Router,
    /// What the pages leave to be done, until somebody does it.
    errands: Errands,
    at_work: Arc<AtWork>,
    folder: TempDir,
}

/// A mail server that knows the mailbox's password.
struct MailServer;

impl MailServers for MailServer {
    fn lets_in(&self, _: String, credentials: Credentials) -> Asked {
        let right = credentials.authcid == MAILBOX && credentials.password.expose_secret() == OWNERS_PASSWORD;
        Box::pin(async move { Some(right) })
    }
}

/// The writer of mails, as the program has it.
struct Writer(PanelConfig);

impl Letters for Writer {
    fn write(&self, notice: &Notice, language: Language) -> Option<Written> {
        let (subject, text) = delega::notify::preview::draft(notice, language, &self.0)?;
        Some(Written { language, subject, text })
    }
}

/// A gateway in which so many may run argon2 at once.
fn gatehouse(turns: usize, at_work: Arc<AtWork>) -> Gatehouse {
    Gatehouse {
        hashing: Arc::new(Semaphore::new(turns)),
        mail_servers: Arc::new(MailServer),
        refusal_delay: Duration::ZERO,
        open_sessions: at_work,
    }
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Office {
    fn open() -> Office {
        Office::of("Carla Bianchi", &panel())
    }

    /// With an owner of that name.
    fn of(owner: &str, panel: &PanelConfig) -> Office {
        Office::with(owner, panel, 2)
    }

    /// Where so many may run argon2 at once.
    fn with(owner: &str, panel: &PanelConfig, turns: usize) -> Office {
        listen_to_the_log();
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("delega.db")).unwrap();
        let upstreams = Upstreams::from([("provider".to_owned(), None)]);
        let accounts =
            Accounts::open(Arc::new(store), &folder.path().join("delega.key"), Profile::Nested, upstreams).unwrap();
        let accounts = Arc::new(accounts.with_mails(true));
        accounts.add_mailbox(mailbox(MAILBOX, owner), now()).unwrap();
        let at_work = Arc::new(AtWork::default());
        let (site, errands) = Site::new(panel, accounts.clone(), gatehouse(turns, at_work.clone()));
        let site = site.with_letters(Arc::new(Writer(panel.clone())));
        Office { accounts, router: router(site), errands, at_work, folder }
    }

    /// Invites somebody; the token of their link.
    fn invite(&self, username: &str) -> String {
        self.invite_at(username, None, now())
    }

    fn invite_at(&self, username: &str, language: Option<Language>, at: i64) -> String {
        let invitee = Invitee {
            name: name(username),
            person: person(username),
            language,
            message: None,
            permissions: Permissions::parse("client", Profile::Nested).unwrap(),
            protocols: Protocols::default(),
        };
        self.accounts.invite(Actor::Operator, invitee, at).unwrap();
        self.token(at)
    }

    /// The token of the mail with a link that is due; others before it go out, too.
    fn token(&self, at: i64) -> String {
        links(&self.accounts, at).pop().expect("a mail with a link is due").1
    }

    /// Another mailbox, and a delegate with **settings** who can log in there: their login.
    fn elsewhere(&self, address: &str, username: &str) -> String {
        self.accounts.add_mailbox(mailbox(address, "Comune di Altrove"), now()).unwrap();
        let name = DelegateName { address: address.parse().unwrap(), ..name(username) };
        self.accounts.add_delegate(entry(name, "send,settings"), now()).unwrap();
        format!("{username}/{address}")
    }

    /// Somebody who can log in already.
    fn add(&self, username: &str) {
        self.add_with(username, "read");
    }

    /// The same, with these permissions.
    fn add_with(&self, username: &str, permissions: &str) {
        self.accounts.add_delegate(entry(name(username), permissions), now()).unwrap();
    }

    /// Takes somebody's password away; the token of their link for a new one.
    fn reset(&self, username: &str) -> String {
        self.accounts.reset_password(Actor::Operator, &name(username), now()).unwrap();
        self.token(now())
    }

    fn delegate(&self, username: &str) -> DelegateView {
        self.accounts.show_delegate(Actor::Operator, &name(username), now()).unwrap()
    }

    /// Whether somebody is let in.
    fn lets_in(&self, username: &str, password: &str) -> bool {
        let door = Door { protocol: Protocol::Imap, kind: ListenerKind::Webmail };
        let login = format!("{username}/{MAILBOX}");
        matches!(
            self.accounts.authenticate(&login, &password.to_owned().into(), door, KNOCK).unwrap(),
            Verdict::Admitted(_)
        )
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields)).await
    }

    /// Answers an invitation with a password, typed twice.
    async fn accept(&self, token: &str, password: &str) -> Answer {
        self.post("/invitation/accept", &[("token", token), ("password", password), ("repeat", password)]).await
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends all mails that are due: to whom those with a link went, and its token.
fn links(accounts: &Accounts, at: i64) -> Vec<(String, String)> {
    let mut links = Vec::new();
    while let Some(due) = accounts.begin_mail(at * 1000).unwrap() {
        accounts.end_mail(due.row.id, MailEnd::Sent("250".to_owned()), at * 1000).unwrap();
        links.extend(due.token.map(|token| (due.row.recipient, token.expose().to_owned())));
    }
    links
}

fn panel() -> PanelConfig {
    PanelConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        public_url: "https://delega.example.it".to_owned(),
        tls: PanelTls::None,
        proxy_protocol: false,
        webmail_url: Some("https://mail.example.it/webmail/?a=1&b=2".to_owned()),
        webmail_sign_on: true,
        servers: Vec::new(),
    }
}

fn mailbox(address: &str, owner: &str) -> MailboxEntry {
    MailboxEntry {
        address: address.parse().unwrap(),
        upstream: "provider".to_owned(),
        upstream_user: None,
        password: Some(OWNERS_PASSWORD.to_owned().into()),
        plan: "Premium".parse().unwrap(),
        packs: 0,
        multi_user: true,
        owner: Owner {
            name: owner.to_owned(),
            email: "carla@example.it".to_owned(),
            language: Language::Italian,
            fiscal_code: Some(OWNERS_CODE.parse().unwrap()),
            phone: None,
        },
    }
}

fn entry(name: DelegateName, permissions: &str) -> DelegateEntry {
    DelegateEntry {
        person: person(name.username.as_str()),
        name,
        language: None,
        permissions: Permissions::parse(permissions, Profile::Nested).unwrap(),
        protocols: Protocols::default(),
        password: ADDED_PASSWORD.to_owned().into(),
    }
}

fn name(username: &str) -> DelegateName {
    DelegateName { address: MAILBOX.parse().unwrap(), username: username.parse().unwrap() }
}

fn person(username: &str) -> Person {
    Person {
        first_name: "Anna".to_owned(),
        last_name: "Verdi".to_owned(),
        email: format!("{username}@example.it"),
        phone: None,
    }
}

/// A form as a browser sends it.
fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, value) in fields {
        let separator = if body.is_empty() { "" } else { "&" };
        let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        write!(body, "{separator}{name}={value}").unwrap();
    }
    Request::post(path).header("content-type", "application/x-www-form-urlencoded").body(body.into()).unwrap()
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps everything that is logged by any test, however little it matters.
fn listen_to_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        struct Log;
        impl std::io::Write for Log {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                LOG.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| Log).init();
    });
}

fn log() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}
