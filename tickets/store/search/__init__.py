"""Finding documents by their words: one index for each kind of document, the same on SQLite and on PostgreSQL."""
