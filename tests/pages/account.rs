//! One's own account: two-step verification from the first page to the codes, app passwords, a new password, what is
//! changed and what is asked again.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

use super::panel::{Visitor, hidden};
use super::*;

/// The code of a secret in base32 (RFC 4648 §6), at so many steps from now (RFC 6238, RFC 4226 §5.3).
fn code(secret: &str, steps: i64) -> String {
    let mut bits = String::new();
    for c in secret.chars().filter(|c| !c.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
        write!(bits, "{value:05b}").unwrap();
    }
    let bytes = bits.as_bytes().chunks_exact(8).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2));
    let key: Vec<u8> = bytes.map(Result::unwrap).collect();
    let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &(now() / 30 + steps).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// What a page shows between these.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("{before} is not in {page}"));
    rest.split_once(after).unwrap().0
}

impl Visitor<'_> {
    /// Begins to enrol; the secret that is shown.
    async fn begins(&self) -> String {
        let key = self.key_of("/account/two-factor").await;
        let page = self.send(form("/account/two-factor/begin", &[("key", &key)])).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.body.contains("<svg role=\"img\""));
        between(&page.body, "<code class=\"secret\">", "</code>").to_owned()
    }

    async fn key_of(&self, path: &str) -> String {
        hidden(&self.sees(path).await, "key").unwrap()
    }
}

#[tokio::test]
async fn s2_a_delegate_enrols_on_the_pages_and_comes_in_with_a_code() {
    let office = Office::open();
    office.add("anna");
    let login = format!("anna/{MAILBOX}");
    let first = office.logs_in_as("anna").await;
    let secret = first.begins().await;
    let key = first.key_of("/account/two-factor").await;
    let wrong = first.send(form("/account/two-factor/confirm", &[("key", &key), ("code", "000000")])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains(&secret), "the same secret again");
    let on = first.send(form("/account/two-factor/confirm", &[("key", &key), ("code", &code(&secret, -1))])).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.body);
    assert_eq!(on.body.matches("<li><code>").count(), 10);
    let recovery = between(&on.body, "<li><code>", "</code>").to_owned();
    // The session goes on as another one; the one before has ended.
    let raised = first.goes_on(&on);
    assert!(raised.sees("/account/two-factor").await.contains("/account/two-factor/off"));
    assert_eq!(first.get("/account").await.header("location"), "/login?next=%2Faccount");

    // The password alone leads to the code, and to nothing else.
    let half = office.logs_in(&login, ADDED_PASSWORD).await;
    for path in ["/account", "/account/app-passwords", "/setup"] {
        assert_eq!(half.get(path).await.header("location"), "/login/code", "{path}");
    }
    let key = half.key_of("/login/code").await;
    let step = |code: String| {
        let (half, key) = (&half, key.clone());
        async move { half.send(form("/login/code", &[("key", &key), ("code", &code)])).await }
    };
    assert_eq!(step(code(&secret, -1)).await.status, StatusCode::UNPROCESSABLE_ENTITY, "it was used");
    let answer = step(code(&secret, 0)).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    let entered = half.goes_on(&answer);
    assert_eq!(entered.get("/account").await.status, StatusCode::OK);
    assert_eq!(half.get("/account").await.header("location"), "/login?next=%2Faccount", "another session than before");

    // A recovery code in its place, once.
    for expected in [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY] {
        let half = office.logs_in(&login, ADDED_PASSWORD).await;
        let key = half.key_of("/login/code").await;
        let answer = half.send(form("/login/code", &[("key", &key), ("code", &recovery)])).await;
        assert_eq!(answer.status, expected);
    }
}

#[tokio::test]
async fn s2_whoever_must_enrol_is_led_there_and_no_further() {
    let office = Office::open();
    office.add("anna");
    let open = office.logs_in_as("anna").await;
    let owner = office.owner().await;
    let secret = owner.begins().await;
    let key = owner.key_of("/account/two-factor").await;
    let on = owner.send(form("/account/two-factor/confirm", &[("key", &key), ("code", &code(&secret, 0))])).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.body);

    // It binds the session that is open, and the next.
    for anna in [open, office.logs_in_as("anna").await] {
        for path in ["/", "/account", "/account/app-passwords", "/setup", "/account/password"] {
            assert_eq!(anna.get(path).await.header("location"), "/account/two-factor", "{path}");
        }
        let page = anna.sees("/account/two-factor").await;
        assert!(!page.contains("<nav"), "no ways that lead nowhere");
        let key = hidden(&page, "key").unwrap();
        let refused = anna.send(form("/account/app-passwords", &[("key", &key), ("name", "x"), ("days", "9")])).await;
        assert_eq!(refused.header("location"), "/account/two-factor");
    }
    let anna = office.logs_in_as("anna").await;
    let secret = anna.begins().await;
    let key = anna.key_of("/account/two-factor").await;
    let on = anna.send(form("/account/two-factor/confirm", &[("key", &key), ("code", &code(&secret, 0))])).await;
    let anna = anna.goes_on(&on);
    let account = anna.sees("/account/two-factor").await;
    assert!(!account.contains("/account/two-factor/off"), "the owner asks for it");
    let off = anna.post("/account/two-factor/off", &[("code", &code(&secret, 1))]).await;
    assert_eq!(off.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn s3_an_app_password_is_made_shown_once_and_revoked() {
    let office = Office::open();
    office.add_with("anna", "client");
    let anna = office.logs_in_as("anna").await;
    let none = anna.post("/account/app-passwords", &[("name", "Outlook"), ("days", "90")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing that it opens");
    let fields = [("name", "<b>Outlook</b>"), ("days", "90"), ("imap", "yes"), ("submission", "yes")];
    let made = anna.post("/account/app-passwords", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let password = between(&made.body, "<code class=\"secret\">", "</code>").to_owned();
    assert_eq!(password.replace('-', "").len(), 20);
    let list = anna.sees("/account/app-passwords").await;
    assert!(list.contains("&#60;b&#62;Outlook") && !list.contains("<b>Outlook") && !list.contains(&password));
    let door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };
    let lets_in = || {
        let login = format!("anna/{MAILBOX}");
        office.accounts.authenticate(&login, &password.clone().into(), door, KNOCK).unwrap()
    };
    assert!(matches!(lets_in(), Verdict::Admitted(_)));
    let sure = anna.sees("/account/app-passwords/revoke?name=%3Cb%3EOutlook%3C%2Fb%3E").await;
    assert!(sure.contains("value=\"&#60;b&#62;Outlook"));
    let revoked = anna.post("/account/app-passwords/revoke", &[("name", "<b>Outlook</b>")]).await;
    assert_eq!(revoked.header("location"), "/account/app-passwords?done=revoked", "{}", revoked.body);
    assert!(matches!(lets_in(), Verdict::Refused(_)));
    // All sessions have ended by it; this one went on.
    let anna = anna.goes_on(&revoked);
    assert!(!anna.sees("/account/app-passwords").await.contains("&#62;Outlook"));
}

#[tokio::test]
async fn s1_a_new_password_ends_the_session_and_an_owner_has_none() {
    let office = Office::open();
    office.add("anna");
    let anna = office.logs_in_as("anna").await;
    let change = |current: &'static str, new: &'static str| [("current", current), ("password", new), ("repeat", new)];
    let wrong = anna.post("/account/password", &change("wrong", PASSWORD)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let weak = anna.post("/account/password", &change(ADDED_PASSWORD, "password12")).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let changed = anna.post("/account/password", &change(ADDED_PASSWORD, PASSWORD)).await;
    assert_eq!(changed.header("location"), "/login?done=password", "{}", changed.body);
    assert_eq!(anna.get("/account").await.status, StatusCode::SEE_OTHER);
    assert!(office.lets_in("anna", PASSWORD) && !office.lets_in("anna", ADDED_PASSWORD));
    assert_eq!(office.owner().await.get("/account/password").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn s1_phone_language_and_address_are_ones_own() {
    let office = Office::open();
    office.add("anna");
    let anna = office.logs_in_as("anna").await;
    let bad = anna.post("/account/profile", &[("phone", "call me"), ("language", "en")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let saved = anna.post("/account/profile", &[("phone", "+39 055 123456"), ("language", "en")]).await;
    assert_eq!(saved.header("location"), "/account?done=profile");
    let page = anna.sees("/account").await;
    assert!(page.contains("+39055123456") && page.contains("My account"));
    let asked = anna.post("/account/email", &[("email", "anna.nuova@example.it")]).await;
    assert_eq!(asked.header("location"), "/account?done=email", "{}", asked.body);
    assert_eq!(office.delegate("anna").delegate.person.email, "anna@example.it", "until it is confirmed");
    assert!(anna.sees("/account").await.contains("anna.nuova@example.it"));
    let token = office.token(now());
    assert_eq!(office.post("/email/confirm", &[("token", &token)]).await.status, StatusCode::OK);
    assert_eq!(office.delegate("anna").delegate.person.email, "anna.nuova@example.it");
}

#[tokio::test]
async fn the_web_mail_is_opened_by_a_token_that_is_shown_to_nobody_else() {
    let office = Office::open();
    office.add("anna");
    let anna = office.logs_in_as("anna").await;
    let policy = |answer: &Answer| answer.header("content-security-policy").to_owned();
    assert!(policy(&anna.get("/account").await).contains("; form-action 'self' https://mail.example.it; "));
    let answer = anna.post("/account/webmail", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(answer.header("location").starts_with("https://mail.example.it/webmail/?a=1&b=2&_sso="));
    let without = Office::of("Carla Bianchi", &PanelConfig { webmail_sign_on: false, ..panel() });
    without.add("anna");
    let anna = without.logs_in_as("anna").await;
    assert!(policy(&anna.get("/account").await).contains("; form-action 'self'; "));
    assert_eq!(anna.post("/account/webmail", &[]).await.status, StatusCode::NOT_FOUND);
}
