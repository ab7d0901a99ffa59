### Mails (N1–N5).

mail-greeting = Dear { $name },
mail-footer = This message was sent automatically by { $host }. Replies are not read.
mail-if-button-fails = If the button does not work, copy this address into your browser:

mail-fact-mailbox = PEC mailbox
mail-fact-owner = Owner
mail-fact-name = Name
mail-fact-login = Username
mail-fact-permissions = Permissions
mail-fact-plan = Plan
mail-fact-domain = Domain

mail-invitation-subject = You have a request to collaborate on a PEC mailbox
mail-invitation-what = { $owner } invites you to work in the PEC mailbox { $mailbox } with an account of your own.
mail-invitation-message = { $owner } writes:
mail-invitation-how = To accept, choose your password. On the same page you can also refuse the invitation.
mail-invitation-button = SET PASSWORD
mail-invitation-until = The link works once, until { $until }. After that, the invitation is refused automatically.
mail-invitation-unexpected = If you did not expect this invitation, ignore this message: nothing happens unless you answer.

mail-activated-subject = Your PEC multi-user account is active, you can now access { $mailbox }
mail-activated-what = Your account on { $owner }’s PEC mailbox { $mailbox } is active.
mail-activated-how = To log in, use the whole username above and the password that you chose.
mail-activated-webmail = Log in to the webmail with the whole username above and the password that you chose.
mail-webmail-button = OPEN THE MAILBOX
mail-by-client = You can also use a mail program ({ $protocols }): username and password are the same, for receiving and for sending.
mail-by-client-receive = You can also read mail in a mail program ({ $protocols }): username and password are the same.
mail-no-client = Mail programs such as Outlook or Thunderbird are not among your permissions.
mail-activated-secret = The password is yours alone: do not tell it to anyone, not even to the owner of the mailbox.

mail-answered-subject = Your invitation to a PEC multi-user account was answered
mail-accepted-what = { $name } accepted your invitation and can now access the PEC mailbox { $mailbox }.
mail-accepted-control = You can change the permissions, suspend the account or revoke access at any time.
mail-refused-what = { $name } refused your invitation to work in the PEC mailbox { $mailbox } and cannot access it.
mail-expired-subject = Your invitation to a PEC mailbox has expired
mail-expired-what = { $name } did not answer your invitation to work in the PEC mailbox { $mailbox } in time. The invitation has expired and its link no longer works.
mail-username-free = The username { $username } is free again. If you wish, you can send a new invitation.

mail-withdrawn-subject = The invitation to a PEC mailbox was withdrawn
mail-withdrawn-what = The invitation to work in { $owner }’s PEC mailbox { $mailbox } was withdrawn. The link that you received no longer works.
mail-nothing-to-do = There is nothing that you need to do.

mail-password-button = CHOOSE A PASSWORD
mail-password-until = The link works once, until { $until }.
mail-password-taken-subject = Choose a new password for the PEC mailbox
mail-password-taken-what = The password of your account on { $owner }’s PEC mailbox { $mailbox } was cancelled by those who manage the mailbox. You can log in again as soon as you have chosen another.
mail-password-forgotten-subject = You asked for a new password for the PEC mailbox
mail-password-forgotten-what = A new password was requested for your account on { $owner }’s PEC mailbox { $mailbox }.
mail-password-forgotten-unexpected = Until you choose another, your present password stays valid. If you did not ask for this, ignore this message.
mail-password-changed-subject = Your password for the PEC mailbox has changed
mail-password-changed-what = The password of your account on { $owner }’s PEC mailbox { $mailbox } was changed.
mail-password-changed-unexpected = If you did not expect this, tell { $owner } at once.

mail-permissions-subject = Your permissions on the PEC mailbox have changed
mail-permissions-what = The permissions of your account on { $owner }’s PEC mailbox { $mailbox } have changed. They are now:

mail-suspended-subject = Your account on the PEC mailbox is suspended
mail-suspended-what = Your account on { $owner }’s PEC mailbox { $mailbox } was suspended. For now you cannot log in.
mail-suspended-seats = The mailbox has more accounts than its plan allows; the most recent were suspended.
mail-suspended-kept = The account was not deleted and can be re-enabled, with the same permissions.
mail-ask-owner = If you have any questions, ask { $owner }.

mail-resumed-subject = Your account on the PEC mailbox is active again
mail-resumed-what = Your account on { $owner }’s PEC mailbox { $mailbox } was re-enabled. You can log in as before.

mail-revoked-subject = Your access to the PEC mailbox has ended
mail-revoked-what = Your account on { $owner }’s PEC mailbox { $mailbox } was deactivated. You can no longer access the mailbox.
mail-revoked-client = If you had set up the mailbox in a mail program, you can remove it.

mail-app-password-made-subject = A password was made for one of your mail programs
mail-app-password-made-what = A password for a mail program was made for { $account }.
mail-app-password-name = Name: { $name }
mail-app-password-until = It works until { $until }.
mail-app-password-ends-subject = A password of your mail program is about to expire
mail-app-password-ends-what = A password that one of your mail programs uses for { $account } is about to expire.
mail-app-password-ends-help = Before that day, ask { $owner } to lengthen its time, or make another one and enter it in the program.
mail-app-password-ends-own = Before that day, lengthen its time, or make another one and enter it in the program.

mail-guessed-subject = Too many wrong passwords for your account
mail-guessed-what = Many wrong passwords were tried for { $account }.
mail-guessed-from = The last attempt came from the address { $address }.
mail-guessed-until = From there, and from where you have never logged in, nobody gets in with your username until { $until }. Programs that are connected stay connected.
mail-guessed-until-panel = Until { $until } nobody gets in to the panel with your account. Who is logged in stays logged in.
mail-guessed-help = If it was you, check the password in your mail programs. If it was not you, there is nothing to do; if in doubt, ask { $owner }.
mail-guessed-help-own = If it was you, check the password in your mail programs. If it was not you, there is nothing to do.
mail-guessed-help-panel = If it was you and you have forgotten the password, ask for a new one on the login page. If it was not you, there is nothing to do.

mail-email-confirm-subject = Confirm your new e-mail address
mail-email-confirm-what = Somebody asked that we write to { $email } about this account:
mail-email-confirm-button = CONFIRM THE ADDRESS
mail-email-confirm-until = The link works once, until { $until }. Until you confirm, the address stays as it was.
mail-email-confirm-unexpected = If you did not ask for this, ignore this message: without your confirmation nothing changes.
mail-email-changed-subject = Your e-mail address has changed
mail-email-changed-what = The e-mail address of your account was changed. From now on we write to { $email }.
mail-email-changed-login = You now log in with the new address.

mail-postmaster-invited-subject = Choose the password of your postmaster account
mail-postmaster-invited-what = You now administer the PEC mailboxes of the domain { $domain }.
mail-postmaster-invited-how = To log in to the panel, choose your password.
mail-postmaster-taken-subject = Choose a new password for your postmaster account
mail-postmaster-taken-what = The password of your account as postmaster of the domain { $domain } was cancelled by whoever runs the service. You can log in again as soon as you have chosen another one.
mail-postmaster-forgotten-subject = You asked for a new password for your postmaster account
mail-postmaster-forgotten-what = A new password was asked for, for your account as postmaster of the domain { $domain }.
mail-postmaster-changed-subject = The password of your postmaster account has changed
mail-postmaster-changed-what = The password of your account as postmaster of the domain { $domain } was set or changed.
mail-account-owner = your account as owner of the PEC mailbox { $mailbox }
mail-account-delegate = your account on { $owner }’s PEC mailbox { $mailbox }
mail-account-postmaster = your account as postmaster of the domain { $domain }
mail-unexpected = If you did not expect this, tell whoever runs the service at once.
mail-panel-button = OPEN THE PANEL

mail-two-factor-steps = This mailbox needs two-step verification. Before you work in the mailbox, turn it on:
mail-two-factor-step-app = install an app on your phone that shows verification codes, such as Google Authenticator, Aegis or FreeOTP;
mail-two-factor-step-panel = open the panel and log in with your username and your password;
mail-two-factor-step-scan = scan the QR code with the app, and type the code that you see into the panel;
mail-two-factor-step-recovery = keep the recovery codes: you need them if you lose your phone.
mail-two-factor-clients = From then on the webmail needs the code too, and mail programs use passwords of their own, which are made in the panel.
mail-two-factor-on-subject = Two-step verification is on
mail-two-factor-on-what = Two-step verification is on for { $account }.
mail-two-factor-on-how = From now on the panel and the webmail need the code that you see in your app, too. Mail programs use passwords of their own, which are made in the panel.
mail-two-factor-on-panel = From now on the panel needs the code that you see in your app, too.
mail-two-factor-on-recovery = Keep the recovery codes in a safe place: you need them if you lose your phone, and each works once.
mail-two-factor-off-subject = Two-step verification is no longer on
mail-two-factor-off-what = Two-step verification was turned off for { $account }. The password alone is enough to log in.
mail-two-factor-off-administrator = It was turned off by those who manage the mailbox. You have to log in again.
mail-two-factor-off-operator = It was turned off by whoever runs the service. You have to log in again.
mail-two-factor-required-subject = Turn on two-step verification for the PEC mailbox
mail-two-factor-required-what = The owner { $owner } has turned on two-step verification for the PEC mailbox { $mailbox }. From now on you need it too: until you turn it on, you cannot work in the mailbox.
mail-recovery-used-subject = One of your recovery codes was used
mail-recovery-used-what = A recovery code was used for { $account }, from the address { $address }.
mail-recovery-left = { $count ->
        [0] You have none left: make new codes in the panel at once.
        [one] You have one left: make new codes in the panel.
       *[other] You have { $count } left. You can make new ones in the panel.
    }
mail-codes-guessed-subject = Somebody knows your password
mail-codes-guessed-what = Many wrong verification codes were tried for { $account }. Whoever tried them knows your password.
mail-codes-guessed-until = Until { $until } no code is accepted.
mail-codes-guessed-help = If it was not you, change the password at once.

mail-password-refused-subject = The password of the PEC mailbox { $mailbox } does not work any more
mail-password-refused-what = The mail server refuses the password of the PEC mailbox { $mailbox } that was entrusted to this service. Delegates can no longer log in.
mail-password-refused-why = This happens when the mailbox’s password is changed, or when it expires.
mail-password-refused-help = Give the new password to whoever runs the service, in person or by a safe way: do not reply to this message, and do not write it in an e-mail.

mail-over-seats-subject = The PEC mailbox { $mailbox } has more accounts than it may have
mail-over-seats-what = { $count ->
        [one] The PEC mailbox { $mailbox } has one multi-user account, invitations included; its plan allows { $seats }.
       *[other] The PEC mailbox { $mailbox } has { $count } multi-user accounts, invitations included; its plan allows { $seats }.
    }
mail-over-seats-until = Until { $until } everything stays as it is. After that, the most recent accounts over the limit will be suspended, and invitations withdrawn. No account will be deleted.
mail-over-seats-help = To avoid this, choose a plan or a pack with more accounts, or deactivate the accounts that are no longer needed.

mail-seats-enforced-subject = Accounts suspended on the PEC mailbox { $mailbox }
mail-seats-enforced-what = { $count ->
        [one] The plan of the PEC mailbox { $mailbox } allows one multi-user account. The most recent over the limit were suspended, and invitations without an answer withdrawn:
       *[other] The plan of the PEC mailbox { $mailbox } allows { $count } multi-user accounts. The most recent over the limit were suspended, and invitations without an answer withdrawn:
    }
mail-seats-enforced-help = No account was deleted. To re-enable them, choose a plan or a pack with more accounts, or deactivate the accounts that are no longer needed.
