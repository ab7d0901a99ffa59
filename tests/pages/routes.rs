//! Every route by every method, as a table that a reviewer reads (`tests/golden/public-routes.txt`);
//! `UPDATE_GOLDEN=1 cargo test --test pages` writes it anew.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

/// What every answer says; the table has the rest.
const EVERYWHERE: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000"),
];

/// One line of the table.
fn line(what: &str, path: &str, answer: &Answer) -> String {
    let mut headers: BTreeMap<&str, &str> =
        answer.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(headers.len(), answer.headers.len(), "{what} {path}: {:?}", answer.headers);
    for (name, value) in EVERYWHERE {
        assert_eq!(headers.remove(name), Some(value), "{what} {path}: {name}");
    }
    headers.remove("content-length");
    let rest: Vec<String> = headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{path:<22} {what:<40} {} {}\n", answer.status.as_u16(), rest.join(" | "))
}

#[tokio::test]
async fn every_route_by_every_method() {
    let office = Office::of("Carla Bianchi", &setup::public());
    office.add("bruno");
    let (invitation, reset) = (office.invite("anna"), office.reset("bruno"));
    office.add("dario");
    let email = office.asks(office.account("dario"), "dario.neri@example.it");
    let unknown = "A".repeat(43);
    let paths = [
        ("/", "/".to_owned()),
        ("/style.css", "/style.css".to_owned()),
        ("/invitation/{token}", format!("/invitation/{invitation}")),
        ("/invitation/{unknown}", format!("/invitation/{unknown}")),
        ("/invitation/{broken}", format!("/invitation/{}", &invitation[1..])),
        ("/invitation/accept", "/invitation/accept".to_owned()),
        ("/invitation/refuse", "/invitation/refuse".to_owned()),
        ("/password/forgotten", "/password/forgotten".to_owned()),
        ("/password/asked", "/password/asked".to_owned()),
        ("/password/{token}", format!("/password/{reset}")),
        ("/password/{unknown}", format!("/password/{unknown}")),
        ("/password/{broken}", format!("/password/{}x", &reset)),
        ("/password/set", "/password/set".to_owned()),
        ("/email/{token}", format!("/email/{email}")),
        ("/email/{unknown}", format!("/email/{unknown}")),
        ("/email/{broken}", format!("/email/{}", &email[1..])),
        ("/email/confirm", "/email/confirm".to_owned()),
        ("/postmaster/forgotten", "/postmaster/forgotten".to_owned()),
        ("/postmaster/asked", "/postmaster/asked".to_owned()),
        ("/login", "/login".to_owned()),
        ("/postmaster/login", "/postmaster/login".to_owned()),
        ("/logout", "/logout".to_owned()),
        ("/logout/everywhere", "/logout/everywhere".to_owned()),
        ("/.well-known/…", "/.well-known/autoconfig/mail/config-v1.1.xml".to_owned()),
        ("/mail/config-v1.1.xml", "/mail/config-v1.1.xml".to_owned()),
        ("/autodiscover/…", "/autodiscover/autodiscover.xml".to_owned()),
        ("/Autodiscover/…", "/Autodiscover/Autodiscover.xml".to_owned()),
        ("/AutoDiscover/…", "/AutoDiscover/AutoDiscover.xml".to_owned()),
        ("/setup/… {login}", format!("/setup/mail.mobileconfig?login=anna/{MAILBOX}")),
        ("/setup/… {unknown}", format!("/setup/mail.mobileconfig?login=nobody/{MAILBOX}")),
        ("/setup/… {broken}", "/setup/mail.mobileconfig?login=anna".to_owned()),
        ("/elsewhere", "/elsewhere".to_owned()),
    ];
    let mut table = "# Every answer has also:\n".to_owned();
    for (name, value) in EVERYWHERE {
        writeln!(table, "#   {name}: {value}").unwrap();
    }
    for (shown, path) in &paths {
        table += "\n";
        // Methods that fare alike stand in one line.
        let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let request = Request::builder().method(method).uri(path.as_str());
            let kind = "application/x-www-form-urlencoded";
            let answer = office.send(request.header("content-type", kind).body(Body::empty()).unwrap()).await;
            let fares = line("METHODS", shown, &answer);
            match alike.iter_mut().find(|(other, _)| *other == fares) {
                Some((_, methods)) => methods.push(method),
                None => alike.push((fares, vec![method])),
            }
            let says_nothing = method == "HEAD" || answer.status.is_redirection();
            assert_eq!(answer.body.is_empty(), says_nothing, "{method} {path}");
        }
        for (fares, methods) in alike {
            table += &fares.replace(&format!("{:<40}", "METHODS"), &format!("{:<40}", methods.join(" ")));
        }
    }
    let forms = [
        "/invitation/accept",
        "/invitation/refuse",
        "/password/forgotten",
        "/password/set",
        "/email/confirm",
        "/postmaster/forgotten",
        "/login",
        "/postmaster/login",
    ];
    for path in forms {
        table += "\n";
        let empty = || form(path, &[]);
        let mut foreign = empty();
        foreign.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        let mut json = empty();
        json.headers_mut().insert("content-type", "application/json".parse().unwrap());
        let large = "x".repeat(delega::domain::limits::REQUEST_BODY_BYTES);
        let unknown = [("token", unknown.as_str()), ("password", PASSWORD), ("repeat", PASSWORD), ("confirmed", "yes")];
        for (what, request) in [
            ("POST, another site's", foreign),
            ("POST, no form", json),
            ("POST, too large", form(path, &[("token", &large)])),
            ("POST, unknown token", form(path, &unknown)),
        ] {
            table += &line(what, path, &office.send(request).await);
        }
    }
    table += "\n";
    let chosen = |token: &str| {
        [("token", token), ("password", PASSWORD), ("repeat", PASSWORD)].map(|(n, v)| (n.to_owned(), v.to_owned()))
    };
    let weak = |token: &str| {
        [("token", token), ("password", "password12"), ("repeat", "password12")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
    };
    for (path, token) in [("/invitation/accept", &invitation), ("/password/set", &reset)] {
        for (what, fields) in
            [("POST, weak password", weak(token)), ("POST", chosen(token)), ("POST, used token", chosen(token))]
        {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            table += &line(what, path, &office.post(path, &fields).await);
        }
    }
    for what in ["POST", "POST, used token"] {
        table += &line(what, "/email/confirm", &office.post("/email/confirm", &[("token", &email)]).await);
    }
    table += "\n# Where the operator has made no listener public:\n\n";
    let bare = Office::open();
    for (shown, path) in paths
        .iter()
        .filter(|(shown, _)| ["/.well", "/mail", "/auto", "/setup"].iter().any(|begins| shown.starts_with(begins)))
    {
        table += &line("GET", shown, &bare.get(path).await);
    }
    table += &line("POST", "/autodiscover/…", &bare.post("/autodiscover/autodiscover.xml", &[]).await);
    reviewed("public-routes.txt", &table);
}

/// Holds a table to the file that was reviewed.
pub(crate) fn reviewed(name: &str, table: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, table).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap();
    let differs = table.lines().zip(golden.lines()).find(|(now, before)| now != before);
    assert!(golden == table, "the routes have changed; if it is meant, UPDATE_GOLDEN=1: {differs:?}");
}

#[tokio::test]
async fn no_answer_sets_a_cookie_or_names_the_program() {
    let office = Office::open();
    for path in ["/", "/style.css", "/login", "/password/forgotten", "/elsewhere"] {
        let answer = office.get(path).await;
        for name in ["set-cookie", "server", "x-powered-by"] {
            assert!(!answer.headers.contains_key(name), "{path}: {name}");
        }
    }
}

/// Merges lose such things, and no browser complains: the rest holds where it should not, or nowhere.
#[tokio::test]
async fn every_block_of_the_style_sheet_ends() {
    let sheet = Office::open().get("/style.css").await.body;
    let mut open = 0;
    for (number, line) in sheet.lines().enumerate() {
        assert!(open == 0 || !line.starts_with(['@', '.']), "line {} begins within a block: {line}", number + 1);
        open = open + line.matches('{').count() - line.matches('}').count();
    }
    assert_eq!(open, 0, "the last one");
}

#[tokio::test]
async fn a_panel_on_this_machine_alone_asks_for_no_tls() {
    let office =
        Office::of("Carla Bianchi", &PanelConfig { public_url: "http://localhost:8080".to_owned(), ..panel() });
    assert!(!office.get("/").await.headers.contains_key("strict-transport-security"));
}
