### Le pagine dell’account: dati, verifica in due passaggi, password per i programmi, configurazione.

page-phone = Telefono
page-language = Lingua
page-language-italian = Italiano
page-language-english = English
page-none = nessuno
page-never = mai
page-save = Salva
page-back = Torna indietro
page-back-account = Torna al mio account

page-profile = Telefono e lingua
page-phone-hint = Per esempio +39 055 123456; lascia vuoto per non indicarlo
page-phone-fault = Il numero non è leggibile: servono da 5 a 15 cifre, per esempio +39 055 123456.
page-language-hint = Quella dei messaggi e di queste pagine.
page-done-profile = I dati sono salvati.

page-email-change = Cambia l’indirizzo e‑mail
page-email-change-text = Mandiamo un link al nuovo indirizzo: il cambio vale quando lo apri. Poi avvisiamo quello di prima.
page-email-ask = Manda il link
page-email-waits = In attesa di conferma
page-email-unconfirmed = In attesa di conferma: { $email }
page-done-email = Controlla la posta del nuovo indirizzo: lì trovi il link per confermarlo.

page-password-change = Cambia la password
page-password-change-text = Vale da subito. Tutti i tuoi accessi aperti terminano, anche questo; le password dei programmi di posta restano.
page-password-current = Password attuale
page-done-password = La nuova password è impostata: accedi con quella.
page-owner-password = La tua password è quella della casella e si cambia presso il gestore PEC.

page-code = Codice
page-code-hint = Le 6 cifre della tua app, oppure un codice di recupero.
page-code-hint-app = Le 6 cifre che la app mostra adesso.
page-code-title = Secondo passaggio
page-code-text = Conferma l’accesso di { $login } con il codice della tua app.
page-code-wrong = Il codice non è giusto o è già stato usato, oppure ci sono stati troppi tentativi. Aspetta il prossimo e riprova.
page-code-lost = Non hai più la app?
page-code-lost-text = Usa uno dei codici di recupero. Se non li hai, chiedi al titolare della casella, o a chi amministra il servizio, di togliere la verifica in due passaggi.
page-code-present = Codice attuale
page-code-present-hint = Della app che usi adesso, oppure un codice di recupero.

page-two-factor = Verifica in due passaggi
page-two-factor-text = Oltre alla password serve un codice che cambia ogni 30 secondi: chi scopre la password non entra.
page-two-factor-required = Il titolare della casella la richiede: per continuare attivala adesso. Servono due minuti.
page-two-factor-required-short = È richiesta dal titolare della casella.
page-two-factor-since = Attiva dal { $date }
page-two-factor-is-off = Non attiva
page-two-factor-programs = Con la verifica attiva i programmi di posta entrano solo con una password dedicata, che crei qui per ciascuno. Nella webmail scrivi la password e, subito dopo, il codice.
page-two-factor-step-app = Installa sul telefono una app che genera codici (TOTP), se non ne hai già una.
page-two-factor-step-scan = Con la app inquadra il codice QR che ti mostriamo.
page-two-factor-step-code = Scrivi qui il codice che la app mostra.
page-two-factor-begin = Comincia
page-two-factor-enrol = Attiva la verifica in due passaggi
page-two-factor-scan = 1. Inquadra il codice QR
page-two-factor-scan-text = Apri la app e aggiungi un account. Questo codice viene mostrato solo adesso.
page-two-factor-secret = Se non puoi inquadrarlo, scrivi nella app questa chiave:
page-qr-alt = Codice QR con la chiave scritta qui sotto
page-two-factor-code = 2. Scrivi il codice
page-two-factor-on = Attiva
page-two-factor-replace = Passa a un’altra app
page-two-factor-replace-text = Per un telefono nuovo: ti serve un codice di quella attuale, o un codice di recupero.
page-two-factor-off = Disattiva la verifica in due passaggi
page-two-factor-off-text = Per entrare basterà la password. Anche i programmi di posta potranno usarla.
page-done-two-factor = La verifica in due passaggi è attiva.
page-done-two-factor-off = La verifica in due passaggi non è più attiva.

page-codes = Codici di recupero
page-codes-text = Ognuno vale una volta al posto del codice, se perdi il telefono. Scrivili o stampali e conservali: non li mostriamo più.
page-codes-for = Per { $login }
page-codes-kept = Li ho conservati, continua
page-codes-left =
    { $count ->
        [0] Non hai più codici di recupero.
        [one] Ti resta un codice di recupero.
       *[other] Ti restano { $count } codici di recupero.
    }
page-codes-renew = Crea nuovi codici di recupero
page-codes-renew-text = Quelli di prima non valgono più.

page-app-passwords = Password per i programmi di posta
page-app-passwords-text = Una per ogni programma: se lo cambi o perdi il dispositivo, revochi solo quella.
page-app-passwords-none = Non ce ne sono ancora.
page-app-password-new = Nuova password
page-app-password-name-hint = Per riconoscerla, per esempio Outlook in ufficio
page-app-password-for = Serve per
page-app-password-until = Vale fino al
page-app-password-used = Ultimo uso
page-app-password-ended = scaduta
page-app-password-days = Giorni di validità
page-app-password-make = Crea la password
page-app-password-no-protocol = Scegli almeno un uso: IMAP, POP3 o invio.
page-app-password-no-days = Scrivi per quanti giorni vale, con un numero.
page-app-password-owner = In questa casella le crea il titolare: chiedi a lui.
page-app-password-made = La password è pronta
page-app-password-made-text = Scrivila adesso nel programma: non la mostriamo più. Trattini e maiuscole non contano.
page-app-password-revoke = Revoca la password
page-app-password-revoke-text = Il programma che la usa non entra più. Gli altri accessi aperti vengono interrotti e riprendono da soli.
page-app-password-extend = Prolunga la password
page-app-password-extend-text = Vale altri { $days } giorni da oggi.
page-done-app-password-revoked = La password è revocata.
page-done-app-password-extended = La password è prolungata.
page-extend = Prolunga
page-revoke = Revoca
page-sending = invio

page-own-accesses = I miei accessi
page-own-sessions = Le mie sessioni aperte
page-everywhere = Esci da ogni dispositivo
page-everywhere-text = Termina questa sessione e tutte le altre, nella webmail e nei programmi di posta. I programmi rientrano con la password che hanno: se non ti fidi più di una, revocala.
page-webmail-open = Apri la webmail

page-setup = Configura il programma di posta
page-setup-text = Con questi dati configuri Outlook, Thunderbird, Apple Mail o un altro programma.
page-setup-no-client = Il tuo accesso non comprende l’uso di programmi di posta: lavori con la webmail. Il titolare della casella può concederlo.
page-setup-not-public = Chiedi a chi amministra il servizio gli indirizzi dei server di posta: qui non sono ancora indicati.
page-setup-address = Indirizzo e‑mail
page-setup-own-password = quella del tuo account
page-setup-app-password = una password per i programmi di posta: creala qui
page-setup-files = Configurazione automatica
page-setup-thunderbird = File per Thunderbird
page-setup-qr = Con il telefono inquadra questo codice per aprire il profilo Apple:
page-setup-qr-alt = Codice QR con l’indirizzo del profilo

page-rule-wrong-password = La password attuale non è quella.
page-rule-too-many-wrong = Ci sono stati troppi tentativi sbagliati: riprova più tardi.
page-rule-too-many-emails = Hai chiesto troppe volte un altro indirizzo: riprova domani.
page-rule-email-taken = Con questo indirizzo c’è già un altro postmaster del dominio.
