//! Who administers a domain (M1, M3; `delega postmaster`).

use super::look::view_mailbox;
use super::{Accounts, AccountsError, Actor, MailboxView, Rule, text};
use crate::domain::life::{Action, judge};
use crate::domain::{Language, MailDomain, Postmaster, PostmasterId};
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
    /// The language that they are written to in.
    pub language: Language,
}

impl Accounts {
    /// Enters a postmaster.
    pub fn add_postmaster(&self, entry: PostmasterEntry, now_secs: i64) -> Result<PostmasterId, AccountsError> {
        let new = NewPostmaster {
            email: text::email("e-mail", &entry.email)?.to_lowercase(),
            name: text::line("name", &entry.name)?,
            domain: entry.domain,
            language: entry.language,
            created_at_secs: now_secs,
        };
        store::change(self.store.as_ref(), |writes| {
            writes.insert_postmaster(&new).map_err(|error| match error {
                StoreError::Exists => {
                    Rule::PostmasterExists { domain: new.domain.clone(), email: new.email.clone() }.into()
                }
                other => AccountsError::from(other),
            })
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

    /// Removes a postmaster. What they did stays.
    pub fn remove_postmaster(&self, domain: &MailDomain, email: &str) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let found = find(writes, domain, email)?;
            writes.delete_postmaster(found.id)?;
            Ok(())
        })
    }

    /// The mailboxes that somebody administers, each with the number of its active and its waiting delegates (M1): the
    /// operator all, a postmaster those of their domain, an owner and a delegate with **settings** their own.
    pub fn mailboxes_of(&self, actor: Actor, now_secs: i64) -> Result<Vec<MailboxView>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let among = match actor {
                Actor::Operator | Actor::Postmaster(_) => reads.mailboxes()?,
                Actor::Owner(id) => reads.mailbox_by_id(id)?.into_iter().collect(),
                Actor::Delegate(id) => match reads.delegate_by_id(id)? {
                    Some(delegate) => reads.mailbox_by_id(delegate.mailbox)?.into_iter().collect(),
                    None => Vec::new(),
                },
            };
            let mut theirs = Vec::new();
            for mailbox in among {
                let role = self.authority(reads, actor, &mailbox, None, now_secs)?.role;
                if judge(role, Action::Invite, None).is_ok() {
                    theirs.push(view_mailbox(reads, mailbox, now_secs)?);
                }
            }
            Ok(theirs)
        })
    }
}

fn find<R: Reads + ?Sized>(reads: &R, domain: &MailDomain, email: &str) -> Result<Postmaster, AccountsError> {
    let email = email.trim().to_lowercase();
    let found = reads.postmasters()?.into_iter().find(|one| one.domain == *domain && one.email == email);
    Ok(found.ok_or_else(|| Rule::UnknownPostmaster { domain: domain.clone(), email })?)
}
