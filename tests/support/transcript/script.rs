//! A transcript's text → [`Script`]. Every fault names its line.

use std::time::Duration;

use delega::domain::{Grant, ListenerKind, MailboxAddress, Permissions, Profile, Protocol, Protocols, SendOutcome};
use delega::session::{Leg, Recording};

use super::player::Record;
use super::text::Template;

/// A transcript, read.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file's name, for people.
    pub name: String,
    /// Which protocol it speaks, by the name's ending.
    pub protocol: Protocol,
    /// What holds from the beginning.
    pub setup: Setup,
    /// What happens, each with its line.
    pub steps: Vec<(usize, Step)>,
}

/// What holds from the beginning.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The login of the person.
    pub login: String,
    /// What they may do.
    pub grant: Grant,
    /// The addresses that the mailbox sends from.
    pub addresses: Vec<MailboxAddress>,
    /// What the upstream offers once it is entered.
    pub upstream: String,
    /// Where the session stands.
    pub start: Start,
    /// Who is expected at the listener.
    pub listener: ListenerKind,
    /// Whether the listener begins in the clear.
    pub starttls: bool,
    /// The operator's limit on a message.
    pub message_bytes: u64,
    /// How the gateway logs in upstream: user, password, and whom it acts for.
    pub upstream_login: (String, String, Option<String>),
    /// The client sends where it should wait: only a driver that pushes can play it.
    pub pushy: bool,
}

/// Where a session stands at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing has been said.
    Login,
    /// The client is logged in, and so is the gateway.
    Authenticated,
}

/// One thing that happens, or must happen.
#[derive(Clone, Debug)]
pub enum Step {
    /// `C>`, `U>`: one end says something.
    Say(Leg, Template),
    /// `>C`, `>U`: delega must say this.
    Hear(Leg, Template),
    /// Something else happens.
    Event(Event),
    /// delega must ask to check these credentials.
    Verify {
        /// The login, as typed.
        login: Vec<u8>,
        /// The password, as typed.
        password: Vec<u8>,
    },
    /// delega must ask for a connection upstream.
    Connect,
    /// delega must ask for a handshake.
    StartTls(Leg),
    /// delega must give up the upstream connection.
    CloseUpstream,
    /// delega must ask to record a message that is about to be sent; as far as is said here, of this kind.
    RecordSending(Record),
    /// delega must ask to record what became of it.
    RecordOutcome(SendOutcome),
    /// This is the message that whoever keeps copies was given.
    Copied(Template),
    /// delega must end the session; for this reason, where one is given.
    Close(String),
    /// The same in the middle of a response, so that the client can tell.
    BreakOff(String),
    /// delega must note this in the log.
    Note(String),
    /// Nothing more has been said or asked up to here.
    Quiet,
}

/// Something that happens beside what the two ends say.
#[derive(Clone, Debug)]
pub enum Event {
    /// Time passes.
    Time(Duration),
    /// The owner changes the permissions.
    Grant(Grant),
    /// The person is let in no more.
    Revoke,
    /// Somebody ends the session.
    Dismiss,
    /// The gateway stops.
    Shutdown,
    /// One end closes.
    Closes(Leg),
    /// A handshake is done.
    Handshake(Leg),
    /// The answer about the credentials.
    Verified(Verdict),
    /// The answer about the connection.
    Connected(Connection),
    /// What came of recording a message.
    SendingRecorded(Recording),
    /// What became of it was recorded.
    OutcomeRecorded,
}

/// Whether credentials are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Refused,
    Unavailable,
}

/// Whether the upstream can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    Ok,
    StartTls,
    Full,
    Unreachable,
}

/// What a Postfix 3.7 offers in EHLO.
const POSTFIX: &str = "PIPELINING SIZE=10240000 VRFY ETRN AUTH=PLAIN AUTH=LOGIN ENHANCEDSTATUSCODES 8BITMIME DSN \
                       SMTPUTF8 CHUNKING";

/// What a Dovecot 2.3 with ACL offers after login.
const DOVECOT: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS \
                       THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS \
                       LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH \
                       LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY \
                       SPECIAL-USE CREATE-SPECIAL-USE QUOTA ACL RIGHTS=texk";

impl Setup {
    fn new(protocol: Protocol) -> Setup {
        let upstream = match protocol {
            Protocol::Imap => DOVECOT,
            Protocol::Submission => POSTFIX,
            Protocol::Pop3 => "TOP UIDL RESP-CODES PIPELINING AUTH-RESP-CODE",
        };
        Setup {
            login: "ufficio@pec.example.it".to_owned(),
            grant: Grant::OWNER,
            addresses: vec!["ufficio@pec.example.it".parse().unwrap()],
            upstream: upstream.to_owned(),
            start: Start::Authenticated,
            listener: ListenerKind::Client,
            starttls: false,
            message_bytes: 1_000_000,
            upstream_login: ("ufficio@pec.example.it".to_owned(), "casella".to_owned(), None),
            pushy: false,
        }
    }
}

impl Script {
    /// Reads a transcript.
    pub fn parse(name: &str, text: &str) -> Result<Script, String> {
        let protocol = protocol(name).unwrap_or(Protocol::Imap);
        let mut setup = Setup::new(protocol);
        let mut selected = None;
        let mut steps = Vec::new();
        for (number, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line)) {
            let wrong = |why: String| format!("{name}:{number}: {why}\n    {line}");
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(step) = spoken(line).map_err(wrong)? {
                steps.push((number, step));
                continue;
            }
            let (word, rest) = line.split_once(':').ok_or(wrong("neither a line nor a directive".to_owned()))?;
            let rest = rest.trim();
            if word == "state" && rest.starts_with("selected") && protocol != Protocol::Imap {
                return Err(wrong("there are no folders in this protocol".to_owned()));
            }
            if set_up(&mut setup, &mut selected, word, rest).map_err(wrong)? {
                if !steps.is_empty() {
                    return Err(wrong("this belongs before the first line".to_owned()));
                }
            } else {
                steps.extend(directive(word, rest).map_err(wrong)?.into_iter().map(|step| (number, step)));
            }
        }
        if let Some(folder) = selected {
            steps.splice(0..0, selecting(&setup.grant, &folder).into_iter().map(|step| (0, step)));
        }
        Ok(Script { name: name.to_owned(), protocol, setup, steps })
    }
}

/// The protocol of a transcript of this name.
pub fn protocol(name: &str) -> Option<Protocol> {
    match name.rsplit_once('.')?.1 {
        "imap" => Some(Protocol::Imap),
        "smtp" => Some(Protocol::Submission),
        "pop3" => Some(Protocol::Pop3),
        _ => None,
    }
}

/// `C>`, `U>`, `>C`, `>U`; with `>>`, no CRLF belongs to it.
fn spoken(line: &str) -> Result<Option<Step>, String> {
    let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
    let say = |leg, line| Template::parse(text, line, false).map(|text| Some(Step::Say(leg, text)));
    let hear = |leg, line| Template::parse(text, line, true).map(|text| Some(Step::Hear(leg, text)));
    match mark {
        "C>" => say(Leg::Downstream, true),
        "C>>" => say(Leg::Downstream, false),
        "U>" => say(Leg::Upstream, true),
        "U>>" => say(Leg::Upstream, false),
        ">C" => hear(Leg::Downstream, true),
        ">>C" => hear(Leg::Downstream, false),
        ">U" => hear(Leg::Upstream, true),
        ">>U" => hear(Leg::Upstream, false),
        _ => Ok(None),
    }
}

/// A directive about how things stand at the beginning; false where it is none.
fn set_up(setup: &mut Setup, selected: &mut Option<String>, word: &str, rest: &str) -> Result<bool, String> {
    match word {
        "grant" if rest == "owner" => {}
        "grant" => {
            let (login, permissions) = rest.split_once(' ').ok_or("grant: LOGIN PERMISSIONS, or grant: owner")?;
            setup.login = login.to_owned();
            setup.grant = grant(permissions)?;
        }
        "address" => setup.addresses.push(rest.parse().map_err(|_| "address: MAILBOX@DOMAIN")?),
        "upstream" => upstream(setup, rest),
        "upstream-login" => {
            let mut words = rest.split(' ').map(str::to_owned);
            let (user, password) = (words.next(), words.next());
            setup.upstream_login =
                (user.unwrap_or_default(), unescaped(&password.ok_or("USER PASSWORD [AUTHZID]")?)?, words.next());
        }
        "state" => match rest.split_once(' ') {
            None if rest == "login" => setup.start = Start::Login,
            None if rest == "authenticated" => setup.start = Start::Authenticated,
            Some(("selected", folder)) => *selected = Some(folder.to_owned()),
            _ => return Err("state: login | authenticated | selected FOLDER".to_owned()),
        },
        "listener" => match rest {
            "client" => setup.listener = ListenerKind::Client,
            "webmail" => setup.listener = ListenerKind::Webmail,
            "starttls" => setup.starttls = true,
            _ => return Err("listener: client | webmail | starttls".to_owned()),
        },
        "message-limit" => setup.message_bytes = rest.parse().map_err(|_| "message-limit: OCTETS")?,
        "pushy" => setup.pushy = true,
        _ => return Ok(false),
    }
    Ok(true)
}

/// A list of capabilities, or changes to the default one: `-ACL +METADATA`.
fn upstream(setup: &mut Setup, rest: &str) {
    if !rest.starts_with(['+', '-']) {
        setup.upstream = rest.to_owned();
        return;
    }
    for change in rest.split(' ') {
        match change.strip_prefix('-') {
            Some(without) => {
                let left = setup.upstream.split(' ').filter(|name| *name != without);
                setup.upstream = left.collect::<Vec<_>>().join(" ");
            }
            None => setup.upstream = format!("{} {}", setup.upstream, change.trim_start_matches('+')),
        }
    }
}

/// A directive about something that happens or must happen.
fn directive(word: &str, rest: &str) -> Result<Vec<Step>, String> {
    let leg = || match rest {
        "client" => Ok(Leg::Downstream),
        "upstream" => Ok(Leg::Upstream),
        _ => Err(format!("{word}: client | upstream")),
    };
    Ok(vec![match word {
        "time" => Step::Event(Event::Time(duration(rest)?)),
        "grant-change" => Step::Event(Event::Grant(grant(rest)?)),
        "revoke" => Step::Event(Event::Revoke),
        "dismiss" => Step::Event(Event::Dismiss),
        "shutdown" => Step::Event(Event::Shutdown),
        "closes" => Step::Event(Event::Closes(leg()?)),
        "handshake" => Step::Event(Event::Handshake(leg()?)),
        "expect-starttls" => Step::StartTls(leg()?),
        "expect-close-upstream" => Step::CloseUpstream,
        "expect-close" => Step::Close(rest.to_owned()),
        "expect-break-off" => Step::BreakOff(rest.to_owned()),
        "note" => Step::Note(rest.to_owned()),
        "quiet" => Step::Quiet,
        "expect-verify" => verify(rest)?,
        "verified" => verdict(rest)?,
        "verify" => {
            let (credentials, answer) =
                rest.rsplit_once(' ').ok_or("verify: LOGIN PASSWORD ok | refused | unavailable")?;
            return Ok(vec![verify(credentials)?, verdict(answer)?]);
        }
        "expect-connect" => Step::Connect,
        "connected" => connection(rest)?,
        "connect" => return Ok(vec![Step::Connect, connection(rest)?]),
        "expect-record" => Step::RecordSending(Record::parse(rest)?),
        "recorded" => recorded(rest)?,
        "record" => {
            let (record, answer) = rest.rsplit_once(' ').unwrap_or(("", rest));
            return Ok(vec![Step::RecordSending(Record::parse(record)?), recorded(answer)?]);
        }
        "expect-outcome" => Step::RecordOutcome(outcome(rest)?),
        "outcome-recorded" => Step::Event(Event::OutcomeRecorded),
        "outcome" => return Ok(vec![Step::RecordOutcome(outcome(rest)?), Step::Event(Event::OutcomeRecorded)]),
        "copied" => Step::Copied(Template::parse(rest, false, false)?),
        _ => return Err("no such directive".to_owned()),
    }])
}

fn verify(credentials: &str) -> Result<Step, String> {
    let (login, password) = credentials.split_once(' ').ok_or("LOGIN PASSWORD, spaces in them as `\\s`")?;
    Ok(Step::Verify { login: octets(login)?, password: octets(password)? })
}

fn verdict(answer: &str) -> Result<Step, String> {
    Ok(Step::Event(Event::Verified(match answer {
        "ok" => Verdict::Ok,
        "refused" => Verdict::Refused,
        "unavailable" => Verdict::Unavailable,
        _ => return Err("ok | refused | unavailable".to_owned()),
    })))
}

fn connection(answer: &str) -> Result<Step, String> {
    Ok(Step::Event(Event::Connected(match answer {
        "ok" => Connection::Ok,
        "starttls" => Connection::StartTls,
        "full" => Connection::Full,
        "unreachable" => Connection::Unreachable,
        _ => return Err("ok | starttls | full | unreachable".to_owned()),
    })))
}

fn recorded(answer: &str) -> Result<Step, String> {
    match answer {
        "ok" => Ok(Step::Event(Event::SendingRecorded(Recording::Recorded))),
        "forbidden" => Ok(Step::Event(Event::SendingRecorded(Recording::Forbidden))),
        "failed" => Ok(Step::Event(Event::SendingRecorded(Recording::Failed))),
        _ => Err("record: [FIELD=VALUE …] ok | forbidden | failed".to_owned()),
    }
}

fn outcome(text: &str) -> Result<SendOutcome, String> {
    match text.split_once(' ').unwrap_or((text, "")) {
        ("accepted", reply) => Ok(SendOutcome::Accepted(reply.to_owned())),
        ("refused", reply) => Ok(SendOutcome::Refused(reply.to_owned())),
        ("unknown", "") => Ok(SendOutcome::Unknown),
        _ => Err("outcome: accepted REPLY | refused REPLY | unknown".to_owned()),
    }
}

fn grant(permissions: &str) -> Result<Grant, String> {
    // A read-only mail program is wanted in many transcripts, so the profile is that of X17.
    let permissions = Permissions::parse(permissions, Profile::ClientApart).map_err(|why| why.to_string())?;
    Ok(Grant { permissions, protocols: Protocols::default() })
}

/// The octets of a text with escapes.
pub fn octets(text: &str) -> Result<Vec<u8>, String> {
    Template::parse(text, false, false)?.octets(&super::text::Variables::new())
}

fn unescaped(text: &str) -> Result<String, String> {
    String::from_utf8(octets(text)?).map_err(|_| "not UTF-8".to_owned())
}

/// `+30s`, `+5m`, `+999ms`
fn duration(text: &str) -> Result<Duration, String> {
    const FORM: &str = "time: +30s | +5m | +250ms";
    let text = text.strip_prefix('+').ok_or(FORM)?;
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or(FORM)?);
    let number: u64 = number.parse().map_err(|_| FORM)?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(60 * number)),
        _ => Err(FORM.to_owned()),
    }
}

/// The exchange that `state: selected FOLDER` stands for.
fn selecting(grant: &Grant, folder: &str) -> Vec<Step> {
    use delega::domain::Permission;
    let writes = grant.may(Permission::Write);
    let (verb, flags, mode) = if writes {
        ("SELECT", "(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\\\*)", "READ-WRITE")
    } else {
        ("EXAMINE", "()", "READ-ONLY")
    };
    let answer = [
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)".to_owned(),
        format!("* OK [PERMANENTFLAGS {flags}] Flags permitted."),
        "* 252 EXISTS".to_owned(),
        "* OK [UIDVALIDITY 1700000000] UIDs valid".to_owned(),
        format!("s0 OK [{mode}] Open."),
    ];
    let line = |text: &str| Template::parse(text, true, false).unwrap();
    let mut steps = vec![
        Step::Say(Leg::Downstream, line(&format!("s0 SELECT {folder}"))),
        Step::Hear(Leg::Upstream, line(&format!("s0 {verb} {folder}"))),
    ];
    steps.extend(answer.iter().map(|text| Step::Say(Leg::Upstream, line(text))));
    steps.extend(answer.iter().map(|text| Step::Hear(Leg::Downstream, line(text))));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_their_line() {
        for (text, place) in [
            ("# x\nC> a\\q\n", "t:2:"),
            ("\nnonsense\n", "t:2:"),
            ("tiem: +3s\n", "t:1:"),
            ("time: 3\n", "t:1:"),
            ("grant: anna/x@y.it reed\n", "t:1:"),
            ("C> a NOOP\ngrant: owner\n", "t:2:"),
            ("verify: a b maybe\n", "t:1:"),
        ] {
            let fault = Script::parse("t", text).unwrap_err();
            assert!(fault.starts_with(place), "{text:?}: {fault}");
        }
    }

    #[test]
    fn the_upstream_can_be_changed_a_little() {
        let script = Script::parse("t", "upstream: -ACL +METADATA\n").unwrap();
        let has = |name: &str| script.setup.upstream.split(' ').any(|word| word == name);
        assert!(!has("ACL") && has("METADATA") && has("IDLE"));
    }
}
