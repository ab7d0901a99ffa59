//! The mail server refuses the password that delega holds for a mailbox: it was changed at the provider, or has expired. The
//! owner is told, once, and the operator sees it until another password is given: by `delega mailbox set --password`, or,
//! where the operator allows it (`owner_renews_password`), by the owner, who has only to log in with the new one.

use std::fmt;

use secrecy::SecretString;

use super::{Accounts, AccountsError};
use crate::domain::{Mailbox, MailboxId, Notice};
use crate::store::{self, Writes};

/// A password that an owner has typed, to be stored once the mail server has taken it.
#[derive(Clone)]
pub(super) struct Renewal {
    mailbox: MailboxId,
    /// Where it was typed for: it is never shown to another server, or for another user.
    upstream: String,
    upstream_login: String,
    password: SecretString,
}

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

    /// What the password that an owner types would be stored as, where the stored one is refused and the operator lets
    /// owners replace it.
    pub(super) fn renewal(&self, mailbox: &Mailbox, password: &SecretString) -> Option<Renewal> {
        let wanted = mailbox.password_refused_at_secs.is_some() && self.renewed_by_owners.contains(&mailbox.upstream);
        wanted.then(|| Renewal {
            mailbox: mailbox.id,
            upstream: mailbox.upstream.clone(),
            upstream_login: mailbox.upstream_login().to_owned(),
            password: password.clone(),
        })
    }

    /// The mail server has taken what an owner typed: delegates come in again.
    pub(super) fn renew_stored_password(&self, renewal: &Renewal, now_secs: i64) -> Result<(), AccountsError> {
        let renewed = store::change(self.store.as_ref(), |writes| {
            let Some(mut mailbox) = writes.mailbox_by_id(renewal.mailbox)? else { return Ok(None) };
            // Meanwhile it may have been mended, or the mailbox may have moved.
            if mailbox.password_refused_at_secs.is_none()
                || (mailbox.upstream.as_str(), mailbox.upstream_login())
                    != (renewal.upstream.as_str(), renewal.upstream_login.as_str())
                || writes.sealed_password(mailbox.id)?.is_none()
            {
                return Ok(None);
            }
            let sealed = self.vault.seal(mailbox.id, &mailbox.address, &renewal.password)?;
            writes.set_sealed_password(mailbox.id, Some(&sealed))?;
            mailbox.password_refused_at_secs = None;
            mailbox.changed_at_secs = now_secs;
            writes.update_mailbox(&mailbox)?;
            Ok::<_, AccountsError>(Some(mailbox.address))
        })?;
        if let Some(mailbox) = renewed {
            tracing::info!(%mailbox, "the stored password was refused; the one that the owner has logged in with is stored in its place");
        }
        Ok(())
    }

    /// Forgets it where the mail server has taken the password after all: somebody has come in by it.
    pub(super) fn password_taken(writes: &dyn Writes, mailbox: &Mailbox) -> Result<(), AccountsError> {
        if mailbox.password_refused_at_secs.is_some() {
            writes.update_mailbox(&Mailbox { password_refused_at_secs: None, ..mailbox.clone() })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal").field("mailbox", &self.mailbox).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use secrecy::ExposeSecret;

    use crate::accounts::fixture::{CLIENT, Fixture, KNOCK, NOW, secret};
    use crate::accounts::{AccessEntry, Accounts, Actor, MailEnd, MailboxChange, Verdict};
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
            by_stored: true,
            at_ms: NOW * 1000,
        };
        accounts.note_accesses(std::slice::from_ref(&came_in)).unwrap();
        assert_eq!(since(), Some(NOW + 3));
        let typed = AccessEntry { login: address.as_str().parse().unwrap(), by_stored: false, ..came_in.clone() };
        accounts.note_accesses(&[AccessEntry { refusal: None, ..typed }]).unwrap();
        assert_eq!(since(), Some(NOW + 3), "what the owner typed is another one");
        accounts.note_accesses(&[AccessEntry { refusal: None, ..came_in }]).unwrap();
        assert_eq!(since(), None);
    }

    /// L2, L3: what the owner logs in with takes the place of what the mail server refuses, where the operator allows it.
    #[test]
    fn l2_the_owners_next_login_replaces_a_stored_password_that_is_refused() {
        let fixture = Fixture::new();
        let open = || fixture.reopened(Profile::Nested);
        let allowed = open().with_passwords_renewed_by_owners(["provider".to_owned()].into());
        let (id, address) = (fixture.mailbox(), fixture.address());
        let stored = || fixture.admit("anna/ufficio@pec.example.it", Fixture::ANNAS, CLIENT).credentials.password;
        let stored = || stored().expose_secret().to_owned();
        let since = || open().show_mailbox(Actor::Operator, &address, NOW).unwrap().mailbox.password_refused_at_secs;
        let logs_in = |accounts: &Accounts, password: &str, right| {
            let Verdict::Admitted(entry) =
                accounts.authenticate(address.as_str(), &secret(password), CLIENT, KNOCK).unwrap()
            else {
                panic!("the mail server judges it")
            };
            let tried = entry.tried.unwrap();
            if tried.matters(right) {
                accounts.owner_tried(&tried, right).unwrap();
            }
            assert!(!format!("{tried:?}").contains(password));
        };
        logs_in(&allowed, "the owner's new one", true);
        assert_eq!(stored(), Fixture::MAILBOXS, "nothing was refused");
        allowed.password_refused(id, NOW).unwrap();
        logs_in(&allowed, "mistyped", false);
        logs_in(&open(), "the owner's new one", true);
        assert_eq!((stored().as_str(), since()), (Fixture::MAILBOXS, Some(NOW)), "the operator has not allowed it");
        logs_in(&allowed, "the owner's new one", true);
        assert_eq!((stored().as_str(), since()), ("the owner's new one", None));
        logs_in(&allowed, "a later one", true);
        assert_eq!(stored(), "the owner's new one");
    }

    /// What was typed for one mail server, or one user there, is never stored for another.
    #[test]
    fn a_password_typed_before_the_mailbox_moved_is_not_stored() {
        let fixture = Fixture::new();
        let allowed =
            fixture.reopened(Profile::Nested).with_passwords_renewed_by_owners(["provider".to_owned()].into());
        let address = fixture.address();
        allowed.password_refused(fixture.mailbox(), NOW).unwrap();
        let Verdict::Admitted(entry) = allowed.authenticate(address.as_str(), &secret("typed"), CLIENT, KNOCK).unwrap()
        else {
            panic!()
        };
        let change = MailboxChange { upstream_user: Some("u77".into()), ..MailboxChange::default() };
        allowed.set_mailbox(&address, change, NOW).unwrap();
        allowed.owner_tried(&entry.tried.unwrap(), true).unwrap();
        let stored = allowed.credentials_of(&address).unwrap().password;
        assert_eq!(stored.expose_secret(), Fixture::MAILBOXS);
        let view = allowed.show_mailbox(Actor::Operator, &address, NOW).unwrap();
        assert_eq!(view.mailbox.password_refused_at_secs, Some(NOW));
    }
}
