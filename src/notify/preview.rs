//! One mail of every kind, with the sample data of the documentation: for `delega notify preview` and for tests.

use super::letter::{self, Places};
use super::message::{self, Head};
use super::{html, plain};
use crate::config::{Config, PanelConfig, Sender};
use crate::domain::{
    AccountFacts, Answer, Facts, Grant, Language, Login, MailId, MailboxAddress, Notice, Permission, Permissions,
    PostmasterFacts, Profile, Protocols, SuspensionCause, TurnedOffBy,
};
use crate::proto::smtp::address::Address;

/// The token of sample links. It opens nothing.
pub(super) const TOKEN: &str = "EXAMPLE-0000-NOT-A-TOKEN";
/// 2026-12-04T09:30:00Z
const UNTIL_SECS: i64 = 1_796_376_600;
/// Seven days before
const CAUSED_AT_MS: i64 = 1_795_771_800_000;

/// What of a mail is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// The text part.
    Text,
    /// The HTML part.
    Html,
    /// All of the message, as it goes to the relay.
    Message,
}

/// The kinds that there are.
pub fn kinds() -> Vec<&'static str> {
    notices().unwrap_or_default().iter().map(Notice::kind).collect()
}

/// A mail of that kind, with the addresses of the configuration where there is one. None is of that kind: nothing.
pub fn render(kind: &str, language: Language, rendering: Rendering, config: Option<&Config>) -> Option<Vec<u8>> {
    let notice = notices()?.into_iter().find(|notice| notice.kind() == kind)?;
    let panel = config.and_then(|config| config.panel.as_ref());
    let places = Places {
        public_url: panel.map_or("https://delega.example.it", |panel| &panel.public_url),
        webmail_url: panel.map_or(Some("https://webmail.example.it"), |panel| panel.webmail_url.as_deref()),
    };
    let letter = letter::write(&notice, language, places, Some(TOKEN))?;
    Some(match rendering {
        Rendering::Text => plain::render(&letter).into_bytes(),
        Rendering::Html => html::render(&letter).into_bytes(),
        Rendering::Message => {
            let sample =
                || Some(Sender { name: Some("delega".to_owned()), address: "noreply@example.it".parse().ok()? });
            let from = config.and_then(|config| Some(config.notify.as_ref()?.from.clone())).or_else(sample)?;
            let to = Address::parse("anna.verdi@example.it").ok()?;
            message::build(&letter, &Head { from: &from, to: &to, id: MailId(0), created_at_ms: CAUSED_AT_MS })
        }
    })
}

/// The mail that a notice will be, to read before it goes out: subject and text. Where its link would have a token, there is
/// an ellipsis.
pub fn draft(notice: &Notice, language: Language, panel: &PanelConfig) -> Option<(String, String)> {
    let places = Places { public_url: &panel.public_url, webmail_url: panel.webmail_url.as_deref() };
    let letter = letter::write(notice, language, places, Some("\u{2026}"))?;
    Some((letter.subject.clone(), plain::render(&letter)))
}

/// One of each kind; nothing where the sample data themselves could not be read, which a test rules out.
pub(super) fn notices() -> Option<Vec<Notice>> {
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
    let posta = PostmasterFacts {
        domain: "pec.example.it".parse().ok()?,
        email: "posta@example.it".to_owned(),
        name: "Ufficio posta".to_owned(),
    };
    let annas_new = "anna.verdi@example.it".to_owned();
    let answered = |answer| Notice::Answered { facts: facts.clone(), answer };
    let suspended = |cause| Notice::Suspended { facts: facts.clone(), cause };
    let annas = || AccountFacts::Delegate(facts.clone());
    let off = |by| Notice::TwoFactorOff { of: annas(), by };
    Some(vec![
        Notice::Invitation { facts: facts.clone(), message: Some(message), until_secs: UNTIL_SECS },
        Notice::Activated { facts: facts.clone(), two_factor: false },
        Notice::Activated { facts: facts.clone(), two_factor: true },
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
        Notice::AppPasswordMade { of: annas(), name: "Thunderbird".to_owned(), until_secs: UNTIL_SECS },
        Notice::AppPasswordEnds { of: annas(), name: "Thunderbird".to_owned(), until_secs: UNTIL_SECS },
        Notice::Guessed { of: annas(), address: "192.0.2.7".parse().ok()?, until_secs: UNTIL_SECS },
        Notice::EmailConfirm { of: annas(), email: annas_new.clone(), until_secs: UNTIL_SECS },
        Notice::EmailChanged { of: annas(), email: annas_new },
        Notice::PostmasterInvited { facts: posta.clone(), until_secs: UNTIL_SECS },
        Notice::PostmasterPasswordTaken { facts: posta.clone(), until_secs: UNTIL_SECS },
        Notice::PostmasterPasswordForgotten { facts: posta.clone(), until_secs: UNTIL_SECS },
        Notice::PostmasterPasswordChanged(posta),
        Notice::TwoFactorOn(annas()),
        off(TurnedOffBy::Themself),
        off(TurnedOffBy::Administrator),
        off(TurnedOffBy::Operator),
        Notice::TwoFactorRequired(facts.clone()),
        Notice::RecoveryCodeUsed { of: annas(), left: 3, address: "192.0.2.7".parse().ok()? },
        Notice::CodesGuessed { of: annas(), address: "192.0.2.7".parse().ok()?, until_secs: UNTIL_SECS },
        Notice::PasswordRefused { mailbox: mailbox.clone(), owner_name: owner_name.clone() },
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
