//! The Postfix that other tests stand on: it takes what it should from whom it should, what it takes lies in Dovecot's
//! mailboxes, and it leaves nothing behind.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::postfix::Postfix;

const MAILBOX: &str = "ufficio@pec.example.it";
const OTHER: &str = "protocollo@pec.example.it";
// Python knows ASCII alone here
const PASSWORD: &str = "segreta: \"cosi\" {3}";

/// Both servers, with two mailboxes that are empty.
fn provider() -> (Dovecot, Postfix) {
    let dovecot = Dovecot::start();
    dovecot.add_mailbox(MAILBOX, PASSWORD);
    dovecot.add_mailbox(OTHER, "altra");
    let postfix = Postfix::before(&dovecot);
    (dovecot, postfix)
}

/// How many messages a mailbox has.
fn count(dovecot: &Dovecot, address: &str) -> usize {
    dovecot.snapshot(address).folder("INBOX").messages.len()
}

/// Runs a script with a `session`, an SMTP of Python's smtplib by TLS from the first byte that is logged in to the
/// mailbox, and with `refused(call, code)`.
fn python(postfix: &Postfix, script: &str) {
    let start = "import smtplib, ssl, sys\n\
                 trusted = ssl.create_default_context(cafile=sys.argv[3])\n\
                 def refused(call, code):\n\
                 \x20   try: call()\n\
                 \x20   except smtplib.SMTPRecipientsRefused as e: assert [c for c, _ in e.recipients.values()] == [code], e\n\
                 \x20   except smtplib.SMTPResponseException as e: assert e.smtp_code == code, e\n\
                 \x20   else: assert False, 'not refused'\n\
                 session = smtplib.SMTP_SSL('localhost', int(sys.argv[1]), context=trusted)\n\
                 session.login(sys.argv[4], sys.argv[5])\n";
    let output = Command::new("python3")
        .args(["-c", &format!("{start}{script}\nsession.quit()")])
        .args([postfix.submissions_port().to_string(), postfix.submission_port().to_string()])
        .arg(postfix.ca_file())
        .args([MAILBOX, PASSWORD])
        .env("PYTHONUTF8", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}\n{}\n{}", String::from_utf8_lossy(&output.stderr), postfix.log());
}

#[test]
fn what_is_sent_arrives_as_it_was_and_is_counted() {
    let (dovecot, postfix) = provider();
    let letter = format!(
        "From: {MAILBOX}\r\nTo: {OTHER}\r\nSubject: uno\r\nMessage-ID: <uno@pec.example.it>\r\n\r\n.\r\n..x\r\n"
    );
    python(
        &postfix,
        &format!(
            "letter = {letter:?}\n\
             assert session.sendmail('{MAILBOX}', ['{OTHER}', '{MAILBOX}'], letter) == {{}}\n\
             assert session.sendmail('{MAILBOX}', ['lontano@pec.example.org'], letter) == {{}}\n\
             session.mail('{MAILBOX}'); session.rcpt('{OTHER}'); session.rset()\n\
             by_starttls = smtplib.SMTP('localhost', int(sys.argv[2]))\n\
             refused(lambda: by_starttls.docmd('AUTH', 'PLAIN AGEAYg==') and by_starttls.sendmail('{MAILBOX}', ['{OTHER}'], letter), 554)\n\
             by_starttls.starttls(context=trusted)\n\
             by_starttls.login(sys.argv[4], sys.argv[5])\n\
             assert by_starttls.sendmail('{MAILBOX}', ['{OTHER}'], letter) == {{}}\n\
             by_starttls.quit()",
        ),
    );
    let taken = postfix.taken();
    let both = BTreeSet::from([OTHER, MAILBOX]);
    let to: Vec<BTreeSet<&str>> = taken.iter().map(|t| t.to.iter().map(String::as_str).collect()).collect();
    assert_eq!(to, [both, BTreeSet::from(["lontano@pec.example.org"]), BTreeSet::from([OTHER])], "{}", postfix.log());
    for message in &taken {
        assert_eq!((message.login.as_str(), message.from.as_str()), (MAILBOX, MAILBOX));
        assert_eq!(message.message_id, "<uno@pec.example.it>");
    }
    assert_eq!((count(&dovecot, OTHER), count(&dovecot, MAILBOX)), (2, 1));
    for raw in mail::stored(&dovecot.maildir(OTHER), "INBOX") {
        let raw = String::from_utf8(raw).unwrap();
        // What was added stands before it
        assert!(raw.ends_with(&letter.replace("\r\n", "\n")), "{raw}");
    }
}

#[test]
fn a_wrong_password_and_recipients_that_do_not_exist_are_refused() {
    let (dovecot, postfix) = provider();
    python(
        &postfix,
        &format!(
            "send = lambda to: session.sendmail('{MAILBOX}', [to], 'Subject: x\\r\\n\\r\\nx\\r\\n')\n\
             refused(lambda: send('assente@pec.example.it'), 550)\n\
             refused(lambda: send('nessuno@pec.example.org'), 550)\n\
             refused(lambda: send('piu-tardi@pec.example.org'), 450)\n\
             stranger = smtplib.SMTP_SSL('localhost', int(sys.argv[1]), context=trusted)\n\
             refused(lambda: stranger.sendmail('{MAILBOX}', ['{OTHER}'], 'x'), 554)\n\
             refused(lambda: stranger.login(sys.argv[4], 'sbagliata'), 535)\n\
             stranger.quit()",
        ),
    );
    assert_eq!(postfix.taken(), []);
    assert_eq!((count(&dovecot, OTHER), count(&dovecot, MAILBOX)), (0, 0));
    // A mailbox may come later
    dovecot.add_mailbox("nuova@pec.example.it", "nuova");
    postfix.add_mailbox("nuova@pec.example.it");
    python(
        &postfix,
        &format!("session.sendmail('{MAILBOX}', ['nuova@pec.example.it'], 'Subject: x\\r\\n\\r\\nx\\r\\n')"),
    );
    assert_eq!(postfix.taken().len(), 1);
    assert_eq!(count(&dovecot, "nuova@pec.example.it"), 1);
}

/// What a gateway before it has to hold back.
#[test]
fn it_is_permissive() {
    let (dovecot, postfix) = provider();
    python(
        &postfix,
        &format!(
            "session.ehlo()\n\
             for word in ['pipelining', 'size', '8bitmime', 'smtputf8', 'dsn', 'enhancedstatuscodes', 'chunking',\n\
             \x20            'vrfy', 'etrn', 'xclient', 'xforward']: assert session.has_extn(word), word\n\
             assert session.esmtp_features['auth'].split() == ['PLAIN', 'LOGIN']\n\
             letter = 'From: altri@pec.example.org\\r\\nFrom: re@pec.example.org\\r\\n\\r\\nx\\r\\n'\n\
             session.sendmail('altri@pec.example.org', ['{OTHER}'], letter)\n\
             session.sendmail('', ['{OTHER}'], letter)\n\
             # Two messages in one (CVE-2023-51764)\n\
             session.mail('{MAILBOX}'); session.rcpt('{OTHER}'); session.putcmd('data'); session.getreply()\n\
             inner = '\\n.\\nMAIL FROM:<{MAILBOX}>\\r\\nRCPT TO:<{OTHER}>\\r\\nDATA\\r\\nSubject: b\\r\\n\\r\\nb\\r\\n.\\r\\n'\n\
             session.send('Subject: a\\r\\n\\r\\na' + inner)\n\
             assert [session.getreply()[0] for _ in range(5)] == [250, 250, 250, 354, 250]",
        ),
    );
    assert_eq!(postfix.taken().len(), 4, "{}", postfix.log());
    assert_eq!(count(&dovecot, OTHER), 4);
}

/// Dovecot's LMTP (2.3) has no SMTPUTF8. What only asks for it is delivered; what needs it, for its header is not ASCII,
/// is taken, and ends there.
#[test]
fn smtputf8_is_taken() {
    let (dovecot, postfix) = provider();
    python(
        &postfix,
        &format!(
            "def send(letter): session.sendmail('{MAILBOX}', ['{OTHER}'], letter, mail_options=['SMTPUTF8', 'BODY=8BITMIME'])\n\
             send('Subject: semplice\\r\\n\\r\\nperché\\r\\n'.encode())\n\
             send('Subject: perché\\r\\n\\r\\nperché\\r\\n'.encode())"
        ),
    );
    let taken = postfix.taken();
    assert_eq!(taken.len(), 2, "{}", postfix.log());
    assert_eq!((count(&dovecot, OTHER), count(&dovecot, MAILBOX)), (1, 0), "{}", postfix.log());
}

#[test]
fn it_dies_and_comes_back() {
    let (dovecot, mut postfix) = provider();
    let send = format!("session.sendmail('{MAILBOX}', ['{OTHER}'], 'Subject: x\\r\\n\\r\\nx\\r\\n')");
    python(&postfix, &send);
    assert_eq!(postfix.taken().len(), 1);
    postfix.kill();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, postfix.submissions_port())).is_err());
    postfix.revive();
    python(&postfix, &send);
    assert_eq!(postfix.taken().len(), 2);
    assert_eq!(count(&dovecot, OTHER), 2);
}

/// Postfix says nothing where one of its ports is taken: who would write it into the log has not begun.
#[test]
fn a_port_that_somebody_else_has_for_a_while_is_waited_for() {
    let (_dovecot, mut postfix) = provider();
    let port = postfix.submission_port();
    postfix.kill();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let visits = std::thread::spawn(move || (0..400).for_each(|_| drop(holder.accept())));
    postfix.revive();
    assert!(visits.is_finished());
    python(&postfix, "session.noop()");
}

#[test]
fn it_leaves_nothing_behind() {
    let (_dovecot, postfix) = provider();
    let (folder, port) = (postfix.folder().to_owned(), postfix.submission_port());
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
    drop(postfix);
    assert!(!folder.exists());
    assert!(!crate::harness::running(folder.to_str().unwrap()));
}
