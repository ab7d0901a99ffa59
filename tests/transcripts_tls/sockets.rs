//! The real gateway as a [`Driver`]: the two ends of a transcript are a mail program and an upstream server, each on a
//! TLS connection of its own.
//!
//! The gateway and both ends run on one thread, by a runtime that runs only while the driver listens. So when both ends
//! have let the gateway run, and it has said nothing, it has nothing to say: that something does not come is found out
//! without long waits. Each transcript has a gateway of its own, since it has limits, an upstream and a mailbox of its
//! own, and some of them stop it.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use delega::accounts::OpenSessions;
use delega::config::{Endpoint, UpstreamTls};
use delega::domain::Protocol;
use delega::gateway::Gateway;
use delega::net::{Reload, Signals};
use delega::session::Leg;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::DefaultGuard;

use super::cast::Cast;
use super::log::{Entry, Log};
use super::site::Site;
use super::transcript::{Asked, Connection, Driver, Event, Heard, Script, Setup, Start, Step, Verdict, Wait};
use super::wire::Wire;

#[path = "login.rs"]
mod login;

/// How often the gateway is let run before it is taken to have nothing to say.
const TURNS: usize = 24;
/// What the system may take from one socket to the other.
const SETTLE: Duration = Duration::from_millis(3);
/// How often the record is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long what cannot fail to happen may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway, and both ends of one session of it.
pub struct Sockets {
    ends: Ends,
    runtime: Runtime,
    // What the gateway logs while it is torn down belongs to this play, too.
    _log: DefaultGuard,
    _folder: TempDir,
}

struct Ends {
    protocol: Protocol,
    site: Arc<Site>,
    cast: Cast,
    open: Arc<dyn OpenSessions>,
    signals: Signals,
    log: Log,
    /// How much of the log was looked at.
    logged: usize,
    client: Wire,
    upstream: Option<Wire>,
    arrivals: mpsc::UnboundedReceiver<Wire>,
    /// Nobody listens upstream.
    unreachable: bool,
    /// The transcript says that delega begins a handshake upstream.
    handshake_expected: bool,
    /// The transcript says that delega breaks off, which it does some time after it has left the upstream.
    break_off_expected: bool,
    /// The log tells no further program.
    program_told: bool,
    /// Who spoke last.
    speaker: Option<Leg>,
    /// How many logins were refused, and how many could not be checked, when last looked at.
    refused: usize,
    unchecked: usize,
    /// How much of the record was looked at: sends, and outcomes.
    records: (usize, usize),
    /// The session has ended, and all was heard.
    closed: bool,
    out: Heard,
    /// How long what a transcript expects may take.
    expectation: Duration,
}

/// The upstream of a transcript, before anybody has connected.
enum Listening {
    /// The port is taken, and connections to it are refused.
    Never(TcpSocket),
    Yes(TcpListener),
}

fn connections(script: &Script) -> Vec<Connection> {
    script
        .steps
        .iter()
        .filter_map(|(_, step)| match step {
            Step::Event(Event::Connected(connection)) => Some(*connection),
            _ => None,
        })
        .collect()
}

/// Whether the transcript wants its upstream to be reached in two ways, or to have no room, or to be known though nobody
/// reaches it.
pub fn impossible(script: &Script) -> bool {
    let connections = connections(script);
    let unknown = script.protocol == Protocol::Submission && connections.contains(&Connection::Unreachable);
    connections.contains(&Connection::Full) || unknown || connections.windows(2).any(|pair| pair[0] != pair[1])
}

impl Sockets {
    /// A gateway as the transcript wants it, and the client connected; logged in, if it begins so.
    pub fn new(script: &Script, site: &Arc<Site>, expectation: Duration) -> Result<Sockets, String> {
        let log = Log::default();
        let guard = tracing::subscriber::set_default(log.clone());
        let folder = tempfile::tempdir_in(site.folder.path()).map_err(|error| error.to_string())?;
        let cast = Cast::new(script, folder.path(), &site.key_file());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(1).build().unwrap();
        let ends = runtime.block_on(Ends::new(script, site.clone(), cast, log, expectation))?;
        Ok(Sockets { ends, runtime, _log: guard, _folder: folder })
    }

    /// What the gateway logged.
    pub fn log(&self) -> String {
        self.ends.log.shown()
    }
}

impl Driver for Sockets {
    fn say(&mut self, leg: Leg, octets: &[u8]) -> Result<(), String> {
        self.runtime.block_on(self.ends.say(leg, octets))
    }

    fn happen(&mut self, event: &Event) -> Result<(), String> {
        self.runtime.block_on(self.ends.happen(event))
    }

    fn listen(&mut self, heard: &mut Heard, wait: Wait) -> bool {
        let any = self.runtime.block_on(self.ends.listen(wait));
        self.ends.hand_over(heard);
        any
    }

    fn causes(&self, event: &Event) -> bool {
        !matches!(
            event,
            Event::Verified(_)
                | Event::Connected(_)
                | Event::Time(_)
                | Event::SendingRecorded(_)
                | Event::OutcomeRecorded
        )
    }

    fn sees(&mut self, asked: &Asked) -> bool {
        match asked {
            // What it was answered shows in the log.
            Asked::Verify { .. } => false,
            Asked::Connect => !self.ends.unreachable,
            Asked::StartTls(leg) => {
                self.ends.handshake_expected |= *leg == Leg::Upstream;
                false
            }
            // Where there was no connection, none is given up. SMTP gives it up in the middle of a message, while the client
            // still speaks: what was said upstream until then shows.
            Asked::CloseUpstream => !self.ends.unreachable && self.ends.protocol != Protocol::Submission,
            Asked::BreakOff(_) => {
                self.ends.break_off_expected = true;
                true
            }
            Asked::RecordSending(_) | Asked::RecordOutcome(_) | Asked::Close(_) => true,
        }
    }

    /// The log tells the first program alone, and that of somebody who is logged in.
    fn sees_note(&mut self, note: &str) -> bool {
        !note.starts_with("Program(") || !std::mem::replace(&mut self.ends.program_told, true)
    }

    fn finish(&mut self, heard: &mut Heard) -> Result<(), String> {
        let outcome = self.runtime.block_on(self.ends.finish());
        self.ends.hand_over(heard);
        outcome
    }
}

impl Listening {
    fn new(unreachable: bool) -> Listening {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        if unreachable { Listening::Never(socket) } else { Listening::Yes(socket.listen(16).unwrap()) }
    }

    fn port(&self) -> u16 {
        let address = match self {
            Listening::Never(socket) => socket.local_addr(),
            Listening::Yes(listener) => listener.local_addr(),
        };
        address.unwrap().port()
    }

    /// Hands over whoever connects.
    async fn serve(self, site: Arc<Site>, starttls: bool, arrivals: mpsc::UnboundedSender<Wire>) {
        let listener = match self {
            Listening::Yes(listener) => listener,
            Listening::Never(socket) => {
                arrivals.closed().await;
                return drop(socket);
            }
        };
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let wire = match starttls {
                true => Wire::plain(stream),
                false => match site.acceptor.accept(stream).await {
                    Ok(stream) => Wire::encrypted(stream.into()),
                    Err(_) => continue,
                },
            };
            let _ = arrivals.send(wire);
        }
    }
}

impl Ends {
    async fn new(
        script: &Script,
        site: Arc<Site>,
        cast: Cast,
        log: Log,
        expectation: Duration,
    ) -> Result<Ends, String> {
        let setup = &script.setup;
        let connection = connections(script).first().copied().unwrap_or(Connection::Ok);
        let listening = Listening::new(connection == Connection::Unreachable);
        let starttls = connection == Connection::StartTls;
        let tls = if starttls { UpstreamTls::StartTls } else { UpstreamTls::Implicit };
        let endpoint = Endpoint { tls, host: "127.0.0.1".to_owned(), port: listening.port() };
        let (sender, arrivals) = mpsc::unbounded_channel();
        tokio::spawn(listening.serve(site.clone(), starttls, sender));

        let signals = Signals {
            stop: CancellationToken::new(),
            stop_at_once: CancellationToken::new(),
            reload: Reload::channel().1,
        };
        let gateway =
            Gateway::bind(&site.config(script.protocol, setup, endpoint), cast.accounts.clone(), signals.clone())
                .map_err(|error| error.to_string())?;
        let (address, open) = (gateway.addresses()[0], gateway.open_sessions());
        tokio::spawn(gateway.run());

        let mut ends = Ends {
            protocol: script.protocol,
            client: client(address, setup, &site).await?,
            site,
            cast,
            open,
            signals,
            logged: 0,
            upstream: None,
            arrivals,
            unreachable: connection == Connection::Unreachable,
            handshake_expected: false,
            break_off_expected: false,
            program_told: setup.start == Start::Login,
            speaker: None,
            refused: 0,
            unchecked: 0,
            records: (0, 0),
            closed: false,
            out: Heard::default(),
            log,
            expectation,
        };
        if ends.begin(script, connection).await? {
            ends.client = client(address, setup, &ends.site).await?;
        }
        Ok(ends)
    }

    /// The next line on one leg, without CRLF.
    async fn line(&mut self, leg: Leg) -> Result<String, String> {
        loop {
            let heard = match leg {
                Leg::Downstream => &mut self.out.downstream,
                Leg::Upstream => &mut self.out.upstream,
            };
            if let Some(end) = heard.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = heard.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.wait("a line").await?;
        }
    }

    /// Waits until something comes.
    async fn wait(&mut self, what: &str) -> Result<(), String> {
        let waited = timeout(PATIENCE, self.something()).await;
        waited.map_err(|_| format!("{what} did not come. The log:\n{}", self.log.shown()))
    }

    async fn something(&mut self) {
        poll_fn(|cx| self.poll_take(cx)).await;
    }

    /// Waits until something comes, or a send is recorded.
    async fn something_or_a_record(&mut self) {
        while timeout(LOOK, self.something()).await.is_err() && self.cast.news(self.records) == 0 {}
    }

    /// Takes all that has come on either end; ready where there was something, be it an end.
    fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut any = false;
        while self.client.poll_take(cx, &mut self.out.downstream).is_ready() {
            any = true;
        }
        if let Some(upstream) = &mut self.upstream {
            while upstream.poll_take(cx, &mut self.out.upstream).is_ready() {
                any = true;
            }
        } else if let Poll::Ready(Some(wire)) = self.arrivals.poll_recv(cx) {
            self.upstream = Some(wire);
            self.out.asked.push_back(Asked::Connect);
            any = true;
        }
        if any { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Lets the gateway run until something comes out, or nothing will; true where something did.
    async fn settle(&mut self) -> bool {
        for turn in 0..2 * TURNS {
            if turn == TURNS && timeout(SETTLE, self.something()).await.is_ok() {
                return true;
            }
            if poll_fn(|cx| Poll::Ready(self.poll_take(cx).is_ready())).await {
                return true;
            }
            yield_now().await;
        }
        false
    }

    async fn say(&mut self, leg: Leg, octets: &[u8]) -> Result<(), String> {
        if leg == Leg::Upstream && self.upstream.is_none() {
            return Err(format!("nobody is connected upstream who could say this. The log:\n{}", self.log.shown()));
        }
        // What one end says comes behind what the other has said.
        if self.speaker.replace(leg) != Some(leg) {
            while self.settle().await {}
        }
        if let (Leg::Upstream, Some(upstream)) = (leg, &mut self.upstream) {
            upstream.decline_handshake();
        }
        let mut sent = 0;
        let sending = poll_fn(|cx| {
            loop {
                // An end that does not listen while it speaks stops the gateway.
                let _ = self.poll_take(cx);
                let wire = match leg {
                    Leg::Downstream => &mut self.client,
                    Leg::Upstream => match &mut self.upstream {
                        Some(wire) => wire,
                        None => return Poll::Ready(()),
                    },
                };
                let step = match sent < octets.len() {
                    true => wire.poll_send(cx, &octets[sent..]).map_ok(|more| sent += more),
                    false => return wire.poll_flush(cx).map(|_| ()),
                };
                match step {
                    Poll::Ready(Ok(())) => {}
                    // Whoever was sent away cannot speak; that it was so is heard.
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        timeout(PATIENCE, sending).await.map_err(|_| "the gateway does not read this".to_owned())
    }

    async fn happen(&mut self, event: &Event) -> Result<(), String> {
        self.speaker = None;
        match event {
            // Nothing but the delay of a refusal, and that one is waited for.
            Event::Time(_) => Ok(()),
            Event::Grant(grant) => {
                self.cast.change(*grant)?;
                self.told().await
            }
            Event::Revoke => {
                self.cast.suspend()?;
                self.told().await
            }
            Event::Dismiss => self.cast.dismiss(self.open.as_ref()),
            Event::Shutdown => {
                self.signals.stop.cancel();
                Ok(())
            }
            Event::Closes(leg) => {
                match (leg, &mut self.upstream) {
                    (Leg::Downstream, _) => self.client.shut().await,
                    (Leg::Upstream, Some(upstream)) => upstream.shut().await,
                    (Leg::Upstream, None) => return Err("nobody is connected upstream".to_owned()),
                }
                Ok(())
            }
            Event::Handshake(Leg::Downstream) => encrypt_client(&mut self.client, &self.site).await,
            Event::Handshake(Leg::Upstream) => {
                let acceptor = self.site.acceptor.clone();
                let Some(upstream) = &mut self.upstream else { return Err("nobody is connected upstream".to_owned()) };
                let handshake = upstream.upgrade(|stream| async move { Ok(acceptor.accept(stream).await?.into()) });
                let done = timeout(PATIENCE, handshake).await.map_err(|_| "there was no handshake".to_owned())?;
                done.map_err(|error| error.to_string())
            }
            // Who is let in goes upstream, and that is seen.
            Event::Verified(Verdict::Ok) | Event::Connected(_) => Ok(()),
            // It was, when what follows from it comes.
            Event::SendingRecorded(_) | Event::OutcomeRecorded => Ok(()),
            Event::Verified(Verdict::Refused) => {
                self.refused = self.logged("login refused", self.refused).await?;
                Ok(())
            }
            Event::Verified(Verdict::Unavailable) => {
                self.unchecked = self.logged("a login could not be checked", self.unchecked).await?;
                Ok(())
            }
        }
    }

    /// Waits until the gateway has told its sessions of what was just changed: it asks for changes again once it has.
    async fn told(&self) -> Result<(), String> {
        let before = self.cast.looks();
        self.until("the gateway to look for changes", || self.cast.looks() >= before + 2).await
    }

    /// Waits until there are more than so many entries of this message; how many.
    async fn logged(&self, message: &str, before: usize) -> Result<usize, String> {
        self.until(message, || self.log.count(message) > before).await?;
        Ok(self.log.count(message))
    }

    async fn until(&self, what: &str, done: impl Fn() -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !done() {
            if Instant::now() > deadline {
                return Err(format!("waited in vain for {what:?}. The log:\n{}", self.log.shown()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn listen(&mut self, wait: Wait) -> bool {
        if self.closed {
            return false;
        }
        let left = self.upstream_ended() && !self.break_off_expected;
        let expected = wait == Wait::Expected && !self.client.ended && !left;
        let mut any = match expected {
            true => timeout(self.expectation, self.something_or_a_record()).await.is_ok(),
            false => self.settle().await,
        };
        if self.client.ended {
            self.end().await;
            any = true;
        } else if self.upstream_ended() && !any {
            // The client stays: it is not the end of the session.
            if self.protocol != Protocol::Submission {
                self.out.asked.push_back(Asked::CloseUpstream);
            }
            self.upstream = None;
            any = true;
        }
        if self.upstream.as_ref().is_some_and(|wire| wire.handshake_begun) && !self.handshake_expected {
            self.out.asked.push_back(Asked::StartTls(Leg::Upstream));
            self.handshake_expected = true;
        }
        any
    }

    fn upstream_ended(&self) -> bool {
        self.upstream.as_ref().is_some_and(|wire| wire.ended)
    }

    /// The gateway has closed the client's connection: hears the rest, and why.
    async fn end(&mut self) {
        self.client.shut().await;
        let why = match self.ending().await {
            Ok(why) => why,
            Err(why) => why,
        };
        self.closed = true;
        // To whoever is gone there is nothing to show.
        let cut = self.client.cut && why != "ClientGone";
        self.out.asked.push_back(if cut { Asked::BreakOff(why) } else { Asked::Close(why) });
    }

    /// Hears all up to the end of both connections; why the session ended.
    async fn ending(&mut self) -> Result<String, String> {
        if let Some(upstream) = &mut self.upstream {
            upstream.decline_handshake();
        }
        while !self.client.ended || self.upstream.as_ref().is_some_and(|wire| !wire.ended) {
            self.wait("the end of a connection").await?;
        }
        let ended = || {
            let entries = self.log.since(0);
            entries.iter().rfind(|entry| matches!(&*entry.message, "session end" | "connection end")).map(ending_of)
        };
        self.until("session end", || ended().is_some()).await?;
        Ok(ended().unwrap_or_default())
    }

    /// Whatever the session would still say comes before the end of the connections.
    async fn finish(&mut self) -> Result<(), String> {
        if self.closed {
            return Ok(());
        }
        self.client.shut().await;
        let why = self.ending().await?;
        if why == "ClientGone" { Ok(()) } else { Err(format!("the session ended before the client: {why}")) }
    }

    fn hand_over(&mut self, heard: &mut Heard) {
        if self.protocol == Protocol::Submission {
            let news = self.cast.told(&mut self.records);
            heard.asked.extend(news);
        }
        heard.downstream.append(&mut self.out.downstream);
        heard.upstream.append(&mut self.out.upstream);
        heard.asked.append(&mut self.out.asked);
        let entries = self.log.since(self.logged);
        self.logged += entries.len();
        heard.notes.extend(entries.iter().map(note_of));
    }
}

/// A mail program that has connected.
async fn client(address: SocketAddr, setup: &Setup, site: &Site) -> Result<Wire, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let _ = stream.set_nodelay(true);
    let mut client = Wire::plain(stream);
    if !setup.starttls {
        encrypt_client(&mut client, site).await?;
    }
    Ok(client)
}

async fn encrypt_client(client: &mut Wire, site: &Site) -> Result<(), String> {
    let handshake =
        client.upgrade(|stream| async move { Ok(site.connector.connect(site.server_name(), stream).await?.into()) });
    let done = timeout(PATIENCE, handshake).await.map_err(|_| "there was no handshake".to_owned())?;
    done.map_err(|error| error.to_string())
}

/// An ending in the log, as transcripts name it.
fn ending_of(entry: &Entry) -> String {
    let text = entry.field("ending");
    let name = match text {
        "logout" => "Logout",
        "the client went away" => "ClientGone",
        "the client took too long" => "ClientTimeout",
        "access was taken away" => "Revoked",
        "the session was ended by somebody" => "Dismissed",
        "the gateway stops" => "Shutdown",
        _ => match text.split_once(": ") {
            Some(("the client", why)) => return format!("ClientFault({why:?})"),
            Some(("the upstream", why)) => return format!("UpstreamFault({why:?})"),
            _ => text,
        },
    };
    name.to_owned()
}

/// An entry of the log, as transcripts name it.
fn note_of(entry: &Entry) -> String {
    match &*entry.message {
        "session start" => "LoggedIn".to_owned(),
        "refused" => format!("Refused {{ verb: {:?}, why: {:?} }}", entry.field("verb"), entry.field("why")),
        "client program" => format!("Program({:?})", entry.field("program")),
        "the upstream could not be entered" => format!("UpstreamUnavailable({:?})", entry.field("why")),
        message if message.starts_with("the upstream refused the stored credentials") => {
            "UpstreamRefusedLogin".to_owned()
        }
        message => message.to_owned(),
    }
}
