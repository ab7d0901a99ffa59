//! One notice of every kind, with the sample data of the documentation: for `delega notify preview` and for tests.

use crate::domain::{
    Answer, Facts, Grant, Login, MailboxAddress, Notice, Permission, Permissions, Profile, Protocols, SuspensionCause,
};

/// The token of sample links. It opens nothing.
pub const TOKEN: &str = "EXAMPLE-0000-NOT-A-TOKEN";
/// 2026-12-04T09:30:00Z
const UNTIL_SECS: i64 = 1_796_376_600;

/// One of each kind; nothing where the sample data themselves could not be read, which a test rules out.
pub fn notices() -> Option<Vec<Notice>> {
    let mailbox: MailboxAddress = "ufficio@pec.example.it".parse().ok()?;
    let login: Login = format!("anna/{mailbox}").parse().ok()?;
    let owner_name = "Comune di Prova".to_owned();
    let facts = Facts {
        login: login.clone(),
        first_name: "Anna".to_owned(),
        last_name: "Verdi".to_owned(),
        owner_name: owner_name.clone(),
        grant: Grant {
            permissions: Permissions::READ.granting(Permission::Client, Profile::Nested),
            protocols: Protocols { imap: true, pop3: false },
        },
    };
    let message =
        "Ciao Anna,\nda lunedì il protocollo passa a te: così puoi leggere e rispondere.\n\nA presto".to_owned();
    let answered = |answer| Notice::Answered { facts: facts.clone(), answer };
    let suspended = |cause| Notice::Suspended { facts: facts.clone(), cause };
    Some(vec![
        Notice::Invitation { facts: facts.clone(), message: Some(message), until_secs: UNTIL_SECS },
        Notice::Activated(facts.clone()),
        answered(Answer::Accepted),
        answered(Answer::Refused),
        answered(Answer::Expired),
        Notice::InvitationWithdrawn(facts.clone()),
        Notice::PasswordTaken { facts: facts.clone(), until_secs: UNTIL_SECS },
        Notice::PasswordForgotten { facts: facts.clone(), until_secs: UNTIL_SECS },
        Notice::PasswordChanged(facts.clone()),
        Notice::PermissionsChanged(facts.clone()),
        suspended(SuspensionCause::Wanted),
        suspended(SuspensionCause::Seats),
        Notice::Resumed(facts.clone()),
        Notice::Revoked(facts.clone()),
        Notice::OverSeats {
            mailbox: mailbox.clone(),
            owner_name: owner_name.clone(),
            plan: "Pro".to_owned(),
            seats: 1,
            taken: 3,
            until_secs: UNTIL_SECS,
        },
        Notice::SeatsEnforced { mailbox, owner_name, plan: "Pro".to_owned(), seats: 1, logins: vec![login] },
    ])
}
