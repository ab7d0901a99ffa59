//! What mail programs fetch from a running delega, read by what is not ours: curl, and Python's `plistlib`, which reads
//! what Apple's own programs write. (Thunderbird sets itself up in `clients/thunderbird/setting_up.rs`.)

use std::time::Duration;

use serde_json::{Value, json};

use super::delega::Options;
use super::programs::{folder, installed, program, run};
use super::support::dovecot::Dovecot;

const PATIENCE: Duration = Duration::from_secs(60);

/// A property list as JSON.
const PLIST: &str = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";

/// Apple, "Device Management": TopLevel and Mail; each key has the type that is written there.
#[test]
fn x11_the_profile_is_what_apple_documents() {
    let dovecot = Dovecot::start();
    let submission = Some("smtps://localhost:465".to_owned());
    let delega = Options { is_public: true, submission, ..Options::before(&dovecot) }.start();
    let home = folder();
    let fetched = home.path().join("mail.mobileconfig");
    let port = delega.panel_port();
    let mut curl = program(installed("curl"), home.path());
    curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--output"]).arg(&fetched).arg("--cacert");
    curl.arg(delega.ca_file()).arg("--resolve").arg(format!("delega.example.it:{port}:127.0.0.1"));
    let login = "anna%2Fr%26d%27s%40pec.example.it";
    curl.arg(format!("https://delega.example.it:{port}/setup/mail.mobileconfig?login={login}"));
    run(&mut curl, PATIENCE).well();

    let mut python = program(installed("python3"), home.path());
    let read = run(python.args(["-c", PLIST]).arg(&fetched), PATIENCE).well();
    let mut profile: Value = serde_json::from_str(&read.stdout).unwrap();
    let mut account = profile["PayloadContent"].take();
    assert_eq!(account.as_array().map(Vec::len), Some(1), "{account}");
    let mut account = account[0].take();
    let uuids = [&mut profile, &mut account].map(|payload| payload["PayloadUUID"].take().as_str().unwrap().to_owned());
    assert_eq!(
        profile,
        json!({
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": format!("delega.example.it.{}", uuids[0]),
            "PayloadUUID": null,
            "PayloadDisplayName": "anna/r&d's@pec.example.it",
            "PayloadOrganization": "delega.example.it",
            "PayloadRemovalDisallowed": false,
            "PayloadContent": null,
        })
    );
    assert_eq!(
        account,
        json!({
            "PayloadType": "com.apple.mail.managed",
            "PayloadVersion": 1,
            "PayloadIdentifier": format!("delega.example.it.{}.{}", uuids[0], uuids[1]),
            "PayloadUUID": null,
            "PayloadDisplayName": "anna/r&d's@pec.example.it",
            "EmailAccountDescription": "r&d's@pec.example.it",
            "EmailAccountType": "EmailTypeIMAP",
            "EmailAddress": "r&d's@pec.example.it",
            "IncomingMailServerAuthentication": "EmailAuthPassword",
            "IncomingMailServerHostName": "imap.pec.example.it",
            "IncomingMailServerPortNumber": 993,
            "IncomingMailServerUseSSL": true,
            "IncomingMailServerUsername": "anna/r&d's@pec.example.it",
            "OutgoingMailServerAuthentication": "EmailAuthPassword",
            "OutgoingMailServerHostName": "smtp.pec.example.it",
            "OutgoingMailServerPortNumber": 465,
            "OutgoingMailServerUseSSL": true,
            "OutgoingMailServerUsername": "anna/r&d's@pec.example.it",
            "OutgoingPasswordSameAsIncomingPassword": true,
        })
    );
}
