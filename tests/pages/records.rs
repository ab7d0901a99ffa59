//! What was sent, who came in, who is at work, and one's own sessions (O2, S4, X16), as those see it who may, and as a
//! spreadsheet gets it.

use std::sync::Mutex;

use delega::accounts::{AccessEntry, AccountRef, OpenSession, OpenSessions, SendingEntry, SessionKey};
use delega::domain::{Login, MailboxId, PasswordVersion, SendOutcome, Sending};

use super::*;

const EVIL: &str = "=cmd|' /C calc'!A0 <script>alert(1)</script> \"&";

/// Nobody is at work, or those whom a test says.
#[derive(Default)]
pub struct AtWork(pub Mutex<Vec<OpenSession>>);

impl OpenSessions for AtWork {
    fn of(&self, mailbox: MailboxId) -> Vec<OpenSession> {
        self.0.lock().unwrap().iter().filter(|session| session.account.mailbox() == mailbox).cloned().collect()
    }

    fn end(&self, key: &SessionKey) -> bool {
        let mut open = self.0.lock().unwrap();
        let before = open.len();
        open.retain(|session| session.key != *key);
        open.len() < before
    }
}

/// Somebody who has logged in.
struct Person<'a> {
    office: &'a Office,
    cookie: String,
}

impl<'a> Person<'a> {
    async fn logs_in(office: &'a Office, login: &str, password: &str) -> Person<'a> {
        let answer = office.post("/login", &[("login", login), ("password", password)]).await;
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(cookie.starts_with("__Host-delega="), "{answer:?}");
        Person { office, cookie }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("cookie", &self.cookie);
        self.office.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request = form(path, fields);
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        self.office.send(request).await
    }

    /// The key of this person's forms.
    async fn key(&self) -> String {
        let page = self.get("/account/sessions").await.body;
        let (_, rest) = page.split_once("name=\"key\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }
}

impl Office {
    fn mailbox(&self) -> MailboxId {
        self.accounts.show_mailbox(Actor::Operator, &MAILBOX.parse().unwrap(), now()).unwrap().mailbox.id
    }

    fn account_of(&self, login: &Login) -> AccountRef {
        match login {
            Login::Owner(_) => AccountRef::Owner(self.mailbox(), PasswordVersion(0)),
            Login::Delegate(username, _) => {
                let found = self.delegate(username.as_str()).delegate;
                AccountRef::Delegate(self.mailbox(), found.id, found.password)
            }
        }
    }

    /// Records a message; its number.
    fn sends(&self, login: &str, to: &[&str], subject: &str, at_ms: i64) -> i64 {
        let login: Login = login.parse().unwrap();
        let entry = SendingEntry {
            account: self.account_of(&login),
            login,
            peer: "192.0.2.7:40123".parse().unwrap(),
            door: Door { protocol: Protocol::Submission, kind: ListenerKind::Client },
            addresses: vec![MAILBOX.parse().unwrap()],
            sending: Sending {
                reverse_path: MAILBOX.to_owned(),
                forward_paths: to.iter().map(|to| (*to).to_owned()).collect(),
                message_id: Some("<1.2@pec.example.it>".to_owned()),
                subject: Some(subject.to_owned()),
                bytes: 12_345,
            },
        };
        self.accounts.record_sending(entry, None, at_ms).unwrap().0
    }

    fn comes_in(&self, login: &str, program: Option<&str>, refusal: Option<&str>, at_ms: i64) {
        let entry = AccessEntry {
            login: login.parse().unwrap(),
            address: "192.0.2.7".parse().unwrap(),
            door: Door { protocol: Protocol::Imap, kind: ListenerKind::Client },
            program: program.map(str::to_owned),
            refusal: refusal.map(str::to_owned),
            app_password: None,
            by_stored: false,
            at_ms,
        };
        self.accounts.note_accesses(&[entry]).unwrap();
    }

    /// Somebody has the mailbox open.
    fn works(&self, login: &str, key: u8) {
        let login: Login = login.parse().unwrap();
        let session = OpenSession {
            key: SessionKey([key; 16]),
            account: self.account_of(&login),
            login,
            address: "192.0.2.7".parse().unwrap(),
            door: Door { protocol: Protocol::Imap, kind: ListenerKind::Client },
            program: Some("<b>Thunderbird</b>".to_owned()),
            since_ms: 1_796_376_600_000,
        };
        self.at_work.0.lock().unwrap().push(session);
    }

    async fn owner_of_records(&self) -> Person<'_> {
        Person::logs_in(self, MAILBOX, OWNERS_PASSWORD).await
    }

    async fn logged_in(&self, username: &str) -> Person<'_> {
        Person::logs_in(self, &format!("{username}/{MAILBOX}"), ADDED_PASSWORD).await
    }
}

/// 4 December 2026, 10:30 in Italy.
const AT: i64 = 1_796_376_600_000;
const ANNA: &str = "anna/ufficio@pec.example.it";

fn path(page: &str) -> String {
    format!("/mailboxes/ufficio%40pec.example.it/{page}")
}

async fn office() -> Office {
    let office = Office::open();
    office.add_with("anna", "send,client");
    office.add_with("bruno", "read,settings");
    office
}

#[tokio::test]
async fn o2_the_owner_follows_what_was_sent() {
    let office = office().await;
    let id = office.sends(ANNA, &["comune@pec.example.org", "regione@pec.example.org"], "Domanda", AT);
    office
        .accounts
        .record_outcome(delega::domain::SendId(id), SendOutcome::Refused("550 no".to_owned()), None, AT)
        .unwrap();
    let owner = office.owner_of_records().await;
    let page = owner.get(&path("sends")).await;
    assert_eq!(page.status, 200);
    for said in
        ["4 dicembre 2026, 10:30", "Anna Verdi", ANNA, "comune@pec.example.org", "e un altro", "Domanda", "Rifiutato"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let one = owner.get(&path(&format!("sends/{id}"))).await;
    for said in ["regione@pec.example.org", "&#60;1.2@pec.example.it&#62;", "12,3 kB", "550 no", "192.0.2.7"] {
        assert!(one.body.contains(said), "{said}: {}", one.body);
    }
    for gone in ["sends/99", "sends/x", "sends/"] {
        assert_eq!(owner.get(&path(gone)).await.status, 404, "{gone}");
    }
}

#[tokio::test]
async fn o2_sends_are_found_by_what_is_asked_for() {
    let office = office().await;
    let day = 24 * 60 * 60 * 1000;
    office.sends(ANNA, &["comune@pec.example.org"], "SOCIETÀ", AT);
    office.sends(MAILBOX, &["altro@pec.example.org"], "Due", AT + day);
    let owner = office.owner_of_records().await;
    let shown = async |query: &str| {
        let page = owner.get(&path(&format!("sends{query}"))).await;
        assert_eq!(page.status, 200, "{query}");
        [page.body.contains("SOCIETÀ</bdi>"), page.body.contains("Due</bdi>")]
    };
    for (query, expected) in [
        ("", [true, true]),
        ("?by=anna%2Fufficio%40pec.example.it", [true, false]),
        ("?by=ufficio%40pec.example.it", [false, true]),
        ("?to=COMUNE%40pec.example.org", [true, false]),
        ("?subject=societ%C3%A0", [true, false]),
        ("?from=2026-12-04&until=2026-12-04", [true, false]),
        ("?from=2026-12-05", [false, true]),
        ("?outcome=unknown", [true, true]),
        ("?outcome=accepted", [false, false]),
    ] {
        assert_eq!(shown(query).await, expected, "{query}");
    }
    let none = owner.get(&path("sends?outcome=accepted")).await;
    assert!(none.body.contains("cambiali o toglili"), "{}", none.body);
    for wrong in ["from=31%2F12%2F2026", "until=x", "by=nessuno"] {
        let page = owner.get(&path(&format!("sends?{wrong}"))).await;
        assert!(page.status == 422 && page.body.contains("role=\"alert\""), "{wrong}: {}", page.body);
    }
    assert_eq!(owner.get(&path("sends?after=x")).await.status, 400);
}

#[tokio::test]
async fn o2_long_lists_have_pages() {
    let office = office().await;
    for n in 0..60 {
        office.sends(ANNA, &["comune@pec.example.org"], &format!("n. {n:02}"), AT + n);
    }
    let owner = office.owner_of_records().await;
    let first = owner.get(&path("sends?subject=n.")).await.body;
    assert!(first.contains("n. 59<") && first.contains("n. 10<") && !first.contains("n. 09<"), "{first}");
    let (_, older) = first.split_once("<ul class=\"pages\">").unwrap();
    let (_, older) = older.split_once("href=\"").unwrap();
    let older = older.split_once('"').unwrap().0.replace("&#38;", "&");
    assert!(older.contains("subject=n."), "{older}");
    let second = owner.get(&older).await.body;
    assert!(second.contains("n. 09<") && second.contains("n. 00<") && !second.contains("n. 10<"), "{second}");
    let table = owner.get(&path("sends.csv")).await.body;
    assert_eq!(table.lines().count(), 61, "all of them, whatever a page holds");
}

#[tokio::test]
async fn o2_what_is_taken_away_is_no_formula() {
    let office = office().await;
    office.sends(ANNA, &["+39@pec.example.org", "b@pec.example.org"], EVIL, AT);
    let owner = office.owner_of_records().await;
    let table = owner.get(&path("sends.csv")).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(table.header("content-disposition"), "attachment; filename=\"sends-ufficio@pec.example.it.csv\"");
    assert_eq!((table.header("cache-control"), table.header("x-content-type-options")), ("no-store", "nosniff"));
    let expected = "\"2026-12-04 10:30:00\",\"anna/ufficio@pec.example.it\",\"192.0.2.7\",\"programma di posta (SMTP)\",\
                    \"ufficio@pec.example.it\",\"'+39@pec.example.org b@pec.example.org\",\
                    \"'=cmd|' /C calc'!A0 <script>alert(1)</script> \"\"&\",\"<1.2@pec.example.it>\",\"12345\",\
                    \"Sconosciuto\",\"\",\"\"";
    assert!(table.body.starts_with('\u{feff}'), "spreadsheets know it for UTF-8");
    assert_eq!(table.body.lines().nth(1), Some(expected));
    assert!(table.body.lines().all(|line| !line.contains('\n')) && table.body.ends_with("\r\n"));
}

#[tokio::test]
async fn markup_in_records_is_text() {
    let office = office().await;
    let id = office.sends(ANNA, &["<img@pec.example.org"], EVIL, AT);
    office.comes_in(ANNA, Some(EVIL), Some(EVIL), AT);
    office.works(ANNA, 7);
    let owner = office.owner_of_records().await;
    let key = "07".repeat(16);
    for page in ["sends", &format!("sends/{id}"), "accesses", "now", &format!("now/{key}")] {
        let shown = owner.get(&path(page)).await;
        assert_eq!(shown.status, 200, "{page}");
        for markup in ["<script", "<img", "<b>"] {
            assert!(!shown.body.contains(markup), "{page}: {markup} in {}", shown.body);
        }
    }
    let odd = owner.get(&path("sends?subject=%22%3E%3Cscript%3E&by=%3Cscript%3E")).await;
    assert!(odd.status == 422 && !odd.body.contains("<script") && odd.body.contains("&#60;script"), "{}", odd.body);
}

#[tokio::test]
async fn s4_accesses_of_the_mailbox_and_ones_own() {
    let office = office().await;
    office.comes_in(ANNA, Some("Thunderbird 140"), None, AT);
    office.comes_in(ANNA, Some("Thunderbird 140"), None, AT + 1);
    office.comes_in(MAILBOX, Some("K-9"), Some("wrong password"), AT + 2);
    let owner = office.owner_of_records().await;
    let all = owner.get(&path("accesses?until=2026-12-04")).await.body;
    for said in [
        "2 volte dal 4 dicembre 2026, 10:30",
        "Thunderbird 140",
        "programma di posta (IMAP)",
        "Rifiutato: password sbagliata",
    ] {
        assert!(all.contains(said), "{said}: {all}");
    }
    let refused = owner.get(&path("accesses?result=refused")).await.body;
    assert!(refused.contains("K-9") && !refused.contains("Thunderbird"), "{refused}");
    let elsewhere = owner.get(&path("accesses?address=192.0.2.8")).await.body;
    assert!(!elsewhere.contains("K-9"), "{elsewhere}");
    // The owner's own are the owner's.
    let manager = office.logged_in("bruno").await;
    let seen = manager.get(&path("accesses")).await.body;
    assert!(seen.contains("Thunderbird 140") && !seen.contains("K-9"), "{seen}");
    let anna = office.logged_in("anna").await;
    let own = anna.get("/account/accesses").await.body;
    assert!(own.contains("Thunderbird 140") && own.contains("pannello") && !own.contains("K-9"), "{own}");
    let table = anna.get("/account/accesses.csv").await;
    assert!(table.body.contains("\"2026-12-04 10:30:00\",\"2026-12-04 10:30:00\",\"2\""), "{}", table.body);
    assert!(owner.get(&path("accesses.csv?result=refused")).await.body.contains("\"Rifiutato: password sbagliata\""));
}

#[tokio::test]
async fn who_may_not_look_finds_nothing() {
    let office = office().await;
    let id = office.sends(ANNA, &["comune@pec.example.org"], "Domanda", AT);
    office.works(ANNA, 7);
    let anna = office.logged_in("anna").await;
    let key = "07".repeat(16);
    let pages =
        ["sends", &format!("sends/{id}"), "sends.csv", "accesses", "accesses.csv", "now", &format!("now/{key}")];
    for page in pages {
        assert_eq!(anna.get(&path(page)).await.status, 404, "{page}");
        let elsewhere = format!("/mailboxes/altro%40pec.example.it/{page}");
        assert_eq!(office.owner_of_records().await.get(&elsewhere).await.status, 404, "{page}");
        let nobody = office.get(&path(page)).await;
        assert!(nobody.status == 303 && nobody.header("location").starts_with("/login?next="), "{page}");
    }
    let form_key = anna.key().await;
    assert_eq!(anna.post(&path(&format!("now/{key}")), &[("key", &form_key)]).await.status, 404);
    assert_eq!(office.at_work.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn x16_a_session_is_ended_after_a_confirmation() {
    let office = office().await;
    office.works(ANNA, 7);
    office.works(MAILBOX, 8);
    let owner = office.owner_of_records().await;
    let now = owner.get(&path("now")).await.body;
    let key = "07".repeat(16);
    assert!(now.contains("Anna Verdi") && now.contains(&path(&format!("now/{key}"))), "{now}");
    let asks = owner.get(&path(&format!("now/{key}"))).await.body;
    assert!(asks.contains("Vuoi chiudere questa sessione?") && asks.contains("entrare di nuovo"), "{asks}");
    assert_eq!(office.at_work.0.lock().unwrap().len(), 2, "looking changes nothing");
    assert_eq!(owner.post(&path(&format!("now/{key}")), &[("key", "x")]).await.status, 403);
    let form_key = owner.key().await;
    let ended = owner.post(&path(&format!("now/{key}")), &[("key", &form_key)]).await;
    assert_eq!((ended.status.as_u16(), ended.header("location")), (303, path("now?done=ended").as_str()));
    assert_eq!(office.at_work.0.lock().unwrap().len(), 1);
    assert!(owner.get(&path("now?done=ended")).await.body.contains("La sessione è stata chiusa."));
    let again = owner.post(&path(&format!("now/{key}")), &[("key", &form_key)]).await;
    assert_eq!(again.header("location"), path("now?done=gone"));
    // A manager neither sees the owner's session nor ends it.
    let manager = office.logged_in("bruno").await;
    let owners = "08".repeat(16);
    assert!(!manager.get(&path("now")).await.body.contains(&owners));
    let form_key = manager.key().await;
    let tried = manager.post(&path(&format!("now/{owners}")), &[("key", &form_key)]).await;
    assert_eq!(tried.header("location"), path("now?done=gone"));
    assert_eq!(office.at_work.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn s1_ones_own_sessions_are_ended_one_by_one() {
    let office = office().await;
    office.works(ANNA, 7);
    office.works(MAILBOX, 8);
    let (here, there) = (office.logged_in("anna").await, office.logged_in("anna").await);
    let page = here.get("/account/sessions").await.body;
    assert!(page.contains("Questa sessione") && page.contains(&"07".repeat(16)) && !page.contains(&"08".repeat(16)));
    let names: Vec<&str> = page
        .split("action=\"/account/sessions/panel\"")
        .skip(1)
        .filter_map(|form| form.split_once("name=\"session\" value=\"")?.1.split_once('"').map(|(name, _)| name))
        .collect();
    let [other] = names.as_slice() else { panic!("{names:?}") };
    let key = here.key().await;
    let ended = here.post("/account/sessions/panel", &[("key", &key), ("session", other)]).await;
    assert_eq!(ended.header("location"), "/account/sessions?done=ended");
    assert_eq!(there.get("/account/sessions").await.status, 303);
    assert_eq!(here.get("/account/sessions").await.status, 200);
    for (session, done) in [("08".repeat(16), "gone"), ("07".repeat(16), "ended")] {
        let ended = here.post("/account/sessions/mail", &[("key", &key), ("session", &session)]).await;
        assert_eq!(ended.header("location"), format!("/account/sessions?done={done}"));
    }
    assert_eq!(office.at_work.0.lock().unwrap().len(), 1);
    assert_eq!(here.post("/account/sessions/mail", &[("key", &key), ("session", "x")]).await.status, 400);
}
