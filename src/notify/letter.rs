//! A [`Notice`] → what is written, block by block: the one source of both renderings, in either language (N1–N4).
//!
//! Pure. Names and personal texts come from people; here they lose what is not text (control characters, marks that turn
//! the direction of the text around them), and the renderings escape what is left. The only addresses in a letter that
//! can be followed are built from the configuration and a token, never from anything that somebody sent.

use crate::domain::{
    AccountFacts, Answer, Facts, Grant, Language, Login, MailboxAddress, Notice, Permission, PostmasterFacts,
    SuspensionCause, TurnedOffBy, deceives,
};
use crate::texts::{self, counted, text};

/// What is written to one person. It may hold the token of a link, and cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub language: Language,
    pub subject: String,
    /// Whom it is for, as they are called.
    pub name: String,
    pub greeting: String,
    pub blocks: Vec<Block>,
    pub footer: String,
}

/// A part of a letter. No text in it has a line end.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Block {
    Paragraph(String),
    /// Somebody's own words, line by line.
    Quote(Vec<String>),
    /// What there is to do, and where.
    Button {
        label: String,
        url: String,
        /// What is said before the address itself, for those whose mail program shows no button.
        otherwise: String,
    },
    /// Names and values.
    Facts(Vec<(String, String)>),
    List(Vec<String>),
}

/// The addresses that letters may lead to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a> {
    /// Of the panel's pages, without a slash at its end.
    pub public_url: &'a str,
    /// Of the webmail, where it is known.
    pub webmail_url: Option<&'a str>,
}

/// Writes the letter; nothing where it should have a link and there is no token for it.
pub(super) fn write(notice: &Notice, language: Language, places: Places<'_>, token: Option<&str>) -> Option<Letter> {
    let link = |path: &str| Some(format!("{}/{path}/{}", places.public_url, token?));
    let w = Writer { language, places };
    Some(match notice {
        Notice::Invitation { facts, message, until_secs } => {
            w.invitation(facts, message.as_deref(), *until_secs, link("invitation")?)
        }
        Notice::Activated { facts, two_factor } => w.activated(facts, *two_factor),
        Notice::Answered { facts, answer } => w.answered(facts, *answer),
        Notice::InvitationWithdrawn(facts) => w.to_delegate(
            facts,
            "mail-withdrawn-subject",
            vec![w.about("mail-withdrawn-what", facts), w.say("mail-nothing-to-do", &[])],
        ),
        Notice::PasswordTaken { facts, until_secs } => w.to_delegate(
            facts,
            "mail-password-taken-subject",
            vec![
                w.about("mail-password-taken-what", facts),
                w.access(facts),
                w.button("mail-password-button", link("password")?),
                w.until("mail-password-until", *until_secs),
            ],
        ),
        Notice::PasswordForgotten { facts, until_secs } => w.to_delegate(
            facts,
            "mail-password-forgotten-subject",
            vec![
                w.about("mail-password-forgotten-what", facts),
                w.access(facts),
                w.button("mail-password-button", link("password")?),
                w.until("mail-password-until", *until_secs),
                w.say("mail-password-forgotten-unexpected", &[]),
            ],
        ),
        Notice::PasswordChanged(facts) => w.to_delegate(
            facts,
            "mail-password-changed-subject",
            vec![
                w.about("mail-password-changed-what", facts),
                w.access(facts),
                w.about("mail-password-changed-unexpected", facts),
            ],
        ),
        Notice::PermissionsChanged(facts) => {
            let mut blocks = vec![w.about("mail-permissions-what", facts), w.granted(facts)];
            blocks.extend(w.by_client(&facts.grant));
            blocks.push(w.about("mail-ask-owner", facts));
            w.to_delegate(facts, "mail-permissions-subject", blocks)
        }
        Notice::Suspended { facts, cause } => {
            let mut blocks = vec![w.about("mail-suspended-what", facts)];
            match cause {
                SuspensionCause::Wanted => {}
                SuspensionCause::Seats => blocks.push(w.say("mail-suspended-seats", &[])),
            }
            blocks.extend([w.say("mail-suspended-kept", &[]), w.about("mail-ask-owner", facts)]);
            w.to_delegate(facts, "mail-suspended-subject", blocks)
        }
        Notice::Resumed(facts) => {
            let mut blocks = vec![w.about("mail-resumed-what", facts), w.granted(facts)];
            blocks.extend(w.webmail_button());
            w.to_delegate(facts, "mail-resumed-subject", blocks)
        }
        Notice::Revoked(facts) => {
            let mut blocks = vec![w.about("mail-revoked-what", facts)];
            if facts.grant.may(Permission::Client) {
                blocks.push(w.say("mail-revoked-client", &[]));
            }
            blocks.push(w.about("mail-ask-owner", facts));
            w.to_delegate(facts, "mail-revoked-subject", blocks)
        }
        Notice::AppPasswordMade { of, name, until_secs } => {
            let blocks = vec![
                w.of_account("mail-app-password-made-what", of, &[]),
                w.say("mail-app-password-name", &[("name", name)]),
                w.until("mail-app-password-until", *until_secs),
                w.unexpected(of),
            ];
            w.to_person(of, "mail-app-password-made-subject", blocks)
        }
        Notice::AppPasswordEnds { of, name, until_secs } => {
            let help = match of {
                AccountFacts::Delegate(facts) => w.about("mail-app-password-ends-help", facts),
                AccountFacts::Owner { .. } | AccountFacts::Postmaster(_) => w.say("mail-app-password-ends-own", &[]),
            };
            let blocks = vec![
                w.of_account("mail-app-password-ends-what", of, &[]),
                w.say("mail-app-password-name", &[("name", name)]),
                w.until("mail-app-password-until", *until_secs),
                help,
            ];
            w.to_person(of, "mail-app-password-ends-subject", blocks)
        }
        Notice::Guessed { of, address, until_secs } => {
            let (until, help) = match of {
                AccountFacts::Owner { .. } => ("mail-guessed-until", w.say("mail-guessed-help-own", &[])),
                AccountFacts::Delegate(facts) => ("mail-guessed-until", w.about("mail-guessed-help", facts)),
                AccountFacts::Postmaster(_) => ("mail-guessed-until-panel", w.say("mail-guessed-help-panel", &[])),
            };
            let blocks = vec![
                w.of_account("mail-guessed-what", of, &[]),
                w.say("mail-guessed-from", &[("address", &address.to_string())]),
                w.until(until, *until_secs),
                help,
            ];
            w.to_person(of, "mail-guessed-subject", blocks)
        }
        Notice::EmailConfirm { of, email, until_secs } => {
            let blocks = vec![
                w.say("mail-email-confirm-what", &[("email", email)]),
                w.account(of),
                w.button("mail-email-confirm-button", link("email")?),
                w.until("mail-email-confirm-until", *until_secs),
                w.say("mail-email-confirm-unexpected", &[]),
            ];
            w.to_person(of, "mail-email-confirm-subject", blocks)
        }
        Notice::EmailChanged { of, email } => {
            let mut blocks = vec![w.say("mail-email-changed-what", &[("email", email)]), w.account(of)];
            match of {
                AccountFacts::Owner { .. } | AccountFacts::Delegate(_) => {}
                AccountFacts::Postmaster(_) => blocks.push(w.say("mail-email-changed-login", &[])),
            }
            blocks.push(w.unexpected(of));
            w.to_person(of, "mail-email-changed-subject", blocks)
        }
        Notice::PostmasterInvited { facts, until_secs } => w.to_postmaster(
            facts,
            ["mail-postmaster-invited-subject", "mail-postmaster-invited-what"],
            vec![
                w.say("mail-postmaster-invited-how", &[]),
                w.button("mail-password-button", link("password")?),
                w.until("mail-password-until", *until_secs),
            ],
        ),
        Notice::PostmasterPasswordTaken { facts, until_secs } => w.to_postmaster(
            facts,
            ["mail-postmaster-taken-subject", "mail-postmaster-taken-what"],
            vec![w.button("mail-password-button", link("password")?), w.until("mail-password-until", *until_secs)],
        ),
        Notice::PostmasterPasswordForgotten { facts, until_secs } => w.to_postmaster(
            facts,
            ["mail-postmaster-forgotten-subject", "mail-postmaster-forgotten-what"],
            vec![
                w.button("mail-password-button", link("password")?),
                w.until("mail-password-until", *until_secs),
                w.say("mail-password-forgotten-unexpected", &[]),
            ],
        ),
        Notice::PostmasterPasswordChanged(facts) => w.to_postmaster(
            facts,
            ["mail-postmaster-changed-subject", "mail-postmaster-changed-what"],
            vec![w.say("mail-unexpected", &[])],
        ),
        Notice::TwoFactorOn(of) => {
            let how = match of {
                AccountFacts::Owner { .. } | AccountFacts::Delegate(_) => "mail-two-factor-on-how",
                AccountFacts::Postmaster(_) => "mail-two-factor-on-panel",
            };
            let blocks = vec![
                w.of_account("mail-two-factor-on-what", of, &[]),
                w.say(how, &[]),
                w.say("mail-two-factor-on-recovery", &[]),
                w.unexpected(of),
            ];
            w.to_person(of, "mail-two-factor-on-subject", blocks)
        }
        Notice::TwoFactorOff { of, by } => {
            let mut blocks = vec![w.of_account("mail-two-factor-off-what", of, &[])];
            match by {
                TurnedOffBy::Themself => {}
                TurnedOffBy::Administrator => blocks.push(w.say("mail-two-factor-off-administrator", &[])),
                TurnedOffBy::Operator => blocks.push(w.say("mail-two-factor-off-operator", &[])),
            }
            blocks.push(w.unexpected(of));
            w.to_person(of, "mail-two-factor-off-subject", blocks)
        }
        Notice::TwoFactorRequired(facts) => {
            let mut blocks = vec![w.about("mail-two-factor-required-what", facts), w.access(facts)];
            blocks.extend(w.enrolment(&facts.grant));
            w.to_delegate(facts, "mail-two-factor-required-subject", blocks)
        }
        Notice::RecoveryCodeUsed { of, left, address } => {
            let blocks = vec![
                w.of_account("mail-recovery-used-what", of, &[("address", &address.to_string())]),
                Block::Paragraph(counted(language, "mail-recovery-left", *left, &[])),
                w.unexpected(of),
            ];
            w.to_person(of, "mail-recovery-used-subject", blocks)
        }
        Notice::CodesGuessed { of, address, until_secs } => {
            let blocks = vec![
                w.of_account("mail-codes-guessed-what", of, &[]),
                w.say("mail-guessed-from", &[("address", &address.to_string())]),
                w.until("mail-codes-guessed-until", *until_secs),
                w.say("mail-codes-guessed-help", &[]),
            ];
            w.to_person(of, "mail-codes-guessed-subject", blocks)
        }
        Notice::PasswordRefused { mailbox, owner_name } => {
            let blocks = vec![
                w.say("mail-password-refused-what", &[("mailbox", mailbox.as_str())]),
                w.say("mail-password-refused-why", &[]),
                w.say("mail-password-refused-help", &[]),
            ];
            w.letter(owner_name, w.named("mail-password-refused-subject", mailbox), blocks)
        }
        Notice::OverSeats { mailbox, owner_name, plan, seats, taken, until_secs } => {
            let args = [("mailbox", mailbox.as_str()), ("seats", &seats.to_string())];
            let blocks = vec![
                Block::Paragraph(counted(language, "mail-over-seats-what", *taken, &args)),
                w.plan(mailbox, plan),
                w.until("mail-over-seats-until", *until_secs),
                w.say("mail-over-seats-help", &[]),
            ];
            w.letter(owner_name, w.named("mail-over-seats-subject", mailbox), blocks)
        }
        Notice::SeatsEnforced { mailbox, owner_name, plan, seats, logins } => {
            let args = [("mailbox", mailbox.as_str())];
            let blocks = vec![
                Block::Paragraph(counted(language, "mail-seats-enforced-what", *seats, &args)),
                Block::List(logins.iter().map(ToString::to_string).collect()),
                w.plan(mailbox, plan),
                w.say("mail-seats-enforced-help", &[]),
            ];
            w.letter(owner_name, w.named("mail-seats-enforced-subject", mailbox), blocks)
        }
    })
}

#[derive(Clone, Copy)]
struct Writer<'a> {
    language: Language,
    places: Places<'a>,
}

impl Writer<'_> {
    /// N1
    fn invitation(self, facts: &Facts, message: Option<&str>, until_secs: i64, link: String) -> Letter {
        let mut blocks = vec![self.about("mail-invitation-what", facts)];
        let lines = message.map(own_words).unwrap_or_default();
        if !lines.is_empty() {
            blocks.extend([self.about("mail-invitation-message", facts), Block::Quote(lines)]);
        }
        blocks.extend([
            self.granted(facts),
            self.say("mail-invitation-how", &[]),
            self.button("mail-invitation-button", link),
            self.until("mail-invitation-until", until_secs),
            self.say("mail-invitation-unexpected", &[]),
        ]);
        self.to_delegate(facts, "mail-invitation-subject", blocks)
    }

    /// N2
    fn activated(self, facts: &Facts, two_factor: bool) -> Letter {
        let mut blocks = vec![self.about("mail-activated-what", facts), self.granted(facts)];
        blocks.push(match self.places.webmail_url {
            Some(_) => self.say("mail-activated-webmail", &[]),
            None => self.say("mail-activated-how", &[]),
        });
        blocks.extend(self.webmail_button());
        if two_factor {
            blocks.push(self.say("mail-two-factor-steps", &[]));
            blocks.extend(self.enrolment(&facts.grant));
        } else {
            blocks.extend(self.by_client(&facts.grant));
        }
        blocks.push(self.say("mail-activated-secret", &[]));
        let subject = self.named("mail-activated-subject", facts.login.mailbox());
        self.letter(&full_name(facts), subject, blocks)
    }

    /// N3
    fn answered(self, facts: &Facts, answer: Answer) -> Letter {
        let name = full_name(facts);
        let args = [("name", name.as_str()), ("mailbox", facts.login.mailbox().as_str())];
        let username = match &facts.login {
            Login::Delegate(username, _) => username.as_str(),
            Login::Owner(mailbox) => mailbox.as_str(),
        };
        let free = || self.say("mail-username-free", &[("username", username)]);
        let (subject, blocks) = match answer {
            Answer::Accepted => (
                "mail-answered-subject",
                vec![self.say("mail-accepted-what", &args), self.who(facts), self.say("mail-accepted-control", &[])],
            ),
            Answer::Refused => {
                ("mail-answered-subject", vec![self.say("mail-refused-what", &args), self.who(facts), free()])
            }
            Answer::Expired => {
                ("mail-expired-subject", vec![self.say("mail-expired-what", &args), self.who(facts), free()])
            }
        };
        self.letter(&facts.owner_name, text(self.language, subject, &[]), blocks)
    }

    /// How two-step verification is set up (N2), and what comes of it.
    fn enrolment(self, grant: &Grant) -> Vec<Block> {
        let steps = [
            "mail-two-factor-step-app",
            "mail-two-factor-step-panel",
            "mail-two-factor-step-scan",
            "mail-two-factor-step-recovery",
        ];
        let step = |step| text(self.language, step, &[]);
        let clients = match grant.may(Permission::Client) {
            true => "mail-two-factor-clients",
            false => "mail-no-client",
        };
        let panel = self.button("mail-panel-button", format!("{}/", self.places.public_url));
        vec![Block::List(steps.map(step).into()), panel, self.say(clients, &[])]
    }

    fn to_person(self, of: &AccountFacts, subject: &str, blocks: Vec<Block>) -> Letter {
        self.letter(&of.name(), text(self.language, subject, &[]), blocks)
    }

    /// A sentence that may name the account, beside what else it names.
    fn of_account(self, id: &str, of: &AccountFacts, args: &[(&str, &str)]) -> Block {
        let say = |id, args: &[(&str, &str)]| text(self.language, id, args);
        let account = match of {
            AccountFacts::Owner { mailbox, .. } => say("mail-account-owner", &[("mailbox", mailbox.as_str())]),
            AccountFacts::Delegate(facts) => say(
                "mail-account-delegate",
                &[("mailbox", facts.login.mailbox().as_str()), ("owner", &one_line(&facts.owner_name))],
            ),
            AccountFacts::Postmaster(facts) => say("mail-account-postmaster", &[("domain", facts.domain.as_str())]),
        };
        self.say(id, &[&[("account", account.as_str())], args].concat())
    }

    /// Whom to tell of what was not expected.
    fn unexpected(self, of: &AccountFacts) -> Block {
        match of {
            AccountFacts::Delegate(facts) => self.about("mail-password-changed-unexpected", facts),
            AccountFacts::Owner { .. } | AccountFacts::Postmaster(_) => self.say("mail-unexpected", &[]),
        }
    }

    fn to_delegate(self, facts: &Facts, subject: &str, blocks: Vec<Block>) -> Letter {
        self.letter(&full_name(facts), text(self.language, subject, &[]), blocks)
    }

    /// What it is about, which account that is, and the rest.
    fn to_postmaster(self, facts: &PostmasterFacts, [subject, what]: [&str; 2], rest: Vec<Block>) -> Letter {
        let about = [self.say(what, &[("domain", facts.domain.as_str())]), self.postmaster(facts)];
        self.letter(&facts.name, text(self.language, subject, &[]), about.into_iter().chain(rest).collect())
    }

    fn letter(self, name: &str, subject: String, blocks: Vec<Block>) -> Letter {
        let name = one_line(name);
        Letter {
            language: self.language,
            subject,
            greeting: text(self.language, "mail-greeting", &[("name", &name)]),
            name,
            blocks,
            footer: text(self.language, "mail-footer", &[("host", host(self.places.public_url))]),
        }
    }

    fn named(self, id: &str, mailbox: &MailboxAddress) -> String {
        text(self.language, id, &[("mailbox", mailbox.as_str())])
    }

    fn say(self, id: &str, args: &[(&str, &str)]) -> Block {
        Block::Paragraph(text(self.language, id, args))
    }

    /// A sentence that may name the mailbox and its owner.
    fn about(self, id: &str, facts: &Facts) -> Block {
        self.say(id, &[("mailbox", facts.login.mailbox().as_str()), ("owner", &one_line(&facts.owner_name))])
    }

    fn until(self, id: &str, until_secs: i64) -> Block {
        self.say(id, &[("until", &texts::date_time(self.language, until_secs))])
    }

    fn button(self, label: &str, url: String) -> Block {
        Block::Button {
            label: text(self.language, label, &[]),
            url,
            otherwise: text(self.language, "mail-if-button-fails", &[]),
        }
    }

    fn webmail_button(self) -> Option<Block> {
        self.places.webmail_url.map(|url| self.button("mail-webmail-button", url.to_owned()))
    }

    /// How a mail program gets in, or that it does not.
    fn by_client(self, grant: &Grant) -> Option<Block> {
        if !grant.may(Permission::Client) {
            return Some(self.say("mail-no-client", &[]));
        }
        let protocols = texts::protocols(self.language, grant.protocols);
        let id = match grant.may(Permission::Send) {
            true => "mail-by-client",
            false => "mail-by-client-receive",
        };
        (!protocols.is_empty()).then(|| self.say(id, &[("protocols", &protocols)]))
    }

    fn facts(self, facts: &[(&str, String)]) -> Block {
        Block::Facts(facts.iter().map(|(id, value)| (text(self.language, id, &[]), one_line(value))).collect())
    }

    fn permissions(self, grant: &Grant) -> String {
        texts::granted(self.language, grant).join(", ")
    }

    /// Mailbox and login.
    fn access(self, facts: &Facts) -> Block {
        self.facts(&[
            ("mail-fact-mailbox", facts.login.mailbox().to_string()),
            ("mail-fact-login", facts.login.to_string()),
        ])
    }

    /// Whose account it is, by what they log in with.
    fn account(self, of: &AccountFacts) -> Block {
        match of {
            AccountFacts::Owner { mailbox, .. } => self.facts(&[("mail-fact-mailbox", mailbox.to_string())]),
            AccountFacts::Delegate(facts) => self.access(facts),
            AccountFacts::Postmaster(facts) => self.postmaster(facts),
        }
    }

    /// Domain and login.
    fn postmaster(self, facts: &PostmasterFacts) -> Block {
        self.facts(&[("mail-fact-domain", facts.domain.to_string()), ("mail-fact-login", facts.email.clone())])
    }

    /// Mailbox, owner, login and permissions.
    fn granted(self, facts: &Facts) -> Block {
        self.facts(&[
            ("mail-fact-mailbox", facts.login.mailbox().to_string()),
            ("mail-fact-owner", facts.owner_name.clone()),
            ("mail-fact-login", facts.login.to_string()),
            ("mail-fact-permissions", self.permissions(&facts.grant)),
        ])
    }

    /// The delegate, for the owner.
    fn who(self, facts: &Facts) -> Block {
        self.facts(&[
            ("mail-fact-name", full_name(facts)),
            ("mail-fact-login", facts.login.to_string()),
            ("mail-fact-permissions", self.permissions(&facts.grant)),
        ])
    }

    fn plan(self, mailbox: &MailboxAddress, plan: &str) -> Block {
        self.facts(&[("mail-fact-mailbox", mailbox.to_string()), ("mail-fact-plan", plan.to_owned())])
    }
}

fn full_name(facts: &Facts) -> String {
    one_line(&format!("{} {}", facts.first_name, facts.last_name))
}

/// The host of a URL, as people read it.
fn host(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    authority.split('/').next().unwrap_or_default()
}

/// On one line, and nothing but text.
fn one_line(from_people: &str) -> String {
    let blank = |c| if deceives(c) { ' ' } else { c };
    from_people.chars().map(blank).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Line by line, without the empty ones at either end.
fn own_words(from_people: &str) -> Vec<String> {
    let lines = from_people.replace("\r\n", "\n");
    let ends_line = |c| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let lines: Vec<String> = lines.split(ends_line).map(one_line).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines.get(first..last).unwrap_or_default().to_vec()
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
