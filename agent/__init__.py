"""The end user's program: captures the screen, applies input, asks for consent."""

__version__ = "0.1.0"
