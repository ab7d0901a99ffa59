//! Roundcube in Chromium, before delega's *webmail* listeners: what a delegate without **client** does in it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::browser::Browser;
use super::delega::{Delega, Options, password};
use super::office::wait_until;
use super::support::dovecot::Dovecot;
use super::support::mail;
use super::support::postfix::Postfix;
use super::support::roundcube::{Listeners, Roundcube};
use super::support::sample::{self, ADDRESS, Size};

#[path = "webmail/two_steps.rs"]
mod two_steps;

const OWNERS_PASSWORD: &str = "casella-di-prova";
/// May only read.
const READER: &str = "livia";
/// May read and write.
const WRITER: &str = "contabilita";
/// May send as well.
const SENDER: &str = "clia";
/// A mailbox at the same provider.
const OTHER: &str = "protocollo@pec.example.it";

/// Someone at a browser, in Roundcube.
struct Person<'a> {
    browser: &'a Browser,
    roundcube: &'a Roundcube,
}

impl<'a> Person<'a> {
    /// Logs in, and waits for the list of messages.
    #[track_caller]
    fn enter(browser: &'a Browser, roundcube: &'a Roundcube, login: &str, password: &str) -> Person<'a> {
        let person = Person::knock(browser, roundcube, login, password);
        browser.waits("the messages are listed", "document.querySelectorAll('#messagelist tbody tr').length > 1");
        person
    }

    /// Says who they are.
    #[track_caller]
    fn knock(browser: &'a Browser, roundcube: &'a Roundcube, login: &str, password: &str) -> Person<'a> {
        browser.forget();
        browser.open(&roundcube.url());
        browser.types("#rcmloginuser", login);
        browser.types("#rcmloginpwd", password);
        browser.clicks("#rcmloginsubmit");
        Person { browser, roundcube }
    }

    /// The messages that Roundcube shows in a corner for a while, collected from here on.
    #[track_caller]
    fn listens(&self) {
        // Each page begins anew
        self.browser.script(
            "if (window.told) return;
             window.told = [];
             rcmail.addEventListener('message', event => told.push(event.type + ': ' + event.message));",
        );
    }

    /// What it has told since, but for the notices that something is being loaded.
    #[track_caller]
    fn told(&self) -> Vec<String> {
        let told: Vec<String> = serde_json::from_value(self.browser.script("return window.told || [];")).unwrap();
        told.into_iter().filter(|told| !told.starts_with("loading:")).collect()
    }

    /// Opens the message of the list with this UID beside it, and waits until its text has this.
    #[track_caller]
    fn reads(&self, uid: u32, text: &str) {
        self.browser.waits(&format!("message {uid} is listed"), &format!("!!rcmail.message_list.rows[{uid}]"));
        self.browser.script(&format!("rcmail.message_list.select({uid});"));
        self.browser.waits(
            &format!("message {uid} shows {text}"),
            &format!(
                "document.querySelector('#messagecontframe').contentDocument.body.innerText.includes({})",
                json!(text)
            ),
        );
    }

    #[track_caller]
    fn goes_to(&self, query: &str) {
        self.browser.open(&format!("{}?{query}", self.roundcube.url()));
        self.browser.waits("the page", "window.rcmail && rcmail.env && !rcmail.busy");
    }

    /// Begins a message.
    #[track_caller]
    fn writes(&self, to: &str, subject: &str, body: &str) {
        self.goes_to("_task=mail&_action=compose");
        self.listens();
        let set = |field: &str, text: &str| {
            let value = json!(text);
            format!(
                "const f = document.querySelector('[name={field}]'); f.value = {value}; f.dispatchEvent(new Event('change'));"
            )
        };
        for (field, text) in [("_to", to), ("_subject", subject), ("_message", body)] {
            self.browser.script(&format!("{{ {} }}", set(field, text)));
        }
    }

    /// Writes a message and sends it. What Roundcube says of it at last, with its kind: `confirmation`, `error` …
    #[track_caller]
    fn sends(&self, to: &str, subject: &str, body: &str) -> String {
        self.writes(to, subject, body);
        self.browser.script("rcmail.command('send', '', document.querySelector('a.send'));");
        let told = "(window.told || []).find(t => /^(confirmation|error|warning)/.test(t)) ||
             (rcmail.env.action != 'compose' && 'confirmation: ' + document.title)";
        self.browser.waits("it is sent, or not", told).as_str().unwrap().to_owned()
    }

    /// Writes a message and keeps it as a draft. What Roundcube says of it.
    #[track_caller]
    fn keeps(&self, to: &str, subject: &str, body: &str) -> String {
        self.writes(to, subject, body);
        self.browser.script("rcmail.command('savedraft');");
        let told = "(window.told || []).find(t => /^(confirmation|error|warning)/.test(t))";
        self.browser.waits("it is kept, or not", told).as_str().unwrap().to_owned()
    }

    /// Deletes the message that is shown.
    #[track_caller]
    fn deletes(&self, dovecot: &Dovecot) {
        let (inbox, trash) = (count(dovecot, "INBOX"), count(dovecot, "Trash"));
        self.browser.clicks("#toolbar-menu a.delete");
        wait_until(Duration::from_secs(20), "it is in Trash", || {
            (count(dovecot, "INBOX"), count(dovecot, "Trash")) == (inbox - 1, trash + 1)
        });
    }
}

/// Mailbox, delega and Roundcube.
fn office() -> (Dovecot, Postfix, Delega, Roundcube) {
    let dovecot = Dovecot::start();
    sample::add(&dovecot, ADDRESS, OWNERS_PASSWORD, Size::Light);
    dovecot.add_mailbox(OTHER, OWNERS_PASSWORD);
    let postfix = Postfix::before(&dovecot);
    let delega = Options::before(&dovecot).sending(&postfix).start();
    delega.add_mailbox(ADDRESS, OWNERS_PASSWORD);
    delega.add_delegate(ADDRESS, READER, "read");
    delega.add_delegate(ADDRESS, WRITER, "read,write");
    delega.add_delegate(ADDRESS, SENDER, "read,write,send");
    let ca = delega.ca_file();
    let listeners =
        Listeners { imap_port: delega.webmail_port(), submission_port: delega.submission().webmail, ca: &ca };
    let roundcube = Roundcube::before(listeners);
    (dovecot, postfix, delega, roundcube)
}

/// Where pictures of what a person sees go, if somebody wants to look at them.
fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("DELEGA_TEST_PICTURES") {
        browser.picture(&Path::new(&folder).join(format!("{name}.png")));
    }
}

/// The newest certified message of INBOX that nobody has read.
fn unread(dovecot: &Dovecot) -> u32 {
    let certified = ["mailbox", "INBOX", "unseen", "header", "X-Trasporto", "posta-certificata"];
    let found = dovecot.doveadm(&[&["search", "-u", ADDRESS], &certified[..]].concat());
    found.lines().last().unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

/// Words of its text.
const CERTIFIED: &str = "Identificativo: opec";

/// How many messages a folder has.
fn count(dovecot: &Dovecot, folder: &str) -> usize {
    dovecot.snapshot(ADDRESS).folder(folder).messages.len()
}

/// Sees everything, is offered nothing that would be refused, and leaves no trace.
fn reader_reads(browser: &Browser, roundcube: &Roundcube, dovecot: &Dovecot, delega: &Delega) {
    let before = dovecot.snapshot(ADDRESS);
    let reader = Person::enter(browser, roundcube, &format!("{READER}/{ADDRESS}"), &password(READER));
    reader.listens();
    picture(browser, "reader-list");
    reader.reads(unread(dovecot), CERTIFIED);
    picture(browser, "reader-message");
    for command in ["delete", "move", "mark", "compose", "reply", "forward", "purge"] {
        let shown = format!("return [...document.querySelectorAll('a.{command}')].filter(a => a.offsetParent).length;");
        assert_eq!(browser.script(&shown), json!(0), "{command}");
    }
    // What the page lets them try all the same, by dragging or by the keyboard, is refused in plain words
    assert_eq!(reader.told(), [""; 0]);
    browser.script("rcmail.move_messages('Trash');");
    browser.waits("the refusal", "window.told.find(told => told.startsWith('error'))");
    picture(browser, "reader-refused");
    assert_eq!(reader.told(), ["error: Unable to perform operation. Folder is read-only."]);
    reader.goes_to("_task=mail&_action=compose&_to=lontano@pec.example.org");
    picture(browser, "reader-compose");
    browser.waits("the refusal", "document.body.innerText.includes('Folder is read-only.')");
    for query in ["_task=settings", "_task=settings&_action=identities", "_task=addressbook"] {
        reader.goes_to(query);
        assert_eq!(browser.text().to_lowercase().matches("error").count(), 0, "{}", browser.text());
    }
    reader.goes_to("_task=settings&_action=identities");
    picture(browser, "reader-identities");
    before.assert_unchanged(&dovecot.snapshot(ADDRESS));
    assert_eq!(delega.logged("refused"), [json!(null); 0]);
}

/// Reads, deletes and keeps drafts; is told why nothing is sent.
fn writer_works(browser: &Browser, roundcube: &Roundcube, dovecot: &Dovecot, delega: &Delega) {
    let drafts = count(dovecot, "Drafts");
    let refused = delega.logged("refused").len();
    let writer = Person::enter(browser, roundcube, &format!("{WRITER}/{ADDRESS}"), &password(WRITER));
    writer.listens();
    let uid = unread(dovecot);
    writer.reads(uid, CERTIFIED);
    picture(browser, "writer-message");
    wait_until(Duration::from_secs(20), "it is read", || dovecot.flags(ADDRESS, "INBOX")[&uid].contains("\\Seen"));
    writer.deletes(dovecot);
    let told = writer.told();
    assert!(told.iter().all(|told| told.starts_with("confirmation:")), "{told:?}");
    writer.goes_to("_task=mail&_action=compose");
    let from = browser.script("return document.querySelector('[name=_from]').selectedOptions[0].textContent;");
    assert_eq!(from, json!(ADDRESS));
    picture(browser, "writer-compose");
    assert_eq!(writer.keeps(OTHER, "Bozza", "Da finire"), "confirmation: Message saved to Drafts.");
    assert_eq!(count(dovecot, "Drafts"), drafts + 1);
    assert_eq!(delega.logged("refused").len(), refused);
    let told = writer.sends(OTHER, "Non permessa", "niente");
    picture(browser, "writer-refused");
    let sentence = "You may not send from this mailbox: the permission to send is missing (non puoi inviare da questa \
                    casella: ti manca il permesso di invio)";
    assert_eq!(told, format!("error: The message was not sent. 5.7.1 {sentence}"));
    assert_eq!(delega.logged("refused").len(), refused + 1);
}

/// Reads, keeps a draft, deletes and sends, in the mailbox's name; the record says who it was.
fn sender_sends(browser: &Browser, roundcube: &Roundcube, dovecot: &Dovecot, postfix: &Postfix, delega: &Delega) {
    let login = format!("{SENDER}/{ADDRESS}");
    let sender = Person::enter(browser, roundcube, &login, &password(SENDER));
    sender.reads(unread(dovecot), CERTIFIED);
    sender.deletes(dovecot);
    let (drafts, sent) = (count(dovecot, "Drafts"), count(dovecot, "Sent"));
    assert_eq!(sender.keeps(OTHER, "Bozza", "Da finire"), "confirmation: Message saved to Drafts.");
    assert_eq!(count(dovecot, "Drafts"), drafts + 1);
    assert_eq!(sender.sends(OTHER, "Perché così", "Distinti saluti"), "confirmation: Message sent successfully.");
    picture(browser, "sender-sent");
    let taken = postfix.taken();
    assert_eq!((taken.len(), taken[0].from.as_str(), taken[0].to.as_slice()), (1, ADDRESS, &[OTHER.to_owned()][..]));
    let stored = mail::stored(&dovecot.maildir(OTHER), "INBOX");
    let arrived = String::from_utf8(stored[0].clone()).unwrap();
    assert_eq!(stored.len(), 1);
    let from: Vec<&str> = arrived.lines().filter(|line| line.starts_with("From:")).collect();
    assert_eq!(from, [format!("From: {ADDRESS}")], "{arrived}");
    assert!(arrived.contains("Distinti saluti") && !arrived.contains(SENDER), "{arrived}");
    assert_eq!(count(dovecot, "Sent"), sent + 1);
    let sends: Vec<Value> = serde_json::from_str(&delega.cli(&["log", "sends", "--json"], "")).unwrap();
    assert_eq!(sends.len(), 1);
    let record = ["login", "from", "to", "subject", "kind", "outcome"].map(|field| sends[0][field].clone());
    let expected =
        [json!(login), json!(ADDRESS), json!([OTHER]), json!("Perché così"), json!("webmail"), json!("accepted")];
    assert_eq!(record, expected);
    assert_eq!(sends[0]["message_id"], taken[0].message_id);
}

/// Sends, and is told what was refused.
fn owner_sends(browser: &Browser, roundcube: &Roundcube, dovecot: &Dovecot, postfix: &Postfix) {
    let owner = Person::enter(browser, roundcube, ADDRESS, OWNERS_PASSWORD);
    let (before, sent) = (postfix.taken().len(), count(dovecot, "Sent"));
    assert_eq!(
        owner.sends("lontano@pec.example.org", "Perché così", "Distinti saluti"),
        "confirmation: Message sent successfully."
    );
    let taken = postfix.taken().split_off(before);
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (taken[0].from.as_str(), taken[0].to.as_slice()),
        (ADDRESS, &["lontano@pec.example.org".to_owned()][..])
    );
    assert_eq!(count(dovecot, "Sent"), sent + 1);
    let refused = owner.sends("nessuno@pec.example.org", "Rifiutata", "niente");
    picture(browser, "owner-refused");
    let sentence = "&lt;nessuno@pec.example.org&gt;: Recipient address rejected: Casella inesistente";
    assert_eq!(refused, format!("error: The message was not sent. nessuno@pec.example.org: 5.1.1 {sentence}"));
    assert_eq!(postfix.taken().len(), before + 1);
    assert_eq!(count(dovecot, "Sent"), sent + 1);
}

/// One browser for all of it, since that is what takes long.
#[test]
fn p4_delegates_without_client_work_in_the_browser() {
    let (dovecot, postfix, delega, roundcube) = office();
    let browser = Browser::start();

    reader_reads(&browser, &roundcube, &dovecot, &delega);
    writer_works(&browser, &roundcube, &dovecot, &delega);
    sender_sends(&browser, &roundcube, &dovecot, &postfix, &delega);
    owner_sends(&browser, &roundcube, &dovecot, &postfix);

    let stranger = Person::knock(&browser, &roundcube, &format!("{READER}/{ADDRESS}"), "sbagliata");
    browser.waits("the refusal", "document.body.innerText.includes('Login failed')");
    picture(stranger.browser, "refused");
    // Nothing that our plugin or our configuration has done wrong
    let errors = roundcube.errors();
    assert!(!errors.contains("delega.php") && !errors.contains("config.inc.php"), "{errors}");
}
