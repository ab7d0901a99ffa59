//! One connection: moves bytes between two sockets and a session, and does what the session asks for.
//!
//! What a stream has read is handed to the session in the thread's buffer, and what the session says is written out when
//! there is nothing more to read; only what a socket does not take is kept. A leg is not read while the other side of the session has more than
//! [`HIGH_WATER`] waiting, so a client that does not read stops the upstream from being read, and the other way round.

mod journal;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use super::budget::Place;
use super::live::{Presence, Registration};
use super::login::{self, Outcome};
use super::outbox::{Outbox, Through};
use super::sending::{Sends, now_ms};
use super::upstream::{Obtained, Person};
use super::warm::Age;
use super::{Shared, doors};
use crate::accounts::{Entry, Knock, SendingEntry};
use crate::config::Endpoint;
use crate::domain::{Door, Sending};
use crate::net::{Arrival, Connected, DialError, Dialer, Guard, Peer, ServerTls, Stream};
use crate::session::{Admission, Denial, Ending, Input, Leg, Machine, Recording, Request};

/// How much may wait for a socket before the legs are no longer read.
const HIGH_WATER: usize = 64 * 1024;
/// How much a connection reads before the others of its thread have their turn, so that hundreds that fetch do not keep a
/// small command waiting.
const TURN_BYTES: u64 = 64 * 1024;
/// How long someone who may no longer be here, or was sent away, is still listened to, for a farewell.
const REVOKED_FAREWELL: Duration = Duration::from_millis(250);

/// What the client was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// A whole response.
    Whole,
    /// A part of one. That the rest is missing has to show in how the connection ends, for clients that do not tell it by
    /// what they have got.
    Part,
}

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Something that the connection waits for beside bytes and time.
enum Done {
    Verified(Outcome),
    Connected(Result<Connected, DialError>),
    /// The handshake after STARTTLS, towards the upstream.
    Encrypted(Result<Stream, DialError>),
}

struct Connection {
    shared: Arc<Shared>,
    session: Box<dyn Machine>,
    out: Outbox,
    downstream: Option<Stream>,
    upstream: Option<Stream>,
    starttls: Option<Arc<ServerTls>>,
    peer: Peer,
    door: Door,
    guard: Guard,
    work: Option<Pending<Done>>,
    stop: Option<Pending<()>>,
    changed: Option<Pending<()>>,
    registration: Option<Registration>,
    /// The upstream connection's place in the mailbox's budget, and when it was taken.
    place: Option<(Place, Age)>,
    /// Whether the upstream said something that the session did not take any more.
    left_over: bool,
    timer: Pin<Box<Sleep>>,
    timer_at: Option<Instant>,
    /// Since when bytes wait of which no socket takes any.
    stuck_since: Option<Instant>,
    /// Whether the upstream was given up because it did not read.
    upstream_stalled: bool,
    person: Option<Person>,
    sends: Sends,
    /// What the client said of itself first.
    program: Arc<OnceLock<String>>,
    ending: Option<Ending>,
    started_at: Instant,
    downstream_bytes: u64,
    upstream_bytes: u64,
}

/// Serves one connection to its end.
pub async fn serve(arrival: Arrival, door: Door, shared: Arc<Shared>) {
    let Arrival { stream, peer, guard, starttls } = arrival;
    let now = Instant::now();
    let session = doors::session(&shared, door, starttls.is_some(), now);
    let stop = shared.stop.clone();
    let mut connection = Connection {
        session,
        out: Outbox::default(),
        downstream: Some(stream),
        upstream: None,
        starttls,
        peer,
        door,
        guard,
        work: None,
        stop: Some(Box::pin(async move { stop.cancelled().await })),
        changed: None,
        registration: None,
        place: None,
        left_over: false,
        timer: Box::pin(tokio::time::sleep(Duration::from_secs(3600))),
        timer_at: None,
        stuck_since: None,
        upstream_stalled: false,
        person: None,
        sends: Sends::new(shared.clone()),
        program: Arc::default(),
        ending: None,
        started_at: now,
        downstream_bytes: 0,
        upstream_bytes: 0,
        shared,
    };
    let at_once = connection.shared.stop_at_once.clone();
    tokio::select! {
        () = connection.run() => {}
        () = at_once.cancelled() => {}
    }
}

/// However it ends: its thread may end first, and drop what it carries.
impl Drop for Connection {
    fn drop(&mut self) {
        // Somebody who was not told everything must not take it for everything.
        if let Some(stream) = self.downstream.take() {
            stream.abandon();
        }
        self.log_end();
    }
}

impl Connection {
    async fn run(&mut self) {
        self.input(Input::Start);
        loop {
            while let Some(request) = self.out.requests.pop_front() {
                if self.fulfil(request).await.is_none() {
                    return;
                }
            }
            if std::future::poll_fn(|cx| self.poll(cx)).await.is_err() {
                return;
            }
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, Instant::now(), &mut self.out);
    }

    /// Does what the session asks for; none when the connection is over.
    async fn fulfil(&mut self, request: Request) -> Option<()> {
        match request {
            Request::Verify { login, password } => {
                let knock = Knock { from: self.peer.address.ip(), at_ms: now_ms() };
                let (shared, program) = (self.shared.clone(), self.program.clone());
                let visit = login::Visit { door: self.door, knock, program };
                self.work =
                    Some(Box::pin(async move { Done::Verified(login::verify(shared, login, password, visit).await) }));
            }
            Request::Connect => self.connect(),
            Request::Park(parked) => {
                let farewell = self.out.upstream.take();
                if let (Some(person), Some(stream), Some((place, age)), false) =
                    (&self.person, self.upstream.take(), self.place.take(), self.left_over)
                {
                    self.shared.park(person, farewell, stream, place, age, parked);
                }
            }
            // More in the clear came with the command, and the session has ended: no handshake any more.
            Request::StartTls(_) if self.session.is_closed() => {}
            Request::StartTls(Leg::Downstream) => self.starttls_downstream().await?,
            Request::StartTls(Leg::Upstream) => match (self.endpoint(), self.upstream.take()) {
                (Some((dialer, endpoint)), Some(stream)) => {
                    self.work =
                        Some(Box::pin(async move { Done::Encrypted(dialer.starttls(stream, &endpoint).await) }));
                }
                _ => self.input(Input::UpstreamUnreachable),
            },
            Request::CloseUpstream => {
                // A connection that is still being made is given up, too: nobody waits for it.
                self.work = None;
                self.upstream = None;
                self.place = None;
                self.out.upstream.clear();
                self.leave();
            }
            Request::RecordSending(sending) => self.record(*sending),
            Request::RecordOutcome(outcome) => self.sends.outcome(outcome),
            Request::Note(note) => self.note(note),
            Request::Close => {
                self.close(Last::Whole).await;
                return None;
            }
            Request::BreakOff => {
                self.close(Last::Part).await;
                return None;
            }
        }
        Some(())
    }

    /// Records what is about to be sent, by whom and where from.
    fn record(&mut self, sending: Sending) {
        let Some(person) = &self.person else { return self.input(Input::SendingRecorded(Recording::Failed)) };
        self.sends.record(SendingEntry {
            account: person.account,
            login: person.login.clone(),
            peer: self.peer.address,
            door: self.door,
            addresses: person.addresses.clone(),
            sending,
        });
    }

    /// Looks for a way to the mailbox of the person who was let in.
    fn connect(&mut self) {
        let Some(person) = &self.person else { return self.input(Input::UpstreamUnreachable) };
        match self.shared.obtain(person, self.door.protocol) {
            Obtained::Warm(ready) => {
                let capabilities = ready.parked.capabilities();
                self.upstream = Some(ready.stream);
                self.place = Some((ready.place, ready.age));
                self.input(Input::UpstreamReady(capabilities));
            }
            Obtained::Place(place, age) => match self.endpoint() {
                Some((dialer, endpoint)) => {
                    self.place = Some((place, age));
                    self.work = Some(Box::pin(async move { Done::Connected(dialer.connect(&endpoint).await) }));
                }
                None => self.input(Input::UpstreamUnreachable),
            },
            Obtained::Full => self.input(Input::UpstreamFull),
        }
    }

    fn endpoint(&self) -> Option<(Dialer, Endpoint)> {
        let person = self.person.as_ref()?;
        let upstream = self.shared.upstreams.get(&person.upstream)?;
        Some((upstream.dialer.clone(), upstream.endpoint(self.door.protocol)?.clone()))
    }

    async fn starttls_downstream(&mut self) -> Option<()> {
        // The answer to STARTTLS goes out in the clear first.
        let sent = tokio::time::timeout(crate::net::HANDSHAKE_TIMEOUT, self.flush()).await;
        let (Ok(Ok(())), Some(tls), Some(stream)) = (sent, self.starttls.clone(), self.downstream.take()) else {
            self.ending = Some(Ending::ClientGone);
            return None;
        };
        let stop = self.shared.stop.clone();
        let handshake = tokio::select! {
            handshake = stream.starttls_server(&tls, self.door.protocol) => handshake,
            // Nothing can be said in the middle of a handshake.
            () = stop.cancelled() => {
                self.ending = Some(Ending::Shutdown);
                return None;
            }
        };
        match handshake {
            Ok(stream) => {
                self.downstream = Some(stream);
                self.input(Input::TlsStarted(Leg::Downstream));
                Some(())
            }
            Err(error) => {
                tracing::debug!(peer = %self.peer.address, %error, "no TLS with a client");
                self.ending = Some(Ending::ClientFault("the TLS handshake failed"));
                None
            }
        }
    }

    fn unreachable(&mut self, error: &DialError) {
        if let Some(person) = &self.person {
            tracing::error!(login = %person.login, upstream = person.upstream, %error, "the upstream cannot be reached");
        }
        self.input(Input::UpstreamUnreachable);
    }

    /// Waits for something to happen, and hands it to the session. Returns when there are requests to fulfil; an error
    /// is the end of the connection.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        let bytes = |connection: &Connection| connection.downstream_bytes + connection.upstream_bytes;
        let turn = bytes(self) + TURN_BYTES;
        while bytes(self) < turn {
            if !self.out.requests.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.poll_writes(cx);
            if !self.out.requests.is_empty() {
                continue;
            }
            // All of them each time, so that neither leg starves the other.
            let moved = self.poll_done(cx)
                | self.poll_sends(cx)
                | self.poll_stop(cx)
                | self.poll_change(cx)
                | self.poll_read(Leg::Downstream, cx)
                | self.poll_read(Leg::Upstream, cx);
            if moved {
                continue;
            }
            if ready!(self.poll_time(cx)).is_err() {
                return Poll::Ready(Err(()));
            }
        }
        // There is more, and it is somebody else's turn: also of those whose sockets nobody has asked yet.
        self.poll_writes(cx);
        let mut others = std::pin::pin!(tokio::task::yield_now());
        others.as_mut().poll(cx).map(Ok)
    }

    /// Reads one leg, if it is wanted and there is room for what follows from it; true if something was read.
    fn poll_read(&mut self, leg: Leg, cx: &mut Context<'_>) -> bool {
        let room = self.out.downstream.len() < HIGH_WATER;
        // An upstream that waits for its answers to be read takes no commands until they are: it is read regardless.
        let room = room && (leg == Leg::Upstream || self.out.upstream.len() < HIGH_WATER && !self.out.kept.is_full());
        if !room || !self.session.wants(leg) {
            return false;
        }
        let (stream, other) = match leg {
            Leg::Downstream => (&mut self.downstream, &mut self.upstream),
            Leg::Upstream => (&mut self.upstream, &mut self.downstream),
        };
        let Some(stream) = stream else { return false };
        let (session, left_over) = (&mut self.session, &mut self.left_over);
        let mut through = Through::new(&mut self.out, leg.other(), other.as_mut());
        let read = stream.poll_take(cx, &mut |bytes| {
            *left_over |= leg == Leg::Upstream && session.is_closed();
            let input = match leg {
                Leg::Downstream => Input::Downstream(bytes),
                Leg::Upstream => Input::Upstream(bytes),
            };
            session.handle(input, Instant::now(), &mut through);
        });
        let mut progress = false;
        if through.send(cx, &mut progress).is_err() {
            self.broken(leg.other());
        }
        if progress {
            self.stuck_since = None;
        }
        let Poll::Ready(read) = read else { return false };
        // A connection that broke has ended; why does not matter to the other side.
        let read = read.unwrap_or(0);
        match (read, leg) {
            (0, Leg::Downstream) => self.input(Input::DownstreamClosed),
            (0, Leg::Upstream) => {
                self.upstream = None;
                self.input(Input::UpstreamClosed);
            }
            (bytes, Leg::Downstream) => self.downstream_bytes += bytes as u64,
            (bytes, Leg::Upstream) => self.upstream_bytes += bytes as u64,
        }
        true
    }

    /// Writes what waits for either socket.
    fn poll_writes(&mut self, cx: &mut Context<'_>) {
        let mut progress = false;
        for leg in [Leg::Downstream, Leg::Upstream] {
            let (stream, pipe) = match leg {
                Leg::Downstream => (&mut self.downstream, &mut self.out.downstream),
                Leg::Upstream => (&mut self.upstream, &mut self.out.upstream),
            };
            let Some(stream) = stream else { continue };
            if !pipe.is_pending() {
                continue;
            }
            match pipe.poll_write(stream, cx, &mut progress) {
                Poll::Pending | Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => self.broken(leg),
            }
        }
        if progress || !self.is_anything_pending() {
            self.stuck_since = None;
        }
    }

    /// One leg cannot be written to any more.
    fn broken(&mut self, leg: Leg) {
        self.out.leg(leg).clear();
        match leg {
            Leg::Downstream => self.input(Input::DownstreamClosed),
            Leg::Upstream => {
                self.upstream = None;
                self.input(Input::UpstreamClosed);
            }
        }
    }

    fn is_anything_pending(&self) -> bool {
        self.out.downstream.is_pending() || self.out.upstream.is_pending()
    }

    fn poll_done(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(work) = &mut self.work else { return false };
        let Poll::Ready(done) = work.as_mut().poll(cx) else { return false };
        self.work = None;
        match done {
            Done::Verified(Outcome::Admitted(entry, registration)) => {
                let Entry { account, login, grant, addresses, upstream, credentials, tried, app_password } = *entry;
                self.session.park_afterwards(self.shared.keeps_warm(&upstream));
                self.out.kept.want(self.shared.keeps_copies(&upstream));
                let opening = self.shared.warm.opening(account.mailbox(), &upstream, &credentials);
                let (own, typed) = (addresses.clone(), credentials.typed);
                self.person =
                    Some(Person { login, account, addresses: own, upstream, opening, typed, tried, app_password });
                self.follow(registration);
                self.input(Input::Verified(Ok(Admission { grant, addresses, upstream: credentials.into() })));
            }
            Done::Verified(Outcome::Refused(login, why)) => {
                self.log_refused(login, why);
                self.input(Input::Verified(Err(Denial::Refused)));
            }
            Done::Verified(Outcome::Full) => self.input(Input::Verified(Err(Denial::Full))),
            Done::Verified(Outcome::Unavailable) => self.input(Input::Verified(Err(Denial::Unavailable))),
            Done::Connected(Ok(connected)) => {
                self.upstream = Some(connected.stream);
                self.input(Input::UpstreamConnected { starttls: connected.starttls });
            }
            Done::Encrypted(Ok(stream)) => {
                self.upstream = Some(stream);
                self.input(Input::TlsStarted(Leg::Upstream));
            }
            Done::Connected(Err(error)) | Done::Encrypted(Err(error)) => self.unreachable(&error),
        }
        true
    }

    /// Goes on with what is recorded and kept of a message.
    fn poll_sends(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(input) = self.sends.poll(&mut self.out.kept, cx) else { return false };
        self.input(input);
        true
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(stop) = &mut self.stop else { return false };
        if stop.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.stop = None;
        self.input(Input::Shutdown);
        true
    }

    /// Hears of changed permissions.
    fn poll_change(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(changed) = &mut self.changed else { return false };
        if changed.as_mut().poll(cx).is_pending() {
            return false;
        }
        let Some(mut registration) = self.registration.take() else { return false };
        let presence = *registration.presence.borrow_and_update();
        self.follow(registration);
        match presence {
            Presence::In(grant) => self.input(Input::GrantChanged(grant)),
            Presence::Out => self.input(Input::Revoked),
            Presence::Dismissed => self.input(Input::Dismissed),
        }
        true
    }

    /// Keeps the registration, and hears of what it has not been told yet.
    fn follow(&mut self, registration: Registration) {
        let mut receiver = registration.presence.clone();
        self.changed = Some(Box::pin(async move {
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        self.registration = Some(registration);
    }

    /// Forgets who was let in, since they could not enter after all.
    fn leave(&mut self) {
        self.registration = None;
        self.changed = None;
    }

    /// Waits for the earliest deadline; an error where a socket has taken nothing for too long.
    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.out.downstream.rest();
        self.out.upstream.rest();
        loop {
            let patience = self.shared.limits.command_timeout;
            let stall =
                self.is_anything_pending().then(|| *self.stuck_since.get_or_insert_with(Instant::now) + patience);
            let deadline = [self.session.deadline(), stall].into_iter().flatten().min();
            let Some(deadline) = deadline else { return Poll::Pending };
            // A deadline that has moved away is only noticed when the timer fires: commands do not touch the timer.
            if self.timer_at.is_none_or(|at| deadline < at) {
                self.timer.as_mut().reset(deadline.into());
                self.timer_at = Some(deadline);
            }
            ready!(self.timer.as_mut().poll(cx));
            self.timer_at = None;
            let now = Instant::now();
            // The client waits for an upstream that does not read: its own clock does not run against it.
            let due = self.session.deadline().is_some_and(|at| now >= at);
            let long_stuck = self.stuck_since.is_some_and(|since| now >= since + patience / 2);
            let upstream_stuck =
                due && long_stuck && !self.out.downstream.is_pending() && self.out.upstream.is_pending();
            if upstream_stuck || stall.is_some_and(|at| now >= at) {
                self.stuck_since = None;
                if self.out.downstream.is_pending() {
                    self.ending = Some(Ending::ClientTimeout);
                    return Poll::Ready(Err(()));
                }
                // An upstream that does not read is gone; the client is told so.
                self.upstream_stalled = true;
                self.broken(Leg::Upstream);
                return Poll::Ready(Ok(()));
            }
            if due {
                self.input(Input::Tick);
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Sends all that waits for the client.
    async fn flush(&mut self) -> io::Result<()> {
        let (Some(stream), pipe) = (&mut self.downstream, &mut self.out.downstream) else { return Ok(()) };
        std::future::poll_fn(|cx| pipe.poll_write(stream, cx, &mut false)).await
    }

    /// Says the last words on both legs, within bounds, and closes.
    async fn close(&mut self, last: Last) {
        let bound = match self.ending {
            Some(Ending::Revoked | Ending::Dismissed) => REVOKED_FAREWELL,
            _ => crate::net::CLOSE_TIMEOUT,
        };
        // What the session said upstream before its end goes out as far as the socket takes it at once, however it ends.
        if let Some(stream) = &mut self.upstream
            && self.out.upstream.is_pending()
        {
            let pipe = &mut self.out.upstream;
            let _ = std::future::poll_fn(|cx| Poll::Ready(pipe.poll_write(stream, cx, &mut false))).await;
        }
        let downstream = async {
            let said = tokio::time::timeout(bound, self.flush()).await;
            (said.is_ok_and(|said| said.is_ok()), self.downstream.take())
        };
        let (said, downstream) = downstream.await;
        if let (Some(mut stream), Some(Ending::Logout)) = (self.upstream.take(), self.ending) {
            let pipe = &mut self.out.upstream;
            let farewell = std::future::poll_fn(|cx| pipe.poll_write(&mut stream, cx, &mut false));
            if tokio::time::timeout(bound, farewell).await.is_ok_and(|said| said.is_ok()) {
                tokio::spawn(stream.close());
            }
        }
        // A client that does not hang up keeps nobody out.
        self.place = None;
        self.leave();
        match (downstream, last) {
            (Some(stream), _) if !said => stream.abandon(),
            (Some(stream), Last::Part) => stream.break_off().await,
            // Beyond the bound the connection ends, whether or not the client has closed it.
            (Some(stream), Last::Whole) if self.ending != Some(Ending::ClientGone) => {
                drop(tokio::time::timeout(bound, stream.close()).await);
            }
            (Some(_) | None, _) => {}
        }
    }
}
