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
page-done-deleted = Il collaboratore non è più nell’elenco, e il suo nome utente è di nuovo libero.

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
page-rule-other = In questo momento non è possibile. Ricarica la pagina e riprova; se non basta, avvisa chi gestisce il servizio.
