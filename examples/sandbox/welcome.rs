//! What the person at the terminal is told to try. It tells of nothing that does not work.

use std::path::Path;

use super::support::dovecot::Dovecot;
use super::support::roundcube::Roundcube;
use super::support::sample::ADDRESS;
use super::{DELEGATES, DOMAIN, Delegate, FISCAL_CODE, MAILBOX_PASSWORD, POSTMASTER_EMAIL, POSTMASTER_PASSWORD, Ports};
use super::{INVITEE_EMAIL, OWNER_EMAIL, PRIVATE_PASSWORD, SPARE_EMAIL};

/// Everything. There is an invitation where mails can be sent.
pub fn print(certs: &Path, ports: &Ports, dovecot: &Dovecot, roundcube: Option<&Roundcube>, invitation: Option<&str>) {
    let ca = certs.join("ca.pem");
    let ca = std::env::current_dir().ok().and_then(|here| ca.strip_prefix(here).ok()).unwrap_or(&ca);
    println!("\ndelega is at work, in front of a Dovecot that has the mailbox {ADDRESS}.\n");
    println!("  {:<34} {:<18} may", "login", "password");
    println!("  {ADDRESS:<34} {MAILBOX_PASSWORD:<18} everything: the owner");
    for Delegate { username, password, may, .. } in &DELEGATES {
        println!("  {:<34} {password:<18} {may}", format!("{username}/{ADDRESS}"));
    }
    panel(ca, ports);
    if let Some(link) = invitation {
        delegating(ports, dovecot, link);
    }
    if let Some(roundcube) = roundcube {
        webmail(roundcube);
    }
    reading(ca, ports);
    if invitation.is_some() {
        sending(ca, ports);
    }
    downloading(ca, ports);
    println!("\nCtrl-C ends it all, and nothing of the mailbox is kept.\n");
}

/// A delegate by username.
fn delegate(username: &str) -> &'static Delegate {
    let found = DELEGATES.iter().find(|delegate| delegate.username == username);
    found.unwrap_or(&DELEGATES[0])
}

/// A curl command as a delegate, up to its URL.
fn curl(ca: &Path, username: &str) -> String {
    format!("curl --cacert {} --user '{username}/{ADDRESS}:{}'", ca.display(), delegate(username).password)
}

fn panel(ca: &Path, ports: &Ports) {
    println!(
        "\n\
         The panel, in a browser that trusts {ca}: https://localhost:{panel}/\n\
         The owner looks after delegates there, elena does so with what she may do herself, anna has her own account alone;\n\
         they log in as they do everywhere, by the table above. Postmasters have a page of their own:\n  \
           https://localhost:{panel}/postmaster/login\n  \
           domain {DOMAIN}, e-mail address {POSTMASTER_EMAIL}, password {POSTMASTER_PASSWORD}",
        ca = ca.display(),
        panel = ports.panel,
    );
}

fn webmail(roundcube: &Roundcube) {
    println!(
        "\n\
         Webmail, for every one of them: {}\n\
         The panel opens it without asking for the password again: My account, Open the webmail. lettura is not offered\n\
         what delega would refuse, and leaves no trace.",
        roundcube.url()
    );
}

fn delegating(ports: &Ports, dovecot: &Dovecot, link: &str) {
    println!(
        "\n\
         dario was invited, and the mail with his link has arrived. Open it in the browser, choose a password, and log in\n\
         as dario/{ADDRESS}:\n  \
           {link}\n\
         Invite another with the e-mail address {SPARE_EMAIL}. What people are told by mail comes to\n\
         {OWNER_EMAIL}, {INVITEE_EMAIL}, {SPARE_EMAIL}\n\
         and {POSTMASTER_EMAIL}, and to nobody else. Dovecot shows the last of it:\n  \
           curl --silent --cacert {dovecot_ca} --user '{SPARE_EMAIL}:{PRIVATE_PASSWORD}' \\\n      \
             'imaps://localhost:{imaps}/INBOX;MAILINDEX=*' | perl -0pe 's/=\\r?\\n//g'\n\
         Whoever forgets a password: https://localhost:{panel}/password/forgotten, with the owner's codice fiscale\n\
         {FISCAL_CODE}.",
        dovecot_ca = dovecot.ca_file().display(),
        imaps = dovecot.imaps_port(),
        panel = ports.panel,
    );
}

fn reading(ca: &Path, ports: &Ports) {
    let Ports { client, client_starttls, webmail, .. } = ports;
    println!(
        "\n\
         IMAP is at localhost, port {client} with TLS from the first byte and port {client_starttls} with STARTTLS for\n\
         mail programs, port {webmail} with TLS from the first byte for webmail.\n\
         \n\
         Folders, then the flags of five messages, then a whole message:\n  \
           {anna} imaps://localhost:{client}/\n  \
           {anna} imaps://localhost:{client}/INBOX --request 'UID FETCH 1:5 (FLAGS ENVELOPE)'\n  \
           {anna} 'imaps://localhost:{client}/INBOX;UID=8'\n\
         anna may only read, bruno may write; lettura comes in by webmail alone:\n  \
           {anna} imaps://localhost:{client}/ --request 'CREATE Prova'\n  \
           {bruno} imaps://localhost:{client}/ --request 'CREATE Prova'\n  \
           {lettura} imaps://localhost:{client}/\n  \
           {lettura} imaps://localhost:{webmail}/\n\
         By hand, by STARTTLS:\n  \
           openssl s_client -quiet -crlf -starttls imap -connect localhost:{client_starttls} -CAfile {ca} \\\n      \
             -verify_return_error\n  \
           a LOGIN anna/{ADDRESS} {password}\n\
         Thunderbird: File, New, Email Account, Configure Manually; server localhost, port {client}, SSL/TLS, normal\n\
         password, and one of the logins above as the username (examples/thunderbird.md).\n\
         First import {ca}: Settings, Privacy & Security, Manage Certificates, Authorities, Import.",
        anna = curl(ca, "anna"),
        bruno = curl(ca, "bruno"),
        lettura = curl(ca, "lettura"),
        password = delegate("anna").password,
        ca = ca.display(),
    );
}

fn sending(ca: &Path, ports: &Ports) {
    let Ports { submission, submission_starttls, .. } = ports;
    let letter = format!("From: {ADDRESS}\\nTo: {ADDRESS}\\nSubject: Prova\\n\\nCiao\\n");
    let envelope = format!("--mail-from {ADDRESS} --mail-rcpt {ADDRESS} --upload-file - --crlf");
    println!(
        "\n\
         SMTP submission is at port {submission} with TLS from the first byte and port {submission_starttls} with STARTTLS.\n\
         What is for the mailbox itself comes back to it; what is for others is thrown away, and reaches nobody.\n\
         carla may send, bruno may not, and nobody in another name:\n  \
           printf '{letter}' | \\\n    {carla} {envelope} smtps://localhost:{submission}\n  \
           printf '{letter}' | \\\n    {bruno} {envelope} smtps://localhost:{submission}\n  \
           printf 'From: sindaco@pec.example.org\\n\\nCiao\\n' | \\\n    {carla} {envelope} smtps://localhost:{submission}",
        carla = curl(ca, "carla"),
        bruno = curl(ca, "bruno"),
    );
}

fn downloading(ca: &Path, ports: &Ports) {
    let Ports { pop3, pop3_stls, .. } = ports;
    println!(
        "\n\
         POP3 is at port {pop3} with TLS from the first byte and port {pop3_stls} with STLS. A list, then a message:\n  \
           {anna} pop3s://localhost:{pop3}/\n  \
           {anna} pop3s://localhost:{pop3}/8",
        anna = curl(ca, "anna"),
    );
}
