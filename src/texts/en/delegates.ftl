### A mailbox's delegates, for whoever looks after them.

page-crumbs = Path
page-pages = Pages
page-pager = Page { $page } of { $pages }
page-before = Previous
page-after = Next

page-name = Name
page-username = Username
page-state = State
page-last-seen = Last access
page-never-seen = Never
page-actions = Actions
page-action-details = Details
page-filter = Filter the delegates
page-filter-text = Name, username or e-mail
page-filter-all = All
page-filter-do = Filter
page-filter-none = Show all
page-delegates-found = { $count ->
    [one] One delegate found.
   *[other] { $count } delegates found.
}
page-no-delegates = No delegates
page-no-delegates-text = Once you invite somebody to work in this mailbox, you find them here with their state and their permissions.
page-invited-until = Can answer until { $until }
page-must-choose-password = Has to choose a new password
page-invite = Invite a delegate

page-seats-taken = { $count ->
    [one] { $taken } of 1 seat taken
   *[other] { $taken } of { $count } seats taken
}
page-seats-left = { $count ->
    [0] No seat left
    [one] One seat left
   *[other] { $count } seats left
}
page-plan = { $plan } plan
page-plan-packs = { $count ->
    [0] { $plan } plan without packs: you can add { $more }, of { $seats } seats each
    [one] { $plan } plan and one pack: you can add { $more } more, of { $seats } seats each
   *[other] { $plan } plan and { $count } packs: you can add { $more } more, of { $seats } seats each
}
page-plan-all-packs = { $plan } plan with all { $count } packs
page-grace = { $count ->
    [one] There is one delegate more than the plan has seats. If that is still so on { $until }, whoever got their seat last will be suspended. To avoid it, deactivate a delegate or add seats.
   *[other] There are { $count } delegates more than the plan has seats. If that is still so on { $until }, those who got their seats last will be suspended. To avoid it, deactivate delegates or add seats.
}
page-no-seat-left = To invite somebody there has to be a free seat: deactivate a delegate, reject a request that waits, or change to a plan with more seats.
page-no-seat-left-packs = To invite somebody there has to be a free seat: deactivate a delegate, reject a request that waits, or add a pack of seats.

page-done-invited = The invitation is sent.

page-first-name = First name
page-last-name = Last name
page-email = E-mail address
page-message = Personal message
page-app-password-name = Name of the password

page-rule-delegate-exists = The username { $login } is taken (state: { $state }). Choose another.
page-rule-delegate-ended = The username { $login } is still on the list (state: { $state }). Delete it from the list, or choose another name.
page-rule-not-in-state = The state has changed meanwhile: it is “{ $state }” now, in which this cannot be done.
page-rule-more-than-own = You cannot give a permission that you do not have: { $permission }.
page-rule-no-protocol = Choose one protocol at least: IMAP, POP3 or both.
page-rule-no-seat = { $count ->
    [0] The mailbox’s plan has no seats for delegates. To invite any, it needs a plan that has.
    [one] The plan’s one seat is taken. Deactivate the delegate or reject the request that waits.
   *[other] The plan has { $count } seats, and all { $count } seats are taken. Deactivate a delegate or reject a request that waits.
}
page-rule-no-seat-packs = Or add a pack of seats.
page-rule-not-multi-user = Multi-user is off for this mailbox: until it is on, nobody can be invited. Whoever administers the domain turns it on.
page-rule-needs-password-management = The mailbox does not have the option “password management”, which multi-user needs. Whoever runs the service turns it on.
page-rule-has-collaborations = { $count ->
    [one] There still is one delegate who is active, suspended or waiting: deactivate them or reject the request, and try again.
   *[other] There still are { $count } delegates who are active, suspended or waiting: deactivate them or reject the requests, and try again.
}
page-rule-app-passwords-by-owner = In this mailbox the owner alone makes passwords for mail programs.
page-rule-too-many-app-passwords = There are too many passwords for mail programs already: revoke one that is not used any more.
page-rule-app-password-exists = There is a password called “{ $name }” already: choose another name, or revoke that one.
page-rule-no-app-password = There is no password called “{ $name }”: it may have been revoked already.
page-rule-app-password-too-long = A password is for a day at least and for ten years at most.
page-rule-no-mail = No mail is sent from here, and without it nobody can be invited and no password be reset. Tell whoever runs the service.
page-rule-password-too-short = The password is too short: it needs at least { $least } characters.
page-rule-password-too-long = The password is too long: at most { $most } bytes.
page-rule-text = Text
page-rule-text-empty = { $field }: type something.
page-rule-text-long = { $field }: the text is too long, at most { $most } characters.
page-rule-text-control = { $field }: it has a character that cannot be used, such as a line break or a sign that changes the direction of the text. Take it out.
page-rule-text-address = { $field }: that is no e-mail address. Type it as name@example.com
page-rule-username-empty = Username: type something.
page-rule-username = Username: 1 to 64 letters without accents, digits, dots, hyphens or underscores. It begins with a letter or a digit.
page-rule-no-two-factor = Two-step verification is not on for this account.
page-rule-has-two-factor = Two-step verification is on already: a code of the present one is needed.
page-rule-not-enrolling = Setting it up took too long, or was never begun: begin anew.
page-rule-wrong-code = The code is not right, or was used already: wait for the next one and try again.
page-rule-too-many-codes = There were too many wrong codes: try again later.
page-rule-two-factor-required = The mailbox’s owner uses two-step verification, so every delegate has to as well.
page-rule-two-factor-needs-password = The mailbox’s password has to be stored here first: with two-step verification mail programs come in by passwords of their own. Tell whoever runs the service.
page-rule-no-webmail = This account does not open the web mail now.
page-rule-other = This is not possible now. Reload the page and try again; if that does not help, tell whoever runs the service.

page-action-permissions = Change permissions
page-action-suspend = Suspend
page-action-resume = Re-enable
page-action-reject = Reject the request
page-action-reinvite = Invite again
page-action-reset-password = Reset the password
page-action-remove-two-factor = Turn two-step verification off
page-action-deactivate = Deactivate the account
page-action-delete = Delete from the list
page-cancel = Cancel
page-continue = Continue
page-go-back = Go back
page-what-will-happen = What will happen
page-not-done = It could not be done
page-changed-meanwhile = Something has changed meanwhile, so nothing was done. Look at how it is now and confirm again if you still want it.
page-login-of = Username to log in with
page-to-details = To the details
page-to-delegates = To the mailbox’s delegates

page-ask-suspend = Suspend { $name }?
page-ask-resume = Re-enable { $name }?
page-ask-reject = Reject the request of { $name }?
page-ask-reinvite = Invite { $name } again?
page-ask-reset-password = Reset the password of { $name }?
page-ask-remove-two-factor = Turn two-step verification off for { $name }?
page-ask-deactivate = Deactivate the account of { $name }?
page-ask-delete = Delete { $name } from the list?

page-will-suspend = { $name } can do nothing in this mailbox, neither by web mail nor by a mail program, until you re-enable the account.
page-will-resume = { $name } can log in again, with the same password and permissions as before.
page-will-reject = The link of the invitation will not work any more, and { $name } cannot accept it.
page-will-reinvite = { $name } is sent another invitation with a link that works for 7 days; the permissions stay as they were.
page-will-reset-password = The present password is worth nothing any more. { $name } is sent a link for a new one, and cannot log in until then.
page-will-remove-two-factor = { $name } logs in with the password alone, until they set two-step verification up again.
page-will-enrol-anew = Whoever has lost their phone can begin anew: { $name } has to set two-step verification up again before they can go on.
page-will-deactivate = { $name } cannot log in any more. This cannot be undone: to work in the mailbox again they will need a new invitation.
page-will-delete = { $name } disappears from the list of delegates. What they sent stays on record.
page-will-free-name = The username is free again.
page-will-end-sessions = Open sessions end within a second.
page-will-end-app-passwords = Passwords for mail programs are worth nothing any more, either.
page-will-keep-seat = The seat stays taken.
page-will-free-seat = A seat becomes free.
page-will-take-seat = A seat is taken, even before there is an answer.
page-will-tell = { $name } is told by e-mail.
page-will-change-permissions = The new permissions hold at once, in open sessions too.
page-will-close-programs = Open sessions of mail programs that are not allowed any more end within a second.
page-will-invite = { $name } is sent the invitation. The link works once, for 7 days; after that the invitation is rejected by itself.
page-will-revoke = The mail program that uses this password cannot come in any more.

page-done-suspend = The account is suspended.
page-done-resume = The account is active again.
page-done-reject = The request is rejected.
page-done-reinvite = The new invitation is sent.
page-done-reset-password = The password is taken away, and the link for a new one is sent.
page-done-remove-two-factor = Two-step verification is off for this account.
page-done-deactivate = The account is deactivated.
page-done-delete = The delegate is off the list, and the username is free again.
page-done-permissions = The permissions are changed.
page-done-revoked = The password for the mail program is revoked.
page-done-not-now = That is not possible any more: this is how things are now.
page-done-multi-user-on = Multi-user is on: delegates can be invited now.
page-done-multi-user-off = Multi-user is off.

page-invite-step-one = Step 1 of 3
page-invite-step-two = Step 2 of 3
page-invite-step-three = Step 3 of 3
page-invite-text = Say whom you want to invite; the permissions come in the next step.
page-invite-permissions = What may { $name } do?
page-invite-preview = Invite { $name }
page-look-at-mail = Look at the message again
page-send-invitation = Send the invitation
page-mail-preview = The message
page-email-hint = The invitation and notices go to this address. Better a person’s own than one of a group.
page-username-hint = Letters without accents, digits, dots and hyphens. The login will be username/{ $mailbox }
page-language-of-mail = Language of the messages
page-message-hint = Optional: words of your own, in the mail of the invitation. At most 2000 characters.
page-italian = Italian
page-english = English

page-presets = Ready-made:
page-preset-read-only = Read only
page-preset-read-and-modify = Read and modify
page-preset-complete = Complete (read, modify, send)
page-permissions-hint = Some permissions include others: those that are missing are added by themselves, and those that are worth nothing alone are taken away.
page-permission-always = Always included.
page-permission-not-yours = You cannot give it, since you do not have it.
page-included = Included by another choice.
page-protocols = Protocols of the mail program
page-protocols-hint = They matter only where the use of mail programs is allowed.
page-about-imap = Messages stay on the server.
page-about-pop3 = Messages are downloaded to the computer.
page-came-along = Added along with your choice, since it needs them: { $permissions }.
page-went-along = Taken away along with your choice, since they are worth nothing without the others: { $permissions }.
page-edit-permissions = Permissions of { $name }
page-ask-permissions = Change the permissions of { $name }?
page-permissions-before = Before
page-permissions-after = After
page-permissions-same = You have changed nothing: choose other permissions, or cancel.
page-permissions-lost = Some of the permissions that were given do not hold by this service’s present rules.
page-change-permissions = Change the permissions

page-last-change = Last changed
page-added = Added
page-their-language = Language of messages
page-their-two-factor = Two-step verification
page-their-two-factor-since = On since { $since }
page-their-two-factor-off = Off
page-their-two-factor-missing = Off: it has to be set up at the next login, since the owner uses it
page-to-their-sends = The messages that they sent
page-their-app-passwords = Passwords for mail programs
page-no-app-passwords = There are none.
page-their-app-password-for = For
page-their-app-password-end = Ends
page-their-app-password-until = { $until }
page-their-app-password-ended = Ended on { $until }
page-their-app-password-use = Last use
page-never-used = Never
page-their-revoke = Revoke
page-ask-revoke = Revoke the password “{ $name }”?
page-new-app-password = New password for a mail program
page-new-app-password-text = It is one more password, for one program alone. It is shown once, when you make it.
page-their-app-password-name-hint = The program or device, for example Thunderbird at the office
page-their-app-password-days = For how long
page-days = { $days } days
page-their-app-password-no-scope = Choose one protocol at least.
page-make-app-password = Make the password
page-their-app-password-made = The password is ready
page-their-app-password-once = Copy it now: it will not be shown again.
page-last-accesses = Last accesses
page-no-accesses = No access on record.
page-when = When
page-from = From
page-by-way = How
page-by-panel = Panel
page-program = Program
page-outcome = Result
page-let-in = Let in
page-not-let-in = Refused

page-filter-mailboxes = Filter the mailboxes
page-filter-mailbox-text = Address or owner
page-no-mailboxes = No mailboxes
page-no-mailboxes-text = The domain’s mailboxes appear here once whoever runs the service adds them.
page-owner = Owner
page-count-active = Active
page-count-waiting = Waiting
page-count-suspended = Suspended
page-plan-and-seats = Plan and seats
page-multi-user = Multi-user
page-multi-user-change = change for
page-on = On
page-off = Off
page-turn-on = Turn multi-user on
page-turn-off = Turn multi-user off
page-ask-multi-user-on = Turn multi-user on?
page-ask-multi-user-off = Turn multi-user off?
page-will-multi-user-on = The owner can invite delegates, as many as the plan has seats for. For those who use the mailbox already nothing changes.
page-will-multi-user-off = Nobody can be invited any more. The owner goes on using the mailbox as before.

page-mailboxes-found = { $count ->
    [one] One mailbox found.
   *[other] { $count } mailboxes found.
}
