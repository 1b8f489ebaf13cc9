"""Tests of tickets/store."""
