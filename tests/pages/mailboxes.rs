//! A postmaster's pages (M1–M3).

use super::panel::Visitor;
use super::*;

const SWITCH: &str = "/mailboxes/ufficio%40pec.example.it/multi-user";

async fn shows(visitor: &Visitor<'_>, path: &str, texts: &[&str]) {
    let page = visitor.sees(path).await;
    for text in texts {
        assert!(page.contains(text), "{text} is not in {page}");
    }
}

#[tokio::test]
async fn m1_the_domains_mailboxes_with_their_counts() {
    let office = Office::roomy();
    office.elsewhere("altra@altro.example.it", "estraneo");
    office.add("anna");
    office.invite("bruno");
    let postmaster = office.postmaster("pec.example.it").await;
    let page = postmaster.sees("/mailboxes").await;
    for text in ["ufficio@pec.example.it", "Carla Bianchi", "In attesa\">1<", "Attivi\">1<", "Premium · 2/23"] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert!(!page.contains("altro.example.it") && !page.contains(OWNERS_CODE), "{page}");
    shows(&postmaster, "/mailboxes?text=bianchi", &["Una casella trovata", "ufficio@"]).await;
    shows(&postmaster, "/mailboxes?text=%25", &["0 caselle trovate"]).await;
    let many: String = (0..40)
        .map(|n| {
            format!(
                "INSERT INTO mailboxes (address, upstream, plan, owner_name, owner_email, created_at_secs, changed_at_secs)
                 VALUES ('c{n:02}@pec.example.it', 'provider', 'Plus', 'Tizio', 't@example.it', 1, 1);"
            )
        })
        .collect();
    office.store(&many);
    shows(&postmaster, "/mailboxes", &["c00@", "c24@", "Pagina 1 di 2", "?page=2"]).await;
    shows(&postmaster, "/mailboxes?page=2", &["c25@", "ufficio@", "Pagina 2 di 2"]).await;
}

#[tokio::test]
async fn m2_multi_user_goes_off_once_nobody_works_there_and_on_with_the_option() {
    let office = Office::roomy();
    office.add("anna");
    let postmaster = office.postmaster("pec.example.it").await;
    let mailbox = || office.accounts.show_mailbox(Actor::Operator, &MAILBOX.parse().unwrap(), now()).unwrap().mailbox;
    shows(&postmaster, SWITCH, &["Vuoi disattivare la multiutenza?", "C’è ancora un collaboratore"]).await;
    let refused = postmaster.post(SWITCH, &[("turn", "off")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("C’è ancora un collaboratore") && mailbox().multi_user, "{}", refused.body);
    office.accounts.delete_delegate(Actor::Operator, &name("anna"), now()).unwrap();
    shows(&postmaster, SWITCH, &["Nessuno potrà più essere invitato."]).await;
    let off = postmaster.post(SWITCH, &[("turn", "off")]).await;
    assert_eq!(off.status, StatusCode::SEE_OTHER);
    assert!(!mailbox().multi_user);
    shows(&postmaster, off.header("location"), &["La multiutenza è disattivata.", "finché non lo è"]).await;
    office.store("UPDATE mailboxes SET password_management = 0");
    shows(&postmaster, SWITCH, &["non ha l’opzione «gestione password»"]).await;
    assert_eq!(postmaster.post(SWITCH, &[("turn", "on")]).await.status, StatusCode::CONFLICT);
    office.store("UPDATE mailboxes SET password_management = 1");
    assert_eq!(postmaster.post(SWITCH, &[("turn", "on")]).await.status, StatusCode::SEE_OTHER);
    assert!(mailbox().multi_user);
}

#[tokio::test]
async fn m3_a_postmaster_looks_after_the_delegates_of_any_mailbox_of_the_domain() {
    let office = Office::roomy();
    office.add("anna");
    let postmaster = office.postmaster("pec.example.it").await;
    let delegates = "/mailboxes/ufficio%40pec.example.it/delegates";
    shows(&postmaster, delegates, &["anna", "href=\"/mailboxes\"", "/delegates/anna/suspend"]).await;
    assert_eq!(postmaster.confirms(&format!("{delegates}/anna/suspend")).await.status, StatusCode::SEE_OTHER);
    let other = office.postmaster("altro.example.it").await;
    assert_eq!(other.get(delegates).await.status, StatusCode::NOT_FOUND);
    shows(&other, "/mailboxes", &["Nessuna casella"]).await;
}
