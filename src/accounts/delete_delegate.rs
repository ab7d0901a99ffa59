//! Deleting a delegate, which takes effect at once (D8; `delega delegate delete`).

use super::look::{DelegateName, delegate};
use super::{Accounts, AccountsError};
use crate::store;

impl Accounts {
    /// Deletes a delegate. Their open sessions end within a second, and the username is free again.
    pub fn delete_delegate(&self, name: &DelegateName) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let found = delegate(writes, name)?;
            writes.delete_delegate(found.id)?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{CLIENT, Fixture};
    use crate::accounts::{Refusal, Rule};

    #[test]
    fn d8_it_is_final_and_the_name_is_free() {
        let fixture = Fixture::new();
        fixture.accounts.delete_delegate(&fixture.anna_login()).unwrap();
        let again = fixture.accounts.delete_delegate(&fixture.anna_login());
        assert!(matches!(again, Err(AccountsError::Refused(Rule::UnknownDelegate(_)))), "{again:?}");
        assert_eq!(fixture.refuse("anna/ufficio@pec.example.it", Fixture::ANNAS, CLIENT), Refusal::UnknownDelegate);
        fixture.add_anna();
        fixture.admit("anna/ufficio@pec.example.it", Fixture::ANNAS, CLIENT);
    }
}
