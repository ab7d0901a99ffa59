//! Programs that send: swaks, curl, msmtp, Python's smtplib. (Thunderbird, which has to be driven, is among the
//! [`clients`](crate::clients).)

use std::fs::{self, File};

use super::*;

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The reverse-path.
    pub from: String,
    /// The forward-paths.
    pub to: Vec<String>,
    /// The message, with CRLF for line ends.
    pub raw: String,
}

impl Letter {
    /// A letter whose header says the same as its envelope. `id` becomes its Message-ID, at the sender's domain.
    pub fn new(from: &str, to: &[&str], id: &str) -> Letter {
        let domain = from.rsplit('@').next().unwrap();
        let raw = format!(
            "From: {from}\r\nTo: {}\r\nSubject: Richiesta {id}\r\nDate: Mon, 12 Jan 2026 10:00:00 +0100\r\n\
             Message-ID: <{id}@{domain}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\nPerché no.\r\n.\r\n..punti\r\nDistinti saluti\r\n",
            to.join(", ")
        );
        Letter { from: from.to_owned(), to: to.iter().map(|to| (*to).to_owned()).collect(), raw }
    }

    /// Its Message-ID, with the brackets.
    pub fn message_id(&self) -> &str {
        self.raw.split("Message-ID: ").nth(1).and_then(|rest| rest.lines().next()).unwrap()
    }
}

/// A program that sends one letter in one session.
pub type Sender = fn(&Account, &Letter) -> Finished;

/// All of them, by name.
pub const SENDERS: [(&str, Sender); 4] = [("swaks", swaks), ("curl", curl), ("msmtp", msmtp), ("smtplib", smtplib)];

/// swaks, which shows the whole session. Exit statuses: 24 no recipient was accepted, 23 MAIL was refused, 25 DATA, 26
/// the message, 28 the login.
pub fn swaks(account: &Account, letter: &Letter) -> Finished {
    swaks_with(account, letter, &[])
}

/// The same, with further options: later ones win.
pub fn swaks_with(account: &Account, letter: &Letter, options: &[&str]) -> Finished {
    let home = folder();
    let message = home.path().join("letter");
    // It ends the last line by itself, and would add an empty one
    fs::write(&message, letter.raw.strip_suffix("\r\n").unwrap_or(&letter.raw)).unwrap();
    let mut command = program(installed("swaks"), home.path());
    command.args(["--server", "localhost", "--port", &account.port.to_string(), "--helo", "client.example.it"]);
    command.arg(match account.tls {
        Tls::Implicit => "--tls-on-connect",
        Tls::Starttls => "--tls",
    });
    command.arg("--tls-verify").arg("--tls-ca-path").arg(account.ca);
    command.args(["--auth", "PLAIN", "--auth-user", account.login, "--auth-password", account.password]);
    command.args(["--from", &letter.from, "--to", &letter.to.join(",")]);
    command.arg("--data").arg(format!("@{}", message.display())).args(options);
    run(&mut command, PATIENCE)
}

/// curl. Exit statuses: 55 a command or the message was refused, 67 the login.
pub fn curl(account: &Account, letter: &Letter) -> Finished {
    let home = folder();
    let message = home.path().join("letter");
    fs::write(&message, &letter.raw).unwrap();
    let mut command = program(installed("curl"), home.path());
    command.args(["--silent", "--show-error", "--verbose", "--ssl-reqd", "--cacert"]).arg(account.ca);
    command.args(["--user", &format!("{}:{}", account.login, account.password), "--mail-from", &letter.from]);
    command.args(letter.to.iter().flat_map(|to| ["--mail-rcpt", to]));
    let scheme = match account.tls {
        Tls::Implicit => "smtps",
        Tls::Starttls => "smtp",
    };
    command.arg("--upload-file").arg(&message).arg(format!("{scheme}://localhost:{}/client.example.it", account.port));
    run(&mut command, PATIENCE)
}

/// msmtp. Exit statuses are those of sysexits.h: 65 a recipient was refused, 69 the server did not go on, 76 it did not
/// keep to the protocol, 77 the login was refused.
pub fn msmtp(account: &Account, letter: &Letter) -> Finished {
    let home = folder();
    let message = home.path().join("letter");
    fs::write(&message, letter.raw.replace("\r\n", "\n")).unwrap();
    let starttls = if account.tls == Tls::Starttls { "on" } else { "off" };
    let text = format!(
        "account delega\nhost localhost\nport {}\ndomain client.example.it\ntls on\ntls_starttls {starttls}\n\
         tls_trust_file {}\nauth login\nuser {}\npassword {}\nset_from_header off\nset_date_header off\n\
         account default : delega\n",
        account.port,
        account.ca.display(),
        account.login,
        account.password,
    );
    let file = settings(home.path(), "msmtprc", &text);
    let mut command = program(installed("msmtp"), home.path());
    command.arg("--debug").arg(format!("--file={}", file.display())).arg(format!("--from={}", letter.from));
    command.arg("--").args(&letter.to);
    run_with(&mut command, File::open(message).unwrap().into(), PATIENCE)
}

/// Python's smtplib. Exit status 1 after a refusal, whose code and text are the last line of what it says.
pub fn smtplib(account: &Account, letter: &Letter) -> Finished {
    let home = folder();
    let message = home.path().join("letter");
    fs::write(&message, &letter.raw).unwrap();
    let tls = if account.tls == Tls::Starttls { "starttls" } else { "implicit" };
    let mut command = program(installed("python3"), home.path());
    command.arg("-B").arg(script("smtplib_send.py")).args([&account.port.to_string(), tls]).arg(account.ca);
    command.args([account.login, account.password]).arg(&message).arg(&letter.from).args(&letter.to);
    run(&mut command, PATIENCE)
}
