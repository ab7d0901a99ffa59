### Messaggi di posta (N1–N5).
