"""A session of somebody who may read and write. What is on disk is looked at afterwards."""

import imaplib
import time

from imaplib_session import connect_by_starttls, log_in, ok, refused, text

LETTER = "From: bruno@pec.example.it\r\nSubject: perché così\r\n\r\nda finire\r\n".encode()

session = log_in(connect_by_starttls())
capability = text(ok(session.capability()))
for word in [" ACL", " UIDPLUS", " MOVE", " LITERAL+", " IDLE"]:
    assert word in capability, capability
assert ok(session.myrights("INBOX")) == [b"INBOX lrswikxte"]
refused(session.getacl("INBOX"), "[NOPERM] Rights and quotas")

messages = int(ok(session.select("INBOX"))[0])
assert "\\*" in text(session.response("PERMANENTFLAGS")[1])

assert "\\Flagged" in text(ok(session.store("1", "+FLAGS", "(\\Seen \\Flagged Urgente)")))
assert "\\Flagged" not in text(ok(session.store("1", "-FLAGS", "(\\Flagged)")))
assert "Urgente" in text(ok(session.fetch("1", "(FLAGS)")))

ok(session.create("Pratiche"))
ok(session.subscribe("Pratiche"))
ok(session.copy("1", "Pratiche"))
ok(session.uid("MOVE", "1", "Pratiche"))
assert session.response("EXPUNGE")[1] == [b"1"]
ok(session.uid("STORE", "2", "+FLAGS.SILENT", "(\\Deleted)"))
assert ok(session.expunge()) == [b"1"]
assert len(ok(session.search(None, "ALL"))[0].split()) == messages - 2

date = imaplib.Time2Internaldate(time.time())
assert "[APPENDUID " in text(ok(session.append("Drafts", "(\\Draft \\Seen)", date, LETTER)))
ok(session.select("Drafts"))
session.literal = "perché così".encode()
(number,) = ok(session.search("UTF-8", "SUBJECT"))[0].split()
answer = ok(session.fetch(number, "(FLAGS BODY.PEEK[])"))
assert answer[0][1] == LETTER, answer
assert b"\\Draft" in answer[0][0] + answer[1], answer

# CLOSE expunges.
ok(session.store(number, "+FLAGS.SILENT", "(\\Deleted)"))
ok(session.close())
assert "MESSAGES 3" in text(ok(session.status("Drafts", "(MESSAGES)")))

ok(session.rename("Pratiche", '"Pratiche chiuse &AOg-"'))
ok(session.subscribe('"Pratiche chiuse &AOg-"'))
ok(session.unsubscribe("Pratiche"))
ok(session.create("Passeggera"))
ok(session.delete("Passeggera"))
assert "Passeggera" not in text(ok(session.list()))
assert session.delete("Passeggera")[0] == "NO"
session.logout()
