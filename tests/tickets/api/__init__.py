"""Tests of tickets/api."""
