//! A postmaster's password: the first, and one that was forgotten (M1, S5).

use super::*;

const EMAIL: &str = "posta@example.it";

impl Office {
    async fn sets(&self, token: &str, password: &str) -> Answer {
        self.post("/password/set", &[("token", token), ("password", password), ("repeat", password)]).await
    }

    /// Whether somebody is let in to the panel as the postmaster.
    async fn signs_in(&self, password: &str) -> bool {
        let fields = [("domain", "pec.example.it"), ("login", EMAIL), ("password", password)];
        self.post("/postmaster/login", &fields).await.status == StatusCode::SEE_OTHER
    }
}

#[tokio::test]
async fn m1_a_postmaster_sets_their_password_and_logs_in() {
    let office = Office::open();
    let (_, token) = office.new_postmaster(EMAIL);
    let page = office.get(&format!("/password/{token}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(EMAIL), "{}", page.body);
    assert!(!office.signs_in(PASSWORD).await);
    let weak = office.sets(&token, "password12").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = office.sets(&token, PASSWORD).await;
    assert_eq!(done.status, StatusCode::OK);
    for shown in ["del dominio pec.example.it", "href=\"/postmaster/login?lang=it\""] {
        assert!(done.body.contains(shown), "{shown} in {}", done.body);
    }
    assert!(!done.body.contains("programma di posta") && !done.body.contains("webmail"), "{}", done.body);
    assert!(office.signs_in(PASSWORD).await);
    let again = office.sets(&token, PASSWORD).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains("/postmaster/forgotten"), "{}", again.body);
}

/// Nothing of the answer depends on what was typed: it is given before anybody has looked.
#[tokio::test]
async fn s5_a_postmaster_who_forgot_hears_the_same_whatever_they_type() {
    let office = Office::open();
    office.new_postmaster(EMAIL);
    let long = "x".repeat(2000);
    let mut answers = Vec::new();
    for (domain, login) in [
        ("pec.example.it", EMAIL),
        ("PEC.example.it", "nessuno@example.it"),
        ("example.org", EMAIL),
        ("", ""),
        ("\r\n<b>", "\0"),
        (&long, &long),
        ("pec.example.it", EMAIL),
    ] {
        let Answer { status, headers, body } =
            office.post("/postmaster/forgotten", &[("domain", domain), ("login", login)]).await;
        answers.push((status, format!("{headers:?}"), body));
    }
    assert_eq!(answers[0].0, StatusCode::SEE_OTHER);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    // Then it is done, and once: there is one link, for the one who may have it.
    let Office { accounts, router, errands, folder: _folder, .. } = office;
    drop(router);
    errands.run().await;
    let mailed = links(&accounts, now());
    assert_eq!(mailed.iter().map(|(recipient, _)| recipient.as_str()).collect::<Vec<_>>(), [EMAIL]);
    let token = mailed[0].1.parse().unwrap();
    accounts.set_password(&token, &PASSWORD.to_owned().into(), now()).unwrap();
}

#[tokio::test]
async fn the_pages_lead_to_one_another() {
    let office = Office::open();
    for (page, to) in [
        ("/postmaster/login", "/postmaster/forgotten"),
        ("/password/forgotten", "/postmaster/forgotten"),
        ("/postmaster/forgotten", "/password/forgotten"),
    ] {
        let body = office.get(page).await.body;
        assert!(body.contains(&format!("href=\"{to}?lang=it\"")), "{page}: {body}");
        assert_eq!(office.get(to).await.status, StatusCode::OK);
    }
    let asked = office.get("/postmaster/asked?lang=en").await;
    assert!(asked.body.contains("24 hours") && asked.body.contains("whoever runs the service"), "{}", asked.body);
}
