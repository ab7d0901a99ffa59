//! delega: a gateway between mail programs and a certified-mail (PEC) server, through which several people work in one
//! mailbox, each with credentials and permissions of their own.
//!
//! It speaks IMAP, SMTP submission and POP3. A person logs in as `username/mailbox@domain`, or as `mailbox@domain` with the
//! mailbox's own password; the gateway logs in upstream, judges every command, and relays what is allowed.
//!
//! # The map
//!
//! | module | what it is |
//! |---|---|
//! | [`domain`] | what delegation is: mailboxes, delegates, permissions, logins, and every bound on input. Pure |
//! | [`config`] | `delega.toml` → a configuration, every fault with its line |
//! | [`proto`] | wire grammars, bytes ↔ types. Pure |
//! | [`policy`] | (grant, state, command) → decision, one file for each protocol. Pure |
//! | [`session`] | the state machine of one proxied connection, both legs, without I/O |
//! | [`texts`] | what people read, in Italian and English, or have their phone read. Pure |
//! | [`store`] | the database, behind a trait |
//! | [`accounts`] | the use cases: log in, invite, accept, change, suspend, reset, end, verify in two steps, plans and seats, the outbox, record what is sent and who came in |
//! | [`net`] | sockets, TLS, the PROXY protocol, signals, the threads that carry connections |
//! | [`gateway`] | drives sessions over sockets; tells open sessions what has changed |
//! | [`notify`] | mails to people: what they say, and how they get to the relay |
//! | [`json`] | what programs see of all that: `--json`, and the API |
//! | [`web`] | the panel: pages by a link, to answer an invitation or set a new password; behind a login those of owners, delegates and postmasters, and one's own account; what mail programs are told; the API for providers |
//! | [`cli`] | the command line, one file for each group of subcommands |
//!
//! A module may import what its row names, and nothing else of this crate; `tests/layering.rs` holds the code to it.
//!
//! | module | may import |
//! |---|---|
//! | domain | |
//! | config | domain |
//! | proto | domain |
//! | texts | domain |
//! | store | domain |
//! | policy | domain, proto |
//! | session | domain, proto, policy |
//! | net | domain, config |
//! | accounts | domain, store |
//! | gateway | domain, config, session, accounts, net |
//! | notify | domain, config, proto, texts, accounts, net |
//! | json | domain, accounts |
//! | web | domain, config, texts, accounts, net, json |
//! | cli | domain, config, proto, texts, policy, session, store, accounts, net, gateway, notify, json, web |
//!
//! # The path of a login
//!
//! The session of its protocol ([`session::imap`], [`session::smtp`], [`session::pop3`]) reads LOGIN, AUTHENTICATE, AUTH or
//! PASS and asks for the credentials to be checked. [`gateway`] does so on a
//! blocking thread through [`accounts`]: one run of argon2 whatever is wrong, and the same answer at the same time. Wrong
//! passwords are counted ([`domain::guessing`]), and while the door is closed nobody is looked at. Whoever comes by
//! something that delega has made – an app password, a login by web mail that was let in before – is known by that, and
//! with two-step verification by nothing else but, at a web mail, the password with a code behind it. Who
//! is let in is entered among the open sessions, whose standing is looked up again whenever the store has changed. Then
//! the gateway connects upstream, and the session logs in there with the mailbox's password, which is unsealed for this
//! and shown to nobody.
//!
//! At a web mail the password with a code behind it is taken apart ([`accounts`]), since a code works once and a web mail
//! logs in at each click: what was accepted is kept as a login by web mail, a keyed hash of account and text with the
//! address that it came from, and lets the same text in again. So does the token that the panel sends a browser to the web
//! mail with, once it was used for the first time.
//!
//! The panel ([`web`]) asks the same [`accounts`]; an owner's password is tried at the mail server. Who is in has a session
//! in the store, under the hash of a random cookie that is another at each step: at the code, where there is two-step
//! verification; at the enrolment, where the owner demands it and there is none; or in. It is bound to the password's
//! version, so whatever ends somebody's sessions ends this one.
//!
//! # The path of a command
//!
//! `a3 UID STORE 7 +FLAGS (\Deleted)` from someone who may only read:
//!
//! 1. [`gateway`] reads decrypted bytes and hands them to the session.
//! 2. [`proto::imap::framer`] finds where the command ends, and [`proto::imap::command`] parses all of it, or it is
//!    answered `BAD`.
//! 3. [`policy::imap::decide`] says what becomes of it: here `NO [NOPERM]`, in its turn among the answers.
//! 4. What is allowed is written anew from what was parsed ([`proto::imap::encode`]) and sent. A message that is appended
//!    streams once the verdict is given.
//! 5. The server's bytes pass a scanner ([`proto::imap::scanner`]) that knows lines and literals; the few responses that
//!    would tell more than is so are rewritten, the rest is copied. A message of 50 MB is never in memory.
//!
//! All of this happens on one thread: a connection is dealt to one when it is accepted, and stays there with both its legs
//! ([`net::workers`]). Listeners, and what looks after all sessions, share the thread that started the gateway; whatever
//! waits for the disk or hashes passwords has threads of its own.
//!
//! POP3 goes the same way, one command at a time: [`proto::pop3`], [`policy::pop3`], [`session::pop3`].
//!
//! # The path of a message sent
//!
//! From someone who may send, through [`session::smtp`]:
//!
//! 1. MAIL and RCPT are parsed ([`proto::smtp::command`]), judged ([`policy::smtp::decide`]), and sent upstream anew; the
//!    reverse-path must be the mailbox or an alias of its.
//! 2. DATA is answered here. The header is held back, at most so many bytes, until [`policy::smtp::judge`] has found one
//!    reading of who it is from, and that it is the mailbox; a message that is refused is read to its end and thrown away.
//! 3. Only then the upstream hears DATA, and is given the header and the rest as it comes. [`proto::smtp::data`] decides
//!    where the message ends, and no other line end than CRLF passes.
//! 4. Before the end of the message goes upstream, the send is recorded. The upstream's final reply is recorded, and then
//!    it is the client's.
//!
//! # The path of a change
//!
//! `delega delegate suspend` writes to the store in a process of its own. The server asks for the store's change marker
//! five times a second, looks up the standing of those who are in, and tells their sessions: new permissions bind from
//! the next command on, and whoever would no longer be let in is told so, where the protocol has a word for it, and out.
//!
//! # The path of an invitation
//!
//! 1. [`accounts`] asks [`domain::life`] whether whoever invites may, and looks for a free seat. The delegate, the hash of
//!    the link's token, and the mail with that token sealed in it are one transaction.
//! 2. [`notify`] takes the mail from the outbox, writes it in the recipient's language and gives it to the relay, as often
//!    as it takes.
//! 3. [`web`] shows what the link is for, which changes nothing; the answer is a POST. [`accounts`] takes it once: the link
//!    is gone in the transaction that makes the delegate active, and both confirmations are caused by it.
//!
//! Everything else that becomes of a delegate goes the same way: [`domain::life::judge`] says whether it may, one
//! transaction does it and causes the mails about it, and open sessions feel it as any change. What time does is
//! written down by the server within seconds: an invitation that lapses, which is so for whoever looks before that too, and
//! a grace period that ends.
//!
//! # The record of a send
//!
//! Before the end of a message goes upstream, [`accounts`] writes down who sends what to whom, with its outcome unknown,
//! and looks in the same transaction whether they still may. The upstream's final reply is written down before the client
//! hears of it. Where a copy is to go into the folder of sent messages, the message lies in a file beside the store, and
//! the copy is due from the same transaction on. The record outlives mailbox and delegate, and moves no change marker.
//!
//! [`gateway`] takes what is due, a little after it was sent, and an upstream IMAP session of its own
//! ([`session::imap::deposit`]) looks for the message in the folder, and puts it there where it is not: by an attempt that
//! was cut off, by the sender's program, or by the provider it may be there already.
//!
//! # The access history
//!
//! A connection leaves a word when somebody has come in or was refused ([`gateway`]), and goes on; a task gathers the words
//! and has [`accounts`] write them, alike ones as a count. Nobody waits for it, and under a flood it loses words rather
//! than time, and says so.
//!
//! # Invariants
//!
//! Each is held by a test.
//!
//! - Nothing goes upstream before somebody was let in, but the gateway's own login.
//! - Nothing of a command goes upstream before all of it, messages apart, was parsed and judged, and then never the
//!   client's own bytes.
//! - A verb that the grammar knows does not compile until the policy names it; what is unknown is refused.
//! - Every command has one answer, and answers come in the order of the commands.
//! - Nobody hears `250` for a message that the upstream has not taken, nor before that is on record.
//! - A message that is sent has one reading of who it is from, and that is the mailbox; and it ends in one place.
//! - What POP3 deletes is deleted by the client's own QUIT alone, and by somebody who may write at that time.
//! - What the gateway says stands between two responses of the upstream, never inside one.
//! - A session that ends inside a response ends so that the client can tell: by a reset.
//! - Someone who may only read leaves no trace in the mailbox, whatever they send.
//! - A session never touches the store on the path of a command, but to record a message that is sent.
//! - No message is recorded after a change that forbids it was confirmed; an outcome is recorded once and never changed.
//! - A message that was sent lies in the folder of sent messages once, however often it was tried.
//! - Every input has a bound ([`domain::limits`]); an idle session holds no buffer.
//! - What becomes of a delegate, by whom and from where, is one table (`tests/golden/delegate-life.txt`); nobody gives what
//!   they do not have, and nobody touches their own grant.
//! - Who looks at a mailbox's records, or ends a session in it, is judged by one table ([`domain::oversight`]); a mailbox does
//!   not inherit the records of one that had its address before. Whoever was sent away is not called back by a change.
//! - Who looks at mailboxes and delegates is judged as who changes them is; a stranger does not learn which there are, and
//!   whoever came in with a former password is one.
//! - A link works once, and for its time, and no stranger's asking for another ends that; the store has its hash alone.
//!   Looking at it changes nothing.
//! - An e-mail address that somebody chooses is theirs once it was confirmed there; the one before is told, and links that
//!   went to it work no more.
//! - A code of two-step verification, or a recovery code, works once, whoever shows it, by whatever process; and where the
//!   owner has it, no delegate without it is let in, or stays in.
//! - Nobody is told whether a login exists, its password is wrong, its door is closed, or an app password is needed.
//! - With two-step verification a mail program comes in by an app password alone, and nothing that an owner types there
//!   goes upstream; a web mail comes in by what a code has opened, from where it was opened, for its time.
//! - No seat is given beyond the plan's, and nobody is deleted for want of one.
//! - A mail to people is stored with the change that causes it, and is sent or said to have failed; those to one person
//!   in their order. One that comes twice has one Message-ID.
//! - The links in a mail are built from the configuration and a token alone; nobody's words break its header or its page.
//! - A page that needs a login shows nothing without one, not even that there is such a mailbox; what changes something needs
//!   the form's key and the panel's own origin besides (`tests/golden/panel-routes.txt`).
//! - A browser's session opens nothing of the API, and a token no page; whatever is wrong with a token has one answer.
//! - Secrets live in types that cannot be printed; what is stored of them is hashed, or sealed to its row.
//!
//! # Words
//!
//! A person's mailbox is a [`Mailbox`](domain::Mailbox); what IMAP calls a mailbox is a *folder*. *Downstream* is the
//! client's leg of a session, *upstream* the server's. *authcid* is who logs in, *authzid* whom they want to act as.

pub mod accounts;
pub mod cli;
pub mod config;
pub mod domain;
pub mod gateway;
pub mod json;
pub mod net;
pub mod notify;
pub mod policy;
pub mod proto;
pub mod session;
pub mod store;
pub mod texts;
pub mod web;
