### Le impostazioni dei programmi di posta.

page-setup-imap = Per ricevere (IMAP)
page-setup-pop3 = Per ricevere (POP3)
page-setup-submission = Per inviare (SMTP)
page-setup-server = { $host }, porta { $port }, { $security }
page-setup-password = Il metodo di autenticazione è “password normale”; nome utente e password sono gli stessi, sia per ricevere sia per inviare. Se una voce compare due volte, scegli la prima.
page-setup-profile = Scarica il profilo per iPhone, iPad e Mac
page-setup-ask = Per i nomi dei server e le porte rivolgiti a chi gestisce il servizio.
