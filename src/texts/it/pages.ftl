### Le pagine.
