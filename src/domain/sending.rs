//! The record of what was sent: who, when, from which address, to whom, and what became of it (O2).

/// A message that goes out, as the record keeps it. Who sends it, when and where from, the gateway knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The address in MAIL FROM, as the client wrote it.
    pub reverse_path: String,
    /// The addresses in RCPT TO that the upstream accepted, as the client wrote them, in that order.
    pub forward_paths: Vec<String>,
    /// The `Message-ID` with its angle brackets, where the message has one.
    pub message_id: Option<String>,
    /// The subject, decoded (RFC 2047), without control characters, bounded.
    pub subject: Option<String>,
    /// How large the message is, in octets, as a mailbox would store it.
    pub bytes: u64,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The upstream took it upon itself; its reply, such as `250 2.0.0 Ok: queued as 4F2A`.
    Accepted(String),
    /// The upstream refused it; its reply.
    Refused(String),
    /// Nobody knows: the connection or delega broke off between the end of the message and the reply.
    Unknown,
}
