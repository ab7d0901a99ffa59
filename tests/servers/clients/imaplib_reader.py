"""A session of somebody who may only read. What is on disk is looked at afterwards."""

import imaplib
import time

from imaplib_session import LOGIN, connect, connect_by_starttls, log_in, ok, raises, refused, text

# A wrong password raises, and the session goes on to the right one.
session = connect()
assert "AUTHENTICATIONFAILED" in raises(imaplib.IMAP4.error, session.login, LOGIN, "sbagliata")
log_in(session)
session.logout()

session = log_in(connect_by_starttls())
assert b"INBOX" in ok(session.list())[-1] or "INBOX" in text(ok(session.list()))
session.logout()

session = log_in()
capability = text(ok(session.capability()))
assert " ACL" in capability and "STARTTLS" not in capability and "UIDPLUS" not in capability, capability
assert '(("" "/")) NIL NIL' in text(ok(session.namespace()))
assert '"Fornitori/Neri \\"Legnami\\" (chiuso)"' in text(ok(session.list()))
assert "Legnami" not in text(ok(session.lsub()))
assert "MESSAGES 14" in text(ok(session.status("Sent", "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)")))
assert "STORAGE" in text(ok(session.getquotaroot("INBOX"))[1])
assert ok(session.myrights("INBOX")) == [b"INBOX lr"]
refused(session.getacl("INBOX"), "[NOPERM] Rights and quotas")
refused(session.setacl("INBOX", "anyone", "lrswipkxtea"), "[NOPERM] Rights and quotas")
refused(session.setquota('""', "(STORAGE 1)"), "[NOPERM] Rights and quotas")

# imaplib takes a folder that opens read-only for an error, unless that was asked for; all that follows raises, too.
assert "INBOX is not writable" in raises(imaplib.IMAP4.readonly, session.select, "INBOX")
raises(imaplib.IMAP4.readonly, session.noop)
session.shutdown()

session = log_in()
messages = int(ok(session.select("INBOX", readonly=True))[0])
assert messages > 200, messages
assert session.response("PERMANENTFLAGS")[1] == [b"()"]
everything = ok(session.uid("SEARCH", "ALL"))[0].split()
assert len(everything) == messages
ok(session.search(None, "UNSEEN"))
session.literal = "perché".encode()
found = ok(session.search("UTF-8", "SUBJECT"))[0].split()
assert found, "nothing found by the literal"
assert found == ok(session.search("UTF-8", b'SUBJECT "perch\xc3\xa9"'))[0].split()
assert len(ok(session.sort("(REVERSE DATE)", "UTF-8", "ALL"))[0].split()) == messages
ok(session.thread("REFERENCES", "UTF-8", "ALL"))

# Without PEEK; the snapshot tells whether it was seen.
unseen = ok(session.search(None, "UNSEEN"))[0].split()[0].decode()
assert len(ok(session.fetch(unseen, "(RFC822)"))[0][1]) > 100
ok(session.fetch("1:*", "(UID FLAGS RFC822.SIZE INTERNALDATE ENVELOPE BODYSTRUCTURE)"))
whole = ok(session.uid("FETCH", "1:*", "(BODY[])"))
assert sum(isinstance(part, tuple) for part in whole) == messages
part = ok(session.fetch("1", "(BODY.PEEK[TEXT]<0.10>)"))
assert len(part[0][1]) == 10, part

refused(session.store("1", "+FLAGS", "(\\Seen)"))
refused(session.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)"))
refused(session.copy("1", "Trash"))
refused(session.uid("MOVE", "1", "Trash"))
refused(session.expunge())
refused(session.uid("EXPUNGE", "1:*"))
refused(session.append("Drafts", "(\\Draft)", imaplib.Time2Internaldate(time.time()), b"Subject: x\r\n\r\nx\r\n"))
refused(session.create("Pratiche"))
refused(session.rename("Junk", "Spam"))
refused(session.delete("Junk"))
refused(session.subscribe('"Fornitori/Neri \\"Legnami\\" (chiuso)"'))
refused(session.unsubscribe("Junk"))

ok(session.check())
ok(session.noop())
assert ok(session.search(None, "ALL"))[0].split()[-1] == str(messages).encode()
ok(session.unselect())
ok(session.select("Trash", readonly=True))
ok(session.close())
session.logout()
