//! A mailbox's delegates, for whoever looks after them (O1, D1, D4–D8, P5–P9).

use delega::accounts::{AccessEntry, MailboxChange};
use delega::domain::{DelegateState, Permission};

use super::panel::{Visitor, hidden};
use super::*;

const DELEGATES: &str = "/mailboxes/ufficio%40pec.example.it/delegates";
const INVITE: &str = "/mailboxes/ufficio%40pec.example.it/invite";

fn of(page: &str) -> String {
    format!("{DELEGATES}/{page}")
}

/// What a page says, without its markup, blanks as one.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut within = false;
    for c in page.chars() {
        match c {
            '<' => within = true,
            '>' => (within, text) = (false, text + " "),
            c if !within => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said(page: &str, texts: &[&str]) {
    let all = text(page);
    for one in texts {
        assert!(all.contains(one), "{one} is not in {all}");
    }
}

fn silent(page: &str, texts: &[&str]) {
    for one in texts {
        assert!(!page.contains(one), "{one} is in {page}");
    }
}

/// The fields of a form that asks for an invitation.
fn invites<'a>(username: &'a str, to: &'a str, ticked: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("first_name", "Dora"),
        ("last_name", "Neri"),
        ("email", "dora@example.it"),
        ("username", username),
        ("language", "en"),
        ("message", "Ciao Dora,\r\nda lunedì."),
        ("to", to),
    ];
    fields.extend(ticked.iter().map(|name| (*name, "yes")));
    fields
}

#[tokio::test]
async fn o1_the_list_tells_who_is_there_and_what_can_be_done() {
    let office = Office::roomy();
    let owner = office.owner().await;
    said(&owner.sees(DELEGATES).await, &["Nessun collaboratore", "0 posti occupati su 23", "23 posti liberi"]);
    office.add_with("anna", "client");
    office.invite("bruno");
    let seen = AccessEntry {
        login: format!("anna/{MAILBOX}").parse().unwrap(),
        address: "192.0.2.7".parse().unwrap(),
        door: Door { protocol: Protocol::Imap, kind: ListenerKind::Client },
        program: None,
        refusal: None,
        app_password: None,
        by_stored: false,
        at_ms: 1_796_376_600_000,
    };
    let refused = AccessEntry { refusal: Some("wrong password".into()), at_ms: 1_796_400_000_000, ..seen.clone() };
    office.accounts.note_accesses(&[seen, refused]).unwrap();
    let page = owner.sees(DELEGATES).await;
    said(
        &page,
        &[
            "2 posti occupati su 23 21 posti liberi",
            "Piano Premium e 4 pacchetti: ne puoi aggiungere altri 26, da 5 posti ciascuno",
            "anna Attivo Lettura Scrittura Invio Utilizzo client di posta (IMAP) 4 dicembre 2026, 10:30",
            "bruno In attesa Può rispondere fino al",
            "Dettagli Modifica permessi Reimposta password Sospendi Disattiva account",
            "Dettagli Rifiuta richiesta",
        ],
    );
    assert!(page.contains(&format!("href=\"{}\"", of("anna/suspend"))) && !page.contains(&of("bruno/suspend")));
    said(&owner.sees(&format!("{DELEGATES}?lang=en")).await, &["2 of 23 seats taken", "Waiting", "Re", "Suspend"]);
}

#[tokio::test]
async fn o1_it_is_filtered_and_paged_on_the_server() {
    let office = Office::roomy();
    let owner = office.owner().await;
    office.add("anna");
    let pattern = "INSERT INTO delegates (mailbox_id, username, first_name, last_name, email, permissions, protocols, state,
        seated_at_secs, created_at_secs, changed_at_secs)
        SELECT mailbox_id, printf('u%03d', value), 'Utente', printf('Ào%03d', value), 'u@example.it', 'read', 'imap', 'inactive', 1, 1, 1
        FROM delegates, generate_series WHERE username = 'anna'";
    let rows: String =
        (0..60).map(|n| pattern.replace("value", &n.to_string()).replace(", generate_series", "") + ";").collect();
    office.store(&rows);
    let first = owner.sees(&format!("{DELEGATES}?state=inactive&text=%C3%A0O")).await;
    said(&first, &["60 collaboratori trovati", "Pagina 1 di 3", "Ào000", "Ào024", "Non attivo (60)"]);
    silent(&first, &["Ào025", "Verdi</bdi>"]);
    assert!(first.contains("?state=inactive&#38;text=%C3%A0O&#38;page=2"), "{first}");
    let last = owner.sees(&format!("{DELEGATES}?state=inactive&page=3")).await;
    said(&last, &["Pagina 3 di 3", "Ào059", "Precedente"]);
    silent(&last, &["Ào049", "Successiva"]);
    let beyond = owner.sees(&format!("{DELEGATES}?page=99999999999999999999")).await;
    said(&beyond, &["Pagina 1 di 3"]);
    said(&owner.sees(&format!("{DELEGATES}?page=9999")).await, &["Pagina 3 di 3"]);
    let none = owner.sees(&format!("{DELEGATES}?text=%25")).await;
    said(&none, &["0 collaboratori trovati", "Mostra tutti"]);
    said(&owner.sees(&format!("{DELEGATES}?text=ANNA")).await, &["Un collaboratore trovato", "anna"]);
}

#[tokio::test]
async fn d1_an_invitation_is_two_steps_a_look_at_the_mail_and_it_goes_out() {
    let office = Office::roomy();
    let owner = office.owner().await;
    said(&owner.sees(INVITE).await, &["Passo 1 di 3", "nomeutente/ufficio@pec.example.it"]);
    let step = |fields: Vec<(&'static str, &'static str)>| {
        let owner = &owner;
        async move { owner.post(INVITE, &fields).await }
    };
    let two = step(invites("dora", "permissions", &[])).await;
    assert_eq!(two.status, StatusCode::OK);
    said(&two.body, &["Passo 2 di 3", "Che cosa può fare Dora Neri?", "Sempre compreso."]);
    // A preset ticks.
    let mut preset = invites("dora", "permissions", &[]);
    preset.push(("preset", "read-and-modify"));
    let ticked = step(preset).await.body;
    let checked = |page: &str, name: &str| {
        let tag = page.split('<').find(|tag| tag.contains(&format!("id=\"tick-{name}\""))).unwrap();
        tag.contains(" checked")
    };
    assert!(checked(&ticked, "write") && !checked(&ticked, "send"));
    // P6: what is missing is added, and said.
    let three = step(invites("dora", "preview", &["client", "pop3"])).await;
    assert_eq!(three.status, StatusCode::OK);
    said(
        &three.body,
        &[
            "Passo 3 di 3",
            "Aggiunti insieme alla tua scelta, perché servono: Scrittura e Invio.",
            "Utilizzo client di posta (POP3)",
            "You have a request to collaborate on a PEC mailbox",
            "Dear Dora Neri,",
            "da lunedì.",
            "https://delega.example.it/invitation/…",
        ],
    );
    assert_eq!(links(&office.accounts, now()), [], "nothing has gone out");
    // What the last page sends is what was seen.
    let fields = invites("dora", "send", &["read", "write", "send", "client", "pop3"]);
    for (name, value) in &fields {
        assert!(*name == "to" || hidden(&three.body, name).as_deref() == Some(value), "{name}");
    }
    let sent = step(fields).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, &*format!("{DELEGATES}?done=invited")));
    said(&owner.sees(sent.header("location")).await, &["L’invito è stato inviato.", "dora In attesa"]);
    let mails = links(&office.accounts, now());
    assert_eq!(mails.iter().map(|mail| mail.0.as_str()).collect::<Vec<_>>(), ["dora@example.it"]);
    let invited = office.delegate("dora");
    assert_eq!(invited.effective.to_string(), "read,write,send,client");
    assert_eq!(
        (invited.delegate.protocols.to_string(), invited.delegate.language),
        ("pop3".into(), Some(Language::English))
    );
    // Sent again, there is somebody of that name.
    let again = step(invites("dora", "send", &["read"])).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    said(&again.body, &["Il nome utente dora/ufficio@pec.example.it è già in uso (stato: in attesa)"]);
    assert!(again.body.contains("value=\"Neri\""), "what was typed is kept");
}

#[tokio::test]
async fn d1_all_that_is_wrong_is_said_at_once_and_what_was_typed_is_kept() {
    let office = Office::roomy();
    let owner = office.owner().await;
    let fields = [
        ("first_name", ""),
        ("last_name", "Ne\u{202e}ri"),
        ("email", "dora"),
        ("username", "Dora Neri"),
        ("to", "permissions"),
    ];
    let page = owner.post(INVITE, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    said(
        &page.body,
        &[
            "Nome: scrivi qualcosa.",
            "Cognome: contiene un carattere",
            "non è un indirizzo e‑mail",
            "Nome utente: da 1 a 64",
        ],
    );
    assert!(page.body.contains("role=\"alert\"") && page.body.contains("value=\"Dora Neri\""), "{}", page.body);
    let client = owner.post(INVITE, &invites("dora", "preview", &["client"])).await;
    assert_eq!(client.status, StatusCode::UNPROCESSABLE_ENTITY);
    said(&client.body, &["Scegli almeno un protocollo"]);
}

#[tokio::test]
async fn d9_without_a_seat_nobody_is_invited_and_why_is_said() {
    let office = Office::roomy();
    let change = MailboxChange { plan: Some("Plus".parse().unwrap()), ..MailboxChange::default() };
    let _ = office.accounts.set_mailbox(&MAILBOX.parse().unwrap(), change, now()).unwrap();
    office.add("anna");
    let owner = office.owner().await;
    let list = owner.sees(DELEGATES).await;
    said(&list, &["1 posto occupato su 1", "Nessun posto libero", "Per invitare qualcuno serve un posto libero"]);
    silent(&list, &[INVITE]);
    let refused = owner.post(INVITE, &invites("dora", "permissions", &[])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    said(&refused.body, &["Il posto previsto dal piano è occupato."]);
    let sent = owner.post(INVITE, &invites("dora", "send", &["read"])).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    // D10: more than seats, until a date.
    let more = MailboxChange { plan: Some("Standard".parse().unwrap()), ..MailboxChange::default() };
    let _ = office.accounts.set_mailbox(&MAILBOX.parse().unwrap(), more, now()).unwrap();
    said(&owner.sees(DELEGATES).await, &["C’è un collaboratore in più dei posti previsti dal piano."]);
}

#[tokio::test]
async fn d4_each_deed_says_what_will_happen_and_does_it_once() {
    let office = Office::roomy();
    let owner = office.owner().await;
    for username in ["anna", "bruno"] {
        office.add(username);
    }
    office.invite("carlo");
    let done = |answer: &Answer, deed: &str| {
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, &*format!("{DELEGATES}?done={deed}")),
            "{}",
            answer.body
        );
    };
    let state = |username: &str| office.delegate(username).delegate.state;

    // Somebody confirms in another second than that in which the delegate was added.
    office.store("UPDATE delegates SET changed_at_secs = changed_at_secs - 1");
    let page = owner.sees(&of("anna/suspend")).await;
    said(
        &page,
        &[
            "Vuoi sospendere Anna Verdi?",
            "Le sessioni aperte si chiudono entro un secondo.",
            "Il posto resta occupato.",
        ],
    );
    assert_eq!(state("anna"), DelegateState::Active, "looking changes nothing");
    let seen = hidden(&page, "seen").unwrap();
    done(&owner.post(&of("anna/suspend"), &[("seen", &seen)]).await, "suspend");
    assert_eq!(state("anna"), DelegateState::Suspended);
    done(&owner.confirms(&of("anna/resume")).await, "resume");
    // The confirmation of before, sent again.
    let replayed = owner.post(&of("anna/suspend"), &[("seen", &seen)]).await;
    assert_eq!(replayed.status, StatusCode::CONFLICT);
    said(&replayed.body, &["Nel frattempo qualcosa è cambiato"]);
    assert_eq!(state("anna"), DelegateState::Active);

    said(&owner.sees(&of("anna/reset-password")).await, &["riceve un link per sceglierne una nuova"]);
    done(&owner.confirms(&of("anna/reset-password")).await, "reset-password");
    assert!(!office.lets_in("anna", ADDED_PASSWORD));
    said(&owner.sees(DELEGATES).await, &["Deve scegliere una nuova password"]);
    done(&owner.confirms(&of("anna/deactivate")).await, "deactivate");
    said(&owner.sees(&of("anna/delete")).await, &["Il nome utente torna libero."]);
    done(&owner.confirms(&of("anna/delete")).await, "delete");
    assert_eq!(owner.get(&of("anna")).await.status, StatusCode::NOT_FOUND);

    said(&owner.sees(&of("carlo/reject")).await, &["Il link dell’invito non funzionerà più", "Si libera un posto."]);
    done(&owner.confirms(&of("carlo/reject")).await, "reject");
    let page = owner.sees(&of("carlo/reinvite")).await;
    said(&page, &["Vuoi invitare di nuovo", "Messaggio personale"]);
    let seen = hidden(&page, "seen").unwrap();
    let look = owner.post(&of("carlo/reinvite"), &[("seen", &seen), ("message", "Riprova!"), ("to", "look")]).await;
    assert_eq!((look.status, state("carlo")), (StatusCode::OK, DelegateState::Rejected));
    said(&look.body, &["Hai una richiesta di collaborazione", "&#62; Riprova!"]);
    done(&owner.post(&of("carlo/reinvite"), &[("seen", &seen), ("message", "Riprova!")]).await, "reinvite");
    assert_eq!(state("carlo"), DelegateState::Pending);
    assert_eq!(owner.get(&of("bruno/resume")).await.header("location"), of("bruno?done=not-now"));
}

/// Somebody else has the name by then.
#[tokio::test]
async fn a_confirmation_is_about_somebody_and_not_about_their_name() {
    let office = Office::roomy();
    let owner = office.owner().await;
    office.add("anna");
    let seen = hidden(&owner.sees(&of("anna/deactivate")).await, "seen").unwrap();
    office.accounts.delete_delegate(Actor::Operator, &name("anna"), now()).unwrap();
    office.add("anna");
    let late = owner.post(&of("anna/deactivate"), &[("seen", &seen)]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Active);
    let none = owner.post(&of("anna/deactivate"), &[]).await;
    assert_eq!(none.status, StatusCode::CONFLICT);
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Active);
}

#[tokio::test]
async fn p9_permissions_are_ticked_looked_at_and_changed() {
    let office = Office::roomy();
    let owner = office.owner().await;
    office.add_with("anna", "client");
    let path = of("anna/permissions");
    let page = owner.sees(&path).await;
    said(&page, &["Permessi di Anna Verdi", "Sola lettura"]);
    let seen = hidden(&page, "seen").unwrap();
    // The box in the middle is cleared: what needs it goes along.
    let ticked = [("seen", seen.as_str()), ("write", "yes"), ("client", "yes"), ("imap", "yes")];
    let review = owner.post(&path, &ticked).await;
    assert_eq!(review.status, StatusCode::OK);
    said(
        &review.body,
        &[
            "Tolti insieme alla tua scelta, perché senza gli altri non valgono: Utilizzo client di posta.",
            "Prima Lettura Scrittura Invio Utilizzo client di posta (IMAP)",
            "Dopo Lettura Scrittura",
            "I nuovi permessi valgono subito",
            "Le sessioni aperte da programmi di posta che non sono più permessi si chiudono",
        ],
    );
    assert_eq!(office.delegate("anna").effective.to_string(), "read,write,send,client", "nothing has changed");
    let confirmed = [("seen", seen.as_str()), ("to", "change"), ("read", "yes"), ("write", "yes"), ("imap", "yes")];
    let changed = owner.post(&path, &confirmed).await;
    assert_eq!(changed.header("location"), of("anna?done=permissions"));
    assert_eq!(office.delegate("anna").effective.to_string(), "read,write");
    assert_eq!(owner.post(&path, &confirmed).await.status, StatusCode::CONFLICT, "sent again");
    let same = [("seen", &*hidden(&owner.sees(&path).await, "seen").unwrap()), ("write", "yes"), ("imap", "yes")];
    let nothing = owner.post(&path, &same).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    said(&nothing.body, &["Non hai cambiato nulla"]);
    let preset = owner.sees(&format!("{path}?preset=complete")).await;
    assert!(preset.split('<').any(|tag| tag.contains("tick-send\"") && tag.contains(" checked")));
}

#[tokio::test]
async fn d4_the_details_tell_all_about_a_delegate() {
    let office = Office::roomy();
    let owner = office.owner().await;
    office.add_with("anna", "client");
    said(&owner.sees(&of("anna")).await, &["Verifica in due passaggi Non attiva", "Mai", "anna@example.it"]);
    let path = of("anna/app-passwords");
    let made = owner.post(&path, &[("label", "Outlook"), ("imap", "yes"), ("days", "90")]).await;
    assert_eq!(made.status, StatusCode::OK);
    let secret = made.body.split("<p class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };
    let login = format!("anna/{MAILBOX}");
    let comes_in = || {
        let verdict = office.accounts.authenticate(&login, &secret.clone().into(), door, KNOCK).unwrap();
        matches!(verdict, Verdict::Admitted(_))
    };
    assert!(comes_in());
    let page = owner.sees(&of("anna")).await;
    said(&page, &["Outlook IMAP"]);
    silent(&page, &[&secret]);
    let again = owner.post(&path, &[("label", "Outlook"), ("imap", "yes")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    said(&again.body, &["C’è già una password di nome «Outlook»"]);
    let none = owner.post(&path, &[("label", "Altro")]).await;
    said(&none.body, &["Scegli almeno un protocollo."]);
    said(&owner.sees(&of("anna/app-passwords/revoke?name=Outlook")).await, &["Vuoi revocare la password «Outlook»?"]);
    let revoked = owner.post(&of("anna/app-passwords/revoke"), &[("label", "Outlook")]).await;
    assert_eq!(revoked.header("location"), of("anna?done=revoked"));
    assert!(!comes_in());
    let twice = owner.post(&of("anna/app-passwords/revoke"), &[("label", "Outlook")]).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    said(&twice.body, &["Non c’è nessuna password di nome «Outlook»"]);
}

#[tokio::test]
async fn s2_a_lost_second_factor_is_taken_off() {
    let office = Office::roomy();
    let owner = office.owner().await;
    office.add("anna");
    silent(&owner.sees(&of("anna")).await, &["remove-two-factor"]);
    office.store(
        "INSERT INTO second_factors (account, sealed_secret, since_secs, last_step)
         SELECT 'delegate:' || id, x'00', 1796376600, 0 FROM delegates",
    );
    said(&owner.sees(&of("anna")).await, &["Attiva dal 4 dicembre 2026", "Disattiva verifica in due passaggi"]);
    assert_eq!(owner.confirms(&of("anna/remove-two-factor")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(office.delegate("anna").delegate.two_factor_since_secs, None);
}

#[tokio::test]
async fn p5_a_manager_is_offered_what_they_may_and_gives_what_they_have() {
    let office = Office::roomy();
    office.add_with("capo", "write,settings");
    office.add_with("anna", "client");
    let manager = office.logs_in_as("capo").await;
    let list = manager.sees(DELEGATES).await;
    silent(&list, &[OWNERS_CODE, "carla@example.it", &of("capo/suspend"), &of("capo/permissions")]);
    assert!(list.contains(&of("anna/suspend")));
    let details = manager.sees(&of("anna")).await;
    silent(&details, &[OWNERS_CODE, "carla@example.it", "/app-passwords\""]);
    let boxes = manager.post(INVITE, &invites("dora", "permissions", &[])).await.body;
    said(&boxes, &["Non puoi darlo, perché non ce l’hai."]);
    let disabled =
        |name: &str| boxes.split('<').any(|tag| tag.contains(&format!("tick-{name}\"")) && tag.contains(" disabled"));
    assert!(disabled("send") && !disabled("write") && !disabled("settings") && !boxes.contains("tick-imap"));
    let more = manager.post(INVITE, &invites("dora", "preview", &["send"])).await;
    assert_eq!(more.status, StatusCode::UNPROCESSABLE_ENTITY);
    said(&more.body, &["Non puoi dare un permesso che tu non hai: Invio."]);
    let sent = manager.post(INVITE, &invites("dora", "send", &["send"])).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    // What somebody has already, they keep, though the manager has it not; it can be taken away.
    let page = manager.sees(&of("anna/permissions")).await;
    let seen = hidden(&page, "seen").unwrap();
    let less = [("seen", seen.as_str()), ("to", "change"), ("write", "yes"), ("send", "yes"), ("imap", "yes")];
    assert_eq!(manager.post(&of("anna/permissions"), &less).await.status, StatusCode::SEE_OTHER);
    assert!(!office.delegate("anna").effective.contains(Permission::Client));
    let seen = hidden(&manager.sees(&of("anna/permissions")).await, "seen").unwrap();
    let back = [("seen", seen.as_str()), ("to", "change"), ("client", "yes"), ("imap", "yes")];
    assert_eq!(manager.post(&of("anna/permissions"), &back).await.status, StatusCode::CONFLICT);
    // Once they may not, they are strangers with the next click.
    let change = "UPDATE delegates SET permissions = 'read' WHERE username = 'capo'";
    office.store(change);
    assert_eq!(manager.get(DELEGATES).await.status, StatusCode::NOT_FOUND);
    assert_eq!(manager.post(&of("anna/suspend"), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_mailbox_is_nobodys_business() {
    let office = Office::roomy();
    let elsewhere = office.elsewhere("altra@altro.example.it", "bruno");
    let stranger = office.logs_in(&elsewhere, ADDED_PASSWORD).await;
    office.add("anna");
    let owner = office.owner().await;
    let seen = hidden(&owner.sees(&of("anna/suspend")).await, "seen").unwrap();
    let there = stranger.get(DELEGATES).await;
    let nowhere = stranger.get("/mailboxes/nessuna%40pec.example.it/delegates").await;
    assert_eq!((there.status, there.body), (nowhere.status, nowhere.body), "nobody learns which there are");
    for (path, fields) in [
        (of("anna/suspend"), vec![("seen", seen.as_str())]),
        (INVITE.to_owned(), invites("dora", "send", &["read"])),
        ("/mailboxes/ufficio%40pec.example.it/multi-user".to_owned(), vec![("turn", "off")]),
    ] {
        assert_eq!(stranger.post(&path, &fields).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Active);
    let own = "/mailboxes/altra%40altro.example.it/delegates";
    assert_eq!(owner.get(own).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.get(own).await.status, StatusCode::OK);
}

#[tokio::test]
async fn forged_forms_do_nothing() {
    let office = Office::roomy();
    let owner = office.owner().await;
    office.add_with("capo", "settings");
    office.add("anna");
    let path = of("anna/deactivate");
    let seen = hidden(&owner.sees(&path).await, "seen").unwrap();
    let key = owner.key();
    let others = office.logs_in_as("capo").await.key();
    for forged in ["", "0", others.as_str(), &key[1..]] {
        let answer = owner.send(form(&path, &[("key", forged), ("seen", &seen)])).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{forged}");
    }
    for (header, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        let mut forged = form(&path, &[("key", &key), ("seen", &seen)]);
        forged.headers_mut().insert(header, value.parse().unwrap());
        assert_eq!(owner.send(forged).await.status, StatusCode::FORBIDDEN, "{value}");
    }
    // Without its cookie, the form is nobody's.
    let nobodys = office.post(&path, &[("key", &key), ("seen", &seen)]).await;
    assert_eq!(nobodys.header("location"), "/login");
    assert_eq!(office.delegate("anna").delegate.state, DelegateState::Active);
}

/// The store is not trusted to hold only what pages let in.
#[tokio::test]
async fn names_are_text_wherever_they_are_shown() {
    let office = Office::roomy();
    let owner = office.owner().await;
    office.add("anna");
    let markup = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    office.store(&format!("UPDATE delegates SET first_name = '{}', email = '<b>@x.it'", markup.replace('\'', "''")));
    for path in [
        DELEGATES.to_owned(),
        of("anna"),
        of("anna/suspend"),
        of("anna/permissions"),
        format!("{DELEGATES}?text=%22%3E%3Cscript%3Ealert(1)"),
        format!("{DELEGATES}?state=%3Cscript%3E&done=%3Cscript%3E&page=%3Cscript%3E"),
        of("anna?done=%3Cscript%3E"),
    ] {
        let page = owner.sees(&path).await;
        silent(&page, &["<script", "<img", "<b>"]);
    }
    let typed =
        [("first_name", markup), ("last_name", markup), ("email", markup), ("username", markup), ("message", markup)];
    for to in ["permissions", "preview", "who", "send"] {
        let fields: Vec<(&str, &str)> = typed.iter().copied().chain([("to", to)]).collect();
        silent(&owner.post(INVITE, &fields).await.body, &["<script", "<img"]);
    }
}

/// CR and LF, and what turns the direction of text, get into no mail's header and no list.
#[tokio::test]
async fn deceiving_names_are_refused() {
    let office = Office::roomy();
    let owner = office.owner().await;
    for (field, value) in [
        ("first_name", "Dora\r\nBcc: x@y.it"),
        ("last_name", "Neri\u{202e}irevni"),
        ("email", "dora@example.it\r\nBcc: x@y.it"),
        ("email", "dora@example.it,x@y.it"),
        ("username", "dora\r\n"),
        ("username", "dora/../x"),
        ("message", "a\u{1b}[2Jb"),
    ] {
        for to in ["permissions", "preview", "send"] {
            let fields: Vec<(&str, &str)> = invites("dora", to, &["read"])
                .into_iter()
                .map(|(name, typed)| if name == field { (name, value) } else { (name, typed) })
                .collect();
            let answer = owner.post(INVITE, &fields).await;
            // Blanks around what was typed are nobody's fault.
            if value.trim() == "dora" {
                assert!(answer.status.is_success() || answer.status == StatusCode::SEE_OTHER);
                if answer.status == StatusCode::SEE_OTHER {
                    office.store("DELETE FROM delegates; DELETE FROM mails");
                }
                continue;
            }
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value:?} {to}");
        }
    }
    assert_eq!(links(&office.accounts, now()), []);
}

/// A manager whose permissions are changed to those of somebody else, and a session that is thrown out.
#[tokio::test]
async fn whoever_is_suspended_is_out_with_the_next_click() {
    let office = Office::roomy();
    office.add_with("capo", "settings");
    let manager: Visitor<'_> = office.logs_in_as("capo").await;
    manager.sees(DELEGATES).await;
    let owner = office.owner().await;
    owner.confirms(&of("capo/suspend")).await;
    assert_eq!(
        manager.get(DELEGATES).await.header("location"),
        "/login?next=%2Fmailboxes%2Fufficio%2540pec.example.it%2Fdelegates"
    );
}
