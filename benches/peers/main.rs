//! `make bench`: delega beside other proxies, in front of one scripted upstream, on loopback. What is measured, how,
//! and how to read it is in `benches/README.md`.

#![allow(clippy::print_stdout, reason = "it tells the person at the terminal what it found")]

#[path = "../../tests/support/certs.rs"]
mod certs;
mod client;
#[path = "../../tests/support/guard.rs"]
mod guard;
mod loads;
mod many;
mod peers;
mod proc;
mod report;
mod rows;
mod text;
mod tls;
mod upstream;
mod wire;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;

use peers::{Build, Ground, Kind};
use report::Report;
use rows::{Amounts, Row};
use upstream::Protocol;

/// As many as 2,000 sessions need at both ends, and some.
const FILES: u64 = 10_000;

/// Measures delega beside other proxies
#[derive(Debug, Parser)]
#[command(name = "make bench")]
struct Options {
    /// Less of everything: under three minutes, for a look in between
    #[arg(long)]
    quick: bool,
    /// Which peers: direct, haproxy, nginx, dovecot, delega
    #[arg(long, value_delimiter = ',', default_value = "direct,haproxy,nginx,dovecot,delega")]
    peers: Vec<String>,
    /// Which rows
    #[arg(long, value_enum, value_delimiter = ',')]
    rows: Vec<Row>,
    /// How many rounds of the CPU rows
    #[arg(long)]
    rounds: Option<usize>,
    /// A delega that was built already, rather than one that is built from the sources now; several are compared
    #[arg(long, value_name = "[NAME=]PROGRAM")]
    delega: Vec<String>,
    /// Starts delega under another program, such as "perf record -g -o /tmp/perf.data --"
    #[arg(long, value_name = "COMMAND", default_value = "")]
    under: String,
    /// haproxy does not verify the upstream's certificate
    #[arg(long)]
    no_verify: bool,
    /// Writes everything, each round apart, to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes what is printed to this file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Cargo says this to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let begun = Instant::now();
    allow_files()?;
    let mut amounts = if options.quick { Amounts::QUICK } else { Amounts::FULL };
    amounts.rounds = options.rounds.unwrap_or(amounts.rounds);
    amounts.sent_rounds = options.rounds.unwrap_or(amounts.sent_rounds);
    let wanted = |row: Row| options.rows.is_empty() || options.rows.contains(&row);

    let kinds = kinds(options)?;
    for kind in &kinds {
        kind.version().with_context(|| format!("{} is missing: `.ci/packages bench` installs it", kind.name()))?;
    }
    let folder = tempfile::Builder::new().prefix("delega-bench-").tempdir()?;
    let tls = tls::Tls::new(folder.path().join("tls"))?;
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let upstream = upstream::Upstream::start(&tls.server)?;
    let ground = Ground { tls, upstream, verify: !options.no_verify };
    let mut report = Report::new(kinds.clone(), amounts.clone(), ground.verify);

    for protocol in Protocol::ALL {
        let rows: Vec<Row> = Row::of_cpu(protocol).iter().copied().filter(|row| wanted(*row)).collect();
        let latency_too = protocol == Protocol::Imap && wanted(Row::Latency);
        if rows.is_empty() && !latency_too {
            continue;
        }
        let peers = kinds.iter().map(|kind| kind.start(&ground, protocol)).collect::<Result<Vec<_>>>()?;
        let rounds = amounts.rounds(protocol);
        for round in 0..rounds {
            for row in &rows {
                tell(&format!("round {} of {rounds}: {}", round + 1, row.title()));
                for at in loads::order(peers.len(), round).into_iter().filter(|at| peers[*at].kind.has(*row)) {
                    let cost = loads::cpu(*row, &peers[at], &amounts)?;
                    report.add_speed(*row, at, cost.per_sec);
                    if let Some(cpu) = cost.cpu {
                        report.add(*row, at, cpu);
                    }
                }
            }
        }
        if latency_too {
            tell(Row::Latency.title());
            latency(&peers, &amounts, &mut report)?;
        }
    }
    if wanted(Row::Memory) {
        for round in 0..amounts.memory_rounds {
            tell(&format!("round {} of {}: {}", round + 1, amounts.memory_rounds, Row::Memory.title()));
            for at in loads::order(kinds.len(), round) {
                // One that has not worked yet: what it keeps of former work would hide what sessions need.
                let peer = kinds[at].start(&ground, Protocol::Imap)?;
                if let Some(kib) = loads::idle(&peer, amounts.idle_sessions)? {
                    report.add(Row::Memory, at, kib);
                }
            }
        }
    }
    if wanted(Row::Many) {
        for kind in kinds.iter().filter(|kind| matches!(kind, Kind::Direct | Kind::Haproxy | Kind::Delega(_))) {
            tell(&format!("{}: {}", Row::Many.title(), kind.name()));
            let peer = kind.start(&ground, Protocol::Imap)?;
            report.many.push((kind.name().to_owned(), many::run(&peer, &amounts)?));
        }
    }

    tell(&format!("done in {} s\n", begun.elapsed().as_secs()));
    let text = report.text();
    println!("{text}");
    if let Some(file) = &options.markdown {
        fs::write(file, &text).with_context(|| file.display().to_string())?;
    }
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&report.json())? + "\n";
        fs::write(file, json).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// Everything on one core, the load generator and the upstream too, or else the figure is noise.
fn latency(peers: &[peers::Peer], amounts: &Amounts, report: &mut Report) -> Result<()> {
    let Some(direct) = peers.iter().position(|peer| peer.kind == Kind::Direct) else {
        eprintln!("latency is what is added to `direct`, which was left out");
        return Ok(());
    };
    let all = proc::processors()?;
    let trees: Vec<u32> = peers.iter().filter_map(peers::Peer::process).chain([std::process::id()]).collect();
    for tree in &trees {
        proc::pin(*tree, proc::first_processor(&all))?;
    }
    let medians = loads::noops(peers, amounts)?;
    for tree in &trees {
        proc::pin(*tree, &all)?;
    }
    for (at, rounds) in medians.iter().enumerate().filter(|(at, _)| *at != direct) {
        for (of_peer, of_direct) in rounds.iter().zip(&medians[direct]) {
            report.add(Row::Latency, at, of_peer - of_direct);
        }
    }
    Ok(())
}

fn kinds(options: &Options) -> Result<Vec<Kind>> {
    let under: Vec<String> = options.under.split_whitespace().map(str::to_owned).collect();
    let mut kinds = Vec::new();
    for name in &options.peers {
        match name.as_str() {
            "direct" => kinds.push(Kind::Direct),
            "haproxy" => kinds.push(Kind::Haproxy),
            "nginx" => kinds.push(Kind::Nginx),
            "dovecot" => kinds.push(Kind::Dovecot),
            "delega" if options.delega.is_empty() => {
                kinds.push(Kind::Delega(Build { name: name.clone(), program: build()?, under: under.clone() }));
            }
            "delega" => {
                for named in &options.delega {
                    let (name, program) = named.split_once('=').unwrap_or(("delega", named));
                    let program = fs::canonicalize(program).with_context(|| program.to_owned())?;
                    kinds.push(Kind::Delega(Build { name: name.to_owned(), program, under: under.clone() }));
                }
            }
            _ => bail!("there is no peer {name}: direct, haproxy, nginx, dovecot, delega"),
        }
    }
    Ok(kinds)
}

/// Builds delega as an operator would. What cargo builds beside a bench is not it: tests' dependencies change the
/// features of the program's own, tokio's clock among them.
fn build() -> Result<PathBuf> {
    tell("building delega");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--bin", "delega", "--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "delega cannot be built");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut programs = lines.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    programs.next_back().context("cargo does not say where it put delega")
}

/// Raises the bound on open files for this process and those that it starts.
fn allow_files() -> Result<()> {
    let status = Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string(), &format!("--nofile={FILES}:")])
        .status()
        .context("prlimit (Debian's util-linux)")?;
    ensure!(status.success(), "the system does not allow {FILES} open files: see `ulimit -Hn`");
    Ok(())
}

fn tell(what: &str) {
    eprintln!("{} {what}", jiff::Zoned::now().strftime("%H:%M:%S"));
}
