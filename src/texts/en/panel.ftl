### The panel: login, menu.

page-part-mailboxes = Mailboxes
page-part-delegates = Delegates
page-part-sends = Sent messages
page-part-accesses = Accesses
page-part-now = Now
page-part-account = My account
page-part-setup = Mail program
page-menu = Menu
page-signed-in-as = Logged in as
page-log-out = Log out

page-to-login = Log in
page-log-in = Log in
page-log-in-text = Look after your account and, if the mailbox is yours, its delegates.
page-log-in-postmaster = Log in as postmaster
page-log-in-postmaster-text = For those who administer the mailboxes of a domain.
page-login-name = Username
page-login-name-hint = For a delegate anna/ufficio@pec.example.it, for the owner ufficio@pec.example.it
page-login-password = Password
page-login-domain = Domain
page-login-domain-hint = For example pec.example.it
page-login-email = Your e-mail address
page-login-wrong = Username or password is wrong, or there were too many attempts. Check them and try again; if that does not help, wait a few minutes.
page-to-postmaster-login = Do you administer a domain? Log in as postmaster
page-to-account-login = Do you have a mailbox, or are you a delegate? Log in here

page-stale-form = The page is out of date
page-stale-form-text = It was open for too long, or you have logged in again since. Go to the first page, open the page that you need and try again.
page-no-mail-server = The mail server does not answer
page-no-mail-server-text = It is the one that knows whether the password is right. Try again in a few minutes.
