//! What the log is told of a connection: who came in and from where, what was refused, how it ended. Never a secret, nor
//! anything of a message.

use std::time::Duration;

use super::Connection;
use crate::accounts::{AccessEntry, Refusal, Tried};
use crate::domain::{Login, Protocol};
use crate::gateway::sending::now_ms;
use crate::gateway::upstream::Person;
use crate::net::Stream;
use crate::session::{Ending, Note};

/// How long a mail program may take after its login to say what it is.
const PROGRAM_WAIT: Duration = Duration::from_secs(2);

impl Connection {
    pub(super) fn note(&mut self, note: Note) {
        let peer = self.peer.address;
        let login = self.person.as_ref().map(|person| tracing::field::display(&person.login));
        match note {
            Note::LoggedIn => {
                self.guard.logged_in();
                if let Some(registration) = &self.registration {
                    registration.entered();
                }
                if let Some((place, _)) = &mut self.place {
                    place.prove();
                }
                let tls = self.downstream.as_ref().and_then(Stream::cipher);
                let upstream_tls = self.upstream.as_ref().and_then(Stream::cipher);
                let connections =
                    self.person.as_ref().map(|person| self.shared.connections(person, self.door.protocol));
                let program = self.program.get();
                tracing::info!(%peer, login, protocol = %self.door.protocol, listener = %self.door.kind, program, tls, upstream_tls, connections, "session start");
                if let Some(person) = &mut self.person {
                    let (login, tried) = (person.login.clone(), person.tried.take());
                    let (app_password, by_stored) = (person.app_password, !person.typed);
                    self.judged(tried, true);
                    self.note_entrance(AccessEntry { app_password, by_stored, ..self.access(login, None) });
                }
                if let (Some(person), Protocol::Imap) = (&self.person, self.door.protocol) {
                    self.shared.fill(person);
                }
            }
            Note::UpstreamOffers(offers) => {
                if let Some(person) = &self.person {
                    self.shared.offers.heard(&person.upstream, offers);
                }
            }
            Note::Refused { verb, why } => tracing::info!(%peer, login, verb, why, "refused"),
            // Once, and not before the login: strangers could fill the log with it.
            Note::Program(program) => {
                let first = self.program.set(program);
                if let (Ok(()), true) = (first, self.person.is_some()) {
                    tracing::info!(%peer, login, program = self.program.get(), "client program");
                }
            }
            Note::UpstreamRefusedLogin => {
                tracing::error!(%peer, login, "the upstream refused the stored credentials; set them anew with `delega mailbox set --password`");
                if let Some(person) = self.person.take() {
                    let (accounts, mailbox) = (self.shared.accounts.clone(), person.account.mailbox());
                    tokio::task::spawn_blocking(move || {
                        if let Err(error) = accounts.password_refused(mailbox, now_ms() / 1000) {
                            tracing::error!(%error, "the owner could not be told of a password that is refused");
                        }
                    });
                }
            }
            Note::UpstreamRefusedOwner => {
                let (login, tried) = self.person.take().map(|person| (person.login, person.tried)).unzip();
                self.judged(tried.flatten(), false);
                self.log_refused(login, Refusal::WrongPassword);
            }
            Note::UpstreamUnavailable(why) => {
                let connections =
                    self.person.as_ref().map(|person| self.shared.connections(person, self.door.protocol));
                tracing::error!(%peer, login, why, connections, "the upstream could not be entered");
                self.person = None;
            }
            Note::Ended(_) if self.upstream_stalled => {
                self.ending = Some(Ending::UpstreamFault("the upstream does not read"));
            }
            Note::Ended(ending) => self.ending = Some(ending),
        }
    }

    /// What was typed is shown only if it is a login: people type passwords into the wrong field.
    pub(super) fn log_refused(&self, login: Option<Login>, why: Refusal) {
        if let Some(login) = &login {
            self.shared.accesses.note(self.access(login.clone(), Some(why)));
        }
        let login = login.as_ref().map(tracing::field::display);
        tracing::warn!(peer = %self.peer.address, login, protocol = %self.door.protocol, listener = %self.door.kind, %why, "login refused");
    }

    /// The upstream has judged the password that an owner typed (L3, S5).
    fn judged(&self, tried: Option<Tried>, right: bool) {
        let Some(tried) = tried.filter(|tried| tried.matters(right)) else { return };
        let accounts = self.shared.accounts.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = accounts.owner_tried(&tried, right) {
                tracing::error!(%error, "a wrong password could not be counted");
            }
        });
    }

    /// Somebody has come in, for the access history (S4). By IMAP most programs say what they are just after the login, so
    /// it waits a little for that.
    fn note_entrance(&self, entry: AccessEntry) {
        let (shared, program) = (self.shared.clone(), self.program.clone());
        tokio::spawn(async move {
            if program.get().is_none() {
                tokio::select! {
                    () = shared.stop.cancelled() => {}
                    () = tokio::time::sleep(PROGRAM_WAIT) => {}
                }
            }
            shared.accesses.note(AccessEntry { program: program.get().cloned(), ..entry });
        });
    }

    fn access(&self, login: Login, refusal: Option<Refusal>) -> AccessEntry {
        AccessEntry {
            login,
            address: self.peer.address.ip(),
            door: self.door,
            program: self.program.get().cloned(),
            refusal: refusal.map(|why| why.to_string()),
            app_password: None,
            by_stored: false,
            at_ms: now_ms(),
        }
    }

    /// Whoever never got as far as a login leaves a line in the debug log alone: scans and health checks are many.
    pub(super) fn log_end(&self) {
        let cut_off = self.shared.stop_at_once.is_cancelled();
        let ending = self.ending.unwrap_or(if cut_off { Ending::Shutdown } else { Ending::ClientGone });
        let peer = self.peer.address;
        let Some(Person { login, .. }) = &self.person else {
            tracing::debug!(%peer, %ending, "connection end");
            return;
        };
        let seconds = self.started_at.elapsed().as_secs();
        let (from_client, from_upstream) = (self.downstream_bytes, self.upstream_bytes);
        tracing::info!(%peer, %login, %ending, seconds, from_client, from_upstream, "session end");
    }
}
