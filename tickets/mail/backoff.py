"""When a mail that could not be sent is tried again."""

from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=6)
# RFC 5321 section 4.5.4.1: give up after four to five days.
GIVE_UP_AFTER: Final = timedelta(days=5)
_MOST_DOUBLINGS: Final = 20


def wait_after(attempts: int, chance: float) -> timedelta:
    """Return the wait after the `attempts`-th failure; each is twice the last one, up to six hours.

    `chance` (0 to 1) adds up to a quarter. The jitter keeps mails that failed together from coming back together.
    """
    doubled: timedelta = FIRST * 2 ** min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    return min(LONGEST, doubled * (1 + min(max(chance, 0.0), 1.0) / 4))
