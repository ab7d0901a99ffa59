//! `/plans` (D9)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::members::{Body, Members};
use super::problem::Problem;
use super::{Segments, answer, ask, created, gone, kind, list as rows, now_secs};
use crate::accounts::Accounts;
use crate::domain::{Plan, PlanName};
use crate::json::PlanJson;
use crate::web::site::{Site, Work};

/// A plan that a path names. What is no name names none.
fn plan(text: &str) -> Result<PlanName, Problem> {
    text.parse().map_err(|_| Problem::new(kind::UNKNOWN_PLAN, "there is no plan whose name is none"))
}

/// `GET /plans`
pub(super) async fn list(State(site): State<Site>) -> Result<Response, Problem> {
    let plans = ask(&site, Work::Lookup, Accounts::plans).await?;
    Ok(rows(&plans.iter().map(|(plan, mailboxes)| PlanJson::of(plan, *mailboxes)).collect::<Vec<_>>(), None))
}

/// `GET /plans/{name}`
pub(super) async fn show(State(site): State<Site>, at: Segments<1>) -> Result<Response, Problem> {
    let name = plan(&at.0[0])?;
    let plans = ask(&site, Work::Lookup, Accounts::plans).await?;
    let found = plans.into_iter().find(|(plan, _)| plan.name == name);
    let (plan, mailboxes) = found.ok_or_else(|| Problem::new(kind::UNKNOWN_PLAN, "/plans has those that there are"))?;
    Ok(answer(StatusCode::OK, &PlanJson::of(&plan, mailboxes)))
}

/// `PUT /plans/{name}`
pub(super) async fn set(State(site): State<Site>, at: Segments<1>, body: Body) -> Result<Response, Problem> {
    let invalid = |error: crate::domain::plan::BadPlanName| Problem::new(kind::INVALID, error.to_string());
    let name: PlanName = at.0[0].parse().map_err(invalid)?;
    let wanted = body.read(|body| {
        let seats = body.needed("seats", Members::number);
        let pack_seats = body.number("pack_seats").unwrap_or(0);
        let most_packs = body.number("most_packs").unwrap_or(0);
        Some(Plan { name, seats: seats?, pack_seats, most_packs })
    })?;
    let set = move |accounts: &Accounts| {
        let known = accounts.plans()?.iter().any(|(plan, _)| plan.name == wanted.name);
        Ok((known, accounts.set_plan(wanted, now_secs())?))
    };
    let (known, (plan, mailboxes)) = ask(&site, Work::Lookup, set).await?;
    let shown = PlanJson::of(&plan, mailboxes);
    Ok(if known { answer(StatusCode::OK, &shown) } else { created(&site, &["plans", plan.name.as_str()], &shown) })
}

/// `DELETE /plans/{name}`
pub(super) async fn remove(State(site): State<Site>, at: Segments<1>) -> Result<Response, Problem> {
    let name = plan(&at.0[0])?;
    ask(&site, Work::Lookup, move |accounts| accounts.remove_plan(&name).map(drop)).await?;
    Ok(gone())
}
