//! What is measured, in what unit, and what delega aims at.

use crate::upstream::Protocol;

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Row {
    /// CPU for messages fetched
    Fetch,
    /// CPU for messages appended
    Append,
    /// CPU for commands, one at a time
    Single,
    /// CPU for commands, 16 at a time, each answered by itself
    Piped,
    /// CPU for commands, 16 at a time, all answered at once
    Gathered,
    /// CPU for logins
    Login,
    /// CPU for logins whose password is checked by argon2id
    PasswordLogin,
    /// CPU for logins by an app password
    AppLogin,
    /// What a NOOP takes longer than with the upstream itself, everything on one core
    Latency,
    /// Memory of idle sessions
    Memory,
    /// Many sessions at once: starvation and memory
    Many,
    /// CPU for large messages sent
    Send,
    /// CPU for small messages sent
    Messages,
    /// CPU for messages retrieved by POP3
    Retrieve,
}

/// What delega should reach.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    /// A multiple of haproxy's figure.
    TimesHaproxy(f64),
    /// A figure of its own.
    AtMost(f64),
}

impl Row {
    /// All of them.
    pub const ALL: [Row; 14] = [
        Row::Fetch,
        Row::Append,
        Row::Single,
        Row::Piped,
        Row::Gathered,
        Row::Login,
        Row::PasswordLogin,
        Row::AppLogin,
        Row::Latency,
        Row::Memory,
        Row::Many,
        Row::Send,
        Row::Messages,
        Row::Retrieve,
    ];

    /// Those that peers are compared in by their CPU time, with a protocol.
    pub fn of_cpu(protocol: Protocol) -> &'static [Row] {
        match protocol {
            Protocol::Imap => &[
                Row::Fetch,
                Row::Append,
                Row::Single,
                Row::Piped,
                Row::Gathered,
                Row::Login,
                Row::PasswordLogin,
                Row::AppLogin,
            ],
            Protocol::Submission => &[Row::Send, Row::Messages],
            Protocol::Pop3 => &[Row::Retrieve],
        }
    }

    /// As the report writes it.
    pub fn title(self) -> &'static str {
        match self {
            Row::Fetch => "CPU s per GB fetched",
            Row::Append => "CPU s per GB appended",
            Row::Single => "CPU µs per command, one at a time",
            Row::Piped => "CPU µs per command, 16 at a time",
            Row::Gathered => "… whose answers come all at once",
            Row::Login => "CPU ms per login, without the password hash",
            Row::PasswordLogin => "CPU ms per login with a password, argon2id",
            Row::AppLogin => "CPU ms per login with an app password",
            Row::Latency => "added µs to a NOOP, everything on one core, best round",
            Row::Memory => "KiB (PSS) per idle session",
            Row::Many => "many sessions",
            Row::Send => "CPU s per GB sent",
            Row::Messages => "CPU ms per small message sent",
            Row::Retrieve => "CPU s per GB retrieved by POP3",
        }
    }

    /// As JSON names it.
    pub fn key(self) -> &'static str {
        match self {
            Row::Fetch => "cpu_secs_per_gb_fetched",
            Row::Append => "cpu_secs_per_gb_appended",
            Row::Single => "cpu_micros_per_command_single",
            Row::Piped => "cpu_micros_per_command_piped",
            Row::Gathered => "cpu_micros_per_command_gathered",
            Row::Login => "cpu_millis_per_login",
            Row::PasswordLogin => "cpu_millis_per_password_login",
            Row::AppLogin => "cpu_millis_per_app_login",
            Row::Latency => "added_micros_per_noop",
            Row::Memory => "pss_kib_per_idle_session",
            Row::Many => "many",
            Row::Send => "cpu_secs_per_gb_sent",
            Row::Messages => "cpu_millis_per_message_sent",
            Row::Retrieve => "cpu_secs_per_gb_retrieved",
        }
    }

    /// The aim.
    pub fn aim(self) -> Option<Aim> {
        match self {
            Row::Fetch => Some(Aim::TimesHaproxy(0.60)),
            Row::Append => Some(Aim::TimesHaproxy(0.70)),
            Row::Single => Some(Aim::TimesHaproxy(0.80)),
            Row::Piped => Some(Aim::TimesHaproxy(0.75)),
            Row::Login => Some(Aim::TimesHaproxy(0.50)),
            Row::Latency => Some(Aim::AtMost(30.0)),
            Row::Memory => Some(Aim::AtMost(28.0)),
            Row::PasswordLogin
            | Row::AppLogin
            | Row::Gathered
            | Row::Many
            | Row::Send
            | Row::Messages
            | Row::Retrieve => None,
        }
    }
}

/// How much of everything.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Amounts {
    /// Rounds of the CPU rows.
    pub rounds: usize,
    /// Connections that work at once, in the CPU rows.
    pub sessions: usize,
    /// One message, in KiB.
    pub message_kib: usize,
    /// Fetched in one round, and appended likewise, in MB (10⁶).
    pub megabytes: usize,
    /// Rounds of those that are not IMAP's.
    pub sent_rounds: usize,
    /// Sent in one round in such messages, and retrieved by POP3 likewise, in MB.
    pub sent_megabytes: usize,
    /// A small message, in KiB.
    pub small_kib: usize,
    /// Small messages in one round.
    pub messages: usize,
    /// Commands in one round, one at a time.
    pub single: usize,
    /// Commands in one round, 16 at a time.
    pub piped: usize,
    /// Logins in one round.
    pub logins: usize,
    /// Rounds of the latency row.
    pub latency_rounds: usize,
    /// NOOPs in each of them.
    pub noops: usize,
    /// Rounds of the memory row.
    pub memory_rounds: usize,
    /// Sessions that idle.
    pub idle_sessions: usize,
    /// Sessions that fetch at once; a tenth of them read slowly.
    pub many_sessions: usize,
    /// What each of those that do not fetches, in KiB.
    pub many_kib: usize,
    /// Logins all at once.
    pub burst: usize,
    /// Logins of a delegate, for what the password hash costs.
    pub hashed: usize,
}

impl Amounts {
    /// Rounds of the CPU rows of a protocol.
    pub fn rounds(&self, protocol: Protocol) -> usize {
        match protocol {
            Protocol::Imap => self.rounds,
            Protocol::Submission | Protocol::Pop3 => self.sent_rounds,
        }
    }

    /// For figures that are quoted.
    pub const FULL: Amounts = Amounts {
        rounds: 5,
        sessions: 4,
        message_kib: 16 * 1024,
        megabytes: 1000,
        sent_rounds: 5,
        sent_megabytes: 1000,
        small_kib: 4,
        messages: 2000,
        single: 20_000,
        piped: 80_000,
        logins: 600,
        latency_rounds: 20,
        noops: 2000,
        memory_rounds: 3,
        idle_sessions: 2000,
        many_sessions: 200,
        many_kib: 16 * 1024,
        burst: 1000,
        hashed: 40,
    };

    /// For a look in between.
    pub const QUICK: Amounts = Amounts {
        rounds: 3,
        megabytes: 240,
        sent_rounds: 2,
        sent_megabytes: 70,
        messages: 400,
        single: 5000,
        piped: 20_000,
        logins: 120,
        latency_rounds: 6,
        noops: 1000,
        memory_rounds: 1,
        idle_sessions: 500,
        many_kib: 2 * 1024,
        hashed: 20,
        ..Amounts::FULL
    };
}
