//! What every connected socket is set to, on both legs.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Idle time before the first probe: shorter than the time after which address translators commonly forget a
/// connection, so that an IDLE of half an hour survives them and a peer that is gone is noticed.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(240);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(60);

/// Sends small segments at once (a session is questions and answers), and probes idle connections.
pub(super) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_EVERY);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
