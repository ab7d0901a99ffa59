//! Changing a mailbox (`delega mailbox set`).

use secrecy::SecretString;

use super::account::Account;
use super::look::{mailbox, view_mailbox};
use super::seats::Seats;
use super::{Accounts, AccountsError, MailboxView, Rule, multi_user, passwords, plans, text};
use crate::domain::{FiscalCode, Language, Mailbox, MailboxAddress, Phone, PlanName, limits};
use crate::store::{self, Reads};

/// What is to be different. `None` leaves things as they are.
#[derive(Debug, Default)]
pub struct MailboxChange {
    /// Another upstream.
    pub upstream: Option<String>,
    /// Another name there. The mailbox's own address is kept as no name at all.
    pub upstream_user: Option<String>,
    /// Another password there.
    pub password: Option<SecretString>,
    /// Another plan (D9). Packs that it does not give are given up.
    pub plan: Option<PlanName>,
    /// So many packs of seats.
    pub packs: Option<u32>,
    /// Until when it may have more delegates than seats: seconds since 1970-01-01 UTC (D10).
    pub grace_until_secs: Option<i64>,
    /// Whether several people may work in it (M2).
    pub multi_user: Option<bool>,
    /// Whether it has the option that this needs.
    pub password_management: Option<bool>,
    /// Whether delegates may make app passwords for themselves (S3).
    pub own_app_passwords: Option<bool>,
    /// Another name of the owner.
    pub owner_name: Option<String>,
    /// Another e-mail address of the owner.
    pub owner_email: Option<String>,
    /// Another language of the owner.
    pub owner_language: Option<Language>,
    /// Another phone number of the owner, or none.
    pub owner_phone: Option<Option<Phone>>,
    /// Another codice fiscale of the owner.
    pub owner_fiscal_code: Option<FiscalCode>,
    /// Further addresses that it may send from (G2). What it has already stays.
    pub aliases: Vec<MailboxAddress>,
    /// Addresses that it may send from no more. They go before others come.
    pub no_aliases: Vec<MailboxAddress>,
}

impl Accounts {
    /// Changes a mailbox, at once or not at all.
    ///
    /// A password belongs to an upstream, and would be shown to another one at the next login. So a mailbox that moves
    /// to another upstream leaves its password behind, and needs a new one there unless there is a master user.
    ///
    /// An owner's e-mail address is believed here, and the one before is told of it.
    pub fn set_mailbox(
        &self,
        address: &MailboxAddress,
        change: MailboxChange,
        now_secs: i64,
    ) -> Result<MailboxView, AccountsError> {
        if let Some(upstream) = &change.upstream {
            self.known_upstream(upstream)?;
        }
        if let Some(password) = &change.password {
            passwords::acceptable(password, 1)?;
        }
        if change.grace_until_secs.is_some_and(|until| until <= now_secs) {
            return Err(Rule::GraceIsPast.into());
        }
        store::change(self.store.as_ref(), |writes| {
            let mut mailbox = mailbox(writes, address)?;
            if let Some(upstream) = change.upstream.filter(|upstream| *upstream != mailbox.upstream) {
                if change.password.is_none() && self.master(&upstream).is_none() {
                    return Err(Rule::PasswordNeeded(upstream).into());
                }
                mailbox.upstream = upstream;
                writes.set_sealed_password(mailbox.id, None)?;
            }
            if let Some(user) = change.upstream_user {
                let user = text::line("upstream user", &user)?;
                mailbox.upstream_user = Some(user).filter(|user| user != mailbox.address.as_str());
            }
            if let Some(name) = change.owner_name {
                mailbox.owner.name = text::line("owner's name", &name)?;
            }
            let email_before = mailbox.owner.email.clone();
            if let Some(email) = change.owner_email {
                mailbox.owner.email = text::email("owner's e-mail", &email)?;
            }
            mailbox.own_app_passwords = change.own_app_passwords.unwrap_or(mailbox.own_app_passwords);
            mailbox.owner.phone = change.owner_phone.unwrap_or(mailbox.owner.phone);
            mailbox.owner.language = change.owner_language.unwrap_or(mailbox.owner.language);
            mailbox.owner.fiscal_code = change.owner_fiscal_code.or(mailbox.owner.fiscal_code);
            multi_user::switch(writes, &mut mailbox, change.multi_user, change.password_management, now_secs)?;
            let before = Seats::of(writes, &mailbox, now_secs)?;
            if let Some(plan) = change.plan {
                let plan = plans::known(writes, &plan)?;
                mailbox.packs = mailbox.packs.min(plan.most_packs);
                mailbox.plan = plan.name;
            }
            // More than the plan gives now may be there from before; they count for nothing, and hinder nothing.
            if let Some(packs) = change.packs {
                plans::with_packs(writes, &mailbox.plan, packs)?;
                mailbox.packs = packs;
            }
            self.review_seats(writes, &mut mailbox, &before, change.grace_until_secs, now_secs)?;
            if change.grace_until_secs.is_some() && mailbox.grace_until_secs.is_none() {
                return Err(Rule::NotOverSeats(mailbox.address).into());
            }
            without_aliases(&mut mailbox, &change.no_aliases)?;
            for alias in change.aliases {
                add_alias(writes, &mut mailbox, alias)?;
            }
            if change.password.is_some() {
                mailbox.password_refused_at_secs = None;
            }
            mailbox.changed_at_secs = now_secs;
            writes.update_mailbox(&mailbox)?;
            if let Some(password) = &change.password {
                let sealed = self.vault.seal(mailbox.id, &mailbox.address, password)?;
                writes.set_sealed_password(mailbox.id, Some(&sealed))?;
            }
            let mailbox = self::mailbox(writes, address)?;
            if mailbox.owner.email != email_before {
                self.email_moved(writes, &Account::Owner(mailbox.clone()), &email_before, now_secs)?;
            }
            view_mailbox(writes, mailbox, now_secs)
        })
    }
}

fn without_aliases(mailbox: &mut Mailbox, gone: &[MailboxAddress]) -> Result<(), Rule> {
    if let Some(unknown) = gone.iter().find(|alias| !mailbox.aliases.contains(alias)) {
        return Err(Rule::UnknownAlias { alias: unknown.clone(), mailbox: mailbox.address.clone() });
    }
    mailbox.aliases.retain(|alias| !gone.contains(alias));
    Ok(())
}

/// An address that somebody else sends from, or receives at as a mailbox of its own, is never handed out twice.
fn add_alias<R: Reads + ?Sized>(reads: &R, mailbox: &mut Mailbox, alias: MailboxAddress) -> Result<(), AccountsError> {
    if mailbox.aliases.contains(&alias) {
        return Ok(());
    }
    if reads.mailbox(&alias)?.is_some() {
        return Err(Rule::AliasIsMailbox(alias).into());
    }
    if let Some(of) = reads.mailbox_of_alias(&alias)?.filter(|of| *of != mailbox.id)
        && let Some(of) = reads.mailbox_by_id(of)?
    {
        return Err(Rule::IsAlias { alias, mailbox: of.address }.into());
    }
    if mailbox.aliases.len() >= limits::ALIASES {
        return Err(Rule::TooManyAliases.into());
    }
    mailbox.aliases.push(alias);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use secrecy::ExposeSecret;

    use super::*;
    use crate::accounts::Actor;
    use crate::accounts::fixture::{CLIENT, Fixture, NOW, entry, secret};

    const ANNA: &str = "anna/ufficio@pec.example.it";

    #[test]
    fn what_is_not_named_stays() {
        let fixture = Fixture::new();
        let accounts = &fixture.accounts;
        let before = accounts.show_mailbox(Actor::Operator, &fixture.address(), NOW).unwrap().mailbox;
        let change = MailboxChange { plan: Some("Pro-3".parse().unwrap()), ..MailboxChange::default() };
        accounts.set_mailbox(&fixture.address(), change, NOW + 5).unwrap();
        let after = accounts.show_mailbox(Actor::Operator, &fixture.address(), NOW).unwrap().mailbox;
        assert_eq!(
            after,
            crate::domain::Mailbox { plan: "Pro-3".parse().unwrap(), changed_at_secs: NOW + 5, ..before }
        );
        assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials.password.expose_secret(), Fixture::MAILBOXS);
    }

    #[test]
    fn a_new_password_and_user_are_used_at_the_next_login() {
        let fixture = Fixture::new();
        let change = MailboxChange {
            password: Some(secret("n3w upstream")),
            upstream_user: Some("u77".into()),
            ..MailboxChange::default()
        };
        fixture.accounts.set_mailbox(&fixture.address(), change, NOW).unwrap();
        let credentials = fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials;
        assert_eq!((credentials.password.expose_secret(), credentials.authcid.as_str()), ("n3w upstream", "u77"));
    }

    #[test]
    fn a_password_is_never_shown_to_another_upstream() {
        let fixture = Fixture::new();
        let to = |upstream: &str, password: Option<&str>| {
            let upstream = Some(upstream.to_owned());
            let change = MailboxChange { upstream, password: password.map(secret), ..MailboxChange::default() };
            fixture.accounts.set_mailbox(&fixture.address(), change, NOW)
        };
        to("provider", None).unwrap();
        to("mastered", None).unwrap();
        let credentials = fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials;
        assert_eq!((credentials.password.expose_secret(), credentials.authcid.as_str()), ("m4ster", "master"));
        assert!(matches!(to("provider", None), Err(AccountsError::Refused(Rule::PasswordNeeded(_)))));
        to("provider", Some("again")).unwrap();
        assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, CLIENT).credentials.password.expose_secret(), "again");
        assert!(matches!(to("elsewhere", None), Err(AccountsError::Refused(Rule::UnknownUpstream { .. }))));
    }

    #[test]
    fn a_fault_leaves_everything_as_it_was() {
        let fixture = Fixture::new();
        let change = MailboxChange {
            upstream: Some("mastered".into()),
            owner_email: Some("nobody".into()),
            ..MailboxChange::default()
        };
        assert!(fixture.accounts.set_mailbox(&fixture.address(), change, NOW).is_err());
        assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, CLIENT).upstream, "provider");
    }

    #[test]
    fn g2_an_alias_belongs_to_one_mailbox() {
        let fixture = Fixture::new();
        let accounts = &fixture.accounts;
        let other: MailboxAddress = "altro@pec.example.it".parse().unwrap();
        accounts.add_mailbox(entry(other.as_str()), NOW).unwrap();
        let set = |mailbox: &MailboxAddress, aliases: &[&str], no_aliases: &[&str]| {
            let parse = |list: &[&str]| list.iter().map(|alias| alias.parse().unwrap()).collect();
            let change =
                MailboxChange { aliases: parse(aliases), no_aliases: parse(no_aliases), ..MailboxChange::default() };
            accounts.set_mailbox(mailbox, change, NOW).map_err(|error| error.to_string())
        };
        let office = fixture.address();
        set(&office, &["Protocollo@PEC.example.it", "info@pec.example.it"], &[]).unwrap();
        set(&office, &["info@pec.example.it", "info@pec.example.it"], &[]).unwrap();
        let addresses = || fixture.admit(ANNA, Fixture::ANNAS, CLIENT).addresses.into_iter().map(|a| a.to_string());
        let expected = ["ufficio@pec.example.it", "info@pec.example.it", "protocollo@pec.example.it"];
        assert_eq!(addresses().collect::<Vec<_>>(), expected);
        let owner = fixture.admit("ufficio@pec.example.it", "typed", CLIENT).addresses;
        assert_eq!(owner.iter().map(MailboxAddress::as_str).collect::<Vec<_>>(), expected);

        for (mailbox, alias, why) in [
            (&office, "ufficio@pec.example.it", "ufficio@pec.example.it is the address of a mailbox"),
            (&office, "altro@pec.example.it", "altro@pec.example.it is the address of a mailbox"),
            (&other, "info@pec.example.it", "info@pec.example.it is an alias of the mailbox ufficio@pec.example.it"),
        ] {
            let refused = set(mailbox, &["neu@pec.example.it", alias], &[]).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        assert_eq!(
            accounts.show_mailbox(Actor::Operator, &other, NOW).unwrap().mailbox.aliases,
            [],
            "half of a change was kept"
        );
        let refused = accounts.add_mailbox(entry("info@pec.example.it"), NOW).unwrap_err().to_string();
        assert!(refused.contains("info@pec.example.it is an alias of the mailbox ufficio@pec.example.it"), "{refused}");
        assert!(set(&other, &[], &["info@pec.example.it"]).unwrap_err().contains("no alias of the mailbox altro@"));

        set(&office, &["nuovo@pec.example.it"], &["info@pec.example.it"]).unwrap();
        assert_eq!(addresses().nth(1).as_deref(), Some("nuovo@pec.example.it"));
        set(&other, &["info@pec.example.it"], &[]).unwrap();
        accounts.remove_mailbox(&other, false, NOW).unwrap();
        accounts.add_mailbox(entry("info@pec.example.it"), NOW).unwrap();
    }

    #[test]
    fn aliases_are_bounded() {
        let fixture = Fixture::new();
        let add = |numbers: std::ops::Range<usize>| {
            let aliases = numbers.map(|n| format!("a{n}@pec.example.it").parse().unwrap()).collect();
            fixture.accounts.set_mailbox(&fixture.address(), MailboxChange { aliases, ..MailboxChange::default() }, NOW)
        };
        add(0..limits::ALIASES).unwrap();
        add(0..1).unwrap();
        let refused = add(limits::ALIASES..limits::ALIASES + 1);
        assert!(matches!(refused, Err(AccountsError::Refused(Rule::TooManyAliases))), "{refused:?}");
    }
}
