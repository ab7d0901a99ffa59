//! Sockets: listening, connecting, TLS on both legs, the PROXY protocol, signals, the threads that carry connections.
//!
//! Standards: TLS 1.2 and 1.3 (RFC 5246, RFC 8446), TLS from the first byte for mail (RFC 8314), ALPN (RFC 7301),
//! name checks (RFC 9525), connecting to many addresses (RFC 8305), the PROXY protocol versions 1 and 2.
//!
//! What arrives here is untrusted: whatever stands before the end of a TLS handshake, and a PROXY header from whoever
//! can reach a listener that asks for one. None of it is ever sent back or logged as it came. Mail protocols begin
//! above, in `session`; this module knows no command of any of them, and STARTTLS only as "encrypt from here on".

use std::time::Duration;

pub mod admission;
pub mod buffers;
pub mod dial;
pub mod listen;
pub mod provider;
mod proxy;
mod records;
mod seldom;
pub mod shutdown;
mod socket;
pub mod stream;
pub mod tls_files;
pub mod tls_server;
pub mod tls_watch;
pub mod trust;
pub mod workers;

pub use admission::{Admission, Guard};
pub use dial::{Connected, DialError, Dialer};
pub use listen::{Arrival, BindError, Listener, Peer};
pub use shutdown::{Reload, Signals};
pub use stream::{Gathering, Stream};
pub use tls_files::TlsFileError;
pub use tls_server::{Application, ServerTls};
pub use trust::{Distrust, TrustError};
pub use workers::Workers;

/// How long a client may take for its TLS handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a proxy may take for its PROXY header.
pub const PROXY_HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection that is being closed may take to hear of it.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often certificate files are looked at.
pub const CERTIFICATE_POLL: Duration = Duration::from_secs(1);
/// The longest PROXY header of version 1, as its specification has it.
pub const PROXY_V1_BYTES: usize = 107;
/// The longest PROXY header of version 2 that is read; with addresses and the usual extensions it has some 300 bytes.
pub const PROXY_V2_BYTES: usize = 4096;
