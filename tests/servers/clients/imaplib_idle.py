"""Waits with IDLE, which imaplib does not know, while the owner, in a session of their own, has mail put in."""

from imaplib_session import log_in, ok, owner

session = log_in()
messages = int(ok(session.select("INBOX", readonly=True))[0])
for turn in (1, 2):
    tag = session._new_tag()
    session.send(tag + b" IDLE\r\n")
    assert session.readline().startswith(b"+ ")

    boss = owner()
    ok(boss.append("INBOX", None, None, b"Subject: arrivo\r\n\r\nciao\r\n"))
    boss.logout()

    expected = b"* %d EXISTS\r\n" % (messages + turn)
    while (line := session.readline()) != expected:
        assert line.startswith(b"* "), line
    session.send(b"DONE\r\n")
    while not (line := session.readline()).startswith(tag):
        assert line.startswith(b"* "), line
    assert b" OK " in line, line
assert b"arrivo" in ok(session.fetch(str(messages + 2), "(BODY[HEADER.FIELDS (SUBJECT)])"))[0][1]
session.logout()
