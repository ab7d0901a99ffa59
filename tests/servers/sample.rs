//! The sample mailbox is what it says, also to Dovecot.

use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::pec::Provider;
use crate::support::sample::{self, ADDRESS, FOLDERS, Size};

#[test]
fn dovecot_takes_it_as_it_was_meant() {
    let dovecot = Dovecot::start();
    sample::add(&dovecot, ADDRESS, "segreta", Size::Light);
    let before = dovecot.snapshot(ADDRESS);

    let folders = dovecot.doveadm(&["mailbox", "list", "-8", "-u", ADDRESS]);
    let mut expected: Vec<&str> = FOLDERS.into_iter().chain(["INBOX", "Gare"]).collect();
    let mut listed: Vec<&str> = folders.lines().collect();
    expected.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, expected);

    let all: usize = before.folders.values().map(|folder| folder.messages.len()).sum();
    assert!((280..320).contains(&all), "{all} messages");
    for name in FOLDERS.into_iter().chain(["INBOX"]) {
        let folder = before.folder(&mail::on_disk(name));
        assert_eq!(folder.uid_validity, mail::UID_VALIDITY, "{name}");
        let by_dovecot = dovecot.flags(ADDRESS, name);
        assert_eq!(by_dovecot.len(), folder.messages.len(), "{name}");
        for message in folder.messages.values() {
            let mut flags: Vec<&str> = by_dovecot[&message.uid.unwrap()].split(' ').filter(|f| !f.is_empty()).collect();
            flags.retain(|flag| *flag != "\\Recent");
            flags.sort_unstable();
            assert_eq!(flags, message.flags.iter().map(String::as_str).collect::<Vec<_>>(), "{name} {message:?}");
        }
    }
    // Reading all of it, so that Dovecot would find out about a wrong size
    let sizes = dovecot.doveadm(&["fetch", "-u", ADDRESS, "size.physical size.virtual imap.bodystructure text", "all"]);
    assert!(sizes.len() > 1_000_000);
    let log = dovecot.log();
    assert!(!log.contains("Error") && !log.contains("Warning"), "{log}");
    before.assert_unchanged(&dovecot.snapshot(ADDRESS));
}

#[test]
fn it_is_the_same_each_time() {
    let one = sample::messages(&Provider::new(), Size::Light);
    let other = sample::messages(&Provider::new(), Size::Light);
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(&other) {
        assert_eq!((&one.folder, one.flags, one.received), (&other.folder, other.flags, other.received));
        assert_eq!(one.raw.len(), other.raw.len());
        let is_signed = String::from_utf8_lossy(&one.raw).contains("smime.p7s");
        assert!(is_signed || one.raw == other.raw);
    }
}

#[test]
fn the_signatures_are_good() {
    let provider = Provider::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("busta.eml");
    let mut signed = 0;
    for mail in sample::messages(&provider, Size::Light) {
        if !String::from_utf8_lossy(&mail.raw).contains("multipart/signed") {
            continue;
        }
        signed += 1;
        let on_the_wire: Vec<u8> = String::from_utf8(mail.raw).unwrap().replace('\n', "\r\n").into_bytes();
        fs::write(&file, &on_the_wire).unwrap();
        let output = Command::new("openssl")
            .args(["smime", "-verify", "-in"])
            .arg(&file)
            .arg("-CAfile")
            .arg(provider.ca_file())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let content = String::from_utf8(output.stdout).unwrap();
        assert!(content.contains("postacert.eml") || content.contains("daticert.xml"));
    }
    assert!(signed > 50, "{signed} signed messages");
}

#[test]
fn the_large_one_is_large() {
    let begun = Instant::now();
    let mails = sample::messages(&Provider::new(), Size::Whole);
    println!("made in {:?}", begun.elapsed());
    let large = mails.iter().filter(|mail| mail.raw.len() > 20_000_000).count();
    assert_eq!(large, 1);
}

#[test]
fn folder_names_are_in_modified_utf_7() {
    assert_eq!(mail::on_disk("Attività"), "Attivit&AOA-");
    assert_eq!(mail::on_disk("Città & Comuni"), "Citt&AOA- &- Comuni");
    assert_eq!(mail::on_disk("日本語"), "&ZeVnLIqe-");
}
