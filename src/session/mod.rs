//! The state machines of one proxied connection, both legs, sans I/O: bytes, time and answers come in as [`Input`],
//! bytes and requests go out through a [`Sink`]. No socket, no clock, no store; so a session can be replayed, split at
//! any byte and fuzzed.
//!
//! *Downstream* is the client's leg, *upstream* the server's. Both carry untrusted bytes.

pub mod imap;
mod patience;
pub mod pop3;
pub mod smtp;

use std::time::Instant;

use secrecy::SecretString;

use crate::domain::{Grant, MailboxAddress, SendOutcome, Sending};
use crate::proto::imap::capability::Capabilities;

/// One proxied connection of whichever protocol, as the gateway drives it.
pub trait Machine: std::fmt::Debug + Send {
    /// Takes one input and says what follows from it.
    fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut dyn Sink);

    /// Whether bytes of this leg are wanted. Where not, reading must wait: this is the back pressure of the protocol,
    /// beside that of the buffers.
    fn wants(&self, leg: Leg) -> bool;

    /// Whether the session is over.
    fn is_closed(&self) -> bool;

    /// When [`Input::Tick`] is due at the latest.
    fn deadline(&self) -> Option<Instant>;

    /// Whether the upstream connection may serve another login afterwards ([`Request::Park`]), which it may unless this
    /// says no; then the session takes leave of the upstream at its end. To be told before the login is let in. Means
    /// nothing to protocols whose connections are not handed on.
    fn park_afterwards(&mut self, _parks: bool) {}
}

/// One of the two connections of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leg {
    /// The client's.
    Downstream,
    /// The server's.
    Upstream,
}

impl Leg {
    /// The other of the two.
    pub fn other(self) -> Leg {
        match self {
            Leg::Downstream => Leg::Upstream,
            Leg::Upstream => Leg::Downstream,
        }
    }
}

/// What has happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The client is connected (and TLS is done, on a listener with TLS from the first byte).
    Start,
    /// Bytes from the client. May be given while [`wants`](Machine::wants) says no: they are kept.
    Downstream(&'a [u8]),
    /// The client closed its side, or its connection broke.
    DownstreamClosed,
    /// Bytes from the server.
    Upstream(&'a [u8]),
    /// The server closed its side, or its connection broke.
    UpstreamClosed,
    /// The handshake asked for by [`Request::StartTls`] is done.
    TlsStarted(Leg),
    /// The answer to [`Request::Verify`].
    Verified(Result<Admission, Denial>),
    /// [`Request::Connect`] succeeded, and TLS is already in place where the upstream has it from the first byte.
    UpstreamConnected {
        /// Whether STARTTLS is needed before anything else may be said.
        starttls: bool,
    },
    /// [`Request::Connect`] was answered with an upstream session that is logged in to this mailbox already; what the
    /// upstream offers there.
    UpstreamReady(Capabilities),
    /// [`Request::Connect`] was refused: the mailbox has as many connections as it may have (X4).
    UpstreamFull,
    /// [`Request::Connect`] failed; the cause is in the log.
    UpstreamUnreachable,
    /// The owner changed what this person may do (P9).
    GrantChanged(Grant),
    /// This person would no longer be let in (X2, D8).
    Revoked,
    /// Somebody ended this session; its person may come in again (X16).
    Dismissed,
    /// The answer to [`Request::RecordSending`].
    SendingRecorded(Recording),
    /// The answer to [`Request::RecordOutcome`], given also where it could not be recorded: the record then goes on
    /// saying that the outcome is unknown, and the log tells why.
    OutcomeRecorded,
    /// The gateway stops.
    Shutdown,
    /// Time has passed; [`deadline`](Machine::deadline) may have come.
    Tick,
}

/// What came of recording a message that is about to be sent. It may be sent where it is recorded, and only there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// It is recorded durably.
    Recorded,
    /// It was not, since meanwhile this person may not send it any more (P9, X2). The reason is in the log.
    Forbidden,
    /// It could not be; the cause is in the log.
    Failed,
}

/// Who was let in, and how the upstream is entered on their behalf.
#[derive(Debug)]
pub struct Admission {
    /// What they may do.
    pub grant: Grant,
    /// The addresses that the mailbox sends from: its own first, then its aliases (G2). Never empty.
    pub addresses: Vec<MailboxAddress>,
    /// How to log in upstream.
    pub upstream: UpstreamLogin,
}

/// The credentials for the upstream server.
#[derive(Debug)]
pub struct UpstreamLogin {
    /// Whose mailbox is opened, where that is not `authcid`: the master user's case (G5).
    pub authzid: Option<String>,
    /// Who logs in.
    pub authcid: String,
    /// Their password.
    pub password: SecretString,
    /// Whether the client typed this password (L3): then the upstream's refusal is the client's refusal.
    pub typed: bool,
}

/// Why nobody was let in. The client learns the first two as one and the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// These credentials open nothing here. The reason is in the log.
    Refused,
    /// The gateway could not find out: `NO [UNAVAILABLE]`.
    Unavailable,
    /// The mailbox has as many connections as it may have: `NO [LIMIT]`.
    Full,
}

/// What every client is told whose credentials open nothing, whatever is wrong with them (S5). Mail programs show it to
/// people, and to some of them the end of it is news (S3).
const NOT_ACCEPTED: &str = "Name or password not accepted. With two-step verification a mail program needs an app password (nome o password non accettati: con la verifica in due passaggi serve una password per app)";

/// What a session asks of the gateway that drives it.
#[derive(Debug)]
pub enum Request {
    /// Check these credentials; answered by [`Input::Verified`].
    Verify {
        /// The login as typed. May be any text.
        login: String,
        /// The password as typed.
        password: SecretString,
    },
    /// Connect to the upstream of the person just admitted; answered by [`Input::UpstreamConnected`],
    /// [`Input::UpstreamReady`], [`Input::UpstreamFull`] or [`Input::UpstreamUnreachable`].
    Connect,
    /// Send what is to be sent on this leg, then do the TLS handshake; answered by [`Input::TlsStarted`]. For the
    /// downstream leg the gateway must end the connection when the client had sent anything beyond.
    StartTls(Leg),
    /// The upstream connection may serve the next login to this mailbox, once what is to be sent there was sent and it
    /// [is ready](imap::parked::Parked::is_ready).
    Park(imap::parked::Parked),
    /// Record a message that is about to be sent, durably and with its outcome unknown, before its end goes upstream (O2);
    /// answered by [`Input::SendingRecorded`]. One at a time for each session.
    RecordSending(Box<Sending>),
    /// Record what became of the message recorded last; answered by [`Input::OutcomeRecorded`].
    RecordOutcome(SendOutcome),
    /// Close the upstream connection now.
    CloseUpstream,
    /// Send what is left to the client, then close both connections. The session wants nothing any more.
    Close,
    /// The same in the middle of a response: the client must be able to tell that the rest of it is missing, so the
    /// connection must not end as one does in which everything was said.
    BreakOff,
    /// Something for the log.
    Note(Note),
}

/// What the log is told. Never holds a secret or anything of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The session is through: the client may work.
    LoggedIn,
    /// A command was refused.
    Refused {
        /// The verb, from the table of known verbs.
        verb: &'static str,
        /// Why, as the client was told.
        why: String,
    },
    /// What the client said of itself in ID, bounded and free of control characters.
    Program(String),
    /// What the submission server offers, for those who have not logged in yet.
    UpstreamOffers(smtp::Extensions),
    /// The upstream refused the password that the client typed (L3).
    UpstreamRefusedOwner,
    /// The upstream refused the credentials that delega holds.
    UpstreamRefusedLogin,
    /// The upstream could not be entered; the text says why.
    UpstreamUnavailable(&'static str),
    /// The session ends, and why.
    Ended(Ending),
}

/// Why a session ended, and so who erred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The client said LOGOUT.
    Logout,
    /// The client went away.
    ClientGone,
    /// The client broke the protocol or a bound; the text says how.
    ClientFault(&'static str),
    /// The client let a deadline pass.
    ClientTimeout,
    /// The upstream server closed, broke the protocol or a bound; the text says how.
    UpstreamFault(&'static str),
    /// The person may no longer be here.
    Revoked,
    /// Somebody ended the session.
    Dismissed,
    /// The gateway stops.
    Shutdown,
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ending::Logout => f.write_str("logout"),
            Ending::ClientGone => f.write_str("the client went away"),
            Ending::ClientFault(why) => write!(f, "the client: {why}"),
            Ending::ClientTimeout => f.write_str("the client took too long"),
            Ending::UpstreamFault(why) => write!(f, "the upstream: {why}"),
            Ending::Revoked => f.write_str("access was taken away"),
            Ending::Dismissed => f.write_str("the session was ended by somebody"),
            Ending::Shutdown => f.write_str("the gateway stops"),
        }
    }
}

/// Where a session puts what it has to say, in order. The slices are the gateway's to write out or to copy.
pub trait Sink {
    /// Bytes for the client.
    fn downstream(&mut self, bytes: &[u8]);
    /// Bytes for the server.
    fn upstream(&mut self, bytes: &[u8]);
    /// A message that is being sent, as it goes upstream; for whoever keeps a copy (X13).
    fn message(&mut self, _piece: Piece<'_>) {}
    /// A request to the gateway.
    fn request(&mut self, request: Request);
}

/// A piece of a message that is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A message begins; what there was of another was not sent.
    Begin,
    /// Octets of it, without the dots that transport puts before others (RFC 5321 §4.5.2).
    Octets(&'a [u8]),
}

/// The timeouts of a session, from the operator's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the connection to the login.
    pub login: std::time::Duration,
    /// From the first byte of a command to its last; for a message that is stored or sent, for each 64 KiB of it; for an
    /// upstream that is silent within a POP3 response.
    pub command: std::time::Duration,
    /// Between commands, IDLE included.
    pub idle: std::time::Duration,
    /// For the upstream to connect, greet and log in.
    pub upstream: std::time::Duration,
    /// For commands to finish once the gateway stops.
    pub shutdown: std::time::Duration,
    /// A refused login is answered at a whole multiple of this after it was tried, so that time tells nothing (S5).
    pub refusal: std::time::Duration,
}

/// The earlier of two deadlines.
pub(crate) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
