//! The rows of [`LifeReads`] and [`LifeWrites`] as SQL.

use rusqlite::{Row, params};

use super::queries::{
    DELEGATE, MAILBOX, Made, Work, column, delegate, flag, mailbox, parsed, parsed_or_none, unsigned,
};
use crate::domain::{
    AccountId, Delegate, Language, LinkHash, LinkPurpose, MailDomain, Mailbox, PasswordVersion, Phone, Plan, PlanName,
    Postmaster, PostmasterId,
};
use crate::store::life::{DomainMailbox, LifeReads, LifeWrites, Link, NewPostmaster};

const LINK: &str = "SELECT purpose, account, email, until_secs FROM links";
const PLAN: &str = "SELECT name, seats, pack_seats, most_packs FROM plans";
const POSTMASTER: &str = "SELECT id, domain, email, name, language, phone, password_version, \
                          password_hash IS NOT NULL AS has_password, \
                          (SELECT since_secs FROM second_factors WHERE account = 'postmaster:' || postmasters.id) \
                          AS two_factor_since_secs, created_at_secs FROM postmasters";

/// Of `?1` the domain, `?2` the text, in lower case.
const OF_DOMAIN: &str = "FROM mailboxes WHERE substr(address, instr(address, '@') + 1) = ?1 \
                         AND (instr(address, ?2) > 0 OR instr(lower(owner_name), ?2) > 0)";

fn link(row: &Row<'_>) -> Made<Link> {
    Ok(Link {
        purpose: parsed(row, "purpose", LinkPurpose::from_name)?,
        account: parsed(row, "account", |text| text.parse().ok())?,
        email: column(row, "email")?,
        until_secs: column(row, "until_secs")?,
    })
}

fn plan(row: &Row<'_>) -> Made<Plan> {
    Ok(Plan {
        name: parsed(row, "name", |text| text.parse().ok())?,
        seats: unsigned(row, "seats")?,
        pack_seats: unsigned(row, "pack_seats")?,
        most_packs: unsigned(row, "most_packs")?,
    })
}

fn postmaster(row: &Row<'_>) -> Made<Postmaster> {
    Ok(Postmaster {
        id: PostmasterId(column(row, "id")?),
        domain: parsed(row, "domain", |text| text.parse().ok())?,
        email: column(row, "email")?,
        name: column(row, "name")?,
        language: parsed(row, "language", Language::from_name)?,
        phone: parsed_or_none(row, "phone", |text| text.parse().ok())?,
        password: PasswordVersion(column(row, "password_version")?),
        has_password: column(row, "has_password")?,
        two_factor_since_secs: column(row, "two_factor_since_secs")?,
        created_at_secs: column(row, "created_at_secs")?,
    })
}

fn domain_mailbox(row: &Row<'_>) -> Made<DomainMailbox> {
    Ok(DomainMailbox {
        address: parsed(row, "address", |text| text.parse().ok())?,
        owner_name: column(row, "owner_name")?,
        plan: parsed(row, "plan", |text| text.parse().ok())?,
        packs: unsigned(row, "packs")?,
        multi_user: flag(row, "multi_user")?,
        active: unsigned(row, "active")?,
        waiting: unsigned(row, "waiting")?,
        suspended: unsigned(row, "suspended")?,
    })
}

impl LifeReads for Work<'_> {
    fn link(&self, hash: &LinkHash) -> Made<Option<Link>> {
        self.row(&format!("{LINK} WHERE hash = ?1"), [hash.0.as_slice()], link)
    }

    fn links(&self, account: AccountId, purpose: LinkPurpose) -> Made<Vec<Link>> {
        let sql = format!("{LINK} WHERE account = ?1 AND purpose = ?2 ORDER BY until_secs");
        self.rows(&sql, params![account.to_string(), purpose.name()], link)
    }

    fn link_requests(&self, account: AccountId, purpose: LinkPurpose) -> Made<Vec<i64>> {
        let ask = "SELECT at_secs FROM link_requests WHERE account = ?1 AND purpose = ?2 ORDER BY at_secs";
        self.rows(ask, params![account.to_string(), purpose.name()], |row| column(row, "at_secs"))
    }

    fn lapsed_invitations(&self, now_secs: i64) -> Made<Vec<Delegate>> {
        let sql = format!("{DELEGATE} WHERE state = 'pending' AND invited_until_secs <= ?1 ORDER BY id");
        self.rows(&sql, [now_secs], delegate)
    }

    fn mailboxes_past_grace(&self, now_secs: i64) -> Made<Vec<Mailbox>> {
        let found = self.rows(&format!("{MAILBOX} WHERE grace_until_secs <= ?1 ORDER BY id"), [now_secs], mailbox)?;
        found.into_iter().map(|mailbox| self.with_aliases(mailbox)).collect()
    }

    fn plan(&self, name: &PlanName) -> Made<Option<Plan>> {
        self.row(&format!("{PLAN} WHERE name = ?1"), [name.as_str()], plan)
    }

    fn plans(&self) -> Made<Vec<Plan>> {
        self.rows(&format!("{PLAN} ORDER BY name"), [], plan)
    }

    fn mailboxes_of(
        &self,
        domain: &MailDomain,
        text: &str,
        now_secs: i64,
        skipped: usize,
        most: usize,
    ) -> Made<Vec<DomainMailbox>> {
        let count =
            |which: &str| format!("(SELECT count(*) FROM delegates WHERE mailbox_id = mailboxes.id AND {which})");
        let sql = format!(
            "SELECT address, owner_name, plan, packs, multi_user, {} AS active, {} AS waiting, {} AS suspended {OF_DOMAIN} \
             ORDER BY address LIMIT ?5 OFFSET ?4",
            count("state = 'active'"),
            count("state = 'pending' AND invited_until_secs > ?3"),
            count("state = 'suspended'"),
        );
        let [skipped, most] = [skipped, most].map(|rows| i64::try_from(rows).unwrap_or(i64::MAX));
        let text = text.to_ascii_lowercase();
        self.rows(&sql, params![domain.as_str(), text, now_secs, skipped, most], domain_mailbox)
    }

    fn count_mailboxes_of(&self, domain: &MailDomain, text: &str) -> Made<usize> {
        let sql = format!("SELECT count(*) AS mailboxes {OF_DOMAIN}");
        let count =
            self.row(&sql, params![domain.as_str(), text.to_ascii_lowercase()], |row| unsigned(row, "mailboxes"))?;
        Ok(count.unwrap_or_default())
    }

    fn postmaster(&self, id: PostmasterId) -> Made<Option<Postmaster>> {
        self.row(&format!("{POSTMASTER} WHERE id = ?1"), [id.0], postmaster)
    }

    fn postmasters(&self) -> Made<Vec<Postmaster>> {
        self.rows(&format!("{POSTMASTER} ORDER BY domain, email"), [], postmaster)
    }
}

impl LifeWrites for Work<'_> {
    fn insert_link(&self, hash: &LinkHash, link: &Link) -> Made<()> {
        let insert = "INSERT INTO links (hash, purpose, account, email, until_secs) VALUES (?1, ?2, ?3, ?4, ?5)";
        let Link { purpose, account, email, until_secs } = link;
        let row = params![hash.0.as_slice(), purpose.name(), account.to_string(), email, until_secs];
        self.execute(insert, row).map(drop)
    }

    fn delete_links(&self, account: AccountId, purpose: LinkPurpose) -> Made<bool> {
        let delete = "DELETE FROM links WHERE account = ?1 AND purpose = ?2";
        self.execute(delete, params![account.to_string(), purpose.name()])
    }

    fn delete_links_until(&self, account: AccountId, purpose: LinkPurpose, secs: i64) -> Made<bool> {
        let delete = "DELETE FROM links WHERE account = ?1 AND purpose = ?2 AND until_secs <= ?3";
        self.execute(delete, params![account.to_string(), purpose.name(), secs])
    }

    fn set_link_requests(&self, account: AccountId, purpose: LinkPurpose, at_secs: &[i64]) -> Made<()> {
        let (account, purpose) = (account.to_string(), purpose.name());
        let delete = "DELETE FROM link_requests WHERE account = ?1 AND purpose = ?2";
        self.execute(delete, params![account, purpose])?;
        for at_secs in at_secs {
            let insert = "INSERT INTO link_requests (account, purpose, at_secs) VALUES (?1, ?2, ?3)";
            self.execute(insert, params![account, purpose, at_secs])?;
        }
        Ok(())
    }

    fn put_plan(&self, plan: &Plan) -> Made<()> {
        let put = "INSERT OR REPLACE INTO plans (name, seats, pack_seats, most_packs) VALUES (?1, ?2, ?3, ?4)";
        let row = params![plan.name.as_str(), plan.seats, plan.pack_seats, plan.most_packs];
        self.execute(put, row).map(drop)
    }

    fn delete_plan(&self, name: &PlanName) -> Made<bool> {
        self.execute("DELETE FROM plans WHERE name = ?1", [name.as_str()])
    }

    fn insert_postmaster(&self, new: &NewPostmaster) -> Made<PostmasterId> {
        let NewPostmaster { domain, email, name, phone, language, created_at_secs } = new;
        let phone = phone.as_ref().map(Phone::as_str);
        self.execute(
            "INSERT INTO postmasters (domain, email, name, phone, language, created_at_secs) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![domain.as_str(), email, name, phone, language.name(), created_at_secs],
        )?;
        Ok(PostmasterId(self.0.last_insert_rowid()))
    }

    fn update_postmaster(&self, postmaster: &Postmaster) -> Made<bool> {
        let Postmaster { id, email, name, language, phone, .. } = postmaster;
        let update = "UPDATE postmasters SET email = ?2, name = ?3, language = ?4, phone = ?5 WHERE id = ?1";
        self.execute(update, params![id.0, email, name, language.name(), phone.as_ref().map(Phone::as_str)])
    }

    fn delete_postmaster(&self, id: PostmasterId) -> Made<bool> {
        self.execute("DELETE FROM postmasters WHERE id = ?1", [id.0])
    }
}
