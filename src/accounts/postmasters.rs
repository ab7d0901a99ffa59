//! Who administers a domain (M1, M3; `delega postmaster`).

use super::{Accounts, AccountsError, Rule, text};
use crate::domain::{Language, MailDomain, Phone, Postmaster};
use crate::store::{self, NewPostmaster, Reads, StoreError};

/// A postmaster to enter, as typed.
#[derive(Clone, Debug)]
pub struct PostmasterEntry {
    /// The domain.
    pub domain: MailDomain,
    /// Their own address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their phone number.
    pub phone: Option<Phone>,
    /// The language that they are written to in.
    pub language: Language,
}

impl Accounts {
    /// Enters a postmaster. Where mails are sent, they are mailed a link to set their password; otherwise the operator sets
    /// it ([`Accounts::set_postmaster_password`]).
    pub fn add_postmaster(&self, entry: PostmasterEntry, now_secs: i64) -> Result<Postmaster, AccountsError> {
        let new = NewPostmaster {
            email: text::email("e-mail", &entry.email)?.to_lowercase(),
            name: text::line("name", &entry.name)?,
            domain: entry.domain,
            phone: entry.phone,
            language: entry.language,
            created_at_secs: now_secs,
        };
        store::change(self.store.as_ref(), |writes| {
            let id = writes.insert_postmaster(&new).map_err(|error| match error {
                StoreError::Exists => {
                    Rule::PostmasterExists { domain: new.domain.clone(), email: new.email.clone() }.into()
                }
                other => AccountsError::from(other),
            })?;
            let added = writes.postmaster(id)?;
            let added = added.ok_or(Rule::UnknownPostmaster { domain: new.domain, email: new.email })?;
            if self.mails {
                self.invite_postmaster(writes, &added, now_secs)?;
            }
            Ok(added)
        })
    }

    /// All postmasters, by domain and address.
    pub fn postmasters(&self) -> Result<Vec<Postmaster>, AccountsError> {
        store::read(self.store.as_ref(), |reads| Ok(reads.postmasters()?))
    }

    /// The postmaster of that domain and address.
    pub fn postmaster(&self, domain: &MailDomain, email: &str) -> Result<Postmaster, AccountsError> {
        store::read(self.store.as_ref(), |reads| find(reads, domain, email))
    }

    /// Removes a postmaster, and gives them back as they were. What they did stays.
    pub fn remove_postmaster(&self, domain: &MailDomain, email: &str) -> Result<Postmaster, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let found = find(writes, domain, email)?;
            writes.delete_postmaster(found.id)?;
            Ok(found)
        })
    }
}

pub(super) fn find<R: Reads + ?Sized>(
    reads: &R,
    domain: &MailDomain,
    email: &str,
) -> Result<Postmaster, AccountsError> {
    let email = email.trim().to_lowercase();
    let found = reads.postmasters()?.into_iter().find(|one| one.domain == *domain && one.email == email);
    Ok(found.ok_or_else(|| Rule::UnknownPostmaster { domain: domain.clone(), email })?)
}
