//! A TCP proxy on loopback that makes the way to a server longer: every byte arrives half a round trip later, and the
//! first of the client's a whole one more, which is what the connection itself would have taken.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Pieces of at most 16 KiB that are on their way in one direction.
const UNDER_WAY: usize = 256;

/// Listens in front of `server`, a port of this machine, until the process ends; tells its own port.
pub fn before(server: u16, round_trip: Duration) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let begun = Instant::now() + round_trip;
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
            // A direction that cannot be begun shows as a connection that breaks off.
            drop(directions(&client, &server, begun, round_trip / 2));
        }
    });
    Ok(port)
}

fn directions(client: &TcpStream, server: &TcpStream, begun: Instant, delay: Duration) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    for (from, to) in [(client, server), (server, client)] {
        let (from, to) = (from.try_clone()?, to.try_clone()?);
        let (send, receive) = sync_channel(UNDER_WAY);
        thread::spawn(move || take(from, send, begun, delay));
        thread::spawn(move || give(to, receive));
    }
    Ok(())
}

/// An empty piece is the end.
fn take(mut from: TcpStream, send: SyncSender<(Instant, Vec<u8>)>, begun: Instant, delay: Duration) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        let due = Instant::now().max(begun) + delay;
        if send.send((due, buffer[..read].to_vec())).is_err() || read == 0 {
            return;
        }
    }
}

fn give(mut to: TcpStream, receive: Receiver<(Instant, Vec<u8>)>) {
    for (due, piece) in receive {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if piece.is_empty() || to.write_all(&piece).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Write));
}
