//! Credentials are checked on blocking threads, behind a semaphore: argon2 needs 19 MiB and tens of milliseconds for
//! each login, and a flood of logins must cost neither memory nor the sessions that are open.

use std::sync::{Arc, OnceLock};

use secrecy::SecretString;

use super::Shared;
use super::asker::Asker;
use super::live::{Arrived, Presence, Registration};
use crate::accounts::{AccountsError, Entry, Knock, Refusal, Standing, Unjudged, Verdict};
use crate::domain::{Door, Login};

/// What came of a login.
#[derive(Debug)]
pub enum Outcome {
    /// Let in, and registered as open.
    Admitted(Box<Entry>, Registration),
    /// Not let in, and why; the client does not learn it. With the login, if what was typed is one.
    Refused(Option<Login>, Refusal),
    /// It could not be found out; the cause is in the log.
    Unavailable,
    /// Nor could it, since the mailbox has as many upstream connections as it may have.
    Full,
}

/// How many logins are checked at once: as many as there are cores, since argon2 is all computation.
pub fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// What a check has come to.
enum Checked {
    Done(Outcome),
    /// The upstream has to say whether the password is right.
    Unjudged(Box<Unjudged>),
}

/// By which door, from where and when somebody comes, and where it will be known what their program says of itself.
#[derive(Clone)]
pub struct Visit {
    pub door: Door,
    pub knock: Knock,
    pub program: Arc<OnceLock<String>>,
}

/// Checks credentials, in turn.
pub async fn verify(shared: Arc<Shared>, login: String, password: SecretString, visit: Visit) -> Outcome {
    let typed: Option<Login> = login.parse().ok();
    let (worker, name, coming) = (shared.clone(), typed.clone(), visit.clone());
    let checked = in_turn(&shared, move || {
        let verdict = worker.accounts.authenticate(&login, &password, coming.door, coming.knock)?;
        worker.entered(verdict, name, coming)
    });
    match checked.await {
        Some(Checked::Done(outcome)) => outcome,
        Some(Checked::Unjudged(unjudged)) => judge(shared, unjudged, typed, visit).await,
        None => Outcome::Unavailable,
    }
}

/// Has the upstream say whether an owner's password is right, by a connection that is there for nothing else, and goes on.
async fn judge(shared: Arc<Shared>, unjudged: Box<Unjudged>, typed: Option<Login>, visit: Visit) -> Outcome {
    let Some(upstream) = shared.upstreams.get(&unjudged.upstream) else { return Outcome::Unavailable };
    let Some(place) = shared.place_unproven(unjudged.account, upstream) else { return Outcome::Full };
    let asker = Asker(shared.clone());
    let Some(right) = asker.lets_in(&unjudged.upstream, unjudged.credentials.clone()).await else {
        return Outcome::Unavailable;
    };
    drop(place);
    let worker = shared.clone();
    let checked = in_turn(&shared, move || {
        let verdict = worker.accounts.owner_judged(*unjudged, right)?;
        worker.entered(verdict, typed, visit)
    });
    match checked.await {
        Some(Checked::Done(outcome)) => outcome,
        Some(Checked::Unjudged(_)) | None => Outcome::Unavailable,
    }
}

/// Runs a check on a blocking thread when it is its turn; none where it failed, and the log says why.
async fn in_turn(
    shared: &Shared,
    check: impl FnOnce() -> Result<Checked, AccountsError> + Send + 'static,
) -> Option<Checked> {
    let turn = shared.hashing.clone().acquire_owned().await.ok()?;
    let checked = tokio::task::spawn_blocking(move || {
        // The check goes on when nobody waits for it any more, and so does its turn.
        let _turn = turn;
        check()
    });
    let why = match checked.await {
        Ok(Ok(checked)) => return Some(checked),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::error!(error = why, "a login could not be checked");
    None
}

impl Shared {
    /// Enters whoever is admitted among those who are in.
    fn entered(&self, verdict: Verdict, typed: Option<Login>, visit: Visit) -> Result<Checked, AccountsError> {
        let entry = match verdict {
            Verdict::Admitted(entry) => *entry,
            Verdict::Refused(refusal) => return Ok(Checked::Done(Outcome::Refused(typed, refusal))),
            Verdict::Unjudged(unjudged) => return Ok(Checked::Unjudged(unjudged)),
        };
        let door = visit.door;
        let (account, login, address) = (entry.account, entry.login.clone(), visit.knock.from.to_canonical());
        let (program, at_ms) = (visit.program, visit.knock.at_ms);
        let arrived = Arrived { account, login, door, address, program, at_ms };
        let registration = self.live.register(arrived, entry.grant);
        // What changed between the check and the registration would reach nobody.
        Ok(Checked::Done(match self.accounts.standing(entry.account, door)? {
            Standing::In(grant) => {
                let entry = Entry { grant, ..entry };
                registration.set(Presence::In(grant));
                Outcome::Admitted(Box::new(entry), registration)
            }
            Standing::Out(refusal) => Outcome::Refused(typed, refusal),
        }))
    }
}
