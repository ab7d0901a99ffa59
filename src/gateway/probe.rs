//! Logs in to an upstream the same way that a session does it, for `delega check` and for sessions opened ahead of demand.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Upstream;
use crate::domain::Grant;
use crate::net::Stream;
use crate::session::imap::parked::Parked;
use crate::session::imap::{Session, Settings};
use crate::session::{Admission, Ending, Input, Leg, Machine as _, Note, Request, Sink, Timeouts, UpstreamLogin};

/// What came of it.
#[derive(Debug)]
pub enum Probed {
    /// The upstream let us in: the connection, and what is known of its state.
    LoggedIn(Box<(Stream, Parked)>),
    /// The upstream is there, and does not accept these credentials.
    Refused,
    /// It cannot be reached, or is not what it should be; for the operator.
    Failed(String),
}

/// Without credentials: connects and does the TLS handshake, if it begins with one.
pub async fn reach(upstream: &Upstream) -> Result<(), String> {
    let Some(endpoint) = &upstream.imap else { return Err("it has no imap address".to_owned()) };
    match upstream.dialer.connect(endpoint).await {
        Ok(connected) => {
            connected.stream.close().await;
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Logs in with `login`, within `bound`.
pub async fn log_in(upstream: &Upstream, login: UpstreamLogin, bound: Duration) -> Probed {
    match tokio::time::timeout(bound, drive(upstream, login, bound)).await {
        Ok(probed) => probed,
        Err(_) => Probed::Failed("it took too long to log in".to_owned()),
    }
}

/// What the session says; what it would tell a client goes nowhere.
#[derive(Default)]
struct Said {
    upstream: Vec<u8>,
    requests: VecDeque<Request>,
}

impl Sink for Said {
    fn downstream(&mut self, _: &[u8]) {}

    fn upstream(&mut self, bytes: &[u8]) {
        self.upstream.extend_from_slice(bytes);
    }

    fn request(&mut self, request: Request) {
        self.requests.push_back(request);
    }
}

async fn drive(upstream: &Upstream, login: UpstreamLogin, bound: Duration) -> Probed {
    let Some(endpoint) = &upstream.imap else { return Probed::Failed("it has no imap address".to_owned()) };
    let timeouts = Timeouts {
        login: bound,
        command: bound,
        idle: bound,
        upstream: bound,
        shutdown: bound,
        refusal: Duration::ZERO,
    };
    let settings = Settings { starttls: false, message_bytes: 0, timeouts, nonce: 0 };
    let mut session = Session::new(settings, Instant::now());
    let mut said = Said::default();
    let mut login = Some(login);
    let mut stream: Option<Stream> = None;
    session.handle(Input::Downstream(b"check LOGIN check check\r\n"), Instant::now(), &mut said);
    loop {
        // What the session is told may make it ask for more at once.
        while let Some(request) = said.requests.pop_front() {
            let input = match request {
                Request::Verify { .. } => match login.take() {
                    Some(upstream) => {
                        Input::Verified(Ok(Admission { grant: Grant::OWNER, addresses: Vec::new(), upstream }))
                    }
                    None => return Probed::Refused,
                },
                Request::Connect => match upstream.dialer.connect(endpoint).await {
                    Ok(connected) => {
                        stream = Some(connected.stream);
                        Input::UpstreamConnected { starttls: connected.starttls }
                    }
                    Err(error) => return Probed::Failed(error.to_string()),
                },
                Request::StartTls(Leg::Upstream) => {
                    let Some(plain) = stream.take() else { return Probed::Failed("it went away".to_owned()) };
                    match upstream.dialer.starttls(plain, endpoint).await {
                        Ok(encrypted) => {
                            stream = Some(encrypted);
                            Input::TlsStarted(Leg::Upstream)
                        }
                        Err(error) => return Probed::Failed(error.to_string()),
                    }
                }
                Request::Note(Note::LoggedIn) => Input::DownstreamClosed,
                Request::Park(parked) => {
                    let Some(mut stream) = stream else { return Probed::Failed("it went away".to_owned()) };
                    return match send(&mut stream, &mut said).await {
                        Ok(()) => Probed::LoggedIn(Box::new((stream, parked))),
                        Err(error) => Probed::Failed(error.to_string()),
                    };
                }
                Request::Note(Note::UpstreamRefusedLogin | Note::UpstreamRefusedOwner) => return Probed::Refused,
                Request::Note(Note::UpstreamUnavailable(why)) => return Probed::Failed(why.to_owned()),
                Request::Note(Note::Ended(Ending::UpstreamFault(why))) => return Probed::Failed(why.to_owned()),
                Request::StartTls(Leg::Downstream)
                | Request::RecordSending(_)
                | Request::RecordOutcome(_)
                | Request::CloseUpstream
                | Request::Close
                | Request::Note(_) => continue,
            };
            session.handle(input, Instant::now(), &mut said);
        }
        let Some(stream) = &mut stream else { return Probed::Failed("it went away".to_owned()) };
        if let Err(error) = send(stream, &mut said).await {
            return Probed::Failed(error.to_string());
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) => return Probed::Failed("it closed the connection".to_owned()),
            Ok(read) => {
                session.handle(Input::Upstream(buffer.get(..read).unwrap_or_default()), Instant::now(), &mut said);
            }
            Err(error) => return Probed::Failed(error.to_string()),
        }
    }
}

/// Sends what the session has said.
async fn send(stream: &mut Stream, said: &mut Said) -> std::io::Result<()> {
    let bytes = zeroize::Zeroizing::new(std::mem::take(&mut said.upstream));
    if !bytes.is_empty() {
        stream.write_all(&bytes).await?;
        stream.flush().await?;
    }
    Ok(())
}
