//! The mail server refuses the password that delega holds for a mailbox: it was changed at the provider, or has expired. The
//! owner is told, once, and the operator sees it until another password is given.

use super::{Accounts, AccountsError};
use crate::domain::{Mailbox, MailboxId, Notice};
use crate::store::{self, Writes};

impl Accounts {
    /// Notes it at the first refusal. Where a master user opens the mailbox it is not the owner's to mend, and nothing is
    /// noted.
    pub fn password_refused(&self, mailbox: MailboxId, now_secs: i64) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let Some(mut mailbox) = writes.mailbox_by_id(mailbox)? else { return Ok(()) };
            if mailbox.password_refused_at_secs.is_some() || writes.sealed_password(mailbox.id)?.is_none() {
                return Ok(());
            }
            mailbox.password_refused_at_secs = Some(now_secs);
            writes.update_mailbox(&mailbox)?;
            let notice =
                Notice::PasswordRefused { mailbox: mailbox.address.clone(), owner_name: mailbox.owner.name.clone() };
            self.tell_owner(writes, &mailbox, notice, now_secs)
        })
    }

    /// Forgets it where the mail server has taken the password after all: a delegate has come in.
    pub(super) fn password_taken(writes: &dyn Writes, mailbox: &Mailbox) -> Result<(), AccountsError> {
        if mailbox.password_refused_at_secs.is_some() {
            writes.update_mailbox(&Mailbox { password_refused_at_secs: None, ..mailbox.clone() })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::accounts::fixture::{CLIENT, Fixture, NOW, secret};
    use crate::accounts::{AccessEntry, Actor, MailEnd, MailboxChange};
    use crate::domain::Profile;

    #[test]
    fn the_owner_is_told_once_until_there_is_another_password() {
        let fixture = Fixture::new();
        let accounts = fixture.reopened(Profile::Nested).with_mails(true);
        let (id, address) = (fixture.mailbox(), fixture.address());
        let since = || accounts.show_mailbox(Actor::Operator, &address, NOW).unwrap().mailbox.password_refused_at_secs;
        let told = || {
            let mut kinds = Vec::new();
            while let Some(attempt) = accounts.begin_mail(NOW * 1000 + 9000).unwrap() {
                kinds.push((attempt.row.recipient.clone(), attempt.row.notice.kind()));
                accounts.end_mail(attempt.row.id, MailEnd::Sent("250".into()), NOW * 1000).unwrap();
            }
            kinds
        };
        accounts.password_refused(id, NOW).unwrap();
        accounts.password_refused(id, NOW + 1).unwrap();
        assert_eq!(told(), [("carla@example.it".to_owned(), "password-refused")]);
        assert_eq!(since(), Some(NOW));
        let change = MailboxChange { password: Some(secret("the new one")), ..MailboxChange::default() };
        accounts.set_mailbox(&address, change, NOW + 2).unwrap();
        assert_eq!(since(), None);
        accounts.password_refused(id, NOW + 3).unwrap();
        assert_eq!(told().len(), 1);
        let came_in = AccessEntry {
            login: fixture.anna_login().login(),
            address: "192.0.2.7".parse().unwrap(),
            door: CLIENT,
            program: None,
            refusal: Some("wrong password".into()),
            app_password: None,
            at_ms: NOW * 1000,
        };
        accounts.note_accesses(std::slice::from_ref(&came_in)).unwrap();
        assert_eq!(since(), Some(NOW + 3));
        accounts.note_accesses(&[AccessEntry { refusal: None, ..came_in }]).unwrap();
        assert_eq!(since(), None);
    }
}
