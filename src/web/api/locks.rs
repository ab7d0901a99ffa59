//! `/locks` (S5)

use axum::extract::State;
use axum::response::Response;

use super::members::Query;
use super::problem::Problem;
use super::{Segments, ask, gone, limit, list as rows, now_ms};
use crate::json::ClosedJson;
use crate::web::site::{Site, Work};

/// `GET /locks`: those that last longest first.
pub(super) async fn list(State(site): State<Site>, query: Query) -> Result<Response, Problem> {
    let most = query.read(|query| Some(limit(query)))?;
    let closed = ask(&site, Work::Lookup, move |accounts| accounts.closed(now_ms(), most)).await?;
    Ok(rows(&closed.iter().map(ClosedJson::from).collect::<Vec<_>>(), None))
}

/// `DELETE /locks/{who}`
pub(super) async fn release(State(site): State<Site>, Segments([who]): Segments<1>) -> Result<Response, Problem> {
    ask(&site, Work::Lookup, move |accounts| accounts.release(&who)).await?;
    Ok(gone())
}
