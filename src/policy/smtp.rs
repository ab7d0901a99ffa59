//! SMTP submission: which command needs which permission, what is offered, and who a message may say it is from (P3, G2).
//!
//! Three rules. Nothing of a command goes upstream before it was decided here. Only what can be decided here is offered.
//! What a message says of its sender has one reading, and it is the mailbox; [`judge`] is asked before DATA goes upstream.

use crate::domain::{Grant, MailboxAddress, Permission, deceives};
use crate::proto::smtp::address::Address;
use crate::proto::smtp::command::{Arguments, Command};
use crate::proto::smtp::extension::{Extension as E, Extensions};
use crate::proto::smtp::header::{self, Header};
use crate::proto::smtp::originator::{self, Originator};
use crate::proto::smtp::parameter::MailParameters;
use crate::proto::smtp::reply::Own;
use crate::proto::smtp::verb::Verb;

/// What becomes of a command.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes upstream, written anew; DATA once the header was judged.
    Forward,
    /// The gateway answers.
    Answer(Answer),
    /// It is refused.
    Refuse(Refusal),
}

/// What the gateway answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// EHLO: what is offered now.
    Ehlo,
    /// HELO.
    Helo,
    /// HELP.
    Help,
    /// NOOP and RSET before login.
    Nothing,
    /// QUIT.
    Quit,
    /// STARTTLS: the handshake follows.
    StartTls,
    /// AUTH: the credentials are checked.
    Auth,
}

/// Why a command or a message is refused, as the client is told.
pub type Refusal = Own;

/// What a verb needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing, not even a login.
    Nothing,
    /// A permission, and so a login.
    Permission(Permission),
    /// It belongs before the login.
    BeforeLogin,
    /// Nobody may.
    Never(Refusal),
}

const NO_SEND: Refusal = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "You may not send from this mailbox: the permission to send is missing (non puoi inviare da questa casella: ti manca il permesso di invio)",
};
const NOT_SENDER: Refusal = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "The sender must be the address of this mailbox (il mittente deve essere l'indirizzo di questa casella)",
};
const NULL_SENDER: Refusal = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "Messages without a sender are not taken (i messaggi senza mittente non sono accettati)",
};
const NOT_OFFERED: Refusal = Own { code: 502, enhanced: "5.5.1", text: "Not offered here" };
const NO_TRUST: Refusal = Own { code: 550, enhanced: "5.7.1", text: "Not for you" };
const NO_CHUNKS: Refusal = Own { code: 503, enhanced: "5.5.1", text: "CHUNKING is not offered, use DATA" };
const LOGIN_FIRST: Refusal = Own { code: 530, enhanced: "5.7.0", text: "Log in first" };
const TLS_FIRST: Refusal = Own { code: 530, enhanced: "5.7.0", text: "Begin TLS first" };
const TLS_BEFORE_AUTH: Refusal = Own { code: 538, enhanced: "5.7.11", text: "Begin TLS first" };
const NO_TLS: Refusal = Own { code: 502, enhanced: "5.5.1", text: "TLS is not offered here" };
const NOT_NOW: Refusal = Own { code: 503, enhanced: "5.5.1", text: "Not after login" };
const PARAMETER: Refusal =
    Own { code: 555, enhanced: "5.5.4", text: "The mail server does not offer a parameter of this" };
const NO_UTF8: Refusal = Own { code: 553, enhanced: "5.6.7", text: "Addresses beyond ASCII need SMTPUTF8" };
/// Also for a message that turns out to be too large.
pub const TOO_BIG: Refusal = Own {
    code: 552,
    enhanced: "5.3.4",
    text: "The message is larger than is allowed (il messaggio supera la dimensione consentita)",
};

/// What each verb needs.
pub fn need(verb: Verb) -> Need {
    match verb {
        Verb::Ehlo | Verb::Helo | Verb::Noop | Verb::Rset | Verb::Quit | Verb::Help => Need::Nothing,
        Verb::StartTls | Verb::Auth => Need::BeforeLogin,
        Verb::Mail | Verb::Rcpt | Verb::Data => Need::Permission(Permission::Send),
        // Within a message's octets there could be commands: it is no second way in.
        Verb::Bdat => Need::Never(NO_CHUNKS),
        Verb::Vrfy | Verb::Expn | Verb::Etrn | Verb::Turn | Verb::Burl => Need::Never(NOT_OFFERED),
        // With these a client says who it is in somebody else's name.
        Verb::Xclient | Verb::Xforward => Need::Never(NO_TRUST),
    }
}

/// The verdict on a verb alone after login, before its arguments are read.
pub fn verdict(grant: &Grant, verb: Verb) -> Result<(), Refusal> {
    match need(verb) {
        Need::Nothing => Ok(()),
        Need::Permission(permission) if grant.may(permission) => Ok(()),
        Need::Permission(_) => Err(NO_SEND),
        Need::BeforeLogin => Err(NOT_NOW),
        Need::Never(refusal) => Err(refusal),
    }
}

/// Whom and what a command is judged by after login.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// What the person may do.
    pub grant: &'a Grant,
    /// The addresses that the mailbox sends from.
    pub addresses: &'a [MailboxAddress],
    /// What is offered ([`offered`]).
    pub offered: Extensions,
    /// Whether SMTPUTF8 was said in MAIL.
    pub utf8: bool,
}

/// The decision on a whole command after login.
pub fn decide(by: Circumstances<'_>, command: &Command) -> Decision {
    if let Err(refusal) = verdict(by.grant, command.verb) {
        return Decision::Refuse(refusal);
    }
    match (command.verb, &command.arguments) {
        (Verb::Ehlo, _) => Decision::Answer(Answer::Ehlo),
        (Verb::Helo, _) => Decision::Answer(Answer::Helo),
        (Verb::Help, _) => Decision::Answer(Answer::Help),
        (Verb::Quit, _) => Decision::Answer(Answer::Quit),
        (Verb::Mail, Arguments::Mail(None, _)) => Decision::Refuse(NULL_SENDER),
        (Verb::Mail, Arguments::Mail(Some(path), parameters)) => mail(by, path, parameters),
        (Verb::Rcpt, Arguments::Rcpt(path, parameters)) => match parameters.needs() {
            Some(extension) if !by.offered.has(extension) => Decision::Refuse(PARAMETER),
            _ if !path.is_ascii() && !by.utf8 => Decision::Refuse(NO_UTF8),
            _ => Decision::Forward,
        },
        (Verb::Noop | Verb::Rset | Verb::Data, _) => Decision::Forward,
        // Without arguments these are nothing; the others were refused by their verbs.
        (Verb::Mail | Verb::Rcpt, _) => Decision::Refuse(NOT_OFFERED),
        (
            Verb::StartTls
            | Verb::Auth
            | Verb::Bdat
            | Verb::Vrfy
            | Verb::Expn
            | Verb::Etrn
            | Verb::Turn
            | Verb::Burl
            | Verb::Xclient
            | Verb::Xforward,
            _,
        ) => Decision::Refuse(NOT_OFFERED),
    }
}

fn mail(by: Circumstances<'_>, path: &Address, parameters: &MailParameters) -> Decision {
    if !is_mailbox(path, by.addresses) {
        return Decision::Refuse(NOT_SENDER);
    }
    if parameters.needs().any(|extension| !by.offered.has(extension)) {
        return Decision::Refuse(PARAMETER);
    }
    match (parameters.size, by.offered.size()) {
        (Some(size), Some(most)) if size > most => Decision::Refuse(TOO_BIG),
        _ => Decision::Forward,
    }
}

/// Whether an address is one of those that the mailbox sends from.
pub fn is_mailbox(address: &Address, addresses: &[MailboxAddress]) -> bool {
    addresses.iter().any(|mailbox| address.is(mailbox))
}

/// The state of a connection before login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Encrypted, or plain where the operator allows it (loopback only).
    Private,
    /// Plain, with STARTTLS to come.
    BeforeStartTls,
}

/// The decision on a verb before login.
pub fn before_login(channel: Channel, verb: Verb) -> Decision {
    match (verb, channel) {
        (Verb::Ehlo, _) => Decision::Answer(Answer::Ehlo),
        (Verb::Helo, _) => Decision::Answer(Answer::Helo),
        (Verb::Noop | Verb::Rset, _) => Decision::Answer(Answer::Nothing),
        (Verb::Help, _) => Decision::Answer(Answer::Help),
        (Verb::Quit, _) => Decision::Answer(Answer::Quit),
        (Verb::StartTls, Channel::BeforeStartTls) => Decision::Answer(Answer::StartTls),
        (Verb::StartTls, Channel::Private) => Decision::Refuse(NO_TLS),
        (Verb::Auth, Channel::BeforeStartTls) => Decision::Refuse(TLS_BEFORE_AUTH),
        (Verb::Auth, Channel::Private) => Decision::Answer(Answer::Auth),
        (Verb::Mail | Verb::Rcpt | Verb::Data, Channel::BeforeStartTls) => Decision::Refuse(TLS_FIRST),
        (Verb::Mail | Verb::Rcpt | Verb::Data, Channel::Private) => Decision::Refuse(LOGIN_FIRST),
        (
            Verb::Bdat
            | Verb::Vrfy
            | Verb::Expn
            | Verb::Etrn
            | Verb::Turn
            | Verb::Burl
            | Verb::Xclient
            | Verb::Xforward,
            _,
        ) => match need(verb) {
            Need::Never(refusal) => Decision::Refuse(refusal),
            Need::Nothing | Need::Permission(_) | Need::BeforeLogin => Decision::Refuse(LOGIN_FIRST),
        },
    }
}

/// Given by the gateway whatever the upstream has: it sends one command at a time there, so the client may pipeline, and
/// adds the status codes that a reply has not.
const OWN: Extensions = Extensions::of(&[E::Pipelining, E::EnhancedStatusCodes]);
/// What the upstream must have.
const UPSTREAM: Extensions = Extensions::of(&[E::EightBitMime, E::SmtpUtf8, E::Dsn]);

/// What is offered before login. `upstreams` is what the configured upstreams are known to have: which of them it will be
/// is not known yet.
pub fn offered_before_login(channel: Channel, upstreams: Extensions, message_bytes: u64) -> Extensions {
    let common = offered(upstreams, message_bytes);
    match channel {
        Channel::Private => common.with(E::AuthPlain).with(E::AuthLogin),
        Channel::BeforeStartTls => common.with(E::StartTls),
    }
}

/// What is offered after login: the gateway's own, and of the upstream's what is judged here. SIZE is the smaller limit.
pub fn offered(upstream: Extensions, message_bytes: u64) -> Extensions {
    let most = upstream.size().map_or(message_bytes, |size| size.min(message_bytes));
    OWN.or(upstream.and(UPSTREAM)).with_size(most)
}

/// The fields that there may be one of (RFC 5322 §3.6; Author, of RFC 9057, as well): with two, one program would show and
/// record the first, another the second.
const ONCE: [&str; 11] =
    ["Date", "Author", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject"];

const TWO_FIELDS: Refusal = Own {
    code: 550,
    enhanced: "5.6.0",
    text: "The header has a field twice that may be there once (un campo dell'intestazione compare due volte)",
};
const NO_FROM: Refusal = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "The message needs exactly one From, the address of this mailbox (serve un solo From, con l'indirizzo di questa casella)",
};
const FORGED_FROM: Refusal = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "The From of the message is not this mailbox (il From del messaggio non corrisponde a questa casella)",
};
const FORGED_SENDER: Refusal = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "The Sender, Author, Resent-From or Resent-Sender of the message is not this mailbox (il Sender, l'Author o il Resent-From non corrisponde a questa casella)",
};
const NAMES_ANOTHER: Refusal = Own {
    code: 550,
    enhanced: "5.7.1",
    text: "The name beside the address shows another address (il nome accanto all'indirizzo mostra un altro indirizzo)",
};

/// As many as one field can hold.
const MANY: usize = usize::MAX;

/// The judgement on a message's header, before DATA goes upstream (G2).
pub fn judge(header: &Header, addresses: &[MailboxAddress]) -> Result<(), Refusal> {
    let from = header.only("From").ok_or(NO_FROM)?;
    if ONCE.iter().any(|name| header.values(name).nth(1).is_some()) {
        return Err(TWO_FIELDS);
    }
    originators(from, addresses, FORGED_FROM)?;
    for (name, most) in
        [("Sender", 1), ("Author", MANY), ("Resent-From", MANY), ("Resent-Sender", 1), ("Return-Path", 1)]
    {
        for value in header.values(name) {
            if originators(value, addresses, FORGED_SENDER)? > most {
                return Err(FORGED_SENDER);
            }
        }
    }
    Ok(())
}

/// Reads a field that says who wrote or sent the message; how many it names, each of them the mailbox.
fn originators(value: &str, addresses: &[MailboxAddress], forged: Refusal) -> Result<usize, Refusal> {
    let all = originator::parse(value).map_err(unread)?;
    for Originator { address, display } in &all {
        if !is_mailbox(address, addresses) {
            return Err(forged);
        }
        if !is_harmless(display, addresses) {
            return Err(NAMES_ANOTHER);
        }
    }
    Ok(all.len())
}

/// Whether what stands beside an address shows no other: most programs show nothing else, and some decode it first and
/// look for addresses then.
fn is_harmless(display: &str, addresses: &[MailboxAddress]) -> bool {
    let looks_like_at = |c: char| matches!(c, '@' | '\u{fe6b}' | '\u{ff20}');
    let between = |c: char| c.is_whitespace() || "<>()[]{},;:\"'|".contains(c);
    let is_ours =
        |word: &str| Address::parse_plain(word.trim_end_matches('.')).is_ok_and(|a| is_mailbox(&a, addresses));
    !display.contains(['<', '>'])
        && !display.contains(deceives)
        && display.split(between).filter(|word| word.contains(looks_like_at)).all(is_ours)
}

/// What the client is told of a header that has no certain reading.
pub fn unreadable(fault: header::Fault) -> Refusal {
    use header::Fault;
    let text = match fault {
        Fault::Long => "The header of the message is too long (l'intestazione del messaggio supera il limite)",
        Fault::LongLine => {
            "The header has a line of more than 998 characters (una riga dell'intestazione supera i 998 caratteri)"
        }
        Fault::Empty => "The message has no header (il messaggio non ha intestazione)",
        Fault::NoField => "The header has a line that is no field (una riga dell'intestazione non si capisce)",
        Fault::BlankBeforeColon => {
            "The header has a blank before a colon (uno spazio prima dei due punti nell'intestazione)"
        }
        Fault::Name => {
            "The header has a field whose name cannot be read (un campo dell'intestazione ha un nome non valido)"
        }
        Fault::Folding => "The header has a line of blanks (una riga dell'intestazione contiene solo spazi)",
        Fault::Control => "The header has control characters (l'intestazione contiene caratteri di controllo)",
        Fault::Characters => {
            "The header has characters beyond ASCII, without SMTPUTF8 (l'intestazione contiene caratteri non ASCII)"
        }
    };
    Own { code: 550, enhanced: "5.6.0", text }
}

fn unread(fault: originator::Fault) -> Refusal {
    use originator::Fault;
    let text = match fault {
        Fault::Long => "From or Sender is too long (il From o il Sender supera il limite)",
        Fault::NoAddress => "From or Sender has no address (manca un indirizzo nel From o nel Sender)",
        Fault::Comment => {
            "From or Sender has a comment in brackets (il From o il Sender contiene un commento tra parentesi)"
        }
        Fault::Group => "From or Sender has a group of addresses (il From o il Sender contiene un gruppo di indirizzi)",
        Fault::Malformed => {
            "From or Sender cannot be read with certainty (il From o il Sender non si legge con certezza)"
        }
        Fault::EncodedWord => {
            "From or Sender has an encoded word that cannot be read (il From o il Sender contiene una parola codificata non leggibile)"
        }
    };
    Own { code: 550, enhanced: "5.7.1", text }
}

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod tests;
