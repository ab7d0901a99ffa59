// An IMAP account, as the wizard for new accounts writes it.

user_pref("mail.accountmanager.accounts", "account1,account2");
user_pref("mail.accountmanager.defaultaccount", "account1");
user_pref("mail.accountmanager.localfoldersserver", "server2");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account1.identities", "id1");
user_pref("mail.account.account2.server", "server2");
user_pref("mail.account.lastKey", 2);
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.hostname", "localhost");
user_pref("mail.server.server1.socketType", 3);  // TLS from the first byte
user_pref("mail.server.server1.authMethod", 3);  // normal password
user_pref("mail.server.server1.name", "Ufficio");

// Once one message is marked as junk, others would be, too
user_pref("mail.server.server1.spamLevel", 0);
user_pref("mail.server.server2.type", "none");
user_pref("mail.server.server2.hostname", "Local Folders");
user_pref("mail.server.server2.userName", "nobody");
user_pref("mail.server.server2.name", "Local Folders");
user_pref("mail.identity.id1.fullName", "Ufficio di prova");
user_pref("mail.identity.id1.valid", true);
