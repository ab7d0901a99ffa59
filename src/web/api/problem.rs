//! What went wrong, as problem details (RFC 9457), in English. Each rule has its type here; a new one does not compile until
//! it has. What is the operator's or delega's fault is told without its cause, which is in the log.

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::kind::{self, Kind, KindJson};
use crate::accounts::{AccountsError, Rule};

/// The most faults that one answer names.
const FAULTS: usize = 20;

/// Why something was not done.
#[derive(Debug)]
pub(super) struct Problem {
    kind: Kind,
    detail: String,
    faults: Vec<Fault>,
}

/// What is wrong with one member of a body or one parameter.
#[derive(Debug, Serialize)]
pub(super) struct Fault {
    detail: String,
    #[serde(flatten)]
    place: Place,
}

/// Which.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// In the body, as a JSON pointer (RFC 6901).
    Pointer(String),
    /// In the query.
    Parameter(String),
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    #[serde(flatten)]
    kind: KindJson,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
}

impl Fault {
    pub(super) fn new(place: Place, detail: impl Into<String>) -> Fault {
        Fault { detail: detail.into(), place }
    }

    pub(super) fn of_member(name: &str, detail: impl Into<String>) -> Fault {
        Fault::new(Place::pointer(name), detail)
    }
}

impl Place {
    pub(super) fn parameter(name: &str) -> Place {
        Place::Parameter(name.to_owned())
    }

    pub(super) fn pointer(name: &str) -> Place {
        Place::Pointer(format!("#/{}", name.replace('~', "~0").replace('/', "~1")))
    }
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem { kind, detail: detail.into(), faults: Vec::new() }
    }

    /// What is wrong with what was sent, member by member.
    pub(super) fn faults(mut faults: Vec<Fault>) -> Problem {
        faults.truncate(FAULTS);
        Problem { faults, ..Problem::new(kind::INVALID, "see `errors` for what is wrong, and where") }
    }

    pub(super) fn not_found() -> Problem {
        Problem::new(kind::NOT_FOUND, "there is nothing at this address")
    }

    pub(super) fn internal() -> Problem {
        Problem::new(kind::INTERNAL, "it could not be done; the cause is in delega's log")
    }

    /// Where what is missing was named in the body, and not in the address.
    pub(super) fn of_body(self) -> Problem {
        if self.kind == kind::UNKNOWN_PLAN {
            return Problem::faults(vec![Fault::of_member("plan", self.detail)]);
        }
        self
    }

    pub(super) fn of(error: AccountsError) -> Problem {
        let kind = match &error {
            AccountsError::Refused(rule) => return Problem::of_rule(rule),
            AccountsError::NoUpstreamPassword(_) => return Problem::new(kind::NO_UPSTREAM_PASSWORD, error.to_string()),
            AccountsError::UpstreamGone { .. } | AccountsError::Vault(_) | AccountsError::Spool(_) => {
                kind::MISCONFIGURED
            }
            AccountsError::Store(_) if error.out_of_room() => kind::STORE_FULL,
            AccountsError::Store(_) | AccountsError::NoOpenSend(_) | AccountsError::Hash(_) => kind::INTERNAL,
        };
        tracing::error!(%error, "a request to the API could not be carried out");
        Problem { kind, ..Problem::internal() }
    }

    fn of_rule(rule: &Rule) -> Problem {
        let invalid = |member: &str| Problem::faults(vec![Fault::of_member(member, rule.to_string())]);
        let kind = match rule {
            Rule::BadText { field, .. } => return invalid(member_of(field)),
            Rule::PasswordEmpty
            | Rule::PasswordTooShort
            | Rule::PasswordTooLong
            | Rule::PasswordControl
            | Rule::PasswordWeak
            | Rule::PasswordNeeded(_) => return invalid("password"),
            Rule::UnknownUpstream { .. } => return invalid("upstream"),
            Rule::NoProtocol => return invalid("protocols"),
            Rule::TooManySeats => return invalid("seats"),
            Rule::GraceIsPast => return invalid("grace_until"),
            Rule::AppPasswordTooLong | Rule::ApiTokenTooLong => return invalid("days"),
            Rule::NoRight { .. } | Rule::GivesMoreThanOwn { .. } | Rule::AppPasswordsByOwner(_) => kind::NO_RIGHT,
            Rule::UnknownMailbox(_) => kind::UNKNOWN_MAILBOX,
            Rule::UnknownDelegate(_) => kind::UNKNOWN_DELEGATE,
            Rule::UnknownPlan { .. } => kind::UNKNOWN_PLAN,
            Rule::UnknownPostmaster { .. } => kind::UNKNOWN_POSTMASTER,
            Rule::UnknownAppPassword { .. } => kind::UNKNOWN_APP_PASSWORD,
            Rule::UnknownApiToken(_) => kind::UNKNOWN_API_TOKEN,
            Rule::UnknownMail(_) => kind::UNKNOWN_MAIL,
            Rule::NotClosed(_) => kind::NOT_CLOSED,
            Rule::MailboxExists(_) => kind::MAILBOX_EXISTS,
            Rule::MailboxHasDelegates { .. } => kind::MAILBOX_HAS_DELEGATES,
            Rule::IsAlias { .. } | Rule::AliasIsMailbox(_) => kind::ADDRESS_TAKEN,
            Rule::UnknownAlias { .. } => kind::UNKNOWN_ALIAS,
            Rule::TooManyAliases => kind::TOO_MANY_ALIASES,
            Rule::MaySendNoMore { .. } => kind::MAY_NOT_SEND,
            Rule::DelegateExists { .. } => kind::DELEGATE_EXISTS,
            Rule::NotInState { .. } => kind::NOT_IN_STATE,
            Rule::NoSeat { .. } => kind::NO_SEAT,
            Rule::TooManyPacks { .. } => kind::TOO_MANY_PACKS,
            Rule::PlanInUse { .. } => kind::PLAN_IN_USE,
            Rule::NotOverSeats(_) => kind::NOT_OVER_SEATS,
            Rule::NotMultiUser(_) => kind::NOT_MULTI_USER,
            Rule::NeedsPasswordManagement(_) => kind::NEEDS_PASSWORD_MANAGEMENT,
            Rule::HasCollaborations { .. } => kind::HAS_COLLABORATIONS,
            Rule::PostmasterExists { .. } => kind::POSTMASTER_EXISTS,
            Rule::TooManyAppPasswords => kind::TOO_MANY_APP_PASSWORDS,
            Rule::AppPasswordExists { .. } => kind::APP_PASSWORD_EXISTS,
            Rule::ApiTokenExists(_) => kind::API_TOKEN_EXISTS,
            Rule::NoWebmail => kind::NO_WEBMAIL,
            Rule::NoAccount => kind::NO_ACCOUNT,
            Rule::OwnersPassword => kind::OWNERS_PASSWORD,
            Rule::WrongPassword => kind::WRONG_PASSWORD,
            Rule::TooManyWrong => kind::TOO_MANY_WRONG,
            Rule::TooManyEmails => kind::TOO_MANY_EMAILS,
            Rule::StillInvited(_) => kind::STILL_INVITED,
            Rule::NoTwoFactor => kind::NO_TWO_FACTOR,
            Rule::HasTwoFactor => kind::HAS_TWO_FACTOR,
            Rule::NotEnrolling => kind::NOT_ENROLLING,
            Rule::WrongCode => kind::WRONG_CODE,
            Rule::TooManyCodes => kind::TOO_MANY_CODES,
            Rule::TwoFactorRequired(_) => kind::TWO_FACTOR_REQUIRED,
            Rule::TwoFactorNeedsPassword(_) => kind::TWO_FACTOR_NEEDS_PASSWORD,
            Rule::LinkGone => kind::LINK_GONE,
            Rule::NoMail => kind::NO_MAIL,
        };
        Problem::new(kind, rule.to_string())
    }
}

/// The member of a body that a text is for, by what the rule calls it.
fn member_of(field: &str) -> &'static str {
    match field {
        "owner's name" => "owner_name",
        "owner's e-mail" => "owner_email",
        "upstream user" => "upstream_user",
        "first name" => "first_name",
        "last name" => "last_name",
        "e-mail" => "email",
        "message" => "message",
        // Of an app password, a plan, a postmaster.
        _ => "name",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Problem { kind, detail, faults } = self;
        let body = ProblemJson { kind: kind.json(), detail: &detail, errors: &faults };
        let text = match serde_json::to_vec(&body) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "a problem could not be told");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let mut response =
            (kind.status, [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))], text).into_response();
        if kind == kind::UNAUTHORIZED {
            // RFC 6750 §3, and no word on what is wrong.
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
