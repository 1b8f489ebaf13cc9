"""Showing text of others on a terminal, where control characters would be commands."""

import unicodedata

# Marks that turn the direction of what follows, so that a name could pass for another.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
MAX_SHOWN = 200


def clean(text: str, limit: int = MAX_SHOWN) -> str:
    """Return `text` as one line without control and direction characters, at most `limit` characters long."""
    kept = "".join(
        " " if character in "\t\n\r\v\f\u2028\u2029\u0085" else character
        for character in text[: limit * 4]
        if character in "\t\n\r\v\f\u2028\u2029\u0085"
        or (unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn"} and character not in _TURNING)
    )
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
