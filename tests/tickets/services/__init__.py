"""Tests of tickets/services."""
