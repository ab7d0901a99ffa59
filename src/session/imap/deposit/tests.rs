//! Scripted upstreams, whose bytes come in pieces of every size. A file of its own, since it is long.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// 27 November 2026, 18:10:31.250 UTC.
const ACCEPTED_AT_MS: i64 = 1_795_803_031_250;
const MESSAGE: &[u8] = b"Message-ID: <1@pec.example.it>\r\n\r\n{3}\r\nS9 OK\r\n";

const SETTLED: (&str, &str) = ("D1 OK done\r\n", "S1 LIST \"\" \"*\" RETURN (SPECIAL-USE)\r\n");
const LISTED: (&str, &str) = (
    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* LIST (\\HasNoChildren \\Sent) \"/\" {6}\r\nIn\"via\r\nS1 OK done\r\n",
    "S2 EXAMINE \"In\\\"via\"\r\n",
);
const OPENED: (&str, &str) = (
    "* 3 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 1] x {9}\r\nS2 OK [READ-ONLY] done\r\n",
    "S3 UID SEARCH SINCE 26-Nov-2026 HEADER Message-ID \"<1@pec.example.it>\"\r\n",
);
const NOT_FOUND: (&str, &str) =
    ("* SEARCH\r\nS3 OK done\r\n", "S4 APPEND \"In\\\"via\" (\\Seen) \"27-Nov-2026 18:10:31 +0000\" {46}\r\n");
const GO_AHEAD: (&str, &str) = ("+ go on\r\n", "Message-ID: <1@pec.example.it>\r\n\r\n{3}\r\nS9 OK\r\n\r\n");

fn letter() -> Letter {
    Letter {
        message_id: Some("<1@pec.example.it>".into()),
        octets: MESSAGE.len() as u64,
        accepted_at_ms: ACCEPTED_AT_MS,
        tried_before: false,
    }
}

fn nameless(tried_before: bool) -> Letter {
    Letter { message_id: None, tried_before, ..letter() }
}

fn capable(capabilities: &str) -> Capabilities {
    Capabilities::parse(capabilities.as_bytes())
}

/// Each line of the script: what the upstream says, and what it is told thereupon. Plays it in pieces of every size.
#[track_caller]
fn plays(letter: &Letter, script: &[(&str, &str)]) -> Deposit {
    let mut last = None;
    let longest = script.iter().map(|(says, _)| says.len()).max().unwrap();
    for size in 1..=longest {
        let mut out = Vec::new();
        let parked = Parked::new(capable("SPECIAL-USE LIST-EXTENDED"), b"D1".to_vec());
        let mut deposit = Deposit::new(parked, letter.clone(), &mut out);
        for (says, told) in script {
            for piece in says.as_bytes().chunks(size) {
                assert_eq!(String::from_utf8_lossy(&out), "", "before {says:?} was heard, by {size}");
                deposit.upstream(piece, &mut out);
            }
            let mut left = MESSAGE;
            while deposit.wants() > 0 {
                assert!(deposit.has_begun());
                let (piece, rest) = left.split_at(size.min(left.len()));
                deposit.octets(piece, &mut out);
                left = rest;
            }
            assert_eq!(String::from_utf8_lossy(&out), *told, "after {says:?}, by {size}");
            out.clear();
        }
        last = Some(deposit);
    }
    last.unwrap()
}

#[track_caller]
fn ends(letter: &Letter, script: &[(&str, &str)]) -> Deposited {
    plays(letter, script).end().cloned().unwrap()
}

#[track_caller]
fn postponed(script: &[(&str, &str)]) -> String {
    match ends(&letter(), script) {
        Deposited::Postponed(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn x13_it_is_looked_for_and_put_there() {
    let script = [SETTLED, LISTED, OPENED, NOT_FOUND, GO_AHEAD, ("* 4 EXISTS\r\nS4 OK [APPENDUID 1 9] done\r\n", "")];
    let deposit = plays(&letter(), &script);
    assert_eq!(deposit.end(), Some(&Deposited::Stored));
    assert_eq!(deposit.folder(), Some(&b"In\"via"[..]));
    assert!(deposit.farewell().is_some() && !deposit.has_begun());
}

#[test]
fn x13_what_is_there_is_not_put_there_again() {
    assert_eq!(ends(&letter(), &[SETTLED, LISTED, OPENED, ("* SEARCH 7\r\nS3 OK done\r\n", "")]), Deposited::Found);
    let tried = Letter { tried_before: true, ..letter() };
    let many = format!("* SEARCH{}\r\nS3 OK done\r\n", " 4294967295".repeat(10));
    assert_eq!(ends(&tried, &[SETTLED, LISTED, OPENED, (&many, "")]), Deposited::Found);
}

#[test]
fn x13_without_special_use_the_folder_is_known_by_its_name() {
    let mut out = Vec::new();
    let mut parked = Parked::new(capable("SPECIAL-USE"), b"D1".to_vec());
    parked.upstream(b"D1 OK\r\n").unwrap();
    let mut deposit = Deposit::new(parked, letter(), &mut out);
    assert_eq!(out, b"S1 LIST \"\" \"*\"\r\n", "RETURN is of LIST-EXTENDED");
    out.clear();
    let folders = b"* LIST () \".\" INBOX\r\n* LIST () \".\" \"INBOX.Posta inviata\"\r\nS1 OK\r\n";
    deposit.upstream(folders, &mut out);
    assert_eq!(out, b"S2 EXAMINE \"INBOX.Posta inviata\"\r\n");
}

#[test]
fn x13_without_such_a_folder_it_is_postponed_and_none_is_made() {
    let why = postponed(&[SETTLED, ("* LIST () \"/\" INBOX\r\nS1 OK done\r\n", "")]);
    assert!(why.contains("no folder"), "{why}");
    // A name too long to be held is not the one
    let long = format!("* LIST (\\Sent) \"/\" \"{}\"\r\nS1 OK done\r\n", "x".repeat(limits::HELD_RESPONSE_BYTES));
    let mut out = Vec::new();
    let mut deposit = Deposit::new(Parked::new(Capabilities::NONE, b"D1".to_vec()), letter(), &mut out);
    deposit.upstream(b"D1 OK\r\n", &mut out);
    deposit.upstream(long.as_bytes(), &mut out);
    assert_eq!(deposit.end(), Some(&Deposited::Postponed(folder::NONE.into())));
}

const APPENDED_AT_ONCE: (&str, &str) = (
    "* LIST (\\Sent) \"/\" Sent\r\nS1 OK done\r\n",
    "S2 APPEND \"Sent\" (\\Seen) \"27-Nov-2026 18:10:31 +0000\" {46}\r\n",
);
const LOOKED_AT: (&str, &str) = ("* LIST (\\Sent) \"/\" Sent\r\nS1 OK done\r\n", "S2 EXAMINE \"Sent\"\r\n");
const ALIKE_ASKED: (&str, &str) =
    ("S2 OK done\r\n", "S3 UID SEARCH SINCE 26-Nov-2026 BEFORE 29-Nov-2026 LARGER 45 SMALLER 47\r\n");
const TWO_ALIKE: (&str, &str) = ("* SEARCH 4 7\r\nS3 OK done\r\n", "S4 UID FETCH 4,7 (INTERNALDATE)\r\n");

#[test]
fn x13_without_a_message_id_the_first_attempt_looks_for_nothing() {
    let script = [SETTLED, APPENDED_AT_ONCE, GO_AHEAD, ("S2 OK\r\n", "")];
    assert_eq!(ends(&nameless(false), &script), Deposited::Stored);
}

#[test]
fn x13_without_a_message_id_it_is_found_by_its_size_and_second() {
    let ours = "* 1 FETCH (UID 4 INTERNALDATE \"27-Nov-2026 18:10:30 +0000\")\r\n\
                * 2 FETCH (INTERNALDATE \"27-Nov-2026 19:10:31 +0100\" UID 7)\r\nS4 OK done\r\n";
    let script = [SETTLED, LOOKED_AT, ALIKE_ASKED, TWO_ALIKE, (ours, "")];
    assert_eq!(ends(&nameless(true), &script), Deposited::Found);
    let others = "* 1 FETCH (UID 4 INTERNALDATE \"27-Nov-2026 18:10:30 +0000\")\r\n\
                  * 2 FETCH (FLAGS (\\Seen))\r\nS4 OK done\r\n";
    let append = "S5 APPEND \"Sent\" (\\Seen) \"27-Nov-2026 18:10:31 +0000\" {46}\r\n";
    let script = [SETTLED, LOOKED_AT, ALIKE_ASKED, TWO_ALIKE, (others, append), GO_AHEAD, ("S5 OK\r\n", "")];
    assert_eq!(ends(&nameless(true), &script), Deposited::Stored);
}

/// What a search would find in every message, or could not find, is not searched for.
#[test]
fn a_message_id_that_a_search_would_get_wrong_is_none() {
    for id in ["1", "<>", "<1@x", "<\u{e8}@pec.example.it>", "<a b@x>"] {
        let letter = Letter { message_id: Some(id.into()), ..nameless(false) };
        plays(&letter, &[SETTLED, APPENDED_AT_ONCE]);
    }
    let quoted = Letter { message_id: Some("<\"a\\b\"@x>".into()), ..letter() };
    let search = "S3 UID SEARCH SINCE 26-Nov-2026 HEADER Message-ID \"<\\\"a\\\\b\\\"@x>\"\r\n";
    plays(&quoted, &[SETTLED, LOOKED_AT, ("S2 OK\r\n", search)]);
}

#[test]
fn a_refusal_is_told_to_the_operator_in_the_upstreams_words() {
    let why = postponed(&[SETTLED, ("S1 NO [SERVERBUG] not\x1b[2J now\r\n", "")]);
    assert_eq!(why, "the mail server does not list its folders: NO [SERVERBUG] not[2J now");
    assert!(postponed(&[SETTLED, LISTED, ("S2 NO [NONEXISTENT] gone\r\n", "")]).contains("[NONEXISTENT] gone"));
    assert!(postponed(&[SETTLED, LISTED, OPENED, ("S3 BAD what\r\n", "")]).contains("BAD what"));
    let full = "S4 NO [OVERQUOTA] Quota exceeded\r\n";
    for script in [
        &[SETTLED, LISTED, OPENED, NOT_FOUND, (full, "")][..],
        &[SETTLED, LISTED, OPENED, NOT_FOUND, GO_AHEAD, (full, "")],
    ] {
        let deposit = plays(&letter(), script);
        assert!(deposit.farewell().is_some());
        assert!(postponed(script).ends_with("NO [OVERQUOTA] Quota exceeded"));
    }
    let long = format!("S1 NO {}\r\n", "x".repeat(5000));
    assert!(postponed(&[SETTLED, (&long, "")]).len() < 300);
}

#[test]
fn a_message_that_is_too_large_for_the_upstream_is_given_up() {
    let script = [SETTLED, LISTED, OPENED, NOT_FOUND, ("S4 NO [TOOBIG] no\r\n", "")];
    assert!(matches!(ends(&letter(), &script), Deposited::Failed(_)));
}

/// Whatever comes then, it is postponed, and the connection is of no more use.
#[test]
fn an_upstream_that_is_not_to_be_understood_is_left() {
    let steps = [SETTLED, LISTED, OPENED, NOT_FOUND, GO_AHEAD];
    for before in 0..=steps.len() {
        for nonsense in
            ["* BYE\r\n", "S9 OK\r\n", "D1 NO\r\n", "+ again\r\n", "junk\r\n", "* OK x\n", "* 1 FETCH (X\rY)\r\n"]
        {
            // The go-ahead comes as it should
            if before == 4 && nonsense.starts_with('+') {
                continue;
            }
            let script = [steps.get(..before).unwrap(), &[(nonsense, "")]].concat();
            let deposit = plays(&letter(), &script);
            assert!(matches!(deposit.end(), Some(Deposited::Postponed(_))), "{nonsense:?} after {before}");
            assert_eq!(deposit.farewell(), None, "{nonsense:?} after {before}");
        }
    }
}

#[test]
fn an_answer_within_the_message_ends_it() {
    let mut out = Vec::new();
    let mut deposit = plays(&letter(), &[SETTLED, LISTED, OPENED, NOT_FOUND]);
    deposit.upstream(b"+ go on\r\n", &mut out);
    deposit.octets(b"Mess", &mut out);
    assert!(deposit.wants() == 42 && deposit.has_begun());
    let mut again = plays(&letter(), &[SETTLED, LISTED, OPENED, NOT_FOUND]);
    again.upstream(b"+ go on\r\n", &mut out);
    out.clear();
    deposit.upstream(b"S4 NO [OVERQUOTA] full\r\n", &mut out);
    again.upstream(b"S4 OK stored\r\n", &mut out);
    for deposit in [&mut deposit, &mut again] {
        assert!(matches!(deposit.end(), Some(Deposited::Postponed(_))));
        assert_eq!((deposit.wants(), deposit.farewell()), (0, None), "a command would be taken for the message");
        deposit.octets(b"age", &mut out);
    }
    assert_eq!(out, b"");
}

#[test]
fn an_upstream_that_goes_away_is_told_and_an_end_stays() {
    let mut deposit = plays(&letter(), &[SETTLED, LISTED]);
    deposit.closed();
    assert_eq!(deposit.end(), Some(&Deposited::Postponed("the mail server closed the connection".into())));
    let mut found = plays(&letter(), &[SETTLED, LISTED, OPENED, ("* SEARCH 7\r\nS3 OK done\r\n", "")]);
    found.closed();
    assert_eq!(found.end(), Some(&Deposited::Found));
}

/// No more is sent than was announced.
#[test]
fn octets_beyond_those_announced_go_nowhere() {
    let mut out = Vec::new();
    let mut deposit = plays(&letter(), &[SETTLED, LISTED, OPENED, NOT_FOUND]);
    deposit.octets(b"too early", &mut out);
    assert_eq!(out, b"");
    deposit.upstream(b"+ go on\r\n", &mut out);
    deposit.octets(&[b'x'; 60], &mut out);
    assert_eq!(out, [&[b'x'; 46][..], b"\r\n"].concat());
}

/// What an upstream may say, in whatever order.
fn say() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(vec!["S1", "S2", "S3", "S4", "S5", "D1", "S"]);
    let status = prop::sample::select(vec!["OK", "NO", "BAD", "NO [TOOBIG]", "OK [X", "BYE"]);
    prop_oneof![
        (tag, status).prop_map(|(tag, status)| format!("{tag} {status} x\r\n")),
        prop::sample::select(vec![
            "* LIST (\\Sent) \"/\" Sent\r\n",
            "* LIST (\\Sent) \"/\" {4}\r\nSent\r\n",
            "* LIST () NIL {3}\r\n)\r\n\r\n",
            "* SEARCH 1 2\r\n",
            "* SEARCH\r\n",
            "* 1 FETCH (INTERNALDATE \"27-Nov-2026 18:10:31 +0000\")\r\n",
            "* 1 EXISTS\r\n",
            "+ \r\n",
            "* BYE\r\n",
            "* X {3}\r\n\"\r\n\r\n",
        ])
        .prop_map(str::to_owned),
        "[ -~\r\n]{0,12}",
    ]
}

/// Some way along with what it should say, and from there on anything.
fn words() -> impl Strategy<Value = String> {
    let steps = ["* LIST (\\Sent) \"/\" Sent\r\nS1 OK\r\n", "S2 OK\r\n", "* SEARCH\r\nS3 OK\r\n", "+ \r\n"];
    let anything = prop::collection::vec(say(), 0..12);
    (0..=steps.len(), anything).prop_map(move |(as_it_should, anything)| {
        steps.into_iter().take(as_it_should).map(str::to_owned).chain(anything).collect()
    })
}

/// Feeds an upstream's words in pieces, and the message as it is wanted; everything that was sent, and the end.
fn feed(letter: &Letter, said: &[u8], pieces: impl Iterator<Item = usize>) -> (Vec<u8>, Option<Deposited>) {
    let mut out = Vec::new();
    let mut deposit = Deposit::new(Parked::new(Capabilities::NONE, b"D1".to_vec()), letter.clone(), &mut out);
    deposit.upstream(b"D1 OK\r\n", &mut out);
    let mut rest = said;
    for size in pieces {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        deposit.upstream(piece, &mut out);
    }
    deposit.upstream(rest, &mut out);
    let whole = (out, deposit.end().cloned());
    assert!(whole.0.len() < 4096, "an upstream's words make delega say more and more");
    whole
}

proptest! {
    #[test]
    fn however_the_upstreams_words_are_split_the_end_is_the_same(
        said in words(),
        pieces in prop::collection::vec(0_usize..9, 0..60),
        tried_before: bool,
        named: bool,
    ) {
        let letter = if named { Letter { tried_before, ..letter() } } else { nameless(tried_before) };
        let whole = feed(&letter, said.as_bytes(), std::iter::empty());
        prop_assert_eq!(feed(&letter, said.as_bytes(), pieces.into_iter()), whole);
        let single = feed(&letter, said.as_bytes(), std::iter::repeat_n(1, said.len()));
        prop_assert_eq!(single, feed(&letter, said.as_bytes(), std::iter::empty()));
    }

    /// Only an upstream that has said so, in its turn, has it.
    #[test]
    fn nothing_is_stored_before_the_message_was_sent(said in words()) {
        // The message itself is never given here.
        let (_, end) = feed(&letter(), said.as_bytes(), std::iter::empty());
        prop_assert_ne!(end, Some(Deposited::Stored));
    }
}
