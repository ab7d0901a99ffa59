//! The JSON API before schemathesis, which reads the API's own description, makes up requests of all kinds from it, and holds
//! every answer to it: no failure of the server, and no status, header, type or member that is not described. It is
//! installed into `target/schemathesis` by `.ci/packages test`; how much it tries is bounded in cases and in time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::delega::{Delega, Options};
use super::office::{ADDRESS, PASSWORD};
use super::support::dovecot::Dovecot;

const SETTINGS: &str = include_str!("api/schemathesis.toml");
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance,ignored_auth,\
                      negative_data_rejection,use_after_free,ensure_resource_availability";
/// Kills what has not ended by itself.
const MOST_SECS: &str = "180";

fn schemathesis() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemathesis/bin/st");
    assert!(program.exists(), "{} is not there: .ci/packages test", program.display());
    program
}

/// Tries operations for so many seconds at most.
fn tried(delega: &Delega, token: &str, port: u16, most_secs: u32, operations: [&str; 2]) {
    let output = Command::new("timeout")
        .arg(MOST_SECS)
        .arg(schemathesis())
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(format!("http://127.0.0.1:{port}/api/v1/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {token}"), "--checks", CHECKS])
        .args(["--max-examples", "10", "--seed", "1", "--max-time", &most_secs.to_string()])
        .args(["--request-timeout", "20", "--continue-on-failure", "--no-color"])
        .args(operations)
        .current_dir(delega.folder())
        .env("NO_PROXY", "*")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn whatever_is_asked_of_the_api_is_answered_as_it_is_described() {
    let dovecot = Dovecot::start();
    // Nobody takes the mails.
    let sections = "\n[panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"http://localhost\"\n\
                    \n[notify]\nrelay = \"smtp+insecure://127.0.0.1:9\"\nfrom = \"delega <noreply@example.it>\"\n";
    let delega = Options { upstream: sections.to_owned(), ..Options::before(&dovecot) }.start();
    let listens = delega.wait_logged("the panel listens", 1).remove(0);
    let port = listens["address"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    delega.cli(&["plan", "set", "Ateneo", "--seats", "500"], "");
    delega.add_mailbox(ADDRESS, PASSWORD);
    delega.cli(&["mailbox", "set", ADDRESS, "--plan", "Ateneo"], "");
    for username in ["anna", "bruno"] {
        delega.add_delegate(ADDRESS, username, "client");
    }
    fs::write(delega.folder().join("schemathesis.toml"), SETTINGS).unwrap();
    let token = delega.cli(&["api-token", "create", "schemathesis"], "");
    let token = token.lines().next().unwrap();
    // Everything happens in one mailbox, which stays until the end.
    tried(&delega, token, port, 45, ["--exclude-operation-id", "removeMailbox"]);
    tried(&delega, token, port, 10, ["--include-operation-id", "removeMailbox"]);

    // It has come further than to what is refused.
    let changes = delega.logged("a change was asked for by the API");
    let statuses: BTreeSet<u64> = changes.iter().map(|change| change["status"].as_u64().unwrap()).collect();
    assert!(statuses.is_superset(&[200, 201, 204, 400, 404, 409, 415].into()), "{statuses:?}");
    let invited = changes.iter().any(|change| {
        change["status"] == 201 && change["path"].as_str().is_some_and(|path| path.ends_with("/delegates"))
    });
    assert!(invited, "nobody came to be a delegate");
    assert!(!delega.log().contains(token), "the token is in the log");
}
