"""Measurements of the whole product, run with `make bench` and `make prove`."""
