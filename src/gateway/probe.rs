//! Logs in to an upstream the same way that a session does it, for `delega check` and for sessions opened ahead of demand.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Upstream;
use crate::domain::{Grant, Protocol};
use crate::net::Stream;
use crate::session::imap::parked::Parked;
use crate::session::imap::{Session, Settings};
use crate::session::{Admission, Ending, Input, Leg, Machine as _, Note, Request, Sink, Timeouts, UpstreamLogin};

/// How much of a greeting is looked at; an SMTP greeting may have several lines, of which the first tells.
const GREETING_BYTES: usize = 1024;

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

/// Without credentials: connects, does the TLS handshake where it begins with one, and hears the greeting.
pub async fn reach(upstream: &Upstream, protocol: Protocol, bound: Duration) -> Result<(), String> {
    let Some(endpoint) = upstream.endpoint(protocol) else { return Err(format!("it has no {protocol} address")) };
    let mut stream = upstream.dialer.connect(endpoint).await.map_err(|error| error.to_string())?.stream;
    let heard = tokio::time::timeout(bound, greeting(&mut stream, protocol)).await;
    stream.close().await;
    heard.unwrap_or_else(|_| Err("it is silent where a greeting should come".to_owned()))
}

/// RFC 3501 §7.1 (`* OK`, `* PREAUTH`, `* BYE`), RFC 5321 §4.2 (`220`), RFC 1939 §3 (`+OK`)
async fn greeting(stream: &mut Stream, protocol: Protocol) -> Result<(), String> {
    let expected: &[u8] = match protocol {
        Protocol::Imap => b"* OK",
        Protocol::Submission => b"220",
        Protocol::Pop3 => b"+OK",
    };
    let mut heard = Vec::new();
    let mut buffer = [0; 512];
    while heard.len() < GREETING_BYTES && !heard.contains(&b'\n') {
        match stream.read(&mut buffer).await {
            Ok(0) => break,
            Ok(read) => heard.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            Err(error) => return Err(error.to_string()),
        }
    }
    if heard.is_empty() {
        return Err("it closed the connection without a greeting".to_owned());
    }
    if heard.starts_with(expected) && matches!(heard.get(expected.len()), Some(b' ' | b'-' | b'\r')) {
        return Ok(());
    }
    let line = heard.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line: String = String::from_utf8_lossy(line).trim_end().chars().take(100).collect();
    Err(format!("it greets with `{line}`, not as a server of {protocol} that is ready does"))
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
                | Request::BreakOff
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
