//! What of a mailbox's records somebody sees (O2, S4, X16), beside its delegates.
//!
//! What was sent lies in the mailbox as well, where every delegate may read; a postmaster administers people and not their
//! correspondence (M3). Where somebody was when they logged in is theirs to know (S4), and those who look after delegates
//! need it to look after them: so managers and postmasters see it of delegates, and of the owner the owner alone.

use super::life::Role;

/// A record that is kept of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// What was sent, and its export (O2).
    Sends,
    /// Who came in, and its export (S4).
    Accesses,
    /// Who is at work now. Whoever sees a session may end it (X16).
    Sessions,
}

/// Of whom somebody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// Of everybody in the mailbox.
    Everybody,
    /// Of its delegates, themselves among them.
    Delegates,
    /// Of nobody.
    Nobody,
}

/// Of whom somebody in this role sees it.
pub fn sight(role: Role, record: Record) -> Sight {
    match (role, record) {
        (Role::Operator | Role::Owner, Record::Sends | Record::Accesses | Record::Sessions)
        | (Role::Manager, Record::Sends) => Sight::Everybody,
        (Role::Manager | Role::Postmaster, Record::Accesses | Record::Sessions) => Sight::Delegates,
        (Role::Postmaster, Record::Sends)
        | (
            Role::Themself | Role::LinkHolder | Role::Rule | Role::Stranger,
            Record::Sends | Record::Accesses | Record::Sessions,
        ) => Sight::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_role_sees() {
        use Sight::{Delegates, Everybody, Nobody};
        for (role, expected) in Role::ALL.into_iter().zip([
            [Everybody, Everybody, Everybody],
            [Everybody, Everybody, Everybody],
            [Nobody, Delegates, Delegates],
            [Everybody, Delegates, Delegates],
            [Nobody, Nobody, Nobody],
            [Nobody, Nobody, Nobody],
            [Nobody, Nobody, Nobody],
            [Nobody, Nobody, Nobody],
        ]) {
            let seen = [Record::Sends, Record::Accesses, Record::Sessions].map(|record| sight(role, record));
            assert_eq!(seen, expected, "{}", role.name());
        }
    }
}
