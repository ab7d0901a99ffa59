### Messaggi di posta (N1–N5). Gli oggetti dei primi tre sono quelli dei requisiti.

mail-greeting = Gentile { $name },
mail-footer = Questo messaggio è stato inviato automaticamente da { $host }. Le risposte non vengono lette.
mail-if-button-fails = Se il pulsante non funziona, copia questo indirizzo nel browser:

mail-fact-mailbox = Casella PEC
mail-fact-owner = Titolare
mail-fact-name = Nome e cognome
mail-fact-login = Nome utente
mail-fact-permissions = Permessi
mail-fact-plan = Piano
mail-fact-domain = Dominio

mail-invitation-subject = Hai una richiesta di collaborazione per la casella PEC
mail-invitation-what = { $owner } ti invita a lavorare nella casella PEC { $mailbox } con un account tutto tuo.
mail-invitation-message = { $owner } ti scrive:
mail-invitation-how = Per accettare, scegli la tua password. Nella stessa pagina puoi anche rifiutare l’invito.
mail-invitation-button = IMPOSTA PASSWORD
mail-invitation-until = Il link vale una volta sola, fino al { $until }. Dopo, l’invito viene rifiutato automaticamente.
mail-invitation-unexpected = Se non aspettavi questo invito, ignora il messaggio: senza una tua risposta non succede nulla.

mail-activated-subject = Il tuo account Multiutente PEC è attivo, ora puoi accedere a { $mailbox }
mail-activated-what = Il tuo account sulla casella PEC { $mailbox } di { $owner } è attivo.
mail-activated-how = Per accedere usa il nome utente scritto qui sopra, per intero, e la password che hai scelto.
mail-activated-webmail = Accedi dalla webmail con il nome utente scritto qui sopra, per intero, e la password che hai scelto.
mail-webmail-button = ACCEDI ALLA PEC
mail-by-client = Puoi usare anche un programma di posta ({ $protocols }): nome utente e password sono gli stessi, sia per ricevere sia per inviare.
mail-by-client-receive = Puoi leggere la posta anche con un programma di posta ({ $protocols }): nome utente e password sono gli stessi.
mail-no-client = L’uso di programmi di posta, come Outlook o Thunderbird, non è tra i tuoi permessi.
mail-activated-secret = La password è solo tua: non dirla a nessuno, nemmeno al titolare della casella.

mail-answered-subject = L'account Multiutente PEC ha risposto al tuo invito
mail-accepted-what = { $name } ha accettato il tuo invito e ora può accedere alla casella PEC { $mailbox }.
mail-accepted-control = Puoi cambiare i permessi, sospendere o revocare l’accesso in qualsiasi momento.
mail-refused-what = { $name } ha rifiutato il tuo invito a lavorare nella casella PEC { $mailbox } e non può accedervi.
mail-expired-subject = Il tuo invito per la casella PEC è scaduto
mail-expired-what = { $name } non ha risposto in tempo al tuo invito a lavorare nella casella PEC { $mailbox }. L’invito è scaduto e il link non funziona più.
mail-username-free = Il nome utente { $username } è di nuovo libero. Se vuoi, puoi mandare un nuovo invito.

mail-withdrawn-subject = L’invito per la casella PEC è stato ritirato
mail-withdrawn-what = L’invito a lavorare nella casella PEC { $mailbox } di { $owner } è stato ritirato. Il link che hai ricevuto non funziona più.
mail-nothing-to-do = Non devi fare nulla.

mail-password-button = SCEGLI LA PASSWORD
mail-password-until = Il link vale una volta sola, fino al { $until }.
mail-password-taken-subject = Scegli una nuova password per la casella PEC
mail-password-taken-what = La password del tuo account sulla casella PEC { $mailbox } di { $owner } è stata annullata da chi gestisce la casella. Puoi accedere di nuovo appena ne avrai scelta un’altra.
mail-password-forgotten-subject = Hai chiesto una nuova password per la casella PEC
mail-password-forgotten-what = È stata chiesta una nuova password per il tuo account sulla casella PEC { $mailbox } di { $owner }.
mail-password-forgotten-unexpected = Finché non ne scegli un’altra, vale la password di prima. Se la richiesta non viene da te, ignora il messaggio.
mail-password-changed-subject = La tua password per la casella PEC è cambiata
mail-password-changed-what = La password del tuo account sulla casella PEC { $mailbox } di { $owner } è stata cambiata.
mail-password-changed-unexpected = Se non te lo aspettavi, avvisa subito { $owner }.

mail-permissions-subject = I tuoi permessi sulla casella PEC sono cambiati
mail-permissions-what = I permessi del tuo account sulla casella PEC { $mailbox } di { $owner } sono cambiati. Ora valgono questi:

mail-suspended-subject = Il tuo account sulla casella PEC è sospeso
mail-suspended-what = Il tuo account sulla casella PEC { $mailbox } di { $owner } è stato sospeso. Per ora non puoi accedere.
mail-suspended-seats = La casella ha più account di quanti ne prevede il suo piano; sono stati sospesi i più recenti.
mail-suspended-kept = L’account non è stato cancellato e può essere riattivato, con gli stessi permessi.
mail-ask-owner = Per qualsiasi domanda rivolgiti a { $owner }.

mail-resumed-subject = Il tuo account sulla casella PEC è di nuovo attivo
mail-resumed-what = Il tuo account sulla casella PEC { $mailbox } di { $owner } è stato riattivato. Puoi accedere come prima.

mail-revoked-subject = Il tuo accesso alla casella PEC è terminato
mail-revoked-what = Il tuo account sulla casella PEC { $mailbox } di { $owner } è stato disattivato. Da ora non puoi più accedervi.
mail-revoked-client = Se avevi configurato la casella in un programma di posta, puoi toglierla.

mail-app-password-made-subject = È stata creata una password per un tuo programma di posta
mail-app-password-made-what = È stata creata una password da usare in un programma di posta per { $account }.
mail-app-password-name = Nome: { $name }
mail-app-password-until = Funziona fino al { $until }.
mail-app-password-ends-subject = Una password del tuo programma di posta sta per scadere
mail-app-password-ends-what = Sta per scadere una password che un tuo programma di posta usa per { $account }.
mail-app-password-ends-help = Prima di quel giorno, chiedi a { $owner } di prolungarla, oppure creane un’altra e scrivila nel programma.
mail-app-password-ends-own = Prima di quel giorno, prolungala, oppure creane un’altra e scrivila nel programma.

mail-guessed-subject = Troppe password sbagliate per il tuo account
mail-guessed-what = Sono state provate molte password sbagliate per { $account }.
mail-guessed-from = L’ultimo tentativo viene dall’indirizzo { $address }.
mail-guessed-until = Da lì, e da dove non hai mai fatto accesso, nessuno entra con il tuo nome utente fino al { $until }. I programmi già collegati restano collegati.
mail-guessed-until-panel = Fino al { $until } nessuno entra nel pannello con il tuo account. Chi è già entrato resta collegato.
mail-guessed-help = Se sei tu, controlla la password nei tuoi programmi di posta. Se non sei tu, non devi fare nulla; per qualsiasi dubbio rivolgiti a { $owner }.
mail-guessed-help-own = Se sei tu, controlla la password nei tuoi programmi di posta. Se non sei tu, non devi fare nulla.
mail-guessed-help-panel = Se sei tu e hai dimenticato la password, chiedine una nuova dalla pagina di accesso. Se non sei tu, non devi fare nulla.

mail-email-confirm-subject = Conferma il tuo nuovo indirizzo e-mail
mail-email-confirm-what = È stato chiesto di usare l’indirizzo { $email } per i messaggi che riguardano questo account:
mail-email-confirm-button = CONFERMA L’INDIRIZZO
mail-email-confirm-until = Il link vale una volta sola, fino al { $until }. Fino alla conferma vale l’indirizzo di prima.
mail-email-confirm-unexpected = Se la richiesta non viene da te, ignora il messaggio: senza la conferma non cambia nulla.
mail-email-changed-subject = Il tuo indirizzo e-mail è cambiato
mail-email-changed-what = L’indirizzo e-mail del tuo account è stato cambiato. D’ora in poi ti scriviamo a { $email }.
mail-email-changed-login = Da ora accedi con il nuovo indirizzo.

mail-postmaster-invited-subject = Scegli la password del tuo account di postmaster
mail-postmaster-invited-what = Ora amministri le caselle PEC del dominio { $domain }.
mail-postmaster-invited-how = Per accedere al pannello, scegli la tua password.
mail-postmaster-taken-subject = Scegli una nuova password per l’account di postmaster
mail-postmaster-taken-what = La password del tuo account di postmaster del dominio { $domain } è stata annullata da chi gestisce il servizio. Puoi accedere di nuovo appena ne avrai scelta un’altra.
mail-postmaster-forgotten-subject = Hai chiesto una nuova password per l’account di postmaster
mail-postmaster-forgotten-what = È stata chiesta una nuova password per il tuo account di postmaster del dominio { $domain }.
mail-postmaster-changed-subject = La password del tuo account di postmaster è cambiata
mail-postmaster-changed-what = La password del tuo account di postmaster del dominio { $domain } è stata impostata o cambiata.
mail-account-owner = il tuo account di titolare della casella PEC { $mailbox }
mail-account-delegate = il tuo account sulla casella PEC { $mailbox } di { $owner }
mail-account-postmaster = il tuo account di postmaster del dominio { $domain }
mail-unexpected = Se non te lo aspettavi, avvisa subito chi gestisce il servizio.
mail-panel-button = APRI IL PANNELLO

mail-two-factor-steps = In questa casella serve la verifica in due passaggi. Prima di lavorare nella casella, attivala:
mail-two-factor-step-app = installa sul telefono un’app che mostra codici di verifica, come Google Authenticator, Aegis o FreeOTP;
mail-two-factor-step-panel = apri il pannello e accedi con il tuo nome utente e la tua password;
mail-two-factor-step-scan = inquadra il codice QR con l’app e scrivi nel pannello il codice che vedi;
mail-two-factor-step-recovery = conserva i codici di recupero: servono se perdi il telefono.
mail-two-factor-clients = Da quel momento, per la webmail serve anche il codice, e i programmi di posta usano password dedicate, che si creano nel pannello.
mail-two-factor-on-subject = La verifica in due passaggi è attiva
mail-two-factor-on-what = La verifica in due passaggi è attiva per { $account }.
mail-two-factor-on-how = Da ora, per il pannello e per la webmail serve anche il codice che vedi nella tua app. I programmi di posta usano password dedicate, che si creano nel pannello.
mail-two-factor-on-panel = Da ora, per il pannello serve anche il codice che vedi nella tua app.
mail-two-factor-on-recovery = Conserva i codici di recupero in un luogo sicuro: servono se perdi il telefono, e ciascuno vale una volta sola.
mail-two-factor-off-subject = La verifica in due passaggi non è più attiva
mail-two-factor-off-what = La verifica in due passaggi è stata disattivata per { $account }. Per accedere basta la password.
mail-two-factor-off-administrator = L’ha disattivata chi amministra la casella. Devi accedere di nuovo.
mail-two-factor-off-operator = L’ha disattivata chi gestisce il servizio. Devi accedere di nuovo.
mail-two-factor-required-subject = Attiva la verifica in due passaggi per la casella PEC
mail-two-factor-required-what = Il titolare { $owner } ha attivato la verifica in due passaggi per la casella PEC { $mailbox }. Da ora serve anche a te: finché non l’attivi non puoi lavorare nella casella.
mail-recovery-used-subject = È stato usato un tuo codice di recupero
mail-recovery-used-what = È stato usato un codice di recupero per { $account }, dall’indirizzo { $address }.
mail-recovery-left = { $count ->
        [0] Non ne hai più: crea subito nuovi codici nel pannello.
        [one] Te ne resta uno: crea nuovi codici nel pannello.
       *[other] Te ne restano { $count }. Puoi crearne di nuovi nel pannello.
    }
mail-codes-guessed-subject = Qualcuno conosce la tua password
mail-codes-guessed-what = Sono stati provati molti codici di verifica sbagliati per { $account }. Chi li ha provati conosce la tua password.
mail-codes-guessed-until = Fino al { $until } nessun codice viene accettato.
mail-codes-guessed-help = Se non sei tu, cambia subito la password.

mail-password-refused-subject = La password della casella PEC { $mailbox } non funziona più
mail-password-refused-what = Il server di posta rifiuta la password della casella PEC { $mailbox } che è stata affidata a questo servizio. I collaboratori non possono più accedere.
mail-password-refused-why = Succede quando la password della casella viene cambiata, o quando scade.
mail-password-refused-help = Comunica la nuova password a chi gestisce il servizio, di persona o per una via sicura: non rispondere a questo messaggio e non scriverla in una e-mail.

mail-over-seats-subject = La casella PEC { $mailbox } ha più account del previsto
mail-over-seats-what = { $count ->
        [one] La casella PEC { $mailbox } ha un account Multiutente, inviti compresi; il suo piano ne prevede { $seats }.
       *[other] La casella PEC { $mailbox } ha { $count } account Multiutente, inviti compresi; il suo piano ne prevede { $seats }.
    }
mail-over-seats-until = Fino al { $until } tutto resta com’è. Poi gli account più recenti oltre il limite saranno sospesi e gli inviti ritirati. Nessun account sarà cancellato.
mail-over-seats-help = Per evitarlo, scegli un piano o un pacchetto con più account, oppure disattiva gli account che non servono più.

mail-seats-enforced-subject = Account sospesi sulla casella PEC { $mailbox }
mail-seats-enforced-what = { $count ->
        [one] Il piano della casella PEC { $mailbox } prevede un solo account Multiutente. Quelli più recenti oltre il limite sono stati sospesi, e gli inviti senza risposta ritirati:
       *[other] Il piano della casella PEC { $mailbox } prevede { $count } account Multiutente. Quelli più recenti oltre il limite sono stati sospesi, e gli inviti senza risposta ritirati:
    }
mail-seats-enforced-help = Nessun account è stato cancellato. Per riattivarli, scegli un piano o un pacchetto con più account, oppure disattiva gli account che non servono più.
