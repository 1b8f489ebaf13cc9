"""The requester's access key as people paste it: bare, with the link around it, with line breaks in it."""

import re
from typing import Final

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_IN_LINK: Final = re.compile(r"/t/([^/?#\s]{1,40})/?#(\S{1,100})\Z")


class InvalidAccessKey(ValueError):
    """The text is not an access key; `str()` says what to look at."""


def split_link(text: str) -> tuple[str, str]:
    """Return tracking number and key when `text` is a whole secret link, else `text` and nothing."""
    match = _IN_LINK.search(text.strip())
    return (match[1], match[2]) if match else (text, "")


def parse_access_key(text: str) -> str:
    """Return the 43 characters of the key. Raises InvalidAccessKey."""
    squeezed = "".join(text.split())
    key = squeezed.rpartition("#")[2]
    if not key:
        raise InvalidAccessKey("Please enter the access key: the last part of your secret link, after the #.")
    if not _KEY.match(key):
        raise InvalidAccessKey(
            f"An access key has 43 letters and digits; this has {len(key)}. Please copy the whole of it."
        )
    return key
