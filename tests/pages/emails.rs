//! Confirming a new e-mail address by the link that was mailed there (S1).

use delega::accounts::PostmasterEntry;
use delega::domain::AccountId;

use super::*;

const NEW: &str = "nuova@example.it";

impl Office {
    /// Somebody asks for a new address; the token that was mailed there.
    pub(super) fn asks(&self, account: AccountId, email: &str) -> String {
        self.accounts.ask_email(account, email, now()).unwrap();
        let (recipient, token) = links(&self.accounts, now()).pop().unwrap();
        assert_eq!(recipient, email);
        token
    }

    pub(super) fn account(&self, username: &str) -> AccountId {
        self.delegate(username).delegate.account()
    }

    /// A postmaster of the mailbox's domain, and the token of the link that they were mailed.
    pub(super) fn new_postmaster(&self, email: &str) -> (AccountId, String) {
        let entry = PostmasterEntry {
            domain: "pec.example.it".parse().unwrap(),
            email: email.to_owned(),
            name: "Ufficio posta".to_owned(),
            phone: None,
            language: Language::Italian,
        };
        let account = self.accounts.add_postmaster(entry, now()).unwrap().account();
        (account, self.token(now()))
    }

    fn email_of(&self, account: AccountId) -> String {
        self.accounts.profile(account, now()).unwrap().email
    }
}

#[tokio::test]
async fn s1_an_address_is_shown_confirmed_and_the_link_used_up() {
    let office = Office::open();
    office.add("bruno");
    let bruno = office.account("bruno");
    let token = office.asks(bruno, NEW);
    let path = format!("/email/{token}");
    for _ in 0..2 {
        let page = office.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(NEW) && page.body.contains("bruno/ufficio@pec.example.it"), "{}", page.body);
        assert!(!page.body.contains("bruno@example.it"), "the address before is nobody's business here");
        assert_eq!(page.body.matches(&token).count(), 1, "in the form, and in no address");
    }
    assert_eq!(office.email_of(bruno), "bruno@example.it", "looking has changed it");
    let done = office.post("/email/confirm", &[("token", &token)]).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.body.contains(NEW) && !done.body.contains(&token), "{}", done.body);
    assert_eq!(office.email_of(bruno), NEW);
    let again = office.post("/email/confirm?lang=en", &[("token", &token)]).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains("If you have confirmed already"), "{}", again.body);
    let again = office.get(&path).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains("Se hai già confermato"), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_confirmations_at_once_make_one_change() {
    let office = Office::open();
    office.add("bruno");
    let token = office.asks(office.account("bruno"), NEW);
    let fields = [("token", token.as_str())];
    let (one, two) = tokio::join!(office.post("/email/confirm", &fields), office.post("/email/confirm", &fields));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::GONE]);
}

#[tokio::test]
async fn a_postmaster_reads_that_they_log_in_with_it_and_that_another_has_it() {
    let office = Office::open();
    let (posta, _) = office.new_postmaster("posta@example.it");
    let token = office.asks(posta, NEW);
    let page = office.get(&format!("/email/{token}")).await;
    assert!(page.body.contains("pec.example.it") && page.body.contains("posta@example.it"), "{}", page.body);
    let (other, _) = office.new_postmaster(NEW);
    let taken = office.post("/email/confirm", &[("token", &token)]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.body.contains("un altro postmaster"), "{}", taken.body);
    assert_eq!((office.email_of(posta), office.email_of(other)), ("posta@example.it".to_owned(), NEW.to_owned()));
    office.accounts.remove_postmaster(&"pec.example.it".parse().unwrap(), NEW).unwrap();
    let done = office.post("/email/confirm?lang=en", &[("token", &token)]).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.body.contains("You now log in with the new address") && done.body.contains("/postmaster/login"));
}

/// threats.md: markup in names is shown as text; here in what the new address may have.
#[tokio::test]
async fn what_stands_in_an_address_is_text() {
    let office = Office::open();
    office.add("bruno");
    let odd = "a&b'c@example.it";
    let token = office.asks(office.account("bruno"), odd);
    let page = office.get(&format!("/email/{token}")).await.body;
    let done = office.post("/email/confirm", &[("token", &token)]).await.body;
    for page in [page, done] {
        assert!(page.contains("a&#38;b&#39;c@example.it") && !page.contains(odd), "{page}");
    }
}
