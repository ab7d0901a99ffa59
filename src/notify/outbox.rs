//! The outbox on its way out (N5): who takes mails from it, how many at once, and how long.
//!
//! A few at once; those to one recipient in their order, which the accounts see to. Each attempt is on record before it is
//! made, and its end when it is known. A relay that is away is left alone for a while, however many mails wait, and then
//! tried with one.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::letter::{self, Places};
use super::message::{self, Head};
use super::relay::{Parcel, Relay, Served, Trouble};
use crate::accounts::{Accounts, AccountsError, MAIL_ATTEMPT, MailAttempt, MailEnd};
use crate::config::{NotifyConfig, PanelConfig, Sender};
use crate::domain::{MailRow, MailState};
use crate::net::{Signals, TrustError};
use crate::proto::smtp::address::Address;

/// Attempts at once.
const AT_ONCE: usize = 4;
/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long the outbox is left alone when it could not be read.
const AFTER_AN_ERROR: Duration = Duration::from_secs(60);
/// How long the relay is left alone when it was away.
const AFTER_A_FAILURE: Duration = Duration::from_secs(60);
/// How long an attempt may take, so that its end is recorded before it would be made anew beside it.
const ATTEMPT: Duration = MAIL_ATTEMPT.saturating_sub(Duration::from_secs(30));

/// By how many characters a token is known.
const TELLTALE: usize = 8;

const STOPPED: &str = "delega was stopped";

/// Sends what is in the outbox.
pub struct Notifier {
    post: Arc<Post>,
    accounts: Arc<Accounts>,
    grace: Duration,
}

/// What every mail needs.
struct Post {
    relay: Relay,
    from: Sender,
    public_url: String,
    webmail_url: Option<String>,
}

impl Notifier {
    /// Sends through the relay of the configuration. A mail that is on its way when the server stops has `grace`.
    pub fn new(
        config: &NotifyConfig,
        panel: &PanelConfig,
        accounts: Arc<Accounts>,
        grace: Duration,
    ) -> Result<Notifier, TrustError> {
        let post = Post {
            relay: Relay::new(config)?,
            from: config.from.clone(),
            public_url: panel.public_url.clone(),
            webmail_url: panel.webmail_url.clone(),
        };
        Ok(Notifier { post: Arc::new(post), accounts, grace })
    }

    /// Until the signals say stop, and then until what is on its way has ended, within the grace.
    pub async fn run(self, signals: Signals) {
        let mut attempts: JoinSet<Relays> = JoinSet::new();
        let mut relay = Relays::There;
        let mut not_before = Instant::now();
        let accounts = self.accounts.clone();
        if let Err(error) = flat(tokio::task::spawn_blocking(move || accounts.resume_mails(now_ms())).await) {
            tracing::error!(error, "mails whose sending was cut off will have to wait");
        }
        loop {
            let at_once = if relay == Relays::There { AT_ONCE } else { 1 };
            while attempts.len() < at_once && Instant::now() >= not_before && !signals.stop.is_cancelled() {
                match begin(&self.accounts).await {
                    Ok(Some(attempt)) => {
                        attempts.spawn(carry_out(
                            self.post.clone(),
                            self.accounts.clone(),
                            attempt,
                            signals.clone(),
                            self.grace,
                        ));
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::error!(error, "the mails that are due cannot be read");
                        not_before = Instant::now() + AFTER_AN_ERROR;
                    }
                }
            }
            tokio::select! {
                () = signals.stop.cancelled() => break,
                Some(ended) = attempts.join_next() => {
                    // One that panicked says nothing of the relay; its mail is due again when its time is over.
                    relay = ended.unwrap_or(relay);
                    if relay == Relays::Away {
                        not_before = Instant::now() + AFTER_A_FAILURE;
                    }
                }
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        // Each knows that it has to stop.
        while attempts.join_next().await.is_some() {}
    }
}

/// What an attempt has shown of the relay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relays {
    There,
    Away,
}

/// A fault of the store's, or of the thread that asked it.
async fn begin(accounts: &Arc<Accounts>) -> Result<Option<MailAttempt>, String> {
    let accounts = accounts.clone();
    flat(tokio::task::spawn_blocking(move || accounts.begin_mail(now_ms())).await)
}

fn flat<T>(asked: Result<Result<T, AccountsError>, tokio::task::JoinError>) -> Result<T, String> {
    asked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// Makes one attempt, and records its end.
async fn carry_out(
    post: Arc<Post>,
    accounts: Arc<Accounts>,
    attempt: MailAttempt,
    signals: Signals,
    grace: Duration,
) -> Relays {
    let cut_off = async {
        signals.stop.cancelled().await;
        drop(tokio::time::timeout(grace, signals.stop_at_once.cancelled()).await);
    };
    let tried = tokio::select! {
        biased;
        tried = tokio::time::timeout(ATTEMPT, post.send(&attempt)) => {
            tried.unwrap_or_else(|_| Err(Trouble::Away("it took too long".to_owned())))
        }
        () = cut_off => Err(Trouble::NotNow(STOPPED.to_owned())),
    };
    let relay = if matches!(tried, Err(Trouble::Away(_))) { Relays::Away } else { Relays::There };
    let (end, served) = match tried {
        Ok((reply, served)) => (MailEnd::Sent(reply), Some(served)),
        Err(Trouble::Away(why)) => (MailEnd::Postponed(format!("the relay {}: {why}", post.relay.name())), None),
        Err(Trouble::NotNow(why)) => (MailEnd::Postponed(why), None),
        Err(Trouble::Never(why)) => (MailEnd::Failed(why), None),
    };
    record(accounts, &attempt.row, end).await;
    // One that stops has no time for courtesies.
    if let Some(served) = served.filter(|_| !signals.stop.is_cancelled()) {
        served.leave().await;
    }
    relay
}

async fn record(accounts: Arc<Accounts>, row: &MailRow, end: MailEnd) {
    let (mail, kind, recipient) = (row.id.0, row.notice.kind(), row.recipient.as_str());
    let (id, ended) = (row.id, end.clone());
    let recorded = flat(tokio::task::spawn_blocking(move || accounts.end_mail(id, ended, now_ms())).await);
    let (MailEnd::Sent(why) | MailEnd::Postponed(why) | MailEnd::Failed(why)) = &end;
    match recorded {
        Ok(MailState::Sent) => tracing::info!(mail, kind, recipient, reply = why, "a mail was sent"),
        Ok(MailState::Waiting) => tracing::warn!(mail, kind, recipient, why, "a mail has to wait"),
        Ok(MailState::Failed) => tracing::error!(
            mail,
            kind,
            recipient,
            why,
            "a mail was given up; once the cause is mended: delega notify retry {}",
            mail
        ),
        Err(error) => tracing::error!(mail, kind, recipient, error, "what became of a mail cannot be recorded"),
    }
}

impl Post {
    async fn send(&self, attempt: &MailAttempt) -> Result<(String, Served), Trouble> {
        let row = &attempt.row;
        let to = Address::parse_plain(&row.recipient)
            .map_err(|_| Trouble::Never(format!("`{}` is no address", row.recipient.escape_debug())))?;
        let places = Places { public_url: &self.public_url, webmail_url: self.webmail_url.as_deref() };
        let token = attempt.token.as_ref().map(|token| token.expose());
        let letter = letter::write(&row.notice, row.language, places, token)
            .ok_or_else(|| Trouble::Never("its link is missing".to_owned()))?;
        let head = Head { from: &self.from, to: &to, id: row.id, created_at_ms: row.created_at_ms };
        let message = message::build(&letter, &head);
        let delivered = self.relay.deliver(&Parcel { from: self.from.address.clone(), to, message }).await;
        // What it says is recorded and logged.
        let (reply, served) = delivered.map_err(|trouble| trouble.saying(|why| without(token, &why)))?;
        Ok((without(token, &reply), served))
    }
}

/// The relay's words without the token of the link, which a content filter may quote, be it cut off.
fn without(token: Option<&str>, words: &str) -> String {
    let Some((beginning, _)) = token.and_then(|token| token.split_at_checked(TELLTALE)) else {
        return words.to_owned();
    };
    let mut pieces = words.split(beginning);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for after in pieces {
        shown.push_str("[…]");
        shown.push_str(after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    }
    shown
}

pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
