//! Many sessions at once: does any of them starve, and does memory fall back? The upstream by itself and haproxy show
//! what of that is the load generator's own doing, which shares the cores.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::client::Target;
use crate::loads;
use crate::peers::{DELEGATE, Kind, Peer};
use crate::proc;
use crate::rows::Amounts;

const SIP_BYTES: usize = 16 * 1024;
const SIP_EVERY: Duration = Duration::from_millis(25);
const LOOK_EVERY: Duration = Duration::from_millis(25);
const BYSTANDER_EVERY: Duration = Duration::from_millis(10);
/// Memory is looked at again after this long.
const AFTERWARDS: Duration = Duration::from_secs(3);
const STACK_BYTES: usize = 256 * 1024;

/// What came of it.
#[derive(Debug, serde::Serialize)]
pub struct Many {
    /// All fetch.
    pub fetching: Crowd,
    /// All log in.
    pub logins: Crowd,
    /// With the password hash, one login after the other; delega's alone.
    pub cpu_millis_per_hashed_login: Option<f64>,
}

/// One crowd. Times are in ms, memory in MiB.
#[derive(Debug, serde::Serialize)]
pub struct Crowd {
    pub what: String,
    pub sessions: usize,
    pub failed: usize,
    pub fastest_millis: f64,
    pub median_millis: f64,
    pub slowest_millis: f64,
    /// What a NOOP of a session that stands by took meanwhile.
    pub noop_median_millis: f64,
    pub noop_slowest_millis: f64,
    /// The least and the most that a slow reader got, in KiB.
    pub slow_readers_kib: Option<(u64, u64)>,
    /// Before, at the peak and afterwards.
    pub rss_mib: Option<[f64; 3]>,
}

/// Runs both.
pub fn run(peer: &Peer, amounts: &Amounts) -> Result<Many> {
    let fetching = fetching(peer, amounts).with_context(|| peer.last_words())?;
    let logins = burst(peer, amounts.burst).with_context(|| peer.last_words())?;
    let hashes = matches!(peer.kind, Kind::Delega(_));
    Ok(Many {
        fetching,
        logins,
        cpu_millis_per_hashed_login: if hashes { hashed(peer, amounts.hashed)? } else { None },
    })
}

/// What a delegate's login costs.
fn hashed(peer: &Peer, logins: usize) -> Result<Option<f64>> {
    let delegate = Target { login: DELEGATE.to_owned(), ..peer.target.clone() };
    let (cpu, _, ()) = loads::spend(peer, || {
        for _ in 0..logins {
            delegate.enter()?.log_out()?;
        }
        Ok(())
    })?;
    Ok(cpu.map(|secs| secs * 1e3 / logins as f64))
}

/// All fetch at once; a tenth of them read slowly, and go on until the others are done.
fn fetching(peer: &Peer, amounts: &Amounts) -> Result<Crowd> {
    let slow = amounts.many_sessions / 10;
    let quick = amounts.many_sessions - slow;
    let kib = amounts.many_kib;
    let sips = AtomicBool::new(true);
    let what = format!("{quick} sessions fetch {} MiB each beside {slow} slow readers", kib / 1024);
    let mut sipped = Vec::new();
    let mut crowd = watched(
        peer,
        &what,
        |barrier| {
            thread::scope(|scope| {
                let (sips, target) = (&sips, &peer.target);
                let slow: Vec<_> = (0..slow)
                    .map(|_| {
                        spawn(scope, move || {
                            let mut client = target.open()?;
                            // More than it will ever read.
                            client.ask(1024 * 1024)?;
                            let mut got = 0;
                            while sips.load(Ordering::Relaxed) {
                                got += client.sip(SIP_BYTES)? as u64;
                                thread::sleep(SIP_EVERY);
                            }
                            Ok(got / 1024)
                        })
                    })
                    .collect::<Result<_>>()?;
                let quick: Vec<_> = (0..quick)
                    .map(|_| {
                        spawn(scope, move || {
                            let opened = target.open();
                            barrier.wait();
                            let begun = Instant::now();
                            opened?.fetch(kib)?;
                            Ok(begun.elapsed())
                        })
                    })
                    .collect::<Result<_>>()?;
                let times = quick.into_iter().map(joined).collect();
                sips.store(false, Ordering::Relaxed);
                sipped = slow.into_iter().map(joined).collect::<Result<_>>().context("a slow reader")?;
                Ok(times)
            })
        },
        quick,
    )?;
    crowd.slow_readers_kib = sipped.iter().min().copied().zip(sipped.iter().max().copied());
    Ok(crowd)
}

/// All log in at once, and leave once all are in.
fn burst(peer: &Peer, logins: usize) -> Result<Crowd> {
    let everybody = &Barrier::new(logins);
    watched(
        peer,
        &format!("{logins} logins at once"),
        |barrier| {
            thread::scope(|scope| {
                let threads: Vec<_> = (0..logins)
                    .map(|_| {
                        spawn(scope, move || {
                            barrier.wait();
                            let begun = Instant::now();
                            let client = peer.target.enter();
                            let took = begun.elapsed();
                            everybody.wait();
                            client?.log_out()?;
                            Ok(took)
                        })
                    })
                    .collect::<Result<_>>()?;
                Ok(threads.into_iter().map(joined).collect())
            })
        },
        logins,
    )
}

/// Runs a crowd of as many threads as meet at the barrier, with an eye on memory and with a session that stands by.
fn watched(
    peer: &Peer,
    what: &str,
    crowd: impl FnOnce(&Barrier) -> Result<Vec<Result<Duration>>>,
    sessions: usize,
) -> Result<Crowd> {
    let process = peer.process();
    let rss = || process.map(proc::rss_kib).transpose();
    let barrier = Barrier::new(sessions);
    let (busy, peak) = (AtomicBool::new(true), AtomicU64::new(0));
    let mut bystander = peer.target.open()?;
    let before = rss()?;
    let (times, mut noops) = thread::scope(|scope| {
        let (busy, peak) = (&busy, &peak);
        scope.spawn(move || {
            while busy.load(Ordering::Relaxed) {
                let kib = process.and_then(|process| proc::rss_kib(process).ok());
                peak.fetch_max(kib.unwrap_or(0), Ordering::Relaxed);
                thread::sleep(LOOK_EVERY);
            }
        });
        let noops = scope.spawn(move || {
            let mut millis = Vec::new();
            while busy.load(Ordering::Relaxed) {
                let begun = Instant::now();
                bystander.command("NOOP")?;
                millis.push(begun.elapsed().as_secs_f64() * 1e3);
                thread::sleep(BYSTANDER_EVERY);
            }
            Ok::<_, anyhow::Error>(millis)
        });
        let times = crowd(&barrier);
        busy.store(false, Ordering::Relaxed);
        Ok::<_, anyhow::Error>((times?, joined(noops).context("the session that stands by")?))
    })?;
    thread::sleep(AFTERWARDS);
    let after = rss()?;

    let failures: Vec<_> = times.iter().filter_map(|time| time.as_ref().err()).collect();
    if let Some(first) = failures.first() {
        eprintln!("{what}: {} failed, the first with: {first:#}", failures.len());
    }
    let failed = failures.len();
    let mut millis: Vec<f64> = times.iter().flatten().map(|time| time.as_secs_f64() * 1e3).collect();
    millis.sort_by(f64::total_cmp);
    noops.sort_by(f64::total_cmp);
    let middle = |sorted: &[f64]| sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let last = |sorted: &[f64]| sorted.last().copied().unwrap_or(0.0);
    Ok(Crowd {
        what: what.to_owned(),
        sessions,
        failed,
        fastest_millis: millis.first().copied().unwrap_or(0.0),
        median_millis: middle(&millis),
        slowest_millis: last(&millis),
        noop_median_millis: middle(&noops),
        noop_slowest_millis: last(&noops),
        slow_readers_kib: None,
        rss_mib: before
            .zip(after)
            .map(|(before, after)| [before, peak.into_inner(), after].map(|kib| kib as f64 / 1024.0)),
    })
}

fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    work: impl FnOnce() -> Result<T> + Send + 'scope,
) -> Result<thread::ScopedJoinHandle<'scope, Result<T>>> {
    Ok(thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work)?)
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow!("a thread panicked"))?
}
