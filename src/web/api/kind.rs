//! The types of problems (RFC 9457 §3.1.1). They are an interface that stays: programs tell problems apart by them, not by
//! the text. `/api/v1/problems` lists them.

use axum::http::StatusCode;
use serde::Serialize;

use super::PREFIX;

/// A type of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// What its URI ends with.
    slug: &'static str,
    pub(super) status: StatusCode,
    title: &'static str,
}

/// A type as it is told.
#[derive(Serialize)]
pub(super) struct KindJson {
    #[serde(rename = "type")]
    uri: String,
    title: &'static str,
    status: u16,
}

impl Kind {
    /// A reference to it, from the root of wherever the API is (RFC 3986 §4.2).
    pub(super) fn uri(self) -> String {
        format!("{PREFIX}/problems/{}", self.slug)
    }

    pub(super) fn json(self) -> KindJson {
        KindJson { uri: self.uri(), title: self.title, status: self.status.as_u16() }
    }

    pub(super) fn from_slug(slug: &str) -> Option<Kind> {
        ALL.into_iter().find(|kind| kind.slug == slug)
    }
}

/// Declares the types, and all of them in one array.
macro_rules! kinds {
    ($($name:ident $slug:literal $status:ident $title:literal;)*) => {
        $(pub(super) const $name: Kind = Kind { slug: $slug, status: StatusCode::$status, title: $title };)*
        /// All of them.
        pub(super) const ALL: [Kind; [$($slug),*].len()] = [$($name),*];
    };
}

kinds! {
    INVALID "invalid" BAD_REQUEST "What was sent is not valid";
    UNAUTHORIZED "unauthorized" UNAUTHORIZED "A valid token is needed";
    READ_ONLY_TOKEN "read-only-token" FORBIDDEN "The token is for looking alone";
    NO_RIGHT "no-right" FORBIDDEN "There is no right to";
    NOT_FOUND "not-found" NOT_FOUND "There is no such resource";
    UNKNOWN_MAILBOX "unknown-mailbox" NOT_FOUND "There is no such mailbox";
    UNKNOWN_DELEGATE "unknown-delegate" NOT_FOUND "There is no such delegate";
    UNKNOWN_PLAN "unknown-plan" NOT_FOUND "There is no such plan";
    UNKNOWN_POSTMASTER "unknown-postmaster" NOT_FOUND "There is no such postmaster";
    UNKNOWN_APP_PASSWORD "unknown-app-password" NOT_FOUND "There is no such app password";
    UNKNOWN_API_TOKEN "unknown-api-token" NOT_FOUND "There is no such token";
    UNKNOWN_MAIL "unknown-mail" NOT_FOUND "There is no such mail";
    NOT_CLOSED "not-closed" NOT_FOUND "There is nothing to release";
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED "The resource does not have this method";
    NO_ACCOUNT "no-account" NOT_FOUND "The account is gone";
    MAILBOX_EXISTS "mailbox-exists" CONFLICT "The mailbox is there already";
    MAILBOX_HAS_DELEGATES "mailbox-has-delegates" CONFLICT "The mailbox has delegates";
    ADDRESS_TAKEN "address-taken" CONFLICT "The address is another mailbox's";
    UNKNOWN_ALIAS "unknown-alias" CONFLICT "The mailbox has no such alias";
    TOO_MANY_ALIASES "too-many-aliases" CONFLICT "The mailbox has as many aliases as it may";
    MAY_NOT_SEND "may-not-send" CONFLICT "They may not send any more";
    DELEGATE_EXISTS "delegate-exists" CONFLICT "The username is taken";
    NOT_IN_STATE "not-in-state" CONFLICT "The delegate's state does not allow it";
    NO_SEAT "no-seat" CONFLICT "The plan has no free seat";
    TOO_MANY_PACKS "too-many-packs" CONFLICT "The plan has fewer packs";
    PLAN_IN_USE "plan-in-use" CONFLICT "Mailboxes have the plan";
    NOT_OVER_SEATS "not-over-seats" CONFLICT "There are no delegates beyond the seats";
    NOT_MULTI_USER "not-multi-user" CONFLICT "The mailbox is its owner's alone";
    NEEDS_PASSWORD_MANAGEMENT "needs-password-management" CONFLICT "The mailbox lacks the option";
    HAS_COLLABORATIONS "has-collaborations" CONFLICT "People work together in the mailbox";
    POSTMASTER_EXISTS "postmaster-exists" CONFLICT "The postmaster is there already";
    TOO_MANY_APP_PASSWORDS "too-many-app-passwords" CONFLICT "They have as many app passwords as they may";
    APP_PASSWORD_EXISTS "app-password-exists" CONFLICT "The name of the app password is taken";
    API_TOKEN_EXISTS "api-token-exists" CONFLICT "The name of the token is taken";
    NO_MAIL "no-mail" CONFLICT "This delega sends no mails";
    NO_UPSTREAM_PASSWORD "no-upstream-password" CONFLICT "Nothing opens the mailbox at its server";
    NO_WEBMAIL "no-webmail" CONFLICT "The account does not open the web mail";
    OWNERS_PASSWORD "owners-password" CONFLICT "The password is the mailbox's own";
    WRONG_PASSWORD "wrong-password" FORBIDDEN "The present password is another";
    TOO_MANY_WRONG "too-many-wrong-passwords" TOO_MANY_REQUESTS "There were too many wrong passwords";
    TOO_MANY_EMAILS "too-many-new-addresses" TOO_MANY_REQUESTS "Another address was asked for too often";
    STILL_INVITED "still-invited" CONFLICT "The invitation has gone to the address before";
    NO_TWO_FACTOR "no-two-factor" CONFLICT "They have no two-step verification";
    HAS_TWO_FACTOR "has-two-factor" CONFLICT "They have two-step verification already";
    NOT_ENROLLING "not-enrolling" CONFLICT "No two-step verification is being set up";
    WRONG_CODE "wrong-code" FORBIDDEN "The code is not right";
    TOO_MANY_CODES "too-many-codes" TOO_MANY_REQUESTS "There were too many wrong codes";
    TWO_FACTOR_REQUIRED "two-factor-required" CONFLICT "They need two-step verification";
    TWO_FACTOR_NEEDS_PASSWORD "two-factor-needs-password" CONFLICT "Nothing else would open the mailbox";
    LINK_GONE "link-gone" GONE "The link does not work any more";
    TOO_LARGE "too-large" PAYLOAD_TOO_LARGE "More was sent than is read";
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "JSON is needed";
    INTERNAL "internal" INTERNAL_SERVER_ERROR "It is delega's fault";
    TOO_SLOW "too-slow" SERVICE_UNAVAILABLE "It took too long";
    STORE_FULL "store-full" SERVICE_UNAVAILABLE "There is no room left for the store";
    MISCONFIGURED "misconfigured" SERVICE_UNAVAILABLE "The configuration does not let it be done";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_is_told_from_the_others() {
        let slugs: HashSet<&str> = ALL.iter().map(|kind| kind.slug).collect();
        assert_eq!(slugs.len(), ALL.len());
        assert_eq!(Kind::from_slug("no-seat"), Some(NO_SEAT));
        assert_eq!(NO_SEAT.uri(), "/api/v1/problems/no-seat");
    }
}
