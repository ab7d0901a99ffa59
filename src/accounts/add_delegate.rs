//! Adding a delegate who has a password from the start (`delega delegate add`), for provisioning.

use secrecy::SecretString;

use super::invite::{Entering, judged};
use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, DelegateView};
use crate::domain::life::Action;
use crate::domain::{Grant, Language, Permissions, Person, Protocols};
use crate::store;

/// A delegate to add, as typed.
#[derive(Debug)]
pub struct DelegateEntry {
    /// Their mailbox and username.
    pub name: DelegateName,
    /// Who they are.
    pub person: Person,
    /// The language they want to be written to in.
    pub language: Option<Language>,
    /// What they are granted.
    pub permissions: Permissions,
    /// The retrieval protocols of their mail program.
    pub protocols: Protocols,
    /// Their password.
    pub password: SecretString,
}

impl Accounts {
    /// Adds a delegate, who may log in at once. The operator alone can: it sets somebody else's password.
    pub fn add_delegate(&self, entry: DelegateEntry, now_secs: i64) -> Result<DelegateView, AccountsError> {
        let entering = Entering {
            username: entry.name.username.clone(),
            person: judged(entry.person)?,
            language: entry.language,
            grant: Grant { permissions: entry.permissions, protocols: entry.protocols },
            password: Some(self.passwords.hash(&entry.password)?),
        };
        let (_, added) = store::change(self.store.as_ref(), |writes| {
            self.enter(writes, Actor::Operator, &entry.name, Action::Add, entering, now_secs)
        })?;
        Ok(self.view_delegate(added, &entry.name.address, now_secs))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::Rule;
    use crate::accounts::fixture::{Fixture, NOW, anna, secret};

    fn refused(outcome: Result<DelegateView, AccountsError>) -> Rule {
        match outcome {
            Err(AccountsError::Refused(rule)) => rule,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn l1_a_username_is_unique_within_its_mailbox() {
        let fixture = Fixture::new();
        let again = refused(fixture.accounts.add_delegate(anna(), NOW));
        assert!(matches!(&again, Rule::DelegateExists { login, .. } if *login == anna().name.login()), "{again:?}");
        let elsewhere = DelegateName { address: "none@pec.example.it".parse().unwrap(), ..anna().name };
        let outcome = fixture.accounts.add_delegate(DelegateEntry { name: elsewhere, ..anna() }, NOW);
        assert!(matches!(refused(outcome), Rule::UnknownMailbox(_)));
    }

    #[test]
    fn the_password_and_the_texts_are_judged() {
        let fixture = Fixture::new();
        let name = DelegateName { username: "bruno".parse().unwrap(), ..anna().name };
        let bruno = || DelegateEntry { name: name.clone(), ..anna() };
        let short = DelegateEntry { password: secret("short"), ..bruno() };
        assert_eq!(refused(fixture.accounts.add_delegate(short, NOW)), Rule::PasswordTooShort);
        let person = Person { last_name: "Rossi\r\nBcc: x@y.it".into(), ..anna().person };
        let split = DelegateEntry { person, ..bruno() };
        assert!(matches!(refused(fixture.accounts.add_delegate(split, NOW)), Rule::BadText { field: "last name", .. }));
        fixture.accounts.add_delegate(bruno(), NOW).unwrap();
    }
}
