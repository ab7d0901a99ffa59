//! Both languages say the same things, everything that is said is asked for, and everything that is asked for is said.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_bundle::FluentResource;

use super::*;
use crate::domain::{Grant, Permission, Permissions, Profile, Protocols};

/// The name of each message and its variables.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last = String::new();
    for line in sources(language).iter().flat_map(|source| source.lines()) {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            line.split_once(" =").unwrap().0.clone_into(&mut last);
            assert!(messages.insert(last.clone(), BTreeSet::new()).is_none(), "{last} is there twice");
        }
        for variable in line.split('$').skip(1).filter(|_| !line.starts_with('#')) {
            let end = variable.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(variable.len());
            messages.get_mut(&last).unwrap().insert(variable[..end].to_owned());
        }
    }
    messages
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_variables() {
    for language in [Language::Italian, Language::English] {
        for source in sources(language) {
            let faults = FluentResource::try_new(source.to_owned()).err().map(|(_, faults)| faults);
            assert_eq!(faults, None, "{}", language.name());
        }
    }
    assert!(messages(Language::Italian).len() > 20);
    assert_eq!(messages(Language::Italian), messages(Language::English));
}

/// Every quoted text in the program and its templates that has the form of a message's name.
fn asked_for(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            asked_for(&path, found);
        } else if path.extension().is_some_and(|e| ["rs", "html", "txt"].iter().any(|known| e == *known)) {
            for word in std::fs::read_to_string(&path).unwrap().split('"') {
                let stem = ["word-", "mail-", "page-"].iter().find_map(|stem| word.strip_prefix(stem));
                if stem.is_some_and(|rest| {
                    !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                }) {
                    found.insert(word.to_owned());
                }
            }
        }
    }
}

#[test]
fn every_message_is_asked_for_and_every_message_asked_for_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut asked = BTreeSet::new();
    asked_for(&root.join("src"), &mut asked);
    if root.join("templates").is_dir() {
        asked_for(&root.join("templates"), &mut asked);
    }
    let there: BTreeSet<String> = messages(Language::Italian).into_keys().collect();
    assert_eq!(asked.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "asked for and not there");
    assert_eq!(there.difference(&asked).collect::<Vec<_>>(), Vec::<&String>::new(), "there and never asked for");
}

#[test]
fn what_is_not_there_is_seen() {
    assert_eq!(text(Language::Italian, concat!("mail-", "nothing"), &[]), "[mail-nothing]");
}

#[test]
fn what_is_put_in_is_never_read_as_fluent() {
    let odd = "{ word-may } { $last } \u{2068}x";
    let said = text(Language::English, "word-list", &[("first", odd), ("last", "b")]);
    assert_eq!(said, format!("{odd} and b"));
}

#[test]
fn permissions_are_said_as_people_say_them() {
    let names = |language| Permission::ALL.map(|p| permission(language, p)).join(" · ");
    assert_eq!(
        names(Language::Italian),
        "Lettura · Scrittura · Invio · Utilizzo client di posta · Gestione impostazioni"
    );
    assert_eq!(names(Language::English), "Reading · Writing · Sending · Use of mail programs · Managing settings");
    let grant = Grant {
        permissions: Permissions::parse("client", Profile::Nested).unwrap(),
        protocols: Protocols { imap: true, pop3: true },
    };
    assert_eq!(
        granted(Language::Italian, &grant),
        ["Lettura", "Scrittura", "Invio", "Utilizzo client di posta (IMAP e POP3)"]
    );
}

#[test]
fn lists_are_joined_as_people_do() {
    let list =
        |items: &[&str]| super::list(Language::English, &items.iter().map(|i| (*i).to_owned()).collect::<Vec<_>>());
    assert_eq!(
        [list(&[]), list(&["a"]), list(&["a", "b"]), list(&["a", "b", "c"])],
        ["", "a", "a and b", "a, b and c"]
    );
}

#[test]
fn moments_are_those_of_clocks_in_italy() {
    // 2026-12-04T09:30:00Z, in winter; 2026-07-31T22:05:00Z, in summer and the next day in Rome.
    assert_eq!(date_time(Language::Italian, 1_796_376_600), "4 dicembre 2026, 10:30");
    assert_eq!(date_time(Language::English, 1_785_535_500), "1 August 2026, 00:05 (Italian time)");
    assert_eq!(date(Language::Italian, 1_785_535_500), "1 agosto 2026");
    let mut months = BTreeSet::new();
    for n in 0..12 {
        months.insert(date(Language::Italian, 1_768_474_800 + n * 2_629_746));
    }
    assert_eq!(months.len(), 12);
    assert!(date(Language::Italian, i64::MAX).ends_with("9999"));
}

#[test]
fn days_are_those_of_calendars_in_italy() {
    let hours = |text| day_ms(text).map(|(first, last)| (last + 1 - first) / 3_600_000);
    assert_eq!(day_ms("2026-08-01").unwrap().0, 1_785_535_200_000, "22:00 of the day before, in UTC");
    assert_eq!([hours("2026-08-01"), hours("2026-03-29"), hours("2026-10-25")], [Some(24), Some(23), Some(25)]);
    for text in ["", "2026", "2026-02-30", "01/08/2026", "2026-8-1", "2026-08-01T10:00", "9999-12-31"] {
        assert_eq!(day_ms(text), None, "{text}");
    }
    assert_eq!(sortable_time(1_785_535_500_999), "2026-08-01 00:05:00");
}

#[test]
fn sizes_are_said_in_short() {
    let of = |bytes| size(Language::Italian, bytes);
    assert_eq!([of(999), of(1000), of(12_345_678)], ["999 B", "1,0 kB", "12,3 MB"]);
    assert_eq!(size(Language::English, u64::MAX), "1844674407370.9 MB");
}
