### I registri: messaggi inviati, accessi, chi è al lavoro, le proprie sessioni.

page-records-filter = Filtra
page-records-person = Persona
page-records-all = Tutte
page-records-every = Tutti
page-records-from = Dal giorno
page-records-until = Al giorno
page-records-address = Indirizzo IP
page-records-way = Con
page-records-program = Programma
page-records-show = Mostra
page-records-reset = Togli i filtri
page-records-newest = Torna ai più recenti
page-records-older = Più vecchi
page-records-export = Scarica come tabella (CSV)
page-records-export-hint = La tabella contiene tutte le righe che corrispondono ai filtri, con le ore italiane. In Excel aprila da Dati, Da testo/CSV.
page-records-none-fit = Nessuna riga corrisponde ai filtri: cambiali o toglili.
page-records-by-wrong = La persona non c’è: sceglila dall’elenco.
page-records-day-wrong = La data non è valida: scrivila come 2026-11-30.
page-records-address-wrong = L’indirizzo IP non è valido: scrivilo come 192.0.2.7.

page-way-client = programma di posta ({ $protocol })
page-way-webmail = webmail ({ $protocol })
page-way-panel = pannello

page-sends-text = Che cosa è stato inviato dalla casella { $mailbox }, e da chi.
page-sends-none = Da questa casella non è ancora stato inviato nulla. I messaggi compaiono qui appena qualcuno ne invia uno.
page-sends-at = Quando
page-sends-to = Destinatari
page-sends-subject = Oggetto
page-sends-outcome = Esito
page-sends-filter-subject = Nell’oggetto
page-sends-filter-to = Destinatario (indirizzo intero)
page-sends-no-subject = (senza oggetto)
page-sends-others = { $count ->
    [one] e un altro
   *[other] e altri { $count }
}
page-sends-accepted = Accettato
page-sends-refused = Rifiutato
page-sends-unknown = Sconosciuto
page-sends-unknown-text = Nessuna risposta: il messaggio è in corso, o il collegamento si è interrotto. Può essere stato inviato.
page-sends-one = Messaggio inviato
page-sends-from = Mittente
page-sends-message-id = Message-ID
page-sends-size = Dimensione
page-sends-reply = Risposta del server di posta
page-sends-copy = Copia nella posta inviata
page-sends-copy-waiting = In attesa dell’invio
page-sends-copy-due = In arrivo
page-sends-copy-done = C’è
page-sends-copy-failed = Non riuscita
page-sends-copy-none = Non la fa questo servizio
page-sends-back = Torna ai messaggi inviati
page-sends-csv-at = Quando (ora italiana)
page-sends-csv-bytes = Byte

page-accesses-text = Chi è entrato nella casella { $mailbox }, e chi non è stato fatto entrare.
page-accesses-own = I miei accessi
page-accesses-own-text = Quando, da dove e con che cosa qualcuno è entrato nel tuo account, o ha provato. Se non eri tu, cambia la password.
page-accesses-none = Non ci sono ancora accessi. Compaiono qui appena qualcuno entra.
page-accesses-at = Quando
page-accesses-times = { $count } volte dal { $since }
page-accesses-result = Risultato
page-accesses-in = Entrato
page-accesses-refused = Rifiutato
page-accesses-refused-why = Rifiutato: { $why }
page-accesses-csv-last = Ultima volta (ora italiana)
page-accesses-csv-first = Prima volta (ora italiana)
page-accesses-csv-count = Volte

page-refusal-password = password sbagliata
page-refusal-suspended = account sospeso
page-refusal-not-active = account non attivo
page-refusal-password-changed = password azzerata o cambiata
page-refusal-must-enrol = verifica in due passaggi non attivata
page-refusal-not-multi-user = casella senza multiutente
page-refusal-closed = troppe password sbagliate
page-refusal-needs-app-password = serve una password per le app
page-refusal-needs-code = serve un codice dopo la password
page-refusal-wrong-code = codice sbagliato
page-refusal-no-client = senza permesso per i programmi di posta
page-refusal-no-protocol = protocollo non scelto per questa persona

page-now-text = Chi ha aperta la casella { $mailbox } in questo momento.
page-now-none = In questo momento nessuno ha aperta la casella, tra le persone che puoi vedere.
page-now-since = Da
page-now-end = Chiudi
page-now-again = Aggiorna l’elenco
page-now-ending = Vuoi chiudere questa sessione?
page-now-ending-text = La sessione finisce entro un secondo, qualunque cosa stia facendo: un messaggio che non è ancora salvato può andare perso.
page-now-ending-again = La persona può entrare di nuovo, e molti programmi lo fanno da soli. Per tenerla fuori, sospendila tra i collaboratori.
page-now-end-it = Chiudi la sessione
page-now-back = Torna all’elenco
page-now-ended = La sessione è stata chiusa.
page-now-gone = La sessione era già finita.

page-sessions = Le mie sessioni
page-sessions-text = Dove il tuo account è aperto in questo momento. Chiudi ciò che non riconosci, e cambia la password.
page-sessions-panel = In queste pagine
page-sessions-seen = Ultima attività
page-sessions-this = Questa sessione
page-sessions-mail = Nella casella
page-sessions-none = In questo momento nessun programma di posta ha aperta la casella con il tuo account.
page-sessions-everywhere = Esci ovunque
page-sessions-everywhere-text = Chiude tutte le sessioni, anche questa: in queste pagine, nella webmail e nei programmi di posta. Per tornare serve di nuovo la password.
