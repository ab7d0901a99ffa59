//! A postmaster's forgotten password (M1): they ask by their domain and address, and hear the same whatever they type (S5).
//! The link that is mailed leads to the page that delegates' links lead to.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::errands::Forgotten;
use super::form::Form;
use super::frame::{Frame, show};
use super::page::Done;
use super::reader::Reader;
use super::site::Site;
use crate::domain::LinkPurpose;

#[derive(Template)]
#[template(path = "postmaster-forgotten.html")]
struct Page {
    frame: Frame,
}

/// `GET /postmaster/forgotten`
pub(super) async fn ask(reader: Reader) -> Response {
    show(StatusCode::OK, &Page { frame: Frame::of_address(reader.language()) })
}

/// `POST /postmaster/forgotten`
pub(super) async fn forgotten(State(site): State<Site>, reader: Reader, form: Form) -> Response {
    let (domain, email) = (form.plain("domain").to_owned(), form.plain("login").to_owned());
    site.desk.take(Forgotten::Postmasters { domain, email });
    Redirect::to(&format!("/postmaster/asked?lang={}", reader.language().name())).into_response()
}

/// `GET /postmaster/asked`
pub(super) async fn asked(reader: Reader) -> Response {
    let frame = Frame::of_address(reader.language());
    let hours = (LinkPurpose::PasswordReset.valid_secs() / 3600).to_string();
    let texts = [frame.with("page-asked-text", "hours", &hours), frame.say("page-postmaster-asked-none")];
    Done { title: frame.say("page-asked"), texts: &texts, good: false, way: None, frame }.answer(StatusCode::OK)
}
