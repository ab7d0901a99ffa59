//! The way to the relay: RFC 5321, with STARTTLS (RFC 3207), AUTH (RFC 4954) and, for addresses beyond ASCII, SMTPUTF8
//! (RFC 6531). One connection for each mail.
//!
//! Nothing goes out in the clear but within this machine: the configuration allows no other such relay, and [`Dialer`]
//! connects to none. A relay that should offer STARTTLS and does not gets nothing.
//!
//! Untrusted are the relay's bytes: [`Scanner`] reads them, with bounds. What it says before TLS is forgotten, and what it
//! says without being asked ends the conversation.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use crate::accounts::secret_file;
use crate::config::{Endpoint, NotifyConfig};
use crate::domain::MailboxAddress;
use crate::net::{Dialer, Stream, TrustError};
use crate::proto::sasl;
use crate::proto::smtp::address::Address;
use crate::proto::smtp::data::Stuffer;
use crate::proto::smtp::extension::{Extension, Extensions};
use crate::proto::smtp::reply::{Kind, Reply, Scanner};

/// How long a connection may take, handshakes included.
const CONNECT: Duration = Duration::from_secs(30);
/// The longest command with its CRLF (RFC 5321 §4.5.3.1.4).
const COMMAND_BYTES: usize = 512;

/// The relay of the configuration.
pub(super) struct Relay {
    dialer: Dialer,
    endpoint: Endpoint,
    login: Option<Login>,
    patience: Patience,
}

/// How long the relay may take (RFC 5321 §4.5.3.2).
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For the greeting, and for the answer to a command (§4.5.3.2.1 to .3)
    answer: Duration,
    /// For the answer to DATA (§4.5.3.2.4)
    data_begins: Duration,
    /// To take the message, which is one block (§4.5.3.2.5)
    data_block: Duration,
    /// For the answer to the end of the message (§4.5.3.2.6)
    data_ends: Duration,
}

impl Patience {
    const OF_THE_STANDARD: Patience = Patience {
        answer: Duration::from_secs(5 * 60),
        data_begins: Duration::from_secs(2 * 60),
        data_block: Duration::from_secs(3 * 60),
        data_ends: Duration::from_secs(10 * 60),
    };
}

struct Login {
    user: String,
    password_file: PathBuf,
}

/// One mail, as the relay is to be told of it. It may hold the token of a link, and cannot be printed.
pub(super) struct Parcel {
    pub from: MailboxAddress,
    pub to: Address,
    /// RFC 5322; lines end in CRLF.
    pub message: Vec<u8>,
}

/// Why a mail was not taken. The texts are for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The relay cannot be used, whatever the mail: it is away, or the operator has to mend something.
    Away(String),
    /// This mail was refused for now.
    NotNow(String),
    /// This mail was refused for good.
    Never(String),
}

impl Trouble {
    /// The same in other words.
    pub(super) fn saying(self, put: impl FnOnce(String) -> String) -> Trouble {
        match self {
            Trouble::Away(why) => Trouble::Away(put(why)),
            Trouble::NotNow(why) => Trouble::NotNow(put(why)),
            Trouble::Never(why) => Trouble::Never(put(why)),
        }
    }
}

/// A connection that has served its purpose.
pub(super) struct Served(Conversation);

impl Relay {
    pub(super) fn new(config: &NotifyConfig) -> Result<Relay, TrustError> {
        let login = config.user.clone().zip(config.password_file.clone());
        Ok(Relay {
            dialer: Dialer::trusting(config.ca_file.as_deref(), CONNECT)?,
            endpoint: config.relay.clone(),
            login: login.map(|(user, password_file)| Login { user, password_file }),
            patience: Patience::OF_THE_STANDARD,
        })
    }

    /// As the operator knows it.
    pub(super) fn name(&self) -> String {
        format!("{} port {}", self.endpoint.host, self.endpoint.port)
    }

    /// Comes as far as it gets without a mail: connects, encrypts, logs in.
    pub(super) async fn reach(&self) -> Result<Served, Trouble> {
        self.open().await.map(Served)
    }

    /// Gives the relay a mail. Its reply, once it has taken it, and the connection to take leave of.
    pub(super) async fn deliver(&self, parcel: &Parcel) -> Result<(String, Served), Trouble> {
        let mut conversation = self.open().await?;
        let taken = conversation.send(parcel).await;
        match taken {
            Ok(reply) => Ok((reply, Served(conversation))),
            Err(trouble) => {
                if !matches!(trouble, Trouble::Away(_)) {
                    Served(conversation).leave().await;
                }
                Err(trouble)
            }
        }
    }

    async fn open(&self) -> Result<Conversation, Trouble> {
        let away = |error: crate::net::DialError| Trouble::Away(error.to_string());
        let connected = self.dialer.connect(&self.endpoint).await.map_err(away)?;
        let mut talk = Conversation::new(connected.stream, self.patience);
        let greeting = talk.hear("greeting", self.patience.answer).await?;
        if greeting.code != 220 {
            return Err(Trouble::Away(format!("it greets with `{}`", greeting.summary())));
        }
        talk.hello().await?;
        if connected.starttls {
            if !talk.extensions.has(Extension::StartTls) {
                return Err(Trouble::Away("it does not offer STARTTLS, and nothing is sent without TLS".to_owned()));
            }
            talk.expect("STARTTLS", Kind::Done).await?;
            talk = talk.encrypted(&self.dialer, &self.endpoint).await?;
            talk.hello().await?;
        }
        if let Some(login) = &self.login {
            talk.log_in(&login.user, &login.password().await?).await?;
        }
        Ok(talk)
    }
}

impl Login {
    /// Read for each connection, so that the operator can mend it while the server runs.
    async fn password(&self) -> Result<SecretString, Trouble> {
        let file = self.password_file.clone();
        let reading = tokio::task::spawn_blocking(move || secret_file::read(&secret_file::locate(&file))).await;
        let unreadable = |why: String| Trouble::Away(format!("its password is not at hand: {why}"));
        let secret =
            reading.map_err(|error| unreadable(error.to_string()))?.map_err(|error| unreadable(error.to_string()))?;
        let password =
            secret_file::one_line(&secret).filter(|password| !password.is_empty() && !password.contains('\0'));
        let password = password.ok_or_else(|| unreadable(format!("{} holds none", self.password_file.display())))?;
        Ok(SecretString::from(password))
    }
}

impl Served {
    /// Says QUIT and closes, within [`CLOSE_TIMEOUT`](crate::net::CLOSE_TIMEOUT).
    pub(super) async fn leave(self) {
        let mut stream = self.0.stream;
        let told = async {
            stream.write_all(b"QUIT\r\n").await?;
            stream.flush().await
        };
        if matches!(tokio::time::timeout(crate::net::CLOSE_TIMEOUT, told).await, Ok(Ok(()))) {
            stream.close().await;
        }
    }
}

/// One connection, and what is known of the other end.
struct Conversation {
    stream: Stream,
    scanner: Scanner,
    /// What has come and was not looked at.
    heard: Vec<u8>,
    extensions: Extensions,
    patience: Patience,
}

impl Conversation {
    fn new(stream: Stream, patience: Patience) -> Conversation {
        let (scanner, heard) = (Scanner::default(), Vec::new());
        Conversation { stream, scanner, heard, extensions: Extensions::NONE, patience }
    }

    /// Nothing that was said in the clear counts afterwards.
    async fn encrypted(self, dialer: &Dialer, endpoint: &Endpoint) -> Result<Conversation, Trouble> {
        self.unasked()?;
        let encrypted = dialer.starttls(self.stream, endpoint).await;
        let stream = encrypted.map_err(|error| Trouble::Away(error.to_string()))?;
        Ok(Conversation::new(stream, self.patience))
    }

    async fn hello(&mut self) -> Result<(), Trouble> {
        // RFC 5321 §4.1.4: an address, where there is no name that others could look up.
        let address = self.stream.tcp().local_addr().map(|address| address.ip().to_canonical());
        let name = match address {
            Ok(std::net::IpAddr::V6(address)) => format!("[IPv6:{address}]"),
            Ok(std::net::IpAddr::V4(address)) => format!("[{address}]"),
            Err(_) => "[127.0.0.1]".to_owned(),
        };
        let reply = self.expect(&format!("EHLO {name}"), Kind::Done).await?;
        self.extensions = Extensions::parse(reply.lines.iter().skip(1).map(String::as_str));
        Ok(())
    }

    async fn log_in(&mut self, user: &str, password: &SecretString) -> Result<(), Trouble> {
        if self.extensions.has(Extension::AuthPlain) {
            let response = sasl::encode_plain(None, user, password);
            let command = Zeroizing::new(format!("AUTH PLAIN {}", *response));
            // RFC 4954 §4: what would be too long for a command comes after it.
            if command.len() + 2 <= COMMAND_BYTES {
                self.tell(&command, "AUTH PLAIN").await?;
            } else {
                self.expect("AUTH PLAIN", Kind::GoOn).await?;
                self.tell(&response, "AUTH PLAIN").await?;
            }
        } else if self.extensions.has(Extension::AuthLogin) {
            self.expect("AUTH LOGIN", Kind::GoOn).await?;
            self.tell(&sasl::encode_login(user), "AUTH LOGIN").await?;
            let reply = self.hear("AUTH LOGIN", self.patience.answer).await?;
            wanted(reply, "AUTH LOGIN", Kind::GoOn).map_err(away)?;
            self.tell(&sasl::encode_login(password.expose_secret()), "AUTH LOGIN").await?;
        } else {
            return Err(Trouble::Away("it offers neither AUTH PLAIN nor AUTH LOGIN".to_owned()));
        }
        let reply = self.hear("AUTH", self.patience.answer).await?;
        wanted(reply, &format!("the login of {user}"), Kind::Done).map(drop).map_err(away)
    }

    async fn send(&mut self, parcel: &Parcel) -> Result<String, Trouble> {
        let Parcel { from, to, message } = parcel;
        let utf8 = !to.is_ascii();
        if utf8 && !self.extensions.has(Extension::SmtpUtf8) {
            return Err(Trouble::Never(
                "the relay takes no address with characters beyond ASCII (SMTPUTF8)".to_owned(),
            ));
        }
        // RFC 6531 §3.6: who asks for SMTPUTF8 has a header that is not ASCII.
        let parameters = if utf8 { " BODY=8BITMIME SMTPUTF8" } else { "" };
        let asked = self.ask(&format!("MAIL FROM:<{from}>{parameters}"), Kind::Done, self.patience.answer).await;
        asked.map_err(|trouble| match trouble {
            // It may be the parameters, and others have none.
            Trouble::Never(why) | Trouble::NotNow(why) if utf8 => Trouble::NotNow(why),
            // Whatever the relay has against the sender, it has against every mail, and the operator can mend it.
            trouble => away(trouble),
        })?;
        self.ask(&format!("RCPT TO:<{to}>"), Kind::Done, self.patience.answer).await?;
        self.ask("DATA", Kind::GoOn, self.patience.data_begins).await?;
        self.give(message).await?;
        let reply = self.hear("the end of the message", self.patience.data_ends).await?;
        wanted(reply, "the message", Kind::Done).map(|reply| reply.summary())
    }

    /// The message and its end.
    async fn give(&mut self, message: &[u8]) -> Result<(), Trouble> {
        self.unasked()?;
        let mut stuffer = Stuffer::default();
        let mut octets = Vec::with_capacity(message.len() + 64);
        stuffer.stuff(message, |piece| octets.extend_from_slice(piece));
        octets.extend_from_slice(stuffer.end());
        self.write(&octets, "the message", self.patience.data_block).await
    }

    /// A command without which there is no use in going on with this relay.
    async fn expect(&mut self, command: &str, kind: Kind) -> Result<Reply, Trouble> {
        self.ask(command, kind, self.patience.answer).await.map_err(away)
    }

    async fn ask(&mut self, command: &str, kind: Kind, within: Duration) -> Result<Reply, Trouble> {
        self.tell(command, command).await?;
        let reply = self.hear(command, within).await?;
        wanted(reply, command, kind)
    }

    /// A line; `what` it is, for the operator.
    async fn tell(&mut self, line: &str, what: &str) -> Result<(), Trouble> {
        self.unasked()?;
        let line = Zeroizing::new([line.as_bytes(), b"\r\n"].concat());
        self.write(&line, what, self.patience.answer).await
    }

    async fn write(&mut self, octets: &[u8], what: &str, within: Duration) -> Result<(), Trouble> {
        let written = async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        };
        match tokio::time::timeout(within, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Trouble::Away(format!("the connection broke at {what}: {error}"))),
            Err(_) => Err(Trouble::Away(format!("it did not take {what} within {within:?}"))),
        }
    }

    async fn hear(&mut self, what: &str, within: Duration) -> Result<Reply, Trouble> {
        match tokio::time::timeout(within, self.next_reply(what)).await {
            Ok(heard) => heard,
            Err(_) => Err(Trouble::Away(format!("it did not answer {what} within {within:?}"))),
        }
    }

    async fn next_reply(&mut self, what: &str) -> Result<Reply, Trouble> {
        loop {
            let mut rest = self.heard.as_slice();
            let found = self.scanner.next(&mut rest);
            let left = rest.len();
            self.heard.drain(..self.heard.len() - left);
            match found {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(fault) => return Err(Trouble::Away(format!("its answer to {what} cannot be read: {}", fault.0))),
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer).await {
                Ok(0) => return Err(Trouble::Away(format!("it closed the connection at {what}"))),
                Ok(read) => self.heard.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) => return Err(Trouble::Away(format!("the connection broke at {what}: {error}"))),
            }
        }
    }

    /// An answer that nothing was asked for would be taken for the next one's.
    fn unasked(&self) -> Result<(), Trouble> {
        match self.heard.is_empty() && self.scanner.is_fresh() {
            true => Ok(()),
            false => Err(Trouble::Away("it said something that it was not asked".to_owned())),
        }
    }
}

/// The reply, if it is of this kind.
fn wanted(reply: Reply, what: &str, kind: Kind) -> Result<Reply, Trouble> {
    if reply.kind() == kind {
        return Ok(reply);
    }
    let why = format!("{what} was answered `{}`", reply.summary());
    Err(match reply.kind() {
        // It shuts down (RFC 5321 §3.8); or it wants a login that it was not given, or a better one (RFC 4954 §6).
        _ if matches!(reply.code, 421 | 530 | 534 | 535 | 538) => Trouble::Away(why),
        Kind::Never => Trouble::Never(why),
        Kind::NotNow => Trouble::NotNow(why),
        // Neither yes nor no: nothing that SMTP knows.
        Kind::Done | Kind::GoOn => Trouble::Away(why),
    })
}

/// What would concern every mail.
fn away(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Away(why) | Trouble::NotNow(why) | Trouble::Never(why) => Trouble::Away(why),
    }
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
