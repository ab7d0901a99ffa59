//! Somebody who has logged in, as a browser: it keeps the cookie, and finds the key in the page.

use super::*;

/// A browser with a session.
pub struct Visitor<'a> {
    office: &'a Office,
    cookie: String,
}

fn copy_all(from: &rusqlite::Connection, to: &mut rusqlite::Connection) {
    let backup = rusqlite::backup::Backup::new(from, to).unwrap();
    backup.run_to_completion(1_000, std::time::Duration::from_millis(1), None).unwrap();
}

impl Office {
    /// With seats for many.
    pub fn roomy() -> Office {
        let office = Office::open();
        office.store("UPDATE mailboxes SET packs = 4");
        office
    }

    /// Logs in with a login and its password.
    pub async fn logs_in(&self, login: &str, password: &str) -> Visitor<'_> {
        let answer = self.post("/login", &[("login", login), ("password", password)]).await;
        self.visitor(&answer)
    }

    /// Logs in as the mailbox's owner.
    pub async fn owner(&self) -> Visitor<'_> {
        self.logs_in(MAILBOX, OWNERS_PASSWORD).await
    }

    /// Logs in as a delegate who was added.
    pub async fn logs_in_as(&self, username: &str) -> Visitor<'_> {
        self.logs_in(&format!("{username}/{MAILBOX}"), ADDED_PASSWORD).await
    }

    /// Enters a postmaster of a domain, and logs in as them.
    pub async fn postmaster(&self, domain: &str) -> Visitor<'_> {
        let entry = PostmasterEntry {
            domain: domain.parse().unwrap(),
            email: "posta@example.it".to_owned(),
            name: "Ufficio posta".to_owned(),
            language: Language::Italian,
            phone: None,
        };
        self.accounts.add_postmaster(entry, now()).unwrap();
        // The hash of a password that somebody else has, too: nothing else sets it without a mail.
        let helper = format!("helper-of-{}", domain.replace('.', "-"));
        self.add(&helper);
        self.store(&format!(
            "UPDATE postmasters SET password_hash = (SELECT password_hash FROM delegates WHERE username = '{helper}')
             WHERE domain = '{domain}'; DELETE FROM delegates WHERE username = '{helper}'"
        ));
        let fields = [("domain", domain), ("login", "posta@example.it"), ("password", ADDED_PASSWORD)];
        self.visitor(&self.post("/postmaster/login", &fields).await)
    }

    fn visitor(&self, answer: &Answer) -> Visitor<'_> {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(!cookie.is_empty());
        Visitor { office: self, cookie }
    }

    /// A copy of the store as it is, and all of it back again.
    pub fn remembers(&self) -> rusqlite::Connection {
        let mut copy = rusqlite::Connection::open_in_memory().unwrap();
        let store = rusqlite::Connection::open(self.folder.path().join("delega.db")).unwrap();
        copy_all(&store, &mut copy);
        copy
    }

    pub fn goes_back_to(&self, copy: &rusqlite::Connection) {
        let mut store = rusqlite::Connection::open(self.folder.path().join("delega.db")).unwrap();
        copy_all(copy, &mut store);
    }

    /// Changes the store behind everybody's back.
    pub fn store(&self, sql: &str) {
        rusqlite::Connection::open(self.folder.path().join("delega.db")).unwrap().execute_batch(sql).unwrap();
    }
}

impl<'a> Visitor<'a> {
    /// The same browser after an answer that gave it another session.
    pub fn goes_on(&self, answer: &Answer) -> Visitor<'a> {
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(!cookie.is_empty() && cookie != self.cookie, "{cookie}");
        Visitor { office: self.office, cookie }
    }

    /// Sends a request with the session's cookie.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        self.office.send(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// The page at that address, which has to be there.
    pub async fn sees(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }

    /// The key of the session's forms.
    pub fn key(&self) -> String {
        let token = self.cookie.split_once('=').unwrap().1.parse().unwrap();
        self.office.accounts.panel_session(&token, now() * 1000).unwrap().map(|who| who.form_key).unwrap_or_default()
    }

    /// Sends a form with the session's key.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let key = self.key();
        let fields: Vec<(&str, &str)> = [("key", key.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.send(form(path, &fields)).await
    }

    /// Opens a page that asks for a confirmation, and gives it: what the page hides goes along.
    pub async fn confirms(&self, path: &str) -> Answer {
        let page = self.sees(path).await;
        let seen = hidden(&page, "seen").unwrap_or_else(|| panic!("{path} asks for nothing: {page}"));
        self.post(path, &[("seen", &seen)]).await
    }
}

/// What a page's form holds under a name and does not show.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("<input type=\"hidden\" name=\"{name}\" value=\""))?;
    Some(rest.split('"').next().unwrap().to_owned())
}
