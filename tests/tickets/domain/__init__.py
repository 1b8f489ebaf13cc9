"""Tests of tickets/domain."""
