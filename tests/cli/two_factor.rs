//! `delega two-factor` as an operator and a script use it (S2).

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{MAILBOX, Site, holds};

/// What an app that was given `secret` shows so many steps from now; a step that begins meanwhile does no harm.
fn shown(secret: &Value, steps: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret.as_str().unwrap().replace(' ', "")).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    app.generate(now.strict_add_signed(steps * 30)).to_string()
}

impl Site {
    fn two_factor(&self, action: &str, whose: &[&str], more: &[&str], input: &str) -> Value {
        let args = [&["two-factor", action], whose, more, &["--json"]].concat();
        serde_json::from_str(&self.fed(&args, input).done().out).unwrap()
    }

    /// Sets it up; the secret and the recovery codes.
    fn enrol(&self, whose: &[&str]) -> (Value, Vec<Value>) {
        let begun = self.two_factor("enrol", whose, &["--begin"], "");
        let code = shown(&begun["secret"], 0);
        let codes = self.two_factor("enrol", whose, &["--confirm"], &format!("{code}\n"));
        (begun["secret"].clone(), codes["recovery_codes"].as_array().unwrap().clone())
    }
}

#[test]
fn s2_g7_a_script_sets_it_up_for_everybody() {
    const POSTMASTER: [&str; 2] = ["pec.example.it", "piero@example.it"];
    let site = Site::furnished("");
    site.run(&["postmaster", "add", "pec.example.it", "piero@example.it", "--name", "Piero"]).done();
    let off = json!({ "two_factor_since": null, "recovery_codes_left": 0, "required": false });
    for (whose, label) in [
        (&[MAILBOX, "anna"][..], "anna%2Fufficio%40pec.example.it"),
        (&POSTMASTER, "pec.example.it%20piero%40example.it"),
        (&[MAILBOX], "ufficio%40pec.example.it"),
    ] {
        assert_eq!(site.two_factor("status", whose, &[], ""), off);
        let begun = site.two_factor("enrol", whose, &["--begin"], "");
        let uri = begun["uri"].as_str().unwrap();
        assert!(uri.starts_with(&format!("otpauth://totp/delega:{label}?secret=")), "{uri}");
        site.fed(&[&["two-factor", "enrol"], whose, &["--confirm"]].concat(), "12345\n").refused("not right");
        site.fed(&[&["two-factor", "enrol"], whose, &["--confirm"]].concat(), "").refused("a code is expected");
        let (_, codes) = site.enrol(whose);
        assert_eq!(codes.len(), 10);
        assert_eq!(site.two_factor("status", whose, &[], "")["recovery_codes_left"], 10);
    }
    let since = |row: &Value, field: &str| assert!(row[field].as_str().is_some_and(|at| at.ends_with('Z')), "{row}");
    since(&site.anna(), "two_factor_since");
    since(&site.json(&["mailbox", "show", MAILBOX]), "owner_two_factor_since");
    since(&site.json(&["postmaster", "list"])[0], "two_factor_since");
    assert_eq!(site.two_factor("status", &[MAILBOX, "anna"], &[], "")["required"], true);
    for whose in [&[MAILBOX][..], &[MAILBOX, "anna"], &POSTMASTER] {
        assert_eq!(site.two_factor("remove", whose, &["--yes"], "")["two_factor_since"], Value::Null);
        site.run(&[&["two-factor", "remove"], whose, &["--yes"]].concat()).refused("is not on");
    }
}

#[test]
fn s2_at_a_terminal_and_in_a_pipe_it_is_one_command() {
    let site = Site::furnished("");
    let anna = &[MAILBOX, "anna"];
    let (secret, codes) = site.enrol(anna);
    // One that is there is replaced by whoever has it.
    let begun = site.two_factor("enrol", anna, &["--begin"], "");
    let confirm = |input: &str| site.fed(&["two-factor", "enrol", MAILBOX, "anna", "--confirm"], input);
    confirm(&format!("{}\n", shown(&begun["secret"], 0))).refused("a code is expected");
    let present = codes[0].as_str().unwrap();
    let out = confirm(&format!("{}\n{present}\n", shown(&begun["secret"], 0))).done().out;
    assert_eq!(out.lines().count(), 11, "{out}");
    site.fed(&["two-factor", "codes", MAILBOX, "anna"], &shown(&secret, 1)).refused("not right");
    let renewed = site.two_factor("codes", anna, &[], &shown(&begun["secret"], 1));
    assert_eq!(renewed["recovery_codes"].as_array().unwrap().len(), 10);
    assert!(!out.contains(renewed["recovery_codes"][0].as_str().unwrap()));
    // Without flags the secret comes first, and no colours where nobody sees them.
    let ended = site.fed(&["two-factor", "enrol", MAILBOX, "anna"], "000000\n");
    assert!(ended.out.starts_with("otpauth://totp/delega:anna") && !ended.out.contains('\u{1b}'), "{}", ended.out);
    assert_eq!(ended.status, Some(1));
}

#[test]
fn s2_nothing_of_it_lies_in_the_clear() {
    let site = Site::furnished("");
    let held = site.held_database();
    let (secret, codes) = site.enrol(&[MAILBOX, "anna"]);
    let begun = site.two_factor("enrol", &[MAILBOX, "anna"], &["--begin"], "");
    let stored = site.everything();
    assert!(holds(&stored, "carla@example.it"), "the wrong place was looked at");
    for secret in [&secret, &begun["secret"]] {
        let base32 = secret.as_str().unwrap().replace(' ', "");
        let bytes = totp_rs::Secret::try_from_base32(&base32).unwrap();
        assert!(!holds(&stored, &base32));
        assert!(!stored.windows(20).any(|window| window == bytes.as_bytes()));
    }
    for code in codes {
        let code = code.as_str().unwrap();
        assert!(!holds(&stored, code) && !holds(&stored, &code.replace('-', "")), "{code}");
    }
    drop(held);
}

#[test]
fn s2_what_cannot_be_meant() {
    let site = Site::furnished("");
    for args in [
        &["enrol", MAILBOX, "anna", "--begin", "--confirm"][..],
        &["enrol", MAILBOX, "anna", "--json"],
        &["enrol"],
        &["status", "pec.example.it"],
        &["status", "ufficio@"],
        &["status", MAILBOX, "anna/anna"],
    ] {
        let ended = site.run(&[&["two-factor"], args].concat());
        assert_eq!((ended.status, ended.out.as_str()), (Some(2), ""), "{args:?}: {}", ended.err);
    }
    site.run(&["two-factor", "status", MAILBOX, "bruno"]).refused("there is no delegate bruno/");
    site.run(&["two-factor", "status", "altro@pec.example.it"]).refused("there is no mailbox");
    site.run(&["two-factor", "status", "pec.example.it", "x@example.it"]).refused("no postmaster of pec.example.it");
    site.fed(&["two-factor", "codes", MAILBOX, "anna"], "123456\n").refused("is not on");
}
