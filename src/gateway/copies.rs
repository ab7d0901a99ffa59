//! Copies of sent messages on their way into the mailboxes' folders (X13): who takes them from the queue, how many at
//! once, and how long.
//!
//! A few at once, and one for each mailbox: two attempts that search a folder at the same moment would both not find a
//! message that was sent in two halves of its recipients. After an attempt that came to nothing the mailbox is left alone
//! for a while, however many copies wait for it: an upstream that is away is not asked for each, and one that refuses the
//! password does not lock the mailbox because of hundreds of wrong ones.
//!
//! Untrusted are the upstream's bytes; [`Deposit`] reads them. The message streams from its file as the upstream takes it.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::budget::Place;
use super::probe::{self, Probed};
use super::sending::now_ms;
use crate::accounts::{COPY_ATTEMPT, CopyAttempt, CopyEnd, Spool};
use crate::domain::{CopyState, MailboxAddress, MailboxId, SendId, SpoolName};
use crate::net::{CLOSE_TIMEOUT, Stream, Workers};
use crate::session::imap::deposit::{Deposit, Deposited, Letter};
use crate::session::imap::parked::Parked;

/// Attempts at once.
const AT_ONCE: usize = 4;
/// How often the queue is looked at, if nothing calls earlier.
const EVERY: Duration = Duration::from_secs(2);
/// How long the queue is left alone when it could not be read.
const AFTER_AN_ERROR: Duration = Duration::from_secs(60);
/// How long a mailbox is left alone after an attempt that came to nothing.
const AFTER_A_FAILURE: Duration = Duration::from_secs(60);
/// The same where the upstream refuses the password: providers count that.
const AFTER_A_REFUSAL: Duration = Duration::from_secs(10 * 60);
/// How long an attempt may take, so that its end is recorded before it would be begun anew beside it. A message of 100 MiB
/// gets there at 1 Mbit/s.
const ATTEMPT: Duration = COPY_ATTEMPT.saturating_sub(Duration::from_secs(60));
/// How much of a message is read from its file at once.
const CHUNK_BYTES: u64 = 64 * 1024;

/// Makes copies until `stop`, each with one of `workers`, and comes to an end within the grace of the shutdown.
pub(super) async fn work(
    shared: Arc<Shared>,
    spool: Arc<Spool>,
    workers: Arc<Workers>,
    due: Arc<Notify>,
    stop: CancellationToken,
) {
    let mut attempts: JoinSet<Option<Duration>> = JoinSet::new();
    let mut busy: HashMap<Id, MailboxId> = HashMap::new();
    let mut alone: HashMap<MailboxId, Instant> = HashMap::new();
    let mut pause = EVERY;
    loop {
        while attempts.len() < AT_ONCE && !stop.is_cancelled() {
            alone.retain(|_, until| Instant::now() < *until);
            let except: Vec<MailboxId> = alone.keys().chain(busy.values()).copied().collect();
            let accounts = shared.accounts.clone();
            let begun = tokio::task::spawn_blocking(move || accounts.begin_copy(&except, now_ms())).await;
            pause = EVERY;
            match begun {
                Ok(Ok(Some(attempt))) => {
                    let mailbox = attempt.mailbox.id;
                    let seat = workers.seat();
                    let runtime = seat.as_ref().map(|seat| seat.runtime.clone());
                    let carried = carry_out(shared.clone(), spool.clone(), attempt, stop.clone());
                    let carried = async move {
                        let _seat = seat;
                        carried.await
                    };
                    let task = match runtime {
                        Some(runtime) => attempts.spawn_on(carried, &runtime),
                        None => attempts.spawn(carried),
                    };
                    busy.insert(task.id(), mailbox);
                }
                Ok(Ok(None)) => break,
                Ok(Err(error)) => {
                    tracing::error!(%error, "the copies of sent messages that are due cannot be read");
                    pause = AFTER_AN_ERROR;
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, "the copies of sent messages that are due cannot be read");
                    pause = AFTER_AN_ERROR;
                    break;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = attempts.join_next_with_id() => {
                let (id, rest) = match ended {
                    Ok((id, rest)) => (id, rest),
                    // One that panicked; its copy is due again when its time is over.
                    Err(error) => (error.id(), Some(AFTER_A_FAILURE)),
                };
                if let (Some(mailbox), Some(rest)) = (busy.remove(&id), rest) {
                    alone.insert(mailbox, Instant::now() + rest);
                }
            }
            () = due.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    // Each knows that it has to stop.
    while attempts.join_next().await.is_some() {}
}

/// How an attempt came out, and what is left to do with its connection.
struct Ended {
    end: CopyEnd,
    /// How long the mailbox is to be left alone.
    rest: Option<Duration>,
    connection: Option<Connection>,
}

/// A session that is through, and its place in the mailbox's budget.
struct Connection {
    stream: Stream,
    farewell: &'static [u8],
    _place: Place,
}

impl Ended {
    fn postponed(why: String) -> Ended {
        Ended { end: CopyEnd::Postponed(why), rest: Some(AFTER_A_FAILURE), connection: None }
    }

    fn failed(why: String) -> Ended {
        Ended { end: CopyEnd::Failed(why), rest: None, connection: None }
    }
}

/// Makes one attempt and records its end; how long the mailbox is to be left alone.
async fn carry_out(
    shared: Arc<Shared>,
    spool: Arc<Spool>,
    attempt: CopyAttempt,
    stop: CancellationToken,
) -> Option<Duration> {
    let (send, name, address) = (attempt.send, attempt.spool.clone(), attempt.mailbox.address.clone());
    let tried = tokio::time::timeout(ATTEMPT, try_it(&shared, &spool, attempt, &stop)).await;
    let Ended { end, rest, connection } = tried.unwrap_or_else(|_| Ended::postponed("it took too long".to_owned()));
    record(shared, spool, send, name, &address, end).await;
    // One that stops has no time for courtesies.
    if let Some(Connection { mut stream, farewell, _place }) = connection.filter(|_| !stop.is_cancelled()) {
        let told = async {
            stream.write_all(farewell).await?;
            stream.flush().await
        };
        if matches!(tokio::time::timeout(CLOSE_TIMEOUT, told).await, Ok(Ok(()))) {
            stream.close().await;
        }
    }
    rest
}

async fn record(
    shared: Arc<Shared>,
    spool: Arc<Spool>,
    send: SendId,
    name: SpoolName,
    address: &MailboxAddress,
    end: CopyEnd,
) {
    let file = spool.path(&name);
    let ended = end.clone();
    let recorded = tokio::task::spawn_blocking(move || shared.accounts.end_copy(&spool, send, ended, now_ms())).await;
    let why = match &end {
        CopyEnd::Done => "",
        CopyEnd::Postponed(why) | CopyEnd::Failed(why) => why,
    };
    match recorded {
        Ok(Ok(CopyState::Failed)) => tracing::error!(
            send = send.0, mailbox = %address, why, file = %file.display(),
            "the copy of a sent message was given up; the message is kept in this file"
        ),
        Ok(Ok(CopyState::Done)) => {}
        Ok(Ok(CopyState::Due | CopyState::Waiting)) => {
            tracing::warn!(send = send.0, mailbox = %address, why, "the copy of a sent message has to wait");
        }
        Ok(Err(error)) => {
            tracing::error!(send = send.0, mailbox = %address, %error, "what became of a copy cannot be recorded");
        }
        Err(error) => {
            tracing::error!(send = send.0, mailbox = %address, %error, "what became of a copy cannot be recorded");
        }
    }
}

async fn try_it(shared: &Shared, spool: &Arc<Spool>, attempt: CopyAttempt, stop: &CancellationToken) -> Ended {
    let CopyAttempt { send, mailbox, credentials, message_id, tried_before, spool: name, accepted_at_ms } = attempt;
    let Some(upstream) = shared.upstreams.get(&mailbox.upstream) else {
        return Ended::postponed(format!("the configuration has no upstream named {}", mailbox.upstream));
    };
    let (folder, from) = (spool.clone(), name.clone());
    let (file, octets) = match tokio::task::spawn_blocking(move || folder.read(&from)).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) if error.is_missing() => return Ended::failed(format!("the message is gone: {error}")),
        Ok(Err(error)) => return Ended::postponed(error.to_string()),
        Err(error) => return Ended::postponed(error.to_string()),
    };
    let Some(place) = shared.place_for_copy(mailbox.id, upstream) else {
        return Ended::postponed("the mailbox has as many connections to the mail server as it may have".to_owned());
    };
    let probed = tokio::select! {
        biased;
        () = stop.cancelled() => Probed::Failed(STOPPED.to_owned()),
        probed = probe::log_in(upstream, credentials.into(), shared.limits.upstream_timeout) => probed,
    };
    let (stream, parked) = match probed {
        Probed::LoggedIn(opened) => *opened,
        Probed::Refused => {
            tracing::error!(
                mailbox = %mailbox.address,
                "the mail server refuses the password that delega holds for this mailbox, so that sent messages are not \
                 copied; give it the right one: delega mailbox set {} --password",
                mailbox.address
            );
            let (accounts, id) = (shared.accounts.clone(), mailbox.id);
            let noted = tokio::task::spawn_blocking(move || accounts.password_refused(id, now_ms() / 1000)).await;
            if let Ok(Err(error)) = noted {
                tracing::error!(%error, "the owner could not be told of a password that is refused");
            }
            let why = "the mail server refuses the password that delega holds for this mailbox".to_owned();
            return Ended { rest: Some(AFTER_A_REFUSAL), ..Ended::postponed(why) };
        }
        Probed::Failed(why) => return Ended::postponed(why),
    };
    let letter = Letter { message_id, octets, accepted_at_ms, tried_before };
    let mut delivery = Delivery::new(stream, parked, letter, file, shared.limits.command_timeout);
    let end = delivery.run(stop, shared.limits.shutdown_grace).await;
    let (stream, deposit) = (delivery.stream, delivery.deposit);
    let told = deposit.folder().map(String::from_utf8_lossy).unwrap_or_default();
    let (end, rest) = match end {
        Deposited::Stored => {
            tracing::info!(send = send.0, mailbox = %mailbox.address, folder = %told, octets, "a sent message was copied");
            (CopyEnd::Done, None)
        }
        Deposited::Found => {
            tracing::info!(send = send.0, mailbox = %mailbox.address, folder = %told, "a sent message is there already");
            (CopyEnd::Done, None)
        }
        Deposited::Postponed(why) => (CopyEnd::Postponed(why), Some(AFTER_A_FAILURE)),
        Deposited::Failed(why) => (CopyEnd::Failed(why), None),
    };
    let connection = deposit.farewell().map(|farewell| Connection { stream, farewell, _place: place });
    Ended { end, rest, connection }
}

const STOPPED: &str = "delega was stopped";

/// One message on its way from its file to the upstream.
struct Delivery {
    stream: Stream,
    deposit: Deposit,
    /// The message, and a buffer that goes with it to the thread that reads and back.
    file: Option<(File, Vec<u8>)>,
    /// What is to be said, and how much of it the stream has taken.
    out: Vec<u8>,
    written: usize,
    /// Whether the socket has all of it.
    flushed: bool,
    /// How long the upstream may take for anything.
    patience: Duration,
}

impl Delivery {
    fn new(stream: Stream, parked: Parked, letter: Letter, file: File, patience: Duration) -> Delivery {
        let mut out = Vec::new();
        let deposit = Deposit::new(parked, letter, &mut out);
        Delivery { stream, deposit, file: Some((file, Vec::new())), out, written: 0, flushed: false, patience }
    }

    /// Comes to an end by itself, or because the gateway stops: at once where nothing of the message has gone out yet,
    /// within `grace` otherwise.
    async fn run(&mut self, stop: &CancellationToken, grace: Duration) -> Deposited {
        let cut_off = async {
            stop.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        tokio::pin!(cut_off);
        loop {
            if let Some(end) = self.deposit.end() {
                return end.clone();
            }
            let begun = self.deposit.has_begun();
            let moved = tokio::select! {
                biased;
                () = stop.cancelled(), if !begun => Err(STOPPED.to_owned()),
                () = &mut cut_off => Err(STOPPED.to_owned()),
                moved = tokio::time::timeout(self.patience, self.go_on()) => match moved {
                    Ok(moved) => moved,
                    Err(_) => Err("the mail server does not answer".to_owned()),
                },
            };
            if let Err(why) = moved {
                self.deposit.break_off(&why);
            }
        }
    }

    /// Waits until something was read or all was written, and goes on from there.
    async fn go_on(&mut self) -> Result<(), String> {
        if self.flushed && self.deposit.wants() > 0 {
            self.read().await?;
        }
        if !self.out.is_empty() {
            self.flushed = false;
        }
        let mut heard = Vec::new();
        let moved = std::future::poll_fn(|cx| {
            if let Poll::Ready(taken) = self.stream.poll_take(cx, &mut |bytes| heard.extend_from_slice(bytes)) {
                return Poll::Ready(taken.map(|taken| taken > 0));
            }
            if !self.flushed {
                let given = self.stream.poll_give(cx, &self.out, &mut self.written, &mut false);
                if let Poll::Ready(given) = given {
                    self.flushed = true;
                    return Poll::Ready(given.map(|()| true));
                }
            }
            Poll::Pending
        });
        let open = moved.await.map_err(|error| format!("the connection to the mail server broke: {error}"))?;
        self.out.drain(..self.written);
        self.written = 0;
        match open {
            true => self.deposit.upstream(&heard, &mut self.out),
            false => self.deposit.closed(),
        }
        Ok(())
    }

    /// Reads the next octets of the message.
    async fn read(&mut self) -> Result<(), String> {
        let unreadable = |error: std::io::Error| format!("the message cannot be read from its file: {error}");
        let Some((mut file, mut chunk)) = self.file.take() else {
            return Err(unreadable(std::io::ErrorKind::NotFound.into()));
        };
        let octets = self.deposit.wants().min(CHUNK_BYTES);
        let reading = tokio::task::spawn_blocking(move || {
            chunk.resize(usize::try_from(octets).unwrap_or_default(), 0);
            file.read_exact(&mut chunk).map(|()| (file, chunk))
        });
        let (file, chunk) = reading.await.map_err(|error| unreadable(error.into()))?.map_err(unreadable)?;
        self.deposit.octets(&chunk, &mut self.out);
        self.file = Some((file, chunk));
        Ok(())
    }
}
