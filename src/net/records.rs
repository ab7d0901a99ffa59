//! TLS records by hand: rustls decrypts in the thread's buffer and encrypts into it, and keeps no buffer of its own.
//!
//! Around rustls's buffered interface a connection reads 4 KiB at a time, copies each record three times, and holds
//! buffers while it idles. Its unbuffered interface leaves all of that to the caller, which is this file.
//!
//! Ciphertext is untrusted; what is not authentic never leaves [`Records::decrypt`].

use std::io;
use std::sync::Arc;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncryptError, InsufficientSizeError, UnbufferedStatus};
use rustls::{ClientConfig, CommonState, ServerConfig};

/// The longest record on the wire (RFC 8446 §5.2), its header included.
pub(super) const RECORD_BYTES: usize = 5 + 16 * 1024 + 256;
/// The most that a record adds to its plaintext, with room to spare.
const OVERHEAD_BYTES: usize = 64;

/// One end of a TLS connection.
pub(super) struct Records {
    end: End,
    /// After an error rustls must not be asked again: it might go on with what lies behind the fault.
    broken: bool,
}

enum End {
    Server(Box<UnbufferedServerConnection>),
    Client(Box<UnbufferedClientConnection>),
}

/// Ciphertext on its way to a socket, in room that is used again and again.
#[derive(Debug, Default)]
pub(super) struct Ciphertext {
    /// Zeroed once; only the first `filled` bytes mean something.
    room: Vec<u8>,
    filled: usize,
}

impl Ciphertext {
    pub const fn new() -> Ciphertext {
        Ciphertext { room: Vec::new(), filled: 0 }
    }

    pub fn clear(&mut self) {
        self.filled = 0;
    }

    pub fn filled(&self) -> &[u8] {
        self.room.get(..self.filled).unwrap_or_default()
    }

    /// Adds what `write` puts into the room of `length` bytes that it is given.
    fn add<E>(&mut self, length: usize, write: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<(), E> {
        let end = self.filled + length;
        if self.room.len() < end {
            self.room.resize(end, 0);
        }
        self.filled += write(self.room.get_mut(self.filled..end).unwrap_or_default())?;
        Ok(())
    }
}

/// What came of ciphertext.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decrypted {
    /// How much of it, from the front, was taken.
    pub taken: usize,
    /// Whether the peer has said that nothing more will come.
    pub closed: bool,
}

/// The two kinds of connection, whose methods rustls keeps apart.
trait Connection: std::ops::Deref<Target: std::ops::Deref<Target = CommonState>> {
    type Data;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl Connection for UnbufferedServerConnection {
    type Data = ServerConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

impl Connection for UnbufferedClientConnection {
    type Data = ClientConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

impl Records {
    pub fn server(config: Arc<ServerConfig>) -> Result<Records, rustls::Error> {
        Ok(Records { end: End::Server(Box::new(UnbufferedServerConnection::new(config)?)), broken: false })
    }

    pub fn client(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Records, rustls::Error> {
        Ok(Records { end: End::Client(Box::new(UnbufferedClientConnection::new(config, name)?)), broken: false })
    }

    pub fn common(&self) -> &CommonState {
        match &self.end {
            End::Server(connection) => connection,
            End::Client(connection) => connection,
        }
    }

    /// Decrypts the whole records in `incoming`, hands out their plaintext, and adds to `outgoing` what TLS itself has
    /// to say. After an error only `outgoing` is of use: it holds the alert.
    pub fn decrypt(
        &mut self,
        incoming: &mut [u8],
        outgoing: &mut Vec<u8>,
        plaintext: &mut dyn FnMut(&[u8]),
    ) -> Result<Decrypted, rustls::Error> {
        if self.broken {
            return Err(rustls::Error::General("the connection has failed already".to_owned()));
        }
        let decrypted = match &mut self.end {
            End::Server(connection) => decrypt(connection.as_mut(), incoming, outgoing, plaintext),
            End::Client(connection) => decrypt(connection.as_mut(), incoming, outgoing, plaintext),
        };
        self.broken = decrypted.is_err();
        decrypted
    }

    /// Encrypts `plaintext` and adds the records to `outgoing`. `unread` is what [`decrypt`](Self::decrypt) left: the
    /// beginning of a record.
    pub fn encrypt(&mut self, plaintext: &[u8], unread: &mut Vec<u8>, outgoing: &mut Ciphertext) -> io::Result<()> {
        self.write(Write::Data(plaintext), unread, outgoing)
    }

    /// Adds close_notify (RFC 8446 §6.1) to `outgoing`.
    pub fn close(&mut self, unread: &mut Vec<u8>, outgoing: &mut Ciphertext) -> io::Result<()> {
        self.write(Write::CloseNotify, unread, outgoing)
    }

    fn write(&mut self, write: Write<'_>, unread: &mut Vec<u8>, outgoing: &mut Ciphertext) -> io::Result<()> {
        if self.broken {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let written = match &mut self.end {
            End::Server(connection) => encrypt(connection.as_mut(), write, unread, outgoing),
            End::Client(connection) => encrypt(connection.as_mut(), write, unread, outgoing),
        };
        self.broken = written.is_err();
        written
    }
}

fn decrypt<C: Connection>(
    connection: &mut C,
    incoming: &mut [u8],
    outgoing: &mut Vec<u8>,
    plaintext: &mut dyn FnMut(&[u8]),
) -> Result<Decrypted, rustls::Error> {
    let mut done = Decrypted::default();
    loop {
        let rest = incoming.get_mut(done.taken..).unwrap_or_default();
        let UnbufferedStatus { discard, state, .. } = connection.process(rest);
        let over = match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    plaintext(record?.payload);
                }
                false
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                encode(outgoing, |room| data.encode(room).map_err(|_| ()))?;
                false
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                // The caller sends `outgoing` before it waits for anything.
                data.done();
                false
            }
            Ok(ConnectionState::PeerClosed) => {
                done.closed = true;
                false
            }
            // BlockedHandshake, WriteTraffic, Closed, and early data, which is never offered.
            Ok(_) => true,
            Err(error) => {
                alert(connection, incoming.get_mut(done.taken + discard..).unwrap_or_default(), outgoing);
                return Err(error);
            }
        };
        done.taken += discard;
        if over {
            return Ok(done);
        }
    }
}

/// After an error: what rustls still wants the peer to be told. It is asked only as long as it has something to say,
/// since otherwise it would go on with `incoming`, which is only there because rustls remembers places in it.
fn alert<C: Connection>(connection: &mut C, incoming: &mut [u8], outgoing: &mut Vec<u8>) {
    while connection.wants_write() {
        let Ok(ConnectionState::EncodeTlsData(mut data)) = connection.process(incoming).state else { return };
        if encode(outgoing, |room| data.encode(room).map_err(|_| ())).is_err() {
            return;
        }
    }
}

/// Adds what `write` puts into the room that it is given.
fn encode(outgoing: &mut Vec<u8>, write: impl FnOnce(&mut [u8]) -> Result<usize, ()>) -> Result<(), rustls::Error> {
    let before = outgoing.len();
    // A flight of handshake records: a certificate chain is a few KiB, and rustls fragments it by the record.
    outgoing.resize(before + RECORD_BYTES, 0);
    let written = write(outgoing.get_mut(before..).unwrap_or_default());
    outgoing.truncate(before + written.unwrap_or(0));
    written.map(|_| ()).map_err(|()| rustls::Error::General("a handshake record is too long".to_owned()))
}

#[derive(Clone, Copy)]
enum Write<'a> {
    Data(&'a [u8]),
    CloseNotify,
}

fn encrypt<C: Connection>(
    connection: &mut C,
    write: Write<'_>,
    unread: &mut Vec<u8>,
    outgoing: &mut Ciphertext,
) -> io::Result<()> {
    loop {
        let UnbufferedStatus { discard, state, .. } = connection.process(unread);
        let over = match state.map_err(io::Error::other)? {
            ConnectionState::WriteTraffic(mut traffic) => {
                let length = match write {
                    Write::Data(plaintext) => plaintext.len(),
                    Write::CloseNotify => 0,
                };
                let room = length + (length / (16 * 1024) + 1) * OVERHEAD_BYTES;
                let mut written = outgoing.add(room, |room| attempt(&mut traffic, write, room));
                if let Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) = written {
                    written = outgoing.add(required_size, |room| attempt(&mut traffic, write, room));
                }
                written.map_err(io::Error::other)?;
                true
            }
            ConnectionState::EncodeTlsData(mut data) => {
                outgoing.add(RECORD_BYTES, |room| data.encode(room)).map_err(io::Error::other)?;
                false
            }
            ConnectionState::TransmitTlsData(data) => {
                data.done();
                false
            }
            // `unread` holds no whole record, so this was told by `decrypt`: writing goes on until this end closes.
            ConnectionState::PeerClosed => false,
            _ => return Err(io::ErrorKind::NotConnected.into()),
        };
        unread.drain(..discard.min(unread.len()));
        if over {
            return Ok(());
        }
    }
}

fn attempt<Data>(
    traffic: &mut rustls::unbuffered::WriteTraffic<'_, Data>,
    write: Write<'_>,
    room: &mut [u8],
) -> Result<usize, EncryptError> {
    match write {
        Write::Data(plaintext) => traffic.encrypt(plaintext, room),
        Write::CloseNotify => traffic.queue_close_notify(room),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ClientConfig, RootCertStore, ServerConfig};

    use super::*;
    use crate::net::provider;

    /// Two ends that have agreed, with what each has kept of a record.
    struct Pair {
        client: (Records, Vec<u8>),
        server: (Records, Vec<u8>),
    }

    fn pair(version: &'static rustls::SupportedProtocolVersion) -> Pair {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let der: CertificateDer<'static> = certificate.der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(der.clone()).unwrap();
        let server = ServerConfig::builder_with_provider(provider::provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let client = ClientConfig::builder_with_provider(provider::provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut pair = Pair {
            client: (Records::client(Arc::new(client), name).unwrap(), Vec::new()),
            server: (Records::server(Arc::new(server)).unwrap(), Vec::new()),
        };
        let mut to_server = Vec::new();
        pair.client.0.decrypt(&mut [], &mut to_server, &mut |_| {}).unwrap();
        while !to_server.is_empty() || pair.server.0.common().is_handshaking() {
            let to_client = deliver(&mut pair.server, &to_server, 100, &mut Vec::new()).unwrap();
            to_server = deliver(&mut pair.client, &to_client, 100, &mut Vec::new()).unwrap();
        }
        assert!(!pair.client.0.common().is_handshaking());
        pair
    }

    /// What one end makes of `plaintext`.
    fn encrypted(end: &mut (Records, Vec<u8>), plaintext: &[u8]) -> Vec<u8> {
        let mut outgoing = Ciphertext::default();
        end.0.encrypt(plaintext, &mut end.1, &mut outgoing).unwrap();
        outgoing.filled().to_vec()
    }

    /// Hands ciphertext to one end in pieces of `size`; tells what TLS says to it, and adds the plaintext.
    fn deliver(
        end: &mut (Records, Vec<u8>),
        ciphertext: &[u8],
        size: usize,
        plaintext: &mut Vec<u8>,
    ) -> Result<Vec<u8>, (rustls::Error, Vec<u8>)> {
        let mut said = Vec::new();
        for piece in ciphertext.chunks(size) {
            end.1.extend_from_slice(piece);
            match end.0.decrypt(&mut end.1, &mut said, &mut |bytes| plaintext.extend_from_slice(bytes)) {
                Ok(decrypted) => drop(end.1.drain(..decrypted.taken)),
                Err(error) => return Err((error, said)),
            }
        }
        Ok(said)
    }

    const VERSIONS: [&rustls::SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

    #[test]
    fn what_one_end_encrypts_the_other_decrypts_however_it_is_split() {
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        for version in VERSIONS {
            for size in [1, 5, 6, 1000, 16_384, 70_000, 300_000] {
                let mut pair = pair(version);
                for backwards in [false, true] {
                    let (from, to) = match backwards {
                        false => (&mut pair.client, &mut pair.server),
                        true => (&mut pair.server, &mut pair.client),
                    };
                    let length = if size < 100 { 3000 } else { sent.len() };
                    let mut read = Vec::new();
                    let ciphertext = encrypted(from, &sent[..length]);
                    let records = length.div_ceil(16 * 1024);
                    assert!(ciphertext.len() <= length + records * OVERHEAD_BYTES, "records are full");
                    deliver(to, &ciphertext, size, &mut read).unwrap();
                    assert!(read == sent[..length], "{version:?} by {size}");
                    assert!(to.1.is_empty());
                }
            }
        }
    }

    #[test]
    fn keys_are_changed_when_the_peer_asks() {
        let mut pair = pair(&rustls::version::TLS13);
        let End::Client(client) = &mut pair.client.0.end else { panic!() };
        let ConnectionState::WriteTraffic(traffic) = client.process_tls_records(&mut []).state.unwrap() else {
            panic!()
        };
        traffic.refresh_traffic_keys().unwrap();
        let ciphertext = encrypted(&mut pair.client, b"after");
        let mut read = Vec::new();
        let answer = deliver(&mut pair.server, &ciphertext, 7, &mut read).unwrap();
        assert_eq!(read, b"after");
        let more = [answer, encrypted(&mut pair.server, b"too")].concat();
        read.clear();
        deliver(&mut pair.client, &more, 7, &mut read).unwrap();
        assert_eq!(read, b"too");
    }

    #[test]
    fn a_changed_byte_is_found_and_nothing_goes_on_behind_it() {
        for version in VERSIONS {
            let mut pair = pair(version);
            let mut bad = encrypted(&mut pair.client, b"a1 NOOP\r\n");
            let good = encrypted(&mut pair.client, b"a2 NOOP\r\n");
            let last = bad.len() - 1;
            bad[last] ^= 1;
            let mut read = Vec::new();
            let (error, alert) = deliver(&mut pair.server, &[bad, good].concat(), 10_000, &mut read).unwrap_err();
            assert_eq!(error, rustls::Error::DecryptError);
            assert!(read.is_empty(), "{read:?}");
            assert_eq!(
                alert[0],
                if *version == rustls::version::TLS13 { 23 } else { 21 },
                "an alert, encrypted or not"
            );
            assert!(pair.server.0.decrypt(&mut [], &mut Vec::new(), &mut |_| {}).is_err());
            assert!(pair.server.0.encrypt(b"x", &mut Vec::new(), &mut Ciphertext::default()).is_err());
        }
    }

    #[test]
    fn the_end_is_told_once_and_only_when_it_was_said() {
        let mut pair = pair(&rustls::version::TLS13);
        let mut said = Ciphertext::default();
        pair.client.0.encrypt(b"last", &mut pair.client.1, &mut said).unwrap();
        pair.client.0.close(&mut pair.client.1, &mut said).unwrap();
        let mut ciphertext = said.filled().to_vec();
        let mut read = Vec::new();
        let done = pair
            .server
            .0
            .decrypt(&mut ciphertext, &mut Vec::new(), &mut |bytes| read.extend_from_slice(bytes))
            .unwrap();
        assert!(done.closed && done.taken == ciphertext.len());
        assert_eq!(read, b"last");
        let farewell = encrypted(&mut pair.server, b"bye");
        read.clear();
        deliver(&mut pair.client, &farewell, 3, &mut read).unwrap();
        assert_eq!(read, b"bye", "the other direction stays open");
    }
}
