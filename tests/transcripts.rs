//! Every transcript in `tests/transcripts`, played against the bare session: whole, octet by octet, in random pieces,
//! and given only what the session wants. `tests/transcripts/README.md` describes the format.
//!
//! `DELEGA_TRANSCRIPT=part-of-a-name` plays some of them; `DELEGA_SEED=n` repeats random pieces.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/transcript/mod.rs"]
mod transcript;

use std::time::{SystemTime, UNIX_EPOCH};

use delega::domain::Protocol;
use delega::proto::imap::verb::Verb;
use transcript::{Machine, Manners, Outcome, Pieces, Script, Shown, all, all_of, play, wrong};

/// How many random plays each transcript gets.
const RANDOM_PLAYS: u64 = 6;

fn once(script: &Script, manners: Manners, pieces: Pieces) -> Result<transcript::Played, String> {
    play(script, &mut Machine::new(script, manners), pieces).map_err(|failure| format!("{failure} ({manners:?})"))
}

/// Plays everything; reports all failures together.
fn every(mut run: impl FnMut(&Script) -> Result<(), String>) {
    let scripts = all();
    let failures: Vec<String> = scripts.iter().filter_map(|(_, script)| run(script).err()).collect();
    assert!(failures.is_empty(), "{} of {} transcripts:\n\n{}\n", failures.len(), scripts.len(), failures.join("\n\n"));
}

/// However it is cut, what comes out must be the same to the octet.
fn compared(script: &Script, outcome: &Outcome) -> Result<(), String> {
    let whole = once(script, Manners::Pushy, Pieces::Whole)?.outcome;
    if whole == *outcome { Ok(()) } else { Err(format!("{}: the outcome depends on the pieces", script.name)) }
}

#[test]
fn transcripts_play_whole() {
    every(|script| once(script, Manners::Pushy, Pieces::Whole).map(|_| ()));
}

#[test]
fn transcripts_play_octet_by_octet() {
    every(|script| compared(script, &once(script, Manners::Pushy, Pieces::Octets)?.outcome));
}

#[test]
fn transcripts_play_in_random_pieces() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = std::env::var("DELEGA_SEED").map_or(now, |seed| seed.parse().expect("DELEGA_SEED is a number"));
    every(|script| {
        for n in 0..RANDOM_PLAYS {
            // Every play has a seed of its own, and each failure names the one that repeats all.
            let pieces =
                Pieces::Random(seed.wrapping_mul(RANDOM_PLAYS).wrapping_add(n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let named = |why| format!("{why}\n    repeat with DELEGA_SEED={seed}");
            let played = once(script, Manners::Pushy, pieces).map_err(named)?;
            compared(script, &played.outcome).map_err(named)?;
        }
        Ok(())
    });
}

#[test]
fn transcripts_play_given_only_what_is_wanted() {
    every(|script| match script.setup.pushy {
        true => Ok(()),
        false => compared(script, &once(script, Manners::Polite, Pieces::Whole)?.outcome),
    });
}

#[test]
fn every_transcript_says_what_it_shows() {
    for (text, script) in all() {
        assert!(text.starts_with("# "), "{}: the first line says what it shows and for which requirement", script.name);
    }
}

/// policy.md: every command has a transcript where it is allowed, unless it never is, and one where it is refused, unless
/// it never is.
fn shown_both_ways(protocol: Protocol, verbs: &[&str], never_allowed: &[&str], never_refused: &[&str]) {
    if transcript::some_are_wanted() {
        return;
    }
    let mut all_shown = Shown::default();
    for (_, script) in all_of(protocol) {
        let shown = once(&script, Manners::Pushy, Pieces::Whole).unwrap().shown;
        all_shown.allowed.extend(shown.allowed);
        all_shown.refused.extend(shown.refused);
    }
    for verb in never_allowed {
        assert!(!all_shown.allowed.contains(*verb), "{verb} is never allowed");
    }
    let missing = |from: &std::collections::HashSet<String>, never: &[&str]| -> Vec<&str> {
        verbs.iter().copied().filter(|verb| !never.contains(verb) && !from.contains(*verb)).collect()
    };
    assert_eq!(
        (missing(&all_shown.allowed, never_allowed), missing(&all_shown.refused, never_refused)),
        (vec![], vec![]),
        "(allowed, refused)"
    );
}

#[test]
fn every_imap_command_is_shown_allowed_and_refused() {
    let verbs: Vec<&str> = Verb::ALL.iter().map(|verb| verb.name()).collect();
    let never_allowed = ["SETACL", "DELETEACL", "LISTRIGHTS", "GETACL", "SETQUOTA"];
    shown_both_ways(Protocol::Imap, &verbs, &never_allowed, &[]);
}

#[test]
fn every_pop3_command_is_shown_allowed_and_refused() {
    let verbs: Vec<&str> = delega::proto::pop3::verb::Verb::ALL.iter().map(|verb| verb.name()).collect();
    shown_both_ways(Protocol::Pop3, &verbs, &[], &[]);
}

#[test]
fn every_smtp_command_is_shown_allowed_and_refused() {
    let verbs: Vec<&str> = delega::proto::smtp::verb::Verb::ALL.iter().map(|verb| verb.name()).collect();
    let never_allowed = ["BDAT", "VRFY", "EXPN", "ETRN", "TURN", "BURL", "XCLIENT", "XFORWARD"];
    shown_both_ways(Protocol::Submission, &verbs, &never_allowed, &["NOOP", "HELP"]);
}

/// The player must be able to fail.
#[test]
fn a_wrong_transcript_fails() {
    let fails = |text: &str| {
        let script = Script::parse("wrong", text).unwrap();
        [Pieces::Whole, Pieces::Octets, Pieces::Random(7)]
            .iter()
            .all(|pieces| once(&script, Manners::Pushy, *pieces).is_err())
    };
    assert!(!fails(wrong::RIGHT));
    for (what, text) in wrong::all() {
        assert!(fails(&text), "{what}:\n{text}");
    }
}
