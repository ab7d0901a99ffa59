//! The record of what is sent (O2): a row before the end of a message goes upstream, and what became of it afterwards.
//!
//! Both are durable when they come back. A crash in between leaves a row whose outcome is unknown, never nothing.
//! Whether the sender may still send is looked at in the same transaction as the row is made, so that nothing is sent
//! after a change that forbids it was confirmed (P9, X2).
//!
//! Untrusted are the texts of [`Sending`]: they come from the client, the message and the upstream, and are cut at
//! [`limits::RECORDED_TEXT_BYTES`]. Whoever shows them escapes what a terminal or a page would obey.

use std::net::SocketAddr;

use super::copies::first_attempt_at_ms;
use super::oversight::narrowed;
use super::spool::Spooled;
use super::{AccountRef, Accounts, AccountsError, Actor, Rule, Standing};
use crate::domain::oversight::{Record, Sight};
use crate::domain::{
    CopyState, Door, Login, MailboxAddress, Permission, SendFilter, SendId, SendOutcome, SendRecord, Sending, SentCopy,
    limits,
};
use crate::store::{self, NewSend, Reads};

/// A message that is about to be sent.
#[derive(Clone, Debug)]
pub struct SendingEntry {
    /// Who sends it, as they were let in.
    pub account: AccountRef,
    /// As they had logged in.
    pub login: Login,
    /// Where they come from.
    pub peer: SocketAddr,
    /// Where they came in.
    pub door: Door,
    /// The addresses that the session judged it by: [`Entry::addresses`](super::Entry::addresses).
    pub addresses: Vec<MailboxAddress>,
    /// The message.
    pub sending: Sending,
}

/// What the record was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sends {
    /// Newest first.
    pub rows: Vec<SendRecord>,
    /// Whether there are older ones beyond those asked for.
    pub more: bool,
}

impl Accounts {
    /// Records a message that is about to be sent, with its outcome unknown. `copy` is the message itself, where a copy
    /// is to be made of it. On an error the message must not be sent; [`Rule::MaySendNoMore`] is the sender's, any other
    /// is ours.
    pub fn record_sending(
        &self,
        entry: SendingEntry,
        copy: Option<&Spooled>,
        now_ms: i64,
    ) -> Result<SendId, AccountsError> {
        let SendingEntry { account, login, peer, door, addresses, sending } = entry;
        let delegate = match account {
            AccountRef::Owner(..) => None,
            AccountRef::Delegate(_, delegate, _) => Some(delegate),
        };
        let mailbox = account.mailbox();
        let new = NewSend { at_ms: now_ms, mailbox, login, delegate, peer, kind: door.kind, sending: bounded(sending) };
        store::change(self.store.as_ref(), |writes| {
            if let Some(why) = self.forbidden(writes, account, door, &addresses)? {
                return Err(Rule::MaySendNoMore { login: new.login.clone(), why }.into());
            }
            let send = writes.insert_send(&new)?;
            if let Some(spooled) = copy {
                writes.insert_copy(&SentCopy {
                    send,
                    mailbox,
                    spool: spooled.name().clone(),
                    state: CopyState::Waiting,
                    attempts: 0,
                    next_attempt_at_ms: now_ms,
                    why: None,
                })?;
            }
            Ok(send)
        })
    }

    /// What has changed since the session judged the message, if it forbids to send it.
    fn forbidden<R: Reads + ?Sized>(
        &self,
        reads: &R,
        account: AccountRef,
        door: Door,
        addresses: &[MailboxAddress],
    ) -> Result<Option<String>, AccountsError> {
        match self.standing_now(reads, account, door)? {
            Standing::Out(refusal) => return Ok(Some(refusal.to_string())),
            Standing::In(grant) if !grant.may(Permission::Send) => return Ok(Some("no send permission".to_owned())),
            Standing::In(_) => {}
        }
        let allowed = reads.mailbox_by_id(account.mailbox())?.map_or_else(Vec::new, |mailbox| mailbox.addresses());
        let gone = addresses.iter().find(|address| !allowed.contains(address));
        Ok(gone.map(|address| format!("{address} is no address of the mailbox any more")))
    }

    /// Records what became of a message, once. Accepted, its copy is due in the same moment and the file stays; else
    /// there is no copy, and the file goes.
    pub fn record_outcome(
        &self,
        id: SendId,
        outcome: SendOutcome,
        copy: Option<Spooled>,
        now_ms: i64,
    ) -> Result<(), AccountsError> {
        let outcome = match outcome {
            SendOutcome::Accepted(reply) => SendOutcome::Accepted(cut(reply)),
            SendOutcome::Refused(reply) => SendOutcome::Refused(cut(reply)),
            SendOutcome::Unknown => SendOutcome::Unknown,
        };
        let due = store::change(self.store.as_ref(), |writes| {
            if !writes.set_outcome(id, &outcome, now_ms)? {
                return Err(AccountsError::NoOpenSend(id));
            }
            let Some((bytes, copy)) = writes.send(id)?.and_then(|send| Some((send.sending.bytes, send.copy?))) else {
                return Ok(false);
            };
            match outcome {
                SendOutcome::Accepted(_) => {
                    let next_attempt_at_ms = first_attempt_at_ms(bytes, now_ms);
                    Ok(writes.update_copy(&SentCopy { state: CopyState::Due, next_attempt_at_ms, ..copy })?)
                }
                SendOutcome::Refused(_) | SendOutcome::Unknown => {
                    writes.delete_copy(id)?;
                    Ok(false)
                }
            }
        })?;
        if let Some(spooled) = copy.filter(|_| due) {
            spooled.keep();
        }
        Ok(())
    }

    /// The newest of the record that fit, at most so many. The operator sees those of all mailboxes, and a mailbox that is
    /// neither here nor in the record is unknown to them; others name one.
    pub fn sends(&self, actor: Actor, filter: &SendFilter, most: usize, now_secs: i64) -> Result<Sends, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            if actor != Actor::Operator {
                let none = Sends { rows: Vec::new(), more: false };
                let Some(address) = &filter.mailbox else { return Ok(none) };
                let (mailbox, seen) = self.oversee(reads, actor, address, Record::Sends, now_secs)?;
                let Some(by) = narrowed(seen, filter.by.clone()) else { return Ok(none) };
                // One that had this address before was somebody else's.
                let theirs = SendFilter { mailbox_id: Some(mailbox.id), by, ..filter.clone() };
                let (rows, more) = up_to(reads.sends(&theirs, most.saturating_add(1))?, most);
                return Ok(Sends { rows, more });
            }
            let (rows, more) = up_to(reads.sends(filter, most.saturating_add(1))?, most);
            if let (Some(address), true) = (&filter.mailbox, rows.is_empty()) {
                let ever = SendFilter { mailbox: Some(address.clone()), ..SendFilter::default() };
                if reads.mailbox(address)?.is_none() && reads.sends(&ever, 1)?.is_empty() {
                    return Err(Rule::UnknownMailbox(address.clone()).into());
                }
            }
            Ok(Sends { rows, more })
        })
    }

    /// One send of a mailbox, for somebody who sees its sends; none where it has no such one.
    pub fn send(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        id: SendId,
        now_secs: i64,
    ) -> Result<Option<SendRecord>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let (mailbox, seen) = self.oversee(reads, actor, address, Record::Sends, now_secs)?;
            let found = reads.send(id)?.filter(|send| send.mailbox == mailbox.id);
            Ok(found.filter(|send| seen == Sight::Everybody || send.delegate.is_some()))
        })
    }
}

/// At most so many rows, and whether there were more.
pub(super) fn up_to<T>(mut rows: Vec<T>, most: usize) -> (Vec<T>, bool) {
    let more = rows.len() > most;
    rows.truncate(most);
    (rows, more)
}

fn bounded(sending: Sending) -> Sending {
    Sending {
        reverse_path: cut(sending.reverse_path),
        forward_paths: sending.forward_paths.into_iter().map(cut).collect(),
        // Nothing is put in its place: what is left is still found by a search, which looks for parts.
        message_id: sending.message_id.map(|text| head(&text, limits::RECORDED_TEXT_BYTES).to_owned()),
        subject: sending.subject.map(cut),
        bytes: sending.bytes,
    }
}

/// The text as far as it is recorded, with a sign where it goes on.
pub(super) fn cut(text: String) -> String {
    const MORE: &str = "…";
    if text.len() <= limits::RECORDED_TEXT_BYTES {
        return text;
    }
    head(&text, limits::RECORDED_TEXT_BYTES - MORE.len()).to_owned() + MORE
}

fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
