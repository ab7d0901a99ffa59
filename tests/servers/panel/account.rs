//! One's own account in Chromium, with no script running, before a real Dovecot: in both languages, on a phone and at a desk,
//! light and dark; the codes are oathtool's (D6, S1, S2, X11).

use serde_json::json;

use super::browser::Browser;
use super::delega::password;
use super::imap::Client;
use super::office::{ADDRESS, Office, PASSWORD};
use super::pages::{look, now, shows};
use super::two_steps::{self, Codes};
use ::delega::accounts::PostmasterEntry;
use ::delega::domain::Language;

const CHOSEN: &str = "graffetta batteria cavallo";

/// What people read on the way, in one language.
struct Words {
    language: Language,
    login: &'static str,
    wrong: &'static str,
    account: &'static str,
    profile: &'static str,
    saved: &'static str,
    email: &'static str,
    asked: &'static str,
    password: &'static str,
    not_the_current: &'static str,
    two_factor: &'static str,
    required: &'static str,
    enrol: &'static str,
    codes: &'static str,
    on: &'static str,
    second_step: &'static str,
    wrong_code: &'static str,
    not_the_code: &'static str,
    renew: &'static str,
    turn_off: &'static str,
    off: &'static str,
    app_passwords: &'static str,
    made: &'static str,
    revoke: &'static str,
    revoked: &'static str,
    setup: &'static str,
    delegates: &'static str,
    mailboxes: &'static str,
    postmaster: &'static str,
}

const ITALIAN: Words = Words {
    language: Language::Italian,
    login: "Accedi",
    wrong: "Nome utente o password non sono giusti",
    account: "Il mio account",
    profile: "Telefono e lingua",
    saved: "I dati sono salvati.",
    email: "Cambia l’indirizzo e‑mail",
    asked: "Controlla la posta del nuovo indirizzo",
    password: "Cambia la password",
    not_the_current: "La password attuale non è quella.",
    two_factor: "Verifica in due passaggi",
    required: "Il titolare della casella la richiede",
    enrol: "Attiva la verifica in due passaggi",
    codes: "Codici di recupero",
    on: "La verifica in due passaggi è attiva.",
    second_step: "Secondo passaggio",
    wrong_code: "Il codice non è giusto o è già stato usato",
    not_the_code: "Il codice non è giusto, o è già stato usato",
    renew: "Crea nuovi codici di recupero",
    turn_off: "Disattiva la verifica in due passaggi",
    off: "La verifica in due passaggi non è più attiva.",
    app_passwords: "Password per i programmi di posta",
    made: "La password è pronta",
    revoke: "Revoca la password",
    revoked: "La password è revocata.",
    setup: "Configura il programma di posta",
    delegates: "Collaboratori",
    mailboxes: "Caselle",
    postmaster: "Accedi come postmaster",
};

const ENGLISH: Words = Words {
    language: Language::English,
    login: "Log in",
    wrong: "Username or password is wrong",
    account: "My account",
    profile: "Phone and language",
    saved: "Your details are saved.",
    email: "Change the e-mail address",
    asked: "Look into the mail of the new address",
    password: "Change the password",
    not_the_current: "That is not the current password.",
    two_factor: "Two-step verification",
    required: "The mailbox’s owner asks for it",
    enrol: "Turn on two-step verification",
    codes: "Recovery codes",
    on: "Two-step verification is on.",
    second_step: "Second step",
    wrong_code: "The code is wrong or was used already",
    not_the_code: "The code is not right, or was used already",
    renew: "Make new recovery codes",
    turn_off: "Turn off two-step verification",
    off: "Two-step verification is off.",
    app_passwords: "Passwords for mail programs",
    made: "The password is ready",
    revoke: "Revoke the password",
    revoked: "The password is revoked.",
    setup: "Set up a mail program",
    delegates: "Delegates",
    mailboxes: "Mailboxes",
    postmaster: "Log in as postmaster",
};

/// An office whose delega has its pages, a browser, and the language that all is in.
struct Visit {
    office: Office,
    browser: Browser,
    port: u16,
    words: &'static Words,
}

impl Visit {
    fn begin(words: &'static Words) -> Visit {
        let delegates = [("anna", "read,write,send,client"), ("bruno", "read"), ("carlo", "read,settings,client")];
        let office = Office::with(&delegates, |options| {
            options.is_public = true;
            // Nobody takes the mails, nor sends any.
            options.submission = Some("smtps://localhost:465".to_owned());
            options.upstream = "\n[panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"http://localhost\"\n\
                                webmail_url = \"https://mail.example.it/\"\nwebmail_sign_on = true\n\
                                \n[notify]\nrelay = \"smtp://localhost:9\"\nfrom = \"delega <noreply@pec.example.it>\"\n"
                .to_owned();
        });
        let language = words.language.name();
        for (username, _) in delegates {
            office.delega.cli(&["delegate", "set", ADDRESS, username, "--language", language], "");
        }
        office.delega.cli(&["mailbox", "set", ADDRESS, "--owner-language", language], "");
        let browser = Browser::speaking(language);
        browser.runs_no_scripts();
        browser.is_wide(1280);
        let port = office.delega.panel_port();
        Visit { office, browser, port, words }
    }

    fn opens(&self, path: &str) {
        self.browser.open(&format!("http://localhost:{}{path}", self.port));
    }

    /// On a phone and at a desk: what is shown once is looked at in both.
    #[track_caller]
    fn look(&self, page: &str) {
        for width in [390, 1280] {
            self.browser.is_wide(width);
            look(&self.browser, &format!("account-{page}-{}-{width}", self.words.language.name()));
        }
    }

    #[track_caller]
    fn shows(&self, heading: &str) {
        shows(&self.browser, heading);
    }

    /// Waits until the page says something.
    #[track_caller]
    fn says(&self, text: &str) {
        self.browser.waits(text, &format!("document.body.innerText.includes({})", json!(text)));
    }

    fn one(&self, selector: &str) -> String {
        let text = self.browser.waits(selector, &format!("document.querySelector({})?.innerText", json!(selector)));
        text.as_str().unwrap().to_owned()
    }

    /// Types something, and sends the form that it is in.
    fn sends(&self, fields: &[(&str, &str)], button: &str) {
        for (field, text) in fields {
            self.browser.types(field, text);
        }
        self.browser.clicks(button);
    }

    fn logs_in(&self, login: &str, password: &str) {
        self.opens("/login");
        self.shows(self.words.login);
        self.sends(&[("#login", login), ("#password", password)], "main form button");
    }

    fn logs_out(&self) {
        self.browser.clicks(".menu button");
        self.shows(self.words.login);
    }

    /// Sets two-step verification up, from the page about it; the codes of the app, and a recovery code.
    fn enrols(&self, page: &str) -> (Codes, String) {
        let words = self.words;
        self.browser.clicks("form[action='/account/two-factor/begin'] button");
        self.shows(words.enrol);
        self.look(&format!("{page}-enrol"));
        let secret = self.one("code.secret");
        assert!(secret.split(' ').all(|group| group.len() == 4), "{secret}");
        let codes = Codes::of(&secret);
        self.sends(&[("#code", &codes.now_and(-10))], "form[action='/account/two-factor/confirm'] button");
        self.says(words.not_the_code);
        self.look(&format!("{page}-enrol-wrong"));
        self.sends(&[("#code", &codes.now_and(0))], "form[action='/account/two-factor/confirm'] button");
        self.shows(words.codes);
        self.says(words.on);
        self.look(&format!("{page}-recovery-codes"));
        assert_eq!(self.browser.script("return document.querySelectorAll('.codes li').length;"), json!(10));
        let recovery = self.one(".codes code");
        self.browser.clicks(".ways a");
        (codes, recovery)
    }

    fn lets_in(&self, password: &str) -> bool {
        Client::connect(&self.office.delega).login(&format!("anna/{ADDRESS}"), password).status.starts_with("OK")
    }

    /// What a delegate does about their person and their password.
    fn a_delegate_looks_after_their_data(&self) {
        let (words, anna) = (self.words, format!("anna/{ADDRESS}"));
        self.opens("/login");
        self.look("login");
        self.logs_in(&anna, "indovinata");
        self.says(words.wrong);
        self.look("login-wrong");
        self.logs_in(&anna, &password("anna"));
        self.shows(words.account);
        self.look("overview");

        self.browser.clicks(".ways a[href='/account/profile']");
        self.shows(words.profile);
        self.look("profile");
        self.sends(&[("#phone", "+39 055 123456")], "main form button");
        self.says(words.saved);
        self.look("profile-saved");
        self.opens("/account/email");
        self.shows(words.email);
        self.sends(&[("#email", "anna.verdi@example.it")], "main form button");
        self.says(words.asked);
        self.opens("/account/email");
        self.look("email");

        self.opens("/account/password");
        self.shows(words.password);
        self.look("password");
        let chooses = |current: &str| {
            let fields = [("#current", current), ("#password", CHOSEN), ("#repeat", CHOSEN)];
            self.sends(&fields, "main form button");
        };
        chooses("indovinata");
        self.says(words.not_the_current);
        self.look("password-wrong");
        chooses(&password("anna"));
        self.shows(words.login);
        self.look("password-set");
        assert!(self.lets_in(CHOSEN) && !self.lets_in(&password("anna")));
        self.opens("/account");
        self.shows(words.login);
    }

    /// What a delegate does about the second step and their programs.
    fn a_delegate_turns_two_steps_on_and_off(&self) {
        let (words, anna) = (self.words, format!("anna/{ADDRESS}"));
        self.logs_in(&anna, CHOSEN);
        self.shows(words.account);
        self.opens("/account/two-factor");
        self.shows(words.two_factor);
        self.look("two-factor");
        let (codes, recovery) = self.enrols("anna");
        self.shows(words.account);
        self.logs_out();

        self.logs_in(&anna, CHOSEN);
        self.shows(words.second_step);
        self.look("code");
        self.sends(&[("#code", &codes.now_and(10))], "main form button");
        self.says(words.wrong_code);
        self.look("code-wrong");
        self.sends(&[("#code", &codes.now_and(1))], "main form button");
        self.shows(words.account);

        self.opens("/account/two-factor/codes");
        self.shows(words.renew);
        self.look("codes-renew");
        self.opens("/account/app-passwords");
        self.shows(words.app_passwords);
        self.look("app-passwords-none");
        self.sends(&[("#name", "Outlook in ufficio")], "main form button");
        self.shows(words.made);
        self.look("app-password-made");
        let made = self.one("code.secret");
        assert!(self.lets_in(&made), "{made}");
        assert!(!self.lets_in(CHOSEN), "with two steps mail programs need an app password");
        self.opens("/account/app-passwords");
        self.shows(words.app_passwords);
        assert!(!self.browser.text().contains(&made), "it is shown once");
        self.look("app-passwords");
        self.opens("/setup");
        self.shows(words.setup);
        self.look("setup");
        assert!(self.browser.text().contains("imap.pec.example.it"), "{}", self.browser.text());
        self.opens("/account/app-passwords");
        self.browser.clicks("td a[href*='/revoke']");
        self.shows(words.revoke);
        self.look("app-password-revoke");
        self.browser.clicks("button.grave");
        self.says(words.revoked);
        self.look("app-password-revoked");
        assert!(!self.lets_in(&made));

        self.opens("/account/two-factor");
        self.look("two-factor-on");
        self.opens("/account");
        self.look("overview-two-factor");
        self.opens("/account/two-factor");
        self.browser.clicks(".ways a[href='/account/two-factor/off']");
        self.shows(words.turn_off);
        self.look("two-factor-turning-off");
        self.sends(&[("#code", &codes.now_and(10))], "main form button");
        self.says(words.not_the_code);
        self.sends(&[("#code", &recovery)], "main form button");
        self.says(words.off);
        self.look("two-factor-off");
        assert!(self.lets_in(CHOSEN));
        self.logs_out();
    }

    /// The owner's password is the mailbox's own, and Dovecot's to judge.
    fn an_owner_and_a_postmaster_log_in(&self) {
        let words = self.words;
        self.logs_in(ADDRESS, "indovinata");
        self.says(words.wrong);
        self.logs_in(ADDRESS, PASSWORD);
        self.shows(words.delegates);
        self.opens("/account");
        self.shows(words.account);
        self.look("owner");
        self.opens("/setup");
        self.shows(words.setup);
        self.look("owner-setup");
        self.opens("/account/app-passwords");
        self.shows(words.app_passwords);
        self.look("owner-app-passwords");
        self.logs_out();

        self.opens("/postmaster/login");
        self.shows(words.postmaster);
        self.look("postmaster-login");
        let fields = [("#domain", "pec.example.it"), ("#login", "posta@example.it"), ("#password", &password("bruno"))];
        self.sends(&fields, "main form button");
        self.shows(words.mailboxes);
        self.opens("/account");
        self.shows(words.account);
        self.look("postmaster");
        self.logs_out();
    }

    /// Whoever has to is led to it, and gets nowhere else (S2).
    fn an_owner_asks_it_of_their_delegates(&self) {
        let words = self.words;
        let _ = two_steps::enrols(&self.office.delega, ADDRESS);
        self.logs_in(&format!("carlo/{ADDRESS}"), &password("carlo"));
        self.shows(words.two_factor);
        self.says(words.required);
        self.look("required");
        self.opens("/account/profile");
        self.shows(words.two_factor);
        let _ = self.enrols("carlo");
        self.shows(words.delegates);
        self.opens("/account");
        self.look("overview-settings");
        self.logs_out();
    }
}

fn goes_through(words: &'static Words) {
    let visit = Visit::begin(words);
    let entry = PostmasterEntry {
        domain: "pec.example.it".parse().unwrap(),
        email: "posta@example.it".to_owned(),
        name: "Ufficio posta".to_owned(),
        phone: None,
        language: words.language,
    };
    two_steps::accounts(&visit.office.delega).add_postmaster(entry, now()).unwrap();
    // A password that somebody else has, too.
    let store = rusqlite::Connection::open(visit.office.delega.folder().join("delega.db")).unwrap();
    let password = "(SELECT password_hash FROM delegates WHERE username = 'bruno')";
    store.execute_batch(&format!("UPDATE postmasters SET password_hash = {password}")).unwrap();
    visit.a_delegate_looks_after_their_data();
    visit.a_delegate_turns_two_steps_on_and_off();
    visit.an_owner_and_a_postmaster_log_in();
    visit.an_owner_asks_it_of_their_delegates();
}

#[test]
fn s1_s2_ones_own_account_in_italian() {
    goes_through(&ITALIAN);
}

#[test]
fn s1_s2_ones_own_account_in_english() {
    goes_through(&ENGLISH);
}
