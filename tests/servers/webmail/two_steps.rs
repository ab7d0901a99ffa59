//! Roundcube with two-step verification: the password with a code behind it, for as many clicks as somebody makes, and the
//! panel's way in, without typing.

use std::process::Command;

use secrecy::ExposeSecret;

use super::*;
use crate::two_steps::{self, accounts, now_secs};

/// Whether somebody at that address on the loopback comes in by the web mail's door with this text.
fn comes_in(delega: &Delega, from: &str, login: &str, said: &str) -> bool {
    let mut command = Command::new("curl");
    command.args(["--silent", "--interface", from, "--cacert"]).arg(delega.ca_file());
    command.args(["--user", &format!("{login}:{said}"), &format!("imaps://localhost:{}/", delega.webmail_port())]);
    // 67: the login was denied
    match command.output().unwrap().status.code() {
        Some(0) => true,
        Some(67) => false,
        other => panic!("{other:?}"),
    }
}

/// What Roundcube says to somebody whom it does not let in.
fn is_refused(person: &Person) {
    person.browser.waits("the refusal", "document.body.innerText.includes('Login failed')");
}

/// Ends all logins by web mail, as time would.
fn ends_logins(delega: &Delega) {
    let raw = rusqlite::Connection::open(delega.folder().join("delega.db")).unwrap();
    raw.busy_timeout(Duration::from_secs(10)).unwrap();
    assert!(raw.execute("UPDATE webmail_logins SET until_ms = 1", []).unwrap() > 0);
}

/// Clicks about, and sends.
fn works(person: &Person, dovecot: &Dovecot, postfix: &Postfix) {
    let before = postfix.taken().len();
    person.reads(unread(dovecot), CERTIFIED);
    for query in ["_task=mail", "_task=settings", "_task=mail&_mbox=Sent", "_task=mail"] {
        person.goes_to(query);
    }
    assert_eq!(person.sends(OTHER, "Perché così", "Distinti saluti"), "confirmation: Message sent successfully.");
    assert_eq!(postfix.taken().len(), before + 1);
    assert!(!person.browser.text().contains("Login"), "{}", person.browser.text());
}

#[test]
fn s2_password_and_code_open_roundcube() {
    let (dovecot, postfix, delega, roundcube) = office();
    let browser = Browser::start();
    let delegate = format!("{SENDER}/{ADDRESS}");
    for (n, (login, own)) in
        [(delegate.as_str(), password(SENDER)), (ADDRESS, OWNERS_PASSWORD.to_owned())].into_iter().enumerate()
    {
        let codes = two_steps::enrols(&delega, login);
        is_refused(&Person::knock(&browser, &roundcube, login, &own));
        let said = own.clone() + &codes.now_and(0);
        let person = Person::enter(&browser, &roundcube, login, &said);
        picture(&browser, &format!("two-steps-{n}"));
        works(&person, &dovecot, &postfix);
        // The same from somewhere else, and once it has ended.
        assert!(comes_in(&delega, "127.0.0.1", login, &said));
        assert!(!comes_in(&delega, "127.0.0.2", login, &said));
        ends_logins(&delega);
        assert!(!comes_in(&delega, "127.0.0.1", login, &said));
        browser.open(&roundcube.url());
        browser.waits("the login page", "!!document.querySelector('#rcmloginuser')");
        is_refused(&Person::knock(&browser, &roundcube, login, &said));
        // The next code is another.
        Person::enter(&browser, &roundcube, login, &(own + &codes.now_and(1)));
    }
    let errors = roundcube.errors();
    assert!(!errors.contains("delega.php") && !errors.contains("delega_sso.php"), "{errors}");
}

#[test]
fn the_panel_opens_roundcube_without_a_password() {
    let (dovecot, postfix, delega, roundcube) = office();
    let browser = Browser::start();
    let known = accounts(&delega);
    let delegate = format!("{SENDER}/{ADDRESS}");
    two_steps::enrols(&delega, &delegate);
    for (n, login) in [delegate.as_str(), ADDRESS].into_iter().enumerate() {
        let account = two_steps::account(&known, login);
        let made = known.create_sign_on(account, now_secs() * 1000).unwrap();
        let link = made.url(&roundcube.url()).expose_secret().to_owned();
        browser.forget();
        browser.open(&link);
        let whose = browser.waits("who it is", "document.querySelector('#delega-sso-login')?.innerText");
        assert_eq!(whose, json!(login));
        picture(&browser, &format!("sign-on-{n}"));
        let address = browser.script("return location.href;");
        assert!(!address.as_str().unwrap().contains(made.token.expose()), "{address}");
        assert_eq!(browser.script("return document.querySelector('#rcmloginuser');"), Value::Null);
        browser.clicks("#rcmloginsubmit");
        browser.waits("the messages are listed", "document.querySelectorAll('#messagelist tbody tr').length > 1");
        let person = Person { browser: &browser, roundcube: &roundcube };
        works(&person, &dovecot, &postfix);

        // The link again, in the same browser: they are in.
        browser.open(&link);
        browser.waits("the messages are listed", "document.querySelectorAll('#messagelist tbody tr').length > 1");
        // As somebody else they are not logged out by it.
        let other = format!("{}_sso={}&_login=x/{OTHER}", roundcube.url() + "?", "A".repeat(43));
        browser.open(&other);
        browser
            .waits("the warning", &format!("document.body.innerText.includes('You are in this web mail as {login}')"));
        // And what lies in the history and in the server's log opens nothing.
        assert!(roundcube.log().contains(made.token.expose()), "nothing was tried");
        browser.forget();
        browser.open(&link);
        browser.clicks("#rcmloginsubmit");
        browser.waits("the refusal", "document.body.innerText.includes('Login failed')");
        is_refused(&Person::knock(&browser, &roundcube, login, made.token.expose()));
        assert!(!comes_in(&delega, "127.0.0.1", login, &format!("{}.{}", made.token.expose(), "x".repeat(32))));
    }
    let errors = roundcube.errors();
    assert!(!errors.contains("delega.php") && !errors.contains("delega_sso.php"), "{errors}");
}

/// A browser without a window: curl with a jar of cookies.
struct Curl<'a> {
    jar: tempfile::NamedTempFile,
    roundcube: &'a Roundcube,
}

impl Curl<'_> {
    /// The status and the page.
    fn asks(&self, query: &str, form: &[(&str, &str)]) -> (u32, String) {
        let mut command = Command::new("curl");
        command.args(["--silent", "--write-out", "\n%{http_code}", "--cookie-jar"]).arg(self.jar.path());
        command.arg("--cookie").arg(self.jar.path());
        for (name, value) in form {
            command.args(["--data-urlencode", &format!("{name}={value}")]);
        }
        let output = command.arg(format!("{}?{query}", self.roundcube.url())).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let (page, status) = said.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), page.to_owned())
    }

    /// The id of Roundcube's session.
    fn session(&self) -> Option<String> {
        let jar = std::fs::read_to_string(self.jar.path()).unwrap();
        jar.lines()
            .find(|line| line.contains("roundcube_sessid"))
            .map(|line| line.rsplit('\t').next().unwrap().to_owned())
    }

    /// Whether somebody is logged in.
    fn is_in(&self) -> bool {
        self.asks("_task=mail", &[]).1.contains("messagelist")
    }
}

/// Another site can make a browser open the panel's link, or send a form: neither logs it in. And what somebody has set as
/// its session before is none afterwards.
#[test]
fn the_panels_link_logs_nobody_in_unasked() {
    let (_dovecot, _postfix, delega, roundcube) = office();
    let known = accounts(&delega);
    let login = format!("{SENDER}/{ADDRESS}");
    let made = known.create_sign_on(two_steps::account(&known, &login), now_secs() * 1000).unwrap();
    let link = made.url("").expose_secret().trim_start_matches('?').to_owned();
    let curl = Curl { jar: tempfile::NamedTempFile::new().unwrap(), roundcube: &roundcube };
    let (status, _) = curl.asks(&link, &[]);
    assert_eq!(status, 302);
    assert!(!curl.is_in());
    let form = [("_task", "login"), ("_action", "login"), ("_continue", "1"), ("_user", "x"), ("_pass", "x")];
    curl.asks("_task=login", &form);
    assert!(!curl.is_in(), "a form that is not Roundcube's own was taken");

    curl.asks(&link, &[]);
    let page = curl.asks("_task=login", &[]).1;
    let token = page.split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let before = curl.session().unwrap();
    let (status, page) = curl.asks("_task=login", &[&form[..3], &[("_token", token)]].concat());
    assert_eq!(status, 302, "{page}");
    assert!(curl.is_in());
    assert_ne!(curl.session().unwrap(), before);
}
