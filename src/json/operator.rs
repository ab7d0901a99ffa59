//! What is the operator's: plans, postmasters, tokens of the API, and who is not let in.

use serde::Serialize;

use super::{time, time_ms};
use crate::accounts::Closed;
use crate::domain::{ApiToken, Phone, Plan, Postmaster};

/// A plan, as programs see it.
#[derive(Serialize)]
pub struct PlanJson<'a> {
    name: &'a str,
    seats: u32,
    pack_seats: u32,
    most_packs: u32,
    most_seats: u32,
    mailboxes: usize,
}

impl<'a> PlanJson<'a> {
    /// With the number of mailboxes that have it.
    pub fn of(plan: &'a Plan, mailboxes: usize) -> PlanJson<'a> {
        PlanJson {
            name: plan.name.as_str(),
            seats: plan.seats,
            pack_seats: plan.pack_seats,
            most_packs: plan.most_packs,
            most_seats: plan.seats_with(plan.most_packs),
            mailboxes,
        }
    }
}

/// A postmaster, as programs see them.
#[derive(Serialize)]
pub struct PostmasterJson<'a> {
    domain: &'a str,
    email: &'a str,
    name: &'a str,
    phone: Option<&'a str>,
    language: &'static str,
    /// Whether they have set one.
    has_password: bool,
    /// Since when they have two-step verification.
    two_factor_since: Option<String>,
    created_at: String,
}

impl<'a> From<&'a Postmaster> for PostmasterJson<'a> {
    fn from(one: &'a Postmaster) -> Self {
        PostmasterJson {
            domain: one.domain.as_str(),
            email: &one.email,
            name: &one.name,
            phone: one.phone.as_ref().map(Phone::as_str),
            language: one.language.name(),
            has_password: one.has_password,
            two_factor_since: one.two_factor_since_secs.map(time),
            created_at: time(one.created_at_secs),
        }
    }
}

/// Who is not let in, as programs see it.
#[derive(Serialize)]
pub struct ClosedJson<'a> {
    who: &'a str,
    until: String,
    wrong_passwords: u32,
}

impl<'a> From<&'a Closed> for ClosedJson<'a> {
    fn from(one: &'a Closed) -> Self {
        ClosedJson { who: &one.who, until: time_ms(one.until_ms), wrong_passwords: one.count }
    }
}

/// A token of the API, as programs see it.
#[derive(Serialize)]
pub struct ApiTokenJson<'a> {
    name: &'a str,
    /// `full` or `read-only`.
    scope: &'static str,
    created_at: String,
    /// Null is never.
    expires_at: Option<String>,
    expired: bool,
    last_used_at: Option<String>,
    /// Once, when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

impl<'a> ApiTokenJson<'a> {
    /// As it is at that moment.
    pub fn of(token: &'a ApiToken, shown: Option<&'a str>, now_secs: i64) -> ApiTokenJson<'a> {
        ApiTokenJson {
            name: &token.name,
            scope: token.scope.name(),
            created_at: time(token.created_at_secs),
            expires_at: token.expires_at_secs.map(time),
            expired: token.expired(now_secs),
            last_used_at: token.used_at_ms.map(time_ms),
            token: shown,
        }
    }
}
