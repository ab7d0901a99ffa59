//! Every transcript in `tests/transcripts` that sockets can play, through the real gateway: real accounts, a mail program
//! and an upstream server, TLS on both legs. What sockets cannot play is counted in [`LEFT_OUT`].
//!
//! `DELEGA_TRANSCRIPT=part-of-a-name` plays some of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cast;
#[path = "../support/certs.rs"]
mod certs;
mod log;
mod site;
mod sockets;
#[path = "../support/transcript/mod.rs"]
mod transcript;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use delega::domain::Protocol;
use delega::session::{Leg, Recording};
use site::Site;
use sockets::Sockets;
use transcript::{Event, Pieces, Script, Start, Step, Verdict, play, wrong};

/// How many transcripts, by the directive that keeps them out, and why it does.
const LEFT_OUT: [(&str, usize, &str); 10] = [
    ("time", 43, "the clock of a gateway that runs cannot be moved"),
    ("expect-verify", 5, "when an answer comes from the accounts cannot be said"),
    ("verify", 0, "the accounts cannot hold all that it says at once"),
    (
        "connect",
        3,
        "a mailbox has one upstream, which is reached in one way, and of which nothing is known if it is not",
    ),
    ("revoke", 1, "before the login there is nobody to revoke"),
    ("expect-record", 10, "when the record is written cannot be said"),
    ("record", 4, "the record of a play can be written, and nothing changes right before"),
    ("copied", 0, "nobody keeps copies"),
    ("closes", 4, "whoever is not listened to is not seen to close"),
    ("expect-close-upstream", 13, "what is said upstream at the moment when it is given up may not come there"),
];
/// The least that must be played.
const PERCENT: usize = 75;
/// How many are played at once: most of the time goes by in waiting.
const AT_ONCE: usize = 8;
/// How long what a transcript expects may take.
const EXPECTATION: Duration = Duration::from_secs(10);
/// The delay of a refused login in the transcripts.
const REFUSAL: Duration = Duration::from_secs(2);

/// What is played here.
fn transcripts() -> Vec<(String, Script)> {
    Protocol::ALL.into_iter().flat_map(transcript::all_of).collect()
}

/// The directive that keeps a transcript from being played here, if one does.
fn left_out(script: &Script) -> Option<&'static str> {
    let mut before: Option<&Step> = None;
    let mut entered = script.setup.start == Start::Authenticated;
    for (at, (_, step)) in script.steps.iter().enumerate() {
        let next = script.steps.get(at + 1).map(|(_, step)| step);
        match step {
            // That a refusal takes its time is all that is meant; here it takes another.
            Step::Event(Event::Time(time)) => match before {
                Some(Step::Event(Event::Verified(Verdict::Refused))) if *time == REFUSAL => {}
                _ => return Some("time"),
            },
            Step::Verify { .. } if !matches!(next, Some(Step::Event(Event::Verified(_)))) => {
                return Some("expect-verify");
            }
            Step::RecordSending(_) if !matches!(next, Some(Step::Event(Event::SendingRecorded(_)))) => {
                return Some("expect-record");
            }
            Step::RecordOutcome(_) if !matches!(next, Some(Step::Event(Event::OutcomeRecorded))) => {
                return Some("expect-record");
            }
            Step::Event(Event::SendingRecorded(Recording::Forbidden | Recording::Failed)) => return Some("record"),
            Step::CloseUpstream if hears_upstream(&script.steps[..at]) => return Some("expect-close-upstream"),
            Step::Event(Event::Closes(Leg::Downstream)) if script.protocol != Protocol::Imap => {
                if matches!(before, Some(Step::Hear(Leg::Upstream, _) | Step::Event(Event::Connected(_)))) {
                    return Some("closes");
                }
            }
            Step::Copied(_) => return Some("copied"),
            Step::Event(Event::Verified(Verdict::Ok)) => entered = true,
            Step::Event(Event::Revoke) if !entered => return Some("revoke"),
            _ => {}
        }
        before = Some(step);
    }
    match () {
        () if cast::impossible(script) => Some("verify"),
        () if sockets::impossible(script) => Some("connect"),
        () => None,
    }
}

/// Whether the last thing, notes apart, is what delega must say upstream by SMTP.
fn hears_upstream(steps: &[(usize, Step)]) -> bool {
    let last = steps.iter().map(|(_, step)| step).rfind(|step| !matches!(step, Step::Note(_)));
    matches!(last, Some(Step::Hear(Leg::Upstream, _)))
}

/// Plays one; the failure tells what the gateway logged.
fn once(script: &Script, site: &Arc<Site>, pieces: Pieces, expectation: Duration) -> Result<(), String> {
    let mut sockets =
        Sockets::new(script, site, expectation).map_err(|why| format!("{} (login): {why}", script.name))?;
    let played = play(script, &mut sockets, pieces);
    played.map(|_| ()).map_err(|failure| format!("{failure}\n   log\n{}", sockets.log()))
}

/// Plays all of them, some at once; what failed, by its number.
fn all(scripts: &[&Script], pieces: Pieces, expectation: Duration) -> BTreeMap<usize, String> {
    let site = Arc::new(Site::new());
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let player = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(script) = scripts.get(number) else { return };
            if let Err(failure) = once(script, &site, pieces, expectation) {
                failures.lock().unwrap().insert(number, failure);
            }
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(player))));
    failures.into_inner().unwrap()
}

#[test]
fn transcripts_play_over_tls() {
    let scripts = transcripts();
    let played: Vec<&Script> =
        scripts.iter().map(|(_, script)| script).filter(|script| left_out(script).is_none()).collect();
    let failures = all(&played, Pieces::Whole, EXPECTATION);
    let shown: Vec<String> = failures.into_values().collect();
    assert!(shown.is_empty(), "{} of {} transcripts:\n\n{}\n", shown.len(), played.len(), shown.join("\n\n"));
}

#[test]
fn what_is_left_out_is_counted() {
    if transcript::some_are_wanted() {
        return;
    }
    let scripts = transcripts();
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, script) in &scripts {
        if let Some(directive) = left_out(script) {
            names.entry(directive).or_default().push(&script.name);
        }
    }
    let found: Vec<_> =
        LEFT_OUT.iter().map(|(directive, _, _)| (*directive, names.get(directive).map_or(0, Vec::len))).collect();
    let known: Vec<_> = LEFT_OUT.iter().map(|(directive, count, _)| (*directive, *count)).collect();
    assert_eq!(found, known, "{names:#?}");
    let count: usize = found.iter().map(|(_, count)| count).sum();
    assert_eq!(count, names.values().map(Vec::len).sum::<usize>(), "{names:#?}");
    assert!((scripts.len() - count) * 100 >= scripts.len() * PERCENT, "{count} of {} are left out", scripts.len());
}

/// Transcripts that go wrong in what only sockets show, with the reason that must be found.
const WRONG: [(&str, &str, &str); 6] = [
    (
        "a connection that is not listed",
        "state: login\n>C * OK *\nC> a1 LOGIN anna/ufficio@pec.example.it segreto\n\
         verify: anna/ufficio@pec.example.it segreto ok\n>C a1 OK *\n",
        "asked [Connect]",
    ),
    (
        "an upstream connection that is given up and is not listed",
        "state: login\n>C * OK *\nC> a1 LOGIN anna/ufficio@pec.example.it segreto\n\
         verify: anna/ufficio@pec.example.it segreto ok\nconnect: ok\nU> * BYE no\n>C a1 NO *\n",
        "CloseUpstream",
    ),
    (
        "a login that is checked and is not listed",
        "state: login\n>C * OK *\nC> a1 LOGIN anna/ufficio@pec.example.it segreto\n>C a1 BAD *\n",
        "this was not said",
    ),
    (
        "a grant that does not change what it says",
        "grant: anna/ufficio@pec.example.it read,client\nstate: selected INBOX\ngrant-change: read,write,client\n\
         C> a1 EXPUNGE\n>C a1 NO *\n",
        "this was not said",
    ),
    ("an upstream that closes and is not missed", "state: selected INBOX\ncloses: upstream\n", "was not listed"),
    (
        "a handshake that is not listed",
        "state: login\n>C * OK *\nC> a1 LOGIN anna/ufficio@pec.example.it segreto\n\
         verify: anna/ufficio@pec.example.it segreto ok\nconnect: starttls\nU> * OK ready\n>U $1 STARTTLS\n\
         U> $1 OK Begin TLS\n",
        "StartTls(Upstream)",
    ),
];

#[test]
fn a_wrong_transcript_fails() {
    let mut wrong: Vec<_> = wrong::all().into_iter().map(|(what, text)| (what, text, "")).collect();
    wrong.extend(WRONG.map(|(what, text, why)| (what, text.to_owned(), why)));
    let scripts: Vec<Script> = wrong.iter().map(|(what, text, _)| Script::parse(what, text).unwrap()).collect();
    let right = Script::parse("right", wrong::RIGHT).unwrap();
    let found = all(&[&right], Pieces::Whole, EXPECTATION);
    assert!(found.is_empty(), "{found:?}");
    // What never comes is waited for less long.
    let found = all(&scripts.iter().collect::<Vec<_>>(), Pieces::Whole, Duration::from_secs(2));
    for (number, (what, text, why)) in wrong.iter().enumerate() {
        let failure = found.get(&number).unwrap_or_else(|| panic!("{what}:\n{text}"));
        assert!(failure.contains(why) && !failure.contains("(login)"), "{what}: {failure}");
    }
}
