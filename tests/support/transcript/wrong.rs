//! Transcripts that every driver must find wrong.

/// What is right; each of the others differs from what delega does in one thing.
pub const RIGHT: &str = "\
grant: anna/ufficio@pec.example.it read,client
state: selected INBOX
C> a1 STORE 7 +FLAGS (\\Deleted)
>C a1 NO [NOPERM] *
C> a2 NOOP
>U $1 NOOP
U> $1 OK done
>C a2 OK done
";

/// What is wrong with it, and the transcript.
pub fn all() -> Vec<(&'static str, String)> {
    let changed = |from: &str, to: &str| {
        assert!(RIGHT.contains(from));
        RIGHT.replacen(from, to, 1)
    };
    vec![
        ("another answer", changed("a1 NO", "a1 OK")),
        ("an answer that is not given", changed("C> a2", ">C * OK\nC> a2")),
        ("an answer that is not listed", changed(">C a1 NO [NOPERM] *\n", "")),
        ("the last answer is not listed", changed(">C a2 OK done\n", "")),
        ("a command that is not forwarded", changed(">C a1", ">U a1 *\n>C a1")),
        ("a command whose forwarding is not listed", changed(">U $1 NOOP\n", "").replace("$1", "a2")),
        ("another text", changed(">C a2 OK done", ">C a2 OK don")),
        ("an end that does not come", format!("{RIGHT}expect-close:\n")),
        ("an end that is not listed", format!("{RIGHT}revoke:\n>C * BYE *\n")),
        (
            "an end that is not in the middle of anything",
            format!("{RIGHT}revoke:\n>C * BYE *\nexpect-break-off: Revoked\n"),
        ),
        (
            "an end in the middle",
            "state: selected INBOX\nC> a NOOP\n>U $1 NOOP\nU>> * O\nrevoke:\nexpect-close: Revoked\n".to_owned(),
        ),
        ("an end for another reason", format!("{RIGHT}revoke:\n>C * BYE *\nexpect-close: Logout\n")),
        ("a request that is not made", format!("{RIGHT}connect: ok\n")),
        ("a note that is not made", format!("{RIGHT}note: LoggedIn\n")),
        ("quiet where it is not", changed(">U $1 NOOP", "quiet:\n>U $1 NOOP")),
    ]
}
