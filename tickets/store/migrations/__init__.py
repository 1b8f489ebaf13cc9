"""Alembic scripts; `tickets.store.migrate` runs them."""
