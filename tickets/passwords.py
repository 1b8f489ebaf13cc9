"""Slow hashes (argon2id, RFC 9106) for passwords and join codes, made in a thread so that the loop goes on."""

import asyncio
import base64
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Each hash takes this much memory and a core for a moment; more at once would only slow each other down.
_AT_ONCE: Final = 2
# Kept for who has none yet (read in from a file): nothing that anybody types belongs to it.
NO_PASSWORD: Final = "-"  # noqa: S105 - a mark, not a password


class Passwords:
    """Hashes and verifies; `memory_kib` and `rounds` make it dear for who guesses."""

    def __init__(self, *, memory_kib: int = 65_536, rounds: int = 3) -> None:
        """The defaults are RFC 9106's second recommended choice with one lane."""
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        # Verified when there is nothing to verify, so that the answer takes as long; no password is known for it.
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={rounds},p=1${_pack(bytes(16))}${_pack(bytes(32))}"

    async def hash(self, secret: str) -> str:
        """Return the salted hash of `secret` in its usual text form."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, secret)

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Whether `secret` belongs to `hashed`; None is refused after the same work."""
        async with self._turn:
            good = await asyncio.to_thread(self._verify, hashed or self._nobody, secret)
        return good and hashed is not None

    def _verify(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, secret)
        except (VerificationError, InvalidHashError):
            return False


def _pack(data: bytes) -> str:
    """Return base64 without padding, as argon2's text form has it (the alphabet is the ordinary one)."""
    return base64.b64encode(data).rstrip(b"=").decode("ascii")
