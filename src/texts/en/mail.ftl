### Mails (N1–N5).
