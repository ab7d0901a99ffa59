//! Choosing a password, and asking for a new one (D2, D7, S5).

use super::*;

/// What stands beside a field that has this id, by its `aria-describedby`.
#[track_caller]
fn beside<'a>(page: &'a str, field: &str) -> Option<&'a str> {
    let input = page.split("<input ").find(|input| input.contains(&format!("id=\"{field}\""))).unwrap();
    let input = input.split('>').next().unwrap();
    let fault = format!("{field}-fault");
    if !input.contains("aria-invalid=\"true\"") {
        assert!(!page.contains(&fault), "{page}");
        return None;
    }
    assert!(input.contains(&format!("aria-describedby=\"{fault}")) && input.contains("autofocus"), "{input}");
    page.split_once(&format!("id=\"{fault}\">"))?.1.split('<').next()
}

#[tokio::test]
async fn what_is_wrong_with_a_password_is_said_beside_the_field() {
    let office = Office::open();
    let (token, long) = (office.invite("anna"), "xQ7 zeppelin ".repeat(80));
    for (password, repeat, field, it, en) in [
        ("", "", "password", "Scrivi una password.", "Type a password."),
        ("gattoTre9", "gattoTre9", "password", "troppo corta", "too short"),
        (&long, &long, "password", "troppo lunga", "too long"),
        ("graffetta\tbatteria", "graffetta\tbatteria", "password", "carattere di controllo", "control character"),
        ("password123", "password123", "password", "facile da indovinare", "easy to guess"),
        (PASSWORD, "graffetta batteria cavalla", "repeat", "non sono uguali", "differ"),
        (PASSWORD, "", "repeat", "non sono uguali", "differ"),
    ] {
        for (language, said) in [("it", it), ("en", en)] {
            let fields = [("token", token.as_str()), ("password", password), ("repeat", repeat)];
            let page = office.post(&format!("/invitation/accept?lang={language}"), &fields).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{password:?}");
            let other = if field == "password" { "repeat" } else { "password" };
            assert!(beside(&page.body, field).is_some_and(|text| text.contains(said)), "{said}: {}", page.body);
            assert_eq!(beside(&page.body, other), None);
            let summary = page.body.split_once("role=\"alert\"").unwrap().1;
            assert!(summary.contains(&format!("href=\"#{field}\"")), "{summary}");
            assert!(page.body.contains(if language == "it" { "<title>Errore: " } else { "<title>Error: " }));
            for typed in [password, repeat].iter().filter(|typed| !typed.is_empty()) {
                assert!(!page.body.contains(typed), "{typed} is shown again");
            }
        }
    }
    assert!(!office.lets_in("anna", "password123"));
    assert_eq!(office.accept(&token, PASSWORD).await.status, StatusCode::OK, "the link works still");
}

#[tokio::test]
async fn the_rules_hold_at_their_limits() {
    let office = Office::open();
    let token = office.invite("anna");
    let longest: String = "zeppelin 7 gru ".chars().cycle().take(1024).collect();
    assert_eq!(office.accept(&token, &format!("{longest}x")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(office.accept(&token, &longest).await.status, StatusCode::OK);
    assert!(office.lets_in("anna", &longest));
    let shortest = office.invite("bruno");
    assert_eq!(office.accept(&shortest, "gRu zE7pq").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(office.accept(&shortest, "gRu zE7pq\u{e8}").await.status, StatusCode::OK);
    assert!(office.lets_in("bruno", "gRu zE7pq\u{e8}"));
}

#[tokio::test]
async fn d7_a_new_password_is_set_once() {
    let office = Office::open();
    office.add("bruno");
    let token = office.reset("bruno");
    assert!(!office.lets_in("bruno", "una password di prima"));
    let page = office.get(&format!("/password/{token}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("bruno/ufficio@pec.example.it"), "{}", page.body);
    let set = |repeat: &'static str| {
        let (office, token) = (&office, token.as_str());
        async move { office.post("/password/set", &[("token", token), ("password", PASSWORD), ("repeat", repeat)]).await }
    };
    let unlike = set("un'altra ancora").await;
    assert_eq!(unlike.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(beside(&unlike.body, "repeat").is_some());
    let done = set(PASSWORD).await;
    assert_eq!(done.status, StatusCode::OK);
    // Whoever may not use a mail program is not told how.
    assert!(done.body.contains("impostata") && !done.body.contains("Nel programma di posta"), "{}", done.body);
    assert!(office.lets_in("bruno", PASSWORD));
    assert_eq!(set(PASSWORD).await.status, StatusCode::GONE);
}

/// Nothing of the answer depends on what was typed: it is given before anybody has looked.
#[tokio::test]
async fn s5_whoever_forgot_their_password_hears_the_same_whatever_they_type() {
    let office = Office::open();
    office.add("bruno");
    office.invite("anna");
    let (long, right) = ("x".repeat(2000), format!("bruno/{MAILBOX}"));
    let mut answers = Vec::new();
    for (login, code) in [
        (right.as_str(), OWNERS_CODE),
        (right.as_str(), "RSSMRA85T10A562T"),
        (&format!("nessuno/{MAILBOX}"), OWNERS_CODE),
        (&format!("anna/{MAILBOX}"), OWNERS_CODE),
        (MAILBOX, OWNERS_CODE),
        ("", ""),
        ("\r\n<b>", "\0"),
        (&long, &long),
    ] {
        let Answer { status, headers, body } =
            office.post("/password/forgotten", &[("login", login), ("fiscal_code", code)]).await;
        answers.push((status, format!("{headers:?}"), body));
    }
    answers.push({
        let Answer { status, headers, body } = office.post("/password/forgotten", &[]).await;
        (status, format!("{headers:?}"), body)
    });
    assert_eq!(answers[0].0, StatusCode::SEE_OTHER);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");

    // Then it is done, and once: there is one link, for the one who may have it.
    let Office { accounts, router, errands, folder: _folder, at_work: _ } = office;
    drop(router);
    errands.run().await;
    let links: Vec<String> = links(&accounts, now()).into_iter().map(|(recipient, _)| recipient).collect();
    assert_eq!(links, ["bruno@example.it"]);
}

#[tokio::test]
async fn the_answer_to_who_forgot_is_a_page_of_its_own() {
    let office = Office::open();
    let answer = office.post("/password/forgotten?lang=en", &[("login", "a/b@c.it"), ("fiscal_code", "x")]).await;
    assert_eq!(answer.header("location"), "/password/asked?lang=en");
    let page = office.get(answer.header("location")).await;
    assert!(page.body.contains("within a few minutes"), "{}", page.body);
}

#[tokio::test]
async fn more_than_can_wait_is_dropped_and_said_in_the_log_alone() {
    let office = Office::open();
    for _ in 0..=delega::web::ERRANDS {
        let fields = [("login", "troppe-richieste/a@b.it"), ("fiscal_code", OWNERS_CODE)];
        let answer = office.post("/password/forgotten", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let log = log();
    assert!(log.contains("too many ask at once"));
    assert!(!log.contains("troppe-richieste"), "what was typed is in the log");
}
