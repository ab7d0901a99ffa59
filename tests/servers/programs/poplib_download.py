"""Downloads everything: PORT implicit|stls CA LOGIN PASSWORD keep|delete FOLDER"""

import poplib
import ssl
import sys

port, tls, ca, login, password, after, folder = sys.argv[1:]
trusted = ssl.create_default_context(cafile=ca)
if tls == "implicit":
    session = poplib.POP3_SSL("localhost", int(port), context=trusted)
else:
    session = poplib.POP3("localhost", int(port))
    session.stls(context=trusted)
session.user(login)
session.pass_(password)
count, _ = session.stat()
_, listed, _ = session.list()
_, unique, _ = session.uidl()
assert len(listed) == len(unique) == count, (count, listed, unique)
for size, uid in zip(listed, unique):
    number, uid = uid.decode().split(" ")
    assert size.decode().split(" ")[0] == number
    print(number, uid, size.decode().split(" ")[1])
    _, lines, _ = session.retr(int(number))
    with open(f"{folder}/{int(number):06}", "wb") as file:
        file.writelines(line + b"\n" for line in lines)
    _, top, _ = session.top(int(number), 0)
    assert lines[: len(top)] == top or lines[: len(top) - 1] + [b""] == top, top
if after == "delete":
    for number in range(1, count + 1):
        session.dele(number)
session.quit()
