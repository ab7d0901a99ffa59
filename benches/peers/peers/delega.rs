//! delega, with one mailbox: its owner, whose password the upstream judges, and a delegate, whose password is hashed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{APP_PASSWORD_FILE, Build, DELEGATE, Ground, OWNER, PASSWORD, Place};
use crate::upstream::Protocol;

pub fn command(build: &Build, ground: &Ground, place: &Place<'_>) -> Result<Command> {
    let Place { protocol, upstream, address, folder } = *place;
    let (protocol, scheme) = match protocol {
        Protocol::Imap => ("imap", "imaps"),
        Protocol::Submission => ("submission", "smtps"),
        Protocol::Pop3 => ("pop3", "pop3s"),
    };
    // All clients come from one address here, and more of them at once than the default allows to one.
    let text = format!(
        "\
[store]
url = \"sqlite:delega.db\"
key_file = \"delega.key\"

[tls]
certificate = {certificate:?}
key = {key:?}

[[listen]]
protocol = \"{protocol}\"
address = \"{address}\"
tls = \"implicit\"
kind = \"client\"

[upstream.main]
{protocol} = \"{scheme}://{upstream}\"
ca_file = {ca:?}
connections_per_mailbox = 0
warm_sessions = 0

[permissions]
client = \"apart\"

[limits]
connections = 20000
connections_before_login_per_address = 20000
shutdown_grace_secs = 1
",
        certificate = ground.tls.file("server.pem"),
        key = ground.tls.file("server.key"),
        ca = ground.tls.file("ca.pem"),
    );
    super::write(folder, "delega.toml", &text)?;

    let owner = [
        "--upstream",
        "main",
        "--plan",
        "Premium",
        "--packs",
        "30",
        "--owner-name",
        "Prova",
        "--owner-email",
        "p@example.it",
    ];
    run(build, folder, &[&["mailbox", "add", OWNER, "--password-file", "-"][..], &owner].concat())?;
    let (username, _) = DELEGATE.split_once('/').context("a delegate's login")?;
    let person = ["--first-name", "Prova", "--last-name", "Prova", "--email", "p@example.it"];
    let delegate = ["delegate", "add", OWNER, username, "--permissions", "read,write,client", "--password-file", "-"];
    run(build, folder, &[&delegate[..], &person].concat())?;

    let app = ["app-password", "create", OWNER, username, "--name", "bench", "--json"];
    let made: serde_json::Value = serde_json::from_str(&run(build, folder, &app)?)?;
    super::write(folder, APP_PASSWORD_FILE, made["password"].as_str().context("no app password")?)?;

    let mut words: Vec<&Path> = build.under.iter().map(Path::new).collect();
    words.push(&build.program);
    let (first, rest) = words.split_first().context("no program")?;
    let mut command = super::command(first);
    command.args(rest).args(["serve", "--config", "delega.toml"]);
    Ok(command)
}

/// Runs a subcommand with the password on its standard input; what it says.
fn run(build: &Build, folder: &Path, arguments: &[&str]) -> Result<String> {
    let mut child = Command::new(&build.program)
        .args(arguments)
        .args(["--config", "delega.toml"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| build.program.display().to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends before it reads says why itself.
        let _ = writeln!(stdin, "{PASSWORD}");
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "delega {} was refused", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}
