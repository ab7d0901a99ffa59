### Words that pages and mails share.

word-permission-read = Reading
word-permission-write = Writing
word-permission-send = Sending
word-permission-client = Use of mail programs
word-permission-settings = Managing settings
word-with-protocols = { $permission } ({ $protocols })

word-state-pending = Waiting
word-state-active = Active
word-state-suspended = Suspended
word-state-inactive = Ended
word-state-rejected = Rejected

word-submission = Sending (SMTP)

word-list = { $first } and { $last }

word-date = { $day } { $month } { $year }
word-date-time = { $date }, { $time } (Italian time)

word-january = January
word-february = February
word-march = March
word-april = April
word-may = May
word-june = June
word-july = July
word-august = August
word-september = September
word-october = October
word-november = November
word-december = December
