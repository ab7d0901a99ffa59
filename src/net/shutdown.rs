//! Signals, and the word to systemd.
//!
//! SIGTERM and SIGINT ask to stop, and a second one to stop at once; SIGHUP asks to read certificates again.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What signals have been received.
#[derive(Clone, Debug)]
pub struct Signals {
    /// Cancelled at the first SIGTERM or SIGINT: finish, then exit.
    pub stop: CancellationToken,
    /// Cancelled at the second: leave the rest unfinished.
    pub stop_at_once: CancellationToken,
    /// SIGHUP.
    pub reload: Reload,
}

/// Hears of each SIGHUP; several that come close together may count as one.
#[derive(Clone, Debug)]
pub struct Reload(watch::Receiver<u64>);

/// Causes what a [`Reload`] hears of.
#[derive(Debug)]
pub struct ReloadTrigger(watch::Sender<u64>);

impl Signals {
    /// Takes over the process's signals. To be called within a tokio runtime.
    pub fn listen() -> io::Result<Signals> {
        let (trigger, reload) = Reload::channel();
        let signals = Signals { stop: CancellationToken::new(), stop_at_once: CancellationToken::new(), reload };
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let hang_up = signal(SignalKind::hangup())?;
        tokio::spawn(signals.clone().relay(terminate, interrupt, hang_up, trigger));
        Ok(signals)
    }

    async fn relay(self, mut terminate: Signal, mut interrupt: Signal, mut hang_up: Signal, trigger: ReloadTrigger) {
        loop {
            tokio::select! {
                Some(()) = terminate.recv() => self.asked_to_stop(),
                Some(()) = interrupt.recv() => self.asked_to_stop(),
                Some(()) = hang_up.recv() => trigger.fire(),
                else => return,
            }
        }
    }

    fn asked_to_stop(&self) {
        if self.stop.is_cancelled() {
            self.stop_at_once.cancel();
        } else {
            self.stop.cancel();
        }
    }
}

impl Reload {
    /// A trigger, and who hears of it.
    pub fn channel() -> (ReloadTrigger, Reload) {
        let (sender, receiver) = watch::channel(0);
        (ReloadTrigger(sender), Reload(receiver))
    }

    /// Waits for the next request that this clone has not heard of. Waits for ever once there can be none.
    pub async fn requested(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl ReloadTrigger {
    /// Asks for a reload.
    pub fn fire(&self) {
        self.0.send_modify(|count| *count += 1);
    }
}

/// Tells systemd that the listeners stand. Without systemd this does nothing.
pub fn notify_ready() {
    notify(sd_notify::NotifyState::Ready);
}

/// Tells systemd that the process is about to end.
pub fn notify_stopping() {
    notify(sd_notify::NotifyState::Stopping);
}

fn notify(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be notified");
    }
}
