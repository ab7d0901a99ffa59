//! The rows of [`AccessReads`] and [`AccessWrites`] as SQL.

use rusqlite::{Row, params, params_from_iter};

use super::queries::{Conditions, Made, Work, column, parsed, parsed_or_none, unsigned};
use super::record::{kind_from_name, username};
use crate::domain::{
    Access, AccessFilter, AccessId, AccessRecord, AccountId, DelegateId, Door, Login, MailboxAddress, MailboxId,
    PostmasterId, Protocol, Username, Visitor, Way,
};
use crate::store::StoreError;
use crate::store::access::{AccessReads, AccessWrites, Times};

const ACCESS: &str = "SELECT id, first_at_ms, last_at_ms, count, mailbox_id, mailbox, username, delegate_id, postmaster_id, \
                      domain, email, address, protocol, kind, program, refusal FROM accesses";

fn access(row: &Row<'_>) -> Made<AccessRecord> {
    let id = AccessId(column(row, "id")?);
    Ok(AccessRecord {
        id,
        first_at_ms: column(row, "first_at_ms")?,
        last_at_ms: column(row, "last_at_ms")?,
        count: unsigned(row, "count")?,
        access: Access {
            visitor: visitor(row, id)?,
            address: parsed(row, "address", |text| text.parse().ok())?,
            way: way(row, id)?,
            program: column(row, "program")?,
            refusal: column(row, "refusal")?,
        },
    })
}

fn visitor(row: &Row<'_>, id: AccessId) -> Made<Visitor> {
    let half = |what: &str| StoreError::Corrupt(format!("half a {what} in access {}", id.0));
    let postmaster: Option<i64> = column(row, "postmaster_id")?;
    if let Some(postmaster) = postmaster {
        let domain = parsed(row, "domain", |text| text.parse().ok())?;
        return Ok(Visitor::Postmaster { id: PostmasterId(postmaster), domain, email: column(row, "email")? });
    }
    let mailbox: Option<i64> = column(row, "mailbox_id")?;
    let address: MailboxAddress = parsed(row, "mailbox", |text| text.parse().ok())?;
    let login = match parsed_or_none(row, "username", |text| text.parse::<Username>().ok())? {
        None => Login::Owner(address),
        Some(username) => Login::Delegate(username, address),
    };
    let delegate: Option<i64> = column(row, "delegate_id")?;
    if delegate.is_some() != matches!(login, Login::Delegate(..)) {
        return Err(half("delegate"));
    }
    let mailbox = MailboxId(mailbox.ok_or_else(|| half("mailbox"))?);
    Ok(Visitor::Mailbox { mailbox, login, delegate: delegate.map(DelegateId) })
}

const PANEL: &str = "panel";

fn way(row: &Row<'_>, id: AccessId) -> Made<Way> {
    let protocol: String = column(row, "protocol")?;
    let kind = parsed_or_none(row, "kind", kind_from_name)?;
    match (protocol_from_name(&protocol), kind) {
        (Some(protocol), Some(kind)) => Ok(Way::Mail(Door { protocol, kind })),
        (None, None) if protocol == PANEL => Ok(Way::Panel),
        _ => Err(StoreError::Corrupt(format!("the protocol `{}` of access {}", protocol.escape_debug(), id.0))),
    }
}

fn protocol_from_name(name: &str) -> Option<Protocol> {
    Protocol::ALL.into_iter().find(|protocol| protocol.to_string() == name)
}

fn conditions(filter: &AccessFilter) -> Conditions {
    let mut all = Conditions::default();
    all.of(filter.mailbox.as_ref(), ("mailbox_id", filter.mailbox_id), filter.by.as_ref());
    match filter.account {
        None => {}
        Some(AccountId::Owner(id)) => {
            all.and("mailbox_id = ?", Some(id.0));
            all.holds("delegate_id IS NULL");
        }
        Some(AccountId::Delegate(id)) => all.and("delegate_id = ?", Some(id.0)),
        Some(AccountId::Postmaster(id)) => all.and("postmaster_id = ?", Some(id.0)),
    }
    all.and("address = ?", filter.address.map(|address| address.to_string()));
    all.and("last_at_ms >= ?", filter.since_ms);
    all.and("first_at_ms <= ?", filter.until_ms);
    all.after("last_at_ms", filter.after);
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

    fn last_admitted(&self, mailbox: MailboxId, delegates: &[DelegateId]) -> Made<Vec<(DelegateId, i64)>> {
        // One statement for all of them, and for each the index is walked from its latest access to the first that fits.
        let sql = "SELECT value AS delegate, (SELECT last_at_ms FROM accesses WHERE mailbox_id = ?1 AND \
                   delegate_id = value AND refusal IS NULL ORDER BY last_at_ms DESC LIMIT 1) AS at_ms FROM json_each(?2)";
        let ids: Vec<String> = delegates.iter().map(|delegate| delegate.0.to_string()).collect();
        let found = self.rows(sql, params![mailbox.0, format!("[{}]", ids.join(","))], |row| {
            let at_ms: Option<i64> = column(row, "at_ms")?;
            at_ms.map(|at_ms| Ok((DelegateId(column(row, "delegate")?), at_ms))).transpose()
        })?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl AccessWrites for Work<'_> {
    fn note_access(&self, access: &Access, times: Times, since_ms: i64) -> Made<()> {
        let Times { first_at_ms, last_at_ms, count } = times;
        let (mut mailbox_id, mut mailbox, mut name, mut delegate_id) = (None, None, None, None);
        let (mut postmaster_id, mut domain, mut email) = (None, None, None);
        match &access.visitor {
            Visitor::Mailbox { mailbox: id, login, delegate } => {
                (mailbox_id, mailbox) = (Some(id.0), Some(login.mailbox().as_str()));
                (name, delegate_id) = (username(login), delegate.map(|delegate| delegate.0));
            }
            Visitor::Postmaster { id, domain: administered, email: own } => {
                (postmaster_id, domain, email) = (Some(id.0), Some(administered.as_str()), Some(own));
            }
        }
        let (protocol, kind) = match access.way {
            Way::Mail(door) => (door.protocol.to_string(), Some(door.kind.to_string())),
            Way::Panel => (PANEL.to_owned(), None),
        };
        let address = access.address.to_string();
        // `IS` and not `=`, since what is absent is alike, too.
        let again = self.execute(
            "UPDATE accesses SET count = count + ?12, last_at_ms = max(last_at_ms, ?1) WHERE id = (SELECT id FROM accesses \
             WHERE mailbox_id IS ?2 AND delegate_id IS ?3 AND postmaster_id IS ?4 AND last_at_ms >= ?5 AND username IS ?6 \
             AND address = ?7 AND protocol = ?8 AND kind IS ?9 AND program IS ?10 AND refusal IS ?11 \
             ORDER BY last_at_ms DESC LIMIT 1)",
            params![
                last_at_ms,
                mailbox_id,
                delegate_id,
                postmaster_id,
                since_ms,
                name,
                address,
                protocol,
                kind,
                access.program,
                access.refusal,
                count
            ],
        )?;
        if again {
            return Ok(());
        }
        self.execute(
            "INSERT INTO accesses (first_at_ms, last_at_ms, count, mailbox_id, mailbox, username, delegate_id, \
             postmaster_id, domain, email, address, protocol, kind, program, refusal) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                first_at_ms,
                last_at_ms,
                count,
                mailbox_id,
                mailbox,
                name,
                delegate_id,
                postmaster_id,
                domain,
                email,
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
