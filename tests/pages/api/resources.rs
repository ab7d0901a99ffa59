//! What is done by the API is done, as by the command line.

use delega::accounts::AccessEntry;

use super::*;

/// Notes so many accesses that are told apart by their program.
pub(super) fn note(service: &Service, count: i64) {
    let at_ms = now() * 1000 - count;
    let entries: Vec<AccessEntry> = (0..count)
        .map(|n| AccessEntry {
            login: MAILBOX.parse().unwrap(),
            address: KNOCK.from,
            door: Door { protocol: Protocol::Imap, kind: ListenerKind::Client },
            program: Some(format!("program {n}")),
            refusal: None,
            app_password: None,
            by_stored: false,
            at_ms: at_ms + n / 2,
        })
        .collect();
    service.office.accounts.note_accesses(&entries).unwrap();
}

/// All rows of a list, a page after the other, and how many pages there were.
async fn pages(service: &Service, path: &str, member: &str) -> (Vec<String>, usize) {
    let (mut rows, mut count, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = service.done("GET", &format!("{path}{cursor}"), None, 200).await;
        count += 1;
        rows.extend(page["items"].as_array().unwrap().iter().map(|row| row[member].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            None => return (rows, count),
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

#[tokio::test]
async fn a_mailbox_is_made_found_changed_and_removed() {
    let service = Service::open();
    let made = service.ask("POST", "/mailboxes", Some(new_mailbox("Nuova@pec.example.it"))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let at = made.header("location").to_owned();
    assert_eq!(at, "https://delega.example.it/api/v1/mailboxes/nuova%40pec.example.it");
    let path = at.strip_prefix("https://delega.example.it/api/v1").unwrap();
    assert_eq!(service.done("GET", path, None, 200).await, made.json());
    assert_eq!((&made.json()["has_password"], &made.json()["owner_language"]), (&json!(true), &json!("it")));
    assert!(!made.body.contains("casella"));

    let again = service.problem("POST", "/mailboxes", Some(new_mailbox("nuova@pec.example.it"))).await;
    assert_eq!(again, ("mailbox-exists".to_owned(), 409));
    let change = json!({
        "owner_name": "Provincia", "plan": "Premium", "packs": 2, "app_passwords": "owner",
        "add_aliases": ["protocollo@pec.example.it"],
    });
    let changed = service.done("PATCH", path, Some(change), 200).await;
    assert_eq!(
        (&changed["owner_name"], &changed["seats"], &changed["app_passwords"], &changed["aliases"]),
        (&json!("Provincia"), &json!(13), &json!("owner"), &json!(["protocollo@pec.example.it"]))
    );
    assert_eq!(changed["owner_email"], "comune@example.it", "what is not named stays");
    assert_eq!(service.problem("PATCH", path, Some(json!({}))).await, ("invalid".to_owned(), 400));
    service.done("DELETE", path, None, 204).await;
    assert_eq!(service.problem("DELETE", path, None).await, ("unknown-mailbox".to_owned(), 404));
}

#[tokio::test]
async fn a_mailbox_with_delegates_goes_with_them_if_that_is_said() {
    let service = Service::open();
    service.office.add("anna");
    let path = format!("/mailboxes/{MAILBOX}");
    assert_eq!(service.problem("DELETE", &path, None).await, ("mailbox-has-delegates".to_owned(), 409));
    assert_eq!(service.problem("DELETE", &format!("{path}?with_delegate=true"), None).await.1, 400);
    service.done("DELETE", &format!("{path}?with_delegates=true"), None, 204).await;
}

#[tokio::test]
async fn a_delegates_life() {
    let service = Service::open();
    let delegates = format!("/mailboxes/{MAILBOX}/delegates");
    let mut entry = new_delegate("Anna");
    entry["password"] = json!(PASSWORD);
    let made = service.done("POST", &delegates, Some(entry), 201).await;
    assert_eq!((&made["username"], &made["state"]), (&json!("anna"), &json!("active")));
    assert_eq!(made["permissions"], json!(["read", "write", "send", "client"]));
    assert!(service.office.lets_in("anna", PASSWORD));

    let anna = format!("{delegates}/anna");
    let change = json!({"permissions": ["write"], "protocols": ["pop3"]});
    let changed = service.done("PATCH", &anna, Some(change), 200).await;
    assert_eq!((&changed["permissions"], &changed["protocols"]), (&json!(["read", "write"]), &json!(["pop3"])));
    let changed = service.done("PATCH", &anna, Some(json!({"grant": ["send"], "revoke": ["write"]})), 200).await;
    assert_eq!(changed["permissions"], json!(["read"]), "send needs write");

    let suspended = service.done("POST", &format!("{anna}/suspend"), None, 200).await;
    assert_eq!(suspended["state"], "suspended");
    assert!(!service.office.lets_in("anna", PASSWORD));
    assert_eq!(service.done("POST", &format!("{anna}/resume"), None, 200).await["state"], "active");
    assert_eq!(service.problem("POST", &format!("{anna}/reject"), None).await, ("not-in-state".to_owned(), 409));
    let reset = service.done("POST", &format!("{anna}/reset-password"), None, 200).await;
    assert!(reset["password_reset_at"].is_string());
    assert_eq!(service.done("POST", &format!("{anna}/deactivate"), None, 200).await["state"], "inactive");
    service.done("DELETE", &anna, None, 204).await;
    assert_eq!(service.problem("GET", &anna, None).await, ("unknown-delegate".to_owned(), 404));
}

#[tokio::test]
async fn an_invitation_goes_out_and_can_be_answered() {
    let service = Service::open();
    let delegates = format!("/mailboxes/{MAILBOX}/delegates");
    service.done("PATCH", &format!("/mailboxes/{MAILBOX}"), Some(json!({"packs": 0})), 200).await;
    let mut entry = new_delegate("anna");
    entry["message"] = json!("Benvenuta");
    let made = service.ask("POST", &delegates, Some(entry)).await;
    assert_eq!((made.status, &made.json()["state"]), (StatusCode::CREATED, &json!("pending")));
    let token = service.office.token(now());
    assert!(!made.body.contains(&token));
    assert_eq!(service.office.accept(&token, PASSWORD).await.status, StatusCode::OK);
    assert!(service.office.lets_in("anna", PASSWORD));
    service.office.invite("bruno");
    assert_eq!(service.done("POST", &format!("{delegates}/bruno/reject"), None, 200).await["state"], "rejected");
    let again = Some(json!({"message": "Di nuovo"}));
    assert_eq!(service.done("POST", &format!("{delegates}/bruno/reinvite"), again, 200).await["state"], "pending");
    for n in 0..2 {
        let full = service.ask("POST", &delegates, Some(new_delegate(&format!("troppo{n}")))).await;
        assert_eq!(full.status == StatusCode::CREATED, n == 0, "{}", full.body);
    }
    assert_eq!(service.problem("POST", &delegates, Some(new_delegate("x"))).await, ("no-seat".to_owned(), 409));
}

#[tokio::test]
async fn an_app_password_is_shown_once() {
    let service = Service::open();
    service.office.add("anna");
    let all = format!("/mailboxes/{MAILBOX}/delegates/anna/app-passwords");
    let entry = json!({"name": "Outlook / work", "protocols": ["imap"], "days": 7});
    let made = service.ask("POST", &all, Some(entry.clone())).await;
    let shown = made.json();
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!((&shown["protocols"], shown["password"].as_str().unwrap().len()), (&json!(["imap"]), 23));
    let at = made.header("location").strip_prefix("https://delega.example.it/api/v1").unwrap().to_owned();
    let found = service.done("GET", &at, None, 200).await;
    assert_eq!((&found["name"], found.get("password")), (&json!("Outlook / work"), None));
    assert!(!service.ask("GET", &all, None).await.body.contains(shown["password"].as_str().unwrap()));
    assert_eq!(service.problem("POST", &all, Some(entry)).await, ("app-password-exists".to_owned(), 409));
    let longer = service.done("PATCH", &at, Some(json!({"days": 30})), 200).await;
    assert!(longer["expires_at"].as_str() > found["expires_at"].as_str());
    service.done("DELETE", &at, None, 204).await;
    assert_eq!(service.problem("DELETE", &at, None).await, ("unknown-app-password".to_owned(), 404));
}

#[tokio::test]
async fn plans_and_postmasters_are_put_and_taken_away() {
    let service = Service::open();
    let body = || Some(json!({"seats": 3, "pack_seats": 5, "most_packs": 2}));
    let made = service.done("PUT", "/plans/Citt%C3%A0%20nuova", body(), 201).await;
    assert_eq!((&made["name"], &made["most_seats"]), (&json!("Città nuova"), &json!(13)));
    assert_eq!(service.done("PUT", "/plans/Citt%C3%A0%20nuova", body(), 200).await, made, "the same again is the same");
    assert_eq!(service.done("GET", "/plans/citt%C3%A0%20nuova", None, 200).await, made);
    assert_eq!(service.problem("DELETE", "/plans/Premium", None).await, ("plan-in-use".to_owned(), 409));
    service.done("DELETE", "/plans/Citt%C3%A0%20nuova", None, 204).await;
    let entry = || Some(json!({"domain": "pec.example.it", "email": "Posta@example.it", "name": "Posta"}));
    let made = service.ask("POST", "/postmasters", entry()).await;
    let at = made.header("location").strip_prefix("https://delega.example.it/api/v1").unwrap().to_owned();
    assert_eq!(service.done("GET", &at, None, 200).await, made.json());
    assert_eq!(service.problem("POST", "/postmasters", entry()).await, ("postmaster-exists".to_owned(), 409));
    service.done("DELETE", &at, None, 204).await;
    assert_eq!(service.problem("GET", &at, None).await, ("unknown-postmaster".to_owned(), 404));
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let service = Service::open();
    for n in 0..4 {
        service.done("POST", "/mailboxes", Some(new_mailbox(&format!("m{n}@altro.example.it"))), 201).await;
    }
    let (all, count) = pages(&service, "/mailboxes?limit=2", "address").await;
    assert_eq!((all.len(), count), (5, 3));
    assert!(all.is_sorted());
    let (all, count) = pages(&service, "/mailboxes?limit=2&domain=altro.example.it", "address").await;
    assert_eq!((all.len(), count), (4, 2), "a page that is full and the last has none after it");
    // Two of each moment.
    note(&service, 7);
    let (all, count) = pages(&service, "/accesses?limit=3", "program").await;
    let expected: Vec<String> = (0..7).rev().map(|n| format!("program {n}")).collect();
    assert_eq!((all, count), (expected, 3));
    let path = format!("/accesses?limit=3&login={MAILBOX}&admitted=true&address=127.0.0.1");
    assert_eq!(pages(&service, &path, "program").await.0.len(), 7);
    assert_eq!(pages(&service, "/accesses?limit=3&admitted=false", "program").await.0, [""; 0]);
}

#[tokio::test]
async fn who_is_locked_out_is_let_in_again() {
    let service = Service::open();
    service.office.add("anna");
    let door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };
    let (login, knock) = (format!("anna/{MAILBOX}"), Knock { from: KNOCK.from, at_ms: now() * 1000 });
    for n in 0..5 {
        let _ = service.office.accounts.authenticate(&login, &format!("wrong {n}").into(), door, knock).unwrap();
    }
    let locks = service.done("GET", "/locks", None, 200).await;
    assert_eq!((&locks["items"][0]["who"], &locks["items"][0]["wrong_passwords"]), (&json!(login), &json!(5)));
    service.done("DELETE", &format!("/locks/{}", login.replace('/', "%2F")), None, 204).await;
    assert_eq!(service.done("GET", "/locks", None, 200).await["items"], json!([]));
}
