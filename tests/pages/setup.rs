//! How mail programs set themselves up (X11). What they read is read here by an XML parser that has no part in writing it.

use delega::accounts::Suspension;
use delega::config::{PublicServer, PublicTls};
use delega::domain::limits::REQUEST_BODY_BYTES;
use roxmltree::{Document, Node};

use super::*;

const AUTOCONFIG: [&str; 2] = ["/.well-known/autoconfig/mail/config-v1.1.xml", "/mail/config-v1.1.xml"];
const AUTODISCOVER: &str = "/autodiscover/autodiscover.xml";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// A panel that tells mail programs of IMAP, submission both ways, and POP3.
pub fn public() -> PanelConfig {
    let server = |protocol, tls, host: &str, port| PublicServer { protocol, tls, host: host.to_owned(), port };
    let servers = vec![
        server(Protocol::Imap, PublicTls::Implicit, "imap.example.it", 993),
        server(Protocol::Submission, PublicTls::Implicit, "smtp.example.it", 465),
        server(Protocol::Submission, PublicTls::StartTls, "smtp.example.it", 587),
        server(Protocol::Pop3, PublicTls::StartTls, "pop.example.it", 110),
    ];
    PanelConfig { servers, ..panel() }
}

/// A request of Outlook's.
fn discover(address: &str) -> Request<Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover \
         xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request>\
         <EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{RESPONSE}</AcceptableResponseSchema>\
         </Request></Autodiscover>"
    );
    Request::post(AUTODISCOVER).header("content-type", "text/xml").body(text.into()).unwrap()
}

/// A value in a query, each byte of it encoded.
fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The elements that have no elements in them, by path, with what they say; attributes stand before them.
fn leaves(document: &Document<'_>) -> Vec<String> {
    fn walk(node: Node<'_, '_>, path: &str, found: &mut Vec<String>) {
        let path = format!("{path}/{}", node.tag_name().name());
        found.extend(node.attributes().map(|attribute| format!("{path}@{}={}", attribute.name(), attribute.value())));
        let mut inner = node.children().filter(Node::is_element).peekable();
        if inner.peek().is_none() {
            found.push(format!("{path}={}", node.text().unwrap_or_default()));
        }
        inner.for_each(|child| walk(child, &path, found));
    }
    let mut found = Vec::new();
    walk(document.root_element(), "", &mut found);
    found
}

fn all_of(answer: &Answer) -> Vec<String> {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "text/xml; charset=utf-8"),
        "{answer:?}"
    );
    leaves(&Document::parse(&answer.body).unwrap())
}

/// What follows the path of each of these.
fn said<'a>(leaves: &'a [String], path: &str) -> Vec<&'a str> {
    leaves.iter().filter_map(|leaf| leaf.strip_prefix(path)?.strip_prefix('=')).collect()
}

/// draft-ietf-mailmaint-autoconfig §3, as Thunderbird's `readFromXML` takes it.
#[tokio::test]
async fn x11_autoconfig_has_all_that_thunderbird_asks_for() {
    let office = Office::of("Carla Bianchi", &public());
    let address = encoded("anna/ufficio@pec.example.it");
    let answers = [
        office.get(&format!("{}?emailaddress={address}", AUTOCONFIG[0])).await,
        office.get(&format!("{}?emailaddress=anna/ufficio@pec.example.it", AUTOCONFIG[1])).await,
    ];
    assert_eq!(answers[0].body, answers[1].body);
    let leaves = all_of(&answers[0]);
    let provider = "/clientConfig/emailProvider";
    assert_eq!(leaves[0], "/clientConfig@version=1.1");
    assert_eq!(said(&leaves, &format!("{provider}@id")), ["delega.example.it"]);
    assert_eq!(said(&leaves, &format!("{provider}/domain")), ["pec.example.it"]);
    let incoming = |what: &str| said(&leaves, &format!("{provider}/incomingServer{what}"));
    assert_eq!(incoming("@type"), ["imap", "pop3"]);
    assert_eq!(incoming("/hostname"), ["imap.example.it", "pop.example.it"]);
    assert_eq!(incoming("/port"), ["993", "110"]);
    assert_eq!(incoming("/socketType"), ["SSL", "STARTTLS"]);
    assert_eq!(incoming("/authentication"), ["password-cleartext"; 2]);
    assert_eq!(incoming("/username"), ["anna/ufficio@pec.example.it"; 2]);
    assert_eq!(incoming("/pop3/leaveMessagesOnServer"), ["true"]);
    assert_eq!(incoming("/pop3/daysToLeaveMessagesOnServer"), ["36500"]);
    let outgoing = |what: &str| said(&leaves, &format!("{provider}/outgoingServer{what}"));
    assert_eq!(outgoing("@type"), ["smtp"; 2]);
    assert_eq!(outgoing("/hostname"), ["smtp.example.it"; 2]);
    assert_eq!(outgoing("/port"), ["465", "587"]);
    assert_eq!(outgoing("/socketType"), ["SSL", "STARTTLS"]);
    assert_eq!(outgoing("/authentication"), ["password-cleartext"; 2]);
    assert_eq!(outgoing("/username"), ["anna/ufficio@pec.example.it"; 2]);
}

/// The mailbox's address is its owner's login; without one the program puts in what was typed.
#[tokio::test]
async fn x11_autoconfig_is_for_whoever_is_asked_for() {
    let office = Office::of("Carla Bianchi", &public());
    let names = async |query: &str| {
        let leaves = all_of(&office.get(&format!("{}{query}", AUTOCONFIG[0])).await);
        let provider = "/clientConfig/emailProvider";
        let names = said(&leaves, &format!("{provider}/incomingServer/username"));
        let domain = said(&leaves, &format!("{provider}/domain"));
        [names[0].to_owned(), domain[0].to_owned()]
    };
    let owner = encoded("Ufficio@PEC.example.it");
    assert_eq!(names(&format!("?emailaddress={owner}")).await, ["ufficio@pec.example.it", "pec.example.it"]);
    let odd = encoded("r&d'%EMAILDOMAIN%@pec.example.it");
    assert_eq!(names(&format!("?emailaddress={odd}")).await[0], "r&d'%emaildomain%@pec.example.it");
    let longest = format!("{}@example.it", "a".repeat(64));
    assert_eq!(names(&format!("?emailaddress={longest}")).await[0], longest);
    let longer = format!("a{longest}");
    for query in [
        "".to_owned(),
        "?".to_owned(),
        "?emailaddress=".to_owned(),
        "?emailaddress=ufficio".to_owned(),
        "?login=ufficio@pec.example.it".to_owned(),
        format!("?emailaddress={longer}"),
        format!("?emailaddress={}", encoded("</username><script>@pec.example.it")),
        format!("?emailaddress={}", encoded("\"]]>&amp;@pec.example.it")),
        format!("?emailaddress={}", encoded("uffi\u{0}cio@pec.example.it")),
        format!("?emailaddress={}", encoded("uffi\u{1b}\u{85}\u{2028}\u{202e}cio@pec.example.it")),
        format!("?emailaddress={}", encoded("perch\u{e9}@pec.example.it")),
        "?emailaddress=%ff%fe@pec.example.it".to_owned(),
        "?emailaddress=%".to_owned(),
    ] {
        assert_eq!(names(&query).await, ["%EMAILADDRESS%", "%EMAILDOMAIN%"], "{query}");
    }
}

/// MS-OXDSCLI §2.2.4.1.1.2
#[tokio::test]
async fn x11_autodiscover_answers_outlook() {
    let office = Office::of("Carla Bianchi", &public());
    let answer = office.send(discover("anna/r&amp;d@pec.example.it")).await;
    let document = Document::parse(&answer.body).unwrap();
    let response = document.root_element().first_element_child().unwrap();
    assert!(
        document
            .root_element()
            .has_tag_name(("http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006", "Autodiscover"))
    );
    assert!(response.has_tag_name((RESPONSE, "Response")), "{}", answer.body);
    let leaves = all_of(&answer);
    let account = "/Autodiscover/Response/Account";
    assert_eq!(said(&leaves, &format!("{account}/AccountType")), ["email"]);
    assert_eq!(said(&leaves, &format!("{account}/Action")), ["settings"]);
    let protocol = |what: &str| said(&leaves, &format!("{account}/Protocol/{what}"));
    assert_eq!(protocol("Type"), ["IMAP", "POP3", "SMTP"]);
    assert_eq!(protocol("Server"), ["imap.example.it", "pop.example.it", "smtp.example.it"]);
    assert_eq!(protocol("Port"), ["993", "110", "465"]);
    assert_eq!(protocol("Encryption"), ["SSL", "TLS", "SSL"]);
    assert_eq!(protocol("LoginName"), ["anna/r&d@pec.example.it"; 3]);
    for (name, value) in [("SSL", "on"), ("SPA", "off"), ("AuthRequired", "on"), ("DomainRequired", "off")] {
        assert_eq!(protocol(name), [value; 3], "{name}");
    }

    let leaves = all_of(&office.get(AUTODISCOVER).await);
    assert_eq!(said(&leaves, &format!("{account}/Protocol/Type")), ["IMAP", "POP3", "SMTP"]);
    assert_eq!(said(&leaves, &format!("{account}/Protocol/LoginName")), [""; 0]);

    let refused = all_of(&office.send(discover("<script>")).await);
    assert_eq!(said(&refused, "/Autodiscover/Response/Error/ErrorCode"), ["600"]);
    let large = office.send(discover(&"a".repeat(REQUEST_BODY_BYTES))).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// Apple, "Device Management": Mail, TopLevel.
#[tokio::test]
async fn x11_a_profile_is_renewed_in_its_place() {
    let office = Office::of("Carla Bianchi", &public());
    let profile = async |query: &str| {
        let answer = office.get(&format!("/setup/mail.mobileconfig?{query}")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "application/x-apple-aspen-config")
        );
        answer.body
    };
    let anna = profile("login=anna%2Fufficio%40pec.example.it").await;
    assert_eq!(anna, profile("login=Anna/Ufficio@pec.example.it&protocols=imap,pop3").await);
    let downloads = profile("protocols=pop3&login=anna/ufficio@pec.example.it").await;
    let bruno = profile("login=bruno/ufficio@pec.example.it").await;
    let uuids = |text: &str| -> Vec<String> {
        let after = text.split("<key>PayloadUUID</key>").skip(1);
        after.map(|rest| rest.split(['<', '>']).nth(2).unwrap().to_owned()).collect()
    };
    assert_eq!(uuids(&anna), uuids(&downloads));
    let [whole, account] = uuids(&anna).try_into().unwrap();
    for uuid in [&whole, &account] {
        // RFC 9562 §4, §5.8
        let shape: String = uuid.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert!(&uuid[14..15] == "8" && "89AB".contains(&uuid[19..20]), "{uuid}");
        assert!(!bruno.contains(uuid), "{uuid}");
    }
    assert_ne!(whole, account);
    assert!(anna.contains("<string>EmailTypeIMAP</string>") && anna.contains("<integer>993</integer>"), "{anna}");
    assert!(downloads.contains("<string>EmailTypePOP</string>") && downloads.contains("<integer>110</integer>"));
    assert!(!anna.contains("Password</key>\n      <string>"), "no password stands in it: {anna}");
    for query in [
        "",
        "login=",
        "login=anna",
        "login=%3Cscript%3E@a.it",
        "login=a@b.it&protocols=smtp",
        "login=a@b.it&protocols=",
    ] {
        let answer = office.get(&format!("/setup/mail.mobileconfig?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

/// The first page after an invitation says what to type; what one may not use is not there (P7).
#[tokio::test]
async fn x11_whoever_has_set_their_password_is_told_what_to_type() {
    let office = Office::of("Carla Bianchi", &public());
    let page = office.accept(&office.invite("anna"), PASSWORD).await.body;
    for said in [
        "<dt>Per ricevere (IMAP)</dt><dd>imap.example.it, porta 993, SSL/TLS</dd>",
        "<dt>Per inviare (SMTP)</dt><dd>smtp.example.it, porta 465, SSL/TLS</dd>",
        "<dt>Per inviare (SMTP)</dt><dd>smtp.example.it, porta 587, STARTTLS</dd>",
        "<a href=\"https://delega.example.it/setup/mail.mobileconfig?login=anna%2Fufficio%40pec.example.it&#38;protocols=imap\">",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("POP3") && !page.contains("rivolgiti"), "{page}");
    let profile = "/setup/mail.mobileconfig?login=anna%2Fufficio%40pec.example.it&protocols=imap";
    assert_eq!(office.get(profile).await.status, StatusCode::OK);

    let office = Office::open();
    let page = office.accept(&office.invite("anna"), PASSWORD).await.body;
    assert!(page.contains("rivolgiti a chi gestisce il servizio") && !page.contains("mobileconfig"), "{page}");
}

/// Where nothing is public, people have to ask the operator.
#[tokio::test]
async fn x11_nothing_is_told_where_nothing_is_public() {
    let office = Office::open();
    for path in [AUTOCONFIG[0], AUTOCONFIG[1], AUTODISCOVER, "/setup/mail.mobileconfig?login=a@b.it"] {
        assert_eq!(office.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(office.send(discover("a@b.it")).await.status, StatusCode::NOT_FOUND);
    let mut half = public();
    half.servers.retain(|server| server.protocol != Protocol::Pop3);
    let office = Office::of("Carla Bianchi", &half);
    let answer = office.get("/setup/mail.mobileconfig?login=a@b.it&protocols=pop3").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

/// Nobody learns which mailboxes and delegates there are: the answers differ by what was asked alone, and are the same
/// where there is no store any more, at which nobody looks.
#[tokio::test]
async fn x11_the_answer_does_not_depend_on_who_exists() {
    let office = Office::of("Carla Bianchi", &public());
    office.add("bruno");
    let token = office.invite("carla");
    office.add("delia");
    office.accounts.suspend(Actor::Operator, &name("delia"), Suspension::Suspend, now()).unwrap();
    let answers = async |login: &str| {
        let mut said = Vec::new();
        for answer in [
            office.get(&format!("{}?emailaddress={}", AUTOCONFIG[0], encoded(login))).await,
            office.send(discover(login)).await,
            office.get(&format!("/setup/mail.mobileconfig?login={}", encoded(login))).await,
        ] {
            let headers = format!(
                "{:?}",
                answer.headers.iter().filter(|(name, _)| *name != "content-length").collect::<Vec<_>>()
            );
            let body = answer.body.replace(login, "LOGIN");
            // The UUIDs are derived from the login.
            let body: Vec<_> = body.lines().filter(|line| !is_uuid(line)).map(str::to_owned).collect();
            said.push((answer.status, headers, body));
        }
        said
    };
    let unknown = answers("nobody/ufficio@pec.example.it").await;
    for username in ["bruno", "carla", "delia"] {
        assert_eq!(answers(&format!("{username}/ufficio@pec.example.it")).await, unknown, "{username}");
    }
    let before = (answers("ufficio@pec.example.it").await, unknown);
    let store = rusqlite::Connection::open(office.folder.path().join("delega.db")).unwrap();
    store.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE delegates; DROP TABLE mailboxes;").unwrap();
    assert_eq!(office.get(&format!("/invitation/{token}")).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!((answers("ufficio@pec.example.it").await, answers("nobody/ufficio@pec.example.it").await), before);
}

/// Whether a line has a UUID in it.
fn is_uuid(line: &str) -> bool {
    line.split(['<', '>', '.']).any(|part| part.len() == 36 && part.split('-').count() == 5)
}
