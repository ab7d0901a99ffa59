//! Login (L1–L4, G4, G5, S5): every form, every door, and refusals that tell nothing.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::delega::{Delega, NOT_ACCEPTED, Options, password};
use super::imap::{Client, PATIENCE, sasl_plain};
use super::office::{ADDRESS, Office, PASSWORD, wait_until};
use super::support::certs::Authority;
use super::support::dovecot::{self, Dovecot};

/// Logs in by one form of the command; the answer's status.
fn log_in(client: &mut Client, form: &str, login: &str, password: &str) -> String {
    let (l, p) = (login.len(), password.len());
    match form {
        "atom" => client.cmd(&format!("LOGIN {login} {password}")),
        "lower case" => client.cmd(&format!("login {login} {password}")),
        "quoted" => client.login(login, password),
        "{n+}" => client.cmd(&format!("LOGIN {{{l}+}}\r\n{login} {{{p}+}}\r\n{password}")),
        "mixed" => client.cmd(&format!("LOGIN {login} {{{p}+}}\r\n{password}")),
        "{n}" => {
            let tag = client.begin(&format!("LOGIN {{{l}}}"));
            assert!(client.response().starts_with("+ "));
            client.send(format!("{login} {{{p}}}\r\n").as_bytes());
            assert!(client.response().starts_with("+ "));
            client.send(format!("{password}\r\n").as_bytes());
            client.answer(&tag)
        }
        "initial response" => client.cmd(&format!("AUTHENTICATE PLAIN {}", sasl_plain("", login, password))),
        "own authzid" => client.cmd(&format!("AUTHENTICATE PLAIN {}", sasl_plain(login, login, password))),
        "continuation" => {
            let tag = client.begin("AUTHENTICATE PLAIN");
            assert_eq!(client.response(), "+ \r\n");
            client.send(format!("{}\r\n", sasl_plain("", login, password)).as_bytes());
            client.answer(&tag)
        }
        other => panic!("{other}"),
    }
    .status
}

#[test]
fn l1_a_delegate_logs_in_by_every_form_at_every_door() {
    let office = Office::open(&[("anna", "read,client")]);
    office.dovecot.listen_in(ADDRESS);
    let login = format!("anna/{ADDRESS}");
    let forms =
        ["atom", "lower case", "quoted", "{n}", "{n+}", "mixed", "initial response", "own authzid", "continuation"];
    for form in forms {
        for (door, mut client) in
            [("implicit", Client::connect(&office.delega)), ("starttls", Client::starttls(&office.delega))]
        {
            let status = log_in(&mut client, form, &login, &password("anna"));
            assert!(status.starts_with("OK [CAPABILITY "), "{form} by {door}: {status}");
            assert!(client.cmd("SELECT INBOX").ok().all().contains("* 3 EXISTS"), "{form} by {door}");
            client.cmd("LOGOUT").ok();
            assert_eq!(client.rest(), "", "{form} by {door}");
        }
    }
    assert_eq!(office.delega.wait_logged("session start", 2 * forms.len()).len(), 2 * forms.len());
    for heard in office.dovecot.heard(ADDRESS) {
        assert!(!heard.contains("anna") && !heard.to_uppercase().contains("LOGIN "), "{heard}");
    }
}

#[test]
fn nothing_is_offered_before_tls_and_no_login_taken() {
    let office = Office::open(&[("anna", "read,client")]);
    let mut client = Client::plain(office.delega.starttls_port()).unwrap();
    for told in [client.greeting.clone(), client.cmd("CAPABILITY").ok().all()] {
        assert!(told.contains("STARTTLS") && told.contains("LOGINDISABLED") && !told.contains("AUTH="), "{told}");
    }
    let login = format!("anna/{ADDRESS}");
    for form in ["atom", "{n+}", "initial response"] {
        let status = log_in(&mut client, form, &login, &password("anna"));
        assert!(status.starts_with("NO [PRIVACYREQUIRED]"), "{form}: {status}");
    }
    client.cmd("STARTTLS").ok();
    let mut client = client.begin_tls(&office.delega.ca_file());
    let told = client.cmd("CAPABILITY").ok().all();
    assert!(!told.contains("STARTTLS") && !told.contains("LOGINDISABLED") && told.contains("AUTH=PLAIN"), "{told}");
    assert!(client.cmd("STARTTLS").status.starts_with("BAD"));
    client.login(&login, &password("anna")).ok();
}

#[test]
fn l1_who_is_in_stays_who_they_are() {
    let office = Office::open(&[("anna", "read,client"), ("bruno", "read,write,client")]);
    let mut anna = office.enter_inbox("anna");
    let bruno = sasl_plain("", &format!("bruno/{ADDRESS}"), &password("bruno"));
    for command in [
        format!("LOGIN bruno/{ADDRESS} {}", password("bruno")),
        format!("AUTHENTICATE PLAIN {bruno}"),
        "UNAUTHENTICATE".to_owned(),
        "STARTTLS".to_owned(),
    ] {
        anna.cmd(&command).is("BAD");
        anna.cmd("STORE 1 +FLAGS (\\Flagged)").is("NO [NOPERM]");
    }
    assert_eq!(office.flags(1), [""; 0]);
    // Acting for another is refused, whoever's password it is
    let mut client = Client::connect(&office.delega);
    let other = sasl_plain(ADDRESS, &format!("bruno/{ADDRESS}"), &password("bruno"));
    client.cmd(&format!("AUTHENTICATE PLAIN {other}")).is("NO ");
}

#[test]
fn l3_the_owner_logs_in_with_the_mailboxs_own_password_and_may_do_everything() {
    let office = Office::open(&[]);
    for form in ["quoted", "{n}", "initial response"] {
        let mut owner = Client::connect(&office.delega);
        let status = log_in(&mut owner, form, ADDRESS, PASSWORD);
        assert!(status.starts_with("OK"), "{form}: {status}");
    }
    let mut owner = Client::connect(&office.delega);
    owner.login(ADDRESS, PASSWORD).ok();
    assert!(owner.cmd("SELECT INBOX").ok().status.contains("[READ-WRITE]"));
    owner.cmd("STORE 2 +FLAGS (\\Flagged)").ok();
    owner.cmd("CREATE Pratiche").ok();
    assert_eq!(office.flags(2), ["\\Flagged"]);
    assert!(office.dovecot.snapshot(ADDRESS).folders.contains_key("Pratiche"));
}

#[test]
fn l3_a_password_of_any_characters_reaches_the_upstream_as_it_is() {
    let dovecot = Dovecot::start();
    let hard = "così \"è\" {3} \\ ufficio%";
    dovecot.add_mailbox(ADDRESS, hard);
    let delega = Delega::before(&dovecot);
    delega.add_mailbox(ADDRESS, hard);
    delega.add_delegate(ADDRESS, "anna", "read,client");
    for form in ["quoted", "{n}", "{n+}", "continuation"] {
        let mut owner = Client::connect(&delega);
        let status = log_in(&mut owner, form, ADDRESS, hard);
        // A quoted string holds no more than ASCII (RFC 3501 §9: TEXT-CHAR), though many servers take it
        assert!(status.starts_with("OK") || form == "quoted" && status.starts_with("BAD"), "{form}: {status}");
    }
    Client::delegate(&delega, "anna", ADDRESS).cmd("SELECT INBOX").ok();
}

#[test]
fn l4_several_people_work_in_the_mailbox_at_once_from_several_programs() {
    let office = Office::open(&[("anna", "read,client"), ("bruno", "read,write,client")]);
    let mut annas: Vec<Client> = (0..3).map(|_| office.enter_inbox("anna")).collect();
    let mut brunos: Vec<Client> = (0..3).map(|_| office.enter_inbox("bruno")).collect();
    let mut owner = Client::connect(&office.delega);
    owner.login(ADDRESS, PASSWORD).ok();
    owner.cmd("SELECT INBOX").ok();
    let idling: Vec<String> = annas.iter_mut().map(Client::idle).collect();
    brunos[0].cmd("STORE 1 +FLAGS (\\Answered)").ok();
    let body = "Subject: da bruno\r\n\r\nciao\r\n";
    brunos[1].cmd(&format!("APPEND INBOX {{{}+}}\r\n{body}", body.len())).ok();
    for (anna, tag) in annas.iter_mut().zip(idling) {
        anna.wait_for("* 4 EXISTS");
        anna.send(b"DONE\r\n");
        anna.answer(&tag).ok();
        assert!(anna.cmd("FETCH 1 FLAGS").ok().all().contains("\\Answered"));
        anna.cmd("STORE 1 -FLAGS (\\Answered)").is("NO [NOPERM]");
    }
    assert!(brunos[2].cmd("NOOP").ok().all().contains("* 4 EXISTS"));
    owner.cmd("NOOP").ok();
    assert!(owner.cmd("FETCH 4 BODY.PEEK[]").ok().all().contains("ciao"));
    assert_eq!(office.flags(1), ["\\Answered"]);
}

/// Logs in at its own connection; what was answered, and when.
fn refused(port: u16, ca: &Path, login: &str, password: &str) -> (String, Duration) {
    let mut client = Client::tls(port, ca).unwrap();
    let begun = Instant::now();
    let answer = client.login(login, password);
    (answer.all(), begun.elapsed())
}

#[test]
fn s5_refusals_tell_nothing_and_the_log_tells_all() {
    const WRONG: &str = "questa-non-lo-e";
    let people = [("anna", "read,client"), ("bruno", "read,client"), ("carla", "read,write"), ("dario", "read,client")];
    // Both as they come
    let dovecot = dovecot::Options { slow_refusals: true, ..dovecot::Options::default() };
    let office = Office::on(dovecot, &people, |options| {
        options.limits = "connections_before_login_per_address = 100\n".to_owned();
    });
    let delega = &office.delega;
    delega.cli(&["delegate", "suspend", ADDRESS, "bruno"], "");
    delega.cli(&["delegate", "permissions", ADDRESS, "dario", "--protocol", "pop3"], "");
    let at = |name: &str| format!("{name}/{ADDRESS}");
    let cases = [
        (at("anna"), WRONG.to_owned(), "wrong password"),
        (at("anna"), String::new(), "wrong password"),
        (at("nessuno"), password("anna"), "unknown delegate"),
        ("anna/altrove@pec.example.it".to_owned(), password("anna"), "unknown mailbox"),
        (at("bruno"), password("bruno"), "suspended"),
        (at("bruno"), WRONG.to_owned(), "wrong password"),
        (at("carla"), password("carla"), "no client permission"),
        (at("carla"), WRONG.to_owned(), "wrong password"),
        (at("dario"), password("dario"), "protocol not chosen"),
        ("altrove@pec.example.it".to_owned(), WRONG.to_owned(), "unknown mailbox"),
        (ADDRESS.to_owned(), WRONG.to_owned(), "wrong password"),
        (WRONG.to_owned(), WRONG.to_owned(), "malformed login"),
    ];
    let (port, ca) = (delega.port(), delega.ca_file());
    let answers: Vec<(String, Duration)> = thread::scope(|scope| {
        let ca = &ca;
        let asked: Vec<_> = cases.iter().map(|(l, p, _)| scope.spawn(move || refused(port, ca, l, p))).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for ((answer, after), case) in answers.iter().zip(&cases) {
        assert_eq!(*answer, format!("NO [AUTHENTICATIONFAILED] {NOT_ACCEPTED}"), "{case:?}");
        // One multiple of the delay, and not the next
        assert!((Duration::from_secs(5)..Duration::from_millis(6500)).contains(after), "{case:?}: {after:?}");
    }
    let logged = delega.wait_logged("login refused", cases.len());
    for (login, _, why) in &cases {
        let said = |event: &serde_json::Value| {
            let known = event["login"].as_str().unwrap_or(WRONG);
            known == login && event["why"].as_str().unwrap_or_default().contains(why)
        };
        assert!(logged.iter().any(said), "{login}: {why} is not in the log: {logged:?}");
    }

    // One refusal does not spoil the connection
    let mut client = Client::connect(delega);
    client.login(&at("anna"), WRONG).is("NO [AUTHENTICATIONFAILED]");
    client.login(&at("anna"), &password("anna")).ok();
    let mut owner = Client::connect(delega);
    owner.login(ADDRESS, PASSWORD).ok();

    let mut secrets = vec![WRONG.to_owned(), PASSWORD.to_owned()];
    secrets.extend(people.iter().map(|(name, _)| password(name)));
    nowhere(&office, &secrets);
}

/// None of these is in any file of delega's or in what everybody on this machine may see of its process.
fn nowhere(office: &Office, secrets: &[String]) {
    let mut seen = 0;
    let mut look = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        seen += bytes.len();
        for secret in secrets {
            for form in [secret.clone(), BASE64.encode(secret), sasl_plain("", "", secret)] {
                let found = memchr::memmem::find(&bytes, form.as_bytes()).is_some();
                assert!(!found, "{form:?} is in {}", path.display());
            }
        }
    };
    let mut folders = vec![office.delega.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() { folders.push(entry.path()) } else { look(&entry.path()) }
        }
    }
    for name in ["cmdline", "environ", "comm"] {
        look(Path::new(&format!("/proc/{}/{name}", office.delega.id())));
    }
    assert!(seen > 50_000, "{seen} bytes were looked at");
}

#[test]
fn g4_webmail_serves_who_has_no_client_permission() {
    let office = Office::open(&[("carla", "read,write")]);
    let login = format!("carla/{ADDRESS}");
    let mut webmail = Client::tls(office.delega.webmail_port(), &office.delega.ca_file()).unwrap();
    webmail.login(&login, &password("carla")).ok();
    assert!(webmail.cmd("SELECT INBOX").ok().status.contains("[READ-WRITE]"));
    Client::connect(&office.delega).login(&login, &password("carla")).is("NO [AUTHENTICATIONFAILED]");
    let started = office.delega.wait_logged("session start", 1);
    assert_eq!(started[0]["listener"], "webmail");
    assert_eq!(started[0]["login"], login);
}

#[test]
fn p6_a_read_only_mail_program_exists_only_where_the_operator_says_so() {
    // Granting client grants write and send, and so MYRIGHTS and SELECT say
    let nested = Office::with(&[("anna", "client"), ("carla", "read")], |options| options.client_apart = false);
    let mut anna = nested.enter_inbox("anna");
    anna.cmd("STORE 1 +FLAGS (\\Flagged)").ok();
    nested.delega.cli(&["delegate", "permissions", ADDRESS, "anna", "--revoke", "write"], "");
    // Taking write away takes client with it: the mail program has to go
    assert!(anna.rest().contains("* BYE"));
    let carla = format!("carla/{ADDRESS}");
    Client::connect(&nested.delega).login(&carla, &password("carla")).is("NO [AUTHENTICATIONFAILED]");
}

#[test]
fn x17_a_read_only_mail_program_where_client_stands_apart() {
    let apart = Office::open(&[("anna", "read,write,client")]);
    let mut anna = apart.enter_inbox("anna");
    apart.delega.cli(&["delegate", "permissions", ADDRESS, "anna", "--revoke", "write"], "");
    anna.wait_for("[READ-ONLY]");
    anna.cmd("STORE 1 +FLAGS (\\Flagged)").is("NO [NOPERM]");
    assert!(apart.enter("anna").cmd("SELECT INBOX").ok().status.contains("[READ-ONLY]"));
    assert_eq!(apart.flags(1), [""; 0]);
}

#[test]
fn g5_a_master_user_opens_mailboxes_without_a_password_of_their_own() {
    let master = Some(("delega".to_owned(), "padrona \"di\" casa".to_owned()));
    let dovecot = dovecot::Options { master, ..dovecot::Options::default() }.start();
    dovecot.add_mailbox(ADDRESS, PASSWORD);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master");
    super::support::certs::write(&file, "padrona \"di\" casa\n", 0o600).unwrap();
    let options = Options {
        upstream: format!("master_user = \"delega\"\nmaster_password_file = {file:?}\n"),
        ..Options::before(&dovecot)
    };
    let delega = options.start();
    let owner =
        ["--plan", "Premium", "--packs", "30", "--owner-name", "Ufficio", "--owner-email", "ufficio@example.it"];
    delega.cli(&[&["mailbox", "add", ADDRESS, "--upstream", "main"][..], &owner].concat(), "");
    delega.add_delegate(ADDRESS, "anna", "read,client");
    assert!(Client::delegate(&delega, "anna", ADDRESS).cmd("SELECT INBOX").ok().all().contains("EXISTS"));
    Client::connect(&delega).login(ADDRESS, PASSWORD).ok();
    assert!(delega.cli(&["check"], "").contains("can be opened"));
}

#[test]
fn g5_the_upstream_is_reached_by_starttls_as_by_tls() {
    for starttls in [false, true] {
        let office = Office::with(&[("anna", "read,client")], |options| {
            // The ports are Dovecot's own
            if starttls {
                options.imap = options.starttls_imap.clone();
            }
        });
        assert!(office.enter("anna").cmd("SELECT INBOX").ok().all().contains("* 3 EXISTS"));
        let started = office.delega.wait_logged("session start", 1);
        assert!(started[0]["upstream_tls"].as_str().unwrap().starts_with("TLSv1_3"), "{started:?}");
        assert!(started[0]["tls"].as_str().unwrap().starts_with("TLSv1_3"), "{started:?}");
    }
}

#[test]
fn g5_an_upstream_that_shows_the_wrong_certificate_is_not_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.pem");
    fs::write(&other, Authority::new("Another CA").unwrap().pem).unwrap();
    for starttls in [false, true] {
        let office = Office::with(&[("anna", "read,client")], |options| {
            options.ca_file = Some(other.clone());
            if starttls {
                options.imap = options.starttls_imap.clone();
            }
        });
        let mut client = Client::connect(&office.delega);
        client.login(&format!("anna/{ADDRESS}"), &password("anna")).is("NO [UNAVAILABLE]");
        client.login(ADDRESS, PASSWORD).is("NO [UNAVAILABLE]");
        let logged = office.delega.wait_logged("the upstream cannot be reached", 2);
        let error = logged[0]["error"].as_str().unwrap();
        assert!(error.contains("localhost is not accepted: it was issued by nobody who is trusted"), "{error}");
        assert!(error.contains("other.pem"), "{error}");
        assert!(!office.dovecot.log().contains("Login: user="), "{}", office.dovecot.log());
    }
}

#[test]
fn l2_a_stored_password_that_the_upstream_refuses_is_the_operators_fault_and_the_owners_own() {
    let office = Office::open(&[("anna", "read,client")]);
    office.dovecot.add_mailbox(ADDRESS, "nuova-di-casella");
    let mut anna = Client::connect(&office.delega);
    anna.login(&format!("anna/{ADDRESS}"), &password("anna")).is("NO [UNAVAILABLE]");
    let logged = office
        .delega
        .logged("the upstream refused the stored credentials; set them anew with `delega mailbox set --password`");
    assert_eq!(logged[0]["login"], format!("anna/{ADDRESS}"), "{}", office.delega.log());
    let refused = || {
        let shown: serde_json::Value =
            serde_json::from_str(&office.delega.cli(&["mailbox", "show", ADDRESS, "--json"], "")).unwrap();
        shown["password_refused_at"].is_string()
    };
    wait_until(PATIENCE, "it is noted", refused);
    let mut owner = Client::connect(&office.delega);
    owner.login(ADDRESS, PASSWORD).is("NO [AUTHENTICATIONFAILED]");
    owner.login(ADDRESS, "nuova-di-casella").ok();
    assert!(refused(), "what the owner types is not what delega holds");
    office.delega.cli(&["mailbox", "set", ADDRESS, "--password-file", "-"], "nuova-di-casella");
    assert!(!refused());
    anna.login(&format!("anna/{ADDRESS}"), &password("anna")).ok();
}

/// L2, L3: where the operator allows it, the owner has only to log in with the new password, and delegates come in again.
#[test]
fn l2_the_owners_login_replaces_a_stored_password_that_is_refused() {
    let office = Office::with(&[("anna", "read,client")], |options| {
        options.upstream = "owner_renews_password = true\n".to_owned()
    });
    office.dovecot.add_mailbox(ADDRESS, "nuova-di-casella");
    let login = format!("anna/{ADDRESS}");
    let mut anna = Client::connect(&office.delega);
    anna.login(&login, &password("anna")).is("NO [UNAVAILABLE]");
    let refused = || {
        let shown: serde_json::Value =
            serde_json::from_str(&office.delega.cli(&["mailbox", "show", ADDRESS, "--json"], "")).unwrap();
        shown["password_refused_at"].is_string()
    };
    wait_until(PATIENCE, "it is noted", refused);
    let mut owner = Client::connect(&office.delega);
    owner.login(ADDRESS, PASSWORD).is("NO [AUTHENTICATIONFAILED]");
    assert!(refused());
    owner.login(ADDRESS, "nuova-di-casella").ok();
    wait_until(PATIENCE, "it is mended", || !refused());
    anna.login(&login, &password("anna")).ok();
}
