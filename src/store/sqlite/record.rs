//! The rows of [`RecordReads`] and [`RecordWrites`] as SQL.

use rusqlite::{Row, params, params_from_iter};

use super::queries::{Conditions, Made, Work, column, parsed, unsigned};
use crate::domain::{
    CopyState, DelegateId, ListenerKind, Login, MailboxAddress, MailboxId, OutcomeKind, SendFilter, SendId,
    SendOutcome, SendRecord, Sending, SentCopy, Username,
};
use crate::store::StoreError;
use crate::store::record::{NewSend, RecordReads, RecordWrites};

const SEND: &str = "SELECT id, at_ms, sends.mailbox_id, mailbox, username, delegate_id, peer, kind, reverse_path, \
                    message_id, subject, bytes, outcome, reply, outcome_at_ms, send_id, copies.mailbox_id AS \
                    copy_mailbox_id, spool, state, attempts, next_attempt_at_ms, why \
                    FROM sends LEFT JOIN copies ON send_id = id";
const COPY: &str = "SELECT send_id, mailbox_id AS copy_mailbox_id, spool, state, attempts, next_attempt_at_ms, why \
                    FROM copies";

/// All of a row but the recipients, which have rows of their own.
fn send(row: &Row<'_>) -> Made<SendRecord> {
    let mailbox: MailboxAddress = parsed(row, "mailbox", |text| text.parse().ok())?;
    let username: Option<String> = column(row, "username")?;
    let login = match username {
        None => Login::Owner(mailbox),
        Some(_) => Login::Delegate(parsed(row, "username", |text| text.parse::<Username>().ok())?, mailbox),
    };
    let delegate: Option<i64> = column(row, "delegate_id")?;
    let id = SendId(column(row, "id")?);
    if delegate.is_some() != matches!(login, Login::Delegate(..)) {
        return Err(StoreError::Corrupt(format!("half a delegate in send {}", id.0)));
    }
    let reply: Option<String> = column(row, "reply")?;
    let outcome = match (parsed(row, "outcome", OutcomeKind::from_name)?, reply) {
        (OutcomeKind::Accepted, Some(reply)) => SendOutcome::Accepted(reply),
        (OutcomeKind::Refused, Some(reply)) => SendOutcome::Refused(reply),
        (OutcomeKind::Unknown, None) => SendOutcome::Unknown,
        _ => return Err(StoreError::Corrupt(format!("an outcome and a reply of send {} that do not fit", id.0))),
    };
    let copied: Option<i64> = column(row, "send_id")?;
    Ok(SendRecord {
        id,
        at_ms: column(row, "at_ms")?,
        mailbox: MailboxId(column(row, "mailbox_id")?),
        login,
        delegate: delegate.map(DelegateId),
        peer: parsed(row, "peer", |text| text.parse().ok())?,
        kind: parsed(row, "kind", kind_from_name)?,
        sending: Sending {
            reverse_path: column(row, "reverse_path")?,
            forward_paths: Vec::new(),
            message_id: column(row, "message_id")?,
            subject: column(row, "subject")?,
            bytes: unsigned(row, "bytes")?,
        },
        outcome,
        outcome_at_ms: column(row, "outcome_at_ms")?,
        copy: copied.map(|_| copy(row)).transpose()?,
    })
}

fn copy(row: &Row<'_>) -> Made<SentCopy> {
    Ok(SentCopy {
        send: SendId(column(row, "send_id")?),
        mailbox: MailboxId(column(row, "copy_mailbox_id")?),
        spool: parsed(row, "spool", |text| text.parse().ok())?,
        state: parsed(row, "state", CopyState::from_name)?,
        attempts: unsigned(row, "attempts")?,
        next_attempt_at_ms: column(row, "next_attempt_at_ms")?,
        why: column(row, "why")?,
    })
}

pub(super) fn kind_from_name(name: &str) -> Option<ListenerKind> {
    [ListenerKind::Client, ListenerKind::Webmail].into_iter().find(|kind| kind.to_string() == name)
}

fn conditions(filter: &SendFilter) -> Conditions {
    let mut all = Conditions::default();
    all.of(filter.mailbox.as_ref(), ("sends.mailbox_id", filter.mailbox_id), filter.by.as_ref());
    all.and("id IN (SELECT send_id FROM send_recipients WHERE address = ?)", filter.to.clone());
    all.and("at_ms >= ?", filter.since_ms);
    all.and("at_ms <= ?", filter.until_ms);
    all.and("outcome = ?", filter.outcome.map(|outcome| outcome.name().to_owned()));
    all.and("has_within(subject, ?)", filter.subject.as_ref().map(|part| part.to_lowercase()));
    all.after("at_ms", filter.after);
    all
}

impl Work<'_> {
    fn with_recipients(&self, mut send: SendRecord) -> Made<SendRecord> {
        let ask = "SELECT position, address FROM send_recipients WHERE send_id = ?1 ORDER BY position";
        let rows = self.rows(ask, [send.id.0], |row| Ok((unsigned(row, "position")?, column(row, "address")?)))?;
        for (place, (position, address)) in rows.into_iter().enumerate() {
            let position: usize = position;
            if position != place {
                return Err(StoreError::Corrupt(format!("recipients of send {}, one of which is missing", send.id.0)));
            }
            send.sending.forward_paths.push(address);
        }
        Ok(send)
    }
}

impl RecordReads for Work<'_> {
    fn send(&self, id: SendId) -> Made<Option<SendRecord>> {
        let found = self.row(&format!("{SEND} WHERE id = ?1"), [id.0], send)?;
        found.map(|send| self.with_recipients(send)).transpose()
    }

    fn sends(&self, filter: &SendFilter, most: usize) -> Made<Vec<SendRecord>> {
        let (conditions, values) = conditions(filter).limited(most);
        let sql = format!("{SEND}{conditions} ORDER BY at_ms DESC, id DESC LIMIT ?");
        let found = self.rows(&sql, params_from_iter(values), send)?;
        found.into_iter().map(|send| self.with_recipients(send)).collect()
    }

    fn next_copy(&self, now_ms: i64, except: &[MailboxId]) -> Made<Option<SentCopy>> {
        // Numbers, so that nothing has to be quoted
        let except = except.iter().map(|mailbox| mailbox.0.to_string()).collect::<Vec<_>>().join(", ");
        let which = format!(
            "WHERE state = 'due' AND next_attempt_at_ms <= ?1 AND mailbox_id NOT IN ({except}) \
             ORDER BY next_attempt_at_ms, send_id LIMIT 1"
        );
        self.row(&format!("{COPY} {which}"), [now_ms], copy)
    }

    fn copies(&self, state: CopyState) -> Made<Vec<SentCopy>> {
        self.rows(&format!("{COPY} WHERE state = ?1 ORDER BY send_id"), [state.name()], copy)
    }
}

impl RecordWrites for Work<'_> {
    fn insert_send(&self, new: &NewSend) -> Made<SendId> {
        let (username, sending) = (username(&new.login), &new.sending);
        self.execute(
            "INSERT INTO sends (at_ms, mailbox_id, mailbox, username, delegate_id, peer, kind, reverse_path, \
             message_id, subject, bytes, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                new.at_ms,
                new.mailbox.0,
                new.login.mailbox().as_str(),
                username,
                new.delegate.map(|delegate| delegate.0),
                new.peer.to_string(),
                new.kind.to_string(),
                sending.reverse_path,
                sending.message_id,
                sending.subject,
                i64::try_from(sending.bytes).unwrap_or(i64::MAX),
                OutcomeKind::Unknown.name()
            ],
        )?;
        let id = self.0.last_insert_rowid();
        for (position, address) in (0_i64..).zip(&sending.forward_paths) {
            let insert = "INSERT INTO send_recipients (send_id, position, address) VALUES (?1, ?2, ?3)";
            self.execute(insert, params![id, position, address])?;
        }
        Ok(SendId(id))
    }

    fn set_outcome(&self, id: SendId, outcome: &SendOutcome, at_ms: i64) -> Made<bool> {
        self.execute(
            "UPDATE sends SET outcome = ?2, reply = ?3, outcome_at_ms = ?4 WHERE id = ?1 AND outcome_at_ms IS NULL",
            params![id.0, outcome.kind().name(), outcome.reply(), at_ms],
        )
    }

    fn insert_copy(&self, copy: &SentCopy) -> Made<()> {
        let insert = "INSERT INTO copies (send_id, mailbox_id, spool, state, attempts, next_attempt_at_ms, why) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let SentCopy { send, mailbox, spool, state, attempts, next_attempt_at_ms, why } = copy;
        let row = params![send.0, mailbox.0, spool.as_str(), state.name(), attempts, next_attempt_at_ms, why];
        self.execute(insert, row).map(drop)
    }

    fn update_copy(&self, copy: &SentCopy) -> Made<bool> {
        self.execute(
            "UPDATE copies SET state = ?2, attempts = ?3, next_attempt_at_ms = ?4, why = ?5 WHERE send_id = ?1",
            params![copy.send.0, copy.state.name(), copy.attempts, copy.next_attempt_at_ms, copy.why],
        )
    }

    fn delete_copy(&self, id: SendId) -> Made<bool> {
        self.execute("DELETE FROM copies WHERE send_id = ?1", [id.0])
    }
}

pub(super) fn username(login: &Login) -> Option<&str> {
    match login {
        Login::Owner(_) => None,
        Login::Delegate(username, _) => Some(username.as_str()),
    }
}
