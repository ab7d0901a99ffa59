//! The JSON API before real accounts in a temporary folder.

mod description;
mod hostile;
mod resources;
mod routes;

use delega::accounts::ApiTokenEntry;
use delega::domain::ApiScope;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;

const PREFIX: &str = "/api/v1";

/// An office, and a token for its API.
struct Service {
    office: Office,
    token: String,
}

impl Service {
    fn open() -> Service {
        Service::of(Office::open())
    }

    fn of(office: Office) -> Service {
        let token = api_token(&office, "full", ApiScope::Full, None);
        Service { office, token }
    }

    /// A request with the token.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.office.send(request(method, path, Some(&self.token), body)).await
    }

    /// What comes back from one that succeeds with that status.
    async fn done(&self, method: &str, path: &str, body: Option<Value>, status: u16) -> Value {
        let answer = self.ask(method, path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.body);
        answer.json()
    }

    /// The type and the status of the problem that comes back.
    async fn problem(&self, method: &str, path: &str, body: Option<Value>) -> (String, u16) {
        self.ask(method, path, body).await.problem()
    }
}

impl Answer {
    fn json(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { serde_json::from_str(&self.body).unwrap() }
    }

    /// Its type and status, when all that problem details have is there (RFC 9457).
    fn problem(&self) -> (String, u16) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let told = self.json();
        assert_eq!(told["status"], self.status.as_u16(), "{told}");
        assert!(told["title"].is_string() && told["detail"].is_string(), "{told}");
        let kind = told["type"].as_str().unwrap().strip_prefix("/api/v1/problems/").unwrap().to_owned();
        (kind, self.status.as_u16())
    }
}

fn api_token(office: &Office, name: &str, scope: ApiScope, valid_secs: Option<i64>) -> String {
    let entry = ApiTokenEntry { name: name.to_owned(), scope, valid_secs };
    let (secret, _) = office.accounts.create_api_token(entry, now()).unwrap();
    secret.shown().expose_secret().to_owned()
}

fn request(method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(format!("{PREFIX}{path}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    match body {
        None => request.body(Body::empty()).unwrap(),
        Some(body) => request.header("content-type", "application/json").body(body.to_string().into()).unwrap(),
    }
}

fn new_mailbox(address: &str) -> Value {
    json!({
        "address": address, "upstream": "provider", "password": "una password di casella", "plan": "Pro-3",
        "owner_name": "Comune", "owner_email": "comune@example.it",
    })
}

fn new_delegate(username: &str) -> Value {
    json!({
        "username": username, "first_name": "Anna", "last_name": "Verdi", "email": "anna@example.it",
        "permissions": ["client"],
    })
}
