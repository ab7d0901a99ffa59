//! The conditions, the table, and the same as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::many::{Crowd, Many};
use crate::peers::Kind;
use crate::rows::{Aim, Amounts, Row};
use crate::tls;

/// How often the disk is asked how long it takes to keep something.
const DURABLE_WRITES: usize = 40;

/// All that was measured.
pub struct Report {
    pub peers: Vec<Kind>,
    pub amounts: Amounts,
    pub conditions: Vec<(String, String)>,
    /// By row and by the peer's place in `peers`: a figure for each round.
    pub samples: BTreeMap<(&'static str, usize), Vec<f64>>,
    /// Likewise: how much was done in a second.
    pub speeds: BTreeMap<(&'static str, usize), Vec<f64>>,
    pub many: Vec<(String, Many)>,
}

struct Summary {
    median: f64,
    least: f64,
    most: f64,
}

impl Summary {
    fn of(samples: &[f64]) -> Option<Summary> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + sorted[middle]) / 2.0 } else { sorted[middle] };
        Some(Summary { median, least, most })
    }
}

impl Report {
    /// For a run that begins now.
    pub fn new(peers: Vec<Kind>, amounts: Amounts, verify: bool) -> Report {
        let conditions = conditions(&peers, &amounts, verify);
        let (samples, speeds) = (BTreeMap::new(), BTreeMap::new());
        Report { peers, amounts, conditions, samples, speeds, many: Vec::new() }
    }

    /// Adds a round's figure.
    pub fn add(&mut self, row: Row, peer: usize, figure: f64) {
        self.samples.entry((row.key(), peer)).or_default().push(figure);
    }

    /// Adds a round's speed.
    pub fn add_speed(&mut self, row: Row, peer: usize, per_sec: f64) {
        self.speeds.entry((row.key(), peer)).or_default().push(per_sec);
    }

    /// The figure that counts: the median of the rounds; for latency the best of them.
    fn figure(&self, row: Row, peer: usize) -> Option<f64> {
        let summary = Summary::of(self.samples.get(&(row.key(), peer))?)?;
        Some(if row == Row::Latency { summary.least } else { summary.median })
    }

    fn of_haproxy(&self, row: Row) -> Option<f64> {
        let haproxy = self.peers.iter().position(|kind| *kind == Kind::Haproxy)?;
        self.figure(row, haproxy).filter(|figure| *figure > 0.0)
    }

    /// Conditions and tables, in Markdown that is laid out to be read as it is.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.conditions {
            let _ = writeln!(text, "- {name}: {value}");
        }
        text.push('\n');
        text += &self.table();
        if !self.speeds.is_empty() {
            text += "\nHow much was done in a second, as seen by the load generator, which shares the cores:\n\n";
            text += &self.speed_table();
        }
        if let Some((_, first)) = self.many.first() {
            let _ = writeln!(text, "\n{}; then {}:\n", first.fetching.what, first.logins.what);
            text += &self.many_table();
        }
        text
    }

    fn table(&self) -> String {
        let proxies: Vec<usize> = (0..self.peers.len()).filter(|at| self.peers[*at] != Kind::Direct).collect();
        let mut head = vec![String::new()];
        head.extend(proxies.iter().map(|at| self.peers[*at].name().to_owned()));
        head.push("aim".to_owned());
        let mut rows = vec![head];
        for row in Row::ALL {
            if !proxies.iter().any(|at| self.samples.contains_key(&(row.key(), *at))) {
                continue;
            }
            let title = match row {
                Row::Memory => format!("{}, {} sessions", row.title(), self.amounts.idle_sessions),
                _ => row.title().to_owned(),
            };
            let mut cells = vec![title];
            cells.extend(proxies.iter().map(|at| self.cell(row, *at)));
            cells.push(match row.aim() {
                Some(Aim::TimesHaproxy(times)) => format!("×{times:.2}"),
                Some(Aim::AtMost(most)) => format!("{most:.0}"),
                None => String::new(),
            });
            rows.push(cells);
        }
        layout(&rows)
    }

    /// `1.11 ×0.60 (1.09–1.15) met`
    fn cell(&self, row: Row, peer: usize) -> String {
        let Some(samples) = self.samples.get(&(row.key(), peer)) else { return "–".to_owned() };
        let (Some(summary), Some(figure)) = (Summary::of(samples), self.figure(row, peer)) else {
            return "–".to_owned();
        };
        let mut cell = number(figure);
        let times = self.of_haproxy(row).map(|haproxy| figure / haproxy);
        if let Some(times) = times.filter(|_| self.peers[peer] != Kind::Haproxy) {
            let _ = write!(cell, " ×{times:.2}");
        }
        if row == Row::Latency {
            let _ = write!(cell, " (median {}, most {})", number(summary.median), number(summary.most));
        } else {
            let _ = write!(cell, " ({}–{})", number(summary.least), number(summary.most));
        }
        if matches!(self.peers[peer], Kind::Delega(_)) {
            let met = match row.aim() {
                Some(Aim::TimesHaproxy(aim)) => times.map(|times| times <= aim),
                Some(Aim::AtMost(aim)) => Some(figure <= aim),
                None => None,
            };
            cell += match met {
                Some(true) => " met",
                Some(false) => " short",
                None => "",
            };
        }
        cell
    }

    fn speed_table(&self) -> String {
        let mut head = vec![String::new()];
        head.extend(self.peers.iter().map(|kind| kind.name().to_owned()));
        let mut rows = vec![head];
        for (row, title) in [
            (Row::Fetch, "MB fetched"),
            (Row::Append, "MB appended"),
            (Row::Single, "commands, one at a time"),
            (Row::Piped, "commands, 16 at a time"),
            (Row::Gathered, "… whose answers come all at once"),
            (Row::Login, "logins"),
            (Row::PasswordLogin, "logins with a password"),
            (Row::AppLogin, "logins with an app password"),
            (Row::Send, "MB sent"),
            (Row::Messages, "small messages sent"),
            (Row::Retrieve, "MB retrieved by POP3"),
        ] {
            if !(0..self.peers.len()).any(|at| self.speeds.contains_key(&(row.key(), at))) {
                continue;
            }
            let mut cells = vec![title.to_owned()];
            cells.extend((0..self.peers.len()).map(|at| {
                let speeds = self.speeds.get(&(row.key(), at));
                speeds.and_then(|speeds| Summary::of(speeds)).map_or("–".to_owned(), |speed| number(speed.median))
            }));
            rows.push(cells);
        }
        layout(&rows)
    }

    fn many_table(&self) -> String {
        let mut head = vec![String::new()];
        head.extend(self.many.iter().map(|(name, _)| name.clone()));
        let mut rows = vec![head];
        let mut add = |what: &str, cell: &dyn Fn(&Many) -> (&'static str, String)| {
            let cells: Vec<_> = self.many.iter().map(|(_, many)| cell(many)).collect();
            let title = cells.first().map_or("", |(title, _)| title);
            let title = if what.is_empty() { title.to_owned() } else { format!("{what}: {title}") };
            rows.push(std::iter::once(title).chain(cells.into_iter().map(|(_, cell)| cell)).collect());
        };
        for n in 0..4 {
            add("fetching", &|many| crowd_rows(&many.fetching)[n].clone());
        }
        add("", &|many| {
            let slow = many.fetching.slow_readers_kib;
            let cell = slow.map_or("–".to_owned(), |(least, most)| format!("{least}, {most}"));
            ("slow readers: KiB, least, most", cell)
        });
        for n in 0..4 {
            add("logins", &|many| crowd_rows(&many.logins)[n].clone());
        }
        add("", &|many| {
            let millis = many.cpu_millis_per_hashed_login;
            ("CPU ms of a delegate's login, with the password hash", millis.map_or("–".to_owned(), number))
        });
        layout(&rows)
    }

    /// Everything, for programs.
    pub fn json(&self) -> serde_json::Value {
        let table = |figures: &BTreeMap<(&'static str, usize), Vec<f64>>| {
            let rows = figures.iter().map(|((row, peer), samples)| {
                let summary = Summary::of(samples).map(|s| json!({"median": s.median, "min": s.least, "max": s.most}));
                json!({ "row": row, "peer": self.peers[*peer].name(), "rounds": samples, "summary": summary })
            });
            rows.collect::<Vec<_>>()
        };
        let conditions: serde_json::Map<_, _> =
            self.conditions.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "conditions": conditions,
            "amounts": self.amounts,
            "figures": table(&self.samples),
            "per_second": table(&self.speeds),
            "many": self.many.iter().map(|(name, many)| json!({ "peer": name, "what": many })).collect::<Vec<_>>(),
        })
    }
}

/// The rows that both crowds have, as title and cell.
fn crowd_rows(crowd: &Crowd) -> [(&'static str, String); 4] {
    let Crowd { sessions, failed, fastest_millis, median_millis, slowest_millis, .. } = crowd;
    let Crowd { noop_median_millis, noop_slowest_millis, rss_mib, .. } = crowd;
    let rss = rss_mib.map_or("–".to_owned(), |mib| mib.map(number).join(", "));
    [
        ("done", format!("{} of {sessions}", sessions - failed)),
        (
            "ms: fastest, median, slowest",
            format!(
                "{}, {}, {} (×{:.1})",
                number(*fastest_millis),
                number(*median_millis),
                number(*slowest_millis),
                slowest_millis / fastest_millis.max(0.001)
            ),
        ),
        (
            "ms of a NOOP beside them: median, slowest",
            format!("{}, {}", number(*noop_median_millis), number(*noop_slowest_millis)),
        ),
        ("MiB (RSS): before, at the peak, 3 s afterwards", rss),
    ]
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn layout(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (n, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text += "|\n";
        if n == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text += "|\n";
        }
    }
    text
}

/// What it takes to write a page and know that it is on the disk, in µs; none where it cannot be tried.
fn durable_micros() -> Option<f64> {
    let mut file = tempfile::tempfile().ok()?;
    let mut micros = Vec::new();
    for _ in 0..DURABLE_WRITES {
        let begun = Instant::now();
        file.write_all(&[0; 4096]).ok()?;
        file.sync_all().ok()?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Some(Summary::of(&micros)?.median)
}

fn conditions(peers: &[Kind], amounts: &Amounts, verify: bool) -> Vec<(String, String)> {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let field = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
    };
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut conditions = vec![
        ("date".to_owned(), jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %Z").to_string()),
        (
            "machine".to_owned(),
            format!(
                "{cores} cores ({}), {} MiB, Linux {}, {}",
                field(&read("/proc/cpuinfo"), "model name"),
                field(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0_u64) / 1024,
                read("/proc/sys/kernel/osrelease").trim(),
                field(&read("/etc/os-release").replace('=', ":"), "PRETTY_NAME").trim_matches('"'),
            ),
        ),
        ("load before".to_owned(), read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")),
        ("TLS".to_owned(), tls::CIPHER.to_owned()),
    ];
    if let Some(commit) = said("git", &["describe", "--always", "--dirty"]) {
        conditions.push(("commit".to_owned(), commit));
    }
    for peer in peers {
        let version = peer.version().unwrap_or_else(|| "?".to_owned());
        let how = match peer {
            Kind::Direct => "",
            Kind::Haproxy if verify => "; TCP mode, TLS on both legs, the upstream's certificate verified",
            Kind::Haproxy => "; TCP mode, TLS on both legs, the upstream's certificate not verified",
            Kind::Nginx => "; mail proxy, plain upstream since it can do no other; an eighth of the small messages",
            Kind::Dovecot => "; proxy, TLS on both legs, certificate verified; an eighth of the load",
            Kind::Delega(_) => "; TLS on both legs, certificate verified; the owner's login, which hashes no password",
        };
        conditions.push((peer.name().to_owned(), version + how));
    }
    if let Some(micros) = durable_micros() {
        let what = "what delega's two records of each message that is sent rest on, in the folder of its store";
        conditions
            .push(("4 KiB and fsync".to_owned(), format!("{micros:.0} µs, the median of {DURABLE_WRITES}: {what}")));
    }
    let Amounts { rounds, sessions, message_kib, megabytes, single, piped, logins, .. } = amounts;
    let Amounts { sent_rounds, sent_megabytes, small_kib, messages, .. } = amounts;
    conditions.push((
        "work of a round".to_owned(),
        format!(
            "{sessions} sessions at once; {megabytes} MB fetched and as much appended in messages of {} MiB; {single} \
             commands one at a time and {piped} in lots of 16, NOOP and UID FETCH FLAGS in turn; {logins} connections \
             with LOGIN and LOGOUT; {sent_megabytes} MB sent and as much retrieved by POP3 in messages of that size; \
             {messages} messages of {small_kib} KiB sent",
            message_kib / 1024
        ),
    ));
    conditions.push((
        "rounds".to_owned(),
        format!(
            "{rounds} of CPU ({sent_rounds} of sending and POP3), {} of latency ({} NOOPs each), {} of memory; peers in turn, A B C then C B A; medians, in \
             brackets the least and the most; × is the multiple of haproxy's",
            amounts.latency_rounds, amounts.noops, amounts.memory_rounds
        ),
    ));
    conditions
}
