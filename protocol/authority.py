"""Who may do what: certificates, grants and revocations, signed and verified (docs/protocol, section 3).

A signed object on the wire is `signature (64) || label || LF || JSON`. The Ed25519 signature (RFC 8032) is verified
over the bytes as they came; nothing is ever serialised again to be verified.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal, NewType, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.encoding import pack_b64, parse_b64
from protocol.errors import SecurityError
from protocol.rights import Right, parse_rights

OrganisationId = NewType("OrganisationId", bytes)
"""SHA-256 of the organisation's public key, 32 bytes."""

# The largest real object, a revocation list of 300 serials, is about 8 KiB.
MAX_SIGNED_BYTES: Final = 16_384
MAX_CERTIFICATE_LIFE_S: Final = 30 * 86_400
MAX_GRANT_LIFE_S: Final = 12 * 3_600
# The server's clock may be a little ahead of the one that signed.
NOT_BEFORE_SLACK_S: Final = 120

_SIGNATURE_BYTES: Final = 64

KeyText = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
SessionText = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]


class GrantKeyCertificate(msgspec.Struct, frozen=True):
    """The organisation lets this Ed25519 key sign grants, and nothing else."""

    LABEL: ClassVar[bytes] = b"towline grant-key 1"

    organisation: KeyText
    serial: Name
    grant_key: KeyText
    not_before: Seconds
    not_after: Seconds


class DeviceCertificate(msgspec.Struct, frozen=True):
    """The organisation says that this X25519 key is a device of this technician."""

    LABEL: ClassVar[bytes] = b"towline device 1"

    organisation: KeyText
    serial: Name
    technician: Name
    name: Name
    device_key: KeyText
    kind: Literal["browser", "native"]
    not_before: Seconds
    not_after: Seconds


class SessionGrant(msgspec.Struct, frozen=True):
    """This technician, with this device, may have these rights in this session of this ticket."""

    LABEL: ClassVar[bytes] = b"towline grant 1"

    organisation: KeyText
    session: SessionText
    tracking: Name
    technician: Name
    device_key: KeyText
    rights: tuple[Annotated[str, msgspec.Meta(max_length=32)], ...]
    issued_at: Seconds
    not_after: Seconds


class RevocationList(msgspec.Struct, frozen=True):
    """Certificates that are no longer good; `sequence` never goes back."""

    LABEL: ClassVar[bytes] = b"towline revocations 1"

    organisation: KeyText
    sequence: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    issued_at: Seconds
    serials: tuple[Name, ...] = ()


Signed = GrantKeyCertificate | DeviceCertificate | SessionGrant | RevocationList
_T = TypeVar("_T", GrantKeyCertificate, DeviceCertificate, SessionGrant, RevocationList)


def organisation_id(public_key: Ed25519PublicKey) -> OrganisationId:
    """Return the id of the organisation with this key."""
    return OrganisationId(hashlib.sha256(public_key.public_bytes_raw()).digest())


def sign(key: Ed25519PrivateKey, value: Signed) -> bytes:
    """Return the wire form of `value`, signed with `key`."""
    body = value.LABEL + b"\n" + msgspec.json.encode(value)
    return key.sign(body) + body


def verify(key: Ed25519PublicKey, data: bytes, kind: type[_T]) -> _T:
    """Return the object in `data` when `key` signed it and it is a `kind`.

    Raises SecurityError for everything else; the order is size, label, signature, content.
    """
    if len(data) > MAX_SIGNED_BYTES:
        raise SecurityError("signed object too large")
    signature, body = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
    label, newline, text = body.partition(b"\n")
    if not newline or label != kind.LABEL:
        raise SecurityError(f"not a {kind.__name__}")
    try:
        key.verify(signature, body)
    except InvalidSignature as error:
        raise SecurityError(f"signature of the {kind.__name__} is wrong") from error
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SecurityError(f"{kind.__name__} has the wrong form: {error}") from error


@dataclass(frozen=True)
class Credentials:
    """The four signed objects a viewer shows in message 2, in wire form."""

    certificate: bytes
    grant: bytes
    grant_key_certificate: bytes
    revocations: bytes


@dataclass(frozen=True)
class Trust:
    """What an agent knows before it meets a viewer.

    `organisation_key` is pinned. `server_time` is seconds since 1970 UTC as learned from the relay plus what the
    monotonic clock counted since. `newest_signed` and `revocation_sequence` are the highest seen so far, kept on disk.
    """

    organisation_key: Ed25519PublicKey
    server_time: int
    newest_signed: int = 0
    revocation_sequence: int = 0

    @property
    def now(self) -> int:
        """The time by which dates are judged: a server clock that was set back does not bring old papers to life."""
        return max(self.server_time, self.newest_signed)


@dataclass(frozen=True)
class Authority:
    """What the agent learned from papers that it accepted; `newest_signed` and `revocation_sequence` are to be kept."""

    technician: str
    name: str
    kind: Literal["browser", "native"]
    device_key: bytes
    rights: frozenset[Right]
    not_after: int
    newest_signed: int
    revocation_sequence: int


@dataclass(frozen=True)
class _Papers:
    """The four objects of `Credentials`, their signatures verified."""

    certificate: DeviceCertificate
    grant: SessionGrant
    grant_key: GrantKeyCertificate
    revocations: RevocationList


def _verify_all(credentials: Credentials, key: Ed25519PublicKey) -> _Papers:
    grant_key = verify(key, credentials.grant_key_certificate, GrantKeyCertificate)
    papers = _Papers(
        certificate=verify(key, credentials.certificate, DeviceCertificate),
        grant_key=grant_key,
        revocations=verify(key, credentials.revocations, RevocationList),
        grant=verify(Ed25519PublicKey.from_public_bytes(_key(grant_key.grant_key)), credentials.grant, SessionGrant),
    )
    organisation = pack_b64(organisation_id(key))
    for value in (papers.certificate, papers.grant_key, papers.revocations, papers.grant):
        if value.organisation != organisation:
            raise SecurityError(f"{type(value).__name__} is of another organisation")
    return papers


def _check_dates(papers: _Papers, trust: Trust) -> int:
    """Return the newest signed time seen so far, this one included."""
    certificate, grant_key, grant = papers.certificate, papers.grant_key, papers.grant
    newest = max(certificate.not_before, grant_key.not_before, grant.issued_at, papers.revocations.issued_at)
    if newest > trust.now + NOT_BEFORE_SLACK_S:
        raise SecurityError("papers from the future")
    newest = max(newest, trust.newest_signed)
    now = max(trust.server_time, newest)
    for what, begin, end, longest_s in (
        ("grant-key certificate", grant_key.not_before, grant_key.not_after, MAX_CERTIFICATE_LIFE_S),
        ("device certificate", certificate.not_before, certificate.not_after, MAX_CERTIFICATE_LIFE_S),
        ("grant", grant.issued_at, grant.not_after, MAX_GRANT_LIFE_S),
    ):
        if end - begin > longest_s:
            raise SecurityError(f"{what} lives longer than it may")
        if now >= end:
            raise SecurityError(f"{what} is out of date")
    return newest


def check_credentials(
    credentials: Credentials, trust: Trust, *, session: str, tracking: str, peer_static: bytes
) -> Authority:
    """Return what the viewer behind `peer_static` may do in this session, or raise SecurityError.

    `peer_static` is the X25519 key that the Noise handshake proved; `session` is base64url, `tracking` canonical.
    """
    papers = _verify_all(credentials, trust.organisation_key)
    newest_signed = _check_dates(papers, trust)
    certificate, grant, revocations = papers.certificate, papers.grant, papers.revocations
    rights = parse_rights(grant.rights)
    for good, cause in (
        (revocations.sequence >= trust.revocation_sequence, "revocation list is older than one already seen"),
        (certificate.serial not in revocations.serials, "device certificate was revoked"),
        (papers.grant_key.serial not in revocations.serials, "grant-key certificate was revoked"),
        (grant.technician == certificate.technician, "grant is for another technician"),
        (grant.device_key == certificate.device_key, "grant is for another device"),
        (_key(certificate.device_key) == peer_static, "certificate is for another key than the one that connected"),
        (grant.session == session, "grant is for another session"),
        (grant.tracking == tracking, "grant is for another ticket"),
        (bool(rights), "grant gives no right"),
    ):
        if not good:
            raise SecurityError(cause)
    return Authority(
        technician=certificate.technician,
        name=certificate.name,
        kind=certificate.kind,
        device_key=peer_static,
        rights=rights,
        not_after=grant.not_after,
        newest_signed=newest_signed,
        revocation_sequence=revocations.sequence,
    )


def _key(text: str) -> bytes:
    try:
        return parse_b64(text, 32)
    except ValueError as error:
        raise SecurityError("a key in a signed object is not 32 bytes") from error
