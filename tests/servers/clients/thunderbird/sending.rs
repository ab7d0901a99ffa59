//! Thunderbird sends: from an account whose username is a delegate's login and whose address is the mailbox's.

use super::*;
use crate::programs::Tls;
use crate::sending::sends;
use crate::support::postfix::Postfix;

/// The preferences of the server to send by.
pub fn preferences(outgoing: &Account) -> Vec<(&'static str, Value)> {
    // 2: STARTTLS and nothing else, 3: TLS from the first byte
    let tls = if outgoing.tls == Tls::Starttls { 2 } else { 3 };
    vec![
        ("mail.smtpservers", json!("smtp1")),
        ("mail.smtp.defaultserver", json!("smtp1")),
        ("mail.smtpserver.smtp1.hostname", json!("localhost")),
        ("mail.smtpserver.smtp1.port", json!(outgoing.port)),
        ("mail.smtpserver.smtp1.username", json!(outgoing.login)),
        ("mail.smtpserver.smtp1.try_ssl", json!(tls)),
        // A normal password
        ("mail.smtpserver.smtp1.authMethod", json!(3)),
        ("mail.identity.id1.smtpServer", json!("smtp1")),
    ]
}

impl Thunderbird {
    /// Writes a message and sends it. Whether it was sent; if not, what the dialog says.
    #[track_caller]
    pub(super) fn sends(&mut self, to: &str, subject: &str, body: &str) -> Result<(), String> {
        let before = self.dialogs().len();
        self.writes(to, subject, body);
        self.does(&format!("{COMPOSE} compose.setTimeout(() => compose.goDoCommand('cmd_sendNow'), 0);"), &[]);
        let is_over = format!("{COMPOSE} return !compose || dialogs.length > arguments[0];");
        self.waits("it is sent, or not", &is_over, &[json!(before)]);
        match self.dialogs().get(before) {
            None => Ok(()),
            Some(dialog) => Err(dialog.clone()),
        }
    }
}

#[test]
fn it_sends_and_keeps_a_copy() {
    let office = Office::open();
    let postfix = Postfix::before(&office.dovecot);
    // Directly, and so as the owner
    let (port, ca) = (postfix.submissions_port(), postfix.ca_file());
    let outgoing = Account { port, tls: Tls::Implicit, ca, login: ADDRESS, password: OWNERS_PASSWORD };
    let before = office.snapshot();
    let settings = Settings { office: &office, username: WRITER, outgoing: Some(outgoing) };
    let mut thunderbird = Thunderbird::start_with(settings);
    thunderbird.sends("esterno@pec.example.org", "Perché così", "Distinti saluti, però").unwrap();
    let taken = postfix.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(
        (taken[0].from.as_str(), taken[0].to.as_slice()),
        (ADDRESS, &["esterno@pec.example.org".to_owned()][..])
    );
    let sent = before.folder("Sent").messages.len() + 1;
    office.wait_for("the copy in Sent", |state| state.folder("Sent").messages.len() == sent);
    let (_, copy) = office.messages("Sent").pop().unwrap();
    let copy = String::from_utf8(copy).unwrap();
    assert!(copy.contains(&format!("From: Ufficio di prova <{ADDRESS}>\r\n")), "{copy}");
    assert!(copy.contains(&format!("Message-ID: {}\r\n", taken[0].message_id)), "{copy}");

    let refusal = thunderbird.sends("nessuno@pec.example.org", "Rifiutata", "niente").unwrap_err();
    assert!(
        refusal.contains("<nessuno@pec.example.org>: Recipient address rejected: Casella inesistente"),
        "{refusal}"
    );
    assert_eq!(postfix.taken().len(), 1);
    assert_eq!(office.snapshot().folder("Sent").messages.len(), sent);
}

/// Delega's door for sending, as a delegate.
fn by_delega<'a>(office: &Office, tls: Tls, ca: &'a Path, login: &'a str, password: &'a str) -> Account<'a> {
    let doors = office.delega.submission();
    let port = if tls == Tls::Implicit { doors.implicit } else { doors.starttls };
    Account { port, tls, ca, login, password }
}

#[test]
fn a_sender_sends_by_delega_and_keeps_a_copy() {
    let (office, postfix) = Office::sending();
    let (ca, login, password) = (office.delega.ca_file(), login(SENDER), password(SENDER));
    let outgoing = by_delega(&office, Tls::Starttls, &ca, &login, &password);
    let before = office.snapshot();
    let settings = Settings { office: &office, username: SENDER, outgoing: Some(outgoing) };
    let mut thunderbird = Thunderbird::start_with(settings);
    thunderbird.sends("esterno@pec.example.org", "Perché così", "Distinti saluti, però").unwrap();
    let taken = postfix.taken();
    assert_eq!((taken.len(), taken[0].from.as_str(), taken[0].login.as_str()), (1, ADDRESS, ADDRESS));
    let recorded = sends(&office.delega);
    assert_eq!(recorded.len(), 1);
    let row = &recorded[0];
    assert_eq!((&row["login"], &row["outcome"]), (&json!(login), &json!("accepted")));
    assert_eq!((&row["subject"], &row["to"]), (&json!("Perché così"), &json!(["esterno@pec.example.org"])));
    assert_eq!(row["message_id"], taken[0].message_id);
    let sent = before.folder("Sent").messages.len() + 1;
    office.wait_for("the copy in Sent", |state| state.folder("Sent").messages.len() == sent);
    // What the mail server refuses is shown in its words
    let refusal = thunderbird.sends("nessuno@pec.example.org", "Rifiutata", "niente").unwrap_err();
    assert!(refusal.contains("Recipient address rejected: Casella inesistente"), "{refusal}");
    assert_eq!((postfix.taken().len(), sends(&office.delega).len()), (1, 1));
    assert!(office.delega.logged("refused").is_empty(), "{}", office.delega.log());
}

#[test]
fn who_may_not_send_is_shown_why() {
    let (office, postfix) = Office::sending();
    let (ca, login, password) = (office.delega.ca_file(), login(WRITER), password(WRITER));
    let outgoing = by_delega(&office, Tls::Implicit, &ca, &login, &password);
    let settings = Settings { office: &office, username: WRITER, outgoing: Some(outgoing) };
    let mut thunderbird = Thunderbird::start_with(settings);
    let refusal = thunderbird.sends("esterno@pec.example.org", "Non posso", "niente").unwrap_err();
    let sentence = "You may not send from this mailbox: the permission to send is missing \
                    (non puoi inviare da questa casella: ti manca il permesso di invio)";
    assert!(refusal.contains(sentence), "{refusal}");
    assert_eq!(postfix.taken(), []);
    assert!(sends(&office.delega).is_empty());
}

/// S3: the person's own password opens nothing to it any more, and an app password everything that it opened.
#[test]
fn s3_with_two_steps_it_needs_an_app_password() {
    let (office, postfix) = Office::sending();
    let (ca, login) = (office.delega.ca_file(), login(SENDER));
    two_steps::enrols(&office.delega, &login);
    let own = password(SENDER);
    let settings = |outgoing| Settings { office: &office, username: SENDER, outgoing: Some(outgoing) };
    let mut thunderbird = Thunderbird::set_up(settings(by_delega(&office, Tls::Implicit, &ca, &login, &own)), &own);
    thunderbird.does("later(() => server.getNewMessages(root, main.msgWindow, null));", &[]);
    thunderbird.waits("the dialog", "return dialogs.length > 0;", &[]);
    let dialog = thunderbird.dialogs().swap_remove(0);
    assert!(dialog.contains(&format!("Login to server localhost with username {login} failed.")), "{dialog}");
    let why = office.delega.wait_logged("login refused", 1).remove(0);
    assert_eq!(why["why"], "needs an app password");
    thunderbird.quit();

    let app = two_steps::app_password(&office.delega, &login);
    let settings = settings(by_delega(&office, Tls::Implicit, &ca, &login, &app));
    let home = Thunderbird::set_up(settings, &app).quit();
    let mut thunderbird = Thunderbird::launch(home, &super::preferences(settings, true));
    office.delega.wait_logged("session start", 1);
    let sent = office.snapshot().folder("Sent").messages.len() + 1;
    thunderbird.sends("esterno@pec.example.org", "Perché così", "Distinti saluti, però").unwrap();
    assert_eq!(postfix.taken().len(), 1);
    office.wait_for("the copy in Sent", |state| state.folder("Sent").messages.len() == sent);
    assert_eq!(thunderbird.dialogs(), Vec::<String>::new());
    thunderbird.quit();
}
