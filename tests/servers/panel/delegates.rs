//! Delegates and mailboxes in Chromium, as an owner and a postmaster look after them: in both languages, on a phone and at
//! a desk, light and dark, with no script running (O1, D1, D4–D9, P6–P9, M1–M3).

use std::sync::Arc;

use serde_json::json;

use super::browser::Browser;
use super::office::{ADDRESS, Office, PASSWORD};
use super::pages::{look, now, shows};
use ::delega::accounts::{
    AccessEntry, Accounts, Actor, DelegateName, MailboxChange, PostmasterEntry, Suspension, Upstreams,
};
use ::delega::domain::{DelegateState, Door, Language, ListenerKind, Profile, Protocol};
use ::delega::store::Sqlite;

/// What people read on the way, in one language.
struct Words {
    language: Language,
    list: &'static str,
    invite: &'static str,
    may: &'static str,
    preview: &'static str,
    came_along: &'static str,
    invited: &'static str,
    nothing_typed: &'static str,
    permissions: &'static str,
    change: &'static str,
    changed: &'static str,
    suspend: &'static str,
    suspended: &'static str,
    reset: &'static str,
    deactivate: &'static str,
    reinvite: &'static str,
    new_password: &'static str,
    made: &'static str,
    found: &'static str,
    mailboxes: &'static str,
    turn_off: &'static str,
    not_possible: &'static str,
    subject: &'static str,
}

const ITALIAN: Words = Words {
    language: Language::Italian,
    list: "Collaboratori",
    invite: "Invita un collaboratore",
    may: "Che cosa può fare Dora Neri?",
    preview: "Invita Dora Neri",
    came_along: "Aggiunti insieme alla tua scelta, perché servono: Scrittura e Invio.",
    invited: "L’invito è stato inviato.",
    nothing_typed: "Nome: scrivi qualcosa.",
    permissions: "Permessi di anna Verdi",
    change: "Vuoi cambiare i permessi di anna Verdi?",
    changed: "I permessi sono cambiati.",
    suspend: "Vuoi sospendere anna Verdi?",
    suspended: "L’account è sospeso.",
    reset: "Vuoi reimpostare la password di bruno Verdi?",
    deactivate: "Vuoi disattivare l’account di bruno Verdi?",
    reinvite: "Vuoi invitare di nuovo carlo Verdi?",
    new_password: "Nuova password per un programma di posta",
    made: "La password è pronta",
    found: "Un collaboratore trovato.",
    mailboxes: "Caselle",
    turn_off: "Vuoi disattivare la multiutenza?",
    not_possible: "collaboratori attivi, sospesi o in attesa",
    subject: "Hai una richiesta di collaborazione per la casella PEC",
};

const ENGLISH: Words = Words {
    language: Language::English,
    list: "Delegates",
    invite: "Invite a delegate",
    may: "What may Dora Neri do?",
    preview: "Invite Dora Neri",
    came_along: "Added along with your choice, since it needs them: Writing and Sending.",
    invited: "The invitation is sent.",
    nothing_typed: "First name: type something.",
    permissions: "Permissions of anna Verdi",
    change: "Change the permissions of anna Verdi?",
    changed: "The permissions are changed.",
    suspend: "Suspend anna Verdi?",
    suspended: "The account is suspended.",
    reset: "Reset the password of bruno Verdi?",
    deactivate: "Deactivate the account of bruno Verdi?",
    reinvite: "Invite carlo Verdi again?",
    new_password: "New password for a mail program",
    made: "The password is ready",
    found: "One delegate found.",
    mailboxes: "Mailboxes",
    turn_off: "Turn multi-user off?",
    not_possible: "delegates who are active, suspended or waiting",
    subject: "You have a request to collaborate on a PEC mailbox",
};

/// An office whose delega has its pages, and writes mails that nobody takes.
struct House {
    office: Office,
    accounts: Accounts,
    port: u16,
}

impl House {
    fn open(language: Language) -> House {
        let delegates =
            [("anna", "read,write"), ("bruno", "read,write,send,client"), ("carlo", "read"), ("elena", "read")];
        let office = Office::with(&delegates, |options| {
            options.client_apart = false;
            options.upstream += "\n[panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"http://localhost\"\n\
                                 webmail_url = \"https://mail.example.it/\"\n\
                                 \n[notify]\nrelay = \"smtp://localhost:9\"\nfrom = \"delega <noreply@pec.example.it>\"\n";
        });
        let listens = office.delega.wait_logged("the panel listens", 1).remove(0);
        let port = listens["address"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        let folder = office.delega.folder();
        let store = Sqlite::open(&folder.join("delega.db")).unwrap();
        let upstreams = Upstreams::from([("main".to_owned(), None)]);
        let key = folder.join("delega.key");
        let accounts = Accounts::open(Arc::new(store), &key, Profile::Nested, upstreams).unwrap().with_mails(true);
        let change = MailboxChange {
            plan: Some("Premium".parse().unwrap()),
            packs: Some(2),
            owner_language: Some(language),
            owner_name: Some("Studio Bianchi & figli".to_owned()),
            ..MailboxChange::default()
        };
        let _ = accounts.set_mailbox(&ADDRESS.parse().unwrap(), change, now()).unwrap();
        let house = House { office, accounts, port };
        house.fills();
        house
    }

    /// Delegates in each state, of whom one has been there.
    fn fills(&self) {
        let of =
            |username: &str| DelegateName { address: ADDRESS.parse().unwrap(), username: username.parse().unwrap() };
        let entry = AccessEntry {
            login: of("bruno").login(),
            address: "192.0.2.7".parse().unwrap(),
            door: Door { protocol: Protocol::Imap, kind: ListenerKind::Client },
            program: Some("Thunderbird 140.2 <b>\u{202e}".to_owned()),
            refusal: None,
            app_password: None,
            by_stored: false,
            at_ms: now() * 1000 - 3_600_000,
        };
        let refused = AccessEntry { refusal: Some("wrong password".into()), at_ms: entry.at_ms + 5, ..entry.clone() };
        self.accounts.note_accesses(&[entry, refused]).unwrap();
        self.accounts.suspend(Actor::Operator, &of("elena"), Suspension::Suspend, now()).unwrap();
        // Invited, and rejected: as if there had been an answer.
        self.sql("UPDATE delegates SET state = 'rejected' WHERE username = 'carlo'");
        self.sql("UPDATE delegates SET first_name = username, last_name = 'Verdi'");
    }

    fn sql(&self, sql: &str) {
        rusqlite::Connection::open(self.office.delega.folder().join("delega.db")).unwrap().execute_batch(sql).unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    fn of(&self, page: &str) -> String {
        self.url(&format!("/mailboxes/ufficio%40pec.example.it/{page}"))
    }

    fn state(&self, username: &str) -> DelegateState {
        let name = DelegateName { address: ADDRESS.parse().unwrap(), username: username.parse().unwrap() };
        self.accounts.show_delegate(Actor::Operator, &name, now()).unwrap().delegate.state
    }

    fn logs_in(&self, browser: &Browser, login: &str, password: &str) {
        browser.open(&self.url("/login"));
        browser.types("#login", login);
        browser.types("#password", password);
        browser.clicks("main form button");
    }
}

/// Waits until the page says something.
#[track_caller]
fn says(browser: &Browser, text: &str) {
    browser.waits(text, &format!("document.body.innerText.includes({})", json!(text)));
}

#[track_caller]
fn confirms(browser: &Browser) {
    browser.clicks("main form:last-of-type .do button");
}

/// Everything that an owner does, once.
fn goes_through(house: &House, browser: &Browser, words: &Words, width: u32) {
    let look = |page: &str| look(browser, &format!("{page}-{}-{width}", words.language.name()));
    house.sql("UPDATE delegates SET permissions = 'read,write' WHERE username = 'anna'");
    house.logs_in(browser, ADDRESS, PASSWORD);
    shows(browser, words.list);
    look("delegates");
    browser.clicks("tr:nth-child(2) .acts summary");
    browser.waits("the menu is open", "document.querySelector('.acts details[open] a')?.checkVisibility()");
    look("delegates-menu");
    browser.open(&house.of("delegates?text=brun"));
    says(browser, words.found);

    browser.open(&house.of("delegates"));
    browser.clicks("a.button");
    shows(browser, words.invite);
    look("invite-who");
    let username = format!("dora{width}");
    browser.types("#last_name", "Neri");
    browser.types("#email", "dora@example.it");
    browser.types("#username", &username);
    browser.types("#message", "Ciao Dora,\nda lunedì il protocollo passa a te.");
    // The browser itself would not send it.
    browser.script("document.querySelector('#first_name').required = false");
    browser.clicks(".do button");
    says(browser, words.nothing_typed);
    look("invite-wrong");
    browser.types("#first_name", "Dora");
    browser.clicks(".do button");
    shows(browser, words.may);
    look("invite-permissions");
    browser.clicks("button[value='read-and-modify']");
    browser.waits("to write, too", "document.querySelector('#tick-write')?.checked");
    browser.clicks("button[value='read-only']");
    browser.waits("read only", "document.querySelector('#tick-write')?.checked === false");
    browser.clicks("#tick-client");
    browser.clicks("#tick-imap");
    let hint = "document.querySelector('#about-write .by-client').checkVisibility()";
    browser.waits("what is included is said before it is sent", hint);
    look("invite-ticked");
    browser.clicks("#tick-imap");
    browser.clicks(".do button");
    shows(browser, words.preview);
    says(browser, words.came_along);
    says(browser, words.subject);
    look("invite-preview");
    browser.clicks(".do button");
    says(browser, words.invited);
    assert_eq!(house.state(&username), DelegateState::Pending);
    look("invited");

    browser.open(&house.of("delegates/bruno"));
    shows(browser, "bruno Verdi");
    look("details");
    browser.open(&house.of("delegates/bruno/app-passwords"));
    shows(browser, words.new_password);
    browser.types("#label", &format!("Thunderbird {width}"));
    look("app-password");
    browser.clicks(".do button");
    shows(browser, words.made);
    look("app-password-made");
    browser.open(&house.of("delegates/bruno"));
    browser.clicks(".acts a");
    browser.waits("it is asked", "!!document.querySelector('.grave')");
    look("app-password-revoke");
    confirms(browser);
    says(browser, "bruno/ufficio@pec.example.it");

    browser.open(&house.of("delegates/anna/permissions"));
    shows(browser, words.permissions);
    look("permissions");
    browser.clicks("#tick-send");
    browser.clicks(".do button");
    shows(browser, words.change);
    look("permissions-review");
    confirms(browser);
    says(browser, words.changed);
    for (deed, heading) in [
        ("bruno/reset-password", words.reset),
        ("bruno/deactivate", words.deactivate),
        ("carlo/reinvite", words.reinvite),
    ] {
        browser.open(&house.of(&format!("delegates/{deed}")));
        shows(browser, heading);
        look(&deed.replace('/', "-"));
    }
    browser.open(&house.of("delegates/anna/suspend"));
    shows(browser, words.suspend);
    look("suspend");
    confirms(browser);
    says(browser, words.suspended);
    assert_eq!(house.state("anna"), DelegateState::Suspended);
    browser.open(&house.of("delegates/anna/resume"));
    confirms(browser);
    browser.waits("it is done", "location.search === '?done=resume'");
    browser.forget();
}

/// What a postmaster does.
fn administers(house: &House, browser: &Browser, words: &Words, width: u32) {
    let look = |page: &str| look(browser, &format!("{page}-{}-{width}", words.language.name()));
    browser.open(&house.url("/postmaster/login"));
    browser.types("#domain", "pec.example.it");
    browser.types("#login", "posta@example.it");
    browser.types("#password", &super::delega::password("elena"));
    browser.clicks("main form button");
    shows(browser, words.mailboxes);
    look("mailboxes");
    browser.clicks("tbody td a");
    shows(browser, words.turn_off);
    says(browser, words.not_possible);
    look("multi-user");
    browser.open(&house.url("/mailboxes?text=ufficio"));
    browser.clicks("tbody th a");
    shows(browser, words.list);
    browser.waits("the way back", "!!document.querySelector('.crumbs a')");
    browser.forget();
}

#[test]
fn o1_d1_m1_every_page_in_both_languages_on_a_phone_and_at_a_desk() {
    let browser = Browser::start();
    browser.runs_no_scripts();
    for words in [&ITALIAN, &ENGLISH] {
        let house = House::open(words.language);
        let entry = PostmasterEntry {
            domain: "pec.example.it".parse().unwrap(),
            email: "posta@example.it".to_owned(),
            name: "Ufficio posta".to_owned(),
            language: words.language,
            phone: None,
        };
        house.accounts.add_postmaster(entry, now()).unwrap();
        // A password that somebody else has, too.
        house.sql(
            "UPDATE postmasters SET password_hash = (SELECT password_hash FROM delegates WHERE username = 'elena')",
        );
        for width in [1280, 390] {
            browser.is_wide(width);
            goes_through(&house, &browser, words, width);
            administers(&house, &browser, words, width);
        }
    }
}
