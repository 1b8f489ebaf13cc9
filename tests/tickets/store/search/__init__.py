"""Tests of `tickets.store.search`."""
