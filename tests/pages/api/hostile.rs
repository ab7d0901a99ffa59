//! What strangers send, and what whoever has a token may send by mistake (threats.md, "Accounts and panel").

use delega::domain::limits::{API_BODY_BYTES, API_MEMBERS};

use super::*;

/// Everything of an answer that somebody could tell it from another by.
fn whole(answer: &Answer) -> String {
    format!("{} {:?} {}", answer.status, answer.headers, answer.body)
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_has_one_answer() {
    let service = Service::open();
    let office = &service.office;
    let path = format!("/mailboxes/{MAILBOX}");
    let brief = api_token(office, "brief", ApiScope::Full, Some(1));
    let revoked = api_token(office, "revoked", ApiScope::Full, None);
    office.accounts.revoke_api_token("revoked").unwrap();
    let mut store = rusqlite::Connection::open(office.folder.path().join("delega.db")).unwrap();
    let ended = store.transaction().unwrap();
    ended.execute("UPDATE api_tokens SET expires_at_secs = 1 WHERE name = 'brief'", []).unwrap();
    ended.commit().unwrap();
    let nothing = whole(&office.send(request("GET", &path, None, None)).await);
    assert!(nothing.starts_with("401"), "{nothing}");
    let token = &service.token;
    for header in [
        format!("Bearer {revoked}"),
        format!("Bearer {brief}"),
        format!("Bearer {token}x"),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {}", &token["delega_".len()..]),
        format!("Bearer {}", token.to_ascii_uppercase()),
        format!("Bearer{token}"),
        format!("Basic {token}"),
        token.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        String::new(),
        format!("Bearer {}", "x".repeat(8000)),
    ] {
        let mut wrong = request("GET", &path, None, None);
        wrong.headers_mut().insert("authorization", header.parse().unwrap());
        assert_eq!(whole(&office.send(wrong).await), nothing, "{header}");
    }
    let mut twice = request("GET", &path, Some(token), None);
    twice.headers_mut().append("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(whole(&office.send(twice).await), nothing);
    let path_with = format!("{path}?access_token={token}");
    assert_eq!(whole(&office.send(request("GET", &path_with, None, None)).await), nothing);
    let unknown = office.send(request("GET", "/mailboxes/altra@pec.example.it", None, None)).await;
    assert_eq!(whole(&unknown), nothing, "a stranger learns which mailboxes there are");
    let mut spelled = request("GET", &path, None, None);
    spelled.headers_mut().insert("authorization", format!("bEARER  {token}").parse().unwrap());
    assert_eq!(office.send(spelled).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_browsers_session_opens_nothing_here_and_a_token_no_page() {
    let service = Service::open();
    let owner = [("login", MAILBOX), ("password", OWNERS_PASSWORD)];
    let login = service.office.post("/login", &owner).await;
    let cookie = login.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.len() > 20, "{login:?}");
    for cookie in [cookie, format!("__Host-delega={}", service.token)] {
        let mut stranger = request("GET", "/mailboxes", None, None);
        stranger.headers_mut().insert("cookie", cookie.parse().unwrap());
        assert_eq!(service.office.send(stranger).await.problem(), ("unauthorized".to_owned(), 401));
    }
    for path in ["/", "/account"] {
        let plain = service.office.get(path).await;
        let bearer = Request::get(path).header("authorization", format!("Bearer {}", service.token));
        let with_token = service.office.send(bearer.body(Body::empty()).unwrap()).await;
        assert_eq!(whole(&with_token), whole(&plain), "{path}");
    }
}

#[tokio::test]
async fn a_read_only_token_changes_nothing() {
    let service = Service::open();
    service.office.add("anna");
    let token = api_token(&service.office, "audit", ApiScope::ReadOnly, None);
    let before = service.office.delegate("anna");
    let anna = format!("/mailboxes/{MAILBOX}/delegates/anna");
    for (method, path, body) in [
        ("DELETE", anna.clone(), None),
        ("PATCH", anna.clone(), Some(json!({"revoke": ["write"]}))),
        ("POST", format!("{anna}/suspend"), None),
        ("POST", format!("{anna}/app-passwords"), Some(json!({"name": "x"}))),
        ("PUT", "/plans/x".to_owned(), Some(json!({"seats": 1}))),
    ] {
        let answer = service.office.send(request(method, &path, Some(&token), body)).await;
        assert_eq!(answer.problem(), ("read-only-token".to_owned(), 403), "{method} {path}");
    }
    // Nobody turns a request that looks into one that changes.
    let mut overridden = request("GET", &anna, Some(&token), None);
    overridden.headers_mut().insert("x-http-method-override", "DELETE".parse().unwrap());
    assert_eq!(service.office.send(overridden).await.status, StatusCode::OK);
    assert_eq!(service.office.delegate("anna"), before);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_body_is_told_by_its_name() {
    let service = Service::open();
    let mut body = new_mailbox("not an address");
    body["plan"] = json!(7);
    body["packs"] = json!(-1);
    body["multi_user"] = json!("on");
    body["owner_language"] = json!("de");
    body["owner_name"] = Value::Null;
    body["a/b~c"] = json!(1);
    body.as_object_mut().unwrap().remove("owner_email");
    let answer = service.ask("POST", "/mailboxes", Some(body)).await;
    assert_eq!(answer.problem(), ("invalid".to_owned(), 400));
    let told = answer.json();
    let mut wrong: Vec<&str> =
        told["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    wrong.sort_unstable();
    let expected = [
        "#/address",
        "#/a~1b~0c",
        "#/multi_user",
        "#/owner_email",
        "#/owner_language",
        "#/owner_name",
        "#/packs",
        "#/plan",
    ];
    assert_eq!(wrong, expected, "{told}");
    // What only the rules find has its member, too.
    for (member, value) in [
        ("owner_name", json!("Comune\r\nBcc: x")),
        ("owner_email", json!("comune")),
        ("plan", json!("none")),
        ("upstream", json!("elsewhere")),
        ("password", json!("a\tb")),
    ] {
        let mut body = new_mailbox("nuova@pec.example.it");
        body[member] = value;
        let answer = service.ask("POST", "/mailboxes", Some(body)).await;
        assert_eq!(answer.problem(), ("invalid".to_owned(), 400), "{member}");
        assert_eq!(answer.json()["errors"][0]["pointer"], format!("#/{member}"), "{}", answer.body);
    }
    for query in ["limit=0", "limit=1001", "limit=x", "limit=1&limit=1", "offset=1", "cursor=x", "since=yesterday"] {
        let answer = service.ask("GET", &format!("/sends?{query}"), None).await;
        assert_eq!(answer.problem(), ("invalid".to_owned(), 400), "{query}");
        assert!(answer.json()["errors"][0]["parameter"].is_string(), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_is_no_object_in_one_reading_is_refused() {
    let service = Service::open();
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for body in [
        "",
        "null",
        "[]",
        "\"x\"",
        "7",
        "{",
        "{}x",
        "{\"seats\":1,\"seats\":2}",
        "{\"seats\":NaN}",
        "{seats:1}",
        "\u{feff}{\"seats\":1}",
        "{\"seats\":1,}",
        "{\"\\ud800\":1}",
        &deep,
    ] {
        let request = Request::put("/api/v1/plans/x").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", service.token));
        let answer = service.office.send(request.body(body.to_owned().into()).unwrap()).await;
        assert_eq!(answer.problem(), ("invalid".to_owned(), 400), "{body}");
    }
    let no_utf_8 = request("PUT", "/plans/x", Some(&service.token), Some(json!({})));
    let no_utf_8 = no_utf_8.map(|_| Body::from(b"{\"seats\":1,\"\xff\":1}".to_vec()));
    assert_eq!(service.office.send(no_utf_8).await.problem().0, "invalid");
    assert_eq!(service.problem("GET", "/plans/x", None).await.1, 404);
}

#[tokio::test]
async fn only_json_is_read() {
    let service = Service::open();
    for (kind, fine) in [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("multipart/form-data", false),
        ("application/jsonp", false),
        ("", false),
    ] {
        let mut put = request("PUT", "/plans/x", Some(&service.token), Some(json!({"seats": 1})));
        put.headers_mut().insert("content-type", kind.parse().unwrap());
        let answer = service.office.send(put).await;
        assert_eq!(answer.status.is_success(), fine, "{kind}: {}", answer.body);
        assert!(fine || answer.problem() == ("unsupported-media-type".to_owned(), 415));
    }
}

#[tokio::test]
async fn bodies_have_their_bounds() {
    let service = Service::open();
    let sized = |bytes: usize, announced: bool| {
        let body = format!("{{\"name\":\"{}\"}}", "x".repeat(bytes - "{\"name\":\"\"}".len()));
        let put = Request::put("/api/v1/plans/x").header("content-type", "application/json");
        let put = put.header("authorization", format!("Bearer {}", service.token));
        let put = if announced { put.header("content-length", bytes) } else { put };
        put.body(Body::from(body)).unwrap()
    };
    for announced in [true, false] {
        let answer = service.office.send(sized(API_BODY_BYTES, announced)).await;
        assert_eq!(answer.problem(), ("invalid".to_owned(), 400));
        let answer = service.office.send(sized(API_BODY_BYTES + 1, announced)).await;
        assert_eq!(answer.problem(), ("too-large".to_owned(), 413));
    }
    let members = |count: usize| Some((0..count).map(|n| (format!("m{n}"), json!(1))).collect::<Value>());
    let told = |answer: Answer| answer.json().get("errors").map(|errors| errors.as_array().unwrap().len());
    assert_eq!(told(service.ask("PUT", "/plans/x", members(API_MEMBERS)).await), Some(20), "and no more are told");
    assert_eq!(told(service.ask("PUT", "/plans/x", members(API_MEMBERS + 1)).await), None);
    let query: Vec<String> = (0..3 * API_MEMBERS).map(|n| format!("p{n}=")).collect();
    assert_eq!(service.problem("GET", &format!("/sends?{}", query.join("&")), None).await.1, 400);
}

#[tokio::test]
async fn odd_addresses_have_answers_too() {
    let service = Service::open();
    for path in [
        "/mailboxes/%FF",
        "/mailboxes/%00",
        "/mailboxes/",
        "//",
        "/mailboxes/..%2Fplans",
        "/plans/%0A",
        "/plans/%FF",
        "/mailboxes/a@b.it/delegates/../x",
        "/postmasters/x/%FF",
        "/problems/%FF",
        "/mailboxes/%3Cscript%3E",
    ] {
        let answer = service.ask("GET", path, None).await;
        assert_eq!(answer.problem().1, 404, "{path}");
        assert!(!answer.body.contains("<script"), "{path}");
    }
    assert_eq!(service.problem("DELETE", "/locks/%FF", None).await.1, 404);
}

#[tokio::test]
async fn a_forged_host_changes_nothing() {
    let service = Service::open();
    for (n, (name, value)) in
        [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")]
            .into_iter()
            .enumerate()
    {
        let body = new_mailbox(&format!("m{n}@pec.example.it"));
        let mut forged = request("POST", "/mailboxes", Some(&service.token), Some(body));
        forged.headers_mut().insert(name, value.parse().unwrap());
        let at = service.office.send(forged).await.header("location").to_owned();
        assert_eq!(at, format!("https://delega.example.it/api/v1/mailboxes/m{n}%40pec.example.it"));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_turn_does_not_wait_for_ever() {
    let service = Service::of(Office::with("Carla Bianchi", &panel(), 0));
    let mut entry = new_delegate("anna");
    entry["password"] = json!(PASSWORD);
    let path = format!("/mailboxes/{MAILBOX}/delegates");
    assert_eq!(service.problem("POST", &path, Some(entry)).await, ("too-slow".to_owned(), 503));
    assert_eq!(service.done("GET", &path, None, 200).await["items"], json!([]));
}

/// The last write of several fails, as on a full disk.
#[tokio::test]
async fn what_cannot_be_written_is_not_half_done_and_its_cause_is_not_told() {
    let service = Service::open();
    let store = rusqlite::Connection::open(service.office.folder.path().join("delega.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON mails BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END";
    store.execute_batch(full).unwrap();
    let path = format!("/mailboxes/{MAILBOX}/delegates");
    let answer = service.ask("POST", &path, Some(new_delegate("anna"))).await;
    assert_eq!(answer.problem(), ("internal".to_owned(), 500));
    assert!(!answer.body.contains("disk"), "{}", answer.body);
    assert_eq!(service.done("GET", &path, None, 200).await["items"], json!([]));
}

/// All is logged here, however little it matters.
#[tokio::test]
async fn no_secret_is_in_the_log_and_who_changed_something_is() {
    let service = Service::open();
    let secret = "chiodo fisso 43 lampadine";
    let mut mailbox = new_mailbox("segreta@pec.example.it");
    mailbox["password"] = json!(secret);
    service.done("POST", "/mailboxes", Some(mailbox.clone()), 201).await;
    mailbox["plan"] = json!(secret);
    service.ask("POST", "/mailboxes", Some(mailbox)).await;
    let mut delegate = new_delegate("anna");
    delegate["password"] = json!(secret);
    let path = "/mailboxes/segreta@pec.example.it/delegates";
    service.done("POST", path, Some(delegate), 201).await;
    let app = service.done("POST", &format!("{path}/anna/app-passwords"), Some(json!({"name": "x"})), 201).await;
    let wrong = format!("delega_{}", "W".repeat(43));
    service.office.send(request("GET", "/mailboxes", Some(&wrong), None)).await;
    let log = log();
    for secret in [secret, &service.token, &wrong, app["password"].as_str().unwrap()] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    let line = log.lines().find(|line| line.contains("segreta@pec.example.it/delegates") && line.contains("INFO"));
    let line = line.expect("a change by the API is in the log");
    assert!(line.contains("\"full\"") && line.contains("POST") && line.contains("201"), "{line}");
}
