//! A [`Notice`] as text for a column: a JSON object, in which what the notice does not have is left out. What is read is
//! parsed as strictly as any other column.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Answer, Facts, Grant, Holder, Login, MailboxAddress, Notice, Permissions, Profile, Protocols, SuspensionCause,
    TurnedOffBy,
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
        Notice::AppPasswordMade { holder, name, until_secs } | Notice::AppPasswordEnds { holder, name, until_secs } => {
            text.hold(holder);
            text.name = Some(name.clone());
            text.until_secs = Some(*until_secs);
        }
        Notice::Guessed { facts, address, until_secs } => {
            text.facts = Some(facts.into());
            text.address = Some(address.to_string());
            text.until_secs = Some(*until_secs);
        }
        Notice::OwnerGuessed { mailbox, owner_name, address, until_secs } => {
            text.owner = Some(OwnerText { mailbox: mailbox.to_string(), owner_name: owner_name.clone() });
            text.address = Some(address.to_string());
            text.until_secs = Some(*until_secs);
        }
        Notice::TwoFactorOn(holder) | Notice::TwoFactorOff { holder, .. } => text.hold(holder),
        Notice::RecoveryCodeUsed { holder, left, address } => {
            text.hold(holder);
            text.left = Some(*left);
            text.address = Some(address.to_string());
        }
        Notice::CodesGuessed { holder, address, until_secs } => {
            text.hold(holder);
            text.address = Some(address.to_string());
            text.until_secs = Some(*until_secs);
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
    let Text { kind, facts, seats, message, until_secs, name, owner, postmaster, address, left } =
        serde_json::from_str(text).ok()?;
    let facts = facts.map(|facts| facts.read()).transpose();
    let facts = || facts.clone().ok().flatten();
    let holder = || match (facts(), &owner, &postmaster) {
        (Some(facts), None, None) => Some(Holder::Delegate(facts)),
        (None, Some(owner), None) => {
            Some(Holder::Owner { mailbox: owner.mailbox.parse().ok()?, name: owner.owner_name.clone() })
        }
        (None, None, Some(postmaster)) => {
            Some(Holder::Postmaster { domain: postmaster.domain.parse().ok()?, name: postmaster.name.clone() })
        }
        _ => None,
    };
    let turned_off = |by| Some(Notice::TwoFactorOff { holder: holder()?, by });
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
        "app-password-made" => Notice::AppPasswordMade { holder: holder()?, name: name?, until_secs: until_secs? },
        "app-password-ends" => Notice::AppPasswordEnds { holder: holder()?, name: name?, until_secs: until_secs? },
        "guessed" => Notice::Guessed { facts: facts()?, address: address?.parse().ok()?, until_secs: until_secs? },
        "owner-guessed" => {
            let OwnerText { mailbox, owner_name } = owner?;
            let (mailbox, address) = (mailbox.parse().ok()?, address?.parse().ok()?);
            Notice::OwnerGuessed { mailbox, owner_name, address, until_secs: until_secs? }
        }
        "two-factor-on" => Notice::TwoFactorOn(holder()?),
        "two-factor-off" => turned_off(TurnedOffBy::Themself)?,
        "two-factor-off-by-administrator" => turned_off(TurnedOffBy::Administrator)?,
        "two-factor-off-by-operator" => turned_off(TurnedOffBy::Operator)?,
        "two-factor-required" => Notice::TwoFactorRequired(facts()?),
        "recovery-code-used" => {
            Notice::RecoveryCodeUsed { holder: holder()?, left: left?, address: address?.parse().ok()? }
        }
        "codes-guessed" => {
            let address = address?.parse().ok()?;
            Notice::CodesGuessed { holder: holder()?, address, until_secs: until_secs? }
        }
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
    fn hold(&mut self, holder: &Holder) {
        match holder {
            Holder::Delegate(facts) => self.facts = Some(facts.into()),
            Holder::Owner { mailbox, name } => {
                self.owner = Some(OwnerText { mailbox: mailbox.to_string(), owner_name: name.clone() });
            }
            Holder::Postmaster { domain, name } => {
                self.postmaster = Some(PostmasterText { domain: domain.to_string(), name: name.clone() });
            }
        }
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
        let answered = |answer| Notice::Answered { facts: facts(), answer };
        let suspended = |cause| Notice::Suspended { facts: facts(), cause };
        let owner = || Holder::Owner { mailbox: "ufficio@pec.example.it".parse().unwrap(), name: "Comune".into() };
        let postmaster = || Holder::Postmaster { domain: "pec.example.it".parse().unwrap(), name: "Piero".into() };
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
            Notice::AppPasswordMade { holder: owner(), name: "Outlook \"al lavoro\"".into(), until_secs: 9 },
            Notice::AppPasswordEnds { holder: Holder::Delegate(facts()), name: "Thunderbird".into(), until_secs: 9 },
            Notice::Guessed { facts: facts(), address: "192.0.2.7".parse().unwrap(), until_secs: 9 },
            Notice::OwnerGuessed {
                mailbox: "ufficio@pec.example.it".parse().unwrap(),
                owner_name: "Comune".into(),
                address: "2001:db8::1".parse().unwrap(),
                until_secs: 9,
            },
            Notice::PasswordRefused { mailbox: "ufficio@pec.example.it".parse().unwrap(), owner_name: "Comune".into() },
            Notice::TwoFactorOn(owner()),
            Notice::TwoFactorOn(Holder::Delegate(facts())),
            Notice::TwoFactorOff { holder: postmaster(), by: TurnedOffBy::Themself },
            Notice::TwoFactorOff { holder: Holder::Delegate(facts()), by: TurnedOffBy::Administrator },
            Notice::TwoFactorOff { holder: owner(), by: TurnedOffBy::Operator },
            Notice::TwoFactorRequired(facts()),
            Notice::RecoveryCodeUsed { holder: postmaster(), left: 0, address: "2001:db8::1".parse().unwrap() },
            Notice::CodesGuessed { holder: owner(), address: "192.0.2.7".parse().unwrap(), until_secs: 9 },
            over,
            enforced,
        ] {
            assert_eq!(read(&write(&notice).unwrap()), Some(notice));
        }
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
