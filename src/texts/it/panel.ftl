### Il pannello: accesso, menu.

page-part-mailboxes = Caselle
page-part-delegates = Collaboratori
page-part-sends = Messaggi inviati
page-part-accesses = Accessi
page-part-now = Adesso
page-part-account = Il mio account
page-part-setup = Programma di posta
page-menu = Menu
page-signed-in-as = Accesso come
page-log-out = Esci

page-to-login = Accedi
page-log-in = Accedi
page-log-in-text = Gestisci il tuo account e, se la casella è tua, i collaboratori.
page-log-in-postmaster = Accedi come postmaster
page-log-in-postmaster-text = Per chi amministra le caselle di un dominio.
page-login-name = Nome utente
page-login-name-hint = Per un collaboratore anna/ufficio@pec.example.it, per il titolare ufficio@pec.example.it
page-login-password = Password
page-login-domain = Dominio
page-login-domain-hint = Per esempio pec.example.it
page-login-email = Il tuo indirizzo e‑mail
page-login-wrong = Nome utente o password non sono giusti, oppure ci sono stati troppi tentativi. Controlla e riprova; se non basta, aspetta qualche minuto.
page-to-postmaster-login = Amministri un dominio? Accedi come postmaster
page-to-account-login = Hai una casella o sei un collaboratore? Accedi qui

page-stale-form = La pagina non è più attuale
page-stale-form-text = È rimasta aperta troppo a lungo, o nel frattempo hai fatto un nuovo accesso. Torna alla pagina iniziale, apri di nuovo quella che ti serve e riprova.
page-no-mail-server = Il server di posta non risponde
page-no-mail-server-text = È lui a dire se la password è giusta. Riprova tra qualche minuto.
