//! A rule that says no, in the words of whoever reads it: what stands in the way, and what to do about it.
//!
//! [`Rule`] itself speaks to operators, on the command line and in the log. What pages can meet is said here one by one, and
//! whatever else a rule says is said in general: no page shows a text that was made for somebody else.

use crate::accounts::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, Rule, TextFault};
use crate::domain::{Language, Permission, Username};
use crate::texts::{self, counted, text};

/// What a rule says to somebody at a page.
pub(super) fn said(language: Language, rule: &Rule) -> String {
    let say = |id: &str| text(language, id, &[]);
    let with = |id: &str, args: &[(&str, &str)]| text(language, id, args);
    match rule {
        Rule::DelegateExists { login, state } => {
            let id = match state.takes_seat() {
                true => "page-rule-delegate-exists",
                false => "page-rule-delegate-ended",
            };
            with(id, &[("login", &login.to_string()), ("state", &texts::state(language, *state).to_lowercase())])
        }
        Rule::NotInState { state, .. } => {
            with("page-rule-not-in-state", &[("state", &texts::state(language, *state).to_lowercase())])
        }
        Rule::GivesMoreThanOwn { what } => {
            let permission = Permission::ALL.into_iter().find(|permission| permission.name() == *what);
            let named = permission.unwrap_or(Permission::Client);
            with("page-rule-more-than-own", &[("permission", &texts::permission(language, named))])
        }
        Rule::NoProtocol => say("page-rule-no-protocol"),
        Rule::NoSeat { seats, packs_left, .. } => {
            let said = counted(language, "page-rule-no-seat", *seats, &[]);
            match packs_left {
                0 => said,
                _ => format!("{said} {}", say("page-rule-no-seat-packs")),
            }
        }
        Rule::NotMultiUser(_) => say("page-rule-not-multi-user"),
        Rule::NeedsPasswordManagement(_) => say("page-rule-needs-password-management"),
        Rule::HasCollaborations { count, .. } => {
            counted(language, "page-rule-has-collaborations", u32::try_from(*count).unwrap_or(u32::MAX), &[])
        }
        Rule::AppPasswordsByOwner(_) => say("page-rule-app-passwords-by-owner"),
        Rule::TooManyAppPasswords => say("page-rule-too-many-app-passwords"),
        Rule::AppPasswordExists { name, .. } => with("page-rule-app-password-exists", &[("name", name)]),
        Rule::UnknownAppPassword { name, .. } => with("page-rule-no-app-password", &[("name", name)]),
        Rule::AppPasswordTooLong => say("page-rule-app-password-too-long"),
        Rule::NoMail => say("page-rule-no-mail"),
        Rule::PasswordEmpty => say("page-password-empty"),
        Rule::PasswordTooShort => with("page-rule-password-too-short", &[("least", &PASSWORD_MIN_CHARS.to_string())]),
        Rule::PasswordTooLong => with("page-rule-password-too-long", &[("most", &PASSWORD_MAX_BYTES.to_string())]),
        Rule::PasswordControl => say("page-password-control"),
        Rule::PasswordWeak => say("page-password-weak"),
        Rule::BadText { field, fault } => bad_text(language, field, *fault),
        Rule::LinkGone => say("page-link-gone"),
        Rule::WrongPassword => say("page-rule-wrong-password"),
        Rule::TooManyWrong => say("page-rule-too-many-wrong"),
        Rule::TooManyEmails => say("page-rule-too-many-emails"),
        Rule::PostmasterExists { .. } => say("page-rule-email-taken"),
        Rule::NoTwoFactor => say("page-rule-no-two-factor"),
        Rule::HasTwoFactor => say("page-rule-has-two-factor"),
        Rule::NotEnrolling => say("page-rule-not-enrolling"),
        Rule::WrongCode => say("page-rule-wrong-code"),
        Rule::TooManyCodes => say("page-rule-too-many-codes"),
        Rule::TwoFactorRequired(_) => say("page-rule-two-factor-required"),
        Rule::TwoFactorNeedsPassword(_) => say("page-rule-two-factor-needs-password"),
        Rule::NoWebmail => say("page-rule-no-webmail"),
        Rule::NoAccount
        | Rule::OwnersPassword
        | Rule::StillInvited(_)
        | Rule::ApiTokenExists(_)
        | Rule::UnknownApiToken(_)
        | Rule::ApiTokenTooLong
        | Rule::MailboxExists(_)
        | Rule::UnknownMailbox(_)
        | Rule::MailboxHasDelegates { .. }
        | Rule::IsAlias { .. }
        | Rule::AliasIsMailbox(_)
        | Rule::UnknownAlias { .. }
        | Rule::TooManyAliases
        | Rule::MaySendNoMore { .. }
        | Rule::NoRight { .. }
        | Rule::UnknownPlan { .. }
        | Rule::TooManyPacks { .. }
        | Rule::PlanInUse { .. }
        | Rule::TooManySeats
        | Rule::NotOverSeats(_)
        | Rule::GraceIsPast
        | Rule::UnknownPostmaster { .. }
        | Rule::NotClosed(_)
        | Rule::UnknownMail(_)
        | Rule::UnknownDelegate(_)
        | Rule::UnknownUpstream { .. }
        | Rule::PasswordNeeded(_) => say("page-rule-other"),
    }
}

/// What is wrong with a text that people will read.
fn bad_text(language: Language, field: &str, fault: TextFault) -> String {
    let field = match field {
        "first name" => "page-first-name",
        "last name" => "page-last-name",
        "e-mail" => "page-email",
        "message" => "page-message",
        "name of the app password" => "page-app-password-name",
        _ => "page-rule-text",
    };
    let field = text(language, field, &[]);
    match fault {
        TextFault::Empty => text(language, "page-rule-text-empty", &[("field", &field)]),
        TextFault::LongerThan(most) => {
            text(language, "page-rule-text-long", &[("field", &field), ("most", &most.to_string())])
        }
        TextFault::Control => text(language, "page-rule-text-control", &[("field", &field)]),
        TextFault::NoAddress => text(language, "page-rule-text-address", &[("field", &field)]),
    }
}

/// That a page was made before something that concerns it.
pub(super) fn changed_meanwhile(language: Language) -> String {
    text(language, "page-changed-meanwhile", &[])
}

/// What is wrong with what was typed as a username, if anything.
pub(super) fn bad_username(language: Language, typed: &str) -> Option<String> {
    let id = match typed.trim() {
        "" => "page-rule-username-empty",
        other if other.parse::<Username>().is_err() => "page-rule-username",
        _ => return None,
    };
    Some(text(language, id, &[]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::DelegateState;
    use crate::domain::life::Action;

    #[test]
    fn a_rule_is_said_in_both_languages_and_never_in_the_operators_words() {
        let mailbox = || "ufficio@pec.example.it".parse().unwrap();
        let no_seat = |packs_left| Rule::NoSeat {
            mailbox: mailbox(),
            plan: "Premium".into(),
            seats: 3,
            taken: 3,
            packs_left,
            pack_seats: 5,
        };
        for (rule, it, en) in [
            (no_seat(0), "tutti e 3 occupati", "all 3 seats"),
            (no_seat(4), "aggiungi un pacchetto", "add a pack"),
            (
                Rule::NotInState {
                    login: "anna/ufficio@pec.example.it".parse().unwrap(),
                    state: DelegateState::Inactive,
                    action: Action::Suspend,
                    possible_in: vec![DelegateState::Active],
                },
                "non attivo",
                "ended",
            ),
            (Rule::GivesMoreThanOwn { what: "settings" }, "Gestione impostazioni", "Managing settings"),
            (Rule::GivesMoreThanOwn { what: "client by that protocol" }, "Utilizzo client", "Use of mail programs"),
            (Rule::BadText { field: "first name", fault: TextFault::LongerThan(200) }, "200", "200"),
            (Rule::HasCollaborations { mailbox: mailbox(), count: 1 }, "un collaboratore", "one delegate"),
            (Rule::TooManyAliases, "non è possibile", "not possible"),
        ] {
            for (language, expected) in [(Language::Italian, it), (Language::English, en)] {
                let said = said(language, &rule);
                assert!(said.contains(expected) && !said.contains('['), "{rule:?}: {said}");
            }
        }
        assert!(
            bad_username(Language::Italian, "a b").is_some() && bad_username(Language::Italian, " Anna ").is_none()
        );
    }
}
