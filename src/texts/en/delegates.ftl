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
page-done-deleted = The delegate is off the list, and the username is free again.

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
page-rule-other = This is not possible now. Reload the page and try again; if that does not help, tell whoever runs the service.
