//! The five permissions and how they imply each other (P1–P6, P8, X17).

use std::fmt;
use std::str::FromStr;

/// One permission on one mailbox. Their order is that of P6; **settings** stands apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Read messages and folders, leaving no trace upstream (P1). No delegate is without it.
    Read,
    /// Create, change, move and delete messages and folders (P2).
    Write,
    /// Send and forward messages (P3).
    Send,
    /// Use the mailbox from a mail program (P4).
    Client,
    /// Manage the mailbox's settings and its delegates (P5).
    Settings,
}

/// How the permissions imply each other: the operator's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Profile {
    /// P6: read ⊂ write ⊂ send ⊂ client.
    #[default]
    Nested,
    /// X17: read ⊂ write ⊂ send, and client stands apart, so that a delegate may read in a mail program and do no more.
    ClientApart,
}

/// A ready-made choice of permissions (P8). None of them opens a mail program by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Read, modify, send.
    Complete,
    /// Read and modify.
    ReadAndModify,
    /// Read only.
    ReadOnly,
}

/// What one delegate was granted. **read** is always in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permissions(u8);

/// Why a text is not a list of permissions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a permission: use read, write, send, client, settings, or a preset: complete, read-and-modify, read-only"
)]
pub struct BadPermissions(String);

impl Permission {
    /// All of them, in the order of P6.
    pub const ALL: [Permission; 5] =
        [Permission::Read, Permission::Write, Permission::Send, Permission::Client, Permission::Settings];

    /// The word used on the command line, in the store and in listings.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::Write => "write",
            Permission::Send => "send",
            Permission::Client => "client",
            Permission::Settings => "settings",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Profile {
    /// The permissions that `permission` needs beside itself under this profile.
    fn needs(self, permission: Permission) -> &'static [Permission] {
        use Permission::{Read, Send, Write};
        match (permission, self) {
            (Permission::Read, _) => &[],
            (Permission::Write | Permission::Settings, _) | (Permission::Client, Profile::ClientApart) => &[Read],
            (Permission::Send, _) => &[Read, Write],
            (Permission::Client, Profile::Nested) => &[Read, Write, Send],
        }
    }
}

impl Permissions {
    /// **read** and nothing else.
    pub const READ: Permissions = Permissions(1);
    /// Every permission there is.
    pub const ALL: Permissions = Permissions(0b1_1111);

    /// Whether `permission` is among them.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// These and `permission`, with everything that it needs (P6: granting one grants those before it).
    #[must_use]
    pub fn granting(self, permission: Permission, profile: Profile) -> Permissions {
        profile
            .needs(permission)
            .iter()
            .fold(Permissions(self.0 | permission.bit()), |all, needed| Permissions(all.0 | needed.bit()))
    }

    /// These without `permission` and without everything that needs it (P6: taking one away takes those after it).
    /// **read** cannot be taken away.
    #[must_use]
    pub fn revoking(self, permission: Permission, profile: Profile) -> Permissions {
        let left = Permissions((self.0 & !permission.bit()) | Permission::Read.bit());
        left.under(profile)
    }

    /// These after somebody has ticked and cleared boxes until exactly `ticked` were, **read** apart (P6). What was cleared
    /// goes first, with everything that needs it, and what was ticked comes with everything that it needs.
    #[must_use]
    pub fn ticking(self, ticked: &[Permission], profile: Profile) -> Permissions {
        let cleared = self.iter().filter(|one| *one != Permission::Read && !ticked.contains(one));
        let left = cleared.fold(self, |all, one| all.revoking(one, profile));
        let new = ticked.iter().filter(|one| !self.contains(**one));
        new.fold(left, |all, one| all.granting(*one, profile))
    }

    /// What of these still holds under `profile`: a permission without those it needs is lost. Asked whenever stored
    /// permissions are used, so that an operator who returns to P6 leaves no read-only mail program behind.
    #[must_use]
    pub fn under(self, profile: Profile) -> Permissions {
        Permission::ALL
            .into_iter()
            .filter(|p| self.contains(*p) && profile.needs(*p).iter().all(|needed| self.contains(*needed)))
            .fold(Permissions::READ, |all, p| Permissions(all.0 | p.bit()))
    }

    /// The permissions, in the order of P6.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |p| self.contains(*p))
    }

    /// Reads `read,write,…` or a preset, and adds what those named need under `profile`.
    pub fn parse(text: &str, profile: Profile) -> Result<Permissions, BadPermissions> {
        if let Ok(preset) = text.trim().parse::<Preset>() {
            return Ok(preset.permissions());
        }
        text.split(',').map(str::trim).try_fold(Permissions::READ, |all, word| {
            let permission = Permission::ALL
                .into_iter()
                .find(|p| p.name() == word)
                .ok_or_else(|| BadPermissions(word.to_owned()))?;
            Ok(all.granting(permission, profile))
        })
    }
}

impl Preset {
    /// What the preset grants.
    pub fn permissions(self) -> Permissions {
        match self {
            Preset::Complete => Permissions::READ.granting(Permission::Send, Profile::Nested),
            Preset::ReadAndModify => Permissions::READ.granting(Permission::Write, Profile::Nested),
            Preset::ReadOnly => Permissions::READ,
        }
    }
}

impl FromStr for Preset {
    type Err = BadPermissions;

    fn from_str(text: &str) -> Result<Self, BadPermissions> {
        match text {
            "complete" => Ok(Preset::Complete),
            "read-and-modify" => Ok(Preset::ReadAndModify),
            "read-only" => Ok(Preset::ReadOnly),
            other => Err(BadPermissions(other.to_owned())),
        }
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, permission) in self.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { "," })?;
            f.write_str(permission.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(text: &str) -> String {
        Permissions::parse(text, Profile::Nested).unwrap().to_string()
    }

    #[test]
    fn p6_granting_one_grants_those_before_it() {
        assert_eq!(nested("read"), "read");
        assert_eq!(nested("write"), "read,write");
        assert_eq!(nested("send"), "read,write,send");
        assert_eq!(nested("client"), "read,write,send,client");
        assert_eq!(nested("settings"), "read,settings");
    }

    #[test]
    fn p6_taking_one_away_takes_those_after_it() {
        let taking = |p| Permissions::ALL.revoking(p, Profile::Nested).to_string();
        assert_eq!(taking(Permission::Read), "read,write,send,client,settings");
        assert_eq!(taking(Permission::Write), "read,settings");
        assert_eq!(taking(Permission::Send), "read,write,settings");
        assert_eq!(taking(Permission::Client), "read,write,send,settings");
        assert_eq!(taking(Permission::Settings), "read,write,send,client");
    }

    #[test]
    fn p6_boxes_tick_each_other() {
        use Permission::{Client, Send, Settings, Write};
        let after = |before: &str, ticked: &[Permission]| {
            Permissions::parse(before, Profile::Nested).unwrap().ticking(ticked, Profile::Nested).to_string()
        };
        assert_eq!(after("read", &[Send]), "read,write,send");
        assert_eq!(after("read", &[Client, Settings]), "read,write,send,client,settings");
        // Clearing the box in the middle clears those after it, though they are ticked still.
        assert_eq!(after("client", &[Write, Client]), "read,write");
        assert_eq!(after("client,settings", &[Settings]), "read,settings");
        // What is ticked at the same time wins, for it was asked for.
        assert_eq!(after("write", &[Send]), "read,write,send");
        for settled in ["read", "read,write,send", "read,write,send,client,settings"] {
            let all: Vec<Permission> = Permissions::parse(settled, Profile::Nested).unwrap().iter().collect();
            assert_eq!(after(settled, &all), settled);
        }
    }

    #[test]
    fn x17_client_stands_apart_where_the_operator_says_so() {
        let read_client = Permissions::parse("read,client", Profile::ClientApart).unwrap();
        assert_eq!(read_client.to_string(), "read,client");
        assert_eq!(read_client.under(Profile::Nested).to_string(), "read");
        let all = Permissions::ALL.revoking(Permission::Write, Profile::ClientApart);
        assert_eq!(all.to_string(), "read,client,settings");
    }

    #[test]
    fn p8_presets() {
        assert_eq!(nested("complete"), "read,write,send");
        assert_eq!(nested("read-and-modify"), "read,write");
        assert_eq!(nested("read-only"), "read");
        assert!(Permissions::parse("read,writ", Profile::Nested).is_err());
        assert!(Permissions::parse("", Profile::Nested).is_err());
    }
}
