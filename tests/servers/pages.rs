//! The public pages in Chromium: in both languages, on a phone and at a desk, light and dark, by the keyboard alone, and
//! with no script running (D2, D6, D7).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use delega::accounts::{Accounts, Actor, DelegateName, Invitee, MailEnd, MailboxEntry, PostmasterEntry, Upstreams};
use delega::domain::{DelegateState, Language, Owner, Permissions, Person, Profile, Protocols};
use delega::store::Sqlite;
use serde_json::json;

use super::browser::Browser;
use super::delega::{Delega, Options};
use super::imap::Client;
use super::office::{ADDRESS, PASSWORD};
use super::support::dovecot::Dovecot;

const ACCESSIBLE: &str = include_str!("pages/accessible.js");
/// What axe-core finds that is serious or critical.
const AUDIT: &str = "return axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => ['serious', 'critical'].includes(impact))
  .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`));";
const CHOSEN: &str = "graffetta batteria cavallo";

/// The keys of WebDriver that have no character.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// A mailbox, a delega with its pages, and the accounts as the command line has them.
struct House {
    delega: Delega,
    accounts: Accounts,
    port: u16,
    _dovecot: Dovecot,
}

impl House {
    fn open() -> House {
        let dovecot = Dovecot::start();
        dovecot.add_mailbox(ADDRESS, PASSWORD);
        let panel = "\n[panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"http://localhost\"\n\
                     webmail_url = \"https://mail.example.it/\"\n";
        let delega = Options { upstream: panel.to_owned(), ..Options::before(&dovecot) }.start();
        let listens = delega.wait_logged("the panel listens", 1).remove(0);
        let port = listens["address"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        let store = Sqlite::open(&delega.folder().join("delega.db")).unwrap();
        let upstreams = Upstreams::from([("main".to_owned(), None)]);
        let key_file = delega.folder().join("delega.key");
        let accounts = Accounts::open(Arc::new(store), &key_file, Profile::ClientApart, upstreams).unwrap();
        let accounts = accounts.with_mails(true);
        let mailbox = MailboxEntry {
            address: ADDRESS.parse().unwrap(),
            upstream: "main".to_owned(),
            upstream_user: None,
            password: Some(PASSWORD.to_owned().into()),
            plan: "Premium".parse().unwrap(),
            packs: 30,
            multi_user: true,
            owner: Owner {
                name: "Studio Bianchi & figli".to_owned(),
                email: "carla@example.it".to_owned(),
                language: Language::Italian,
                fiscal_code: Some("RSSMRA85T10A562S".parse().unwrap()),
                phone: None,
            },
        };
        accounts.add_mailbox(mailbox, now()).unwrap();
        House { delega, accounts, port, _dovecot: dovecot }
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Invites somebody, and opens the page in the browser.
    fn invites(&self, browser: &Browser, username: &str, language: Language) {
        let invitee = Invitee {
            name: name(username),
            person: Person {
                first_name: "Anna".to_owned(),
                last_name: "Verdi".to_owned(),
                email: format!("{username}@example.it"),
                phone: None,
            },
            language: Some(language),
            message: None,
            permissions: Permissions::parse("client", Profile::Nested).unwrap(),
            protocols: Protocols::default(),
        };
        self.accounts.invite(Actor::Operator, invitee, now()).unwrap();
        browser.open(&self.url(&format!("/invitation/{}", self.token())));
    }

    /// The token of the mail with a link that is due.
    fn token(&self) -> String {
        let mut last = None;
        while let Some(due) = self.accounts.begin_mail(now() * 1000).unwrap() {
            self.accounts.end_mail(due.row.id, MailEnd::Sent("250".to_owned()), now() * 1000).unwrap();
            last = due.token.or(last);
        }
        last.expect("a mail with a link is due").expose().to_owned()
    }

    fn state(&self, username: &str) -> DelegateState {
        self.accounts.show_delegate(Actor::Operator, &name(username), now()).unwrap().delegate.state
    }

    /// Whether somebody is let in by IMAP.
    fn lets_in(&self, username: &str, password: &str) {
        let mut client = Client::connect(&self.delega);
        client.login(&format!("{username}/{ADDRESS}"), password).ok();
    }
}

fn name(username: &str) -> DelegateName {
    DelegateName { address: ADDRESS.parse().unwrap(), username: username.parse().unwrap() }
}

pub fn now() -> i64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// What scripts can find of WCAG's faults, light and dark: ours, and of axe-core's findings the grave ones; and pictures, if
/// somebody wants to look.
#[track_caller]
pub fn look(browser: &Browser, picture: &str) {
    for scheme in ["dark", "light"] {
        browser.prefers(scheme);
        assert_eq!(browser.script(ACCESSIBLE), json!([]), "{picture}, {scheme}");
        assert_eq!(browser.audit(&axe(), AUDIT), json!([]), "{picture}, {scheme}");
        if let Some(folder) = std::env::var_os("DELEGA_TEST_PICTURES") {
            browser.picture_of_all(&Path::new(&folder).join(format!("{picture}-{scheme}.png")));
        }
    }
}

/// axe-core, as `.ci/packages test` brings it.
fn axe() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe/axe_playwright_python/axe.min.js");
    assert!(script.exists(), "{} is not there: .ci/packages test", script.display());
    script
}

/// The id of what has the focus, or else what it says.
fn focus(browser: &Browser) -> String {
    let script = "const on = document.activeElement; return on.id || on.textContent.trim();";
    browser.script(script).as_str().unwrap().to_owned()
}

/// Waits for the page with this heading.
#[track_caller]
pub fn shows(browser: &Browser, heading: &str) {
    let expression = format!("document.querySelector('h1')?.innerText === {}", json!(heading));
    browser.waits(heading, &expression);
}

/// What people read on the way, in one language.
struct Words {
    language: Language,
    home: &'static str,
    invitation: &'static str,
    weak: &'static str,
    unlike: &'static str,
    accepted: &'static str,
    gone: &'static str,
    refusing: &'static str,
    refused: &'static str,
    forgotten: &'static str,
    asked: &'static str,
    new_password: &'static str,
    set: &'static str,
    email: &'static str,
    email_changed: &'static str,
    not_found: &'static str,
}

const ITALIAN: Words = Words {
    language: Language::Italian,
    home: "Accesso multiutente alla casella PEC",
    invitation: "Invito a lavorare in una casella PEC",
    weak: "La password è facile da indovinare: usa altre parole, o aggiungine una.",
    unlike: "Le due password non sono uguali: scrivi la stessa due volte.",
    accepted: "Il tuo account è attivo",
    gone: "Il link non è più valido",
    refusing: "Vuoi rifiutare l’invito?",
    refused: "Hai rifiutato l’invito",
    forgotten: "Password dimenticata",
    asked: "Controlla la tua posta",
    new_password: "Scegli una nuova password",
    set: "La nuova password è impostata",
    email: "Conferma il tuo indirizzo e‑mail",
    email_changed: "Il tuo indirizzo e‑mail è cambiato",
    not_found: "Pagina non trovata",
};

const ENGLISH: Words = Words {
    language: Language::English,
    home: "Several people in one certified mailbox",
    invitation: "Invitation to work in a certified mailbox",
    weak: "The password is easy to guess: use other words, or add one.",
    unlike: "The two passwords differ: type the same one twice.",
    accepted: "Your account is active",
    gone: "The link is no longer valid",
    refusing: "Do you want to refuse the invitation?",
    refused: "You have refused the invitation",
    forgotten: "Forgotten password",
    asked: "Look at your mail",
    new_password: "Choose a new password",
    set: "The new password is set",
    email: "Confirm your e‑mail address",
    email_changed: "Your e‑mail address has changed",
    not_found: "Page not found",
};

/// Every page once, with the mouse.
fn goes_through(house: &House, browser: &Browser, words: &Words, width: u32) {
    let language = words.language.name();
    let look = |page: &str| look(browser, &format!("{page}-{language}-{width}"));
    let (username, other) = (format!("anna-{language}-{width}"), format!("bruno-{language}-{width}"));
    let chooses = |password: &str, repeat: &str| {
        browser.types("#password", password);
        browser.types("#repeat", repeat);
        browser.clicks("form button");
    };

    house.invites(browser, &username, words.language);
    shows(browser, words.invitation);
    look("invitation");
    chooses("password123", "password123");
    browser.waits(
        "it is too weak",
        &format!("document.querySelector('#password-fault')?.innerText === {}", json!(words.weak)),
    );
    browser.waits("the focus is there", "document.activeElement.id === 'password'");
    assert_eq!(browser.script("return document.querySelector('#password').value;"), json!(""));
    look("weak");
    chooses(CHOSEN, "graffetta batteria cavalla");
    browser.waits(
        "they differ",
        &format!("document.querySelector('#repeat-fault')?.innerText === {}", json!(words.unlike)),
    );
    browser.waits("the focus is there", "document.activeElement.id === 'repeat'");
    look("unlike");
    chooses(CHOSEN, CHOSEN);
    shows(browser, words.accepted);
    look("accepted");
    assert!(browser.text().contains(&format!("{username}/{ADDRESS}")), "{}", browser.text());
    house.lets_in(&username, CHOSEN);
    browser.reloads();
    shows(browser, words.gone);
    look("gone");
    house.lets_in(&username, CHOSEN);

    house.invites(browser, &other, words.language);
    browser.clicks("button.second");
    shows(browser, words.refusing);
    assert_eq!(house.state(&other), DelegateState::Pending);
    look("refusing");
    browser.clicks("button.grave");
    shows(browser, words.refused);
    look("refused");
    assert_eq!(house.state(&other), DelegateState::Rejected);

    house.accounts.reset_password(Actor::Operator, &name(&username), now()).unwrap();
    browser.open(&house.url(&format!("/password/{}", house.token())));
    shows(browser, words.new_password);
    look("new-password");
    let another = "lampadina zeppelin 9 gru";
    chooses(another, another);
    shows(browser, words.set);
    look("set");
    house.lets_in(&username, another);

    let posta = PostmasterEntry {
        domain: "pec.example.it".parse().unwrap(),
        email: format!("posta-{language}-{width}@example.it"),
        name: "Ufficio posta".to_owned(),
        phone: None,
        language: words.language,
    };
    let posta = house.accounts.add_postmaster(posta, now()).unwrap();
    browser.open(&house.url(&format!("/password/{}", house.token())));
    shows(browser, words.new_password);
    chooses(another, another);
    shows(browser, words.set);
    look("postmaster-set");
    let new = format!("un.nome.un.po.piu.lungo.degli.altri-{language}-{width}@posta.del.dominio.example.it");
    house.accounts.ask_email(posta.account(), &new, now()).unwrap();
    browser.open(&house.url(&format!("/email/{}", house.token())));
    shows(browser, words.email);
    look("email");
    browser.clicks("form button");
    shows(browser, words.email_changed);
    look("email-changed");
    assert_eq!(house.accounts.profile(posta.account(), now()).unwrap().email, new);
    browser.open(&house.url(&format!("/postmaster/forgotten?lang={language}")));
    shows(browser, words.forgotten);
    look("postmaster-forgotten");
    browser.types("#domain", "pec.example.it");
    browser.types("#login", &new);
    browser.clicks("form button");
    shows(browser, words.asked);
    look("postmaster-asked");

    browser.open(&house.url(&format!("/?lang={language}")));
    shows(browser, words.home);
    look("home");
    browser.clicks("main a[href^='/password/forgotten']");
    shows(browser, words.forgotten);
    look("forgotten");
    browser.types("#login", &format!("{username}/{ADDRESS}"));
    browser.types("#fiscal_code", "RSSMRA85T10A562S");
    browser.clicks("button");
    shows(browser, words.asked);
    look("asked");
    browser.open(&house.url(&format!("/elsewhere?lang={language}")));
    shows(browser, words.not_found);
    look("not-found");
}

/// It would tell.
#[test]
fn axe_core_sees_a_picture_that_says_nothing() {
    let browser = Browser::start();
    browser.runs_no_scripts();
    browser.open("data:text/html,<!DOCTYPE html><html lang=it><title>a</title><main><h1>a</h1><img src=b></main>");
    let found = browser.audit(&axe(), AUDIT);
    let found: Vec<_> = found.as_array().unwrap().iter().filter_map(|found| found.as_str()).collect();
    assert!(matches!(found[..], [one] if one.starts_with("image-alt: <img ")), "{found:?}");
}

#[test]
fn d2_d6_d7_every_page_in_both_languages_on_a_phone_and_at_a_desk() {
    let house = House::open();
    let browser = Browser::start();
    for width in [390, 1280] {
        browser.is_wide(width);
        for words in [&ITALIAN, &ENGLISH] {
            goes_through(&house, &browser, words, width);
        }
    }
}

#[test]
fn d2_d6_d7_by_the_keyboard_alone_with_no_script_running() {
    let house = House::open();
    let browser = Browser::speaking("it");
    browser.runs_no_scripts();
    browser.is_wide(390);
    let reaches = |stops: &[&str]| {
        for stop in stops {
            browser.presses(TAB);
            assert_eq!(focus(&browser), *stop);
            let ring = browser.script("return getComputedStyle(document.activeElement).outlineStyle;");
            assert_eq!(ring, json!("solid"), "{stop} shows that it has the focus");
        }
    };

    house.invites(&browser, "anna", Language::Italian);
    shows(&browser, ITALIAN.invitation);
    let head = ["Vai al contenuto", "delega accesso multiutente alla casella PEC", "English"];
    reaches(&head);
    reaches(&["password"]);
    browser.presses("password123");
    reaches(&["repeat"]);
    browser.presses("password123");
    reaches(&["Accetta l’invito"]);
    browser.presses(ENTER);
    browser.waits("it is too weak", "!!document.querySelector('#password-fault')");
    assert_eq!(focus(&browser), "password", "the focus is where something is to be mended");
    browser.presses(CHOSEN);
    reaches(&["repeat"]);
    browser.presses(CHOSEN);
    browser.presses(ENTER);
    shows(&browser, ITALIAN.accepted);
    house.lets_in("anna", CHOSEN);

    house.invites(&browser, "bruno", Language::English);
    shows(&browser, ENGLISH.invitation);
    browser.presses(&TAB.repeat(6));
    reaches(&["Refuse…"]);
    browser.presses(ENTER);
    shows(&browser, ENGLISH.refusing);
    browser.presses(&TAB.repeat(2));
    reaches(&["Refuse the invitation"]);
    browser.presses(ENTER);
    shows(&browser, ENGLISH.refused);
    assert_eq!(house.state("bruno"), DelegateState::Rejected);

    // The skip link leads past the header.
    browser.open(&house.url("/password/forgotten"));
    reaches(&head[..1]);
    browser.presses(ENTER);
    reaches(&["login"]);
    browser.presses(&format!("anna/{ADDRESS}"));
    reaches(&["fiscal_code"]);
    browser.presses("RSSMRA85T10A562S");
    reaches(&["Chiedi il link"]);
    browser.presses(ENTER);
    shows(&browser, ITALIAN.asked);

    house.accounts.reset_password(Actor::Operator, &name("anna"), now()).unwrap();
    browser.open(&house.url(&format!("/password/{}", house.token())));
    shows(&browser, ITALIAN.new_password);
    reaches(&head);
    reaches(&["password"]);
    browser.presses("lampadina zeppelin 9 gru");
    reaches(&["repeat"]);
    browser.presses("lampadina zeppelin 9 gru");
    browser.presses(ENTER);
    shows(&browser, ITALIAN.set);
    house.lets_in("anna", "lampadina zeppelin 9 gru");
}
