### The pages: invitation, forgotten password, new password.

page-tagline = several people in one certified mailbox
page-skip = Skip to content
page-other-language = Italiano
page-footer = A service for several people to work in one certified (PEC) mailbox, each with a login of their own.
page-error = Error
page-error-summary = There is something to correct

page-home = Several people in one certified mailbox
page-home-text = With this service several people work in one certified (PEC) mailbox. Each has a login and a password of their own, and does what the mailbox’s owner allows.
page-home-invited = If you were invited, open the link in the message that you received.
page-to-webmail = Go to the webmail
page-to-forgotten = Forgotten your password?

page-mailbox = Certified mailbox
page-login = Your username
page-login-hint = It is in the message that you received when your account became active, for example anna/ufficio@pec.example.it
page-invited-by = Invited by
page-invited = Invitation for
page-permissions = Permissions
page-until = You can answer until

page-invitation = Invitation to work in a certified mailbox
page-invitation-text = { $owner } invites you to work in their certified (PEC) mailbox with a login of your own.
page-about-read = Read messages and folders.
page-about-write = Write drafts; create, move and delete messages and folders.
page-about-send = Send and forward messages in the mailbox’s name.
page-about-client = Use the mailbox from a mail program.
page-about-settings = Manage the mailbox’s settings and the people who work in it.
page-accept-title = Accept the invitation
page-accept-text = Choose your password. You will use it with your username, and do not need the mailbox’s own.
page-accept = Accept the invitation
page-refuse-title = Would you rather not?
page-refuse-hint = You will be asked to confirm before you refuse.
page-refuse = Refuse…

page-rules = The password:
page-rule-least = has at least { $least } characters;
page-rule-guess = is not easy to guess: a few words that do not belong together are better than one word with digits and signs;
page-rule-most = has at most { $most } bytes, and no tabs or other control characters.
page-password = New password
page-password-repeat = Repeat the password
page-password-empty = Type a password.
page-password-too-short = The password is too short: add some characters.
page-password-too-long = The password is too long: make it shorter.
page-password-control = The password has a control character, such as a tab: leave it out.
page-password-weak = The password is easy to guess: use other words, or add one.
page-password-unlike = The two passwords differ: type the same one twice.

page-accepted = Your account is active
page-accepted-text = You have accepted the invitation, and your password is set. We are sending you a message that confirms it.
page-next = How to log in
page-next-webmail = In the webmail, type the whole username and the password that you chose.
page-next-client = In a mail program the address is the mailbox’s; the username is the one shown here, all of it.
page-next-ask = Ask the mailbox’s owner where the webmail is. Log in with the whole username and the password that you chose.
page-next-account = In your account you change the password, turn on two-step verification and make passwords for mail programs.

page-refusing = Do you want to refuse the invitation?
page-refusing-text = Whoever invited you will be told, and the link will not work any more.
page-refusing-back = If you would rather accept, go back to the previous page.
page-refuse-now = Refuse the invitation
page-refused = You have refused the invitation
page-refused-text = You will have no access to the mailbox { $mailbox }. Whoever invited you will be told.
page-refused-mistake = If you change your mind, ask the mailbox’s owner to invite you again.

page-forgotten = Forgotten password
page-forgotten-text = We send you a link to choose a new one, to the e‑mail address of your account.
page-fiscal-code = Codice fiscale of the mailbox’s owner
page-fiscal-code-hint = 16 characters for a person, 11 digits for an organization
page-ask = Ask for the link
page-forgotten-other = You do not know the codice fiscale?
page-forgotten-owner = Ask the mailbox’s owner to reset your password: that sends you a link, too.
page-asked = Look at your mail
page-asked-text = If what you typed is right, a message with a link to choose a new password arrives within a few minutes. The link works for { $hours } hours.
page-asked-none = If nothing arrives, look in your spam folder and check what you typed, or ask the mailbox’s owner to reset your password.

page-new-password = Choose a new password
page-set-password = Set the password
page-password-set = The new password is set
page-password-set-text = From now on you log in with the new password. If you use a mail program, change it there, too.
page-postmaster-set-text = From now on you log in with the new password, as postmaster of the domain { $domain }.
page-postmaster-forgotten-text = For those who administer the mailboxes of a domain: we send you a link to choose a new password.
page-postmaster-asked-none = If nothing arrives, look in your spam folder and check what you typed, or ask whoever runs the service.
page-to-postmaster-forgotten = Do you administer a domain, and have forgotten your password?
page-to-delegate-forgotten = Do you work in somebody’s mailbox, and have forgotten your password?

page-email-title = Confirm your e‑mail address
page-email-text = Somebody asked that messages about your account go to this address.
page-email-new = New address
page-email-until = You can confirm until
page-email-confirm = Confirm the address
page-email-unexpected = If you did not ask for this, close the page: without your confirmation nothing changes.
page-email-changed = Your e‑mail address has changed
page-email-changed-text = From now on we write to { $email }. The address before is told.
page-email-changed-login = You now log in with the new address.
page-email-taken = The address is another postmaster’s
page-email-taken-text = Your domain has a postmaster with this address already. Yours stays as it was.
page-email-gone-text = If you have confirmed already, there is nothing more to do. Otherwise ask for the change again in your account.

page-link-gone = The link is no longer valid
page-link-gone-text = Each link works once, and for a limited time.
page-link-gone-used = If you have chosen a password already, your account is active: log in with your username and that password.
page-link-gone-expired = Otherwise ask the mailbox’s owner to invite you again. If you need a new password, you can ask for another link.
page-link-broken = The link is not complete
page-link-broken-text = A part of it is missing, or there is something more. Copy all of it from the message that you received.
page-refused-rule = This is not possible at the moment
page-refused-rule-text = The mailbox does not accept this request. Ask the mailbox’s owner.
page-not-found = Page not found
page-not-found-text = There is nothing at this address. If you followed a link, copy all of it from the message that you received.
page-no-method = This page cannot be opened like this
page-no-method-text = Go back to the previous page, or open the link in the message again.
page-bad-request = The request cannot be read
page-bad-request-text = Go back to the previous page and try again.
page-elsewhere = The request does not come from this site
page-elsewhere-text = Open the link in the message that you received, and try again from there.
page-too-large = The request is too large
page-too-large-text = Go back to the previous page and type less.
page-too-slow = The service is very busy
page-too-slow-text = The request could not be completed in time. Try again in a few minutes.
page-internal = Something did not work
page-internal-text = It is not your fault. Try again in a few minutes; if that does not help, tell the mailbox’s owner.
