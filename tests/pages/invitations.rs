//! Answering an invitation (D2, D3, D6).

use delega::domain::{DelegateState, INVITATION_SECS};

use super::*;

#[tokio::test]
async fn d2_an_invitation_is_read_accepted_and_used_up() {
    let office = Office::open();
    let token = office.invite("anna");
    let page = office.get(&format!("/invitation/{token}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in [
        "Carla Bianchi ti invita",
        "anna/ufficio@pec.example.it",
        "Anna Verdi",
        "Lettura",
        "Scrittura",
        "Invio",
        "Utilizzo client di posta (IMAP)",
        "almeno 10 caratteri",
        "1024 byte",
    ] {
        assert!(page.body.contains(shown), "{shown} in {}", page.body);
    }
    assert!(!page.body.contains("Gestione impostazioni"));
    assert_eq!(page.body.matches(&token).count(), 2, "in the two forms, and in no address");
    assert!(!office.lets_in("anna", PASSWORD));

    let accepted = office.accept(&token, PASSWORD).await;
    assert_eq!(accepted.status, StatusCode::OK);
    for shown in
        ["anna/ufficio@pec.example.it", "https://mail.example.it/webmail/?a=1&#38;b=2", "Nel programma di posta"]
    {
        assert!(accepted.body.contains(shown), "{shown} in {}", accepted.body);
    }
    assert!(!accepted.body.contains(&token) && !accepted.body.contains(PASSWORD));
    assert!(office.lets_in("anna", PASSWORD));

    // Loaded again, it says what is so, and changes nothing.
    let again = office.accept(&token, "un'altra che va bene").await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains("Se hai già scelto la password"), "{}", again.body);
    assert_eq!(office.get(&format!("/invitation/{token}")).await.status, StatusCode::GONE);
    assert!(office.lets_in("anna", PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_two_answers_at_once_make_one_account() {
    let office = Office::open();
    let token = office.invite("anna");
    let (first, second) = ("graffetta batteria uno", "graffetta batteria due");
    let (one, two) = tokio::join!(office.accept(&token, first), office.accept(&token, second));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::GONE]);
    assert_eq!(office.lets_in("anna", first), one.status == StatusCode::OK);
    assert_eq!(office.lets_in("anna", second), two.status == StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_accepting_and_refusing_at_once_is_one_of_the_two() {
    let office = Office::open();
    let token = office.invite("anna");
    let refusal = [("token", token.as_str()), ("confirmed", "yes")];
    let (accepted, refused) =
        tokio::join!(office.accept(&token, PASSWORD), office.post("/invitation/refuse", &refusal));
    let state = office.delegate("anna").delegate.state;
    let expected = match (accepted.status, refused.status) {
        (StatusCode::OK, StatusCode::GONE) => DelegateState::Active,
        (StatusCode::GONE, StatusCode::OK) => DelegateState::Rejected,
        other => panic!("{other:?}"),
    };
    assert_eq!(state, expected);
    assert_eq!(office.lets_in("anna", PASSWORD), expected == DelegateState::Active);
}

#[tokio::test]
async fn a_scanner_that_follows_links_changes_nothing() {
    let office = Office::open();
    office.add("bruno");
    let (invitation, reset) = (office.invite("anna"), office.reset("bruno"));
    let before = (office.delegate("anna"), office.delegate("bruno"), office.accounts.change_marker().unwrap());
    for path in [
        format!("/invitation/{invitation}"),
        format!("/password/{reset}"),
        format!("/invitation/accept?token={invitation}&password={PASSWORD}&repeat={PASSWORD}").replace(' ', "+"),
        format!("/invitation/refuse?token={invitation}&confirmed=yes"),
        format!("/password/set?token={reset}&password={PASSWORD}&repeat={PASSWORD}").replace(' ', "+"),
        format!("/password/forgotten?login=bruno/{MAILBOX}&fiscal_code={OWNERS_CODE}"),
    ] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            office.send(Request::builder().method(method).uri(&path).body(Body::empty()).unwrap()).await;
        }
    }
    let after = (office.delegate("anna"), office.delegate("bruno"), office.accounts.change_marker().unwrap());
    assert_eq!(before, after);
    assert_eq!(office.accept(&invitation, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn d6_a_refusal_is_confirmed_first() {
    let office = Office::open();
    let token = office.invite("anna");
    let asks = office.post("/invitation/refuse", &[("token", &token)]).await;
    assert_eq!(asks.status, StatusCode::OK);
    assert!(asks.body.contains("Vuoi rifiutare") && asks.body.contains(MAILBOX), "{}", asks.body);
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Pending);
    let refused = office.post("/invitation/refuse", &[("token", &token), ("confirmed", "yes")]).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert!(refused.body.contains("Hai rifiutato") && !refused.body.contains(&token), "{}", refused.body);
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Rejected);
    let again = office.post("/invitation/refuse", &[("token", &token), ("confirmed", "yes")]).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert_eq!(office.accept(&token, PASSWORD).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn d3_an_invitation_lapses_after_seven_days() {
    let office = Office::open();
    let fresh = office.invite_at("anna", None, now() - INVITATION_SECS + DAY);
    assert_eq!(office.get(&format!("/invitation/{fresh}")).await.status, StatusCode::OK);
    let lapsed = office.invite_at("bruno", None, now() - INVITATION_SECS);
    let page = office.get(&format!("/invitation/{lapsed}")).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.body.contains("di invitarti di nuovo"), "{}", page.body);
    assert_eq!(office.accept(&lapsed, PASSWORD).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_link_is_for_one_thing_alone() {
    let office = Office::open();
    office.add("bruno");
    let (invitation, reset) = (office.invite("anna"), office.reset("bruno"));
    assert_eq!(office.get(&format!("/password/{invitation}")).await.status, StatusCode::GONE);
    assert_eq!(office.get(&format!("/invitation/{reset}")).await.status, StatusCode::GONE);
    assert_eq!(office.accept(&reset, PASSWORD).await.status, StatusCode::GONE);
    let fields = [("token", invitation.as_str()), ("password", PASSWORD), ("repeat", PASSWORD)];
    assert_eq!(office.post("/password/set", &fields).await.status, StatusCode::GONE);
}
