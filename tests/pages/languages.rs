//! Which language a page is in.

use super::*;

impl Office {
    async fn speaks(&self, path: &str, accept: &str) -> String {
        let request = Request::get(path).header("accept-language", accept).body(Body::empty()).unwrap();
        let page = self.send(request).await.body;
        page.split_once("<html lang=\"").unwrap().1[..2].to_owned()
    }
}

#[tokio::test]
async fn the_invitations_language_goes_before_the_browsers_and_a_choice_before_both() {
    let office = Office::open();
    let plain = format!("/invitation/{}", office.invite("anna"));
    assert_eq!(office.speaks(&plain, "en-GB,en;q=0.9").await, "en");
    assert_eq!(office.speaks(&plain, "de").await, "it");
    let english = office.invite_at("bruno", Some(Language::English), now());
    let path = format!("/invitation/{english}");
    assert_eq!(office.speaks(&path, "it").await, "en");
    assert_eq!(office.speaks(&format!("{path}?lang=it"), "en").await, "it");

    // The form takes the language along, and the answers keep it.
    let page = office.get(&format!("{path}?lang=it")).await;
    assert!(page.body.contains("action=\"/invitation/accept?lang=it\""), "{}", page.body);
    assert!(page.body.contains("href=\"?lang=en\" hreflang=\"en\" lang=\"en\""), "{}", page.body);
    let fields = [("token", english.as_str()), ("password", "x"), ("repeat", "x")];
    assert!(office.post("/invitation/accept?lang=it", &fields).await.body.contains("troppo corta"));
    assert!(office.post("/invitation/accept", &fields).await.body.contains("too short"));
}

#[tokio::test]
async fn pages_about_nobody_are_in_the_browsers_language() {
    let office = Office::open();
    for path in [
        "/",
        "/password/forgotten",
        "/password/asked",
        "/postmaster/forgotten",
        "/postmaster/asked",
        "/email/x",
        "/elsewhere",
        "/invitation/x",
    ] {
        assert_eq!(office.speaks(path, "en").await, "en", "{path}");
        assert_eq!(office.speaks(path, "fr").await, "it", "{path}");
        assert_eq!(office.speaks(&format!("{path}?lang=it"), "en").await, "it", "{path}");
    }
}

/// A message that is missing would show its name in brackets.
#[tokio::test]
async fn no_page_lacks_a_text() {
    let office = Office::open();
    office.add("bruno");
    let (invitation, reset) = (office.invite("anna"), office.reset("bruno"));
    for language in ["it", "en"] {
        for path in [
            "/",
            "/password/forgotten",
            "/password/asked",
            "/elsewhere",
            "/password/set",
            "/invitation/x",
            &format!("/invitation/{}", "A".repeat(43)),
            &format!("/invitation/{invitation}"),
            &format!("/password/{reset}"),
        ] {
            let page = office.get(&format!("{path}?lang={language}")).await;
            assert!(!page.body.contains("[page-") && !page.body.contains("[word-"), "{path}: {}", page.body);
        }
    }
}
