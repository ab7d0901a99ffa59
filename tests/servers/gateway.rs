//! The gateway in front of the real Dovecot.

use std::process::Command;

use super::delega::{Delega, password};
use super::support::dovecot::Dovecot;

const ADDRESS: &str = "ufficio@pec.example.it";

#[test]
fn l1_a_delegate_reads_the_mailbox_with_their_own_password() {
    let dovecot = Dovecot::start();
    dovecot.add_mailbox(ADDRESS, "casella-di-prova");
    let delega = Delega::before(&dovecot);
    delega.add_mailbox(ADDRESS, "casella-di-prova");
    delega.add_delegate(ADDRESS, "anna", "read,client");
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--cacert"])
        .arg(delega.ca_file())
        .args(["--user", &format!("anna/{ADDRESS}:{}", password("anna"))])
        .arg(format!("imaps://localhost:{}/", delega.port()))
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(listed.contains("INBOX"), "{listed}{}", String::from_utf8_lossy(&output.stderr));
}
