//! What a stranger learns from a refusal: nothing, neither by what is said nor by when, nor by what it has cost (S5).
//!
//! Each round tries every case once, in random order, each on a connection of its own. Two things are compared: when the
//! answer comes, which anybody can tell; and the CPU time of the server, which somebody can guess at by how long others
//! wait meanwhile. Two controls show that the comparison finds what there is to find: a command that is answered at once
//! because it is none, and an app password, which by design costs no argon2.

use std::thread;
use std::time::{Duration, Instant};

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;
use serde_json::Value;

use super::delega::{Delega, Options, password};
use super::imap::{Client, sasl_plain};
use super::office::{ADDRESS, PASSWORD};
use super::pop3::Pop3Client;
use super::support::dovecot;
use super::two_factor::enrol;

/// The standard score beyond which chance is to blame once in ten thousand times (two-sided).
const STRICT: f64 = 3.89;

/// Those that must not be told apart: the login, and the password.
const CASES: [(&str, &str); 8] = [
    ("nobody at all", "una-password-qualsiasi"),
    ("anna/nessuna@pec.example.it", "una-password-qualsiasi"),
    ("nessuno/ufficio@pec.example.it", "una-password-qualsiasi"),
    ("bruno/ufficio@pec.example.it", "una-password-qualsiasi"),
    ("sospesa/ufficio@pec.example.it", "prova-di-sospesa-1"),
    ("chiusa/ufficio@pec.example.it", "prova-di-chiusa-1"),
    ("senza/ufficio@pec.example.it", "prova-di-senza-1"),
    ("due/ufficio@pec.example.it", "prova-di-due-1"),
];

/// A connection before login.
enum Wire {
    Imap(Client),
    Pop3(Box<Pop3Client>),
    /// After EHLO.
    Smtp(Client),
}

impl Wire {
    fn imap(delega: &Delega) -> Wire {
        Wire::Imap(Client::connect(delega))
    }

    fn pop3(delega: &Delega) -> Wire {
        Wire::Pop3(Box::new(Pop3Client::connect(delega.pop3().implicit, delega)))
    }

    fn smtp(delega: &Delega) -> Wire {
        let mut client = Client::tls(delega.submission().implicit, &delega.ca_file()).unwrap();
        client.send(b"EHLO client.example.it\r\n");
        while !client.line().starts_with("250 ") {}
        Wire::Smtp(client)
    }

    /// Tries to log in; the answer, without the tag.
    fn try_in(&mut self, login: &str, password: &str) -> String {
        match self {
            Wire::Imap(client) => client.login(login, password).status,
            Wire::Pop3(client) => client.login(login, password),
            Wire::Smtp(client) => {
                client.send(format!("AUTH PLAIN {}\r\n", sasl_plain("", login, password)).as_bytes());
                client.line()
            }
        }
    }

    /// Says what is no command.
    fn say_nothing(&mut self) -> String {
        match self {
            Wire::Imap(client) => client.cmd("LOGIN").status,
            Wire::Pop3(client) => client.cmd("PASS"),
            Wire::Smtp(client) => {
                client.send(b"AUTH\r\n");
                client.line()
            }
        }
    }
}

/// What was measured of one case.
#[derive(Default)]
struct Samples {
    answered: Vec<f64>,
    worked: Vec<f64>,
}

/// A number from 0 to just below `below`, of the system's making.
fn random(below: usize) -> usize {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    (u64::from_ne_bytes(bytes) % below as u64) as usize
}

/// The server's CPU time so far.
fn cpu(delega: &Delega) -> Duration {
    clock_getcpuclockid(Pid::from_raw(delega.id().cast_signed())).unwrap().now().unwrap().into()
}

/// The same once it works no more.
fn cpu_at_rest(delega: &Delega) -> Duration {
    let mut last = cpu(delega);
    loop {
        thread::sleep(Duration::from_millis(30));
        let now = cpu(delega);
        if now - last < Duration::from_micros(300) {
            return now;
        }
        last = now;
    }
}

/// Everything that is tried: the cases, and behind them the two controls.
fn round(delega: &Delega, connect: fn(&Delega) -> Wire, app_password: &str, all: &mut [Samples]) {
    let mut order: Vec<usize> = (0..all.len()).collect();
    for n in (1..order.len()).rev() {
        order.swap(n, random(n + 1));
    }
    let wires: Vec<Wire> = order.iter().map(|_| connect(delega)).collect();
    thread::scope(|scope| {
        let mut before = cpu_at_rest(delega);
        let mut waiting = Vec::new();
        for (case, mut wire) in order.into_iter().zip(wires) {
            let attempt = move || {
                let begun = Instant::now();
                let said = match CASES.get(case) {
                    Some((login, password)) => wire.try_in(login, password),
                    None if case == CASES.len() => wire.say_nothing(),
                    None => wire.try_in("due/ufficio@pec.example.it", app_password),
                };
                (begun.elapsed().as_secs_f64(), said)
            };
            waiting.push((case, scope.spawn(attempt)));
            let after = cpu_at_rest(delega);
            all[case].worked.push((after - before).as_secs_f64());
            before = after;
        }
        let mut refusal = None;
        for (case, answer) in waiting {
            let (after, said) = answer.join().unwrap();
            all[case].answered.push(after);
            if case < CASES.len() {
                let no = ["NO ", "-ERR ", "535 "].iter().any(|no| said.starts_with(no));
                assert!(no, "{}: {said}", CASES[case].0);
                assert_eq!(*refusal.get_or_insert(said.clone()), said, "{}", CASES[case].0);
            }
        }
    });
}

/// How far apart two samples are by the test of Mann and Whitney: the standard score of U, ties counted by half.
fn score(one: &[f64], other: &[f64]) -> f64 {
    let (n, m) = (one.len() as f64, other.len() as f64);
    let beats = |a: &f64, b: &f64| {
        if a > b {
            1.0
        } else if a < b {
            0.0
        } else {
            0.5
        }
    };
    let u: f64 = one.iter().map(|a| other.iter().map(|b| beats(a, b)).sum::<f64>()).sum();
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[allow(clippy::print_stdout, reason = "the figures are of interest where nothing is told apart, too")]
fn print(case: usize, figure: &str) {
    println!("{:<32} {figure}", CASES[case].0);
}

/// Those cases that can be told from all the others together, by the time of the answer.
fn told_apart(all: &[Samples]) -> Vec<usize> {
    let cases = 0..CASES.len();
    let apart = |case: &usize| {
        let others = cases.clone().filter(|other| other != case).flat_map(|other| all[other].answered.clone());
        let score = score(&all[*case].answered, &others.collect::<Vec<_>>());
        print(*case, &format!("{score:+.2}"));
        score.abs() > STRICT
    };
    cases.clone().filter(apart).collect()
}

fn measure(delega: &Delega, connect: fn(&Delega) -> Wire, app_password: &str, rounds: usize) -> Vec<Samples> {
    let mut all: Vec<Samples> = (0..CASES.len() + 2).map(|_| Samples::default()).collect();
    for _ in 0..rounds {
        round(delega, connect, app_password, &mut all);
    }
    all
}

fn nothing_is_told_by(connect: fn(&Delega) -> Wire, rounds: usize) {
    let dovecot = dovecot::Options::default().start();
    dovecot.add_mailbox(ADDRESS, PASSWORD);
    let mut options = Options::before(&dovecot).downloading(&dovecot);
    // Nobody who is refused gets there, and what comes of the one who is not does not matter.
    options.submission = Some("smtps://localhost:1".to_owned());
    let delega = options.start();
    delega.add_mailbox(ADDRESS, PASSWORD);
    for username in ["bruno", "sospesa", "chiusa", "senza", "due"] {
        delega.add_delegate_by(ADDRESS, username, "read,write,send,client", "imap,pop3");
    }
    // The cases are what they are called only if these passwords are right.
    for username in ["sospesa", "chiusa", "senza", "due"] {
        let (_, password) = CASES.iter().find(|(login, _)| login.starts_with(username)).unwrap();
        assert_eq!(*password, self::password(username));
        Client::connect(&delega).login(&format!("{username}/{ADDRESS}"), password).ok();
    }
    delega.cli(&["delegate", "suspend", ADDRESS, "sospesa"], "");
    enrol(&delega, &[ADDRESS, "due"]);
    enrol(&delega, &[ADDRESS]);
    let app = ["app-password", "create", ADDRESS, "due", "--name", "x", "--protocol", "imap,pop3,submission", "--json"];
    let app: Value = serde_json::from_str(&delega.cli(&app, "")).unwrap();
    close(&delega, "chiusa");

    let app = app["password"].as_str().unwrap();
    let all = measure(&delega, connect, app, rounds);
    let apart = told_apart(&all);
    if !apart.is_empty() {
        let again = told_apart(&measure(&delega, connect, app, rounds));
        let twice: Vec<&str> =
            apart.into_iter().filter(|case| again.contains(case)).map(|case| CASES[case].0).collect();
        assert!(twice.is_empty(), "the time of the answer tells of {twice:?}");
    }
    let work: Vec<f64> = all.iter().map(|samples| median(&samples.worked)).collect();
    let usual = median(&work[..CASES.len()]);
    for (case, work) in work[..CASES.len()].iter().enumerate() {
        print(case, &format!("{:.1} ms of CPU", work * 1000.0));
        assert!((0.6..1.6).contains(&(work / usual)), "{}: {work} of {usual}", CASES[case].0);
    }

    // And all of this would be found.
    let refused: Vec<f64> = all[..CASES.len()].iter().flat_map(|samples| samples.answered.clone()).collect();
    let [.., none, app] = &all[..] else { panic!() };
    assert!(score(&none.answered, &refused) < -STRICT, "an early answer is not told apart");
    for control in [none, app] {
        assert!(median(&control.worked) < usual / 3.0, "one that costs no argon2 is not told apart");
    }
}

/// Closes the door of a delegate for a long while, as many guesses from elsewhere would.
fn close(delega: &Delega, username: &str) {
    let database = rusqlite::Connection::open(delega.folder().join("delega.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    // With the address, since they have come in from it.
    let closed = (format!("{username}/{ADDRESS} 127.0.0.1"), now, now + 3_600_000);
    let insert = "INSERT INTO guesses (who, count, last_at_ms, leaks_from_ms, closed_until_ms, remembered) \
                  VALUES (?1, 11, ?2, ?2, ?3, x'')";
    database.execute(insert, closed).unwrap();
}

#[test]
fn s5_imap_refuses_in_the_same_time_whatever_is_wrong() {
    nothing_is_told_by(Wire::imap, 24);
}

/// What judges is the same by all protocols; here it is whether the answer is kept back.
#[test]
fn s5_pop3_refuses_in_the_same_time_whatever_is_wrong() {
    nothing_is_told_by(Wire::pop3, 12);
}

#[test]
fn s5_smtp_refuses_in_the_same_time_whatever_is_wrong() {
    nothing_is_told_by(Wire::smtp, 12);
}
