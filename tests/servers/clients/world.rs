//! The world outside, as a program sees it through a proxy: a SOCKS server (RFC 1928, without authentication) by which a
//! few names and ports lead to servers here, and nothing else leads anywhere.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// It lasts as long as the test's process.
pub struct World {
    port: u16,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl World {
    /// Where these names and ports lead to these ports here.
    pub fn of(known: impl IntoIterator<Item = ((&'static str, u16), u16)>) -> World {
        let known: BTreeMap<(String, u16), u16> =
            known.into_iter().map(|((host, port), here)| ((host.to_owned(), port), here)).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let world = World { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let (known, asked) = (Arc::new(known), world.asked.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (known, asked) = (known.clone(), asked.clone());
                // Whoever goes away in the middle is no fault.
                thread::spawn(move || drop(carry(client, &known, &asked)));
            }
        });
        world
    }

    /// Where the proxy listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it was asked for so far.
    pub fn asked(&self) -> Vec<(String, u16)> {
        self.asked.lock().unwrap().clone()
    }
}

fn carry(
    mut client: TcpStream,
    known: &BTreeMap<(String, u16), u16>,
    asked: &Mutex<Vec<(String, u16)>>,
) -> io::Result<()> {
    // §3: version and methods
    let [_, methods] = read(&mut client)?;
    io::copy(&mut (&client).take(methods.into()), &mut io::sink())?;
    client.write_all(&[5, 0])?;
    // §4: CONNECT to a name
    let [_, command, _, kind, length] = read(&mut client)?;
    let mut name = vec![0; length.into()];
    client.read_exact(&mut name)?;
    let wanted = (String::from_utf8_lossy(&name).into_owned(), u16::from_be_bytes(read(&mut client)?));
    asked.lock().unwrap().push(wanted.clone());
    let here = known.get(&wanted).filter(|_| (command, kind) == (1, 3));
    let Some(server) = here.and_then(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).ok()) else {
        // §6: host unreachable
        return client.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
    };
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (from, to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || drop(pass(from, to)));
    pass(server, client)
}

fn read<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn pass(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Write)
}
