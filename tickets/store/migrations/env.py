"""Alembic's entry: runs on the connection that `tickets.store.migrate` hands in."""

from alembic import context

from tickets.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
