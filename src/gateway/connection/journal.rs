//! What the log is told of a connection: who came in and from where, what was refused, how it ended. Never a secret, nor
//! anything of a message.

use super::Connection;
use crate::accounts::Refusal;
use crate::domain::{Login, Protocol};
use crate::gateway::upstream::Person;
use crate::net::Stream;
use crate::session::{Ending, Note};

impl Connection {
    pub(super) fn note(&mut self, note: Note) {
        let peer = self.peer.address;
        let login = self.person.as_ref().map(|person| tracing::field::display(&person.login));
        match note {
            Note::LoggedIn => {
                self.guard.logged_in();
                if let Some((place, _)) = &mut self.place {
                    place.prove();
                }
                let tls = self.downstream.as_ref().and_then(Stream::cipher);
                let upstream_tls = self.upstream.as_ref().and_then(Stream::cipher);
                let connections =
                    self.person.as_ref().map(|person| self.shared.connections(person, self.door.protocol));
                let program = self.program.as_deref();
                tracing::info!(%peer, login, protocol = %self.door.protocol, listener = %self.door.kind, program, tls, upstream_tls, connections, "session start");
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
            Note::Program(program) if self.program.is_none() => {
                if self.person.is_some() {
                    tracing::info!(%peer, login, program, "client program");
                }
                self.program = Some(program);
            }
            Note::Program(_) => {}
            Note::UpstreamRefusedLogin => {
                tracing::error!(%peer, login, "the upstream refused the stored credentials; set them anew with `delega mailbox set --password`");
                self.person = None;
            }
            Note::UpstreamRefusedOwner => {
                let login = self.person.take().map(|person| person.login);
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
        let login = login.as_ref().map(tracing::field::display);
        tracing::warn!(peer = %self.peer.address, login, protocol = %self.door.protocol, listener = %self.door.kind, %why, "login refused");
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
