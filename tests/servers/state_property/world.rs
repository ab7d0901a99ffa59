//! A Dovecot and a delega, and as many fresh mailboxes as are wanted.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::client::Door;
use super::operation::Operation;
use super::player::{Counts, Session};
use crate::delega::{self, Delega, password};
use crate::support::dovecot::{Dovecot, Options};
use crate::support::mail::{self, Mail};
use crate::support::pec::Provider;
use crate::support::sample::{self, FOLDERS, Size, UNSUBSCRIBED};

const PATIENCE: Duration = Duration::from_secs(20);
/// The mailboxes' own password.
pub const SECRET: &str = "casella-di-prova";

/// Messages of each folder that are kept of the sample: enough to be many, few enough to be read often.
const FOLDER_MESSAGES: usize = 40;

/// Both servers.
#[derive(Debug)]
pub struct World {
    pub dovecot: Dovecot,
    pub delega: Delega,
    warm: Warm,
    mails: Vec<Mail>,
    runtime: tokio::runtime::Runtime,
    mailboxes: usize,
}

/// Whether upstream sessions wait for the next delegate of the mailbox (X4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warm {
    Yes,
    No,
}

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// Those who may only read: with a mail program, and on webmail.
    Readers,
    /// One who may write, all the time.
    Writer,
    /// One who may write, until they no longer may.
    Loser,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The mailbox is not as it was; what differs.
    Changed(Vec<String>),
    /// The answers were not as they should be.
    Answers(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Changed(changes) => write!(f, "the mailbox has changed:\n  {}", changes.join("\n  ")),
            Failure::Answers(fault) => write!(f, "the answers are wrong: {fault}"),
        }
    }
}

impl World {
    pub fn new(warm: Warm) -> World {
        let dovecot = Options { metadata: true, ..Options::default() }.start();
        let mut options = delega::Options::before(&dovecot);
        if warm == Warm::Yes {
            options.connections = "warm_sessions = 2\n".to_owned();
        }
        let delega = options.start();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        World { dovecot, delega, warm, mails: mails(), runtime, mailboxes: 0 }
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// A mailbox like every other, whose address nobody has had before.
    pub fn mailbox(&mut self) -> String {
        self.mailboxes += 1;
        let address = format!("casella{}@pec.example.it", self.mailboxes);
        let maildir = self.dovecot.add_mailbox(&address, SECRET);
        let subscribed: Vec<&str> = FOLDERS.into_iter().filter(|folder| *folder != UNSUBSCRIBED).collect();
        mail::fill(&maildir, &self.mails, &FOLDERS, &subscribed);
        // What others have already done is not to be undone, either
        fs::write(maildir.join("Sent/dovecot-acl"), "user=altra@pec.example.it lr\n").unwrap();
        self.dovecot.hand_over(&maildir);
        self.dovecot.settle(&address);
        self.dovecot.doveadm(&["mailbox", "metadata", "set", "-u", &address, "INBOX", "/private/comment", "nota"]);
        self.delega.add_mailbox(&address, SECRET);
        address
    }

    /// Plays `operations` in a fresh mailbox. The answer is what went wrong, if anything did, and what was answered.
    pub fn play(&mut self, cast: Cast, sessions: usize, operations: &[Operation]) -> (Result<(), Failure>, Counts) {
        let address = self.mailbox();
        let mut sessions = self.sessions(cast, sessions, &address);
        let phases: BTreeSet<usize> = operations.iter().map(|operation| operation.phase | 1).collect();
        let mut result = Ok(());
        for phase in phases {
            result = self.round(cast, &mut sessions, &address, operations, phase);
            if result.is_err() {
                break;
            }
        }
        let mut counts = Counts::new();
        for session in &sessions {
            for (name, by_condition) in &session.counts {
                let sum = counts.entry(name.clone()).or_default();
                sum.iter_mut().zip(by_condition).for_each(|(sum, n)| *sum += n);
            }
        }
        (result, counts)
    }

    /// Plays one phase without **write**, and where it is to be lost, the one with it before.
    fn round(
        &self,
        cast: Cast,
        sessions: &mut [Session],
        address: &str,
        operations: &[Operation],
        phase: usize,
    ) -> Result<(), Failure> {
        let mut answers = Ok(());
        if cast == Cast::Loser {
            self.permit(address, "read,write,client");
            sessions.iter_mut().for_each(|session| session.reader = false);
            answers =
                self.act(sessions, operations, phase - 1).map_err(|fault| format!("{fault}\nwhile there was write"));
            self.permit(address, "read,client");
            sessions.iter_mut().for_each(|session| session.reader = true);
            for session in sessions.iter_mut() {
                answers = answers.and_then(|()| self.runtime.block_on(session.wait_for_rights("lr")));
            }
        }
        // While a folder stays open for writing, Dovecot may at any time move messages out of `new`, which takes nothing
        // from anybody but that they are `\Recent`
        let snapshot = || {
            let mut state = self.dovecot.snapshot(address);
            if cast == Cast::Loser {
                state.folders.values_mut().flat_map(|folder| folder.messages.values_mut()).for_each(|m| m.new = false);
            }
            state
        };
        let before = snapshot();
        answers = answers.and_then(|()| self.act(sessions, operations, phase));
        let mut crashes = 0;
        for session in sessions {
            self.runtime.block_on(session.close());
            crashes += session.crashes;
        }
        if self.warm == Warm::Yes {
            // A change of the store closes those that wait
            self.delega.cli(&["delegate", "suspend", address, "anna"], "");
        }
        self.wait_for_quiet(address);
        let log = self.dovecot.log();
        let own = format!("imap({address})<");
        let crashed = log.lines().filter(|line| line.contains(&own) && line.contains(" killed with signal ")).count();
        if crashes > crashed && answers.is_ok() {
            answers =
                Err(format!("delega said {crashes} times that Dovecot had gone, which had crashed {crashed} times"));
        }
        let changes = before.changes(&snapshot());
        if changes.is_empty() { answers.map_err(Failure::Answers) } else { Err(Failure::Changed(changes)) }
    }

    fn permit(&self, address: &str, permissions: &str) {
        self.delega.cli(&["delegate", "permissions", address, "carla", "--permissions", permissions], "");
    }

    fn sessions(&self, cast: Cast, count: usize, address: &str) -> Vec<Session> {
        let people: &[(&str, &str, u16)] = match cast {
            Cast::Readers => {
                &[("anna", "read,client", self.delega.port()), ("bruno", "read", self.delega.webmail_port())]
            }
            Cast::Writer | Cast::Loser => &[("carla", "read,write,client", self.delega.port())],
        };
        for (name, permissions, _) in people {
            self.delega.add_delegate(address, name, permissions);
        }
        let session = |(name, _, port): &(&str, &str, u16)| {
            let door = Door::new(&self.delega.ca_file(), *port);
            Session::new(door, format!("{name}/{address}"), password(name), cast == Cast::Readers)
        };
        people.iter().cycle().take(count).map(session).collect()
    }

    /// Lets all sessions play at the same time.
    fn act(&self, sessions: &mut [Session], operations: &[Operation], phase: usize) -> Result<(), String> {
        let mut played = Vec::new();
        for (number, session) in sessions.iter_mut().enumerate() {
            let own = operations.iter().filter(|operation| operation.session == number && operation.phase == phase);
            played.push((session, own.cloned().collect::<Vec<_>>()));
        }
        self.runtime.block_on(async {
            let playing = played.into_iter().map(|(session, own)| async move { session.play(&own).await });
            all(playing).await.into_iter().collect::<Result<(), String>>()
        })
    }

    /// Waits until Dovecot has ended every session of this mailbox, so that nobody changes anything any more.
    fn wait_for_quiet(&self, address: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.dovecot.log();
            let begun =
                log.lines().filter(|line| line.contains("Info: Login: ") && line.contains(&format!("<{address}>")));
            let mut processes = BTreeSet::new();
            let mut ended = 0;
            let start = format!("imap({address})<");
            // A crash of Dovecot's is an end, too
            let ends = |line: &&str| line.contains("Info: Disconnected: ") || line.contains(" killed with signal ");
            for line in log.lines().filter(ends) {
                let Some((_, rest)) = line.split_once(&start) else { continue };
                ended += 1;
                processes.extend(rest.split_once('>').map(|(process, _)| process));
            }
            let lives = |process: &&str| Path::new("/proc").join(process).exists();
            if begun.count() == ended && !processes.iter().any(lives) {
                return;
            }
            let own = || log.lines().filter(|line| line.contains(address)).collect::<Vec<_>>().join("\n");
            assert!(Instant::now() < deadline, "{address} is still being used:\n{}", own());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Awaits all of them at the same time.
async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, done) in &mut futures {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(output) => *done = Some(output),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}

/// The sample's messages, some of which somebody else has flagged `\Deleted`.
fn mails() -> Vec<Mail> {
    let mut mails = sample::messages(&Provider::new(), Size::Light);
    let mut counted = std::collections::BTreeMap::new();
    mails.retain(|mail| {
        let count = counted.entry(mail.folder.clone()).or_insert(0);
        *count += 1;
        *count <= FOLDER_MESSAGES && mail.raw.len() < 100_000
    });
    for (n, mail) in mails.iter_mut().enumerate() {
        match n % 7 {
            2 => mail.flags = Some("ST"),
            4 => mail.flags = Some("T"),
            6 => mail.flags = None,
            _ => {}
        }
    }
    mails
}
