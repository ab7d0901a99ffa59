//! What the letters say, as the requirements have it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::super::{plain, preview};
use super::*;

const PLACES: Places<'static> =
    Places { public_url: "https://delega.example.it", webmail_url: Some("https://mail.example.it/") };

fn letters(language: Language) -> Vec<(Notice, Letter)> {
    let notices = preview::notices().unwrap();
    notices.into_iter().map(|n| (n.clone(), write(&n, language, PLACES, Some("T0KEN")).unwrap())).collect()
}

fn letter(kind: &str, language: Language) -> Letter {
    letters(language).into_iter().find(|(notice, _)| notice.kind() == kind).unwrap().1
}

/// The postmaster of the samples.
fn posta() -> PostmasterFacts {
    match letters(Language::English).into_iter().find(|(notice, _)| notice.kind() == "postmaster-password-changed") {
        Some((Notice::PostmasterPasswordChanged(posta), _)) => posta,
        other => panic!("no sample: {:?}", other.map(|(notice, _)| notice)),
    }
}

/// On one line, so that it does not matter where lines are broken.
fn said(letter: &Letter) -> String {
    plain::render(letter).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn n1_n2_n3_have_the_subjects_of_the_requirements() {
    let subject = |kind| letter(kind, Language::Italian).subject;
    assert_eq!(subject("invitation"), "Hai una richiesta di collaborazione per la casella PEC");
    assert_eq!(
        subject("activated"),
        "Il tuo account Multiutente PEC è attivo, ora puoi accedere a ufficio@pec.example.it"
    );
    assert_eq!(subject("accepted"), "L'account Multiutente PEC ha risposto al tuo invito");
    assert_eq!(subject("refused"), subject("accepted"));
}

#[test]
fn every_kind_has_a_sample_and_a_subject_of_its_own_in_each_language() {
    for language in [Language::Italian, Language::English] {
        let letters = letters(language);
        let mut kinds: Vec<&str> = letters.iter().map(|(notice, _)| notice.kind()).collect();
        kinds.dedup();
        assert_eq!(kinds.len(), 34);
        assert!(letters.iter().all(|(_, letter)| !letter.subject.is_empty() && letter.language == language));
    }
    let both = letters(Language::Italian).into_iter().zip(letters(Language::English));
    for ((notice, italian), (_, english)) in both {
        assert_ne!(italian.subject, english.subject, "{}", notice.kind());
        assert_ne!(said(&italian), said(&english), "{}", notice.kind());
    }
}

#[test]
fn n1_an_invitation_has_the_link_its_end_and_the_owners_own_words() {
    let letter = letter("invitation", Language::Italian);
    let link = "https://delega.example.it/invitation/T0KEN";
    assert!(letter.blocks.iter().any(|block| matches!(block, Block::Button { url, .. } if url == link)));
    let said = said(&letter);
    for part in [
        "Gentile Anna Verdi,",
        "Comune di Prova ti invita",
        "> Ciao Anna, > da lunedì il protocollo passa a te: così puoi leggere e rispondere. > > A presto",
        "Nome utente: anna/ufficio@pec.example.it",
        link,
        "una volta sola, fino al 4 dicembre 2026, 10:30",
        "anche rifiutare",
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[test]
fn n2_who_is_active_learns_how_to_log_in() {
    let said = said(&letter("activated", Language::English));
    for part in [
        "Log in to the webmail with the whole username",
        "PEC mailbox: ufficio@pec.example.it",
        "Username: anna/ufficio@pec.example.it",
        "Permissions: Reading, Writing, Sending, Use of mail programs (IMAP)",
        "https://mail.example.it/",
        "mail program (IMAP)",
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[test]
fn n2_s2_who_needs_two_step_verification_learns_how_to_set_it_up() {
    let said = |kind| said(&letter(kind, Language::English));
    for kind in ["activated-two-factor", "two-factor-required"] {
        let said = said(kind);
        for part in
            ["install an app", "scan the QR code", "recovery codes", "https://delega.example.it/", "passwords of"]
        {
            assert!(said.contains(part), "{part} is not in: {said}");
        }
        assert!(!said.contains("username and password are the same"), "{said}");
    }
    assert!(!said("activated").contains("QR code"));
}

#[test]
fn s2_everybody_is_told_of_their_own_account_and_of_whom_to_ask() {
    let owner = AccountFacts::Owner { mailbox: "ufficio@pec.example.it".parse().unwrap(), name: "Comune".into() };
    let postmaster = AccountFacts::Postmaster(posta());
    let on = |of| said(&write(&Notice::TwoFactorOn(of), Language::English, PLACES, None).unwrap());
    let (owner, postmaster) = (on(owner), on(postmaster));
    assert!(owner.contains("Dear Comune, Two-step verification is on for your account as owner of"), "{owner}");
    assert!(owner.contains("Mail programs use") && owner.contains("tell whoever runs the service"), "{owner}");
    assert!(postmaster.contains("your account as postmaster of the domain pec.example.it."), "{postmaster}");
    assert!(!postmaster.contains("webmail"), "{postmaster}");
    let of = |kind| said(&letter(kind, Language::English));
    assert!(of("two-factor-off-by-operator").contains("by whoever runs the service"));
    assert!(of("two-factor-off-by-administrator").contains("by those who manage the mailbox"));
    assert!(of("recovery-code-used").contains("You have 3 left."), "{}", of("recovery-code-used"));
}

/// S5: what a closed door is closed to, and what there is to do, for each kind of account.
#[test]
fn s5_everybody_is_told_of_guesses_at_their_own_account() {
    let of = |of| {
        let notice = Notice::Guessed { of, address: "192.0.2.7".parse().unwrap(), until_secs: 1_796_376_600 };
        said(&write(&notice, Language::English, PLACES, None).unwrap())
    };
    let owner = AccountFacts::Owner { mailbox: "ufficio@pec.example.it".parse().unwrap(), name: "Comune".into() };
    let (owner, posta) = (of(owner), of(AccountFacts::Postmaster(posta())));
    assert!(owner.contains("tried for your account as owner of the PEC mailbox ufficio@pec.example.it."), "{owner}");
    assert!(owner.contains("password in your mail programs") && !owner.contains("ask Comune"), "{owner}");
    assert!(posta.contains("Dear Ufficio posta, Many wrong passwords were tried for your account as"), "{posta}");
    assert!(posta.contains("192.0.2.7. Until") && posta.contains("nobody gets in to the panel"), "{posta}");
    assert!(!posta.contains("mail programs"), "{posta}");
    assert!(said(&letter("guessed", Language::English)).contains("if in doubt, ask Comune di Prova."));
}

#[test]
fn n2_mail_programs_are_only_for_those_who_may_use_them() {
    let Some((Notice::Activated { facts, .. }, _)) =
        letters(Language::English).into_iter().find(|(n, _)| n.kind() == "activated")
    else {
        panic!("no sample")
    };
    let reader = Facts { grant: Grant { permissions: crate::domain::Permissions::READ, ..facts.grant }, ..facts };
    let bare = Places { webmail_url: None, ..PLACES };
    let letter = write(&Notice::Activated { facts: reader, two_factor: false }, Language::English, bare, None).unwrap();
    assert!(said(&letter).contains("To log in, use the whole username") && !said(&letter).contains("webmail"));
    assert!(said(&letter).contains("are not among your permissions"));
    assert!(!said(&letter).contains("IMAP"));
}

#[test]
fn links_are_built_from_the_configuration_and_the_token_alone() {
    let bare = Places { webmail_url: None, ..PLACES };
    for notice in preview::notices().unwrap() {
        let letter = write(&notice, Language::Italian, bare, Some("T0KEN")).unwrap();
        let urls: Vec<&str> = letter
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Button { url, .. } => Some(url.as_str()),
                Block::Paragraph(_) | Block::Quote(_) | Block::Facts(_) | Block::List(_) => None,
            })
            .collect();
        let expected: &[&str] = match notice.kind() {
            "invitation" => &["https://delega.example.it/invitation/T0KEN"],
            "password-taken" | "password-forgotten" => &["https://delega.example.it/password/T0KEN"],
            "postmaster-invited" | "postmaster-password-taken" | "postmaster-password-forgotten" => {
                &["https://delega.example.it/password/T0KEN"]
            }
            "email-confirm" => &["https://delega.example.it/email/T0KEN"],
            // Whoever is sent there logs in.
            "two-factor-required" | "activated-two-factor" => &["https://delega.example.it/"],
            _ => &[],
        };
        assert_eq!(urls, expected, "{}", notice.kind());
        assert_eq!(notice.has_link(), expected.iter().any(|url| url.ends_with("T0KEN")));
        let without = write(&notice, Language::Italian, bare, None);
        assert_eq!(without.is_none(), notice.has_link(), "{}", notice.kind());
    }
}

/// S1: whoever gets it knows which account it is about, whosever that is, and a postmaster that they log in with it.
#[test]
fn s1_a_changed_address_is_said_for_each_kind_of_account() {
    let owner =
        AccountFacts::Owner { mailbox: "ufficio@pec.example.it".parse().unwrap(), name: "Comune di Prova".into() };
    let changed = |of| {
        let notice = Notice::EmailChanged { of, email: "nuova@example.it".into() };
        said(&write(&notice, Language::English, PLACES, None).unwrap())
    };
    let (owner, posta) = (changed(owner), changed(AccountFacts::Postmaster(posta())));
    assert!(
        owner.contains("Dear Comune di Prova,") && owner.contains("PEC mailbox: ufficio@pec.example.it"),
        "{owner}"
    );
    assert!(!owner.contains("log in") && owner.contains("tell whoever runs the service"), "{owner}");
    assert!(posta.contains("Domain: pec.example.it") && posta.contains("You now log in with"), "{posta}");
    let delegate = said(&letter("email-changed", Language::English));
    assert!(delegate.contains("Username: anna/ufficio@pec.example.it") && delegate.contains("tell Comune di Prova"));
}

#[test]
fn d10_numbers_are_said_as_people_say_them() {
    let over = |taken| Notice::OverSeats {
        mailbox: "ufficio@pec.example.it".parse().unwrap(),
        owner_name: "Comune".into(),
        plan: "Pro".into(),
        seats: 0,
        taken,
        until_secs: 1_796_376_600,
    };
    let said = |taken| said(&write(&over(taken), Language::English, PLACES, None).unwrap());
    assert!(said(1).contains("has one multi-user account, invitations included; its plan allows 0."), "{}", said(1));
    assert!(said(12).contains("has 12 multi-user accounts,"), "{}", said(12));
}

#[test]
fn names_are_on_one_line_and_nothing_but_text() {
    assert_eq!(one_line(" Anna\r\nBcc: x\t\u{202e}b\u{0}  c\u{2028}\u{61c}d"), "Anna Bcc: x b c d");
    assert_eq!(own_words("\n a\r\n\r\nb\rc\u{2028}\u{7}d\n\n"), ["a", "", "b", "c", "d"]);
    assert_eq!(own_words(" \n\r\n"), Vec::<String>::new());
}

#[test]
fn a_letter_says_which_host_it_is_from() {
    assert_eq!(host("https://delega.example.it:8443"), "delega.example.it:8443");
    assert!(letter("revoked", Language::English).footer.contains("delega.example.it."));
}
