//! Programs that download by POP3: fetchmail, getmail, curl, Python's poplib.

use std::fs;

use super::*;

/// What becomes of a message at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Keep,
    Delete,
}

/// What was downloaded.
#[derive(Debug)]
pub struct Downloaded {
    pub finished: Finished,
    /// The messages with LF for line ends, in the order of their numbers. Programs add fields before the message's own.
    pub messages: Vec<Vec<u8>>,
}

/// A program that downloads everything in one session.
pub type Downloader = fn(&Account, After) -> Downloaded;

/// All of them, by name.
pub const DOWNLOADERS: [(&str, Downloader); 4] =
    [("fetchmail", fetchmail), ("getmail", getmail), ("curl", curl), ("poplib", poplib)];

/// fetchmail. Exit statuses: 1 there was nothing, 3 the login was refused, 4 the server did not keep to the protocol.
pub fn fetchmail(account: &Account, after: After) -> Downloaded {
    let home = folder();
    let (kept, deliver) = delivery(home.path());
    let tls = match account.tls {
        Tls::Implicit => "ssl",
        Tls::Starttls => "sslproto \"TLS1+\"",
    };
    let after = if after == After::Keep { "keep" } else { "nokeep" };
    let text = format!(
        "set invisible\nset no bouncemail\npoll localhost protocol POP3 port {} uidl\n  username \"{}\" password \"{}\"\n  \
         {tls} sslcertck sslcertfile \"{}\"\n  {after} fetchall no rewrite pass8bits\n  mda \"/bin/sh {}\"\n",
        account.port,
        escaped(account.login),
        escaped(account.password),
        account.ca.display(),
        deliver.display(),
    );
    let file = settings(home.path(), "fetchmailrc", &text);
    let mut command = program(installed("fetchmail"), home.path());
    command.env("FETCHMAILHOME", home.path()).args(["--verbose", "--nosyslog", "--fetchmailrc"]).arg(file);
    // Root has but one at a time otherwise
    command.arg("--pidfile").arg(home.path().join("running"));
    let finished = run(&mut command, PATIENCE);
    Downloaded { finished, messages: files(&kept) }
}

/// A new folder, and a script for the shell that puts what it reads into a file there, in the order of its runs.
fn delivery(home: &Path) -> (PathBuf, PathBuf) {
    let kept = home.join("kept");
    fs::create_dir(&kept).unwrap();
    let script = format!("n=$(ls '{0}' | wc -l)\nexec cat >\"$(printf '{0}/%06d' \"$n\")\"\n", kept.display());
    (kept, settings(home, "deliver", &script))
}

/// A text between double quotes. A quote itself has to be a number there.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\042")
}

/// getmail, which knows TLS from the first byte alone. Exit status 127 after whatever went
/// wrong.
pub fn getmail(account: &Account, after: After) -> Downloaded {
    assert_eq!(account.tls, Tls::Implicit, "getmail has no STLS");
    let home = folder();
    let (kept, deliver) = delivery(home.path());
    let text = format!(
        "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\nport = {}\nusername = {}\npassword = {}\n\
         ca_certs = {}\n[destination]\ntype = MDA_external\npath = /bin/sh\n\
         arguments = ('{}',)\nallow_root_commands = true\n[options]\nverbose = 2\nread_all = true\n\
         delete = {}\nreceived = false\ndelivered_to = false\n",
        account.port,
        account.login,
        account.password,
        account.ca.display(),
        deliver.display(),
        after == After::Delete,
    );
    fs::create_dir(home.path().join(".getmail")).unwrap();
    let file = settings(home.path(), ".getmail/getmailrc", &text);
    let mut command = program(installed("getmail"), home.path());
    command.arg("--rcfile").arg(file);
    let finished = run(&mut command, PATIENCE);
    Downloaded { finished, messages: files(&kept) }
}

/// curl: one session for the list, and one for each message, as somebody at a terminal would do it.
pub fn curl(account: &Account, after: After) -> Downloaded {
    let mut finished = curl_command(account, "", &[]);
    let mut messages = Vec::new();
    // A listing is `number size` lines
    for number in finished.stdout.clone().lines().filter_map(|line| line.split(' ').next()) {
        let retrieved = curl_command(account, number, &[]);
        let message = retrieved.stdout.replace("\r\n", "\n").into_bytes();
        finished = Finished { status: retrieved.status, stdout: finished.stdout, stderr: retrieved.stderr };
        if finished.status != Some(0) {
            break;
        }
        messages.push(message);
    }
    if after == After::Delete {
        // From the end, since the numbers of those that are left begin from 1 again
        for number in (1..=messages.len()).rev() {
            let deleted = curl_command(account, &number.to_string(), &["--list-only", "--request", "DELE"]);
            if deleted.status != Some(0) {
                finished = deleted;
                break;
            }
        }
    }
    Downloaded { finished, messages }
}

/// One command of curl's; `number` stands behind the host. Exit statuses: 8 a refusal, 67 the login was refused.
pub fn curl_command(account: &Account, number: &str, options: &[&str]) -> Finished {
    let home = folder();
    let scheme = match account.tls {
        Tls::Implicit => "pop3s",
        Tls::Starttls => "pop3",
    };
    let mut command = program(installed("curl"), home.path());
    command.args(["--silent", "--show-error", "--verbose", "--ssl-reqd", "--cacert"]).arg(account.ca);
    command.args(["--user", &format!("{}:{}", account.login, account.password)]).args(options);
    command.arg(format!("{scheme}://localhost:{}/{number}", account.port));
    run(&mut command, PATIENCE)
}

/// Python's poplib. Its standard output has a line for each message, `number uid size`, before anything is deleted.
pub fn poplib(account: &Account, after: After) -> Downloaded {
    let home = folder();
    let kept = home.path().join("kept");
    fs::create_dir(&kept).unwrap();
    let tls = if account.tls == Tls::Starttls { "stls" } else { "implicit" };
    let after = if after == After::Keep { "keep" } else { "delete" };
    let mut command = program(installed("python3"), home.path());
    command.arg("-B").arg(script("poplib_download.py")).args([&account.port.to_string(), tls]).arg(account.ca);
    command.args([account.login, account.password, after]).arg(&kept);
    let finished = run(&mut command, PATIENCE);
    Downloaded { finished, messages: files(&kept) }
}

/// The files of a folder in the order of their names.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}
