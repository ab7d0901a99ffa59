//! `/account`: what there is, and the ways to change it.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::super::frame::{Frame, Part, asked_for, show as answer};
use super::super::page::{Allowed, allowed};
use super::super::session::Signed;
use super::super::site::{Site, Work};
use super::super::{now_secs, routes};
use crate::accounts::{DelegateName, DelegateView, ProfileView};
use crate::domain::{AccountId, Language, Login, TwoFactor};
use crate::texts;

#[derive(Template)]
#[template(path = "account/overview.html")]
struct Page<'a> {
    frame: Frame,
    key: &'a str,
    name: &'a str,
    login: &'a str,
    /// What a postmaster administers.
    domain: Option<&'a str>,
    /// For a delegate, whose mailbox it is.
    mailbox: Option<&'a str>,
    /// For a delegate, what they may do (P10).
    permissions: Vec<Allowed>,
    email: &'a str,
    unconfirmed: Option<&'a str>,
    phone: Option<&'a str>,
    language: String,
    has_password: bool,
    two_factor_since: Option<String>,
    two_factor_required: bool,
    recovery_left: u32,
    /// Whether mail programs can come in by passwords of their own.
    has_programs: bool,
    webmail: bool,
}

/// What the page is made of.
struct Facts {
    profile: ProfileView,
    two_factor: TwoFactor,
    delegate: Option<DelegateView>,
}

/// `GET /account`
pub(super) async fn show(State(site): State<Site>, signed: Signed, uri: Uri) -> Response {
    let (account, actor) = (signed.account(), signed.actor());
    let name = delegate_name(&signed);
    let found = site.ask(Work::Lookup, move |accounts| {
        let now = now_secs();
        Ok(Facts {
            profile: accounts.profile(account, now)?,
            two_factor: accounts.two_factor(account)?,
            delegate: name.map(|name| accounts.show_delegate(actor, &name, now)).transpose()?,
        })
    });
    match found.await {
        Ok(facts) => page(&site, &signed, &facts, &uri),
        Err(problem) => problem.page(signed.reader()),
    }
}

fn page(site: &Site, signed: &Signed, facts: &Facts, uri: &Uri) -> Response {
    let Facts { profile, two_factor, delegate } = facts;
    let language = signed.language();
    let frame = Frame::of_address(language).in_part(signed, Part::Account).noting(done(uri));
    let who = signed.who();
    let spoken = match profile.language {
        Language::Italian => "page-language-italian",
        Language::English => "page-language-english",
    };
    let owner = matches!(who.account, AccountId::Owner(_));
    let webmail = site.sign_on_url.as_deref().filter(|_| owner || delegate.is_some());
    let shown = answer(
        StatusCode::OK,
        &Page {
            language: frame.say(spoken),
            frame,
            key: &who.form_key,
            name: &who.name,
            login: &who.login,
            domain: signed.domain().map(|domain| domain.as_str()),
            mailbox: delegate.as_ref().map(|view| view.address.as_str()),
            permissions: delegate.as_ref().map(|view| allowed(language, view)).unwrap_or_default(),
            email: &profile.email,
            unconfirmed: profile.unconfirmed.as_ref().map(|(email, _)| email.as_str()),
            phone: profile.phone.as_ref().map(|phone| phone.as_str()),
            has_password: profile.has_password,
            two_factor_since: two_factor.since_secs.map(|since| texts::date(language, since)),
            two_factor_required: two_factor.required,
            recovery_left: two_factor.recovery_left,
            has_programs: owner || delegate.is_some(),
            webmail: webmail.is_some(),
        },
    );
    match webmail {
        Some(url) => routes::leads_to(url, shown),
        None => shown,
    }
}

/// The delegate that somebody is.
pub(super) fn delegate_name(signed: &Signed) -> Option<DelegateName> {
    match login(signed)? {
        Login::Delegate(username, address) => Some(DelegateName { address, username }),
        Login::Owner(_) => None,
    }
}

/// What somebody logs in with, where that is a mailbox or somebody in one.
pub(super) fn login(signed: &Signed) -> Option<Login> {
    match signed.account() {
        AccountId::Owner(_) | AccountId::Delegate(_) => signed.who().login.parse().ok(),
        AccountId::Postmaster(_) => None,
    }
}

fn done(uri: &Uri) -> Option<&'static str> {
    match asked_for(uri, "done")?.as_str() {
        "profile" => Some("page-done-profile"),
        "email" => Some("page-done-email"),
        "two-factor" => Some("page-done-two-factor"),
        "two-factor-off" => Some("page-done-two-factor-off"),
        _ => None,
    }
}
