//! Another set of permissions for a delegate (P6, P9): what is ticked, then what it comes to and what will happen, then done.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::choice::{self, Choice, Ready, Ticked};
use super::deeds::{details, elsewhere, mark};
use super::{Crumbs, crumbs, framed, of_delegate};
use crate::accounts::{DelegateDetails, PermissionChange};
use crate::domain::life::Action;
use crate::domain::{Grant, Permission, Profile};
use crate::texts;
use crate::web::address::{OfDelegate, Query};
use crate::web::frame::{Frame, show};
use crate::web::page::Problem;
use crate::web::session::{Filled, Signed, see};
use crate::web::site::{Site, Work};
use crate::web::{now_secs, rules};

#[derive(Template)]
#[template(path = "delegates/permissions.html")]
struct Edit {
    frame: Frame,
    crumbs: Crumbs,
    name: String,
    login: String,
    presets: Vec<Ready>,
    choice: Choice,
    fault: Option<String>,
    seen: String,
    action: String,
    back: String,
}

#[derive(Template)]
#[template(path = "delegates/permissions-review.html")]
struct Review {
    frame: Frame,
    crumbs: Crumbs,
    name: String,
    before: Vec<String>,
    after: Vec<String>,
    along: Vec<String>,
    will: Vec<String>,
    hidden: Vec<&'static str>,
    seen: String,
    action: String,
}

/// `GET /mailboxes/{address}/delegates/{username}/permissions`
pub(in crate::web) async fn edit(
    State(site): State<Site>,
    signed: Signed,
    OfDelegate(name): OfDelegate,
    query: Query,
) -> Response {
    match details(&site, &signed, &name).await {
        Ok(details) if !details.listed.actions.contains(&Action::ChangePermissions) => elsewhere(&name),
        Ok(details) => {
            let before = details.listed.view.delegate.granted();
            let ticked = choice::preset(query.said("preset"), before).unwrap_or(before);
            form_page(StatusCode::OK, &site, &signed, &details, ticked, None)
        }
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /mailboxes/{address}/delegates/{username}/permissions`
pub(in crate::web) async fn change(
    State(site): State<Site>,
    OfDelegate(name): OfDelegate,
    Filled { signed, form }: Filled,
) -> Response {
    let details = match details(&site, &signed, &name).await {
        Ok(details) => details,
        Err(problem) => return problem.page(signed.reader()),
    };
    if !details.listed.actions.contains(&Action::ChangePermissions) {
        return elsewhere(&name);
    }
    let (profile, language) = (site.accounts.permission_profile(), signed.language());
    let before = details.listed.view.delegate.granted();
    let ticked = Ticked::of(&form);
    let after = ticked.grant(before, profile);
    let again = |status, details: &DelegateDetails, ticked: Grant, fault: String| {
        form_page(status, &site, &signed, details, ticked, Some(fault))
    };
    if form.plain("seen") != mark(&details.listed.view) {
        return again(StatusCode::CONFLICT, &details, before, rules::changed_meanwhile(language));
    }
    if form.plain("to") != "change" {
        if after == before {
            return again(StatusCode::UNPROCESSABLE_ENTITY, &details, after, {
                texts::text(language, "page-permissions-same", &[])
            });
        }
        if after.may(Permission::Client) && !after.protocols.imap && !after.protocols.pop3 {
            let fault = rules::said(language, &crate::accounts::Rule::NoProtocol);
            return again(StatusCode::UNPROCESSABLE_ENTITY, &details, after, fault);
        }
        return review(&signed, &details, &ticked, after, profile);
    }
    let change = PermissionChange {
        replace: Some(after.permissions),
        protocols: Some(after.protocols),
        ..PermissionChange::default()
    };
    let (actor, whose) = (signed.actor(), name.clone());
    let changed =
        site.attempt(Work::Lookup, move |accounts| accounts.change_permissions(actor, &whose, change, now_secs()));
    match changed.await {
        Ok(Ok(_)) => see(&format!("{}?done=permissions", of_delegate(&name.address, &name.username, ""))),
        Ok(Err(rule)) => again(StatusCode::CONFLICT, &details, after, rules::said(language, &rule)),
        Err(problem) => Problem::page(problem, signed.reader()),
    }
}

fn form_page(
    status: StatusCode,
    site: &Site,
    signed: &Signed,
    details: &DelegateDetails,
    ticked: Grant,
    fault: Option<String>,
) -> Response {
    let frame = Frame { switch: fault.is_none(), faulty: fault.is_some(), ..framed(signed) };
    let view = &details.listed.view;
    let (address, username) = (&view.address, &view.delegate.username);
    let page = Edit {
        crumbs: crumbs(signed, &frame, Some(address)),
        name: view.delegate.full_name(),
        login: view.login().to_string(),
        presets: choice::presets(&frame),
        choice: Choice::new(
            &frame,
            &details.mailbox,
            view.delegate.granted(),
            ticked,
            site.accounts.permission_profile(),
        ),
        fault,
        seen: mark(view),
        action: of_delegate(address, username, "permissions"),
        back: of_delegate(address, username, ""),
        frame,
    };
    show(status, &page)
}

fn review(signed: &Signed, details: &DelegateDetails, ticked: &Ticked, after: Grant, profile: Profile) -> Response {
    let frame = Frame { switch: false, ..framed(signed) };
    let view = &details.listed.view;
    let (before, name) = (view.delegate.granted(), view.delegate.full_name());
    let holds = |grant: Grant| Grant { permissions: grant.permissions.under(profile), ..grant };
    let opened = |grant: Grant| (grant.may(Permission::Client)).then_some(grant.protocols);
    let mut will = vec!["page-will-change-permissions"];
    if opened(before).is_some() && opened(after) != opened(before) {
        will.push("page-will-close-programs");
    }
    if details.mailbox.writes_mails {
        will.push("page-will-tell");
    }
    let mut hidden: Vec<&'static str> = after.permissions.iter().map(Permission::name).collect();
    hidden.extend(after.protocols.imap.then_some("imap"));
    hidden.extend(after.protocols.pop3.then_some("pop3"));
    let page = Review {
        crumbs: crumbs(signed, &frame, Some(&view.address)),
        before: texts::granted(frame.language, &holds(before)),
        after: texts::granted(frame.language, &holds(after)),
        along: choice::along(&frame, before, &ticked.permissions, after),
        will: will.into_iter().map(|id| frame.with(id, "name", &name)).collect(),
        hidden,
        seen: mark(view),
        action: of_delegate(&view.address, &view.delegate.username, "permissions"),
        name,
        frame,
    };
    show(StatusCode::OK, &page)
}
