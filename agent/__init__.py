"""The end user's program: captures the screen, applies input, asks for consent."""
