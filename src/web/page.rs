//! What is shown: the pages' templates and what goes into them. All text comes from [`texts`]; what people have typed is
//! text too, and escaped.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::frame::{Frame, show};
use super::reader::Reader;
use super::setup::sheet::Sheet;
use super::site::Site;
use crate::accounts::{
    AccountsError, DelegateView, InvitationView, PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, PasswordHolder, Rule,
};
use crate::domain::{Grant, Language, LinkPurpose, Permission};
use crate::texts;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    frame: Frame,
    webmail_url: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Invitation<'a> {
    frame: Frame,
    owner: &'a str,
    person: &'a str,
    mailbox: &'a str,
    login: &'a str,
    permissions: &'a [Allowed],
    until: &'a str,
    form: PasswordForm<'a>,
}

#[derive(Template)]
#[template(path = "refusing.html")]
struct Refusing<'a> {
    frame: Frame,
    owner: &'a str,
    mailbox: &'a str,
    token: &'a str,
}

#[derive(Template)]
#[template(path = "password.html")]
struct NewPassword<'a> {
    frame: Frame,
    login: &'a str,
    form: PasswordForm<'a>,
}

#[derive(Template)]
#[template(path = "ready.html")]
struct Ready<'a> {
    frame: Frame,
    title: &'a str,
    lead: &'a str,
    login: &'a str,
    webmail_url: Option<&'a str>,
    mailbox: &'a str,
    client: bool,
    /// Where a mail program connects to; none where the operator has to be asked.
    sheet: Option<Sheet>,
}

#[derive(Template)]
#[template(path = "forgotten.html")]
struct Forgotten {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: Frame,
    title: &'a str,
    texts: &'a [String],
    forgotten_link: bool,
}

/// Something was done, or cannot be, and where one can go from here.
#[derive(Template)]
#[template(path = "done.html")]
pub(super) struct Done<'a> {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) texts: &'a [String],
    /// Whether it was done.
    pub(super) good: bool,
    /// A path, and what is there.
    pub(super) way: Option<(&'a str, String)>,
}

impl Done<'_> {
    pub(super) fn answer(&self, status: StatusCode) -> Response {
        show(status, self)
    }
}

/// A form with a new password, twice.
struct PasswordForm<'a> {
    token: &'a str,
    /// For the browser's own store of passwords.
    login: &'a str,
    rules: Vec<String>,
    /// What is wrong with what was typed first, and with its repetition.
    password_fault: Option<String>,
    repeat_fault: Option<String>,
}

impl<'a> PasswordForm<'a> {
    fn new(frame: &Frame, login: &'a str, token: &'a str, fault: Option<PasswordFault>) -> PasswordForm<'a> {
        let says = |of_repeat: bool| {
            fault.filter(|fault| (*fault == PasswordFault::Unlike) == of_repeat).map(|fault| frame.say(fault.text()))
        };
        PasswordForm {
            token,
            login,
            rules: password_rules(frame),
            password_fault: says(false),
            repeat_fault: says(true),
        }
    }
}

/// What a new password has to be like.
pub(super) fn password_rules(frame: &Frame) -> Vec<String> {
    let (least, most) = (PASSWORD_MIN_CHARS.to_string(), PASSWORD_MAX_BYTES.to_string());
    vec![
        frame.with("page-rule-least", "least", &least),
        frame.say("page-rule-guess"),
        frame.with("page-rule-most", "most", &most),
    ]
}

/// A permission, and what it is for.
pub(super) struct Allowed {
    pub(super) name: String,
    pub(super) about: String,
}

/// What is wrong with a password that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasswordFault {
    /// Nothing was typed.
    Empty,
    /// Too few characters.
    TooShort,
    /// Too many bytes.
    TooLong,
    /// A control character.
    Control,
    /// Easy to guess.
    Weak,
    /// Something else was typed the second time.
    Unlike,
}

impl PasswordFault {
    /// The fault that a rule finds, if it is a rule about passwords.
    pub(super) fn of(rule: &Rule) -> Option<PasswordFault> {
        match rule {
            Rule::PasswordEmpty => Some(PasswordFault::Empty),
            Rule::PasswordTooShort => Some(PasswordFault::TooShort),
            Rule::PasswordTooLong => Some(PasswordFault::TooLong),
            Rule::PasswordControl => Some(PasswordFault::Control),
            Rule::PasswordWeak => Some(PasswordFault::Weak),
            // Most rules are about other things, and no form mends what they find.
            _ => None,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            PasswordFault::Empty => "page-password-empty",
            PasswordFault::TooShort => "page-password-too-short",
            PasswordFault::TooLong => "page-password-too-long",
            PasswordFault::Control => "page-password-control",
            PasswordFault::Weak => "page-password-weak",
            PasswordFault::Unlike => "page-password-unlike",
        }
    }
}

/// Why somebody is not shown what they came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// What was sent cannot be read.
    BadRequest,
    /// Another site sent the form.
    ElsewhereSent,
    /// There is no such page.
    NotFound,
    /// The page is there, and not for this.
    NoSuchMethod,
    /// The request took too long.
    TooSlow,
    /// The token is none: a part of the link is missing.
    LinkBroken,
    /// The link is unknown, was used, has expired, or was withdrawn.
    LinkGone,
    /// The password will not do.
    Password(PasswordFault),
    /// Another rule says no.
    Refused,
    /// More was sent than fits.
    TooLarge,
    /// Something else than a form was sent.
    NoForm,
    /// The form is not one of this session: it was left open for too long, or somebody made it up.
    StaleForm,
    /// A mail server that knows cannot be asked.
    NoMailServer,
    /// It is delega's fault, or its operator's; the log has the cause.
    Internal,
}

impl Problem {
    pub(super) fn of(error: AccountsError) -> Problem {
        match error {
            AccountsError::Refused(Rule::LinkGone) => Problem::LinkGone,
            // Nobody learns which mailboxes there are.
            AccountsError::Refused(Rule::NoRight { .. }) => Problem::NotFound,
            AccountsError::Refused(rule) => match PasswordFault::of(&rule) {
                Some(fault) => Problem::Password(fault),
                None => {
                    tracing::info!(%rule, "what a link is for was refused");
                    Problem::Refused
                }
            },
            error => {
                tracing::error!(%error, "a page could not be made");
                Problem::Internal
            }
        }
    }

    /// Its page, to someone of whom nothing more is known.
    pub(super) fn page(self, reader: Reader) -> Response {
        self.page_in(reader.language())
    }

    fn page_in(self, language: Language) -> Response {
        let (status, title, text) = match self {
            Problem::BadRequest | Problem::Password(_) => {
                (StatusCode::BAD_REQUEST, "page-bad-request", "page-bad-request-text")
            }
            Problem::ElsewhereSent => (StatusCode::FORBIDDEN, "page-elsewhere", "page-elsewhere-text"),
            Problem::NotFound => (StatusCode::NOT_FOUND, "page-not-found", "page-not-found-text"),
            Problem::NoSuchMethod => (StatusCode::METHOD_NOT_ALLOWED, "page-no-method", "page-no-method-text"),
            Problem::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "page-too-slow", "page-too-slow-text"),
            Problem::LinkBroken => (StatusCode::NOT_FOUND, "page-link-broken", "page-link-broken-text"),
            Problem::LinkGone => (StatusCode::GONE, "page-link-gone", "page-link-gone-text"),
            Problem::Refused => (StatusCode::CONFLICT, "page-refused-rule", "page-refused-rule-text"),
            Problem::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "page-too-large", "page-too-large-text"),
            Problem::NoForm => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "page-bad-request", "page-bad-request-text"),
            Problem::StaleForm => (StatusCode::FORBIDDEN, "page-stale-form", "page-stale-form-text"),
            Problem::NoMailServer => (StatusCode::BAD_GATEWAY, "page-no-mail-server", "page-no-mail-server-text"),
            Problem::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "page-internal", "page-internal-text"),
        };
        let frame = Frame::of_form(language);
        let mut said = vec![frame.say(text)];
        let gone = self == Problem::LinkGone;
        if gone {
            said.push(frame.say("page-link-gone-used"));
            said.push(frame.say("page-link-gone-expired"));
        }
        let title = frame.say(title);
        show(status, &Message { frame, title: &title, texts: &said, forgotten_link: gone })
    }
}

/// What this is, and where one can go from here.
pub(super) fn home(language: Language, webmail_url: Option<&str>) -> Response {
    show(StatusCode::OK, &Home { frame: Frame::of_address(language), webmail_url })
}

/// An invitation, with the form that accepts it; after a first try, with what is to be mended.
pub(super) fn invitation(
    language: Language,
    view: &InvitationView,
    token: &str,
    fault: Option<PasswordFault>,
) -> Response {
    let frame = form_frame(language, fault);
    let login = view.delegate.login().to_string();
    let page = Invitation {
        owner: &view.owner_name,
        person: &view.delegate.delegate.full_name(),
        mailbox: view.delegate.address.as_str(),
        login: &login,
        permissions: &allowed(language, &view.delegate),
        until: &texts::date_time(language, view.until_secs),
        form: PasswordForm::new(&frame, &login, token, fault),
        frame,
    };
    show(form_status(fault), &page)
}

/// Asks whether an invitation is really to be refused.
pub(super) fn refusing(language: Language, view: &InvitationView, token: &str) -> Response {
    let (owner, mailbox) = (view.owner_name.as_str(), view.delegate.address.as_str());
    show(StatusCode::OK, &Refusing { frame: Frame::of_form(language), owner, mailbox, token })
}

/// The form for a new password; after a first try, with what is to be mended.
pub(super) fn new_password(
    language: Language,
    holder: &PasswordHolder,
    token: &str,
    fault: Option<PasswordFault>,
) -> Response {
    let frame = form_frame(language, fault);
    let login = holder.login();
    let page = NewPassword { login: &login, form: PasswordForm::new(&frame, &login, token, fault), frame };
    show(form_status(fault), &page)
}

/// The account is active, by an invitation that was accepted.
pub(super) fn accepted(language: Language, view: &DelegateView, site: &Site) -> Response {
    ready(language, view, site, ["page-accepted", "page-accepted-text"])
}

/// The new password is set.
pub(super) fn password_set(language: Language, holder: &PasswordHolder, site: &Site) -> Response {
    match holder {
        PasswordHolder::Delegate(view) => ready(language, view, site, ["page-password-set", "page-password-set-text"]),
        PasswordHolder::Postmaster(postmaster) => {
            let frame = Frame::of_form(language);
            let texts = [frame.with("page-postmaster-set-text", "domain", postmaster.domain.as_str())];
            let way = Some(("/postmaster/login", frame.say("page-to-login")));
            Done { title: frame.say("page-password-set"), texts: &texts, good: true, way, frame }.answer(StatusCode::OK)
        }
    }
}

fn ready(language: Language, view: &DelegateView, site: &Site, [title, lead]: [&str; 2]) -> Response {
    let frame = Frame::of_form(language);
    let (title, lead) = (frame.say(title), frame.say(lead));
    let page = Ready {
        title: &title,
        lead: &lead,
        sheet: Sheet::of(&site.servers, &view.login(), view.delegate.protocols, &frame),
        frame,
        login: &view.login().to_string(),
        webmail_url: site.webmail_url.as_deref(),
        mailbox: view.address.as_str(),
        client: view.effective.contains(Permission::Client),
    };
    show(StatusCode::OK, &page)
}

/// An invitation was refused.
pub(super) fn refused(language: Language, mailbox: &str) -> Response {
    let frame = Frame::of_form(language);
    let said = [frame.with("page-refused-text", "mailbox", mailbox), frame.say("page-refused-mistake")];
    let title = frame.say("page-refused");
    show(StatusCode::OK, &Message { frame, title: &title, texts: &said, forgotten_link: false })
}

/// The form for those who forgot their password.
pub(super) fn forgotten(language: Language) -> Response {
    show(StatusCode::OK, &Forgotten { frame: Frame::of_address(language) })
}

/// The same for all who sent it.
pub(super) fn asked(language: Language) -> Response {
    let frame = Frame::of_address(language);
    let hours = (LinkPurpose::PasswordReset.valid_secs() / 3600).to_string();
    let said = [frame.with("page-asked-text", "hours", &hours), frame.say("page-asked-none")];
    let title = frame.say("page-asked");
    show(StatusCode::OK, &Message { frame, title: &title, texts: &said, forgotten_link: false })
}

fn form_frame(language: Language, fault: Option<PasswordFault>) -> Frame {
    match fault {
        None => Frame::of_address(language),
        Some(_) => Frame::faulty(language),
    }
}

fn form_status(fault: Option<PasswordFault>) -> StatusCode {
    if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

/// What a delegate may do, one by one (P10).
pub(super) fn allowed(language: Language, view: &DelegateView) -> Vec<Allowed> {
    let grant = Grant { permissions: view.effective, protocols: view.delegate.protocols };
    let about = |permission| match permission {
        Permission::Read => "page-about-read",
        Permission::Write => "page-about-write",
        Permission::Send => "page-about-send",
        Permission::Client => "page-about-client",
        Permission::Settings => "page-about-settings",
    };
    let names = texts::granted(language, &grant);
    let abouts = view.effective.iter().map(|permission| texts::text(language, about(permission), &[]));
    names.into_iter().zip(abouts).map(|(name, about)| Allowed { name, about }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::body::to_bytes;

    use super::*;

    /// RFC 9110 §15; each says what to do next, in either language.
    #[tokio::test]
    async fn every_problem_has_its_page() {
        for (problem, status, it, en) in [
            (Problem::BadRequest, 400, "riprova", "try again"),
            (Problem::ElsewhereSent, 403, "Apri il link", "Open the link"),
            (Problem::NotFound, 404, "copialo per intero", "copy all of it"),
            (Problem::LinkBroken, 404, "Copialo per intero", "Copy all of it"),
            (Problem::NoSuchMethod, 405, "apri di nuovo il link", "open the link"),
            (Problem::Refused, 409, "Rivolgiti al titolare", "Ask the mailbox"),
            (Problem::LinkGone, 410, "di invitarti di nuovo", "to invite you again"),
            (Problem::TooLarge, 413, "meno testo", "type less"),
            (Problem::NoForm, 415, "riprova", "try again"),
            (Problem::StaleForm, 403, "apri di nuovo", "open the page"),
            (Problem::NoMailServer, 502, "tra qualche minuto", "in a few minutes"),
            (Problem::Internal, 500, "Non dipende da te", "not your fault"),
            (Problem::TooSlow, 503, "tra qualche minuto", "in a few minutes"),
        ] {
            for (language, advice) in [(Language::Italian, it), (Language::English, en)] {
                let page = problem.page_in(language);
                assert_eq!(page.status(), status, "{problem:?}");
                let body = String::from_utf8(to_bytes(page.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
                assert!(body.contains(advice) && !body.contains("[page-"), "{problem:?}: {body}");
            }
        }
    }

    /// What only the operator can mend is no fault of who reads the page, and no cause is told to them.
    #[test]
    fn errors_become_problems_by_who_erred() {
        let of = |rule: Rule| Problem::of(AccountsError::Refused(rule));
        assert_eq!(of(Rule::LinkGone), Problem::LinkGone);
        assert_eq!(of(Rule::PasswordWeak), Problem::Password(PasswordFault::Weak));
        assert_eq!(of(Rule::TooManyAliases), Problem::Refused);
        assert_eq!(Problem::of(AccountsError::Hash("x".to_owned())), Problem::Internal);
    }
}
