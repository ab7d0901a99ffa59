//! Reaches an upstream, for `delega check`, and logs in to it the same way that a session does it, for that and for
//! sessions opened ahead of demand. What it says up to TLS is bounded, and is believed for nothing but what is told.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Upstream;
use crate::domain::{Grant, Protocol};
use crate::net::Stream;
use crate::session::imap::parked::Parked;
use crate::session::imap::{Session, Settings};
use crate::session::{Admission, Ending, Input, Leg, Machine as _, Note, Request, Sink, Timeouts, UpstreamLogin};

/// How much an upstream may say up to TLS.
const HEARD_BYTES: usize = 16 * 1024;

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

/// Without credentials: connects, hears the greeting, and does the TLS handshake, wherever it begins.
pub async fn reach(upstream: &Upstream, protocol: Protocol, bound: Duration) -> Result<(), String> {
    let Some(endpoint) = upstream.endpoint(protocol) else { return Err(format!("it has no {protocol} address")) };
    let connected = upstream.dialer.connect(endpoint).await.map_err(|error| error.to_string())?;
    let (mut stream, starttls) = (connected.stream, connected.starttls);
    let steps = if starttls { steps(protocol) } else { &steps(protocol)[..1] };
    let hailed = tokio::time::timeout(bound, hail(&mut stream, protocol, steps)).await;
    let hailed = hailed.unwrap_or_else(|_| Err("it is silent where an answer should come".to_owned()));
    if starttls && hailed.is_ok() {
        stream = upstream.dialer.starttls(stream, endpoint).await.map_err(|error| error.to_string())?;
    }
    stream.close().await;
    hailed
}

/// What is said up to TLS, and how the last line of the answer begins where it is granted. It begins with the greeting,
/// before which nothing is said: RFC 3501 §7.1 and §6.2.1; RFC 5321 §4.2 and RFC 3207 §4; RFC 1939 §3 and RFC 2595 §4.
fn steps(protocol: Protocol) -> &'static [(&'static str, &'static str)] {
    match protocol {
        Protocol::Imap => &[("", "* OK"), ("x STARTTLS", "x OK")],
        Protocol::Submission => &[("", "220"), ("EHLO [127.0.0.1]", "250"), ("STARTTLS", "220")],
        Protocol::Pop3 => &[("", "+OK"), ("STLS", "+OK")],
    }
}

async fn hail(stream: &mut Stream, protocol: Protocol, steps: &[(&str, &str)]) -> Result<(), String> {
    let mut heard = Heard::default();
    let mut asked = "";
    for (said, granted) in steps {
        asked = said.trim_start_matches("x ");
        if !said.is_empty() {
            // Where that fails it has gone, which shows in what it answers.
            let _ = stream.write_all(format!("{said}\r\n").as_bytes()).await;
            let _ = stream.flush().await;
        }
        let line = loop {
            let Some(line) = heard.line(stream).await? else {
                return Err(match asked {
                    "" => "it closed the connection without a greeting".to_owned(),
                    _ => format!("it closed the connection without an answer to {asked}"),
                });
            };
            let more = match protocol {
                Protocol::Imap => !said.is_empty() && line.starts_with("* "),
                Protocol::Submission => line.get(3..4) == Some("-"),
                Protocol::Pop3 => false,
            };
            if !more {
                break line;
            }
        };
        if !line.strip_prefix(granted).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
            let line: String = line.chars().take(100).collect();
            return Err(match asked {
                "" => format!("it greets with `{line}`, not as a server of {protocol} that is ready does"),
                _ => format!("it answers {asked} with `{line}`"),
            });
        }
    }
    // Behind the greeting alone there may be more.
    if steps.len() > 1 && !heard.octets.is_empty() {
        return Err(format!("it sent more in the clear behind its answer to {asked}"));
    }
    Ok(())
}

/// What an upstream has said and nobody has looked at.
#[derive(Default)]
struct Heard {
    octets: Vec<u8>,
    /// How much it has said in all.
    bytes: usize,
}

impl Heard {
    /// The next line, for people; none where the connection ends without one.
    async fn line(&mut self, stream: &mut Stream) -> Result<Option<String>, String> {
        let mut buffer = [0; 512];
        let end = loop {
            if let Some(end) = self.octets.iter().position(|octet| *octet == b'\n') {
                break end + 1;
            }
            let read = stream.read(&mut buffer).await.map_err(|error| error.to_string())?;
            if read == 0 {
                break self.octets.len();
            }
            self.octets.extend_from_slice(buffer.get(..read).unwrap_or_default());
            self.bytes += read;
            if self.bytes > HEARD_BYTES {
                return Err("it says more than any server does before TLS".to_owned());
            }
        };
        let line: Vec<u8> = self.octets.drain(..end).collect();
        Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
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
