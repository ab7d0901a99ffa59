//! One's own account (S1): what it says about its person and what they may do, and what keeps others out of it.

mod app_passwords;
mod email;
mod overview;
mod password;
mod profile;
mod program;
mod two_factor;
mod webmail;

use axum::Router;
use axum::routing::{get, post};

use super::site::Site;

/// The paths of everybody's own account.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/account", get(overview::show))
        .route("/account/profile", get(profile::show).post(profile::change))
        .route("/account/email", get(email::show).post(email::change))
        .route("/account/password", get(password::show).post(password::change))
        .route("/account/two-factor", get(two_factor::show))
        .route("/account/two-factor/begin", post(two_factor::begin))
        .route("/account/two-factor/confirm", post(two_factor::confirm))
        .route("/account/two-factor/codes", get(two_factor::ask_codes).post(two_factor::codes))
        .route("/account/two-factor/off", get(two_factor::ask_off).post(two_factor::off))
        .route("/account/app-passwords", get(app_passwords::show).post(app_passwords::create))
        .route("/account/app-passwords/extend", get(app_passwords::ask_extend).post(app_passwords::extend))
        .route("/account/app-passwords/revoke", get(app_passwords::ask_revoke).post(app_passwords::revoke))
        .route("/account/webmail", post(webmail::open))
        .route("/setup", get(program::show))
}
