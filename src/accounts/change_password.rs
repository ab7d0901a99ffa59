//! A new password of somebody's own, in place of the one that they type once more (S1).
//!
//! Whoever types it is in already, perhaps at somebody else's unlocked desk. So wrong ones are counted like those of a login
//! (S5), on a count of their own: nobody is kept from logging in by them, nor told by mail.

use secrecy::SecretString;

use super::account::Account;
use super::guard::Apart;
use super::passwords;
use super::{Accounts, AccountsError, Knock, ProfileView, Rule};
use crate::domain::AccountId;
use crate::store;

impl Accounts {
    /// Changes a delegate's or a postmaster's password. All sessions of theirs end within a second, the one that asks
    /// included, and links for a new password work no more; app passwords stay, since each can be revoked by itself. An
    /// owner's password is the mailbox's own, and changed where the mailbox lives.
    ///
    /// Costs two logins.
    pub fn change_password(
        &self,
        account: AccountId,
        current: &SecretString,
        new: &SecretString,
        knock: Knock,
    ) -> Result<ProfileView, AccountsError> {
        let now_secs = knock.at_ms / 1000;
        let (whose, hash, counts) = store::read(self.store.as_ref(), |reads| {
            let whose = match Account::at_work(reads, account)? {
                Account::Owner(_) => return Err(AccountsError::from(Rule::OwnersPassword)),
                whose @ (Account::Delegate(..) | Account::Postmaster(_)) => whose,
            };
            let counts = Accounts::counts_apart(reads, Apart::Retyped, account, knock)?;
            Ok((whose, reads.password_hash(account)?, counts))
        })?;
        if counts.closed {
            return Err(Rule::TooManyWrong.into());
        }
        // Before the one that is typed is looked at, so that one that will not do costs nobody a guess.
        passwords::strong(new, &whose.known())?;
        if !self.passwords.matches(current, hash.as_ref())? {
            self.wrong_password(&counts, self.guess(None, current), None, knock)?;
            return Err(Rule::WrongPassword.into());
        }
        self.right_password(&counts)?;
        let new = self.passwords.hash(new)?;
        store::change(self.store.as_ref(), |writes| {
            // Of two at once, the second has typed what is no more the current one.
            if Account::at_work(writes, account)?.password() != whose.password() {
                return Err(Rule::WrongPassword.into());
            }
            let whose = self.replace_password(writes, account, &new, now_secs)?;
            self.view_profile(writes, &whose, now_secs)
        })
    }
}

#[cfg(test)]
#[path = "change_password_tests.rs"]
mod tests;
