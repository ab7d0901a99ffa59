//! All about one delegate (D4 *details*): who they are, where they stand, what they may do, how they log in.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::deeds::{self, Deed};
use super::{Badge, Crumbs, Way, about, badge, crumbs, framed, of_delegate, seen, ways};
use crate::accounts::DelegateDetails;
use crate::domain::life::Action;
use crate::domain::{AccessRecord, AppPassword, DelegateState, Grant, Language, Way as Door};
use crate::texts;
use crate::web::address::{OfDelegate, Query};
use crate::web::frame::{Frame, show};
use crate::web::now_secs;
use crate::web::routes::{encoded, of_mailbox};
use crate::web::session::Signed;
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "delegates/details.html")]
struct Details {
    frame: Frame,
    crumbs: Crumbs,
    name: String,
    login: String,
    email: String,
    language: String,
    state: Badge,
    about: Option<String>,
    since: String,
    added: String,
    seen: String,
    permissions: Vec<String>,
    /// What is written down and does not hold, under the operator's profile.
    lost: bool,
    two_factor: String,
    ways: Vec<Way>,
    sends: String,
    app_passwords: Vec<AppRow>,
    new_app_password: Option<String>,
    accesses: Vec<AccessRow>,
}

/// An app password as a row.
pub(super) struct AppRow {
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) until: String,
    pub(super) used: String,
    pub(super) ended: bool,
    /// Where it is taken back, for those who may.
    pub(super) revoke: Option<String>,
}

struct AccessRow {
    at: String,
    from: String,
    way: String,
    program: String,
    admitted: bool,
}

/// `GET /mailboxes/{address}/delegates/{username}`
pub(in crate::web) async fn look(
    State(site): State<Site>,
    signed: Signed,
    OfDelegate(name): OfDelegate,
    query: Query,
) -> Response {
    match deeds::details(&site, &signed, &name).await {
        Ok(details) => page(&signed, &details, noted(query.said("done"))),
        Err(problem) => problem.page(signed.reader()),
    }
}

fn noted(done: &str) -> Option<&'static str> {
    match done {
        "permissions" => Some("page-done-permissions"),
        "revoked" => Some("page-done-revoked"),
        "not-now" => Some("page-done-not-now"),
        other => Deed::done(other),
    }
}

fn page(signed: &Signed, details: &DelegateDetails, done: Option<&str>) -> Response {
    let frame = framed(signed).noting(done);
    let listed = &details.listed;
    let (view, delegate) = (&listed.view, &listed.view.delegate);
    let grant = Grant { permissions: view.effective, protocols: delegate.protocols };
    let of = |page: &str| of_delegate(&view.address, &delegate.username, page);
    let may = |action| listed.actions.contains(&action);
    let rows = details.app_passwords.iter();
    let shown = Details {
        crumbs: crumbs(signed, &frame, Some(&view.address)),
        name: delegate.full_name(),
        login: view.login().to_string(),
        email: delegate.person.email.clone(),
        language: language(&frame, delegate.language.unwrap_or_default()),
        state: badge(&frame, delegate.state),
        about: about(&frame, listed),
        since: texts::date_time(frame.language, delegate.changed_at_secs),
        added: texts::date_time(frame.language, delegate.created_at_secs),
        seen: seen(&frame, listed),
        permissions: texts::granted(frame.language, &grant),
        lost: view.effective != delegate.permissions,
        two_factor: two_factor(&frame, details),
        // The page itself is no way from it.
        ways: ways(&frame, listed).into_iter().filter(|way| way.path != of("")).collect(),
        sends: format!("{}?by={}", of_mailbox(&view.address, "sends"), encoded(delegate.username.as_str())),
        app_passwords: rows.map(|one| app_row(&frame, one, may(Action::RevokeAppPassword).then(|| of("")))).collect(),
        new_app_password: may(Action::MakeAppPassword).then(|| of("app-passwords")),
        accesses: details.accesses.iter().map(|one| access_row(&frame, one)).collect(),
        frame,
    };
    show(StatusCode::OK, &shown)
}

/// The name of a language.
pub(super) fn language(frame: &Frame, language: Language) -> String {
    frame.say(match language {
        Language::Italian => "page-italian",
        Language::English => "page-english",
    })
}

fn two_factor(frame: &Frame, details: &DelegateDetails) -> String {
    let delegate = &details.listed.view.delegate;
    match (delegate.two_factor_since_secs, details.mailbox.needs_two_factor) {
        (Some(since), _) => frame.with("page-their-two-factor-since", "since", &texts::date(frame.language, since)),
        (None, true) if delegate.state == DelegateState::Active => frame.say("page-their-two-factor-missing"),
        (None, _) => frame.say("page-their-two-factor-off"),
    }
}

fn app_row(frame: &Frame, password: &AppPassword, revoke_under: Option<String>) -> AppRow {
    let ended = password.expires_at_secs <= now_secs();
    let until = texts::date(frame.language, password.expires_at_secs);
    let used = match &password.last_use {
        None => frame.say("page-never-used"),
        Some(last) => {
            let at = texts::date_time(frame.language, last.at_ms / 1000);
            [Some(at), Some(last.address.to_string()), last.program.clone()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ")
        }
    };
    AppRow {
        name: password.name.clone(),
        scope: texts::scope(frame.language, password.scope),
        until: frame.with(
            if ended { "page-their-app-password-ended" } else { "page-their-app-password-until" },
            "until",
            &until,
        ),
        used,
        ended,
        revoke: revoke_under.map(|path| format!("{path}/app-passwords/revoke?name={}", encoded(&password.name))),
    }
}

fn access_row(frame: &Frame, record: &AccessRecord) -> AccessRow {
    let access = &record.access;
    AccessRow {
        at: texts::date_time(frame.language, record.last_at_ms / 1000),
        from: access.address.to_string(),
        way: match access.way {
            Door::Mail(door) => format!("{} ({})", door.protocol.to_string().to_uppercase(), door.kind),
            Door::Panel => frame.say("page-by-panel"),
        },
        program: access.program.clone().unwrap_or_default(),
        admitted: access.refusal.is_none(),
    }
}
