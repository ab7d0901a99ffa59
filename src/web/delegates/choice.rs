//! Permissions to tick (P6, P7, P8): single ones that tick each other, and presets that tick several.
//!
//! Which permission needs which is the accounts' to say. What a page shows of it before the form is sent is a hint, made
//! without a script: a box that another one includes says so while that one is ticked.

use std::collections::BTreeSet;

use crate::accounts::ManagedMailbox;
use crate::domain::{Grant, Permission, Permissions, Preset, Profile, Protocols};
use crate::texts;
use crate::web::form::Form;
use crate::web::frame::Frame;

/// The boxes of a form.
pub(super) struct Choice {
    pub(super) boxes: Vec<Tick>,
    /// Those of a mail program's retrieval protocols.
    pub(super) protocols: Vec<Tick>,
    /// Whether mail programs can be allowed at all, so that there is a protocol to choose.
    pub(super) client: bool,
}

/// A box.
pub(super) struct Tick {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) about: String,
    pub(super) ticked: bool,
    /// Whether it can be ticked or cleared.
    pub(super) open: bool,
    /// Why not.
    pub(super) why: Option<String>,
    /// The boxes that include this one.
    pub(super) included_by: Vec<&'static str>,
}

/// A preset, as a button or a link.
pub(super) struct Ready {
    pub(super) name: &'static str,
    pub(super) label: String,
}

/// What somebody ticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticked {
    pub(super) permissions: Vec<Permission>,
    pub(super) protocols: Protocols,
}

impl Ticked {
    /// What a form says. What is always granted is not sent.
    pub(super) fn of(form: &Form) -> Ticked {
        let ticked = |name: &str| !form.plain(name).is_empty();
        Ticked {
            permissions: Permission::ALL.into_iter().filter(|one| ticked(one.name())).collect(),
            protocols: Protocols { imap: ticked("imap"), pop3: ticked("pop3") },
        }
    }

    /// What it comes to for somebody who had `before` (P6). Without **client** there is nothing to choose of protocols,
    /// and those from before stay.
    pub(super) fn grant(&self, before: Grant, profile: Profile) -> Grant {
        let permissions = before.permissions.ticking(&self.permissions, profile);
        let none = !self.protocols.imap && !self.protocols.pop3;
        let keep = none && !permissions.contains(Permission::Client);
        Grant { permissions, protocols: if keep { before.protocols } else { self.protocols } }
    }
}

impl Choice {
    /// The boxes for somebody who has `before`, with what is ticked now.
    pub(super) fn new(
        frame: &Frame,
        mailbox: &ManagedMailbox,
        before: Grant,
        ticked: Grant,
        profile: Profile,
    ) -> Choice {
        let gives = |one: Permission| before.may(one) || mailbox.own.may(one);
        let boxes = Permission::ALL.into_iter().map(|one| {
            let always = one == Permission::Read;
            let why = match (always, gives(one)) {
                (true, _) => Some("page-permission-always"),
                (false, false) => Some("page-permission-not-yours"),
                (false, true) => None,
            };
            let included_by = Permission::ALL
                .into_iter()
                .filter(|by| *by != one && !always && Permissions::READ.granting(*by, profile).contains(one));
            Tick {
                name: one.name(),
                label: texts::permission(frame.language, one),
                about: frame.say(about(one)),
                ticked: ticked.may(one),
                open: why.is_none(),
                why: why.map(|id| frame.say(id)),
                included_by: included_by.map(Permission::name).collect(),
            }
        });
        let protocol = |name, label: &str, about, ticked, gives: bool| Tick {
            name,
            label: label.to_owned(),
            about: frame.say(about),
            ticked,
            open: gives,
            why: (!gives).then(|| frame.say("page-permission-not-yours")),
            included_by: Vec::new(),
        };
        let own = mailbox.own.protocols;
        Choice {
            boxes: boxes.collect(),
            protocols: vec![
                protocol("imap", "IMAP", "page-about-imap", ticked.protocols.imap, own.imap || before.protocols.imap),
                protocol("pop3", "POP3", "page-about-pop3", ticked.protocols.pop3, own.pop3 || before.protocols.pop3),
            ],
            client: gives(Permission::Client),
        }
    }
}

/// What a permission is for.
pub(super) fn about(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "page-about-read",
        Permission::Write => "page-about-write",
        Permission::Send => "page-about-send",
        Permission::Client => "page-about-client",
        Permission::Settings => "page-about-settings",
    }
}

/// The presets that there are (P8).
pub(super) fn presets(frame: &Frame) -> Vec<Ready> {
    [
        ("read-only", "page-preset-read-only"),
        ("read-and-modify", "page-preset-read-and-modify"),
        ("complete", "page-preset-complete"),
    ]
    .map(|(name, label)| Ready { name, label: frame.say(label) })
    .into()
}

/// What a preset ticks; what stands apart from it stays.
pub(super) fn preset(name: &str, before: Grant) -> Option<Grant> {
    let permissions = name.parse::<Preset>().ok()?.permissions();
    let settings = before.may(Permission::Settings).then_some(Permission::Settings);
    let kept = settings.map_or(permissions, |one| permissions.granting(one, Profile::Nested));
    Some(Grant { permissions: kept, ..before })
}

/// What is said of permissions that came or went with others (P6), if any did.
pub(super) fn along(frame: &Frame, before: Grant, ticked: &[Permission], after: Grant) -> Vec<String> {
    let wanted: BTreeSet<Permission> = ticked.iter().copied().chain([Permission::Read]).collect();
    let has: BTreeSet<Permission> = after.permissions.iter().collect();
    let names = |set: Vec<&Permission>| {
        texts::list(frame.language, &set.iter().map(|one| texts::permission(frame.language, **one)).collect::<Vec<_>>())
    };
    let mut said = Vec::new();
    let (came, went): (Vec<_>, Vec<_>) = (has.difference(&wanted).collect(), wanted.difference(&has).collect());
    if !came.is_empty() {
        said.push(frame.with("page-came-along", "permissions", &names(came)));
    }
    if !went.is_empty() && went.iter().all(|one| before.may(**one)) {
        said.push(frame.with("page-went-along", "permissions", &names(went)));
    }
    said
}
