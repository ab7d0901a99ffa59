### The pages of one's account: data, two-step verification, passwords for programs, set-up.

page-phone = Phone
page-language = Language
page-language-italian = Italiano
page-language-english = English
page-none = none
page-never = never
page-save = Save
page-back = Back
page-back-account = Back to my account

page-profile = Phone and language
page-phone-hint = For example +39 055 123456; leave it empty to give none
page-phone-fault = The number cannot be read: it takes 5 to 15 digits, for example +39 055 123456.
page-language-hint = Of the messages and of these pages.
page-done-profile = Your details are saved.

page-email-change = Change the e-mail address
page-email-change-text = We send a link to the new address: the change takes effect when you open it. Then we tell the one before.
page-email-ask = Send the link
page-email-waits = To be confirmed
page-email-unconfirmed = To be confirmed: { $email }
page-done-email = Look into the mail of the new address: there is the link to confirm it.

page-password-change = Change the password
page-password-change-text = It takes effect at once. All that you have open ends, this session too; the passwords of mail programs stay.
page-password-current = Current password
page-done-password = The new password is set: log in with it.
page-owner-password = Your password is the mailbox’s own, and is changed at the PEC provider.

page-code = Code
page-code-hint = The 6 digits from your app, or a recovery code.
page-code-hint-app = The 6 digits that the app shows now.
page-code-title = Second step
page-code-text = Confirm the login of { $login } with the code from your app.
page-code-wrong = The code is wrong or was used already, or there were too many attempts. Wait for the next one and try again.
page-code-lost = Have you lost the app?
page-code-lost-text = Use one of the recovery codes. If you have none, ask the mailbox’s owner, or whoever runs the service, to take two-step verification off.
page-code-present = Present code
page-code-present-hint = From the app that you use now, or a recovery code.

page-two-factor = Two-step verification
page-two-factor-text = Beside the password it takes a code that changes every 30 seconds: whoever finds out the password does not get in.
page-two-factor-required = The mailbox’s owner asks for it: turn it on now to go on. It takes two minutes.
page-two-factor-required-short = The mailbox’s owner asks for it.
page-two-factor-since = On since { $date }
page-two-factor-is-off = Off
page-two-factor-programs = With it on, mail programs come in only with a password of their own, which you make here for each. In the webmail you type the password and, right behind it, the code.
page-two-factor-step-app = Install an app on your phone that makes codes (TOTP), if you have none.
page-two-factor-step-scan = Scan the QR code that we show you with the app.
page-two-factor-step-code = Type here the code that the app shows.
page-two-factor-begin = Begin
page-two-factor-enrol = Turn on two-step verification
page-two-factor-scan = 1. Scan the QR code
page-two-factor-scan-text = Open the app and add an account. This code is shown only now.
page-two-factor-secret = If you cannot scan it, type this key into the app:
page-qr-alt = QR code with the key that is written below
page-two-factor-code = 2. Type the code
page-two-factor-on = Turn on
page-two-factor-replace = Move to another app
page-two-factor-replace-text = For a new phone: you need a code from the present one, or a recovery code.
page-two-factor-off = Turn off two-step verification
page-two-factor-off-text = The password will be enough to get in. Mail programs can use it, too.
page-done-two-factor = Two-step verification is on.
page-done-two-factor-off = Two-step verification is off.

page-codes = Recovery codes
page-codes-text = Each works once in the place of a code, if you lose your phone. Write them down or print them and keep them: we do not show them again.
page-codes-for = For { $login }
page-codes-kept = I have kept them, go on
page-codes-left =
    { $count ->
        [0] You have no recovery codes left.
        [one] You have one recovery code left.
       *[other] You have { $count } recovery codes left.
    }
page-codes-renew = Make new recovery codes
page-codes-renew-text = Those from before work no more.

page-app-passwords = Passwords for mail programs
page-app-passwords-text = One for each program: if you change it or lose the device, you revoke that one alone.
page-app-passwords-none = There are none yet.
page-app-password-new = New password
page-app-password-name-hint = To know it by, for example Outlook at the office
page-app-password-for = It is for
page-app-password-until = Works until
page-app-password-used = Last used
page-app-password-ended = ended
page-app-password-days = Days that it works
page-app-password-make = Make the password
page-app-password-no-protocol = Choose what it is for: IMAP, POP3 or sending.
page-app-password-no-days = Type for how many days it works, as a number.
page-app-password-owner = In this mailbox the owner makes them: ask them.
page-app-password-made = The password is ready
page-app-password-made-text = Type it into the program now: we do not show it again. Hyphens and capitals do not matter.
page-app-password-revoke = Revoke the password
page-app-password-revoke-text = The program that uses it gets in no more. What else is open is interrupted and goes on by itself.
page-app-password-extend = Extend the password
page-app-password-extend-text = It works for { $days } days from today.
page-done-app-password-revoked = The password is revoked.
page-done-app-password-extended = The password is extended.
page-extend = Extend
page-revoke = Revoke
page-sending = sending

page-own-accesses = My accesses
page-own-sessions = My open sessions
page-everywhere = Log out everywhere
page-everywhere-text = Ends this session and all others, in the webmail and in mail programs. Programs come in again with the password that they have: if you do not trust one any more, revoke it.
page-webmail-open = Open the webmail

page-setup = Set up a mail program
page-setup-text = With these you set up Outlook, Thunderbird, Apple Mail or another program.
page-setup-no-client = Your access does not include mail programs: you work in the webmail. The mailbox’s owner can grant it.
page-setup-not-public = Ask whoever runs the service for the addresses of the mail servers: they are not given here yet.
page-setup-address = E-mail address
page-setup-own-password = that of your account
page-setup-app-password = a password for mail programs: make one here
page-setup-files = Automatic set-up
page-setup-thunderbird = File for Thunderbird
page-setup-qr = Scan this code with your phone to open the Apple profile:
page-setup-qr-alt = QR code with the address of the profile

page-rule-wrong-password = That is not the current password.
page-rule-too-many-wrong = There were too many wrong attempts: try again later.
page-rule-too-many-emails = You have asked for another address too often: try again tomorrow.
page-rule-email-taken = Another postmaster of the domain has this address already.
