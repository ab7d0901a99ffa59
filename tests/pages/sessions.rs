//! When a session of the panel has ended, it has: whatever was begun in it, and whatever comes after.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use delega::accounts::Suspension;
use hyper::body::{Bytes, Frame};

use super::*;

/// A body that comes once something has happened.
struct Late<F> {
    happens: Option<F>,
    body: Option<Bytes>,
}

impl<F: FnOnce() + Unpin> hyper::body::Body for Late<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(happens) = self.happens.take() {
            happens();
        }
        Poll::Ready(self.body.take().map(|body| Ok(Frame::data(body))))
    }
}

/// Whoever has somebody else's session can begin a form and send the rest of it as late as they like.
#[tokio::test]
async fn a_form_that_was_begun_before_the_end_does_nothing() {
    let office = Office::open();
    office.add("anna");
    let (anna, thief) = (office.logs_in_as("anna").await, office.logs_in_as("anna").await);
    for path in ["/account/profile", "/account/two-factor/begin"] {
        let (accounts, account) = (office.accounts.clone(), office.delegate("anna").delegate.account());
        let body = format!("key={}&language=en&phone=%2B39055123456", thief.key());
        let late = Late {
            happens: Some(move || accounts.sign_out_everywhere(account).unwrap()),
            body: Some(Bytes::from(body)),
        };
        let late =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded").body(Body::new(late));
        let answer = thief.send(late.unwrap()).await;
        assert_eq!(answer.header("location"), "/login", "{path}: {} {}", answer.status, answer.body);
        assert_eq!(office.delegate("anna").delegate.person.phone, None);
        assert_eq!(anna.get("/account").await.status, StatusCode::SEE_OTHER);
        office.store("UPDATE panel_sessions SET password_version = (SELECT max(password_version) FROM delegates)");
    }
}

/// D5: "their open sessions end", and do not come back to life with the delegation.
#[tokio::test]
async fn d5_a_suspension_ends_sessions_for_good() {
    let office = Office::open();
    office.add("anna");
    let anna = office.logs_in_as("anna").await;
    assert_eq!(anna.get("/account").await.status, StatusCode::OK);
    for what in [Suspension::Suspend, Suspension::Resume] {
        office.accounts.suspend(Actor::Operator, &name("anna"), what, now()).unwrap();
        assert_eq!(anna.get("/account").await.header("location"), "/login?next=%2Faccount", "{what:?}");
    }
    assert_eq!(office.logs_in_as("anna").await.get("/account").await.status, StatusCode::OK);
}

/// On a full disk people can look for what to delete.
#[tokio::test]
async fn where_nothing_can_be_written_there_are_pages_to_look_at() {
    let office = Office::open();
    office.add("anna");
    let anna = office.logs_in_as("anna").await;
    office.store(
        "UPDATE panel_sessions SET seen_at_ms = seen_at_ms - 120000; \
         CREATE TRIGGER full BEFORE UPDATE ON panel_sessions BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
    );
    assert_eq!(anna.get("/account").await.status, StatusCode::OK);
}
