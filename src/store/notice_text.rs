//! A [`Notice`] as text for a column: a JSON object, in which what the notice does not have is left out. What is read is
//! parsed as strictly as any other column.

use serde::{Deserialize, Serialize};

use crate::domain::{
    AccountFacts, Answer, Facts, Grant, Login, MailboxAddress, Notice, Permissions, PostmasterFacts, Profile,
    Protocols, SuspensionCause, TurnedOffBy,
};

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Text {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<FactsText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seats: Option<SeatsText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_secs: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postmaster: Option<PostmasterText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerText {
    mailbox: String,
    owner_name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostmasterText {
    domain: String,
    email: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactsText {
    login: String,
    first_name: String,
    last_name: String,
    owner_name: String,
    permissions: String,
    protocols: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeatsText {
    mailbox: String,
    owner_name: String,
    plan: String,
    seats: u32,
    #[serde(default)]
    taken: u32,
    #[serde(default)]
    logins: Vec<String>,
}

/// The text of a notice.
pub(super) fn write(notice: &Notice) -> Result<String, serde_json::Error> {
    let mut text = Text { kind: notice.kind().to_owned(), ..Text::default() };
    match notice {
        Notice::Invitation { facts, message, until_secs } => {
            text.facts = Some(facts.into());
            text.message = message.clone();
            text.until_secs = Some(*until_secs);
        }
        Notice::PasswordTaken { facts, until_secs } | Notice::PasswordForgotten { facts, until_secs } => {
            text.facts = Some(facts.into());
            text.until_secs = Some(*until_secs);
        }
        Notice::Activated { facts, .. }
        | Notice::Answered { facts, .. }
        | Notice::InvitationWithdrawn(facts)
        | Notice::PasswordChanged(facts)
        | Notice::PermissionsChanged(facts)
        | Notice::Suspended { facts, .. }
        | Notice::TwoFactorRequired(facts)
        | Notice::Resumed(facts)
        | Notice::Revoked(facts) => text.facts = Some(facts.into()),
        Notice::AppPasswordMade { of, name, until_secs } | Notice::AppPasswordEnds { of, name, until_secs } => {
            text.of(of);
            text.name = Some(name.clone());
            text.until_secs = Some(*until_secs);
        }
        Notice::Guessed { of, address, until_secs } | Notice::CodesGuessed { of, address, until_secs } => {
            text.of(of);
            text.address = Some(address.to_string());
            text.until_secs = Some(*until_secs);
        }
        Notice::EmailConfirm { of, email, until_secs } => {
            text.of(of);
            text.email = Some(email.clone());
            text.until_secs = Some(*until_secs);
        }
        Notice::EmailChanged { of, email } => {
            text.of(of);
            text.email = Some(email.clone());
        }
        Notice::PostmasterInvited { facts, until_secs }
        | Notice::PostmasterPasswordTaken { facts, until_secs }
        | Notice::PostmasterPasswordForgotten { facts, until_secs } => {
            text.postmaster = Some(facts.into());
            text.until_secs = Some(*until_secs);
        }
        Notice::PostmasterPasswordChanged(facts) => text.postmaster = Some(facts.into()),
        Notice::TwoFactorOn(of) | Notice::TwoFactorOff { of, .. } => text.of(of),
        Notice::RecoveryCodeUsed { of, left, address } => {
            text.of(of);
            text.left = Some(*left);
            text.address = Some(address.to_string());
        }
        Notice::PasswordRefused { mailbox, owner_name } => {
            text.owner = Some(OwnerText { mailbox: mailbox.to_string(), owner_name: owner_name.clone() });
        }
        Notice::OverSeats { mailbox, owner_name, plan, seats, taken, until_secs } => {
            text.seats = Some(SeatsText {
                mailbox: mailbox.to_string(),
                owner_name: owner_name.clone(),
                plan: plan.clone(),
                seats: *seats,
                taken: *taken,
                logins: Vec::new(),
            });
            text.until_secs = Some(*until_secs);
        }
        Notice::SeatsEnforced { mailbox, owner_name, plan, seats, logins } => {
            text.seats = Some(SeatsText {
                mailbox: mailbox.to_string(),
                owner_name: owner_name.clone(),
                plan: plan.clone(),
                seats: *seats,
                taken: 0,
                logins: logins.iter().map(Login::to_string).collect(),
            });
        }
    }
    serde_json::to_string(&text)
}

/// The notice of a text.
pub(super) fn read(text: &str) -> Option<Notice> {
    let Text { kind, facts, seats, message, until_secs, name, owner, postmaster, address, email, left } =
        serde_json::from_str(text).ok()?;
    let facts = facts.map(|facts| facts.read()).transpose();
    let facts = || facts.clone().ok().flatten();
    let posta = postmaster.map(PostmasterText::read);
    let posta = || posta.clone().flatten();
    // Of three that may be written, the one that is.
    let of = || match (facts(), &owner, posta()) {
        (Some(facts), None, None) => Some(AccountFacts::Delegate(facts)),
        (None, Some(OwnerText { mailbox, owner_name }), None) => {
            Some(AccountFacts::Owner { mailbox: mailbox.parse().ok()?, name: owner_name.clone() })
        }
        (None, None, Some(facts)) => Some(AccountFacts::Postmaster(facts)),
        _ => None,
    };
    let turned_off = |by| Some(Notice::TwoFactorOff { of: of()?, by });
    Some(match kind.as_str() {
        "invitation" => Notice::Invitation { facts: facts()?, message, until_secs: until_secs? },
        "activated" => Notice::Activated { facts: facts()?, two_factor: false },
        "activated-two-factor" => Notice::Activated { facts: facts()?, two_factor: true },
        "accepted" => Notice::Answered { facts: facts()?, answer: Answer::Accepted },
        "refused" => Notice::Answered { facts: facts()?, answer: Answer::Refused },
        "expired" => Notice::Answered { facts: facts()?, answer: Answer::Expired },
        "invitation-withdrawn" => Notice::InvitationWithdrawn(facts()?),
        "password-taken" => Notice::PasswordTaken { facts: facts()?, until_secs: until_secs? },
        "password-forgotten" => Notice::PasswordForgotten { facts: facts()?, until_secs: until_secs? },
        "password-changed" => Notice::PasswordChanged(facts()?),
        "permissions-changed" => Notice::PermissionsChanged(facts()?),
        "suspended" => Notice::Suspended { facts: facts()?, cause: SuspensionCause::Wanted },
        "suspended-over-seats" => Notice::Suspended { facts: facts()?, cause: SuspensionCause::Seats },
        "resumed" => Notice::Resumed(facts()?),
        "revoked" => Notice::Revoked(facts()?),
        "app-password-made" => Notice::AppPasswordMade { of: of()?, name: name?, until_secs: until_secs? },
        "app-password-ends" => Notice::AppPasswordEnds { of: of()?, name: name?, until_secs: until_secs? },
        // An owner's was of a kind of its own; mails of then may still wait.
        "guessed" | "owner-guessed" => {
            Notice::Guessed { of: of()?, address: address?.parse().ok()?, until_secs: until_secs? }
        }
        "email-confirm" => Notice::EmailConfirm { of: of()?, email: email?, until_secs: until_secs? },
        "email-changed" => Notice::EmailChanged { of: of()?, email: email? },
        "postmaster-invited" => Notice::PostmasterInvited { facts: posta()?, until_secs: until_secs? },
        "postmaster-password-taken" => Notice::PostmasterPasswordTaken { facts: posta()?, until_secs: until_secs? },
        "postmaster-password-forgotten" => {
            Notice::PostmasterPasswordForgotten { facts: posta()?, until_secs: until_secs? }
        }
        "postmaster-password-changed" => Notice::PostmasterPasswordChanged(posta()?),
        "two-factor-on" => Notice::TwoFactorOn(of()?),
        "two-factor-off" => turned_off(TurnedOffBy::Themself)?,
        "two-factor-off-by-administrator" => turned_off(TurnedOffBy::Administrator)?,
        "two-factor-off-by-operator" => turned_off(TurnedOffBy::Operator)?,
        "two-factor-required" => Notice::TwoFactorRequired(facts()?),
        "recovery-code-used" => Notice::RecoveryCodeUsed { of: of()?, left: left?, address: address?.parse().ok()? },
        "codes-guessed" => Notice::CodesGuessed { of: of()?, address: address?.parse().ok()?, until_secs: until_secs? },
        "password-refused" => {
            let OwnerText { mailbox, owner_name } = owner?;
            Notice::PasswordRefused { mailbox: mailbox.parse().ok()?, owner_name }
        }
        "over-seats" => {
            let SeatsText { mailbox, owner_name, plan, seats, taken, .. } = seats?;
            let mailbox = mailbox.parse().ok()?;
            Notice::OverSeats { mailbox, owner_name, plan, seats, taken, until_secs: until_secs? }
        }
        "seats-enforced" => {
            let SeatsText { mailbox, owner_name, plan, seats, logins, .. } = seats?;
            let mailbox: MailboxAddress = mailbox.parse().ok()?;
            let logins = logins.iter().map(|login| login.parse().ok()).collect::<Option<_>>()?;
            Notice::SeatsEnforced { mailbox, owner_name, plan, seats, logins }
        }
        _ => return None,
    })
}

impl Text {
    /// Whose account it is about.
    fn of(&mut self, of: &AccountFacts) {
        match of {
            AccountFacts::Owner { mailbox, name } => {
                self.owner = Some(OwnerText { mailbox: mailbox.to_string(), owner_name: name.clone() });
            }
            AccountFacts::Delegate(facts) => self.facts = Some(facts.into()),
            AccountFacts::Postmaster(facts) => self.postmaster = Some(facts.into()),
        }
    }
}

impl From<&PostmasterFacts> for PostmasterText {
    fn from(facts: &PostmasterFacts) -> Self {
        PostmasterText { domain: facts.domain.to_string(), email: facts.email.clone(), name: facts.name.clone() }
    }
}

impl PostmasterText {
    fn read(self) -> Option<PostmasterFacts> {
        Some(PostmasterFacts { domain: self.domain.parse().ok()?, email: self.email, name: self.name })
    }
}

impl From<&Facts> for FactsText {
    fn from(facts: &Facts) -> Self {
        FactsText {
            login: facts.login.to_string(),
            first_name: facts.first_name.clone(),
            last_name: facts.last_name.clone(),
            owner_name: facts.owner_name.clone(),
            permissions: facts.grant.permissions.to_string(),
            protocols: facts.grant.protocols.to_string(),
        }
    }
}

impl FactsText {
    fn read(self) -> Result<Facts, ()> {
        let protocols = match self.protocols.as_str() {
            "" => Protocols { imap: false, pop3: false },
            some => some.parse().map_err(drop)?,
        };
        Ok(Facts {
            login: self.login.parse().map_err(drop)?,
            first_name: self.first_name,
            last_name: self.last_name,
            owner_name: self.owner_name,
            grant: Grant {
                permissions: Permissions::parse(&self.permissions, Profile::ClientApart).map_err(drop)?,
                protocols,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    pub(super) fn facts() -> Facts {
        Facts {
            login: "anna/ufficio@pec.example.it".parse().unwrap(),
            first_name: "Anna \"la\" <b>".into(),
            last_name: "Verdi".into(),
            owner_name: "Comune di Prova".into(),
            grant: Grant {
                permissions: Permissions::parse("read,client", Profile::ClientApart).unwrap(),
                protocols: Protocols { imap: true, pop3: true },
            },
        }
    }

    #[test]
    fn every_notice_comes_back_as_it_was() {
        let mailbox: MailboxAddress = "ufficio@pec.example.it".parse().unwrap();
        let over = Notice::OverSeats {
            mailbox: mailbox.clone(),
            owner_name: "Comune".into(),
            plan: "Pro".into(),
            seats: 1,
            taken: 3,
            until_secs: 77,
        };
        let enforced = Notice::SeatsEnforced {
            mailbox,
            owner_name: "Comune".into(),
            plan: "Pro".into(),
            seats: 1,
            logins: vec![facts().login],
        };
        let postmaster = || PostmasterFacts {
            domain: "pec.example.it".parse().unwrap(),
            email: "posta@example.it".into(),
            name: "Ufficio \"posta\" <b>".into(),
        };
        let owner =
            || AccountFacts::Owner { mailbox: "ufficio@pec.example.it".parse().unwrap(), name: "Comune".into() };
        let annas = || AccountFacts::Delegate(facts());
        let posta = || AccountFacts::Postmaster(postmaster());
        let confirm = |of| Notice::EmailConfirm { of, email: "nuova@example.it".into(), until_secs: 4 };
        let changed = |of| Notice::EmailChanged { of, email: "nuova@example.it".into() };
        let answered = |answer| Notice::Answered { facts: facts(), answer };
        let suspended = |cause| Notice::Suspended { facts: facts(), cause };
        for notice in [
            Notice::Invitation { facts: facts(), message: Some("a\nb".into()), until_secs: 1 },
            Notice::Invitation { facts: facts(), message: None, until_secs: -1 },
            Notice::Activated { facts: facts(), two_factor: false },
            Notice::Activated { facts: facts(), two_factor: true },
            answered(Answer::Accepted),
            answered(Answer::Refused),
            answered(Answer::Expired),
            Notice::InvitationWithdrawn(facts()),
            Notice::PasswordTaken { facts: facts(), until_secs: 5 },
            Notice::PasswordForgotten { facts: facts(), until_secs: 5 },
            Notice::PasswordChanged(facts()),
            Notice::PermissionsChanged(facts()),
            suspended(SuspensionCause::Wanted),
            suspended(SuspensionCause::Seats),
            Notice::Resumed(facts()),
            Notice::Revoked(facts()),
            Notice::AppPasswordMade { of: owner(), name: "Outlook \"al lavoro\"".into(), until_secs: 9 },
            Notice::AppPasswordEnds { of: annas(), name: "Thunderbird".into(), until_secs: 9 },
            Notice::Guessed { of: annas(), address: "192.0.2.7".parse().unwrap(), until_secs: 9 },
            Notice::Guessed { of: owner(), address: "2001:db8::1".parse().unwrap(), until_secs: 9 },
            Notice::Guessed { of: posta(), address: "192.0.2.7".parse().unwrap(), until_secs: 9 },
            Notice::PasswordRefused { mailbox: "ufficio@pec.example.it".parse().unwrap(), owner_name: "Comune".into() },
            confirm(owner()),
            confirm(annas()),
            confirm(posta()),
            changed(owner()),
            changed(annas()),
            changed(posta()),
            Notice::PostmasterInvited { facts: postmaster(), until_secs: 6 },
            Notice::PostmasterPasswordTaken { facts: postmaster(), until_secs: 6 },
            Notice::PostmasterPasswordForgotten { facts: postmaster(), until_secs: 6 },
            Notice::PostmasterPasswordChanged(postmaster()),
            Notice::TwoFactorOn(owner()),
            Notice::TwoFactorOn(annas()),
            Notice::TwoFactorOff { of: posta(), by: TurnedOffBy::Themself },
            Notice::TwoFactorOff { of: annas(), by: TurnedOffBy::Administrator },
            Notice::TwoFactorOff { of: owner(), by: TurnedOffBy::Operator },
            Notice::TwoFactorRequired(facts()),
            Notice::RecoveryCodeUsed { of: posta(), left: 0, address: "2001:db8::1".parse().unwrap() },
            Notice::CodesGuessed { of: owner(), address: "192.0.2.7".parse().unwrap(), until_secs: 9 },
            over,
            enforced,
        ] {
            assert_eq!(read(&write(&notice).unwrap()), Some(notice));
        }
    }

    /// A mail that an earlier version has stored and not sent.
    #[test]
    fn a_guess_at_an_owners_password_is_read_as_it_was_written_before() {
        let before = r#"{"kind":"owner-guessed","until_secs":9,"owner":{"mailbox":"ufficio@pec.example.it",
            "owner_name":"Comune"},"address":"2001:db8::1"}"#;
        let of = AccountFacts::Owner { mailbox: "ufficio@pec.example.it".parse().unwrap(), name: "Comune".into() };
        let guessed = Notice::Guessed { of, address: "2001:db8::1".parse().unwrap(), until_secs: 9 };
        assert_eq!(read(before), Some(guessed));
    }

    #[test]
    fn what_is_no_notice_is_none() {
        let whole = write(&Notice::Activated { facts: facts(), two_factor: false }).unwrap();
        for text in [
            "",
            "{}",
            r#"{"kind":"activated"}"#,
            &whole.replace("activated", "other"),
            &whole.replace("activated", "invitation"),
            &whole.replace("read,client", "read,all"),
            &whole.replace("anna/ufficio@", "anna/ufficio"),
            &whole.replace("first_name", "other_name"),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
