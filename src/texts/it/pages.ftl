### Le pagine: invito, password dimenticata, nuova password.

page-tagline = accesso multiutente alla casella PEC
page-skip = Vai al contenuto
page-other-language = English
page-footer = Servizio per lavorare in più persone nella stessa casella PEC, ognuno con il proprio accesso.
page-error = Errore
page-error-summary = C’è qualcosa da correggere

page-home = Accesso multiutente alla casella PEC
page-home-text = Con questo servizio più persone lavorano nella stessa casella PEC. Ognuna ha un accesso e una password propri, e fa ciò che il titolare della casella le permette.
page-home-invited = Se hai ricevuto un invito, apri il link che trovi nel messaggio.
page-to-webmail = Vai alla webmail
page-to-forgotten = Hai dimenticato la password?

page-mailbox = Casella PEC
page-login = Il tuo nome utente
page-login-hint = È scritto nel messaggio che hai ricevuto all’attivazione, per esempio anna/ufficio@pec.example.it
page-invited-by = Ti invita
page-invited = Invito per
page-permissions = Permessi
page-until = Puoi rispondere fino al

page-invitation = Invito a lavorare in una casella PEC
page-invitation-text = { $owner } ti invita a lavorare nella sua casella PEC con un accesso tuo.
page-about-read = Leggere i messaggi e le cartelle.
page-about-write = Scrivere bozze; creare, spostare ed eliminare messaggi e cartelle.
page-about-send = Inviare e inoltrare messaggi a nome della casella.
page-about-client = Usare la casella da un programma di posta.
page-about-settings = Gestire le impostazioni della casella e i collaboratori.
page-accept-title = Accetta l’invito
page-accept-text = Scegli la tua password. La userai insieme al tuo nome utente, e non serve conoscere quella della casella.
page-accept = Accetta l’invito
page-refuse-title = Non vuoi accettare?
page-refuse-hint = Prima del rifiuto ti sarà chiesta una conferma.
page-refuse = Rifiuta…

page-rules = La password:
page-rule-least = ha almeno { $least } caratteri;
page-rule-guess = non è facile da indovinare: meglio alcune parole che non stanno insieme di una parola sola con numeri e segni;
page-rule-most = non supera { $most } byte e non contiene tabulazioni o altri caratteri di controllo.
page-password = Nuova password
page-password-repeat = Ripeti la password
page-password-empty = Scrivi una password.
page-password-too-short = La password è troppo corta: aggiungi qualche carattere.
page-password-too-long = La password è troppo lunga: accorciala.
page-password-control = La password contiene un carattere di controllo, per esempio una tabulazione: toglilo.
page-password-weak = La password è facile da indovinare: usa altre parole, o aggiungine una.
page-password-unlike = Le due password non sono uguali: scrivi la stessa due volte.

page-accepted = Il tuo account è attivo
page-accepted-text = Hai accettato l’invito e la tua password è impostata. Ti mandiamo un messaggio di conferma con questi dati.
page-next = Come accedere
page-next-webmail = Nella webmail scrivi il nome utente per intero e la password che hai scelto.
page-next-client = Nel programma di posta l’indirizzo è quello della casella; il nome utente è quello indicato qui, per intero.
page-next-ask = Chiedi al titolare della casella dove si trova la webmail. Accedi con il nome utente per intero e la password che hai scelto.
page-next-account = Nel tuo account cambi la password, attivi la verifica in due passaggi e crei le password per i programmi di posta.

page-refusing = Vuoi rifiutare l’invito?
page-refusing-text = Chi ti ha invitato sarà avvisato e il link non funzionerà più.
page-refusing-back = Se invece vuoi accettare, torna alla pagina precedente.
page-refuse-now = Rifiuta l’invito
page-refused = Hai rifiutato l’invito
page-refused-text = Non avrai accesso alla casella { $mailbox }. Chi ti ha invitato sarà avvisato.
page-refused-mistake = Se hai cambiato idea, chiedi al titolare della casella di invitarti di nuovo.

page-forgotten = Password dimenticata
page-forgotten-text = Ti mandiamo un link per sceglierne una nuova, all’indirizzo e‑mail del tuo account.
page-fiscal-code = Codice fiscale del titolare della casella
page-fiscal-code-hint = 16 caratteri se è una persona, 11 cifre se è un’organizzazione
page-ask = Chiedi il link
page-forgotten-other = Non conosci il codice fiscale?
page-forgotten-owner = Chiedi al titolare della casella di reimpostare la tua password: anche così riceverai un link.
page-asked = Controlla la tua posta
page-asked-text = Se i dati sono giusti, entro pochi minuti arriva un messaggio con un link per scegliere una nuova password. Il link vale { $hours } ore.
page-asked-none = Se non arriva nulla, guarda nella posta indesiderata e controlla i dati, oppure chiedi al titolare della casella di reimpostare la tua password.

page-new-password = Scegli una nuova password
page-set-password = Imposta la password
page-password-set = La nuova password è impostata
page-password-set-text = Da adesso accedi con la nuova password. Se usi un programma di posta, cambiala anche lì.
page-postmaster-set-text = Da adesso accedi con la nuova password, come postmaster del dominio { $domain }.
page-postmaster-forgotten-text = Per chi amministra le caselle di un dominio: ti mandiamo un link per scegliere una nuova password.
page-postmaster-asked-none = Se non arriva nulla, guarda nella posta indesiderata e controlla i dati, oppure rivolgiti a chi gestisce il servizio.
page-to-postmaster-forgotten = Amministri un dominio e hai dimenticato la password?
page-to-delegate-forgotten = Sei un collaboratore e hai dimenticato la password?

page-email-title = Conferma il tuo indirizzo e‑mail
page-email-text = È stato chiesto di usare questo indirizzo per i messaggi che riguardano il tuo account.
page-email-new = Nuovo indirizzo
page-email-until = Puoi confermare fino al
page-email-confirm = Conferma l’indirizzo
page-email-unexpected = Se la richiesta non viene da te, chiudi la pagina: senza la conferma non cambia nulla.
page-email-changed = Il tuo indirizzo e‑mail è cambiato
page-email-changed-text = D’ora in poi ti scriviamo a { $email }. L’indirizzo di prima riceve un avviso.
page-email-changed-login = Da ora accedi con il nuovo indirizzo.
page-email-taken = L’indirizzo è di un altro postmaster
page-email-taken-text = Nel tuo dominio c’è già un postmaster con questo indirizzo. Il tuo resta quello di prima.
page-email-gone-text = Se hai già confermato, non devi fare altro. Altrimenti chiedi di nuovo il cambio di indirizzo dal tuo account.

page-link-gone = Il link non è più valido
page-link-gone-text = Ogni link funziona una volta sola e per un tempo limitato.
page-link-gone-used = Se hai già scelto la password, il tuo account è attivo: accedi con il tuo nome utente e quella password.
page-link-gone-expired = Altrimenti chiedi al titolare della casella di invitarti di nuovo. Se ti serve una nuova password, puoi chiedere un altro link.
page-link-broken = Il link non è completo
page-link-broken-text = Ne manca una parte, o c’è qualcosa in più. Copialo per intero dal messaggio che hai ricevuto.
page-refused-rule = In questo momento non è possibile
page-refused-rule-text = La casella non accetta questa richiesta. Rivolgiti al titolare della casella.
page-not-found = Pagina non trovata
page-not-found-text = A questo indirizzo non c’è nulla. Se hai seguito un link, copialo per intero dal messaggio che hai ricevuto.
page-no-method = Questa pagina non si apre così
page-no-method-text = Torna alla pagina precedente, o apri di nuovo il link che trovi nel messaggio.
page-bad-request = La richiesta non è leggibile
page-bad-request-text = Torna alla pagina precedente e riprova.
page-elsewhere = La richiesta non viene da questo sito
page-elsewhere-text = Apri il link che trovi nel messaggio e riprova da lì.
page-too-large = La richiesta è troppo grande
page-too-large-text = Torna alla pagina precedente e scrivi meno testo.
page-too-slow = Il servizio è molto occupato
page-too-slow-text = La richiesta non è stata completata in tempo. Riprova tra qualche minuto.
page-internal = Qualcosa non ha funzionato
page-internal-text = Non dipende da te. Riprova tra qualche minuto; se non basta, avvisa il titolare della casella.
