### Parole che le pagine e i messaggi hanno in comune.

word-permission-read = Lettura
word-permission-write = Scrittura
word-permission-send = Invio
word-permission-client = Utilizzo client di posta
word-permission-settings = Gestione impostazioni
word-with-protocols = { $permission } ({ $protocols })

word-state-pending = In attesa
word-state-active = Attivo
word-state-suspended = Sospeso
word-state-inactive = Non attivo
word-state-rejected = Rifiutato

word-submission = Invio (SMTP)

word-list = { $first } e { $last }

word-date = { $day } { $month } { $year }
word-date-time = { $date }, { $time }

word-january = gennaio
word-february = febbraio
word-march = marzo
word-april = aprile
word-may = maggio
word-june = giugno
word-july = luglio
word-august = agosto
word-september = settembre
word-october = ottobre
word-november = novembre
word-december = dicembre
