"""Sends one message: PORT implicit|starttls CA LOGIN PASSWORD FILE FROM TO…"""

import smtplib
import ssl
import sys

port, tls, ca, login, password, letter, sender, *recipients = sys.argv[1:]
trusted = ssl.create_default_context(cafile=ca)
if tls == "implicit":
    session = smtplib.SMTP_SSL("localhost", int(port), "client.example.it", context=trusted)
else:
    session = smtplib.SMTP("localhost", int(port), "client.example.it")
    session.starttls(context=trusted)
session.set_debuglevel(1)
session.login(login, password)
with open(letter, "rb") as file:
    # Some recipients may be refused: then it goes to the others, and who was refused is told
    refused = session.sendmail(sender, recipients, file.read())
session.quit()
if refused:
    sys.exit(f"refused: {refused}")
