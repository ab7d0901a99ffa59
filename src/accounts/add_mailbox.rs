//! Entering a mailbox (`delega mailbox add`).

use secrecy::SecretString;

use super::look::{mailbox, view_mailbox};
use super::{Accounts, AccountsError, MailboxView, Rule, passwords, plans, text};
use crate::domain::{MailboxAddress, Owner, PlanName};
use crate::store::{self, NewMailbox, StoreError};

/// A mailbox to enter, as typed.
#[derive(Debug)]
pub struct MailboxEntry {
    /// Its address.
    pub address: MailboxAddress,
    /// The `[upstream.NAME]` where it lives.
    pub upstream: String,
    /// What the upstream knows it as, where that is not its address.
    pub upstream_user: Option<String>,
    /// Its password there. Needed where the upstream has no master user.
    pub password: Option<SecretString>,
    /// The plan.
    pub plan: PlanName,
    /// Packs of seats beside it.
    pub packs: u32,
    /// Whether several people may work in it; then also the option that this needs is taken to be there (M2).
    pub multi_user: bool,
    /// Who the owner is.
    pub owner: Owner,
}

impl Accounts {
    /// Whether mailboxes of that upstream need a password of their own (G5).
    pub fn needs_password(&self, upstream: &str) -> Result<bool, AccountsError> {
        self.known_upstream(upstream)?;
        Ok(self.master(upstream).is_none())
    }

    /// Enters a mailbox and seals its password, at once or not at all.
    pub fn add_mailbox(&self, entry: MailboxEntry, now_secs: i64) -> Result<MailboxView, AccountsError> {
        if self.needs_password(&entry.upstream)? && entry.password.is_none() {
            return Err(Rule::PasswordNeeded(entry.upstream).into());
        }
        if let Some(password) = &entry.password {
            passwords::acceptable(password, 1)?;
        }
        let mut new = NewMailbox {
            upstream_user: entry.upstream_user.map(|user| text::line("upstream user", &user)).transpose()?,
            plan: entry.plan,
            packs: entry.packs,
            multi_user: entry.multi_user,
            password_management: entry.multi_user,
            owner: Owner {
                name: text::line("owner's name", &entry.owner.name)?,
                email: text::email("owner's e-mail", &entry.owner.email)?,
                ..entry.owner
            },
            address: entry.address,
            upstream: entry.upstream,
            created_at_secs: now_secs,
        };
        store::change(self.store.as_ref(), |writes| {
            new.plan = plans::with_packs(writes, &new.plan, new.packs)?.name;
            if let Some(of) = writes.mailbox_of_alias(&new.address)?
                && let Some(of) = writes.mailbox_by_id(of)?
            {
                return Err(Rule::IsAlias { alias: new.address.clone(), mailbox: of.address }.into());
            }
            let id = writes.insert_mailbox(&new).map_err(|error| match error {
                StoreError::Exists => Rule::MailboxExists(new.address.clone()).into(),
                other => AccountsError::from(other),
            })?;
            if let Some(password) = &entry.password {
                let sealed = self.vault.seal(id, &new.address, password)?;
                writes.set_sealed_password(id, Some(&sealed))?;
            }
            view_mailbox(writes, mailbox(writes, &new.address)?, now_secs)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{Fixture, NOW, entry, secret};

    fn refused(outcome: Result<MailboxView, AccountsError>) -> Rule {
        match outcome {
            Err(AccountsError::Refused(rule)) => rule,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_address_is_entered_once() {
        let fixture = Fixture::new();
        let again = fixture.accounts.add_mailbox(entry("Ufficio@pec.example.it"), NOW);
        assert_eq!(refused(again), Rule::MailboxExists(fixture.address()));
    }

    #[test]
    fn g5_a_password_is_needed_where_there_is_no_master_user() {
        let fixture = Fixture::new();
        let add = |upstream: &str, password: Option<&str>, address: &str| {
            let entry = MailboxEntry { upstream: upstream.into(), password: password.map(secret), ..entry(address) };
            fixture.accounts.add_mailbox(entry, NOW)
        };
        assert_eq!(refused(add("provider", None, "a@b.it")), Rule::PasswordNeeded("provider".into()));
        assert_eq!(refused(add("provider", Some(""), "a@b.it")), Rule::PasswordEmpty);
        assert_eq!(refused(add("provider", Some("a\r\nb"), "a@b.it")), Rule::PasswordControl);
        add("mastered", None, "a@b.it").unwrap();
        add("mastered", Some("own"), "b@b.it").unwrap();
        let unknown = refused(add("elsewhere", Some("x"), "c@b.it")).to_string();
        assert!(unknown.contains("elsewhere") && unknown.contains("mastered, provider"), "{unknown}");
    }

    #[test]
    fn texts_are_judged() {
        let fixture = Fixture::new();
        let owner = Owner { name: "Carla\r\nBcc: x".into(), ..entry("a@b.it").owner };
        let bad = MailboxEntry { owner, ..entry("a@b.it") };
        assert!(matches!(refused(fixture.accounts.add_mailbox(bad, NOW)), Rule::BadText { field: "owner's name", .. }));
        let owner = Owner { email: "carla".into(), ..entry("a@b.it").owner };
        let bad = MailboxEntry { owner, ..entry("a@b.it") };
        assert!(matches!(refused(fixture.accounts.add_mailbox(bad, NOW)), Rule::BadText { .. }));
    }
}
