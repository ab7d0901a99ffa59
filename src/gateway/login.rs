//! Credentials are checked on blocking threads, behind a semaphore: argon2 needs 19 MiB and tens of milliseconds for
//! each login, and a flood of logins must cost neither memory nor the sessions that are open.

use std::sync::{Arc, OnceLock};

use secrecy::SecretString;

use super::Shared;
use super::live::{Arrived, Presence, Registration};
use crate::accounts::{Entry, Knock, Refusal, Standing, Verdict};
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
}

/// How many logins are checked at once: as many as there are cores, since argon2 is all computation.
pub fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Checks credentials, in turn. `program` is where it will be known what their program says of itself.
pub async fn verify(
    shared: Arc<Shared>,
    login: String,
    password: SecretString,
    door: Door,
    knock: Knock,
    program: Arc<OnceLock<String>>,
) -> Outcome {
    let Ok(turn) = shared.hashing.clone().acquire_owned().await else { return Outcome::Unavailable };
    let worker = shared.clone();
    let typed = login.parse().ok();
    let checked = tokio::task::spawn_blocking(move || {
        // The check goes on when nobody waits for it any more, and so does its turn.
        let _turn = turn;
        let entry = match worker.accounts.authenticate(&login, &password, door, knock)? {
            Verdict::Admitted(entry) => *entry,
            Verdict::Refused(refusal) => return Ok(Outcome::Refused(typed, refusal)),
        };
        let (account, login, address) = (entry.account, entry.login.clone(), knock.from.to_canonical());
        let arrived = Arrived { account, login, door, address, program, at_ms: knock.at_ms };
        let registration = worker.live.register(arrived, entry.grant);
        // What changed between the check and the registration would reach nobody.
        match worker.accounts.standing(entry.account, door)? {
            Standing::In(grant) => {
                let entry = Entry { grant, ..entry };
                registration.set(Presence::In(grant));
                Ok(Outcome::Admitted(Box::new(entry), registration))
            }
            Standing::Out(refusal) => Ok(Outcome::Refused(typed, refusal)),
        }
    });
    match checked.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            let error: crate::accounts::AccountsError = error;
            tracing::error!(%error, "a login could not be checked");
            Outcome::Unavailable
        }
        Err(error) => {
            tracing::error!(%error, "a login could not be checked");
            Outcome::Unavailable
        }
    }
}
