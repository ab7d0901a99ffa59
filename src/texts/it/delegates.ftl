### I collaboratori di una casella, per chi li gestisce.

page-crumbs = Percorso
page-pages = Pagine
page-pager = Pagina { $page } di { $pages }
page-before = Precedente
page-after = Successiva

page-name = Nome e cognome
page-username = Nome utente
page-state = Stato
page-last-seen = Ultimo accesso
page-never-seen = Mai
page-actions = Azioni
page-action-details = Dettagli
page-filter = Filtra i collaboratori
page-filter-text = Nome, nome utente o e‑mail
page-filter-all = Tutti
page-filter-do = Filtra
page-filter-none = Mostra tutti
page-delegates-found = { $count ->
    [one] Un collaboratore trovato.
   *[other] { $count } collaboratori trovati.
}
page-no-delegates = Nessun collaboratore
page-no-delegates-text = Quando inviti qualcuno a lavorare in questa casella, lo trovi qui con il suo stato e i suoi permessi.
page-invited-until = Può rispondere fino al { $until }
page-must-choose-password = Deve scegliere una nuova password
page-invite = Invita un collaboratore

page-seats-taken = { $count ->
    [one] { $taken } posto occupato su 1
   *[other] { $taken } posti occupati su { $count }
}
page-seats-left = { $count ->
    [0] Nessun posto libero
    [one] Un posto libero
   *[other] { $count } posti liberi
}
page-plan = Piano { $plan }
page-plan-packs = { $count ->
    [0] Piano { $plan }, senza pacchetti: ne puoi aggiungere { $more }, da { $seats } posti ciascuno
    [one] Piano { $plan } e un pacchetto: ne puoi aggiungere altri { $more }, da { $seats } posti ciascuno
   *[other] Piano { $plan } e { $count } pacchetti: ne puoi aggiungere altri { $more }, da { $seats } posti ciascuno
}
page-plan-all-packs = Piano { $plan } con tutti i { $count } pacchetti
page-grace = { $count ->
    [one] C’è un collaboratore in più dei posti previsti dal piano. Se il { $until } ci sarà ancora, sarà sospeso chi ha avuto il posto per ultimo. Per evitarlo disattiva un collaboratore o aggiungi posti.
   *[other] Ci sono { $count } collaboratori in più dei posti previsti dal piano. Se il { $until } ci saranno ancora, saranno sospesi quelli che hanno avuto il posto per ultimi. Per evitarlo disattiva dei collaboratori o aggiungi posti.
}
page-no-seat-left = Per invitare qualcuno serve un posto libero: disattiva un collaboratore, rifiuta una richiesta in attesa, o passa a un piano con più posti.
page-no-seat-left-packs = Per invitare qualcuno serve un posto libero: disattiva un collaboratore, rifiuta una richiesta in attesa, o aggiungi un pacchetto di posti.

page-done-invited = L’invito è stato inviato.

page-first-name = Nome
page-last-name = Cognome
page-email = Indirizzo e‑mail
page-message = Messaggio personale
page-app-password-name = Nome della password

page-rule-delegate-exists = Il nome utente { $login } è già in uso (stato: { $state }). Scegline un altro.
page-rule-delegate-ended = Il nome utente { $login } è ancora nell’elenco (stato: { $state }). Eliminalo dall’elenco, oppure scegli un altro nome.
page-rule-not-in-state = Nel frattempo lo stato è cambiato: ora è «{ $state }», e così non si può fare.
page-rule-more-than-own = Non puoi dare un permesso che tu non hai: { $permission }.
page-rule-no-protocol = Scegli almeno un protocollo: IMAP, POP3 o tutti e due.
page-rule-no-seat = { $count ->
    [0] Il piano della casella non prevede collaboratori. Per invitarne serve un piano che ne preveda.
    [one] Il posto previsto dal piano è occupato. Disattiva il collaboratore o rifiuta la richiesta in attesa.
   *[other] I posti previsti dal piano sono tutti e { $count } occupati. Disattiva un collaboratore o rifiuta una richiesta in attesa.
}
page-rule-no-seat-packs = Oppure aggiungi un pacchetto di posti.
page-rule-not-multi-user = La multiutenza non è attiva su questa casella: finché non lo è, non si possono invitare collaboratori. La attiva chi amministra il dominio.
page-rule-needs-password-management = La casella non ha l’opzione «gestione password», che serve per la multiutenza. La attiva chi gestisce il servizio.
page-rule-has-collaborations = { $count ->
    [one] C’è ancora un collaboratore attivo, sospeso o in attesa: disattivalo o rifiuta la richiesta, e poi riprova.
   *[other] Ci sono ancora { $count } collaboratori attivi, sospesi o in attesa: disattivali o rifiuta le richieste, e poi riprova.
}
page-rule-app-passwords-by-owner = In questa casella le password per i programmi di posta le crea solo il titolare.
page-rule-too-many-app-passwords = Ci sono già troppe password per programmi di posta: revocane una che non serve più.
page-rule-app-password-exists = C’è già una password di nome «{ $name }»: scegli un altro nome, o revoca quella.
page-rule-no-app-password = Non c’è nessuna password di nome «{ $name }»: forse è già stata revocata.
page-rule-app-password-too-long = Una password vale almeno un giorno e al massimo dieci anni.
page-rule-no-mail = Da qui non partono messaggi di posta, e senza non si può invitare nessuno né reimpostare una password. Avvisa chi gestisce il servizio.
page-rule-password-too-short = La password è troppo corta: servono almeno { $least } caratteri.
page-rule-password-too-long = La password è troppo lunga: al massimo { $most } byte.
page-rule-text = Testo
page-rule-text-empty = { $field }: scrivi qualcosa.
page-rule-text-long = { $field }: il testo è troppo lungo, al massimo { $most } caratteri.
page-rule-text-control = { $field }: contiene un carattere che non si può usare, per esempio un a capo o un segno che cambia la direzione del testo. Toglilo.
page-rule-text-address = { $field }: non è un indirizzo e‑mail. Scrivilo come nome@esempio.it
page-rule-username-empty = Nome utente: scrivi qualcosa.
page-rule-username = Nome utente: da 1 a 64 lettere senza accento, cifre, punti, trattini o trattini bassi. Comincia con una lettera o una cifra.
page-rule-no-two-factor = La verifica in due passaggi non è attiva per questo account.
page-rule-has-two-factor = La verifica in due passaggi è già attiva: serve un codice di quella attuale.
page-rule-not-enrolling = La configurazione è scaduta o non è mai iniziata: comincia di nuovo.
page-rule-wrong-code = Il codice non è giusto, o è già stato usato: aspetta il prossimo e riprova.
page-rule-too-many-codes = Ci sono stati troppi codici sbagliati: riprova più tardi.
page-rule-two-factor-required = Il titolare della casella usa la verifica in due passaggi, perciò deve usarla anche ogni collaboratore.
page-rule-two-factor-needs-password = Prima serve che la password della casella sia conservata qui: con la verifica in due passaggi i programmi di posta entrano con password dedicate. Avvisa chi gestisce il servizio.
page-rule-no-webmail = Questo account ora non apre la webmail.
page-rule-other = In questo momento non è possibile. Ricarica la pagina e riprova; se non basta, avvisa chi gestisce il servizio.

page-action-permissions = Modifica permessi
page-action-suspend = Sospendi
page-action-resume = Riattiva
page-action-reject = Rifiuta richiesta
page-action-reinvite = Invita di nuovo
page-action-reset-password = Reimposta password
page-action-remove-two-factor = Disattiva verifica in due passaggi
page-action-deactivate = Disattiva account
page-action-delete = Elimina dall’elenco
page-cancel = Annulla
page-continue = Prosegui
page-go-back = Torna indietro
page-what-will-happen = Che cosa succede
page-not-done = Non è stato possibile
page-changed-meanwhile = Nel frattempo qualcosa è cambiato, perciò non è stato fatto nulla. Controlla com’è adesso e, se serve, conferma di nuovo.
page-login-of = Nome utente per l’accesso
page-to-details = Vai ai dettagli
page-to-delegates = Vai ai collaboratori della casella

page-ask-suspend = Vuoi sospendere { $name }?
page-ask-resume = Vuoi riattivare { $name }?
page-ask-reject = Vuoi rifiutare la richiesta di { $name }?
page-ask-reinvite = Vuoi invitare di nuovo { $name }?
page-ask-reset-password = Vuoi reimpostare la password di { $name }?
page-ask-remove-two-factor = Vuoi disattivare la verifica in due passaggi di { $name }?
page-ask-deactivate = Vuoi disattivare l’account di { $name }?
page-ask-delete = Vuoi eliminare { $name } dall’elenco?

page-will-suspend = { $name } non potrà fare nulla in questa casella, né dalla webmail né da un programma di posta, finché non riattivi l’account.
page-will-resume = { $name } potrà di nuovo accedere, con la password e i permessi di prima.
page-will-reject = Il link dell’invito non funzionerà più, e { $name } non potrà accettarlo.
page-will-reinvite = { $name } riceve un nuovo invito con un link che vale 7 giorni; i permessi restano quelli di prima.
page-will-reset-password = La password di adesso non vale più. { $name } riceve un link per sceglierne una nuova, e fino ad allora non può accedere.
page-will-remove-two-factor = { $name } accederà con la sola password, finché non configura di nuovo la verifica in due passaggi.
page-will-enrol-anew = Chi ha perso il telefono può ricominciare: { $name } dovrà configurare di nuovo la verifica in due passaggi prima di poter accedere.
page-will-deactivate = { $name } non potrà più accedere. Non si può annullare: per lavorare di nuovo nella casella servirà un nuovo invito.
page-will-delete = { $name } scompare dall’elenco dei collaboratori. Ciò che ha inviato resta nel registro.
page-will-free-name = Il nome utente torna libero.
page-will-end-sessions = Le sessioni aperte si chiudono entro un secondo.
page-will-end-app-passwords = Anche le password per i programmi di posta non valgono più.
page-will-keep-seat = Il posto resta occupato.
page-will-free-seat = Si libera un posto.
page-will-take-seat = Si occupa un posto, anche prima della risposta.
page-will-tell = { $name } riceve un messaggio di posta che lo spiega.
page-will-change-permissions = I nuovi permessi valgono subito, anche nelle sessioni aperte.
page-will-close-programs = Le sessioni aperte da programmi di posta che non sono più permessi si chiudono entro un secondo.
page-will-invite = { $name } riceve l’invito. Il link vale una volta sola, per 7 giorni; poi l’invito è rifiutato da solo.
page-will-revoke = Il programma di posta che usa questa password non entra più.

page-done-suspend = L’account è sospeso.
page-done-resume = L’account è di nuovo attivo.
page-done-reject = La richiesta è stata rifiutata.
page-done-reinvite = Il nuovo invito è stato inviato.
page-done-reset-password = La password è stata annullata, e il link per sceglierne una nuova è stato inviato.
page-done-remove-two-factor = La verifica in due passaggi è disattivata per questo account.
page-done-deactivate = L’account è disattivato.
page-done-delete = Il collaboratore non è più nell’elenco, e il suo nome utente è di nuovo libero.
page-done-permissions = I permessi sono cambiati.
page-done-revoked = La password per il programma di posta è stata revocata.
page-done-not-now = Questa azione non è più possibile: ecco com’è adesso.
page-done-multi-user-on = La multiutenza è attiva: ora puoi invitare collaboratori.
page-done-multi-user-off = La multiutenza è disattivata.

page-invite-step-one = Passo 1 di 3
page-invite-step-two = Passo 2 di 3
page-invite-step-three = Passo 3 di 3
page-invite-text = Scrivi chi vuoi invitare; nel passo successivo scegli i permessi.
page-invite-permissions = Che cosa può fare { $name }?
page-invite-preview = Invita { $name }
page-look-at-mail = Aggiorna il messaggio
page-send-invitation = Invia l’invito
page-mail-preview = Il messaggio
page-email-hint = A questo indirizzo arrivano l’invito e gli avvisi. È meglio quello personale di chi lo usa, non uno di gruppo.
page-username-hint = Lettere senza accento, cifre, punti e trattini. L’accesso sarà nomeutente/{ $mailbox }
page-language-of-mail = Lingua dei messaggi
page-message-hint = Facoltativo: le tue parole, nel messaggio dell’invito. Al massimo 2000 caratteri.
page-italian = Italiano
page-english = Inglese

page-presets = Scelte pronte:
page-preset-read-only = Sola lettura
page-preset-read-and-modify = Lettura e modifica
page-preset-complete = Completo (lettura, modifica, invio)
page-permissions-hint = Alcuni permessi ne comprendono altri: quelli che mancano si aggiungono da soli, e quelli che da soli non valgono si tolgono.
page-permission-always = Sempre compreso.
page-permission-not-yours = Non puoi darlo, perché non ce l’hai.
page-included = Compreso in un’altra scelta.
page-protocols = Protocolli del programma di posta
page-protocols-hint = Contano solo se è permesso l’utilizzo di un client di posta.
page-about-imap = I messaggi restano sul server.
page-about-pop3 = I messaggi si scaricano sul computer.
page-came-along = Aggiunti insieme alla tua scelta, perché servono: { $permissions }.
page-went-along = Tolti insieme alla tua scelta, perché senza gli altri non valgono: { $permissions }.
page-edit-permissions = Permessi di { $name }
page-ask-permissions = Vuoi cambiare i permessi di { $name }?
page-permissions-before = Prima
page-permissions-after = Dopo
page-permissions-same = Non hai cambiato nulla: scegli altri permessi, o annulla.
page-permissions-lost = Alcuni permessi assegnati non valgono con le regole di adesso di questo servizio.
page-change-permissions = Cambia i permessi

page-last-change = Ultima modifica
page-added = Aggiunto il
page-their-language = Lingua dei messaggi
page-their-two-factor = Verifica in due passaggi
page-their-two-factor-since = Attiva dal { $since }
page-their-two-factor-off = Non attiva
page-their-two-factor-missing = Non attiva: deve configurarla al prossimo accesso, perché la usa il titolare
page-to-their-sends = I messaggi che ha inviato
page-their-app-passwords = Password per i programmi di posta
page-no-app-passwords = Non ce ne sono.
page-their-app-password-for = Per
page-their-app-password-end = Scadenza
page-their-app-password-until = { $until }
page-their-app-password-ended = Scaduta il { $until }
page-their-app-password-use = Ultimo uso
page-never-used = Mai
page-their-revoke = Revoca
page-ask-revoke = Vuoi revocare la password «{ $name }»?
page-new-app-password = Nuova password per un programma di posta
page-new-app-password-text = È una password in più, per un solo programma. Si vede una volta sola, quando la crei.
page-their-app-password-name-hint = Il programma o il dispositivo, per esempio Thunderbird in ufficio
page-their-app-password-days = Quanto dura
page-days = { $days } giorni
page-their-app-password-no-scope = Scegli almeno un protocollo.
page-make-app-password = Crea la password
page-their-app-password-made = La password è pronta
page-their-app-password-once = Copiala adesso: non sarà più mostrata.
page-last-accesses = Ultimi accessi
page-no-accesses = Nessun accesso nel registro.
page-when = Quando
page-from = Da dove
page-by-way = Come
page-by-panel = Pannello
page-program = Programma
page-outcome = Esito
page-let-in = Riuscito
page-not-let-in = Non riuscito

page-filter-mailboxes = Filtra le caselle
page-filter-mailbox-text = Indirizzo o titolare
page-no-mailboxes = Nessuna casella
page-no-mailboxes-text = Le caselle del dominio compaiono qui quando chi gestisce il servizio le aggiunge.
page-owner = Titolare
page-count-active = Attivi
page-count-waiting = In attesa
page-count-suspended = Sospesi
page-plan-and-seats = Piano e posti
page-multi-user = Multiutenza
page-multi-user-change = cambia per
page-on = Attiva
page-off = Non attiva
page-turn-on = Attiva la multiutenza
page-turn-off = Disattiva la multiutenza
page-ask-multi-user-on = Vuoi attivare la multiutenza?
page-ask-multi-user-off = Vuoi disattivare la multiutenza?
page-will-multi-user-on = Il titolare potrà invitare collaboratori, quanti ne prevede il piano. Per chi usa già la casella non cambia nulla.
page-will-multi-user-off = Nessuno potrà più essere invitato. Il titolare continua a usare la casella come prima.

page-mailboxes-found = { $count ->
    [one] Una casella trovata.
   *[other] { $count } caselle trovate.
}
