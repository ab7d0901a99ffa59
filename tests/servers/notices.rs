//! Mails to people (N1–N5) through the real Postfix, read back from the real Dovecot: they arrive as they were written, once
//! each, also where the relay was away; and the operator is told of those that do not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use mail_parser::{Message, MessageParser};
use serde_json::Value;

use super::delega::{Delega, Options};
use super::office::{ADDRESS, PASSWORD, wait_until};
use super::support::dovecot::Dovecot;
use super::support::mail;
use super::support::postfix::Postfix;

const PATIENCE: Duration = Duration::from_secs(20);
const ANNA: &str = "anna@pec.example.it";
const SENT: &str = "a mail was sent";
const WAITS: &str = "a mail has to wait";
const GIVEN_UP: &str = "a mail was given up; once the cause is mended: delega notify retry";

/// A relay that asks for a login, the invitee's own mailbox behind it, and a delega that writes to people.
struct Desk {
    dovecot: Dovecot,
    postfix: Postfix,
    delega: Delega,
    secrets: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk::by(|postfix| format!("smtps://localhost:{}", postfix.submissions_port()))
    }

    fn by(relay: impl FnOnce(&Postfix) -> String) -> Desk {
        let dovecot = Dovecot::start();
        dovecot.add_mailbox(ADDRESS, PASSWORD);
        dovecot.add_mailbox(ANNA, "di anna");
        let postfix = Postfix::before(&dovecot);
        let secrets = tempfile::tempdir().unwrap();
        let mut options = Options::before(&dovecot);
        options.upstream = format!(
            "\n[panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"https://delega.example.it\"\n\
             webmail_url = \"https://webmail.example.it/\"\n\
             \n[notify]\nrelay = \"{}\"\nfrom = \"Ufficio “Più PEC” <{ADDRESS}>\"\nuser = \"{ADDRESS}\"\n\
             password_file = {:?}\nca_file = {:?}\n",
            relay(&postfix),
            secrets.path().join("relay"),
            postfix.ca_file(),
        );
        let desk = {
            write_secret(&secrets, PASSWORD);
            let delega = options.start();
            Desk { dovecot, postfix, delega, secrets }
        };
        desk.delega.add_mailbox(ADDRESS, PASSWORD);
        desk
    }

    fn invite(&self, username: &str, email: &str, message: &str) {
        let who = ["--first-name", "Zoë", "--last-name", "D'Èze <b>", "--email", email];
        let what = ["--permissions", "read,write", "--message", message];
        self.delega.cli(&[&["delegate", "invite", ADDRESS, username][..], &who, &what].concat(), "");
    }

    /// What lies in Anna's inbox, once there are so many.
    fn inbox(&self, count: usize) -> Vec<Vec<u8>> {
        let stored = || mail::stored(&self.dovecot.maildir(ANNA), "INBOX");
        wait_until(PATIENCE, "the mail arrives", || stored().len() >= count);
        // One too many would have come by the time that Postfix has nothing left.
        self.postfix.taken();
        let stored = stored();
        assert_eq!(stored.len(), count, "{}", self.postfix.log());
        stored
    }

    fn listed(&self, state: &str) -> Vec<Value> {
        let text = self.delega.cli(&["notify", "list", "--state", state, "--json"], "");
        serde_json::from_str(&text).unwrap()
    }

    /// The findings of `delega check` about one thing, and whether all is well.
    fn checked(&self, what: &str) -> (bool, Vec<Value>) {
        let output = self.delega.run(&["check", "--json"], "");
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.success(), findings.into_iter().filter(|finding| finding["what"] == what).collect())
    }
}

fn write_secret(folder: &tempfile::TempDir, secret: &str) {
    let file = folder.path().join("relay");
    fs::write(&file, secret).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn parsed(raw: &[u8]) -> Message<'_> {
    MessageParser::new().parse(raw).unwrap()
}

#[test]
fn n1_an_invitation_arrives_once_as_it_was_written() {
    let ways: [fn(&Postfix) -> String; 2] = [
        |postfix| format!("smtps://localhost:{}", postfix.submissions_port()),
        |postfix| format!("smtp://localhost:{}", postfix.submission_port()),
    ];
    for way in ways {
        let desk = Desk::by(way);
        desk.invite("zoe", ANNA, "Perché sì: già lunedì!\n.\nDall'Èze <in poi>");
        let inbox = desk.inbox(1);
        let message = parsed(&inbox[0]);
        assert_eq!(message.subject(), Some("Hai una richiesta di collaborazione per la casella PEC"));
        let from = message.from().unwrap().first().unwrap();
        assert_eq!((from.name(), from.address()), (Some("Ufficio “Più PEC”"), Some(ADDRESS)));
        let to = message.to().unwrap().first().unwrap();
        assert_eq!((to.name(), to.address()), (Some("Zoë D'Èze <b>"), Some(ANNA)));
        let text = message.body_text(0).unwrap().replace("\r\n", "\n");
        assert!(text.contains("Gentile Zoë D'Èze <b>,\n"), "{text}");
        assert!(text.contains("> Perché sì: già lunedì!\n> .\n> Dall'Èze <in poi>\n"), "{text}");
        let html = message.body_html(0).unwrap().replace("\r\n", "\n");
        assert!(html.contains("Perché sì: già lunedì!<br>\n.<br>\nDall&#39;Èze &lt;in poi&gt;"), "{html}");
        assert!(html.contains("<html lang=\"it\">") && !html.contains("<b>"), "{html}");
        let link = |text: &str, end: char| {
            let rest = text.split_once("https://delega.example.it/invitation/").unwrap().1.to_owned();
            rest.split(end).next().unwrap().to_owned()
        };
        assert_eq!(link(&text, '\n'), link(&html, '"'));
        assert_eq!(link(&text, '\n').len(), 43);

        let taken = desk.postfix.taken();
        assert_eq!(taken.len(), 1, "{taken:#?}");
        assert_eq!((taken[0].login.as_str(), taken[0].from.as_str()), (ADDRESS, ADDRESS));
        assert_eq!(taken[0].message_id, format!("<{}>", message.message_id().unwrap()));
        let sent = desk.delega.wait_logged(SENT, 1);
        assert!(sent[0]["reply"].as_str().unwrap().starts_with("250 2.0.0 Ok: queued as"), "{sent:?}");
        assert!(!desk.delega.log().contains(&link(&text, '\n')), "a token is in the log");
    }
}

#[test]
fn n5_a_relay_that_was_away_gets_each_mail_once() {
    let mut desk = Desk::new();
    desk.postfix.kill();
    desk.invite("zoe", ANNA, "uno");
    desk.invite("anna", ANNA, "due");
    let waits = desk.delega.wait_logged(WAITS, 1);
    assert!(waits[0]["why"].as_str().unwrap().contains("cannot be reached"), "{waits:?}");
    let (_, relay) = desk.checked("relay");
    assert!(relay.len() == 1 && relay[0]["ok"] == false, "{relay:?}");
    desk.postfix.revive();
    desk.delega.crash_and_restart();
    let inbox = desk.inbox(2);
    let texts: Vec<String> = inbox.iter().map(|raw| parsed(raw).body_text(0).unwrap().into_owned()).collect();
    for words in ["> uno", "> due"] {
        assert_eq!(texts.iter().filter(|text| text.contains(words)).count(), 1, "{texts:#?}");
    }
    wait_until(PATIENCE, "both are on record", || desk.listed("sent").len() == 2);
    assert_eq!(desk.postfix.taken().len(), 2);
}

#[test]
fn n5_the_operator_is_told_what_was_given_up_and_sends_it_again() {
    let desk = Desk::new();
    let (fine, relay) = desk.checked("relay");
    assert!(fine && relay.len() == 1 && relay[0]["detail"] == "can be reached", "{relay:?}");

    const NOBODY: &str = "nessuno@pec.example.it";
    desk.invite("nessuno", NOBODY, "a chi?");
    let given_up = desk.delega.wait_logged(&format!("{GIVEN_UP} 1"), 1);
    assert_eq!(given_up[0]["recipient"], NOBODY);
    let failed = desk.listed("failed");
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["kind"], &failed[0]["recipient"]), (&Value::from("invitation"), &Value::from(NOBODY)));
    assert!(failed[0]["why"].as_str().unwrap().starts_with("RCPT TO:<nessuno@pec.example.it> was answered `550 5.1."));
    let (fine, mails) = desk.checked("mail");
    assert!(!fine && mails.len() == 1, "{mails:?}");
    assert!(mails[0]["detail"].as_str().unwrap().ends_with("delega notify retry 1"), "{mails:?}");

    desk.dovecot.add_mailbox(NOBODY, "di nessuno");
    desk.postfix.add_mailbox(NOBODY);
    assert_eq!(desk.delega.cli(&["notify", "retry", "--failed"], ""), "1 mail is due now\n");
    desk.delega.wait_logged(SENT, 1);
    assert!(desk.listed("failed").is_empty() && desk.checked("mail").0);
    wait_until(PATIENCE, "it arrives", || mail::stored(&desk.dovecot.maildir(NOBODY), "INBOX").len() == 1);
}

#[test]
fn a_relay_that_refuses_the_login_is_mended_while_the_server_runs() {
    let desk = Desk::new();
    write_secret(&desk.secrets, "un'altra");
    desk.invite("zoe", ANNA, "ciao");
    let waits = desk.delega.wait_logged(WAITS, 1);
    let why = waits[0]["why"].as_str().unwrap();
    assert!(why.contains(&format!("the login of {ADDRESS} was answered `535 5.7.8")), "{why}");
    let (fine, relay) = desk.checked("relay");
    assert!(!fine && relay[0]["detail"].as_str().unwrap().contains("535 5.7.8"), "{relay:?}");
    assert!(!desk.delega.log().contains("un'altra"));
    write_secret(&desk.secrets, PASSWORD);
    assert!(desk.checked("relay").0);
    assert_eq!(desk.delega.cli(&["notify", "retry", "1"], ""), "1 mail is due now\n");
}
