//! The rows of [`Reads`] and [`Writes`] as SQL, within a transaction that the caller began.

use rusqlite::types::{FromSql, Value};
use rusqlite::{Connection, OptionalExtension, Params, Row, params, params_from_iter};

use super::failed;
use crate::domain::{
    AccountId, Delegate, DelegateId, DelegateState, FiscalCode, Language, MailDomain, Mailbox, MailboxAddress,
    MailboxId, Owner, PasswordVersion, Permissions, Person, Phone, Position, Profile, SentBy, Username,
};
use crate::store::{NewDelegate, NewMailbox, PasswordHash, Reads, SealedSecret, StoreError, Writes};

/// A transaction that is under way.
pub(super) struct Work<'a>(pub(super) &'a Connection);

pub(super) const MAILBOX: &str = "SELECT id, address, upstream, upstream_user, plan, packs, grace_until_secs, multi_user, own_app_passwords, \
                       password_management, password_refused_at_secs, owner_name, owner_email, owner_language, owner_fiscal_code, owner_phone, owner_password_version, \
                       (SELECT since_secs FROM second_factors WHERE account = 'owner:' || mailboxes.id) \
                       AS two_factor_since_secs, created_at_secs, changed_at_secs FROM mailboxes";
pub(super) const DELEGATE: &str = "SELECT id, mailbox_id, username, first_name, last_name, email, language, phone, permissions, \
                        (SELECT since_secs FROM second_factors WHERE account = 'delegate:' || delegates.id) \
                        AS two_factor_since_secs, protocols, state, invited_until_secs, reset_at_secs, password_version, seated_at_secs, \
                        created_at_secs, changed_at_secs FROM delegates";

pub(super) type Made<T> = Result<T, StoreError>;

impl Work<'_> {
    pub(super) fn rows<T>(&self, sql: &str, params: impl Params, make: impl Fn(&Row<'_>) -> Made<T>) -> Made<Vec<T>> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params).map_err(failed)?;
        let mut made = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            made.push(make(row)?);
        }
        Ok(made)
    }

    pub(super) fn row<T>(&self, sql: &str, params: impl Params, make: impl Fn(&Row<'_>) -> Made<T>) -> Made<Option<T>> {
        Ok(self.rows(sql, params, make)?.pop())
    }

    pub(super) fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Made<Option<T>> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let value: Option<Option<T>> = statement.query_row(params, |row| row.get(0)).optional().map_err(failed)?;
        Ok(value.flatten())
    }

    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Made<bool> {
        Ok(self.execute_many(sql, params)? > 0)
    }

    /// How many rows it changed.
    pub(super) fn execute_many(&self, sql: &str, params: impl Params) -> Made<usize> {
        let changed = self.0.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
        changed.map_err(|error| {
            use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
            match error.sqlite_error().map(|error| error.extended_code) {
                Some(SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) => StoreError::Exists,
                _ => failed(error),
            }
        })
    }

    pub(super) fn with_aliases(&self, mut mailbox: Mailbox) -> Made<Mailbox> {
        let ask = "SELECT address AS alias FROM aliases WHERE mailbox_id = ?1 ORDER BY address";
        let alias = |row: &Row<'_>| parsed(row, "alias", |text| text.parse().ok());
        mailbox.aliases = self.rows(ask, [mailbox.id.0], alias)?;
        Ok(mailbox)
    }
}

/// The conditions of a filter, all of which must hold, and their values in order.
#[derive(Default)]
pub(super) struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// One more, where there is a value for it.
    pub(super) fn and<T: Into<Value>>(&mut self, condition: &str, value: Option<T>) {
        if let Some(value) = value {
            self.holds(condition);
            self.values.push(value.into());
        }
    }

    /// One more, without a value.
    pub(super) fn holds(&mut self, condition: &str) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
    }

    /// Of this mailbox and this person. `row` names the column with the mailbox's row.
    pub(super) fn of(&mut self, mailbox: Option<&MailboxAddress>, row: (&str, Option<MailboxId>), by: Option<&SentBy>) {
        self.and("mailbox = ?", mailbox.map(|mailbox| mailbox.as_str().to_owned()));
        self.and(&format!("{} = ?", row.0), row.1.map(|id| id.0));
        match by {
            None => {}
            Some(SentBy::Owner) => self.holds("username IS NULL"),
            Some(SentBy::AnyDelegate) => self.holds("username IS NOT NULL"),
            Some(SentBy::Delegate(username)) => self.and("username = ?", Some(username.as_str().to_owned())),
        }
    }

    /// After this place in the order of `time` and row number, both descending.
    pub(super) fn after(&mut self, time: &str, place: Option<Position>) {
        if let Some(Position { at_ms, row }) = place {
            self.holds(&format!("({time}, id) < (?, ?)"));
            self.values.extend([at_ms.into(), row.into()]);
        }
    }

    /// The conditions as SQL, and their values with the most rows that are wanted as the last.
    pub(super) fn limited(mut self, most: usize) -> (String, Vec<Value>) {
        self.values.push(i64::try_from(most).unwrap_or(i64::MAX).into());
        (self.sql, self.values)
    }
}

pub(super) fn column<T: FromSql>(row: &Row<'_>, name: &str) -> Made<T> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    row.get(name).map_err(|error| match error {
        // A text that is not in UTF-8, above all: the tables hold no other kinds than were declared.
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..) => {
            StoreError::Corrupt(format!("a {name} that is none"))
        }
        error => failed(error),
    })
}

/// A column whose text means something; what it means is parsed again, since the file is not trusted.
pub(super) fn parsed<T>(row: &Row<'_>, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Made<T> {
    let text: String = column(row, name)?;
    parse(&text).ok_or_else(|| StoreError::Corrupt(format!("the {name} `{}`", text.escape_debug())))
}

pub(super) fn unsigned<T: TryFrom<i64>>(row: &Row<'_>, name: &str) -> Made<T> {
    let number: i64 = column(row, name)?;
    T::try_from(number).map_err(|_| StoreError::Corrupt(format!("the {name} {number}")))
}

/// Likewise where there may be none.
pub(super) fn parsed_or_none<T>(row: &Row<'_>, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Made<Option<T>> {
    let text: Option<String> = column(row, name)?;
    text.map(|_| parsed(row, name, parse)).transpose()
}

pub(super) fn flag(row: &Row<'_>, name: &str) -> Made<bool> {
    match column(row, name)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(StoreError::Corrupt(format!("the {name} {other}"))),
    }
}

/// All of a row but the aliases, which have rows of their own.
pub(super) fn mailbox(row: &Row<'_>) -> Made<Mailbox> {
    Ok(Mailbox {
        id: MailboxId(column(row, "id")?),
        address: parsed(row, "address", |text| text.parse().ok())?,
        aliases: Vec::new(),
        upstream: column(row, "upstream")?,
        upstream_user: column(row, "upstream_user")?,
        plan: parsed(row, "plan", |text| text.parse().ok())?,
        packs: unsigned(row, "packs")?,
        grace_until_secs: column(row, "grace_until_secs")?,
        multi_user: flag(row, "multi_user")?,
        own_app_passwords: flag(row, "own_app_passwords")?,
        password_management: flag(row, "password_management")?,
        password_refused_at_secs: column(row, "password_refused_at_secs")?,
        owner: Owner {
            name: column(row, "owner_name")?,
            email: column(row, "owner_email")?,
            language: parsed(row, "owner_language", Language::from_name)?,
            fiscal_code: parsed_or_none(row, "owner_fiscal_code", |text| text.parse().ok())?,
            phone: parsed_or_none(row, "owner_phone", |text| text.parse().ok())?,
        },
        owner_password: PasswordVersion(column(row, "owner_password_version")?),
        owner_two_factor_since_secs: column(row, "two_factor_since_secs")?,
        created_at_secs: column(row, "created_at_secs")?,
        changed_at_secs: column(row, "changed_at_secs")?,
    })
}

pub(super) fn delegate(row: &Row<'_>) -> Made<Delegate> {
    Ok(Delegate {
        id: DelegateId(column(row, "id")?),
        mailbox: MailboxId(column(row, "mailbox_id")?),
        username: parsed(row, "username", |text| text.parse().ok())?,
        person: Person {
            first_name: column(row, "first_name")?,
            last_name: column(row, "last_name")?,
            email: column(row, "email")?,
            phone: parsed_or_none(row, "phone", |text| text.parse().ok())?,
        },
        two_factor_since_secs: column(row, "two_factor_since_secs")?,
        language: parsed_or_none(row, "language", Language::from_name)?,
        state: parsed(row, "state", DelegateState::from_name)?,
        invited_until_secs: column(row, "invited_until_secs")?,
        reset_at_secs: column(row, "reset_at_secs")?,
        password: PasswordVersion(column(row, "password_version")?),
        seated_at_secs: column(row, "seated_at_secs")?,
        permissions: parsed(row, "permissions", stored_permissions)?,
        protocols: parsed(row, "protocols", |text| text.parse().ok())?,
        created_at_secs: column(row, "created_at_secs")?,
        changed_at_secs: column(row, "changed_at_secs")?,
    })
}

/// Exactly the permissions that stand there. The laxest profile reads them; a row that it would have to complete was not
/// written by delega.
fn stored_permissions(text: &str) -> Option<Permissions> {
    Permissions::parse(text, Profile::ClientApart).ok().filter(|permissions| permissions.to_string() == text)
}

impl Reads for Work<'_> {
    fn mailbox(&self, address: &MailboxAddress) -> Made<Option<Mailbox>> {
        let found = self.row(&format!("{MAILBOX} WHERE address = ?1"), [address.as_str()], mailbox)?;
        found.map(|mailbox| self.with_aliases(mailbox)).transpose()
    }

    fn mailbox_by_id(&self, id: MailboxId) -> Made<Option<Mailbox>> {
        let found = self.row(&format!("{MAILBOX} WHERE id = ?1"), [id.0], mailbox)?;
        found.map(|mailbox| self.with_aliases(mailbox)).transpose()
    }

    fn mailboxes(&self) -> Made<Vec<Mailbox>> {
        let found = self.rows(&format!("{MAILBOX} ORDER BY address"), [], mailbox)?;
        found.into_iter().map(|mailbox| self.with_aliases(mailbox)).collect()
    }

    fn mailboxes_after(
        &self,
        domain: Option<&MailDomain>,
        after: Option<&MailboxAddress>,
        most: usize,
    ) -> Made<Vec<Mailbox>> {
        let mut wanted = Conditions::default();
        wanted.and("address > ?", after.map(|after| after.as_str().to_owned()));
        // An address has one @.
        wanted.and("substr(address, instr(address, '@') + 1) = ?", domain.map(|domain| domain.as_str().to_owned()));
        let (conditions, values) = wanted.limited(most);
        let found =
            self.rows(&format!("{MAILBOX}{conditions} ORDER BY address LIMIT ?"), params_from_iter(values), mailbox)?;
        found.into_iter().map(|mailbox| self.with_aliases(mailbox)).collect()
    }

    fn mailbox_of_alias(&self, alias: &MailboxAddress) -> Made<Option<MailboxId>> {
        let id = self.value("SELECT mailbox_id FROM aliases WHERE address = ?1", [alias.as_str()])?;
        Ok(id.map(MailboxId))
    }

    fn sealed_password(&self, id: MailboxId) -> Made<Option<SealedSecret>> {
        let sealed = self.value("SELECT sealed_password FROM mailboxes WHERE id = ?1", [id.0])?;
        Ok(sealed.map(SealedSecret))
    }

    fn delegate(&self, mailbox: MailboxId, username: &Username) -> Made<Option<Delegate>> {
        let sql = format!("{DELEGATE} WHERE mailbox_id = ?1 AND username = ?2");
        self.row(&sql, params![mailbox.0, username.as_str()], delegate)
    }

    fn delegate_by_id(&self, id: DelegateId) -> Made<Option<Delegate>> {
        self.row(&format!("{DELEGATE} WHERE id = ?1"), [id.0], delegate)
    }

    fn delegates(&self, mailbox: MailboxId) -> Made<Vec<Delegate>> {
        self.rows(&format!("{DELEGATE} WHERE mailbox_id = ?1 ORDER BY username"), [mailbox.0], delegate)
    }

    fn password_hash(&self, account: AccountId) -> Made<Option<PasswordHash>> {
        let hash = match account {
            AccountId::Owner(_) => None,
            AccountId::Delegate(id) => self.value("SELECT password_hash FROM delegates WHERE id = ?1", [id.0])?,
            AccountId::Postmaster(id) => self.value("SELECT password_hash FROM postmasters WHERE id = ?1", [id.0])?,
        };
        Ok(hash.map(PasswordHash))
    }

    fn key_check(&self) -> Made<Option<SealedSecret>> {
        let check = self.value("SELECT sealed FROM key_check WHERE one = 1", [])?;
        Ok(check.map(SealedSecret))
    }
}

impl Writes for Work<'_> {
    fn insert_mailbox(&self, new: &NewMailbox) -> Made<MailboxId> {
        self.execute(
            "INSERT INTO mailboxes (address, upstream, upstream_user, plan, packs, multi_user, password_management, \
             owner_name, owner_email, owner_language, owner_fiscal_code, owner_phone, created_at_secs, changed_at_secs) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)",
            params![
                new.address.as_str(),
                new.upstream,
                new.upstream_user,
                new.plan.as_str(),
                new.packs,
                new.multi_user,
                new.password_management,
                new.owner.name,
                new.owner.email,
                new.owner.language.name(),
                new.owner.fiscal_code.as_ref().map(FiscalCode::as_str),
                new.owner.phone.as_ref().map(Phone::as_str),
                new.created_at_secs
            ],
        )?;
        Ok(MailboxId(self.0.last_insert_rowid()))
    }

    fn update_mailbox(&self, mailbox: &Mailbox) -> Made<bool> {
        let changed = self.execute(
            "UPDATE mailboxes SET upstream = ?2, upstream_user = ?3, plan = ?4, packs = ?5, grace_until_secs = ?6, \
             multi_user = ?7, password_management = ?8, owner_name = ?9, owner_email = ?10, owner_language = ?11, \
             owner_fiscal_code = ?12, password_refused_at_secs = ?13, own_app_passwords = ?14, owner_phone = ?15, \
             changed_at_secs = ?16 \
             WHERE id = ?1",
            params![
                mailbox.id.0,
                mailbox.upstream,
                mailbox.upstream_user,
                mailbox.plan.as_str(),
                mailbox.packs,
                mailbox.grace_until_secs,
                mailbox.multi_user,
                mailbox.password_management,
                mailbox.owner.name,
                mailbox.owner.email,
                mailbox.owner.language.name(),
                mailbox.owner.fiscal_code.as_ref().map(FiscalCode::as_str),
                mailbox.password_refused_at_secs,
                mailbox.own_app_passwords,
                mailbox.owner.phone.as_ref().map(Phone::as_str),
                mailbox.changed_at_secs
            ],
        )?;
        if changed {
            self.execute("DELETE FROM aliases WHERE mailbox_id = ?1", [mailbox.id.0])?;
            for alias in &mailbox.aliases {
                let insert = "INSERT INTO aliases (address, mailbox_id) VALUES (?1, ?2)";
                self.execute(insert, params![alias.as_str(), mailbox.id.0])?;
            }
        }
        Ok(changed)
    }

    fn set_sealed_password(&self, id: MailboxId, sealed: Option<&SealedSecret>) -> Made<bool> {
        let sealed = sealed.map(|sealed| sealed.0.as_slice());
        self.execute("UPDATE mailboxes SET sealed_password = ?2 WHERE id = ?1", params![id.0, sealed])
    }

    fn delete_mailbox(&self, id: MailboxId) -> Made<bool> {
        self.execute("DELETE FROM mailboxes WHERE id = ?1", [id.0])
    }

    fn insert_delegate(&self, new: &NewDelegate) -> Made<DelegateId> {
        self.execute(
            "INSERT INTO delegates (mailbox_id, username, first_name, last_name, email, phone, language, permissions, \
             protocols, state, invited_until_secs, seated_at_secs, password_hash, created_at_secs, changed_at_secs) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?12, ?12)",
            params![
                new.mailbox.0,
                new.username.as_str(),
                new.person.first_name,
                new.person.last_name,
                new.person.email,
                new.person.phone.as_ref().map(Phone::as_str),
                new.language.map(Language::name),
                new.permissions.to_string(),
                new.protocols.to_string(),
                new.state.name(),
                new.invited_until_secs,
                new.created_at_secs,
                new.password_hash.as_ref().map(|hash| hash.0.as_str())
            ],
        )?;
        Ok(DelegateId(self.0.last_insert_rowid()))
    }

    fn update_delegate(&self, delegate: &Delegate) -> Made<bool> {
        self.execute(
            "UPDATE delegates SET first_name = ?2, last_name = ?3, email = ?4, language = ?5, permissions = ?6, \
             protocols = ?7, state = ?8, invited_until_secs = ?9, reset_at_secs = ?10, seated_at_secs = ?11, phone = ?12, \
             changed_at_secs = ?13 WHERE id = ?1",
            params![
                delegate.id.0,
                delegate.person.first_name,
                delegate.person.last_name,
                delegate.person.email,
                delegate.language.map(Language::name),
                delegate.permissions.to_string(),
                delegate.protocols.to_string(),
                delegate.state.name(),
                delegate.invited_until_secs,
                delegate.reset_at_secs,
                delegate.seated_at_secs,
                delegate.person.phone.as_ref().map(Phone::as_str),
                delegate.changed_at_secs
            ],
        )
    }

    fn set_password_hash(&self, account: AccountId, hash: Option<&PasswordHash>) -> Made<bool> {
        let hash = hash.map(|hash| hash.0.as_str());
        let (set, id) = match account {
            AccountId::Owner(_) => return Ok(false),
            AccountId::Delegate(id) => ("UPDATE delegates SET password_hash = ?2 WHERE id = ?1", id.0),
            AccountId::Postmaster(id) => ("UPDATE postmasters SET password_hash = ?2 WHERE id = ?1", id.0),
        };
        Ok(self.execute(set, params![id, hash])? && self.renew_password_version(account)?)
    }

    fn renew_password_version(&self, account: AccountId) -> Made<bool> {
        let (renew, id) = match account {
            AccountId::Owner(id) => {
                ("UPDATE mailboxes SET owner_password_version = owner_password_version + 1 WHERE id = ?1", id.0)
            }
            AccountId::Delegate(id) => {
                ("UPDATE delegates SET password_version = password_version + 1 WHERE id = ?1", id.0)
            }
            AccountId::Postmaster(id) => {
                ("UPDATE postmasters SET password_version = password_version + 1 WHERE id = ?1", id.0)
            }
        };
        self.execute(renew, [id])
    }

    fn delete_delegate(&self, id: DelegateId) -> Made<bool> {
        self.execute("DELETE FROM delegates WHERE id = ?1", [id.0])
    }

    fn set_key_check(&self, check: &SealedSecret) -> Made<()> {
        self.execute("INSERT INTO key_check (one, sealed) VALUES (1, ?1)", [check.0.as_slice()]).map(drop)
    }
}
