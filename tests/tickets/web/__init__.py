"""Tests of tickets/web."""
