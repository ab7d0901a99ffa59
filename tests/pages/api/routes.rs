//! Every route by every method and by each kind of token, as a table that a reviewer reads (`tests/golden/api-routes.txt`);
//! `UPDATE_GOLDEN=1 cargo test --test pages` writes it anew.

use delega::accounts::{AppPasswordEntry, PostmasterEntry};
use delega::domain::{Plan, Scope};

use super::*;
use crate::routes::reviewed;

const METHODS: [&str; 8] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "POST", "DELETE"];

/// With a delegate in each state, and one of everything else.
fn furnished() -> Office {
    let office = Office::with("Carla Bianchi", &panel(), 1);
    let plan = Plan { name: "Premium".parse().unwrap(), seats: 9, pack_seats: 0, most_packs: 0 };
    office.accounts.set_plan(plan, now()).unwrap();
    let plan = Plan { name: "Ateneo".parse().unwrap(), seats: 40, pack_seats: 0, most_packs: 0 };
    office.accounts.set_plan(plan, now()).unwrap();
    for username in ["active", "suspended"] {
        office.add(username);
    }
    for username in ["pending", "rejected"] {
        office.invite(username);
    }
    office.accounts.suspend(Actor::Operator, &name("suspended"), delega::accounts::Suspension::Suspend, now()).unwrap();
    office.accounts.reject(Actor::Operator, &name("rejected"), now()).unwrap();
    let entry = AppPasswordEntry {
        login: name("active").login(),
        label: "Outlook/7".to_owned(),
        scope: Scope::ALL,
        valid_secs: DAY,
    };
    office.accounts.create_app_password(Actor::Operator, entry, now()).unwrap();
    let entry = PostmasterEntry {
        domain: "pec.example.it".parse().unwrap(),
        email: "posta@example.it".to_owned(),
        name: "Posta".to_owned(),
        language: Language::Italian,
        phone: None,
    };
    office.accounts.add_postmaster(entry, now()).unwrap();
    let door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };
    let knock = Knock { from: KNOCK.from, at_ms: now() * 1000 };
    for n in 0..5 {
        let wrong = format!("wrong {n}").into();
        let _ = office.accounts.authenticate(&format!("active/{MAILBOX}"), &wrong, door, knock).unwrap();
    }
    office
}

/// What is sent by each method that has a body.
fn body(method: &str, path: &str) -> Option<Value> {
    Some(match (method, path.rsplit('/').next().unwrap()) {
        ("POST", "mailboxes") => new_mailbox("nuova@pec.example.it"),
        ("POST", "delegates") => new_delegate("nuovo"),
        ("POST", "app-passwords") => json!({"name": "Thunderbird"}),
        ("POST", "postmasters") => json!({"domain": "b.it", "email": "p@example.it", "name": "P"}),
        ("POST", "reinvite") => json!({}),
        ("PUT", "Ateneo") => json!({"seats": 50}),
        ("PATCH", "active") => json!({"grant": ["settings"]}),
        ("PATCH", "Outlook%2F7") => json!({"days": 30}),
        ("PATCH", _) => json!({"owner_name": "Comune"}),
        _ => return None,
    })
}

#[tokio::test]
async fn every_route_by_every_method_and_token() {
    let mailbox = format!("/mailboxes/{MAILBOX}");
    let delegate = |username: &str, more: &str| format!("{mailbox}/delegates/{username}{more}");
    let paths = [
        "/openapi.json".to_owned(),
        "/problems".to_owned(),
        "/problems/no-seat".to_owned(),
        "/problems/none".to_owned(),
        "/mailboxes".to_owned(),
        mailbox.clone(),
        "/mailboxes/altra@pec.example.it".to_owned(),
        "/mailboxes/no-address".to_owned(),
        format!("{mailbox}/delegates"),
        delegate("active", ""),
        delegate("nobody", ""),
        delegate("active", "/suspend"),
        delegate("suspended", "/resume"),
        delegate("active", "/reset-password"),
        delegate("active", "/deactivate"),
        delegate("pending", "/deactivate"),
        delegate("pending", "/reject"),
        delegate("rejected", "/reinvite"),
        delegate("active", "/reinvite"),
        delegate("active", "/app-passwords"),
        delegate("active", "/app-passwords/Outlook%2F7"),
        delegate("active", "/app-passwords/none"),
        "/plans".to_owned(),
        "/plans/Ateneo".to_owned(),
        "/plans/Premium".to_owned(),
        "/plans/none".to_owned(),
        "/postmasters".to_owned(),
        "/postmasters/pec.example.it/posta@example.it".to_owned(),
        "/postmasters/pec.example.it/none".to_owned(),
        "/sends".to_owned(),
        "/accesses".to_owned(),
        "/locks".to_owned(),
        format!("/locks/active%2F{MAILBOX}"),
        "/locks/none".to_owned(),
        "/elsewhere".to_owned(),
        "/".to_owned(),
        String::new(),
    ];
    let mut table = "# with no token | a wrong one | a read-only one | a full one\n".to_owned();
    for path in paths {
        let office = furnished();
        let wrong = format!("delega_{}", "A".repeat(43));
        let read_only = api_token(&office, "read-only", ApiScope::ReadOnly, None);
        let service = Service::of(office);
        let tokens = [None, Some(wrong.as_str()), Some(&read_only), Some(&service.token)];
        table += &format!("\n/api/v1{path}\n");
        // Methods that fare alike stand in one line.
        let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
        for method in METHODS {
            let mut fares = Vec::new();
            for token in tokens {
                let answer = service.office.send(request(method, &path, token, body(method, &path))).await;
                let kind = match answer.status.is_client_error() {
                    true if method != "HEAD" => format!(" {}", answer.problem().0),
                    true | false => String::new(),
                };
                let allow = answer.header("allow");
                let allow =
                    if answer.status != StatusCode::METHOD_NOT_ALLOWED { String::new() } else { format!(" ({allow})") };
                fares.push(format!("{}{kind}{allow}", answer.status.as_u16()));
                let says_nothing = method == "HEAD" || answer.status == StatusCode::NO_CONTENT;
                assert_eq!(answer.body.is_empty(), says_nothing, "{method} {path}: {answer:?}");
                let unauthorized = answer.status == StatusCode::UNAUTHORIZED;
                assert_eq!(answer.header("www-authenticate"), if unauthorized { "Bearer" } else { "" });
                assert_eq!(answer.header("cache-control"), "no-store");
                for name in ["set-cookie", "access-control-allow-origin", "access-control-allow-methods"] {
                    assert!(!answer.headers.contains_key(name), "{method} {path}: {name}");
                }
            }
            let fares = fares.join(" | ");
            match alike.iter_mut().find(|(other, _)| *other == fares) {
                Some((_, methods)) => methods.push(method),
                None => alike.push((fares, vec![method])),
            }
        }
        for (fares, methods) in alike {
            table += &format!("  {:<32} {fares}\n", methods.join(" "));
        }
    }
    reviewed("api-routes.txt", &table);
}
