//! The state property: whatever a delegate without **write** says, the mailbox on disk is as before (P1, P9).
//!
//! Thousands of commands, legal and not, are made up from a seed and said through the real delega to the real Dovecot by
//! several sessions at once. Then folders, UIDs, flags, keywords, subscriptions, annotations and rights are compared with
//! what they were. On the way, every command must have its one answer, in order, and no command that would change
//! anything may be answered OK. When something is not as it should be, the list of commands is made as short as it can
//! be, each try in a fresh mailbox.
//!
//! `DELEGA_SEED` repeats one seed or several (`1,2,3`), `DELEGA_COMMANDS` says how many commands for each. A seed stands for
//! what is said; how the sessions' commands meet on the server is left to chance.

#[path = "state_property/client.rs"]
mod client;
#[path = "state_property/difference.rs"]
mod difference;
#[path = "state_property/generator.rs"]
mod generator;
#[path = "state_property/mischief.rs"]
mod mischief;
#[path = "state_property/operation.rs"]
mod operation;
#[path = "state_property/player.rs"]
mod player;
#[path = "state_property/words.rs"]
mod words;
#[path = "state_property/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use generator::{Generator, Plan};
use operation::Operation;
use player::Counts;
use world::{Cast, Failure, Warm, World};

/// Sessions at the same time in one mailbox.
const SESSIONS: usize = 3;

/// The seeds to try: those of `DELEGA_SEED`, or two that stay and two that nobody has tried.
fn seeds() -> Vec<u64> {
    match std::env::var("DELEGA_SEED") {
        Ok(seeds) => seeds.split(',').map(|seed| seed.parse().unwrap()).collect(),
        Err(_) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
            vec![1, 2, u64::from(now), u64::from(now) + 1]
        }
    }
}

fn commands(usual: usize) -> usize {
    std::env::var("DELEGA_COMMANDS").map_or(usual, |number| number.parse().unwrap())
}

/// The shortest list that still fails in the same way, as far as dropping parts of it can tell (delta debugging).
fn shortest(operations: Vec<Operation>, mut fails: impl FnMut(&[Operation]) -> bool) -> Vec<Operation> {
    let mut list = operations;
    let mut parts = 2;
    while list.len() > 1 {
        let size = list.len().div_ceil(parts);
        let without = (0..list.len()).step_by(size).find_map(|from| {
            let to = (from + size).min(list.len());
            let rest = [&list[..from], &list[to..]].concat();
            fails(&rest).then_some(rest)
        });
        match without {
            Some(rest) => {
                list = rest;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(list.len()),
        }
    }
    list
}

/// Plays the list; if it fails, makes it shorter and says everything about it.
fn hold(world: &mut World, cast: Cast, seed: u64, operations: Vec<Operation>) -> Counts {
    eprintln!("DELEGA_SEED={seed}");
    let (result, counts) = world.play(cast, SESSIONS, &operations);
    let Err(failure) = result else { return counts };
    let all = operations.len();
    // Said at once, since making it shorter takes its time
    eprintln!("DELEGA_SEED={seed} fails with {all} commands, which are being made fewer: {failure}");
    let changed = matches!(failure, Failure::Changed(_));
    let mut last = failure;
    let mut fails = |list: &[Operation]| match world.play(cast, SESSIONS, list).0 {
        Err(failure) if matches!(failure, Failure::Changed(_)) == changed => {
            last = failure;
            true
        }
        _ => false,
    };
    // Mostly it takes no more than the last of the rounds
    let rounds = operations.iter().map(|operation| operation.phase / 2).collect::<BTreeSet<_>>();
    let round = |round: usize| operations.iter().filter(|operation| operation.phase / 2 == round).cloned().collect();
    let alone = rounds.into_iter().map(round).find(|list: &Vec<Operation>| fails(list));
    let list = shortest(alone.unwrap_or(operations), &mut fails);
    let mut told = format!("DELEGA_SEED={seed} DELEGA_COMMANDS={all} fails; {} commands are left of it:\n", list.len());
    list.iter().for_each(|operation| writeln!(told, "  {operation}").unwrap());
    panic!("{told}{last}");
}

/// Shows how each command was answered.
fn say(counts: &Counts) {
    let mut table = format!("{:14}{:>7}{:>7}{:>7}{:>7}\n", "", "OK", "NO", "BAD", "none");
    for (name, [ok, no, bad, none]) in counts {
        writeln!(table, "{name:14}{ok:>7}{no:>7}{bad:>7}{none:>7}").unwrap();
    }
    eprint!("{table}");
}

/// Adds one seed's counts to those of others.
fn add(sum: &mut Counts, counts: Counts) {
    for (name, by_condition) in counts {
        sum.entry(name).or_default().iter_mut().zip(by_condition).for_each(|(sum, n)| *sum += n);
    }
}

#[test]
fn p1_one_who_may_only_read_leaves_no_trace() {
    readers_leave_no_trace(Warm::No, &seeds());
}

/// Readers who come and go hand each other their upstream sessions.
#[test]
fn p1_x4_nor_does_one_who_is_given_anothers_session() {
    readers_leave_no_trace(Warm::Yes, &seeds()[..1]);
}

fn readers_leave_no_trace(warm: Warm, seeds: &[u64]) {
    let mut world = World::new(warm);
    let mut counts = Counts::new();
    for seed in seeds {
        let mut generator = Generator::new(*seed, Plan { sessions: SESSIONS, endings: true, phase: 1, only: &[] });
        let operations = (0..commands(1500)).map(|_| generator.operation()).collect();
        add(&mut counts, hold(&mut world, Cast::Readers, *seed, operations));
    }
    say(&counts);
}

/// Permissions shrink under open sessions, some of which have a folder open for writing: from then on nothing changes.
#[test]
fn p9_one_who_has_lost_write_leaves_no_trace() {
    /// What prepares the ground: folders open for writing, or half so, with messages flagged `\Deleted` in them.
    const BEFORE: &[&str] = &["EXAMINE", "SEARCH", "ENABLE", "IDLE"];
    /// What would change something if only the folder were open for writing.
    const AFTER: &[&str] =
        &["FETCH", "CLOSE", "UNSELECT", "STORE", "EXPUNGE", "NOOP", "CHECK", "IDLE", "SELECT", "APPEND"];
    const ROUND: [usize; 2] = [4 * SESSIONS, 6 * SESSIONS];
    let mut world = World::new(Warm::No);
    let mut counts = Counts::new();
    for seed in seeds() {
        let mut operations = Vec::new();
        for phase in (0..2 * commands(200).div_ceil(ROUND.iter().sum())).step_by(2) {
            let seed = seed ^ ((phase as u64) << 40);
            let mut before = Generator::new(seed, Plan { sessions: SESSIONS, endings: false, phase, only: BEFORE });
            operations.extend((0..ROUND[0]).map(|_| before.operation()));
            let plan = Plan { sessions: SESSIONS, endings: true, phase: phase + 1, only: AFTER };
            let mut after = Generator::new(!seed, plan);
            after.goes_on();
            operations.extend((0..ROUND[1]).map(|_| after.operation()));
        }
        add(&mut counts, hold(&mut world, Cast::Loser, seed, operations));
    }
    say(&counts);
}

/// The judge can find fault: one who may write changes something, and the list becomes short.
#[test]
fn the_property_can_fail_and_shrink() {
    let mut world = World::new(Warm::No);
    let mut generator = Generator::new(7, Plan { sessions: SESSIONS, endings: true, phase: 1, only: &[] });
    let operations: Vec<Operation> = (0..300).map(|_| generator.operation()).collect();
    let mut fails = |list: &[Operation]| matches!(world.play(Cast::Writer, SESSIONS, list).0, Err(Failure::Changed(_)));
    assert!(fails(&operations));
    let list = shortest(operations, &mut fails);
    assert!(fails(&list));
    let told: Vec<String> = list.iter().map(ToString::to_string).collect();
    println!("{}", told.join("\n"));
    assert!(list.len() <= 3, "{told:#?}");
}

#[test]
fn a_list_becomes_as_short_as_it_can() {
    let mut generator = Generator::new(7, Plan { sessions: 1, endings: false, phase: 1, only: &[] });
    let operations: Vec<Operation> = (0..200).map(|_| generator.operation()).collect();
    let wanted = [17, 18, 140].map(|n| operations[n].cuts);
    let has_all = |list: &[Operation]| wanted.iter().all(|cuts| list.iter().any(|operation| operation.cuts == *cuts));
    let list = shortest(operations, has_all);
    assert_eq!(list.iter().map(|operation| operation.cuts).collect::<Vec<_>>(), wanted);
}
