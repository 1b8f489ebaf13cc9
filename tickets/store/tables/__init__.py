"""The tables, one module for each area; `tickets.store.schema` knows them all."""
