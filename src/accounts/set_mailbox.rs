//! Changing a mailbox (`delega mailbox set`).

use secrecy::SecretString;

use super::{Accounts, AccountsError, Rule, passwords, text};
use crate::domain::MailboxAddress;
use crate::store;

/// What is to be different. `None` leaves things as they are.
#[derive(Debug, Default)]
pub struct MailboxChange {
    /// Another upstream.
    pub upstream: Option<String>,
    /// Another name there. The mailbox's own address is kept as no name at all.
    pub upstream_user: Option<String>,
    /// Another password there.
    pub password: Option<SecretString>,
    /// Another plan.
    pub plan: Option<String>,
    /// Another name of the owner.
    pub owner_name: Option<String>,
    /// Another e-mail address of the owner.
    pub owner_email: Option<String>,
}

impl Accounts {
    /// Changes a mailbox, at once or not at all.
    ///
    /// A password belongs to an upstream, and would be shown to another one at the next login. So a mailbox that moves
    /// to another upstream leaves its password behind, and needs a new one there unless there is a master user.
    pub fn set_mailbox(
        &self,
        address: &MailboxAddress,
        change: MailboxChange,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        if let Some(upstream) = &change.upstream {
            self.known_upstream(upstream)?;
        }
        if let Some(password) = &change.password {
            passwords::acceptable(password, 1)?;
        }
        store::change(self.store.as_ref(), |writes| {
            let mut mailbox = writes.mailbox(address)?.ok_or_else(|| Rule::UnknownMailbox(address.clone()))?;
            if let Some(upstream) = change.upstream.filter(|upstream| *upstream != mailbox.upstream) {
                if change.password.is_none() && self.master(&upstream).is_none() {
                    return Err(Rule::PasswordNeeded(upstream).into());
                }
                mailbox.upstream = upstream;
                writes.set_sealed_password(mailbox.id, None)?;
            }
            if let Some(user) = change.upstream_user {
                let user = text::line("upstream user", &user)?;
                mailbox.upstream_user = Some(user).filter(|user| user != mailbox.address.as_str());
            }
            if let Some(plan) = change.plan {
                mailbox.plan = text::line("plan", &plan)?;
            }
            if let Some(name) = change.owner_name {
                mailbox.owner_name = text::line("owner's name", &name)?;
            }
            if let Some(email) = change.owner_email {
                mailbox.owner_email = text::email("owner's e-mail", &email)?;
            }
            mailbox.changed_at_secs = now_secs;
            writes.update_mailbox(&mailbox)?;
            if let Some(password) = &change.password {
                let sealed = self.vault.seal(mailbox.id, &mailbox.address, password)?;
                writes.set_sealed_password(mailbox.id, Some(&sealed))?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use secrecy::ExposeSecret;

    use super::*;
    use crate::accounts::fixture::{CLIENT, Fixture, NOW, secret};

    const ANNA: &str = "anna/ufficio@pec.example.it";

    #[test]
    fn what_is_not_named_stays() {
        let fixture = Fixture::new();
        let accounts = &fixture.accounts;
        let before = accounts.show_mailbox(&fixture.address()).unwrap().mailbox;
        let change = MailboxChange { plan: Some("Premium".into()), ..MailboxChange::default() };
        accounts.set_mailbox(&fixture.address(), change, NOW + 5).unwrap();
        let after = accounts.show_mailbox(&fixture.address()).unwrap().mailbox;
        assert_eq!(after, crate::domain::Mailbox { plan: "Premium".into(), changed_at_secs: NOW + 5, ..before });
        assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials.password.expose_secret(), Fixture::MAILBOXS);
    }

    #[test]
    fn a_new_password_and_user_are_used_at_the_next_login() {
        let fixture = Fixture::new();
        let change = MailboxChange {
            password: Some(secret("n3w upstream")),
            upstream_user: Some("u77".into()),
            ..MailboxChange::default()
        };
        fixture.accounts.set_mailbox(&fixture.address(), change, NOW).unwrap();
        let credentials = fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials;
        assert_eq!((credentials.password.expose_secret(), credentials.authcid.as_str()), ("n3w upstream", "u77"));
    }

    #[test]
    fn a_password_is_never_shown_to_another_upstream() {
        let fixture = Fixture::new();
        let to = |upstream: &str, password: Option<&str>| {
            let upstream = Some(upstream.to_owned());
            let change = MailboxChange { upstream, password: password.map(secret), ..MailboxChange::default() };
            fixture.accounts.set_mailbox(&fixture.address(), change, NOW)
        };
        to("provider", None).unwrap();
        to("mastered", None).unwrap();
        let credentials = fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials;
        assert_eq!((credentials.password.expose_secret(), credentials.authcid.as_str()), ("m4ster", "master"));
        assert!(matches!(to("provider", None), Err(AccountsError::Refused(Rule::PasswordNeeded(_)))));
        to("provider", Some("again")).unwrap();
        assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials.password.expose_secret(), "again");
        assert!(matches!(to("elsewhere", None), Err(AccountsError::Refused(Rule::UnknownUpstream { .. }))));
    }

    #[test]
    fn a_fault_leaves_everything_as_it_was() {
        let fixture = Fixture::new();
        let change = MailboxChange {
            upstream: Some("mastered".into()),
            owner_email: Some("nobody".into()),
            ..MailboxChange::default()
        };
        assert!(fixture.accounts.set_mailbox(&fixture.address(), change, NOW).is_err());
        assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, CLIENT).upstream, "provider");
    }
}
