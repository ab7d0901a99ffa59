//! What stands between delega and the provider's IMAP server: it lets everything pass, until it is told to be away, or to
//! hold back an answer, or to break off.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// A place on the way, in the clear.
pub struct Between {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    mood: Mutex<Mood>,
    changed: Condvar,
}

#[derive(Default)]
struct Mood {
    away: bool,
    /// Whatever holds this text goes no further.
    holds: Option<&'static str>,
    /// How many are held.
    held: usize,
    /// After so many bytes for the server the connection ends.
    cuts: Option<usize>,
}

impl Between {
    /// On the way to that port.
    pub fn start(upstream: u16) -> Between {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let sees = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if sees.mood.lock().unwrap().away {
                    continue;
                }
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).unwrap();
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let mut left = sees.mood.lock().unwrap().cuts.unwrap_or(usize::MAX);
                thread::spawn(move || {
                    pass(from_client, to_server, |bytes| {
                        left = left.saturating_sub(bytes.len());
                        left > 0
                    });
                });
                let sees = sees.clone();
                thread::spawn(move || pass(server, client, |bytes| sees.look_at(bytes)));
            }
        });
        Between { port, shared }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on new connections are closed at once, or not any more.
    pub fn away(&self, away: bool) {
        self.shared.mood.lock().unwrap().away = away;
    }

    /// From now on each connection ends after so many bytes for the server.
    pub fn cut_after(&self, bytes: usize) {
        self.shared.mood.lock().unwrap().cuts = Some(bytes);
    }

    /// From now on nothing is cut.
    pub fn cut_nothing(&self) {
        self.shared.mood.lock().unwrap().cuts = None;
    }

    /// From now on answers with this text are held.
    pub fn hold(&self, text: &'static str) {
        self.shared.mood.lock().unwrap().holds = Some(text);
    }

    /// Waits until one is held.
    pub fn wait_until_held(&self) {
        let mood = self.shared.mood.lock().unwrap();
        let held = self.shared.changed.wait_timeout_while(mood, PATIENCE, |mood| mood.held == 0).unwrap();
        assert!(!held.1.timed_out(), "nothing to be held has come");
    }

    /// Lets what is held go on, and everything after it.
    pub fn let_go(&self) {
        self.shared.mood.lock().unwrap().holds = None;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn look_at(&self, bytes: &[u8]) -> bool {
        let mut mood = self.mood.lock().unwrap();
        let Some(text) = mood.holds else { return true };
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            mood.held += 1;
            self.changed.notify_all();
            drop(self.changed.wait_while(mood, |mood| mood.holds.is_some()).unwrap());
        }
        true
    }
}

/// Until one of the two closes, or the bytes are not to pass.
fn pass(mut from: TcpStream, mut to: TcpStream, mut may_pass: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !may_pass(&buffer[..read]) || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
