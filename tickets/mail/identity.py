"""What of a mail is provably ours: Message-IDs and reply addresses that nobody can make without the server's key.

Both are made and checked here, so that what leaves is what is recognised when it comes back.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from protocol.encoding import pack_b64
from protocol.tracking import TrackingNumber, is_canonical

_ID_LABEL: Final = b"towline message-id 1"
_REPLY_LABEL: Final = b"towline reply-to 1"
_MAC_BYTES: Final = 12
# Base 32, as mail servers are free to change the case of an address: 80 bits are 16 characters.
_REPLY_MAC_BYTES: Final = 10
_OWN_ID: Final = re.compile(
    r"<?tl\.([a-z-]{1,16})\.([A-Z0-9-]{1,16})\.([0-9]{1,9})\.([A-Za-z0-9_-]{16})@([^@<>\s]{1,255})>?"
)
_REPLY: Final = re.compile(r"([a-z]{1,5}-[0-9a-z]{4}-[0-9a-z]{4})-([a-z2-7]{16})")
# RFC 5321 section 4.5.3.1.1.
_MAX_LOCAL: Final = 64


@dataclass(frozen=True)
class OwnId:
    """A Message-ID of ours, proven: which mail of which ticket; `kind` is a MailKind, or "thread"."""

    kind: str
    tracking: TrackingNumber
    number: int


@dataclass(frozen=True)
class ReplyTo:
    """What a reply address claims: the ticket, and a proof that `proves` checks for one person."""

    tracking: TrackingNumber
    proof: str


def message_id(token_key: bytes, kind: str, tracking: str, number: int, host: str) -> str:
    """Return `<tl.kind.tracking.number.mac@host>`: the same for the same mail, and made by nobody else."""
    fields = (_ID_LABEL, kind.encode(), tracking.encode(), str(number).encode())
    return f"<tl.{kind}.{tracking}.{number}.{pack_b64(_mac(token_key, fields)[:_MAC_BYTES])}@{host}>"


def parse_message_id(token_key: bytes, text: str) -> OwnId | None:
    """Return what a Message-ID says when it was made with this key, else None; the host behind the @ may be another."""
    found = _OWN_ID.fullmatch(text.strip())
    if found is None:
        return None
    kind, tracking, number, _mac_part, host = found.groups()
    made = message_id(token_key, kind, tracking, int(number), host)
    if not hmac.compare_digest(made.strip("<>").encode(), text.strip().strip("<>").encode()):
        return None
    return OwnId(kind, TrackingNumber(tracking), int(number))


def reply_address(token_key: bytes, base: str, tracking: str, whom: str) -> str:
    """Return `help+tl-7k3m-9qx2-mac@…`: what comes to it is about that ticket, and comes by way of `whom`.

    `whom` is the id of a person or a technician, in whose mail alone this address stands; `base` is the desk's own
    address. Returned as it is when its local part has no room.
    """
    local, _, domain = base.rpartition("@")
    long = f"{local}+{tracking.lower()}-{_reply_proof(token_key, tracking, whom)}"
    return f"{long}@{domain}" if len(long) <= _MAX_LOCAL else base


def parse_reply_address(base: str, address: str) -> ReplyTo | None:
    """Return what an address under `base` claims, None when it is no reply address of it."""
    local, _, domain = address.strip().casefold().rpartition("@")
    own, _, own_domain = base.casefold().rpartition("@")
    found = _REPLY.fullmatch(local.removeprefix(f"{own}+"))
    if found is None or domain != own_domain or not local.startswith(f"{own}+"):
        return None
    tracking = found[1].upper()
    return ReplyTo(TrackingNumber(tracking), found[2]) if is_canonical(tracking) else None


def proves(token_key: bytes, claimed: ReplyTo, whom: str) -> bool:
    """Whether this reply address was given to `whom`, and to nobody else."""
    return hmac.compare_digest(_reply_proof(token_key, claimed.tracking, whom).encode(), claimed.proof.encode())


def _reply_proof(token_key: bytes, tracking: str, whom: str) -> str:
    mac = _mac(token_key, (_REPLY_LABEL, tracking.encode(), whom.encode()))
    return base64.b32encode(mac[:_REPLY_MAC_BYTES]).decode("ascii").lower()


def _mac(token_key: bytes, fields: tuple[bytes, ...]) -> bytes:
    # Each field behind its length, so that no two lists of fields make the same bytes.
    signed = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    return hmac.digest(token_key, signed, hashlib.sha256)
