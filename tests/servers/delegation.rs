//! The whole of a delegation with real mail, as the seeds 001 and 002 tell it: somebody is invited on the command line,
//! the mail arrives, its link is opened in a browser, a password is set, both confirmations arrive, and the delegate reads
//! their mail. Then what the owner does, each felt by an open session within a second, and told by mail.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use mail_parser::{Message, MessageParser};

use super::browser::Browser;
use super::delega::{Delega, Options};
use super::imap::{Client, PATIENCE};
use super::office::{ADDRESS, PASSWORD, deliver, wait_until};
use super::support::dovecot::Dovecot;
use super::support::mail;
use super::support::postfix::Postfix;

const INVITEE: &str = "dario@pec.example.it";
const OWNER: &str = "titolare@pec.example.it";
const SENDER: &str = "noreply@pec.example.it";
const LOGIN: &str = "dario/ufficio@pec.example.it";
const CHOSEN: &str = "graffetta batteria cavallo";
const ANOTHER: &str = "sedici limoni sul divano";
/// Within this an open session feels a change (X2).
const BOUND: Duration = Duration::from_secs(1);

/// The provider's servers, delega, and people's own mail.
struct House {
    dovecot: Dovecot,
    postfix: Postfix,
    delega: Delega,
}

/// What somebody got.
#[derive(Debug)]
struct Got {
    subject: String,
    text: String,
    html: String,
    raw: String,
}

impl House {
    fn open() -> House {
        let dovecot = Dovecot::start();
        for address in [ADDRESS, INVITEE, OWNER, SENDER] {
            dovecot.add_mailbox(address, PASSWORD);
        }
        deliver(&dovecot, ADDRESS, "1.M1.pec", b"Subject: Ordinanza\n\ncorpo\n");
        dovecot.settle(ADDRESS);
        let postfix = Postfix::before(&dovecot);
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let people = format!(
            "\n[panel]\naddress = \"127.0.0.1:{port}\"\ntls = \"none\"\npublic_url = \"http://localhost:{port}\"\n\
             \n[notify]\nrelay = \"smtps://localhost:{}\"\nfrom = \"delega <{SENDER}>\"\nuser = \"{SENDER}\"\n\
             password_file = \"relay-password\"\nca_file = {:?}\n",
            postfix.submissions_port(),
            postfix.ca_file()
        );
        let files = vec![("relay-password".to_owned(), PASSWORD.to_owned())];
        let delega = Options { upstream: people, files, ..Options::before(&dovecot) }.start();
        let owner = ["--owner-name", "Comune di Prova", "--owner-email", OWNER];
        let mailbox = ["mailbox", "add", ADDRESS, "--upstream", "main", "--plan", "Pro", "--password-file", "-"];
        delega.cli(&[&mailbox[..], &owner].concat(), PASSWORD);
        House { dovecot, postfix, delega }
    }

    /// What an operator types about Dario.
    fn does(&self, action: &str, more: &[&str]) -> Instant {
        self.delega.cli(&[&["delegate", action, ADDRESS, "dario"], more].concat(), "");
        Instant::now()
    }

    /// The mail that somebody gets as number `count`, the newest of theirs.
    #[track_caller]
    fn gets(&self, address: &str, count: usize) -> Got {
        let inbox = self.dovecot.maildir(address);
        wait_until(PATIENCE, "the mail arrives", || mail::stored(&inbox, "INBOX").len() >= count);
        let all = mail::stored(&inbox, "INBOX");
        assert_eq!(all.len(), count, "{address} got more");
        let raw = all.last().unwrap();
        let message: Message<'_> = MessageParser::default().parse(raw).unwrap();
        Got {
            subject: message.subject().unwrap().to_owned(),
            text: message.body_text(0).unwrap().into_owned(),
            html: message.body_html(0).unwrap().into_owned(),
            raw: String::from_utf8_lossy(raw).into_owned(),
        }
    }

    /// Dario, who has logged in and waits for news.
    fn dario(&self, password: &str) -> Client {
        let mut client = Client::connect(&self.delega);
        client.login(LOGIN, password).ok();
        client.cmd("EXAMINE INBOX").ok();
        client.idle();
        client
    }

    #[track_caller]
    fn refuses(&self, password: &str) {
        Client::connect(&self.delega).login(LOGIN, password).is("NO [AUTHENTICATIONFAILED]");
    }
}

/// Whether somebody who waits for news is told to go, in time.
#[track_caller]
fn is_out(mut client: Client, since: Instant) {
    let said = client.rest();
    assert!(said.contains("* BYE"), "{said:?}");
    assert!(since.elapsed() < BOUND, "out after {:?}", since.elapsed());
}

fn link(got: &Got, path: &str) -> String {
    let found = got.text.split_whitespace().find(|word| word.contains(path));
    let link = found.unwrap_or_else(|| panic!("no link with {path} in {}", got.text)).to_owned();
    assert!(got.html.contains(&link), "the HTML has another link: {}", got.html);
    link
}

fn chooses(browser: &Browser, link: &str, password: &str) {
    browser.open(link);
    browser.types("#password", password);
    browser.types("#repeat", password);
    browser.clicks("form button");
}

#[test]
fn seeds_001_and_002_from_the_invitation_to_the_revocation() {
    let house = House::open();
    let who = ["--first-name", "Dario", "--last-name", "Blù", "--email", INVITEE];
    let what = ["--permissions", "read,write,send,client", "--message", "Ciao Dario,\nci dai una mano?"];
    house.does("invite", &[&who[..], &what].concat());
    house.refuses(CHOSEN);

    let invitation = house.gets(INVITEE, 1);
    assert_eq!(invitation.subject, "Hai una richiesta di collaborazione per la casella PEC");
    for told in ["Comune di Prova", ADDRESS, LOGIN, "ci dai una mano?", "Blù"] {
        assert!(invitation.text.contains(told), "{told}: {}", invitation.text);
    }
    assert!(invitation.html.contains("IMPOSTA PASSWORD"));
    for header in ["Auto-Submitted: auto-generated", &format!("<{SENDER}>"), "Message-ID: <"] {
        assert!(invitation.raw.contains(header), "{header}: {}", invitation.raw);
    }
    let link_to_accept = link(&invitation, "/invitation/");

    let browser = Browser::speaking("it");
    chooses(&browser, &link_to_accept, CHOSEN);
    browser.waits("the account is active", &format!("document.body.innerText.includes({LOGIN:?})"));
    let confirmed = house.gets(INVITEE, 2);
    let subject = format!("Il tuo account Multiutente PEC è attivo, ora puoi accedere a {ADDRESS}");
    assert_eq!(confirmed.subject, subject);
    assert!(
        confirmed.text.contains(LOGIN) && confirmed.text.contains("Utilizzo client di posta"),
        "{}",
        confirmed.text
    );
    let answered = house.gets(OWNER, 1);
    assert_eq!(answered.subject, "L'account Multiutente PEC ha risposto al tuo invito");
    assert!(answered.text.contains("Dario Blù"), "{}", answered.text);
    // Once.
    browser.open(&link_to_accept);
    browser.waits("the link is used", "!document.querySelector('#password')");

    let mut client = house.dario(CHOSEN);
    client.send(b"DONE\r\n");
    client.wait_for("OK");
    assert!(client.cmd("FETCH 1 BODY.PEEK[]").ok().all().contains("Ordinanza"));
    drop(client);

    // D5
    let open = house.dario(CHOSEN);
    let since = house.does("suspend", &[]);
    is_out(open, since);
    house.refuses(CHOSEN);
    assert_eq!(house.gets(INVITEE, 3).subject, "Il tuo account sulla casella PEC è sospeso");
    house.does("resume", &[]);
    assert_eq!(house.gets(INVITEE, 4).subject, "Il tuo account sulla casella PEC è di nuovo attivo");

    // P9
    let mut open = house.dario(CHOSEN);
    open.send(b"DONE\r\n");
    open.wait_for("OK");
    open.cmd("SELECT INBOX").ok();
    let since = house.does("permissions", &["--permissions", "read,client"]);
    wait_until(BOUND, "the new permissions bind", || open.cmd("STORE 1 +FLAGS (\\Flagged)").status.starts_with("NO"));
    assert!(since.elapsed() < BOUND, "{:?}", since.elapsed());
    let told = house.gets(INVITEE, 5);
    assert_eq!(told.subject, "I tuoi permessi sulla casella PEC sono cambiati");
    assert!(!told.text.contains("Invio"), "{}", told.text);
    drop(open);

    // D7
    let open = house.dario(CHOSEN);
    let since = house.does("reset-password", &[]);
    is_out(open, since);
    house.refuses(CHOSEN);
    let reset = house.gets(INVITEE, 6);
    chooses(&browser, &link(&reset, "/password/"), ANOTHER);
    assert_eq!(house.gets(INVITEE, 7).subject, "La tua password per la casella PEC è cambiata");
    house.refuses(CHOSEN);

    // D8
    let open = house.dario(ANOTHER);
    let since = house.does("deactivate", &["--yes"]);
    is_out(open, since);
    house.refuses(ANOTHER);
    assert_eq!(house.gets(INVITEE, 8).subject, "Il tuo accesso alla casella PEC è terminato");
    assert_eq!(mail::stored(&house.dovecot.maildir(OWNER), "INBOX").len(), 1);
    let sent = house.postfix.taken().into_iter().filter(|one| one.from == SENDER).count();
    assert_eq!(sent, 9, "{}", house.postfix.log());
}
