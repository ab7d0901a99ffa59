//! One IMAP session.
