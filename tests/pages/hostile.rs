//! What strangers send (threats.md, "Accounts and panel").

use delega::domain::DelegateState;
use delega::domain::limits::{FORM_FIELDS, REQUEST_BODY_BYTES};

use super::*;

#[tokio::test]
async fn markup_in_names_is_text() {
    let owner = "<script>alert(1)</script> \"&'<b onclick=x>";
    let office = Office::of(owner, &panel());
    let invitee = Invitee {
        name: name("anna"),
        person: Person {
            first_name: "<img src=x>".to_owned(),
            last_name: "</dd></dl>&amp;".to_owned(),
            email: "anna@example.it".to_owned(),
            phone: None,
        },
        language: None,
        message: None,
        permissions: Permissions::READ,
        protocols: Protocols::default(),
    };
    office.accounts.invite(Actor::Operator, invitee, now()).unwrap();
    let token = office.token(now());
    let page = office.get(&format!("/invitation/{token}")).await.body;
    let escaped = "&#60;script&#62;alert(1)&#60;/script&#62; &#34;&#38;&#39;&#60;b onclick=x&#62;";
    assert_eq!(page.matches(escaped).count(), 2, "{page}");
    assert!(page.contains("&#60;img src=x&#62; &#60;/dd&#62;&#60;/dl&#62;&#38;amp;"), "{page}");
    let asks = office.post("/invitation/refuse", &[("token", &token)]).await.body;
    let refused = office.post("/invitation/refuse", &[("token", &token), ("confirmed", "yes")]).await.body;
    for page in [page, asks, refused] {
        for markup in ["<script", "<img", "<b "] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
}

#[tokio::test]
async fn what_is_typed_is_not_shown_again() {
    let office = Office::open();
    let odd = "<script>\"x";
    for (path, fields) in [
        ("/invitation/accept", vec![("token", odd), ("password", odd), ("repeat", odd)]),
        ("/invitation/refuse", vec![("token", odd)]),
        ("/password/set", vec![("token", odd), ("password", "a"), ("repeat", odd)]),
        ("/password/forgotten?lang=%3Cscript%3E", vec![("login", odd), ("fiscal_code", odd)]),
        ("/email/confirm", vec![("token", odd)]),
        ("/postmaster/forgotten?lang=%3Cscript%3E", vec![("domain", odd), ("login", odd)]),
    ] {
        let answer = office.post(path, &fields).await;
        assert!(!answer.body.contains("script") && !format!("{:?}", answer.headers).contains("script"), "{answer:?}");
    }
    let answer = office.get("/invitation/%3Cscript%3E?lang=%22%3E%3Cscript%3E").await;
    assert!(answer.status == StatusCode::NOT_FOUND && !answer.body.contains("script"), "{answer:?}");
}

#[tokio::test]
async fn odd_addresses_have_pages_too() {
    let office = Office::open();
    for path in [
        "/invitation/%FF",
        "/password/%00",
        "/email/%FF",
        "/invitation/a%2Fb",
        "/%FF",
        "//",
        "/email/",
        "/../etc/passwd",
    ] {
        let answer = office.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.ends_with("</html>"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_forged_host_changes_nothing() {
    let office = Office::open();
    let token = office.invite("anna");
    let path = format!("/invitation/{token}");
    let plain = office.get(&path).await;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-original-url", "/password/forgotten"),
        ("x-http-method-override", "POST"),
    ] {
        let forged = office.send(Request::get(&path).header(name, value).body(Body::empty()).unwrap()).await;
        assert_eq!(
            (forged.status, &forged.headers, &forged.body),
            (plain.status, &plain.headers, &plain.body),
            "{name}"
        );
        let mut asks = form("/password/forgotten", &[("login", "a/b@c.it"), ("fiscal_code", "x")]);
        asks.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(office.send(asks).await.header("location"), "/password/asked?lang=it");
    }
}

#[tokio::test]
async fn another_sites_form_is_refused() {
    let office = Office::open();
    office.add("bruno");
    let email = office.asks(office.account("bruno"), "nuova@example.it");
    let token = office.invite("anna");
    let fields = [("token", token.as_str()), ("password", PASSWORD), ("repeat", PASSWORD), ("confirmed", "yes")];
    let confirms = [("token", email.as_str())];
    for (path, fields) in
        [("/invitation/accept", &fields[..]), ("/invitation/refuse", &fields), ("/email/confirm", &confirms)]
    {
        for (name, value) in
            [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
        {
            let mut forged = form(path, fields);
            forged.headers_mut().insert(name, value.parse().unwrap());
            assert_eq!(office.send(forged).await.status, StatusCode::FORBIDDEN, "{path} {name}");
        }
    }
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Pending);
    assert_eq!(office.delegate("bruno").delegate.person.email, "bruno@example.it");
    let mut own = form("/invitation/accept", &fields);
    own.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    own.headers_mut().insert("origin", "null".parse().unwrap());
    assert_eq!(office.send(own).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_have_their_bounds() {
    let office = Office::open();
    let sized = |bytes: usize, announced: bool| {
        let body = format!("token={}", "x".repeat(bytes - "token=".len()));
        let request = Request::post("/invitation/refuse").header("content-type", "application/x-www-form-urlencoded");
        match announced {
            true => request.header("content-length", bytes).body(body.into()).unwrap(),
            false => request.body(Body::from(body)).unwrap(),
        }
    };
    for announced in [true, false] {
        assert_eq!(office.send(sized(REQUEST_BODY_BYTES, announced)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(office.send(sized(REQUEST_BODY_BYTES + 1, announced)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    let names: Vec<String> = (0..FORM_FIELDS).map(|n| format!("field{n}")).collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(office.post("/invitation/refuse", &fields).await.status, StatusCode::NOT_FOUND);
    fields.push(("one-more", ""));
    assert_eq!(office.post("/invitation/refuse", &fields).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        office.post("/invitation/refuse", &[("token", "a"), ("token", "b")]).await.status,
        StatusCode::BAD_REQUEST
    );
}

/// It would not be the password that was typed.
#[tokio::test]
async fn what_is_no_utf_8_is_no_password() {
    let office = Office::open();
    let token = office.invite("anna");
    let body = format!("token={token}&password=graffetta+batteria+%FF&repeat=graffetta+batteria+%FF");
    let request = Request::post("/invitation/accept").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(office.send(request.body(body.into()).unwrap()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Pending);
}

/// Nobody waits without an end for the turn of their password; what only looks something up waits for none.
#[tokio::test(start_paused = true)]
async fn a_flood_of_logins_makes_nobody_wait_for_ever() {
    let office = Office::with("Carla Bianchi", &panel(), 0);
    let token = office.invite("anna");
    assert_eq!(office.get(&format!("/invitation/{token}")).await.status, StatusCode::OK);
    let busy = office.accept(&token, PASSWORD).await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(busy.body.contains("Riprova tra qualche minuto"), "{}", busy.body);
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Pending);
}

/// The last write of several fails, as on a full disk.
/// A mail server that takes its time before it says no.
struct Slow;

impl MailServers for Slow {
    fn lets_in(&self, _: String, _: Credentials) -> Asked {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Some(false)
        })
    }
}

/// S5: whether there is a mailbox, whose mail server is asked then, is told by nothing.
#[tokio::test(start_paused = true)]
async fn s5_how_long_a_refusal_takes_tells_nothing() {
    let office = Office::open();
    let gatehouse = gatehouse(2, office.at_work.clone());
    let gatehouse = Gatehouse { mail_servers: Arc::new(Slow), refusal_delay: Duration::from_secs(5), ..gatehouse };
    let (site, errands) = Site::new(&panel(), office.accounts.clone(), gatehouse);
    let office = Office { router: router(site), errands, ..office };
    for login in [MAILBOX, "nobody@pec.example.it", "anna/ufficio@pec.example.it", "no login"] {
        let began = tokio::time::Instant::now();
        let answer = office.post("/login", &[("login", login), ("password", "wrong")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{login}");
        assert_eq!(began.elapsed().as_secs(), 5, "{login}");
    }
}

/// S5: a right password is answered sooner than a wrong one, so whoever guesses need not wait for the answer.
#[tokio::test(start_paused = true)]
async fn s5_whoever_goes_before_the_answer_has_guessed_all_the_same() {
    let office = Office::open();
    let gatehouse = Gatehouse { mail_servers: Arc::new(Slow), ..gatehouse(2, office.at_work.clone()) };
    let (site, errands) = Site::new(&panel(), office.accounts.clone(), gatehouse);
    let office = Office { router: router(site), errands, ..office };
    for n in 0..8 {
        let password = format!("guess {n}");
        let fields = [("login", MAILBOX), ("password", password.as_str())];
        let guess = office.post("/login", &fields);
        assert!(tokio::time::timeout(Duration::from_secs(1), guess).await.is_err(), "{n}");
        // What the pages have left to do is done by then.
        tokio::time::sleep(Duration::from_secs(2)).await;
        if !office.accounts.closed(now() * 1000, 9).unwrap().is_empty() {
            return;
        }
    }
    panic!("eight guesses, and nothing is closed");
}

#[tokio::test]
async fn what_cannot_be_written_is_not_half_done() {
    let office = Office::open();
    office.add("bruno");
    let (invitation, reset) = (office.invite("anna"), office.reset("bruno"));
    office.add("dario");
    let email = office.asks(office.account("dario"), "nuova@example.it");
    let store = rusqlite::Connection::open(office.folder.path().join("delega.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON mails BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END";
    store.execute_batch(full).unwrap();
    let delegates = || ["anna", "bruno", "dario"].map(|username| office.delegate(username));
    let before = delegates();
    for (path, token) in [
        ("/invitation/accept?lang=en", &invitation),
        ("/invitation/refuse?lang=en", &invitation),
        ("/password/set?lang=en", &reset),
        ("/email/confirm?lang=en", &email),
    ] {
        let fields = [("token", token.as_str()), ("password", PASSWORD), ("repeat", PASSWORD), ("confirmed", "yes")];
        let answer = office.post(path, &fields).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(answer.body.contains("It is not your fault") && !answer.body.contains("disk"), "{}", answer.body);
    }
    assert_eq!(delegates(), before);
    store.execute_batch("DROP TRIGGER full").unwrap();
    assert_eq!(office.accept(&invitation, PASSWORD).await.status, StatusCode::OK);
    let fields = [("token", reset.as_str()), ("password", PASSWORD), ("repeat", PASSWORD)];
    assert_eq!(office.post("/password/set", &fields).await.status, StatusCode::OK);
    assert!(office.lets_in("anna", PASSWORD) && office.lets_in("bruno", PASSWORD));
    assert_eq!(office.post("/email/confirm", &[("token", &email)]).await.status, StatusCode::OK);
}

/// All is logged here, however little it matters.
#[tokio::test]
async fn no_secret_is_in_the_log() {
    let office = Office::open();
    office.add("bruno");
    let (invitation, refusal, reset) = (office.invite("anna"), office.invite("carlo"), office.reset("bruno"));
    let (posta, first) = office.new_postmaster("posta@example.it");
    let email = office.asks(posta, "indirizzo-nuovo@example.it");
    office.get(&format!("/password/{first}")).await;
    office.get(&format!("/email/{email}")).await;
    office.post("/email/confirm", &[("token", &email)]).await;
    office.post("/postmaster/forgotten", &[("domain", "dominio-di-chi.it"), ("login", "postmaster-di-chi@a.it")]).await;
    let secret = "chiodo fisso 41 lampadine";
    for token in [&invitation, &refusal, &reset] {
        office.get(&format!("/invitation/{token}")).await;
        office.get(&format!("/password/{token}")).await;
        office.post("/invitation/accept", &[("token", token), ("password", secret), ("repeat", "")]).await;
        office.accept(&format!("{token}x"), secret).await;
    }
    office.accept(&invitation, secret).await;
    office.post("/invitation/refuse", &[("token", &refusal), ("confirmed", "yes")]).await;
    office.post("/password/set", &[("token", &reset), ("password", secret), ("repeat", secret)]).await;
    assert!(office.lets_in("anna", secret) && office.lets_in("bruno", secret));
    let code = "VRDNNA80A41H501X";
    office.post("/password/forgotten", &[("login", "chi-ha-dimenticato/a@b.it"), ("fiscal_code", code)]).await;
    let Office { router, errands, .. } = office;
    drop(router);
    errands.run().await;
    let log = log();
    let typed = ["chi-ha-dimenticato", "dominio-di-chi", "postmaster-di-chi", "indirizzo-nuovo"];
    for secret in [&invitation, &refusal, &reset, &email, &first, secret, code].into_iter().chain(typed) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
