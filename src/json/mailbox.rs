//! Mailboxes.

use serde::Serialize;

use super::time;
use crate::accounts::MailboxView;
use crate::domain::{FiscalCode, MailboxAddress, Phone};

/// A mailbox, as programs see it.
#[derive(Serialize)]
pub struct MailboxJson<'a> {
    address: &'a str,
    /// Further addresses that it may send from.
    aliases: Vec<&'a str>,
    upstream: &'a str,
    /// The name to log in with there.
    upstream_user: &'a str,
    /// Whether a password of its own is stored; otherwise the upstream's master user opens it.
    has_password: bool,
    /// Since when the mail server refuses it, as far as is known.
    password_refused_at: Option<String>,
    plan: &'a str,
    packs: u32,
    seats: u32,
    seats_taken: u32,
    /// When the newest delegates beyond the seats are suspended.
    grace_until: Option<String>,
    multi_user: bool,
    password_management: bool,
    /// `delegate` or `owner`: who may make app passwords for a delegate.
    app_passwords: &'static str,
    owner_name: &'a str,
    owner_email: &'a str,
    owner_phone: Option<&'a str>,
    owner_language: &'static str,
    owner_fiscal_code: Option<&'a str>,
    /// Since when the owner has two-step verification; then every delegate needs it.
    owner_two_factor_since: Option<String>,
    delegates_active: usize,
    delegates_waiting: usize,
    delegates_suspended: usize,
    created_at: String,
    changed_at: String,
}

impl<'a> From<&'a MailboxView> for MailboxJson<'a> {
    fn from(view: &'a MailboxView) -> Self {
        let mailbox = &view.mailbox;
        MailboxJson {
            address: mailbox.address.as_str(),
            aliases: mailbox.aliases.iter().map(MailboxAddress::as_str).collect(),
            upstream: &mailbox.upstream,
            upstream_user: mailbox.upstream_login(),
            has_password: view.has_password,
            password_refused_at: mailbox.password_refused_at_secs.map(time),
            plan: mailbox.plan.as_str(),
            packs: mailbox.packs,
            seats: view.seats.all(),
            seats_taken: view.seats.taken,
            grace_until: view.seats.grace_until_secs.filter(|_| view.seats.over()).map(time),
            multi_user: mailbox.multi_user,
            password_management: mailbox.password_management,
            app_passwords: if mailbox.own_app_passwords { "delegate" } else { "owner" },
            owner_name: &mailbox.owner.name,
            owner_email: &mailbox.owner.email,
            owner_phone: mailbox.owner.phone.as_ref().map(Phone::as_str),
            owner_language: mailbox.owner.language.name(),
            owner_fiscal_code: mailbox.owner.fiscal_code.as_ref().map(FiscalCode::as_str),
            owner_two_factor_since: mailbox.owner_two_factor_since_secs.map(time),
            delegates_active: view.delegates_active,
            delegates_waiting: view.delegates_waiting,
            delegates_suspended: view.delegates_suspended,
            created_at: time(mailbox.created_at_secs),
            changed_at: time(mailbox.changed_at_secs),
        }
    }
}
