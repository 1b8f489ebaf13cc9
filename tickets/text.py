"""How texts of people are cleaned, compared and searched."""

import re
import unicodedata
from typing import Final

from email_validator import EmailNotValidError, validate_email

from tickets.domain.errors import Invalid

_MAX_WORDS: Final = 8
_STAND_IN: Final = ".example"
_EMAIL_HINT: Final = "write an e-mail address, like name@example.org."
# Control characters have no business in a line; C1 and direction overrides could disguise one.
_UNWANTED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def fold(text: str) -> str:
    """Return `text` as it is searched: case, marks and sharp s do not matter.

    Folded and taken apart twice, since either step can make work for the other (Unicode Standard, D146).
    """
    apart = text
    for _ in range(2):
        apart = unicodedata.normalize("NFKD", apart.casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a search, at most eight."""
    return tuple(dict.fromkeys(fold(_UNWANTED.sub(" ", text)).split()))[:_MAX_WORDS]


def clean_line(text: str, field: str) -> str:
    """Return `text` as one line without control characters. Raises Invalid when nothing is left."""
    line = " ".join(_UNWANTED.sub(" ", _sound(text, field)).split())
    if not line:
        raise Invalid(field, "write something here.")
    return line


def clean_text(text: str, field: str) -> str:
    """Return `text` with plain line ends and without control characters. Raises Invalid when nothing is left."""
    lines = _sound(text, field).replace("\r\n", "\n").replace("\r", "\n")
    cleaned = _UNWANTED.sub("", lines).strip()
    if not cleaned:
        raise Invalid(field, "write something here.")
    return cleaned


def clean_email(text: str) -> str:
    """Return an address in the form in which it is kept. Raises Invalid."""
    try:
        # Judged as if one more label stood at the end: offices do use names like `praxis.local`, which as they stand
        # count as reserved (RFC 6761), and nobody here delivers to the wide world.
        found = validate_email(f"{text.strip()}{_STAND_IN}", check_deliverability=False)
    except EmailNotValidError:
        raise Invalid("email", _EMAIL_HINT) from None
    local, _, domain = found.normalized.removesuffix(_STAND_IN).rpartition("@")
    # A domain without a dot is nearly always one whose end was forgotten.
    if "." not in domain and domain != "localhost":
        raise Invalid("email", _EMAIL_HINT)
    return f"{local}@{domain}".casefold()


def _sound(text: str, field: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # Lone surrogates come out of JSON escapes and can't be kept.
        raise Invalid(field, "contains characters that can't be kept. Please write them again.") from None
    return text
