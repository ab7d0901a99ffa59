//! The links that are mailed to people: to answer an invitation (D2), to set a new password (D7), to confirm an e-mail
//! address (S1).

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// To answer an invitation.
    Invitation,
    /// To set a new password, or a postmaster's first.
    PasswordReset,
    /// To confirm that an e-mail address is theirs.
    ConfirmEmail,
}

/// The SHA-256 of a link's token. The token itself is nowhere but in the mail.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkHash(pub [u8; 32]);

/// How long a link for a new password works. Whoever comes later asks for another.
pub const PASSWORD_RESET_SECS: i64 = 24 * 60 * 60;
/// How long a link to a new e-mail address works.
pub const CONFIRM_EMAIL_SECS: i64 = 24 * 60 * 60;

impl LinkPurpose {
    /// All of them.
    pub const ALL: [LinkPurpose; 3] = [LinkPurpose::Invitation, LinkPurpose::PasswordReset, LinkPurpose::ConfirmEmail];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            LinkPurpose::Invitation => "invitation",
            LinkPurpose::PasswordReset => "password-reset",
            LinkPurpose::ConfirmEmail => "confirm-email",
        }
    }

    /// The purpose of that name.
    pub fn from_name(name: &str) -> Option<LinkPurpose> {
        LinkPurpose::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// How long such a link works, in seconds.
    pub fn valid_secs(self) -> i64 {
        match self {
            LinkPurpose::Invitation => super::INVITATION_SECS,
            LinkPurpose::PasswordReset => PASSWORD_RESET_SECS,
            LinkPurpose::ConfirmEmail => CONFIRM_EMAIL_SECS,
        }
    }
}

impl std::fmt::Debug for LinkHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkHash([redacted])")
    }
}
