### The records: sent messages, accesses, who is at work, one's own sessions.

page-records-filter = Filter
page-records-person = Person
page-records-all = Everybody
page-records-every = All
page-records-from = From the day
page-records-until = To the day
page-records-address = IP address
page-records-way = By
page-records-program = Program
page-records-show = Show
page-records-reset = Remove the filters
page-records-newest = Back to the latest
page-records-older = Older
page-records-export = Download as a table (CSV)
page-records-export-hint = The table has all rows that fit the filters, in Italian time. In Excel open it by Data, From Text/CSV.
page-records-none-fit = No row fits the filters: change or remove them.
page-records-by-wrong = There is no such person: choose one from the list.
page-records-day-wrong = The date is not valid: write it as 2026-11-30.
page-records-address-wrong = The IP address is not valid: write it as 192.0.2.7.

page-way-client = mail program ({ $protocol })
page-way-webmail = webmail ({ $protocol })
page-way-panel = panel

page-sends-text = What was sent from the mailbox { $mailbox }, and by whom.
page-sends-none = Nothing has been sent from this mailbox yet. Messages are shown here as soon as somebody sends one.
page-sends-at = When
page-sends-to = Recipients
page-sends-subject = Subject
page-sends-outcome = Outcome
page-sends-filter-subject = In the subject
page-sends-filter-to = Recipient (the whole address)
page-sends-no-subject = (no subject)
page-sends-others = { $count ->
    [one] and one more
   *[other] and { $count } more
}
page-sends-accepted = Accepted
page-sends-refused = Refused
page-sends-unknown = Unknown
page-sends-unknown-text = No reply: the message is under way, or the connection broke off. It may have been sent.
page-sends-one = Sent message
page-sends-from = Sender
page-sends-message-id = Message-ID
page-sends-size = Size
page-sends-reply = The mail server’s reply
page-sends-copy = Copy among sent messages
page-sends-copy-waiting = Waits for the message to be sent
page-sends-copy-due = On its way
page-sends-copy-done = It is there
page-sends-copy-failed = Failed
page-sends-copy-none = Not made by this service
page-sends-back = Back to sent messages
page-sends-csv-at = When (Italian time)
page-sends-csv-bytes = Bytes

page-accesses-text = Who came into the mailbox { $mailbox }, and who was not let in.
page-accesses-own = My accesses
page-accesses-own-text = When, from where and by what somebody came into your account, or tried to. If it was not you, change your password.
page-accesses-none = There are no accesses yet. They are shown here as soon as somebody comes in.
page-accesses-at = When
page-accesses-times = { $count } times since { $since }
page-accesses-result = Result
page-accesses-in = Let in
page-accesses-refused = Refused
page-accesses-refused-why = Refused: { $why }
page-accesses-csv-last = Last (Italian time)
page-accesses-csv-first = First (Italian time)
page-accesses-csv-count = Times

page-refusal-password = wrong password
page-refusal-suspended = account suspended
page-refusal-not-active = account not active
page-refusal-password-changed = password reset or changed
page-refusal-must-enrol = two-step verification not set up
page-refusal-not-multi-user = mailbox without multi-user
page-refusal-closed = too many wrong passwords
page-refusal-needs-app-password = needs an app password
page-refusal-needs-code = needs a code behind the password
page-refusal-wrong-code = wrong code
page-refusal-no-client = no permission for mail programs
page-refusal-no-protocol = protocol not chosen for this person

page-now-text = Who has the mailbox { $mailbox } open at this moment.
page-now-none = At this moment nobody has the mailbox open, of those whom you can see.
page-now-since = Since
page-now-end = End
page-now-again = Look again
page-now-ending = Do you want to end this session?
page-now-ending-text = The session ends within a second, whatever it is doing: a message that is not saved yet can be lost.
page-now-ending-again = The person may come in again, and many programs do so by themselves. To keep somebody out, suspend them among the delegates.
page-now-end-it = End the session
page-now-back = Back to the list
page-now-ended = The session was ended.
page-now-gone = The session had ended already.

page-sessions = My sessions
page-sessions-text = Where your account is open at this moment. End what you do not recognize, and change your password.
page-sessions-panel = On these pages
page-sessions-seen = Last seen
page-sessions-this = This session
page-sessions-mail = In the mailbox
page-sessions-none = At this moment no mail program has the mailbox open with your account.
page-sessions-everywhere = Log out everywhere
page-sessions-everywhere-text = Ends all sessions, this one too: on these pages, in webmail and in mail programs. To come back the password is needed again.
