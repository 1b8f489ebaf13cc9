"""Vectors that both implementations of the protocol must pass; `python -m tests.vectors.make` writes them."""
