"""Tests of the whole product; the tree mirrors the packages."""
