//! An invitation in two steps (D1): who, then what they may do; then the mail as it will be, and it goes out.
//!
//! Nothing is kept between the steps but in the form itself, and all of it is judged anew at each: what the last step sends is
//! what somebody at a keyboard could have sent at once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::choice::{self, Choice, Ready, Ticked};
use super::details::language;
use super::{Crumbs, Seats, crumbs, framed, seats};
use crate::accounts::{DelegateName, Invitee, ManagedMailbox, Rule, invitee_faults};
use crate::domain::{Grant, Language, MailboxAddress, Notice, Permission, Permissions, Person, Protocols};
use crate::texts;
use crate::web::address::OfMailbox;
use crate::web::form::Form;
use crate::web::frame::{Frame, show};
use crate::web::page::Problem;
use crate::web::routes::of_mailbox;
use crate::web::session::{Filled, Signed, see};
use crate::web::site::{Site, Work, Written};
use crate::web::{now_secs, rules};

/// What somebody has who was not there before.
const NOTHING: Grant = Grant { permissions: Permissions::READ, protocols: Protocols { imap: true, pop3: false } };

#[derive(Template)]
#[template(path = "delegates/invite-who.html")]
struct Who<'a> {
    frame: Frame,
    crumbs: Crumbs,
    seats: Seats,
    draft: &'a Draft,
    languages: Vec<(Language, String, bool)>,
    domain: String,
    faults: Vec<Fault>,
    action: String,
    back: String,
}

#[derive(Template)]
#[template(path = "delegates/invite-permissions.html")]
struct What<'a> {
    frame: Frame,
    crumbs: Crumbs,
    draft: &'a Draft,
    name: String,
    presets: Vec<Ready>,
    choice: Choice,
    fault: Option<String>,
    action: String,
}

#[derive(Template)]
#[template(path = "delegates/invite-preview.html")]
struct Preview<'a> {
    frame: Frame,
    crumbs: Crumbs,
    draft: &'a Draft,
    name: String,
    login: String,
    permissions: Vec<String>,
    along: Vec<String>,
    language: String,
    /// The mail; none where nobody here can write one.
    mail: Option<Written>,
    hidden: Vec<&'static str>,
    action: String,
}

/// What is wrong.
struct Fault {
    /// Where it is mended; empty where no field mends it.
    field: &'static str,
    said: String,
}

impl Fault {
    fn of(language: Language, rule: &Rule) -> Fault {
        let field = match rule {
            Rule::BadText { field: "last name", .. } => "last_name",
            Rule::BadText { field: "e-mail", .. } => "email",
            Rule::BadText { field: "message", .. } => "message",
            Rule::DelegateExists { .. } => "username",
            Rule::BadText { .. } => "first_name",
            _ => "",
        };
        Fault { field, said: rules::said(language, rule) }
    }
}

/// Who is to be invited, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Draft {
    first_name: String,
    last_name: String,
    email: String,
    username: String,
    language: Language,
    message: String,
}

impl Draft {
    fn of(form: &Form, default: Language) -> Draft {
        let typed = |name| form.plain(name).trim().to_owned();
        Draft {
            first_name: typed("first_name"),
            last_name: typed("last_name"),
            email: typed("email"),
            username: typed("username"),
            language: Language::from_name(form.plain("language")).unwrap_or(default),
            message: typed("message"),
        }
    }

    fn person(&self) -> Person {
        Person {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            email: self.email.clone(),
            phone: None,
        }
    }

    /// What the accounts are asked for; none where the username is none.
    fn invitee(&self, address: &MailboxAddress, grant: Grant) -> Option<Invitee> {
        Some(Invitee {
            name: DelegateName { address: address.clone(), username: self.username.parse().ok()? },
            person: self.person(),
            language: Some(self.language),
            message: Some(self.message.clone()),
            permissions: grant.permissions,
            protocols: grant.protocols,
        })
    }

    /// All that is wrong with what was typed.
    fn faults(&self, language: Language) -> Vec<Fault> {
        let rules = invitee_faults(&self.person(), &self.message);
        let said = rules.iter().map(|rule| Fault::of(language, rule));
        let username = rules::bad_username(language, &self.username).map(|said| Fault { field: "username", said });
        said.chain(username).collect()
    }
}

/// `GET /mailboxes/{address}/invite`
pub(in crate::web) async fn ask(State(site): State<Site>, signed: Signed, OfMailbox(address): OfMailbox) -> Response {
    match mailbox(&site, &signed, &address).await {
        Ok(mailbox) => who(StatusCode::OK, &signed, &mailbox, &Draft::of(&Form::empty(), mailbox.language), Vec::new()),
        Err(problem) => problem.page(signed.reader()),
    }
}

/// `POST /mailboxes/{address}/invite`
pub(in crate::web) async fn go_on(
    State(site): State<Site>,
    OfMailbox(address): OfMailbox,
    Filled { signed, form }: Filled,
) -> Response {
    let mailbox = match mailbox(&site, &signed, &address).await {
        Ok(mailbox) => mailbox,
        Err(problem) => return problem.page(signed.reader()),
    };
    let draft = Draft::of(&form, mailbox.language);
    let step = Step { site: &site, signed: &signed, mailbox: &mailbox, draft: &draft };
    let gone = match form.plain("to") {
        "who" => Ok(who(StatusCode::OK, &signed, &mailbox, &draft, Vec::new())),
        "preview" => step.preview(&Ticked::of(&form)).await,
        "send" => step.send(&Ticked::of(&form)).await,
        "permissions" => step.permissions(choice::preset(form.plain("preset"), NOTHING)).await,
        _ => step.permissions(None).await,
    };
    gone.unwrap_or_else(|problem| Problem::page(problem, signed.reader()))
}

async fn mailbox(site: &Site, signed: &Signed, address: &MailboxAddress) -> Result<ManagedMailbox, Problem> {
    let (actor, address) = (signed.actor(), address.clone());
    site.look_up(move |accounts| accounts.managed_mailbox(actor, &address, now_secs())).await
}

impl Who<'_> {
    /// What is wrong with a field, if anything.
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.said.as_str())
    }
}

/// One step of it.
struct Step<'a> {
    site: &'a Site,
    signed: &'a Signed,
    mailbox: &'a ManagedMailbox,
    draft: &'a Draft,
}

impl Step<'_> {
    /// From who they are to what they may do.
    async fn permissions(&self, preset: Option<Grant>) -> Result<Response, Problem> {
        let typed = self.draft.faults(self.signed.language());
        if !typed.is_empty() {
            return Ok(self.who_again(typed));
        }
        match self.drafted(NOTHING).await? {
            Err(rule) => Ok(self.who_again(vec![Fault::of(self.signed.language(), &rule)])),
            Ok(_) => Ok(self.what(StatusCode::OK, preset.unwrap_or(NOTHING), None)),
        }
    }

    /// From there to the mail as it will be.
    async fn preview(&self, ticked: &Ticked) -> Result<Response, Problem> {
        let language = self.signed.language();
        let typed = self.draft.faults(language);
        if !typed.is_empty() {
            return Ok(self.who_again(typed));
        }
        let grant = self.granted(ticked);
        if grant.may(Permission::Client) && !grant.protocols.imap && !grant.protocols.pop3 {
            let fault = rules::said(language, &Rule::NoProtocol);
            return Ok(self.what(StatusCode::UNPROCESSABLE_ENTITY, grant, Some(fault)));
        }
        let (notice, written_in) = match self.drafted(grant).await? {
            Ok(drafted) => drafted,
            Err(rule) => {
                let fault = rules::said(language, &rule);
                return Ok(self.what(StatusCode::UNPROCESSABLE_ENTITY, grant, Some(fault)));
            }
        };
        let frame = Frame { switch: false, ..framed(self.signed) };
        let mut hidden: Vec<&'static str> = grant.permissions.iter().map(Permission::name).collect();
        hidden.extend(grant.protocols.imap.then_some("imap"));
        hidden.extend(grant.protocols.pop3.then_some("pop3"));
        let page = Preview {
            crumbs: crumbs(self.signed, &frame, Some(&self.mailbox.address)),
            draft: self.draft,
            name: self.draft.person().full_name(),
            login: format!("{}/{}", self.draft.username.to_ascii_lowercase(), self.mailbox.address),
            permissions: texts::granted(frame.language, &grant),
            along: choice::along(&frame, NOTHING, &ticked.permissions, grant),
            language: self::language(&frame, written_in),
            mail: self.site.letters.as_ref().and_then(|letters| letters.write(&notice, written_in)),
            hidden,
            action: of_mailbox(&self.mailbox.address, "invite"),
            frame,
        };
        Ok(show(StatusCode::OK, &page))
    }

    /// And out.
    async fn send(&self, ticked: &Ticked) -> Result<Response, Problem> {
        let grant = self.granted(ticked);
        let Some(invitee) = self.draft.invitee(&self.mailbox.address, grant) else {
            return Ok(self.who_again(self.draft.faults(self.signed.language())));
        };
        let actor = self.signed.actor();
        let invited = self.site.attempt(Work::Lookup, move |accounts| accounts.invite(actor, invitee, now_secs()));
        match invited.await? {
            Ok(_) => Ok(see(&format!("{}?done=invited", of_mailbox(&self.mailbox.address, "delegates")))),
            Err(rule) => Ok(self.who_again(vec![Fault::of(self.signed.language(), &rule)])),
        }
    }

    /// What is ticked, with what it needs.
    fn granted(&self, ticked: &Ticked) -> Grant {
        ticked.grant(NOTHING, self.site.accounts.permission_profile())
    }

    /// The mail, or the rule that says no.
    async fn drafted(&self, grant: Grant) -> Result<Result<(Notice, Language), Rule>, Problem> {
        // Typed faults were said before.
        let invitee = self.draft.invitee(&self.mailbox.address, grant).ok_or(Problem::BadRequest)?;
        let actor = self.signed.actor();
        self.site.attempt(Work::Lookup, move |accounts| accounts.draft_invitation(actor, &invitee, now_secs())).await
    }

    fn who_again(&self, faults: Vec<Fault>) -> Response {
        who(StatusCode::UNPROCESSABLE_ENTITY, self.signed, self.mailbox, self.draft, faults)
    }

    fn what(&self, status: StatusCode, ticked: Grant, fault: Option<String>) -> Response {
        let frame = Frame { switch: false, faulty: fault.is_some(), ..framed(self.signed) };
        let page = What {
            crumbs: crumbs(self.signed, &frame, Some(&self.mailbox.address)),
            draft: self.draft,
            name: self.draft.person().full_name(),
            presets: choice::presets(&frame),
            choice: Choice::new(
                &frame,
                self.mailbox,
                Grant { permissions: Permissions::READ, protocols: { Protocols { imap: false, pop3: false } } },
                ticked,
                self.site.accounts.permission_profile(),
            ),
            fault,
            action: of_mailbox(&self.mailbox.address, "invite"),
            frame,
        };
        show(status, &page)
    }
}

fn who(status: StatusCode, signed: &Signed, mailbox: &ManagedMailbox, draft: &Draft, faults: Vec<Fault>) -> Response {
    let frame = framed(signed);
    let frame = Frame { switch: status == StatusCode::OK, faulty: !faults.is_empty(), ..frame };
    let languages = [Language::Italian, Language::English];
    let page = Who {
        crumbs: crumbs(signed, &frame, Some(&mailbox.address)),
        seats: seats(frame.language, mailbox),
        languages: languages.map(|one| (one, language(&frame, one), draft.language == one)).into(),
        draft,
        domain: mailbox.address.to_string(),
        faults,
        action: of_mailbox(&mailbox.address, "invite"),
        back: of_mailbox(&mailbox.address, "delegates"),
        frame,
    };
    show(status, &page)
}
