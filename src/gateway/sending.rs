//! What one connection sends: the record before and after, and the copy for Sent that is kept meanwhile (O2, X13).
//!
//! The store and files block, so each step runs on a blocking thread, one at a time; while one does, no more of the
//! message is read than [`HIGH_WATER`]. A connection that ends between the record and the outcome leaves the outcome
//! unknown, and no copy.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::task::JoinHandle;

use super::Shared;
use crate::accounts::{AccountsError, Draft, Rule, SendingEntry, SpoolError, Spooled};
use crate::domain::{SendId, SendOutcome};
use crate::session::{Input, Piece, Recording};

/// How much of a message is written to its file at once.
const WRITE_BYTES: usize = 64 * 1024;
/// How much of a message may wait to be written before no more of it is read.
const HIGH_WATER: usize = 256 * 1024;

/// The octets of the message that is under way, as far as nobody has written them.
#[derive(Default)]
pub struct Kept {
    /// Whether anybody wants them.
    wanted: bool,
    octets: Vec<u8>,
    /// Whether they are the beginning of a message.
    begins: bool,
}

/// The sends of one connection.
pub struct Sends {
    shared: Arc<Shared>,
    /// The file of the message under way.
    draft: Option<Draft>,
    /// Whether it cannot be kept: then it must not be sent.
    failed: bool,
    recorded: Option<Recorded>,
    asked: VecDeque<Asked>,
    step: Option<(Kind, JoinHandle<Step>)>,
}

/// A send whose outcome is not recorded yet.
struct Recorded {
    id: SendId,
    copy: Option<Spooled>,
}

enum Asked {
    Record(Box<SendingEntry>),
    Outcome(SendOutcome),
}

/// Why a message is not sent after all.
#[derive(Debug, thiserror::Error)]
enum Unsent {
    #[error("it cannot be kept for its copy in Sent")]
    NotKept,
    #[error("it cannot be kept for its copy in Sent: {0}")]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

/// What a blocking thread does.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Write,
    Record,
    Outcome,
}

/// What a blocking thread has done.
enum Step {
    Written(Result<Draft, Unsent>),
    Recorded(Result<Recorded, Unsent>),
    Outcome(Result<(), AccountsError>, bool),
}

/// Without anything of the message.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("wanted", &self.wanted).field("octets", &self.octets.len()).finish_non_exhaustive()
    }
}

impl Kept {
    /// Takes a piece of a message.
    pub fn add(&mut self, piece: Piece<'_>) {
        match piece {
            _ if !self.wanted => {}
            Piece::Begin => {
                self.octets.clear();
                self.begins = true;
            }
            Piece::Octets(octets) => self.octets.extend_from_slice(octets),
        }
    }

    /// Whether no more of the message should be read yet.
    pub fn is_full(&self) -> bool {
        self.octets.len() >= HIGH_WATER
    }

    /// Says whether messages are kept from now on.
    pub fn want(&mut self, wanted: bool) {
        *self = Kept { wanted, ..Kept::default() };
    }
}

impl Sends {
    /// Nothing yet.
    pub fn new(shared: Arc<Shared>) -> Sends {
        Sends { shared, draft: None, failed: false, recorded: None, asked: VecDeque::new(), step: None }
    }

    /// Records a message that is about to be sent; what was kept of it becomes its copy.
    pub fn record(&mut self, entry: SendingEntry) {
        self.asked.push_back(Asked::Record(Box::new(entry)));
    }

    /// Records what became of it.
    pub fn outcome(&mut self, outcome: SendOutcome) {
        self.asked.push_back(Asked::Outcome(outcome));
    }

    /// Goes on with what is asked for; ready with what the session is to be told.
    pub fn poll(&mut self, kept: &mut Kept, cx: &mut Context<'_>) -> Poll<Input<'static>> {
        loop {
            if let Some((kind, step)) = &mut self.step {
                let kind = *kind;
                let Poll::Ready(done) = Pin::new(step).poll(cx) else { return Poll::Pending };
                self.step = None;
                let input = match (done, kind) {
                    (Ok(done), _) => self.done(done),
                    // Of one that panicked, or that the end of the program has cut off, nothing counts.
                    (Err(_), Kind::Write) => {
                        self.failed = true;
                        None
                    }
                    (Err(_), Kind::Record) => Some(Input::SendingRecorded(Recording::Failed)),
                    (Err(_), Kind::Outcome) => Some(Input::OutcomeRecorded),
                };
                if let Some(input) = input {
                    return Poll::Ready(input);
                }
            }
            if !self.begin(kept) {
                return Poll::Pending;
            }
        }
    }

    fn done(&mut self, step: Step) -> Option<Input<'static>> {
        match step {
            Step::Written(Ok(draft)) => self.draft = Some(draft),
            Step::Written(Err(error)) => {
                tracing::error!(%error, "a message will not be sent");
                self.failed = true;
            }
            Step::Recorded(Ok(recorded)) => {
                self.recorded = Some(recorded);
                return Some(Input::SendingRecorded(Recording::Recorded));
            }
            Step::Recorded(Err(Unsent::Accounts(AccountsError::Refused(rule @ Rule::MaySendNoMore { .. })))) => {
                tracing::info!(why = %rule, "a message was not sent, since the right to send it went meanwhile");
                return Some(Input::SendingRecorded(Recording::Forbidden));
            }
            Step::Recorded(Err(error)) => {
                tracing::error!(%error, "a message was not sent, since it cannot be recorded or kept");
                return Some(Input::SendingRecorded(Recording::Failed));
            }
            Step::Outcome(outcome, copied) => {
                if let Err(error) = outcome {
                    tracing::error!(%error, "what became of a message cannot be recorded; its record says unknown");
                } else if copied {
                    self.shared.copies_due.notify_one();
                }
                return Some(Input::OutcomeRecorded);
            }
        }
        None
    }

    /// Begins the next step; false where there is none, as in nearly every session at nearly every time.
    fn begin(&mut self, kept: &mut Kept) -> bool {
        if std::mem::take(&mut kept.begins) {
            self.draft = None;
            self.failed = false;
        }
        match self.asked.pop_front() {
            None if self.failed => {
                kept.octets = Vec::new();
                false
            }
            None if kept.octets.len() < WRITE_BYTES => false,
            None => {
                let (draft, octets) = (self.draft.take(), std::mem::take(&mut kept.octets));
                self.run(Kind::Write, move |shared| Step::Written(written(shared, draft, &octets)));
                true
            }
            Some(Asked::Record(entry)) => {
                let (draft, octets) = (self.draft.take(), std::mem::take(&mut kept.octets));
                let (keep, failed) = (kept.wanted, std::mem::take(&mut self.failed));
                self.run(Kind::Record, move |shared| {
                    Step::Recorded(match failed {
                        true => Err(Unsent::NotKept),
                        false => recorded(shared, draft, &octets, keep, *entry),
                    })
                });
                true
            }
            Some(Asked::Outcome(outcome)) => {
                let Some(Recorded { id, copy }) = self.recorded.take() else { return self.begin(kept) };
                let copied = copy.is_some() && matches!(outcome, SendOutcome::Accepted(_));
                self.run(Kind::Outcome, move |shared| {
                    Step::Outcome(shared.accounts.record_outcome(id, outcome, copy, now_ms()), copied)
                });
                true
            }
        }
    }

    /// Has `work` done on a blocking thread.
    fn run(&mut self, kind: Kind, work: impl FnOnce(&Shared) -> Step + Send + 'static) {
        let shared = self.shared.clone();
        self.step = Some((kind, tokio::task::spawn_blocking(move || work(&shared))));
    }
}

impl Drop for Sends {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let shared = self.shared.clone();
        match (self.recorded.take(), self.step.take()) {
            // Its end may have gone upstream.
            (Some(recorded), _) => {
                runtime.spawn_blocking(move || given_up(&shared, recorded, SendOutcome::Unknown));
            }
            // Its end waits for this record, and will not go upstream any more.
            (None, Some((Kind::Record, step))) => {
                runtime.spawn(async move {
                    if let Ok(Step::Recorded(Ok(recorded))) = step.await {
                        let outcome =
                            SendOutcome::Refused("the connection ended before the message was sent".to_owned());
                        let _ = tokio::task::spawn_blocking(move || given_up(&shared, recorded, outcome)).await;
                    }
                });
            }
            (None, _) => {}
        }
    }
}

fn given_up(shared: &Shared, recorded: Recorded, outcome: SendOutcome) {
    let Recorded { id, copy } = recorded;
    if let Err(error) = shared.accounts.record_outcome(id, outcome, copy, now_ms()) {
        tracing::error!(%error, "what became of a message cannot be recorded; its record says unknown");
    }
}

fn written(shared: &Shared, draft: Option<Draft>, octets: &[u8]) -> Result<Draft, Unsent> {
    let spool = shared.spool.as_ref().ok_or(Unsent::NotKept)?;
    let mut draft = match draft {
        Some(draft) => draft,
        None => spool.create()?,
    };
    draft.append(octets)?;
    Ok(draft)
}

fn recorded(
    shared: &Shared,
    draft: Option<Draft>,
    octets: &[u8],
    keep: bool,
    entry: SendingEntry,
) -> Result<Recorded, Unsent> {
    let copy = match (&shared.spool, keep) {
        (Some(spool), true) => Some(spool.seal(written(shared, draft, octets)?)?),
        (None, true) => return Err(Unsent::NotKept),
        (_, false) => None,
    };
    let id = shared.accounts.record_sending(entry, copy.as_ref(), now_ms())?;
    Ok(Recorded { id, copy })
}

/// Milliseconds since 1970-01-01 UTC.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
