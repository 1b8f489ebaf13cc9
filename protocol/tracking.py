"""Tracking numbers: `TL-XXXX-XXXX`, public names of tickets, easy to say and to check.

The last character is a check character over GF(32): every single wrong character and every swap of neighbours
is seen.
"""

import re
from collections.abc import Callable
from typing import NewType

TrackingNumber = NewType("TrackingNumber", str)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DEFAULT_PREFIX = "TL"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_READ_AS = str.maketrans("OIL", "011")
_CANONICAL = re.compile(rf"([A-Z]{{1,5}})-([{ALPHABET}]{{4}})-([{ALPHABET}]{{4}})\Z")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015._]+")
_MAX_SPOKEN = 40


class InvalidTrackingNumber(ValueError):
    """The text is not a tracking number; `str()` says what to look at."""


def _times_alpha(value: int) -> int:
    """Multiply by the generator 2 in GF(2^5) modulo x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def _remainder(characters: str) -> int:
    total = 0
    for character in characters:
        total = _times_alpha(total) ^ _VALUE[character]
    return total


def check_character(seven: str) -> str:
    """Return the character that completes the seven given ones."""
    return ALPHABET[_times_alpha(_remainder(seven))]


def make_tracking(entropy: Callable[[int], bytes], prefix: str = DEFAULT_PREFIX) -> TrackingNumber:
    """Return a new random tracking number; `entropy(n)` gives n random bytes."""
    seven = "".join(ALPHABET[byte & 31] for byte in entropy(7))
    body = seven + check_character(seven)
    return TrackingNumber(f"{prefix}-{body[:4]}-{body[4:]}")


def is_canonical(text: str) -> bool:
    """Whether `text` is a tracking number in its one canonical spelling, check character included."""
    match = _CANONICAL.match(text)
    return match is not None and _remainder(match[2] + match[3]) == 0


def parse_tracking(text: str, prefix: str = DEFAULT_PREFIX) -> TrackingNumber:
    """Read what a person typed or said and return the canonical spelling.

    Case, spaces and hyphens do not matter, O reads as 0, I and L as 1; the prefix may be left out.
    Raises InvalidTrackingNumber.
    """
    if len(text) > _MAX_SPOKEN:
        raise InvalidTrackingNumber("That is too long for a tracking number.")
    squeezed = _SEPARATORS.sub("", text).upper()
    head, body = squeezed[:-8], squeezed[-8:].translate(_READ_AS)
    if len(body) < 8 or (head and head != prefix):
        raise InvalidTrackingNumber(
            f"A tracking number looks like {prefix}-XXXX-XXXX: {prefix}, then eight characters."
        )
    if strange := sorted(set(body) - set(ALPHABET)):
        raise InvalidTrackingNumber(f"A tracking number has no {strange[0]!r} in it. Please look again.")
    if _remainder(body) != 0:
        raise InvalidTrackingNumber(
            "One character of that tracking number is wrong or two are swapped. Please look again."
        )
    return TrackingNumber(f"{prefix}-{body[:4]}-{body[4:]}")
