//! A table for spreadsheets, written as it is read from the store: a piece of rows at a time, and the next one when the
//! browser has taken that. Memory does not grow with the record. What breaks off in between, since the connection has
//! come to its end or its person may no longer look, breaks the download off, and no browser takes it for whole.
//!
//! UTF-8 with the mark that spreadsheets know it by: without, Excel shows every `è` as two other signs.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use hyper::body::{Bytes, Frame};
use tokio::sync::OwnedSemaphorePermit;

use crate::domain::Position;
use crate::web::page::Problem;
use crate::web::site::Site;

/// How many rows are in memory at a time.
pub(super) const PIECE_ROWS: usize = 50;
const MARK: &str = "\u{feff}";

/// Some rows, and where they go on.
pub(super) struct Piece {
    pub(super) lines: String,
    pub(super) after: Option<Position>,
}

type Reading = Pin<Box<dyn Future<Output = Result<Piece, Problem>> + Send>>;
type Read = Box<dyn FnMut(Option<Position>) -> Reading + Send>;

struct Rows {
    read: Read,
    state: State,
    _turn: OwnedSemaphorePermit,
}

enum State {
    Read(Piece),
    Reading(Reading),
    Done,
}

/// The table as an answer, its first rows read already. `read` reads what lies after a place.
pub(super) async fn table(
    site: &Site,
    name: &str,
    head: String,
    mut read: impl FnMut(Option<Position>) -> Reading + Send + 'static,
) -> Result<Response, Problem> {
    let turn = site.exports.clone().try_acquire_owned().map_err(|_| Problem::TooSlow)?;
    let first = read(None).await?;
    let first = Piece { lines: format!("{MARK}{head}{}", first.lines), ..first };
    let rows = Rows { read: Box::new(read), state: State::Read(first), _turn: turn };
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '@') { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")),
    ];
    Ok((headers, Body::new(rows)).into_response())
}

impl hyper::body::Body for Rows {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Read(Piece { lines, after }) => {
                    if after.is_some() {
                        self.state = State::Reading((self.read)(after));
                    }
                    return Poll::Ready(Some(Ok(Frame::data(lines.into()))));
                }
                State::Reading(mut reading) => match reading.as_mut().poll(cx) {
                    Poll::Pending => {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(piece)) => self.state = State::Read(piece),
                    Poll::Ready(Err(_)) => return Poll::Ready(Some(Err(io::Error::other("the record ends here")))),
                },
                State::Done => return Poll::Ready(None),
            }
        }
    }
}
