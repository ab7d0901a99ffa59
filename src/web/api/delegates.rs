//! `/mailboxes/{address}/delegates`, and what is done with one of them

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::mailboxes::{LANGUAGES, mailbox};
use super::members::{Body, Members};
use super::problem::Problem;
use super::{Segments, answer, ask, created, gone, kind, list as rows, now_secs};
use crate::accounts::{
    Accounts, AccountsError, Actor, DelegateEntry, DelegateName, DelegateView, Invitee, PermissionChange, Suspension,
};
use crate::domain::{MailboxAddress, Permission, Permissions, Person, Profile, Protocols};
use crate::json::DelegateJson;
use crate::web::site::{Site, Work};

/// A delegate whom a path names. What is no username names none.
pub(super) fn delegate(address: &str, username: &str) -> Result<DelegateName, Problem> {
    let address = mailbox(address)?;
    let unknown = |_| Problem::new(kind::UNKNOWN_DELEGATE, "there is no delegate whose username is none");
    Ok(DelegateName { address, username: username.parse().map_err(unknown)? })
}

/// Does something with the delegate whom a path names, and shows them as they are then.
async fn act(
    site: &Site,
    Segments([address, username]): Segments<2>,
    action: impl FnOnce(&Accounts, &DelegateName) -> Result<DelegateView, AccountsError> + Send + 'static,
) -> Result<Response, Problem> {
    let name = delegate(&address, &username)?;
    let view = ask(site, Work::Lookup, move |accounts| action(accounts, &name)).await?;
    Ok(answer(StatusCode::OK, &DelegateJson::from(&view)))
}

/// `GET /mailboxes/{address}/delegates`
pub(super) async fn list(State(site): State<Site>, at: Segments<1>) -> Result<Response, Problem> {
    let address = mailbox(&at.0[0])?;
    let find = move |accounts: &Accounts| accounts.delegates(Actor::Operator, &address, now_secs());
    let found = ask(&site, Work::Lookup, find).await?;
    Ok(rows(&found.iter().map(DelegateJson::from).collect::<Vec<_>>(), None))
}

/// `POST /mailboxes/{address}/delegates`: with a password they are added, without they are invited.
pub(super) async fn create(State(site): State<Site>, at: Segments<1>, body: Body) -> Result<Response, Problem> {
    let address = mailbox(&at.0[0])?;
    let profile = site.accounts.permission_profile();
    let view = match body.read(|body| newcomer(body, address, profile))? {
        Newcomer::Added(entry) => {
            ask(&site, Work::Hashing, move |accounts| accounts.add_delegate(entry, now_secs())).await?
        }
        Newcomer::Invited(invitee) => {
            ask(&site, Work::Lookup, move |accounts| accounts.invite(Actor::Operator, invitee, now_secs())).await?
        }
    };
    let segments = ["mailboxes", view.address.as_str(), "delegates", view.delegate.username.as_str()];
    Ok(created(&site, &segments, &DelegateJson::from(&view)))
}

enum Newcomer {
    Added(DelegateEntry),
    Invited(Invitee),
}

fn newcomer(body: &mut Members, address: MailboxAddress, profile: Profile) -> Option<Newcomer> {
    let username = body.needed("username", Members::parsed);
    let first_name = body.needed("first_name", Members::text);
    let last_name = body.needed("last_name", Members::text);
    let email = body.needed("email", Members::text);
    let phone = body.parsed("phone");
    let language = body.chosen("language", &LANGUAGES);
    let permissions = body.needed("permissions", |body, name| permissions(body, name, profile));
    let protocols = protocols(body).unwrap_or_default();
    let (password, message) = (body.secret("password"), body.text("message"));
    let name = DelegateName { address, username: username? };
    let person = Person { first_name: first_name?, last_name: last_name?, email: email?, phone };
    let permissions = permissions?;
    Some(match password {
        None => Newcomer::Invited(Invitee { name, person, language, message, permissions, protocols }),
        Some(password) => {
            if message.is_some() {
                body.wrong("message", "is for those who are invited, and they have no password");
            }
            Newcomer::Added(DelegateEntry { name, person, language, permissions, protocols, password })
        }
    })
}

const PERMISSIONS: [(&str, Permission); 5] = [
    ("read", Permission::Read),
    ("write", Permission::Write),
    ("send", Permission::Send),
    ("client", Permission::Client),
    ("settings", Permission::Settings),
];

/// These and those that they need; **read** in any case.
fn permissions(body: &mut Members, name: &str, profile: Profile) -> Option<Permissions> {
    let chosen = body.choice(name, &PERMISSIONS)?;
    Some(chosen.into_iter().fold(Permissions::READ, |all, one| all.granting(one, profile)))
}

fn protocols(body: &mut Members) -> Option<Protocols> {
    let (imap, pop3) = (Protocols { imap: true, pop3: false }, Protocols { imap: false, pop3: true });
    let chosen = body.choice("protocols", &[("imap", imap), ("pop3", pop3)])?;
    let none = Protocols { imap: false, pop3: false };
    let both = |all: Protocols, one: Protocols| Protocols { imap: all.imap || one.imap, pop3: all.pop3 || one.pop3 };
    Some(chosen.into_iter().fold(none, both))
}

/// `GET …/{username}`
pub(super) async fn show(State(site): State<Site>, at: Segments<2>) -> Result<Response, Problem> {
    act(&site, at, |accounts, name| accounts.show_delegate(Actor::Operator, name, now_secs())).await
}

/// `PATCH …/{username}`: what they may do. What is not named stays.
pub(super) async fn change(State(site): State<Site>, at: Segments<2>, body: Body) -> Result<Response, Problem> {
    let profile = site.accounts.permission_profile();
    let change = body.read_some(|body| {
        Some(PermissionChange {
            replace: permissions(body, "permissions", profile),
            grant: body.choice("grant", &PERMISSIONS).unwrap_or_default(),
            revoke: body.choice("revoke", &PERMISSIONS).unwrap_or_default(),
            protocols: protocols(body),
        })
    })?;
    let act_on = |accounts: &Accounts, name: &DelegateName| {
        accounts.change_permissions(Actor::Operator, name, change, now_secs())
    };
    act(&site, at, act_on).await
}

/// `DELETE …/{username}`
pub(super) async fn remove(
    State(site): State<Site>,
    Segments([address, username]): Segments<2>,
) -> Result<Response, Problem> {
    let name = delegate(&address, &username)?;
    let done = move |accounts: &Accounts| accounts.delete_delegate(Actor::Operator, &name, now_secs()).map(drop);
    ask(&site, Work::Lookup, done).await?;
    Ok(gone())
}

/// `POST …/{username}/suspend`
pub(super) async fn suspend(State(site): State<Site>, at: Segments<2>) -> Result<Response, Problem> {
    act(&site, at, |accounts, name| switch(accounts, name, Suspension::Suspend)).await
}

/// `POST …/{username}/resume`
pub(super) async fn resume(State(site): State<Site>, at: Segments<2>) -> Result<Response, Problem> {
    act(&site, at, |accounts, name| switch(accounts, name, Suspension::Resume)).await
}

fn switch(accounts: &Accounts, name: &DelegateName, what: Suspension) -> Result<DelegateView, AccountsError> {
    Ok(accounts.suspend(Actor::Operator, name, what, now_secs())?.view)
}

/// `POST …/{username}/reset-password`
pub(super) async fn reset_password(State(site): State<Site>, at: Segments<2>) -> Result<Response, Problem> {
    act(&site, at, |accounts, name| accounts.reset_password(Actor::Operator, name, now_secs())).await
}

/// `POST …/{username}/deactivate`
pub(super) async fn deactivate(State(site): State<Site>, at: Segments<2>) -> Result<Response, Problem> {
    act(&site, at, |accounts, name| accounts.deactivate(Actor::Operator, name, now_secs())).await
}

/// `POST …/{username}/reject`
pub(super) async fn reject(State(site): State<Site>, at: Segments<2>) -> Result<Response, Problem> {
    act(&site, at, |accounts, name| accounts.reject(Actor::Operator, name, now_secs())).await
}

/// `POST …/{username}/reinvite`
pub(super) async fn reinvite(State(site): State<Site>, at: Segments<2>, body: Body) -> Result<Response, Problem> {
    let message = body.read(|body| Some(body.text("message")))?;
    let again = move |accounts: &Accounts, name: &DelegateName| {
        accounts.reinvite(Actor::Operator, name, message.as_deref(), now_secs())
    };
    act(&site, at, again).await
}
