//! Where and how people are written to, and postmasters' passwords, on the command line (S1, G7).

use super::*;

const POSTA: [&str; 2] = ["pec.example.it", "posta@example.it"];

impl Site {
    /// What goes out now: to whom, of which kind.
    fn mailed(&self) -> Vec<(String, &'static str)> {
        let (accounts, now) = (self.accounts(), jiff::Timestamp::now().as_millisecond());
        let mut mailed = Vec::new();
        while let Some(attempt) = accounts.begin_mail(now).unwrap() {
            accounts.end_mail(attempt.row.id, delega::accounts::MailEnd::Sent("250".into()), now).unwrap();
            mailed.push((attempt.row.recipient, attempt.row.notice.kind()));
        }
        mailed
    }

    fn add_anna(&self) {
        let password = self.path("annas");
        fs::write(&password, "correct horse battery staple").unwrap();
        let add = ["delegate", "add", ADDRESS, "anna", "--first-name", "Anna", "--last-name", "Verdi", "--email"];
        let rest = ["anna@example.it", "--phone", "055 123456", "--permissions", "read", "--password-file"];
        self.done(&[&add[..], &rest, &[password.to_str().unwrap()]].concat());
    }
}

fn told(recipient: &str, kind: &'static str) -> (String, &'static str) {
    (recipient.to_owned(), kind)
}

#[test]
fn g7_the_operator_sets_where_a_delegate_is_written_to() {
    let site = Site::new();
    site.add_anna();
    let set = |rest: &[&str]| site.json(&[&["delegate", "set", ADDRESS, "anna"], rest].concat());
    let shown = || site.json(&["delegate", "show", ADDRESS, "anna"]);
    assert_eq!((&shown()["phone"], &shown()["two_factor_since"]), (&"055123456".into(), &Value::Null));
    let changed = set(&["--email", "verdi@example.it", "--phone", "+39 (055) 12-34-57", "--language", "en"]);
    assert_eq!(changed, shown());
    assert_eq!(
        [&changed["email"], &changed["phone"], &changed["language"]],
        ["verdi@example.it", "+39055123457", "en"]
    );
    assert_eq!(site.mailed(), [told("anna@example.it", "email-changed")]);
    assert_eq!(set(&["--no-phone"])["phone"], Value::Null);
    let sheet = site.done(&["delegate", "show", ADDRESS, "anna"]);
    assert!(sheet.lines().any(|line| line == "Two-step verification  off"), "{sheet}");
    let set = |rest: &[&str]| site.run(&[&["delegate", "set", ADDRESS, "anna"], rest].concat());
    for (rest, why) in [
        (&[][..], "required"),
        (&["--phone", "055\r\n123456"], "not a phone number"),
        (&["--phone", "<b>055123456</b>"], "not a phone number"),
        (&["--phone", "055123456", "--no-phone"], "cannot be used with"),
        (&["--language", "fr"], "use it or en"),
    ] {
        let Output { status, stderr, .. } = set(rest);
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(status.code() == Some(2) && stderr.contains(why), "{rest:?}: {stderr}");
    }
    let refused = site.refused(&["delegate", "set", ADDRESS, "anna", "--email", "a@b.it\r\nBcc: c@d.it"]);
    assert!(refused.contains("the e-mail has a control character"), "{refused}");
    assert_eq!(site.mailed(), []);
}

#[test]
fn g7_the_operator_sets_where_an_owner_is_written_to() {
    let site = Site::new();
    let set = |rest: &[&str]| site.json(&[&["mailbox", "set", ADDRESS], rest].concat());
    let changed = set(&["--owner-phone", "+39 055 123456", "--owner-email", "sindaco@example.it"]);
    assert_eq!(changed, site.json(&["mailbox", "show", ADDRESS]));
    assert_eq!([&changed["owner_phone"], &changed["owner_email"]], ["+39055123456", "sindaco@example.it"]);
    assert_eq!(site.mailed(), [told("comune@example.it", "email-changed")]);
    let sheet = site.done(&["mailbox", "show", ADDRESS]);
    assert!(sheet.contains("+39055123456") && sheet.contains("Owner's two-step verification"), "{sheet}");
    assert_eq!(set(&["--no-owner-phone"])["owner_phone"], Value::Null);
    assert_eq!(site.mailed(), []);
}

#[test]
fn m1_a_postmaster_gets_a_link_for_a_password_and_the_operator_sets_one() {
    let site = Site::new();
    let of = |action: &'static str, rest: &[&'static str]| [&["postmaster", action], &POSTA[..], rest].concat();
    let said = site.done(&of("add", &["--name", "Ufficio posta"]));
    assert!(said.contains("a link to set their password goes to posta@example.it"), "{said}");
    let listed = || site.json(&["postmaster", "list"])[0].clone();
    assert_eq!((&listed()["has_password"], &listed()["two_factor_since"]), (&false.into(), &Value::Null));
    assert!(site.done(&["postmaster", "list"]).contains("none yet"));
    site.done(&of("reset-password", &[]));
    assert_eq!(site.mailed(), [told(POSTA[1], "postmaster-invited"), told(POSTA[1], "postmaster-invited")]);
    let password = site.path("posta");
    fs::write(&password, "for provisioning\n").unwrap();
    let set = [&["postmaster", "set-password"], &POSTA[..], &["--password-file", password.to_str().unwrap()]].concat();
    let set = site.json(&set);
    assert_eq!((&set, &set["has_password"]), (&listed(), &true.into()));
    assert_eq!(site.json(&of("reset-password", &[]))["has_password"], false);
    let kinds = ["postmaster-password-changed", "postmaster-password-taken"];
    assert_eq!(site.mailed(), kinds.map(|kind| told(POSTA[1], kind)));
    // By stdin, as a script does it.
    let mut child = site.start_with(&of("set-password", &[]), Stdio::piped());
    child.stdin.take().unwrap().write_all(b"for provisioning").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(listed()["has_password"], true);

    let changed = site.json(&of("set", &["--email", "Nuova@Example.it", "--phone", "055 123456", "--language", "en"]));
    assert_eq!(
        (&changed, &changed["email"], &changed["phone"]),
        (&listed(), &"nuova@example.it".into(), &"055123456".into())
    );
    assert_eq!(site.mailed().last(), Some(&told(POSTA[1], "email-changed")));
    let gone = site.refused(&of("set", &["--no-phone"]));
    assert!(gone.contains("posta@example.it is no postmaster of pec.example.it"), "{gone}");
    let other = ["postmaster", "add", "pec.example.it", "posta@example.it", "--name", "Altra posta"];
    site.done(&other);
    let taken = site.refused(&of("set", &["--email", "nuova@example.it"]));
    assert!(taken.contains("nuova@example.it is a postmaster of pec.example.it already"), "{taken}");
    // Mails of postmasters are about a domain.
    let mails = site.json(&["notify", "list"]);
    let about = |mail: &Value| (mail["domain"].clone(), mail["mailbox"].clone());
    assert!(
        mails.as_array().unwrap().iter().all(|mail| about(mail) == ("pec.example.it".into(), Value::Null)),
        "{mails}"
    );
}

#[test]
fn without_mail_the_operator_reads_what_to_do_instead() {
    let site = Site::new();
    let config = fs::read_to_string(site.path("delega.toml")).unwrap();
    let (before, _) = config.split_once("[notify]").unwrap();
    fs::write(site.path("delega.toml"), before).unwrap();
    let said = site.done(&["postmaster", "add", POSTA[0], POSTA[1], "--name", "Ufficio posta"]);
    assert!(said.contains("`delega postmaster set-password pec.example.it posta@example.it`"), "{said}");
    let refused = site.refused(&["postmaster", "reset-password", POSTA[0], POSTA[1]]);
    assert!(refused.contains("no mail can be sent"), "{refused}");
    assert_eq!(site.accounts().mails(None, 9).unwrap().rows, []);
}

/// kill -9 at any point: afterwards there is nothing, or a postmaster, a link and a mail.
#[test]
fn a_postmaster_whose_adding_is_cut_off_is_whole_or_not_there() {
    let site = Site::new();
    let add = |email: &str| site.start(&["postmaster", "add", "pec.example.it", email, "--name", "Posta"]);
    let begun = Instant::now();
    assert!(add("whole@example.it").wait_with_output().unwrap().status.success());
    let whole = begun.elapsed();
    let mut ended = vec!["whole@example.it".to_owned()];
    let mut cut_off = 0;
    // Over the whole time that one takes, and a little beyond.
    for n in 0..30 {
        let email = format!("posta-{n}@example.it");
        let mut child = add(&email);
        thread::sleep(whole * n / 25);
        let _ = child.kill();
        match child.wait().unwrap().success() {
            true => ended.push(email),
            false => cut_off += 1,
        }
    }
    assert!(cut_off > 0);
    let accounts = site.accounts();
    let mut added: Vec<String> = accounts.postmasters().unwrap().into_iter().map(|one| one.email).collect();
    let now = jiff::Timestamp::now();
    let mut linked = Vec::new();
    while let Some(attempt) = accounts.begin_mail(now.as_millisecond()).unwrap() {
        let holder = accounts.password_link(&attempt.token.unwrap(), now.as_second()).unwrap();
        assert_eq!(holder.login(), attempt.row.recipient);
        accounts.end_mail(attempt.row.id, delega::accounts::MailEnd::Sent("250".into()), now.as_millisecond()).unwrap();
        linked.push(attempt.row.recipient);
    }
    added.sort();
    linked.sort();
    assert_eq!(added, linked);
    // What was said to be done is.
    assert!(ended.iter().all(|email| added.contains(email)), "{ended:?} {added:?}");
}
