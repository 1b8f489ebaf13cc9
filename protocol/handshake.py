"""The session's handshake: prologue and payloads around the Noise patterns (docs/protocol, section 4)."""

from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec

from protocol.authority import Credentials, OrganisationId
from protocol.encoding import pack_b64, parse_b64
from protocol.errors import LocalProtocolError, SecurityError
from protocol.noise import Pattern

VERSION: Final = b"towline.1"
SESSION_BYTES: Final = 16
MAX_PAYLOAD_BYTES: Final = 60_000
MAX_FEATURES: Final = 64


class Feature(StrEnum):
    """What a side can take beyond version 1; the other uses it only when it was named (docs/protocol, section 8)."""

    COPY = "copy"


_SignedText = Annotated[str, msgspec.Meta(max_length=24_000)]
_Short = Annotated[str, msgspec.Meta(max_length=256)]
_Features = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=64)], ...], msgspec.Meta(max_length=MAX_FEATURES)]
_Rights = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=32)], ...], msgspec.Meta(max_length=32)]

RefusalReason = Literal["declined", "timeout", "busy"]


def prologue(*, pattern: Pattern, session: str, tracking: str, organisation: OrganisationId) -> bytes:
    """Return what both sides must agree on before a byte is exchanged; `session` is base64url, `tracking` canonical."""
    fields = (
        VERSION,
        bytes([pattern]),
        b"agent",
        b"viewer",
        parse_b64(session, SESSION_BYTES),
        tracking.encode("ascii"),
        organisation,
    )
    return b"".join(len(field).to_bytes(2, "big") + field for field in fields)


class ViewerPayload(msgspec.Struct, frozen=True):
    """Message 2: the viewer's papers in base64url, and what it understands beyond version 1."""

    certificate: _SignedText
    grant: _SignedText
    grant_key_certificate: _SignedText
    revocations: _SignedText
    features: _Features = ()


class Facts(msgspec.Struct, frozen=True):
    """What the agent tells about its computer once its user agreed."""

    hostname: _Short = ""
    system: _Short = ""
    user: _Short = ""
    agent_version: _Short = ""


class Granted(msgspec.Struct, frozen=True, tag="granted"):
    """Message 3 when the user agreed."""

    rights: _Rights
    facts: Facts = Facts()
    features: _Features = ()


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Message 3 when the user did not."""

    reason: RefusalReason


AgentPayload = Granted | Refused

_encoder = msgspec.json.Encoder()
_viewer_decoder = msgspec.json.Decoder(ViewerPayload)
_agent_decoder: msgspec.json.Decoder[AgentPayload] = msgspec.json.Decoder(AgentPayload)


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_PAYLOAD_BYTES:
        raise SecurityError("handshake payload too large")
    return data


def pack_payload(payload: ViewerPayload | AgentPayload) -> bytes:
    """Return the payload's bytes."""
    data = _encoder.encode(payload)
    if len(data) > MAX_PAYLOAD_BYTES:
        raise LocalProtocolError("handshake payload too large")
    return data


def pack_credentials(credentials: Credentials, features: tuple[str, ...] = ()) -> bytes:
    """Return the payload of message 2."""
    return pack_payload(
        ViewerPayload(
            certificate=pack_b64(credentials.certificate),
            grant=pack_b64(credentials.grant),
            grant_key_certificate=pack_b64(credentials.grant_key_certificate),
            revocations=pack_b64(credentials.revocations),
            features=features,
        )
    )


def parse_viewer_payload(data: bytes) -> tuple[Credentials, tuple[str, ...]]:
    """Read message 2. Raises SecurityError."""
    try:
        payload = _viewer_decoder.decode(_bounded(data))
        credentials = Credentials(
            certificate=parse_b64(payload.certificate),
            grant=parse_b64(payload.grant),
            grant_key_certificate=parse_b64(payload.grant_key_certificate),
            revocations=parse_b64(payload.revocations),
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise SecurityError(f"message 2 has the wrong form: {error}") from error
    return credentials, payload.features


def parse_agent_payload(data: bytes) -> AgentPayload:
    """Read message 3. Raises SecurityError."""
    try:
        return _agent_decoder.decode(_bounded(data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SecurityError(f"message 3 has the wrong form: {error}") from error
