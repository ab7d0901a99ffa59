//! Adding a delegate who has a password from the start (`delega delegate add`), for provisioning.

use secrecy::SecretString;

use super::look::DelegateName;
use super::{Accounts, AccountsError, Rule, text};
use crate::domain::{DelegateId, DelegateState, Language, Permissions, Person, Protocols};
use crate::store::{self, NewDelegate, StoreError};

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
    /// Adds a delegate, who may log in at once.
    pub fn add_delegate(&self, entry: DelegateEntry, now_secs: i64) -> Result<DelegateId, AccountsError> {
        let person = Person {
            first_name: text::line("first name", &entry.person.first_name)?,
            last_name: text::line("last name", &entry.person.last_name)?,
            email: text::email("e-mail", &entry.person.email)?,
        };
        let hash = self.passwords.hash(&entry.password)?;
        let name = entry.name;
        store::change(self.store.as_ref(), |writes| {
            let mailbox = writes.mailbox(&name.address)?.ok_or_else(|| Rule::UnknownMailbox(name.address.clone()))?;
            let new = NewDelegate {
                mailbox: mailbox.id,
                username: name.username.clone(),
                person,
                language: entry.language,
                state: DelegateState::Active,
                permissions: entry.permissions,
                protocols: entry.protocols,
                password_hash: Some(hash),
                created_at_secs: now_secs,
            };
            writes.insert_delegate(&new).map_err(|error| match error {
                StoreError::Exists => Rule::DelegateExists(name.login()).into(),
                other => AccountsError::from(other),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{Fixture, NOW, anna, secret};

    fn refused(outcome: Result<DelegateId, AccountsError>) -> Rule {
        match outcome {
            Err(AccountsError::Refused(rule)) => rule,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn l1_a_username_is_unique_within_its_mailbox() {
        let fixture = Fixture::new();
        assert_eq!(refused(fixture.accounts.add_delegate(anna(), NOW)), Rule::DelegateExists(anna().name.login()));
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
