"""What the scripts beside this one have in common: logging in, and saying what was expected."""

import imaplib
import ssl
import sys

PORT, STARTTLS_PORT, CA_FILE, LOGIN, PASSWORD, ADDRESS, OWNERS_PASSWORD = sys.argv[1:]
CONTEXT = ssl.create_default_context(cafile=CA_FILE)


def connect():
    return imaplib.IMAP4_SSL("localhost", int(PORT), ssl_context=CONTEXT, timeout=20)


def connect_by_starttls():
    session = imaplib.IMAP4("localhost", int(STARTTLS_PORT), timeout=20)
    assert "STARTTLS" in session.capabilities, session.capabilities
    assert "LOGINDISABLED" in session.capabilities, session.capabilities
    try:
        session.login(LOGIN, PASSWORD)
    except imaplib.IMAP4.error as error:
        assert "PRIVACYREQUIRED" in str(error), error
    else:
        raise AssertionError("a login before TLS")
    ok(session.starttls(CONTEXT))
    return session


def log_in(session=None):
    session = session or connect()
    ok(session.login(LOGIN, PASSWORD))
    return session


def owner():
    session = connect()
    token = f"\0{ADDRESS}\0{OWNERS_PASSWORD}".encode()
    ok(session.authenticate("PLAIN", lambda _: token))
    return session


def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def refused(answer, text="[NOPERM] You may read this mailbox but not change it"):
    assert answer[0] == "NO", answer
    assert text in answer[1][-1].decode(), answer


def raises(kind, call, *arguments):
    try:
        answer = call(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError(f"{call.__name__}{arguments}: {answer}")


def text(data):
    """All of an answer's lines as one text."""
    return "\n".join(b" ".join(line).decode() if isinstance(line, tuple) else (line or b"").decode() for line in data)
