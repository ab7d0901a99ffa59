//! The outbox empties into a relay (N5): what people are told arrives in its order, a relay that is away is left alone, and
//! nothing is lost where one breaks off.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use delega::accounts::{
    Accounts, Actor, DelegateName, Invitee, MailboxEntry, PermissionChange, Suspension, Token, Upstreams,
};
use delega::config::{Config, NotifyConfig, PanelConfig};
use delega::domain::{Language, MailRow, MailState, Owner, Permission, Permissions, Person, Profile, Protocols};
use delega::net::{Signals, shutdown::Reload};
use delega::notify::Notifier;
use delega::store::Sqlite;
use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);
const GRACE: Duration = Duration::from_millis(200);

/// How the relay feels.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Willing,
    /// 421 in place of a greeting.
    Closing,
    /// It greets, and says no more.
    Silent,
    /// It takes a message and breaks off before it says so.
    BreaksOff,
    /// It refuses a message for an address in it, and says which.
    Suspicious,
    /// Nobody whose address begins with `bruno` exists.
    KnowsNoBruno,
}

#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    /// Recipient and message, in order; also those that it broke off after.
    messages: Vec<(String, String)>,
}

#[derive(Clone)]
struct Relay {
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    seen: Arc<Mutex<Seen>>,
}

impl Relay {
    async fn start(mood: Mood) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay =
            Relay { address: listener.local_addr().unwrap(), mood: Arc::new(Mutex::new(mood)), seen: Arc::default() };
        let serving = relay.clone();
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                serving.seen().connections += 1;
                let serving = serving.clone();
                // Whoever goes away in the middle is none of this test's business.
                tokio::spawn(async move { drop(serving.serve(tcp).await) });
            }
        });
        relay
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    async fn serve(&self, tcp: TcpStream) -> std::io::Result<()> {
        let mood = *self.mood.lock().unwrap();
        let mut stream = BufReader::new(tcp);
        if mood == Mood::Closing {
            return stream.write_all(b"421 4.3.2 not now\r\n").await;
        }
        stream.write_all(b"220 relay\r\n").await?;
        let mut recipient = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if mood == Mood::Silent {
                stream.read_to_end(&mut Vec::new()).await?;
                return Ok(());
            }
            let (verb, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            let answer = match verb {
                "EHLO" => "250-relay\r\n250 8BITMIME\r\n",
                "MAIL" => "250 2.1.0 ok\r\n",
                "RCPT" => {
                    rest.trim_start_matches("TO:<").trim_end_matches('>').clone_into(&mut recipient);
                    match mood == Mood::KnowsNoBruno && recipient.starts_with("bruno") {
                        true => "550 5.1.1 no such person\r\n",
                        false => "250 2.1.5 ok\r\n",
                    }
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let mut message = String::new();
                    while !message.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut message).await?;
                    }
                    if mood == Mood::Suspicious {
                        let parsed = MessageParser::new().parse(message.as_bytes()).unwrap();
                        let text = parsed.body_text(0).unwrap();
                        let link = text.split_whitespace().find(|word| word.starts_with("https:")).unwrap();
                        let refusal = format!("554 5.7.1 spam: <{link}> is listed\r\n");
                        stream.write_all(refusal.as_bytes()).await?;
                        continue;
                    }
                    self.seen().messages.push((recipient.clone(), message));
                    if mood == Mood::BreaksOff {
                        return Ok(());
                    }
                    "250 2.0.0 queued\r\n"
                }
                "QUIT" => "221 2.0.0 bye\r\n",
                other => panic!("{other}"),
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

struct Office {
    accounts: Arc<Accounts>,
    relay: Relay,
    config: Config,
    _folder: tempfile::TempDir,
}

fn now_secs() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn name(username: &str) -> DelegateName {
    DelegateName { address: "ufficio@pec.example.it".parse().unwrap(), username: username.parse().unwrap() }
}

impl Office {
    async fn open(mood: Mood) -> Office {
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::start(mood).await;
        let text = format!(
            "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:0\"\ntls = \"none\"\n\
             [upstream.main]\nimap = \"imaps://localhost\"\n\
             [panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"https://delega.example.it\"\n\
             [notify]\nrelay = \"smtp+insecure://{}\"\nfrom = \"delega <noreply@example.it>\"\n",
            relay.address
        );
        let config = Config::parse(&text, Path::new("delega.toml")).unwrap();
        let store = Arc::new(Sqlite::open(&folder.path().join("delega.db")).unwrap());
        let upstreams = Upstreams::from([("main".to_owned(), None)]);
        let key_file = folder.path().join("delega.key");
        let accounts = Accounts::open(store, &key_file, Profile::Nested, upstreams).unwrap().with_mails(true);
        let owner = Owner {
            name: "Comune di Prova".into(),
            email: "comune@example.it".into(),
            language: Language::Italian,
            fiscal_code: None,
            phone: None,
        };
        let mailbox = MailboxEntry {
            address: "ufficio@pec.example.it".parse().unwrap(),
            upstream: "main".into(),
            upstream_user: None,
            password: Some("segreta".to_owned().into()),
            plan: "Premium".parse().unwrap(),
            packs: 30,
            multi_user: true,
            owner,
        };
        accounts.add_mailbox(mailbox, now_secs()).unwrap();
        Office { accounts: Arc::new(accounts), relay, config, _folder: folder }
    }

    fn invite(&self, username: &str) {
        let invitee = Invitee {
            name: name(username),
            person: Person {
                first_name: username.into(),
                last_name: "Verdi".into(),
                email: format!("{username}@example.it"),
                phone: None,
            },
            language: Some(Language::Italian),
            message: None,
            permissions: Permissions::READ,
            protocols: Protocols::default(),
        };
        self.accounts.invite(Actor::Operator, invitee, now_secs()).unwrap();
    }

    fn notifier(&self, grace: Duration) -> Notifier {
        let (notify, panel): (&NotifyConfig, &PanelConfig) =
            self.config.notify.as_ref().zip(self.config.panel.as_ref()).unwrap();
        Notifier::new(notify, panel, self.accounts.clone(), grace).unwrap()
    }

    fn start(&self) -> (CancellationToken, JoinHandle<()>) {
        let signals = signals();
        (signals.stop.clone(), tokio::spawn(self.notifier(GRACE).run(signals)))
    }

    /// The mails, oldest first, once they are as they should be.
    async fn wait(&self, what: &str, done: impl Fn(&[MailRow]) -> bool) -> Vec<MailRow> {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let mut mails = self.accounts.mails(None, 1000).unwrap().rows;
                mails.reverse();
                if done(&mails) {
                    return mails;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("not {what}: {:#?}", self.accounts.mails(None, 1000).unwrap().rows))
    }
}

fn signals() -> Signals {
    let (_, reload) = Reload::channel();
    Signals { stop: CancellationToken::new(), stop_at_once: CancellationToken::new(), reload }
}

fn all(state: MailState) -> impl Fn(&[MailRow]) -> bool {
    move |mails| mails.iter().all(|mail| mail.state == state)
}

fn message_id(message: &str) -> String {
    MessageParser::new().parse(message.as_bytes()).unwrap().message_id().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_the_link_in_the_mail_works() {
    let office = Office::open(Mood::Willing).await;
    office.invite("anna");
    let (stop, running) = office.start();
    let mails = office.wait("sent", all(MailState::Sent)).await;
    assert_eq!(mails[0].why.as_deref(), Some("250 2.0.0 queued"));
    let (recipient, message) = office.relay.seen().messages[0].clone();
    assert_eq!(recipient, "anna@example.it");
    let message = MessageParser::new().parse(message.as_bytes()).unwrap();
    assert_eq!(message.subject(), Some("Hai una richiesta di collaborazione per la casella PEC"));
    let text = message.body_text(0).unwrap();
    let token = text.split_once("https://delega.example.it/invitation/").unwrap().1;
    let token: Token = token.split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!(office.accounts.invitation(&token, now_secs()).unwrap().delegate.delegate.username.as_str(), "anna");
    assert!(
        message
            .body_html(0)
            .unwrap()
            .contains(&format!("href=\"https://delega.example.it/invitation/{}\"", token.expose()))
    );
    stop.cancel();
    running.await.unwrap();
}

/// Content filters quote what they refuse, and what they say is recorded and logged.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_link_is_not_recorded_where_the_relay_quotes_it() {
    let office = Office::open(Mood::Suspicious).await;
    office.invite("anna");
    let (stop, running) = office.start();
    let mails = office.wait("refused", all(MailState::Failed)).await;
    let why = mails[0].why.as_deref().unwrap();
    assert!(why.contains("spam: <https://delega.example.it/invitation/[…]> is listed"), "{why}");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn n5_mails_to_one_person_arrive_in_their_order() {
    let office = Office::open(Mood::Willing).await;
    office.invite("anna");
    let operator = Actor::Operator;
    for n in 0..6 {
        office.accounts.reject(operator, &name("anna"), now_secs()).unwrap();
        office.accounts.reinvite(operator, &name("anna"), None, now_secs()).unwrap();
        office.invite(&format!("altro-{n}"));
    }
    let (stop, running) = office.start();
    let mails = office.wait("sent", all(MailState::Sent)).await;
    let caused: Vec<String> = mails
        .iter()
        .filter(|mail| mail.recipient == "anna@example.it")
        .map(|mail| format!("delega.{}.{}@example.it", mail.id.0, mail.created_at_ms))
        .collect();
    assert_eq!(caused.len(), 13);
    let seen = office.relay.seen().messages.clone();
    let arrived: Vec<String> =
        seen.iter().filter(|(to, _)| to == "anna@example.it").map(|(_, message)| message_id(message)).collect();
    assert_eq!(arrived, caused);
    assert_eq!(seen.len(), mails.len());
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn n5_a_relay_that_is_away_is_not_asked_for_each_mail() {
    let office = Office::open(Mood::Closing).await;
    for n in 0..20 {
        office.invite(&format!("a{n}"));
    }
    let (stop, running) = office.start();
    office.wait("tried", |mails| mails.iter().any(|mail| mail.why.is_some())).await;
    // Longer than the pause after which the outbox is looked at
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let connections = office.relay.seen().connections;
    assert!((1..=4).contains(&connections), "{connections} connections");
    stop.cancel();
    running.await.unwrap();
    let mails = office.accounts.mails(None, 100).unwrap().rows;
    assert!(mails.iter().all(|mail| mail.state == MailState::Waiting));
    let why = mails.iter().find_map(|mail| mail.why.clone()).unwrap();
    assert!(why.contains("the relay 127.0.0.1 port") && why.contains("421 4.3.2 not now"), "{why}");
    // Once it is back, and the server started anew, nothing is left behind.
    office.relay.set(Mood::Willing);
    let (stop, running) = office.start();
    office.wait("sent", all(MailState::Sent)).await;
    assert_eq!(office.relay.seen().messages.len(), 20);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn n5_who_does_not_exist_holds_up_nobody() {
    let office = Office::open(Mood::KnowsNoBruno).await;
    office.invite("bruno");
    office.invite("anna");
    let (stop, running) = office.start();
    let mails = office.wait("done", |mails| mails.iter().all(|mail| mail.state != MailState::Waiting)).await;
    assert_eq!((mails[0].state, mails[1].state), (MailState::Failed, MailState::Sent));
    let why = mails[0].why.as_deref().unwrap();
    assert_eq!(why, "RCPT TO:<bruno@example.it> was answered `550 5.1.1 no such person`");
    // The operator has mended it.
    office.relay.set(Mood::Willing);
    let now_ms = now_secs() * 1000;
    assert_eq!(office.accounts.retry_mails(&[], now_ms).unwrap(), 1);
    office.wait("sent", all(MailState::Sent)).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn n5_what_nobody_answered_for_is_sent_again_under_one_message_id() {
    let office = Office::open(Mood::BreaksOff).await;
    office.invite("anna");
    let (stop, running) = office.start();
    office.wait("tried", |mails| mails[0].why.is_some()).await;
    stop.cancel();
    running.await.unwrap();
    office.relay.set(Mood::Willing);
    let (stop, running) = office.start();
    office.wait("sent", all(MailState::Sent)).await;
    stop.cancel();
    running.await.unwrap();
    let seen = office.relay.seen().messages.clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(message_id(&seen[0].1), message_id(&seen[1].1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_silent_keeps_nobody_from_stopping() {
    let office = Office::open(Mood::Silent).await;
    office.invite("anna");
    let (stop, running) = office.start();
    let begun = office.wait("begun", |mails| mails[0].attempts == 1);
    begun.await;
    stop.cancel();
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    let mail = office.accounts.mails(None, 1).unwrap().rows.remove(0);
    assert_eq!((mail.state, mail.why.as_deref()), (MailState::Waiting, Some("delega was stopped")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_to_stop_at_once_waits_for_no_relay() {
    let office = Office::open(Mood::Silent).await;
    office.invite("anna");
    let signals = signals();
    let running = tokio::spawn(office.notifier(2 * PATIENCE).run(signals.clone()));
    office.wait("begun", |mails| mails[0].attempts == 1).await;
    signals.stop.cancel();
    signals.stop_at_once.cancel();
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    let mail = office.accounts.mails(None, 1).unwrap().rows.remove(0);
    assert_eq!((mail.state, mail.why.as_deref()), (MailState::Waiting, Some("delega was stopped")));
}

#[tokio::test(flavor = "multi_thread")]
async fn n4_everything_that_happens_to_a_delegate_is_told_them() {
    let office = Office::open(Mood::Willing).await;
    let (accounts, operator) = (&office.accounts, Actor::Operator);
    office.invite("anna");
    let (stop, running) = office.start();
    office.wait("sent", all(MailState::Sent)).await;
    let link = |office: &Office, path: &str| -> Token {
        let seen = office.relay.seen();
        let message = MessageParser::new().parse(seen.messages.last().unwrap().1.as_bytes()).unwrap();
        let text = message.body_text(0).unwrap();
        let rest = text.split_once(path).unwrap().1;
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    let password = |text: &str| text.to_owned().into();
    let token = link(&office, "/invitation/");
    accounts.accept_invitation(&token, &password("una frase che non si indovina"), now_secs()).unwrap();
    office.wait("sent", |mails| mails.len() == 3 && all(MailState::Sent)(mails)).await;
    let change = PermissionChange { grant: vec![Permission::Send], ..PermissionChange::default() };
    accounts.change_permissions(operator, &name("anna"), change, now_secs()).unwrap();
    accounts.suspend(operator, &name("anna"), Suspension::Suspend, now_secs()).unwrap();
    accounts.suspend(operator, &name("anna"), Suspension::Resume, now_secs()).unwrap();
    accounts.reset_password(operator, &name("anna"), now_secs()).unwrap();
    office.wait("sent", |mails| mails.len() == 7 && all(MailState::Sent)(mails)).await;
    let token = link(&office, "/password/");
    accounts.set_password(&token, &password("un'altra frase da non indovinare"), now_secs()).unwrap();
    accounts.deactivate(operator, &name("anna"), now_secs()).unwrap();
    let mails = office.wait("sent", |mails| mails.len() == 9 && all(MailState::Sent)(mails)).await;
    let told = |recipient: &str| -> Vec<&str> {
        mails.iter().filter(|mail| mail.recipient == recipient).map(|mail| mail.notice.kind()).collect()
    };
    assert_eq!(
        told("anna@example.it"),
        [
            "invitation",
            "activated",
            "permissions-changed",
            "suspended",
            "resumed",
            "password-taken",
            "password-changed",
            "revoked"
        ]
    );
    assert_eq!(told("comune@example.it"), ["accepted"]);
    stop.cancel();
    running.await.unwrap();
}
