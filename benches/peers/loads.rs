//! The work that peers are given, and what it costs them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::client::{Client, Target};
use crate::peers::Peer;
use crate::proc;
use crate::rows::{Amounts, Row};

/// Two commands in turn, each of which the upstream answers at once.
const COMMANDS: [&str; 2] = ["NOOP", "UID FETCH 7 (UID FLAGS)"];
/// Their like, whose answers the upstream gathers.
const GATHERED: [&str; 2] = ["CHECK", "UID FETCH 8 (UID FLAGS)"];
const PIPELINE: usize = 16;
/// After the work, before its CPU time is read: what the peer still has to do belongs to it.
const SETTLE: Duration = Duration::from_millis(150);
/// Before idle sessions are weighed.
const REST: Duration = Duration::from_secs(2);

/// What a piece of work came to.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// In the row's unit; none for the upstream itself, which is no proxy.
    pub cpu: Option<f64>,
    /// How much was done in a second, as seen from outside: MB, commands or logins.
    pub per_sec: f64,
}

impl Cost {
    fn of_octets(spent: Option<f64>, secs: f64, octets: u64) -> Cost {
        let octets = octets as f64;
        Cost { cpu: spent.map(|cpu| cpu / (octets / 1e9)), per_sec: octets / 1e6 / secs }
    }
}

/// Gives a peer the work of one CPU row.
pub fn cpu(row: Row, peer: &Peer, amounts: &Amounts) -> Result<Cost> {
    let sessions = amounts.sessions;
    let each = |all: usize| (all / peer.kind.lightened(row) / sessions).max(1);
    let message = amounts.message_kib;
    let messages = each(amounts.megabytes * 1_000_000 / (message * 1024));
    let sent_messages = each(amounts.sent_megabytes * 1_000_000 / (message * 1024));
    match row {
        Row::Fetch | Row::Append => {
            let clients = every(peer, sessions, Target::open)?;
            let (spent, secs, octets) = spend(peer, || {
                at_once(clients, |client| {
                    (0..messages)
                        .map(|_| if row == Row::Fetch { client.fetch(message) } else { client.append(message) })
                        .sum()
                })
            })?;
            Ok(Cost::of_octets(spent, secs, octets))
        }
        Row::Single | Row::Piped | Row::Gathered => {
            let (commands, batch) =
                if row == Row::Single { (each(amounts.single), 1) } else { (each(amounts.piped), PIPELINE) };
            let texts = if row == Row::Gathered { GATHERED } else { COMMANDS };
            let clients = every(peer, sessions, Target::open)?;
            let (spent, secs, done) = spend(peer, || {
                at_once(clients, |client| {
                    let mut texts = texts.into_iter().cycle();
                    for _ in 0..commands / batch {
                        client.commands(texts.by_ref().take(batch))?;
                    }
                    Ok((commands / batch * batch) as u64)
                })
            })?;
            let done = done as f64;
            Ok(Cost { cpu: spent.map(|cpu| cpu * 1e6 / done), per_sec: done / secs })
        }
        Row::Login | Row::PasswordLogin | Row::AppLogin => {
            let logins = each(if row == Row::PasswordLogin { amounts.hashed } else { amounts.logins });
            let target = peer.target_of(row)?;
            let targets = vec![&target; sessions];
            let (spent, secs, done) = spend(peer, || {
                at_once(targets, |target| {
                    for _ in 0..logins {
                        target.enter()?.log_out()?;
                    }
                    Ok(logins as u64)
                })
            })?;
            let done = done as f64;
            Ok(Cost { cpu: spent.map(|cpu| cpu * 1e3 / done), per_sec: done / secs })
        }
        Row::Send => {
            let senders = every(peer, sessions, Target::submit)?;
            let (spent, secs, octets) =
                spend(peer, || at_once(senders, |sender| (0..sent_messages).map(|_| sender.send(message)).sum()))?;
            Ok(Cost::of_octets(spent, secs, octets))
        }
        Row::Messages => {
            let messages = each(amounts.messages);
            let senders = every(peer, sessions, Target::submit)?;
            let (spent, secs, done) = spend(peer, || {
                at_once(senders, |sender| {
                    for _ in 0..messages {
                        sender.send(amounts.small_kib)?;
                    }
                    Ok(messages as u64)
                })
            })?;
            let done = done as f64;
            Ok(Cost { cpu: spent.map(|cpu| cpu * 1e3 / done), per_sec: done / secs })
        }
        Row::Retrieve => {
            let collectors = every(peer, sessions, Target::collect)?;
            let (spent, secs, octets) = spend(peer, || {
                at_once(collectors, |collector| (0..sent_messages).map(|_| collector.retrieve(message)).sum())
            })?;
            Ok(Cost::of_octets(spent, secs, octets))
        }
        Row::Latency | Row::Memory | Row::Many => Err(anyhow!("{} is no row of CPU time", row.title())),
    }
}

/// What the tree of a peer spends on `work`, in seconds; how long that took, too.
pub fn spend<T>(peer: &Peer, work: impl FnOnce() -> Result<T>) -> Result<(Option<f64>, f64, T)> {
    thread::sleep(SETTLE);
    let cpu = || peer.process().map(proc::cpu_secs).transpose();
    let before = cpu()?;
    let begun = Instant::now();
    let done = work().with_context(|| peer.last_words())?;
    let secs = begun.elapsed().as_secs_f64();
    thread::sleep(SETTLE);
    Ok((before.zip(cpu()?).map(|(before, after)| after - before), secs, done))
}

/// Does the same with each of several things at once; tells the sum of what was done.
fn at_once<C: Send>(with: Vec<C>, work: impl Fn(&mut C) -> Result<u64> + Sync) -> Result<u64> {
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = with.into_iter().map(|mut with| scope.spawn(move || work(&mut with))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?).sum()
    })
}

/// Several sessions, each of which begins like this.
fn every<C>(peer: &Peer, sessions: usize, begin: impl Fn(&Target) -> Result<C>) -> Result<Vec<C>> {
    (0..sessions).map(|_| begin(&peer.target).with_context(|| peer.last_words())).collect()
}

/// What a NOOP takes with each peer, in µs: for each peer the median of each round.
pub fn noops(peers: &[Peer], amounts: &Amounts) -> Result<Vec<Vec<f64>>> {
    let mut clients =
        peers.iter().map(|peer| peer.target.open().with_context(|| peer.last_words())).collect::<Result<Vec<_>>>()?;
    let mut medians = vec![Vec::new(); peers.len()];
    for round in 0..amounts.latency_rounds {
        for at in order(peers.len(), round) {
            let client = &mut clients[at];
            for _ in 0..amounts.noops / 10 {
                client.command("NOOP")?;
            }
            let mut micros = (0..amounts.noops)
                .map(|_| {
                    let begun = Instant::now();
                    client.command("NOOP")?;
                    Ok(begun.elapsed().as_secs_f64() * 1e6)
                })
                .collect::<Result<Vec<_>>>()?;
            micros.sort_by(f64::total_cmp);
            medians[at].push(micros[micros.len() / 2]);
        }
    }
    Ok(medians)
}

/// A B C in even rounds, C B A in odd ones.
pub fn order(peers: usize, round: usize) -> Vec<usize> {
    if round.is_multiple_of(2) { (0..peers).collect() } else { (0..peers).rev().collect() }
}

/// What each idle session adds to a peer that has just started, in KiB. Each has logged in, opened the inbox, fetched a
/// message, and then idles.
pub fn idle(peer: &Peer, sessions: usize) -> Result<Option<f64>> {
    let Some(process) = peer.process() else { return Ok(None) };
    idling(&peer.target, 48)?.into_iter().for_each(drop);
    thread::sleep(REST);
    let before = proc::pss_kib(process)?;
    let clients = idling(&peer.target, sessions).with_context(|| peer.last_words())?;
    thread::sleep(REST);
    let after = proc::pss_kib(process)?;
    let kib = (after as f64 - before as f64) / clients.len() as f64;
    drop(clients);
    Ok(Some(kib))
}

fn idling(target: &Target, sessions: usize) -> Result<Vec<Client>> {
    const THREADS: usize = 16;
    thread::scope(|scope| {
        let open = || {
            (0..sessions.div_ceil(THREADS))
                .map(|_| {
                    let mut client = target.open()?;
                    client.fetch(128)?;
                    client.idle()?;
                    Ok(client)
                })
                .collect::<Result<Vec<_>>>()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(open)).collect();
        let mut clients = Vec::new();
        for thread in threads {
            clients.extend(thread.join().map_err(|_| anyhow!("a thread panicked"))??);
        }
        Ok(clients)
    })
}
