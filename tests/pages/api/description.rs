//! The OpenAPI document against the service that it describes. That its paths are those of the router is held beside the
//! router.

use std::collections::BTreeSet;

use super::*;

async fn document(service: &Service) -> Value {
    let answer = service.office.send(request("GET", "/openapi.json", None, None)).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    answer.json()
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap_or_else(|| panic!("{object}")).keys().map(String::as_str).collect()
}

#[tokio::test]
async fn each_path_has_the_methods_that_it_is_said_to_have() {
    let service = Service::open();
    let document = document(&service).await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let named = path.replace(['{', '}'], "");
        let allow = service.ask("TRACE", &named, None).await;
        assert_eq!(allow.problem().1, 405, "{path}");
        let allowed: BTreeSet<String> =
            allow.header("allow").split(',').filter(|m| *m != "HEAD").map(str::to_ascii_lowercase).collect();
        assert_eq!(keys(methods), allowed.iter().map(String::as_str).collect(), "{path}");
        for (method, operation) in methods.as_object().unwrap() {
            let open = operation["security"] == json!([]);
            let stranger = service.office.send(request(&method.to_ascii_uppercase(), &named, None, None)).await;
            assert_eq!(stranger.status == StatusCode::UNAUTHORIZED, !open, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_it_refers_to_is_there_and_nothing_else() {
    let document = document(&Service::open()).await;
    let text = document.to_string();
    for kind in ["schemas", "responses", "parameters"] {
        for name in keys(&document["components"][kind]) {
            assert!(text.contains(&format!("\"#/components/{kind}/{name}\"")), "nothing refers to {kind}/{name}");
        }
    }
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

/// The members of an object that a program is shown, and of those within it, are those of its schema.
fn fits(document: &Value, schema: &Value, shown: &Value, whose: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(at) => document.pointer(at.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    if let Some(properties) = schema["properties"].as_object() {
        let (known, there) = (properties.keys().map(String::as_str).collect::<BTreeSet<_>>(), keys(shown));
        let needed: BTreeSet<&str> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(needed.is_subset(&there) && there.is_subset(&known), "{whose}: {there:?} for {known:?}");
        for (name, value) in shown.as_object().unwrap() {
            fits(document, &properties[name], value, &format!("{whose}.{name}"));
        }
    }
    if let Some(values) = shown.as_array() {
        for value in values {
            fits(document, &schema["items"], value, &format!("{whose}[]"));
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(shown), "{whose}: {shown} is none of {words:?}");
    }
    let (kinds, kind) = (
        &schema["type"],
        match shown {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        },
    );
    let said =
        kinds.is_null() || kinds == kind || kinds.as_array().is_some_and(|all| all.iter().any(|one| one == kind));
    assert!(said, "{whose}: {kind} is not {kinds}");
}

#[tokio::test]
async fn what_is_shown_has_the_members_that_it_is_said_to_have() {
    let service = Service::open();
    let document = document(&service).await;
    let schemas = &document["components"]["schemas"];
    let mailbox = service.done("POST", "/mailboxes", Some(new_mailbox("nuova@pec.example.it")), 201).await;
    fits(&document, &schemas["Mailbox"], &mailbox, "Mailbox");
    let delegates = format!("/mailboxes/{MAILBOX}/delegates");
    let delegate = service.done("POST", &delegates, Some(new_delegate("anna")), 201).await;
    fits(&document, &schemas["Delegate"], &delegate, "Delegate");
    let mut with_password = new_delegate("bruno");
    with_password["password"] = json!(PASSWORD);
    service.done("POST", &delegates, Some(with_password), 201).await;
    let made = service.done("POST", &format!("{delegates}/bruno/app-passwords"), Some(json!({"name": "a"})), 201).await;
    assert!(made["password"].is_string());
    fits(&document, &schemas["AppPassword"], &made, "AppPassword");
    let postmaster = json!({"domain": "b.it", "email": "p@example.it", "name": "P"});
    service.done("POST", "/postmasters", Some(postmaster), 201).await;
    service.office.lets_in("bruno", PASSWORD);
    super::resources::note(&service, 1);
    for (path, schema) in [
        ("/mailboxes".to_owned(), "MailboxList"),
        (delegates.clone(), "DelegateList"),
        (format!("{delegates}/bruno/app-passwords"), "AppPasswordList"),
        ("/plans".to_owned(), "PlanList"),
        ("/postmasters".to_owned(), "PostmasterList"),
        ("/accesses".to_owned(), "AccessList"),
        ("/problems".to_owned(), "ProblemTypeList"),
    ] {
        let list = service.done("GET", &path, None, 200).await;
        assert!(!list["items"].as_array().unwrap().is_empty(), "{path}: {list}");
        fits(&document, &schemas[schema], &list, schema);
    }
    let problem = service.ask("POST", "/mailboxes", Some(json!({}))).await.json();
    fits(&document, &schemas["Problem"], &problem, "Problem");
}
