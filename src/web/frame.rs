//! What every page has around it: its language and how to get to the other, and, for somebody who is in, the ways to their
//! pages.

use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::routes;
use super::session::Signed;
use crate::accounts::Place;
use crate::domain::Language;
use crate::texts;

/// What every page has: its language, and how to get to the other.
pub(super) struct Frame {
    pub(super) language: Language,
    /// Whether the page can be asked for again in the other language: not where a form led to it.
    pub(super) switch: bool,
    /// Whether something has to be mended, which the title says first (WCAG 2.2, G199 and H25).
    pub(super) faulty: bool,
    /// What has just been done, said above the page.
    pub(super) note: Option<String>,
    /// For somebody who is in.
    pub(super) menu: Option<Menu>,
}

/// The ways to somebody's pages.
pub(super) struct Menu {
    /// What they are known by.
    pub(super) login: String,
    /// The key of their forms.
    pub(super) key: String,
    pub(super) ways: Vec<Entry>,
}

/// One of them.
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) label: String,
    /// Whether this is the page, or one of its kind.
    pub(super) here: bool,
}

/// The parts of the panel that the menu leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The mailboxes of a domain (M1).
    Mailboxes,
    /// The delegates of a mailbox (O1).
    Delegates,
    /// What was sent (O2).
    Sends,
    /// Who came in (S4).
    Accesses,
    /// Who is at work (X16).
    Now,
    /// One's own account (S1).
    Account,
    /// How a mail program is set up (X11).
    Setup,
}

impl Part {
    fn label(self) -> &'static str {
        match self {
            Part::Mailboxes => "page-part-mailboxes",
            Part::Delegates => "page-part-delegates",
            Part::Sends => "page-part-sends",
            Part::Accesses => "page-part-accesses",
            Part::Now => "page-part-now",
            Part::Account => "page-part-account",
            Part::Setup => "page-part-setup",
        }
    }

    /// Where it begins.
    pub(super) fn path(self, place: &Place) -> String {
        let of_mailbox = |page: &str| match place {
            Place::Mailbox { address, .. } => routes::of_mailbox(address, page),
            Place::Domain(_) => "/mailboxes".to_owned(),
        };
        match self {
            Part::Mailboxes => "/mailboxes".to_owned(),
            Part::Delegates => of_mailbox("delegates"),
            Part::Sends => of_mailbox("sends"),
            Part::Accesses => of_mailbox("accesses"),
            Part::Now => of_mailbox("now"),
            Part::Account => "/account".to_owned(),
            Part::Setup => "/setup".to_owned(),
        }
    }

    /// The parts that somebody has, the one that they come for first.
    pub(super) fn of(place: &Place) -> &'static [Part] {
        match place {
            Place::Mailbox { manages: true, .. } => {
                &[Part::Delegates, Part::Sends, Part::Accesses, Part::Now, Part::Setup, Part::Account]
            }
            Place::Mailbox { manages: false, .. } => &[Part::Account, Part::Setup],
            Place::Domain(_) => &[Part::Mailboxes, Part::Account],
        }
    }
}

impl Frame {
    /// Of a page that an address leads to.
    pub(super) fn of_address(language: Language) -> Frame {
        Frame { language, switch: true, faulty: false, note: None, menu: None }
    }

    /// Of a page that a form leads to.
    pub(super) fn of_form(language: Language) -> Frame {
        Frame { language, switch: false, faulty: false, note: None, menu: None }
    }

    /// Of a page on which something has to be mended.
    pub(super) fn faulty(language: Language) -> Frame {
        Frame { faulty: true, ..Frame::of_form(language) }
    }

    /// The same, for somebody who is in, in a part of the panel.
    #[must_use]
    pub(super) fn in_part(self, signed: &Signed, part: Part) -> Frame {
        let who = signed.who();
        let ways = Part::of(&who.place).iter().map(|one| Entry {
            path: one.path(&who.place),
            label: self.say(one.label()),
            here: *one == part,
        });
        let menu = Menu { login: who.login.clone(), key: who.form_key.clone(), ways: ways.collect() };
        Frame { menu: Some(menu), ..self }
    }

    /// The same, with a word about what has just been done, where there is one.
    #[must_use]
    pub(super) fn noting(self, done: Option<&str>) -> Frame {
        Frame { note: done.map(|id| self.say(id)), ..self }
    }

    /// Of a page of somebody's with a form; after a first try, with what is to be mended.
    pub(super) fn for_form(signed: &Signed, part: Part, faulty: bool) -> Frame {
        let language = signed.language();
        let frame = if faulty { Frame::faulty(language) } else { Frame::of_address(language) };
        frame.in_part(signed, part)
    }

    /// A message that depends on a number.
    pub(super) fn counted(&self, id: &str, count: u32) -> String {
        texts::counted(self.language, id, count, &[])
    }

    pub(super) fn say(&self, id: &str) -> String {
        texts::text(self.language, id, &[])
    }

    pub(super) fn with(&self, id: &str, name: &str, value: &str) -> String {
        texts::text(self.language, id, &[(name, value)])
    }

    /// What each form of somebody's session holds.
    pub(super) fn key(&self) -> &str {
        self.menu.as_ref().map_or("", |menu| &menu.key)
    }

    pub(super) fn code(&self) -> &'static str {
        self.language.name()
    }

    pub(super) fn other(&self) -> Language {
        match self.language {
            Language::Italian => Language::English,
            Language::English => Language::Italian,
        }
    }
}

/// What an address asks for under a name.
pub(super) fn asked_for(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
}

/// A page as an answer.
pub(super) fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
