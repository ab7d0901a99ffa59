//! Sends, accesses, who is at work and one's own sessions in Chromium, with no script running, before real mail programs
//! (O2, S4, X16).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::browser::Browser;
use super::delega::password;
use super::imap::Client;
use super::office::{ADDRESS, Office, PASSWORD};
use super::pages::{look, now, shows};
use ::delega::accounts::{AccountRef, Accounts, Actor, SendingEntry, Upstreams};
use ::delega::domain::{Door, ListenerKind, Profile, Protocol, SendOutcome, Sending};
use ::delega::store::Sqlite;

/// Within this a session that somebody ends must have ended.
const BOUND: Duration = Duration::from_secs(1);
const EVIL: &str = "=1+1 <b>Offerta</b> \u{202e}per il Comune, con una parola lunghissima: \
                    Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

struct Words {
    language: &'static str,
    now: &'static str,
    ending: &'static str,
    ended: &'static str,
    nobody: &'static str,
    sends: &'static str,
    one: &'static str,
    none_fit: &'static str,
    wrong_day: &'static str,
    accesses: &'static str,
    own_accesses: &'static str,
    sessions: &'static str,
    login: &'static str,
}

const ITALIAN: Words = Words {
    language: "it",
    now: "Adesso",
    ending: "Vuoi chiudere questa sessione?",
    ended: "La sessione è stata chiusa.",
    nobody: "nessuno ha aperta la casella",
    sends: "Messaggi inviati",
    one: "Messaggio inviato",
    none_fit: "Nessuna riga corrisponde",
    wrong_day: "La data non è valida",
    accesses: "Accessi",
    own_accesses: "I miei accessi",
    sessions: "Le mie sessioni",
    login: "Accedi",
};

const ENGLISH: Words = Words {
    language: "en",
    now: "Now",
    ending: "Do you want to end this session?",
    ended: "The session was ended.",
    nobody: "nobody has the mailbox open",
    sends: "Sent messages",
    one: "Sent message",
    none_fit: "No row fits",
    wrong_day: "The date is not valid",
    accesses: "Accesses",
    own_accesses: "My accesses",
    sessions: "My sessions",
    login: "Log in",
};

/// An office whose delega has its pages.
struct House {
    office: Office,
    port: u16,
}

impl House {
    fn open() -> House {
        let office = Office::with(&[("anna", "read,write,send,client"), ("bruno", "read,settings")], |options| {
            options.upstream =
                "\n[panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"http://localhost\"\n".to_owned();
        });
        let listens = office.delega.wait_logged("the panel listens", 1).remove(0);
        let port = listens["address"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        let house = House { office, port };
        house.records();
        house
    }

    /// Some messages that were sent, and some that were not.
    fn records(&self) {
        let folder = self.office.delega.folder();
        let store = Sqlite::open(&folder.join("delega.db")).unwrap();
        let upstreams = Upstreams::from([("main".to_owned(), None)]);
        let accounts =
            Accounts::open(Arc::new(store), &folder.join("delega.key"), Profile::ClientApart, upstreams).unwrap();
        let address = ADDRESS.parse().unwrap();
        let mailbox = accounts.show_mailbox(Actor::Operator, &address, now()).unwrap().mailbox.id;
        let anna = accounts.delegates(Actor::Operator, &address, now()).unwrap().remove(0).delegate;
        for (n, subject) in [EVIL, "Verbale di gara", "Richiesta di accesso agli atti"].into_iter().enumerate() {
            let to = ["comune@pec.example.org", "regione@pec.example.org"];
            let entry = SendingEntry {
                account: AccountRef::Delegate(mailbox, anna.id, anna.password),
                login: format!("anna/{ADDRESS}").parse().unwrap(),
                peer: "[2001:db8:1:2:3:4:5:6]:40123".parse().unwrap(),
                door: Door { protocol: Protocol::Submission, kind: ListenerKind::Client },
                addresses: vec![address.clone()],
                sending: Sending {
                    reverse_path: ADDRESS.to_owned(),
                    forward_paths: to[..1 + n % 2].iter().map(|to| (*to).to_owned()).collect(),
                    message_id: Some("<20261204.1@pec.example.it>".to_owned()),
                    subject: Some(subject.to_owned()),
                    bytes: 1_234_567,
                },
            };
            let id = accounts.record_sending(entry, None, now() * 1000).unwrap();
            let outcome = match n {
                0 => SendOutcome::Accepted("250 2.0.0 Ok: queued as 4F2A".to_owned()),
                1 => SendOutcome::Refused("550 5.1.1 no such user".to_owned()),
                _ => continue,
            };
            accounts.record_outcome(id, outcome, None, now() * 1000).unwrap();
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    fn logs_in(&self, browser: &Browser, words: &Words, login: &str, password: &str) {
        browser.open(&self.url(&format!("/login?lang={}&next=/account/sessions", words.language)));
        shows(browser, words.login);
        browser.types("#login", login);
        browser.types("#password", password);
        browser.clicks("main form button");
        shows(browser, words.sessions);
    }
}

fn of_mailbox(page: &str) -> String {
    format!("/mailboxes/ufficio%40pec.example.it/{page}")
}

/// Ends the first session of the list, whose client is this one.
fn ends_the_first(browser: &Browser, words: &Words, mut client: Client, picture: &dyn Fn(&str)) {
    browser.clicks("a.end");
    shows(browser, words.ending);
    picture("ending");
    let since = Instant::now();
    browser.clicks("button.grave");
    let said = client.rest();
    assert!(said.contains("* BYE Your session was ended") && said.ends_with("\r\n"), "{said:?}");
    assert!(since.elapsed() < BOUND, "{:?}", since.elapsed());
    shows(browser, words.now);
    let note = format!("document.querySelector('[role=status]')?.innerText === {}", json!(words.ended));
    browser.waits("it is said", &note);
    browser.reloads();
    shows(browser, words.now);
}

fn goes_through(house: &House, browser: &Browser, words: &Words, width: u32) {
    let picture = |page: &str| look(browser, &format!("records-{page}-{}-{width}", words.language));
    house.logs_in(browser, words, ADDRESS, PASSWORD);
    picture("sessions");

    browser.open(&house.url(&of_mailbox("now")));
    shows(browser, words.now);
    assert!(browser.text().contains(words.nobody), "{}", browser.text());
    picture("now-nobody");
    let mut working = house.office.enter_inbox("anna");
    let mut idling = house.office.enter_inbox("anna");
    idling.idle();
    browser.reloads();
    picture("now");
    ends_the_first(browser, words, idling, &picture);
    working.cmd("NOOP").ok();
    ends_the_first(browser, words, working, &|_| ());
    assert!(browser.text().contains(words.nobody), "{}", browser.text());
    // They may come again.
    house.office.enter_inbox("anna").cmd("LOGOUT").ok();

    browser.open(&house.url(&of_mailbox("sends")));
    shows(browser, words.sends);
    assert!(browser.text().contains("<b>Offerta</b>"), "{}", browser.text());
    picture("sends");
    browser.clicks(".filters summary");
    browser.types("#subject", "VERBALE");
    browser.clicks(".filters button");
    shows(browser, words.sends);
    browser.waits("one is found", "document.querySelectorAll('tbody tr').length === 1");
    picture("sends-found");
    browser.clicks("tbody a");
    shows(browser, words.one);
    assert!(browser.text().contains("550 5.1.1 no such user"), "{}", browser.text());
    picture("send");
    browser.open(&house.url(&of_mailbox("sends?subject=nulla")));
    assert!(browser.text().contains(words.none_fit), "{}", browser.text());
    picture("sends-none");
    browser.open(&house.url(&of_mailbox("sends?from=ieri")));
    assert!(browser.text().contains(words.wrong_day), "{}", browser.text());
    picture("sends-wrong");

    browser.open(&house.url(&of_mailbox("accesses")));
    shows(browser, words.accesses);
    picture("accesses");
    browser.open(&house.url("/account/accesses"));
    shows(browser, words.own_accesses);
    picture("own-accesses");
    browser.forget();
}

#[test]
fn o2_s4_x16_the_records_in_both_languages_on_a_phone_and_at_a_desk() {
    let house = House::open();
    let browser = Browser::start();
    browser.runs_no_scripts();
    for words in [&ITALIAN, &ENGLISH] {
        house.office.delega.cli(&["mailbox", "set", ADDRESS, "--owner-language", words.language], "");
        for width in [390, 1280] {
            browser.is_wide(width);
            goes_through(&house, &browser, words, width);
        }
    }
}

#[test]
fn s1_somebody_ends_their_own_mail_programs_session() {
    let house = House::open();
    let browser = Browser::speaking("it");
    browser.runs_no_scripts();
    let mut client = house.office.enter_inbox("anna");
    client.idle();
    house.logs_in(&browser, &ITALIAN, &format!("anna/{ADDRESS}"), &password("anna"));
    look(&browser, "records-sessions-of-anna");
    let since = Instant::now();
    browser.clicks("form[action='/account/sessions/mail'] button");
    assert!(client.rest().contains("* BYE Your session was ended"));
    assert!(since.elapsed() < BOUND, "{:?}", since.elapsed());
    shows(&browser, ITALIAN.sessions);
    house.office.enter_inbox("anna");
}
