//! The rows of [`AccessReads`] and [`AccessWrites`] as SQL.

use rusqlite::{Row, params, params_from_iter};

use super::queries::{Conditions, Made, Work, column, parsed, unsigned};
use super::record::{kind_from_name, username};
use crate::domain::{
    Access, AccessFilter, AccessId, AccessRecord, DelegateId, Login, MailboxAddress, MailboxId, Protocol, Username,
};
use crate::store::StoreError;
use crate::store::access::{AccessReads, AccessWrites};

const ACCESS: &str = "SELECT id, first_at_ms, last_at_ms, count, mailbox_id, mailbox, username, delegate_id, address, \
                      protocol, kind, program, refusal FROM accesses";

fn access(row: &Row<'_>) -> Made<AccessRecord> {
    let id = AccessId(column(row, "id")?);
    let mailbox: MailboxAddress = parsed(row, "mailbox", |text| text.parse().ok())?;
    let name: Option<String> = column(row, "username")?;
    let login = match name {
        None => Login::Owner(mailbox),
        Some(_) => Login::Delegate(parsed(row, "username", |text| text.parse::<Username>().ok())?, mailbox),
    };
    let delegate: Option<i64> = column(row, "delegate_id")?;
    if delegate.is_some() != matches!(login, Login::Delegate(..)) {
        return Err(StoreError::Corrupt(format!("half a delegate in access {}", id.0)));
    }
    Ok(AccessRecord {
        id,
        first_at_ms: column(row, "first_at_ms")?,
        last_at_ms: column(row, "last_at_ms")?,
        count: unsigned(row, "count")?,
        access: Access {
            mailbox: MailboxId(column(row, "mailbox_id")?),
            login,
            delegate: delegate.map(DelegateId),
            address: parsed(row, "address", |text| text.parse().ok())?,
            protocol: parsed(row, "protocol", protocol_from_name)?,
            kind: parsed(row, "kind", kind_from_name)?,
            program: column(row, "program")?,
            refusal: column(row, "refusal")?,
        },
    })
}

fn protocol_from_name(name: &str) -> Option<Protocol> {
    Protocol::ALL.into_iter().find(|protocol| protocol.to_string() == name)
}

fn conditions(filter: &AccessFilter) -> Conditions {
    let mut all = Conditions::default();
    all.of(filter.mailbox.as_ref(), filter.by.as_ref());
    all.and("address = ?", filter.address.map(|address| address.to_string()));
    all.and("last_at_ms >= ?", filter.since_ms);
    all.and("first_at_ms <= ?", filter.until_ms);
    all.after("last_at_ms", filter.after.map(|(last_at_ms, id)| (last_at_ms, id.0)));
    match filter.admitted {
        None => {}
        Some(true) => all.holds("refusal IS NULL"),
        Some(false) => all.holds("refusal IS NOT NULL"),
    }
    all
}

impl AccessReads for Work<'_> {
    fn accesses(&self, filter: &AccessFilter, most: usize) -> Made<Vec<AccessRecord>> {
        let (conditions, values) = conditions(filter).limited(most);
        let sql = format!("{ACCESS}{conditions} ORDER BY last_at_ms DESC, id DESC LIMIT ?");
        self.rows(&sql, params_from_iter(values), access)
    }
}

impl AccessWrites for Work<'_> {
    fn note_access(&self, access: &Access, at_ms: i64, since_ms: i64) -> Made<()> {
        let (mailbox, name) = (access.login.mailbox().as_str(), username(&access.login));
        let delegate = access.delegate.map(|delegate| delegate.0);
        let (address, protocol, kind) =
            (access.address.to_string(), access.protocol.to_string(), access.kind.to_string());
        // `IS` and not `=`, since what is absent is alike, too.
        let again = self.execute(
            "UPDATE accesses SET count = count + 1, last_at_ms = max(last_at_ms, ?1) WHERE id = (SELECT id FROM accesses \
             WHERE mailbox_id = ?2 AND delegate_id IS ?3 AND last_at_ms >= ?4 AND username IS ?5 AND address = ?6 AND \
             protocol = ?7 AND kind = ?8 AND program IS ?9 AND refusal IS ?10 ORDER BY last_at_ms DESC LIMIT 1)",
            params![
                at_ms,
                access.mailbox.0,
                delegate,
                since_ms,
                name,
                address,
                protocol,
                kind,
                access.program,
                access.refusal
            ],
        )?;
        if again {
            return Ok(());
        }
        self.execute(
            "INSERT INTO accesses (first_at_ms, last_at_ms, count, mailbox_id, mailbox, username, delegate_id, address, \
             protocol, kind, program, refusal) VALUES (?1, ?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                at_ms,
                access.mailbox.0,
                mailbox,
                name,
                delegate,
                address,
                protocol,
                kind,
                access.program,
                access.refusal
            ],
        )
        .map(drop)
    }

    fn delete_accesses_before(&self, ms: i64) -> Made<usize> {
        self.execute_many("DELETE FROM accesses WHERE last_at_ms < ?1", [ms])
    }
}
