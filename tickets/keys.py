"""The server's secret keys, and what is signed and derived with them.

Files under `data_dir/keys`, readable by their owner only: `organisation.pem` and `grant.pem` (Ed25519, PKCS #8),
`token.key` (32 bytes in b64) and `grant-key.certificate` (wire form of docs/protocol section 3, in b64).
"""

import hashlib
import hmac
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from protocol.authority import (
    MAX_CERTIFICATE_LIFE_S,
    MAX_GRANT_LIFE_S,
    DeviceCertificate,
    GrantKeyCertificate,
    RevocationList,
    SessionGrant,
    organisation_id,
    sign,
    verify,
)
from protocol.encoding import pack_b64, parse_b64
from protocol.errors import SecurityError
from tickets.ports import Entropy

_ORGANISATION: Final = "organisation.pem"
_GRANT: Final = "grant.pem"
_PUSH: Final = "push.pem"
_TOKEN: Final = "token.key"  # noqa: S105 - a file's name
_GRANT_CERTIFICATE: Final = "grant-key.certificate"

# FIPS 186-5, P-256.
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_REQUESTER_LABEL: Final = b"towline requester-token 1"
_AGENT_LABEL: Final = b"towline agent-token 1"
_WEBHOOK_LABEL: Final = b"towline webhook secret v1"
_RATING_LABEL: Final = b"towline rating 1"
_LIST_LABEL: Final = b"towline request-list 1"


class KeysUnusable(Exception):
    """A key file is missing, broken or open to others; `str()` says what to do."""


def create_keys(folder: Path, entropy: Entropy = os.urandom) -> None:
    """Make the keys that do not exist yet; existing ones stay."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, content in (
        (_ORGANISATION, _pem(Ed25519PrivateKey.from_private_bytes(entropy(32)))),
        (_GRANT, _pem(Ed25519PrivateKey.from_private_bytes(entropy(32)))),
        (_TOKEN, pack_b64(entropy(32)).encode() + b"\n"),
        (_PUSH, _pem(derive_private_key(int.from_bytes(entropy(40), "big") % (_P256_ORDER - 1) + 1, SECP256R1()))),
    ):
        if not (folder / name).exists():
            _write_secret(folder / name, content)


def load_keys(folder: Path) -> "ServerKeys":
    """Read the keys. Raises KeysUnusable."""
    return ServerKeys(
        organisation=_load_ed25519(folder / _ORGANISATION),
        grant=_load_ed25519(folder / _GRANT),
        token_key=_load_token_key(folder / _TOKEN),
        grant_certificate_file=folder / _GRANT_CERTIFICATE,
        push=_load_push(folder / _PUSH),
    )


@dataclass(frozen=True, repr=False)
class ServerKeys:
    """The keys in memory; signs and derives, and never shows them."""

    organisation: Ed25519PrivateKey
    grant: Ed25519PrivateKey
    token_key: bytes
    grant_certificate_file: Path
    # With which notices on phones are signed; a desk of an earlier version has none until it is started again.
    push: EllipticCurvePrivateKey | None = None

    @property
    def organisation_public(self) -> str:
        """The organisation's public key in b64."""
        return pack_b64(self.organisation.public_key().public_bytes_raw())

    @property
    def push_public(self) -> str:
        """The public key that browsers subscribe with, in b64; empty without one."""
        if self.push is None:
            return ""
        return pack_b64(self.push.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def organisation_id(self) -> str:
        """SHA-256 of the organisation's public key, in b64."""
        return pack_b64(organisation_id(self.organisation.public_key()))

    def grant_key_certificate(self, now: datetime, serial: str) -> bytes:
        """Return the certificate of the grant key; a new one named `serial` when the old one is more than half over."""
        now_s = int(now.timestamp())
        kept = self._kept_grant_certificate(now_s)
        if kept is not None:
            return kept
        data = sign(
            self.organisation,
            GrantKeyCertificate(
                organisation=self.organisation_id,
                serial=serial,
                grant_key=pack_b64(self.grant.public_key().public_bytes_raw()),
                not_before=now_s,
                not_after=now_s + MAX_CERTIFICATE_LIFE_S,
            ),
        )
        fresh = self.grant_certificate_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        _write_secret(fresh, pack_b64(data).encode() + b"\n")
        fresh.replace(self.grant_certificate_file)
        return data

    def _kept_grant_certificate(self, now_s: int) -> bytes | None:
        try:
            data = parse_b64(self.grant_certificate_file.read_text("ascii").strip())
            found = verify(self.organisation.public_key(), data, GrantKeyCertificate)
        except (OSError, ValueError, SecurityError):
            # Missing, damaged or of an earlier organisation key: all are cured by signing a new one.
            return None
        ours = pack_b64(self.grant.public_key().public_bytes_raw())
        half = (found.not_before + found.not_after) // 2
        return data if found.grant_key == ours and found.not_before <= now_s < half else None

    def device_certificate(
        self,
        *,
        serial: str,
        technician: str,
        name: str,
        device_key: str,
        kind: Literal["browser", "native"],
        now: datetime,
        life: timedelta,
    ) -> tuple[bytes, int]:
        """Return the certificate in wire form and its last second."""
        now_s = int(now.timestamp())
        not_after = now_s + min(int(life.total_seconds()), MAX_CERTIFICATE_LIFE_S)
        data = sign(
            self.organisation,
            DeviceCertificate(
                organisation=self.organisation_id,
                serial=serial,
                technician=technician,
                name=name,
                device_key=device_key,
                kind=kind,
                not_before=now_s,
                not_after=not_after,
            ),
        )
        return data, not_after

    def session_grant(
        self,
        *,
        session: str,
        tracking: str,
        technician: str,
        device_key: str,
        rights: tuple[str, ...],
        now: datetime,
        not_after: datetime,
    ) -> bytes:
        """Return the grant in wire form."""
        now_s = int(now.timestamp())
        return sign(
            self.grant,
            SessionGrant(
                organisation=self.organisation_id,
                session=session,
                tracking=tracking,
                technician=technician,
                device_key=device_key,
                rights=rights,
                issued_at=now_s,
                not_after=min(int(not_after.timestamp()), now_s + MAX_GRANT_LIFE_S),
            ),
        )

    def revocation_list(self, *, sequence: int, serials: Iterable[str], now: datetime) -> bytes:
        """Return the revocation list in wire form."""
        return sign(
            self.organisation,
            RevocationList(
                organisation=self.organisation_id,
                sequence=sequence,
                issued_at=int(now.timestamp()),
                serials=tuple(sorted(serials)),
            ),
        )

    def requester_token(self, ticket: str, person: str, generation: int) -> str:
        """Return the token that lets this person read and reply to this ticket."""
        return self._derive(_REQUESTER_LABEL, ticket, person, generation)

    def agent_token(self, ticket: str, agent_key: str, generation: int) -> str:
        """Return the token that lets the agent with this key register for this ticket."""
        return self._derive(_AGENT_LABEL, ticket, agent_key, generation)

    def rating_key(self, ticket: str, person: str, generation: int) -> str:
        """Return the key with which this person says how the help was, and can do nothing else."""
        return self._derive(_RATING_LABEL, ticket, person, generation)

    def list_key(self, person: str, until_s: int) -> str:
        """Return `person.until.mac`: the key to the list of this person's requests until that second."""
        return f"{person}.{until_s}.{self._derive(_LIST_LABEL, '', person, until_s)}"

    def list_owner(self, key: str, now: datetime) -> str | None:
        """Return the id of the person whose list this key opens now."""
        person, _, rest = key.partition(".")
        until, _, _mac = rest.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 12):
            return None
        good = same_token(key, self.list_key(person, int(until)))
        return person if good and now.timestamp() < int(until) else None

    def webhook_secret(self, webhook: str, generation: int) -> bytes:
        """Return the 32 bytes that deliveries to this webhook are signed with."""
        return parse_b64(self._derive(_WEBHOOK_LABEL, "", webhook, generation))

    def _derive(self, label: bytes, ticket: str, whom: str, generation: int) -> str:
        fields = (label, ticket.encode(), whom.encode(), str(generation).encode())
        # Each field behind its length, so that no two lists of fields make the same bytes.
        message = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
        return pack_b64(hmac.digest(self.token_key, message, hashlib.sha256))


def same_token(left: str, right: str) -> bool:
    """Compare two tokens in a time that does not depend on where they differ."""
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def hash_token(token: str) -> bytes:
    """Return what the database keeps of a random token: 256 bits need no salt and no slowness."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_secret(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read_secret(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeysUnusable(f"Other users can read {path}. Run: chmod 600 {path}")
            return file.read()
    except FileNotFoundError:
        raise KeysUnusable(f"There is no key file {path}. Run 'towline-relay init', or restore a backup.") from None
    except OSError as error:
        raise KeysUnusable(f"The key file {path} can't be read: {error.strerror}.") from error


def _load_ed25519(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_read_secret(path), password=None)
    except (ValueError, TypeError) as error:
        raise KeysUnusable(f"{path} is not a key. Restore it from a backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysUnusable(f"{path} is not an Ed25519 key. Restore it from a backup.")
    return key


def _load_push(path: Path) -> EllipticCurvePrivateKey | None:
    if not path.exists():
        return None
    try:
        key = load_pem_private_key(_read_secret(path), password=None)
    except (ValueError, TypeError) as error:
        raise KeysUnusable(f"{path} is not a key. Restore it from a backup.") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise KeysUnusable(f"{path} is not a P-256 key. Restore it from a backup.")
    return key


def _load_token_key(path: Path) -> bytes:
    try:
        return parse_b64(_read_secret(path).decode("ascii").strip(), 32)
    except ValueError as error:
        raise KeysUnusable(f"{path} is not a key. Restore it from a backup.") from error
